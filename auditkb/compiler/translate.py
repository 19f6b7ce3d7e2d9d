"""Typed tree -> SQL of values and conditions. Where a name's column lies is the frame's business."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from auditkb.compiler import sqlite, values
from auditkb.compiler.values import Value
from auditkb.expressions.tree import (
    DATE, TEXT, Aggregate, Arithmetic, AsOf, Blank, Call, Case, ChildLetName, Compare, Constant, Field,
    In, LetName, Logic, Missing, Node, Not, Parameter, Points,
)
from auditkb.values import fold


class Frame(Protocol):
    """Where the names of an expression are columns: the checked record's stages, or the rows of an aggregate."""

    def field(self, item: Field, *, folded: bool = False) -> str:
        """Column of a field; of its folded text where `folded`."""

    def recorded(self, item: Field) -> str:
        """Column of a field as it was recorded: no stand-in answers what is on the paper."""

    def states(self, item: Field) -> str:
        """Column of the states of the row that the field belongs to."""

    def let(self, item: LetName) -> Value:
        """Value of a let."""

    def child_let(self, item: ChildLetName) -> Value:
        """Value of a child let."""

    def parameter(self, item: Parameter) -> Value:
        """Value of a parameter; of a list: the number of the list that holds."""

    def lists(self, item: Parameter) -> list[tuple[object, ...]]:
        """Every list that a list parameter may be, in the order of the numbers."""

    def aggregate(self, item: Aggregate | Missing) -> Value:
        """Value of an aggregate."""

    def as_of(self) -> str:
        """The run's declared day, as SQL."""


def truth(node: Node, frame: Frame) -> str:
    """SQL of a condition: 1, 0 or NULL."""
    if isinstance(node, Logic):
        return "(" + f" {node.operator.upper()} ".join(truth(item, frame) for item in node.items) + ")"
    if isinstance(node, Not):
        return f"(NOT {truth(node.item, frame)})"
    if isinstance(node, Compare):
        return _compare(node, frame)
    if isinstance(node, In):
        return _membership(node, frame)
    if isinstance(node, Blank):
        return blank(node.item, frame)
    return value(node, frame).exact


def value(node: Node, frame: Frame, *, folded: bool = False) -> Value:
    """SQL of a value with its bounds. `folded`: text as it is compared."""
    if isinstance(node, Constant):
        text = fold(str(node.value)) if folded and node.kind == TEXT else node.value
        return Value(sqlite.literal(text))
    if isinstance(node, Field):
        return Value(frame.field(node, folded=folded and node.kind == TEXT))
    if isinstance(node, LetName):
        return frame.let(node)
    if isinstance(node, ChildLetName):
        return frame.child_let(node)
    if isinstance(node, Parameter):
        return frame.parameter(node)
    if isinstance(node, (Aggregate, Missing)):
        return frame.aggregate(node)
    if isinstance(node, AsOf):
        return Value(frame.as_of())
    if isinstance(node, Arithmetic):
        return _arithmetic(node, frame)
    if isinstance(node, Call):
        return _call(node, frame)
    if isinstance(node, Case):
        branches = [(truth(condition, frame), value(item, frame).exact) for condition, item in node.branches]
        default = value(node.default, frame).exact if node.default is not None else "NULL"
        return Value(values.case(branches, default))
    if isinstance(node, Points):
        return _points(node, frame)
    return Value(truth(node, frame))


def blank(item: Field, frame: Frame) -> str:
    """`blank(field)`: 1 where the paper is blank, 0 where there is or need be a value, else NULL."""
    column, states = frame.recorded(item), frame.states(item)
    return (f"(CASE WHEN {column} IS NOT NULL THEN 0"
            f" WHEN {sqlite.state(states, item.name, 'blank_in_document')} THEN 1"
            f" WHEN {' OR '.join(sqlite.state(states, item.name, word) for word in ('illegible', 'other_currency', 'not_required'))} THEN 0 END)")


def _is_text(node: Node) -> bool:
    return node.kind == TEXT and not isinstance(node, (Missing,))


def _compare(node: Compare, frame: Frame) -> str:
    folded = _is_text(node.left) and _is_text(node.right)
    return values.compare(node.operator, value(node.left, frame, folded=folded), value(node.right, frame, folded=folded))


def _membership(node: In, frame: Frame) -> str:
    folded = _is_text(node.item)
    item = value(node.item, frame, folded=folded).exact
    if not isinstance(node.values, Parameter):
        listed = ", ".join(value(part, frame, folded=folded).exact for part in node.values)
        return f"({item} IN ({listed}))"
    number = frame.parameter(node.values).exact
    lists = frame.lists(node.values)

    def among(items: tuple[object, ...]) -> str:
        if not items:
            return "0"
        return f"{item} IN ({', '.join(sqlite.literal(fold(str(one)) if folded else one) for one in items)})"

    if len(lists) == 1 and number == "0":
        return f"({among(lists[0])})"
    branches = "".join(f" WHEN {index} THEN {among(items)}" for index, items in enumerate(lists))
    return f"(CASE {number}{branches} END)"


_ROUNDING = {"money": sqlite.cent, "ratio": sqlite.twelve, "number": sqlite.twelve}


def _arithmetic(node: Arithmetic, frame: Frame) -> Value:
    left, right = value(node.left, frame), value(node.right, frame)
    operation = {"+": values.add, "-": values.subtract, "*": values.multiply, "/": values.divide}[node.operator]
    return operation(left, right, _ROUNDING.get(node.kind.name, str))


def _call(node: Call, frame: Frame) -> Value:
    arguments = [value(item, frame) for item in node.arguments]
    is_date = node.kind == DATE
    if node.function == "least":
        return values.least(arguments, is_date=is_date)
    if node.function == "greatest":
        return values.greatest(arguments, is_date=is_date)
    if node.function == "days_between":
        start, end = arguments
        if start.high is None and end.high is None:
            return Value(sqlite.days_between(start.low, end.low))
        return Value(sqlite.days_between(start.upper, end.low), sqlite.days_between(start.low, end.upper))
    if node.function == "add_days":
        day, days = arguments
        if day.high is None and days.high is None:
            return Value(sqlite.add_days(day.low, days.low))
        return Value(sqlite.add_days(day.low, days.low), sqlite.add_days(day.upper, days.upper))
    exact = [item.exact for item in arguments]
    if node.function == "end_of_year":
        return Value(sqlite.end_of_year(exact[0], is_year=node.arguments[0].kind != DATE))
    if node.function == "abs":
        return Value(f"ABS({exact[0]})")
    return Value(_EXACT[node.function](*exact))


_EXACT: dict[str, Callable[..., str]] = {
    "workdays_between": sqlite.workdays_between, "months_between": sqlite.months_between,
    "add_months": sqlite.add_months, "next_workday": sqlite.next_workday, "year_of": sqlite.year_of,
}


def _points(node: Points, frame: Frame) -> Value:
    lows, highs = [], []
    for condition, weight in node.pairs:
        held, points = truth(condition, frame), value(weight, frame).exact
        lows.append(f"CASE WHEN {held} THEN {points} WHEN NOT {held} THEN 0 ELSE MIN({points}, 0) END")
        highs.append(f"CASE WHEN {held} THEN {points} WHEN NOT {held} THEN 0 ELSE MAX({points}, 0) END")
    return Value("(" + " + ".join(lows) + ")", "(" + " + ".join(highs) + ")")
