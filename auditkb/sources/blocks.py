"""Rows of records many at once: most blocks of most ledgers hold nothing else, which a look at their columns tells."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property
from itertools import zip_longest

from auditkb.remembered import Remembered
from auditkb.sources.layout import is_heading
from auditkb.sources.line import Line
from auditkb.sources.row_kinds import Kinds
from auditkb.sources.sheets import Row

ROWS_OF_A_BLOCK = 1000


class Block:
    """Lines that follow each other, and the same texts by column; rows that end early are filled with blanks."""

    def __init__(self, lines: Sequence[Line], columns: Sequence[tuple[str, ...]] | None = None):
        self.lines = lines
        if columns is not None:
            self.columns = columns

    @cached_property
    def columns(self) -> Sequence[tuple[str, ...]]:
        """The texts of each column."""
        return columns_of(self.lines)

    def column(self, position: int) -> Sequence[str]:
        """The texts of one column, blank where no row reaches it."""
        return self.columns[position] if position < len(self.columns) else ("",) * len(self.lines)


def columns_of(rows: Sequence[Row] | Sequence[Line]) -> list[tuple[str, ...]]:
    """The texts of rows by column."""
    return list(zip_longest(*(row.cells for row in rows), fillvalue=""))


class OnlyRecords:
    """Whether each row of a block is a record, told from its columns: true only where every row by itself would be one."""

    def __init__(self, kinds: Kinds, loaded: Collection[int], words: Collection[int], headings: frozenset[str]):
        self._loaded, self._words, self._headings = loaded, words, headings
        self._begins_record = Remembered(kinds.begins_record)
        self._may_be_heading = Remembered(self._is_heading)

    def are(self, columns: Sequence[tuple[str, ...]]) -> bool:
        """Whether the rows of these columns all are records."""
        distinct = [set(column) for column in columns]
        full = [place for place, texts in enumerate(distinct) if all(map(str.strip, texts))]
        if len(full) <= 2 or not any(place in self._loaded for place in full):
            return False
        if self._words and sum(place in self._words for place in full) < 2:
            return False
        return self._no_header(distinct, len(full)) and self._no_label(columns)

    def _no_header(self, distinct: Sequence[set[str]], full: int) -> bool:
        """Whether too few columns hold anything like a heading for a row to be the header of another table."""
        needed = max(2.0, full / 2)
        left = len(distinct)
        for texts in sorted(distinct, key=len):
            left -= not any(self._may_be_heading.of(texts))
            if left < needed:
                return True
        return False

    def _is_heading(self, text: str) -> bool:
        text = text.strip()
        return 0 < len(text) <= 20 and not text[0].isdigit() and is_heading(text, self._headings)

    def _no_label(self, columns: Sequence[tuple[str, ...]]) -> bool:
        """Whether the first words of every row are those of a record."""
        open_rows: Sequence[int] = range(len(columns[0]))
        for column in columns:
            found = self._begins_record.of(column[row] for row in open_rows)
            if False in found:
                return False
            open_rows = [row for row, begins in zip(open_rows, found, strict=True) if begins is None]
            if not open_rows:
                break
        return True
