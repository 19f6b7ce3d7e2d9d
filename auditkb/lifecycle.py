"""Findings over time: what a new run makes of the findings that are there. Nothing is overwritten in silence.

Identity is the rule's lineage, the record type and the record's key; the evidence hash stands apart. A finding that no
longer fails says why; only `resolved_in_data` is progress, and even that closes nothing by itself.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from auditkb.evidence import Evidence

TO_VERIFY, CONFIRMED = "待核实", "已确认"
SEVERITY_RANK = {"high": 1, "medium": 2, "low": 3, "info": 4}
NO_SEVERITY = 5
"""Findings are sorted by rank: the words of severities have no useful order."""


@dataclass(frozen=True)
class Fail:
    """One record that fails one rule in this run."""

    finding_id: str
    rule_id: str
    record_type: str
    record_key: str
    department: str | None
    evidence: Evidence


@dataclass(frozen=True)
class Kept:
    """A finding as the last run left it."""

    id: str
    rule_id: str
    record_type: str
    record_key: str
    state: str
    evidence_hash: str


def kept_findings(connection: sqlite3.Connection, rule_ids: list[str] | None = None) -> dict[str, Kept]:
    """The findings of origin `rule` by id, of all rules or of those given."""
    where = "" if rule_ids is None else f" AND rule_id IN ({','.join('?' * len(rule_ids))})"
    rows = connection.execute("SELECT id, rule_id, record_type, record_key, state, evidence_hash FROM findings WHERE origin = 'rule'" + where, rule_ids or [])
    return {row[0]: Kept(*row) for row in rows}


def record_fail(connection: sqlite3.Connection, run_id: int, at: str, fail: Fail, before: Kept | None) -> str:
    """Write a fail as a new, unchanged, updated or reopened finding; gives that state."""
    evidence = fail.evidence
    if before is None:
        state = "new"
    elif before.state == "gone":
        state = "reopened"
    else:
        state = "unchanged" if before.evidence_hash == evidence.hash else "updated"
    columns = {
        "department": fail.department, "severity": evidence.severity, "state": state, "amount": evidence.amount,
        "presumed": int(evidence.presumed), "legal_conflict": int(evidence.conflict), "message_zh": evidence.message.zh,
        "message_en": evidence.message.en, "evidence": json.dumps(evidence.data, ensure_ascii=False),
        "evidence_hash": evidence.hash, "last_run": run_id, "_severity_rank": SEVERITY_RANK[evidence.severity],
    }
    if before is None:
        columns |= {"id": fail.finding_id, "origin": "rule", "rule_id": fail.rule_id, "record_type": fail.record_type,
                    "record_key": fail.record_key, "review": TO_VERIFY, "first_run": run_id}
        connection.execute(f"INSERT INTO findings ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})", list(columns.values()))
    else:
        sets = ", ".join(f"{name} = ?" for name in columns)
        connection.execute(f"UPDATE findings SET {sets} WHERE id = ?", [*columns.values(), fail.finding_id])
    if state != "unchanged":
        detail = _corrected_from(connection, fail) if before is None else f"{before.evidence_hash} -> {evidence.hash}"
        add_event(connection, fail.finding_id, run_id, at, state, None, detail)
    return state


def _corrected_from(connection: sqlite3.Connection, fail: Fail) -> str | None:
    """The finding that this one carries on: that of the same row of a source before a correction gave it another key."""
    row = connection.execute("SELECT old FROM record_changes WHERE record_type = ? AND key = ? AND change = 'rekeyed' ORDER BY id DESC LIMIT 1",
                             (fail.record_type, fail.record_key)).fetchone()
    old = f"{fail.finding_id.removesuffix(fail.record_key)}{row[0]}" if row is not None else None
    return old if old is not None and connection.execute("SELECT 1 FROM findings WHERE id = ?", (old,)).fetchone() is not None else None


def gone_reason(outcome: str | None, *, rule_changed: bool) -> str:
    """Why a finding no longer fails. `outcome` is what the rule now says of the record, None where the record is no longer there."""
    if outcome is None:
        return "record_removed"
    if outcome == "exempt":
        return "waived"
    if outcome in ("not_applicable", "not_evaluated"):
        return outcome
    return "rule_changed" if rule_changed else "resolved_in_data"


def record_gone(connection: sqlite3.Connection, run_id: int, at: str, before: Kept, reason: str) -> None:
    """Note that a finding no longer fails, and why."""
    connection.execute("UPDATE findings SET state = 'gone' WHERE id = ?", (before.id,))
    add_event(connection, before.id, run_id, at, "gone", reason, None)


def add_event(connection: sqlite3.Connection, finding_id: str, run_id: int, at: str, event: str, reason: str | None, detail: str | None) -> None:
    """Append one event to a finding's history."""
    connection.execute("INSERT INTO finding_events (finding_id, run_id, at, event, reason, detail) VALUES (?, ?, ?, ?, ?, ?)",
                       (finding_id, run_id, at, event, reason, detail))
