"""What templates may call: the words, values and addresses of the site, over one `Cells`.

`plugins/pages.py` puts these into the template environment; nothing here reads the database.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from auditkb.dictionary import Dictionary
from auditkb.labels import read_labels
from auditkb.wording import NOTHING_CHECKED
from auditkb.yaml_files import read_yaml
from web import formats, rule_text
from web.cells import DATABASE, STATES, Cells, badge
from web.language import current, say, tell
from web.reports import marked
from web.translations import ERRORS, FILTER_WORDS, OFFERED_FILTERS

ROOT = Path(__file__).parents[1]
MOST_COLUMNS = 8
LANGUAGE_SUFFIX = re.compile(r"_(zh|en)$")


class Site:
    """The functions that templates call."""

    def __init__(self, dictionary: Dictionary, urls: Any):
        self.dictionary = dictionary
        self.labels = read_labels(dictionary)
        self.urls = urls
        self.cells = Cells(self.labels, urls, read_yaml(ROOT / "findings" / "classes.yml").data)

    def functions(self) -> dict[str, Any]:
        """By the name that templates use."""
        return {
            "say": say, "tell": tell, "language": current, "site_title": self.title, "main_links": self.main_links,
            "table_label": lambda name: tell(self.labels.table(name)), "table_description": self.table_description,
            "column_label": self.column_label, "column_help": self.column_help, "facet_value": self.facet_value,
            "shown_columns": self.shown_columns, "ordered_facets": self.ordered_facets, "row_address": self.row_address,
            "filter_choices": filter_choices, "filter_columns_shown": self.filter_columns_shown, "selection": self.selection,
            "cell": self.cells.cell, "key_words": self.cells.key_words, "link_to": self.cells.link, "address": self.cells.address, "title_of": self.cells.title,
            "findings_where": self.findings_where, "rows_where": self.rows_where, "badge": self.badge,
            "money": formats.money, "number": formats.number, "article": formats.article, "unit_name": formats.unit_name, "moment": formats.time,
            "reasons": lambda record_type, text: formats.reasons(self.labels, record_type, text),
            "in_language": in_language, "category": self.cells.category, "error_words": error_words, "show_hide_words": show_hide_words,
            "value_words": self.value_words, "own_tables": self.own_tables, "nothing_checked": lambda: tell(NOTHING_CHECKED), "state_words": lambda name: tell(STATES.get(name)),
            "path_words": lambda record_type, path: formats.path_words(self.labels, record_type, path),
            "reading": lambda rule: rule_text.numbered(in_language(rule, "summary")), "value_label": value_label,
            "unknown_columns": self.unknown_columns, "numbered_row": numbered_row, "evidence_value": evidence_value,
            "meaning": self.meaning, "value_now": self.value_now, "period": period, "example_value": self.example_value,
            "result_column": self.result_column, "result_value": self.result_value,
            "departments_in_order": departments_in_order, "marked": marked, "labels": self.labels, "database_name": DATABASE,
        }

    def title(self) -> str:
        """The name of the site."""
        return say("审计问题知识库", "Audit findings knowledge base")

    def main_links(self) -> list[tuple[str, str]]:
        """Address and words of the links in the header."""
        tables = ["findings", "rules", "known_findings", "reports", "contract"]
        return [(self.urls.table(DATABASE, name), tell(self.labels.table(name))) for name in tables if name in self.labels] + [
            (self.urls.database(DATABASE), say("全部数据", "All data"))]

    def table_description(self, name: str) -> str:
        """What the table holds, in a sentence."""
        table = self.labels.tables.get(name)
        return tell(table.description) if table else ""

    def column_label(self, table: str, name: str, *, with_unit: bool = True) -> str:
        """The heading of a column, with its unit."""
        column = self.labels.column(table, name)
        if column is None:
            return say("主键", "Key") if name == "rowid" else name
        unit = formats.unit_name(column.unit) if with_unit else ""
        if not unit:
            return tell(column.label)
        return tell(column.label) + say(f"（{unit}）", f" ({unit})")

    def column_help(self, table: str, name: str) -> str:
        """What a column means; '' where its name says it."""
        column = self.labels.column(table, name)
        return tell(column.description) if column else ""

    def is_shown(self, table: str, name: str) -> bool:
        """Whether people may see the column on this page: internal ones never, other languages not now."""
        if name.startswith("_") or self.labels.column(table, name) is None:
            return False
        suffix = LANGUAGE_SUFFIX.search(name)
        if suffix is None:
            # `note` gives way to `note_en` in English; in Chinese there is only `note`.
            found = self.labels.tables.get(table)
            return found is None or current() == "zh" or f"{name}_{current()}" not in found.columns
        return suffix[1] == current()

    def shown_columns(self, table: str, columns: list[dict[str, Any]], rows: list[Any], *, every: bool = False) -> list[dict[str, Any]]:
        """The columns of a table page in their order: those that hold something, of a long record type the first of them."""
        found = self.labels.tables.get(table)
        if found is None:
            return [column for column in columns if not column["name"].startswith("_")]
        visible = {LANGUAGE_SUFFIX.sub("", column["name"]): column for column in columns if self.is_shown(table, column["name"])}
        if every:
            return list(visible.values())
        chosen = [visible[name] for name in found.listed if name in visible]
        chosen = [column for column in chosen if column["name"] == found.opens or _has_values(rows, column["name"])]
        if found.is_record:
            chosen = chosen[:MOST_COLUMNS]
        return chosen or list(visible.values())

    def filter_columns_shown(self, table: str, names: Iterable[str]) -> list[str]:
        """The columns that a reader may filter by."""
        return [name for name in names if self.is_shown(table, name)]

    def ordered_facets(self, table: str, facets: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Facets as the table lists them, choices in their own order (severity by rank, not by count)."""
        found = self.labels.tables.get(table)
        order = list(found.facets) if found else []
        facets = [facet for facet in facets if facet["results"] and self.is_shown(table, facet["name"])]
        facets.sort(key=lambda facet: order.index(facet["name"]) if facet["name"] in order else len(order))
        for facet in facets:
            column = self.labels.column(table, facet["name"])
            ranks = list(column.choices) if column else []
            if ranks:
                facet["results"].sort(key=lambda item: ranks.index(item["value"]) if item["value"] in ranks else len(ranks))
        return facets

    def facet_value(self, table: str, name: str, item: dict[str, Any]) -> str:
        """A value of a facet in words."""
        if item["value"] in (None, ""):
            return say("（无）", "(none)")
        return self.value_words(table, name, item["value"], item.get("label"))

    def value_words(self, table: str, name: str, value: Any, label: Any = None) -> str:
        """A value without markup: its label, title or itself."""
        words = self.labels.value(table, name, value)
        if words is not None:
            return tell(words)
        column = self.labels.column(table, name)
        if column is not None and column.type in self.cells.titles:
            return self.cells.title(column.type, value)
        if column is not None and column.type == "category":
            return self.cells.category(str(value))
        if column is not None and column.type == "runs":
            return say(f"第{value}批", f"Run {value}")
        if column is not None and column.type in ("reasons", "field"):
            return say("；", "; ").join(formats.reasons(self.labels, "", str(value)))
        return str(label if label not in (None, "") else value)

    def row_address(self, row: Any) -> str:
        """The address that Datasette gave the row, from its first cell."""
        found = re.search(r'href="([^"]+)"', str(row.cells[0]["value"]))
        return found[1] if found else ""

    def selection(self, table: str, filters: Any, request: Any, path_with_removed_args: Callable[..., str]) -> list[tuple[str, str]]:
        """Each condition of the page in words, with the address of the page without it."""
        found = []
        for column, lookup, value in filters.selections():
            words = say(*FILTER_WORDS.get(lookup, (lookup, lookup)))
            shown = self.value_words(table, column, value) if lookup in ("exact", "not") else value
            keys = [key for key in request.args if key in (column, f"{column}__{lookup}")]
            names = dict.fromkeys(keys)
            needs_value = lookup not in ("isnull", "notnull", "isblank", "notblank")
            text = f"{self.column_label(table, column, with_unit=False)} {words}" + (f" {shown}" if needs_value else "")
            found.append((text, path_with_removed_args(request, names)))
        return found

    def unknown_columns(self, table: str, filters: Any) -> list[str]:
        """Columns that conditions of the page name and the table has not; SQLite takes such a name for a text."""
        if table not in self.labels:
            return []
        return [column for column, _, _ in filters.selections() if self.labels.column(table, column) is None and not column.startswith("_")]

    def findings_where(self, **conditions: Any) -> str:
        """The findings table, filtered."""
        return self.rows_where("findings", **conditions)

    def rows_where(self, table: str, **conditions: Any) -> str:
        """A table, filtered; None asks for an empty column."""
        pairs = [(name, value) if value is not None else (f"{name}__isnull", "1") for name, value in conditions.items()]
        address = str(self.urls.table(DATABASE, table))
        return address + ("?" + urlencode(pairs) if pairs else "")

    def meaning(self, rule: dict[str, Any], name: str, named: dict[str, Any]) -> str:
        """A field, or a step of a rule, in words; `named` are the steps that its author gave a label."""
        name = name.lstrip(":")
        if name in named:
            return f"“{named[name][current()]}”"
        return rule_text.numbered_definition(in_language(rule, "summary"), name) or formats.path_words(self.labels, rule["checks"], name)

    def example_value(self, record_type: str, name: str, value: Any) -> str:
        """A value of a rule's example in words."""
        column = self.labels.column(record_type, name)
        if column is not None and isinstance(value, (int, float)) and column.type in ("money", "ratio"):
            return formats.money(value) if column.type == "money" else formats.ratio(value)
        return self.value_words(record_type, name, value)

    def result_column(self, record_type: str, name: str) -> str:
        """What a column of a rule's own query means; '' for those that only serve the query."""
        own = {"key": say("记录", "Record"), "department": say("责任部门", "Department"), "outcome": say("检查结果", "Outcome"),
               "reasons": say("原因", "Reasons")}
        if name in own or ":" in name:
            return own.get(name, "")
        words = formats.path_words(self.labels, record_type, name).strip("“”")
        return "" if words == name else words

    def value_now(self, item: dict[str, Any], value: Any) -> str:
        """A value that the query gives now, formatted as its kind is."""
        if isinstance(value, (int, float)) and item.get("type") in ("money", "ratio"):
            return formats.money(value) if item["type"] == "money" else formats.ratio(value)
        if item.get("record_type") and item.get("field"):
            return self.value_words(item["record_type"], item["field"], value)
        return str(value)

    def result_value(self, finding: dict[str, Any], name: str, value: Any) -> Any:
        """A value of a rule's own query in words."""
        if name == "outcome":
            return self.badge("outcomes", "outcome", value)
        if name == "reasons":
            return say("；", "; ").join(formats.reasons(self.labels, finding["record_type"], str(value)))
        return self.example_value(finding["record_type"], name, value)

    def badge(self, table: str, name: str, value: Any) -> Any:
        """A value of a choice as a small mark."""
        return badge(name, str(value), self.labels.value(table, name, value))

    def own_tables(self, present: Iterable[str]) -> list[tuple[str, list[str]]]:
        """The tables that people see, in groups with a heading each."""
        present = set(present)
        groups = [("results", say("检查结果", "Results")), ("reports", say("报告", "Reports")), ("records", say("业务记录", "Records")), ("basis", say("基础资料", "Basis"))]
        return [(heading, [name for name, table in self.labels.tables.items() if table.group == group and name in present])
                for group, heading in groups]


def departments_in_order(counts: dict[str | None, dict[str, int]]) -> list[str | None]:
    """Departments with the gravest and most leads first; records without a department last."""
    ranks = ("high", "medium", "low", "info")
    return sorted(counts, key=lambda name: (name is None, *(-counts[name].get(rank, 0) for rank in ranks), name or ""))


def _has_values(rows: list[Any], name: str) -> bool:
    return any(cell["column"] == name and str(cell["value"]).strip() not in ("", "&nbsp;") for row in rows for cell in row.cells)


def filter_choices(selected: str = "") -> list[tuple[str, str]]:
    """Key and words of the comparisons offered; one that is in use is offered too."""
    keys = [*OFFERED_FILTERS, *([selected] if selected and selected not in OFFERED_FILTERS else [])]
    return [(key + ("__1" if key in ("isblank", "notblank", "isnull", "notnull") else ""), say(*FILTER_WORDS[key])) for key in keys
            if key in FILTER_WORDS]


def in_language(row: dict[str, Any] | None, name: str) -> str:
    """`name_zh` or `name_en` of a row, the Chinese one where the other is empty."""
    if not row:
        return ""
    return str(row.get(f"{name}_{current()}") or row.get(f"{name}_zh") or "")


def numbered_row(key: str) -> str:
    """The heading of a row that only has a number."""
    return say(f"第 {key} 条", f"No. {key}") if key.isdigit() else key


def evidence_value(item: dict[str, Any]) -> str:
    """A value of the evidence as it was written down, money with its unit."""
    shown = str(item[f"shown_{current()}"])
    return shown + say("元", " yuan") if item.get("type") == "money" and item.get("value") is not None and shown[-1:].isdigit() else shown


def value_label(item: dict[str, Any], rule: dict[str, Any] | None) -> str:
    """What a value of the evidence is called; a step of the rule that has no words of its own by its number and what it computes."""
    label = str(item.get(f"label_{current()}") or item.get("label_zh") or item["name"])
    if label.replace(" ", "_") != item["name"]:
        return label
    return rule_text.numbered_definition(in_language(rule, "summary"), item["name"]) or label


def period(text: str) -> str:
    """A day, or the first and last of several (`2019-01-01/2019-12-31`)."""
    return str(text).replace("/", say(" 至 ", " to "))


def error_words(message: object) -> str:
    """An error of Datasette in the reader's language."""
    text = str(message)
    if text not in ERRORS:
        text = "Page not found" if "404" in text else "The address asks for something that is not there."
    return say(ERRORS[text], text)


def show_hide_words(text: str) -> str:
    """The link that shows or hides the SQL."""
    return say("显示 SQL" if text == "show" else "隐藏 SQL", text)

