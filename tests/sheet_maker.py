"""Sheets made in memory, and what comes of loading them with a small or the real dictionary."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from auditkb.sources.layout import Layout, find_layouts
from auditkb.sources.plans import all_headings
from auditkb.sources.sheets import Area, Row, Sheet


def make_sheet(rows: Sequence[Sequence[str]], *, merged: Sequence[Area] = (), hidden: Sequence[int] = (), name: str = "contract", **more) -> Sheet:
    """A sheet of these rows; blank ones are left out, as readers do."""
    cells = [Row(number, number, list(row), number in hidden) for number, row in enumerate(rows, 1) if any(cell.strip() for cell in row)]
    return Sheet(Path("ledger.xlsx"), f"ledger.xlsx[{name}]", name, lambda: iter(cells), tuple(merged), **more)


def layout_of(dictionary, rows: Sequence[Sequence[str]], **more) -> Layout:
    """The one table of these rows."""
    (layout,) = find_layouts(make_sheet(rows, **more), all_headings(dictionary))
    return layout


def write_workbook(path: Path, sheets: dict[str, Sequence[Sequence[object]]], *, merged: dict[str, Sequence[str]] | None = None, hidden_rows: dict[str, Sequence[int]] | None = None) -> Path:
    """A workbook of these sheets; `merged` gives ranges (A1:C1), whose text is that of their first cell."""
    import xlsxwriter

    book = xlsxwriter.Workbook(path)
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            for place, value in enumerate(row):
                if value not in ("", None):
                    sheet.write(number, place, value)
        for area in (merged or {}).get(name, ()):
            row, place = _cell(area.partition(":")[0])
            sheet.merge_range(area, rows[row][place])
        for number in (hidden_rows or {}).get(name, ()):
            sheet.set_row(number - 1, None, None, {"hidden": True})
    book.close()
    return path


def _cell(name: str) -> tuple[int, int]:
    from xlsxwriter.utility import xl_cell_to_rowcol

    return xl_cell_to_rowcol(name)


def select(connection: sqlite3.Connection, query: str) -> list[tuple]:
    """All rows of a query."""
    return connection.execute(query).fetchall()
