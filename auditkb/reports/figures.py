"""Figures of a report: every amount, count, percentage, date and period with its printed text, value, precision and place.

`read_figures` gives them all in the order of the text: those of paragraphs and those of tables, blanks of number columns
included (value None). Money is in yuan whatever is printed; a percentage is in per cent (93.08), as the report prints it.
"""

from __future__ import annotations

import datetime
import re
from bisect import bisect_left
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from auditkb.reports.document import Cell, Document, Paragraph, Place, Table
from auditkb.reports.number_forms import digits_of, half_a_unit, one_width, read_cell_number
from auditkb.reports.numbering import read_number
from auditkb.reports.numbers import scan
from auditkb.reports.tables import holds_numbers, is_code, is_ordinal
from auditkb.reports.words import Words, holds_any, read_words
from auditkb.values import MONEY_UNITS

Unit = Literal["yuan", "percent", "percentage_points", "count", "date", "period"]


@dataclass(frozen=True)
class Figure:
    """One figure. Of a table cell `row` and `column` say what it is of, of a paragraph `subject` and `before` do."""

    id: str  # stable over formats: "<section id>#<n>", or "<table id>!<row>.<column>", counted from 1
    printed: str | None  # the number and its unit as printed, None for a blank
    value: Decimal | None  # yuan, per cent, or a count; None for a blank, a date or a period
    unit: Unit
    unit_printed: str  # 元, 万元, %, 个 …, '' where none is printed
    precision: Decimal  # half a unit of the last printed digit, in the unit of `value`; 0 for dates
    section: str  # id of the section
    place: Place
    subject: str  # the words that say what it is of: those before it in its clause, or row and column
    before: str = ""  # the text of the sentence before it
    after: str = ""  # the text of the sentence behind it
    table: str | None = None
    row_number: int | None = None  # in the table, from 0
    column_number: int | None = None
    row: tuple[str, ...] = ()  # the words of the row: codes and names
    column: tuple[str, ...] = ()  # the path of the column's header
    starts_on: datetime.date | None = None  # first and last day that a date or a period covers
    ends_on: datetime.date | None = None
    is_approximate: bool = False  # 余, 约, 近 or 多 stands with it
    block: int = 0  # running number of the paragraph or table

    @property
    def low(self) -> Decimal | None:
        """The least exact value that prints like this."""
        return None if self.value is None else self.value - self.precision

    @property
    def high(self) -> Decimal | None:
        """The greatest exact value that prints like this."""
        return None if self.value is None else self.value + self.precision


def read_figures(document: Document, words: Words | None = None) -> list[Figure]:
    """All figures of a document in the order of the text; figures in the notes of a table come before its cells."""
    words = words or read_words()
    figures: list[Figure] = []
    for section in document.sections:
        counted = 0
        for block in section.blocks:
            paragraphs = [block] if isinstance(block, Paragraph) else list(block.notes)
            for paragraph in paragraphs:
                of_table = block.id if isinstance(block, Table) else None
                found = _of_paragraph(paragraph, counted, of_table, words)
                counted += len(found)
                figures += found
            if isinstance(block, Table):
                figures += _of_table(block, words)
    return figures


# --- of paragraphs

_CLAUSE_ENDS = re.compile(r"[，。；：！？、\n;:]|(?<!\d),(?!\d)|[（(](?![^（(]*[）)])")
MOST_AROUND = 1000  # characters of a sentence that are kept on either side of a figure
_SENTENCE_ENDS = re.compile(r"[。！？\n]")


def _of_paragraph(paragraph: Paragraph, counted: int, table: str | None, words: Words) -> list[Figure]:
    text = paragraph.text
    begins = number_at_start.length if (number_at_start := read_number(text)) else 0
    stops = [match.start() for match in _SENTENCE_ENDS.finditer(text)]
    figures = []
    for number, item in enumerate(scan(text, words), counted + 1):
        before, after = bisect_left(stops, item.start), bisect_left(stops, item.end)
        sentence = max(stops[before - 1] + 1 if before else 0, item.start - MOST_AROUND)
        close = min(stops[after] if after < len(stops) else len(text), item.end + MOST_AROUND)
        figures.append(Figure(
            f"{paragraph.section}#{number}", text[item.start:item.end], item.value, item.unit, item.unit_printed,  # type: ignore[arg-type]
            item.precision, paragraph.section, paragraph.place.at(item.start), _subject(text[max(sentence, begins if begins <= item.start else 0):item.start], words),
            text[sentence:item.start], text[item.end:close], table,
            starts_on=item.starts_on, ends_on=item.ends_on, is_approximate=item.is_approximate, block=paragraph.number))
    return figures


def _subject(before: str, words: Words) -> str:
    """The words before a figure in its clause; where there are none, those of the clause before.

    Words in brackets that are closed belong to their clause; a figure within brackets begins a new one.
    """
    for clause in reversed(_CLAUSE_ENDS.split(before)):
        clause = _bare(clause, words)
        if len(clause) > 1 and not clause.replace(".", "").isdigit():
            return clause
    return ""


def _bare(clause: str, words: Words) -> str:
    """A clause without the words that only join it to its figure."""
    clause = clause.strip(" “”")
    shorter = True
    while shorter:
        shorter = False
        for word in (*words.connectors, *words.approximate_before):
            if clause.endswith(word) and clause != word:
                clause, shorter = clause.removesuffix(word).strip(), True
        for word in words.lead_ins:
            if clause.startswith(word) and clause != word:
                clause, shorter = clause.removeprefix(word).strip(), True
    return clause


# --- of tables

@dataclass(frozen=True)
class _NumberColumn:
    """How the numbers of a column are read."""

    index: int
    unit: Unit
    factor: Decimal
    unit_printed: str


_HEADER_UNIT = re.compile(r"[（(]\s*(?:单位[：:])?\s*([^（）()\s]{1,5})\s*[）)]$")


def number_columns(table: Table, words: Words | None = None) -> list[int]:
    """The columns that hold figures; the others hold the words of their row."""
    return [column.index for column in _number_columns(table, words or read_words())]


def _number_columns(table: Table, words: Words) -> list[_NumberColumn]:
    columns: list[_NumberColumn] = []
    for index in range(len(table.columns)):
        texts = [one_width(row[index].text or "") for row in table.rows if row[index].text]
        numbers = [text for text in texts if read_cell_number(text)]
        header = "".join(table.columns[index])
        is_label = is_ordinal(numbers) or is_code(numbers) or header.endswith(words.columns.labels) and not _has_decimals(numbers)
        follows = not texts and bool(columns) and columns[-1].index == index - 1 and not header.endswith(words.columns.remarks)
        if (holds_numbers(texts) and not is_label) or follows:
            columns.append(_read_as(index, header, table, numbers, words))
    return columns


def _has_decimals(texts: list[str]) -> bool:
    return any("." in text for text in texts)


def _read_as(index: int, header: str, table: Table, numbers: list[str], words: Words) -> _NumberColumn:
    bracket = _HEADER_UNIT.search(header)
    unit = bracket[1] if bracket else ""
    if unit in ("%", "％") or any("%" in number for number in numbers) or (holds_any(header, words.columns.rates) and unit not in MONEY_UNITS):
        return _NumberColumn(index, "percent", Decimal(1), "%")
    if unit in MONEY_UNITS:
        return _NumberColumn(index, "yuan", Decimal(MONEY_UNITS[unit]), unit)
    if unit in words.counters or holds_any(header, words.columns.counts):
        return _NumberColumn(index, "count", Decimal(1), unit)
    if table.unit is not None:
        return _NumberColumn(index, "yuan", Decimal(MONEY_UNITS.get(table.unit, 1)), table.unit)
    is_money = not numbers or any("," in number or re.search(r"\.\d\d$", number) for number in numbers)
    return _NumberColumn(index, "yuan" if is_money else "count", Decimal(1), "")


def _of_table(table: Table, words: Words) -> list[Figure]:
    columns = _number_columns(table, words)
    numbers = {column.index for column in columns}
    labels = [index for index in range(len(table.columns)) if index not in numbers]
    ordinals = {index for index in labels if is_ordinal([text for row in table.rows if (text := row[index].text or "").isdecimal()])}
    figures = []
    for row_number, row in enumerate(table.rows):
        texts = [("".join((row[index].text or "").split("\n")), index) for index in labels]
        named = tuple(text for text, index in texts if text and not (index in ordinals and text.isdecimal()))
        for column in columns:
            cell = row[column.index]
            figures.append(_of_cell(table, row_number, column, cell, named))
    return figures


def _of_cell(table: Table, row_number: int, column: _NumberColumn, cell: Cell, row: tuple[str, ...]) -> Figure:
    found = read_cell_number(cell.text) if cell.text else None
    value, unit, factor, printed_unit = None, column.unit, column.factor, column.unit_printed
    precision = Decimal(0)
    if found is not None:
        if found["unit"] in ("%", "‰"):
            unit, factor, printed_unit = "percent", Decimal(1) if found["unit"] == "%" else Decimal("0.1"), found["unit"]
        elif found["unit"] in MONEY_UNITS:
            unit, factor, printed_unit = "yuan", Decimal(MONEY_UNITS[found["unit"]]), found["unit"]
        negative = bool(found["minus"] or found["bracket"])
        value = digits_of(found["number"]) * factor * (-1 if negative else 1)
        precision = half_a_unit(found["number"]) * factor
    path = table.columns[column.index]
    return Figure(
        f"{table.id}!{row_number + 1}.{column.index + 1}", cell.text, value, unit, printed_unit, precision, table.section, cell.place,
        " ".join([*row[-1:], "/".join(path)]).strip(), table=table.id, row_number=row_number, column_number=column.index, row=row,
        column=path, block=table.number)


