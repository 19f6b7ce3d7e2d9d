"""The 2019 report's text as blocks, its three flattened tables rebuilt as real ones.

Read by hand and written down here for this one text: which line begins a table, how wide it is, which cells were merged
over columns or rows. It is no reader of reports, and the project's reader is not used, so that the two can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.report_blocks import Block, Cell, Paragraph, Table, row

Row = list[str]
GO_ON = ("0人次", "算财政拨款", "共4904")
"""Beginnings of lines that go on in the middle of a sentence."""


def blocks_of(text: str) -> list[Block]:
    """Paragraphs line by line, and the tables."""
    blocks: list[Block] = []
    for paragraph, rows in _parts(text.splitlines()):
        if rows:
            blocks.append(_table(rows))
        elif paragraph:
            before = blocks[-1] if blocks else None
            if paragraph.startswith(GO_ON) and isinstance(before, Paragraph):
                blocks[-1] = Paragraph(before.text + paragraph)
            else:
                blocks.append(Paragraph(paragraph))
    return blocks


def _parts(lines: list[str]) -> Iterator[tuple[str, list[Row]]]:
    """Each line outside tables with no rows, each table with its rows; a line without a tab goes on in its cell."""
    rows: list[Row] = []
    is_open = False
    for number, line in enumerate(lines):
        if line.lstrip(" ").startswith("\t"):
            if not is_open:
                rows.append([])
            rows[-1].append(line.lstrip(" ")[1:])
            is_open = True
        elif not line.strip():
            is_open = False
            if not rows:
                yield "", []
        elif is_open and number + 1 < len(lines):
            rows[-1][-1] += "\n" + line
        else:
            if rows:
                yield "", rows
                rows, is_open = [], False
            yield line, []
    if rows:
        yield "", rows


def _table(rows: list[Row]) -> Table:
    first = rows[0][0]
    if first == "项目":
        return _functional(rows)
    return _tracked(rows) if first == "序号" else _attachment(rows)


def _functional(rows: list[Row]) -> Table:
    """Seven columns: three for the code, one for the name, three for amounts; two rows are nothing but merged cells."""
    numbers, whole = rows[4], rows[5]
    header = (
        (Cell(rows[0][0], columns=4), *(Cell(name, rows=4) for name in rows[0][1:])),
        (Cell(rows[1][0], columns=3, rows=3), Cell(rows[1][1], rows=3)), (), (),
        row(numbers))
    below = ((Cell(line[0], columns=3), *map(Cell, line[1:])) for line in rows[6:])
    return Table(header, (row(whole), *below))


def _tracked(rows: list[Row]) -> Table:
    return Table((row(rows[0]),), tuple(row(line) for line in rows[1:]))


def _attachment(rows: list[Row]) -> Table:
    """Three columns; above the header a title and two rows of two cells, below the rows a sum."""
    start = next(index for index, line in enumerate(rows) if line[0] == "序号")
    head = [(Cell(line[0], columns=3),) if len(line) == 1 else (Cell(line[0], columns=2), Cell(line[1]))
            for line in rows[:start]]
    body = [(Cell(line[0], columns=2), Cell(line[1])) if len(line) == 2 else row(line) for line in rows[start + 1:]]
    return Table((*head, row(rows[start])), tuple(body))
