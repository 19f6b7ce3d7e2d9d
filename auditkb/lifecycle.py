"""Findings over time: what a new run makes of the findings that are there. Nothing is overwritten in silence.

Identity is the rule's lineage, the record type and the record's key; the evidence hash stands apart. A finding that no
longer fails says why; only `resolved_in_data` is progress, and even that closes nothing by itself.

What a run finds is written as it comes, some findings at a time; none of it is held.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from auditkb.evidence import Evidence
from auditkb.rules.checked import Rule

TO_VERIFY, CONFIRMED = "待核实", "已确认"
SEVERITY_RANK = {"high": 1, "medium": 2, "low": 3, "info": 4}
NO_SEVERITY = 5
"""Findings are sorted by rank: the words of severities have no useful order."""
LEAVING, TRIAL = "auditkb_leaving", "auditkb_trial"
_LINEAGE = "substr(id, 1, instr(id, ':') - 1)"
_AT_EACH_FAIL = "department severity state amount presumed legal_conflict message_zh message_en evidence evidence_hash last_run _severity_rank".split()
_AT_THE_FIRST = "id origin rule_id record_type record_key review first_run".split()


@dataclass(frozen=True)
class Fail:
    """One record that fails one rule in this run."""

    finding_id: str
    rule_id: str
    record_type: str
    record_key: str
    department: str | None
    evidence: Evidence


def open_notes(connection: sqlite3.Connection) -> None:
    """Empty the temporary tables of a run: findings that no longer fail, and fails of rules on trial, which are no findings."""
    for name, columns in ((LEAVING, "finding_id TEXT, reason TEXT"), (TRIAL, "finding_id TEXT, rule_id TEXT, record_key TEXT, message_zh TEXT, message_en TEXT")):
        connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS {name} (id INTEGER PRIMARY KEY, {columns})")
        connection.execute(f"DELETE FROM temp.{name}")


def ids_of(rule: Rule) -> tuple[str, str]:
    """Where the ids of the findings of a rule's lineage begin, and where they have ended: ';' follows ':'."""
    return f"{rule.lineage}:", f"{rule.lineage};"


def standing_keys(connection: sqlite3.Connection, rule: Rule) -> Iterator[str]:
    """The record keys of the rule's findings that are not gone."""
    sql, values = _standing(rule, "record_key")
    return (key for (key,) in connection.execute(sql, values))


def _standing(rule: Rule, columns: str) -> tuple[str, list[object]]:
    """The rule's findings that are not gone: those of its lineage, and those that it made under an id of its own before it had one."""
    return (f"SELECT {columns} FROM findings AS f WHERE origin = 'rule' AND state <> 'gone' AND (id >= ? AND id < ? OR rule_id IN (?, ?))",
            [*ids_of(rule), rule.id, rule.lineage])


_CORRECTED = "EXISTS (SELECT 1 FROM record_changes AS c WHERE c.record_type = f.record_type AND c.change = 'rekeyed' AND c.old = f.record_key)"


def record_fails(connection: sqlite3.Connection, run_id: int, at: str, fails: Sequence[Fail]) -> None:
    """Write fails of one rule as new, unchanged, updated or reopened findings."""
    listed = ",".join("?" * len(fails))
    before = {row[0]: row[1:] for row in connection.execute(
        f"SELECT id, state, evidence_hash FROM findings WHERE origin = 'rule' AND id IN ({listed})", [fail.finding_id for fail in fails])}
    added, changed, events = [], [], []
    for fail in fails:
        state, hash_ = before.get(fail.finding_id, (None, None))
        new = _state(state, is_same=hash_ == fail.evidence.hash)
        values = _columns(fail, new, run_id)
        if state is None:
            added.append((fail.finding_id, "rule", fail.rule_id, fail.record_type, fail.record_key, TO_VERIFY, run_id, *values))
        else:
            changed.append((*values, fail.finding_id))
        if new != "unchanged":
            detail = _corrected_from(connection, fail) if state is None else f"{hash_} -> {fail.evidence.hash}"
            events.append((fail.finding_id, run_id, at, new, None, detail))
    columns = [*_AT_THE_FIRST, *_AT_EACH_FAIL]
    connection.executemany(f"INSERT INTO findings ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})", added)
    connection.executemany(f"UPDATE findings SET {', '.join(f'{name} = ?' for name in _AT_EACH_FAIL)} WHERE id = ?", changed)
    connection.executemany("INSERT INTO finding_events (finding_id, run_id, at, event, reason, detail) VALUES (?, ?, ?, ?, ?, ?)", events)


def _state(before: str | None, *, is_same: bool) -> str:
    """What a finding is now that its record fails; `before`: what it was, None where there is none yet."""
    if before is None:
        return "new"
    if before == "gone":
        return "reopened"
    return "unchanged" if is_same else "updated"


def _columns(fail: Fail, state: str, run_id: int) -> tuple[object, ...]:
    """The values of `_AT_EACH_FAIL`."""
    evidence = fail.evidence
    return (fail.department, evidence.severity, state, evidence.amount, int(evidence.presumed), int(evidence.conflict), evidence.message.zh, evidence.message.en,
            json.dumps(evidence.data, ensure_ascii=False), evidence.hash, run_id, SEVERITY_RANK[evidence.severity])


def _corrected_from(connection: sqlite3.Connection, fail: Fail) -> str | None:
    """The finding that this one carries on: that of the same row of a source before a correction gave it another key."""
    row = connection.execute("SELECT old FROM record_changes WHERE record_type = ? AND key = ? AND change = 'rekeyed' ORDER BY id DESC LIMIT 1",
                             (fail.record_type, fail.record_key)).fetchone()
    old = f"{fail.finding_id.removesuffix(fail.record_key)}{row[0]}" if row is not None else None
    return old if old is not None and connection.execute("SELECT 1 FROM findings WHERE id = ?", (old,)).fetchone() is not None else None


def note_trial(connection: sqlite3.Connection, fails: Sequence[Fail]) -> None:
    """Note fails of a rule on trial, to be listed apart."""
    connection.executemany(f"INSERT INTO temp.{TRIAL} (finding_id, rule_id, record_key, message_zh, message_en) VALUES (?, ?, ?, ?, ?)",
                           [(fail.finding_id, fail.rule_id, fail.record_key, fail.evidence.message.zh, fail.evidence.message.en) for fail in fails])


def note_leaving(connection: sqlite3.Connection, run_id: int, rule: Rule, outcomes: str, *, rule_changed: bool) -> None:
    """Note the rule's findings that this run did not find again, and why; they go only if the run is complete.

    `outcomes` is the table with what the rule now says of each of their records.
    """
    sql, values = _standing(rule, f"id, (SELECT outcome FROM {outcomes} WHERE key = f.record_key), {_CORRECTED}")
    rows = connection.execute(f"{sql} AND last_run IS NOT ? ORDER BY rule_id, rowid", [*values, run_id])
    connection.executemany(f"INSERT INTO temp.{LEAVING} (finding_id, reason) VALUES (?, ?)",
                           ((name, gone_reason(outcome, rule_changed=rule_changed, corrected=bool(corrected))) for name, outcome, corrected in rows))


def gone_reason(outcome: str | None, *, rule_changed: bool, corrected: bool = False) -> str:
    """Why a finding no longer fails. `outcome` is what the rule now says of the record, None where the record is no longer there; `corrected`: it has another key now."""
    if outcome is None:
        return "record_corrected" if corrected else "record_removed"
    if outcome == "exempt":
        return "waived"
    if outcome in ("not_applicable", "not_evaluated"):
        return outcome
    return "rule_changed" if rule_changed else "resolved_in_data"


def let_go(connection: sqlite3.Connection, run_id: int, at: str, rules: Collection[Rule]) -> int:
    """Let the findings go that no longer fail, and those of rules that are not run any more; gives how many.

    `rules` are those whose fails are findings.
    """
    ids = sorted({rule.id for rule in rules} | {rule.lineage for rule in rules})
    lineages = sorted({rule.lineage for rule in rules})
    connection.execute(f"INSERT INTO temp.{LEAVING} (finding_id, reason) SELECT id, 'rule_changed' FROM findings WHERE origin = 'rule' AND state <> 'gone'"
                       f" AND rule_id NOT IN ({','.join('?' * len(ids))}) AND {_LINEAGE} NOT IN ({','.join('?' * len(lineages))}) ORDER BY rowid", [*ids, *lineages])
    connection.execute(f"UPDATE findings SET state = 'gone' WHERE id IN (SELECT finding_id FROM temp.{LEAVING})")
    return connection.execute("INSERT INTO finding_events (finding_id, run_id, at, event, reason)"
                              f" SELECT finding_id, ?, ?, 'gone', reason FROM temp.{LEAVING} ORDER BY id", (run_id, at)).rowcount
