"""What a number format of a workbook changes in what a number says: 0.03 as 3 %, 23.2 as 23.2万元, 43605 as 2019年5月.

A number is read as the sheet shows it, with every digit that it holds. Most formats show it as it is and have no entry.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from decimal import Decimal

from auditkb.errors import Text

# The formats that files name by number only and that show something else than the number; for Chinese Excel.
_BUILT_IN = {
    9: "0%", 10: "0.00%", 16: "d-mmm", 17: "mmm-yy", 28: 'm"月"d"日"', 29: 'm"月"d"日"', 50: 'yyyy"年"m"月"', 51: 'm"月"d"日"',
    52: 'yyyy"年"m"月"', 53: 'm"月"d"日"', 54: 'm"月"d"日"', 57: 'yyyy"年"m"月"', 58: 'm"月"d"日"',
}
_TOKENS = re.compile(r'"(?P<quoted>[^"]*)"|[\\!](?P<escaped>.)|[_*].|\[(?P<bracket>[^\]]*)\]|(?P<general>General|G/通用格式)|(?P<mark>.)', re.DOTALL | re.IGNORECASE)
_PLAIN_LITERALS = ("", "¥", "￥", "CNY", "RMB", "()", "(", ")")

NO_DAY = Text("这一格只显示年月，“1日”是 Excel 自动补上的", "the cell shows year and month only; Excel added the first day by itself")
NO_YEAR = Text("这一格只显示月日，年份是 Excel 录入时自动补上的", "the cell shows month and day only; Excel added the year by itself when it was typed")
SCALED = Text("这一格的格式把数字缩小后显示，看到的与实际存的不同", "the cell's format shows the number made smaller than it is stored")
SET_A_DATE_FORMAT = Text("核对日期，把单元格设为完整的日期格式（年月日）", "check the date and give the cell a format with year, month and day")
SET_A_NUMBER_FORMAT = Text("核对金额和单位，把单元格设为普通数字格式", "check amount and unit and give the cell a plain number format")


@dataclass(frozen=True)
class NumberFormat:
    """How a format shows a number otherwise than it is; `reason` where what is shown and what is stored differ in meaning."""

    is_percent: bool = False
    digits: int = 0
    before: str = ""
    after: str = ""
    is_date: bool = False
    reason: Text | None = None

    @property
    def advice(self) -> Text:
        """What to do about `reason`."""
        return SET_A_DATE_FORMAT if self.is_date else SET_A_NUMBER_FORMAT

    def show(self, number: str) -> str:
        """A number's text as the format shows it, with all its digits."""
        sign, number = ("-", number[1:]) if number.startswith("-") else ("", number)
        if self.is_percent:
            # Zeros that the multiplication adds are no digits of the number.
            number = f"{(Decimal(number) * 100).normalize():f}%"
        return sign + self.before + number.zfill(self.digits) + self.after

    def applies_to(self, date: datetime.date) -> bool:
        """Whether `reason` holds for a date: a day other than the first was typed by somebody."""
        return self.reason is NO_YEAR or (self.reason is NO_DAY and date.day == 1)


def read_number_format(number: int, code: str | None) -> NumberFormat | None:
    """What the format with this number or code changes, or None where it shows the number as it is.

    >>> read_number_format(9, None).show("0.03"), read_number_format(164, '0.00"万元"').show("23.2")
    ('3%', '23.2万元')
    """
    code = _BUILT_IN.get(number) if code is None else code
    if not code:
        return None
    tokens = list(_TOKENS.finditer(_first_section(code)))
    if any((token["bracket"] or "")[:1] in ("<", ">", "=") for token in _TOKENS.finditer(code)) and "," in code:
        return NumberFormat(reason=SCALED)
    marks = "".join(token["mark"] or "" for token in tokens).lower()
    is_elapsed = any((token["bracket"] or "").lower().strip("hms") == "" and token["bracket"] for token in tokens)
    if re.search(r"[ymdhsg]|e(?![+-])|a/p", marks) or is_elapsed:
        return _date_format(marks)
    return _number_format(tokens)


def _first_section(code: str) -> str:
    """The part of a format that holds for numbers from zero on."""
    for token in _TOKENS.finditer(code):
        if token["mark"] == ";":
            return code[: token.start()]
    return code


def _date_format(marks: str) -> NumberFormat | None:
    has_year, has_day = "y" in marks or "e" in marks, "d" in marks
    if has_year and not has_day:
        return NumberFormat(is_date=True, reason=NO_DAY)
    # Without a day and a year it shows a time of day only, which is no date and says so itself.
    return NumberFormat(is_date=True, reason=NO_YEAR) if has_day and not has_year else None


def _number_format(tokens: list[re.Match[str]]) -> NumberFormat | None:
    places = [place for place, token in enumerate(tokens) if token["general"] or (token["mark"] or "x") in "0#?"]
    if not places:
        return None
    first, last = places[0], places[-1]
    marks = "".join(token["mark"] or "" for token in tokens)
    inside = tokens[first : last + 1]
    if re.search(r"[0#?],+(?:[^0#?,]|$)", marks) or any(_literal(token) == "." for token in inside):
        return NumberFormat(reason=SCALED)
    before = "".join(map(_literal, tokens[:first])).strip()
    after = "".join(map(_literal, tokens[last + 1 :])).strip()
    is_padded = len(inside) > 1 and all(token["mark"] == "0" for token in inside)
    found = NumberFormat("%" in marks, len(inside) if is_padded else 0, "" if before in _PLAIN_LITERALS else before, "" if after in _PLAIN_LITERALS else after)
    return None if found == NumberFormat() else found


def _literal(token: re.Match[str]) -> str:
    if token["bracket"] is not None:
        # [$US$-409] shows US$; [Red] and [DBNum1] show nothing.
        return token["bracket"][1:].partition("-")[0] if token["bracket"].startswith("$") else ""
    if token["mark"] is not None:
        return token["mark"] if token["mark"] not in "0#?.,%@Ee+-/ " else ""
    return token["quoted"] or token["escaped"] or ""
