"""What the loaded records allow to be checked, and which papers would allow more: every rule asked, nothing written.

A record is ready for a rule if the rule comes to an outcome for it, which means that all it needs stands on that same
record. Why it is not is what the rule itself gives as reasons; nothing is counted field by field and added up.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from auditkb.dictionary import Dictionary
from auditkb.engines import sqlite as engine
from auditkb.errors import Fault, KnowledgeBaseError, Text, counted
from auditkb.expressions.names import PEERS
from auditkb.outputs.rule_needs import needs_of
from auditkb.rules.checked import Rule
from auditkb.rules.load import RuleSet
from auditkb.schema import quote
from auditkb.wording import say_path

SECONDS_A_RULE = 600.0
_WANTED = "auditkb_wanted"

State = Literal["all", "some", "none", "no_records", "broken"]
Kind = Literal["value", "record", "papers"]
Progress = Callable[[str, int, int], None]

_ASKED: dict[str, Kind] = {"missing": "value", "illegible": "value", "unreadable": "value", "event_date_unknown": "value",
                           "no_related": "record", "source_not_loaded": "papers"}
"""Reasons that a paper may remedy; what is known to be blank, to be none or not to be required is not asked for."""


@dataclass
class RuleReadiness:
    """One rule: records of its type, how many come to an outcome, and the reasons of the others (reason -> records)."""

    rule: Rule
    records: int = 0
    ready: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    fault: Fault | None = None

    @property
    def state(self) -> State:
        """Whether it can check all, some or none of its records."""
        if self.fault is not None:
            return "broken"
        if not self.records:
            return "no_records"
        return "all" if self.ready == self.records else "some" if self.ready else "none"


@dataclass
class Readiness:
    """All rules that a run would run, in their order."""

    rules: list[RuleReadiness] = field(default_factory=list)

    def in_state(self, *states: State) -> list[RuleReadiness]:
        """The rules in one of these states."""
        return [item for item in self.rules if item.state in states]


@dataclass(frozen=True)
class Need:
    """One field that a rule rests on: of how many records of its type it is recorded, and of how many there are."""

    record_type: str
    name: str | None
    """None: the records themselves, to be wholly loaded."""
    recorded: int
    records: int


@dataclass(frozen=True)
class Wanted:
    """One thing to ask a department for: a value, a record that is named but not there, or all papers of a type."""

    department: str | None
    record_type: str
    """The type of the records that wait for it."""
    kind: Kind
    path: str
    """From the waiting record to what is missing: `signed_on`, `tender.docs_issued_on`, `quote`."""
    keys: int
    rules: tuple[str, ...]
    loaded: int = 0
    """Of papers: how many records of that type are loaded for the department or years, from sources not declared complete."""

    def what(self, dictionary: Dictionary) -> Text:
        """What is asked for, in words."""
        if self.kind == "papers":
            label = dictionary[self.path].label
            if self.loaded:
                return Text(f"{label.zh}：核对是否齐全", f"{label.en}: check whether all are there")
            return Text(f"{label.zh}：全部资料", f"{label.en}: all papers")
        label_ = say_path(self.path, dictionary, self.record_type)
        if self.kind == "record":
            return Text(f"{label_.zh}：所指的记录", f"{label_.en}: the record that is named")
        return label_

    @property
    def remark(self) -> Text | None:
        """What is there already, and what to do about it."""
        if not self.loaded:
            return None
        return Text(f"已读入 {self.loaded} 条，未声明齐全：请核对并在对应文件 coverage 中声明",
                    f"{counted(self.loaded, 'record is', 'records are')} loaded, not declared complete: check them and say so in the mapping file, under coverage")


def assess(connection: sqlite3.Connection, dictionary: Dictionary, rule_set: RuleSet, *, as_of: str, rule_ids: list[str] | None = None,
           progress: Progress | None = None) -> Readiness:
    """Ask every rule that a run would run, or those named. What is wanted stays in a temporary table for `wanted`."""
    engine.open_result(connection)
    connection.execute(f"DROP TABLE IF EXISTS temp.{_WANTED}")
    connection.execute(f"CREATE TEMP TABLE {_WANTED} (department TEXT, record_type TEXT, kind TEXT, path TEXT, key TEXT, rule TEXT)")
    found = Readiness()
    rules = [rule for rule in rule_set.rules.values() if rule.file.status in ("active", "trial") and (not rule_ids or rule.id in rule_ids)]
    for number, rule in enumerate(rules, 1):
        if progress is not None:
            progress(rule.id, number, len(rules))
        found.rules.append(_ask(connection, dictionary, rule, as_of))
    _give_to_owners(connection, dictionary)
    return found


def _give_to_owners(connection: sqlite3.Connection, dictionary: Dictionary) -> None:
    """A value that is missing on a record above (a payment's contract's signing date) is asked for once, as that record's own."""
    for record_type, path in connection.execute(f"SELECT DISTINCT record_type, path FROM temp.{_WANTED} WHERE kind = 'value'").fetchall():
        owner, steps = record_type, path.split(".")
        joins, key = "", "w.key"
        for number, step in enumerate(steps[:-1]):
            entry = dictionary[owner].fields.get(step)
            if entry is None or not entry.is_reference:
                break
            joins += f" JOIN {quote(owner)} AS r{number} ON r{number}.key = {key}"
            owner, key = entry.type, f"r{number}.{quote(step)}"
        else:
            if joins:
                chosen = f"FROM temp.{_WANTED} AS w{joins} JOIN {quote(owner)} AS o ON o.key = {key} WHERE w.record_type = ? AND w.kind = 'value' AND w.path = ?"
                connection.execute(f"INSERT INTO temp.{_WANTED} SELECT COALESCE(o._department, w.department), ?, 'value', ?, o.key, w.rule {chosen}",
                                   (owner, steps[-1], record_type, path))
                connection.execute(f"DELETE FROM temp.{_WANTED} WHERE record_type = ? AND kind = 'value' AND path = ?", (record_type, path))


def _ask(connection: sqlite3.Connection, dictionary: Dictionary, rule: Rule, as_of: str) -> RuleReadiness:
    found = RuleReadiness(rule)
    try:
        engine.evaluate(connection, engine.prepare(rule, dictionary, as_of), dictionary, SECONDS_A_RULE)
    except KnowledgeBaseError as error:
        found.fault = error.faults[0]
        return found
    found.records, found.ready = connection.execute(
        f"SELECT COUNT(*), COALESCE(SUM(outcome <> 'not_evaluated'), 0) FROM temp.{engine.RESULT}").fetchone()
    connection.executemany(f"INSERT INTO temp.{_WANTED} VALUES (?, ?, ?, ?, ?, ?)", _wanted_rows(connection, rule, found))
    return found


def _wanted_rows(connection: sqlite3.Connection, rule: Rule, found: RuleReadiness) -> Iterator[tuple[str | None, str, str, str, str, str]]:
    """One row for each undecided record and reason that a paper may remedy; counts every reason on the way."""
    for item in engine.outcomes(connection, "outcome = 'not_evaluated'"):
        found.reasons.update(item.reasons)
        for reason in item.reasons:
            word, _, path = reason.partition(":")
            if word == "event_date_unknown":
                path = rule.event_date[0].path if rule.event_date else ""
            # What a peer lacks is asked for as that record's own.
            if word in _ASKED and path and path.partition(".")[0] not in PEERS:
                yield item.department, rule.checks, _ASKED[word], path, item.key, rule.id


def needs(connection: sqlite3.Connection, dictionary: Dictionary, rule: Rule) -> list[Need]:
    """Every field that a rule rests on, with how many records have it; records that must be wholly loaded come last."""
    asked = needs_of(rule, dictionary)
    found: list[Need] = []
    for name, fields in asked.fields.items():
        columns = ", ".join(f"COUNT({quote(column)})" for column in fields)
        whole, *counts = connection.execute(f"SELECT COUNT(*), {columns} FROM {quote(name)}").fetchone()
        found += [Need(name, column, number, whole) for column, number in zip(fields, counts, strict=True)]
    for name in asked.loaded:
        # Of the records that the rule checks, those for which all records of the other type are loaded.
        whole, covered = connection.execute(
            f"SELECT COUNT(*), COALESCE(SUM(instr(_covered, ?) > 0), 0) FROM {quote(rule.checks)}", (f"|{name}|",)).fetchone()
        found.append(Need(name, None, covered, whole))
    return found


def wanted(connection: sqlite3.Connection, dictionary: Dictionary) -> list[Wanted]:
    """What to ask each department for: by record type, the most wanted first. Call `assess` before."""
    order = {name: number for number, name in enumerate(dictionary.types)}
    rows = connection.execute(
        f"SELECT department, record_type, kind, path, COUNT(DISTINCT key), group_concat(DISTINCT rule) FROM temp.{_WANTED}"
        " GROUP BY department, record_type, kind, path")
    found = [Wanted(department, record_type, kind, path, keys, tuple(sorted(rules.split(","))),
                    _loaded(connection, department, record_type, path) if kind == "papers" and path in dictionary else 0) for department, record_type, kind, path, keys, rules in rows]
    return sorted(found, key=lambda item: (item.department is None, item.department or "", order[item.record_type], item.kind == "papers", -item.keys, item.path))


def _loaded(connection: sqlite3.Connection, department: str | None, record_type: str, path: str) -> int:
    """Records of a type that are loaded for a department, or for the years of the records that wait for its papers."""
    years = f"SELECT r._year FROM {quote(record_type)} AS r JOIN temp.{_WANTED} AS w ON w.key = r.key WHERE w.record_type = ? AND w.kind = 'papers' AND w.path = ? AND w.department IS ?"
    (count,) = connection.execute(f"SELECT COUNT(*) FROM {quote(path)} WHERE _department = ? OR _year IN ({years})", (department, record_type, path, department)).fetchone()
    return int(count)


def waiting(connection: sqlite3.Connection, item: Wanted, dictionary: Dictionary, most: int = -1) -> list[tuple[str, str]]:
    """Key and name of the records that wait for something, in key order; at most `most` (-1: all)."""
    label = quote(dictionary[item.record_type].label_field)
    rows = connection.execute(
        f"SELECT DISTINCT w.key, r.{label} FROM temp.{_WANTED} AS w LEFT JOIN {quote(item.record_type)} AS r ON r.key = w.key"
        " WHERE w.department IS ? AND w.record_type = ? AND w.kind = ? AND w.path = ? ORDER BY w.key LIMIT ?",
        (item.department, item.record_type, item.kind, item.path, most))
    return [(key, "" if text is None else str(text)) for key, text in rows]
