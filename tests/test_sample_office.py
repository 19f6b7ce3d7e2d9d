"""The invented office of `sample/office-2024`: its workbook loads by its mapping, and the rules find what is planted."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import openpyxl
import pytest

import checks
import ingest
from command_line import run_commands
from tests import sample_office
from tests.sample_office_workbook import HIDDEN, ODD_DATES, WRONG_SUBTOTAL, write_workbook

FOLDER = sample_office.FILE.parent
_CONTRACT = re.compile(r"(?:QHC?2024-|^2411)(\d{3})")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory) -> Path:
    """The ledger loaded and one run of all rules."""
    file = tmp_path_factory.mktemp("office") / "kb.db"
    assert run_commands(ingest.commands, ["records", str(sample_office.FILE), "--db", str(file)]) == 0
    assert run_commands(checks.commands, ["run", "--db", str(file), "--as-of", "2025-01-31"]) == 0
    return file


def ask(file: Path, sql: str, *values: object) -> list[tuple]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(sql, values).fetchall()


def cells(path: Path) -> dict:
    book = openpyxl.load_workbook(path)
    return {(sheet.title, cell.coordinate): (cell.value, cell.number_format) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None}


def test_the_workbook_is_the_one_that_is_generated(tmp_path) -> None:
    write_workbook(sample_office.office(), tmp_path / "ledger.xlsx")
    assert cells(tmp_path / "ledger.xlsx") == cells(sample_office.FILE), "python -m tests.sample_office"


def test_every_row_is_loaded(loaded) -> None:
    office = sample_office.office()
    expected = {
        "contract": len(office), "acceptance": len(office),
        "tender": sum(one.tender is not None for one in office), "award": sum(one.award_notice_on is not None for one in office),
        "quote": sum(len(one.quotes) for one in office), "payment": sum(len(one.payments) for one in office),
        "invoice": sum(len(one.invoices) for one in office), "settlement": sum(one.settlement_submitted_on is not None for one in office),
        "retention": sum(one.withheld_rate is not None for one in office),
    }
    assert {name: ask(loaded, f'SELECT COUNT(*) FROM "{name}"')[0][0] for name in expected} == expected


def test_values_are_those_of_the_papers(loaded) -> None:
    found = dict(ask(loaded, "SELECT number, amount || '/' || COALESCE(signed_on, '') || '/' || department || '/' || supplier FROM contract"))
    assert found == {one.number: f"{float(one.amount)}/{one.signed_on or ''}/{one.department}/{one.supplier}" for one in sample_office.office()}
    ends = dict(ask(loaded, "SELECT number, ends_on FROM contract"))
    assert all(ends[one.number] == (None if one.number in ODD_DATES else one.ends_on.isoformat()) for one in sample_office.office())


def test_the_rules_find_what_is_planted_and_nothing_else(loaded) -> None:
    found: dict[str, set[str]] = {}
    for rule, key in ask(loaded, "SELECT rule_id, record_key FROM findings WHERE origin = 'rule'"):
        place = _CONTRACT.search(key)
        assert place is not None, key
        found.setdefault(f"QH2024-{place[1]}", set()).add(rule)
    assert found == {number: set(rules) for number, rules in sample_office.PLANTED.items()}
    assert len({rule for rules in sample_office.PLANTED.values() for rule in rules}) >= 15


def test_the_readme_tells_what_is_planted() -> None:
    rows = re.findall(r"^\| (QH2024-\d{3}) \| ([A-Z0-9 -]+) \|", (FOLDER / "README.md").read_text("utf-8"), re.MULTILINE)
    assert {number: tuple(rules.split()) for number, rules in rows} == sample_office.PLANTED


def test_what_a_person_must_look_at_is_listed(loaded, capsys) -> None:
    capsys.readouterr()
    assert run_commands(ingest.commands, ["problems", "--db", str(loaded), "--all", "--format", "csv", "--lang", "zh"]) == 0
    said = capsys.readouterr().out
    assert all(number in said and text in said for number, text in ODD_DATES.items())
    assert "588.45" in said and "587.45" in said, f"the subtotal of {WRONG_SUBTOTAL} is one too high"
    assert "隐藏的行，已照常读入：64" in said, f"the row of {HIDDEN} is hidden"
