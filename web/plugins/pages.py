"""The project's own pages: what templates may call, and what each page reads from kb.db."""

from __future__ import annotations

import os

from datasette import Response, hookimpl
from datasette.utils import tilde_decode

from auditkb.dictionary_files import load_dictionary
from auditkb.record_history import changes_behind
from web import queries, reports, rule_text
from web.cells import DATABASE
from web.home import home
from web.searching import search
from web.site import ROOT, Site
from web.timeline import timeline

_KEY = "_auditkb_site"
_REPORT_PAGES = {
    "row-kb-reports.html": reports.report_page, "row-kb-sections.html": reports.section_page,
    "row-kb-candidate_findings.html": reports.candidate_page, "row-kb-figures.html": reports.figure_page,
}


def site_of(datasette) -> Site:
    """The site's words, made once for each server."""
    site = getattr(datasette, _KEY, None)
    if site is None:
        site = Site(load_dictionary(ROOT / "records"), datasette.urls)
        setattr(datasette, _KEY, site)
    return site


async def read(datasette, function, *values):
    """Run a function of `web.queries` over the database, off the event loop."""
    return await datasette.get_database(DATABASE).execute_fn(lambda connection: function(connection, *values))


@hookimpl
def startup(datasette):
    """What metadata.yml counts on: the database's name, and the columns that tables are sorted by."""

    async def prepare():
        _name_database(datasette)
        tables = datasette.metadata("databases", fallback=False).get(DATABASE, {}).get("tables", {})
        for table, settings in tables.items():
            for name in {"sort", "sort_desc"} & settings.keys():
                if settings[name] not in await read(datasette, queries.columns_of, table):
                    del settings[name]

    return prepare


def _name_database(datasette) -> None:
    """A database under another file name is served as `kb` too."""
    names = [name for name in datasette.databases if name != "_internal"]
    if DATABASE not in names and names:
        database = datasette.databases[names[0]]
        datasette.remove_database(names[0])
        datasette.add_database(database, name=DATABASE)


@hookimpl
def prepare_jinja2_environment(env, datasette):
    """Every template, error pages too, speaks with the same words."""
    env.globals.update(site_of(datasette).functions())


@hookimpl
def asgi_wrapper(datasette):
    """Titles of rules and known findings are read again when the database has changed."""

    def wrap(app):
        seen = None

        async def keep_titles(scope, receive, send):
            nonlocal seen
            if scope["type"] == "http":
                version = _version(datasette.get_database(DATABASE).path)
                if version != seen:
                    titles = await read(datasette, queries.titles)
                    site_of(datasette).cells.titles = titles
                    site_of(datasette).labels.parameters = rule_text.parameters_of(titles.get("rules", {}).values())
                    seen = version
            await app(scope, receive, send)

        return keep_titles

    return wrap


def _version(path: str | None) -> tuple[int, ...] | None:
    if path is None:
        return None
    files = [name for name in (str(path), f"{path}-wal") if os.path.exists(name)]
    return tuple(os.stat(name).st_mtime_ns for name in files)


@hookimpl
async def extra_template_vars(template, table, request, datasette):
    """What the template that is about to be rendered needs; 'page' by the kind of page."""
    site = site_of(datasette)
    if template == "index.html":
        return {"page": await read(datasette, home), "departments": await _departments(datasette)}
    if template == "database.html":
        return {}
    if not template.startswith("row"):
        return {}
    key = tilde_decode(request.url_vars["pks"])
    if template == "row-kb-findings.html":
        return {"page": await _finding(datasette, site, key)}
    if template == "row-kb-rules.html":
        page = await read(datasette, queries.rule_page, key)
        return {"page": {**page, "text": rule_text.read_rule(page["rule"], page["laws"])}}
    if template == "row-kb-known_findings.html":
        return {"page": await read(datasette, queries.known_page, key)}
    if template == "row-kb-sources.html":
        return {"page": await read(datasette, queries.source_page, site.labels, key)}
    if template == "row-kb-runs.html":
        return {"page": await read(datasette, queries.run_page, key)}
    if template in _REPORT_PAGES:
        return {"page": await read(datasette, _REPORT_PAGES[template], key)}
    shown = site.labels.tables.get(table)
    if shown is None or not shown.is_record:
        return {"page": None, "shown": shown}
    page = await read(datasette, queries.record_page, site.labels, shown, key)
    return {"page": page, "shown": shown, "around_shown": queries.AROUND_SHOWN, "timeline": timeline(site.labels, shown, page["record"], page["children"])}


async def _departments(datasette) -> dict[str, str]:
    names = await read(datasette, lambda connection: queries.rows(connection, "select * from department")
                       if queries.has_table(connection, "department") else [])
    return {row["key"]: row.get("name") or row["key"] for row in names}


async def _finding(datasette, site: Site, key: str):
    page = await read(datasette, queries.finding, site.labels, key)
    page["timeline"] = None
    page["changes"] = await read(datasette, changes_behind, site.dictionary, key) if page["finding"]["state"] == "gone" else []
    table, own = site.labels.tables.get(page["finding"]["record_type"] or ""), page["record"]
    # The dates of an invoice or a payment are read beside those of its contract.
    if own and own.get("contract"):
        table = site.labels.tables["contract"]
        own = await read(datasette, queries.record, site.labels, "contract", own["contract"])
    if table is not None and own:
        children = await read(datasette, queries.children, site.labels, table.name, own["key"])
        page["timeline"] = timeline(site.labels, table, own, children)
    return page


@hookimpl
def register_routes():
    """The search page."""
    return [(r"^/-/search$", search_page)]


async def search_page(datasette, request):
    """Everything in which the words occur."""
    words = (request.args.get("q") or "").strip()[:100]
    only = request.args.get("in") or ""
    found = await read(datasette, search, site_of(datasette).labels, words, only)
    context = {"words": words, "found": found, "only": only}
    return Response.html(await datasette.render_template("search.html", context, request=request))
