"""A grid as a table: columns with the path of their header, rows below it, whatever was merged.

A file format may know which columns a cell spans; a flattened text does not, there it follows from the other rows: most
rows of figures are as wide as the table, a shorter one lacks columns on the left, and what stands over several cells of
the row below spans them.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from itertools import dropwhile

from auditkb.reports.document import Cell, Table
from auditkb.reports.lines import Grid, GridCell
from auditkb.reports.number_forms import digits_of, is_dash, is_number, is_plain_integer, read_cell_number
from auditkb.reports.words import read_words

COLUMN_NUMBERS = frozenset(("栏次", "行次", "栏号", "列次", "列号"))
Placed = tuple[tuple[GridCell | None, ...], ...]


@dataclass(frozen=True)
class Shape:
    """A grid understood: rows over the header, the header's own, columns, and the rows below."""

    notes: tuple[GridCell, ...]
    header: tuple[tuple[Cell, ...], ...]
    columns: tuple[tuple[str, ...], ...]
    rows: tuple[tuple[Cell, ...], ...]


def understand(grid: Grid) -> Shape:
    """The shape of a grid. A grid without a header has columns without words."""
    rows = [row for row in grid.rows if any(cell.text for cell in row)]
    first = next((index for index, row in enumerate(rows) if holds_figures(row)), len(rows))
    if first == len(rows) and rows:
        first = next((index + 1 for index, row in enumerate(rows) if len(_filled(row)) > 1), len(rows))
    notes = [row for row in rows[:first] if _is_note(row)]
    header = [row for row in rows[:first] if not _is_note(row)]
    body = rows[first:]
    starts = _starts(body or header)
    placed_header = [row for row in header if not _is_column_numbers(row)]
    repeated = {_words(row) for row in [*header, *notes]}
    placed = [_placed(row, starts) for row in body if _words(row) not in repeated]
    paths = _paths(_placed_header(placed_header, starts, _figure_columns(placed, len(starts))), len(starts))
    return Shape(tuple(cell for row in notes for cell in row if cell.text),
                 tuple(tuple(_cell(cell) for cell in row) for row in header), paths,
                 tuple(_as_cells(row, grid) for row in placed))


def rest_of_table(grid: Grid, known: set[str], width: int) -> list[tuple[Cell, ...]] | None:
    """The rows of a grid that goes on with a table of `width` columns, None if it does not.

    `known` are the words of that table's header: first rows that only repeat them are left out. A grid with a header of its own
    is another table.
    """
    rows = [row for row in grid.rows if any(cell.text for cell in row)]
    kept = list(dropwhile(lambda row: set(_words(row)) <= known, rows))
    if not kept or (len(kept) == len(rows) and any(understand(grid).columns)):
        return None
    starts = _starts([row for row in kept if holds_figures(row)] or kept)
    return [_as_cells(_placed(row, starts), grid) for row in kept] if len(starts) == width else None


def is_flattened(grid: Grid) -> bool:
    """Whether the format did not know which columns a cell spans."""
    return any(cell.start is None for row in grid.rows for cell in row)


def with_merged_names(table: Table) -> Table:
    """A flattened table with each department in every row that its cell was merged over.

    A column of departments has blanks below a name, and no name twice running, only where its cells were merged.
    """
    words = read_words()
    rows = table.rows
    for column, path in enumerate(table.columns):
        names = [row[column].text for row in rows]
        runs_on = any(one and one == other for one, other in zip(names, names[1:], strict=False))
        if not path or not path[-1].endswith(words.columns.departments) or runs_on:
            continue
        above: str | None = None
        filled = []
        for row in rows:
            above = row[column].text or above
            is_total = any("".join((cell.text or "").split()) in words.total_rows for cell in row)
            filled.append(row if is_total else (*row[:column], Cell(above, row[column].place), *row[column + 1:]))
        rows = tuple(filled)
    return replace(table, rows=rows)


def _cell(cell: GridCell) -> Cell:
    return Cell(cell.text or None, cell.place)


def _as_cells(row: tuple[GridCell | None, ...], grid: Grid) -> tuple[Cell, ...]:
    where = next((cell.place for cell in row if cell is not None), grid.place)
    return tuple(Cell(None, where) if cell is None else _cell(cell) for cell in row)


def _filled(row: tuple[GridCell, ...]) -> list[GridCell]:
    return [cell for cell in row if cell.text]


def _words(row: tuple[GridCell, ...]) -> tuple[str, ...]:
    return tuple("".join(cell.text.split()) for cell in _filled(row))


def _is_note(row: tuple[GridCell, ...]) -> bool:
    """A caption, a unit, or words with their figure: 单位：万元."""
    filled = _filled(row)
    return len(filled) == 1 or any(re.search(r"[：:]", cell.text) for cell in filled)


def _is_column_numbers(row: tuple[GridCell, ...]) -> bool:
    """A row that numbers the columns: 栏次 1 2 3. Without such a word it might as well be a row of figures."""
    filled = _filled(row)
    numbers = [int(cell.text) for cell in filled if is_plain_integer(cell.text)]
    counted = numbers == list(range(1, len(numbers) + 1)) and len(numbers) > 1
    return counted and (len(numbers) == len(filled) or any(cell.text in COLUMN_NUMBERS for cell in filled))


def holds_figures(row: tuple[GridCell, ...]) -> bool:
    """Whether a row has a figure beside its words, and is not one that numbers the columns."""
    return len(_filled(row)) > 1 and any(is_number(cell.text) for cell in row) and not _is_column_numbers(row)


def _starts(rows: list[tuple[GridCell, ...]]) -> tuple[int, ...]:
    """The columns of the table, as most of its rows part them."""
    if not rows:
        return ()
    if any(cell.start is None for row in rows for cell in row):
        return tuple(range(Counter(len(row) for row in rows).most_common(1)[0][0]))
    return Counter(tuple(cell.start or 0 for cell in row) for row in rows).most_common(1)[0][0]


def _placed(row: tuple[GridCell, ...], starts: tuple[int, ...]) -> tuple[GridCell | None, ...]:
    """The cells of a row below the header, each in the column where it begins."""
    if row[0].start is not None:
        cells: list[GridCell | None] = [None] * len(starts)
        for cell in row:
            column = _columns_of(cell, starts)[0]
            cells[column] = cell if cells[column] is None else _joined([cells[column], cell])
        return tuple(cells)
    return _filled_up(row, len(starts))


def _columns_of(cell: GridCell, starts: tuple[int, ...]) -> list[int]:
    assert cell.start is not None
    covered = [index for index, start in enumerate(starts) if cell.start <= start < cell.start + cell.span]
    return covered or [max((index for index, start in enumerate(starts) if start <= cell.start), default=0)]


def _filled_up(row: tuple[GridCell, ...], width: int) -> tuple[GridCell | None, ...]:
    surplus = len(row) - width
    while surplus > 0 and not row[0].text:
        row, surplus = row[1:], surplus - 1
    while surplus > 0 and not row[-1].text:
        row, surplus = row[:-1], surplus - 1
    if surplus > 0:
        return (_joined(list(row[:surplus + 1])), *row[surplus + 1:])
    gap: tuple[None, ...] = (None,) * -surplus
    ends_in_figure = is_number(row[-1].text) or is_dash(row[-1].text) or not row[-1].text
    return (row[0], *gap, *row[1:]) if ends_in_figure else (*row, *gap)


def _joined(cells: list[GridCell | None]) -> GridCell:
    there = [cell for cell in cells if cell is not None]
    return GridCell("".join(cell.text for cell in there), there[0].place, there[0].start, there[0].span)


def _figure_columns(rows: list[tuple[GridCell | None, ...]], width: int) -> list[bool]:
    """Which columns hold figures, and not codes or ordinals."""
    columns = []
    for index in range(width):
        texts = [cell.text for row in rows if (cell := row[index]) is not None and cell.text]
        numbers = [text for text in texts if is_number(text)]
        columns.append(holds_numbers(texts) and not is_ordinal(numbers) and not is_code(numbers))
    return columns


def _placed_header(rows: list[tuple[GridCell, ...]], starts: tuple[int, ...], figures: list[bool]) -> Placed:
    """Each header row with the cell over each column; `figures` says which columns hold figures."""
    if not starts:
        return ()
    placed: list[tuple[GridCell | None, ...]] = []
    for row in reversed(rows):
        if row[0].start is not None:
            over: list[GridCell | None] = [None] * len(starts)
            for cell in row:
                for column in _columns_of(cell, starts):
                    over[column] = cell if over[column] is None or cell is over[column] else _joined([over[column], cell])
            placed.append(tuple(over))
        else:
            placed.append(_over(row, placed[-1] if placed else None, figures))
    return tuple(reversed(placed))


def _over(row: tuple[GridCell, ...], below: tuple[GridCell | None, ...] | None, figures: list[bool]) -> tuple[GridCell | None, ...]:
    """A flattened header row over the row below it: a cell stands over one blank or over a run of words.

    Words over columns of words and words over columns of figures are two runs if there are cells enough. A row that
    could stand in more than one way stands over no column.
    """
    if len(row) >= len(figures) or below is None:
        return _filled_up(row, len(figures))
    is_word = [cell is not None and bool(cell.text) for cell in below]
    for parted in (False, True):
        groups: list[int] = []
        for index, word in enumerate(is_word):
            if index and word and is_word[index - 1] and not (parted and figures[index] != figures[index - 1]):
                groups[-1] += 1
            else:
                groups.append(1)
        if len(groups) == len(row):
            return tuple(cell for cell, span in zip(row, groups, strict=True) for _ in range(span))
    return (None,) * len(figures)


def _paths(header: Placed, width: int) -> tuple[tuple[str, ...], ...]:
    paths = []
    for column in range(width):
        words: list[str] = []
        for row in header:
            cell = row[column]
            word = "".join(cell.text.split()) if cell is not None else ""
            if word and (not words or words[-1] != word):
                words.append(word)
        paths.append(tuple(words))
    return tuple(paths)


def is_ordinal(texts: list[str]) -> bool:
    """Whether the cells of a column count its rows: 1, 2, 3 …"""
    numbers = [int(digits_of(text)) for text in texts if is_plain_integer(text)]
    return len(numbers) > 1 and len(numbers) == len(texts) and numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def is_code(texts: list[str]) -> bool:
    """Whether the cells of a column are codes of a classification: whole numbers of three, five and seven digits."""
    plain = [text for text in texts if is_plain_integer(text)]
    return len(plain) > 1 and len(plain) == len(texts) and {len(text) for text in plain} <= {3, 5, 7} and len(set(plain)) == len(plain)


def holds_numbers(texts: list[str]) -> bool:
    """Whether most cells of a column that are not empty are numbers or dashes."""
    numbers = [text for text in texts if read_cell_number(text) or is_dash(text)]
    return bool(texts) and 2 * len(numbers) > len(texts)
