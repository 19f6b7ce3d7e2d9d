"""Numbers of papers, which spreadsheets take for numbers: what the text shows to be lost is said, never mended.

Excel keeps fifteen figures of a number, drops the zeros before it and shortens a long one to 1.23E+19.
"""

from __future__ import annotations

import re

from auditkb.errors import Text
from auditkb.texts import clean, shown

_DOUBTS = (
    (re.compile(r"\d(?:\.\d+)?E\+?\d{1,3}", re.ASCII | re.IGNORECASE), False,
     "Excel 已把编号缩写，数位已丢失", "Excel has shortened this number; digits are lost"),
    (re.compile(r"(?=\d{16,})\d{15}0+", re.ASCII), False,
     "编号超过十五位且末尾全是零，可能被 Excel 改过", "over fifteen digits with nothing but zeros at the end: Excel may have changed them"),
    (re.compile(r"\d+\.0+", re.ASCII), True,
     "编号末尾有“.0”，曾被当作数字，前面的零可能丢失", 'the number ends in ".0": it was kept as a number, and zeros before it may be lost'),
)
_ADVICE = Text("在原表中把这一列设为文本，按原件重新填写", "give the column the text format and write it anew from the paper")


_CODE = r"[A-Z0-9()\[\]〔〕_/.-]*[0-9][A-Z0-9()\[\]〔〕_/.-]*"
_SEVERAL = re.compile(rf"{_CODE}(?:\s*[、,;]\s*{_CODE})+", re.ASCII | re.IGNORECASE)


def _several(text: str) -> tuple[Text, Text] | None:
    """What is said of a cell that seems to hold the numbers of several papers."""
    if not any(mark in text for mark in "、，；,;") or _SEVERAL.fullmatch(clean(text)) is None:
        return None
    return (Text(f"一格中像是有几个编号，已作为一个编号读入：{shown(text)}", f"several numbers in one cell, it seems; read as one number: {shown(text)}"),
            Text("是几份的，每份各用一行", "where they are several papers give each a row"))


def doubt_of_id(text: str, *, is_id: bool) -> tuple[Text, Text] | None:
    """What is doubtful about the text of an id, and what to do.

    `is_id` says that the text names a record; `12.0` in any other text may well be meant.

    >>> doubt_of_id("1.23E+19", is_id=False) is None, doubt_of_id("007", is_id=True) is None, doubt_of_id("HT-01、HT-02", is_id=True) is None
    (False, True, False)
    """
    if is_id and (found := _several(text)) is not None:
        return found
    # Nearly every text fails this first look.
    if not text or not ("0" <= text[0] <= "9" or "\uff10" <= text[0] <= "\uff19" or text[0] == "'"):
        return None
    plain = clean(text)
    for pattern, only_ids, zh, en in _DOUBTS:
        if (is_id or not only_ids) and pattern.fullmatch(plain):
            return Text(f"{zh}：{shown(text)}", f"{en}: {shown(text)}"), _ADVICE
    return None
