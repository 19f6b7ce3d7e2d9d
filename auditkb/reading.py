"""A rule read out in sentences made from the dictionary's labels: what an auditor checks before trusting the YAML."""

from __future__ import annotations

from typing import Any

from auditkb.dictionary import Dictionary
from auditkb.errors import Text
from auditkb.expressions.tree import (
    DATE, FLAG, Aggregate, Arithmetic, AsOf, Blank, Call, Case, ChildLetName, Compare, Constant, Field, In, Kind, LetName,
    Logic, Missing, Node, Not, Parameter, Points, Rows,
)
from auditkb.rules.checked import ParameterRow, ParameterTable, Rule
from auditkb.wording import UNITS, say_choice, say_codes, say_path, say_value


def read_out(rule: Rule, dictionary: Dictionary) -> Text:
    """The rule in sentences, a line each: what it looks at, when it applies, what it calls out, what its words mean."""
    reader = _Reader(rule, dictionary)
    label = dictionary[rule.checks].label
    lines = [Text(f"逐条检查：{label.zh}", f"Looks at every: {label.en}")]
    if rule.applies is not None:
        lines.append(Text("适用条件：", "Applies when: ") + reader.say(rule.applies))
    lines.append(Text("列为疑点：", "Calls out when: ") + reader.say(rule.fails))
    for name, node in rule.lets.items():
        lines.append(Text("其中，", "where ") + reader.let(name) + Text(" = ", " = ") + reader.say(node))
    for (child, name), node in rule.child_lets.items():
        lines.append(Text("其中，每份", "where for each ") + say_path(child, dictionary, rule.checks) + Text("的", ": ")
                     + reader.let(f"{child}.{name}") + Text(" = ", " = ") + reader.say(node))
    for assumption in rule.assumptions:
        target = reader.let(assumption.target)
        if assumption.field is not None:
            words = say_path(assumption.target, dictionary, rule.checks)
            target = Text(f"“{words.zh}”", words.en)
        parts = _joined([reader.say(item) for item in assumption.stand_ins], Text("，再以", ", then "))
        lines.append(Text("未记录", "Where ") + target + Text("时，以", " is not recorded, taken is: ") + parts + Text("代替（推定）", " (presumed)"))
    return Text("\n".join(line.zh for line in lines), "\n".join(line.en for line in lines))


def parameter_lines(rule: Rule, name: str, dictionary: Dictionary) -> list[Text]:
    """Every line of a parameter in words: for which records, in which period, the value and where it comes from."""
    table = rule.parameters[name]
    unit = UNITS.get(table.unit or "", Text("", ""))
    found = []
    for line in table.rows:
        when = [line_applies(rule, table, line, dictionary)] if line.matches else []
        if line.organisation is not None:
            when.append(Text(line.organisation, line.organisation))
        if line.starts_on is not None or line.ends_on is not None:
            when.append(Text(f"{line.starts_on or ''}至{line.ends_on or '今'}", f"{line.starts_on or ''} to {line.ends_on or 'now'}"))
        value = line_value(table, line, dictionary) + (unit if line.value is not None else Text("", ""))
        case = _joined(when, Text("，", ", ")) + Text("：", ": ") if when else Text("", "")
        source = Text(f"（{line.source.zh}）", f" ({line.source.en})") if line.source is not None else Text("", "")
        found.append(case + value + source)
    if table.field is not None:
        found.append(own_value(rule, table, dictionary))
    return found


def line_applies(rule: Rule, table: ParameterTable, line: ParameterRow, dictionary: Dictionary) -> Text:
    """For which records a line of a parameter holds; empty text for all."""
    reader = _Reader(rule, dictionary)
    return _joined([reader.say(table.by[index]) + Text("为", " is ") + _values(allowed, table.by[index].kind, dictionary)
                    for index, allowed in line.matches.items()], Text("，", ", "))


def line_value(table: ParameterTable, line: ParameterRow, dictionary: Dictionary) -> Text:
    """The value of a line, without its unit."""
    if line.value is None:
        return Text("没有可用的值", "no value")
    if isinstance(line.value, tuple):
        return say_codes([str(item) for item in line.value], table.of, dictionary)
    return say_value(line.value, table.kind, dictionary)


def own_value(rule: Rule, table: ParameterTable, dictionary: Dictionary) -> Text:
    """That a parameter takes the record's own value, and which."""
    assert table.field is not None
    return Text("取记录自身的“", "the record's own ") + _Reader(rule, dictionary).say(table.field) + Text("”", "")


def _values(values: tuple[Any, ...], kind: Kind, dictionary: Dictionary) -> Text:
    return _joined([say_value(value, kind, dictionary) for value in values], Text("、", " or "))


def _joined(parts: list[Text], between: Text) -> Text:
    return Text(between.zh.join(part.zh for part in parts), between.en.join(part.en for part in parts))


_DATES = {"<": Text("早于", "is before"), "<=": Text("不晚于", "is not after"), ">": Text("晚于", "is after"), ">=": Text("不早于", "is not before")}
_NUMBERS = {"<": Text("小于", "is less than"), "<=": Text("不超过", "is at most"), ">": Text("大于", "is more than"), ">=": Text("不少于", "is at least")}
_SAME = {"=": Text("等于", "is"), "<>": Text("不等于", "is not")}
_CALLS = {
    "days_between": Text("从{0}到{1}的天数", "the days from {0} to {1}"),
    "workdays_between": Text("从{0}到{1}的工作日数", "the working days from {0} to {1}"),
    "months_between": Text("从{0}到{1}的整月数", "the whole months from {0} to {1}"),
    "add_days": Text("{0}之后{1}天", "{0} plus {1} days"),
    "add_months": Text("{0}之后{1}个月", "{0} plus {1} months"),
    "next_workday": Text("{0}当日或其后第一个工作日", "{0} or the next working day"),
    "end_of_year": Text("{0}年末", "the end of the year of {0}"),
    "year_of": Text("{0}的年份", "the year of {0}"),
    "abs": Text("{0}的绝对值", "the size of {0}"),
}
_FIGURES = {
    "count": Text("的条数", "the number of "), "sum": Text("之和", "the sum of "), "min": Text("中最小者", "the least "),
    "max": Text("中最大者", "the greatest "), "median": Text("的中位数", "the median "),
}


class _Reader:
    def __init__(self, rule: Rule, dictionary: Dictionary):
        self.rule = rule
        self.dictionary = dictionary

    def let(self, name: str) -> Text:
        label = self.rule.file.labels.get(name)
        return Text(f"“{label.zh}”", f'"{label.en}"') if label is not None else Text(f"“{name}”", f'"{name}"')

    def say(self, node: Node, *, inner: bool = False) -> Text:
        if isinstance(node, Logic):
            text = _joined([self.say(item, inner=True) for item in node.items], Text("，且", ", and ") if node.operator == "and" else Text("，或", ", or "))
            return Text(f"（{text.zh}）", f"({text.en})") if inner else text
        if isinstance(node, Not):
            if isinstance(node.item, Field):
                return self.name(node.item) + Text("为否", " is no")
            inside = self.say(node.item)
            return Text(f"并非（{inside.zh}）", f"not ({inside.en})")
        if isinstance(node, Compare):
            return self._compare(node)
        if isinstance(node, In):
            return self._member(node)
        if isinstance(node, Blank):
            return self.name(node.item) + Text("在文件上空白", " is blank in the document")
        if isinstance(node, Field):
            return self.name(node) + (Text("为是", " is yes") if node.kind == FLAG else Text("", ""))
        if isinstance(node, (Aggregate, Missing)):
            return self._aggregate(node)
        return self._value(node)

    def name(self, node: Field) -> Text:
        text = say_path(node.path, self.dictionary, self.rule.checks)
        return Text(text.zh.replace("·", "的"), text.en)

    def _value(self, node: Node) -> Text:
        if isinstance(node, LetName):
            return self.let(node.name) if node.level == 0 else Text("同组记录的", "the peer's ") + self.let(node.name)
        if isinstance(node, ChildLetName):
            return self.let(f"{node.child}.{node.name}")
        if isinstance(node, Parameter):
            label = self.rule.file.parameters[node.name].label
            return Text(f"参数“{label.zh if label else node.name}”", f'the parameter "{label.en if label else node.name}"')
        if isinstance(node, AsOf):
            return Text("检查基准日", "the day of the check")
        if isinstance(node, Constant):
            return Text("“”", '""') if node.value == "" else say_value(node.value, node.kind, self.dictionary)
        if isinstance(node, Arithmetic):
            left, right = self.say(node.left), self.say(node.right)
            sign = {"*": "×", "/": "÷", "-": "−"}.get(node.operator, node.operator)
            return left + Text(f" {sign} ", f" {sign} ") + right
        if isinstance(node, Call):
            return self._call(node)
        if isinstance(node, Case):
            parts = [Text("当", "when ") + self.say(condition) + Text("时取", " take ") + self.say(item) for condition, item in node.branches]
            if node.default is not None:
                parts.append(Text("否则取", "else ") + self.say(node.default))
            return _joined(parts, Text("；", "; "))
        if isinstance(node, Points):
            return _joined([self.say(condition) + Text("计", " counts ") + self.say(weight) for condition, weight in node.pairs], Text("、", ", "))
        raise AssertionError(type(node).__name__)

    def _compare(self, node: Compare) -> Text:
        left, right = self.say(node.left), self.say(node.right)
        if isinstance(node.right, Constant) and node.right.value == "":
            return left + (Text("没有", " is empty") if node.operator == "=" else Text("有缺漏", " is not empty"))
        words = _SAME.get(node.operator) or (_DATES if DATE in (node.left.kind, node.right.kind) else _NUMBERS)[node.operator]
        return left + Text(words.zh, f" {words.en} ") + right

    def _member(self, node: In) -> Text:
        item = self.say(node.item)
        if isinstance(node.values, Parameter):
            return item + Text("属于", " is one of ") + self.say(node.values)
        choices = [say_choice(str(value.value), node.item.kind, self.dictionary) for value in node.values if isinstance(value, Constant)]
        return item + Text("为", " is ") + _joined(choices, Text("、", " or "))

    def _call(self, node: Call) -> Text:
        parts = [self.say(item) for item in node.arguments]
        if node.function in ("least", "greatest"):
            smallest = node.function == "least"
            zh = ("较早者" if smallest else "较晚者") if node.kind == DATE else ("较小者" if smallest else "较大者")
            en = ("the earlier of " if smallest else "the later of ") if node.kind == DATE else ("the smaller of " if smallest else "the larger of ")
            joined = _joined(parts, Text("与", " and "))
            return Text(f"{joined.zh}中{zh}", f"{en}{joined.en}")
        words = _CALLS[node.function]
        return Text(words.zh.format(*(part.zh for part in parts)), words.en.format(*(part.en for part in parts)))

    def _rows(self, rows: Rows) -> Text:
        if rows.peers is not None:
            return say_path(rows.peers, self.dictionary, self.rule.checks)
        text = say_path(rows.path, self.dictionary, self.rule.checks)
        return Text(text.zh.replace("·", "的"), text.en)

    def _aggregate(self, node: Aggregate | Missing) -> Text:
        rows = self._rows(node.rows)
        condition = Text("", "")
        if node.condition is not None:
            inside = self.say(node.condition)
            condition = Text(f"（其中{inside.zh}）", f" (those where {inside.en})")
        if isinstance(node, Missing):
            return self.say(node.items) + Text("中未见于", " that are missing among ") + rows + condition + Text("的项目", "")
        words = _FIGURES[node.function]
        if node.kind == DATE:
            words = Text("中最早者", "the earliest ") if node.function == "min" else Text("中最晚者", "the latest ")
        subject = rows if node.operand is None else self.say(node.operand)
        if node.distinct:
            subject = Text("不同的", "distinct ") + subject
        return Text(f"{subject.zh}{condition.zh}{words.zh}", f"{words.en}{subject.en}{condition.en}")
