"""The rows of a workbook's sheet as text: each value as the sheet shows it, with what is wrong with single cells.

Rows are read many at once, a column at a time, where all their values are plain; a batch in which anything is out of the
ordinary (errors, formulas without a result, long texts, formats that change within it) is read row by row.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache, partial
from itertools import count, islice, repeat
from typing import Any

from auditkb.errors import Text
from auditkb.remembered import Remembered
from auditkb.sources.number_formats import NumberFormat
from auditkb.sources.sheet_facts import SheetFacts
from auditkb.sources.sheets import Problem, Row

ROWS_AT_ONCE = 1000
MOST_CHARACTERS_OF_A_CELL = 32_767
# A double holds fifteen decimal digits; a spreadsheet shows no more and has made the rest zeros.
MOST_EXACT = 10**15

TOO_MANY_DIGITS = Text("数字超过十五位，Excel 已把第十五位以后的数位变成零", "the number has over fifteen digits; Excel has made those after the fifteenth zeros")
ENTER_AS_TEXT = Text("在原表中把这一列设为文本，按原件重新录入", "make the column text in the sheet and enter it again from the paper")
TOO_LONG = Text("一格的内容超过三万二千字符，只保留了开头", "the cell holds over 32,000 characters; only its beginning is kept")
CHECK_THE_CELL = Text("核对这一格", "check the cell")

Values = Sequence[Any]


class _Run:
    """Where in a column cells have a format that matters; asked for rows from above to below."""

    def __init__(self, runs: Sequence[Sequence[int]]):
        self._remaining = iter(runs)
        self.first, self.last, self.style = 0, 0, -1

    def go_to(self, row: int) -> None:
        """Take the first run that ends at this row or below it."""
        while self.last < row:
            self.first, self.last, self.style = next(self._remaining, (2**31, 2**31, -1))


class RowReader:
    """Reads the rows of one sheet once. `first_column` is where the values begin."""

    def __init__(self, facts: SheetFacts, formats: Mapping[int, NumberFormat], first_column: int):
        self._facts, self._formats, self._first_column = facts, formats, first_column
        self._runs = {column: _Run(found) for column, found in sorted(facts.formats.items())}
        self._unread = dict(facts.unread)
        self._last_unread = max(self._unread, default=0)
        self._dates: Remembered[datetime.date, str] = Remembered(datetime.date.isoformat)
        self._shown = {style: Remembered(partial(_show, number_format)) for style, number_format in formats.items()}

    def rows(self, values: Iterator[list[Any]]) -> Iterator[Row]:
        """The rows that hold something. Those of cells that cannot be read may come below all others."""
        first = 1
        while batch := list(islice(values, ROWS_AT_ONCE)):
            cells = self._plain_cells(batch, first)
            if cells is None:
                yield from self._each_row(batch, first)
            else:
                yield from self._whole(cells, first)
            first += len(batch)
        for number in sorted(self._unread):
            problems: list[Problem] = []
            row: list[str] = []
            _put_unread(self._unread[number], row, problems)
            yield Row(number, None, row, self._facts.is_hidden(number), tuple(problems))

    # --- many rows

    def _plain_cells(self, batch: Sequence[Values], first: int) -> list[list[str]] | None:
        """The texts of many rows, or None where they are to be read one by one."""
        last = first + len(batch) - 1
        if first <= self._last_unread and any(first <= number <= last for number in self._unread):
            return None
        columns: list[Sequence[str]] = [("",) * len(batch)] * self._first_column
        for place, values in enumerate(zip(*batch, strict=True), self._first_column):
            texts = self._plain_texts(place, values, first, last)
            if texts is None:
                return None
            columns.append(texts)
        return list(map(list, zip(*columns, strict=True)))

    def _plain_texts(self, column: int, values: Values, first: int, last: int) -> Sequence[str] | None:
        kinds = set(map(type, values))
        if kinds == {str}:
            return values if max(map(len, values)) <= MOST_CHARACTERS_OF_A_CELL else None
        run = self._runs.get(column)
        if run is not None:
            run.go_to(first)
            if run.first <= last:
                number_format = self._formats[run.style]
                is_whole = run.first <= first and run.last >= last
                return self._shown[run.style].of(values) if is_whole and kinds == {float} and number_format.reason is None and _are_exact(values) else None
        if kinds == {float}:
            return _numbers(values)
        if kinds == {datetime.date}:
            return self._dates.of(values)
        if float in kinds and not _are_exact([value for value in values if type(value) is float]):
            return None
        texts = [value if type(value) is str else TEXT[type(value)](value) for value in values]
        return texts if max(map(len, texts)) <= MOST_CHARACTERS_OF_A_CELL else None

    def _whole(self, cells: list[list[str]], first: int) -> Iterator[Row]:
        hidden = map(self._facts.is_hidden, count(first)) if self._facts.hidden_rows else repeat(self._facts.is_hidden(first))
        for number, (row, is_hidden) in enumerate(zip(cells, hidden, strict=False), first):
            if any(map(str.strip, row)):
                yield Row(number, None, row, is_hidden)

    # --- rows one by one

    def _each_row(self, batch: Sequence[Values], first: int) -> Iterator[Row]:
        margin = [""] * self._first_column
        for number, values in enumerate(batch, first):
            problems: list[Problem] = []
            cells = margin + [value if type(value) is str else TEXT[type(value)](value) for value in values]
            for column, run in self._runs.items():
                self._show(number, column, run, values, cells, problems)
            _find_problems(values, cells, self._first_column, problems)
            if number in self._unread:
                _put_unread(self._unread.pop(number), cells, problems)
            if any(map(str.strip, cells)):
                yield Row(number, None, cells, self._facts.is_hidden(number), tuple(problems))

    def _show(self, number: int, column: int, run: _Run, values: Values, cells: list[str], problems: list[Problem]) -> None:
        """Write a number as its format shows it."""
        run.go_to(number)
        place = column - self._first_column
        if run.first > number or not 0 <= place < len(values) or type(values[place]) is str:
            return
        number_format, value = self._formats[run.style], values[place]
        if isinstance(value, datetime.date):
            applies = number_format.is_date and number_format.applies_to(value)
        else:
            applies = type(value) is float
            if applies:
                cells[column] = _shown(number_format, value)
        if applies and number_format.reason is not None:
            problems.append(Problem(column, number_format.reason, number_format.advice))


def _find_problems(values: Values, cells: list[str], first_column: int, problems: list[Problem]) -> None:
    for place in [place for place, value in enumerate(values) if type(value) is float and not -MOST_EXACT < value < MOST_EXACT]:
        problems.append(Problem(first_column + place, TOO_MANY_DIGITS, ENTER_AS_TEXT))
    if max(map(len, cells), default=0) > MOST_CHARACTERS_OF_A_CELL:
        for place, text in enumerate(cells):
            if len(text) > MOST_CHARACTERS_OF_A_CELL:
                cells[place] = text[:1000] + "…"
                problems.append(Problem(place, TOO_LONG, CHECK_THE_CELL))


def _put_unread(unread: list[tuple[str, Problem]], cells: list[str], problems: list[Problem]) -> None:
    for text, problem in unread:
        cells.extend([""] * (problem.position + 1 - len(cells)))
        cells[problem.position] = text
        problems.append(problem)


# --- values as text

def _show(number_format: NumberFormat, value: float) -> str:
    return number_format.show(_number(value))


_shown = lru_cache(4096)(_show)
# What a number has that is written with a power of ten or is none, and the zero below zero.
_IS_UNUSUAL = re.compile(r"[a-z]|^-0$", re.MULTILINE)


def _are_exact(values: Sequence[float]) -> bool:
    return all(-MOST_EXACT < value < MOST_EXACT for value in values)


def _numbers(values: Sequence[float]) -> Sequence[str] | None:
    """`_number` of each of many numbers; None where one is not exact."""
    texts = list(map("{:.15g}".format, values))
    if _IS_UNUSUAL.search("\n".join(texts)) is None:
        # Without a power of ten they are below the most that is exact.
        return texts
    return list(map(_number, values)) if _are_exact(values) else None


def _number(value: float) -> str:
    """A number with the fifteen digits that a spreadsheet shows, never shortened to a power of ten.

    >>> _number(0.1 + 0.2), _number(232000.0), _number(1e-7)
    ('0.3', '232000', '0.0000001')
    """
    if value.is_integer() and -MOST_EXACT < value < MOST_EXACT:
        return str(int(value))
    text = f"{value:.15g}"
    return text if "e" not in text else f"{Decimal(text):f}"


def _moment(value: datetime.datetime) -> str:
    if value.time() == datetime.time():
        return value.date().isoformat()
    return value.isoformat(" ", "auto" if value.microsecond else "seconds")


TEXT: dict[type, Callable[[Any], str]] = {
    float: _number,
    int: str,
    bool: lambda value: "TRUE" if value else "FALSE",
    datetime.date: datetime.date.isoformat,
    datetime.datetime: _moment,
    datetime.time: lambda value: str(value.isoformat("seconds")),
    datetime.timedelta: str,
}
