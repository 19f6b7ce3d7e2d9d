"""What a run found, read back from kb.db in the order in which it was found: a report of a run holds numbers only."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from auditkb.errors import Text, fail
from auditkb.lifecycle import TRIAL, ids_of
from auditkb.runs import RunReport

_COLUMNS = ("id", "record_key", "department", "severity", "state", "amount", "presumed", "legal_conflict", "message_zh", "message_en", "evidence")


@dataclass(frozen=True)
class Found:
    """A finding of a run, as it is listed."""

    id: str
    rule_id: str
    record_type: str
    record_key: str
    department: str | None
    severity: str
    state: str
    amount: float | None
    presumed: bool
    legal_conflict: bool
    message: Text
    evidence: str
    """JSON, as it is stored."""

    @property
    def data(self) -> dict[str, Any]:
        """The evidence."""
        data: dict[str, Any] = json.loads(self.evidence)
        return data


@contextmanager
def as_left(connection: sqlite3.Connection, report: RunReport) -> Iterator[None]:
    """Read what the run left, all of it in one state. Raises KnowledgeBaseError if somebody has written since."""
    connection.execute("BEGIN")
    try:
        there = connection.execute("SELECT COUNT(*) FROM findings WHERE last_run = ? AND origin = 'rule'", (report.run_id,)).fetchone()[0]
        if there != report.found.total():
            raise fail(f"第 {report.run_id} 批已完成并保存，但随后另有程序写入了数据库，无法按当时的样子列出；请重新运行",
                       f"run {report.run_id} is done and kept, but somebody has written to the database since, so it cannot be listed as it was; run again")
        yield
    finally:
        connection.execute("COMMIT")


def found(connection: sqlite3.Connection, report: RunReport, severity: str | None = None) -> Iterator[Found]:
    """The findings of the run, of one severity or of all, rule by rule and by the keys of records."""
    wanted = "" if severity is None else " AND severity = ?"
    # By id, which is in order already: the index of the runs would have every finding of the run sorted first.
    query = f"SELECT {', '.join(_COLUMNS)} FROM findings WHERE id >= ? AND id < ? AND +last_run = ? AND origin = 'rule'{wanted} ORDER BY id"
    rules = dict.fromkeys(rule for rule, of in report.found if severity in (None, of))
    for rule in (report.rules[name] for name in rules):
        values = [*ids_of(rule), report.run_id, *([] if severity is None else [severity])]
        for name, key, department, of, state, amount, presumed, conflict, zh, en, evidence in connection.execute(query, values):
            yield Found(name, rule.id, rule.checks, key, department, of, state, amount, bool(presumed), bool(conflict), Text(zh, en), evidence)


def gone(connection: sqlite3.Connection, report: RunReport) -> Iterator[tuple[str, str]]:
    """The findings that the run let go, and why."""
    yield from connection.execute("SELECT finding_id, reason FROM finding_events WHERE run_id = ? AND event = 'gone' ORDER BY id", (report.run_id,))


def on_trial(connection: sqlite3.Connection) -> Iterator[tuple[str, str, str, Text]]:
    """What fails rules on trial in the last run of this connection: id, rule, record, message."""
    for name, rule, key, zh, en in connection.execute(f"SELECT finding_id, rule_id, record_key, message_zh, message_en FROM temp.{TRIAL} ORDER BY id"):
        yield name, rule, key, Text(zh, en)
