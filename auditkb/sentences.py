"""Expressions in sentences made from the dictionary's labels, in Chinese and in English.

Inside a filter the rows of the aggregate are "其 / its", the checked record is "本条 / this record's". A sentence never
leaves open what belongs together: a part that is itself composed stands in brackets.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from auditkb.dictionary import Dictionary
from auditkb.errors import Text
from auditkb.expressions.tree import (
    DATE, FLAG, INTEGER, MONEY, Aggregate, Arithmetic, AsOf, Blank, Call, Case, ChildLetName, Compare, Constant,
    Field, In, Kind, LetName, Logic, Missing, Node, Not, Parameter, Points, Rows,
)
from auditkb.row_sentences import RowWords
from auditkb.rules.checked import Rule
from auditkb.wording import (
    COMPARED_DATES, COMPARED_NAMES, COMPARED_NUMBERS, COMPARED_WORDS, FUNCTIONS, PEER_GROUPS, say_path, say_unit, say_value,
)

_OPPOSITE: dict[str, Literal["=", "<>", "<", "<=", ">", ">="]] = {"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_EXTREMES = {(True, True): ("早", "earlie"), (False, True): ("晚", "late"), (True, False): ("小", "smalle"), (False, False): ("大", "large")}
_UNITS_OF_CALLS = {"days_between": "days", "workdays_between": "workdays", "months_between": "months"}


def joined(parts: list[Text], between: Text) -> Text:
    """Texts with a word between them."""
    return Text(between.zh.join(part.zh for part in parts), between.en.join(part.en for part in parts))


def _bracketed(text: Text) -> Text:
    return Text(f"（{text.zh}）", f"({text.en})")


@dataclass(frozen=True)
class Speaker(RowWords):
    """Says the expressions of one rule; `rows` are those of the enclosing aggregate."""

    rule: Rule
    dictionary: Dictionary
    rows: Rows | None = None
    choice: Kind | None = None
    """Where a value stands in for a choice: the kind of that field, so that its codes are said by their labels."""

    def among(self, rows: Rows) -> Speaker:
        """The same speaker where what is said is of each of these rows."""
        return replace(self, rows=rows)

    def let(self, name: str) -> Text:
        """A let by its label, in quotes."""
        label = self.rule.file.labels.get(name)
        return Text(f"“{label.zh}”", f'"{label.en}"') if label is not None else Text(f"“{name}”", f'"{name}"')

    def say(self, node: Node) -> Text:
        """A condition as a clause, a value as a noun."""
        if isinstance(node, Logic):
            between = Text("，且", ", and ") if node.operator == "and" else Text("，或", ", or ")
            return joined([_bracketed(self.say(item)) if isinstance(item, Logic) else self.say(item) for item in node.items], between)
        if isinstance(node, Not):
            return self._denied(node.item)
        if isinstance(node, Compare):
            return self._compare(node)
        if isinstance(node, In):
            return self._member(node, False)
        if isinstance(node, Blank):
            return self._blank(node, False)
        if node.kind == FLAG and isinstance(node, (Field, LetName)):
            return self._flag(node, True)
        return self.noun(node)

    def noun(self, node: Node) -> Text:
        """What a value is called."""
        if isinstance(node, Field):
            return self._field(node)
        if isinstance(node, LetName):
            return self.let(node.name) if node.level == 0 else Text("其", "its ") + self.let(node.name)
        if isinstance(node, ChildLetName):
            return self.let(f"{node.child}.{node.name}")
        if isinstance(node, Parameter):
            return self._parameter(node)
        if isinstance(node, AsOf):
            return Text("基准日", "the run's day")
        if isinstance(node, Constant):
            return self._constant(node, None)
        if isinstance(node, Arithmetic):
            return self._arithmetic(node)
        if isinstance(node, Call):
            return self._call(node)
        if isinstance(node, (Aggregate, Missing)):
            return self._aggregate(node)
        if isinstance(node, Case):
            parts = [Text("当", "when ") + self.say(condition) + Text("时取", " take ") + self.noun(item) for condition, item in node.branches]
            if node.default is not None:
                parts.append(Text("否则取", "else ") + self.noun(node.default))
            return joined(parts, Text("；", "; "))
        if isinstance(node, Points):
            pairs = joined([self.say(condition) + Text("，计", ": ") + self.noun(weight) for condition, weight in node.pairs], Text("；", "; "))
            return Text(f"得分（{pairs.zh}）", f"the points ({pairs.en})")
        return self.say(node)

    def _part(self, node: Node) -> Text:
        """A value inside a longer one: in brackets where it is composed."""
        text = self.noun(node)
        return _bracketed(text) if isinstance(node, (Arithmetic, Case)) or (isinstance(node, Call) and node.function in ("least", "greatest")) else text

    def _field(self, node: Field) -> Text:
        if self.rows is None:
            return self._path(node.path)
        if node.level == 0:
            whose = self.rows.peers is not None or not node.ups
            return (Text("本条的", "this record's ") if whose else Text("", "")) + self._path(".".join((*node.ups, node.name)))
        if node.level == (len(self.rows.downs) or 1):
            types = self.rows.downs[-1][0] if self.rows.downs else self.rule.checks
            return Text("其", "its ") + self._path(".".join((*node.ups, node.name)), types)
        return self._path(node.path)

    def _path(self, path: str, record_type: str | None = None) -> Text:
        text = say_path(path, self.dictionary, record_type or self.rule.checks)
        return Text(text.zh.replace("·", "的"), text.en)

    def _parameter(self, node: Parameter) -> Text:
        """A parameter, with its value where there is one for all records and days."""
        label, table = self.rule.file.parameters[node.name].label, self.rule.parameters[node.name]
        name = Text(f"参数“{label.zh if label else node.name}”", f'the parameter "{label.en if label else node.name}"')
        line = table.rows[0] if len(table.rows) == 1 and table.field is None else None
        if line is None or line.matches or line.organisation or line.starts_on or line.ends_on or isinstance(line.value, tuple):
            return name
        if line.value is None:
            return name + Text("（没有设定）", " (not set)")
        value = self._constant(Constant(line.value, table.kind), table.unit)
        return name + Text(f"（{value.zh}）", f" ({value.en})")

    def _constant(self, node: Constant, unit: str | None) -> Text:
        kind = self.choice if self.choice is not None and node.kind.name == "text" else node.kind
        words = say_value(node.value, kind, self.dictionary)
        if node.kind == MONEY:
            words, unit = Text(words.zh.removesuffix(".00"), words.en.removesuffix(".00")), unit or "yuan"
        if node.kind.name in ("choice", "text", "flag"):
            words = Text(f"“{words.zh}”", f'"{words.en}"')
        return words + say_unit(node.value, unit)

    def unit(self, node: Node) -> str | None:
        """In what a number is counted, as far as the expression or the dictionary says."""
        if isinstance(node, Call):
            return _UNITS_OF_CALLS.get(node.function) or (self.unit(node.arguments[0]) if node.function == "abs" else None)
        if isinstance(node, LetName) and node.name in self.rule.lets:
            return self.unit(self.rule.lets[node.name])
        if isinstance(node, Parameter):
            return self.rule.parameters[node.name].unit
        if isinstance(node, Arithmetic) and node.operator in ("+", "-"):
            return self.unit(node.left) or self.unit(node.right)
        if isinstance(node, Field) and node.kind == INTEGER:
            return self.dictionary[self._type_of(node)].fields[node.name].unit
        return None

    def _denied(self, item: Node) -> Text:
        if isinstance(item, Compare):
            return self._compare(replace(item, operator=_OPPOSITE[item.operator]))
        if isinstance(item, In):
            return self._member(item, True)
        if isinstance(item, Blank):
            return self._blank(item, True)
        if isinstance(item, (Field, LetName)):
            return self._flag(item, False)
        inside = self.say(item)
        return Text(f"并非（{inside.zh}）", f"not ({inside.en})")

    def _flag(self, node: Field | LetName, holds: bool) -> Text:
        entry = self.dictionary[self._type_of(node)].fields[node.name] if isinstance(node, Field) else None
        if entry is not None and entry.said is not None and isinstance(node, Field):
            said = entry.said.yes if holds else entry.said.no
            return self._whose(node) + Text(said.zh, " " + said.en)
        if isinstance(node, Field):
            return self.noun(node) + (Text("为“是”", ' is "yes"') if holds else Text("为“否”", ' is "no"'))
        return self.noun(node) + (Text("成立", " holds") if holds else Text("不成立", " does not hold"))

    def _type_of(self, node: Field) -> str:
        """The record type of which a field is one."""
        types = self.rule.checks
        for step in (step for step in node.path.split(".")[:-1] if step not in PEER_GROUPS):
            entry = self.dictionary[types].fields.get(step)
            types = entry.type if entry is not None else step
        return types

    def _whose(self, node: Field) -> Text:
        """The record that a field speaks of, as the subject of a clause; in a filter the row itself goes without saying."""
        ups = ".".join(node.ups)
        if self.rows is not None and node.level == (len(self.rows.downs) or 1):
            types = self.rows.downs[-1][0] if self.rows.downs else self.rule.checks
            return Text("其", "its ") + self._path(ups, types) if ups else Text("", "it")
        if self.rows is not None and node.level == 0 and (self.rows.peers is not None or not node.ups):
            return Text("本条的", "this record's ") + self._path(ups) if ups else Text("本条", "this record")
        label = self.dictionary[self.rule.checks].label
        name = self._path(node.path.rpartition(".")[0]) if "." in node.path else Text(label.zh, label.en)
        return Text(name.zh, "the " + name.en.lower())

    def _blank(self, node: Blank, denied: bool) -> Text:
        name = self.noun(node.item)
        if node.item.kind.name == "reference":
            return name + (Text("一栏不是空白", " is not left blank") if denied else Text("一栏空白（没有）", " is left blank (there is none)"))
        return name + (Text("在文件上不是空白", " is not blank in the document") if denied else Text("在文件上空白", " is blank in the document"))

    def _member(self, node: In, denied: bool) -> Text:
        item = self.noun(node.item)
        if isinstance(node.values, Parameter):
            return item + (Text("不属于", " is none of ") if denied else Text("属于", " is one of ")) + self.noun(node.values)
        speaker = replace(self, choice=node.item.kind if node.item.kind.name == "choice" else None)
        values = [speaker._constant(value, None) for value in node.values if isinstance(value, Constant)]
        names = Text("、".join(value.zh for value in values), (" nor " if denied else " or ").join(value.en for value in values))
        return item + (Text("不为", " is neither ") if denied and len(values) > 1 else Text("不为", " is not ") if denied else Text("为", " is ")) + names

    def _compare(self, node: Compare) -> Text:
        right = node.right
        if isinstance(right, Constant) and right.value == "" and node.operator in ("=", "<>"):
            return self.noun(node.left) + (Text("为空", " is empty") if node.operator == "=" else Text("不为空", " is not empty"))
        if isinstance(node.left, Aggregate) and isinstance(right, Constant) and (found := self._existence(node.left, node.operator, right)):
            return found
        left, words = self._compared(node.left, node.right), self._words(node)
        other = self._compared(right, node.left)
        zh = words.zh if "{}" in words.zh else words.zh + "{}"
        return Text(left.zh + zh.format(other.zh), f"{left.en} {words.en} {other.en}")

    def _compared(self, node: Node, other: Node) -> Text:
        if isinstance(node, Constant):
            return self._constant(node, self.unit(other))
        return _bracketed(self.noun(node)) if isinstance(node, Case) else self.noun(node)

    def _words(self, node: Compare) -> Text:
        kind = node.left.kind
        if kind == DATE:
            return COMPARED_DATES[node.operator]
        if kind.name in ("choice", "text", "reference", "flag") and node.operator in ("=", "<>"):
            return (COMPARED_WORDS if isinstance(node.right, Constant) else COMPARED_NAMES)[node.operator]
        return COMPARED_NUMBERS[node.operator]

    def _existence(self, node: Aggregate, operator: str, right: Constant) -> Text | None:
        """`count(…) > 0` is "there is one", `count(…) = 0` "there is none"."""
        if node.function != "count" or node.distinct:
            return None
        asked = (operator, right.value)
        if asked not in (some := ((">", 0), (">=", 1), ("<>", 0))) and asked not in (("=", 0), ("<", 1), ("<=", 0)):
            return None
        there = Text("有", "there is a record of ") if asked in some else Text("没有", "there is no record of ")
        return there + self._rows(node.rows) + self._filter(node)

    def _arithmetic(self, node: Arithmetic) -> Text:
        sign = {"*": "×", "/": "÷", "-": "−"}.get(node.operator, node.operator)
        parts = []
        for side, other in ((node.left, node.right), (node.right, node.left)):
            text = self._constant(side, self.unit(other) if node.operator in ("+", "-") else None) if isinstance(side, Constant) else self.noun(side)
            is_plain = not isinstance(side, Arithmetic) or (side is node.left and (node.operator in ("+", "-") or side.operator in ("*", "/")))
            parts.append(text if is_plain and not isinstance(side, (Case, Call)) else _bracketed(text))
        return joined(parts, Text(f" {sign} ", f" {sign} "))

    def _call(self, node: Call) -> Text:
        if node.function in ("least", "greatest"):
            return self._extreme(node)
        parts = [self._part(item) for item in node.arguments]
        if node.function in ("add_days", "add_months") and not isinstance(node.arguments[1], Parameter):
            counted = node.arguments[1]
            if isinstance(counted, Arithmetic) and counted.operator == "-" and isinstance(counted.left, Constant) and counted.left.value == 0:
                return parts[0] + Text("之前", " less ") + self.noun(counted.right)
            parts[1] += Text("", "") if self.unit(counted) else say_unit(getattr(counted, "value", 0), "days" if node.function == "add_days" else "months")
        if node.function == "end_of_year" and node.arguments[0].kind == DATE:
            parts[0] += Text("所在年度", "'s year")
        words = FUNCTIONS[node.function]
        return Text(words.zh.format(*(part.zh for part in parts)), words.en.format(*(part.en for part in parts)))

    def _extreme(self, node: Call) -> Text:
        is_least, is_date = node.function == "least", node.kind == DATE
        zero = next((item for item in node.arguments if isinstance(item, Constant) and item.value == 0), None)
        if not is_least and zero is not None and len(node.arguments) == 2:
            text = self._part(next(item for item in node.arguments if item is not zero))
            return text + Text("（小于0时按0计）", " (0 where it is less)")
        wanted = "min" if is_least else "max"
        flat = [isinstance(item, Aggregate) and item.function == wanted and item.operand is not None for item in node.arguments]
        parts = [self._operand(item) if is_flat and isinstance(item, Aggregate) else self._part(item) for item, is_flat in zip(node.arguments, flat, strict=True)]
        several = len(parts) > 2 or any(flat)
        zh, en = _EXTREMES[is_least, is_date]
        names = Text("、".join(part.zh for part in parts[:-1]) + "与" + parts[-1].zh, ", ".join(part.en for part in parts[:-1]) + " and " + parts[-1].en)
        return Text(f"{names.zh}中{'最' if several else '较'}{zh}者", f"the {en}{'st' if several else 'r'} of {names.en}")
