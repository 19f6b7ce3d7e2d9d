"""`checks.py readiness`: what can be checked, what is missing most, and the list of papers to ask for."""

from __future__ import annotations

import re
import csv
import io
import json
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import openpyxl
import pytest

import checks
import ingest
from command_line import run_commands

ROOT = Path(__file__).resolve().parents[1]
CASE = ROOT / "sample" / "chunshu-2019"


@pytest.fixture(scope="module")
def database(tmp_path_factory) -> Path:
    """The 2019 case, loaded and never run."""
    file = tmp_path_factory.mktemp("readiness") / "kb.db"
    assert run_commands(ingest.commands, ["records", str(CASE), "--db", str(file)]) == 0
    return file


@pytest.fixture
def small(tmp_path) -> Path:
    """Two contracts of two departments, one of which has no signing date, with an invoice each."""
    folder = tmp_path / "ledger"
    folder.mkdir()
    (folder / "contract.csv").write_text("合同编号,合同名称,责任科室,签订日期\nHT1,保洁,城管科,2024-03-01\nHT2,绿化,民政科,\n", "utf-8")
    (folder / "invoice.csv").write_text("发票号码,合同,开票日期,发票状态\n001,HT1,2024-03-05,正常\n002,HT2,2024-03-05,正常\n", "utf-8")
    (folder / "source.yml").write_text("id: small\ntitle: {zh: 小台账, en: A small ledger}\n", "utf-8")
    file = tmp_path / "kb.db"
    assert run_commands(ingest.commands, ["records", str(folder), "--db", str(file)]) == 0
    return file


@pytest.fixture
def call(call):
    """A function that calls `checks.py readiness`: arguments -> (exit code, stdout, stderr)."""
    return partial(call, "readiness")


def by_rule(text: str) -> dict[str, dict]:
    return {row["rule"]: row for row in json.loads(text)}


def test_a_record_is_ready_where_all_that_the_rule_needs_stands_on_it(small, call) -> None:
    code, out, _ = call("--db", small, "--format", "json")
    row = by_rule(out)["CON-001"]
    assert code == 0
    assert (row["records"], row["ready"], row["state"]) == (2, 1, "some")
    assert row["missing"] == "missing:contract.signed_on 1"


@pytest.mark.slow
def test_a_rule_without_records_says_so(small, call) -> None:
    row = by_rule(call("--db", small, "--format", "json")[1])["WORKS-007"]
    assert (row["records"], row["state"]) == (0, "no_records")
    assert "没有读入“质保金”" in call("WORKS-007", "--db", small, "--lang", "zh")[1]


@pytest.mark.slow
def test_readiness_is_what_a_run_then_finds(database, call, tmp_path) -> None:
    ready = by_rule(call("--db", database, "--as-of", "2020-01-13", "--format", "json")[1])
    copy = tmp_path / "kb.db"
    copy.write_bytes(database.read_bytes())
    assert run_commands(checks.commands, ["run", "--db", str(copy), "--as-of", "2020-01-13"]) == 0
    with closing(sqlite3.connect(copy)) as connection:
        unready = dict(connection.execute("SELECT rule_id, SUM(records) FROM outcome_counts WHERE reason = '' AND outcome = 'not_evaluated' GROUP BY rule_id"))
        whole = dict(connection.execute("SELECT rule_id, SUM(records) FROM outcome_counts WHERE reason = '' GROUP BY rule_id"))
    # Exemptions aside: a record that lacks something and is exempt needs nothing.
    assert {name: row["records"] - row["ready"] for name, row in ready.items() if row["records"] - row["ready"]} == unready
    assert {name: row["records"] for name, row in ready.items() if row["records"]} == whole


def test_nothing_is_written(database, call) -> None:
    def content() -> list:
        with closing(sqlite3.connect(database)) as connection:
            return list(connection.iterdump())

    before = content()
    call("--db", database)
    assert content() == before


def test_a_named_rule_lists_every_field_it_needs(small, call) -> None:
    out = call("CON-001", "--db", small, "--lang", "en")[1]
    lines = [line.split() for line in out.splitlines() if "Signed on" in line]
    assert lines[-1][-2:] == ["2", "1"], "of two contracts one has a signing date"


def test_an_unknown_rule_is_refused(small, call) -> None:
    code, _, err = call("CON-01", "--db", small, "--lang", "en")
    assert code == 2 and "there is no rule" in err and "did you mean: CON-01" in err


def test_csv_has_a_line_for_each_rule(small, call) -> None:
    rows = list(csv.DictReader(io.StringIO(call("--db", small, "--format", "csv")[1])))
    assert len(rows) > 60 and set(rows[0]) == {"rule", "title", "records", "ready", "state", "missing"}


# the list of papers


def test_the_list_asks_each_department_for_its_own(small, call, tmp_path) -> None:
    path = tmp_path / "清单.md"
    call("CON-001", "--db", small, "--request", path, "--lang", "zh")
    text = path.read_text("utf-8")
    assert "## 民政科" in text and "| 1 | 合同 | 签订日期 | 1 | CON-001 |" in text and "1. HT2 绿化" in text
    assert "城管科" not in text, "its contract has all that the rule needs"


@pytest.mark.slow
def test_the_workbook_names_every_record_that_waits(database, call, tmp_path) -> None:
    path = tmp_path / "papers.xlsx"
    code, _, err = call("--db", database, "--request", path, "--lang", "zh")
    assert code == 0 and "papers.xlsx" in err
    book = openpyxl.load_workbook(path)
    asked, records = book.worksheets
    rows = list(asked.iter_rows(min_row=4, values_only=True))
    listed = list(records.iter_rows(min_row=2, values_only=True))
    assert [cell.value for cell in asked[3]][:6] == ["序号", "责任科室", "涉及的记录", "需要的资料", "记录条数", "用于检查"]
    assert len(rows) > 100
    for number, department, _, what, count, *_ in rows:
        mine = [row for row in listed if row[0] == number]
        assert len(mine) == count and {row[1] for row in mine} == {department} and {row[2] for row in mine} == {what}
    for sheet, heads in ((asked, 3), (records, 1)):
        assert sheet.auto_filter.ref == f"A{heads}:{sheet.cell(heads, sheet.max_column).column_letter}{sheet.max_row}"
        assert sheet.oddFooter.right.text == "&P / &N"
        assert (sheet.page_setup.orientation, sheet.print_title_rows) == ("landscape", f"${heads}:${heads}")
    assert not [key for _, _, _, key, _ in listed if key and re.match("[a-z_]+/|.*%2F", key)], "a record is named in words"


def test_a_value_is_asked_for_once_where_it_belongs(database, call, tmp_path) -> None:
    path = tmp_path / "papers.xlsx"
    call("--db", database, "--request", path, "--lang", "zh")
    what = [(row[2], row[3]) for row in openpyxl.load_workbook(path).worksheets[0].iter_rows(min_row=4, values_only=True)]
    assert ("合同", "签订日期") in what
    assert not [row for row in what if row[1] == "合同·签订日期"], "a payment's contract's signing date is the contract's"


def test_what_is_known_to_be_blank_is_not_asked_for(database, call, tmp_path) -> None:
    path = tmp_path / "papers.md"
    call("CON-001", "CON-003", "--db", database, "--request", path, "--lang", "zh")
    assert "宣东片区等区域背街小巷环境综合提升项目" not in path.read_text("utf-8"), "its signing date is blank on the paper"


def test_a_cell_that_looks_like_a_formula_stays_text(small, call, tmp_path) -> None:
    with closing(sqlite3.connect(small)) as connection, connection:
        connection.execute("UPDATE contract SET title = '=1+1' WHERE key = 'HT2'")
    path = tmp_path / "papers.xlsx"
    call("CON-001", "--db", small, "--request", path)
    cell = openpyxl.load_workbook(path).worksheets[1]["E2"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")


def test_another_form_is_refused_before_anything_is_read(small, call, tmp_path) -> None:
    code, out, err = call("--db", small, "--request", tmp_path / "papers.pdf", "--request", tmp_path / "none" / "papers.md", "--lang", "en")
    assert code == 2 and not out
    assert "allowed: .xlsx, .md" in err and "there is no such folder" in err


@pytest.mark.slow
def test_papers_of_which_records_are_loaded_are_not_all_asked_for_again(tmp_path, call):
    folder = tmp_path / "ledger"
    folder.mkdir()
    (folder / "contract.csv").write_text("合同编号,合同名称,责任科室,签订日期\nHT1,保洁,城管科,2024-03-01\nHT2,绿化,民政科,2019-03-01\n", "utf-8")
    (folder / "payment.csv").write_text("支付编号,合同,付款日期,付款金额（元）\n1,HT1,2024-03-05,5\n", "utf-8")
    (folder / "source.yml").write_text("id: small\ntitle: {zh: 小台账, en: A small ledger}\n", "utf-8")
    database, path = tmp_path / "kb.db", tmp_path / "papers.md"
    assert run_commands(ingest.commands, ["records", str(folder), "--db", str(database)]) == 0
    call("--db", database, "--request", path, "--lang", "zh")
    text = path.read_text("utf-8")
    lines = [line for line in text.splitlines() if "支付：" in line]
    assert any("支付：核对是否齐全" in line and "已读入 1 条，未声明齐全：请核对并在对应文件 coverage 中声明" in line for line in lines), lines
    assert any("支付：全部资料" in line and "已读入" not in line for line in lines), lines
