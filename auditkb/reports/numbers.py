"""Numbers and dates in running text: what is printed, its unit and value, and how far it is exact.

`scan` gives them in the order of the text, none inside another. A number without a word that says what it counts is not
a figure: numbers of houses, documents and telephones are none.
"""

from __future__ import annotations

import calendar
import datetime
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from auditkb.numerals import read_numeral
from auditkb.reports.number_forms import NUMBER, digits_of, half_a_unit, one_width
from auditkb.reports.words import Words

_POWERS = {"十": 10, "百": 100, "千": 1000, "万": 10**4, "百万": 10**6, "千万": 10**7, "亿": 10**8, "万亿": 10**12}
_POWER = "|".join(sorted(_POWERS, key=len, reverse=True))
_DAY = r"(?P<{0}y>\d{{4}})\s*年\s*(?P<{0}m>\d{{1,2}})\s*月(?:\s*(?P<{0}d>\d{{1,2}})\s*[日号])?"
_LATER = r"(?:(?P<ty>\d{4})\s*年\s*)?(?:(?P<tm>\d{1,2})\s*月)?(?:\s*(?P<td>\d{1,2})\s*[日号])?"
_TIMES = (
    re.compile(_DAY.format("f") + r"\s*(?:至|到|[-—–~～]+)\s*" + _LATER),
    re.compile(_DAY.format("f") + "份?"),
    re.compile(r"(?<!\d)(?P<fy>\d{4})(?P<mark>[-/.])(?P<fm>\d{1,2})(?P=mark)(?P<fd>\d{1,2})(?!\d)"),
    re.compile(r"(?<!\d)(?P<fm>\d{1,2})\s*月(?:\s*(?P<fd>\d{1,2})\s*[日号])?(?!\d)"),
    re.compile(r"(?<!\d)(?P<fy>(?:19|20)\d{2})\s*(?:[-—–~～至]+\s*(?P<ty>(?:19|20)\d{2})\s*)?年(?P<end>[年]?[底末])?(?:度|初)?"),
)
_PERCENT = re.compile(r"百分之(?P<words>[零〇一二三四五六七八九十百点]+)")
_NEAR = 20  # characters before a number in which 约 may stand
_DIGIT_BEFORE = r"(?<![A-Za-z\d.第〔\[])(?<!\d[,，])"


@dataclass(frozen=True)
class Found:
    """One number or date of a text, from `start` to `end`."""

    start: int
    end: int
    unit: str
    value: Decimal | None = None
    unit_printed: str = ""
    precision: Decimal = Decimal(0)
    starts_on: datetime.date | None = None
    ends_on: datetime.date | None = None
    is_approximate: bool = False


def scan(text: str, words: Words) -> list[Found]:
    """All numbers and dates of a text in order."""
    plain = one_width(text)
    taken = _Taken()
    found = [item for item in (*_times(plain), *_percentages(plain), *_amounts(plain, words), *_numerals(plain, words)) if taken.take(item.start, item.end)]
    return sorted(found, key=lambda item: item.start)


class _Taken:
    """Parts of a text that are taken, none over another, in order."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def take(self, start: int, end: int) -> bool:
        """Take a part; False where some of it is taken."""
        at = bisect_left(self._starts, end)
        if at and self._ends[at - 1] > start:
            return False
        self._starts.insert(at, start)
        self._ends.insert(at, end)
        return True


# --- dates

def _times(text: str) -> Iterator[Found]:
    taken = _Taken()
    found = [match for form in _TIMES for match in form.finditer(text) if match.end() > match.start() and taken.take(*match.span())]
    year: int | None = None
    for match in sorted(found, key=lambda one: one.start()):
        parts = {name: int(value) for name, value in match.groupdict().items() if value and name not in ("mark", "end")}
        is_inherited = "fy" not in parts
        year = parts.get("ty", parts.get("fy", year))
        yield _time(match, parts if not is_inherited or year is None else {"fy": year, **parts})


def _time(match: re.Match[str], parts: dict[str, int]) -> Found:
    first = _span(parts.get("fy"), parts.get("fm"), parts.get("fd"))
    groups = match.groupdict()
    last = first
    if any(name in parts for name in ("ty", "tm", "td")):
        day_only = "td" in parts and "tm" not in parts
        last = _span(parts.get("ty", parts.get("fy")), parts.get("tm", parts.get("fm") if day_only else None), parts.get("td"))
    if groups.get("end") and first is not None:
        first = last = (first[1], first[1])
    if first is None or last is None or last[1] < first[0]:
        is_day = "fd" in parts
        return Found(match.start(), match.end(), "date" if is_day else "period")
    unit = "date" if first[0] == last[1] else "period"
    return Found(match.start(), match.end(), unit, starts_on=first[0], ends_on=last[1])


def _span(year: int | None, month: int | None, day: int | None) -> tuple[datetime.date, datetime.date] | None:
    """First and last day of a year, a month or a day; None where there is no such."""
    if year is None:
        return None
    try:
        if day is not None:
            only = datetime.date(year, month or 0, day)
            return only, only
        if month is not None:
            return datetime.date(year, month, 1), datetime.date(year, month, calendar.monthrange(year, month)[1])
        return datetime.date(year, 1, 1), datetime.date(year, 12, 31)
    except (ValueError, calendar.IllegalMonthError):
        return None


# --- amounts and counts

@lru_cache(maxsize=4)
def _forms(words: Words) -> tuple[re.Pattern[str], re.Pattern[str]]:
    about = "".join(words.approximate_after)
    counters = "|".join(re.escape(word) for word in sorted(words.counters, key=len, reverse=True))
    unit = rf"(?P<unit>个百分点|百分点|%|‰|元|圆|{counters})"
    number = re.compile(rf"{_DIGIT_BEFORE}(?P<minus>(?<![\dA-Za-z年月日])-)?(?P<number>{NUMBER})(?:\s*[-~～—]\s*(?P<second>{NUMBER}))?"
                        rf"\s*(?P<about>[{about}])?\s*(?P<power>{_POWER})?(?P<late>[{about}])?\s*{unit}")
    numeral = re.compile(rf"(?<![第零〇一二三四五六七八九十百千万亿两\d])(?P<number>[零〇一二三四五六七八九十百千两壹贰叁肆伍陆柒捌玖拾佰仟]+)"
                         rf"(?P<about>[{about}])?(?P<power>万|亿)?{unit}")
    return number, numeral


def _amounts(text: str, words: Words) -> Iterator[Found]:
    for match in _forms(words)[0].finditer(text):
        if _is_no_number(text, match, words):
            continue
        power = Decimal(_POWERS.get(match["power"] or "", 1))
        for name in ("number", "second"):
            if match[name] is None:
                continue
            sign = -1 if match["minus"] and name == "number" else 1
            start = match.start() if name == "number" else match.start("second")
            end = match.end() if name == "second" or match["second"] is None else match.end("number")
            yield _measured(text, start, end, sign * digits_of(match[name]) * power, half_a_unit(match[name]) * power, match, words)


def _measured(text: str, start: int, end: int, value: Decimal, precision: Decimal, match: re.Match[str], words: Words) -> Found:
    word = match["unit"]
    about = bool(match["about"] or match.groupdict().get("late")) or text[max(0, start - _NEAR):start].rstrip().endswith(words.approximate_before)
    if word in ("元", "圆"):
        return Found(start, end, "yuan", value, (match["power"] or "") + word, precision, is_approximate=about)
    if word == "‰":
        return Found(start, end, "percent", value / 10, word, precision / 10, is_approximate=about)
    if word == "%":
        return Found(start, end, "percent", value, word, precision, is_approximate=about)
    if word.endswith("百分点"):
        return Found(start, end, "percentage_points", value, word, precision, is_approximate=about)
    return Found(start, end, "count", value, (match["power"] or "") + word, precision, is_approximate=about)


def _numerals(text: str, words: Words) -> Iterator[Found]:
    for match in _forms(words)[1].finditer(text):
        if _is_no_number(text, match, words):
            continue
        number = read_numeral(match["number"])
        if number is None:
            continue
        power = Decimal(_POWERS.get(match["power"] or "", 1))
        yield _measured(text, match.start(), match.end(), number * power, Decimal(0), match, words)


def _is_no_number(text: str, match: re.Match[str], words: Words) -> bool:
    """Whether a word that only looks like a number stands where the match ends or begins."""
    around = text[max(0, match.start() - 4):match.end() + 4]
    for word in words.not_numbers:
        if word in around:
            if text.find(word, max(0, match.start() - len(word) + 1), match.end() + len(word) - 1) != -1:
                return True
    return False


def _percentages(text: str) -> Iterator[Found]:
    for match in _PERCENT.finditer(text):
        value = Decimal(100) if match["words"] == "百" else read_numeral(match["words"])
        if value is not None:
            decimals = len(match["words"].partition("点")[2])
            yield Found(match.start(), match.end(), "percent", value, "百分之", Decimal(5).scaleb(-decimals - 1))
