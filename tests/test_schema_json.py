"""rules/schema.json: fresh, describes every key in both languages, and holds for every rule of the project."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from auditkb.rules import model
from auditkb.rules.key_words import KEYS
from auditkb.rules.load import rule_files
from auditkb.yaml_files import read_yaml
from tests.test_rule_faults import RULE

ROOT = Path(__file__).resolve().parents[1]
SCHEMA = json.loads((ROOT / "rules" / "schema.json").read_text("utf-8"))
SAYS_NOTHING = {"$schema", "$comment", "title", "description", "enumDescriptions", "definitions"}
TYPES: dict[str, Any] = {"string": str, "boolean": bool, "object": dict, "array": list, "null": type(None), "integer": int, "number": (int, float)}


def faults(value: Any, part: dict[str, Any], at: str = "") -> list[str]:
    """What a draft 7 validator would say; an AssertionError for a keyword that is not known here."""
    unknown = set(part) - SAYS_NOTHING - {"$ref", "allOf", "anyOf", "type", "enum", "pattern", "format", "minLength", "required", "properties",
                                          "additionalProperties", "items", "minItems", "maxItems"}
    assert not unknown, unknown
    if "$ref" in part:
        return faults(value, SCHEMA["definitions"][part["$ref"].removeprefix("#/definitions/")], at)
    found: list[str] = []
    for inner in part.get("allOf", []):
        found += faults(value, inner, at)
    if "anyOf" in part and all(faults(value, inner, at) for inner in part["anyOf"]):
        found.append(f"{at}: none of the kinds allowed")
    if "type" in part and not any(_is(value, name) for name in ([part["type"]] if isinstance(part["type"], str) else part["type"])):
        return [*found, f"{at}: not {part['type']}"]
    if "enum" in part and value not in part["enum"]:
        found.append(f"{at}: not one of the choices")
    return found + _inside(value, part, at)


def _is(value: Any, name: str) -> bool:
    return isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool))


def _inside(value: Any, part: dict[str, Any], at: str) -> list[str]:
    found: list[str] = []
    if isinstance(value, str):
        found += [f"{at}: pattern"] if "pattern" in part and not re.search(part["pattern"], value) else []
        found += [f"{at}: empty"] if len(value) < part.get("minLength", 0) else []
        found += [f"{at}: no date"] if part.get("format") == "date" and not re.fullmatch(r"\d{4}-\d\d-\d\d", value) else []
    if isinstance(value, list):
        found += [f"{at}: number of items"] if not part.get("minItems", 0) <= len(value) <= part.get("maxItems", len(value)) else []
        found += [fault for index, item in enumerate(value) for fault in faults(item, part.get("items", {}), f"{at}[{index}]")]
    if isinstance(value, dict):
        found += [f"{at}: {name} is required" for name in part.get("required", []) if name not in value]
        for name, item in value.items():
            rest = part.get("additionalProperties", True)
            inner = part.get("properties", {}).get(name, {} if rest is True else rest)
            found += [f"{at}.{name}: unknown"] if inner is False else faults(item, inner, f"{at}.{name}")
    return found


def plain(value: Any) -> Any:
    """YAML as an editor sees it: dates are text."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, datetime.date) else value


@pytest.mark.parametrize("path", rule_files(ROOT / "rules"), ids=lambda path: path.stem)
def test_every_rule_holds_to_it(path: Path) -> None:
    assert faults(plain(read_yaml(path).data), SCHEMA) == []


@pytest.mark.parametrize("old, new, said", [
    ("exempt_by:", "exempt_buy:", ".exempt_buy: unknown"),
    ("status: active", "status: activ", ".status: not one of the choices"),
    ("severity: {default: medium,", "severity: {default: hihg,", ".severity: none of the kinds allowed"),
    ("law: contract-law-1999", "law: contract-law-1998", ".criteria[0].law: not one of the choices"),
    ("rationale: {zh: 应先签合同。, en: A contract is signed first.}\n", "", ": rationale is required"),
    ("unit: days", "unit: day", ".parameters.grace_days.unit: not one of the choices"),
    ("signed_on: 2019-05-20", "signed_on: {stat: blank}", ".examples[0].given.contract: none of the kinds allowed"),
    ("expect: fail", "expect: fial", ".examples[0].expect: none of the kinds allowed"),
    ("id: ZZ-001", "id: zz1", ".id: pattern"),
])
def test_what_does_not_fit_is_underlined(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert RULE.count(old) == 1
    for text, expected in ((RULE, []), (RULE.replace(old, new), [said])):
        (tmp_path / "rule.yml").write_text(text, "utf-8")
        assert faults(plain(read_yaml(tmp_path / "rule.yml").data), SCHEMA) == expected


def test_every_key_is_described_in_both_languages() -> None:
    models = {name: item for name, item in vars(model).items() if isinstance(item, type) and issubclass(item, BaseModel) and item.model_fields}
    assert {name: [field.alias or key for key, field in item.model_fields.items()] for name, item in models.items()} == {
        name: list(keys) for name, keys in KEYS.items()} | {"RuleFile": list(KEYS["RuleFile"])}
    for keys in KEYS.values():
        for words in keys.values():
            assert re.search("[\u4e00-\u9fff]", words.zh) and not re.search("[\u4e00-\u9fff]", words.en)


def test_record_types_fields_laws_and_exemptions_are_offered() -> None:
    keys, parts = SCHEMA["properties"], SCHEMA["definitions"]
    assert {"contract", "tender"} <= set(keys["checks"]["anyOf"][0]["enum"])
    assert "framework" in keys["exempt_by"]["items"]["anyOf"][0]["enum"]
    assert "civil-code" in parts["Criterion"]["properties"]["law"]["enum"]
    assert {"signed_on", "supplier"} <= set(parts["record_contract"]["properties"])
    assert "works" in parts["record_contract"]["properties"]["category"]["anyOf"][0]["enum"]
    for item in (keys["checks"]["anyOf"][0], parts["Criterion"]["properties"]["law"]):
        assert len(item["enum"]) == len(item["enumDescriptions"])
