"""Rows and columns of listings, for tables, JSON and CSV alike."""

from __future__ import annotations

import json
from typing import Any

from auditkb.dictionary import Dictionary
from auditkb.errors import Text
from auditkb.reading import line_applies, line_value, own_value
from auditkb.rules.checked import ParameterRow
from auditkb.rules.load import RuleSet
from auditkb.runs import RunReport
from auditkb.wording import SEVERITIES, STATUSES, UNITS

Columns = list[tuple[str, Text]]
Rows = list[list[Any]]


def rules(rule_set: RuleSet, dictionary: Dictionary, language: str, *, codes: bool = False) -> tuple[Columns, Rows]:
    """Every rule: id, title, status, severity, what it checks, register entry, file; `codes`: as written in the files, not in words."""
    columns = [("id", Text("编号", "Id")), ("title", Text("名称", "Title")), ("status", Text("状态", "Status")),
               ("severity", Text("级别", "Severity")), ("checks", Text("检查对象", "Checks")), ("register", Text("清单条目", "Register")),
               ("examples", Text("例子", "Examples")), ("file", Text("文件", "File"))]
    rows = [[rule.id, getattr(rule.file.title, language),
             rule.file.status if codes else STATUSES[rule.file.status].say(language),
             rule.file.severity.default if codes else SEVERITIES[rule.file.severity.default].say(language),
             rule.checks if codes else getattr(dictionary[rule.checks].label, language), rule.file.register_, len(rule.file.examples), rule.source.name] for rule in rule_set.rules.values()]
    return columns, rows


def parameters(rule_set: RuleSet, dictionary: Dictionary, language: str, *, codes: bool = False) -> tuple[Columns, Rows]:
    """Every line of every parameter: for what, value, unit, period, organisation, and where it comes from; `codes` as for `rules`."""
    columns = [("parameter", Text("参数", "Parameter")), ("label", Text("含义", "Meaning")), ("for", Text("适用于", "For")), ("value", Text("取值", "Value")),
               ("unit", Text("单位", "Unit")), ("from", Text("起", "From")), ("to", Text("止", "To")),
               ("organisation", Text("单位名称", "Organisation")), ("source", Text("来源", "Source"))]
    rows: Rows = []
    for rule in rule_set.rules.values():
        for name, table in rule.parameters.items():
            label = rule.file.parameters[name].label
            start = [f"{rule.id}.{name}", getattr(label, language) if label else None]
            unit = table.unit if codes else UNITS[table.unit].say(language).strip() if table.unit in UNITS else None
            for line in table.rows:
                source = Text("规则", "rule") if line.source is None else line.source
                cells = _codes(rule.file.parameters[name].by or [], line) if codes else [line_applies(rule, table, line, dictionary).say(language), line_value(table, line, dictionary).say(language)]
                rows.append([*start, *cells, unit, line.starts_on, line.ends_on, line.organisation, source.say(language)])
            if table.field is not None:
                own = rule.file.parameters[name].default.field if codes else own_value(rule, table, dictionary).say(language)  # type: ignore[union-attr]
                rows.append([*start, "", own, unit, None, None, None, Text("规则", "rule").say(language)])
    return columns, rows


def _codes(by: list[str], line: ParameterRow) -> list[Any]:
    where = "; ".join(f"{by[index]}={','.join(map(str, allowed))}" for index, allowed in line.matches.items())
    return [where, ",".join(map(str, line.value)) if isinstance(line.value, tuple) else line.value]


def findings(report: RunReport) -> tuple[Columns, Rows]:
    """Every finding of a run."""
    names = ("id", "rule_id", "record_type", "record_key", "department", "severity", "state", "amount", "presumed", "legal_conflict", "message_zh", "message_en")
    labels = ("编号", "规则", "记录类型", "记录", "部门", "级别", "状态", "金额", "推定", "与法规冲突", "疑点", "疑点（英文）")
    rows = [[item.fail.finding_id, item.fail.rule_id, item.fail.record_type, item.fail.record_key, item.fail.department,
             item.fail.evidence.severity, item.state, item.fail.evidence.amount, item.fail.evidence.presumed, item.fail.evidence.conflict,
             item.fail.evidence.message.zh, item.fail.evidence.message.en] for item in report.found]
    return [(name, Text(label, name.replace("_", " "))) for name, label in zip(names, labels, strict=True)], rows


def run_as_json(report: RunReport) -> str:
    """A run as JSON: counts, findings with their evidence, matches with known findings, faults."""
    columns, rows = findings(report)
    found = [dict(zip([name for name, _ in columns], row, strict=True)) | {"evidence": item.fail.evidence.data}
             for row, item in zip(rows, report.found, strict=True)]
    counts = [{"rule_id": rule, "department": department, "outcome": outcome, "reason": reason, "records": number}
              for (rule, department, outcome, reason), number in sorted(report.counts.items(), key=str)]
    matches = [{"known_id": known, "rule_id": rule, "record_type": kind, "record_key": key, "outcome": outcome, "reasons": list(reasons)}
               for known, rule, kind, key, outcome, reasons in report.matched]
    return json.dumps({"run": report.run_id, "as_of": report.as_of, "is_complete": report.is_complete, "counts": counts, "findings": found,
                       "gone": [{"id": name, "reason": reason} for name, reason in report.gone], "known_matches": matches,
                       "faults": [fault.say("en") for fault in report.faults]}, ensure_ascii=False, indent=2)
