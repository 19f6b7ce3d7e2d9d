"""Text of a cell -> value, or the reason in plain words why it cannot be read. Pure functions, no guessing.

Each `read_…` takes the text as it stands in a cell (not empty) and returns the value, or raises `Unreadable` with the
reason and with what to do. What is written in two ways or could mean two things is refused, unless `ValueOptions`
declare what is meant. Dates are read in `dates`, amounts and ratios in `amounts`. Nothing here knows files or records.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from auditkb.amounts import MONEY_UNITS, NUMBER, RATIO_UNITS, UnitUnknown, compact_number, exact, read_money, read_ratio, with_sign
from auditkb.dates import read_date, read_period
from auditkb.errors import Text
from auditkb.numerals import read_figures, read_numeral
from auditkb.texts import Unreadable, fold, means_nothing_certain, prepare, refuse_uncertain_mark, shown
from auditkb.value_options import NO_OPTIONS, ValueOptions

__all__ = [
    "COUNT_UNITS", "MONEY_UNITS", "NO_OPTIONS", "RATIO_UNITS", "UnitUnknown", "Unreadable", "ValueOptions", "fold", "means_nothing_certain",
    "read_choice", "read_date", "read_flag", "read_integer", "read_money", "read_period", "read_ratio", "refuse_uncertain_mark",
]

COUNT_UNITS = {
    "days": ("天", "日", "日历天", "个日历天", "days", "day"),
    "working_days": ("个工作日", "工作日", "working days"),
    "months": ("个月", "月", "months", "month"),
    "years": ("年", "years", "year"),
    "year": ("年", "年度"),
    "hours": ("小时", "hours", "hour"),
    "answers": ("份", "answers"), "comments": ("条", "comments"), "questions": ("题", "道", "questions"),
    "firms": ("家", "firms"), "pages": ("页", "pages"),
}

WRITE_A_COUNT = Text("只写整数，如 30", "write a whole number such as 30")
_WHOLE = re.compile(rf"(?P<minus>-)?{NUMBER}", re.ASCII)


class Labelled(Protocol):
    """Whatever has a label in both languages."""

    @property
    def zh(self) -> str: ...

    @property
    def en(self) -> str: ...


def read_integer(text: str, unit: str | None = None, *, signed: bool = False, options: ValueOptions = NO_OPTIONS) -> int:
    """A whole number; the words for `unit` (a key of COUNT_UNITS) may follow it.

    >>> read_integer("30天", "days"), read_integer("1,200"), read_integer("三十天", "days")
    (30, 1200, 30)
    """
    compact = compact_number(text, options)
    for word in sorted(map(fold, COUNT_UNITS.get(unit or "", ())), key=len, reverse=True):
        if compact.endswith(word):
            compact = compact.removesuffix(word)
            break
    found = _WHOLE.fullmatch(compact)
    number = exact(found["number"], text) if found else _in_words(compact, unit)
    if number is None or number != int(number) or number >= 10**15:
        raise Unreadable(Text(f"“{shown(text)}”不是整数", f'"{shown(text)}" is not a whole number'), WRITE_A_COUNT)
    return int(with_sign(number, found is not None and found["minus"] is not None, signed, text))


def _in_words(compact: str, unit: str | None) -> Decimal | None:
    figures = read_figures(compact) if unit == "year" else None
    return read_numeral(compact) if figures is None else Decimal(figures)


# --- flags and choices

_FLAGS = {
    **dict.fromkeys(("是", "true", "yes", "y", "1", "√", "✓", "✔", "☑"), True),
    **dict.fromkeys(("否", "false", "no", "n", "0", "×", "✗", "✘"), False),
}


def read_flag(text: str, *, has: bool = False) -> bool:
    """Yes or no. With `has` (a field named `has_…`) 有 and 无 are understood as well.

    >>> read_flag("是"), read_flag("No"), read_flag("无", has=True)
    (True, False, False)
    """
    word = fold(text)
    if has and word in ("有", "无"):
        return word == "有"
    if word not in _FLAGS:
        prepare(text)
        raise Unreadable(Text(f"“{shown(text)}”不是“是”或“否”", f'"{shown(text)}" is neither yes nor no'), Text("写 是 或 否", "write yes or no"))
    return _FLAGS[word]


def read_choice(text: str, choices: Mapping[str, Labelled]) -> str:
    """The code of a choice given by its code or by its label in either language."""
    word = fold(text)
    for code, label in choices.items():
        if word in (fold(code), fold(label.zh), fold(label.en)):
            return code
    prepare(text)
    labels = Text("、".join(label.zh for label in choices.values()), ", ".join(choices))
    near = _slips_of(word, [label.zh for label in choices.values()] + list(choices))
    begin = Text(f"是否想写：{'、'.join(near)}；", f"did you mean: {', '.join(near)}; ") if near else Text("", "")
    raise Unreadable(Text(f"“{shown(text)}”不在可选范围", f'"{shown(text)}" is not one of the choices'),
                     begin + Text(f'可写：{labels.zh}；或在对应文件声明 meanings: {{"{shown(text)}": 选项}}，选项写上列之一',
                                  f'write one of: {labels.en}; or declare in a mapping file meanings: {{"{shown(text)}": CHOICE}}, where CHOICE is one of these'))


def _slips_of(word: str, allowed: Sequence[str]) -> list[str]:
    """The choices that a word is a longer or mistyped form of. Two that share a character are two things: 首付款 is no 交付款."""
    longer = [name for name in allowed if len(fold(name)) > 1 and fold(name) in word]
    return longer or difflib.get_close_matches(word, allowed, n=3, cutoff=0.75)
