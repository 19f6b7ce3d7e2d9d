"""The rows below a header: which are records, and which are totals, notes, titles of sections or headers printed again.

Nothing is dropped in silence: every row that is no record is kept in `skipped` with its number and text, and sums that
do not agree with the rows above in `differences`. Merged cells are filled down, and the columns that a mapping file
names; a plain blank never is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as data_field
from itertools import dropwhile, islice, pairwise, takewhile
from typing import NamedTuple

from auditkb.errors import Text
from auditkb.sources.blocks import ROWS_OF_A_BLOCK, Block, OnlyRecords, columns_of
from auditkb.sources.layout import Layout, is_heading
from auditkb.sources.line import Line
from auditkb.sources.row_kinds import ALONE, SUBTOTAL, TOTAL, UNNAMED_TOTAL, Kinds, is_like_a_code, is_like_a_label
from auditkb.sources.shared_amounts import amount_areas, refuse_shared
from auditkb.sources.sheets import Area, Row, Sheet
from auditkb.sources.sums import Amounts, Difference, Outlier, Sums

NOTHING = Text("要读入的列都是空的", "empty in all columns that are loaded")
CONTINUED = Text("合并单元格的延续行，要读入的列没有新内容", "merged with the row above, with nothing new in the columns that are loaded")
ONLY_AN_AMOUNT = Text("只有一个金额，不是上面各行的合计", "nothing but an amount, which is not the sum of the rows above")
LIKE_A_TOTAL = Text("除一格文字外只有金额，像是合计或说明", "nothing but words in one cell and amounts: a total or a note, it seems")


FEW_COLUMNS = 2
"""In a table with more columns than these a record fills more than one cell."""


def is_once_a_group(texts: Sequence[str]) -> bool:
    """Whether a number or name is written in the first row of a group only: most are followed by blanks, and none is written again below itself.

    >>> is_once_a_group(["HT-1", "", "", "HT-2", ""]), is_once_a_group(["HT-1", "", "HT-2", "HT-3"]), is_once_a_group(["HT-1", "HT-1", ""])
    (True, False, False)
    """
    filled = sum(map(bool, texts))
    followed = sum(bool(text) and not below for text, below in pairwise(texts))
    return 2 * followed > filled and not any(text and text == below for text, below in pairwise(texts))


class Skipped(NamedTuple):
    """A row that is no record, or may be none: what it is, and its text."""

    number: int
    what: Text
    raw: str


@dataclass
class Body:
    """The rows of one table. What they are not is known once `lines` has been read to its end.

    `loaded` are the columns that anything is read from; `bounds`, where another table stands beside this one, those
    that are this one's. `summed` are the columns of amounts, with their unit, and `naming` for each those that name the record of the amount. `headings` are the dictionary's, by which the header of another table is known.
    `names` are the columns in which one cell by itself is a record, a list of firms; None where each row is one. `doubtful` are rows that were
    read as records and look like a total or a note.
    """

    sheet: Sheet
    layout: Layout
    loaded: frozenset[int]
    fill_down: frozenset[int] = frozenset()
    summed: Mapping[int, Amounts] = data_field(default_factory=dict)
    headings: frozenset[str] = frozenset()
    bounds: range | None = None
    naming: Mapping[int, Collection[int]] = data_field(default_factory=dict)
    names: Collection[int] | None = None
    skipped: list[Skipped] = data_field(default_factory=list)
    doubtful: list[Skipped] = data_field(default_factory=list)
    differences: list[Difference] = data_field(default_factory=list)
    outliers: list[Outlier] = data_field(default_factory=list)
    hidden: list[int] = data_field(default_factory=list)
    next_header: int | None = None
    is_hiding_unknown: bool = False

    def lines(self) -> Iterator[Line]:
        """The records' rows. Stops at the last row of the layout, or where another table begins (`next_header`)."""
        for block in self.blocks():
            yield from block.lines

    def blocks(self) -> Iterator[Block]:
        """The records' rows, many at once."""
        areas = amount_areas(self.sheet.merged, self.layout.first_row, self.naming)
        if not areas:
            yield from self._blocks()
            return
        lines = refuse_shared((line for block in self._blocks() for line in block.lines), areas, self.naming)
        while batch := list(islice(lines, ROWS_OF_A_BLOCK)):
            yield Block(batch)

    def is_once_a_group(self, position: int) -> bool:
        """Whether a column, in the rows of this table, is one that `is_once_a_group` describes."""
        return is_once_a_group([line.cells[position].strip() if position < len(line.cells) else "" for line in replace(self).lines()])

    def _blocks(self) -> Iterator[Block]:
        self.skipped, self.doubtful, self.differences, self.hidden, self.next_header = [], [], [], [], None
        filler = _Filler(self.sheet.merged, self.layout.first_row, self.fill_down)
        sums = Sums(self.summed)
        kinds = Kinds(self.layout, self.loaded, self.sheet.merged, self.summed.keys())
        only_records = OnlyRecords(kinds, self.loaded, self._words if len(self._words) > FEW_COLUMNS else frozenset(), self.headings)
        rows = self._rows()
        while self.next_header is None and (batch := list(islice(rows, ROWS_OF_A_BLOCK))):
            if self.bounds is None and filler.is_idle(batch[-1].number) and only_records.are(columns := columns_of(batch)):
                kinds.pass_records()
                self._note_hidden(batch)
                sums.add_all(batch, columns)
                yield Block(batch, columns)
            elif lines := list(self._lines(batch, kinds, filler, sums)):
                yield Block(lines)
        self.differences += sums.close()
        self.outliers = sums.outliers()

    def _lines(self, rows: Iterable[Row], kinds: Kinds, filler: _Filler, sums: Sums) -> Iterator[Line]:
        """Those of the rows that are records, each looked at by itself."""
        for row in rows:
            texts = [(place, text) for place, cell in enumerate(row.cells) if (text := cell.strip()) and (self.bounds is None or place in self.bounds)]
            if not texts:
                continue
            self._note_hidden([row])
            what = kinds.of(row, texts)
            if what is None and self._begins_table(texts):
                self.next_header = row.number
                return
            line = filler.fill(row)
            if what is None and not any(place not in line.filled and place in self.loaded for place, _ in texts) and not self._outside(texts):
                what = CONTINUED if line.filled & self.loaded else NOTHING
            if what is None and self._is_alone(texts, line):
                what = self._what_is_alone(row, *texts[0], sums)
            if what is None:
                self._doubt(row.number, texts, line)
                sums.add(row)
                yield line
                continue
            self.skipped.append(Skipped(row.number, what, " | ".join(text for _, text in texts)))
            if what is TOTAL or what is SUBTOTAL:
                self.differences += sums.total(row) if what is TOTAL else sums.subtotal(row)

    def _rows(self) -> Iterator[Row]:
        """The rows of the sheet from the first below the header to the last of the layout."""
        first, last = self.layout.first_row, self.layout.last_row
        rows = dropwhile(lambda row: row.number < first, self.sheet.rows())
        return rows if last is None else takewhile(lambda row: row.number <= last, rows)

    def _note_hidden(self, rows: Sequence[Row]) -> None:
        self.hidden += [row.number for row in rows if row.is_hidden]
        self.is_hiding_unknown = self.is_hiding_unknown or any(row.is_hidden is None for row in rows)

    @property
    def _words(self) -> frozenset[int]:
        """The loaded columns that are neither amounts nor filled from above."""
        return self.loaded - self.summed.keys() - self.fill_down

    def _is_alone(self, texts: list[tuple[int, str]], line: Line) -> bool:
        """Whether the one cell of a row makes no record: it is neither a code nor in a column of names, and nothing is merged with the row above."""
        if self.names is None or len(texts) > 1 or len(self.loaded - self.fill_down) <= FEW_COLUMNS or line.filled - self.fill_down:
            return False
        place, text = texts[0]
        return place in self.loaded and place not in self.names and not is_like_a_code(text)

    def _what_is_alone(self, row: Row, place: int, text: str, sums: Sums) -> Text | None:
        """A total that is not called one, a title or a note; None for an amount that is no sum, which is read with a doubt."""
        if place not in self.summed:
            return ALONE
        if sums.is_sum(place, text):
            sums.subtotal(row)
            return UNNAMED_TOTAL
        self.doubtful.append(Skipped(row.number, ONLY_AN_AMOUNT, text))
        return None

    def _doubt(self, number: int, texts: list[tuple[int, str]], line: Line) -> None:
        """Remember a record that has words in one column and else amounts only: 截至2023年12月31日 beside a sum."""
        if self.names is None or len(self._words) <= FEW_COLUMNS or line.filled:
            return
        words = [(place, text) for place, text in texts if place in self._words]
        if len(words) == 1 and words[0][0] not in self.names and is_like_a_label(words[0][1]) and any(place in self.summed for place, _ in texts):
            self.doubtful.append(Skipped(number, LIKE_A_TOTAL, " | ".join(text for _, text in texts)))

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


class _Filler:
    """Fills cells from the one above: within merged areas, and in the columns that a mapping file declares."""

    def __init__(self, merged: Collection[Area], first_row: int, columns: Collection[int]):
        self._areas = sorted((area for area in merged if area.last_row >= first_row and area.last_row > area.first_row), key=lambda area: area.first_row)
        self._columns = sorted(columns)
        self._open: dict[int, tuple[int, str]] = {}
        self._last: dict[int, str] = {}
        self._next = 0

    def is_idle(self, last_row: int) -> bool:
        """Whether nothing is filled down in the rows up to this one."""
        return not self._columns and not self._open and (self._next == len(self._areas) or self._areas[self._next].first_row > last_row)

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
