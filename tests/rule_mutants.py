"""Mutants of a rule: the same rule with one small fault, each with a name that stays the same while the rule does.

Made on the typed tree, so that a mutant is always a rule that could have been written. Called by test_mutants.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from auditkb.expressions.rebuild import sites, written
from auditkb.expressions.tree import INTEGER, Aggregate, Call, Compare, Constant, In, Logic, Missing, Node, Not
from auditkb.rules.checked import ParameterRow, Rule
from auditkb.rules.model import Valid

TRUE = Compare("=", Constant(1, INTEGER), Constant(1, INTEGER))
FALSE = Compare("=", Constant(1, INTEGER), Constant(0, INTEGER))
NEIGHBOUR = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "=": "<>", "<>": "="}
UNIT = {"days": 1, "workdays": 1, "months": 1, "count": 1, "points": 1, "yuan": 0.01, "ratio": 0.001}


@dataclass(frozen=True)
class Mutant:
    """A rule with one fault. `name` says which."""

    name: str
    rule: Rule


def mutants(rule: Rule) -> list[Mutant]:
    """Every mutant of a rule; names are told apart by a number where two places read the same."""
    made: list[Mutant] = []
    seen: dict[str, int] = {}
    for name, mutated in _mutants(rule):
        seen[name] = seen.get(name, 0) + 1
        made.append(Mutant(name if seen[name] == 1 else f"{name} #{seen[name]}", mutated))
    return made


def _mutants(rule: Rule) -> Iterator[tuple[str, Rule]]:
    yield "fails_when: true", replace(rule, fails=TRUE)
    yield "fails_when: false", replace(rule, fails=FALSE)
    if rule.applies is not None:
        yield "applies_when: dropped", replace(rule, applies=None)
        for name, node in _neighbours(rule.applies):
            yield f"applies_when: {name}", replace(rule, applies=node)
    for name, node in _neighbours(rule.fails):
        yield f"fails_when: {name}", replace(rule, fails=node)
    for let, own in rule.lets.items():
        for name, node in _neighbours(own):
            yield f"let {let}: {name}", replace(rule, lets={**rule.lets, let: node})
    for key, own in rule.child_lets.items():
        for name, node in _neighbours(own):
            yield f"let {'.'.join(key)}: {name}", replace(rule, child_lets={**rule.child_lets, key: node})
    if rule.high_when is not None:
        for name, node in _neighbours(rule.high_when):
            yield f"high_when: {name}", replace(rule, high_when=node)
    yield from _parameters(rule)
    yield from _valid(rule)
    yield from _frame(rule)


def _neighbours(root: Node) -> Iterator[tuple[str, Node]]:
    """The expression with one thing in it changed, for each thing that can be."""
    for node, rebuilt in sites(root):
        for change, wrong in _changed(node):
            yield f"{written(node)} {change}", rebuilt(wrong)


def _changed(node: Node) -> Iterator[tuple[str, Node]]:
    """A comparison made strict or loose; a part, a listed item or a filter left out; the other word of a pair."""
    if isinstance(node, Compare):
        operator = NEIGHBOUR[node.operator]
        yield f"-> {operator}", replace(node, operator=operator)  # type: ignore[arg-type]
    elif isinstance(node, Logic):
        other: Literal["and", "or"] = "or" if node.operator == "and" else "and"
        yield f"-> {other}", replace(node, operator=other)
        for index, item in enumerate(node.items):
            rest = without(node.items, index)
            yield f"without {written(item)}", rest[0] if len(rest) == 1 else replace(node, items=rest)
    elif isinstance(node, Not):
        yield "without not", node.item
    elif isinstance(node, In) and isinstance(node.values, tuple):
        for index, value in enumerate(node.values):
            yield f"without {written(value)}", replace(node, values=without(node.values, index))
    elif isinstance(node, (Aggregate, Missing)) and node.condition is not None:
        yield "without its filter", replace(node, condition=None)
    elif isinstance(node, Call) and node.function in ("least", "greatest"):
        for index, value in enumerate(node.arguments):
            rest = without(node.arguments, index)
            yield f"without {written(value)}", rest[0] if len(rest) == 1 else replace(node, arguments=rest)
    if isinstance(node, Aggregate) and node.distinct:
        yield "without distinct", replace(node, distinct=False)
    if isinstance(node, Aggregate) and node.function in ("min", "max"):
        turned: Literal["min", "max"] = "max" if node.function == "min" else "min"
        yield f"-> {turned}", replace(node, function=turned)


def without(items: tuple, index: int) -> tuple:
    """A tuple with one item left out."""
    return items[:index] + items[index + 1:]


def _frame(rule: Rule) -> Iterator[tuple[str, Rule]]:
    """One exemption, stand-in, event date or peer expression left out."""
    for kind in rule.file.exempt_by:
        file = rule.file.model_copy(update={"exempt_by": [one for one in rule.file.exempt_by if one != kind]})
        yield f"exempt_by: without {kind}", replace(rule, file=file)
    for index, one in enumerate(rule.assumptions):
        yield f"assumes: without {one.target}", replace(rule, assumptions=without(rule.assumptions, index))
        for place, stand_in in enumerate(one.stand_ins if len(one.stand_ins) > 1 else ()):
            fewer = replace(one, stand_ins=without(one.stand_ins, place))
            changed = (*rule.assumptions[:index], fewer, *rule.assumptions[index + 1:])
            yield f"assumes {one.target}: without {written(stand_in)}", replace(rule, assumptions=changed)
    for index, field in enumerate(rule.event_date if rule.is_dated else ()):
        yield f"event_date: without {field.path}", replace(rule, event_date=without(rule.event_date, index))
    if rule.peers is None:
        return
    for index, node in enumerate(rule.peers.same if len(rule.peers.same) > 1 else ()):
        yield f"peers.same: without {written(node)}", replace(rule, peers=replace(rule.peers, same=without(rule.peers.same, index)))
    for index, node in enumerate(rule.peers.different):
        fewer_peers = replace(rule.peers, different=without(rule.peers.different, index))
        yield f"peers.different: without {written(node)}", replace(rule, peers=fewer_peers)


def _parameters(rule: Rule) -> Iterator[tuple[str, Rule]]:
    for name, table in rule.parameters.items():
        for index, row in enumerate(table.rows):
            if row.source is not None:
                continue
            for change, wrong in _moved(row, table.unit):
                rows = (*table.rows[:index], wrong, *table.rows[index + 1:])
                changed = {**rule.parameters, name: replace(table, rows=rows)}
                yield f":{name} {_row_name(table, row)}{change}", replace(rule, parameters=changed)


def _row_name(table: Any, row: ParameterRow) -> str:
    parts = [f"{written(table.by[index])}={'/'.join(str(one) for one in allowed)}" for index, allowed in row.matches.items()]
    parts += [f"{word} {day}" for word, day in (("from", row.starts_on), ("to", row.ends_on)) if day]
    return f"[{', '.join(parts)}] " if parts else ""


def _moved(row: ParameterRow, unit: str | None) -> Iterator[tuple[str, ParameterRow]]:
    if isinstance(row.value, tuple):
        for item in row.value:
            yield f"without {item}", replace(row, value=tuple(one for one in row.value if one != item))
    elif isinstance(row.value, (int, float)) and unit is not None:
        for sign in (1, -1):
            wrong = round(row.value + sign * UNIT[unit], 6)
            yield f"{row.value} -> {wrong}", replace(row, value=wrong)
    for by, allowed in row.matches.items():
        for index, item in enumerate(allowed):
            yield f"not for {item}", replace(row, matches={**row.matches, by: without(allowed, index)})
    for word, field in (("from", "starts_on"), ("to", "ends_on")):
        day = getattr(row, field)
        for days in (1, -1) if day else ():
            wrong_day = (datetime.date.fromisoformat(day) + datetime.timedelta(days)).isoformat()
            yield f"{word} {wrong_day}", replace(row, **{field: wrong_day})  # type: ignore[arg-type]


def _valid(rule: Rule) -> Iterator[tuple[str, Rule]]:
    valid = rule.file.valid
    if valid is None:
        return
    for word, day in (("from", valid.from_), ("to", valid.to)):
        for days in (1, -1) if day else ():
            wrong = {"from": valid.from_, "to": valid.to, word: day + datetime.timedelta(days)}  # type: ignore[operator]
            file = rule.file.model_copy(update={"valid": Valid.model_validate(wrong)})
            yield f"valid: {word} {wrong[word]}", replace(rule, file=file)
