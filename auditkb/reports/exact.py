"""Interval arithmetic over printed figures, with exact decimals, and the verdict that comes of it.

A printed figure stands for every value that prints like it. An amount with cents, a count and a plain zero stand for
themselves alone. A relation is broken only if no values of its figures would satisfy it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Literal

from auditkb.reports.figures import Figure
from auditkb.texts import fold

Verdict = Literal["ties", "rounding", "broken", "review"]
CENT, HALF_A_CENT = Decimal("0.01"), Decimal("0.005")
DIGITS = 40
Values = Mapping[str, Decimal]
"""Figure id -> a value to be taken in place of the printed one."""


@dataclass(frozen=True)
class Term:
    """A figure that is added (sign 1) or taken off (-1)."""

    figure: Figure
    sign: int = 1


@dataclass(frozen=True)
class Range:
    """All values from `low` to `high`; `middle` is what the printed figures give as they stand."""

    low: Decimal
    middle: Decimal
    high: Decimal


@dataclass(frozen=True)
class Sides:
    """What is compared: a printed figure (times `sign`) with a sum, or with a quotient in per cent.

    `at_most`: it may not be greater. `whole_cents`: it is held against nothing but the cent.
    """

    printed: Figure
    terms: tuple[Term, ...]
    divisor: tuple[Term, ...] = ()
    sign: int = 1
    constant: Decimal = Decimal(0)
    at_most: bool = False
    whole_cents: bool = False

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Every figure in it once, the printed one first."""
        found = {figure.id: figure for figure in (self.printed, *(term.figure for term in (*self.terms, *self.divisor)))}
        return tuple(found.values())


def radius(figure: Figure) -> Decimal:
    """How far the true value may lie from the printed one."""
    if figure.unit == "count" or (figure.unit == "yuan" and (figure.precision <= HALF_A_CENT or (figure.value == 0 and decimals(figure) == 0))):
        return Decimal(0)
    return figure.precision


def decimals(figure: Figure) -> int:
    """How many decimals are printed."""
    found = re.search(r"\.(\d+)", fold(figure.printed or ""))
    return len(found[1]) if found else 0


def step(figure: Figure) -> Decimal:
    """One unit of the last printed digit, in the unit of the value."""
    return figure.precision * 2


def scale(figure: Figure) -> Decimal:
    """How many units of the value one printed unit is: 10,000 for 万元."""
    return step(figure).scaleb(decimals(figure)).normalize() if figure.precision else Decimal(1)


def value_of(figure: Figure, values: Values) -> Decimal:
    """The value taken: a replacement, the printed one, or nothing for a blank."""
    return values.get(figure.id, figure.value if figure.value is not None else Decimal(0))


def _sum(terms: Sequence[Term], values: Values, constant: Decimal = Decimal(0)) -> Range:
    middle = sum((value_of(term.figure, values) * term.sign for term in terms), constant)
    room = sum((radius(term.figure) for term in terms if term.figure.value is not None), Decimal(0))
    return Range(middle - room, middle, middle + room)


def computed(sides: Sides, values: Values | None = None) -> Range | None:
    """What the other figures give; None where it would be divided by what may be nothing."""
    values = values or {}
    if sides.whole_cents:
        cents = value_of(sides.printed, values).quantize(CENT, ROUND_HALF_UP)
        return Range(cents, cents, cents)
    with localcontext() as context:
        context.prec = DIGITS
        above = _sum(sides.terms, values, sides.constant)
        if not sides.divisor:
            return above
        below = _sum(sides.divisor, values)
        if below.low <= 0 <= below.high:
            return None
        ends = [a / b * 100 for a in (above.low, above.high) for b in (below.low, below.high)]
        return Range(min(ends), above.middle / below.middle * 100, max(ends))


def rounded(value: Decimal, figure: Figure) -> Decimal:
    """A value as it would be printed with the figure's digits."""
    with localcontext() as context:
        context.prec = DIGITS
        unit = step(figure) if step(figure) else Decimal(1)
        return (value / unit).quantize(Decimal(1), ROUND_HALF_UP) * unit


def tolerance(sides: Sides, found: Range) -> Decimal:
    """How far the printed figure may lie from the computed one."""
    return max(found.high - found.middle, found.middle - found.low) + radius(sides.printed)


def verdict(sides: Sides, values: Values | None = None) -> Verdict:
    """`ties` where the computed value prints like the printed one, `rounding` within printed precision, else `broken`."""
    values = values or {}
    found = computed(sides, values)
    if found is None:
        return "review"
    printed = value_of(sides.printed, values) * sides.sign
    room = radius(sides.printed)
    if sides.at_most:
        return "ties" if printed <= found.middle else "rounding" if printed - room <= found.high else "broken"
    if printed == found.middle or (room and printed == rounded(found.middle, sides.printed)) or _prints_like(sides, printed, found.middle):
        return "ties"
    return "rounding" if found.low - room <= printed <= found.high + room else "broken"


def _prints_like(sides: Sides, printed: Decimal, other: Decimal) -> bool:
    """Whether the printed figure, rounded as the one figure that it is held against, is that figure."""
    if len(sides.terms) != 1 or sides.divisor:
        return False
    figure = sides.terms[0].figure
    return radius(figure) > 0 and rounded(printed, figure) == other


def solve(sides: Sides, figure: Figure, values: Values) -> Decimal | None:
    """The value of one of its figures with which the relation would hold exactly; None where there is no single one."""
    found = computed(sides, values)
    if found is None:
        return None
    if figure.id == sides.printed.id:
        if any(term.figure.id == figure.id for term in (*sides.terms, *sides.divisor)):
            return None
        return found.middle * sides.sign
    with localcontext() as context:
        context.prec = DIGITS
        above = sum(term.sign for term in sides.terms if term.figure.id == figure.id)
        below = sum(term.sign for term in sides.divisor if term.figure.id == figure.id)
        printed = value_of(sides.printed, values) * sides.sign
        if below and above:
            return None
        if below:
            rest = _sum([term for term in sides.divisor if term.figure.id != figure.id], values).middle
            return (_sum(sides.terms, values, sides.constant).middle * 100 / printed - rest) / below if printed else None
        wanted = printed / 100 * _sum(sides.divisor, values).middle if sides.divisor else printed
        rest = _sum([term for term in sides.terms if term.figure.id != figure.id], values, sides.constant).middle
        return (wanted - rest) / above if above else None
