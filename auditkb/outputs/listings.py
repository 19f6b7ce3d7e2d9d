"""Rows and columns of listings, for tables, JSON and CSV alike."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from auditkb.dictionary import Dictionary
from auditkb.errors import Text
from auditkb.reading import line_applies, line_value, own_value, value_with_unit
from auditkb.rules.checked import ParameterRow, Rule
from auditkb.rules.load import RuleSet, shown_path
from auditkb.run_findings import Found, found, gone
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


_ON_A_DAY = [("parameter", Text("参数", "Parameter")), ("label", Text("含义", "Meaning")), ("for", Text("适用于", "For")),
             ("organisation", Text("单位名称", "Organisation")), ("value", Text("取值", "Value")), ("unit", Text("单位", "Unit")),
             ("from", Text("起", "From")), ("to", Text("止", "To")), ("set_in", Text("写在", "Set in")), ("source", Text("来源", "Source")),
             ("otherwise", Text("否则为", "Otherwise"))]
# A screen is narrow: there the unit stands with the value, and the source says the file where it is not the rule's own.
_ON_A_SCREEN = [column for column in _ON_A_DAY if column[0] not in ("unit", "from", "to", "set_in")]


def parameters_on(rule_set: RuleSet, dictionary: Dictionary, language: str, day: str, organisation: str | None, *, codes: bool = False) -> tuple[Columns, Rows]:
    """The values in force on a day (ISO): one line a parameter and line of its table, with what would hold without an overlay.

    `organisation`: what holds for it; None: what holds for all, then each line that an organisation has of its own.
    Rules that are not run, or that do not hold on that day, are left out; where nothing is in force the line says so.
    """
    columns = _ON_A_DAY if codes else _ON_A_SCREEN
    rows: list[dict[str, Any]] = []
    for rule in rule_set.rules.values():
        valid = rule.file.valid
        if rule.file.status not in ("active", "trial") or (valid is not None and not _within(day, valid.from_, valid.to)):
            continue
        for name, table in rule.parameters.items():
            say = _ParameterWords(rule, name, dictionary, language, codes)
            bodies = [organisation] if organisation is not None else [None, *dict.fromkeys(line.organisation for line in table.rows if line.organisation)]
            for body in bodies:
                there = [line for line in table.rows if line.organisation in (None, body) and _within(day, line.starts_on, line.ends_on)]
                held = [line for place, line in enumerate(there) if not any(_covers(earlier, line) for earlier in there[:place])]
                if body is not None and organisation is None:
                    held = [line for line in held if line.organisation == body]
                elif table.field is not None and all(line.matches for line in there):
                    rows.append(say.plain(say.own()))
                elif not held:
                    rows.append(say.plain(None if codes else Text("当日没有可用的值", "no value on that day").say(language)))
                for line in held:
                    instead = next((later for later in there[there.index(line) + 1:] if _covers(later, line)), None)
                    rows.append(say.row(line, instead))
    return columns, [[row[name] for name, _ in columns] for row in rows]


def _within(day: str, first: object, last: object) -> bool:
    return (first is None or str(first) <= day) and (last is None or day <= str(last))


def _covers(one: ParameterRow, other: ParameterRow) -> bool:
    """Whether every record that `other` matches is matched by `one`."""
    return all(place in other.matches and set(other.matches[place]) <= set(allowed) for place, allowed in one.matches.items())


class _ParameterWords:
    """The cells of one parameter's lines by column, in words or as written in the files."""

    def __init__(self, rule: Rule, name: str, dictionary: Dictionary, language: str, codes: bool):
        self.rule, self.name, self.dictionary, self.language, self.codes = rule, name, dictionary, language, codes
        self.file, self.table = rule.file.parameters[name], rule.parameters[name]

    def row(self, line: ParameterRow, otherwise: ParameterRow | None) -> dict[str, Any]:
        """A line in force; what would hold instead is said only of what a parameters.yml sets."""
        case, value = self._cells(line)
        instead, source, file = None, Text("规则", "rule"), self.rule.source.name
        if line.origin is not None:
            file = shown_path(Path(line.origin))
            instead = self._cells(otherwise)[1] if otherwise is not None else self.own() if self.table.field is not None else None
            said = line.source if line.source is not None else Text("", "")
            source = said if self.codes else Text(f"{file}：{said.zh}", f"{file}: {said.en}")
        return self.plain(value) | {"for": case, "organisation": line.organisation, "from": line.starts_on, "to": line.ends_on, "otherwise": instead,
                                    "set_in": file, "source": source.say(self.language)}

    def plain(self, value: Any) -> dict[str, Any]:
        """A line that no table of values gives: the record's own value, or none."""
        label = getattr(self.file.label, self.language) if self.file.label else None
        return {"parameter": f"{self.rule.id}.{self.name}", "label": label, "for": "", "organisation": None, "value": value, "unit": self.table.unit,
                "from": None, "to": None, "set_in": self.rule.source.name, "source": Text("规则", "rule").say(self.language), "otherwise": None}

    def own(self) -> Any:
        """What a parameter that takes the record's own value says."""
        if self.codes:
            return self.file.default.field  # type: ignore[union-attr]
        return own_value(self.rule, self.table, self.dictionary).say(self.language)

    def _cells(self, line: ParameterRow) -> list[Any]:
        if self.codes:
            return _codes(self.file.by or [], line)
        return [line_applies(self.rule, self.table, line, self.dictionary).say(self.language), value_with_unit(self.table, line, self.dictionary).say(self.language)]


def organisations_named(rule_set: RuleSet) -> list[str]:
    """The organisations for which some parameter has a value of its own."""
    return list(dict.fromkeys(line.organisation for rule in rule_set.rules.values() for table in rule.parameters.values()
                              for line in table.rows if line.organisation))


def _codes(by: list[str], line: ParameterRow) -> list[Any]:
    where = "; ".join(f"{by[index]}={','.join(map(str, allowed))}" for index, allowed in line.matches.items())
    return [where, ",".join(map(str, line.value)) if isinstance(line.value, tuple) else line.value]


_FINDING = {"id": "编号", "rule_id": "规则", "record_type": "记录类型", "record_key": "记录", "department": "部门", "severity": "级别", "state": "状态",
            "amount": "金额", "presumed": "推定", "legal_conflict": "与法规冲突", "message_zh": "疑点", "message_en": "疑点（英文）"}


def findings(found: Iterable[Found]) -> tuple[Columns, Iterator[list[Any]]]:
    """The findings of a run, one after the other."""
    return [(name, Text(label, name.replace("_", " "))) for name, label in _FINDING.items()], map(_cells, found)


def _cells(item: Found) -> list[Any]:
    return [getattr(item, name) for name in _FINDING if not name.startswith("message_")] + [item.message.zh, item.message.en]


def run_as_json(connection: sqlite3.Connection, report: RunReport, *, profile: bool = False) -> Iterator[str]:
    """A run as JSON, in pieces: counts, findings with their evidence, matches with known findings, faults; with `profile` seconds too."""
    counts = [{"rule_id": rule, "department": department, "outcome": outcome, "reason": reason, "records": number}
              for (rule, department, outcome, reason), number in sorted(report.counts.items(), key=str)]
    matches = [{"known_id": known, "rule_id": rule, "record_type": kind, "record_key": key, "outcome": outcome, "reasons": list(reasons)}
               for known, rule, kind, key, outcome, reasons in report.matched]
    spent: list[dict[str, object]] = [{"rule_id": rule or None, "step": step, "seconds": round(seconds, 6)} for rule, steps in report.seconds.items() for step, seconds in steps.items()]
    spent += [{"rule_id": None, "step": part.step, "of": part.name, "rules": list(part.rules), "seconds": round(part.seconds, 6)} for part in report.shared]
    yield from _object({
        "run": report.run_id, "as_of": report.as_of, "is_complete": report.is_complete, "counts": counts,
        "findings": (dict(zip(_FINDING, _cells(item), strict=True)) | {"evidence": item.data} for item in found(connection, report)),
        "gone": ({"id": name, "reason": reason} for name, reason in gone(connection, report)), "known_matches": matches,
        "faults": [fault.say("en") for fault in report.faults], **({"seconds": spent} if profile else {})})


def _object(members: dict[str, Any]) -> Iterator[str]:
    """A JSON object as `json.dumps` would indent it; what an iterator gives is a list that is never whole in memory."""
    before = "{"
    for name, value in members.items():
        yield f"{before}\n  {json.dumps(name)}: "
        yield from _array(value) if isinstance(value, Iterator) else (_indented(value, 1),)
        before = ","
    yield "\n}"


def _array(items: Iterator[Any]) -> Iterator[str]:
    before = "["
    for item in items:
        yield f"{before}\n    {_indented(item, 2)}"
        before = ","
    yield "[]" if before == "[" else "\n  ]"


def _indented(value: Any, depth: int) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2).replace("\n", "\n" + "  " * depth)
