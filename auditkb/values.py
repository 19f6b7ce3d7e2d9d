"""Text of a cell -> value, or the reason in plain words why it cannot be read. Pure functions, no guessing.

Each `read_…` takes the text as it stands in a cell (not empty) and returns the value, or raises `Unreadable` with the
reason and with what to do. What is written in two ways or could mean two things is refused. The forms that are
understood stand in tables of patterns: a further form is a further line. Nothing here knows files or records.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol

from auditkb.errors import Text, did_you_mean
from auditkb.numerals import read_numeral
from auditkb.texts import (
    WRITE_A_STATE,
    Unreadable,
    clean,
    fold,
    means_nothing_certain,
    prepare,
    refuse_uncertain_mark,
    shown,
)

__all__ = [
    "COUNT_UNITS", "MONEY_UNITS", "RATIO_UNITS", "UnitUnknown", "Unreadable", "fold", "means_nothing_certain", "read_choice",
    "read_date", "read_flag", "read_integer", "read_money", "read_ratio", "refuse_uncertain_mark",
]

FIRST_YEAR, LAST_YEAR = 1990, 2100
# SQLite holds money as a double: above this a cent is no longer exact after a few additions.
MOST_YUAN = Decimal(10) ** 13
MOST_DIGITS = 25
CENT = Decimal("0.01")

MONEY_UNITS = {
    "元": 1, "圆": 1, "yuan": 1, "cny": 1, "rmb": 1, "人民币元": 1,
    "千元": 10**3,
    "万元": 10**4, "万": 10**4, "人民币万元": 10**4, "10,000yuan": 10**4, "10000yuan": 10**4, "tenthousandyuan": 10**4,
    "亿元": 10**8, "亿": 10**8,
}
RATIO_UNITS = {"%": 100, "百分比": 100, "percent": 100, "‰": 1000}
COUNT_UNITS = {
    "days": ("天", "日", "日历天", "个日历天", "days", "day"),
    "working_days": ("个工作日", "工作日", "working days"),
    "months": ("个月", "月", "months", "month"),
    "years": ("年", "years", "year"),
    "year": ("年", "年度"),
    "hours": ("小时", "hours", "hour"),
    "answers": ("份", "answers"), "comments": ("条", "comments"), "questions": ("题", "道", "questions"),
    "firms": ("家", "firms"), "pages": ("页", "pages"),
}

WRITE_A_DATE = Text("写作 2019-05-20 或 2019年5月20日", "write 2019-05-20")
WRITE_AN_AMOUNT = Text("写作 232000.00，单位写在表头，如“金额（元）”", "write 232000.00, with the unit in the header: amount (yuan)")
WRITE_A_RATIO = Text("写作 3% 或 0.03", "write 3% or 0.03")
WRITE_A_COUNT = Text("只写整数，如 30", "write a whole number such as 30")


class UnitUnknown(Unreadable):
    """A bare amount where nothing says whether it counts yuan or 万元: a matter of the whole column."""


class Labelled(Protocol):
    """Whatever has a label in both languages."""

    @property
    def zh(self) -> str: ...

    @property
    def en(self) -> str: ...


# --- dates

_TIME = r"(?:[ T](?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?)?"
_DATE_FORMS = tuple(
    re.compile(form + _TIME, re.ASCII)
    for form in (
        r"(?P<year>\d{4})年(?P<month>\d{1,2})月(?P<day>\d{1,2})[日号]",
        r"(?P<year>\d{4})(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})",
        r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})",
    )
)
_AROUND_DATE_MARKS = re.compile(r"\s*([年月日号/.-])\s*")
_DATE_REFUSALS = (
    (r".*\d{4}[年/.-]\d{1,2}.*\D+\d{4}[年/.-]\d{1,2}.*|.*\d日?(?:至|到|~|—|–)\d.*", "一格中有两个日期", "there are two dates in one cell",
     Text("开始和结束日期各用一列", "give the start and the end a column each")),
    (r"\d{4}[年/.-]\d{1,2}月?|\d{4}年\d{1,2}月份", "只有年月，缺少日", "the day is missing", WRITE_A_DATE),
    (r"\d{1,2}[月/.-]\d{1,2}[日号]?", "缺少年份", "the year is missing", WRITE_A_DATE),
    (r"\d{4}年?度?", "只有年份", "there is only a year", WRITE_A_DATE),
    (r"\d{6}|\d{2}([/.-])\d{1,2}\1\d{1,2}|\d{1,2}([/.-])\d{1,2}\2\d{2,4}|\d{2}年\d{1,2}月\d{1,2}日?",
     "年份不是四位数，或年月日的顺序不明确", "the year has not four digits, or the order of day and month is not certain", WRITE_A_DATE),
    (r"\d{5}(?:\.\d+)?", "这是 Excel 的日期序号，不是日期", "this is a serial number of Excel, not a date",
     Text("在 Excel 中把这一列设为日期格式再导出", "give the column a date format in Excel and export again")),
)


def read_date(text: str) -> datetime.date:
    """A calendar date written in full with a four-digit year, 1990 to 2100; a time of day without a zone is left out.

    >>> read_date("２０１９年5月20日"), read_date("20190520")
    (datetime.date(2019, 5, 20), datetime.date(2019, 5, 20))
    """
    compact = _AROUND_DATE_MARKS.sub(r"\1", prepare(text))
    # 2019年5月20日 14:30 keeps the space before its time, which the line above closed.
    compact = re.sub(r"([日号])(?=\d{1,2}:)", r"\1 ", compact)
    found = next((match for form in _DATE_FORMS if (match := form.fullmatch(compact))), None)
    if found is None:
        raise _refusal(compact, text, _DATE_REFUSALS, Text("不是可识别的日期", "is not a date that can be read"), WRITE_A_DATE)
    year, month, day = (int(found[part]) for part in ("year", "month", "day"))
    try:
        date = datetime.date(year, month, day)
    except ValueError:
        raise Unreadable(Text(f"没有这一天：{shown(text)}", f"there is no such day: {shown(text)}"), WRITE_A_DATE) from None
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Unreadable(
            Text(f"日期不在 {FIRST_YEAR} 至 {LAST_YEAR} 年之间：{shown(text)}", f"the date lies outside {FIRST_YEAR} to {LAST_YEAR}: {shown(text)}"),
            Text("请核对年份", "check the year"),
        )
    return date


def _refusal(compact: str, text: str, table: tuple[tuple[str, str, str, Text], ...], otherwise: Text, advice: Text) -> Unreadable:
    for pattern, zh, en, what_to_do in table:
        if re.fullmatch(pattern, compact, re.ASCII | re.DOTALL):
            return Unreadable(Text(f"{zh}：{shown(text)}", f"{en}: {shown(text)}"), what_to_do)
    return Unreadable(Text(f"“{shown(text)}”{otherwise.zh}", f'"{shown(text)}" {otherwise.en}'), advice)


# --- numbers

_NUMBER = r"(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
_MINUS_SIGNS = str.maketrans("−–﹣", "---")
_UNIT_OF_MONEY = "|".join(sorted((re.escape(unit) for unit in MONEY_UNITS), key=len, reverse=True))
_MONEY = re.compile(
    rf"(?P<bracket>\()?(?:人民币|rmb|cny)?(?P<minus>-)?[¥$]?(?P<late>-)?{_NUMBER}(?:(?P<unit>{_UNIT_OF_MONEY})整?)?(?(bracket)\))",
    re.ASCII,
)
_MONEY_REFUSALS = (
    (r".*(?:暂定|据实|不超过|不高于|以内|左右|约|上限|~).*", "不是确定的金额", "the amount is not certain", WRITE_A_STATE),
    (r".*\d(?:元|圆)?/\D+", "是单价或按期计的价格，不是金额", "this is a price for a unit or a period, not an amount", WRITE_AN_AMOUNT),
    (r"-?\d+(?:\.\d+)?e[+-]?\d+", "Excel 已把数字缩写，后面的数位可能丢失", "Excel has shortened this number; digits may be lost",
     Text("在原表中把这一列设为文本或两位小数再导出", "give the column a number format with two decimals and export again")),
    (r".*\d\D*[;/、和及(]\D*\d.*", "一格中有两个金额", "there are two amounts in one cell", Text("每个金额各用一列", "give each amount a column")),
    (r"[¥\d,.-]*,[¥\d,.-]*(?:元|万元)?", "逗号不在千位上", "the comma does not part thousands", WRITE_AN_AMOUNT),
)


def read_money(text: str, unit: str | None = "yuan", *, signed: bool = False) -> Decimal:
    """An exact amount in yuan with two decimals.

    `unit` is the unit of a bare number, a key of MONEY_UNITS in Chinese or English; None: not known, and then only a
    cell that names its unit can be read. Raises Unreadable for more than two decimals of a yuan, and for an amount
    below zero unless `signed`.

    >>> read_money("232，000.00"), read_money("23.2万元"), read_money("23.2", "万元")
    (Decimal('232000.00'), Decimal('232000.00'), Decimal('232000.00'))
    """
    compact = _compact_number(text)
    found = _MONEY.fullmatch(compact)
    if found is None or (found["bracket"] and (found["minus"] or found["late"])) or (found["minus"] and found["late"]) or "$" in compact:
        raise _refusal(compact, text, _MONEY_REFUSALS, Text("不是可识别的金额", "is not an amount that can be read"), WRITE_AN_AMOUNT)
    number = _exact(found["number"], text)
    unit = found["unit"] or unit
    if unit is None and number != 0:
        raise UnitUnknown(Text(f"不知道单位是元还是万元：{shown(text)}", f"the unit is not known, yuan or 10,000 yuan: {shown(text)}"), WRITE_AN_AMOUNT)
    amount = number * MONEY_UNITS[unit or "元"]
    if amount >= MOST_YUAN:
        raise Unreadable(Text(f"金额过大：{shown(text)}", f"the amount is too large: {shown(text)}"), Text("请核对单位", "check the unit"))
    if amount != amount.quantize(CENT):
        raise Unreadable(
            Text(f"金额的小数超过两位（分）：{shown(text)}", f"the amount has more than two decimals of a yuan: {shown(text)}"),
            Text("请按原件核对", "check it against the paper"),
        )
    is_negative = bool(found["bracket"] or found["minus"] or found["late"])
    return _with_sign(amount.quantize(CENT), is_negative, signed, text)


def _compact_number(text: str) -> str:
    """The text folded; raises Unreadable where a space parts digits: that may be one number or two."""
    cleaned = prepare(text)
    if re.search(r"[\d,.]\s+[\d,.]", cleaned):
        raise Unreadable(Text(f"数字中间有空格：{shown(text)}", f"there is a space within the number: {shown(text)}"),
                         Text("请去掉空格，或分成两格", "remove the space, or use two cells"))
    return fold(cleaned).translate(_MINUS_SIGNS)


def _exact(number: str, text: str) -> Decimal:
    digits = number.replace(",", "")
    if len(digits) > MOST_DIGITS:
        raise Unreadable(Text(f"数字太长：{shown(text)}", f"the number is too long: {shown(text)}"), Text("请按原件核对", "check it against the paper"))
    return Decimal(digits)


def _with_sign(number: Decimal, is_negative: bool, signed: bool, text: str) -> Decimal:
    if not is_negative or number == 0:
        return number
    if not signed:
        raise Unreadable(Text(f"这一项不能为负数：{shown(text)}", f"this may not be below zero: {shown(text)}"), Text("请按原件核对", "check it against the paper"))
    return -number


_RATIO = re.compile(rf"(?P<minus>-)?{_NUMBER}(?P<unit>[%‰])?", re.ASCII)
_RATIO_REFUSALS = (
    (r".*\d[%‰]?(?:-|~|至|到|—)\d.*", "是一个范围，不是一个比例", "this is a range, not one ratio", WRITE_A_RATIO),
    (r"\D+\d+(?:\.\d+)?[%‰]", "比例前有其他文字", "there are other words before the ratio",
     Text("比例和计提基数各用一列", "give the ratio and its base a column each")),
)


def read_ratio(text: str, unit: str | None = None, *, signed: bool = False) -> Decimal:
    """A ratio as a fraction: 3% is 0.03. `unit` "%" or "‰" (of the header) says what a bare number counts.

    A bare number from 1 on (`3`: 3 % or 300 %?) is refused, and one below 1 under a header of percent too.

    >>> read_ratio("3%"), read_ratio("百分之三"), read_ratio("3", "%")
    (Decimal('0.03'), Decimal('0.03'), Decimal('0.03'))
    """
    compact = _compact_number(text)
    if compact.startswith("百分之"):
        words = compact.removeprefix("百分之")
        numeral = Decimal(100) if words == "百" else read_numeral(words)
        compact = f"{numeral}%" if numeral is not None else f"{words}%"
    found = _RATIO.fullmatch(compact)
    if found is None:
        raise _refusal(compact, text, _RATIO_REFUSALS, Text("不是可识别的比例", "is not a ratio that can be read"), WRITE_A_RATIO)
    number = _exact(found["number"], text)
    if found["unit"] is None and number != 0 and (number < 1) != (unit is None):
        raise Unreadable(Text(f"不清楚是百分数还是小数：{shown(text)}", f"not certain whether this is a percentage or a fraction: {shown(text)}"), WRITE_A_RATIO)
    divisor = RATIO_UNITS[found["unit"] or unit or "%"] if found["unit"] or unit else 1
    return _with_sign(number / divisor, found["minus"] is not None, signed, text)


def read_integer(text: str, unit: str | None = None, *, signed: bool = False) -> int:
    """A whole number; the words for `unit` (a key of COUNT_UNITS) may follow it.

    >>> read_integer("30天", "days"), read_integer("1,200")
    (30, 1200)
    """
    compact = _compact_number(text)
    for word in sorted(map(fold, COUNT_UNITS.get(unit or "", ())), key=len, reverse=True):
        if compact.endswith(word):
            compact = compact.removesuffix(word)
            break
    found = re.fullmatch(rf"(?P<minus>-)?{_NUMBER}", compact, re.ASCII)
    number = _exact(found["number"], text) if found else None
    if found is None or number is None or number != int(number) or number >= 10**15:
        raise Unreadable(Text(f"“{shown(text)}”不是整数", f'"{shown(text)}" is not a whole number'), WRITE_A_COUNT)
    return int(_with_sign(number, found["minus"] is not None, signed, text))


# --- flags and choices

_FLAGS = {
    **dict.fromkeys(("是", "true", "yes", "y", "1", "√", "✓", "✔", "☑"), True),
    **dict.fromkeys(("否", "false", "no", "n", "0", "×", "✗", "✘"), False),
}


def read_flag(text: str, *, has: bool = False) -> bool:
    """Yes or no. With `has` (a field named `has_…`) 有 and 无 are understood as well.

    >>> read_flag("是"), read_flag("No"), read_flag("无", has=True)
    (True, False, False)
    """
    word = fold(text)
    if has and word in ("有", "无"):
        return word == "有"
    if word not in _FLAGS:
        prepare(text)
        raise Unreadable(Text(f"“{shown(text)}”不是“是”或“否”", f'"{shown(text)}" is neither yes nor no'), Text("写 是 或 否", "write yes or no"))
    return _FLAGS[word]


def read_choice(text: str, choices: Mapping[str, Labelled]) -> str:
    """The code of a choice given by its code or by its label in either language."""
    word = fold(text)
    for code, label in choices.items():
        if word in (fold(code), fold(label.zh), fold(label.en)):
            return code
    prepare(text)
    labels = Text("、".join(label.zh for label in choices.values()), ", ".join(choices))
    near = did_you_mean(clean(text), [label.zh for label in choices.values()] + list(choices))
    advice = near if near.en.startswith("did you mean") else Text(f"可写：{labels.zh}", f"write one of: {labels.en}")
    raise Unreadable(Text(f"“{shown(text)}”不在可选范围", f'"{shown(text)}" is not one of the choices'), advice)
