"""Sums of the rows of a table, and the totals that do not agree with them."""

from __future__ import annotations

import re
from array import array
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from statistics import median
from typing import NamedTuple

from auditkb.amounts import plain_amounts
from auditkb.sources.sheets import Row
from auditkb.value_options import ValueOptions
from auditkb.values import MONEY_UNITS, Unreadable, means_nothing_certain, read_money

Amounts = tuple[str | None, ValueOptions]
"""The unit of a column of amounts, and what a mapping file says of its values."""

_Sum = dict[int, tuple[Decimal, int]]
_TOTAL_WORD = re.compile(r"计\W*$|total", re.IGNORECASE)
_NOTHING = (Decimal(0), 0)


class Difference(NamedTuple):
    """A total that is not the sum of its rows, or that cannot be compared: row `unread` has no number."""

    number: int
    position: int
    printed: Decimal
    computed: Decimal
    rows: int
    unread: int | None = None


class Outlier(NamedTuple):
    """An amount that is far above the others of its column: its place, itself, and the middle of the others, in the column's unit."""

    number: int
    position: int
    raw: str
    amount: Decimal
    middle: Decimal


FAR_ABOVE, LARGE = 1000, 100_000_000
MOST_OF_TEN_THOUSANDS = 100_000
"""From so many 万元 on a bare number was probably typed in yuan."""
_OTHERS = 3


def is_likely_yuan(text: str, unit: str | None, yuan: Decimal) -> bool:
    """Whether an amount in a column of 万元 is a bare number so large that it was probably typed in yuan."""
    factor = MONEY_UNITS.get(unit or "", 1)
    return factor >= 10_000 and abs(yuan) >= MOST_OF_TEN_THOUSANDS * factor and not any(mark in text for mark in "元万亿千百")


@lru_cache(4096)
def amount_of(text: str, unit: str | None, options: ValueOptions) -> Decimal | None:
    """A cell of a column as it counts in a sum, in the column's unit; None where it is no amount."""
    if means_nothing_certain(text) or options.meaning_of(text) is not None:
        return Decimal(0)
    unit = unit or options.unit or "元"
    try:
        return read_money(text, unit, signed=True, options=options) / MONEY_UNITS[unit]
    except Unreadable:
        return None


class Sums:
    """Compares totals with the rows above them: since the last total, or all for a running one. A total or subtotal that comes
    before its rows is compared with those below."""

    def __init__(self, columns: Mapping[int, Amounts]):
        self._columns = columns
        self._all: _Sum = {}
        self._since_total: _Sum = {}
        self._since_subtotal: _Sum = {}
        self._unread: dict[int, int] = {}
        self._rows_since_subtotal = 0
        self._rows = 0
        self._open_total: Row | None = None
        self._open_subtotal: Row | None = None
        self._seen = {place: array("d") for place in columns}
        self._large: list[tuple[int, int, str, Decimal]] = []

    def add(self, row: Row) -> None:
        """Count the amounts of a record's row."""
        self._rows += 1
        self._rows_since_subtotal += 1
        faulty = {problem.position for problem in row.problems}
        for place in self._columns:
            text = row.cells[place].strip() if place < len(row.cells) else ""
            if not text:
                continue
            amount = None if place in faulty else amount_of(text, *self._columns[place])
            if amount is None:
                self._unread.setdefault(place, row.number)
                continue
            if amount:
                self._look_at(row.number, place, text, amount)
            self._count(place, amount, 1)

    def add_all(self, rows: Sequence[Row], columns: Sequence[Sequence[str]]) -> None:
        """Count the amounts of many records' rows, whose texts are given by column too."""
        plain = {place: plain_amounts(columns[place], unit or options.unit or "元", options) for place, (unit, options) in self._columns.items() if place < len(columns)}
        amounts = {place: [Decimal(text) for text in texts or () if text] for place, texts in plain.items()}
        if any(row.problems for row in rows) or None in plain.values() or any(self._is_any_large(place, found) for place, found in amounts.items()):
            for row in rows:
                self.add(row)
            return
        self._rows += len(rows)
        self._rows_since_subtotal += len(rows)
        for place, found in amounts.items():
            if found:
                self._seen[place].extend(float(abs(amount)) for amount in found if amount)
                # With the two decimals that each amount has where it is read by itself.
                self._count(place, sum(found, Decimal("0.00")), len(found))

    def _count(self, place: int, amount: Decimal, rows: int) -> None:
        for sums in (self._all, self._since_total, self._since_subtotal):
            before, count = sums.get(place, _NOTHING)
            sums[place] = before + amount, count + rows

    def _factor(self, place: int) -> int:
        unit, options = self._columns[place]
        return MONEY_UNITS[unit or options.unit or "元"]

    def _is_any_large(self, place: int, amounts: Sequence[Decimal]) -> bool:
        return bool(amounts) and max(max(amounts), -min(amounts)) * self._factor(place) > LARGE

    def _look_at(self, number: int, place: int, text: str, amount: Decimal) -> None:
        self._seen[place].append(float(abs(amount)))
        unit, options = self._columns[place]
        yuan = abs(amount) * self._factor(place)
        if yuan > LARGE and not is_likely_yuan(text, unit or options.unit, yuan):
            self._large.append((number, place, text, amount))

    def outliers(self) -> list[Outlier]:
        """Amounts over 100 million yuan that are more than 1,000 times the middle of the others of their column."""
        found = []
        for number, place, text, amount in self._large:
            others = array("d", self._seen[place])
            others.remove(float(abs(amount)))
            if len(others) >= _OTHERS and float(abs(amount)) > FAR_ABOVE * (middle := median(others)):
                found.append(Outlier(number, place, text, amount, Decimal(str(middle))))
        return found

    def is_sum(self, place: int, text: str) -> bool:
        """Whether an amount is the sum of the rows above it, since the last subtotal, since the last total, or of all."""
        amount = amount_of(text, *self._columns[place])
        return bool(amount) and any(amount == known[place][0] for known in (self._since_subtotal, self._since_total, self._all) if place in known)

    def subtotal(self, row: Row) -> list[Difference]:
        """A row of subtotals; what does not agree."""
        is_above = self._rows_since_subtotal == 0 or self._open_subtotal is not None
        found = self._close_subtotal()
        if is_above:
            self._open_subtotal = row
        else:
            found += self._compare(row, self._since_subtotal)
        self._since_subtotal, self._rows_since_subtotal = {}, 0
        return found

    def total(self, row: Row) -> list[Difference]:
        """A row of totals; what does not agree."""
        found = self._close_subtotal()
        if self._rows == 0:
            self._open_total = row
            return found
        found += self._compare(row, self._since_total, self._all)
        self._since_total, self._since_subtotal, self._unread, self._rows_since_subtotal = {}, {}, {}, 0
        return found

    def close(self) -> list[Difference]:
        """At the end of the table: totals that stand above their rows."""
        found = self._close_subtotal()
        if self._open_total is not None:
            found += self._compare(self._open_total, self._all)
        return found

    def _close_subtotal(self) -> list[Difference]:
        row, self._open_subtotal = self._open_subtotal, None
        return self._compare(row, self._since_subtotal) if row is not None else []

    def _compare(self, row: Row, *sums: _Sum) -> list[Difference]:
        """The columns in which a total is none of these sums, or cannot be compared."""
        found = []
        for place in self._columns:
            text = row.cells[place].strip() if place < len(row.cells) else ""
            faulty = {problem.position for problem in row.problems}
            if place not in faulty and (not text or means_nothing_certain(text) or _TOTAL_WORD.search(text)):
                continue
            printed = None if place in faulty else amount_of(text, *self._columns[place])
            if printed is None:
                found.append(Difference(row.number, place, Decimal(0), *sums[0].get(place, _NOTHING), row.number))
            elif all(printed != known.get(place, _NOTHING)[0] for known in sums):
                computed = next((known[place] for known in sums if place in known), _NOTHING)
                found.append(Difference(row.number, place, printed, *computed, self._unread.get(place)))
        return found
