"""Numbers of sections: 第一部分, 一、, （一）, 1., （1）, ① and spelled variants, and where a number stands in the order.

A style is what a family of numbers looks like; a further style is a further line of `_STYLES`, from the outermost in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from auditkb.numerals import read_numeral

_NUMERAL = "[一二三四五六七八九十百]{1,4}"
_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
_ENCLOSED = "⑴⑵⑶⑷⑸⑹⑺⑻⑼⑽⑾⑿⒀⒁⒂⒃⒄⒅⒆⒇"

# Style, pattern of the number as printed; its one filled group is the number itself.
_STYLES: tuple[tuple[str, str], ...] = (
    ("part", rf"第({_NUMERAL}|\d{{1,2}})(?:部分|篇|章)[、:：,，.．]?"),
    ("main", rf"({_NUMERAL})\s*[、.．,，]"),
    ("bracketed", rf"[（(〔]\s*({_NUMERAL})\s*[）)〕]\s*[、.．,，]?"),
    ("arabic", r"([0-9０-９]{1,3})\s*[.．、](?![0-9０-９])"),
    ("bracketed_arabic", rf"(?:[（(]\s*([0-9０-９]{{1,3}})\s*[）)]|([{_ENCLOSED}]))\s*[、.．,，]?"),
    ("half_bracket", r"([0-9０-９]{1,3})\s*[）)]\s*[、.．]?"),
    ("circled", rf"([{_CIRCLED}])\s*[、.．]?"),
)
_PATTERNS = tuple((style, re.compile(pattern)) for style, pattern in _STYLES)
RANK = {style: rank for rank, (style, _) in enumerate(_STYLES)}
_INSIDE = re.compile(rf"(?<=[。！？；])\s*(?=({_NUMERAL})、[^。；]{{2,40}}$)")


@dataclass(frozen=True)
class Number:
    """The number at the start of a line."""

    style: str
    value: int
    printed: str
    length: int  # characters of the line that it takes

    @property
    def normal(self) -> str:
        """The number in its one spelling."""
        word = numeral_of(self.value)
        return {"part": f"第{word}部分", "main": word, "bracketed": f"（{word}）", "arabic": str(self.value),
                "bracketed_arabic": f"（{self.value}）", "half_bracket": f"{self.value}）",
                "circled": _CIRCLED[self.value - 1] if 0 < self.value <= len(_CIRCLED) else str(self.value)}[self.style]


def read_number(text: str) -> Number | None:
    """The section number that a line begins with, None if it begins with none.

    >>> read_number("（二）、预算调整").normal, read_number("１．甲").normal, read_number("1.5万元")
    ('（二）', '1', None)
    """
    stripped = text.lstrip()
    for style, pattern in _PATTERNS:
        found = pattern.match(stripped)
        if found is None:
            continue
        value = _value(next(group for group in found.groups() if group))
        if value:
            return Number(style, value, found[0].strip(), len(text) - len(stripped) + found.end())
    return None


def _value(printed: str) -> int:
    for signs in (_CIRCLED, _ENCLOSED):
        if printed in signs:
            return signs.index(printed) + 1
    if printed.isdigit():
        return int(printed)
    numeral = read_numeral(printed)
    return int(numeral) if numeral is not None else 0


def numeral_of(value: int) -> str:
    """A number below 100 as a Chinese numeral.

    >>> numeral_of(10), numeral_of(21)
    ('十', '二十一')
    """
    digits = "零一二三四五六七八九"
    if value < 10:
        return digits[value]
    tens, ones = divmod(value, 10)
    return ("" if tens == 1 else digits[tens]) + "十" + (digits[ones] if ones else "") if value < 100 else str(value)


def headings_inside(text: str) -> list[int]:
    """Where a heading such as 七、… stands at the end of a line behind a full stop: the offsets at which to part it."""
    found = _INSIDE.search(text)
    return [found.end()] if found else []
