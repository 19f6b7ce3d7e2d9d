"""Datasette's own pages in the reader's language: templates, filter names, the column menu."""

from __future__ import annotations

from pathlib import Path

import datasette as datasette_package
from datasette import Response, hookimpl

from web.language import current
from web.translations import TranslatingLoader, translate_script

SCRIPT = Path(datasette_package.__file__).parent / "static" / "table.js"


@hookimpl
def prepare_jinja2_environment(env, datasette):
    """Translate the source of templates as they are loaded."""
    env.loader = TranslatingLoader(env.loader)


@hookimpl
def register_routes():
    """Plugin routes come before Datasette's own."""
    return [(r"^/-/static/table\.js$", table_script)]


async def table_script() -> Response:
    """The column menu in the reader's language."""
    source = SCRIPT.read_text("utf-8")
    if current() == "zh":
        source, _ = translate_script(source)
    return Response(source, content_type="text/javascript; charset=utf-8", headers={"cache-control": "no-cache"})
