"""What the content of an .ods workbook says beside the values of its cells, as `sheet_xml` does for .xlsx.

The values come from calamine, which tells neither errors nor what is hidden, merged or a percentage.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from lxml import etree

from auditkb.errors import Text
from auditkb.sources.number_formats import NumberFormat
from auditkb.sources.sheet_facts import COMPUTE, HAS_NO_RESULT, IS_AN_ERROR, MEND, SheetFacts, TooMuch, UnusualXml
from auditkb.sources.sheets import Area, Problem

MOST_ROWS, MOST_COLUMNS = 1_048_576, 16_384
MOST_UNREAD = 200_000
PERCENTAGE = 0
FORMATS = {PERCENTAGE: NumberFormat(is_percent=True)}

_TABLE_NAMES = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE_TYPE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}value-type"
_SHOWN_TYPE = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}value-type"
_TABLE, _COLUMN, _ROW = _TABLE_NAMES + "table", _TABLE_NAMES + "table-column", _TABLE_NAMES + "table-row"
_CELL, _COVERED, _FORMULA = _TABLE_NAMES + "table-cell", _TABLE_NAMES + "covered-table-cell", _TABLE_NAMES + "formula"


def read_ods_facts(xml: IO[bytes]) -> list[SheetFacts]:
    """The facts of each sheet, in their order. Raises UnusualXml or TooMuch."""
    sheets: list[SheetFacts] = []
    hidden: list[int] = []
    row = column = 0
    for event, element in etree.iterparse(xml, events=("start", "end"), tag=(_TABLE, _COLUMN, _ROW), resolve_entities=False, no_network=True, load_dtd=False):
        if event == "start":
            if element.tag == _TABLE:
                if element.getroottree().docinfo.internalDTD is not None:
                    raise UnusualXml
                sheets.append(SheetFacts(bytearray(), ()))
                hidden, row, column = [], 1, 0
            continue
        if element.tag == _COLUMN:
            count = _repeated(element, "columns", MOST_COLUMNS)
            if _is_hidden(element):
                hidden += range(column, min(column + count, MOST_COLUMNS))
            column += count
        elif element.tag == _ROW:
            row += _read_row(element, row, sheets[-1])
        else:
            sheets[-1].hidden_columns = tuple(hidden)
        element.clear(keep_tail=False)
    return sheets


def _read_row(element: etree._Element, row: int, facts: SheetFacts) -> int:
    """Note what the cells of a row (or of equal ones) say; gives how many rows it stands for."""
    count = _repeated(element, "rows", MOST_ROWS)
    column = 0
    for cell in element.iterchildren(_CELL, _COVERED):
        width = _repeated(cell, "columns", MOST_COLUMNS)
        if len(cell) or cell.get(_OFFICE_TYPE) is not None or cell.get(_FORMULA) is not None:
            _read_cell(cell, range(row, row + count), range(column, column + width), facts)
        across, down = _number(cell, "columns-spanned", MOST_COLUMNS), _number(cell, "rows-spanned", MOST_ROWS)
        if cell.tag == _CELL and (across > 1 or down > 1):
            facts.merged.append(Area(row, column, row + down - 1, column + across - 1))
        column += width
    if _is_hidden(element) and (facts.last_row >= row or count < MOST_ROWS // 2):
        # Rows beyond the last one, often a million, hold nothing that could be hidden.
        for number in range(row, row + count):
            facts.hide_row(number)
    return count


def _read_cell(cell: etree._Element, rows: range, columns: range, facts: SheetFacts) -> None:
    problem = _problem(cell)
    is_percentage = cell.get(_OFFICE_TYPE) == "percentage"
    facts.has_values = True
    facts.last_row, facts.last_column = max(facts.last_row, rows[-1]), max(facts.last_column, columns[-1])
    if problem is None and not is_percentage:
        return
    for row, column in _places(rows, columns):
        if problem is None:
            facts.add_format(row, column, PERCENTAGE)
        else:
            text, reason, advice = problem
            facts.unread.setdefault(row, []).append((text, Problem(column, reason, advice)))
    if len(facts.unread) > MOST_UNREAD:
        raise TooMuch


def _places(rows: range, columns: range) -> Iterator[tuple[int, int]]:
    if len(rows) * len(columns) > MOST_UNREAD:
        raise TooMuch
    return ((row, column) for row in rows for column in columns)


def _problem(cell: etree._Element) -> tuple[str, Text, Text] | None:
    if cell.get(_SHOWN_TYPE) == "error":
        return "".join(cell.itertext()) or "#", IS_AN_ERROR, MEND
    if cell.get(_FORMULA) is not None and cell.get(_OFFICE_TYPE) is None:
        return "=" + cell.get(_FORMULA, "").partition("=")[2], HAS_NO_RESULT, COMPUTE
    return None


def _repeated(element: etree._Element, what: str, most: int) -> int:
    return _number(element, f"{what}-repeated", most)


def _number(element: etree._Element, what: str, most: int) -> int:
    count = element.get(f"{_TABLE_NAMES}number-{what}", "1")
    if not count.isascii() or not count.isdigit() or not 0 < int(count) <= most:
        raise UnusualXml
    return int(count)


def _is_hidden(element: etree._Element) -> bool:
    return element.get(_TABLE_NAMES + "visibility") in ("collapse", "filter")
