"""Chinese numerals -> numbers: 三, 十五, 九十六点五, 贰拾叁万贰仟. Strict: what is not a well-formed numeral is None."""

from __future__ import annotations

import re
from decimal import Decimal

_DIGITS = {
    **{character: digit for digit, character in enumerate("零一二三四五六七八九")},
    **{character: digit for digit, character in enumerate("〇壹贰叁肆伍陆柒捌玖")},
    "两": 2,
}
_ONE = "[一二三四五六七八九壹贰叁肆伍陆柒捌玖两]"
_ZERO = "[零〇]?"
# Four digits with their units; the units above (万, 亿) join such sections.
_SECTION = re.compile(
    f"(?:({_ONE})[千仟])?(?:{_ZERO}({_ONE})?[百佰])?(?:{_ZERO}({_ONE})?[十拾])?(?:{_ZERO}({_ONE}))?"
)
_DECIMALS = re.compile("[零〇一二三四五六七八九]+")


def read_numeral(text: str) -> Decimal | None:
    """The number that a Chinese numeral below 10^12 writes, or None.

    >>> read_numeral("九十六点五"), read_numeral("贰拾叁万贰仟"), read_numeral("三五")
    (Decimal('96.5'), Decimal('232000'), None)
    """
    whole, point, tail = text.partition("点")
    if point and _DECIMALS.fullmatch(tail) is None:
        return None
    total = 0 if whole in ("零", "〇") else _whole(whole)
    if total is None:
        return None
    return Decimal(f"{total}.{''.join(str(_DIGITS[digit]) for digit in tail)}" if point else total)


def _whole(text: str) -> int | None:
    total = 0
    for unit, factor in (("亿", 10**8), ("万", 10**4), ("", 1)):
        section, found, rest = text.partition(unit) if unit else (text, "", "")
        if unit and not found:
            continue
        if unit == "" and not section and total:
            break
        value = _section(section)
        if value is None:
            return None
        total, text = total + value * factor, rest
    return total


def _section(text: str) -> int | None:
    found = _SECTION.fullmatch(text)
    if found is None or not text:
        return None
    digits = [_DIGITS[digit] if digit else 0 for digit in found.groups()]
    # 十 and 百 may stand alone for 10 and 100.
    for place, names in ((1, "百佰"), (2, "十拾")):
        if digits[place] == 0 and any(name in text for name in names):
            digits[place] = 1
    value = int("".join(map(str, digits)))
    return value or None
