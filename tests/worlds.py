"""What the tests of rules share: the project's rules, and one database in which worlds of examples are run in turn.

The engine is used as it is but for its authorizer: setting one makes SQLite prepare every statement anew, which is
nearly all the time that a small world takes. The authorizer only forbids, so no outcome depends on it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from auditkb import example_worlds, examples
from auditkb.compiler.statement import compile_rule
from auditkb.dictionary import Dictionary, load_dictionary
from auditkb.engines import sqlite as engine
from auditkb.errors import Fault
from auditkb.example_sql import AS_OF, with_parameters
from auditkb.example_worlds import World
from auditkb.rules.checked import Rule
from auditkb.rules.load import load_rules, rule_files
from auditkb.rules.model import Example

ROOT = Path(__file__).resolve().parent.parent
RULE_IDS = ["-".join(path.stem.split("-")[:2]) for path in rule_files(ROOT / "rules")]
"""Known without reading a rule, so that a broken rule file fails its tests and not their collection."""


@functools.cache
def dictionary() -> Dictionary:
    """The project's dictionary."""
    return load_dictionary(ROOT / "records")


@functools.cache
def rules() -> dict[str, Rule]:
    """The project's rules by id."""
    return load_rules(ROOT / "rules", dictionary()).rules


def world_of(rule: Rule, index: int, words: Dictionary | None = None) -> World:
    """The rows of one example, as they are stored; AssertionError if it names what there is not."""
    say = example_worlds.ExampleFaults(rule, index)
    world = example_worlds.build_world(rule, words or dictionary(), rule.file.examples[index], say)
    assert not say.faults, [fault.text.en for fault in say.faults]
    return world


def as_of(example: Example) -> str:
    """The day on which an example is run."""
    return example.as_of.isoformat() if example.as_of else AS_OF


def prepared(rule: Rule, example: Example) -> engine.RuleSql:
    """The rule's SQL with the example's own day and parameters."""
    return engine.prepare(with_parameters(rule, example.with_), dictionary(), as_of(example))


@contextmanager
def _unguarded(*_: object, **__: object) -> Iterator[None]:
    yield


class Bench:
    """A database whose rows are replaced by those of the next world."""

    def __init__(self) -> None:
        self.connection = example_worlds.open_world(dictionary())
        self._filled: set[str] = set()

    def put(self, world: World) -> None:
        """Take the rows of the last world out and those of `world` in."""
        for name in self._filled:
            self.connection.execute(f'DELETE FROM "{name}"')
        self._filled = set(world)
        example_worlds.store_world(self.connection, dictionary(), world)

    def outcomes(self, sql: engine.RuleSql) -> dict[str, engine.Outcome]:
        """The outcome of every checked record of the world."""
        with mock.patch.object(engine, "guarded", _unguarded):
            engine.evaluate(self.connection, sql, dictionary())
        return {item.key: item for item in engine.outcomes(self.connection)}

    def details(self, sql: engine.RuleSql) -> dict[str, dict[str, Any]]:
        """Every value of the records whose outcomes were asked for last."""
        with mock.patch.object(engine, "guarded", _unguarded):
            return {row["key"]: row for row in engine.details(self.connection, sql, dictionary(), "1")}

    def faults(self, rule: Rule, index: int, world: World, sql: engine.RuleSql, *, outcomes_only: bool = False) -> list[Fault]:
        """Every way in which the rule differs from what its example number `index` expects."""
        say = example_worlds.ExampleFaults(rule, index)
        self.put(world)
        found = self.outcomes(sql)
        rows = {} if outcomes_only else self.details(sql)
        examples._compare(rule, rule.file.examples[index], found, rows, world, say)
        return say.faults

    def columns_read(self, rule: Rule, day: str) -> dict[str, set[str]]:
        """Which columns of which tables the outcomes of a rule are read from."""
        read: dict[str, set[str]] = {}

        def note(action: int, table: str | None, column: str | None, *_: object) -> int:
            if action == 20 and table in dictionary().types:  # SQLITE_READ
                read.setdefault(str(table), set()).add(str(column))
            return 0

        self.connection.set_authorizer(note)
        try:
            self.connection.execute("EXPLAIN " + compile_rule(rule, dictionary(), as_of=day).outcomes)
        finally:
            self.connection.set_authorizer(None)
        return read
