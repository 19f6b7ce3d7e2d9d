"""What a rule's examples prove: outcomes of every kind, and each comparison's border.

A border is proved by making the comparison strict where it is loose, or loose where it is strict: an example that lies
exactly on it then gives another outcome. Where none does, nobody has written down on which side the border belongs.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from auditkb.dictionary import Dictionary
from auditkb.engines import sqlite as engine
from auditkb.errors import Fault, KnowledgeBaseError, Text, counted
from auditkb.example_sql import AS_OF, ExampleSql, own_values
from auditkb.example_worlds import World, open_world, store_world
from auditkb.examples import world_of
from auditkb.expressions.rebuild import sites, written
from auditkb.expressions.tree import ChildLetName, Compare, LetName, Node, walk
from auditkb.linting.codes import found
from auditkb.rules.checked import Rule
from auditkb.yaml_files import Path_

FEWEST = 4
FIRST_DAY, LAST_DAY = "1990-01-01", "2090-01-01"
"""Days before and after anything that an example is about."""
STRICT_OR_LOOSE = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
Outcomes = dict[str, str]


def check_kinds(rule: Rule) -> Iterator[Fault]:
    """Number, kinds of outcome and names of the examples."""
    examples = rule.file.examples
    path: Path_ = ("examples",)
    if len(examples) < FEWEST:
        yield found("E21", rule.source, path, Text(f"只有 {len(examples)} 个例子，至少要 {FEWEST} 个", f"{counted(len(examples), 'example')}; there should be at least {FEWEST}"), key=True)
    outcomes = {outcome for example in examples for outcome in (example.expect.values() if isinstance(example.expect, dict) else [example.expect])}
    wanted = ["pass", "not_evaluated", *(["not_applicable"] if rule.applies is not None else []), *(["exempt"] if rule.file.exempt_by else [])]
    missing = [outcome for outcome in wanted if outcome not in outcomes]
    if missing:
        names = ", ".join(missing)
        yield found("E22", rule.source, path, Text(f"没有这类结果的例子：{names}", f"no example gives: {names}"), key=True)
    for language in ("zh", "en"):
        counts = Counter(getattr(example.name, language) for example in examples)
        for index, example in enumerate(examples):
            name = getattr(example.name, language)
            if counts.pop(name, 1) > 1:
                yield found("E24", rule.source, ("examples", index, "name", language), Text(f"不止一个例子叫“{name}”", f'more than one example is called "{name}"'))


def check_borders(rule: Rule, dictionary: Dictionary, connection: sqlite3.Connection) -> Iterator[Fault]:
    """The border of every comparison that decides; `connection` is an empty world. An office's values do not count here."""
    yield from _borders(own_values(rule), dictionary, connection)


def check_days(rule: Rule, dictionary: Dictionary, connection: sqlite3.Connection) -> Iterator[Fault]:
    """Examples that would give something else on another day and do not say on which day they are read."""
    if not rule.uses_as_of():
        return
    own = own_values(rule)
    sql = ExampleSql(own, dictionary)
    for index, example in enumerate(rule.file.examples):
        if example.as_of is not None:
            continue
        try:
            world = world_of(own, dictionary, index)
            given = {str(_outcomes(sql.of(example, day), dictionary, connection, world)) for day in (FIRST_DAY, AS_OF, LAST_DAY)}
        except KnowledgeBaseError:
            continue
        if len(given) > 1:
            yield found("E25", rule.source, ("examples", index, "name"),
                        Text(f"例“{example.name.zh}”的结果取决于基准日，却没有写 as_of（不写时为 {AS_OF}）", f'the outcome of "{example.name.en}" depends on the run\'s day, and as_of is not given (it is {AS_OF} then)'),
                        Text(f"写上 as_of: {AS_OF}，或别的日期", f"write as_of: {AS_OF}, or another day"))


def empty_world(dictionary: Dictionary) -> sqlite3.Connection:
    """A database in memory for the examples of many rules, one after another."""
    return open_world(dictionary)


def _borders(rule: Rule, dictionary: Dictionary, connection: sqlite3.Connection) -> Iterator[Fault]:
    loosened = list(_loosened(rule))
    if not loosened:
        return
    try:
        worlds = [world_of(rule, dictionary, index) for index in range(len(rule.file.examples))]
        given = list(_given(rule, dictionary, connection, worlds))
        for path, node, changed in loosened:
            if not any(outcomes != before for outcomes, before in zip(_given(changed, dictionary, connection, worlds), given, strict=True)):
                yield found("E23", rule.source, path, Text(f"没有例子刚好落在“{written(node)}”的界限上", f'no example lies exactly on the border of "{written(node)}"'),
                            Text("加一个两边正好相等的例子", "add one in which both sides are equal"))
    except KnowledgeBaseError:
        # What is wrong with an example, or breaks the rule, is said by the checks of examples.
        return


def _loosened(rule: Rule) -> Iterator[tuple[Path_, Node, Rule]]:
    """Every comparison that decides the outcome, and the rule with it made loose or strict."""
    if rule.applies is not None:
        for node, tree in _turned(rule.applies):
            yield ("applies_when",), node, replace(rule, applies=tree)
    for node, tree in _turned(rule.fails):
        yield ("fails_when",), node, replace(rule, fails=tree)
    names, children = _deciding_lets(rule)
    for name in names:
        for node, tree in _turned(rule.lets[name]):
            yield ("let", name), node, replace(rule, lets={**rule.lets, name: tree})
    for key in children:
        for node, tree in _turned(rule.child_lets[key]):
            yield ("let", ".".join(key)), node, replace(rule, child_lets={**rule.child_lets, key: tree})


def _turned(root: Node) -> Iterator[tuple[Node, Node]]:
    for node, rebuilt in sites(root):
        if isinstance(node, Compare) and node.operator in STRICT_OR_LOOSE:
            yield node, rebuilt(replace(node, operator=STRICT_OR_LOOSE[node.operator]))  # type: ignore[arg-type]


def _deciding_lets(rule: Rule) -> tuple[list[str], list[tuple[str, str]]]:
    """The lets that `applies_when` and `fails_when` rest on, themselves or through other lets."""
    names: dict[str, None] = {}
    children: dict[tuple[str, str], None] = {}
    waiting = [node for node in (rule.applies, rule.fails) if node is not None]
    while waiting:
        for part in walk(waiting.pop()):
            if isinstance(part, LetName) and part.name in rule.lets and part.name not in names:
                names[part.name] = None
                waiting.append(rule.lets[part.name])
            elif isinstance(part, ChildLetName) and (part.child, part.name) in rule.child_lets and (part.child, part.name) not in children:
                children[(part.child, part.name)] = None
                waiting.append(rule.child_lets[(part.child, part.name)])
    return list(names), list(children)


def _given(rule: Rule, dictionary: Dictionary, connection: sqlite3.Connection, worlds: list[World]) -> Iterator[Outcomes]:
    """The outcomes of each example of a rule, over the worlds of its examples."""
    sql = ExampleSql(rule, dictionary)
    for example, world in zip(rule.file.examples, worlds, strict=True):
        yield _outcomes(sql.of(example), dictionary, connection, world)


def _outcomes(sql: engine.RuleSql, dictionary: Dictionary, connection: sqlite3.Connection, world: World) -> Outcomes:
    """The outcome of every checked record of one example, whether or not it is the one expected."""
    connection.execute("begin")
    try:
        store_world(connection, dictionary, world)
        engine.evaluate(connection, sql, dictionary, is_example=True)
        return {item.key: item.outcome for item in engine.outcomes(connection)}
    finally:
        connection.execute("rollback")
