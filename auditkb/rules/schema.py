"""`rules/schema.json`: the form of a rule file for editors, made from the file model, the dictionary and the law register.

An office may add record types, fields, choices and exemptions, so these are offered and not enforced; lint enforces.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from auditkb.dictionary import Dictionary, Field, RecordType
from auditkb.dictionary_files import load_dictionary
from auditkb.errors import Text
from auditkb.laws import LawRegister, load_laws
from auditkb.rules.key_words import KEYS
from auditkb.rules.model import RuleFile

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "rules" / "schema.json"
STATES = ("blank_in_document", "not_captured", "not_required", "illegible", "unreadable")
Schema = dict[str, Any]
_SCALAR: Schema = {"type": ["string", "number", "boolean"]}
_VALUES: dict[str, Schema] = {
    "text": {"type": ["string", "number"]}, "date": {"type": "string", "format": "date"}, "money": {"type": "number"},
    "ratio": {"type": "number"}, "integer": {"type": "integer"}, "flag": {"type": "boolean"}}


def schema_of(dictionary: Dictionary, laws: LawRegister) -> Schema:
    """The JSON Schema (draft 7) of a rule file."""
    made = RuleFile.model_json_schema(by_alias=True)
    definitions: Schema = made.pop("$defs")
    definitions = {name: _described(name, _plain(item)) for name, item in definitions.items()}
    rule = _described("RuleFile", _plain(made))
    _enumerate(rule, definitions, dictionary, laws)
    definitions["State"] = {"type": "object", "properties": {"state": {"enum": list(STATES)}}, "required": ["state"], "additionalProperties": False,
                            **_says(Text("没有值的原因", "Why there is no value"))}
    for name, record_type in dictionary.types.items():
        definitions[f"record_{name}"] = _record(record_type)
    return {"$schema": "http://json-schema.org/draft-07/schema#", "$comment": "made by python -m auditkb.generated", "title": "auditkb rule",
            **rule, "definitions": definitions}


def _plain(node: Any) -> Any:
    """pydantic's schema without what says nothing to a person: names of classes, defaults, null for keys left out."""
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if not isinstance(node, dict):
        return node.replace("#/$defs/", "#/definitions/") if isinstance(node, str) else node
    if "prefixItems" in node:
        return {"type": "array", "items": {"type": "string"}, "minItems": node["minItems"], "maxItems": node["maxItems"]}
    kept = {key: value for key, value in node.items() if key not in ("title", "default") or not isinstance(value, (str, int, float, list, dict, type(None)))}
    kept = {key: ({name: _plain(item) for name, item in value.items()} if key == "properties" else _plain(value)) for key, value in kept.items()}
    if "anyOf" in kept:
        branches = [item for item in kept["anyOf"] if item != {"type": "null"}]
        kept = {**{key: value for key, value in kept.items() if key != "anyOf"}, **(branches[0] if len(branches) == 1 else {"anyOf": branches})}
    return kept


def _described(name: str, item: Schema) -> Schema:
    """A model's schema with the words for each of its keys. What is referred to is wrapped, since draft 7 reads nothing beside `$ref`."""
    properties = {key: _with_words(value, KEYS[name][key]) for key, value in item["properties"].items()}
    return {**{key: value for key, value in item.items() if key != "description"}, "properties": properties}


def _with_words(item: Schema, words: Text) -> Schema:
    return {**_says(words), **({"allOf": [item]} if "$ref" in item else item)}


def _says(words: Text) -> Schema:
    return {"description": f"{words.zh}\n\n{words.en}"}


def _enumerate(rule: Schema, definitions: Schema, dictionary: Dictionary, laws: LawRegister) -> None:
    """Offer record types, exemptions, laws and records where they are named."""
    types = _offered({name: Text(item.label.zh, item.label.en) for name, item in dictionary.types.items()})
    properties = rule["properties"]
    properties["checks"] |= _open(types)
    properties["checks"].pop("type")
    kinds = dictionary["exemption"].fields["type"].choices or {}
    properties["exempt_by"]["items"] = _open(_offered({name: Text(label.zh, label.en) for name, label in kinds.items()}))
    definitions["Criterion"]["properties"]["law"] |= _offered({name: Text(law.title.zh, law.title.en) for name, law in laws.root.items()})
    definitions["Parameter"]["properties"]["default"]["anyOf"].append({"type": "null"})
    example = definitions["Example"]["properties"]
    example["not_covered"]["items"] = _open(types)
    example["given"]["properties"] = {
        name: {**_says(Text(item.label.zh, item.label.en)), "anyOf": [{"$ref": f"#/definitions/record_{name}"},
                                                                    {"type": "array", "items": {"$ref": f"#/definitions/record_{name}"}}]}
        for name, item in dictionary.types.items()}


def _offered(names: dict[str, Text]) -> Schema:
    return {"enum": list(names), "enumDescriptions": [f"{label.zh} | {label.en}" for label in names.values()]}


def _open(offered: Schema) -> Schema:
    """What is offered, or any other text: an office may have its own."""
    return {"anyOf": [offered, {"type": "string"}]}


def _record(record_type: RecordType) -> Schema:
    fields = {name: {**_says(Text(f"{item.label.zh}：{item.description.zh}", f"{item.label.en}: {item.description.en}")), **_value(item)}
              for name, item in record_type.fields.items()}
    own = {"id": {**_says(Text("例子中的编号，供其他记录引用", "By which other records of the example refer to it")), **_SCALAR}}
    return {"type": "object", "properties": {**own, **fields}}


def _value(item: Field) -> Schema:
    state = {"$ref": "#/definitions/State"}
    if item.choices is not None:
        return {"anyOf": [_offered({name: Text(label.zh, label.en) for name, label in item.choices.items()}), {"type": "string"}, state]}
    return {"anyOf": [_VALUES.get(item.type, {"type": ["string", "number"]}), state]}


def text() -> str:
    """`rules/schema.json` as it should be."""
    made = schema_of(load_dictionary(ROOT / "records"), load_laws(ROOT / "rules" / "laws.yml"))
    return json.dumps(made, ensure_ascii=False, indent=1) + "\n"
