"""Running compiled rules on SQLite: outcomes of every record into a temporary table, details of the few that fail.

Most of a rule is decided by a statement that it shares with others (`shared`); what is left, and a rule that breaks or
takes too long there, is asked by statements of its own.
"""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import Any

from auditkb.compiler import peers
from auditkb.compiler.statement import Compiled, compile_rule, has_groups
from auditkb.dictionary import Dictionary
from auditkb.engines.guard import AGAIN, ASKED, guarded, selected
from auditkb.engines.guard import RESULT as RESULT
from auditkb.engines.shared import Shared, add_passed
from auditkb.errors import Text, fail
from auditkb.expressions.tree import Field
from auditkb.rules.checked import Rule
from auditkb.schema import add_index

DETAILED_AT_ONCE = 500
"""Records of which all values are held at a time."""
LARGEST_GROUP = 1_000
"""Records of one group that are compared pair by pair; more take the square of their number."""
_IS_LISTED = f"outcome NOT IN ('pass', 'not_applicable') OR key IN (SELECT key FROM temp.{ASKED})"
_UNDECIDED = f"(SELECT key FROM temp.{RESULT} WHERE outcome = 'not_evaluated')"


@dataclass(frozen=True)
class Outcome:
    """What a rule says of one record."""

    key: str
    department: str | None
    outcome: str
    reasons: tuple[str, ...]
    assumed: bool


class RuleSql:
    """A rule's SQL: for all records as recorded, and for some of them with and without its stand-ins."""

    def __init__(self, rule: Rule, dictionary: Dictionary, as_of: str, shared: Shared | None = None):
        self.rule = rule
        self.shared = shared
        self._dictionary = dictionary
        self._as_of = as_of
        self.seconds: dict[str, float] = {}
        """How long the steps of the last evaluation took."""

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Note how long the block takes."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[step] = self.seconds.get(step, 0.0) + time.perf_counter() - started

    @cached_property
    def decide(self) -> list[str]:
        """Outcomes of every record, without stand-ins and without reasons."""
        return self._parts(why=False)

    @cached_property
    def reasons(self) -> list[str]:
        """Outcomes with reasons of some records, without stand-ins."""
        return self._parts(some=True)

    @cached_property
    def stand_ins(self) -> list[str]:
        """Outcomes with reasons of some records, with the rule's stand-ins if it has any."""
        return self._parts(some=True, assumed=True) if self.rule.has_assumptions else []

    def _parts(self, *, some: bool = False, assumed: bool = False, why: bool = True) -> list[str]:
        """The outcomes as one statement, or as one for the records that have peers and one for those that have none."""
        parts = (True, False) if has_groups(self.rule, self._dictionary) else (None,)
        return [compile_rule(self.rule, self._dictionary, as_of=self._as_of, some=some, assumed=assumed, why=why, grouped=part).outcomes
                for part in parts]

    @cached_property
    def some(self) -> Compiled:
        """Outcomes and details of some records, without stand-ins."""
        return compile_rule(self.rule, self._dictionary, as_of=self._as_of, some=True)

    @cached_property
    def assumed(self) -> Compiled | None:
        """Outcomes and details of some records with the rule's stand-ins, if it has any."""
        if not self.rule.has_assumptions:
            return None
        return compile_rule(self.rule, self._dictionary, as_of=self._as_of, some=True, assumed=True)

    @property
    def best(self) -> Compiled:
        """The SQL that decides most: the one to store and to show."""
        return self.assumed or self.some


def prepare(rule: Rule, dictionary: Dictionary, as_of: str) -> RuleSql:
    """The SQL of a rule for a run on the day `as_of` (ISO), written when it is asked for."""
    return RuleSql(rule, dictionary, as_of)


def prepare_run(rules: list[Rule], dictionary: Dictionary, as_of: str) -> tuple[dict[str, RuleSql], Shared]:
    """The SQL of all rules of a run, and what they share."""
    shared = Shared(rules, dictionary, as_of)
    return {rule.id: RuleSql(rule, dictionary, as_of, shared) for rule in rules}, shared


def open_result(connection: sqlite3.Connection) -> None:
    """Make the temporary tables: the outcomes of one rule, the keys of which every outcome is kept, and answers to what was asked again.

    Most records pass or are not concerned. They share one row for each department and outcome, with their number in
    `records`: its key begins with a character that no record's key has.
    """
    # SQLite sorts in as much memory as it keeps pages in, and a rule with peers sorts several times at once; more than this makes no rule faster.
    connection.execute("PRAGMA cache_size = -4096")
    connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS {RESULT} (key TEXT PRIMARY KEY, department TEXT, outcome TEXT,"
                       " reasons TEXT, assumed INTEGER, records INTEGER) WITHOUT ROWID")
    connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS {ASKED} (key TEXT PRIMARY KEY) WITHOUT ROWID")
    connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS {AGAIN} (key TEXT, department TEXT, outcome TEXT, reasons TEXT)")


def evaluate(connection: sqlite3.Connection, sql: RuleSql, dictionary: Dictionary, seconds: float | None = None,
             asked: Iterable[str] | None = None, *, is_example: bool = False) -> None:
    """Fill the temporary table with an outcome for every record of the rule's type.

    First every record is decided that can be; then the others are asked why they could not. A record that is decided
    without stand-ins keeps that outcome; only what is not_evaluated is asked again with them, and where it still is, the
    reasons are what no stand-in could fill.
    `asked`: keys of the records that have a row of their own whatever their outcome; without it, all have.
    `is_example`: the database holds nothing but an example, so no authorizer is set, which makes each statement slow.
    Raises KnowledgeBaseError if the rule breaks or takes too long.
    """
    connection.execute(f"DELETE FROM temp.{ASKED}")
    connection.executemany(f"INSERT OR IGNORE INTO temp.{ASKED} VALUES (?)", ((key,) for key in asked or ()))
    connection.execute(f"DELETE FROM temp.{RESULT}")
    try:
        with nullcontext() if is_example else guarded(connection, dictionary, seconds):
            _refuse_large_groups(connection, sql.rule, dictionary)
        is_shared = sql.shared is not None and sql.shared.decides(connection, sql.rule.id, seconds)
        _evaluate_alone(connection, sql, dictionary, seconds, only_grouped=is_shared, every=asked is None, is_example=is_example)
        if sql.shared is not None and is_shared:
            with sql.timed("take"):
                sql.shared.take(connection, sql.rule.id, every=asked is None)
    except (sqlite3.OperationalError, sqlite3.DatabaseError) as error:
        raise fail(f"规则 {sql.rule.id} 运行出错：{error}", f"rule {sql.rule.id} failed: {error}") from error


def _evaluate_alone(connection: sqlite3.Connection, sql: RuleSql, dictionary: Dictionary, seconds: float | None, *, only_grouped: bool,
                    every: bool, is_example: bool) -> None:
    """Ask the rule's own statements: all of them, or those about records that have a group of peers."""
    last = 1 if only_grouped and sql.rule.peers is not None else 0 if only_grouped else None
    started = time.monotonic()

    def rows(statement: str) -> Iterator[list[tuple]]:
        return selected(connection, statement, dictionary, seconds, started=started, is_example=is_example)

    with sql.timed("decide"):
        for statement in sql.decide[:last]:
            for some in rows(f"SELECT key, department, outcome, reasons, {'1' if every else _IS_LISTED} FROM ({statement})"):
                connection.executemany(f"INSERT INTO temp.{RESULT} VALUES (?, ?, ?, ?, 0, 1)", (row[:4] for row in some if row[4]))
                add_passed(connection, Counter((row[1], row[2], 0) for row in some if not row[4]))
    for step, statements, assumed in (("reasons", sql.reasons, "0"), ("stand_ins", sql.stand_ins, "outcome <> 'not_evaluated'")):
        with sql.timed(step):
            for statement in statements[:last] if last != 0 and _undecided(connection) else ():
                # Set apart, because they are found by what they replace.
                connection.execute(f"DELETE FROM temp.{AGAIN}")
                for some in rows(statement.replace("{keys}", _UNDECIDED)):
                    connection.executemany(f"INSERT INTO temp.{AGAIN} VALUES (?, ?, ?, ?)", some)
                connection.execute(f"INSERT OR REPLACE INTO temp.{RESULT} SELECT key, department, outcome, reasons, {assumed}, 1 FROM temp.{AGAIN}")


def make_indexes(connection: sqlite3.Connection, rules: Iterable[Rule], dictionary: Dictionary) -> None:
    """Make the indexes that the rules need and the tables do not have yet; they stay for the next run."""
    for table, columns in sorted({item for rule in rules for item in peers.indexes(rule, dictionary)}):
        add_index(connection, table, columns)


def _refuse_large_groups(connection: sqlite3.Connection, rule: Rule, dictionary: Dictionary) -> None:
    """Stop a rule that would compare every pair of a large group."""
    query = peers.largest_group(rule, dictionary)
    row = connection.execute(query).fetchone() if query is not None else None
    if row is None or row[-1] <= LARGEST_GROUP:
        return
    names = [item.path if isinstance(item, Field) else item.name for item in (rule.peers.same if rule.peers is not None else ())]
    group = "，".join(f"{name} = {value}" for name, value in zip(names, row[:-1], strict=True))
    raise fail(f"规则 {rule.id} 要把同组记录两两比较，而 {group} 一组有 {row[-1]} 条（最多 {LARGEST_GROUP} 条），没有运行",
               f"rule {rule.id} compares every two records of a group, and that of {group.replace('，', ', ')} has {row[-1]} (at most {LARGEST_GROUP}): it was not run",
               hint=Text("在 same 里再写一项把组分小，或者用 different 代替与本记录的比较", "divide the groups by one more entry of same, or use different in place of the comparison with the record"))


def _undecided(connection: sqlite3.Connection) -> bool:
    return connection.execute(f"SELECT EXISTS {_UNDECIDED}").fetchone() == (1,)


def outcomes(connection: sqlite3.Connection, where: str = "1") -> Iterator[Outcome]:
    """The records of the temporary table that have a row of their own, in key order."""
    for key, department, outcome, reasons, assumed in connection.execute(
            f"SELECT key, department, outcome, reasons, assumed FROM temp.{RESULT} WHERE substr(key, 1, 1) <> char(31) AND ({where}) ORDER BY key"):
        yield Outcome(key, department, outcome, tuple(dict.fromkeys((reasons or "").split("|"))) if reasons else (), bool(assumed))


def details(connection: sqlite3.Connection, sql: RuleSql, dictionary: Dictionary, where: str, *, is_example: bool = False) -> Iterator[dict[str, Any]]:
    """Every value of the records whose outcome fits `where`, in key order, each with `assumed` and the SQL's own column names.

    Nothing stays open between `DETAILED_AT_ONCE` records, so that what is made of them can be written meanwhile.
    `is_example`: as for `evaluate`.
    """
    fits, last = f"({where}) AND key > :after AND substr(key, 1, 1) <> char(31)", ""
    while chosen := connection.execute(f"SELECT key, assumed FROM temp.{RESULT} WHERE {fits} ORDER BY key LIMIT {DETAILED_AT_ONCE}", {"after": last}).fetchall():
        span = {"after": last, "upto": chosen[-1][0]}
        rows: list[dict[str, Any]] = []
        with nullcontext() if is_example else guarded(connection, dictionary):
            for assumed in sorted({row[1] for row in chosen}):
                compiled = sql.best if assumed else sql.some
                keys = f"(SELECT key FROM temp.{RESULT} WHERE {fits} AND key <= :upto AND assumed = {int(assumed)})"
                cursor = connection.execute(compiled.details.replace("{keys}", keys), span)
                names = [column[0] for column in cursor.description]
                rows += [{**dict(zip(names, row, strict=True)), "assumed": assumed, "compiled": compiled} for row in cursor]
        yield from sorted(rows, key=itemgetter("key"))
        if len(chosen) < DETAILED_AT_ONCE:
            return
        last = span["upto"]
