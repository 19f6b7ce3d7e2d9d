"""Dates and periods as people write them -> calendar dates, or the reason why not.

The forms that are understood stand in tables of patterns: a further form is a further line. What a date means only
by declaration (the order of its figures, its century, its year, a serial number) is read only where `ValueOptions`
declares it.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator

from auditkb.errors import Text
from auditkb.numerals import SPELLED, read_figures, read_numeral
from auditkb.texts import WRITE_A_STATE, WRITE_A_VALUE, Unreadable, prepare, refusal, shown
from auditkb.value_options import NO_OPTIONS, ValueOptions

FIRST_YEAR, LAST_YEAR = 1990, 2100

WRITE_A_DATE = Text("写作 2019-05-20 或 2019年5月20日", "write 2019-05-20")
CHECK_THE_DAY = Text("日历上没有这一天，请按原件核对；日期的顺序由对应文件声明的，也请核对声明",
                     "the calendar has no such day: check it against the paper, and where a mapping file declares the order of dates, check that too")
WRITE_TWO_DATES = Text("写作 2019-05-15至2019-08-30，或开始和结束日期各用一列", "write 2019-05-15~2019-08-30, or give the start and the end a column each")

_TIME = r"(?:[ T](?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?)?"
_NUMERALS = f"[{SPELLED}]"
# Forms that say themselves what is the year, the month and the day.
_CERTAIN = tuple(
    re.compile(form + _TIME, re.ASCII)
    for form in (
        r"(?P<year>\d{4})年(?P<month>\d{1,2})月(?P<day>\d{1,2})[日号]",
        r"(?P<year>\d{4})(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})",
        r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})",
    )
)
_IN_NUMERALS = re.compile(rf"(?P<year>{_NUMERALS}{{4}}|[{SPELLED}Oo]{{4}})年(?P<month>{_NUMERALS}{{1,2}})月(?P<day>{_NUMERALS}{{1,3}})[日号]")
_PARTED = r"(?P<{}>\d{{1,2}})(?P<mark>[-/.])(?P<{}>\d{{1,2}})(?P=mark)(?P<{}>\d{{{}}})"
# Forms whose order of figures must be declared.
_DECLARED = {
    "ymd": (r"(?P<year>\d{2})(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})", r"(?P<year>\d{2})(?P<month>\d{2})(?P<day>\d{2})"),
    "dmy": (_PARTED.format("day", "month", "year", "4"), _PARTED.format("day", "month", "year", "2"), r"(?P<day>\d{2})(?P<month>\d{2})(?P<year>\d{2})"),
    "mdy": (_PARTED.format("month", "day", "year", "4"), _PARTED.format("month", "day", "year", "2"), r"(?P<month>\d{2})(?P<day>\d{2})(?P<year>\d{2})"),
}
_BY_ORDER = {order: tuple(re.compile(form + _TIME, re.ASCII) for form in forms) for order, forms in _DECLARED.items()}
_SHORT_YEAR = re.compile(r"(?P<year>\d{2})年(?P<month>\d{1,2})月(?P<day>\d{1,2})[日号]", re.ASCII)
_WITHOUT_YEAR = re.compile(r"(?P<month>\d{1,2})月(?P<day>\d{1,2})[日号]", re.ASCII)
_WITHOUT_YEAR_BY_ORDER = {
    "dmy": re.compile(r"(?P<day>\d{1,2})[-/.](?P<month>\d{1,2})", re.ASCII),
    "ymd": re.compile(r"(?P<month>\d{1,2})[-/.](?P<day>\d{1,2})", re.ASCII),
}
_SERIAL = re.compile(r"(?P<days>\d{5})(?:\.\d+)?", re.ASCII)
# The day 0 of each system; 1900 counts a 29 February that never was, long before FIRST_YEAR.
_DAY_ZERO = {"1900": datetime.date(1899, 12, 30), "1904": datetime.date(1904, 1, 1)}

_AROUND_MARKS = re.compile(r"\s*([年月日号/.-])\s*")
# 2019年5月20日 14:30 keeps the space before its time, which the line above closed.
_TIME_AFTER_DAY = re.compile(r"([日号])(?=\d{1,2}:)")
_AROUND_DATE = re.compile(r"(?:自|从|至|到)?(?P<date>.*\d日?|.*[日号])(?:起|止)")

_DECLARE = "，或在对应文件中声明"
_REFUSALS = (
    (r"(?!.*\d{4}).*(?:签订|签署|签字|签约|生效|盖章|验收|完工|竣工|交付|开工|付款|通知|公告).*(?:之日|起|后|前|内).*"
     r"|[\d一二三四五六七八九十两半]{1,4}(?:个?月|天|周|个?工作日|日历天)(?:之?内|以?后|以?前)?|[\d一二三四五六七八九十两半]{1,3}年(?:之?内|以?后|以?前)?",
     "是期限，不是日期", "this is a length of time or depends on something else, not a date", Text("按合同算出日期再填写", "work the date out from the contract and write it")),
    (r".*\d{4}[年/.-]\d{1,2}.*\D+\d{4}[年/.-]\d{1,2}.*|.*\d日?(?:至|到|~|—|–)\d.*|\d{8}\D+\d{8}", "一格中有两个日期", "there are two dates in one cell",
     Text("开始和结束日期各用一列，或在对应文件中声明这一列是起止日期", "give the start and the end a column each, or declare the column a period in a mapping file")),
    (rf"\d{{4}}[年/.-]\d{{1,2}}月?|(?:\d{{4}}|\d{{2}}|{_NUMERALS}{{4}})年(?:\d{{1,2}}|{_NUMERALS}{{1,2}})月份?", "只有年月，缺少日", "the day is missing", WRITE_A_DATE),
    (r"\d{1,2}[月/.-]\d{1,2}[日号]?", "缺少年份", "the year is missing", Text(f"{WRITE_A_DATE.zh}{_DECLARE}年份", f"{WRITE_A_DATE.en}, or declare the year in a mapping file")),
    (r"\d{4}年?度?", "只有年份", "there is only a year", WRITE_A_DATE),
    (r"[甲乙丙丁戊己庚辛壬癸][子丑寅卯辰巳午未申酉戌亥]年.*", "是干支纪年，不是公历日期", "this is a year of the sixty-year cycle, not a calendar date", WRITE_A_DATE),
    (r"\d{6}|\d{2}([/.-])\d{1,2}\1\d{1,2}|\d{1,2}([/.-])\d{1,2}\2\d{2,4}|\d{2}年\d{1,2}月\d{1,2}[日号]?",
     "年份不是四位数，或年月日的顺序不明确", "the year has not four digits, or the order of day and month is not certain",
     Text(f"{WRITE_A_DATE.zh}{_DECLARE}顺序和世纪", f"{WRITE_A_DATE.en}, or declare the order and the century in a mapping file")),
    (r"\d{5}(?:\.\d+)?", "这是 Excel 的日期序号，不是日期", "this is a serial number of Excel, not a date",
     Text(f"在 Excel 中把这一列设为日期格式再导出{_DECLARE}是 1900 或 1904 序号", "give the column a date format in Excel and export again, or declare the system, 1900 or 1904, in a mapping file")),
    (r"长期|永久|无固定期限|.*(?:暂定|预计|左右|约|前后).*", "不是确定的日期", "the date is not certain", WRITE_A_VALUE),
    (r"另行通知|见.*|详见.*|同上|同前|.*待.*|.*未定.*", "没有写出日期", "no date is written", WRITE_A_STATE),
)


def read_date(text: str, options: ValueOptions = NO_OPTIONS) -> datetime.date:
    """A calendar date, 1990 to 2100; a time of day without a zone is left out, a 止 or 起 after it too.

    >>> read_date("２０１９年5月20日"), read_date("20190520"), read_date("20.05.19", ValueOptions(date_order="dmy", century=2000))
    (datetime.date(2019, 5, 20), datetime.date(2019, 5, 20), datetime.date(2019, 5, 20))
    """
    return _date_of(_compact(text), text, options)


def _compact(text: str) -> str:
    return _TIME_AFTER_DAY.sub(r"\1 ", _AROUND_MARKS.sub(r"\1", prepare(text)))


def _date_of(compact: str, text: str, options: ValueOptions) -> datetime.date:
    for form in _CERTAIN:
        if found := form.fullmatch(compact):
            return _calendar_date(int(found["year"]), int(found["month"]), int(found["day"]), text)
    return _rarer_date(compact, text, options)


def _rarer_date(compact: str, text: str, options: ValueOptions) -> datetime.date:
    if found := _AROUND_DATE.fullmatch(compact):
        return _date_of(found["date"], text, options)
    if found := _IN_NUMERALS.fullmatch(compact):
        parts = (read_figures(found["year"]), read_numeral(found["month"]), read_numeral(found["day"]))
        if all(part is not None for part in parts):
            year, month, day = (int(part or 0) for part in parts)
            return _calendar_date(year, month, day, text)
    declared = _declared_date(compact, options)
    if declared is None:
        raise refusal(compact, text, _REFUSALS, Text("不是可识别的日期", "is not a date that can be read"), WRITE_A_DATE)
    return _calendar_date(*declared, text)


def _declared_date(compact: str, options: ValueOptions) -> tuple[int, int, int] | None:
    """Year, month and day of a form that only the options make certain."""
    if options.serial_dates and (found := _SERIAL.fullmatch(compact)):
        date = _DAY_ZERO[options.serial_dates] + datetime.timedelta(days=int(found["days"]))
        return date.year, date.month, date.day
    order = options.date_order
    forms = (*(_BY_ORDER[order] if order else ()), _SHORT_YEAR)
    if found := next((match for form in forms if (match := form.fullmatch(compact))), None):
        if len(found["year"]) == 4:
            return int(found["year"]), int(found["month"]), int(found["day"])
        if options.century is not None:
            return options.century + int(found["year"]), int(found["month"]), int(found["day"])
    if options.year is not None:
        by_order = _WITHOUT_YEAR_BY_ORDER["dmy" if order == "dmy" else "ymd"] if order else _WITHOUT_YEAR
        if found := _WITHOUT_YEAR.fullmatch(compact) or by_order.fullmatch(compact):
            return options.year, int(found["month"]), int(found["day"])
    return None


def _calendar_date(year: int, month: int, day: int, text: str) -> datetime.date:
    try:
        date = datetime.date(year, month, day)
    except ValueError:
        raise Unreadable(Text(f"没有这一天：{shown(text)}", f"there is no such day: {shown(text)}"), CHECK_THE_DAY) from None
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Unreadable(
            Text(f"日期不在 {FIRST_YEAR} 至 {LAST_YEAR} 年之间：{shown(text)}", f"the date lies outside {FIRST_YEAR} to {LAST_YEAR}: {shown(text)}"),
            Text("请核对年份", "check the year"),
        )
    return date


# --- two dates in one cell

_PARTS_DATES = re.compile(r"起?(?:至|到|~|—+|–|--|-)")
_DAY_OF_SAME_YEAR = re.compile(r"(?:(?P<month>\d{1,2})(?:月|(?P<mark>[./-])))?(?P<day>\d{1,2})(?:[日号]|(?(mark)|(?!)))", re.ASCII)


def read_period(text: str, options: ValueOptions = NO_OPTIONS) -> tuple[datetime.date, datetime.date]:
    """The first and the last day of a cell that holds both. The year of the last may be left out where it is the first's.

    >>> read_period("2019.5.15-2019.8.30")
    (datetime.date(2019, 5, 15), datetime.date(2019, 8, 30))
    """
    compact = re.sub(r"\s*(至|到|~|—+|–|-)\s*", r"\1", _compact(text))
    found = set(_periods_in(re.sub("^[自从]|止$", "", compact), options))
    if len(found) != 1:
        table = tuple(row for row in _REFUSALS if "一格中" not in row[1])
        raise refusal(compact, text, table, Text("不是可识别的起止日期", "is not a period that can be read"), WRITE_TWO_DATES)
    starts_on, ends_on = found.pop()
    if ends_on < starts_on:
        raise Unreadable(Text(f"结束早于开始：{shown(text)}", f"the end lies before the start: {shown(text)}"), Text("请按原件核对", "check it against the paper"))
    return starts_on, ends_on


def _periods_in(compact: str, options: ValueOptions) -> Iterator[tuple[datetime.date, datetime.date]]:
    """Every way to part the text into two dates."""
    for mark in _PARTS_DATES.finditer(compact):
        starts_on = _date_or_none(compact[: mark.start()], options)
        if starts_on is None:
            continue
        rest = compact[mark.end() :]
        ends_on = _date_or_none(rest, options) or _same_year(starts_on, rest)
        if ends_on is not None:
            yield starts_on, ends_on


def _date_or_none(compact: str, options: ValueOptions) -> datetime.date | None:
    try:
        return _date_of(compact, compact, options)
    except Unreadable:
        return None


def _same_year(starts_on: datetime.date, rest: str) -> datetime.date | None:
    found = _DAY_OF_SAME_YEAR.fullmatch(rest)
    if found is None:
        return None
    try:
        return starts_on.replace(month=int(found["month"] or starts_on.month), day=int(found["day"]))
    except ValueError:
        return None
