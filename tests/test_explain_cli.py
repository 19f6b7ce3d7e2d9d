"""`checks.py explain`: a finding with all that an inspector asks, and what became of a record that is none."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest


CASE = Path(__file__).resolve().parents[1] / "sample" / "chunshu-2019"
FINDING = "PROC-001:第四次全国经济普查购买服务"


@pytest.mark.parametrize("language, words", [
    ("zh", ["[高] 待核实", "标准", "政府采购法", "（可能适用）", "比对的值", "公告日期: 2019年3月28日", "tender.csv 第 2 行", "推定", "文件发出日期 2019年3月28日（公告日期）", "参数", "20天", "经过", "第 1 批：新"]),
    ("en", ["[high] to be verified", "Criteria", "Government Procurement Law", "(possible basis)", "Values compared", "2019-03-28", "tender.csv row 2", "Presumed", "Parameters", "20 days", "History", "run 1: new"])])
def test_explain_shows_what_an_inspector_asks(call, case_database, language, words):
    code, out, _ = call("explain", FINDING, "--db", case_database, "--lang", language)
    assert code == 0 and [word for word in words if word not in out] == []
    assert "SELECT" not in out


@pytest.mark.parametrize("rule, outcome, words", [
    ("CON-005", "not_evaluated", ("的结果：无法检查", "不表示没有问题", "合同起始日期未记录")), ("CON-003", "pass", ("按现有记录的结果：通过",)),
    ("PROC-002", "not_applicable", ("按现有记录的结果：不适用",)), ("PROC-008", "not_evaluated", ("这条规则在试行", "按现有记录的结果：无法检查", "合同类型未记录"))])
def test_explain_says_what_became_of_a_record_that_is_no_finding(call, case_database, rule, outcome, words):
    with closing(sqlite3.connect(case_database)) as connection:
        checks, sql = connection.execute("SELECT checks, sql FROM rules WHERE id = ?", (rule,)).fetchone()
        keys = [key for (key,) in connection.execute(f"SELECT key FROM {checks}")]
        names = [entry[0] for entry in connection.execute(sql, {"key": keys[0]}).description]
        key = next(key for key in keys if connection.execute(sql, {"key": key}).fetchone()[names.index("outcome")] == outcome)
    code, out, err = call("explain", f"{rule}:{key}", "--db", case_database, "--lang", "zh")
    assert code == 0 and err == "" and [word for word in words if word not in out] == []


def test_a_finding_is_explained_by_its_rule_where_it_carries_on_the_number_of_another(call, case_database, tmp_path):
    copy = shutil.copy(case_database, tmp_path / "kb.db")
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("UPDATE findings SET id = 'PROC-000:' || record_key WHERE id = ?", (FINDING,))
    out = call("explain", FINDING, "--db", copy, "--lang", "zh")[1]
    assert out.startswith("PROC-000:") and "比对的值" in out


def test_explain_says_an_exemption_and_that_records_were_changed_since_the_run(call, case_database, tmp_path):
    copy = shutil.copy(case_database, tmp_path / "kb.db")
    key = FINDING.partition(":")[2]
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("DELETE FROM findings WHERE id = ?", (FINDING,))
        connection.execute("UPDATE outcomes SET outcome = 'exempt', reasons = 'exemption:E-1' WHERE rule_id = 'PROC-001' AND record_key = ?", (key,))
    out = call("explain", FINDING, "--db", copy, "--lang", "zh")[1]
    assert "豁免" in out and "例外登记 E-1" in out
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("DELETE FROM outcomes")
    assert "请重新运行 checks.py run" in call("explain", FINDING, "--db", copy, "--lang", "zh")[1]


def test_explain_shows_sql_that_reproduces_the_finding(call, case_database):
    out = call("explain", FINDING, "--db", case_database, "--sql", "--lang", "en")[1]
    sql = out.partition("SQL that reproduces it")[2].partition("\n")[2]
    with closing(sqlite3.connect(case_database)) as connection:
        connection.row_factory = sqlite3.Row
        rows = connection.execute(sql, {"key": FINDING.partition(":")[2]}).fetchall()
    assert [row["outcome"] for row in rows] == ["fail"]
