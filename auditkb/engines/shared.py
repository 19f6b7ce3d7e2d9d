"""What the rules of a run share: rows below records gathered once, and each record read once for many rules.

A statement for many rules that breaks or takes too long is given up: its rules then run alone, so that each fault is told
of the rule that has it.
"""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from auditkb.compiler.children import Children
from auditkb.compiler.column import AS_RECORDED, LAST_COUNTED, NOT_EVALUATED, WITH_STAND_INS
from auditkb.compiler.together import Together, decide_together
from auditkb.dictionary import Dictionary
from auditkb.engines.guard import ASKED, RESULT, guarded, selected
from auditkb.errors import KnowledgeBaseError
from auditkb.rules.checked import Rule

Passed = Counter[tuple[str | None, int]]
"""(department, code) -> records that pass or are not concerned."""
PASSED = {codes[outcome]: (outcome, assumed) for assumed, codes in enumerate((AS_RECORDED, WITH_STAND_INS)) for outcome in ("pass", "not_applicable")}
_OUTCOME = (f"CASE WHEN typeof({{0}}) = 'text' THEN CASE substr({{0}}, 1, 1) WHEN '{NOT_EVALUATED}' THEN 'not_evaluated' ELSE 'exempt' END"
            f" WHEN {{0}} > {LAST_COUNTED} THEN 'fail' WHEN {{0}} IN ({AS_RECORDED['pass']}, {WITH_STAND_INS['pass']}) THEN 'pass' ELSE 'not_applicable' END")
_ASSUMED = f"{{0}} IN ({', '.join(repr(code) for code in WITH_STAND_INS.values() if isinstance(code, int))}) OR substr({{0}}, 1, 1) = '{WITH_STAND_INS['exempt']}'"


@dataclass(frozen=True)
class Part:
    """Something that was done once for several rules."""

    step: str
    """`scan`: records of a type decided by these rules; `gather`: rows below records, or what else is looked up."""
    name: str
    rules: tuple[str, ...]
    seconds: float
    processor: float
    first: str
    """The rule at whose turn it was done."""


@dataclass
class Scan:
    """One statement for many rules, and the temporary table that it fills."""

    together: Together
    table: str
    left: set[str]
    """Rules that have not taken their outcomes yet."""
    passed: dict[str, Passed] = field(default_factory=dict)
    is_done: bool = False
    is_broken: bool = False


class Shared:
    """The shared parts of one run, each made when the first rule needs it."""

    def __init__(self, rules: list[Rule], dictionary: Dictionary, as_of: str):
        self.dictionary = dictionary
        self.children = Children(dictionary)
        self.parts: list[Part] = []
        """What was done so far, and how long it took."""
        self._made: set[str] = set()
        self._scans: dict[str, Scan] = {}
        for number, together in enumerate(decide_together(rules, dictionary, as_of, self.children)):
            ids = list(together.columns)
            scan = Scan(together, f"auditkb_scan_{number}", set(ids))
            self._scans |= dict.fromkeys(ids, scan)

    def decides(self, connection: sqlite3.Connection, rule_id: str, seconds: float | None) -> bool:
        """Whether the rule's outcomes can be taken from a statement for many rules, which runs now if it has not yet."""
        scan = self._scans.get(rule_id)
        if scan is None or scan.is_broken or rule_id not in scan.left:
            return False
        if not scan.is_done:
            try:
                self._gather(connection, scan, rule_id)
                with self._timed("scan", scan.together.record_type, scan, rule_id):
                    self._run(connection, scan, None if seconds is None else seconds * len(scan.left))
            except (KnowledgeBaseError, sqlite3.Error):
                scan.is_broken = True
                self._drop(connection, scan.table)
                return False
        return True

    def take(self, connection: sqlite3.Connection, rule_id: str, *, every: bool) -> None:
        """Put the rule's outcomes into the table of results: `every` one, or those that are listed one by one."""
        scan = self._scans[rule_id]
        column = f"c{list(scan.together.columns).index(rule_id)}"
        asked = f"key IN (SELECT key FROM temp.{ASKED})"
        which = f"{column} IS NOT NULL" if every else f"{column} > {LAST_COUNTED} OR ({column} IS NOT NULL AND {asked})"
        connection.execute(f"INSERT INTO temp.{RESULT} SELECT key, department, {_OUTCOME.format(column)}, CASE WHEN typeof({column}) = 'text' THEN substr({column}, 2) END,"
                           f" {_ASSUMED.format(column)}, 1 FROM temp.{scan.table} WHERE {which}")
        if not every:
            passed = scan.passed[rule_id].copy()
            passed.subtract({(department, code): records for department, code, records in connection.execute(
                f"SELECT department, {column}, COUNT(*) FROM temp.{scan.table} WHERE {column} <= {LAST_COUNTED} AND {asked} GROUP BY 1, 2")})
            add_passed(connection, {(department, *PASSED[code]): records for (department, code), records in passed.items() if records})
        scan.left.discard(rule_id)
        if not scan.left:
            self._drop(connection, scan.table)
        if not any(one.left for one in self._scans.values()):
            self.close(connection)

    def close(self, connection: sqlite3.Connection) -> None:
        """Take away what is left."""
        for table in (*self._made, *(scan.table for scan in self._scans.values())):
            self._drop(connection, table)
        self._made.clear()

    def _run(self, connection: sqlite3.Connection, scan: Scan, seconds: float | None) -> None:
        columns = [f"c{number}" for number in range(len(scan.together.columns))]
        self._drop(connection, scan.table)
        connection.execute(f"CREATE TEMP TABLE {scan.table} (key, department, {', '.join(columns)})")
        store = f"INSERT INTO temp.{scan.table} VALUES (?, ?{', ?' * len(columns)})"
        for rows in selected(connection, scan.together.select(), self.dictionary, seconds, self._made):
            connection.executemany(store, rows)
        scan.passed = {rule_id: Counter() for rule_id in scan.together.columns}
        places = [(column, passed, int(code)) for column, passed in zip(columns, scan.passed.values(), strict=True) for code in PASSED]
        counted = ", ".join(f"COUNT(CASE WHEN {column} = {code} THEN 1 END)" for column, _, code in places)
        for department, *numbers in connection.execute(f"SELECT department, {counted} FROM temp.{scan.table} GROUP BY department"):
            for (_, passed, code), records in zip(places, numbers, strict=True):
                passed[(department, code)] = records
        scan.is_done = True

    def _gather(self, connection: sqlite3.Connection, scan: Scan, rule_id: str) -> None:
        """Make the tables that a statement reads and that are not there yet."""
        statement = scan.together.select()
        for name, rows in self.children.all():
            if rows.table in self._made or f"temp.{rows.table} " not in statement:
                continue
            with self._timed("gather", name, scan, rule_id):
                self._drop(connection, rows.table)
                connection.execute(f"CREATE TEMP TABLE {rows.table} (p TEXT PRIMARY KEY{''.join(f', {column}' for column in rows.columns()[1:])}) WITHOUT ROWID")
                with guarded(connection, self.dictionary, fills=rows.table):
                    connection.execute(f"INSERT INTO temp.{rows.table} {rows.select()}")
            self._made.add(rows.table)

    @staticmethod
    def _drop(connection: sqlite3.Connection, table: str) -> None:
        connection.execute(f"DROP TABLE IF EXISTS temp.{table}")

    @contextmanager
    def _timed(self, step: str, name: str, scan: Scan, rule_id: str) -> Iterator[None]:
        started, processor = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            self.parts.append(Part(step, name, tuple(scan.together.columns), time.perf_counter() - started, time.process_time() - processor, rule_id))


def add_passed(connection: sqlite3.Connection, passed: dict[tuple[str | None, str, int], int]) -> None:
    """Enter how many records of a department pass or are not concerned: (department, outcome, assumed) -> records."""
    connection.executemany(
        f"INSERT INTO temp.{RESULT} VALUES (?, ?, ?, NULL, ?, ?) ON CONFLICT (key) DO UPDATE SET records = records + excluded.records",
        [(f"\x1f{outcome}{assumed}" + ("" if department is None else f"\x1f{department}"), department, outcome, assumed, records)
         for (department, outcome, assumed), records in passed.items()])
