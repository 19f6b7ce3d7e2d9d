"""A small kb.db for the tests of the site: one finding of every kind that a page has to show differently.

Written row by row, without engine or loader, so that a page is tested for what the database may hold, hostile text
included. The tables are the project's own.
"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

from auditkb.database import create_tables, open_database, quote
from auditkb.dictionary_files import load_dictionary

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = "<script>alert('x')</script>"
CONTRACT = "微信公众平台采编合同/2019"
INVOICE = "12345678"
RULE_FINDING = f"CON-001:{INVOICE}"
PRESUMED_FINDING = "PROC-001:经济普查"
CONFLICT_FINDING = f"WORKS-006:{CONTRACT}"
HOSTILE_FINDING = "CON-002:恶意合同"
REPORT_FINDING = "chunshu-2019/3.5.1"
RULES = {
    "CON-001": ("invoice", "medium", "先开发票后签合同", "Invoice before contract"),
    "CON-002": ("contract", "medium", "先履行后签合同", "Performance starts before signing"),
    "PROC-001": ("tender", "high", "等标期不足", "Tender period too short"),
    "WORKS-006": ("contract", "info", "质保金低于下限", "Retention below the minimum"),
}
YAML = """id: CON-001
title: {zh: 先开发票后签合同, en: Invoice before contract}
criteria:
  - {law: contract-law-1999, article: "32", role: direct}
rationale: {zh: 发票应当对应已经成立的交易。, en: An invoice belongs to a deal that exists.}
parameters:
  grace_days: {label: {zh: 允许提前的天数, en: Days allowed}, default: 0, unit: days}
assumes: {type: other}
known_exceptions: [{zh: 框架协议下的订单。, en: Orders under a framework.}]
examples:
  - name: {zh: 同一天, en: the same day}
    given: {contract: {signed_on: 2019-02-21}, invoice: {status: normal, issued_on: 2019-02-21}, payment: []}
    expect: pass
  - name: {zh: 签订日期空白, en: signing date blank}
    given: {contract: {signed_on: {state: blank_in_document}}, invoice: {issued_on: 2019-01-30}}
    expect: not_evaluated
"""


def build(path: Path) -> Path:
    """Write the database and return its path."""
    connection = open_database(path, create=True)
    create_tables(connection, load_dictionary(ROOT / "records"))
    _records(connection)
    _rules(connection)
    _findings(connection)
    _known(connection)
    connection.close()
    return path


def insert(connection: sqlite3.Connection, table: str, **values: Any) -> None:
    """One row."""
    names = ", ".join(quote(name) for name in values)
    connection.execute(f"insert into {quote(table)} ({names}) values ({', '.join('?' * len(values))})", list(values.values()))


def _records(connection: sqlite3.Connection) -> None:
    insert(connection, "sources", id="ledger", path="台账.csv", title="测试台账", kind="ledger", rows=6, loaded_at="2026-11-22T10:00:00")
    here = {"source": "ledger", "sheet": "contract.csv", "_covered": "|quote|"}
    insert(connection, "department", key="党群办", name="党群办", source="ledger")
    insert(connection, "department", key="民生办", name="民生办", source="ledger")
    insert(connection, "project", key="微信采编", name="微信采编", department="党群办", source="ledger")
    insert(connection, "organisation", key="甲公司", name="甲公司", source="ledger")
    insert(connection, "contract", key=CONTRACT, title="微信公众平台采编合同", project="微信采编", supplier="甲公司", category="services",
           signed_on="2019-02-21", starts_on="2019-03-01", ends_on="2019-12-31", amount=232000.0, row=2, _department="党群办", **here)
    insert(connection, "contract", key="恶意合同", title=SCRIPT, category="works", row=3, _states="|signed_on=blank_in_document|", **here)
    insert(connection, "invoice", key=INVOICE, number=INVOICE, contract=CONTRACT, issued_on="2019-01-30", status="normal", row=2, source="ledger", sheet="invoice.csv")
    insert(connection, "payment", key="付款一", contract=CONTRACT, invoice=INVOICE, paid_on="2019-05-05", amount=232000.0, source="ledger")
    insert(connection, "tender", key="经济普查", title="经济普查", notice_on="2019-03-28", evaluated_on="2019-04-08", source="ledger")
    insert(connection, "cell_notes", record_type="contract", key="恶意合同", field="signed_on", state="blank_in_document", raw="[文件空白]", source="ledger", sheet="contract.csv", cell="E3")
    insert(connection, "coverage", source="ledger", record_type="quote", is_complete=1, because="全部在档")


def _rules(connection: sqlite3.Connection) -> None:
    for name, (checks, severity, zh, en) in RULES.items():
        insert(connection, "rules", id=name, register="R01", title_zh=zh, title_en=en, status="active", severity=severity,
               category="contract/date-order", checks=checks, file=f"rules/con/{name}.yml", yaml=YAML,
               sql=f"select key, _department as department, 'fail' as outcome, null as reasons from {checks} where key = :key",
               parameters_zh="允许提前的天数\t0 天", parameters_en="Days allowed\t0 days",
               summary_zh="逐条检查：发票\n列为疑点：“days_early”大于参数“允许提前的天数”\n其中，“days_early” = 从开票日期到合同的签订日期的天数",
               summary_en="Checks each invoice\nA lead where “days_early” is above the parameter\nwhere “days_early” = the days from issue to signing")
    insert(connection, "laws", id="contract-law-1999/32", title_zh="中华人民共和国合同法", title_en="Contract Law", article="32",
           starts_on="1999-10-01", ends_on="2020-12-31", verified=0)
    for number, day in ((1, "2026-11-20"), (2, "2026-11-21")):
        insert(connection, "runs", id=number, started_at=f"{day}T09:00:00", finished_at=f"{day}T09:00:02", as_of="2020-01-13", status="complete", tool_version="0.1.0")
    insert(connection, "outcome_counts", run_id=2, rule_id="CON-001", department="党群办", outcome="pass", records=3)
    insert(connection, "outcome_counts", run_id=2, rule_id="CON-002", outcome="not_evaluated", reason="missing:signed_on", records=1)
    insert(connection, "outcomes", run_id=2, rule_id="CON-001", record_type="invoice", record_key=INVOICE, outcome="fail")
    insert(connection, "outcomes", run_id=2, rule_id="CON-002", record_type="contract", record_key=CONTRACT, outcome="not_evaluated",
           reasons="source_not_loaded:acceptance|missing:project.department")


def _findings(connection: sqlite3.Connection) -> None:
    _finding(connection, RULE_FINDING, "invoice", INVOICE, "medium", amount=232000.0, state="updated", first_run=1,
             message="发票2019年1月30日开具，合同2019年2月21日签订，先开票22天")
    _finding(connection, PRESUMED_FINDING, "tender", "经济普查", "high", presumed=1, message="公告后11天即评审")
    _finding(connection, CONFLICT_FINDING, "contract", CONTRACT, "info", legal_conflict=1, message="质保金3%，低于本单位下限5%")
    _finding(connection, HOSTILE_FINDING, "contract", "恶意合同", "low", message=f"合同{SCRIPT}先履行5天")


def _finding(connection: sqlite3.Connection, name: str, record_type: str, key: str, severity: str, *, message: str,
             state: str = "new", first_run: int = 2, **more: Any) -> None:
    value = {"name": "issued_on", "label_zh": "开票日期", "label_en": "Issued on", "type": "date", "value": "2019-01-30",
             "shown_zh": "2019年1月30日", "shown_en": "2019-01-30", "record_type": record_type, "key": key, "field": "issued_on"}
    days = {"name": "days_early", "label_zh": "days_early", "label_en": "days early", "type": "integer", "value": 22, "shown_zh": "22", "shown_en": "22"}
    nothing = {**value, "label_zh": "价税合计", "label_en": "Amount", "value": None, "shown_zh": "未记录", "shown_en": "not recorded", "state": None}
    evidence = {
        "values": [value, days, nothing, {**value, "label_zh": "合同的签订日期", "label_en": "Contract signed", "shown_zh": "2019年2月21日", "shown_en": "2019-02-21",
                           "record_type": "contract", "key": CONTRACT, "field": "signed_on"}],
        "rows": [{"label_zh": "付款", "label_en": "Payments", "record_type": "payment", "keys": ["付款一"], "more": 2}],
        "assumed": [{"name": "docs_issued_on", "label_zh": "招标文件发出日期", "label_en": "Documents issued", "shown_zh": "以公告日期代替",
                     "shown_en": "the notice stood in"}] if more.get("presumed") else [],
        "criteria": [{"law": "contract-law-1999", "article": "32", "title_zh": "中华人民共和国合同法", "title_en": "Contract Law", "role": "direct",
                      "verified": False, "possible": bool(more.get("presumed"))}],
        "parameters": [{"name": "grace_days", "label_zh": "允许提前的天数", "label_en": "Days allowed", "value": 0, "shown_zh": "0天",
                        "shown_en": "0 days", "source_zh": "规则默认值", "source_en": "rule default"}],
        "event_date": "2019-02-21",
    }
    insert(connection, "findings", id=name, origin="rule", rule_id=name.split(":")[0], record_type=record_type, record_key=key,
           department="党群办" if record_type == "invoice" else None, severity=severity, review="待核实", state=state, message_zh=message,
           message_en=f"message of {key if key.isascii() else 'a record'}", evidence=json.dumps(evidence, ensure_ascii=False), evidence_hash="abc", first_run=first_run, last_run=2, **more)
    insert(connection, "finding_events", finding_id=name, run_id=first_run, at="2026-11-20T09:00:02", event="new")


def _known(connection: sqlite3.Connection) -> None:
    texts = {f"{name}_{language}": text for name in ("title", "condition") for language, text in
             (("zh", "开票早于签约22天"), ("en", "Invoiced 22 days before signing"))}
    facts = [{"what": {"zh": "开票日期", "en": "Invoice"}, "printed": "2019年1月30日", "value": "2019-01-30"}]
    insert(connection, "known_findings", id=REPORT_FINDING, report="chunshu-2019", number="3.5.1", department="党群办", project="微信采编",
           verdict="rule", facts=json.dumps(facts, ensure_ascii=False), section="三（三）3（5）", line=1376, **{"class": "合同管理 / 时序倒置"}, **texts)
    insert(connection, "known_matches", known_id=REPORT_FINDING, rule_id="CON-001", record_type="invoice", record_key=INVOICE, outcome="fail", finding_id=RULE_FINDING)
    insert(connection, "findings", id=REPORT_FINDING, origin="report", known_id=REPORT_FINDING, department="党群办", review="待核实", state="unchanged",
           message_zh="开票早于签约22天", message_en="Invoiced 22 days before signing", first_run=1, last_run=2)
