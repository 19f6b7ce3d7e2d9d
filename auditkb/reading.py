"""A rule read out in sentences made from the dictionary's labels: what an auditor checks before trusting the YAML."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from auditkb.dictionary import Dictionary
from auditkb.errors import Text
from auditkb.expressions.tree import Constant, Kind, LetName, Node
from auditkb.rules.checked import Assumption, ParameterRow, ParameterTable, Rule
from auditkb.sentences import Speaker, joined
from auditkb.wording import UNITS, say_codes, say_path, say_unit, say_value


def read_out(rule: Rule, dictionary: Dictionary) -> Text:
    """The rule in sentences, a line each: what it looks at, when it applies, what it calls out, what its words mean."""
    speaker = Speaker(rule, dictionary)
    label = dictionary[rule.checks].label
    lines = [Text(f"逐条检查：{label.zh}", f"Looks at every: {label.en}")]
    if rule.applies is not None:
        lines.append(Text("适用条件：", "Applies when: ") + speaker.say(rule.applies))
    lines.append(Text("列为疑点：", "Calls out when: ") + speaker.say(rule.fails))
    if rule.peers is not None:
        lines.append(_group(rule, speaker))
    choices = {item.name: one.field.kind for one in rule.assumptions for item in one.stand_ins
               if isinstance(item, LetName) and one.field is not None and one.field.kind.name == "choice"}
    for name, node in rule.lets.items():
        lines.append(Text("其中，", "where ") + speaker.let(name) + Text(" = ", " = ") + replace(speaker, choice=choices.get(name)).say(node))
    for (child, name), node in rule.child_lets.items():
        lines.append(Text("其中，每份", "where for each ") + say_path(child, dictionary, rule.checks) + Text("的", ": ")
                     + speaker.let(f"{child}.{name}") + Text(" = ", " = ") + speaker.say(node))
    lines += [_stand_in(rule, assumption, speaker) for assumption in rule.assumptions]
    return Text("\n".join(line.zh for line in lines), "\n".join(line.en for line in lines))


def _group(rule: Rule, speaker: Speaker) -> Text:
    """Which records are compared with one another, and in what order."""
    peers = rule.peers
    assert peers is not None
    parts = [Text("", "same ") + joined([speaker.noun(item) for item in peers.same], Text("、", ", ")) + Text("相同", "")]
    if peers.different:
        parts.append(Text("", "different ") + joined([speaker.noun(item) for item in peers.different], Text("、", ", ")) + Text("不同", ""))
    if peers.order is not None:
        parts.append(Text("按", "in the order of ") + speaker.noun(peers.order) + Text("排先后", ""))
    if peers.within_days is not None:
        days = speaker.noun(peers.within_days) + (UNITS["days"] if isinstance(peers.within_days, Constant) else Text("", ""))
        parts.append(Text("相距不超过", "at most ") + days + Text("", " apart"))
    return Text("同组的记录：", "Records of a group: ") + joined(parts, Text("，", "; "))


def _stand_in(rule: Rule, assumption: Assumption, speaker: Speaker) -> Text:
    """What stands in where a value is not recorded."""
    target = speaker.let(assumption.target)
    if assumption.field is not None:
        field = speaker.noun(assumption.field)
        target = Text(f"“{field.zh}”", f'"{field.en}"')
    named = [speaker.noun(item) for item in assumption.stand_ins]
    parts = Text("；再没有的用".join(part.zh for part in named), ", failing that ".join(part.en for part in named))
    return Text(f"没有记录{target.zh}的，用{parts.zh}代替，结果注明推定", f"Where {target.en} is not recorded, {parts.en} stands in and the result is marked presumed")


def event_date_in_words(rule: Rule, dictionary: Dictionary) -> Text | None:
    """Which date decides what law and parameters hold; None where the rule has none."""
    if not rule.event_date:
        return None
    named = [Speaker(rule, dictionary).noun(item) for item in rule.event_date]
    return Text("；没有的取".join(part.zh for part in named), ", failing that ".join(part.en for part in named))


def condition_in_words(rule: Rule, node: Node, dictionary: Dictionary) -> Text:
    """One condition of the rule as a clause."""
    return Speaker(rule, dictionary).say(node)


def parameter_lines(rule: Rule, name: str, dictionary: Dictionary) -> list[Text]:
    """Every line of a parameter in words: for which records, in which period, the value and where it comes from."""
    table = rule.parameters[name]
    found = []
    for line in table.rows:
        when = [line_applies(rule, table, line, dictionary)] if line.matches else []
        if line.organisation is not None:
            when.append(Text(line.organisation, line.organisation))
        if line.starts_on is not None or line.ends_on is not None:
            when.append(period(line.starts_on, line.ends_on))
        case = joined(when, Text("，", ", ")) + Text("：", ": ") if when else Text("", "")
        source = Text(f"（{line.source.zh}）", f" ({line.source.en})") if line.source is not None else Text("", "")
        found.append(case + value_with_unit(table, line, dictionary) + source)
    if table.field is not None:
        found.append(own_value(rule, table, dictionary))
    return found


def period(starts_on: object, ends_on: object) -> Text:
    """A time in force: both ends may be open."""
    if starts_on is None and ends_on is None:
        return Text("不限", "always")
    if ends_on is None:
        return Text(f"{starts_on}起", f"from {starts_on}")
    if starts_on is None:
        return Text(f"{ends_on}以前（含当日）", f"up to {ends_on}")
    return Text(f"{starts_on}至{ends_on}", f"{starts_on} to {ends_on}")


def line_applies(rule: Rule, table: ParameterTable, line: ParameterRow, dictionary: Dictionary) -> Text:
    """For which records a line of a parameter holds; empty text for all."""
    speaker = Speaker(rule, dictionary)
    return joined([speaker.noun(table.by[index]) + Text("为", " is ") + _values(allowed, table.by[index].kind, dictionary)
                   for index, allowed in line.matches.items()], Text("，", ", "))


def line_value(table: ParameterTable, line: ParameterRow, dictionary: Dictionary) -> Text:
    """The value of a line, without its unit."""
    if line.value is None:
        return Text("没有设定", "not set")
    if isinstance(line.value, tuple):
        return say_codes([str(item) for item in line.value], table.of, dictionary)
    return say_value(line.value, table.kind, dictionary)


def value_with_unit(table: ParameterTable, line: ParameterRow, dictionary: Dictionary) -> Text:
    """The value of a line with its unit."""
    words = line_value(table, line, dictionary)
    return Text(words.zh.removesuffix(".00"), words.en.removesuffix(".00")) + say_unit(line.value, table.unit)


def own_value(rule: Rule, table: ParameterTable, dictionary: Dictionary) -> Text:
    """That a parameter takes the record's own value, and which."""
    assert table.field is not None
    words = Speaker(rule, dictionary).noun(table.field)
    named = words if isinstance(table.field, LetName) else Text(f"“{words.zh}”", words.en)
    return Text("取记录自身的", "the record's own ") + named


def _values(values: tuple[Any, ...], kind: Kind, dictionary: Dictionary) -> Text:
    return joined([say_value(value, kind, dictionary) for value in values], Text("、", " or "))
