"""How SQLite goes about a rule's statements: what hangs under a record is found by an index, never by reading all of it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from auditkb.database import create_tables, open_database
from auditkb.dictionary import Dictionary, load_dictionary
from auditkb.engines import sqlite as engine
from auditkb.rules.load import RuleSet, load_rules
from tests.run_world import EARLY, World

ROOT = Path(__file__).resolve().parent.parent


@cache
def loaded() -> tuple[Dictionary, RuleSet, sqlite3.Connection]:
    dictionary = load_dictionary(ROOT / "records")
    rules = load_rules(ROOT / "rules", dictionary)
    connection = open_database(":memory:", create=True)
    create_tables(connection, dictionary)
    engine.open_result(connection)
    engine.make_indexes(connection, rules.rules.values(), dictionary)
    return dictionary, rules, connection


def plan(sql: str) -> Iterator[tuple[str, bool]]:
    """Every step, and whether it is taken anew for each record."""
    anew: dict[int, bool] = {0: False}
    keys = f"(SELECT key FROM temp.{engine.RESULT} WHERE outcome = 'fail')"
    for number, parent, _, text in loaded()[2].execute("EXPLAIN QUERY PLAN " + sql.replace("{keys}", keys)):
        anew[number] = anew.get(parent, False) or text.startswith("CORRELATED")
        yield text, anew[number]


def gathers_nothing(sql: str) -> bool:
    """Whether a statement is for the records whose peers' reference is empty, and what it gathers hangs on that reference."""
    unset = re.search(r'WHERE r\."(\w+)" IS NULL', sql)
    return unset is not None and re.findall(r'AS d1 ON "1\.\w+" = s\.(?!k\b)(\S+?)\)', sql) == [f'"{unset.group(1)}"']


@pytest.mark.parametrize("rule_id", list(load_rules(ROOT / "rules", load_dictionary(ROOT / "records")).rules))
def test_nothing_is_read_whole_for_each_record(rule_id: str) -> None:
    dictionary, rules, _ = loaded()
    sql = engine.prepare(rules.rules[rule_id], dictionary, "2026-06-30")
    outcomes = [*sql.decide, *sql.reasons, *sql.stand_ins]
    for statement in [*(one for one in outcomes if not gathers_nothing(one)), sql.some.details, *([sql.assumed.details] if sql.assumed is not None else [])]:
        for text, anew in plan(statement):
            # What was gathered is joined by an index that SQLite makes for it; details are of a few hundred records at a time.
            assert statement not in outcomes or not re.match(r"SCAN .*LEFT-JOIN", text), text
            assert not (anew and re.match(rf"SCAN ({'|'.join(dictionary.types)}|[a-z]|l?d\d+|r)$", text)), text


# --- pairs

PAIRS = EARLY.replace("applies_when: not is_framework\n", "peers: {same: [title]}\n").replace(
    "days_early: days_between(starts_on, signed_on)", "days_early: count(peers) filter (where peers.amount < amount)")


def test_a_large_group_is_not_compared_pair_by_pair(world: World,
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "LARGEST_GROUP", 2)
    world.rule(PAIRS)
    for key in "DEF":
        world.contract(key, "2019-05-15", "2019-05-20", title="花卉")
    report = world.run()
    assert not report.is_complete and report.broken == {"TT-001"}
    said = report.faults[0].text
    assert "title = 花卉 一组有 3 条" in said.zh and "title = 花卉 has 3 (at most 2)" in said.en
    monkeypatch.setattr(engine, "LARGEST_GROUP", 3)
    assert world.run().is_complete


def test_windows_have_no_largest_group(world: World,
                                       monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "LARGEST_GROUP", 1)
    world.rule(PAIRS.replace(" filter (where peers.amount < amount)", ""))
    for key in "DEF":
        world.contract(key, "2019-05-15", "2019-05-20", title="花卉")
    assert world.run().is_complete
