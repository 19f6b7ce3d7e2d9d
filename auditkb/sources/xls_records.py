"""What the records of an .xls workbook say beside the values of its cells, as `sheet_xml` does for .xlsx.

The values come from calamine, which tells neither errors nor what is hidden nor the number formats.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from auditkb.sources.number_formats import NumberFormat, read_number_format
from auditkb.sources.sheet_facts import IS_AN_ERROR, MEND, SheetFacts
from auditkb.sources.sheets import Area, Problem

_BEGIN, _END, _BOUND_SHEET, _FORMAT, _STYLE, _LOCKED, _TEXTS = 0x809, 0x0A, 0x85, 0x41E, 0xE0, 0x2F, 0xFC
_ROW, _COLUMNS, _DEFAULT_ROW, _MERGED, _SIZE = 0x208, 0x7D, 0x225, 0xE5, 0x200
_NUMBER, _SHORT_NUMBER, _SHORT_NUMBERS, _FORMULA, _ERROR = 0x203, 0x27E, 0xBD, 0x06, 0x205
_BIFF8, _WORKSHEET = 0x600, 0
_LEAST_BYTES_OF_A_TEXT = 3
_ERRORS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A"}

_Record = tuple[int, bytes]


class Locked(ValueError):
    """The workbook is locked with a password."""


@dataclass
class XlsFacts:
    """The facts of each worksheet, in their order, and the number formats, by style, that matter."""

    sheets: list[SheetFacts] = field(default_factory=list)
    formats: dict[int, NumberFormat] = field(default_factory=dict)


def read_xls_facts(stream: bytes) -> XlsFacts:
    """The facts of a workbook stream. Raises struct.error for one that is broken."""
    codes: dict[int, str] = {}
    numbers: list[int] = []
    places: list[tuple[int, bool]] = []
    is_biff8 = True
    for kind, data in _records(stream, 0):
        if kind == _LOCKED:
            raise Locked
        if kind == _BEGIN:
            is_biff8 = struct.unpack_from("<H", data)[0] == _BIFF8
        elif kind == _TEXTS and struct.unpack_from("<I", data, 4)[0] * _LEAST_BYTES_OF_A_TEXT > len(stream):
            # Whoever reads the texts sets room aside for as many as are announced.
            raise struct.error
        elif kind == _FORMAT and is_biff8:
            number, length, flags = struct.unpack_from("<HHB", data)
            codes[number] = data[5 : 5 + 2 * length].decode("utf-16-le", "replace") if flags & 1 else data[5 : 5 + length].decode("latin-1")
        elif kind == _STYLE:
            numbers.append(struct.unpack_from("<H", data, 2)[0])
        elif kind == _BOUND_SHEET:
            places.append((struct.unpack_from("<I", data)[0], data[5] == _WORKSHEET))
    found = {style: read_number_format(number, codes.get(number)) for style, number in enumerate(numbers)}
    formats = {style: number_format for style, number_format in found.items() if number_format is not None}
    # Charts are looked at too, because whoever reads the values reads all parts.
    sheets = [(_sheet(_records(stream, place), formats), is_worksheet) for place, is_worksheet in places]
    return XlsFacts([facts for facts, is_worksheet in sheets if is_worksheet], formats)


def _records(stream: bytes, place: int) -> Iterator[_Record]:
    """The records from a place on, to the end of their part."""
    while place + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, place)
        yield kind, stream[place + 4 : place + 4 + length]
        if kind == _END:
            return
        place += 4 + length


def _sheet(records: Iterator[_Record], formats: dict[int, NumberFormat]) -> SheetFacts:
    facts = SheetFacts(bytearray(), ())
    hidden: set[int] = set()
    for kind, data in records:
        if kind in (_NUMBER, _SHORT_NUMBER, _FORMULA, _ERROR):
            row, column, style = struct.unpack_from("<HHH", data)
            if style in formats:
                facts.add_format(row + 1, column, style)
            error = _error(kind, data)
            if error is not None:
                facts.unread.setdefault(row + 1, []).append((error, Problem(column, IS_AN_ERROR, MEND)))
        elif kind == _SHORT_NUMBERS:
            row, column = struct.unpack_from("<HH", data)
            for place in range(4, len(data) - 2, 6):
                style = struct.unpack_from("<H", data, place)[0]
                if style in formats:
                    facts.add_format(row + 1, column + (place - 4) // 6, style)
        elif kind == _SIZE and not _is_possible(data):
            # Room is set aside for as many cells as are announced.
            raise struct.error
        elif kind == _ROW and struct.unpack_from("<I", data, 12)[0] & 0x20:
            facts.hide_row(struct.unpack_from("<H", data)[0] + 1)
        elif kind == _COLUMNS and struct.unpack_from("<H", data, 8)[0] & 1:
            first, last = struct.unpack_from("<HH", data)
            hidden.update(range(first, min(last, 255) + 1))
        elif kind == _DEFAULT_ROW and struct.unpack_from("<H", data)[0] & 2:
            facts.hidden_rows = None
        elif kind == _MERGED:
            for place in range(2, len(data) - 7, 8):
                first, last, left, right = struct.unpack_from("<HHHH", data, place)
                facts.merged.append(Area(first + 1, left, last + 1, right))
    facts.hidden_columns = tuple(sorted(hidden))
    return facts


def _is_possible(data: bytes) -> bool:
    # Older versions give rows in two bytes.
    first_row, end_row, first_column, end_column = struct.unpack_from("<IIHH" if len(data) >= 14 else "<HHHH", data)
    is_empty = first_row == end_row == 0 or first_column == end_column == 0
    return is_empty or (first_row < end_row <= 65_536 and first_column < end_column <= 256)


def _error(kind: int, data: bytes) -> str | None:
    if kind == _ERROR and data[7]:
        return _ERRORS.get(data[6], "#")
    # A formula's result is a number, unless its last two bytes say otherwise.
    if kind == _FORMULA and data[12:14] == b"\xff\xff" and data[6] == 2:
        return _ERRORS.get(data[8], "#")
    return None
