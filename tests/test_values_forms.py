"""Every form in which ledgers write dates, amounts, ratios and ids: what is read, what is refused and why, what a declaration changes."""

import datetime
import random
import re
from decimal import Decimal

import pytest

from auditkb.amounts import read_capitals
from auditkb.cells import check_capitals, read_cell, read_period_cells
from auditkb.dates import read_period
from auditkb.ids import doubt_of_id
from auditkb.value_options import ValueOptions
from auditkb.values import Unreadable, read_choice, read_date, read_flag, read_integer, read_money, read_ratio
from tests.small_dictionary import small_dictionary

CONTRACT = small_dictionary().types["contract"].fields
MAY_20 = datetime.date(2019, 5, 20)
FROM_15_MAY, TO_30_AUGUST = datetime.date(2019, 5, 15), datetime.date(2019, 8, 30)
DAY_MONTH, SHORT = ValueOptions(date_order="dmy", century=2000), ValueOptions(date_order="ymd", century=2000)

# text, what is declared, date or the reason
DATES = [
    ("2019年5月20日", None, MAY_20), ("2019年05月20日", None, MAY_20), ("2019.5.20", None, MAY_20), ("2019.05.20", None, MAY_20),
    ("2019-5-20", None, MAY_20), ("2019/5/20", None, MAY_20), ("20190520", None, MAY_20), ("２０１９年５月２０日", None, MAY_20), ("２０１９．５．２０", None, MAY_20),
    ("\u00a02019年5月20日\u00a0", None, MAY_20), ("2019\u00a0年5月20日", None, MAY_20), ("2019年5月20日止", None, MAY_20), ("至2019-05-20止", None, MAY_20), ("自2019年5月20日起", None, MAY_20),
    ("190520", None, "four digits"), ("190520", SHORT, MAY_20), ("200519", DAY_MONTH, MAY_20), ("19.5.20", None, "four digits"), ("19.5.20", SHORT, MAY_20), ("19年5月20日", SHORT, MAY_20),
    ("20.05.19", DAY_MONTH, MAY_20), ("20/5/2019", None, "order of day"), ("20/5/2019", ValueOptions(date_order="dmy"), MAY_20), ("5/20/2019", ValueOptions(date_order="mdy"), MAY_20),
    ("05/20/19", ValueOptions(date_order="mdy", century=2000), MAY_20), ("20.05.19", ValueOptions(date_order="dmy"), "four digits"), ("20.05.99", ValueOptions(date_order="dmy", century=1900), datetime.date(1999, 5, 20)),
    ("20.13.19", DAY_MONTH, "no such day"), ("2019-05-20", DAY_MONTH, MAY_20),
    ("43605", None, "serial number"), ("42143", None, "serial number"), ("43605", ValueOptions(serial_dates="1900"), MAY_20), ("43605.75", ValueOptions(serial_dates="1900"), MAY_20),
    ("42143", ValueOptions(serial_dates="1904"), MAY_20), ("20190520", ValueOptions(serial_dates="1900"), MAY_20), ("99999", ValueOptions(serial_dates="1900"), "outside 1990"),
    ("2019年5月", None, "day is missing"), ("二〇一九年五月", None, "day is missing"), ("5月20日", None, "year is missing"), ("5月20日", ValueOptions(year=2019), MAY_20),
    ("5/20", ValueOptions(year=2019), "year is missing"), ("5/20", ValueOptions(year=2019, date_order="ymd"), MAY_20), ("20.5.", ValueOptions(year=2019, date_order="dmy"), "not a date"), ("20.5", ValueOptions(year=2019, date_order="dmy"), MAY_20),
    ("二〇一九年五月二十日", None, MAY_20), ("二零一九年五月二十日", None, MAY_20), ("二○一九年五月二十日", None, MAY_20), ("二O一九年五月二十日", None, MAY_20), ("贰零壹玖年伍月贰拾日", None, MAY_20),
    ("二〇一九年十二月三十一日", None, datetime.date(2019, 12, 31)), ("二〇一九年二月三十日", None, "no such day"), ("二千零一十九年五月二十日", None, "not a date"),
    ("己亥年", None, "sixty-year cycle"), ("己亥年五月廿日", None, "sixty-year cycle"),
    ("2019.5.15-2019.8.30", None, "two dates"), ("2019年5月15日至2019年8月30日", None, "two dates"), ("20190515-20190830", None, "two dates"),
    ("自签订之日起一年", None, "length of time"), ("验收合格后三十日内", None, "length of time"), ("一年", None, "length of time"), ("12个月", None, "length of time"),
    ("长期", None, "the date is not certain"), ("约2024年5月", None, "the date is not certain"), ("见合同", None, "no date is written"), ("同上", None, "no date is written"), ("待签订", None, "no date is written"),
    ("待定", None, "not certain"), ("无", None, "not certain"), ("/", None, "not certain"), ("—", None, "not certain"), ("空白", None, "not certain"),
    ("1989-12-31", None, "outside 1990"), ("2101-01-01", None, "outside 1990"), ("2019-05-20前", None, "not a date"),
]


def _told(read, *arguments, **named):
    """The value, or the reason in English; a reason is always said in both languages, with what to do."""
    try:
        return read(*arguments, **named)
    except Unreadable as refused:
        assert refused.reason.zh and refused.advice.zh and refused.advice.en
        return refused.reason.en


def _check(told, expected):
    assert expected in told if isinstance(expected, str) else told == expected


@pytest.mark.parametrize(("text", "options", "expected"), DATES)
def test_dates(text, options, expected):
    _check(_told(read_date, text, options or ValueOptions()), expected)


# text, (first day, last day) or the reason
PERIODS = [
    *((text, (FROM_15_MAY, TO_30_AUGUST)) for text in (
        "2019.5.15-2019.8.30", "2019年5月15日至2019年8月30日", "2019-5-15-2019-8-30", "2019-05-15—2019-08-30", "2019/5/15 ~ 2019/8/30", "2019年5月15日——2019年8月30日", "20190515-20190830",
        "自2019年5月15日起至2019年8月30日止", "2019年5月15日至8月30日", "2019.5.15-8.30", "２０１９．５．１５－２０１９．８．３０", "二〇一九年五月十五日至二〇一九年八月三十日", "2019-05-15至2019-08-30")),
    ("2019年5月15日至30日", (FROM_15_MAY, datetime.date(2019, 5, 30))), ("2019年5月15日至2019年5月15日", (FROM_15_MAY, FROM_15_MAY)),
    ("自签订之日起一年", "length of time"), ("一年", "length of time"), ("2019年11月15日至3月30日", "end lies before"), ("2019-08-30至2019-05-15", "end lies before"), ("2019年5月15日", "not a period"),
    ("2019年5月至2019年8月", "not a period"), ("2019.5.15-长期", "not a period"), ("2019.5.15起", "not a period"), ("2019.5.15-2019.2.30", "not a period"), ("/", "not certain"), ("", "not certain"),
    ("2019.5.15-2019.8.30-2019.9.30", "not a period"), ("2019年", "only a year"), ("长期", "the date is not certain"),
]


@pytest.mark.parametrize(("text", "expected"), PERIODS)
def test_periods(text, expected):
    _check(_told(read_period, text), expected)


def test_a_period_uses_what_is_declared_of_dates():
    assert read_period("15.05.19 - 30.08.19", DAY_MONTH) == (FROM_15_MAY, TO_30_AUGUST)


# text, unit, amount or the reason
AMOUNTS = [
    ("23.2万元", None, "232000.00"), ("232,000.00", "元", "232000.00"), ("232，000.00", "元", "232000.00"), ("12，056.38", "元", "12056.38"), ("¥232,000.00", "元", "232000.00"),
    ("￥232000", "元", "232000.00"), ("人民币232000元整", None, "232000.00"), ("贰拾叁万贰仟元整", None, "232000.00"), ("贰拾叁万贰仟圆整", None, "232000.00"), ("人民币贰拾叁万贰仟元", None, "232000.00"),
    ("贰拾叁萬貳仟圓正", None, "232000.00"), ("二十三万二千元", "万元", "232000.00"), ("（大写）贰拾叁万贰仟元整", None, "232000.00"), ("壹仟零伍元零叁分", None, "1005.03"), ("伍角", None, "0.50"),
    ("壹拾万零柒仟元伍角叁分", None, "107000.53"), ("零元整", None, "0.00"), ("贰拾叁万贰仟", None, "does not say 元"), ("壹百伍元", None, "not an amount"), ("元整", None, "not an amount"),
    ("23.2", "万元", "232000.00"), ("23.2", None, "unit is not known"), ("'805,200.00", "元", "805200.00"), (" 805,200.00 ", "元", "805200.00"), ("232000元/年", None, "price for a unit"),
    ("50元/平方米", None, "price for a unit"), ("每年232000元", None, "price for a unit"), ("暂定", "元", "not certain"), ("暂定50万元", "元", "not certain"), ("据实结算", "元", "not certain"),
    ("不超过50万元", "元", "not certain"), ("含税100元/不含税94元", None, "two amounts"), ("100000.00 (不含税94339.62)", "元", "two amounts"), ("100元；94元", None, "two amounts"), ("1.2E+06", "元", "shortened"),
    ("(232,000.00)", "元", "below zero"), ("−232,000.00", "元", "below zero"), ("100 200", "元", "space within"), ("/", "元", "not certain"), ("无", "元", "not certain"),
    ("¥232,000.00（大写：贰拾叁万贰仟元整）", None, "232000.00"), ("贰拾叁万贰仟元整（¥232,000.00）", None, "232000.00"), ("人民币贰拾叁万贰仟元整（小写：232000元）", None, "232000.00"),
    ("23.2万元（贰拾叁万贰仟元整）", None, "232000.00"), ("23.2（贰拾叁万贰仟元整）", "万元", "232000.00"), ("¥223,000.00（大写：贰拾叁万贰仟元整）", None, "figures say 223,000.00, words say 232,000.00"),
    ("贰拾叁万元（叁拾贰万元）", None, "not an amount"), ("1,00,000.00", "元", "comma"),
]


@pytest.mark.parametrize(("text", "unit", "expected"), AMOUNTS)
def test_amounts(text, unit, expected):
    told = _told(read_money, text, unit)
    assert told == Decimal(expected) if isinstance(told, Decimal) else expected in told


@pytest.mark.parametrize("text", ["(232,000.00)", "−232,000.00", "-232000", "（232,000.00）"])
def test_amounts_below_zero_where_the_field_allows_them(text):
    assert read_money(text, "元", signed=True) == Decimal("-232000.00")


COMMA, SPACE = ValueOptions(decimal_mark=",", thousands_mark="."), ValueOptions(decimal_mark=",", thousands_mark=" ")


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("1.234,56", COMMA, "1234.56"), ("150.000", COMMA, "150000.00"), ("1234,5", COMMA, "1234.50"), ("0,5", COMMA, "0.50"), ("1,234.56", COMMA, "comma"), ("12.34,5", COMMA, "comma"),
        ("150 000,00", SPACE, "150000.00"), ("150\u00a0000,00", SPACE, "150000.00"), ("1 500 000", SPACE, "1500000.00"), ("150 00,00", SPACE, "space within"), ("150 0000", SPACE, "space within"), ("1.5", SPACE, "comma"),
        ("150'000.00", ValueOptions(thousands_mark="'"), "150000.00"), ("1.234,56", ValueOptions(), "comma"), ("23,2", ValueOptions(), "comma"),
        ("23.2", ValueOptions(unit="万元"), "232000.00"), ("23.2元", ValueOptions(unit="万元"), "23.20"),
    ],
)
def test_marks_and_units_are_read_as_they_are_declared(text, options, expected):
    told = _told(read_money, text, None if options.unit else "元", options=options)
    assert told == Decimal(expected) if isinstance(told, Decimal) else expected in told


def test_one_mark_cannot_be_declared_twice():
    with pytest.raises(ValueError, match="the same"):
        ValueOptions(decimal_mark=",")


# text, unit, ratio or the reason
RATIOS = [
    ("3%", None, "0.03"), ("3.00%", None, "0.03"), ("0.03", None, "0.03"), ("3", None, "percentage or a fraction"), ("3", "%", "0.03"), ("百分之三", None, "0.03"), ("百分之百", None, "1"), ("百分之九十六点五", None, "0.965"),
    ("3‰", None, "0.003"), ("千分之三", None, "0.003"), ("千分之3", None, "0.003"), ("万分之五", None, "0.0005"), ("3", "‰", "0.003"), ("结算价的3%", None, "other words before"), ("合同价的百分之三", None, "other words before"),
    ("3%-5%", None, "a range"), ("3%～5%", None, "a range"), ("百分之三至百分之五", None, "a range"), ("３％", None, "0.03"), ("3 %", None, "0.03"), ("百分之", None, "not a ratio"), ("-3%", None, "below zero"), ("/", None, "not certain"),
]


@pytest.mark.parametrize(("text", "unit", "expected"), RATIOS)
def test_ratios(text, unit, expected):
    told = _told(read_ratio, text, unit)
    assert told == Decimal(expected) if isinstance(told, Decimal) else expected in told


def test_a_declared_unit_and_mark_hold_for_ratios_and_counts_too():
    assert read_ratio("3", options=ValueOptions(unit="%")) == Decimal("0.03")
    assert read_ratio("3,5%", options=COMMA) == Decimal("0.035")
    assert read_integer("1.200", options=COMMA) == 1200


@pytest.mark.parametrize(
    ("text", "is_id", "doubt"),
    [
        ("0012345678", True, None), ("HT2019-001", True, None), ("1.23E+19", True, "shortened"), ("1.23e19", True, "shortened"), ("１.２３Ｅ＋１９", False, "shortened"), ("12345678.0", True, 'ends in ".0"'),
        ("2.0", False, None), ("24112000000012300000", True, "over fifteen digits"), ("24112000000012345678", True, None), ("110108000000000", True, None), ("2019", True, None), ("", True, None),
        ("HT-01、HT-02", True, "several numbers"), ("12345; 12346", True, "several numbers"), ("HT-01，HT-02", True, "several numbers"), ("HT-01、HT-02", False, None), ("2023年、2024年保洁", True, None),
    ],
)
def test_ids_are_kept_as_they_stand_and_what_they_lost_is_said(text, is_id, doubt):
    told = doubt_of_id(text, is_id=is_id)
    assert told is None if doubt is None else told is not None and doubt in told[0].en
    if text:
        cell = read_cell(CONTRACT["number"], text, is_key=is_id)
        assert cell.value == text
        assert cell.is_doubtful is (doubt is not None)


def test_a_declared_meaning_goes_before_everything():
    options = ValueOptions(meanings=(("/", "not_required"), ("长 期", "not_required"), ("Po", "是"), ("5", "works"), ("—", "blank_in_document")))
    assert read_cell(CONTRACT["signed_on"], "／", options=options).state == "not_required"
    assert read_cell(CONTRACT["signed_on"], "长期", options=options).is_marked
    assert read_cell(CONTRACT["is_framework"], " PO", options=options).value is True
    assert read_cell(CONTRACT["category"], "5", options=options).value == "works"
    assert read_cell(CONTRACT["supplier"], "—", options=options).state == "blank_in_document"
    assert read_cell(CONTRACT["signed_on"], "无", options=options).state == "unreadable"


def test_a_date_after_the_source_is_kept_in_doubt_unless_it_may_lie_ahead():
    options = ValueOptions(latest=datetime.date(2019, 12, 31))
    cell = read_cell(CONTRACT["signed_on"], "2091-05-20", options=options)
    assert (cell.value, cell.is_doubtful) == (datetime.date(2091, 5, 20), True)
    assert cell.reason.en == "the date 2091-05-20 lies after the source's own date 2019-12-31"
    assert not read_cell(CONTRACT["signed_on"], "2019-12-31", options=options).is_doubtful
    ahead = CONTRACT["signed_on"].model_copy(update={"ahead": True})
    assert not read_cell(ahead, "2091-05-20").is_doubtful
    assert not read_cell(ahead, "2091-05-20", options=options).is_doubtful


def test_without_a_date_of_the_source_a_day_still_to_come_is_in_doubt():
    to_come = datetime.date.today() + datetime.timedelta(days=2)
    cell = read_cell(CONTRACT["signed_on"], to_come.isoformat())
    assert cell.value == to_come and cell.reason.zh == f"日期 {to_come} 还没有到"
    assert not read_cell(CONTRACT["signed_on"], datetime.date.today().isoformat()).is_doubtful


@pytest.mark.parametrize("text", ["无编号", "未编号", "没有合同编号", "无合同"])
def test_words_that_say_that_there_is_no_number_are_none(text):
    assert read_cell(CONTRACT["number"], text, is_key=True).state == "unreadable"
    assert read_cell(CONTRACT["title"], text).value == text


def test_a_cell_with_two_dates_is_read_into_two_fields_or_into_none():
    starts, ends = CONTRACT["signed_on"], CONTRACT["filed_on"]
    assert [cell.value for cell in read_period_cells(starts, ends, "2019.5.15-2019.8.30")] == [FROM_15_MAY, TO_30_AUGUST]
    assert [cell.state for cell in read_period_cells(starts, ends, "自签订之日起一年")] == ["unreadable", "unreadable"]
    assert [cell.state for cell in read_period_cells(starts, ends, "[文件空白]")] == ["blank_in_document", "blank_in_document"]
    assert [cell.state for cell in read_period_cells(starts, ends, "")] == ["not_captured", "blank_in_document"]
    options = ValueOptions(meanings=(("长期", "not_required"),), latest=datetime.date(2019, 6, 1))
    assert [cell.state for cell in read_period_cells(starts, ends, "长期", options=options)] == ["not_required", "not_required"]
    assert [cell.is_doubtful for cell in read_period_cells(starts, ends, "2019.5.15-2019.8.30", options=options)] == [False, True]


def test_figures_and_capitals_in_two_fields_are_compared():
    assert check_capitals(Decimal("232000.00"), "贰拾叁万贰仟元整").reason is None
    differ = check_capitals(Decimal("232000.00"), "贰拾贰万叁仟元整")
    assert differ.is_doubtful and "figures say 232,000.00, words say 223,000.00" in differ.reason.en
    assert check_capitals(Decimal("232000.00"), "贰拾叁万").state == "unreadable"
    assert read_capitals("大写：人民币壹圆伍角整") == Decimal("1.50")


def test_every_form_that_the_study_lists_stands_in_these_tables(shared):
    text = (shared / "domain.md").read_text("utf-8").partition("### 5.4")[2].partition("### 5.5")[0]
    known = re.sub(r"\s", "", " ".join(entry[0] for table in (DATES, PERIODS, AMOUNTS, RATIOS) for entry in table))
    # Said in words there rather than shown.
    left_out = ("full-width digits", "non-breaking spaces", "text dates with a trailing", "23.2 under", "two amounts in one cell", "amounts as text with", "“ 805,200.00 ”", "(232,000.00) and")
    for line in re.findall(r"\*\*(?:Dates|Amounts|Rates)\*\*: (.*)", text):
        for form in line.split(" · "):
            bare = re.sub(r"\s*\((?:Excel|year|refuse|full-width).*?\)|\.$|…$|\. .*|\s", "", form) if not form.startswith(left_out) else ""
            assert bare in known, form


def test_the_page_on_values_says_what_happens(project):
    readers = {"date": read_date, "money": lambda text: read_money(text, "元"), "ratio": read_ratio, "integer": read_integer, "flag": read_flag}
    rows = re.findall(r"^\| (date|money|ratio|integer|flag) \| (.*?) \| (.*?) \|$", (project / "docs" / "values.md").read_text("utf-8"), re.MULTILINE)
    assert len(rows) > 20
    for kind, forms, expected in rows:
        for text in re.findall("`(.+?)`", forms):
            try:
                told = str(readers[kind](text)).lower()
                assert f"`{told}`" == expected, text
            except Unreadable as refused:
                zh, en = expected.split(" · ")
                assert zh in refused.reason.zh and en in refused.reason.en, text


@pytest.mark.slow
def test_ten_thousand_random_strings_make_no_traceback():
    """Of the characters that dates and amounts are made of: each string is read or refused with a reason."""
    chance = random.Random(20190520)
    letters = "0123456789" * 3 + ".,-/年月日号元万亿角分整%‰()（），。至~—￥¥ 　'+Ee贰拾叁仟佰零〇一二三十百千正止起自无待长期大写小写:：\u00a0\u200bａ１\0"
    options = [ValueOptions(), DAY_MONTH, ValueOptions(date_order="mdy", century=1900, serial_dates="1904", year=2019), SPACE, COMMA]
    readers = [read_date, read_period, lambda text, given: read_money(text, None, options=given), lambda text, given: read_ratio(text, options=given), lambda text, given: read_integer(text, options=given),
               lambda text, given: read_flag(text), lambda text, given: read_choice(text, {})]
    for number in range(10_000):
        text = "".join(chance.choices(letters, k=chance.randint(1, 24)))
        for read in readers:
            _told(read, text, options[number % len(options)])
