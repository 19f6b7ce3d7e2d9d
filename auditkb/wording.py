"""Values in words: how a date, an amount or a choice reads in a message, in Chinese and in English.

A value known only as a bound says so (至少5天 / at least 5); one that is not recorded says why.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from auditkb.dictionary import Dictionary
from auditkb.errors import Text
from auditkb.expressions.tree import Kind

STATES = {
    "blank_in_document": Text("文件上空白", "blank in the document"),
    "not_captured": Text("未记录", "not recorded"),
    "not_required": Text("不要求", "not required"),
    "illegible": Text("字迹不清", "illegible"),
    "unreadable": Text("无法识别", "unreadable"),
    "disputed": Text("来源不一致", "disputed between sources"),
    "other_currency": Text("不是人民币", "not in yuan"),
}
NOT_RECORDED = STATES["not_captured"]
OUTCOMES = {
    "fail": Text("疑点", "fail"),
    "pass": Text("通过", "pass"),
    "not_applicable": Text("不适用", "not applicable"),
    "not_evaluated": Text("无法检查", "not evaluated"),
    "exempt": Text("豁免", "exempt"),
    "no_record": Text("没有这条记录", "no such record"),
    "no_rule": Text("没有这条规则", "no such rule"),
    "not_run": Text("规则出错，没有检查", "the rule broke"),
}
SEVERITIES = {"high": Text("高", "high"), "medium": Text("中", "medium"), "low": Text("低", "low"), "info": Text("提示", "info")}
STATUSES = {"draft": Text("草稿", "draft"), "trial": Text("试行", "trial"), "active": Text("启用", "active"), "retired": Text("停用", "retired")}
REVIEWS = {"待核实": Text("待核实", "to be verified"), "已确认": Text("已确认", "confirmed"), "不成立": Text("不成立", "not upheld"),
           "已排除": Text("已排除", "set aside")}
UNITS = {"days": Text("天", " days"), "workdays": Text("个工作日", " working days"), "months": Text("个月", " months"), "yuan": Text("元", " yuan")}
"""How a unit is written after a number; counts, ratios and points have none."""

# The words of expressions: how two values are compared, what a function or a figure is called. {} is the other value.
COMPARED_DATES = {"=": Text("与{}同一天", "is the same day as"), "<>": Text("与{}不是同一天", "is another day than"), "<": Text("早于", "is before"),
          "<=": Text("不晚于", "is not after"), ">": Text("晚于", "is after"), ">=": Text("不早于", "is not before")}
COMPARED_NUMBERS = {"=": Text("等于", "equals"), "<>": Text("不等于", "does not equal"), "<": Text("小于", "is less than"), "<=": Text("不超过", "is at most"),
            ">": Text("大于", "is more than"), ">=": Text("不少于", "is at least")}
COMPARED_NAMES = {"=": Text("与{}相同", "is the same as"), "<>": Text("与{}不同", "differs from")}
COMPARED_WORDS = {"=": Text("为", "is"), "<>": Text("不为", "is not")}
FUNCTIONS = {
    "days_between": Text("从{0}到{1}的天数", "the days from {0} to {1}"),
    "workdays_between": Text("从{0}到{1}的工作日数", "the working days from {0} to {1}"),
    "months_between": Text("从{0}到{1}的整月数", "the whole months from {0} to {1}"),
    "add_days": Text("{0}之后{1}", "{0} plus {1}"),
    "add_months": Text("{0}之后{1}", "{0} plus {1}"),
    "next_workday": Text("{0}当日或其后第一个工作日", "{0} or the next working day"),
    "end_of_year": Text("{0}的最后一天", "the last day of {0}"),
    "year_of": Text("{0}的年份", "the year of {0}"),
    "abs": Text("{0}的绝对值", "the size of {0}"),
}
FIGURES = {"sum": Text("之和", "the sum of "), "min": Text("中最小的", "the least "), "max": Text("中最大的", "the greatest "),
            "median": Text("的中位数", "the median ")}
FIGURES_OF_DAYS = {"min": Text("中最早的", "the earliest "), "max": Text("中最晚的", "the latest ")}
PEER_GROUPS = {"peers": Text("同组的其他", "other {} of the group"), "earlier": Text("同组中较早的", "earlier {} of the group"),
          "later": Text("同组中较晚的", "later {} of the group")}
REASONS = {
    "missing": Text("未记录", "not recorded"),
    "blank": Text("文件上空白", "blank in the document"),
    "illegible": Text("字迹不清", "illegible"),
    "unreadable": Text("无法识别", "unreadable"),
    "disputed": Text("来源不一致", "disputed between sources"),
    "other_currency": Text("不是人民币", "not in yuan"),
    "not_required": Text("不要求", "not required"),
    "none": Text("一条也没有", "there is none"),
    "no_related": Text("所指记录未读入", "the record named was not loaded"),
    "source_not_loaded": Text("资料未读全", "not wholly loaded"),
    "no_parameter": Text("没有可用的参数值", "no parameter value"),
    "event_date_unknown": Text("业务日期未知", "event date unknown"),
    "assumed": Text("采用推定值", "a value was presumed"),
    "exemption": Text("豁免记录", "exemption"),
    "undefined": Text("无法计算", "cannot be computed"),
}

NOTHING_CHECKED = Text("没有一条记录可以检查：还没有读入资料。请先用 ingest.py records 读入；“疑点 0 个”不表示没有问题。",
                       'There is not one record to check: nothing was loaded. Load with ingest.py records first; "0 leads" does not mean that all is in order.')
FINDING_STATES = {"new": Text("新", "new"), "unchanged": Text("未变", "unchanged"), "updated": Text("已变化", "updated"),
                  "reopened": Text("再次出现", "reopened"), "gone": Text("不再出现", "no longer found")}
GONE_REASONS = {"resolved_in_data": Text("数据已改，待复核", "resolved in data, to be verified"), "rule_changed": Text("规则已改", "the rule changed"),
                "waived": Text("已豁免", "exempt"), "not_applicable": Text("不再适用", "no longer applicable"),
                "record_removed": Text("记录已撤销", "the record is gone"), "record_corrected": Text("该行已更正，见更正后的记录", "the row was corrected: see the record that it is now"), "not_evaluated": Text("已无法检查", "can no longer be checked")}


def say_value(value: Any, kind: Kind, dictionary: Dictionary) -> Text:
    """One known value in words."""
    if kind.name == "date":
        day = datetime.date.fromisoformat(value)
        return Text(f"{day.year}年{day.month}月{day.day}日", value)
    if kind.name == "money":
        return _both(f"{_decimal(value):,.2f}")
    if kind.name == "ratio":
        return _both(f"{(_decimal(value) * 100).quantize(Decimal('0.01')).normalize():f}%")
    if kind.name == "flag":
        return Text("是", "yes") if value else Text("否", "no")
    if kind.name == "choice":
        return say_choice(str(value), kind, dictionary)
    if kind.name in ("integer", "number"):
        return _both(f"{_decimal(value).normalize():f}")
    return _both(str(value))


def say_unit(value: Any, unit: str | None) -> Text:
    """What is written after a value: 天, days; nothing for what has no unit or no value."""
    words = UNITS.get(unit or "", Text("", ""))
    return Text(words.zh, words.en.removesuffix("s") if value == 1 else words.en) if value is not None else Text("", "")


def say_choice(code: str, kind: Kind, dictionary: Dictionary) -> Text:
    """The label of a choice; the code itself where the dictionary has none."""
    record_type, _, name = (kind.of or "").partition(".")
    entry = dictionary[record_type].fields.get(name) if record_type in dictionary.types else None
    label = (entry.choices or {}).get(code) if entry is not None else None
    return Text(label.zh, label.en) if label is not None else _both(code)


def say_codes(codes: list[str], kind: Kind | None, dictionary: Dictionary) -> Text:
    """A list of codes by their labels."""
    texts = [say_choice(code, kind, dictionary) if kind is not None and kind.name == "choice" else _both(code) for code in codes]
    return Text("、".join(text.zh for text in texts), ", ".join(text.en for text in texts))


def say_bounds(low: Any, high: Any, kind: Kind, dictionary: Dictionary, state: str | None = None) -> Text:
    """A value that may be known only as a bound, or not at all. `state` says why there is none."""
    if low is None and high is None:
        return STATES.get(state or "not_captured", NOT_RECORDED)
    if low == high:
        return say_value(low, kind, dictionary)
    if high is None:
        text = say_value(low, kind, dictionary)
        words = ("不早于", "not before ") if kind.name == "date" else ("至少", "at least ")
    elif low is None:
        text = say_value(high, kind, dictionary)
        words = ("不晚于", "not after ") if kind.name == "date" else ("至多", "at most ")
    else:
        first, last = say_value(low, kind, dictionary), say_value(high, kind, dictionary)
        return Text(f"{first.zh}至{last.zh}", f"{first.en} to {last.en}")
    return Text(words[0] + text.zh, words[1] + text.en)


def say_reason(reason: str, dictionary: Dictionary, record_type: str, parameters: Mapping[str, Text] | None = None) -> Text:
    """A reason such as `missing:contract.signed_on` in words: 合同·签订日期未记录. `parameters` are the rule's, as people call them."""
    kind, _, path = reason.partition(":")
    word = REASONS.get(kind, _both(kind))
    if not path:
        return word
    if kind == "source_not_loaded" and path in dictionary.types:
        label = dictionary[path].label
        return Text(f"{label.zh.removesuffix('资料')}{word.zh}", f"{label.en} {word.en}")
    if kind == "exemption":  # what follows is the key of a record
        return Text(f"{word.zh} {path}", f"{word.en} {path}")
    label_text = (parameters or {}).get(path) if kind == "no_parameter" else None
    label_text = label_text or say_path(path, dictionary, record_type)
    return Text(f"{label_text.zh}{word.zh}", f"{label_text.en}: {word.en}")


PEER_WORDS = {"peers": Text("同组记录", "peer"), "earlier": Text("较早的记录", "earlier record"), "later": Text("较晚的记录", "later record")}


def say_path(path: str, dictionary: Dictionary, record_type: str) -> Text:
    """A dotted name by the dictionary's labels, joined by `·`; unknown steps stay as they are."""
    zh, en, here = [], [], record_type
    for step in path.split("."):
        word = PEER_WORDS.get(step)
        if word is None:
            entry = dictionary[here].fields.get(step) if here in dictionary.types else None
            if entry is not None:
                word = Text(entry.label.zh, entry.label.en)
                here = entry.type if entry.is_reference else ""
            elif step in dictionary.types:
                word, here = Text(dictionary[step].label.zh, dictionary[step].label.en), step
            else:
                word = _both(step)
        zh.append(word.zh)
        en.append(word.en)
    return Text("·".join(zh), " · ".join(en))


def _decimal(value: Any) -> Decimal:
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def _both(text: str) -> Text:
    return Text(text, text)
