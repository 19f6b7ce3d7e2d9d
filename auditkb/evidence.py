"""What a finding shows: the message, the values compared, the rows, what stood in, the law in force, the parameters.

Everything is taken from the details that the engine gave for one record; nothing is looked up again.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from auditkb.compiler.details import KEYS_SHOWN, Shown
from auditkb.compiler.statement import Compiled
from auditkb.dictionary import Dictionary
from auditkb.errors import Text
from auditkb.expressions.tree import AsOf, walk, Field, LetName, Missing, Node, Parameter
from auditkb.laws import Citation, LawRegister, cite, is_within, time_in_force
from auditkb.remembered import Remembered
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
    return Gatherer(rule, dictionary, laws).gather(row)


class Gatherer:
    """Gathers the evidence of one rule's findings; what is the same for all of them is looked up once."""

    def __init__(self, rule: Rule, dictionary: Dictionary, laws: LawRegister):
        self._rule, self._dictionary = rule, dictionary
        self._by_time = _by_time(rule)
        self._said = {item.name for item in rule.evidence if item.node is not None} | set(rule.shown) | {f":{name}" for name in rule.parameters}
        self._value_names = list(dict.fromkeys([*(item.name for item in rule.evidence if item.node is not None),
                                                *(name for name, node in rule.shown.items() if not isinstance(node, Parameter))]))
        self._paths = Remembered[str, Text](lambda path: say_path(path, dictionary, rule.checks))
        self._criteria = [(index, time_in_force(laws, criterion), {possible: _cited(cite(laws, criterion, possible=possible)) for possible in (False, True)})
                          for index, (criterion, _) in enumerate(rule.criteria) if criterion.role != "liability"]

    def gather(self, row: Row) -> Evidence:
        """The evidence of the record that `row` (a row of the engine's details) is about."""
        compiled: Compiled = row["compiled"]
        states = {name: _state(shown.node, row) for name, shown in compiled.shown.items() if name in self._said}
        words = {name: self._words(compiled.shown[name], row, state) for name, state in states.items()}
        values = [self._value(name, compiled.shown[name], words[name], row, states[name]) for name in self._value_names if name in words]
        data = {
            "values": values, "rows": self._rows(row, compiled), "assumed": self._assumed(row), "criteria": self._criteria_of(row),
            "parameters": self._parameters(row, compiled, words), "event_date": _event_date(row),
        }
        severity = "high" if row["high"] else self._rule.file.severity.default
        presumed = bool(row["assumed"]) and bool(data["assumed"])
        return Evidence(_message(self._rule, words), data, evidence_hash(data, self._by_time), row["amount"], severity, bool(row["conflict"]), presumed)

    def _words(self, shown: Shown, row: Row, state: str | None) -> Text:
        low, node = row[shown.column], shown.node
        high = row[shown.upper] if shown.upper else low
        root = self._rule.lets.get(node.name) if isinstance(node, LetName) else node
        if isinstance(root, Missing) and low is not None:
            return say_codes([code for code in str(low).split(",") if code], root.operand.kind, self._dictionary)
        if isinstance(node, Parameter) and node.kind.name == "list":
            return Text("", "") if low is None else self._list_words(node, int(low))
        return say_bounds(low, high, node.kind, self._dictionary, state)

    def _list_words(self, node: Parameter, number: int) -> Text:
        table = self._rule.parameters[node.name]
        lists = list(dict.fromkeys(line.value for line in table.rows))
        return say_codes([str(item) for item in lists[number]], table.of, self._dictionary)

    def _value(self, name: str, shown: Shown, words: Text, row: Row, state: str | None) -> dict[str, Any]:
        node, rule = shown.node, self._rule
        label = self._paths[name] if isinstance(node, Field) else let_label(rule, name)
        item: dict[str, Any] = {
            "name": name, "label_zh": label.zh, "label_en": label.en, "type": node.kind.name, "value": row[shown.column],
            "shown_zh": words.zh, "shown_en": words.en}
        if shown.upper and row[shown.upper] != row[shown.column]:
            item["upper"] = row[shown.upper]
        if isinstance(node, Field):
            item["state"] = state
            if not node.ups:
                item |= {"record_type": rule.checks, "key": row["key"], "field": node.name}
            else:
                key = row.get("key:" + ".".join(node.ups))
                item |= {"record_type": _type_above(rule.checks, node.ups, self._dictionary), "key": key, "field": node.name}
        return item

    def _rows(self, row: Row, compiled: Compiled) -> list[dict[str, Any]]:
        found = []
        for item in self._rule.evidence:
            if item.rows is None:
                continue
            joined = row[compiled.rows[item.name]]
            keys, label = joined.split("\x1f") if joined else [], self._paths[item.name]
            found.append({"name": item.name, "label_zh": label.zh, "label_en": label.en,
                          "record_type": item.rows.downs[-1][0] if item.rows.downs else self._rule.checks,
                          "keys": keys[:KEYS_SHOWN], "more": int(len(keys) > KEYS_SHOWN)})
        return found

    def _assumed(self, row: Row) -> list[dict[str, Any]]:
        """Every stand-in that was used for this record."""
        if not row["assumed"]:
            return []
        rule, found = self._rule, []
        for index, assumption in enumerate(rule.assumptions):
            number = row.get(f"stood_in{index}")
            if number is None:
                continue
            stand_in = assumption.stand_ins[number - 1]
            label = self._paths[assumption.target] if assumption.field is not None else let_label(rule, assumption.target)
            value, kind = row[f"value:stood_in{index}"], stand_in.kind
            words = say_value(value, assumption.field.kind if assumption.field is not None else kind, self._dictionary)
            source = self._paths[stand_in.path] if isinstance(stand_in, Field) else Text("规则设定", "set by the rule")
            found.append({"name": assumption.target, "label_zh": label.zh, "label_en": label.en, "value": value,
                          "shown_zh": f"{words.zh}（{source.zh}）", "shown_en": f"{words.en} ({source.en})"})
        entry = row.get("event_entry")
        if rule.is_dated and entry:
            label = self._paths[rule.event_date[entry].path]
            found.append({"name": "event_date", "label_zh": "业务日期", "label_en": "Event date", "value": _event_date(row),
                          "shown_zh": f"以{label.zh}代替", "shown_en": f"{label.en} stands in"})
        return found

    def _criteria_of(self, row: Row) -> list[dict[str, Any]]:
        """The provisions in force at the record's time."""
        first, last = row["event_from"], row["event_to"]
        return [cited[row[f"cited{index}"] is None] for index, time, cited in self._criteria
                if row[f"cited{index}"] != 0 and is_within(time, first, last)]

    def _parameters(self, row: Row, compiled: Compiled, words: dict[str, Text]) -> list[dict[str, Any]]:
        found = []
        for name, table in self._rule.parameters.items():
            shown = words[f":{name}"]
            unit = UNITS.get(table.unit or "", Text("", ""))
            number = row.get(f"from:{name}")
            line = table.rows[number] if number is not None and number < len(table.rows) else None
            source = line.source if line is not None and line.source is not None else Text("规则默认值", "the rule's own value")
            if line is None and table.field is not None:
                source = Text("记录自身的值", "the record's own value")
            label = self._rule.file.parameters[name].label
            found.append({"name": name, "label_zh": label.zh if label else name, "label_en": label.en if label else name,
                          "value": row[compiled.shown[f":{name}"].column], "shown_zh": shown.zh + unit.zh, "shown_en": shown.en + unit.en,
                          "source_zh": source.zh, "source_en": source.en})
        return found


def _cited(item: Citation) -> dict[str, Any]:
    return {"law": item.law, "article": item.article, "title_zh": item.title.zh, "title_en": item.title.en,
            "role": item.role, "verified": item.verified, "internal": item.internal, "possible": item.possible,
            "text_zh": item.says.zh if item.says else None, "text_en": item.says.en if item.says else None}


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


def _state(node: Node, row: Row) -> str | None:
    """Why a field has no value, as its record says it: `|signed_on=illegible|`."""
    if not isinstance(node, Field):
        return None
    _, _, found = (row.get("states:" + ".".join(node.ups)) or "").partition(f"|{node.name}=")
    return found.partition("|")[0] or None


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


def _event_date(row: Row) -> str | None:
    first, last = row["event_from"], row["event_to"]
    return first if first == last else f"{first}/{last}"
