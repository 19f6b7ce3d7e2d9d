"""Amounts below zero: a refund counts as what it is, and what is not known of one is never held against anybody."""

import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

from click.testing import CliRunner

import checks
import ingest
from auditkb.cells import read_cell
from auditkb.dictionary_files import load_dictionary

DICTIONARY = load_dictionary(Path(__file__).parent.parent / "records")
DECLARED = "id: office\ntitle: {zh: 台账, en: Ledger}\nmoney_unit: yuan\ncoverage:\n" + "".join(
    f"  - {{covers: {name}, because: {{zh: 全部, en: all}}}}\n" for name in ("contract", "payment", "amendment"))


def test_a_payment_below_zero_is_read_and_to_be_checked():
    cell = read_cell(DICTIONARY["payment"].fields["amount"], "-50", unit="元")
    assert cell.value == Decimal("-50.00") and cell.is_doubtful
    assert cell.reason is not None and cell.reason.zh == "小于零：退款或红冲请核对"


def test_a_red_letter_invoice_is_read_as_printed():
    cell = read_cell(DICTIONARY["invoice"].fields["amount"], "-50", unit="元")
    assert cell.value == Decimal("-50.00") and cell.reason is None


def test_other_amounts_are_not_below_zero():
    cell = read_cell(DICTIONARY["contract"].fields["amount"], "-50", unit="元")
    assert cell.value is None and cell.state == "unreadable"


def test_a_refund_is_taken_off_and_an_amount_that_may_be_one_leaves_the_sum_open(tmp_path):
    """Three contracts of 150 yuan: paid 140 after a refund, 180 after one, and 190 with an amount that cannot be read."""
    folder, database = tmp_path / "office", tmp_path / "kb.db"
    folder.mkdir()
    folder.joinpath("source.yml").write_text(DECLARED, "utf-8")
    folder.joinpath("contract.csv").write_text("合同编号,合同名称,合同金额,计价方式,签订日期\n" + "".join(f"HT-{n},绿化{n},150,总价,2024-01-05\n" for n in (1, 2, 3)), "utf-8")
    paid = {1: ["100", "-50", "90"], 2: ["100", "-10", "90"], 3: ["100", "退50", "90"]}
    lines = [f"P-{n}-{place},HT-{n},2024-03-0{place},{amount}\n" for n, amounts in paid.items() for place, amount in enumerate(amounts, 1)]
    folder.joinpath("payment.csv").write_text("支付编号,合同编号,支付日期,支付金额\n" + "".join(lines), "utf-8")
    folder.joinpath("amendment.csv").write_text("合同编号,补充协议编号\n", "utf-8")
    loaded = CliRunner().invoke(ingest.commands("zh"), ["records", str(folder), "--db", str(database)])
    assert loaded.exit_code == 0, loaded.output
    assert "读入但有疑问: 2" in loaded.output and "没能读懂: 1" in loaded.output
    found = CliRunner().invoke(checks.commands("zh"), ["run", "--db", str(database)])
    assert found.exit_code == 0, found.output
    with closing(sqlite3.connect(database)) as connection:
        outcomes = dict(connection.execute("select record_key, outcome from outcomes where rule_id = 'PAY-007'").fetchall())
    assert outcomes == {"HT-2": "fail", "HT-3": "not_evaluated"}
