"""Numbers and dates in running text: what is read, in which unit, how exactly, and what is no figure."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditkb.reports.document import Document, Paragraph, Place, Section
from auditkb.reports.figures import read_figures
from auditkb.reports.number_forms import half_a_unit, one_width
from auditkb.reports.numbers import scan
from auditkb.reports.words import read_words

WORDS = read_words()


def found(text: str) -> list[tuple[str, Decimal | None, str]]:
    return [(text[item.start:item.end], item.value, item.unit) for item in scan(text, WORDS)]


@pytest.mark.parametrize(("text", "printed", "value", "unit", "precision"), [
    ("支出为184129842.39元，", "184129842.39元", "184129842.39", "yuan", "0.005"),
    ("金额为12，056.38万元。", "12，056.38万元", "120563800", "yuan", "50"),
    ("共１２，０５６．３８ 万元", "１２，０５６．３８ 万元", "120563800", "yuan", "50"),
    ("总额1.2345亿元", "1.2345亿元", "123450000", "yuan", "5000"),
    ("费用 8,873.022 元", "8,873.022 元", "8873.022", "yuan", "0.0005"),
    ("采购超过十万元", "十万元", "100000", "yuan", "0"),
    ("投入200余万元", "200余万元", "2000000", "yuan", "5000"),
    ("减少-794.24元", "-794.24元", "-794.24", "yuan", "0.005"),
    ("执行率93.08%", "93.08%", "93.08", "percent", "0.005"),
    ("执行率９３．０％", "９３．０％", "93.0", "percent", "0.05"),
    ("不低于百分之三点五", "百分之三点五", "3.5", "percent", "0.05"),
    ("下降1.2个百分点", "1.2个百分点", "1.2", "percentage_points", "0.05"),
    ("累计4.98万余人次", "4.98万余人次", "49800", "count", "50"),
    ("不得少于二十天", "二十天", "20", "count", "0"),
    ("发放1,260份", "1,260份", "1260", "count", "0.5"),
    ("团组 0个", "0个", "0", "count", "0.5"),
])
def test_an_amount_has_its_value_unit_and_precision(text, printed, value, unit, precision):
    (item,) = scan(text, WORDS)
    assert (text[item.start:item.end], item.value, item.unit, item.precision) == (printed, Decimal(value), unit, Decimal(precision))


@pytest.mark.parametrize("text", [
    "西财预〔2014〕273号", "甲2号房屋", "12345热线", "第十七届比赛", "一次性支付", "一部分工作", "十有十无", "PDA3", "第3条规定", "1.2.3", "电话 010-12345678",
])
def test_a_number_that_counts_nothing_is_no_figure(text):
    assert found(text) == []


@pytest.mark.parametrize(("text", "starts", "ends", "unit"), [
    ("2019年5月20日签订", "2019-05-20", "2019-05-20", "date"),
    ("２０１９年５月２０日", "2019-05-20", "2019-05-20", "date"),
    ("填报日期：2020年 1月13日", "2020-01-13", "2020-01-13", "date"),
    ("2019-05-20", "2019-05-20", "2019-05-20", "date"),
    ("截至2019年底", "2019-12-31", "2019-12-31", "date"),
    ("2019年5月至2020年4月", "2019-05-01", "2020-04-30", "period"),
    ("2019年5月15日至8月30日", "2019-05-15", "2019-08-30", "period"),
    ("2020年2月", "2020-02-01", "2020-02-29", "period"),
    ("2019年度", "2019-01-01", "2019-12-31", "period"),
])
def test_a_date_or_a_period_has_its_first_and_last_day(text, starts, ends, unit):
    (item,) = scan(text, WORDS)
    assert (item.starts_on, item.ends_on, item.unit) == (datetime.date.fromisoformat(starts), datetime.date.fromisoformat(ends), unit)


def test_a_day_without_a_year_takes_that_of_the_date_before_it():
    assert [item.starts_on for item in scan("2019年3月28日公告，4月8日评审", WORDS)][1] == datetime.date(2019, 4, 8)
    assert [item.starts_on for item in scan("4月8日评审", WORDS)] == [None]


def test_a_day_that_does_not_exist_is_kept_without_a_value():
    (item,) = scan("2019年2月30日", WORDS)
    assert (item.unit, item.starts_on) == ("date", None)


def test_what_is_about_a_number_is_said():
    assert [item.is_approximate for item in scan("约50人，2000余次，30台", WORDS)] == [True, True, False]


@given(st.decimals(0, 10**9, places=2), st.sampled_from(["元", "万元", "%"]), st.booleans(), st.booleans(), st.booleans())
def test_every_printed_amount_is_read_back(number, unit, commas, wide, wide_comma):
    printed = f"{number:,.2f}" if commas else f"{number:.2f}"
    if wide:
        printed = printed.translate(str.maketrans("0123456789.", "０１２３４５６７８９．"))
    if wide_comma:
        printed = printed.replace(",", "，")
    (item,) = scan(f"年初预算为{printed}{unit}，", WORDS)
    factor = 10_000 if unit == "万元" else 1
    assert item.value == number * factor and item.precision == Decimal("0.005") * factor


@given(st.text("0123456789.,，年月日元万%个至-（）第 一二三十百", max_size=40))
def test_figures_never_overlap_and_their_text_is_where_they_say(text):
    items = scan(text, WORDS)
    assert all(one.end <= other.start for one, other in zip(items, items[1:], strict=False))
    assert all(0 <= item.start < item.end <= len(text) for item in items)


@given(st.text(max_size=60))
def test_one_width_keeps_the_length(text):
    assert len(one_width(text)) == len(text)


def test_half_a_unit_is_half_of_the_last_printed_digit():
    assert [half_a_unit(text) for text in ("5", "5.0", "1,234.56")] == [Decimal("0.5"), Decimal("0.05"), Decimal("0.005")]


def paragraph_figures(text: str):
    paragraph = Paragraph(text, Place(7), "一", 1)
    section = Section("一", "一", "一、", 1, "", ("一",), None, Place(7), (paragraph,))
    return read_figures(Document("a.txt", "txt", "", (section,)))


@pytest.mark.parametrize(("text", "subject"), [
    ("其中：基本支出65.00元", "基本支出"),
    ("年初预算合计金额为5,342.16万元,全年项目支出预算金额为12万元", "年初预算合计金额"),
    ("出国（境）费支出0元", "出国（境）费支出"),
    ("专用设备1台（套）、135.96万元", "专用设备1台（套）"),
    ("（2）甲项目实际支出54万元", "甲项目实际支出"),
    ("收入总计3元", "收入总计"),
])
def test_a_figure_says_what_it_is_of(text, subject):
    figures = [figure for figure in paragraph_figures(text) if figure.unit == "yuan"]
    assert figures[0].subject == subject


def test_a_figure_has_a_stable_name_and_its_place():
    first, second = paragraph_figures("收入3元，支出4元")
    assert (first.id, second.id) == ("一#1", "一#2")
    assert (second.place.line, second.place.offset, second.before, second.after) == (7, 7, "收入3元，支出", "")
    assert (second.low, second.high) == (Decimal("3.5"), Decimal("4.5"))
