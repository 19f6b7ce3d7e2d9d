"""A small knowledge base with two rules over contracts, for tests of runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from auditkb.database import create_tables, fill_working_calendar, open_database, writer
from auditkb.dictionary import Dictionary, load_dictionary
from auditkb.findings import Classes, KnownFinding, load_classes
from auditkb.records import insert_statement
from auditkb.rules.load import RuleSet, load_rules
from auditkb.run_findings import found, gone
from auditkb.runs import RunReport, run_rules

ROOT = Path(__file__).resolve().parents[1]
DICTIONARY: Dictionary = load_dictionary(ROOT / "records")
CLASSES: Classes = load_classes(ROOT / "findings" / "classes.yml")
AS_OF = "2026-11-22"
LAWS = "contract-law-1999:\n  title: {zh: 中华人民共和国合同法, en: Contract Law}\n  articles: {'32': {verified: true}}\n"
EARLY = """\
id: TT-001
title: {zh: 先履行后签合同, en: Performance starts before signing}
status: active
approved: {by: 审计科, on: 2026-11-22}
severity: medium
category: contract/date-order
checks: contract
rationale: {zh: 应先签合同。, en: A contract is signed first.}
parameters:
  grace_days: {default: 0, unit: days}
applies_when: not is_framework
let:
  days_early: days_between(starts_on, signed_on)
fails_when: days_early > :grace_days
exempt_by: [ratified]
message: {zh: "早{days_early}天", en: "{days_early} days early"}
evidence: [number, starts_on, signed_on]
amount: amount
examples: []
"""
LARGE = EARLY.replace("TT-001", "TT-002").replace("grace_days: {default: 0, unit: days}", "limit: {default: 1000, unit: yuan}").replace(
    "let:\n  days_early: days_between(starts_on, signed_on)\n", "").replace("days_early > :grace_days", "amount > :limit").replace(
    "早{days_early}天", "{amount}").replace("{days_early} days early", "{amount}")


class World:
    """A database, a folder of rules, and runs over them."""

    def __init__(self, folder: Path):
        self.folder = folder
        (folder / "rules" / "tt").mkdir(parents=True)
        (folder / "rules" / "laws.yml").write_text(LAWS, "utf-8")
        self.rule(EARLY)
        self.rule(LARGE)
        self.database = open_database(folder / "kb.db")
        self.known: list[KnownFinding] = []

    def rule(self, text: str) -> None:
        (self.folder / "rules" / "tt" / f"{text[4:10]}-x.yml").write_text(text, "utf-8")

    def rules(self) -> RuleSet:
        return load_rules(self.folder / "rules", DICTIONARY)

    def add(self, record_type: str, key: str, **values: Any) -> None:
        row = {"key": key, "_covered": "", **values}
        self.database.execute(insert_statement(record_type, row), list(row.values()))

    def contract(self, key: str, starts_on: str | None, signed_on: str | None, **values: Any) -> None:
        self.add("contract", key, **{"number": key, "starts_on": starts_on, "signed_on": signed_on, "is_framework": 0, "amount": 500.0, **values})

    def change(self, key: str, **values: Any) -> None:
        sets = ", ".join(f'"{name}" = ?' for name in values)
        self.database.execute(f"UPDATE contract SET {sets} WHERE key = ?", [*values.values(), key])

    def run(self, **options: float) -> RunReport:
        return run_rules(self.database, DICTIONARY, self.rules(), self.known, CLASSES, as_of=AS_OF, **options)

    def found(self, report: RunReport) -> list[tuple[str, str]]:
        return [(item.id, item.state) for item in found(self.database, report)]

    def run_and_gone(self) -> list[tuple[str, str]]:
        return list(gone(self.database, self.run()))

    def finding(self, name: str) -> dict[str, Any]:
        cursor = self.database.execute("SELECT * FROM findings WHERE id = ?", (name,))
        return dict(zip([column[0] for column in cursor.description], cursor.fetchone(), strict=True))

    def events(self, name: str) -> list[tuple[Any, ...]]:
        return self.database.execute("SELECT run_id, event, reason FROM finding_events WHERE finding_id = ? ORDER BY id", (name,)).fetchall()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.database.execute(sql).fetchall()


@cache
def _empty() -> bytes:
    """An empty knowledge base, made once."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "kb.db"
        with closing(open_database(file, create=True)) as database:
            create_tables(database, DICTIONARY)
            with writer(database):
                fill_working_calendar(database)
        return file.read_bytes()


@contextmanager
def a_world(folder: Path) -> Iterator[World]:
    """A world with a contract that was performed too early and one that was not."""
    (folder / "kb.db").write_bytes(_empty())
    made = World(folder)
    made.contract("A", "2019-05-15", "2019-05-20")
    made.contract("B", "2019-05-20", "2019-05-20")
    with closing(made.database):
        yield made
