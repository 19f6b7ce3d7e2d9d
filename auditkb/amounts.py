"""Amounts of money and ratios as people write them -> exact decimals, or the reason why not.

A bare number counts what its column says it does; capitals (贰拾叁万贰仟元整) say it themselves. Where a cell gives an
amount in figures and in capitals both must say the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from auditkb.errors import Text
from auditkb.numerals import SPELLED, read_numeral
from auditkb.texts import WRITE_A_VALUE, Unreadable, fold, prepare, refusal, shown
from auditkb.value_options import NO_OPTIONS, ValueOptions

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
RATIO_UNITS = {"%": 100, "百分比": 100, "percent": 100, "‰": 1000, "‱": 10000}

WRITE_AN_AMOUNT = Text("写作 232000.00，单位写在表头，如“金额（元）”", "write 232000.00, with the unit in the header: amount (yuan)")
WRITE_A_RATIO = Text("写作 3% 或 0.03", "write 3% or 0.03")


class UnitUnknown(Unreadable):
    """A bare amount where nothing says whether it counts yuan or 万元: a matter of the whole column."""


NUMBER = r"(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
_MINUS_SIGNS = str.maketrans("−–﹣", "---")


def compact_number(text: str, options: ValueOptions = NO_OPTIONS) -> str:
    """The text folded, its marks of decimals and thousands made `.` and `,`.

    Raises Unreadable where a space parts digits and none is declared to: that may be one number or two.
    """
    cleaned = prepare(text)
    if options.thousands_mark != ",":
        # What is declared to be neither mark becomes one that no number has.
        marks: dict[str, str] = {",": "?", ".": "?", options.thousands_mark: ",", options.decimal_mark: "."}
        cleaned = "".join(marks.get(character, character) for character in cleaned)
        if options.thousands_mark == " ":
            cleaned = re.sub(r",(?!\d{3}(?!\d))|(?<!\d),", " ", cleaned)
    if re.search(r"[\d,.]\s+[\d,.]", cleaned):
        raise Unreadable(Text(f"数字中间有空格：{shown(text)}", f"there is a space within the number: {shown(text)}"),
                         Text("请去掉空格，或分成两格", "remove the space, or use two cells"))
    return fold(cleaned).translate(_MINUS_SIGNS)


def exact(number: str, text: str) -> Decimal:
    """The digits of `NUMBER` as a Decimal. Raises Unreadable for a number longer than any amount."""
    digits = number.replace(",", "")
    if len(digits) > MOST_DIGITS:
        raise Unreadable(Text(f"数字太长：{shown(text)}", f"the number is too long: {shown(text)}"), Text("请按原件核对", "check it against the paper"))
    return Decimal(digits)


def with_sign(number: Decimal, is_negative: bool, signed: bool, text: str) -> Decimal:
    """The number with its sign. Raises Unreadable for one below zero unless `signed`."""
    if not is_negative or number == 0:
        return number
    if not signed:
        raise Unreadable(Text(f"这一项不能为负数：{shown(text)}", f"this may not be below zero: {shown(text)}"), Text("请按原件核对", "check it against the paper"))
    return -number


# --- money

_UNIT_OF_MONEY = "|".join(sorted((re.escape(unit) for unit in MONEY_UNITS), key=len, reverse=True))
_MONEY = re.compile(
    rf"(?P<bracket>\()?(?:人民币|rmb|cny)?(?P<minus>-)?¥?(?P<late>-)?{NUMBER}(?:(?P<unit>{_UNIT_OF_MONEY})[整正]?)?(?(bracket)\))",
    re.ASCII,
)
_PLAIN_AMOUNT = re.compile(r"\d{1,12}(?:\.\d{1,2})?", re.ASCII)
_MONEY_REFUSALS = (
    (r".*(?:暂定|暂估|预计|据实|按实|不超过|不高于|不低于|以内|以下|以上|左右|约|上限|~|至少|最高).*", "不是确定的金额", "the amount is not certain", WRITE_A_VALUE),
    (r".*(?:[$€£]|美元|欧元|英镑|日元|港币|港元|usd|eur|hkd).*", "是外币金额", "this is an amount in a foreign currency", Text("折算为人民币后填写", "write what it is in yuan")),
    (r".*\d(?:万|千|亿)?(?:元|圆)?(?:/|每)\D+|每\D+\d.*", "是单价或按期计的价格，不是金额", "this is a price for a unit or a period, not an amount", WRITE_AN_AMOUNT),
    (r"-?\d+(?:\.\d+)?e[+-]?\d+", "Excel 已把数字缩写，后面的数位可能丢失", "Excel has shortened this number; digits may be lost",
     Text("在原表中把这一列设为文本或两位小数再导出", "give the column a number format with two decimals and export again")),
    (r".*\d\D*[;/、和及(:]\D*\d.*|.*\d[元万]\D*\d.*", "一格中有两个金额", "there are two amounts in one cell", Text("每个金额各用一列", "give each amount a column")),
    (r"[¥\d,.-]*,[¥\d,.-]*(?:元|万元)?|[¥\d,.?]*\?[¥\d,.?]*", "逗号不在千位上", "the comma does not part thousands", WRITE_AN_AMOUNT),
    (rf"[{SPELLED}点]+[整正]?", "大写金额没有写“元”", "the amount in words does not say 元 (yuan)", WRITE_AN_AMOUNT),
)


def read_money(text: str, unit: str | None = "yuan", *, signed: bool = False, options: ValueOptions = NO_OPTIONS) -> Decimal:
    """An exact amount in yuan with two decimals.

    `unit` is the unit of a bare number, a key of MONEY_UNITS in Chinese or English; None: not known, and then only a
    cell that names its unit can be read. Raises Unreadable for more than two decimals of a yuan, for an amount below
    zero unless `signed`, and where figures and capitals differ.

    >>> read_money("232，000.00"), read_money("23.2", "万元"), read_money("贰拾叁万贰仟元整", None)
    (Decimal('232000.00'), Decimal('232000.00'), Decimal('232000.00'))
    """
    if unit is not None and options.thousands_mark == "," and _PLAIN_AMOUNT.fullmatch(text):
        # Most amounts are a bare number, which needs no looking for signs, marks and units.
        return _cents(Decimal(text) * MONEY_UNITS[unit], text)
    compact = compact_number(text, options)
    found = _MONEY.fullmatch(compact)
    if found is None:
        return _with_capitals(compact, text, unit, options)
    minus_signs = sum(found[sign] is not None for sign in ("bracket", "minus", "late"))
    if minus_signs > 1:
        raise _not_an_amount(compact, text)
    number = exact(found["number"], text)
    unit = found["unit"] or unit or options.unit
    if unit is None and number != 0:
        raise UnitUnknown(Text(f"不知道单位是元还是万元：{shown(text)}", f"the unit is not known, yuan or 10,000 yuan: {shown(text)}"), WRITE_AN_AMOUNT)
    return with_sign(_cents(number * MONEY_UNITS[unit or "元"], text), minus_signs == 1, signed, text)


def _plain_lines(most_digits: int) -> re.Pattern[str]:
    return re.compile(rf"(?:(?:\d{{1,{most_digits}}}|\d{{1,3}}(?:,\d{{3}}){{0,{most_digits // 3 - 1}}})?(?:(?<=\d)\.\d\d?)?\n)*", re.ASCII)


# With so many digits before the point an amount stays below MOST_YUAN in each unit.
_PLAIN_AMOUNTS = {unit: _plain_lines(13 - len(str(factor))) for unit, factor in MONEY_UNITS.items()}


def plain_amounts(texts: Sequence[str], unit: str, options: ValueOptions = NO_OPTIONS) -> Sequence[str] | None:
    """The texts of a column as bare numbers or empty, where `read_money` takes each as it stands, times `unit`; None where it may not.

    All are looked at in one go, which is what makes long ledgers quick.

    >>> plain_amounts(["12", "", "1,203.50"], "元"), plain_amounts(["约12"], "元")
    (['12', '', '1203.50'], None)
    """
    if options.meanings or options.thousands_mark != ",":
        return None
    lines = "\n".join(texts) + "\n"
    if lines.count("\n") != len(texts) or _PLAIN_AMOUNTS[unit].fullmatch(lines) is None:
        return None
    return lines.replace(",", "").split("\n")[:-1] if "," in lines else texts


def _not_an_amount(compact: str, text: str) -> Unreadable:
    return refusal(compact, text, _MONEY_REFUSALS, Text("不是可识别的金额", "is not an amount that can be read"), WRITE_AN_AMOUNT)


def _cents(amount: Decimal, text: str) -> Decimal:
    if amount >= MOST_YUAN:
        raise Unreadable(Text(f"金额过大：{shown(text)}", f"the amount is too large: {shown(text)}"), Text("请核对单位", "check the unit"))
    rounded = amount.quantize(CENT)
    if amount != rounded:
        raise Unreadable(
            Text(f"金额的小数超过两位（分）：{shown(text)}", f"the amount has more than two decimals of a yuan: {shown(text)}"),
            Text("请按原件核对", "check it against the paper"),
        )
    return rounded


# --- amounts in capitals

# Begins with a figure, so that the 万元 of 23.2万元 is none.
_RUN = re.compile(rf"(?<![\d.,])(?![百佰千仟万萬亿億])[{SPELLED}][{SPELLED}元圆圓角分]*[元圆圓角分][整正]?")
_IN_WORDS = re.compile(rf"(?:(?P<yuan>[{SPELLED}]+)[元圆圓])?(?:[零〇]?(?P<jiao>[{SPELLED}])角)?(?:[零〇]?(?P<fen>[{SPELLED}])分)?[整正]?")
_BESIDE_CAPITALS = re.compile(r"[():;]|大写|小写|人民币|即|,$")


def read_capitals(text: str) -> Decimal:
    """The amount that capitals alone write, in yuan: 贰拾叁万贰仟元整, 壹圆零伍分."""
    compact = compact_number(text)
    amount = _words_of_money(_BESIDE_CAPITALS.sub("", compact))
    if amount is None:
        raise _not_an_amount(compact, text)
    return amount


def _words_of_money(words: str) -> Decimal | None:
    found = _IN_WORDS.fullmatch(words)
    if found is None or not any(found.groups()):
        return None
    yuan, jiao, fen = (read_numeral(found[part]) if found[part] else Decimal(0) for part in ("yuan", "jiao", "fen"))
    if yuan is None or jiao is None or fen is None or jiao >= 10 or fen >= 10:
        return None
    return (yuan + jiao / 10 + fen / 100).quantize(CENT)


def _with_capitals(compact: str, text: str, unit: str | None, options: ValueOptions) -> Decimal:
    """An amount in capitals, alone or beside the same amount in figures."""
    runs = _RUN.findall(compact)
    in_capitals = _words_of_money(runs[0]) if len(runs) == 1 else None
    if in_capitals is None:
        raise _not_an_amount(compact, text)
    figures = _BESIDE_CAPITALS.sub("", compact.replace(runs[0], "", 1))
    if figures:
        found = _MONEY.fullmatch(figures)
        if found is None:
            raise _not_an_amount(compact, text)
        in_figures = exact(found["number"], text) * MONEY_UNITS[found["unit"] or unit or options.unit or "元"]
        if in_figures != in_capitals:
            raise capitals_differ(in_figures, in_capitals, text)
    return _cents(in_capitals, text)


def capitals_differ(figures: Decimal, capitals: Decimal, text: str) -> Unreadable:
    """What is said of an amount whose figures and capitals differ."""
    return Unreadable(
        Text(f"小写 {figures:,.2f} 元与大写 {capitals:,.2f} 元不一致：{shown(text)}", f"figures say {figures:,.2f}, words say {capitals:,.2f} yuan: {shown(text)}"),
        Text("请按原件核对；大小写不一致本身就是问题", "check it against the paper; the difference is itself worth asking about"),
    )


# --- ratios

_RATIO = re.compile(rf"(?P<minus>-)?{NUMBER}(?P<unit>[%‰‱])?", re.ASCII)
_IN_WORDS_OF = {"百分之": "%", "千分之": "‰", "万分之": "‱"}
_RATIO_REFUSALS = (
    (r".*\d[%‰]?(?:-|~|至|到|—)\d.*|.*分之.*(?:-|~|至|到|—).+", "是一个范围，不是一个比例", "this is a range, not one ratio", WRITE_A_RATIO),
    (r"\D+\d+(?:\.\d+)?[%‰]|.+的百分之.+", "比例前有其他文字", "there are other words before the ratio",
     Text("比例和计提基数各用一列", "give the ratio and its base a column each")),
)


def read_ratio(text: str, unit: str | None = None, *, signed: bool = False, options: ValueOptions = NO_OPTIONS) -> Decimal:
    """A ratio as a fraction: 3% is 0.03. `unit` "%" or "‰" (of the header) says what a bare number counts.

    A bare number from 1 on (`3`: 3 % or 300 %?) is refused, and one below 1 under a header of percent too.

    >>> read_ratio("3%"), read_ratio("百分之三"), read_ratio("3", "%")
    (Decimal('0.03'), Decimal('0.03'), Decimal('0.03'))
    """
    compact = compact_number(text, options)
    words_unit = _IN_WORDS_OF.get(compact[:3])
    if words_unit is not None:
        words = compact[3:]
        numeral = Decimal(100) if words in ("百", "佰") else read_numeral(words)
        compact = f"{words if numeral is None else numeral}{words_unit}"
    found = _RATIO.fullmatch(compact)
    if found is None:
        raise refusal(compact_number(text, options), text, _RATIO_REFUSALS, Text("不是可识别的比例", "is not a ratio that can be read"), WRITE_A_RATIO)
    number = exact(found["number"], text)
    unit = found["unit"] or unit or (options.unit if options.unit in RATIO_UNITS else None)
    if found["unit"] is None and number != 0 and (number < 1) != (unit is None):
        raise Unreadable(Text(f"不清楚是百分数还是小数：{shown(text)}", f"not certain whether this is a percentage or a fraction: {shown(text)}"), WRITE_A_RATIO)
    return with_sign(number / RATIO_UNITS[unit] if unit else number, found["minus"] is not None, signed, text)
