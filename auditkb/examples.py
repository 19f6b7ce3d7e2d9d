"""A rule's examples: its tests and its documentation. Given records go into a database of their own and are checked.

A type that is given, even as [], is wholly loaded; a type not given is not; `not_covered` names types that are partly
loaded. A reference that is not given points to the one given record of its type, if there is exactly one.
"""

from __future__ import annotations

import dataclasses
import datetime
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, nullcontext
from dataclasses import dataclass
from typing import Any

from auditkb.database import fill_working_calendar
from auditkb.dictionary import Dictionary
from auditkb.engines import sqlite as engine
from auditkb.errors import Fault, KnowledgeBaseError, Text, did_you_mean
from auditkb.example_sql import ExampleSql, own_values
from auditkb.parameters import value_fits
from auditkb.records import insert_statement
from auditkb.rules.checked import Rule
from auditkb.rules.model import Example
from auditkb.schema import create_tables
from auditkb.values import fold

Row = dict[str, Any]
World = dict[str, list[Row]]
"""Rows of every given type, ready to store: plain columns, `_states`, `_covered`, folded text."""


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
        say = _Faults(rule, index)
        build_world(rule, dictionary, example, say)
        _check_values(rule, example, say)
        faults += say.faults
    return faults


def _check_values(rule: Rule, example: Example, say: _Faults) -> None:
    """Say which of the example's parameter values have no parameter, or not its type."""
    for name, value in example.with_.items():
        if name not in rule.parameters:
            say(("with", name), f"没有参数“{name}”", f'there is no parameter "{name}"', did_you_mean(name, list(rule.parameters)))
        elif not value_fits(value, rule.parameters[name].kind):
            say(("with", name), f"“{value}”与参数“{name}”的类型不符", f'"{value}" is not of the type of "{name}"')


def world_of(rule: Rule, dictionary: Dictionary, index: int) -> World:
    """The rows of one example. Raises KnowledgeBaseError where it names what there is not."""
    say = _Faults(rule, index)
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
    say = _Faults(rule, index)
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


class _Faults:
    def __init__(self, rule: Rule, index: int):
        self.rule = rule
        self.index = index
        self.faults: list[Fault] = []

    def __call__(self, path: tuple[str | int, ...], zh: str, en: str, hint: Text | None = None, *, code: str = "E01") -> None:
        name = self.rule.file.examples[self.index].name
        text = Text(f"例“{name.zh}”：{zh}", f'example "{name.en}": {en}')
        self.faults.append(self.rule.source.fault(("examples", self.index, *path), text, hint=hint, code=code))


# the world of an example


def open_world(dictionary: Dictionary) -> sqlite3.Connection:
    """An empty database in memory with all tables and the working calendar."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    _template(dictionary).backup(connection)
    engine.open_result(connection)
    return connection


_templates: dict[int, sqlite3.Connection] = {}


def _template(dictionary: Dictionary) -> sqlite3.Connection:
    """Tables and calendar made once a process; each example starts from a copy."""
    if id(dictionary) not in _templates:
        connection = sqlite3.connect(":memory:", isolation_level=None)
        create_tables(connection, dictionary)
        connection.execute("begin")
        fill_working_calendar(connection)
        connection.execute("commit")
        _templates[id(dictionary)] = connection
    return _templates[id(dictionary)]


def build_world(rule: Rule, dictionary: Dictionary, example: Example, say: _Faults) -> World:
    """The example's records as rows; unknown types, fields and choices are said with their place."""
    given: dict[str, list[Row]] = {}
    for name, rows in example.given.items():
        if name not in dictionary.types:
            say(("given", name), f"没有记录类型“{name}”", f'there is no record type "{name}"', did_you_mean(name, list(dictionary.types)))
            continue
        given[name] = [dict(row) for row in (rows if isinstance(rows, list) else [rows])]
        for number, row in enumerate(given[name], 1):
            row.setdefault("id", f"{name}{number}")
    covered = "".join(f"|{name}|" for name in given if name not in example.not_covered)
    world: World = {}
    for name, rows in given.items():
        world[name] = [_stored(dictionary, name, row, given, covered, ("given", name), say) for row in rows]
    for index, (key, kind) in enumerate(example.exempt):
        link = _exempted(dictionary, given, key)
        if link is None:
            say(("exempt", index), f"“{key}”不是可以登记例外的记录", f'"{key}" is no record that an exemption can name')
            continue
        world.setdefault("exemption", []).append({"key": f"{key}/{kind}", "type": kind, link: key, "_states": None, "_covered": ""})
    return world


def _exempted(dictionary: Dictionary, given: dict[str, list[Row]], key: str) -> str | None:
    """The reference field of an exemption that can name the given record with this id."""
    types = {name for name, rows in given.items() if any(str(row["id"]) == key for row in rows)}
    return next((name for name, entry in dictionary["exemption"].fields.items() if entry.type in types), None)


def _stored(dictionary: Dictionary, name: str, row: Row, given: dict[str, list[Row]], covered: str,
            path: tuple[str | int, ...], say: _Faults) -> Row:
    record_type = dictionary[name]
    line: Row = {"key": str(row["id"]), "_covered": covered}
    states = ""
    for field, value in row.items():
        if field == "id":
            continue
        if field not in record_type.fields and field not in ("_department", "_organisation"):
            say(path, f"“{name}”没有字段“{field}”", f'{name} has no field "{field}"', did_you_mean(field, list(record_type.fields)))
            continue
        if isinstance(value, dict) and set(value) == {"state"}:
            states += f"|{field}={value['state']}"
            line[field] = None
            continue
        line[field] = value.isoformat() if isinstance(value, datetime.date) else int(value) if isinstance(value, bool) else value
        entry = record_type.fields.get(field)
        if entry is not None and entry.choices is not None and value is not None and value not in entry.choices:
            say(path, f"“{field}”没有选项“{value}”", f'{field} has no choice "{value}"', did_you_mean(str(value), list(entry.choices)))
        if entry is not None and entry.is_reference and value is not None:
            line[field] = str(value)
        if entry is not None and entry.compared and value is not None:
            line[f"_folded_{field}"] = fold(str(value))
    for field, entry in record_type.fields.items():
        if field not in row and entry.is_reference and not dictionary[entry.type].created_by_reference:
            targets = given.get(entry.type, [])
            if len(targets) == 1 and entry.type != name:
                line[field] = str(targets[0]["id"])
    line["_states"] = states + "|" if states else None
    return line


def store_world(connection: sqlite3.Connection, dictionary: Dictionary, world: World) -> None:
    """Write the rows of a world as they are."""
    for name, rows in world.items():
        for row in rows:
            connection.execute(insert_statement(name, row), tuple(row.values()))


# what came of it


def _compare(rule: Rule, example: Example, found: dict[str, engine.Outcome], rows: dict[str, dict[str, Any]],
             world: World, say: _Faults) -> None:
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
            say(("expect",), f"“{key}”应为 {outcome}，得到 {got}" + (f"（{why}）" if why else ""),
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


def _compare_details(example: Example, outcome: engine.Outcome, row: dict[str, Any] | None, say: _Faults) -> None:
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
