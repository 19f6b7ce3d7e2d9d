"""A real register of 202 purchases, in Albanian, read by a mapping file: every row is there, and the counts are those counted by hand."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

import checks
import ingest

DATA = Path(__file__).parent / "data"
OFFICE = DATA / "prishtina-office"
ROWS = 202


@pytest.fixture(scope="module")
def database(shared, tmp_path_factory):
    """kb.db with the register and one run of all rules, the office's own among them."""
    path = tmp_path_factory.mktemp("prishtina") / "kb.db"
    register = shared / "registers" / "prishtina-2018.csv"
    words = (ingest, ["records", str(register), "--map", str(DATA / "prishtina-2018.map.yml")]), (checks, ["run"])
    for script, arguments in words:
        result = CliRunner().invoke(script.commands("en"), [*arguments, "--office", str(OFFICE), "--db", str(path)])
        assert result.exit_code == 0, result.output
    return path


@pytest.fixture
def connection(database):
    with closing(sqlite3.connect(database)) as connection:
        yield connection


def one(connection, query, *values):
    return connection.execute(query, values).fetchone()[0]


def test_every_row_of_the_register_is_loaded(connection):
    rows = [row for (row,) in connection.execute("select row from tender order by row")]
    assert rows == list(range(2, ROWS + 2))
    assert {name: one(connection, f"select count(*) from {name}") for name in ("contract", "award", "payment", "amendment")} == {
        "contract": 184, "award": 183, "payment": 15, "amendment": 2}
    assert one(connection, "select count(*) from contract where tender is null") == one(connection, "select count(*) from payment where contract is null") == 0


def test_what_is_not_read_is_listed(connection):
    skipped = {cell for (cell,) in connection.execute("select cell from cell_notes where problem = 'skipped'")}
    loaded = {"C", "H", "L", "O", "Q", "U", "AF", "AG", "AI", "BF", "AM", "AO", "AQ", "AS", "AT", "AV", "AX", "AZ", "BC"}
    assert len(skipped) + len(loaded) == 61 and not skipped & loaded
    assert connection.execute("select problem, cell, field from cell_notes where problem not in ('skipped', 'no_parent', 'looks_like')").fetchall() == [
        ("same_key", "138", None)]


def outcomes(connection, rule):
    """Fails of a rule, and how many records it could decide."""
    fails = one(connection, "select count(*) from outcomes where rule_id = ? and outcome = 'fail'", rule)
    passes = one(connection, "select sum(records) from outcome_counts where rule_id = ? and outcome = 'pass' and (reason is null or reason = '')", rule)
    return fails, fails + passes


@pytest.mark.parametrize(
    ("rule", "fails", "decided"),
    [("REG-001", 45, 194), ("REG-002", 6, 194), ("REG-003", 56, 200), ("REG-004", 22, 182), ("REG-005", 5, 30), ("PAY-012", 1, 15)],
)
def test_what_the_rules_find(connection, rule, fails, decided):
    assert outcomes(connection, rule) == (fails, decided)


def test_a_finding_shows_the_dates_as_the_register_has_them(connection):
    message = one(connection, "select message_en from findings where rule_id = 'PAY-012'")
    assert "2018-03-23" in message and "2018-12-28" in message
    assert one(connection, "select count(*) from findings where rule_id = 'REG-001' and evidence like '%opened_on%'") == 45
