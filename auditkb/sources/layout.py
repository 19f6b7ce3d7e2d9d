"""Where the tables of a sheet lie: titles above, header rows with their merged cells, the unit in a corner, columns.

People type a heading over a table and a unit beside it, merge header cells, and put a second table next to the first.
`find_layouts` looks at the first rows only; what follows below the header is `body`'s. A header row is known by the
dictionary's headings, or else by its shape; nothing here decides what a column means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice

from auditkb.dictionary import normalise_header
from auditkb.numerals import read_numeral
from auditkb.sources.sheets import Area, Row, Sheet
from auditkb.values import MONEY_UNITS

TOP_ROWS = 60
MOST_HEADER_ROWS = 4
STEP = " › "
ROW_NUMBERS = frozenset(("序号", "行号", "no", "no.", "#"))
"""Titles, normalised, of columns that only count rows, unless the record type has a field of that name."""

UNIT_IN_BRACKETS = re.compile(r"^(?P<name>.+?)\((?:单位[:为]?)?(?P<unit>[^()]+)\)$")
_CORNER_UNIT = re.compile(r"\(?(?:金额)?单位[:为](?P<unit>[^()\s;,，；。]+?)\)?$")
_NUMBER = re.compile(r"\(第?(?P<a>\d{1,2}|[一二三四五六七八九十]{1,3})[次期笔批]?\)|第(?P<b>\d{1,2}|[一二三四五六七八九十]{1,3})[次期笔批家]?(?:的)?"
                     r"|(?P<c>\d{1,2}|[一二三四五六七八九十])(?=$|日期|时间|金额|单位|价|号)|(?<=款|票|位)(?P<d>\d{1,2}|[一二三四五六七八九十])")
_LABELLED = re.compile(r"^[^:：]{1,14}[:：]")
_NUMBER_LIKE = re.compile(r"[\d.,，年月日/:：%\-−()（）\s]+")

Path = tuple[str, ...]


@dataclass(frozen=True)
class Layout:
    """One table: `titles` gives the path of titles over each column, `corner_units` the units said above the table."""

    header_rows: tuple[int, ...]
    first_row: int
    titles: Mapping[int, Path]
    above: tuple[Row, ...] = ()
    corner_units: tuple[str, ...] = ()
    last_row: int | None = None
    line: int | None = None

    @property
    def columns(self) -> range:
        """From the first column with a title to the last."""
        return range(min(self.titles), max(self.titles) + 1) if self.titles else range(0)

    def title(self, position: int) -> str:
        """The titles over a column in one line: 招标投标 › 公告日期."""
        return shown_path(self.titles.get(position, ()))


def shown_path(path: Sequence[str]) -> str:
    """A path of titles in one line."""
    return STEP.join(" ".join(title.split()) for title in path)


@lru_cache(8192)
def split_unit(title: str) -> tuple[str, str | None]:
    """A title, normalised, without the unit in brackets at its end, and that unit."""
    whole = normalise_header(title)
    found = UNIT_IN_BRACKETS.match(whole)
    return (found["name"], found["unit"]) if found else (whole, None)


def without_number(title: str) -> tuple[str, int | None]:
    """A normalised title without the number that counts records side by side.

    >>> without_number("付款1日期"), without_number("第二次付款金额"), without_number("合同金额")
    (('付款日期', 1), ('付款金额', 2), ('合同金额', None))
    """
    found = _NUMBER.search(title)
    if found is None:
        return title, None
    digits = next(group for group in found.groups() if group)
    number = int(digits) if digits.isdigit() else int(read_numeral(digits) or 0)
    rest = title[: found.start()] + title[found.end() :]
    return (rest, number) if rest and number else (title, None)


@lru_cache(8192)
def is_heading(text: str, headings: frozenset[str]) -> bool:
    """Whether a text is a heading that the dictionary knows, with or without a unit, or a number that counts records."""
    return any(words in headings for words in (normalise_header(text), split_unit(text)[0], without_number(split_unit(text)[0])[0]))


def find_layouts(sheet: Sheet, headings: frozenset[str], from_row: int = 1) -> list[Layout]:
    """The tables that begin in the first rows of the sheet (or of the rest of it), from left to right; [] where it is empty."""
    rows = list(islice((row for row in sheet.rows() if row.number >= from_row), TOP_ROWS))
    if not rows:
        return []
    areas = [area for area in sheet.merged if area.first_row <= rows[-1].number]
    first, last = _header_block(rows, areas, headings)
    layout = make_layout(sheet, tuple(row.number for row in rows if first <= row.number <= last), rows=rows)
    return _side_by_side(layout, [row for row in rows if row.number > last])


def make_layout(sheet: Sheet, header_rows: Sequence[int], *, rows: Sequence[Row] | None = None, first_row: int | None = None, after: int = 0) -> Layout:
    """The layout of the table whose header stands in these rows; those up to `after` are another table's."""
    last = max(header_rows, default=0)
    first_row = first_row or last + 1
    if rows is None:
        rows = _rows_between(sheet, after, first_row)
    header = [row for row in rows if row.number in header_rows]
    above = tuple(row for row in rows if row.number not in header_rows and row.number < first_row)
    titles = _titles(header, sheet.merged)
    corner = [unit for row in (*above, *header) for cell in row.cells if (unit := _unit_said(cell))]
    line = header[-1].line if header else None
    return Layout(tuple(header_rows), first_row, titles, above, tuple(dict.fromkeys(corner)), None, line)


def _rows_between(sheet: Sheet, after: int, first_row: int) -> list[Row]:
    rows = []
    for row in sheet.rows():
        if row.number >= first_row:
            break
        if row.number > after:
            rows.append(row)
    return rows


# --- which rows are the header

def heading_hits(row: Row, headings: frozenset[str]) -> int:
    """How many cells of a row are headings that the dictionary knows."""
    return sum(1 for cell in row.cells if cell.strip() and is_heading(cell, headings))


def _header_block(rows: Sequence[Row], areas: Sequence[Area], headings: frozenset[str]) -> tuple[int, int]:
    """The numbers of the first and the last header row."""
    hits = {row.number: heading_hits(row, headings) for row in rows}
    most = max(hits.values())
    by_number = {row.number: row for row in rows}
    if most >= 2:
        core = next(number for number, count in hits.items() if count >= max(2, 0.6 * most))
    elif hits[rows[0].number]:
        core = rows[0].number
    else:
        wide = (row.number for row in rows if _distinct(row) >= 2 and not is_caption(row) and not _has_numbers(row))
        core = next(wide, rows[0].number)
    first = last = core
    while last - first + 1 < MOST_HEADER_ROWS and _belongs_above(by_number.get(first - 1), by_number[first], areas, headings):
        first -= 1
    while last - first + 1 < MOST_HEADER_ROWS and _belongs_below(by_number[last], by_number.get(last + 1), first, areas, headings):
        last += 1
    return first, last


def _belongs_above(row: Row | None, header: Row, areas: Sequence[Area], headings: frozenset[str]) -> bool:
    """Whether the row over a header row is a header row too: titles over several columns, or cells merged into it."""
    if row is None or _distinct(row) < 2 or is_caption(row) or _has_numbers(row):
        return False
    if any(area.first_row == row.number and area.last_row >= header.number for area in areas):
        return True
    if any(area.first_row == area.last_row == row.number for area in areas):
        return True
    fills = [place for place, cell in enumerate(row.cells) if cell.strip() and not _cell(header, place).strip()]
    return bool(fills) and heading_hits(row, headings) >= 1 and not areas


def _belongs_below(header: Row, row: Row | None, first: int, areas: Sequence[Area], headings: frozenset[str]) -> bool:
    if row is None:
        return False
    if any(first <= area.first_row <= header.number and area.last_row >= row.number for area in areas):
        return True
    if _has_numbers(row):
        return False
    under = [area for area in areas if area.first_row == area.last_row == header.number]
    if any(_cell(row, place).strip() for area in under for place in range(area.first_column, area.last_column + 1)):
        return True
    # Without merged cells (CSV) a second header row is one that the dictionary knows and that fills gaps of the first.
    gaps = [place for place, cell in enumerate(row.cells) if cell.strip() and not _cell(header, place).strip()]
    return not areas and bool(gaps) and heading_hits(row, headings) >= 2


def is_caption(row: Row) -> bool:
    """Whether a row is a title or a line such as 编制单位：…  单位：万元, rather than a row of a table."""
    filled = [cell for cell in row.cells if cell.strip()]
    return len(set(filled)) <= 1 or all(_LABELLED.match(cell.strip()) for cell in filled)


def _has_numbers(row: Row) -> bool:
    return any(_NUMBER_LIKE.fullmatch(cell) and any(map(str.isdigit, cell)) for cell in row.cells)


def _distinct(row: Row) -> int:
    return len({cell.strip() for cell in row.cells if cell.strip()})


def _cell(row: Row, position: int) -> str:
    return row.cells[position] if position < len(row.cells) else ""


def _unit_said(cell: str) -> str | None:
    """The unit of 单位：万元, where it is one of money."""
    found = _CORNER_UNIT.search(normalise_header(cell)) if "单位" in cell else None
    return found["unit"] if found and found["unit"] in MONEY_UNITS else None


# --- the titles over each column

def _titles(header: Sequence[Row], merged: Iterable[Area]) -> dict[int, Path]:
    if not header:
        return {}
    numbers = [row.number for row in header]
    areas = [area for area in merged if area.first_row in numbers]
    grid = {row.number: dict(enumerate(row.cells)) for row in header}
    for area in areas:
        text = grid[area.first_row].get(area.first_column, "")
        for number in range(area.first_row, area.last_row + 1):
            for place in range(area.first_column, area.last_column + 1):
                if number in grid:
                    grid[number][place] = text
    if not areas and len(header) > 1:
        _fill_to_the_right(grid, numbers)
    titles = {}
    for place in sorted({place for cells in grid.values() for place in cells}):
        path = [text.strip() for number in numbers if (text := grid[number].get(place, "")).strip() and not _unit_only(text)]
        if path:
            titles[place] = tuple(text for before, text in zip([None, *path], path, strict=False) if text != before)
    return titles


def _unit_only(text: str) -> bool:
    return "单位" in text and _CORNER_UNIT.fullmatch(normalise_header(text)) is not None


def _fill_to_the_right(grid: dict[int, dict[int, str]], numbers: Sequence[int]) -> None:
    """Without merged cells a title over several columns stands over the first: the empty ones after it take it."""
    for number, below in zip(numbers, numbers[1:], strict=False):
        text = ""
        for place in sorted(set(grid[number]) | set(grid[below])):
            here = grid[number].get(place, "").strip()
            if not grid[below].get(place, "").strip():
                text = ""
            elif here:
                text = here
            elif text:
                grid[number][place] = text


# --- tables side by side

def _side_by_side(layout: Layout, below: Sequence[Row]) -> list[Layout]:
    """The layout, or one for each table where columns without title and content part tables with equal titles."""
    runs: list[list[int]] = []
    for place in layout.titles:
        gap = range(runs[-1][-1] + 1, place) if runs else range(0)
        if not runs or (len(gap) and not any(_cell(row, between).strip() for row in below for between in gap)):
            runs.append([])
        runs[-1].append(place)
    blocks: list[set[str]] = []
    parts: list[list[int]] = []
    for run in runs:
        names = {normalise_header(layout.title(place)) for place in run}
        if parts and not (len(run) >= 2 and len(blocks[0] & names) >= 2):
            parts[-1] += run
            continue
        blocks.append(names)
        parts.append(list(run))
    return [replace(layout, titles={place: layout.titles[place] for place in part}) for part in parts] or [layout]
