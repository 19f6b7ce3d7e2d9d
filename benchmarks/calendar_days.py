"""Days as ISO text with quick arithmetic: a generator of millions of dates cannot afford date objects."""

from __future__ import annotations

import datetime
from functools import cache

_FIRST, _LAST = datetime.date(2016, 1, 1), datetime.date(2027, 12, 31)
ISO = [(_FIRST + datetime.timedelta(days=number)).isoformat() for number in range((_LAST - _FIRST).days + 1)]
NUMBER = {day: number for number, day in enumerate(ISO)}


def shift(day: str, days: int) -> str:
    """The day `days` later."""
    return ISO[NUMBER[day] + days]


def days_from(start: str, end: str) -> int:
    """Days from `start` (not counted) to `end`."""
    return NUMBER[end] - NUMBER[start]


def month_start(year: int, month: int) -> str:
    """The first day of a month; months beyond 12 run on into the next year."""
    return f"{year + (month - 1) // 12}-{(month - 1) % 12 + 1:02d}-01"


def month_end(year: int, month: int) -> str:
    """The last day of a month."""
    return shift(month_start(year, month + 1), -1)


@cache
def _workdays() -> list[int]:
    """Working days up to each day; the published calendar ends in the year before the last one here at the latest."""
    import chinese_calendar
    from chinese_calendar.constants import holidays

    last = max(holidays).year
    numbers, count = [], 0
    for text in ISO:
        day = datetime.date.fromisoformat(text)
        count += day.year <= last and chinese_calendar.is_workday(day)
        numbers.append(count)
    return numbers


def workdays_from(start: str, end: str) -> int:
    """Working days after `start` up to `end`."""
    return _workdays()[NUMBER[end]] - _workdays()[NUMBER[start]]


def workdays_before(day: str, workdays: int) -> str:
    """The latest day from which `workdays` working days lead to `day`."""
    number = NUMBER[day]
    while workdays_from(ISO[number], day) < workdays:
        number -= 1
    return ISO[number]


def workdays_after(day: str, workdays: int) -> str:
    """The first day on which `workdays` working days have passed since `day`."""
    number = NUMBER[day]
    while workdays_from(day, ISO[number]) < workdays:
        number += 1
    return ISO[number]
