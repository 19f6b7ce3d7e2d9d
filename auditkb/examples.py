"""A rule's examples: its tests and its documentation. Each is run, and what came of it compared with what it expects."""

from __future__ import annotations

import dataclasses
import datetime
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, nullcontext
from dataclasses import dataclass
from typing import Any

from auditkb.dictionary import Dictionary
from auditkb.engines import sqlite as engine
from auditkb.errors import Fault, KnowledgeBaseError, Text, did_you_mean
from auditkb.example_sql import ExampleSql, own_values
from auditkb.example_worlds import ExampleFaults, World, build_world, open_world, store_world
from auditkb.parameters import value_fits
from auditkb.rules.checked import Rule
from auditkb.rules.model import Example
from auditkb.wording import OUTCOMES


@dataclass(frozen=True)
class ExampleResult:
    """What an example gave, and every way in which that differs from what it expects."""

    rule: Rule
    index: int
    example: Example
    outcomes: dict[str, engine.Outcome]
    faults: list[Fault]
    details: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    """What the engine gave for each record: what a finding shows is made of it."""


def run_examples(rule: Rule, dictionary: Dictionary) -> Iterator[ExampleResult]:
    """Run every example of a rule on SQLite; details are asked for where the example speaks of them, which is quicker."""
    sql = ExampleSql(own_values(rule), dictionary)
    with closing(open_world(dictionary)) as connection:
        for index, example in enumerate(rule.file.examples):
            yield run_example(rule, dictionary, index, example, connection, sql, details=_speaks_of_details(example))


def differing(rules: Iterable[Rule], dictionary: Dictionary) -> list[Fault]:
    """Every way in which an example of these rules gives something else than it expects."""
    return [fault for rule in rules for result in run_examples(rule, dictionary) for fault in result.faults]


def check_examples(rule: Rule, dictionary: Dictionary) -> list[Fault]:
    """Names in a rule's examples that are not in the dictionary or the rule, without running any."""
    faults = []
    for index, example in enumerate(rule.file.examples):
        say = ExampleFaults(rule, index)
        build_world(rule, dictionary, example, say)
        _check_values(rule, example, say)
        faults += say.faults
    return faults


def _check_values(rule: Rule, example: Example, say: ExampleFaults) -> None:
    """Say which of the example's parameter values have no parameter, or not its type."""
    for name, value in example.with_.items():
        if name not in rule.parameters:
            say(("with", name), f"没有参数“{name}”", f'there is no parameter "{name}"', did_you_mean(name, list(rule.parameters)))
        elif not value_fits(value, rule.parameters[name].kind):
            say(("with", name), f"“{value}”与参数“{name}”的类型不符", f'"{value}" is not of the type of "{name}"')


def world_of(rule: Rule, dictionary: Dictionary, index: int) -> World:
    """The rows of one example. Raises KnowledgeBaseError where it names what there is not."""
    say = ExampleFaults(rule, index)
    world = build_world(rule, dictionary, rule.file.examples[index], say)
    if say.faults:
        raise KnowledgeBaseError(say.faults)
    return world


def _speaks_of_details(example: Example) -> bool:
    return bool(example.let) or any(wanted is not None for wanted in (example.high, example.conflict, example.amount))


def run_example(rule: Rule, dictionary: Dictionary, index: int, example: Example, connection: sqlite3.Connection | None = None,
                sql: ExampleSql | None = None, *, details: bool = True) -> ExampleResult:
    """Run one example; its faults carry the place of the example in the rule's file. `connection` is an empty world,
    `sql` that of the rule's own values.

    An example holds for the rule's own values and those under `with`: what an office sets elsewhere does not count.
    """
    say = ExampleFaults(rule, index)
    world = build_world(rule, dictionary, example, say)
    _check_values(rule, example, say)
    if say.faults:
        return ExampleResult(rule, index, example, {}, say.faults)
    varied = (sql or ExampleSql(own_values(rule), dictionary)).of(example)
    with closing(open_world(dictionary)) if connection is None else nullcontext(connection) as there:
        found, rows = _evaluated(varied, dictionary, world, there, details)
    _compare(rule, example, found, rows, world, say)
    if example.known_gap is not None:
        closed = not say.faults
        say.faults.clear()
        if closed:
            say(("known_gap",), "规则已能得出应有的结果，请删去 known_gap", "the rule now gives what is expected: remove known_gap", code="E02")
    return ExampleResult(varied.rule, index, example, found, say.faults, rows)


def _evaluated(sql: engine.RuleSql, dictionary: Dictionary, world: World,
               connection: sqlite3.Connection, details: bool) -> tuple[dict[str, engine.Outcome], dict[str, dict[str, Any]]]:
    """Outcome and details of every record of a world, which leaves the connection as empty as it was."""
    connection.execute("begin")
    try:
        store_world(connection, dictionary, world)
        engine.evaluate(connection, sql, dictionary, is_example=True)
        return ({item.key: item for item in engine.outcomes(connection)},
                {row["key"]: row for row in engine.details(connection, sql, dictionary, "1", is_example=True)} if details else {})
    finally:
        connection.execute("rollback")


# what came of it


def _compare(rule: Rule, example: Example, found: dict[str, engine.Outcome], rows: dict[str, dict[str, Any]],
             world: World, say: ExampleFaults) -> None:
    expected = example.expect
    if isinstance(expected, str):
        keys = [row["key"] for row in world.get(rule.checks, [])]
        if len(keys) != 1:
            say(("expect",), "有多条被检查的记录，请按记录写 {编号: 结果}", "several records are checked: write {id: outcome}", code="E02")
            return
        expected = {keys[0]: expected}
    for key, outcome in expected.items():
        if key not in found:
            say(("expect",), f"没有记录“{key}”", f'there is no record "{key}"', did_you_mean(str(key), list(found)), code="E02")
        elif found[key].outcome != outcome:
            got, why = found[key].outcome, "、".join(found[key].reasons)
            say(("expect",), f"“{key}”应为 {outcome}（{OUTCOMES[outcome].zh}），得到 {got}（{OUTCOMES[got].zh}）" + (f"（{why}）" if why else ""),
                f'"{key}" should be {outcome} and is {got}' + (f" ({', '.join(found[key].reasons)})" if why else ""),
                _what_decides(found[key]), code="E02")
    if len(expected) != 1:
        return
    key = next(iter(expected))
    if key in found:
        _compare_details(example, found[key], rows.get(key), say)


def _what_decides(outcome: engine.Outcome) -> Text | None:
    """What may be written so that a record that was not evaluated is decided."""
    if outcome.outcome != "not_evaluated":
        return None
    for reason in outcome.reasons:
        kind, _, name = reason.partition(":")
        if kind == "missing":
            last = name.rpartition(".")[2]
            return Text(f"没有写的值是未知的：文件上空白写 {last}: {{state: blank_in_document}}，不要求的写 {{state: not_required}}；以别的值代替写 assumes（docs/rule-language.md 的 Not yet happened 一节）",
                        f"what is not written is unknown: a blank on the paper is {last}: {{state: blank_in_document}}, what is not required {{state: not_required}}; "
                        f'a stand-in is named under assumes ("Not yet happened" in docs/rule-language.md)')
        if kind == "source_not_loaded":
            return Text(f"在 given 中写出 {name}，一条也没有的写 {name}: []", f"give {name}, as {name}: [] where there is none")
    return None


def _compare_details(example: Example, outcome: engine.Outcome, row: dict[str, Any] | None, say: ExampleFaults) -> None:
    checks: list[tuple[str, Any, Any]] = [("presumed", example.presumed, outcome.assumed and outcome.outcome == "fail")]
    if row is not None:
        checks += [("high", example.high, bool(row["high"])), ("conflict", example.conflict, bool(row["conflict"])), ("amount", example.amount, row["amount"])]
    for name, wanted, got in checks:
        if wanted is not None and wanted != got:
            say((name,), f"{name} 应为 {wanted}，得到 {got}", f"{name} should be {wanted} and is {got}", code="E02")
    if example.reason is not None and example.reason not in outcome.reasons:
        none = Text(f"没有原因（结果为 {outcome.outcome}）", f"there are none (the outcome is {outcome.outcome})")
        got_zh, got_en = (f"得到 {'、'.join(outcome.reasons)}", f"they are {', '.join(outcome.reasons)}") if outcome.reasons else (none.zh, none.en)
        say(("reason",), f"原因应含 {example.reason}，{got_zh}", f"the reasons should hold {example.reason}, and {got_en}", code="E02")
    if row is None:
        return
    shown = row["compiled"].shown
    for name, wanted in example.let.items():
        got = row[shown[name].column] if name in shown else None
        plain = wanted.isoformat() if isinstance(wanted, datetime.date) else int(wanted) if isinstance(wanted, bool) else wanted
        if got != plain and not (isinstance(got, float) and isinstance(plain, (int, float)) and abs(got - plain) < 1e-9):
            say(("let",), f"{name} 应为 {wanted}，得到 {got}", f"{name} should be {wanted} and is {got}", code="E02")
