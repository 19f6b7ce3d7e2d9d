"""Any date, period, amount or ratio written in any of the forms reads back as it was."""

import datetime
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from auditkb.dates import read_period
from auditkb.numerals import read_figures, read_numeral
from auditkb.value_options import ValueOptions
from auditkb.values import read_date, read_money, read_ratio

FIGURES = "零一二三四五六七八九"
CAPITALS = "零壹贰叁肆伍陆柒捌玖"
DATES = st.dates(datetime.date(1990, 1, 1), datetime.date(2100, 12, 31))


def in_words(number: int, figures: str, units: str = "十百千") -> str:
    """The Chinese numeral of a number below 10^12, as an accountant writes it."""
    if number == 0:
        return figures[0]
    words, gap = "", False
    for factor, unit in ((10**8, "亿"), (10**4, "万"), (1, "")):
        section, number = divmod(number, factor)
        if section == 0:
            gap = bool(words)
            continue
        if words and (gap or section < 1000):
            words += figures[0]
        words += _section(section, figures, units) + unit
        gap = False
    return words


def _section(number: int, figures: str, units: str) -> str:
    words, gap = "", False
    for place, unit in ((1000, units[2]), (100, units[1]), (10, units[0]), (1, "")):
        digit, number = divmod(number, place)
        if digit == 0:
            gap = bool(words)
            continue
        words += (figures[0] if gap else "") + figures[digit] + unit
        gap = False
    return words


def in_capitals(cents: int) -> str:
    """An amount as it stands on a Chinese invoice."""
    yuan, rest = divmod(cents, 100)
    jiao, fen = divmod(rest, 10)
    words = in_words(yuan, CAPITALS, "拾佰仟") + "元" if yuan or not rest else ""
    if not rest:
        return words + "整"
    if jiao:
        words += CAPITALS[jiao] + "角"
    elif words:
        words += "零"
    return words + (CAPITALS[fen] + "分" if fen else "整")


def widened(text: str) -> str:
    return "".join(chr(ord(character) + 0xFEE0) if "!" <= character <= "~" else character for character in text)


DATE_FORMS = {
    "marks": lambda date, mark: f"{date.year}{mark}{date.month}{mark}{date.day}",
    "padded": lambda date, mark: f"{date.year}{mark}{date.month:02}{mark}{date.day:02}",
    "plain": lambda date, mark: f"{date:%Y%m%d}",
    "chinese": lambda date, mark: f"{date.year}年{date.month}月{date.day}日",
    "spaced": lambda date, mark: f" {date.year} 年 {date.month} 月 {date.day} 日 ",
    "until": lambda date, mark: f"{date.year}年{date.month}月{date.day}日止",
    "with time": lambda date, mark: f"{date.year}{mark}{date.month}{mark}{date.day} 0:00:00",
    "numerals": lambda date, mark: f"{''.join(FIGURES[int(digit)] for digit in str(date.year))}年{_spoken(date.month)}月{_spoken(date.day)}日",
    "circle": lambda date, mark: f"{''.join('〇一二三四五六七八九'[int(digit)] for digit in str(date.year))}年{_spoken(date.month)}月{_spoken(date.day)}日",
}
DECLARED_FORMS = [
    (lambda date: f"{date.day}.{date.month}.{date.year}", lambda date: ValueOptions(date_order="dmy")),
    (lambda date: f"{date.month}/{date.day}/{date.year}", lambda date: ValueOptions(date_order="mdy")),
    (lambda date: f"{date:%d.%m.%y}", lambda date: ValueOptions(date_order="dmy", century=date.year // 100 * 100)),
    (lambda date: f"{date:%y%m%d}", lambda date: ValueOptions(date_order="ymd", century=date.year // 100 * 100)),
    (lambda date: f"{date.month}月{date.day}日", lambda date: ValueOptions(year=date.year)),
    (lambda date: f"{date.month}-{date.day}", lambda date: ValueOptions(year=date.year, date_order="ymd")),
    (lambda date: str((date - datetime.date(1899, 12, 30)).days), lambda date: ValueOptions(serial_dates="1900")),
    (lambda date: str((date - datetime.date(1904, 1, 1)).days), lambda date: ValueOptions(serial_dates="1904")),
]


def _spoken(number: int) -> str:
    return in_words(number, FIGURES).removeprefix("一") if 10 <= number < 20 else in_words(number, FIGURES)


@settings(max_examples=300)
@given(DATES, st.sampled_from(sorted(DATE_FORMS)), st.sampled_from("-/."), st.booleans())
def test_any_date_in_any_form_reads_back(date, form, mark, is_wide):
    text = DATE_FORMS[form](date, mark)
    assert read_date(widened(text) if is_wide else text) == date


@settings(max_examples=300)
@given(DATES, st.sampled_from(DECLARED_FORMS), st.booleans())
def test_any_date_in_a_declared_form_reads_back(date, form, is_wide):
    text = form[0](date)
    assert read_date(widened(text) if is_wide else text, form[1](date)) == date


@settings(max_examples=300)
@given(DATES, DATES, st.sampled_from(["marks", "padded", "plain", "chinese", "numerals"]), st.sampled_from("-/."), st.sampled_from(["-", "~", "～", "至", "到", "—", "——", " - ", "起至", "－"]))
def test_any_period_in_any_form_reads_back(one, other, form, mark, between):
    first, last = sorted((one, other))
    assert read_period(DATE_FORMS[form](first, mark) + between + DATE_FORMS[form](last, mark)) == (first, last)


CENTS = st.integers(0, 10**14 - 1)


@settings(max_examples=300)
@given(st.integers(0, 10**15 - 1), st.sampled_from(["{:.2f}", "{:,.2f}", "¥{:,.2f}", "{:.2f}元", "人民币{:.2f}元整", "{:.6f}万元"]), st.booleans())
def test_any_amount_in_figures_reads_back(cents, form, is_wide):
    amount = Decimal(cents) / 100
    text = form.format(amount / 10000 if "万元" in form else amount)
    assert read_money(widened(text) if is_wide else text) == amount


@settings(max_examples=500)
@given(CENTS)
def test_any_amount_in_capitals_reads_back(cents):
    assert read_money(in_capitals(cents), None) == Decimal(cents) / 100


@settings(max_examples=300)
@given(CENTS, st.sampled_from(["¥{figures:,.2f}（大写：{words}）", "{words}（¥{figures:,.2f}）", "人民币{words}（小写：{figures:.2f}元）", "（大写）{words}；（小写）{figures:.2f}元"]))
def test_an_amount_in_figures_and_capitals_reads_back(cents, form):
    amount = Decimal(cents) / 100
    assert read_money(form.format(figures=amount, words=in_capitals(cents)), None) == amount


@given(st.integers(0, 10**13 - 1))
def test_any_amount_with_a_decimal_comma_reads_back(cents):
    amount = Decimal(cents) / 100
    for thousands in (".", " ", "'"):
        text = f"{amount:,.2f}".translate(str.maketrans({",": thousands, ".": ","}))
        assert read_money(text, options=ValueOptions(decimal_mark=",", thousands_mark=thousands)) == amount


@settings(max_examples=500)
@given(st.integers(0, 10**12 - 1))
def test_any_number_in_words_reads_back(number):
    assert read_numeral(in_words(number, FIGURES)) == number
    assert read_numeral(in_words(number, CAPITALS, "拾佰仟")) == number


@given(st.integers(0, 9999))
def test_any_number_figure_by_figure_reads_back(number):
    assert read_figures("".join(FIGURES[int(digit)] for digit in f"{number:04}")) == number


@settings(max_examples=300)
@given(st.integers(0, 10**6), st.sampled_from([("{:f}%", 100), ("{:f}‰", 1000), ("百分之{:f}", 100), ("千分之{:f}", 1000)]), st.booleans())
def test_any_ratio_in_any_form_reads_back(number, form, is_wide):
    written = Decimal(number) / 1000
    text = form[0].format(written)
    assert read_ratio(widened(text) if is_wide else text) == written / form[1]


@given(st.integers(0, 9999).filter(lambda number: not 10 <= number < 20), st.sampled_from([("百分之", 100), ("千分之", 1000), ("万分之", 10000)]))
def test_any_ratio_in_words_reads_back(number, form):
    assert read_ratio(form[0] + in_words(number, FIGURES)) == Decimal(number) / form[1]
