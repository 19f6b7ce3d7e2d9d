"""The 2019 case from its files to its findings: these and no others; and the invented first ledger against its README."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import checks
import ingest
from command_line import run_commands

ROOT = Path(__file__).resolve().parents[1]
CASE, OFFICE, LEDGER = ROOT / "sample" / "chunshu-2019", ROOT / "sample" / "chunshu-2019" / "office", ROOT / "sample" / "first-ledger"
AS_OF = "2020-01-13"

PDA = "街道全响应网络和街巷长PDA通讯服务合同/PDA（全响应终端）租赁服务费/通信费/723400.00"
HOME = "温馨家园装修改造工程"

# One line a finding: the report's numbers, rule, record, and what decides it: values of the evidence, then columns of the finding.
FINDINGS: list[tuple[str, str, str, dict[str, object], dict[str, object]]] = [
    ("3.5.1", "CON-001", "2019年椿树街道微信公众平台采编项目/2019-01-30",
     {"days_early": 22, "issued_on": "2019-01-30", "contract.signed_on": "2019-02-21", "amount": None}, {"amount": 232000.00, "presumed": 0}),
    ("5.2.1", "CON-002", "北京市西城区博章社区文化服务中心购买服务项目合同",
     {"days_early": 5, "starts_on": "2019-05-15", "signed_on": "2019-05-20"}, {"presumed": 1}),
    ("7.3.1", "CON-003", "宣东片区等区域背街小巷环境综合提升项目", {"signed_on": "blank_in_document"}, {"presumed": 0}),
    ("3.2.1", "CON-004", "宣东社区建设民族习俗宣传阵地工程施工",
     {"planned_starts_on": "blank_in_document", "planned_ends_on": "blank_in_document", "duration_days": "blank_in_document"}, {"presumed": 0}),
    ("5.2.2", "CON-007", "椿树园社区办公用房修缮合同/quality", {"amount": "blank_in_document", "ends_on": "blank_in_document"}, {"presumed": 0}),
    ("1.2.1", "WORKS-002", "椿树街道工程项目管理费/个别工程类验收单/completion",
     {"works_started_on": "blank_in_document", "works_completed_on": "blank_in_document"}, {"presumed": 0}),
    ("1.3.2", "PAY-005", "市民服务中心内部装修工程%2F市民服务中心装修工程%2F工程进度款/works_payment",
     {"opinion": "blank_in_document", "approved_on": "blank_in_document", "is_signed": 1, "is_sealed": 1}, {"presumed": 0}),
    ("2.0.1", "PROC-001", "第四次全国经济普查购买服务", {"days_given": 11, "regime": None}, {"presumed": 1, "severity": "high"}),
    ("6.3.1", "PROC-003", "2019年困难群众救助服务所合同", {"priced": 0, "tender.registered": 3}, {"amount": 120000.00, "presumed": 0}),
    ("6.2.1", "PRICE-001", "budget_item/文化悦老/绿植/绿植/四川营社区",
     {"unit_price": 60.0, "usual": 27.0, "others": 1, "above": 33.0, "above_share": pytest.approx(1.2222, abs=5e-5)}, {"presumed": 0}),
    ("1.1.1", "PAY-001", PDA, {"months_paid": 12, "contract.payment_interval_months": 1}, {"amount": 723400.00, "presumed": 0}),
    ("1.1.1", "PAY-003", PDA, {"months_paid": 12, "months_after": 4, "prepaid": 241133.33}, {"amount": 241133.33, "presumed": 1}),
    ("6.1.1", "WORKS-001", HOME, {"status": "completed"}, {"presumed": 0, "severity": "high"}),
    ("1.3.1", "WORKS-004", "市民服务中心内部装修工程", {"days_taken": 72, "completed_on": "2019-09-18", "submitted_on": "2019-11-29"}, {"presumed": 1}),
    ("G.2.1", "BUD-001", "资源惠老/2019", {"execution_rate": pytest.approx(0.7453, abs=5e-5)}, {"amount": 48700.00}),
    ("G.2.1", "BUD-001", "温馨家园改造经费/2019", {"execution_rate": pytest.approx(0.7105, abs=5e-5)}, {"amount": 57900.00}),
    ("G.2.1", "BUD-001", "节水、环保、防汛、铲冰扫雪、河长制经费/2019", {"execution_rate": pytest.approx(0.4240, abs=5e-5)}, {"amount": 175900.00}),
    ("G.2.1 G.2.2", "BUD-001", "百姓文化之家整体运营费用/2019", {"execution_rate": pytest.approx(0.6238, abs=5e-5)}, {"amount": 395000.00}),
    ("G.2.1 G.2.3", "BUD-001", "街区整理及街区亮相经费/2019",
     {"execution_rate": pytest.approx(0.7557, abs=5e-5), "initial_rate": pytest.approx(0.5442, abs=5e-5)}, {"amount": 691400.00}),
    ("4.2.1 G.1.2", "BUD-002", "科技创安经费/执法记录仪", {"purpose": "执法记录仪"}, {"amount": None, "presumed": 1}),
    ("4.2.1 G.1.2", "BUD-002", "科技创安经费/智能人脸识别门禁系统", {"purpose": "智能人脸识别门禁系统"}, {"amount": None, "presumed": 1}),
    ("4.2.1 G.1.2", "BUD-002", "科技创安经费/液压升降柱", {"purpose": "液压升降柱"}, {"amount": None, "presumed": 1}),
]
# What further rules find in the same printed facts: the report's numbers ('' where it draws no conclusion), rule, record, amount.
FURTHER: list[tuple[str, str, str, float | None]] = [
    ("", "BUD-003", "市民服务中心装修工程/2019", 998700.00),
    ("", "BUD-003", "椿树书苑运营/2019", 232000.00),
    ("", "BUD-003", "椿树街道工程项目管理费/2019", 503600.00),
    ("", "BUD-003", "组织事务经费/2019", 186600.00),
    ("", "BUD-003", "背街小巷环境提升经费/2019", 1650000.00),
    ("G.2.3", "BUD-003", "街区整理及街区亮相经费/2019", 1100000.00),
    ("4.0.1", "BUD-004", "科技创安经费", None),
    ("3.3.3 G.1.1", "BUD-005", "组织事务经费", 725000.00),
    ("5.1.1 G.1.1", "BUD-006", "地区教育经费", 350000.00),
    ("4.1.2", "CON-011", "充电桩、充电柜采购合同", None),
    ("7.3.2", "CON-011", "准物业管理服务项目协议书", None),
    ("7.2.1", "CON-011", "绿地养护项目", None),
    ("3.3.2", "PAY-013", "组织事务经费/通信交通补贴款", None),
    ("5.3.1", "PAY-014", "新闻媒体人员的劳务费", None),
    ("5.3.2", "PAY-014", "租赁会议室", None),
]
NOT_FAILING = [
    ("2.0.1", "CON-002", "第四次全国经济普查购买服务", "not_evaluated", "missing:signed_on"),
    ("7.3.1", "CON-002", "宣东片区等区域背街小巷环境综合提升项目", "not_evaluated", "blank:signed_on"),
    ("6.1.2", "WORKS-006", HOME, "pass", None),
    ("6.1.2", "WORKS-007", HOME, "pass", None),
]


def _run(folder: Path, source: Path, *more: str) -> sqlite3.Connection:
    """A fresh database of one source, with one run; dictionaries for rows."""
    database = folder / "kb.db"
    assert run_commands(ingest.commands, ["records", str(source), "--db", str(database)]) == 0
    assert run_commands(checks.commands, ["run", "--db", str(database), "--as-of", AS_OF, *more]) == 0
    connection = sqlite3.connect(database)
    connection.row_factory = sqlite3.Row
    return connection


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    with closing(_run(tmp_path_factory.mktemp("case"), CASE)) as connection:
        yield connection


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    with closing(_run(tmp_path_factory.mktemp("office"), CASE, "--office", str(OFFICE))) as connection:
        yield connection


def _finding(connection: sqlite3.Connection, rule: str, record: str) -> sqlite3.Row:
    return connection.execute("SELECT * FROM findings WHERE id = ?", (f"{rule}:{record}",)).fetchone()


def _values(finding: sqlite3.Row) -> dict[str, object]:
    """Values of the evidence by name; the state where there is no value and the state is not plain."""
    return {item["name"]: item["value"] if item["value"] is not None else item.get("state") for item in json.loads(finding["evidence"])["values"]}


# --- the findings

def test_these_findings_and_no_others(case):
    found = {row["id"] for row in case.execute("SELECT id FROM findings WHERE origin = 'rule'")}
    assert found == {f"{rule}:{record}" for _, rule, record, *_ in [*FINDINGS, *FURTHER]}


@pytest.mark.parametrize("numbers, rule, record, amount", FURTHER)
def test_a_further_finding_is_that_of_the_report_where_it_names_one(case, numbers, rule, record, amount):
    finding = _finding(case, rule, record)
    assert (finding["amount"], finding["presumed"], finding["legal_conflict"]) == (amount, 0, 0)
    known = {row[0] for row in case.execute("SELECT known_id FROM known_matches WHERE finding_id = ?", (finding["id"],))}
    assert known == {f"chunshu-2019/{number}" for number in numbers.split()}


@pytest.mark.parametrize("line", FINDINGS, ids=[f"{rule}-{record}" for _, rule, record, _, _ in FINDINGS])
def test_a_finding_has_the_values_that_the_report_prints(case, line):
    _, rule, record, values, columns = line
    finding = _finding(case, rule, record)
    shown = _values(finding)
    assert {name: shown[name] for name in values} == values
    assert {name: finding[name] for name in columns} == columns
    assert finding["legal_conflict"] == 0 and finding["state"] == "new" and finding["review"] == "待核实"
    assert finding["department"] is not None


@pytest.mark.parametrize("rule, record, words", [
    ("CON-001", FINDINGS[0][2], "22天"), ("CON-002", FINDINGS[1][2], "5天"), ("PROC-001", "第四次全国经济普查购买服务", "11天"),
    ("PROC-001", "第四次全国经济普查购买服务", "20天"), ("WORKS-004", "市民服务中心内部装修工程", "72天"),
    ("PRICE-001", FINDINGS[9][2], "122.22%"), ("PAY-001", PDA, "12个月"), ("PAY-003", PDA, "241,133.33元"),
    ("CON-004", FINDINGS[3][2], "文件上空白")])
def test_messages_name_the_deciding_values(case, rule, record, words):
    assert words in _finding(case, rule, record)["message_zh"]


def test_the_rate_on_the_initial_budget_is_shown_and_is_no_finding_of_its_own(case):
    assert "按年初预算" in _finding(case, "BUD-001", "街区整理及街区亮相经费/2019")["message_zh"]
    assert case.execute("SELECT COUNT(*) FROM findings WHERE rule_id = 'BUD-001'").fetchone()[0] == 5


def test_the_amount_of_351_is_that_of_the_linked_payment(case):
    rows = json.loads(_finding(case, "CON-001", FINDINGS[0][2])["evidence"])["rows"]
    assert [row["keys"] for row in rows if row["name"] == "payment"] == [["2019年椿树街道微信公众平台采编项目/2019-05-05/232000.00"]]


def test_what_stood_in_for_201_is_named_and_both_laws_are_possible(case):
    evidence = json.loads(_finding(case, "PROC-001", "第四次全国经济普查购买服务")["evidence"])
    stood_in = {item["name"]: item["shown_zh"] for item in evidence["assumed"]}
    assert "公告日期" in stood_in["docs_issued_on"] and "评审日期" in stood_in["bids_due_on"]
    assert [(item["law"], item["article"], item["possible"]) for item in evidence["criteria"]] == [("gpl", "35", True), ("tender-law", "24", True)]


def test_the_five_projects_below_80_percent_and_the_one_just_above(case):
    numbers = {row[0] for row in case.execute(
        "SELECT p.sequence FROM findings f JOIN budget b ON b.key = f.record_key JOIN project p ON p.key = b.project WHERE f.rule_id = 'BUD-001'")}
    assert numbers == {25, 27, 29, 32, 35}
    (key, rate) = case.execute("SELECT b.key, ROUND(b.actual_amount / b.adjusted_amount, 4) FROM budget b JOIN project p ON p.key = b.project WHERE p.sequence = 21").fetchone()
    assert rate == 0.8042
    assert _outcome(case, "BUD-001", key) == "pass"


def _outcome(connection: sqlite3.Connection, rule: str, record: str) -> str:
    """The outcome of one record from the SQL that is kept with the run."""
    (sql,) = connection.execute("SELECT sql FROM rules WHERE id = ?", (rule,)).fetchone()
    rows = connection.execute(sql, {"key": record}).fetchall()
    assert len(rows) == 1
    return rows[0]["outcome"]


# --- what is not found, and why

@pytest.mark.parametrize("number, rule, record, outcome, reason", NOT_FAILING)
def test_what_does_not_fail_is_said_with_its_reason(case, number, rule, record, outcome, reason):
    match = case.execute("SELECT outcome, reasons, finding_id FROM known_matches WHERE known_id = ? AND rule_id = ? AND record_key = ?",
                         (f"chunshu-2019/{number}", rule, record)).fetchone()
    assert (match["outcome"], match["finding_id"]) == (outcome, None)
    kept = case.execute("SELECT outcome, reasons FROM outcomes WHERE rule_id = ? AND record_key = ?", (rule, record)).fetchone()
    if reason is None:
        assert kept is None
    else:
        assert kept["outcome"] == outcome and reason in kept["reasons"].split("|") and reason in match["reasons"].split("|")


def test_every_known_finding_of_the_table_has_its_row(case):
    rows = {(row["known_id"], row["rule_id"], row["record_key"]): (row["outcome"], row["finding_id"]) for row in case.execute("SELECT * FROM known_matches")}
    expected = {(f"chunshu-2019/{number}", rule, record): ("fail", f"{rule}:{record}") for numbers, rule, record, _, _ in FINDINGS for number in numbers.split()}
    expected |= {(f"chunshu-2019/{number}", rule, record): (outcome, None) for number, rule, record, outcome, _ in NOT_FAILING}
    assert {key: rows.get(key) for key in expected} == expected
    assert not {outcome for outcome, _ in rows.values()} & {"no_record", "no_rule"}


def test_only_the_contract_law_of_its_time_is_cited(case):
    laws = {item["law"] for row in case.execute("SELECT evidence FROM findings WHERE origin = 'rule'") for item in json.loads(row["evidence"])["criteria"]}
    assert "contract-law-1999" in laws and "civil-code" not in laws
    for rule, record in (("CON-002", FINDINGS[1][2]), ("PAY-001", PDA), ("WORKS-004", "市民服务中心内部装修工程")):
        assert "contract-law-1999" in {item["law"] for item in json.loads(_finding(case, rule, record)["evidence"])["criteria"]}


def test_no_message_says_what_someone_intended(case):
    for row in case.execute("SELECT message_zh FROM findings WHERE origin = 'rule'"):
        assert not re.search("倒签|虚开|串标|挪用|违法|违规", row["message_zh"])


# --- the office's own line

def test_the_office_minimum_of_5_percent_finds_612_and_carries_the_conflict(case, office):
    extra = {row["id"] for row in office.execute("SELECT id FROM findings WHERE origin = 'rule'")} - {
        row["id"] for row in case.execute("SELECT id FROM findings WHERE origin = 'rule'")}
    assert extra == {f"WORKS-006:{HOME}"}
    finding = _finding(office, "WORKS-006", HOME)
    assert finding["legal_conflict"] == 1
    assert office.execute("SELECT outcome FROM known_matches WHERE known_id = 'chunshu-2019/6.1.2' AND rule_id = 'WORKS-007'").fetchone()[0] == "pass"
    assert office.execute("SELECT outcome, finding_id FROM known_matches WHERE known_id = 'chunshu-2019/6.1.2' AND rule_id = 'WORKS-006'").fetchone()[:] == (
        "fail", finding["id"])
    (parameter,) = [item for item in json.loads(finding["evidence"])["parameters"] if item["name"] == "min_rate"]
    assert parameter["value"] == 0.05 and parameter["source_zh"].startswith("演示用假设值")


# --- known_matches follows the records

@pytest.mark.slow
def test_removing_a_record_changes_its_row(tmp_path):
    shutil.copytree(CASE, tmp_path / "case")
    invoices = tmp_path / "case" / "invoice.csv"
    invoices.write_text(invoices.read_text("utf-8-sig").splitlines()[0] + "\n", "utf-8")
    with closing(_run(tmp_path, tmp_path / "case")) as connection:
        match = connection.execute("SELECT outcome, finding_id FROM known_matches WHERE known_id = 'chunshu-2019/3.5.1'").fetchone()
        assert tuple(match) == ("no_record", None)
        assert connection.execute("SELECT COUNT(*) FROM findings WHERE rule_id = 'CON-001'").fetchone()[0] == 0


# --- the invented ledger

TABLE = re.compile(r"^\| (HT2024-\d{3}) \|([a-z_=| -]+)\|$", re.M)
HEADER = re.compile(r"^\| 合同 contract \| (CON-.+) \|$", re.M)
THROUGH = {"CON-001": ("invoice", "contract"), "WORKS-005": ("retention", "contract"), "WORKS-006": ("retention", "contract"),
           "WORKS-007": ("retention", "contract"), "WORKS-008": ("retention", "contract")}


def _expected() -> list[tuple[str, str, str]]:
    """(contract, rule, outcome or '-') of the README's table."""
    text = (LEDGER / "README.md").read_text("utf-8")
    rules = HEADER.search(text)
    assert rules is not None
    names = [name.strip() for name in rules.group(1).split("|")]
    return [(contract, rule, cell.replace("=", "").strip()) for contract, cells in TABLE.findall(text)
            for rule, cell in zip(names, cells.split("|"), strict=True)]


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    with closing(_run(tmp_path_factory.mktemp("ledger"), LEDGER)) as connection:
        yield connection


def test_the_table_of_the_ledger_shows_every_outcome():
    expected = _expected()
    assert len(expected) == 70
    for rules in (("CON-001",), ("CON-002",), ("PROC-003",), ("WORKS-005", "WORKS-006")):
        assert {outcome for _, rule, outcome in expected if rule in rules} >= {"fail", "pass", "not_evaluated"}


@pytest.mark.parametrize("contract, rule, outcome", _expected())
def test_the_ledger_has_the_outcomes_of_its_readme(ledger, contract, rule, outcome):
    checked, reference = THROUGH.get(rule, ("contract", None))
    keys = [contract] if reference is None else [row[0] for row in ledger.execute(f'SELECT key FROM "{checked}" WHERE "{reference}" = ?', (contract,))]
    assert [_outcome(ledger, rule, key) for key in keys] == ([] if outcome == "-" else [outcome] * len(keys))
    assert bool(keys) == (outcome != "-")


def test_an_office_of_its_own_has_no_known_findings(ledger):
    for sql in ("known_findings", "known_matches", "findings WHERE origin = 'report'"):
        assert ledger.execute(f"SELECT COUNT(*) FROM {sql}").fetchone()[0] == 0


def test_no_other_rule_fails_on_the_ledger(ledger):
    named = {rule for _, rule, _ in _expected()}
    assert [tuple(row) for row in ledger.execute("SELECT rule_id, record_key FROM findings WHERE origin = 'rule'") if row["rule_id"] not in named] == []
