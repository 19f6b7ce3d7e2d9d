"""SQL of values that may be known only within bounds (design: open values, three-valued conditions).

A `Value` is the SQL of its lower and its upper bound; NULL as a bound means that there is none. An exact value has one
SQL for both. `none` is the SQL of a condition under which the value is *none*: the least of no rows at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from auditkb.compiler import sqlite


@dataclass(frozen=True)
class Value:
    """Bounds of a value as SQL; `high` is None where the value is exact."""

    low: str
    high: str | None = None
    none: str | None = None

    @property
    def upper(self) -> str:
        """SQL of the upper bound."""
        return self.low if self.high is None else self.high

    @property
    def exact(self) -> str:
        """SQL of the value itself, NULL where only a bound is known."""
        if self.high is None:
            return self.low
        return f"CASE WHEN {self.low} = {self.high} THEN {self.low} END"


NULL = Value("NULL")


def compare(operator: str, left: Value, right: Value) -> str:
    """A comparison: true or false where the bounds decide it, else NULL."""
    if left.high is None and right.high is None:
        return f"({left.low} {operator} {right.low})"
    a, b, c, d = left.low, left.upper, right.low, right.upper
    decided = {
        "<": (f"{b} < {c}", f"{a} >= {d}"),
        "<=": (f"{b} <= {c}", f"{a} > {d}"),
        ">": (f"{a} > {d}", f"{b} <= {c}"),
        ">=": (f"{a} >= {d}", f"{b} < {c}"),
        "=": (f"{a} = {b} AND {c} = {d} AND {a} = {c}", f"{b} < {c} OR {a} > {d}"),
        "<>": (f"{b} < {c} OR {a} > {d}", f"{a} = {b} AND {c} = {d} AND {a} = {c}"),
    }[operator]
    return f"(CASE WHEN {decided[0]} THEN 1 WHEN {decided[1]} THEN 0 END)"


Rounding = Callable[[str], str]
"""What every step of an arithmetic of one kind is rounded by: money to the cent, ratios to twelve decimals."""


def add(left: Value, right: Value, rounded: Rounding) -> Value:
    """Sum of two values, bound by bound."""
    return _both(rounded(f"({left.low} + {right.low})"), rounded(f"({left.upper} + {right.upper})"), left, right)


def subtract(left: Value, right: Value, rounded: Rounding) -> Value:
    """Difference of two values: the lower bound takes away the upper one."""
    return _both(rounded(f"({left.low} - {right.upper})"), rounded(f"({left.upper} - {right.low})"), left, right)


def _both(low: str, high: str, left: Value, right: Value) -> Value:
    return Value(low) if left.high is None and right.high is None else Value(low, high)


def multiply(left: Value, right: Value, rounded: Rounding) -> Value:
    """Product; bounds survive a factor that is exact and not negative, else only an exact product is known."""
    if left.high is None and right.high is None:
        return Value(rounded(f"({left.low} * {right.low})"))
    if left.high is not None and right.high is not None:
        return Value(rounded(f"({left.exact} * {right.exact})"))
    bounded, factor = (left, right.low) if right.high is None else (right, left.low)
    low, high = rounded(f"({bounded.low} * {factor})"), rounded(f"({bounded.upper} * {factor})")
    return Value(f"CASE WHEN {factor} >= 0 OR {bounded.low} = {bounded.upper} THEN {low} END",
                 f"CASE WHEN {factor} >= 0 OR {bounded.low} = {bounded.upper} THEN {high} END")


def divide(left: Value, right: Value, rounded: Rounding) -> Value:
    """Quotient of exact values; division by zero is unknown."""
    return Value(rounded(f"(({left.exact}) * 1.0 / NULLIF({right.exact}, 0))"))


def least(values: Sequence[Value], *, is_date: bool) -> Value:
    """The least of values, a none left out; an unknown one leaves an upper bound."""
    return _extreme(values, is_date=is_date, smallest=True)


def greatest(values: Sequence[Value], *, is_date: bool) -> Value:
    """The greatest of values, a none left out; an unknown one leaves a lower bound."""
    return _extreme(values, is_date=is_date, smallest=False)


def _extreme(values: Sequence[Value], *, is_date: bool, smallest: bool) -> Value:
    function = "MIN" if smallest else "MAX"
    beyond = sqlite.sentinel(is_date=is_date, largest=smallest)

    def known(parts: list[str]) -> str:
        inside = ", ".join(f"COALESCE({part}, {beyond})" for part in parts)
        return f"NULLIF({function}({inside}), {beyond})"

    def whole(parts: list[str]) -> str:
        unknown = " OR ".join(
            f"({part} IS NULL)" if value.none is None else f"({part} IS NULL AND NOT {value.none})"
            for part, value in zip(parts, values, strict=True))
        return f"CASE WHEN {unknown} THEN NULL ELSE {known(parts)} END"

    lows, highs = [value.low for value in values], [value.upper for value in values]
    nones = [value.none for value in values]
    none = "(" + " AND ".join(str(item) for item in nones) + ")" if all(item is not None for item in nones) else None
    low, high = (whole(lows), known(highs)) if smallest else (known(lows), whole(highs))
    return Value(low, high, none)


def case(branches: Sequence[tuple[str, str]], default: str) -> str:
    """`CASE` over three-valued conditions: an unknown condition that is reached makes the whole unknown."""
    parts = "".join(f" WHEN ({condition}) IS NULL THEN NULL WHEN {condition} THEN {value}" for condition, value in branches)
    return f"(CASE{parts} ELSE {default} END)"
