"""The rule language once more, in plain Python and from its definition alone: slow, simple, and nothing of the compiler.

It takes a checked rule and the rows of a world and says for each record of the checked type which outcome it has and
why it cannot be known. Numbers are exact fractions; they are rounded wherever a rule computes them, money to the cent.
Tests compare it with what SQLite says of the same rows.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from math import floor
from typing import Any, Literal

import chinese_calendar

from auditkb.dictionary import Dictionary
from auditkb.expressions import tree
from auditkb.expressions.tree import Kind, Node
from auditkb.rules.checked import ParameterTable, Rule
from auditkb.texts import fold

Row = dict[str, Any]
World = dict[str, list[Row]]
Scalar = Fraction | datetime.date | str | bool | tuple[Any, ...]
Truth = bool | None
"""True, False, or None for unknown."""

STATES = {"blank_in_document": "blank", "not_captured": "missing", "unreadable": "unreadable", "illegible": "illegible",
          "not_required": "not_required", "disputed": "disputed", "other_currency": "other_currency"}
CALENDAR_YEARS = range(2004, 2027)


@dataclass(frozen=True)
class Value:
    """What is known of a value: both bounds equal is a known value, no bounds is unknown. Ends belong to it.

    `is_none` is the least or greatest of no rows; `is_blank` an unknown value of which it is known that there is none.
    `reasons` say why a value that is not known is not.
    """

    low: Any = None
    high: Any = None
    reasons: frozenset[str] = frozenset()
    is_none: bool = False
    is_blank: bool = False

    @property
    def known(self) -> bool:
        """Whether there is one value that it must be."""
        return self.low is not None and self.low == self.high

    @property
    def why(self) -> frozenset[str]:
        """The reasons, where there is anything to give reasons for."""
        return frozenset() if self.known else self.reasons

    @property
    def truth(self) -> Truth:
        """A condition's value."""
        return self.low if self.known else None


def exactly(value: Any) -> Value:
    """A known value."""
    return Value(value, value)


def unknown(reasons: Iterable[str]) -> Value:
    """A value of which nothing is known."""
    return Value(reasons=frozenset(reasons))


def without_bounds(value: Value) -> Value:
    """The value where it is known, else nothing."""
    return value if value.known else unknown(value.reasons)


def truth_value(truth: Truth, reasons: Iterable[str]) -> Value:
    """A condition's value, with reasons where it is unknown."""
    return unknown(reasons) if truth is None else exactly(truth)


def why_of(values: Iterable[Value]) -> frozenset[str]:
    """The reasons of all that is not known among `values`."""
    return frozenset().union(*(value.why for value in values))


def rounded(number: Fraction, kind: Kind) -> Fraction:
    """Half away from zero: money to the cent, ratios and other numbers to twelve decimals, whole numbers not at all."""
    if kind == tree.INTEGER:
        return number
    unit = 100 if kind == tree.MONEY else 10**12
    found = Fraction(floor(abs(number) * unit + Fraction(1, 2)), unit)
    return found if number >= 0 else -found


def scalar(value: Any, kind: Kind) -> Any:
    """A stored value as the object that is computed with."""
    if value is None:
        return None
    if kind.name == "date":
        return value if isinstance(value, datetime.date) else datetime.date.fromisoformat(value)
    if kind.name == "flag":
        return bool(value)
    if kind.name == "list":
        return tuple(value)
    return Fraction(repr(value) if isinstance(value, float) else value) if kind.numeric else str(value)


# --- dates


def add_months(day: datetime.date, months: int) -> datetime.date:
    """The same day of another month, or the last one of a short month."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    last = (datetime.date(year + month // 11, (month + 1) % 12 + 1, 1) - datetime.timedelta(days=1)).day
    return datetime.date(year, month + 1, min(day.day, last))


def months_between(start: datetime.date, end: datetime.date) -> int:
    """Whole calendar months, both end days included: the most months after `start` that do not pass the day after `end`."""
    after = end + datetime.timedelta(days=1)
    months = (after.year - start.year) * 12 + after.month - start.month
    return months if add_months(start, months) <= after else months - 1


@cache
def is_workday(day: datetime.date) -> bool:
    """Whether people work on that day, make-up days included."""
    return bool(chinese_calendar.is_workday(day))


def workdays_between(start: datetime.date, end: datetime.date) -> int | None:
    """Working days after `start` up to `end`, negative backwards; None outside the calendar."""
    if start.year not in CALENDAR_YEARS or end.year not in CALENDAR_YEARS:
        return None
    first, last = min(start, end), max(start, end)
    days = sum(is_workday(first + datetime.timedelta(days=n)) for n in range(1, (last - first).days + 1))
    return days if end >= start else -days


def next_workday(day: datetime.date) -> datetime.date | None:
    """The day itself if people work on it, else the first day after it on which they do; None outside the calendar."""
    while day.year in CALENDAR_YEARS:
        if is_workday(day):
            return day
        day += datetime.timedelta(days=1)
    return None


# --- what an expression is about


@dataclass(frozen=True)
class Frame:
    """The rows that levels mean (0 the checked record, or the child of a child let), and whose parameters hold."""

    types: tuple[str, ...]
    rows: tuple[Row, ...]
    owner: Row
    is_child: bool = False

    def key(self) -> tuple[Any, ...]:
        """What tells frames apart."""
        return (self.types, tuple(row["key"] for row in self.rows), self.owner["key"], self.is_child)


@dataclass(frozen=True)
class Verdict:
    """The outcome of one record, why it could not be known or was exempt, and whether a stand-in decided it."""

    outcome: Literal["fail", "pass", "not_applicable", "not_evaluated", "exempt"]
    reasons: frozenset[str]
    is_assumed: bool = False
    is_not_required: bool = False
    """Not applicable because all that is not known is not required; the reasons name it."""


@dataclass(frozen=True)
class Member:
    """One row of an aggregate: whether it passes the filter, and its operand."""

    passes: Truth
    why: frozenset[str]
    operand: Value | None
    stands_unknown: bool = False
    """Whether an amount stands somewhere that is not known: it may be below zero."""


def evaluate(rule: Rule, dictionary: Dictionary, world: World, as_of: str) -> dict[str, Verdict]:
    """The verdict of every record of the rule's type, by key."""
    plain = Evaluator(rule, dictionary, world, as_of, assumes=False)
    with_stand_ins = Evaluator(rule, dictionary, world, as_of, assumes=True)
    found = {}
    for row in world.get(rule.checks, []):
        verdict = plain.verdict(row)
        exemption = plain.exemption(row) if verdict.outcome in ("fail", "not_evaluated") else None
        if exemption is not None:
            verdict = Verdict("exempt", frozenset({f"exemption:{exemption}"}))
        elif verdict.outcome == "not_evaluated" and rule.has_assumptions:
            second = with_stand_ins.verdict(row)
            exemption = with_stand_ins.exemption(row) if second.outcome in ("fail", "not_evaluated") else None
            if exemption is not None:
                second = Verdict("exempt", frozenset({f"exemption:{exemption}"}))
            verdict = second if second.outcome == "not_evaluated" else replace(second, is_assumed=True)
        found[row["key"]] = verdict
    return found


class Evaluator:
    """One rule over one world, without stand-ins or with them."""

    def __init__(self, rule: Rule, dictionary: Dictionary, world: World, as_of: str, *, assumes: bool):
        self.rule, self.dictionary, self.world = rule, dictionary, world
        self.as_of = datetime.date.fromisoformat(as_of)
        self.assumes = assumes
        self.by_key = {name: {row["key"]: row for row in rows} for name, rows in world.items()}
        self.memo: dict[Any, Value] = {}
        self.pending: set[Any] = set()
        self.stand_ins: dict[Any, tuple[Node, ...]] = {}
        for item in rule.assumptions if assumes else ():
            target = (item.field.ups, item.field.name) if item.field is not None else item.target
            self.stand_ins[target] = item.stand_ins

    # outcomes

    def verdict(self, row: Row) -> Verdict:
        """The outcome of one record, exemptions aside."""
        frame = Frame((self.rule.checks,), (row,), row)
        applies = self.valid(row)
        if self.rule.applies is not None:
            applies = conjunction([applies, self.value(self.rule.applies, frame)])
        fails = self.value(self.rule.fails, frame)
        if applies.truth is False:
            return Verdict("not_applicable", frozenset())
        if fails.truth is False:
            return Verdict("pass", frozenset())
        if applies.truth and fails.truth:
            return Verdict("fail", frozenset())
        reasons = applies.why | fails.why
        reasons = reasons - {"undefined"} or reasons
        if reasons and all(reason.startswith("not_required:") for reason in reasons):
            return Verdict("not_applicable", reasons, is_not_required=True)
        return Verdict("not_evaluated", reasons)

    def exemption(self, row: Row) -> str | None:
        """The first exemption that covers the record, by key."""
        if "exemption" not in self.dictionary:
            return None
        own = self.dictionary[self.rule.checks].fields
        keys = {(self.rule.checks, row["key"])} | {(entry.type, row[name]) for name, entry in own.items()
                                                   if entry.is_reference and row.get(name) is not None}
        fields = self.dictionary["exemption"].fields
        found = [item["key"] for item in self.world.get("exemption", [])
                 if item.get("type") in self.rule.file.exempt_by
                 and any((entry.type, item.get(name)) in keys for name, entry in fields.items() if entry.is_reference)
                 and self.within(row, item.get("starts_on"), item.get("ends_on"))]
        return min(found, default=None)

    # the event date

    def span(self, row: Row) -> tuple[datetime.date, datetime.date] | None:
        """The first and last day on which the event may have been, or None: unknown."""
        frame = Frame((self.rule.checks,), (row,), row)
        for item in self.rule.event_date if self.assumes else self.rule.event_date[:1]:
            value = self.recorded(item, frame)
            if value.known and isinstance(value.low, datetime.date):
                return value.low, value.low
            if value.known:
                return datetime.date(int(value.low), 1, 1), datetime.date(int(value.low), 12, 31)
        return None

    def within(self, row: Row, start: str | datetime.date | None, end: str | datetime.date | None) -> Truth:
        """Whether the event lies between two days that both belong to the period."""
        if start is None and end is None:
            return True
        first, last = scalar(start, tree.DATE), scalar(end, tree.DATE)
        span = self.span(row)
        if span is None:
            return None
        if (first is not None and span[1] < first) or (last is not None and span[0] > last):
            return False
        inside = (first is None or span[0] >= first) and (last is None or span[1] <= last)
        return True if inside else None

    def valid(self, row: Row) -> Value:
        """Whether the rule held on the event date."""
        valid = self.rule.file.valid
        if valid is None:
            return exactly(True)
        return truth_value(self.within(row, valid.from_, valid.to), ["event_date_unknown"])

    # values

    def value(self, node: Node, frame: Frame) -> Value:
        """The value of an expression for the rows of `frame`."""
        key = (id(node), frame.key())
        if key not in self.memo:
            if key in self.pending:
                return unknown(["circle"])
            self.pending.add(key)
            self.memo[key] = self.compute(node, frame)
            self.pending.discard(key)
        return self.memo[key]

    def compute(self, node: Node, frame: Frame) -> Value:
        method: Callable[[Any, Frame], Value] = getattr(self, f"of_{type(node).__name__.lower()}")
        return method(node, frame)

    def of_constant(self, node: tree.Constant, frame: Frame) -> Value:
        return exactly(scalar(node.value, node.kind))

    def of_asof(self, node: tree.AsOf, frame: Frame) -> Value:
        return exactly(self.as_of)

    def of_field(self, node: tree.Field, frame: Frame) -> Value:
        value = self.recorded(node, frame)
        # Stand-ins are said of the checked type's rows: the record and its peers, not of children.
        owner = 1 if ":" in frame.types[-1] and node.level == 1 else 0
        stand_ins = self.stand_ins.get((node.ups, node.name))
        if value.known or stand_ins is None or frame.is_child or node.level != owner:
            return value
        return self.first_known(stand_ins, self.lower(frame, owner), value)

    def lower(self, frame: Frame, level: int) -> Frame:
        """The frame of one of its rows alone."""
        if level == 0:
            return Frame(frame.types[:1], frame.rows[:1], frame.owner, frame.is_child)
        return Frame((self.rule.checks,), (frame.rows[1],), frame.rows[1])

    def first_known(self, nodes: Sequence[Node], frame: Frame, otherwise: Value) -> Value:
        for node in nodes:
            value = self.value(node, frame)
            if value.known:
                return value
        return otherwise

    def up(self, record_type: str, row: Row, ups: Sequence[str], prefix: Sequence[str]) -> tuple[str, Row] | Value:
        """The row at the end of references, or the reason why there is none; `prefix` is the path to the first row."""
        passed = list(prefix)
        for step in ups:
            passed.append(step)
            entry = self.dictionary[record_type].fields[step]
            key = row.get(step)
            if key is None:
                # Of what there is not nothing is known, not even that it is blank.
                return replace(unrecorded(row, step, ".".join(passed)), is_blank=False)
            record_type = entry.type
            above = self.by_key.get(record_type, {}).get(key)
            if above is None:
                return unknown([f"no_related:{'.'.join(passed)}"])
            row = above
        return record_type, row

    def recorded(self, node: tree.Field, frame: Frame) -> Value:
        """A field as the records have it, stand-ins aside."""
        parts = node.path.split(".")
        found = self.up(frame.types[node.level].rpartition(":")[2], frame.rows[node.level], node.ups,
                        parts[: len(parts) - 1 - len(node.ups)])
        if isinstance(found, Value):
            return found
        stored = found[1].get(node.name)
        if stored is None:
            return unrecorded(found[1], node.name, node.path)
        return exactly(fold(str(stored)) if node.compared else scalar(stored, node.kind))

    def of_letname(self, node: tree.LetName, frame: Frame) -> Value:
        own = self.lower(frame, node.level)
        value = self.value(self.rule.lets[node.name], own)
        if not value.known and node.name in self.stand_ins:
            value = self.first_known(self.stand_ins[node.name], own, value)
        if node.level == 0:
            return value
        which = frame.types[1].partition(":")[0]
        return replace(value, reasons=frozenset(prefixed(reason, which) for reason in value.reasons))

    def of_childletname(self, node: tree.ChildLetName, frame: Frame) -> Value:
        child = Frame((node.child,), (frame.rows[node.level],), frame.owner, is_child=True)
        return self.value(self.rule.child_lets[(node.child, node.name)], child)

    # conditions

    def of_compare(self, node: tree.Compare, frame: Frame) -> Value:
        left, right = self.value(node.left, frame), self.value(node.right, frame)
        if is_folded(node.left) or is_folded(node.right):
            left, right = folded(left), folded(right)
        ordered = node.kind and node.left.kind.name not in ("text", "choice", "reference", "flag", "list")
        return truth_value(compare(node.operator, left, right, ordered=bool(ordered)), why_of([left, right]))

    def of_logic(self, node: tree.Logic, frame: Frame) -> Value:
        items = [self.value(item, frame) for item in node.items]
        return conjunction(items) if node.operator == "and" else negation(conjunction([negation(item) for item in items]))

    def of_not(self, node: tree.Not, frame: Frame) -> Value:
        return negation(self.value(node.item, frame))

    def of_in(self, node: tree.In, frame: Frame) -> Value:
        item = self.value(node.item, frame)
        if isinstance(node.values, tree.Parameter):
            listed = self.value(node.values, frame)
            if not listed.known:
                return unknown(why_of([item, listed]))
            values = [exactly(scalar(value, node.item.kind)) for value in listed.low]
        else:
            values = [self.value(value, frame) for value in node.values]
        if is_folded(node.item):
            item, values = folded(item), [folded(value) for value in values]
        equal = [compare("=", item, value, ordered=node.item.kind.numeric or node.item.kind.name == "date") for value in values]
        if True in equal:
            return exactly(True)
        return truth_value(None if None in equal else False, why_of([item, *values]))

    def of_blank(self, node: tree.Blank, frame: Frame) -> Value:
        value = self.recorded(node.item, frame)
        if value.known:
            return exactly(False)
        if value.is_blank:
            return exactly(True)
        if any(reason == f"{state}:{node.item.path}" for reason in value.reasons for state in ("illegible", "other_currency", "not_required")):
            return exactly(False)
        return value

    # values of one row

    def of_arithmetic(self, node: tree.Arithmetic, frame: Frame) -> Value:
        left, right = self.value(node.left, frame), self.value(node.right, frame)
        if left.is_none or right.is_none:
            return unknown(why_of([left, right]))
        low: Fraction | None = None
        high: Fraction | None = None
        if node.operator == "+":
            low, high = both(left.low, right.low, lambda a, b: a + b), both(left.high, right.high, lambda a, b: a + b)
        elif node.operator == "-":
            low, high = both(left.low, right.high, lambda a, b: a - b), both(left.high, right.low, lambda a, b: a - b)
        elif node.operator == "*" and not (self.may_be_open(node.left) and self.may_be_open(node.right)):
            low, high = product(left, right)
        elif node.operator == "*":
            low = high = left.low * right.low if left.known and right.known else None
        elif left.known and right.known:
            if right.low == 0:
                return unknown(["undefined"])
            low = high = left.low / right.low
        low, high = (None if bound is None else rounded(bound, node.kind) for bound in (low, high))
        return Value(low, high, why_of([left, right]))

    def may_be_open(self, node: Node) -> bool:
        """Whether an expression may have bounds without being known; a product keeps those of one factor only."""
        if isinstance(node, tree.Aggregate):
            return node.function != "median"
        if isinstance(node, tree.LetName):
            return self.may_be_open(self.rule.lets[node.name])
        if isinstance(node, tree.ChildLetName):
            return self.may_be_open(self.rule.child_lets[(node.child, node.name)])
        if isinstance(node, tree.Arithmetic):
            return node.operator != "/" and (self.may_be_open(node.left) or self.may_be_open(node.right))
        if isinstance(node, tree.Call):
            keeps = node.function in ("days_between", "add_days") and any(self.may_be_open(item) for item in node.arguments)
            return keeps or node.function in ("least", "greatest")
        return isinstance(node, tree.Points)

    def of_call(self, node: tree.Call, frame: Frame) -> Value:
        values = [self.value(argument, frame) for argument in node.arguments]
        why = why_of(values)
        if node.function in ("least", "greatest"):
            return extreme(node.function, values)
        if any(value.is_none for value in values):
            return unknown(why)
        if node.function == "days_between":
            start, end = values
            return Value(both(end.low, start.high, days), both(end.high, start.low, days), why)
        if node.function == "add_days":
            day, number = values
            return Value(both(day.low, number.low, plus_days), both(day.high, number.high, plus_days), why)
        if not all(value.known for value in values):
            return unknown(why)
        return plain_call(node.function, [value.low for value in values])

    def of_case(self, node: tree.Case, frame: Frame) -> Value:
        for condition, result in node.branches:
            truth = self.value(condition, frame)
            if truth.truth is None:
                return unknown(truth.reasons)
            if truth.truth:
                return without_bounds(self.value(result, frame))
        return without_bounds(self.value(node.default, frame)) if node.default is not None else unknown(["undefined"])

    def of_points(self, node: tree.Points, frame: Frame) -> Value:
        low = high = Fraction(0)
        why: frozenset[str] = frozenset()
        for condition, weight in node.pairs:
            truth, points = self.value(condition, frame), self.value(weight, frame)
            if truth.truth is False:
                continue
            if not points.known:
                return unknown(why_of([truth, points]))
            if truth.truth:
                low, high = low + points.low, high + points.low
            else:
                low, high = low + min(0, points.low), high + max(0, points.low)
                why |= truth.reasons
        return Value(low, high, why)

    # rows

    def of_aggregate(self, node: tree.Aggregate, frame: Frame) -> Value:
        members, open_because, is_closed = self.members(node.rows, node.operand, node.condition, frame)
        sure: list[Any] = []
        has_bound = not node.signed
        for member in members:
            value = member.operand
            if value is not None and value.is_blank:
                continue
            if node.function == "sum" and value is not None:
                has_bound = has_bound and not member.stands_unknown and not (member.passes is None and value.known and value.low < 0)
            if member.passes is None:
                is_closed, open_because = False, open_because | member.why
            if value is not None and not value.known:
                is_closed, open_because = False, open_because | value.reasons
            elif member.passes:
                sure.append(value.low if value is not None else 1)
        return aggregate(node, sure, is_closed, open_because, has_bound=has_bound)

    def of_missing(self, node: tree.Missing, frame: Frame) -> Value:
        items = self.value(node.items, frame)
        members, open_because, is_closed = self.members(node.rows, node.operand, node.condition, frame)
        there = set()
        for member in members:
            assert member.operand is not None
            if member.operand.is_blank:
                continue
            if member.passes is None or not member.operand.known:
                is_closed, open_because = False, open_because | member.why | member.operand.why
            else:
                there.add(member.operand.low)
        fold_item: Callable[[str], str] = fold if is_folded(node.operand) else str
        if not items.known:
            return unknown(items.why | open_because)
        absent = [str(item) for item in items.low if fold_item(str(item)) not in there]
        return exactly(",".join(absent)) if is_closed or not absent else unknown(open_because)

    def members(self, rows: tree.Rows, operand: Node | None, condition: Node | None,
                frame: Frame) -> tuple[list[Member], frozenset[str], bool]:
        """The rows that pass or may pass, why there may be more, and whether there cannot."""
        found, open_because = self.peers(rows.peers, frame) if rows.peers is not None else self.children(rows, frame)
        members = []
        for passes, why, inner in found:
            if condition is not None:
                truth = self.value(condition, inner)
                joined = conjunction([truth_value(passes, why), truth])
                passes, why = joined.truth, joined.reasons
            if passes is not False:
                value = self.value(operand, inner) if operand is not None else None
                members.append(Member(passes, why, value, value is not None and not value.known and self.stands_unknown(operand, inner)))
        return members, open_because, not open_because

    def stands_unknown(self, operand: Node | None, frame: Frame) -> bool:
        """Whether the operand is a field of which something is recorded that is no value."""
        if not isinstance(operand, tree.Field):
            return False
        states = {f"{state}:{operand.path}" for state in ("unreadable", "disputed", "other_currency")}
        return not states.isdisjoint(self.recorded(operand, frame).reasons)

    def children(self, rows: tree.Rows, frame: Frame) -> tuple[list[tuple[Truth, frozenset[str], Frame]], frozenset[str]]:
        top = self.top(frame, rows.ups)
        if isinstance(top, Value):
            return [], frozenset(reason for reason in top.reasons if not reason.startswith("blank:"))
        frames = [(top, frame)]
        why: set[str] = set()
        for child, link in rows.downs:
            below = []
            for parent, so_far in frames:
                if f"|{child}|" not in (parent.get("_covered") or ""):
                    why.add(f"source_not_loaded:{child}")
                below += [(row, Frame((*so_far.types, child), (*so_far.rows, row), frame.owner, frame.is_child))
                          for row in self.world.get(child, []) if row.get(link) == parent["key"]]
            frames = below
        return [(True, frozenset(), inner) for _, inner in frames], frozenset(why)

    def top(self, frame: Frame, ups: Sequence[str]) -> Row | Value:
        """The row below which to look. The last reference is good for that even if what it names is not loaded."""
        found = self.up(frame.types[0], frame.rows[0], ups[:-1], ())
        if isinstance(found, Value) or not ups:
            return found if isinstance(found, Value) else found[1]
        record_type, row = found
        key = row.get(ups[-1])
        if key is None:
            return unrecorded(row, ups[-1], ".".join(ups))
        return self.by_key.get(self.dictionary[record_type].fields[ups[-1]].type, {}).get(key, {"key": key})

    def group(self, row: Row) -> tuple[list[Value], list[Value]]:
        """The values by which a row belongs to a group, and those by which it differs from its peers."""
        assert self.rule.peers is not None
        frame = Frame((self.rule.checks,), (row,), row)
        return [self.value(node, frame) for node in self.rule.peers.same], [self.value(node, frame) for node in self.rule.peers.different]

    def peers(self, which: str, frame: Frame) -> tuple[list[tuple[Truth, frozenset[str], Frame]], frozenset[str]]:
        peers, row = self.rule.peers, frame.rows[0]
        assert peers is not None
        same, different = self.group(row)
        if why_of([*same, *different]):
            return [], why_of([*same, *different])
        links = {node.name for node in peers.same if isinstance(node, tree.Field) and not node.ups}
        covered = row.get("_covered") or ""
        marks = [f"|{self.rule.checks}|", *(f"|{self.rule.checks}@{link}|" for link in links)]
        open_because = frozenset() if any(mark in covered for mark in marks) else frozenset({f"source_not_loaded:{self.rule.checks}"})
        found: list[tuple[Truth, frozenset[str], Frame]] = []
        for other in self.world.get(self.rule.checks, []):
            if other["key"] == row["key"]:
                continue
            other_same, other_different = self.group(other)
            if other_same != same:
                continue
            differs = [compare("<>", a, b, ordered=False) for a, b in zip(different, other_different, strict=True)]
            truth = conjunction([self.is_peer(which, row, other), *(truth_value(one, ["undefined"]) for one in differs)])
            inner = Frame((self.rule.checks, f"{which}:{self.rule.checks}"), (row, other), row)
            if truth.truth is not False:
                found.append((truth.truth, truth.why, inner))
        return found, open_because

    def is_peer(self, which: str, row: Row, other: Row) -> Value:
        """Whether `other` of the same group is earlier, later or near enough."""
        peers = self.rule.peers
        assert peers is not None
        if peers.order is None:
            return exactly(True)
        mine, theirs = (self.value(peers.order, Frame((self.rule.checks,), (one,), one)) for one in (row, other))
        why = mine.why | frozenset(prefixed(reason, "peers") for reason in theirs.why)
        conditions = []
        if which != "peers":
            before, after = (theirs, mine) if which == "earlier" else (mine, theirs)
            is_tie_in = (other["key"] < row["key"]) == (which == "earlier")
            conditions.append(truth_value(compare("<=" if is_tie_in else "<", before, after, ordered=True), why))
        if peers.within_days is not None:
            most = self.value(peers.within_days, Frame((self.rule.checks,), (row,), row))
            if mine.known and theirs.known and most.known:
                conditions.append(exactly(abs((mine.low - theirs.low).days) <= most.low))
            else:
                conditions.append(unknown(why | most.why))
        return conjunction(conditions)

    # parameters

    def of_parameter(self, node: tree.Parameter, frame: Frame) -> Value:
        own = Frame((self.rule.checks,), (frame.owner,), frame.owner)
        return self.parameter(self.rule.parameters[node.name], own)

    def parameter(self, table: ParameterTable, frame: Frame) -> Value:
        row = frame.rows[0]
        keys = [self.value(node, frame) for node in table.by]
        lines: list[Value] = []
        why: frozenset[str] = frozenset()
        for line in table.rows:
            truth = conjunction([self.matches_organisation(row, line.organisation),
                                 *(self.matches(table.by[index], keys[index], values) for index, values in line.matches.items()),
                                 truth_value(self.within(row, line.starts_on, line.ends_on), ["event_date_unknown"])])
            if truth.truth is False:
                continue
            lines.append(exactly(scalar(line.value, table.kind)) if line.value is not None else unknown([f"no_parameter:{table.name}"]))
            why |= truth.why
            if truth.truth:
                break
        else:
            own = self.value(table.field, frame) if table.field is not None else unknown([f"no_parameter:{table.name}"])
            if not lines:
                return own
            # The record's own value is never taken to be that of a line.
            lines.append(unknown(own.reasons))
        if all(value == lines[0] for value in lines):
            return lines[0]
        missing = {f"no_parameter:{table.name}"}
        return unknown((why | why_of(lines)) - missing or missing)

    def matches(self, node: Node, key: Value, values: tuple[Any, ...]) -> Value:
        allowed = [scalar(value, node.kind) for value in values]
        if is_folded(node):
            key, allowed = folded(key), [fold(value) for value in allowed]
        return exactly(key.low in allowed) if key.known else unknown(key.reasons)

    def matches_organisation(self, row: Row, organisation: str | None) -> Value:
        if organisation is None:
            return exactly(True)
        own = row.get("_organisation")
        return exactly(own == organisation) if own is not None else unknown([])


# --- helpers


def unrecorded(row: Row, field: str, path: str) -> Value:
    """The value of a field that has none, by its state."""
    states = dict(item.split("=", 1) for item in (row.get("_states") or "").split("|") if item)
    state = STATES[states.get(field, "not_captured")]
    return Value(reasons=frozenset({f"{state}:{path}"}), is_blank=state == "blank")


def prefixed(reason: str, which: str) -> str:
    """A reason about the record as one about its peers."""
    state, _, path = reason.partition(":")
    return f"{state}:{which}.{path}" if state in STATES.values() or state == "no_related" else reason


def is_folded(node: Node) -> bool:
    """Whether an expression is text that is compared folded."""
    return isinstance(node, tree.Field) and node.compared


def folded(value: Value) -> Value:
    return exactly(fold(value.low)) if value.known and isinstance(value.low, str) else value


def negation(value: Value) -> Value:
    return value if value.truth is None else exactly(not value.truth)


def conjunction(items: Iterable[Value]) -> Value:
    listed = list(items)
    if any(item.truth is False for item in listed):
        return exactly(False)
    return truth_value(None if any(item.truth is None for item in listed) else True, why_of(listed))


def both(left: Any, right: Any, compute: Callable[[Any, Any], Any]) -> Any:
    """A bound made of two bounds, or None if one is missing."""
    return None if left is None or right is None else compute(left, right)


def days(later: datetime.date, earlier: datetime.date) -> Fraction:
    return Fraction((later - earlier).days)


def plus_days(day: datetime.date, number: Fraction) -> datetime.date:
    return day + datetime.timedelta(days=int(number))


def compare(operator: str, left: Value, right: Value, *, ordered: bool) -> Truth:
    """Three-valued comparison, as far as bounds decide."""
    if left.is_none or right.is_none:
        return None
    if operator == "<>":
        equal = compare("=", left, right, ordered=ordered)
        return None if equal is None else not equal
    if operator in (">", ">="):
        return compare({">": "<", ">=": "<="}[operator], right, left, ordered=ordered)
    if operator == "=":
        if left.known and right.known:
            return bool(left.low == right.low)
        apart = ordered and (is_less(left.high, right.low) or is_less(right.high, left.low))
        return False if apart else None
    if operator == "<":
        return True if is_less(left.high, right.low) else False if is_at_most(right.high, left.low) else None
    return True if is_at_most(left.high, right.low) else False if is_less(right.high, left.low) else None


def is_less(left: Any, right: Any) -> bool:
    return left is not None and right is not None and left < right


def is_at_most(left: Any, right: Any) -> bool:
    return left is not None and right is not None and left <= right


def product(left: Value, right: Value) -> tuple[Fraction | None, Fraction | None]:
    """The bounds of a product: known where one factor is known and not negative."""
    if left.known and right.known:
        return left.low * right.low, left.low * right.low
    factor, other = (left, right) if left.known else (right, left)
    if not factor.known or factor.low < 0:
        return None, None
    return both(factor.low, other.low, lambda a, b: a * b), both(factor.low, other.high, lambda a, b: a * b)


def extreme(function: str, values: Sequence[Value]) -> Value:
    """The least or greatest of several values; a none is left out."""
    there = [value for value in values if not value.is_none]
    if not there:
        return values[0]
    lows, highs = [value.low for value in there], [value.high for value in there]
    if function == "least":
        low = None if None in lows else min(lows)
        high = min((bound for bound in highs if bound is not None), default=None)
    else:
        low = max((bound for bound in lows if bound is not None), default=None)
        high = None if None in highs else max(highs)
    return Value(low, high, why_of(there))


def plain_call(function: str, values: Sequence[Any]) -> Value:
    """A function of known values."""
    first = values[0]
    if function == "abs":
        return exactly(abs(first))
    if function == "year_of":
        return exactly(Fraction(first.year))
    if function == "end_of_year":
        return exactly(datetime.date(first.year if isinstance(first, datetime.date) else int(first), 12, 31))
    if function == "add_months":
        return exactly(add_months(first, int(values[1])))
    if function == "months_between":
        return exactly(Fraction(months_between(first, values[1])))
    found = workdays_between(first, values[1]) if function == "workdays_between" else next_workday(first)
    if found is None:
        return unknown(["no_parameter:working_calendar"])
    return exactly(Fraction(found) if isinstance(found, int) else found)


def aggregate(node: tree.Aggregate, sure: list[Any], is_closed: bool, why: frozenset[str], *, has_bound: bool) -> Value:
    """The value of an aggregate over the operands of rows that surely pass, closed or open."""
    if node.function == "count":
        number = Fraction(len(set(sure)) if node.distinct else len(sure))
        return exactly(number) if is_closed else Value(number, None, why)
    if node.function == "sum":
        total = sum(sure, Fraction(0))
        return exactly(total) if is_closed else Value(total if has_bound else None, None, why)
    if not sure:
        return Value(reasons=frozenset({f"none:{node.rows.path.rpartition('.')[2]}"}), is_none=True) if is_closed else unknown(why)
    if node.function == "median":
        return exactly(median(sure, node.kind)) if is_closed else unknown(why)
    if node.function == "max":
        return exactly(max(sure)) if is_closed else Value(max(sure), None, why)
    return exactly(min(sure)) if is_closed else Value(None, min(sure), why)


def median(values: list[Fraction], kind: Kind) -> Fraction:
    ordered = sorted(values)
    middle = (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
    return rounded(middle, kind)


