"""One value as a reader sees it: formatted, labelled, linked. Everything that comes from data is escaped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from datasette.utils import tilde_encode
from markupsafe import Markup, escape

from auditkb.errors import Text
from auditkb.labels import Column, Labels
from web import formats
from web.language import current, say, tell

DATABASE = "kb"
LONGEST = 160
LEAD = Text("疑点（待核实）", "lead (not reviewed)")
STATES = {
    "blank_in_document": Text("文件空白", "blank in the document"),
    "not_captured": Text("未采集", "not captured"),
    "unreadable": Text("无法识别", "unreadable"),
    "illegible": Text("字迹不清", "illegible"),
    "not_required": Text("不要求", "not required"),
    "disputed": Text("来源不一致", "disputed between sources"),
    "other_currency": Text("不是人民币", "not in yuan"),
}


class Cells:
    """Values with the words of `labels` and addresses under `urls` (Datasette's)."""

    def __init__(self, labels: Labels, urls: Any, classes: dict[str, Any] | None = None):
        self.labels = labels
        self.classes = classes or {}
        self.urls = urls
        # Titles of rules and known findings by table and id; read again when the database changes.
        self.titles: dict[str, dict[str, dict[str, Any]]] = {}

    def address(self, table: str, key: object) -> str:
        """The page of a row."""
        return str(self.urls.row(DATABASE, table, tilde_encode(str(key))))

    def link(self, table: str, key: object, text: object = None) -> Markup:
        """A link to the page of a row, under its title where it has one."""
        return Markup('<a href="{}">{}</a>').format(self.address(table, key), text or self.title(table, key))

    def key_words(self, record_type: str, key: str) -> str:
        """A record's key as people read it: encoded signs decoded, codes of choices and types in words."""
        return "/".join(self._part_words(record_type, unquote(part)) for part in key.split("/"))

    def _part_words(self, record_type: str, part: str) -> str:
        if part in self.labels:
            return tell(self.labels.table(part))
        table = self.labels.tables.get(record_type)
        found = next((column.choices[part] for column in table.columns.values() if part in column.choices), None) if table else None
        return tell(found) if found else part

    def title(self, table: str, key: object) -> str:
        """What a rule, a known finding or any other row is called in the reader's language; its key where it has no title."""
        found = self.titles.get(table, {}).get(str(key))
        if not found:
            return self.key_words(table, str(key))
        return str(found.get(f"title_{current()}") or found.get("title_zh") or key)

    def category(self, value: str) -> str:
        """A class of findings in words: `CON/时序倒置`, `contract/date-order` -> 合同管理."""
        code, _, detail = (part.strip() for part in value.partition("/"))
        named = next((area for area in self.classes.values() if area["label"]["zh"] == code), None)
        found = self.classes.get(code) or self.classes.get(_AREAS.get(code, "")) or named
        if found is None:
            return value
        words = str(found["label"][current()])
        if detail in found["words"]:
            words += say(f"：{detail}", f": {found['words'][detail]}")
        return words

    def state(self, row: Mapping[str, Any], name: str) -> str | None:
        """The state of an empty field (`blank_in_document` …), or None."""
        # Rows of sqlite3 answer `in` by their values.
        states = row["_states"] if "_states" in row.keys() else None
        for part in (states or "").strip("|").split("|"):
            field, _, state = part.partition("=")
            if field == name:
                return state
        return None

    def cell(self, table: str, name: str, row: Mapping[str, Any], value: Any = None, *, shorten: bool = False) -> Markup:
        """The value of column `name`; `value` may be Datasette's `{value, label}` of a reference."""
        column = self.labels.column(table, name)
        if value is None:
            value = row[name]
        if (value is None or value == "") and name.endswith("_en") and name.removesuffix("_en") in row.keys():
            # What was never put into English is shown as it is.
            value = row[name.removesuffix("_en")]
        if value is None or value == "":
            state = self.state(row, name)
            return Markup('<span class="state state-{}">{}</span>').format(state, tell(STATES[state])) if state in STATES else Markup("")
        if column is None:
            return escape(str(value))
        return self._filled(table, column, row, value, shorten)

    def _filled(self, table: str, column: Column, row: Mapping[str, Any], value: Any, shorten: bool) -> Markup:
        label = None
        if isinstance(value, dict):
            value, label = value["value"], value["label"]
        if column.name == "review" and value == "待核实" and row["origin"] == "rule":
            return badge("review", value, LEAD)
        if column.name in ("severity", "review", "outcome"):
            return badge(column.name, str(value), self.labels.value(table, column.name, value))
        words = self.labels.value(table, column.name, value)
        if words is not None:
            return escape(tell(words))
        if column.type in ("rules", "known_findings"):
            return self.link(column.type, value)
        if column.type == "runs":
            return escape(say(f"第{value}批", f"Run {value}"))
        if column.type == "record_key":
            record_type = row["record_type"]
            shown = self.link(record_type, value) if record_type in self.labels else escape(str(value))
            is_gone = "is_gone" in row.keys() and row["is_gone"]
            return shown + Markup(' <span class="quiet">{}</span>').format(say("（已撤销）", "(gone)")) if is_gone else shown
        if column.type == "sources" and str(value) not in self.titles.get("sources", {}):
            # A source that was taken back has no page any more.
            return escape(str(value))
        if column.type == "figures" and "printed" in row.keys():
            label = row["printed"]
        if column.type in self.labels:
            return self.link(column.type, value, label)
        return self._plain(column, row, value, shorten)

    def _record_type(self, row: Mapping[str, Any]) -> str:
        """The record type that a row is about: its own word for it, else what its rule checks."""
        names = list(row.keys())
        if "record_type" in names and row["record_type"]:
            return str(row["record_type"])
        rule = row["rule_id"] if "rule_id" in names else None
        if isinstance(rule, dict):
            rule = rule["value"]
        return str(self.titles.get("rules", {}).get(str(rule), {}).get("checks") or "")

    def _plain(self, column: Column, row: Mapping[str, Any], value: Any, shorten: bool) -> Markup:
        if column.type == "money" and isinstance(value, (int, float)):
            return Markup('<span class="number">{}</span>').format(formats.money(value))
        if column.type == "ratio" and isinstance(value, (int, float)):
            return Markup('<span class="number">{}</span>').format(formats.ratio(value))
        if column.name == "difference" and "unit" in row.keys() and isinstance(value, (int, float)):
            return Markup('<span class="number">{}</span>').format(formats.with_unit(value, row["unit"]))
        if column.unit == "year":
            return escape(str(value))
        if column.type in ("integer", "decimal") and isinstance(value, (int, float)):
            return Markup('<span class="number">{}</span>').format(formats.number(value))
        if column.type == "reasons":
            return escape(say("；", "; ").join(formats.reasons(self.labels, self._record_type(row), str(value))))
        if column.type == "field":
            found = self.labels.column(row["record_type"], str(value))
            return escape(tell(found.label) if found else str(value))
        if column.type == "date":
            return Markup('<span class="date">{}</span>').format(value)
        if column.name in ("path", "sheet"):
            return Markup('<span class="file">{}</span>').format(value)
        if column.type == "article":
            return escape(formats.article(str(value)))
        if column.type == "time":
            return escape(formats.time(value))
        if column.type == "category":
            return escape(self.category(str(value)))
        text = str(value)
        return escape(text[:LONGEST] + "…" if shorten and len(text) > LONGEST else text)


def badge(kind: str, value: str, words: Text | None) -> Markup:
    """A small mark in words; the colour only repeats what they say."""
    return Markup('<span class="badge {}-{}">{}</span>').format(kind, _BADGES.get(value, value), tell(words) or value)


# The first step of a rule's category, and the code of the same class of findings.
_AREAS = {"contract": "CON", "procurement": "PROC", "payment": "PAY", "works": "WORKS", "budget": "BUD", "price": "PRICE"}
_BADGES = {"待核实": "lead", "已确认": "confirmed", "不成立": "rejected", "已排除": "rejected"}
