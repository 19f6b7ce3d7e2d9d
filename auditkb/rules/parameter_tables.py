"""The parameters of a rule as tables: lines with their values, days and cases, every fault with its place."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from auditkb.dictionary import Dictionary
from auditkb.errors import Text, did_you_mean
from auditkb.expressions.functions import kind_in_words
from auditkb.expressions.tree import LIST, In, Kind, Missing, Node, walk
from auditkb.expressions.tree import Parameter as ParameterNode
from auditkb.parameters import ENDS_FIRST, Overlay, override_rows, stored, value_fits
from auditkb.rules.checked import ParameterRow, ParameterTable
from auditkb.rules.model import FieldDefault, Parameter, RuleFile

YamlPath = tuple[str | int, ...]
_ROW_KEYS = ("value", "from", "to")


class ParameterChecks:
    """The part of the rule checker that knows parameters; it supplies the rest."""

    model: RuleFile
    dictionary: Dictionary
    kinds: dict[str, Kind]
    lets: dict[str, Node]
    child_lets: dict[tuple[str, str], Node]
    conditions: list[Node]

    if TYPE_CHECKING:
        def say(self, path: YamlPath, text: Text, hint: Text | None = None, *, code: str, offset: int | None = None, key: bool = False) -> None: ...
        def value(self, path: YamlPath, text: str | None) -> Node | None: ...

    def table(self, name: str, model: Parameter, overlay: Overlay) -> ParameterTable:
        """The table of a parameter: the office's lines first, then the rule's own."""
        path: YamlPath = ("parameters", name)
        kind = self.kinds[name]
        by = [self.value((*path, "by", index), text) for index, text in enumerate(model.by or [])]
        for key, written in (("default", model.default), ("else", model.otherwise)):
            if written is not None and not isinstance(written, FieldDefault) and not value_fits(written, kind):
                words = kind_in_words(kind)
                self.say((*path, key), Text(f"参数“{name}”应为{words.zh}，写的是“{written}”", f'parameter "{name}" should be {words.en} and is "{written}"'), code="P01")
        rows = override_rows(overlay, f"{self.model.id}.{name}")
        for index, row in enumerate(model.rows or []):
            rows.append(self._row((*path, "rows", index), row, model.by or [], [node for node in by if node], kind))
        field = None
        if isinstance(model.default, FieldDefault):
            field = self.value((*path, "default", "field"), model.default.field)
        elif model.default is not None or model.otherwise is not None:
            value = model.default if model.default is not None else model.otherwise
            rows.append(ParameterRow({}, stored(value)))
        elif not model.rows:
            rows.append(ParameterRow({}, None))
        return ParameterTable(name, kind, model.unit, tuple(node for node in by if node), tuple(rows), field,
                              self.value((*path, "at_most"), model.at_most),
                              self.value((*path, "at_least"), model.at_least), self._items_of(name))

    def _row(self, path: YamlPath, row: dict[str, Any], by: list[str], nodes: list[Node], kind: Kind) -> ParameterRow:
        matches: dict[int, tuple[Any, ...]] = {}
        for key, value in row.items():
            if key in _ROW_KEYS:
                continue
            if key not in by:
                self.say((*path, key), Text(f"“{key}”不在 by 中", f'"{key}" is not in by'), did_you_mean(key, [*by, *_ROW_KEYS]), key=True, code="P02")
                continue
            allowed = stored(value if isinstance(value, list) else [value])
            if len(nodes) == len(by):
                self._row_choices((*path, key), nodes[by.index(key)].kind, allowed)
            matches[by.index(key)] = allowed
        if "value" not in row or not value_fits(row["value"], kind):
            words = kind_in_words(kind)
            self.say((*path, "value"), Text(f"这一行缺少 value，或 value 不是{words.zh}", f"this line has no value, or one that is not {words.en}"), code="P01")
        days = [self._row_day((*path, side), row.get(side)) for side in ("from", "to")]
        if days[0] is not None and days[1] is not None and days[0] > days[1]:
            self.say((*path, "to"), ENDS_FIRST, code="P02")
        return ParameterRow(matches, stored(row.get("value")), *days)

    def _row_day(self, path: YamlPath, value: Any) -> str | None:
        if value is None or isinstance(value, datetime.date):
            return value.isoformat() if value is not None else None
        self.say(path, Text("应为日期，如 2017-07-01（不加引号）", "should be a date such as 2017-07-01, without quotes"), code="P02")
        return None

    def _row_choices(self, path: YamlPath, kind: Kind, values: tuple[Any, ...]) -> None:
        if kind.name != "choice" or kind.of is None:
            return
        record_type, _, name = kind.of.partition(".")
        choices = self.dictionary[record_type].fields[name].choices or {}
        for value in values:
            if value not in choices:
                self.say(path, Text(f"“{value}”不是“{kind.of}”的选项", f'"{value}" is not a choice of {kind.of}'), did_you_mean(str(value), list(choices), called={code: choice.zh for code, choice in choices.items()}), code="X08")

    def _items_of(self, name: str) -> Kind | None:
        """Of which field a list parameter's items are choices: from where the rule uses the list."""
        if self.kinds[name] != LIST:
            return None
        for root in [*self.lets.values(), *self.child_lets.values(), *self.conditions]:
            for part in walk(root):
                if isinstance(part, Missing) and part.items.name == name:
                    return part.operand.kind
                if isinstance(part, In) and isinstance(part.values, ParameterNode) and part.values.name == name:
                    return part.item.kind
        return None
