"""Tie-outs in kb.db: all of them listed, the broken ones found by the rule, and the same findings when a report is read again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auditkb.database import create_tables, open_database, writer
from auditkb.dictionary import load_dictionary
from auditkb.findings import load_classes
from auditkb.reports.report import read_whole
from auditkb.reports.storing import store_report
from auditkb.reports.tie_out_records import store_tie_outs
from auditkb.reports.tie_outs import tie_out
from auditkb.rules.load import RuleSet, load_rules
from auditkb.run_findings import found
from auditkb.runs import run_rules
from tests.report_readings import relations
from tests.small_reports import ROOT, YEARS
from tests.test_tie_outs import DEPARTMENT, ONE, TOTAL, TWO, projects

BAD = YEARS.format(total="310.00", income="270.00", carried="30.00")
RULE = "BUD-009"
DICTIONARY = load_dictionary(ROOT / "records")
CLASSES = load_classes(ROOT / "findings" / "classes.yml")


@pytest.fixture(scope="module")
def rule_set() -> RuleSet:
    """The one rule that looks at tie-outs."""
    loaded = load_rules(ROOT / "rules", DICTIONARY)
    return RuleSet({RULE: loaded.rules[RULE]}, loaded.laws)


class Base:
    """A knowledge base into which reports are read."""

    def __init__(self, connection: sqlite3.Connection, rule_set: RuleSet, folder: Path):
        self.connection, self.rule_set, self.folder = connection, rule_set, folder

    def read(self, text: str, identifier: str = "office-2024") -> None:
        path = self.folder / "report.txt"
        path.write_text(text, "utf-8", newline="\n")
        report = read_whole(path, identifier)
        with writer(self.connection):
            store_report(self.connection, report)
            store_tie_outs(self.connection, DICTIONARY, report.id, report.organisation, tie_out(report.document, report.figures, relations()))

    def check(self) -> list[dict[str, Any]]:
        run = run_rules(self.connection, DICTIONARY, self.rule_set, [], CLASSES, as_of="2026-01-01")
        assert run.is_complete
        return [{"id": one.id, "state": one.state, "department": one.department, "severity": one.severity,
                 "amount": one.amount, "values": one.data["values"]} for one in found(self.connection, run)]

    def rows(self, query: str) -> list[tuple[object, ...]]:
        return self.connection.execute(query).fetchall()


@pytest.fixture
def base(tmp_path: Path, rule_set: RuleSet) -> Iterator[Base]:
    connection = open_database(tmp_path / "kb.db", create=True)
    with writer(connection):
        create_tables(connection, DICTIONARY)
    yield Base(connection, rule_set, tmp_path)
    connection.close()


def test_every_tie_out_is_listed_with_both_figures(base: Base) -> None:
    base.read(BAD)
    assert base.rows("select relation, printed, computed, difference, tolerance, verdict, place, cause_en from tie_outs where verdict = 'broken' order by id limit 1") == [
        ("收入总计＝支出总计", "310.00元", "300.00元", 10.0, "0元", "broken", "一，第3行",
         "310.00元 (一, line 3): the other figures give 300.00元; with that these 2 relations hold: check the source and correct it")]
    assert base.rows("select count(*), count(distinct id) from tie_outs") == [(7, 7)]
    assert base.rows("select count(*) from tie_outs t join figures f on f.id = t.figure join sections s on s.id = t.section") == [(7,)]


def test_the_rule_finds_the_broken_ones_and_nothing_else(base: Base) -> None:
    base.read(BAD)
    found = base.check()
    assert [one["id"] for one in found] == ["BUD-009:office-2024/收入总计＝支出总计/一", "BUD-009:office-2024/收入总计＝本年收入＋上年结转/一"]
    assert {one["severity"] for one in found} == {"high"} and {one["amount"] for one in found} == {10.0}
    shown = {value["field"]: value["shown_en"] for value in found[0]["values"]}
    assert shown["printed"] == "310.00元" and shown["computed"] == "300.00元" and shown["cause"].startswith("310.00元")


def test_a_report_that_is_set_anew_has_the_same_findings(base: Base) -> None:
    base.read(BAD)
    before = [one["id"] for one in base.check()]
    base.read("\n\n" + BAD)
    after = base.check()
    assert [one["id"] for one in after] == before and {one["state"] for one in after} == {"updated"}


def test_a_corrected_report_resolves_its_findings(base: Base) -> None:
    base.read(BAD)
    base.check()
    base.read(BAD.replace("310.00", "300.00"))
    assert base.check() == []
    assert {state for (state,) in base.rows("select state from findings where rule_id = 'BUD-009'")} == {"gone"}
    assert base.rows("select count(*) from tie_outs where verdict <> 'ties'") == [(0,)]


def test_two_reports_stand_side_by_side(base: Base) -> None:
    base.read(BAD, "one-2024")
    base.read(BAD, "two-2024")
    assert base.rows("select report, count(*) from tie_outs group by report") == [("one-2024", 7), ("two-2024", 7)]
    assert len(base.check()) == 4


def test_what_concerns_one_department_is_its_finding(base: Base) -> None:
    base.read(projects(ONE, TWO, TOTAL, after=DEPARTMENT.format(n=1, initial="18.00")))
    assert {one["department"] for one in base.check()} == {"财务科"}


def test_a_percentage_has_no_amount(base: Base) -> None:
    base.read(projects((*ONE[:8], "80.00%"), TWO, TOTAL))
    [one] = base.check()
    assert one["amount"] is None and one["severity"] == "medium"
