"""Rules of one type decided by one statement say the same as each rule alone, read each record once, and hide no rule's fault."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from auditkb import example_sql, example_worlds
from auditkb.compiler.children import Children
from auditkb.compiler.together import Together, decide_together
from auditkb.database import open_database
from auditkb.dictionary import Dictionary
from auditkb.dictionary_files import load_dictionary
from auditkb.engines import sqlite as engine
from auditkb.engines.guard import limited, selected
from auditkb.engines.shared import Shared
from auditkb.errors import KnowledgeBaseError
from auditkb.rules.load import RuleSet, load_rules
from benchmarks.cases import AS_OF
from benchmarks.generate import make_database
from tests.run_world import DICTIONARY, EARLY
from tests.worlds import RULE_IDS, rules, world_of

ROOT = Path(__file__).resolve().parent.parent
ALONE = {"PROC-005", "WORKS-001"}
"""Rules with a median of rows, and with lets of rows that depend on the record: these have statements of their own."""
QUICK = ("BUD-002", "CON-002", "PROC-010")


@cache
def loaded() -> tuple[Dictionary, RuleSet]:
    dictionary = load_dictionary(ROOT / "records")
    return dictionary, load_rules(ROOT / "rules", dictionary)


def outcomes(connection: sqlite3.Connection, sql: engine.RuleSql, asked: list[str] | None = None) -> list[tuple[Any, ...]]:
    engine.evaluate(connection, sql, loaded()[0], 600.0, asked)
    return connection.execute(f"SELECT key, department, outcome, reasons, assumed FROM temp.{engine.RESULT} ORDER BY key").fetchall()


@pytest.fixture(scope="module")
def generated(tmp_path_factory) -> Iterator[sqlite3.Connection]:
    dictionary, rule_set = loaded()
    file = tmp_path_factory.mktemp("generated") / "kb.db"
    make_database(file, dictionary, {name: rule.checks for name, rule in rule_set.rules.items()}, contracts=400, seed=3)
    with closing(open_database(file)) as connection:
        engine.open_result(connection)
        engine.make_indexes(connection, rule_set.rules.values(), dictionary)
        yield connection


# --- the same outcomes

@pytest.mark.slow
def test_together_and_alone_agree_on_generated_records(generated):
    dictionary, rule_set = loaded()
    sqls, shared = engine.prepare_run(list(rule_set.rules.values()), dictionary, AS_OF)
    for name, sql in sqls.items():
        assert outcomes(generated, sql) == outcomes(generated, engine.prepare(sql.rule, dictionary, AS_OF)), name
    decided = {name for part in shared.parts if part.step == "scan" for name in part.rules}
    assert set(sqls) - decided == ALONE, "nearly every rule takes part"
    assert not generated.execute("SELECT name FROM sqlite_temp_master WHERE name LIKE 'auditkb_scan%' OR name LIKE 'auditkb_rows%'").fetchall()


@pytest.mark.slow
def test_what_is_only_counted_adds_up_to_the_same(generated):
    dictionary, rule_set = loaded()
    sqls, _ = engine.prepare_run(list(rule_set.rules.values()), dictionary, AS_OF)

    def counted(sql: engine.RuleSql, asked: list[str]) -> list[tuple[Any, ...]]:
        outcomes(generated, sql, asked)
        return generated.execute("SELECT COALESCE(department, ''), outcome, COALESCE(reasons, ''), assumed, SUM(records) FROM"
                                 f" temp.{engine.RESULT} GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4").fetchall()

    for name, sql in sqls.items():
        asked = [key for (key,) in generated.execute(f'SELECT key FROM "{sql.rule.checks}" ORDER BY key LIMIT 7')]
        assert counted(sql, asked) == counted(engine.prepare(sql.rule, dictionary, AS_OF), asked), name
        listed = {key for (key,) in generated.execute(f"SELECT key FROM temp.{engine.RESULT}")}
        assert set(asked) <= listed, name


@pytest.mark.parametrize("rule_id", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in RULE_IDS])
def test_together_and_alone_agree_on_every_example(rule_id):
    dictionary = loaded()[0]
    rule = rules()[rule_id]
    with closing(example_worlds.open_world(dictionary)) as connection:
        for index, example in enumerate(rule.file.examples):
            varied, day = example_sql.with_parameters(rule, example.with_), example_sql.day_of(example)
            connection.execute("begin")
            example_worlds.store_world(connection, dictionary, world_of(rule, index))
            shared = Shared([varied], dictionary, day)
            together = outcomes(connection, engine.RuleSql(varied, dictionary, day, shared))
            assert together == outcomes(connection, engine.prepare(varied, dictionary, day)), example.name.en
            assert all(part.step != "scan" or part.rules == (rule_id,) for part in shared.parts)
            connection.execute("rollback")


# --- read once

def test_each_record_is_read_once_for_all_rules_of_its_type(generated):
    dictionary, rule_set = loaded()
    children = Children(dictionary)
    for together in decide_together(list(rule_set.rules.values()), dictionary, AS_OF, children):
        for _, table in children.all():
            generated.execute(f"CREATE TEMP TABLE IF NOT EXISTS {table.table} ({', '.join(table.columns())}, PRIMARY KEY (p)) WITHOUT ROWID")
        plan = [text for _, _, _, text in generated.execute("EXPLAIN QUERY PLAN " + together.select())]
        assert [text for text in plan if re.match(r"SCAN (r|e|k|d\d+)\b", text)] == ["SCAN r"], "the records, and no other table"
    for _, table in children.all():
        generated.execute(f"DROP TABLE temp.{table.table}")


def test_rows_below_records_are_gathered_once_for_all_rules(generated):
    dictionary, rule_set = loaded()
    sqls, shared = engine.prepare_run(list(rule_set.rules.values()), dictionary, AS_OF)
    for sql in sqls.values():
        outcomes(generated, sql)
    gathered = [part.name for part in shared.parts if part.step == "gather"]
    assert len(gathered) == len(set(gathered)) and {"payment (contract)", "acceptance (contract)", "quote (tender)"} <= set(gathered)
    scans = [part for part in shared.parts if part.step == "scan"]
    assert max(len(part.rules) for part in scans if part.name == "contract") >= 15


# --- one rule's fault is its own

def _spoilt(self: Together, original: Any = Together.select) -> str:
    return original(self) + " WHERE no_such_function(b._key)"


def test_a_statement_for_many_that_breaks_leaves_each_rule_to_itself(world, monkeypatch):
    world.contract("C", None, "2019-05-20")
    expected = world.run().counts
    monkeypatch.setattr(Together, "select", _spoilt)
    report = world.run()
    assert report.is_complete and {key[1:]: number for key, number in report.counts.items()} == {key[1:]: number for key, number in expected.items()}


def test_a_rule_that_breaks_is_named_alone_and_the_others_run(world):
    world.rule(EARLY.replace("TT-001", "TT-003").replace("days_between(starts_on, signed_on)", "abs(duration_days)"))
    world.change("A", duration_days=-(2**63))  # which has no absolute value in SQLite
    report = world.run()
    assert report.broken == {"TT-003"} and [fault.text.en for fault in report.faults] == ["rule TT-003 failed: integer overflow"]
    assert report.records("TT-001", "fail") == 1 and report.records("TT-002", "pass") == 2
    world.change("A", duration_days=3)
    assert world.run().is_complete


@pytest.mark.slow
def test_two_hundred_rules_of_one_type_run(world):
    for number in range(200):
        world.rule(EARLY.replace("TT-001", f"TT-{number + 100}"))
    report = world.run()
    assert report.is_complete and all(report.records(f"TT-{number + 100}", "fail") == 1 for number in range(200))
    scans = [part for part in report.shared if part.step == "scan"]
    assert sum(len(part.rules) for part in scans) == 202 and len(scans) <= 4


# --- a rule out of time

def test_a_rule_out_of_time_takes_nothing_of_the_run_with_it(world):
    world.database.execute("begin")
    world.database.executemany("INSERT INTO contract (key, starts_on, signed_on, is_framework, _covered) VALUES (?, '2019-05-15', '2019-05-20', 0, '')",
                               [(f"K{number}",) for number in range(20_000)])
    world.database.commit()
    report = world.run(seconds_a_rule=-1.0)
    assert report.broken == {"TT-001", "TT-002"}
    assert world.rows("SELECT id, status FROM runs") == [(report.run_id, "incomplete")], "the transaction of the run was not lost"


def test_what_stores_rows_is_not_stopped(world):
    world.database.execute("begin")
    world.database.execute("CREATE TEMP TABLE kept (key TEXT)")
    with pytest.raises(KnowledgeBaseError), limited(world.database, 0.0, 0.0):
        world.database.execute("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 1000000) SELECT MAX(x) FROM n").fetchall()
    for some in selected(world.database, "SELECT key FROM contract", DICTIONARY, 600.0):
        world.database.executemany("INSERT INTO temp.kept VALUES (?)", some)
    assert world.database.in_transaction and world.rows("SELECT COUNT(*) FROM temp.kept") == [(2,)]
    world.database.execute("commit")
