"""What the XML of a worksheet says beside the values of its cells, found in one pass over it as a stream.

Hidden rows and columns, merged cells, how far the sheet reaches; which cells have a number format that matters; and
the cells whose value is none: errors and formulas without a result. The values themselves come from calamine.

The pass looks for tags in the bytes, which is ten times as fast as building elements. That is sound because a `<` in
XML begins a tag unless there are comments or CDATA: with these, and whatever else no spreadsheet program writes, the
sheet is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from html import unescape
from typing import IO

from auditkb.errors import Text
from auditkb.sources.sheet_facts import COMPUTE, HAS_NO_RESULT, IS_AN_ERROR, MEND, SheetFacts, TooMuch, UnusualXml
from auditkb.sources.sheets import Area, Problem

MOST_ROWS, MOST_COLUMNS = 1_048_576, 16_384
BYTES_AT_ONCE = 1024**2
MOST_BYTES_OF_A_ROW = 32 * 1024**2
MOST_UNREAD = 200_000
MOST_MERGED = 200_000
MOST_RUNS = 2_000_000


def read_facts(xml: IO[bytes], styles: Mapping[int, int], *, is_uncomputed: bool, is_exact: bool = False) -> SheetFacts:
    """The facts of one sheet. `styles` are those that matter, each with the one to call it by (others may say the same).

    `is_uncomputed` makes every formula one without a result. `is_exact`: how far the sheet reaches is found from the cells
    that hold something; without it rows and columns that are only formatted may count, which is quicker.
    """
    return _Scan(styles, is_uncomputed, is_exact).run(xml)


class _Scan:
    def __init__(self, styles: Mapping[int, int], is_uncomputed: bool, is_exact: bool):
        self.facts = SheetFacts(bytearray(), ())
        self._names = styles
        self._styles = b"|".join(b"%d" % style for style in sorted(styles, reverse=True))
        self._is_uncomputed, self._is_exact = is_uncomputed, is_exact
        self._style: re.Pattern[bytes] | None = None
        self._unread = 0

    def run(self, xml: IO[bytes]) -> SheetFacts:
        pieces = self._pieces(xml)
        self._read_head(next(pieces))
        for piece in pieces:
            # A mark that occurs nowhere is looked for far faster than a tag.
            if (b"!" in piece and b"<!" in piece) or (b"?" in piece and b"<?" in piece):
                raise UnusualXml
            self._read_rows(piece)
            if self._styles:
                self._read_styles(piece)
            self._read_errors(piece)
            if self._formula_start in piece and self._formula.search(piece):
                self._read_formulas(piece)
            self._read_merged(piece)
        return self.facts

    def _pieces(self, xml: IO[bytes]) -> Iterator[bytes]:
        """The XML before the first row, then pieces that begin with a row and hold whole ones, the last with what follows."""
        start = xml.read(BYTES_AT_ONCE)
        root = re.search(rb"<((?:\w+:)?)worksheet[\s>]", start)
        declaration = re.match(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>)?", start)
        head = start[declaration.end() : root.start()] if root and declaration else b"<"
        if root is None or declaration is None or head.strip() or b"encoding" in declaration[0].lower() and not re.search(rb"utf-?8|us-ascii", declaration[0].lower()):
            raise UnusualXml
        prefix = root[1]
        self._set_patterns(prefix)
        begin = b"<" + prefix + b"row"
        while begin not in start and len(start) < MOST_BYTES_OF_A_ROW and (more := xml.read(BYTES_AT_ONCE)):
            start += more
        first = start.find(begin)
        yield start[root.end() : first] if first >= 0 else start[root.end() :]
        waiting = start[first:] if first >= 0 else b""
        end = b"</" + prefix + b"sheetData"
        while more := xml.read(BYTES_AT_ONCE):
            waiting += more
            cut = waiting.rfind(b"<" if end in waiting or not waiting.startswith(begin) else begin)
            if cut > 0:
                yield waiting[:cut]
                waiting = waiting[cut:]
            if len(waiting) > MOST_BYTES_OF_A_ROW:
                raise TooMuch
        yield waiting

    def _set_patterns(self, prefix: bytes) -> None:
        # A row or a cell may say where it stands with other attributes before it; its own are never prefixed.
        self._row = re.compile(rb"<%brow(?=[\s/>])([^>]*)>" % prefix)
        self._row_start, self._row_number = b"<" + prefix + b"row", re.compile(rb"<%brow r=\"(\d{1,7})\"" % prefix)
        self._cell = re.compile(rb"<%bc\s+r=[\"']([A-Z]{1,3})(\d{1,7})[\"']" % prefix)
        self._any_cell = re.compile(rb"<%bc(?=[\s/>])[^>]*>" % prefix)
        self._wide_cell, self._far_cell = re.compile(rb"<%bc r=\"[A-Z]{2}" % prefix), re.compile(rb"<%bc r=\"[A-Z]+\d{6}" % prefix)
        self._wide_or_far_cell = re.compile(rb"<%bc r=\"[A-Z](?:[A-Z]|\d{6})" % prefix)
        self._letters, self._cell_row = re.compile(rb"<%bc r=\"([A-Z]+)" % prefix), re.compile(rb"<%bc r=\"[A-Z]+(\d+)" % prefix)
        self._begin, self._end = b"<" + prefix + b"c", b"</" + prefix + b"c>"
        self._formula_start = b"<" + prefix + b"f"
        self._formula = re.compile(rb"<%bf[\s/>]" % prefix)
        self._value = re.compile(rb"<%bv>([^<]*)</" % prefix)
        self._formula_text = re.compile(rb"<%bf(?:\s[^>]*)?>([^<]*)<" % prefix)
        self._merge = re.compile(rb"<%bmergeCell\s[^>]*?\bref=[\"']([A-Z]+)(\d+):([A-Z]+)(\d+)[\"']" % prefix)
        self._column = re.compile(rb"<%bcol\s([^>]*)>" % prefix)

    def _read_head(self, head: bytes) -> None:
        if b"<!" in head or b"<?" in head:
            raise UnusualXml
        hidden: list[int] = []
        for found in self._column.finditer(head):
            if _flag(found[1], b"hidden"):
                first, last = _number(found[1], b"min"), min(_number(found[1], b"max"), MOST_COLUMNS)
                hidden += range(first - 1, last)
        self.facts.hidden_columns = tuple(sorted(set(hidden)))
        if re.search(rb"zeroHeight=[\"'](?:1|true)", head):
            self.facts.hidden_rows = None

    def _read_rows(self, piece: bytes) -> None:
        facts = self.facts
        if b"hidden=" in piece and facts.hidden_rows is not None:
            for found in self._row.finditer(piece):
                if _flag(found[1], b"hidden"):
                    facts.hide_row(_row_number(found))
        has_values = self._end in piece
        facts.has_values |= has_values
        if not has_values:
            return
        numbers = self._row_number.findall(piece)
        # Both counts are equal where each row and each cell begins by saying where it stands, as nearly all do.
        is_plain = len(numbers) == piece.count(self._row_start) and piece.count(self._begin + b' r="') == piece.count(self._begin)
        last_row = max(map(int, numbers), default=0)
        if is_plain and not self._is_exact and last_row < 100_000 and self._wide_or_far_cell.search(piece) is None:
            # No column is beyond Z, and no cell in a row far below.
            facts.last_row, facts.last_column = max(facts.last_row, last_row), max(facts.last_column, 25)
            return
        if self._is_exact or not is_plain or last_row > MOST_ROWS or (last_row < 100_000 and self._far_cell.search(piece)):
            self._read_cells(piece)
            return
        # Where no column has two letters, none is beyond Z.
        is_wide = self._wide_cell.search(piece) is not None
        if is_wide or last_row >= 100_000:
            # A small narrow sheet stays small even if a cell says that it stands in another row.
            last_row = max(last_row, *map(int, set(self._cell_row.findall(piece))))
        facts.last_row = max(facts.last_row, last_row)
        facts.last_column = max(facts.last_column, max(map(column_position, set(self._letters.findall(piece)))) if is_wide else 25)

    def _read_cells(self, piece: bytes) -> None:
        """Look at every cell: those of a row stand in it, from left to right; how far they reach counts only where they hold something."""
        facts = self.facts
        rows = list(self._row.finditer(piece))
        for found, end in zip(rows, [*(found.start() for found in rows[1:]), len(piece)], strict=False):
            number, before = _row_number(found), -1
            for cell in self._any_cell.finditer(piece, found.end(), end):
                row, column = self._place(piece, cell.start())
                if row != number or column <= before:
                    raise UnusualXml
                before = column
                if not cell[0].endswith(b"/>"):
                    facts.last_row, facts.last_column = max(facts.last_row, row), max(facts.last_column, column)

    def _place(self, piece: bytes, start: int) -> tuple[int, int]:
        """Row and column of the cell whose tag begins at `start`."""
        found = self._cell.match(piece, start) if start >= 0 else None
        if found is None and start >= 0 and piece[start + len(self._begin)] in b" \t\r\n":
            found = _REFERENCE.search(piece, start, piece.find(b">", start))
        if found is None or not 0 < int(found[2]) <= MOST_ROWS:
            raise UnusualXml
        return int(found[2]), column_position(found[1])

    def _read_styles(self, piece: bytes) -> None:
        if self._style is None:
            # A program puts its attributes always in the same way: mostly after one space, which is searched faster.
            is_plain = piece.count(b's="') == piece.count(b' s="') and b"s='" not in piece
            self._style = re.compile((rb' s="(%b)"' if is_plain else rb"\ss=[\"'](%b)[\"']") % self._styles)
        cell = self._cell
        for found in self._style.finditer(piece):
            start = piece.rfind(b"<", 0, found.start())
            place = cell.match(piece, start)
            if place is not None:
                row, column = int(place[2]), column_position(place[1])
            elif piece.startswith(self._row_start, start):
                # A row's style is that of the cells that it does not have.
                continue
            else:
                row, column = self._place(piece, start)
            self.facts.add_format(row, column, self._names[int(found[1])])
        if self.facts.runs > MOST_RUNS:
            raise TooMuch

    def _read_errors(self, piece: bytes) -> None:
        if b't="e"' not in piece and (b"'" not in piece or b"t='e'" not in piece):
            return
        for found in re.finditer(rb"\st=[\"']e[\"']", piece):
            start = piece.rfind(b"<", 0, found.start())
            if piece.startswith(self._begin, start):
                value = self._value.search(piece, start, piece.find(self._end, start))
                self._add(piece, found.start(), value[1] if value else b"#", IS_AN_ERROR, MEND)

    def _read_formulas(self, piece: bytes) -> None:
        for found in self._formula.finditer(piece):
            start, end = piece.rfind(self._begin, 0, found.start()), piece.find(self._end, found.start())
            cell = piece[start:end]
            tag = cell[: cell.find(b">")]
            if re.search(rb"\st=[\"']e[\"']", tag):
                continue
            value = self._value.search(cell)
            has_text = re.search(rb"\st=[\"'](?:str|inlineStr)[\"']", tag) is not None
            if self._is_uncomputed or value is None or (not value[1] and not has_text):
                formula = self._formula_text.search(cell)
                self._add(piece, found.start(), b"=" + (formula[1] if formula else b""), HAS_NO_RESULT, COMPUTE)

    def _add(self, piece: bytes, inside: int, text: bytes, reason: Text, advice: Text) -> None:
        row, column = self._place(piece, piece.rfind(self._begin, 0, inside))
        shown = unescape(text.decode("utf-8", "strict"))
        self.facts.unread.setdefault(row, []).append((shown, Problem(column, reason, advice)))
        self._unread += 1
        if self._unread > MOST_UNREAD:
            raise TooMuch

    def _read_merged(self, piece: bytes) -> None:
        if b"mergeCell " not in piece:
            return
        merged = self.facts.merged
        for found in self._merge.finditer(piece):
            merged.append(Area(int(found[2]), column_position(found[1]), int(found[4]), column_position(found[3])))
        if len(merged) > MOST_MERGED:
            raise TooMuch


_REFERENCE = re.compile(rb"\sr=[\"']([A-Z]{1,3})(\d{1,7})[\"']")


@lru_cache(MOST_COLUMNS)
def column_position(letters: bytes) -> int:
    """The position of a column from its letters: A is 0, AA is 26."""
    position = 0
    for letter in letters:
        position = position * 26 + letter - 64
    return position - 1


def _row_number(row: re.Match[bytes]) -> int:
    number = _number(row[1], b"r")
    if not 0 < number <= MOST_ROWS:
        raise UnusualXml
    return number


def _number(attributes: bytes, name: bytes) -> int:
    found = re.search(rb"\s" + name + rb"=[\"'](\d{1,9})[\"']", b" " + attributes)
    return int(found[1]) if found else 0


def _flag(attributes: bytes, name: bytes) -> bool:
    return re.search(rb"\s" + name + rb"=[\"'](?:1|true|on)[\"']", b" " + attributes) is not None
