"""Every CSV of the site is safe to open in a spreadsheet program; with `_words=on` it is in words too."""

from __future__ import annotations

import re

from datasette import hookimpl

from web.cells import DATABASE
from web.csv_files import SafeCsv
from web.csv_words import CsvWords

_OURS = (b"content-length", b"content-type")


@hookimpl
def asgi_wrapper(datasette):
    """Rewrite the body of answers to addresses that end with .csv."""

    def wrap(app):
        async def make_safe(scope, receive, send):
            if scope["type"] != "http" or not scope["path"].endswith(".csv"):
                await app(scope, receive, send)
                return
            safe: SafeCsv | None = None

            async def send_safe(event):
                nonlocal safe
                if event["type"] == "http.response.start" and _is_csv(event):
                    safe = SafeCsv(_turn(datasette, scope))
                    kept = [pair for pair in event.get("headers", []) if pair[0].lower() not in _OURS]
                    event = {**event, "headers": [*kept, (b"content-type", b"text/csv; charset=utf-8")]}
                elif event["type"] == "http.response.body" and safe is not None:
                    event = {**event, "body": safe.take(event.get("body", b""), is_last=not event.get("more_body", False))}
                await send(event)

            await app(scope, receive, send_safe)

        return make_safe

    return wrap


def _turn(datasette, scope):
    """Into words where the address asks for them and names a table that has some."""
    site = getattr(datasette, "_auditkb_site", None)
    table = re.fullmatch(rf"/{DATABASE}/(\w+)\.csv", scope["path"])
    is_asked = b"_words=on" in scope.get("query_string", b"").split(b"&")
    return CsvWords(site, table[1]).turn if site is not None and table and is_asked and table[1] in site.labels else list


def _is_csv(event) -> bool:
    kind = dict(event.get("headers", [])).get(b"content-type", b"")
    return event["status"] == 200 and kind.startswith((b"text/plain", b"text/csv"))
