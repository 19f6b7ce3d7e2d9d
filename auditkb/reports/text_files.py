"""A text file as lines and grids: UTF-8, UTF-16 or GB18030; tables flattened to one cell a line, or one row a line.

A flattened table has a tab before each cell and an empty line between rows; a cell may run over several lines.
"""

from __future__ import annotations

from auditkb.reports.document import Place
from auditkb.reports.lines import Grid, GridCell, Item, Line, tidy
from auditkb.reports.number_forms import is_number
from auditkb.sources.encodings import decode


def read_text(data: bytes, name: str) -> list[Item]:
    """The lines and grids of a text file. Raises KnowledgeBaseError where the encoding is none of the three."""
    lines = decode(data, name).replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n").split("\n")
    items: list[Item] = []
    index = 0
    while index < len(lines):
        if _is_cell(lines[index]):
            rows, index = _table(lines, index)
            items += _grid_or_lines(rows)
        else:
            items.append(Line(tidy(lines[index]), Place(index + 1)))
            index += 1
    return items


def _is_cell(line: str) -> bool:
    return "\t" in line


def _table(lines: list[str], index: int) -> tuple[list[list[GridCell]], int]:
    """The rows from `index` on, and the index of the first line behind them."""
    rows: list[list[GridCell]] = [[]]
    while index < len(lines):
        line = lines[index]
        if _is_cell(line):
            indent, *cells = line.split("\t")
            # A tab before each cell, or a tab between them.
            parts = [*cells] if not indent.strip() else [indent, *cells]
            if len(parts) > 1 and rows[-1]:
                rows.append([])
            rows[-1] += [GridCell(tidy(part), Place(index + 1)) for part in parts]
            if len(parts) > 1:
                rows.append([])
        elif not line.strip():
            if index + 1 >= len(lines) or not _is_cell(lines[index + 1]):
                break
            rows.append([])
        elif rows[-1] and not is_number(rows[-1][-1].text):
            last = rows[-1][-1]
            rows[-1][-1] = GridCell(f"{last.text}\n{tidy(line)}".strip(), last.place)
        else:
            break
        index += 1
    return [row for row in rows if row], index


def _grid_or_lines(rows: list[list[GridCell]]) -> list[Item]:
    """A table, or paragraphs where tabs only indent lines."""
    if max(map(len, rows)) == 1:
        return [Line(cell.text, cell.place) for row in rows for cell in row]
    return [Grid(tuple(tuple(row) for row in rows), rows[0][0].place)]
