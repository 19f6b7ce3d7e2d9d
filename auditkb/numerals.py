"""Chinese numerals -> numbers: 三, 十五, 九十六点五, 贰拾叁万贰仟, 二〇一九. Strict: what could be read two ways is None.

In speech 一百五 is 150, on paper it may be meant for 105: a last figure without its unit needs the 零 before it.
"""

from __future__ import annotations

import re
from decimal import Decimal

_DIGITS = {character: str(digit) for digit, character in enumerate("零一二三四五六七八九")}
_DIGIT_NAMES = "".join(_DIGITS)
# Every further spelling of a figure or of a unit, simplified and traditional, with the one that is worked with.
_SPELLINGS = str.maketrans(
    "〇○壹贰叁肆伍陆柒捌玖貳參叄陸两兩弌弍弎拾佰仟萬億",
    "零零一二三四五六七八九二三三六二二一二三十百千万亿",
)
SPELLED = "".join(map(chr, _SPELLINGS)) + _DIGIT_NAMES + "十百千万亿"
"""Every character that a numeral may be written with, but the decimal 点."""

_ONE = "[一二三四五六七八九]"
# Four figures with their units; 万 and 亿 join such sections.
_SECTION = re.compile(f"(零)?(?:({_ONE})千)?(零)?(?:({_ONE})百)?(零)?(?:({_ONE})?十)?(零)?({_ONE})?")


def read_numeral(text: str) -> Decimal | None:
    """The number below 10^12 that a Chinese numeral writes, or None.

    >>> read_numeral("九十六点五"), read_numeral("贰拾叁万贰仟"), read_numeral("三五"), read_numeral("一百五")
    (Decimal('96.5'), Decimal('232000'), None, None)
    """
    whole, point, tail = text.translate(_SPELLINGS).partition("点")
    decimals = _figures(tail)
    total = 0 if whole == "零" else _whole(whole)
    if total is None or (point and decimals is None):
        return None
    return Decimal(f"{total}.{decimals}" if point else total)


def read_figures(text: str) -> int | None:
    """The number whose decimal figures are written one by one, as in a year: 二〇一九, also 二O一九.

    >>> read_figures("二〇一九"), read_figures("二O一九"), read_figures("十九")
    (2019, 2019, None)
    """
    figures = _figures(text.translate(_SPELLINGS).replace("O", "零").replace("o", "零"))
    return int(figures) if figures else None


def _figures(text: str) -> str | None:
    if not text or any(character not in _DIGITS for character in text):
        return None
    return "".join(_DIGITS[character] for character in text)


def _whole(text: str) -> int | None:
    """Sections from the highest to the lowest; each lower one must be well-formed after the one before it."""
    total, above = 0, False
    for unit, factor in (("亿", 10**8), ("万", 10**4), ("", 1)):
        section, found, rest = text.partition(unit) if unit else (text, "", "")
        if (unit and not found) or not (section or unit):
            continue
        # 一亿五千 is 150,000,000 in speech: where the whole 万 is left out there must be a 零.
        value = _section(section, above=above, skips=above and not unit and total % 10**8 == 0)
        if value is None:
            return None
        total, text, above = total + value * factor, rest, True
    return total if above else None


def _section(text: str, *, above: bool, skips: bool) -> int | None:
    """A number below 10,000. `above`: a 万 or 亿 stands before it; `skips`: the 亿 does, and 万 is left out."""
    found = _SECTION.fullmatch(text)
    if found is None or not text or text.endswith("零") or "零零" in text:
        return None
    zero, thousands, zero_2, hundreds, zero_3, tens, zero_4, ones = found.groups()
    if zero and not above:
        return None
    has_ten = "十" in text
    # The 零 that parts a lone last figure from a unit that is not the next one above it.
    lone = ones and not has_ten and not (zero or zero_2 or zero_3 or zero_4)
    if lone and (thousands or hundreds or above):
        return None
    if skips and not zero:
        return None
    if (has_ten and tens is None and (thousands or hundreds) and not (zero_2 or zero_3)) or (zero_4 and has_ten and ones is None):
        return None
    figures = [thousands, hundreds, tens or ("一" if has_ten else None), ones]
    return int("".join(_DIGITS[figure] if figure else "0" for figure in figures)) or None
