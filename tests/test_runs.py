"""Runs over time: what becomes of findings, that a run is whole or absent, that the counts add up, that rule SQL is fenced in."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest

from auditkb import runs
from auditkb.engines.sqlite import guarded, open_result
from auditkb.errors import Fault, KnowledgeBaseError, Text
from auditkb.findings import FoundBy, KnownFinding, load_known
from auditkb.records import insert_statement
from auditkb.run_findings import gone, on_trial
from tests.run_world import DICTIONARY, EARLY, ROOT


A = "TT-001:A"


# --- what becomes of a finding

def test_the_first_run_makes_new_findings(world):
    report = world.run()
    assert world.found(report) == [(A, "new")] and report.found == {("TT-001", "medium"): 1}
    finding = world.finding(A)
    assert (finding["state"], finding["first_run"], finding["last_run"], finding["review"], finding["origin"]) == ("new", 1, 1, "待核实", "rule")
    assert world.events(A) == [(1, "new", None)]


def test_a_second_run_over_the_same_records_adds_no_event(world):
    world.run()
    before = world.finding(A)
    assert world.found(world.run()) == [(A, "unchanged")]
    after = world.finding(A)
    assert (after["state"], after["first_run"], after["last_run"]) == ("unchanged", 1, 2)
    assert after["evidence_hash"] == before["evidence_hash"]
    assert world.events(A) == [(1, "new", None)]


def test_other_evidence_for_the_same_record_is_an_update_with_both_hashes(world):
    world.run()
    before = world.finding(A)["evidence_hash"]
    world.change("A", starts_on="2019-05-10")
    world.run()
    finding = world.finding(A)
    assert (finding["state"], finding["first_run"], finding["last_run"], finding["message_zh"]) == ("updated", 1, 2, "早10天")
    assert finding["evidence_hash"] != before
    assert world.rows("SELECT event, detail FROM finding_events WHERE run_id = 2") == [("updated", f"{before} -> {finding['evidence_hash']}")]


def test_other_words_or_thresholds_are_no_other_evidence(world):
    world.run()
    before = world.finding(A)["evidence_hash"]
    world.rule(EARLY.replace("早{days_early}天", "提前{days_early}天").replace("default: 0", "default: 3"))
    world.run()
    assert (world.finding(A)["evidence_hash"], world.finding(A)["state"], world.finding(A)["message_zh"]) == (before, "unchanged", "提前5天")


@pytest.mark.parametrize("change, reason", [
    ({"starts_on": "2019-05-20"}, "resolved_in_data"),
    ({"starts_on": None}, "not_evaluated"),
    ({"is_framework": 1}, "not_applicable"),
])
def test_a_changed_record_goes_with_its_reason(world, change, reason):
    world.run()
    world.change("A", **change)
    report = world.run()
    assert list(gone(world.database, report)) == [(A, reason)] and report.gone == 1 and world.found(report) == []
    assert world.finding(A)["state"] == "gone" and world.finding(A)["last_run"] == 1
    assert world.events(A) == [(1, "new", None), (2, "gone", reason)]


def test_a_deleted_record_goes_as_removed(world):
    world.run()
    world.database.execute("DELETE FROM contract WHERE key = 'A'")
    assert world.run_and_gone() == [(A, "record_removed")]


def test_an_exemption_goes_as_waived(world):
    world.run()
    world.add("exemption", "E", contract="A", type="ratified")
    assert world.run_and_gone() == [(A, "waived")]
    assert world.rows("SELECT outcome FROM outcomes WHERE record_key = 'A' AND rule_id = 'TT-001'") == [("exempt",)]


@pytest.mark.parametrize("change", [("default: 0", "default: 5"), ("not is_framework", "not is_framework and amount > 1000"), ("status: active", "status: retired"),
                                    ("status: active", "status: trial")])
def test_a_changed_rule_is_no_progress(world, change):
    world.run()
    world.rule(EARLY.replace(*change))
    assert world.run_and_gone() == [(A, "not_applicable" if "1000" in change[1] else "rule_changed")]


def test_a_rule_that_is_taken_away_lets_its_findings_go(world):
    world.run()
    (world.folder / "rules" / "tt" / "TT-001-x.yml").unlink()
    assert world.run_and_gone() == [(A, "rule_changed")]


def test_a_new_wording_is_no_changed_rule(world):
    world.run()
    world.rule(EARLY.replace("早{days_early}天", "提前{days_early}天"))
    world.change("A", starts_on="2019-05-20")
    assert world.run_and_gone() == [(A, "resolved_in_data")]


def test_what_comes_back_is_reopened(world):
    world.run()
    world.change("A", starts_on="2019-05-20")
    world.run()
    assert world.run_and_gone() == [], "a finding goes once"
    world.change("A", starts_on="2019-05-15")
    assert world.found(world.run()) == [(A, "reopened")]
    assert (world.finding(A)["first_run"], world.finding(A)["last_run"]) == (1, 4)
    assert world.events(A) == [(1, "new", None), (2, "gone", "resolved_in_data"), (4, "reopened", None)]


def test_a_verdict_of_a_person_outlives_runs(world):
    world.run()
    world.database.execute("UPDATE findings SET review = '已确认'")
    world.change("A", starts_on="2019-05-10")
    world.run()
    assert world.finding(A)["review"] == "已确认"


def test_a_replacing_rule_keeps_the_findings_of_its_line(world):
    world.run()
    (world.folder / "rules" / "tt" / "TT-001-x.yml").unlink()
    world.rule(EARLY.replace("id: TT-001", "id: TT-009\nreplaces: TT-001"))
    report = world.run()
    assert world.found(report) == [(A, "unchanged")] and report.gone == 0


def test_a_line_of_three_rules_keeps_its_findings(world):
    world.run()
    text = EARLY
    for number, before in (("TT-008", "TT-001"), ("TT-009", "TT-008")):
        world.rule(text.replace("status: active", "status: retired"))
        text = EARLY.replace("id: TT-001", f"id: {number}\nreplaces: {before}")
        world.rule(text)
        world.contract(f"of {number}", "2019-05-15", "2019-05-20")
        world.run()
    report = world.run()
    assert world.found(report) == [(A, "unchanged"), ("TT-001:of TT-008", "unchanged"), ("TT-001:of TT-009", "unchanged")]
    assert world.rows("SELECT id FROM findings WHERE state = 'gone'") == []


def test_a_trial_rule_is_counted_and_makes_no_finding(world):
    world.rule(EARLY.replace("status: active", "status: trial"))
    report = world.run()
    assert [name for name, *_ in on_trial(world.database)] == [A] and world.found(report) == []
    assert report.records("TT-001", "fail") == 1
    assert world.rows("SELECT COUNT(*) FROM findings") == [(0,)] == world.rows("SELECT COUNT(*) FROM outcomes WHERE rule_id = 'TT-001'")


# --- whole or absent

def _break(monkeypatch: pytest.MonkeyPatch, rule: str, error: Exception) -> None:
    evaluate = runs.engine.evaluate

    def broken(connection: Any, sql: Any, *more: Any) -> None:
        if sql.rule.id == rule:
            raise error
        evaluate(connection, sql, *more)

    monkeypatch.setattr(runs.engine, "evaluate", broken)


def test_an_incomplete_run_closes_nothing(world, monkeypatch):
    world.run()
    outcomes = world.rows("SELECT * FROM outcomes")
    world.change("A", starts_on="2019-05-20")
    world.contract("C", "2019-05-19", "2019-05-20")
    with monkeypatch.context() as patch:
        _break(patch, "TT-002", KnowledgeBaseError(Fault(Text("超时", "too slow"))))
        report = world.run()
    assert not report.is_complete and report.gone == 0 and report.broken == {"TT-002"}
    assert world.rows("SELECT status FROM runs ORDER BY id") == [("complete",), ("incomplete",)]
    assert world.finding(A)["state"] == "new" and world.events(A) == [(1, "new", None)]
    assert world.rows("SELECT * FROM outcomes") == outcomes, "the outcomes of the last complete run stay"
    assert world.finding("TT-001:C")["state"] == "new", "what was found is kept"
    report = world.run()
    assert report.is_complete and list(gone(world.database, report)) == [(A, "resolved_in_data")]


def test_a_rule_changed_during_an_incomplete_run_is_still_a_changed_rule(world, monkeypatch):
    world.run()
    world.rule(EARLY.replace("default: 0", "default: 5"))
    with monkeypatch.context() as patch:
        _break(patch, "TT-002", KnowledgeBaseError(Fault(Text("超时", "too slow"))))
        world.run()
    assert world.run_and_gone() == [(A, "rule_changed")]


def test_an_unexpected_error_leaves_everything_as_it_was(world, monkeypatch):
    world.run()
    tables = ("runs", "findings", "finding_events", "outcomes", "outcome_counts", "known_matches", "rules")
    before = [world.rows(f"SELECT * FROM {table}") for table in tables]
    world.change("A", starts_on="2019-05-10")
    with monkeypatch.context() as patch:
        _break(patch, "TT-002", ZeroDivisionError("boom"))
        with pytest.raises(ZeroDivisionError):
            world.run()
    assert [world.rows(f"SELECT * FROM {table}") for table in tables] == before
    assert world.run().run_id == 2


def test_a_rule_out_of_time_makes_the_run_incomplete(world):
    with runs.writer(world.database):
        world.database.executemany(insert_statement("contract", ["key", "starts_on", "signed_on", "is_framework", "_covered"]),
                                   [(f"K{number}", "2019-05-15", "2019-05-20", 0, "") for number in range(20_000)])
    report = world.run(seconds_a_rule=-1.0)
    assert not report.is_complete and report.broken == {"TT-001", "TT-002"}
    assert "was stopped" in report.faults[0].text.en


# --- counts

def test_the_counts_of_every_rule_add_up_to_its_records(world):
    world.contract("C", None, "2019-05-20", _department=None)
    world.contract("D", "2019-05-15", "2019-05-20", is_framework=1, amount=None)
    world.contract("E", "2019-05-15", "2019-05-20")
    world.add("exemption", "X", contract="E", type="ratified")
    report = world.run()
    for rule, expected in (("TT-001", {"fail": 1, "pass": 1, "not_evaluated": 1, "not_applicable": 1, "exempt": 1}),
                           ("TT-002", {"pass": 3, "not_evaluated": 0, "not_applicable": 1, "exempt": 0, "fail": 0})):
        counted = dict(world.rows(f"SELECT outcome, SUM(records) FROM outcome_counts WHERE run_id = 1 AND rule_id = '{rule}' AND reason = '' GROUP BY outcome"))
        assert sum(counted.values()) == 5 == sum(report.records(rule, outcome) for outcome in expected)
        if rule == "TT-001":
            assert counted == expected
    assert world.rows("SELECT reason, records FROM outcome_counts WHERE rule_id = 'TT-001' AND outcome = 'not_evaluated' AND reason <> ''") == [("missing:starts_on", 1)]


@pytest.mark.slow
def test_the_counts_of_every_rule_of_the_project_add_up(tmp_path):
    import checks
    import ingest
    from command_line import run_commands

    database = str(tmp_path / "kb.db")
    assert run_commands(ingest.commands, ["records", str(ROOT / "sample" / "chunshu-2019"), str(ROOT / "sample" / "first-ledger"), "--db", database]) == 0
    assert run_commands(checks.commands, ["run", "--db", database]) == 0
    with closing(sqlite3.connect(database)) as connection:
        checked = connection.execute("SELECT id, checks FROM rules WHERE status IN ('active', 'trial')").fetchall()
        assert checked
        for rule, record_type in checked:
            (records,) = connection.execute(f'SELECT COUNT(*) FROM "{record_type}"').fetchone()
            (counted,) = connection.execute("SELECT SUM(records) FROM outcome_counts WHERE rule_id = ? AND reason = ''", (rule,)).fetchone()
            assert (rule, counted or 0) == (rule, records)
        assert {row[0] for row in connection.execute("SELECT DISTINCT outcome FROM outcomes")} <= {"fail", "exempt", "not_evaluated"}
        for outcome in ("fail", "exempt", "not_evaluated"):
            listed = dict(connection.execute("SELECT rule_id, COUNT(*) FROM outcomes WHERE outcome = ? GROUP BY rule_id", (outcome,)))
            counted = dict(connection.execute("SELECT rule_id, SUM(records) FROM outcome_counts JOIN rules ON rules.id = rule_id"
                                              " WHERE outcome = ? AND reason = '' AND status = 'active' GROUP BY rule_id", (outcome,)))
            assert listed == counted


def test_outcomes_are_those_of_the_last_run_only(world):
    world.run()
    world.run()
    assert world.rows("SELECT run_id, rule_id, record_key, outcome FROM outcomes") == [(2, "TT-001", "A", "fail")]


# --- known findings

def _known(rule: str, record: str) -> KnownFinding:
    found = load_known(ROOT / "findings" / "known")[0]
    return found.model_copy(update={"found_by": (FoundBy(rule=rule, record_type="contract", record=record),)})


def _hold_the_report(world) -> None:
    world.database.execute("INSERT INTO sources (id) VALUES ('chunshu-2019')")


def test_known_findings_are_there_only_with_their_report(world):
    world.known = [_known("TT-001", "A")]
    read = "SELECT id FROM known_findings UNION ALL SELECT known_id FROM known_matches UNION ALL SELECT id FROM findings WHERE origin = 'report'"
    report = world.run()
    assert (world.rows(read), report.known, report.matched) == ([], 0, [])
    _hold_the_report(world)
    assert world.run().known == 1 and world.rows(read) == [(world.known[0].id,)] * 3
    world.database.execute("DELETE FROM sources")
    world.database.execute("INSERT INTO reports (id) VALUES ('chunshu-2019')")
    assert world.run().known == 1 and len(world.rows(read)) == 3
    world.database.execute("DELETE FROM reports")
    assert world.run().known == 0 and world.rows(read) == []


def test_known_matches_come_from_the_run(world):
    _hold_the_report(world)
    world.known = [_known("TT-001", "A")]
    world.run()
    read = "SELECT rule_id, record_key, outcome, reasons, finding_id FROM known_matches"
    assert world.rows(read) == [("TT-001", "A", "fail", None, A)]
    world.change("A", starts_on=None)
    world.run()
    assert world.rows(read) == [("TT-001", "A", "not_evaluated", "missing:starts_on", None)]
    world.change("A", starts_on="2019-06-01")
    world.run()
    assert world.rows(read) == [("TT-001", "A", "pass", None, None)]
    world.database.execute("DELETE FROM contract WHERE key = 'A'")
    world.run()
    assert world.rows(read) == [("TT-001", "A", "no_record", None, None)]
    world.known = [_known("ZZ-001", "A")]
    world.run()
    assert world.rows(read) == [("ZZ-001", "A", "no_rule", None, None)]


# --- the fence around rule SQL

@pytest.mark.parametrize("sql", [
    "SELECT * FROM findings", "SELECT message_zh FROM findings", "SELECT * FROM decisions_of_people", "SELECT * FROM runs", "SELECT * FROM outcomes",
    "SELECT load_extension('x')", "SELECT randomblob(1000000000)", "SELECT readfile('/etc/passwd')", "SELECT random()", "SELECT writefile('x', 'y')",
    "INSERT INTO contract (key) VALUES ('x')", "UPDATE contract SET amount = 1", "DELETE FROM contract", "DROP TABLE contract",
    "CREATE TABLE x (a)", "CREATE TEMP TABLE x (a)", "CREATE VIEW v AS SELECT 1", "ATTACH ':memory:' AS other", "DETACH temp", "PRAGMA user_version = 3",
    "PRAGMA table_info(contract)", "VACUUM", "REINDEX", "ANALYZE", "SELECT * FROM pragma_table_info('contract')", "SELECT * FROM sources", "SELECT * FROM cell_notes",
    "WITH f AS (SELECT * FROM findings) SELECT * FROM f", "SELECT (SELECT COUNT(*) FROM findings)", "SELECT COUNT(*) FROM FINDINGS",
    "SELECT COUNT(*) FROM sqlite_master", "SELECT sql FROM sqlite_master", "SELECT * FROM sqlite_schema", "SELECT name FROM temp.sqlite_temp_master",
    "SELECT COUNT(*) FROM pragma_table_list", "SELECT key FROM contract UNION SELECT id FROM findings"])
def test_rule_sql_reads_records_and_nothing_else(world, sql):
    with pytest.raises((sqlite3.DatabaseError, KnowledgeBaseError)), guarded(world.database, DICTIONARY, 1.0):
        world.database.execute(sql).fetchall()
    assert world.rows("SELECT COUNT(*) FROM contract") == [(2,)], "the fence is taken down again"


@pytest.mark.parametrize("sql", ["SELECT key, amount FROM contract", "SELECT MAX(day) FROM working_calendar", "WITH c AS (SELECT key FROM contract) SELECT COUNT(*) FROM c",
                                 "SELECT julianday('2019-05-20') - julianday('2019-05-15')", "SELECT ROUND(1.005, 2), COALESCE(NULL, 1), SUBSTR('abc', 1, 1)"])
def test_rule_sql_reads_records_and_the_calendar(world, sql):
    with guarded(world.database, DICTIONARY, 1.0):
        assert world.database.execute(sql).fetchall()


def test_a_statement_that_takes_too_long_stops(world):
    open_result(world.database)
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT MAX(x) FROM n"
    with pytest.raises(KnowledgeBaseError) as caught, guarded(world.database, DICTIONARY, 0.05):
        world.database.execute(endless).fetchall()
    assert "was stopped" in caught.value.faults[0].text.en
    assert world.rows("SELECT 1") == [(1,)]
