"""What the page of a rule says, read from the YAML that is kept with it: no second description of a rule anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from auditkb.errors import KnowledgeBaseError, Text
from auditkb.yaml_files import parse_yaml

Row = dict[str, Any]


def read_rule(rule: Row, laws: list[Row]) -> Row:
    """The rule's texts: criteria with their laws, parameters, assumptions, exceptions, examples. {} if it cannot be read."""
    try:
        data = parse_yaml(rule.get("yaml") or "", rule.get("file") or rule["id"]).data or {}
    except KnowledgeBaseError:
        return {}
    return {
        "rationale": data.get("rationale"),
        "criteria": [_criterion(item, laws) for item in data.get("criteria") or [] if item.get("role") != "liability"],
        "parameters": data.get("parameters") or {},
        "assumes": data.get("assumes") or {},
        "exceptions": data.get("known_exceptions") or [],
        "labels": data.get("labels") or {},
        "cannot_see": data.get("cannot_see") or [],
        "message": data.get("message"),
        "examples": [_example(item) for item in data.get("examples") or []],
        "valid": data.get("valid") or {},
        "approved": data.get("approved"),
    }


def _criterion(item: Row, laws: list[Row]) -> Row:
    wanted = str(item.get("article") or "")
    same = [law for law in laws if law["id"] == item.get("law") or str(law["id"]).split("/")[0] == item.get("law")]
    exact = [law for law in same if str(law.get("article") or "") == wanted]
    law = (exact or same or [{}])[0]
    return {"role": "direct", **item, "article": wanted, "title_zh": law.get("title_zh") or item.get("law"), "title_en": law.get("title_en") or item.get("law"),
            "number": law.get("number"), "starts_on": law.get("starts_on"), "ends_on": law.get("ends_on"),
            "verified": bool(law.get("verified")), "internal": bool(law.get("internal")), "text_zh": law.get("text_zh") if exact else None, "text_en": law.get("text_en") if exact else None}


def _example(item: Row) -> Row:
    expect = item.get("expect")
    outcomes = expect if isinstance(expect, dict) else {"": expect}
    return {"name": item.get("name"), "given": [_given(name, rows) for name, rows in (item.get("given") or {}).items()],
            "expect": outcomes, "as_of": item.get("as_of"), "with": item.get("with") or {}}


def _given(record_type: str, rows: Any) -> Row:
    rows = rows if isinstance(rows, list) else [rows]
    return {"type": record_type, "rows": [row for row in rows if isinstance(row, dict)]}


def parameters_of(rules: Iterable[Row]) -> dict[str, Text]:
    """What the parameters of all rules are called, by name."""
    found: dict[str, Text] = {}
    for rule in rules:
        try:
            data = parse_yaml(rule.get("yaml") or "", rule["id"]).data or {}
        except KnowledgeBaseError:
            continue
        for name, item in (data.get("parameters") or {}).items():
            if isinstance(item, dict) and item.get("label"):
                found[name] = Text(item["label"]["zh"], item["label"]["en"])
    return found


_DEFINED = re.compile(r'^(?:其中，|where )(?:[^“"=]*)[“"]?([a-z][a-z0-9_.]*)[”"]? = (.+)$')
_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮"


def definitions(summary: str) -> dict[str, str]:
    """What a rule's own names stand for, by name, as its reading says."""
    found = (_DEFINED.match(line.strip()) for line in (summary or "").splitlines())
    return {match[1]: match[2] for match in found if match}


def numbered(summary: str) -> list[str]:
    """The lines of a rule's reading with ① ② … in place of the names that its author gave to steps."""
    return [_signed(line, summary) for line in (summary or "").splitlines()]


def numbered_definition(summary: str, name: str) -> str:
    """A step's sign and what it computes: ② 单价 − ①; '' for what is no step."""
    defined = definitions(summary)
    return f"{_signed(name, summary)} {_signed(defined[name], summary)}" if name in defined else ""


def _signed(text: str, summary: str) -> str:
    for name, sign in zip(definitions(summary), _CIRCLED, strict=False):
        text = re.sub(rf"[“”\"]*(?<![\w.]){re.escape(name)}(?![\w.])[“”\"]*", sign, text)
    return text
