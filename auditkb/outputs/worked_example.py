"""Examples of a rule as people read them: what is given as a table with labels, and the finding that comes of it."""

from __future__ import annotations

from typing import Any

from auditkb.dictionary import Dictionary, Field
from auditkb.errors import Text
from auditkb.evidence import gather_evidence
from auditkb.examples import run_example
from auditkb.expressions.names import kind_of
from auditkb.laws import LawRegister
from auditkb.outputs.markdown import table
from auditkb.parameters import stored
from auditkb.rules.checked import ParameterRow, Rule
from auditkb.rules.model import Example
from auditkb.reading import value_with_unit
from auditkb.wording import OUTCOMES, SEVERITIES, STATES, say_unit, say_value

_NOT_THERE = Text("—", "—")
_NOT_CAPTURED = Text("没有登记", "not recorded")


def outcomes_of(example: Example) -> dict[str, str]:
    """Expected outcomes by record; '' for the only one."""
    return dict(example.expect) if isinstance(example.expect, dict) else {"": example.expect}


def expected(example: Example, *, named: bool = True) -> Text:
    """The outcome in words; where several records are checked, with the record's name before it."""
    found = [(key if named else "", OUTCOMES[outcome]) for key, outcome in outcomes_of(example).items()]
    return Text("，".join(f"{key}：{word.zh}" if key else word.zh for key, word in found),
                ", ".join(f"{key}: {word.en}" if key else word.en for key, word in found))


def chosen(rule: Rule) -> list[tuple[int, Example]]:
    """The first example that fails, and of those that pass the one most like it; special settings come last."""
    ranked = sorted(enumerate(rule.file.examples), key=lambda item: bool(item[1].with_ or item[1].exempt))
    usable = [(index, example) for index, example in ranked if example.known_gap is None]
    fails = [item for item in usable if "fail" in outcomes_of(item[1]).values()][:1]
    passes = [item for item in usable if set(outcomes_of(item[1]).values()) & {"pass"} and item not in fails]
    if fails and passes:
        passes.sort(key=lambda item: -_likeness(fails[0][1], item[1]))
    return fails + passes[:1]


def _likeness(one: Example, other: Example) -> float:
    """How many of the things given in either are given in both."""
    keys = [{(kind, number, field) for kind, rows in example.given.items() for number, row in enumerate(_rows(rows)) for field in row or ("",)}
            for example in (one, other)]
    return len(keys[0] & keys[1]) / max(len(keys[0] | keys[1]), 1) - bool(other.with_ or other.exempt) - ("fail" in outcomes_of(other).values())


def _rows(rows: Any) -> list[dict[str, Any]]:
    return rows if isinstance(rows, list) else [rows]


def example_table(rule: Rule, examples: list[Example], dictionary: Dictionary, language: str) -> list[str]:
    """The examples side by side: a line for each thing given, the outcome at the end."""
    single = {kind for example in examples for kind in example.given
              if all(len(_rows(one.given.get(kind, []))) <= 1 for one in examples)}
    given = [_given(rule, example, dictionary, single) for example in examples]
    lines = list(dict.fromkeys(key for one in given for key in one))
    order = {name: place for place, name in enumerate(dict.fromkeys(key[0] for key in lines))}
    rows_of: dict[str, list[str]] = {}
    for kind, row, _ in lines:
        if row and row not in rows_of.setdefault(kind, []):
            rows_of[kind].append(row)
    lines.sort(key=lambda key: (order[key[0]], rows_of.get(key[0], []).index(key[1]) + 1 if key[1] else 0))
    body = []
    for key in lines:
        label = _line_label(rule, key, dictionary, named=key[0] not in single)
        body.append([label.say(language), *(_cell(one, key).say(language) for one in given)])
    result = [f"**{expected(example, named=rule.checks not in single).say(language)}**" for example in examples]
    head = [Text("已知", "Given").say(language), *(getattr(example.name, language) for example in examples)]
    return table(head, [*body, [Text("**结果**", "**Outcome**").say(language), *result]])


Key = tuple[str, str, str]
"""Record type (or what is set), row, field; '' for what is said of the type as a whole."""


def _cell(given: dict[Key, Text], key: Key) -> Text:
    if key in given:
        return given[key]
    kind, row, field = key
    if row and field and any(other[:2] == (kind, row) for other in given):
        return _NOT_CAPTURED
    return Text("没有读入", "not loaded") if not row and not any(other[0] == kind for other in given) and kind not in _SETTINGS else _NOT_THERE


_SETTINGS = {"with": Text("参数", "Parameter"), "exempt": Text("例外登记", "Exemption"), "as_of": Text("基准日", "The run's day")}


def _line_label(rule: Rule, key: Key, dictionary: Dictionary, *, named: bool) -> Text:
    kind, row, field = key
    if kind == "with":
        label = rule.file.parameters[field].label
        return Text(f"参数“{label.zh if label else field}”", f'parameter "{label.en if label else field}"')
    if kind in _SETTINGS:
        return _SETTINGS[kind]
    name = Text(dictionary[kind].label.zh, dictionary[kind].label.en)
    if row and named:
        name += Text(f" {row}", f" {row}")
    if not field:
        return name
    entry = dictionary[kind].fields.get(field)
    return name + (Text(f"：{entry.label.zh}", f": {entry.label.en}") if entry is not None else Text(f"：{field}", f": {field}"))


def _given(rule: Rule, example: Example, dictionary: Dictionary, single: set[str]) -> dict[Key, Text]:
    """Everything given; a record that is the only one of its type has no name, and what refers to it need not say so."""
    found: dict[Key, Text] = {}
    for kind, rows in example.given.items():
        if not _rows(rows):
            found[kind, "", ""] = Text("没有（已读全）", "none (wholly loaded)")
        if kind in example.not_covered:
            found[kind, "", ""] = Text("没有读全", "not wholly loaded")
        for number, row in enumerate(_rows(rows), 1):
            name = "1" if kind in single else str(row.get("id", number))
            fields = {field: value for field, value in row.items() if field != "id" and not _goes_without_saying(dictionary, kind, field, example, single)}
            if not fields:
                found[kind, name, ""] = Text("有", "there is one")
            for field, value in fields.items():
                found[kind, name, field] = _value(dictionary, kind, field, value)
    for name, value in example.with_.items():
        found["with", "", name] = value_with_unit(rule.parameters[name], ParameterRow({}, stored(value)), dictionary)
    for key, kind in example.exempt:
        words = (dictionary["exemption"].fields["type"].choices or {})[kind]
        checked = example.given.get(rule.checks)
        name = key if isinstance(checked, list) and len(checked) > 1 else ""
        found["exempt", "", ""] = Text(f"{name} {words.zh}".strip(), f"{name} {words.en}".strip())
    if example.as_of is not None:
        found["as_of", "", ""] = Text(f"{example.as_of.year}年{example.as_of.month}月{example.as_of.day}日", example.as_of.isoformat())
    return found


def _goes_without_saying(dictionary: Dictionary, kind: str, field: str, example: Example, single: set[str]) -> bool:
    """Whether a field refers to the only record of a type that is given."""
    entry = dictionary[kind].fields.get(field)
    return entry is not None and entry.is_reference and entry.type in single and bool(_rows(example.given.get(entry.type, [])))


def _value(dictionary: Dictionary, kind: str, field: str, value: Any) -> Text:
    if isinstance(value, dict):
        return STATES[value["state"]]
    if value is None:
        return _NOT_CAPTURED
    entry = dictionary[kind].fields.get(field)
    if entry is None:
        return Text(str(value), str(value))
    words = say_value(stored(value), kind_of(kind, entry), dictionary)
    return Text(words.zh.removesuffix(".00"), words.en.removesuffix(".00")) + say_unit(value, _unit(entry))


def _unit(entry: Field) -> str:
    return entry.unit or ("yuan" if entry.type == "money" else "")


def finding_of(rule: Rule, index: int, example: Example, dictionary: Dictionary, laws: LawRegister) -> Text | None:
    """The message, severity and amount of the finding that a failing example makes."""
    result = run_example(rule, dictionary, index, example)
    key = next((key for key, outcome in result.outcomes.items() if outcome.outcome == "fail" and key in result.details), None)
    if key is None:
        return None
    evidence = gather_evidence(result.rule, result.details[key], dictionary, laws)
    severity = SEVERITIES[evidence.severity]
    zh, en = f"级别：{severity.zh}", f"severity: {severity.en}"
    if evidence.amount is not None:
        zh, en = f"{zh}；金额：{evidence.amount:,.2f}元", f"{en}; amount: {evidence.amount:,.2f} yuan"
    if evidence.presumed:
        zh, en = f"{zh}；推定", f"{en}; presumed"
    return Text(f"{evidence.message.zh}（{zh}）", f"{evidence.message.en} ({en})")
