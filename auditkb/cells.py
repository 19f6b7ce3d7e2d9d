"""What a cell says of a field: a value, a state such as "blank in the document", or a problem. Nothing is guessed.

`values` knows the forms of dates and amounts; this module knows the dictionary's fields, the markers in brackets and
what an empty cell means. Called for every cell that is loaded.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from decimal import Decimal

from auditkb.amounts import capitals_differ, read_capitals
from auditkb.dictionary import Field
from auditkb.errors import Text
from auditkb.ids import doubt_of_id
from auditkb.value_options import NO_OPTIONS, ValueOptions
from auditkb.values import (
    UnitUnknown,
    Unreadable,
    fold,
    read_choice,
    read_date,
    read_flag,
    read_integer,
    read_money,
    read_period,
    read_ratio,
    refuse_uncertain_mark,
)

Value = str | int | bool | Decimal | datetime.date

STATES = {
    "blank_in_document": Text("文件空白", "blank in the document"),
    "not_captured": Text("未采集", "not captured"),
    "not_required": Text("不要求", "not required"),
    "illegible": Text("字迹不清", "illegible"),
    "unreadable": Text("无法识别", "unreadable"),
    "other_currency": Text("不是人民币", "not in yuan"),
}
_ALSO = {
    "blank_in_document": ("文件上空白", "原件空白", "原件上空白"), "not_captured": ("未登记", "未记录", "未录入", "未收集"),
    "not_required": ("不需要", "无需", "无须", "不适用"), "illegible": ("字迹模糊", "看不清"),
}
_STATE_WORDS = {fold(word): state for state, label in STATES.items() for word in (state, label.zh, label.en, *_ALSO.get(state, ()))}
_MARKERS = {f"[{word}]": state for word, state in _STATE_WORDS.items()}
_REFUND = (Text("小于零：退款或红冲请核对", "below zero: a refund or a reversal, to be checked"), Text("确是退款或红冲就不必改", "where it is one nothing has to be changed"))
_BRACKETS = str.maketrans("【】〔〕", "[][]")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell read: its value, or None with the state, and for a problem why and what to do.

    A reason beside a value is a doubt: the value is kept and the cell should be looked at. `is_marked`: the state
    stands in the cell itself or is what its text is declared to mean, rather than being what an empty cell means.
    `needs_unit`: a bare amount in a column whose unit is not known. `alias`: what the alias file made of the cell.
    """

    value: Value | None = None
    state: str | None = None
    reason: Text | None = None
    advice: Text | None = None
    is_marked: bool = False
    needs_unit: bool = False
    alias: Text | None = None

    @property
    def is_doubtful(self) -> bool:
        """Whether the value was read and something about it is to be checked."""
        return self.value is not None and self.reason is not None


def state_named(word: str) -> str | None:
    """The state that a word of a mapping file names, in either language, in brackets or not.

    >>> state_named("未登记"), state_named("[not_required]"), state_named("已签")
    ('not_captured', 'not_required', None)
    """
    folded = fold(word.translate(_BRACKETS))
    return _STATE_WORDS.get(folded) or _MARKERS.get(folded)


def read_marker(text: str) -> str | None:
    """The state that a marker such as `[文件空白]` or `[blank_in_document]` names.

    >>> read_marker("【文件空白】"), read_marker("[2019]12号")
    ('blank_in_document', None)
    """
    # Nearly every cell fails this first look, which is cheap.
    if text[:1] not in "[［【〔" or not text:
        return None
    return _MARKERS.get(fold(text.translate(_BRACKETS)))


def read_cell(
    field: Field, text: str, *, unit: str | None = None, if_empty: str | bool | None = None, is_key: bool = False, options: ValueOptions = NO_OPTIONS
) -> Cell:
    """The cell `text` as a value of `field`.

    `unit` is that of the column's header, for bare numbers; `if_empty` overrides the dictionary's; with `is_key` a word
    such as 无 is refused in text too, because it would become a record's key. `options` are what a mapping file
    declares; a declared meaning of the whole cell goes before everything else.
    """
    text = text.strip().removeprefix("\ufeff")
    if not text:
        return _empty(field.if_empty if if_empty is None else if_empty)
    if options.meanings and (meaning := options.meaning_of(text)) is not None:
        if meaning in STATES:
            return Cell(state=meaning, is_marked=True)
        text = meaning
    state = read_marker(text)
    if state is not None:
        return Cell(state=state, is_marked=True)
    try:
        value = _read_value(field, text, unit, is_key, options)
    except Unreadable as refused:
        return _refused(refused)
    doubt = _doubt(field, value, is_key, options)
    return Cell(value) if doubt is None else Cell(value, None, *doubt)


_BARE_TEXT = re.compile(r"[A-Za-z一-鿿](?=.*[0-9])(?:.*\S)?")
_BARE_KEY = re.compile(r"[A-Za-z一-鿿](?=\S*[0-9])[^\s、，；,;]*")


def is_bare_text(text: str, *, is_key: bool) -> bool:
    """Whether a text without declared meanings is a value as it stands: it begins with a letter and has a figure, so that it
    can be no marker, no word for nothing, no number that lost digits and, as a key, no list of numbers. False says nothing.

    >>> is_bare_text("HT2019-1", is_key=True), is_bare_text("维修 2", is_key=True), is_bare_text("无", is_key=False)
    (True, False, False)
    """
    return (_BARE_KEY if is_key else _BARE_TEXT).fullmatch(text) is not None


def _empty(meaning: str | bool) -> Cell:
    if meaning is False or meaning == "false":
        return Cell(False)
    return Cell(state=str(meaning))


def _refused(refused: Unreadable) -> Cell:
    return Cell(None, "unreadable", refused.reason, refused.advice, needs_unit=isinstance(refused, UnitUnknown))


def _read_value(field: Field, text: str, unit: str | None, is_key: bool, options: ValueOptions) -> Value:
    match field.type:
        case "date":
            return read_date(text, options)
        case "money":
            return read_money(text, unit, signed=field.signed or field.refunds, options=options)
        case "ratio":
            return read_ratio(text, unit, signed=field.signed, options=options)
        case "integer":
            return read_integer(text, field.unit, signed=field.signed, options=options)
        case "flag":
            return read_flag(text, has=field.name.startswith("has_"))
        case "choice":
            return read_choice(text, field.choices or {})
    refuse_uncertain_mark(text, words=is_key or field.is_reference)
    return " ".join(text.split()) if is_key or field.is_reference else text


def _doubt(field: Field, value: Value, is_key: bool, options: ValueOptions) -> tuple[Text, Text] | None:
    """What is to be checked about a value that was read, and how."""
    if type(value) is str:
        return doubt_of_id(value, is_id=is_key or field.is_reference) if field.type != "choice" else None
    if field.refunds and isinstance(value, Decimal) and value < 0:
        return _REFUND
    if isinstance(value, datetime.date) and not field.ahead:
        return _too_late(value, options.latest)
    return None


def _too_late(date: datetime.date, latest: datetime.date | None) -> tuple[Text, Text] | None:
    """What is doubtful about the day of something that has happened: it lies after the source's own date, or is still to come."""
    if latest is None:
        # A source without a date cannot be of later than today.
        still_to_come = Text(f"日期 {date} 还没有到", f"the date {date} is still to come"), Text("请核对年份", "check the year")
        return still_to_come if date > datetime.date.today() else None
    if date <= latest:
        return None
    return (Text(f"日期 {date} 晚于资料日期 {latest}", f"the date {date} lies after the source's own date {latest}"),
            Text("请核对年份，或资料日期", "check the year, or the date of the source"))


def read_period_cells(starts: Field, ends: Field, text: str, *, options: ValueOptions = NO_OPTIONS) -> tuple[Cell, Cell]:
    """One cell that holds the first and the last day (起止日期), as the cells of two fields. Both or neither is read."""
    stripped = text.strip()
    if not stripped or options.meaning_of(stripped) is not None or read_marker(stripped) is not None:
        return read_cell(starts, text, options=options), read_cell(ends, text, options=options)
    try:
        values = read_period(stripped, options)
    except Unreadable as refused:
        return _refused(refused), _refused(refused)
    doubts = (_doubt(field, value, False, options) for field, value in zip((starts, ends), values, strict=True))
    first, last = (Cell(value) if doubt is None else Cell(value, None, *doubt) for value, doubt in zip(values, doubts, strict=True))
    return first, last


def check_capitals(amount: Decimal, text: str) -> Cell:
    """A column of amounts in capitals beside one in figures: the amount, and in doubt where the two do not agree.

    Capitals that cannot be read are a problem of their own; they say nothing against the figures.
    """
    try:
        in_capitals = read_capitals(text)
    except Unreadable as refused:
        return _refused(refused)
    if in_capitals == amount:
        return Cell(amount)
    differ = capitals_differ(amount, in_capitals, text)
    return Cell(amount, None, differ.reason, differ.advice)
