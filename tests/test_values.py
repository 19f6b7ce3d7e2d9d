"""Text of a cell -> value or reason."""

import datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditkb.errors import Text
from auditkb.numerals import read_numeral
from auditkb.values import (
    Unreadable,
    fold,
    means_nothing_certain,
    read_choice,
    read_date,
    read_flag,
    read_integer,
    read_money,
    read_ratio,
)

DATES = [
    "2019年5月20日", "2019年05月20日", "2019 年 5 月 20 日", "2019-5-20", "2019-05-20", "2019/5/20", "2019.5.20", "2019.05.20",
    "20190520", "２０１９年５月２０日", "２０１９－０５－２０", " 2019-05-20\u00a0", "\u00a02019/5/20", "2019/5/20 0:00",
    "2019-05-20 00:00:00", "2019年5月20号", "'2019-05-20", "\u200b2019-05-20",
]


@pytest.mark.parametrize("text", DATES)
def test_dates_written_in_full(text):
    assert read_date(text) == datetime.date(2019, 5, 20)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2019年5月", "day is missing"), ("2019.5", "day is missing"), ("2019-05", "day is missing"),
        ("5月20日", "year is missing"), ("5/20", "year is missing"), ("2019", "only a year"), ("2019年度", "only a year"),
        ("190520", "four digits"), ("19.5.20", "four digits"), ("20/5/2019", "order of day and month"), ("05-06-2019", "order of day"),
        ("43605", "serial number of Excel"), ("42143", "serial number of Excel"),
        ("2019.5.15-2019.8.30", "two dates"), ("2019年5月15日至2019年8月30日", "two dates"), ("2019-5-15~8-30", "two dates"),
        ("2019-02-30", "no such day"), ("2019-13-01", "no such day"), ("20191301", "no such day"),
        ("1989-12-31", "outside"), ("2101-01-01", "outside"), ("0019-05-20", "outside"),
        ("2019-5/20", "not a date"), ("2019-5-20前", "not a date"),
        ("2019-5-2 0", "not a date"), ("2019-05-20T10:00:00Z", "not a date"),
        ("/", "not certain"), ("—", "not certain"), ("无", "not certain"), ("待定", "not certain"), ("空白", "not certain"), ("N/A", "not certain"),
        ("2" * 500, "too long"),
    ],
)
def test_dates_that_are_refused_say_why(text, reason):
    with pytest.raises(Unreadable) as refused:
        read_date(text)
    assert reason in refused.value.reason.en
    assert refused.value.reason.zh and refused.value.advice.zh and refused.value.advice.en


@pytest.mark.parametrize(
    ("text", "unit", "amount"),
    [
        ("232000", "yuan", "232000.00"), ("232,000.00", "yuan", "232000.00"), ("232，000.00", "yuan", "232000.00"),
        ("12，056.38", "万元", "120563800.00"), ("¥0.00", None, "0.00"), ("￥232000元", None, "232000.00"),
        ("人民币232000元整", None, "232000.00"), ("232000圆整", None, "232000.00"), ("23.2万元", None, "232000.00"), ("23.2万元", "yuan", "232000.00"),
        ("23.2", "万元", "232000.00"), ("232000元", "万元", "232000.00"), ("'805,200.00 ", "yuan", "805200.00"), (" 805,200.00 ", "yuan", "805200.00"),
        ("1.5亿元", None, "150000000.00"), ("0", None, "0.00"), ("0.10", "元", "0.10"), ("72.3456", "万元", "723456.00"),
        ("２３２０００．５０", "yuan", "232000.50"), ("8,873.020", "yuan", "8873.02"),
    ],
)
def test_money(text, unit, amount):
    assert read_money(text, unit) == Decimal(amount)
    assert read_money(text, unit).as_tuple().exponent == -2


@pytest.mark.parametrize("text", ["232000", "¥232,000.00", "23.2"])
def test_a_bare_number_without_a_unit_is_never_guessed(text):
    with pytest.raises(Unreadable) as refused:
        read_money(text, None)
    assert "the unit is not known" in refused.value.reason.en


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("8,873.022", "more than two decimals"), ("0.001", "more than two decimals"), ("1,23", "comma"), ("12,34.5", "comma"), ("23,2000", "comma"),
        ("232000元/年", "price for a unit"), ("暂定", "not certain"), ("据实结算", "not certain"), ("不超过50万元", "not certain"), ("约5万元", "not certain"),
        ("1.2E+06", "shortened"), ("含税100元/不含税94元", "two amounts"), ("100 200", "space within"), ("$5", "foreign currency"), ("€5", "foreign currency"), ("5美元", "foreign currency"), ("232000元每年", "price for a unit"),
        ("-5", "below zero"), ("−5", "below zero"), ("(232,000.00)", "below zero"), ("(-5)", "not an amount"), ("99999999999999", "too large"),
        ("1" * 30, "too long"), ("/", "not certain"), ("无", "not certain"), ("1.234,56", "comma"),
    ],
)
def test_money_that_is_refused_says_why(text, reason):
    with pytest.raises(Unreadable) as refused:
        read_money(text)
    assert reason in refused.value.reason.en


@pytest.mark.parametrize("text", ["-232000", "−232,000.00", "(232,000.00)", "（232,000.00）", "-¥232000", "¥-232000元"])
def test_money_below_zero_where_it_is_allowed(text):
    assert read_money(text, signed=True) == Decimal("-232000.00")


@pytest.mark.parametrize(
    ("text", "unit", "ratio"),
    [
        ("3%", None, "0.03"), ("3.00%", None, "0.03"), ("３％", None, "0.03"), ("0.03", None, "0.03"), ("百分之三", None, "0.03"), ("百分之九十六点五", None, "0.965"),
        ("百分之百", None, "1"), ("百分之3", None, "0.03"), ("3‰", None, "0.003"), ("3", "%", "0.03"), ("3%", "%", "0.03"), ("0", None, "0"), ("222.22%", None, "2.2222"),
    ],
)
def test_ratios_are_fractions(text, unit, ratio):
    assert read_ratio(text, unit) == Decimal(ratio)


@pytest.mark.parametrize(("text", "unit"), [("3", None), ("1", None), ("1.05", None), ("0.03", "%"), ("结算价的3%", None), ("3%-5%", None), ("-3%", None), ("百分之", None), ("百分之很多", None), ("/", None)])
def test_ratios_that_could_mean_two_things_are_refused(text, unit):
    with pytest.raises(Unreadable):
        read_ratio(text, unit)


@pytest.mark.parametrize(("text", "unit", "number"), [("30", None, 30), ("30天", "days", 30), ("30 日历天", "days", 30), ("1,200", None, 1200), ("30.0", None, 30), ("12个月", "months", 12), ("2019年", "year", 2019), ("０１２", None, 12), ("三十", None, 30), ("三十日历天", "days", 30), ("十二个月", "months", 12), ("二〇一九年", "year", 2019)])
def test_integers(text, unit, number):
    assert read_integer(text, unit) == number


@pytest.mark.parametrize(("text", "unit"), [("30.5", None), ("30天", None), ("2年", "days"), ("-3", None), ("三五", None), ("一百五", None), ("三点五", None), ("1" * 20, None), ("3 0", None), ("—", None)])
def test_integers_that_are_refused(text, unit):
    with pytest.raises(Unreadable):
        read_integer(text, unit)


@pytest.mark.parametrize(("text", "flag"), [("是", True), ("否", False), ("TRUE", True), ("no", False), ("１", True), ("√", True), ("×", False)])
def test_flags(text, flag):
    assert read_flag(text) is flag


def test_flag_words_of_having():
    assert read_flag("有", has=True) is True
    assert read_flag("无", has=True) is False
    for text in ("有", "无", "也许", "/"):
        with pytest.raises(Unreadable):
            read_flag(text)


def test_choices_by_code_or_label():
    choices = {"works": Text("工程", "Works"), "services": Text("服务", "Services")}
    assert [read_choice(text, choices) for text in ("works", "工 程", "WORKS", "Services")] == ["works", "works", "works", "services"]
    with pytest.raises(Unreadable) as refused:
        read_choice("工程类", choices)
    assert "工程" in refused.value.advice.zh
    with pytest.raises(Unreadable) as refused:
        read_choice("货物", choices)
    assert refused.value.advice.en.startswith("write one of: works, services; or declare in a mapping file meanings: {\"货物\": CHOICE}, where CHOICE is one of these")


@pytest.mark.parametrize("word, near", [("退款", ""), ("首付款", ""), ("竞争性谈判", ""), ("交付款（首批）", "是否想写：交付款；"), ("竞争性磋商采购", "是否想写：竞争性磋商；"), ("acceptence", "是否想写：acceptance；")])
def test_a_choice_is_the_likely_one_only_where_the_word_is_a_form_of_it(word, near):
    choices = {"acceptance": Text("验收款", "On acceptance"), "delivery": Text("交付款", "On delivery"), "final": Text("尾款", "Final"), "consultation": Text("竞争性磋商", "Consultation")}
    with pytest.raises(Unreadable) as refused:
        read_choice(word, choices)
    assert refused.value.advice.zh == near + f'可写：验收款、交付款、尾款、竞争性磋商；或在对应文件声明 meanings: {{"{word}": 选项}}，选项写上列之一'


@pytest.mark.parametrize("text", ["2024.13.5", "2019-05-32", "2019-02-30", "20190230"])
def test_a_day_that_is_not_in_the_calendar_is_to_be_checked_against_the_paper(text):
    with pytest.raises(Unreadable) as refused:
        read_date(text)
    assert "请按原件核对" in refused.value.advice.zh and "2019-05-20" not in refused.value.advice.zh


def test_fold_is_one_width_one_case_no_space():
    assert fold("ＡＢ（公司）\u3000\u200b Ltd") == "ab(公司)ltd"


@settings(max_examples=2000)
@given(st.text())
def test_folding_twice_changes_nothing(text):
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(("text", "number"), [("三", 3), ("十", 10), ("十五", 15), ("二十", 20), ("一百零五", 105), ("三千零二十", 3020), ("贰拾叁万贰仟", 232000), ("一亿零三百万", 103000000), ("零点五", "0.5"), ("壹萬貳仟", 12000), ("壹拾万零柒仟", 107000), ("一千五十", 1050)])
def test_numerals(text, number):
    assert read_numeral(text) == Decimal(number)


@pytest.mark.parametrize("text", ["", "三五", "百十十", "万", "点", "三点", "3", "十二三", "一百五", "一万五", "一亿五千", "零五", "一千零零五", "百", "二〇一九"])
def test_malformed_numerals(text):
    assert read_numeral(text) is None


@settings(max_examples=2000)
@given(st.text(st.characters() | st.sampled_from("0123456789.,-/年月日元万%()[]（）￥¥ ")))
def test_no_text_makes_anything_but_a_reason(text):
    for read in (read_date, read_money, read_ratio, read_integer, read_flag, lambda cell: read_choice(cell, {"a": Text("甲", "A")})):
        try:
            read(text)
        except Unreadable as refused:
            assert refused.reason.zh and refused.reason.en and refused.advice.zh and refused.advice.en
    means_nothing_certain(text)
