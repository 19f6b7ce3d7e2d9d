"""One run: every rule over all records, in one transaction: a run is whole or absent.

The counts are part of the result: a rule that found nothing in what it could not check says so.
"""

from __future__ import annotations

import datetime
import hashlib
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

from auditkb import __version__
from auditkb.database import writer
from auditkb.dictionary import Dictionary
from auditkb.engines import sqlite as engine
from auditkb.engines.shared import Part
from auditkb.errors import Fault, KnowledgeBaseError
from auditkb.evidence import Gatherer
from auditkb.findings import Classes, KnownFinding
from auditkb.lifecycle import Fail, let_go, note_leaving, note_trial, open_notes, record_fails, standing_keys
from auditkb.publishing import known_here, write_known, write_laws, write_rules
from auditkb.rules.checked import Rule
from auditkb.rules.load import RuleSet

SECONDS_A_RULE = 600.0
REVIEWED_STATUSES = ("active",)
Count = Counter[tuple[str, str | None, str, str]]
"""(rule, department, outcome, reason) -> records; the reason '' holds the whole of an outcome."""
KnownKey = tuple[str, str]


@dataclass
class RunReport:
    """What a run did, in numbers; the findings themselves are in kb.db (`run_findings` reads them back)."""

    run_id: int = 0
    as_of: str = ""
    rules: dict[str, Rule] = field(default_factory=dict)
    counts: Count = field(default_factory=Counter)
    found: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(rule, severity) -> findings"""
    gone: int = 0
    """How many findings no longer fail."""
    faults: list[Fault] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    """Rules in error."""
    known: int = 0
    seconds: dict[str, dict[str, float]] = field(default_factory=dict)
    """How long each step of each rule took, and of what is done once for all of them (under the name '')."""
    shared: list[Part] = field(default_factory=list)
    """What was done once for several rules, and how long it took."""
    matched: list[tuple[str, str, str, str, str, tuple[str, ...]]] = field(default_factory=list)
    """(known id, rule, record type, record key, outcome, reasons)"""

    @property
    def is_complete(self) -> bool:
        """Whether every rule ran to its end; an incomplete run closes nothing."""
        return not self.faults

    def records(self, rule_id: str, outcome: str) -> int:
        """How many records of a rule have an outcome."""
        return self.totals()[(rule_id, outcome)]

    def totals(self) -> Counter[tuple[str, str]]:
        """(rule, outcome) -> records"""
        totals: Counter[tuple[str, str]] = Counter()
        for (rule, _, outcome, reason), number in self.counts.items():
            if reason == "":
                totals[(rule, outcome)] += number
        return totals


Progress = Callable[[str, int, int], None]
"""Called with a rule's id, its number and how many there are."""


def run_rules(connection: sqlite3.Connection, dictionary: Dictionary, rule_set: RuleSet, known: list[KnownFinding], classes: Classes,
              *, as_of: str, office: Path | None = None, progress: Progress | None = None, seconds_a_rule: float = SECONDS_A_RULE) -> RunReport:
    """Run every rule that is not a draft or retired and write outcomes, findings, events and matches.

    Of `known` only the findings of reports that kb.db holds are taken.
    """
    known = known_here(connection, known)
    report = RunReport(as_of=as_of, known=len(known))
    started = _now()
    engine.open_result(connection)
    open_notes(connection)
    wanted = _wanted(known)
    with writer(connection):
        old_hashes = dict(connection.execute("SELECT id, hash FROM rules"))
        run_id = connection.execute("INSERT INTO runs (started_at, as_of, status, tool_version, office) VALUES (?, ?, 'running', ?, ?)",
                                    (started, as_of, __version__, str(office) if office is not None else None)).lastrowid
        report.run_id = run_id or 0
        rules = [rule for rule in rule_set.rules.values() if rule.file.status in ("active", "trial")]
        at = time.perf_counter()
        engine.make_indexes(connection, rules, dictionary)
        report.seconds[""] = {"indexes": time.perf_counter() - at}
        sqls, shared = engine.prepare_run(rules, dictionary, as_of)
        outcomes_of_known: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = {}
        for number, rule in enumerate(rules, 1):
            if progress is not None:
                progress(rule.id, number, len(rules))
            report.rules[rule.id] = rule
            try:
                _run_rule(connection, dictionary, rule_set, sqls[rule.id], report, old_hashes, wanted.get(rule.id, []), outcomes_of_known, seconds_a_rule)
            except KnowledgeBaseError as error:
                report.faults += error.faults
                report.broken.add(rule.id)
            report.seconds[rule.id] = sqls[rule.id].seconds
        shared.close(connection)
        report.shared = shared.parts
        at = time.perf_counter()
        _write_counts(connection, report)
        write_rules(connection, rule_set, {name: sql.best.for_one() for name, sql in sqls.items()}, dictionary)
        write_laws(connection, rule_set.laws)
        write_known(connection, known, classes, report.run_id)
        _match_known(known, report, outcomes_of_known)
        _close(connection, report, old_hashes)
        report.seconds[""]["publish"] = time.perf_counter() - at
        status = "complete" if report.is_complete else "incomplete"
        connection.execute("UPDATE runs SET finished_at = ?, status = ?, rule_set_hash = ?, data_hash = ? WHERE id = ?",
                           (_now(), status, _hash_rules(rule_set), _hash_data(connection), report.run_id))
    return report


def _wanted(known: list[KnownFinding]) -> dict[str, list[str]]:
    """For each rule the record keys whose outcome a known finding asks for."""
    wanted: dict[str, list[str]] = {}
    for item in known:
        for found in item.found_by:
            if found.rule is not None and found.record is not None:
                wanted.setdefault(found.rule, []).append(found.record)
    return wanted


def _run_rule(connection: sqlite3.Connection, dictionary: Dictionary, rule_set: RuleSet, sql: engine.RuleSql, report: RunReport,
              old_hashes: dict[str, str], wanted: list[str], outcomes_of_known: dict[tuple[str, str], tuple[str, tuple[str, ...]]],
              seconds: float) -> None:
    rule = sql.rule
    engine.evaluate(connection, sql, dictionary, seconds, chain(wanted, standing_keys(connection, rule)))
    with sql.timed("count"):
        _tidy_reasons(connection)
        _count(connection, rule, report)
    for key in wanted:
        for item in engine.outcomes(connection, f"key = {_quoted(key)}"):
            outcomes_of_known[(rule.id, key)] = (item.outcome, item.reasons)
    is_reviewed = rule.file.status in REVIEWED_STATUSES
    fails, at = _fails(connection, dictionary, rule_set, sql), _now()
    while True:
        with sql.timed("evidence"):
            some = list(islice(fails, engine.DETAILED_AT_ONCE))
        if not some:
            break
        with sql.timed("write"):
            if is_reviewed:
                record_fails(connection, report.run_id, at, some)
                report.found.update((rule.id, fail.evidence.severity) for fail in some)
            else:
                note_trial(connection, some)
    if not is_reviewed:
        return
    with sql.timed("write"):
        connection.execute(f"INSERT INTO outcomes SELECT ?, ?, ?, key, outcome, reasons FROM temp.{engine.RESULT}"
                           " WHERE outcome IN ('fail', 'exempt', 'not_evaluated')", (report.run_id, rule.id, rule.checks))
        note_leaving(connection, report.run_id, rule, f"temp.{engine.RESULT}", rule_changed=old_hashes.get(rule.id) != rule.hash)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _fails(connection: sqlite3.Connection, dictionary: Dictionary, rule_set: RuleSet, sql: engine.RuleSql) -> Iterator[Fail]:
    """What fails the rule, in the order of record keys."""
    rule = sql.rule
    gatherer = Gatherer(rule, dictionary, rule_set.laws)
    for row in engine.details(connection, sql, dictionary, "outcome = 'fail'"):
        yield Fail(f"{rule.lineage}:{row['key']}", rule.id, rule.checks, row["key"], row["department"], gatherer.gather(row))


def _tidy_reasons(connection: sqlite3.Connection) -> None:
    """Say every reason once: two aggregates may stay open for the same one."""
    found = [row[0] for row in connection.execute(f"SELECT DISTINCT reasons FROM temp.{engine.RESULT} WHERE reasons LIKE '%|%'")]
    for text in found:
        once = "|".join(dict.fromkeys(text.split("|")))
        if once != text:
            connection.execute(f"UPDATE temp.{engine.RESULT} SET reasons = ? WHERE reasons = ?", (once, text))


def _count(connection: sqlite3.Connection, rule: Rule, report: RunReport) -> None:
    rows = connection.execute(
        f"SELECT department, outcome, reasons, assumed, SUM(records) FROM temp.{engine.RESULT} GROUP BY department, outcome, reasons, assumed")
    for department, outcome, reasons, assumed, number in rows:
        report.counts[(rule.id, department, outcome, "")] += number
        for reason in (reasons or "").split("|") if reasons else ():
            report.counts[(rule.id, department, outcome, reason.split(":")[0] if outcome == "exempt" else reason)] += number
        if assumed and outcome in ("pass", "fail"):
            report.counts[(rule.id, department, outcome, "assumed")] += number


def _close(connection: sqlite3.Connection, report: RunReport, old_hashes: dict[str, str]) -> None:
    """What only a complete run may do: let findings go, and put its outcomes in place of the last complete run's."""
    if not report.is_complete:
        connection.execute("DELETE FROM outcomes WHERE run_id = ?", (report.run_id,))
        # The next complete run compares with the rules of the last one.
        connection.executemany("UPDATE rules SET hash = ? WHERE id = ?", [(hash_, name) for name, hash_ in old_hashes.items()])
        return
    connection.execute("DELETE FROM outcomes WHERE run_id <> ?", (report.run_id,))
    _write_matches(connection, report)
    report.gone = let_go(connection, report.run_id, _now(), [rule for rule in report.rules.values() if rule.file.status in REVIEWED_STATUSES])


def _write_counts(connection: sqlite3.Connection, report: RunReport) -> None:
    connection.executemany("INSERT INTO outcome_counts (run_id, rule_id, department, outcome, reason, records) VALUES (?, ?, ?, ?, ?, ?)",
                           [(report.run_id, *key, number) for key, number in report.counts.items()])


def _match_known(known: list[KnownFinding], report: RunReport, outcomes_of_known: dict[tuple[str, str], tuple[str, tuple[str, ...]]]) -> None:
    """For every known finding and rule that would find it: what the rule says of that record in this run."""
    for item in known:
        for found in item.found_by:
            if found.rule is None or found.record is None or found.record_type is None:
                continue
            outcome, reasons = outcomes_of_known.get((found.rule, found.record), ("no_record", ()))
            if found.rule not in report.rules:
                outcome = "no_rule"
            elif found.rule in report.broken:
                outcome, reasons = "not_run", ()
            report.matched.append((item.id, found.rule, found.record_type, found.record, outcome, reasons))


def _write_matches(connection: sqlite3.Connection, report: RunReport) -> None:
    connection.execute("DELETE FROM known_matches")
    for known_id, rule, record_type, record, outcome, reasons in report.matched:
        finding = f"{report.rules[rule].lineage}:{record}" if outcome == "fail" else None
        connection.execute("INSERT INTO known_matches (known_id, rule_id, record_type, record_key, outcome, reasons, finding_id) VALUES (?, ?, ?, ?, ?, ?, ?)",
                           (known_id, rule, record_type, record, outcome, "|".join(reasons) or None, finding))


def _hash_rules(rule_set: RuleSet) -> str:
    return hashlib.sha256("".join(rule.hash for rule in rule_set.rules.values()).encode()).hexdigest()[:16]


def _hash_data(connection: sqlite3.Connection) -> str:
    sources = connection.execute("SELECT id, sha256 FROM sources ORDER BY id").fetchall()
    return hashlib.sha256(repr(sources).encode()).hexdigest()[:16]


def _now() -> str:
    return datetime.datetime.now().astimezone().isoformat(timespec="seconds")
