"""Rows and columns of listings, for tables, JSON and CSV alike."""

from __future__ import annotations

import json
from typing import Any

from auditkb.dictionary import Dictionary
from auditkb.errors import Text
from auditkb.rules.load import RuleSet
from auditkb.runs import RunReport
from auditkb.wording import SEVERITIES, say_codes, say_value

Columns = list[tuple[str, Text]]
Rows = list[list[Any]]


_STATUSES = {"draft": Text("草稿", "draft"), "trial": Text("试行", "trial"), "active": Text("启用", "active"), "retired": Text("停用", "retired")}


def rules(rule_set: RuleSet, dictionary: Dictionary, language: str, *, codes: bool = False) -> tuple[Columns, Rows]:
    """Every rule: id, title, status, severity, what it checks, register entry, file; `codes`: as written in the files, not in words."""
    columns = [("id", Text("编号", "Id")), ("title", Text("名称", "Title")), ("status", Text("状态", "Status")),
               ("severity", Text("级别", "Severity")), ("checks", Text("检查对象", "Checks")), ("register", Text("清单条目", "Register")),
               ("examples", Text("例子", "Examples")), ("file", Text("文件", "File"))]
    rows = [[rule.id, getattr(rule.file.title, language),
             rule.file.status if codes else _STATUSES[rule.file.status].say(language),
             rule.file.severity.default if codes else SEVERITIES[rule.file.severity.default].say(language),
             rule.checks if codes else getattr(dictionary[rule.checks].label, language), rule.file.register_, len(rule.file.examples), rule.source.name] for rule in rule_set.rules.values()]
    return columns, rows


def parameters(rule_set: RuleSet, dictionary: Dictionary, language: str) -> tuple[Columns, Rows]:
    """Every line of every parameter: value, unit, period, organisation, and where it comes from."""
    columns = [("parameter", Text("参数", "Parameter")), ("label", Text("含义", "Meaning")), ("for", Text("适用于", "For")), ("value", Text("取值", "Value")),
               ("unit", Text("单位", "Unit")), ("from", Text("起", "From")), ("to", Text("止", "To")),
               ("organisation", Text("单位名称", "Organisation")), ("source", Text("来源", "Source"))]
    rows: Rows = []
    for rule in rule_set.rules.values():
        for name, table in rule.parameters.items():
            label = rule.file.parameters[name].label
            by = rule.file.parameters[name].by or []
            meaning = getattr(label, language) if label else None
            lines = [(line.value, line) for line in table.rows] + ([(None, None)] if table.field is not None else [])
            for value, line in lines:
                where = "; ".join(f"{by[index]}={','.join(map(str, allowed))}" for index, allowed in line.matches.items()) if line else ""
                own = Text("规则", "rule") if line is None or line.source is None else line.source
                shown = Text(f"记录的 {rule.file.parameters[name].default.field}", f"the record's {rule.file.parameters[name].default.field}").say(language) if line is None else (  # type: ignore[union-attr]
                    say_codes(list(map(str, value)), table.of, dictionary).say(language) if isinstance(value, tuple)
                    else "" if value is None else say_value(value, table.kind, dictionary).say(language))
                rows.append([f"{rule.id}.{name}", meaning, where, shown, table.unit, line.starts_on if line else None,
                             line.ends_on if line else None, line.organisation if line else None, own.say(language)])
    return columns, rows


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
