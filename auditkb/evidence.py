"""What a finding shows: the message, the values compared, the rows, what stood in, the law in force, the parameters.

Everything is taken from the details that the engine gave for one record; nothing is looked up again.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from auditkb.compiler.statement import KEYS_SHOWN, Compiled, Shown
from auditkb.dictionary import Dictionary
from auditkb.errors import Text
from auditkb.expressions.tree import AsOf, walk, Field, LetName, Missing, Node, Parameter
from auditkb.laws import LawRegister, cite, in_force
from auditkb.rules.check import PLACEHOLDER
from auditkb.rules.checked import Rule
from auditkb.wording import UNITS, say_bounds, say_codes, say_path, say_value

Row = dict[str, Any]
COUNTED = re.compile(PLACEHOLDER.pattern + r"(?: [a-z]+)? (?:days|months|items|firms|contracts)\b(?! (?:are|were|have))")


@dataclass(frozen=True)
class Evidence:
    """The evidence of one finding, ready to store."""

    message: Text
    data: dict[str, Any]
    hash: str
    amount: float | None
    severity: str
    conflict: bool
    presumed: bool


def gather_evidence(rule: Rule, row: Row, dictionary: Dictionary, laws: LawRegister) -> Evidence:
    """The evidence of the record that `row` (a row of the engine's details) is about."""
    compiled: Compiled = row["compiled"]
    words = {name: _words(rule, shown, row, dictionary) for name, shown in compiled.shown.items()}
    values = [_value(rule, item.name, compiled.shown[item.name], words[item.name], row, dictionary)
              for item in rule.evidence if item.node is not None and item.name in compiled.shown]
    values += [_value(rule, name, compiled.shown[name], words[name], row, dictionary)
               for name in rule.shown if name not in {item["name"] for item in values}
               and name in compiled.shown and not isinstance(rule.shown[name], Parameter)]
    rows = [_rows(item.name, item.rows.downs[-1][0] if item.rows and item.rows.downs else rule.checks, row[compiled.rows[item.name]], dictionary, rule)
            for item in rule.evidence if item.rows is not None]
    data = {
        "values": values, "rows": rows, "assumed": _assumed(rule, row, dictionary), "criteria": _criteria(rule, row, laws),
        "parameters": _parameters(rule, row, compiled, words), "event_date": _event_date(row),
    }
    message = _message(rule, words)
    severity = "high" if row["high"] else rule.file.severity.default
    presumed = bool(row["assumed"]) and bool(data["assumed"])
    return Evidence(message, data, evidence_hash(data, _by_time(rule)), row["amount"], severity, bool(row["conflict"]), presumed)


def _message(rule: Rule, words: dict[str, Text]) -> Text:
    """The rule's message with its values; in English "1 days" becomes "1 day"."""
    def singular(found: re.Match[str]) -> str:
        value = words[found.group(1)].en
        return found.group().removesuffix("s") if value == "1" or value.endswith(" 1") else found.group()

    return Text(PLACEHOLDER.sub(lambda found: words[found.group(1)].zh, rule.file.message.zh),
                PLACEHOLDER.sub(lambda found: words[found.group(1)].en, COUNTED.sub(singular, rule.file.message.en)))


def evidence_hash(data: dict[str, Any], by_time: set[str]) -> str:
    """A hash of what was seen in the records: values, rows and stand-ins; not wording, law or thresholds.

    Values named in `by_time` change by the mere passing of days and are left out: a finding is not new evidence tomorrow.
    """
    seen = [[(item["name"], item["value"], item.get("upper"), item.get("state")) for item in data["values"] if item["name"] not in by_time],
            [(item["name"], item["keys"]) for item in data["rows"]], [(item["name"], item["value"]) for item in data["assumed"]]]
    text = json.dumps(seen, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _by_time(rule: Rule) -> set[str]:
    """The lets that look at the run's day, themselves or through another let."""
    found: set[str] = set()
    while True:
        more = {name for name, node in rule.lets.items() if name not in found and any(
            isinstance(part, AsOf) or (isinstance(part, LetName) and part.name in found) for part in walk(node))}
        if not more:
            return found
        found |= more


def _words(rule: Rule, shown: Shown, row: Row, dictionary: Dictionary) -> Text:
    low, node = row[shown.column], shown.node
    high = row[shown.upper] if shown.upper else low
    root = rule.lets.get(node.name) if isinstance(node, LetName) else node
    if isinstance(root, Missing) and low is not None:
        kind = root.operand.kind
        return say_codes([code for code in str(low).split(",") if code], kind, dictionary)
    if isinstance(node, Parameter) and node.kind.name == "list":
        return Text("", "") if low is None else _list_words(rule, node, int(low), dictionary)
    return say_bounds(low, high, node.kind, dictionary, _state(node, row))


def _list_words(rule: Rule, node: Parameter, number: int, dictionary: Dictionary) -> Text:
    table = rule.parameters[node.name]
    lists = list(dict.fromkeys(line.value for line in table.rows))
    return say_codes([str(item) for item in lists[number]], table.of, dictionary)


def _state(node: Node, row: Row) -> str | None:
    if not isinstance(node, Field):
        return None
    states = row.get("states:" + ".".join(node.ups)) or ""
    found = re.search(rf"\|{re.escape(node.name)}=([a-z_]+)\|", states)
    return found.group(1) if found else None


def _value(rule: Rule, name: str, shown: Shown, words: Text, row: Row, dictionary: Dictionary) -> dict[str, Any]:
    node = shown.node
    label = say_path(name, dictionary, rule.checks) if isinstance(node, Field) else let_label(rule, name)
    item: dict[str, Any] = {
        "name": name, "label_zh": label.zh, "label_en": label.en, "type": node.kind.name, "value": row[shown.column],
        "shown_zh": words.zh, "shown_en": words.en}
    if shown.upper and row[shown.upper] != row[shown.column]:
        item["upper"] = row[shown.upper]
    if isinstance(node, Field):
        item["state"] = _state(node, row)
        if not node.ups:
            item |= {"record_type": rule.checks, "key": row["key"], "field": node.name}
        else:
            key = row.get("key:" + ".".join(node.ups))
            item |= {"record_type": _type_above(rule.checks, node.ups, dictionary), "key": key, "field": node.name}
    return item


def let_label(rule: Rule, name: str) -> Text:
    """What a let is called: its own label where the rule gives one, else its name."""
    label = rule.file.labels.get(name)
    return Text(label.zh, label.en) if label is not None else Text(name, name.replace("_", " "))


def parameter_labels(rule: Rule) -> dict[str, Text]:
    """What the parameters of a rule are called, where it says so."""
    return {name: Text(said.label.zh, said.label.en) for name, said in rule.file.parameters.items() if said.label is not None}


def _type_above(record_type: str, ups: tuple[str, ...], dictionary: Dictionary) -> str:
    for step in ups:
        record_type = dictionary[record_type].fields[step].type
    return record_type


def _rows(name: str, record_type: str, joined: str | None, dictionary: Dictionary, rule: Rule) -> dict[str, Any]:
    keys = joined.split("\x1f") if joined else []
    label = say_path(name, dictionary, rule.checks)
    return {"name": name, "label_zh": label.zh, "label_en": label.en, "record_type": record_type,
            "keys": keys[:KEYS_SHOWN], "more": int(len(keys) > KEYS_SHOWN)}


def _assumed(rule: Rule, row: Row, dictionary: Dictionary) -> list[dict[str, Any]]:
    """Every stand-in that was used for this record."""
    if not row["assumed"]:
        return []
    found = []
    for index, assumption in enumerate(rule.assumptions):
        number = row.get(f"stood_in{index}")
        if number is None:
            continue
        stand_in = assumption.stand_ins[number - 1]
        label = say_path(assumption.target, dictionary, rule.checks) if assumption.field is not None else let_label(rule, assumption.target)
        value, kind = row[f"value:stood_in{index}"], stand_in.kind
        words = say_value(value, assumption.field.kind if assumption.field is not None else kind, dictionary)
        source = say_path(stand_in.path, dictionary, rule.checks) if isinstance(stand_in, Field) else Text("规则设定", "set by the rule")
        found.append({"name": assumption.target, "label_zh": label.zh, "label_en": label.en, "value": value,
                      "shown_zh": f"{words.zh}（{source.zh}）", "shown_en": f"{words.en} ({source.en})"})
    entry = row.get("event_entry")
    if rule.is_dated and entry:
        item = rule.event_date[entry]
        label = say_path(item.path, dictionary, rule.checks)
        found.append({"name": "event_date", "label_zh": "业务日期", "label_en": "Event date", "value": _event_date(row),
                      "shown_zh": f"以{label.zh}代替", "shown_en": f"{label.en} stands in"})
    return found


def _criteria(rule: Rule, row: Row, laws: LawRegister) -> list[dict[str, Any]]:
    cited = []
    for index, (criterion, _) in enumerate(rule.criteria):
        held = row[f"cited{index}"]
        if criterion.role == "liability" or held == 0 or not in_force(laws, criterion, row["event_from"], row["event_to"]):
            continue
        item = cite(laws, criterion, possible=held is None)
        cited.append({"law": item.law, "article": item.article, "title_zh": item.title.zh, "title_en": item.title.en,
                      "role": item.role, "verified": item.verified, "internal": item.internal, "possible": item.possible,
                      "text_zh": item.says.zh if item.says else None, "text_en": item.says.en if item.says else None})
    return cited


def _parameters(rule: Rule, row: Row, compiled: Compiled, words: dict[str, Text]) -> list[dict[str, Any]]:
    found = []
    for name, table in rule.parameters.items():
        shown = words[f":{name}"]
        unit = UNITS.get(table.unit or "", Text("", ""))
        number = row.get(f"from:{name}")
        line = table.rows[number] if number is not None and number < len(table.rows) else None
        source = line.source if line is not None and line.source is not None else Text("规则默认值", "the rule's own value")
        if line is None and table.field is not None:
            source = Text("记录自身的值", "the record's own value")
        label = rule.file.parameters[name].label
        found.append({"name": name, "label_zh": label.zh if label else name, "label_en": label.en if label else name,
                      "value": row[compiled.shown[f":{name}"].column], "shown_zh": shown.zh + unit.zh, "shown_en": shown.en + unit.en,
                      "source_zh": source.zh, "source_en": source.en})
    return found


def _event_date(row: Row) -> str | None:
    first, last = row["event_from"], row["event_to"]
    return first if first == last else f"{first}/{last}"
