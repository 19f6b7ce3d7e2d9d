"""What a printed number looks like: digits of either width, commas of either width, brackets and signs for below zero.

Everything here works on text of one width that is as long as the original, so that places stay true.
"""

from __future__ import annotations

import re
from decimal import Decimal

_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_MARKS = {**_WIDE, 0x3000: 0x20, 0x00A0: 0x20, ord("−"): ord("-"), ord("－"): ord("-"), ord("–"): ord("-"), ord("﹣"): ord("-")}
# What is a mark of text in full width stays one.
for _kept in "，：；（）！？～":
    _MARKS.pop(ord(_kept), None)

NUMBER = r"\d{1,3}(?:[,，]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_CELL = re.compile(
    r"(?P<bracket>[（(])?\s*(?P<minus>-)?\s*[¥￥]?\s*(?P<number>" + NUMBER + r")\s*(?P<unit>%|‰|元|万元|亿元|万|千元|百万元|个百分点)?\s*(?(bracket)[）)])"
)
DASHES = frozenset("-—–－一/／…―─")


def one_width(text: str) -> str:
    """The text with digits, points, percent signs and letters of half width; as long as before.

    >>> one_width("１２，056．38％")
    '12，056.38%'
    """
    return text.translate(_MARKS)


def digits_of(number: str) -> Decimal:
    """The exact number without its commas."""
    return Decimal(number.replace(",", "").replace("，", ""))


def half_a_unit(number: str) -> Decimal:
    """Half a unit of the last printed digit.

    >>> half_a_unit("12，056.38"), half_a_unit("45")
    (Decimal('0.005'), Decimal('0.5'))
    """
    decimals = len(number.partition(".")[2])
    return Decimal(5).scaleb(-decimals - 1)


def read_cell_number(text: str) -> re.Match[str] | None:
    """The parts of a cell that holds one number and nothing else."""
    return _CELL.fullmatch(one_width(text).strip())


def is_number(text: str) -> bool:
    """Whether a cell holds one number and nothing else."""
    return read_cell_number(text) is not None


def is_dash(text: str) -> bool:
    """Whether a cell holds only a mark such as —, which says neither zero nor a number."""
    return bool(text) and set(text.strip()) <= DASHES


def is_plain_integer(text: str) -> bool:
    """A whole number without commas, sign or unit: an ordinal or a code."""
    return one_width(text).strip().isdecimal()
