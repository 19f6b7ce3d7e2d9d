"""Cells of table pages: money with separators, labels for choices, links with titles."""

from __future__ import annotations

from datasette import hookimpl

from web.cells import DATABASE
from web.language import current


@hookimpl
def render_cell(row, value, column, table, database, datasette):
    """The cell as the site shows it; Datasette's own rendering for tables that nobody has named."""
    site = getattr(datasette, "_auditkb_site", None)
    if site is None or table is None or site.labels.column(table, column) is None:
        return None
    if site.labels.column(table, column).type == "findings" and value and current() == "en":
        return _in_english(datasette, site, value["value"] if isinstance(value, dict) else value)
    return site.cells.cell(table, column, row, value, shorten=True)


async def _in_english(datasette, site, key):
    """A link to a finding under its English words; Datasette's own label is the Chinese one."""
    found = await datasette.get_database(DATABASE).execute("select message_en from findings where id = ?", [key])
    return site.cells.link("findings", key, found.rows[0]["message_en"] if found.rows else None)
