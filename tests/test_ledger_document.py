"""docs/ledgers.md: its mapping is sound, its ledger loads to the counts shown, and every key is described."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

import ingest
from auditkb.cells import STATES
from auditkb.sources.mapping import Mapping, TableSaid, ValuesSaid
from tests.test_documents import fences, first_column, read, section

LEDGERS = "docs/ledgers.md"


@pytest.mark.parametrize(("heading", "model"), [("Keys of a mapping", Mapping), ("Keys of a table", TableSaid), ("Keys of values", ValuesSaid)])
def test_every_key_is_described(heading, model):
    listed = re.findall(r"^\| `([a-z_]+)` \|", section(LEDGERS, heading), re.MULTILINE)
    assert [name for name in listed if name != "skip" or model is Mapping] == list(model.model_fields)


def test_every_state_is_named():
    assert {"not_captured", "blank_in_document", "not_required"} <= first_column(read(LEDGERS)) | set(re.findall(r"`(\w+)`", read(LEDGERS))) & set(STATES)


def test_the_ledger_shown_loads_to_the_counts_shown(tmp_path):
    (ledger,), (mapping,), (counts,) = fences(LEDGERS, "csv ledger"), fences(LEDGERS, "yaml mapping"), fences(LEDGERS, "counts")
    (tmp_path / "台账.csv").write_text(ledger, "utf-8")
    (tmp_path / "台账.map.yml").write_text(mapping, "utf-8")
    database = tmp_path / "kb.db"
    loaded = CliRunner().invoke(ingest.commands("en"), ["records", str(tmp_path / "台账.csv"), "--db", str(database)])
    assert loaded.exit_code == 0, loaded.output
    import sqlite3

    with sqlite3.connect(database) as connection:
        for line in counts.splitlines():
            name, _, count = line.partition(" ")
            assert connection.execute(f"select count(*) from {name}").fetchone() == (int(count),)
        assert connection.execute("select count(*) from cell_notes where problem = 'total_differs'").fetchone() == (0,)
        assert connection.execute("select notice_on, method from tender order by row").fetchall() == [("2024-01-05", "open_tender"), (None, "inquiry")]
        assert connection.execute("select contract, amount from payment order by row, paid_on").fetchall() == [("HT-01", 500000.0), ("HT-01", 400000.0), ("HT-01", 85000.0)]
    connection.close()
