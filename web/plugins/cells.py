"""Cells of table pages: money with separators, labels for choices, links with titles."""

from __future__ import annotations

from datasette import hookimpl


@hookimpl
def render_cell(row, value, column, table, database, datasette):
    """The cell as the site shows it; Datasette's own rendering for tables that nobody has named."""
    site = getattr(datasette, "_auditkb_site", None)
    if site is None or table is None or site.labels.column(table, column) is None:
        return None
    return site.cells.cell(table, column, row, value, shorten=True)
