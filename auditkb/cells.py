"""What a cell says of a field: a value, a state such as "blank in the document", or a problem. Nothing is guessed.

`values` knows the forms of dates and amounts; this module knows the dictionary's fields, the markers in brackets and
what an empty cell means. Called for every cell that is loaded.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal

from auditkb.dictionary import Field
from auditkb.errors import Text
from auditkb.values import (
    UnitUnknown,
    Unreadable,
    fold,
    read_choice,
    read_date,
    read_flag,
    read_integer,
    read_money,
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
_MARKERS = {fold(f"[{word}]"): state for state, label in STATES.items() for word in (state, label.zh, label.en)}
_BRACKETS = str.maketrans("【】〔〕", "[][]")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell read: its value, or None with the state, and for a problem why and what to do.

    `is_marked`: the state stands in the cell itself, rather than being what an empty cell means. `needs_unit`: a bare
    amount in a column whose unit is not known.
    """

    value: Value | None = None
    state: str | None = None
    reason: Text | None = None
    advice: Text | None = None
    is_marked: bool = False
    needs_unit: bool = False


def read_marker(text: str) -> str | None:
    """The state that a marker such as `[文件空白]` or `[blank_in_document]` names.

    >>> read_marker("【文件空白】"), read_marker("[2019]12号")
    ('blank_in_document', None)
    """
    # Nearly every cell fails this first look, which is cheap.
    if text[:1] not in "[［【〔" or not text:
        return None
    return _MARKERS.get(fold(text.translate(_BRACKETS)))


def read_cell(field: Field, text: str, *, unit: str | None = None, if_empty: str | bool | None = None, is_key: bool = False) -> Cell:
    """The cell `text` as a value of `field`.

    `unit` is that of the column, for bare numbers; `if_empty` overrides the dictionary's; with `is_key` a word such
    as 无 is refused in text too, because it would become a record's key.
    """
    text = text.strip().removeprefix("\ufeff")
    if not text:
        return _empty(field.if_empty if if_empty is None else if_empty)
    state = read_marker(text)
    if state is not None:
        return Cell(state=state, is_marked=True)
    try:
        return Cell(_read_value(field, text, unit, is_key))
    except Unreadable as refused:
        return Cell(None, "unreadable", refused.reason, refused.advice, needs_unit=isinstance(refused, UnitUnknown))


def _empty(meaning: str | bool) -> Cell:
    if meaning is False or meaning == "false":
        return Cell(False)
    return Cell(state=str(meaning))


def _read_value(field: Field, text: str, unit: str | None, is_key: bool) -> Value:
    match field.type:
        case "date":
            return read_date(text)
        case "money":
            return read_money(text, unit, signed=field.signed)
        case "ratio":
            return read_ratio(text, unit, signed=field.signed)
        case "integer":
            return read_integer(text, field.unit, signed=field.signed)
        case "flag":
            return read_flag(text, has=field.name.startswith("has_"))
        case "choice":
            return read_choice(text, field.choices or {})
    refuse_uncertain_mark(text, words=is_key or field.is_reference)
    return " ".join(text.split()) if is_key or field.is_reference else text
