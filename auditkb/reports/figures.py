"""Figures of a report: every amount, count, percentage, date and period with its printed text, value, precision and place.

`read_figures` gives them all in the order of the text: those of paragraphs and those of tables, blanks of number columns
included (value None). Money is in yuan whatever is printed; a percentage is in per cent (93.08), as the report prints it.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from auditkb.reports.document import Document, Place

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


def read_figures(document: Document) -> list[Figure]:
    """All figures of a document in the order of the text."""
    from auditkb.reports.numbers import figures_of

    return figures_of(document)
