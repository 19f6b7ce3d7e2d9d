"""What the page of a rule says, read from the YAML that is kept with it: no second description of a rule anywhere."""

from __future__ import annotations

from typing import Any

from auditkb.errors import KnowledgeBaseError
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
    return {**item, "article": wanted, "title_zh": law.get("title_zh") or item.get("law"), "title_en": law.get("title_en") or item.get("law"),
            "number": law.get("number"), "starts_on": law.get("starts_on"), "ends_on": law.get("ends_on"),
            "verified": bool(law.get("verified")), "text_zh": law.get("text_zh") if exact else None}


def _example(item: Row) -> Row:
    expect = item.get("expect")
    outcomes = expect if isinstance(expect, dict) else {"": expect}
    return {"name": item.get("name"), "given": [_given(name, rows) for name, rows in (item.get("given") or {}).items()],
            "expect": outcomes, "as_of": item.get("as_of"), "with": item.get("with") or {}}


def _given(record_type: str, rows: Any) -> Row:
    rows = rows if isinstance(rows, list) else [rows]
    return {"type": record_type, "rows": [row for row in rows if isinstance(row, dict)]}
