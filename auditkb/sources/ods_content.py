"""What the content of an .ods workbook says beside the values of its cells, as `sheet_xml` does for .xlsx.

The values come from calamine, which tells neither errors nor what is hidden, merged or a percentage.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from lxml import etree

from auditkb.errors import Text
from auditkb.sources.number_formats import NO_DAY, NO_YEAR, NumberFormat
from auditkb.sources.sheet_facts import COMPUTE, HAS_NO_RESULT, IS_AN_ERROR, MEND, SheetFacts, TooMuch, UnusualXml
from auditkb.sources.sheets import Area, Problem

MOST_ROWS, MOST_COLUMNS = 1_048_576, 16_384
MOST_UNREAD = 200_000
PERCENTAGE, WITHOUT_DAY, WITHOUT_YEAR = 0, 1, 2
FORMATS = {PERCENTAGE: NumberFormat(is_percent=True), WITHOUT_DAY: NumberFormat(is_date=True, reason=NO_DAY), WITHOUT_YEAR: NumberFormat(is_date=True, reason=NO_YEAR)}

_TABLE_NAMES = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE_TYPE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}value-type"
_SHOWN_TYPE = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}value-type"
_TABLE, _COLUMN, _ROW = _TABLE_NAMES + "table", _TABLE_NAMES + "table-column", _TABLE_NAMES + "table-row"
_DATE_NAMES, _STYLE_NAMES = "{urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0}", "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_DATE_STYLE, _STYLE = _DATE_NAMES + "date-style", _STYLE_NAMES + "style"
_CELL, _COVERED, _FORMULA = _TABLE_NAMES + "table-cell", _TABLE_NAMES + "covered-table-cell", _TABLE_NAMES + "formula"


def read_ods_facts(*parts: IO[bytes]) -> list[SheetFacts]:
    """The facts of each sheet, in their order, from styles.xml and content.xml. Raises UnusualXml or TooMuch."""
    content = _Content()
    for part in parts:
        content.read(part)
    return content.sheets


class _Content:
    """Reads the content as a stream; `dates` are the styles of dates that do not show a whole date."""

    def __init__(self) -> None:
        self.sheets: list[SheetFacts] = []
        self._dates: dict[str, int] = {}
        self._columns: list[tuple[range, str, bool]] = []
        self._row = 0

    def read(self, xml: IO[bytes]) -> None:
        """Read one part; styles come before what uses them."""
        tags = (_TABLE, _COLUMN, _ROW, _DATE_STYLE, _STYLE)
        for event, element in etree.iterparse(xml, events=("start", "end"), tag=tags, resolve_entities=False, no_network=True, load_dtd=False):
            if event == "start":
                if element.tag == _TABLE:
                    self._begin(element)
                continue
            if element.tag == _DATE_STYLE:
                self._read_date_style(element)
            elif element.tag == _STYLE:
                style = self._dates.get(element.get(_STYLE_NAMES + "data-style-name", ""))
                if style is not None:
                    self._dates[element.get(_STYLE_NAMES + "name", "")] = style
            elif element.tag == _COLUMN:
                start = self._columns[-1][0].stop if self._columns else 0
                count = _number(element, "columns-repeated", MOST_COLUMNS)
                self._columns.append((range(start, start + count), element.get(_TABLE_NAMES + "default-cell-style-name", ""), _is_hidden(element)))
            elif element.tag == _ROW:
                self._row += self._read_row(element)
            else:
                hidden = [column for columns, _, is_hidden in self._columns if is_hidden for column in columns]
                self.sheets[-1].hidden_columns = tuple(hidden[:MOST_COLUMNS])
            element.clear(keep_tail=False)

    def _begin(self, table: etree._Element) -> None:
        if table.getroottree().docinfo.internalDTD is not None:
            raise UnusualXml
        self.sheets.append(SheetFacts(bytearray(), ()))
        self._columns, self._row = [], 1

    def _read_date_style(self, style: etree._Element) -> None:
        shown = {part.tag.removeprefix(_DATE_NAMES) for part in style.iter() if isinstance(part.tag, str)}
        if "year" in shown and "day" not in shown:
            self._dates[style.get(_STYLE_NAMES + "name", "")] = WITHOUT_DAY
        elif "day" in shown and "year" not in shown:
            self._dates[style.get(_STYLE_NAMES + "name", "")] = WITHOUT_YEAR

    def _read_row(self, element: etree._Element) -> int:
        """Note what the cells of a row (or of equal ones) say; gives how many rows it stands for."""
        facts, row = self.sheets[-1], self._row
        count = _number(element, "rows-repeated", MOST_ROWS)
        column = 0
        for cell in element.iterchildren(_CELL, _COVERED):
            width = _number(cell, "columns-repeated", MOST_COLUMNS)
            if len(cell) or cell.get(_OFFICE_TYPE) is not None or cell.get(_FORMULA) is not None:
                self._read_cell(cell, range(row, row + count), range(column, column + width))
            across, down = _number(cell, "columns-spanned", MOST_COLUMNS), _number(cell, "rows-spanned", MOST_ROWS)
            if cell.tag == _CELL and (across > 1 or down > 1):
                facts.merged.append(Area(row, column, row + down - 1, column + across - 1))
            column += width
        if _is_hidden(element) and (facts.last_row >= row or count < MOST_ROWS // 2):
            # Rows beyond the last one, often a million, hold nothing that could be hidden.
            for number in range(row, row + count):
                facts.hide_row(number)
        return count

    def _read_cell(self, cell: etree._Element, rows: range, columns: range) -> None:
        facts, problem, style = self.sheets[-1], _problem(cell), self._format(cell, columns[0])
        facts.has_values = True
        facts.last_row, facts.last_column = max(facts.last_row, rows[-1]), max(facts.last_column, columns[-1])
        if problem is None and style is None:
            return
        for row, column in _places(rows, columns):
            if problem is not None:
                text, reason, advice = problem
                facts.unread.setdefault(row, []).append((text, Problem(column, reason, advice)))
            elif style is not None:
                facts.add_format(row, column, style)
        if len(facts.unread) > MOST_UNREAD:
            raise TooMuch

    def _format(self, cell: etree._Element, column: int) -> int | None:
        """The format that matters of a cell: its own, or that of its column."""
        kind = cell.get(_OFFICE_TYPE)
        if kind == "percentage":
            return PERCENTAGE
        if kind != "date" or not self._dates:
            return None
        style = cell.get(_TABLE_NAMES + "style-name") or next((style for columns, style, _ in self._columns if column in columns), "")
        return self._dates.get(style)


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


def _number(element: etree._Element, what: str, most: int) -> int:
    count = element.get(f"{_TABLE_NAMES}number-{what}", "1")
    if not count.isascii() or not count.isdigit() or not 0 < int(count) <= most:
        raise UnusualXml
    return int(count)


def _is_hidden(element: etree._Element) -> bool:
    return element.get(_TABLE_NAMES + "visibility") in ("collapse", "filter")
