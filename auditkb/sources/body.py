"""The rows below a header: which are records, and which are totals, notes, titles of sections or headers printed again.

Nothing is dropped in silence: every row that is no record is kept in `skipped` with its number and text, and sums that
do not agree with the rows above in `differences`. Merged cells are filled down, and the columns that a mapping file
names; a plain blank never is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as data_field
from functools import lru_cache
from typing import NamedTuple

from auditkb.dictionary import normalise_header
from auditkb.errors import Text
from auditkb.sources.layout import Layout, is_heading
from auditkb.sources.line import Line
from auditkb.sources.shared_amounts import amount_areas, refuse_shared
from auditkb.sources.sheets import Area, Row, Sheet
from auditkb.sources.sums import Amounts, Difference, Outlier, Sums

TOTAL = Text("合计行", "a row of totals")
SUBTOTAL = Text("小计行", "a row of subtotals")
PART = Text("“其中”行，已包含在上面的行里", "a row of 其中, part of the rows above")
NOTE = Text("表下的注", "a note under the table")
SIGNATURE = Text("表下的落款", "a line of names and dates under the table")
SECTION = Text("分段标题", "a title of a section")
REPEATED = Text("重复的表头", "the header again")
NOTHING = Text("要读入的列都是空的", "empty in all columns that are loaded")
CONTINUED = Text("合并单元格的延续行，要读入的列没有新内容", "merged with the row above, with nothing new in the columns that are loaded")

_TOTAL = re.compile(r"^.{0,12}?(?:合计|总计|共计|累计)(?:\(.*\))?:?$|^(?:grand)?totals?$")
_SUBTOTAL = re.compile(r"^.{0,12}?小计(?:\(.*\))?:?$|^sub-?totals?$")
_COUNT = re.compile(r"共?\s*\d+\s*[份项笔个家件]")
_PART = re.compile(r"^其中")
_NOTE = re.compile(r"^\(?(?:注|备注|说明|填表说明|附注|note|notes|remarks?)\)?(?:\d*[:.、]|\d+\b)")
_SIGNATURE = re.compile(r"^(?:制表|填表|编制|审核|复核|审批|负责|经办|填报|统计|联系|单位|日期|部门|科室)[^:]{0,8}:")
_SECTION = re.compile(r"^\(?[一二三四五六七八九十]+[)、.．]")
# What the label of a row of totals, of a part of one or of a signature holds.
_MAY_BE_NONE = re.compile(r"计|^其中|total|:")


class Skipped(NamedTuple):
    """A row that is no record: what it is, and its text."""

    number: int
    what: Text
    raw: str


@dataclass
class Body:
    """The rows of one table. What they are not is known once `lines` has been read to its end.

    `loaded` are the columns that anything is read from; `bounds`, where another table stands beside this one, those
    that are this one's. `summed` are the columns of amounts, with their unit, and `naming` for each those that name the
    record of the amount. `headings` are the dictionary's, by which the header of another table is known.
    """

    sheet: Sheet
    layout: Layout
    loaded: frozenset[int]
    fill_down: frozenset[int] = frozenset()
    summed: Mapping[int, Amounts] = data_field(default_factory=dict)
    headings: frozenset[str] = frozenset()
    bounds: range | None = None
    naming: Mapping[int, Collection[int]] = data_field(default_factory=dict)
    skipped: list[Skipped] = data_field(default_factory=list)
    differences: list[Difference] = data_field(default_factory=list)
    outliers: list[Outlier] = data_field(default_factory=list)
    hidden: list[int] = data_field(default_factory=list)
    next_header: int | None = None
    is_hiding_unknown: bool = False

    def lines(self) -> Iterator[Line]:
        """The records' rows. Stops at the last row of the layout, or where another table begins (`next_header`)."""
        areas = amount_areas(self.sheet.merged, self.layout.first_row, self.naming)
        return refuse_shared(self._lines(), areas, self.naming) if areas else self._lines()

    def _lines(self) -> Iterator[Line]:
        self.skipped, self.differences, self.hidden, self.next_header = [], [], [], None
        filler = _Filler(self.sheet.merged, self.layout.first_row, self.fill_down)
        sums = Sums(self.summed)
        kinds = _Kinds(self.layout, self.loaded, self.sheet.merged, self.summed.keys())
        for row, texts in self._rows():
            what = kinds.of(row, texts)
            if what is None and self._begins_table(texts):
                self.next_header = row.number
                break
            line = filler.fill(row)
            if what is None and not any(place not in line.filled and place in self.loaded for place, _ in texts) and not self._outside(texts):
                what = CONTINUED if line.filled & self.loaded else NOTHING
            if what is None:
                sums.add(row)
                yield line
                continue
            self.skipped.append(Skipped(row.number, what, " | ".join(text for _, text in texts)))
            if what is TOTAL or what is SUBTOTAL:
                self.differences += sums.total(row) if what is TOTAL else sums.subtotal(row)
        self.differences += sums.close()
        self.outliers = sums.outliers()

    def _rows(self) -> Iterator[tuple[Row, list[tuple[int, str]]]]:
        """The rows below the header that have text in this table's columns, with that text."""
        for row in self.sheet.rows():
            if row.number < self.layout.first_row:
                continue
            if self.layout.last_row is not None and row.number > self.layout.last_row:
                return
            texts = [(place, text) for place, cell in enumerate(row.cells) if (text := cell.strip()) and (self.bounds is None or place in self.bounds)]
            if texts:
                if row.is_hidden:
                    self.hidden.append(row.number)
                elif row.is_hidden is None:
                    self.is_hiding_unknown = True
                yield row, texts

    def _outside(self, texts: list[tuple[int, str]]) -> bool:
        """Whether there is text in a column without a title, which is for the table to refuse."""
        return any(place not in self.layout.titles for place, _ in texts)

    def _begins_table(self, texts: list[tuple[int, str]]) -> bool:
        """Whether a row is the header of another table: two or more headings that the dictionary knows."""
        misses_allowed = len(texts) - max(2.0, len(texts) / 2)
        # From the right, where most columns repeat a few words, a record is known as such sooner.
        for _, text in reversed(texts):
            if len(text) > 20 or text[0].isdigit() or not is_heading(text, self.headings):
                misses_allowed -= 1
                if misses_allowed < 0:
                    return False
        return misses_allowed >= 0


class _Kinds:
    """What a row is that is no record."""

    def __init__(self, layout: Layout, loaded: Collection[int], merged: Collection[Area], amounts: Collection[int]):
        self._header = {normalise_header(title) for path in layout.titles.values() for title in path}
        self._columns, self._loaded, self._amounts = len(layout.titles), loaded, amounts
        self._wide = {area.first_row for area in merged if area.last_column - area.first_column + 1 >= max(2, self._columns / 2)}
        self._in_notes = False

    def of(self, row: Row, texts: list[tuple[int, str]]) -> Text | None:
        """The kind of a row; None for a record."""
        first = next((text for _, text in texts if not is_number(text)), None)
        kind = None
        # Called for every row: what begins as a record mostly does is looked at no further.
        if first is not None:
            label = normalise_header(first) if len(first) <= 40 else first
            if len(texts) <= 2 or label in self._header or _MAY_BE_NONE.search(label):
                kind = self._of_words(row, texts, label, [text for _, text in texts if not is_number(text)])
        self._in_notes = kind is NOTE
        return kind

    def _of_words(self, row: Row, texts: list[tuple[int, str]], label: str, words: list[str]) -> Text | None:
        if _PART.match(label):
            return PART
        if (len(texts) == 1 and self._in_notes) or (len(texts) <= 2 and _NOTE.match(label)):
            return NOTE
        kind = total_kind(label)
        if kind is not None and self._names_nothing_else(row, texts):
            return kind
        if _SIGNATURE.match(label) and all(_SIGNATURE.match(normalise_header(word)) for word in words):
            return SIGNATURE
        if len(texts) == 1 and len(self._loaded) > 1 and (_SECTION.match(label) or row.number in self._wide):
            return SECTION
        if len(texts) > 1 and len(texts) >= self._columns / 2 and all(normalise_header(text) in self._header for _, text in texts):
            return REPEATED
        return None


    def _names_nothing_else(self, row: Row, texts: list[tuple[int, str]]) -> bool:
        """Whether nothing beside the label names a record: an amount may be an error or words, a remark is not loaded."""
        faulty = {problem.position for problem in row.problems}
        words = [place for place, text in texts if not is_number(text) and not _COUNT.fullmatch(text)]
        return not any(place in self._loaded and place not in self._amounts and place not in faulty for place in words[1:])


def total_kind(label: str) -> Text | None:
    """What a normalised label such as 城管科小计 says of its row."""
    return SUBTOTAL if _SUBTOTAL.match(label) else TOTAL if _TOTAL.match(label) else None


@lru_cache(4096)
def is_number(text: str) -> bool:
    """Whether a cell is a number or a share, as in a row of totals, and not words."""
    return re.fullmatch(r"[¥￥$(（]?-?[\d,，]*\.?\d+[%‰)）元万]*|[-—–/]+", text.strip()) is not None


class _Filler:
    """Fills cells from the one above: within merged areas, and in the columns that a mapping file declares."""

    def __init__(self, merged: Collection[Area], first_row: int, columns: Collection[int]):
        self._areas = sorted((area for area in merged if area.last_row >= first_row and area.last_row > area.first_row), key=lambda area: area.first_row)
        self._columns = sorted(columns)
        self._open: dict[int, tuple[int, str]] = {}
        self._last: dict[int, str] = {}
        self._next = 0

    def fill(self, row: Row) -> Line:
        cells = row.cells
        filled: set[int] = set()
        if self._areas or self._columns:
            cells = list(cells)
            self._open = {place: (last, text) for place, (last, text) in self._open.items() if last >= row.number}
            for place, (_, text) in self._open.items():
                _put(cells, place, text, filled)
            self._begin(row)
            for place in self._columns:
                text = cells[place].strip() if place < len(cells) else ""
                if text:
                    self._last[place] = text
                elif place in self._last:
                    _put(cells, place, self._last[place], filled)
        return Line(row.number, row.line, cells, frozenset(filled), row.problems)

    def _begin(self, row: Row) -> None:
        """Remember the merged areas that begin in this row; the reader leaves blank rows out, so several may be due."""
        while self._next < len(self._areas) and self._areas[self._next].first_row <= row.number:
            area = self._areas[self._next]
            self._next += 1
            if area.first_row == row.number and area.first_column < len(row.cells) and row.cells[area.first_column].strip():
                self._open[area.first_column] = (area.last_row, row.cells[area.first_column])


def _put(cells: list[str], place: int, text: str, filled: set[int]) -> None:
    if place >= len(cells):
        cells.extend([""] * (place + 1 - len(cells)))
    if not cells[place].strip():
        cells[place] = text
        filled.add(place)
