"""How SQLite says what the language means: dates as ISO text, money as REAL rounded to the cent at each step.

Only functions that every SQLite has (3.30 and newer), none written in Python: the stored SQL of a rule runs anywhere.
"""

from __future__ import annotations

# A limit keeps SQLite from merging a stage into the next one; this one limits nothing.
KEEP = "\n  LIMIT -1 OFFSET 0"
FIRST_DAY, LAST_DAY = "'0001-01-01'", "'9999-12-31'"
# A decimal and its double differ in the last place; this lifts a tie such as 0.015, stored a little below itself, over
# the edge, so that halves go away from zero as DECIMAL engines do. Wider, it would lift what is no tie from 10^9 yuan on.
_TIE = "1.0000000000000005"


def name(text: str) -> str:
    """A quoted identifier."""
    return '"' + text.replace('"', '""') + '"'


def literal(value: object) -> str:
    """A value as SQL text: flags as 0 and 1, None as NULL."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, (int, float)):
        return repr(value)
    return "'" + str(value).replace("'", "''") + "'"


def cent(value: str) -> str:
    """Money rounded to the cent, halves away from zero."""
    return f"ROUND(({value}) * {_TIE}, 2)"


def twelve(value: str) -> str:
    """A ratio rounded to twelve decimals: 0.3 / 3 equals 0.1 then, as people reckon."""
    return f"ROUND({value}, 12)"


def state(states: str, field: str, wanted: str) -> str:
    """Whether the states column says that `field` is `wanted`; NULL states are none."""
    return f"instr(COALESCE({states}, ''), {literal(f'|{field}={wanted}|')}) > 0"


def covered(column: str, record_type: str) -> str:
    """Whether a coverage column holds `record_type`; NULL (no such row) is not covered."""
    return f"instr(COALESCE({column}, ''), {literal(f'|{record_type}|')}) > 0"


def days_between(start: str, end: str) -> str:
    """Whole days from `start` (not counted) to `end`."""
    return f"CAST(julianday({end}) - julianday({start}) AS INTEGER)"


def add_days(day: str, days: str) -> str:
    """`day` moved by a whole number of days."""
    return f"date({day}, ({days}) || ' days')"


def add_months(day: str, months: str) -> str:
    """`day` moved by whole months; the last day where the month is shorter."""
    first = f"date({day}, 'start of month', ({months}) || ' months')"
    last = f"CAST(substr(date({first}, '+1 month', '-1 day'), 9, 2) AS INTEGER)"
    return f"date({first}, (MIN(CAST(substr({day}, 9, 2) AS INTEGER), {last}) - 1) || ' days')"


def months_between(start: str, end: str) -> str:
    """Whole calendar months from `start` to `end`, both days included: 1 January to 30 April is 4."""
    after = f"date({end}, '+1 day')"
    last = f"CAST(substr(date({after}, 'start of month', '+1 month', '-1 day'), 9, 2) AS INTEGER)"
    number = (f"(CAST(substr({after}, 1, 4) AS INTEGER) - CAST(substr({start}, 1, 4) AS INTEGER)) * 12"
              f" + CAST(substr({after}, 6, 2) AS INTEGER) - CAST(substr({start}, 6, 2) AS INTEGER)")
    return (f"({number} - (MIN(CAST(substr({start}, 9, 2) AS INTEGER), {last})"
            f" > CAST(substr({after}, 9, 2) AS INTEGER)))")


def workdays_between(start: str, end: str) -> str:
    """Working days after `start` up to `end`; unknown outside the calendar."""
    number = "(SELECT workday_number FROM working_calendar WHERE day = {})"
    return f"({number.format(end)} - {number.format(start)})"


def next_workday(day: str) -> str:
    """`day` itself if it is a working day, else the next one; unknown outside the calendar."""
    return f"(SELECT next_workday FROM working_calendar WHERE day = {day})"


def year_of(day: str) -> str:
    """The calendar year of a day."""
    return f"CAST(substr({day}, 1, 4) AS INTEGER)"


def start_of_year(year: str) -> str:
    """1 January of a year."""
    return f"(CASE WHEN {year} IS NOT NULL THEN printf('%04d-01-01', {year}) END)"


def end_of_year(value: str, *, is_year: bool) -> str:
    """31 December of a day's year, or of a year."""
    if not is_year:
        return f"(substr({value}, 1, 4) || '-12-31')"
    # printf writes an unknown year as 0.
    return f"(CASE WHEN {value} IS NOT NULL THEN printf('%04d-12-31', {value}) END)"


def sentinel(*, is_date: bool, largest: bool) -> str:
    """A value beyond all others, for leaving unknowns out of `least` and `greatest`."""
    if is_date:
        return LAST_DAY if largest else "''"
    return "9e99" if largest else "-9e99"


def row_keys(source: str, order: str, most: int) -> str:
    """A scalar subquery: the first `most` keys of `source` (a FROM … WHERE …), in order, separated by character 31."""
    return (f"(SELECT group_concat(k, char(31)) FROM (SELECT {order} AS k {source} ORDER BY {order} LIMIT {most}))")
