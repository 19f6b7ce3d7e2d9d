"""Readiness in rows and columns: a line a rule, a line a need of one rule, and the sentence that sums up."""

from __future__ import annotations

from auditkb.dictionary import Dictionary
from auditkb.errors import Language, Text, counted
from auditkb.evidence import parameter_labels
from auditkb.outputs.listings import Columns, Rows
from auditkb.readiness import Need, Readiness, RuleReadiness, State
from auditkb.rules.checked import Rule
from auditkb.wording import say_reason

REASONS_SHOWN = 3
STATES: dict[State, Text] = {
    "all": Text("可以检查", "can check all"), "some": Text("可以检查一部分", "can check some"),
    "none": Text("一条也不能检查", "cannot check any"), "no_records": Text("没有记录", "no records"), "broken": Text("规则出错", "the rule broke"),
}


def rules(found: Readiness, dictionary: Dictionary, language: Language, *, codes: bool = False) -> tuple[Columns, Rows]:
    """A line a rule: records, how many are ready, what is missing most; `codes`: as the rule gives it, all of it."""
    columns = [("rule", Text("规则", "Rule")), ("title", Text("名称", "Title")), ("records", Text("记录", "Records")), ("ready", Text("资料齐全", "Ready")),
               ("state", Text("能否检查", "Can it check")), ("missing", Text("最缺什么（条数）", "Missing most (records)"))]
    return columns, [[item.rule.id, getattr(item.rule.file.title, language), item.records, item.ready,
                      item.state if codes else STATES[item.state].say(language), _missing(item, dictionary, language, codes)] for item in found.rules]


def _missing(item: RuleReadiness, dictionary: Dictionary, language: Language, codes: bool) -> str:
    if item.fault is not None:
        return item.fault.say(language)
    if codes:
        return "|".join(f"{reason} {number}" for reason, number in item.reasons.most_common())
    if not item.records:
        label = dictionary[item.rule.checks].label
        return Text(f"没有读入“{label.zh}”", f'no "{label.en}" was loaded').say(language)
    shown = [f"{say_reason(reason, dictionary, item.rule.checks, parameter_labels(item.rule)).say(language)} ({number})" for reason, number in item.reasons.most_common(REASONS_SHOWN)]
    return Text("；", "; ").say(language).join(shown) + (" …" if len(item.reasons) > REASONS_SHOWN else "")


def needs(rule: Rule, found: list[Need], dictionary: Dictionary, language: Language, *, codes: bool = False) -> tuple[Columns, Rows]:
    """A line for each field that a rule rests on: of how many records it is recorded."""
    checked = dictionary[rule.checks].label
    loaded = Text(f"全部读入（按“{checked.zh}”计）", f'all of them loaded (counted by "{checked.en}")')
    columns = [("record_type", Text("记录类型", "Record type")), ("field", Text("需要", "Needs")), ("records", Text("记录", "Records")), ("recorded", Text("已有", "Recorded"))]
    rows: Rows = []
    for item in found:
        record_type = dictionary[item.record_type]
        what = loaded.say(language) if item.name is None else getattr(record_type.fields[item.name].label, language)
        rows.append([item.record_type if codes else getattr(record_type.label, language), (item.name or "*") if codes else what, item.records, item.recorded])
    return columns, rows


def summary(found: Readiness) -> Text:
    """How many rules can check all, some, none of their records."""
    count = {state: len(found.in_state(state)) for state in STATES}
    zh = [f"{STATES[state].zh} {number} 条" for state, number in count.items() if number]
    en = [f"{number} {STATES[state].en}" for state, number in count.items() if number]
    return Text(f"规则 {len(found.rules)} 条：{'，'.join(zh)}。", f"{counted(len(found.rules), 'rule')}: {', '.join(en)}.")
