"""The rows below a header: records, totals with their sums, notes, sections, merged cells, another table."""

import dataclasses
from decimal import Decimal
from pathlib import Path

import pytest

from auditkb.dictionary import load_dictionary
from auditkb.sources.body import CONTINUED, NOTHING, Body
from auditkb.sources.row_kinds import ALONE, AVERAGE, NOTE, PART, REPEATED, SECTION, SIGNATURE, SUBTOTAL, TOTAL, UNNAMED_TOTAL
from auditkb.sources.layout import find_layouts
from auditkb.sources.plans import all_headings
from auditkb.sources.remarks import remarks_on
from auditkb.sources.sheet_facts import IS_AN_ERROR, MEND
from auditkb.sources.sheets import Area, Problem, Row
from auditkb.value_options import NO_OPTIONS
from tests.sheet_maker import make_sheet

DICTIONARY = load_dictionary(Path(__file__).resolve().parents[1] / "records")
HEADER = ["合同编号", "合同名称", "乙方", "合同金额", "备注"]
A, B = ["HT-1", "绿化", "甲公司", "5", ""], ["HT-2", "保洁", "乙公司", "7.5", ""]


def read(rows, *, loaded=(0, 1, 2, 3), fill_down=(), unit="元", names=None, **more):
    """The body of a sheet with the usual header, read to its end, and its lines."""
    sheet = make_sheet([HEADER, *rows], **more)
    (layout,) = find_layouts(sheet, all_headings(DICTIONARY))
    body = Body(sheet, layout, frozenset(loaded), frozenset(fill_down), {3: (unit, NO_OPTIONS)}, all_headings(DICTIONARY), names=names)
    return body, list(body.lines())


def kinds(body):
    return [(entry.number, entry.what) for entry in body.skipped]


@pytest.mark.parametrize(
    ("row", "what"),
    [
        (["合计", "", "", "12.5"], TOTAL), (["", "合 计", "", "12.5"], TOTAL), (["总计：", "", "", "12.5"], TOTAL), (["2", "合计", "", "12.5"], TOTAL),
        (["合计", "", "", ""], TOTAL), (["合计", "", "", "见附件"], TOTAL), (["合计", "", "", "12.5", "含税"], TOTAL), (["合计", "共2份", "", "12.5"], TOTAL), (["合计", "HT-7", "", "12.5"], None), (["城管科小计", "", "", "12.5"], SUBTOTAL), (["小 计", "", "", "12.5"], SUBTOTAL), (["Total", "", "", "12.5"], TOTAL),
        *(([label, "", "", "12.5"], TOTAL) for label in ("合计金额", "合计（大写）：壹拾贰元伍角", "共计2份合同", "总金额", "总合同额", "累计支付", "合计数", "总数", "汇总", "Total amount", "全年总计（元）")),
        (["平均", "", "", "6.25"], AVERAGE), (["HT-9", "总金额核定服务", "丙公司", "3"], None), (["", "总公司绿化", "丙公司", "3"], None),
        (["其中：财政资金", "", "", "3"], PART), (["", "其中", "自筹", "3"], PART),
        (["注：金额含税"], NOTE), (["注", "1.金额含税"], NOTE), (["注：", "HT-2 另有", "质保金", "3"], NOTE), (["说明", "绿化", "丙公司", "3"], None), (["备注：以合同为准"], NOTE), (["说明：1.含税"], NOTE), (["注1"], NOTE),
        (["制表人：张三", "", "审核：李四"], SIGNATURE), (["填表日期：2024-12-31"], SIGNATURE),
        (["一、工程类"], SECTION), (["（二）服务类"], SECTION), (HEADER, REPEATED), (["", "", "", "", "只有备注"], NOTHING),
        (["HT-9"], None), (["HT-9", "决算合计编制服务", "丙公司", "3"], None), (["HT-9", "其中一段道路", "丙公司", "3"], None),
    ],
)
def test_what_a_row_is(row, what):
    body, lines = read([A, B, row])
    assert kinds(body) == ([] if what is None else [(4, what)])
    assert [line.number for line in lines] == ([2, 3, 4] if what is None else [2, 3])


@pytest.mark.parametrize("row", [["工程类"], ["", "保洁服务"], ["以上合同均已核对"], ["2024年12月31日"]])
def test_one_cell_by_itself_makes_no_record_and_is_a_problem(row):
    body, lines = read([A, B, row], names=())
    assert kinds(body) == [(4, ALONE)] and [line.number for line in lines] == [2, 3]
    (note,) = remarks_on(body)[0]
    assert (note.kind, note.cell) == ("not_loaded", "4") and note.advice is not None and "补上" in note.advice.zh


@pytest.mark.parametrize(
    ("row", "more"),
    [
        (["HT-9"], {}), (["京财〔2024〕5号"], {}), (["", "绿化"], {"names": (1,)}), (["工程类"], {"names": None}), (["", "", "", "5"], {"fill_down": (0, 1)}),
        (["", "", "", "5"], {"merged": [Area(3, 0, 4, 0)]}), (["绿化"], {"loaded": (0, 3)}),
    ],
)
def test_one_cell_is_a_record_where_it_is_a_code_or_a_name_or_goes_on_with_the_row_above(row, more):
    body, lines = read([A, B, row], **{"names": (), **more})
    assert kinds(body) == [] and [line.number for line in lines] == [2, 3, 4]


def test_an_amount_by_itself_is_a_total_where_it_is_the_sum_and_else_a_record_in_doubt():
    rows = [A, B, ["", "", "", "12.5"], ["HT-3", "道路", "丙公司", "3"], ["", "", "", "3"], ["", "", "", "9"]]
    body, lines = read(rows, names=(), fill_down=(0,))
    assert kinds(body) == [(4, UNNAMED_TOTAL), (6, UNNAMED_TOTAL)] and [line.number for line in lines] == [2, 3, 5, 7]
    assert [(note.kind, note.cell) for note in remarks_on(body)[0]] == [("not_loaded", "4"), ("not_loaded", "6"), ("doubtful", "7")]


def test_words_beside_an_amount_and_nothing_else_are_read_with_a_doubt():
    rows = [A, B, ["截至2024年12月31日", "", "", "12.5"], ["HT-9", "", "", "1"], ["", "道路", "丙公司", "1"], ["", "", "2024年12月1日", "1"]]
    body, lines = read(rows, names=())
    assert [line.number for line in lines] == [2, 3, 4, 5, 6, 7]
    (note,) = remarks_on(body)[0]
    assert (note.kind, note.cell, note.raw) == ("doubtful", "4", "截至2024年12月31日 | 12.5")
    assert read(rows, names=None)[0].doubtful == []


def test_a_doubtful_row_is_found_among_many_plain_ones():
    body, _ = read([[f"HT-{number}", "绿化", "甲公司", "5"] for number in range(50)] + [["其他零星", "", "", "7"]], names=())
    assert [entry.number for entry in body.doubtful] == [52]


def test_notes_go_on_to_the_end_of_the_sheet():
    body, lines = read([A, ["注：1.金额含税"], ["2.按签订日期排列"], ["", "3.其他"]])
    assert kinds(body) == [(3, NOTE), (4, NOTE), (5, NOTE)] and len(lines) == 1


def test_a_title_merged_over_the_table_is_a_section():
    body, _ = read([["城管科", "", "", "", ""], A], merged=[Area(2, 0, 2, 4)])
    assert kinds(body) == [(2, SECTION)]


def test_sums_are_compared_with_totals():
    body, _ = read([A, B, ["小计", "", "", "12.5"], ["其中：", "", "", "3"], ["HT-3", "c", "d", "1"], ["小计", "", "", "2"], ["合计", "", "", "13.50"]])
    assert [(entry.number, entry.printed, entry.computed, entry.rows) for entry in body.differences] == [(7, Decimal(2), Decimal(1), 1)]


@pytest.mark.parametrize(
    ("rows", "differences"),
    [
        ([["合计", "", "", "12.5"], A, B], []), ([["合计", "", "", "12"], A, B], [2]),
        ([["合计", "", "", "12.5"], ["甲科小计", "", "", "5"], A, ["乙科小计", "", "", "7.5"], B], []),
        ([["甲科小计", "", "", "5"], A, ["乙科小计", "", "", "7"], B, ["合计", "", "", "12.5"]], [4]),
        ([A, ["本页合计", "", "", "5"], ["累计", "", "", "5"], B, ["本页合计", "", "", "7.5"], ["累计", "", "", "12.5"]], []),
        ([A, ["合计", "", "", "5"], B, ["合计", "", "", "7.5"], ["总计", "", "", "12.5"]], []),
        ([A, ["合计", "", "", "5"], B, ["合计", "", "", "7.5"], ["总计", "", "", "13"]], [6]),
    ],
)
def test_totals_before_their_rows_and_running_totals(rows, differences):
    assert [entry.number for entry in read(rows)[0].differences] == differences


@pytest.mark.parametrize(("amount", "label", "what"), [("#REF!", "合计", TOTAL), ("（公式没有结果）", "小计", SUBTOTAL)])
def test_a_total_whose_amount_is_an_error_is_no_record(amount, label, what):
    sheet = make_sheet([HEADER, A, B])
    rows = [*sheet.rows(), Row(4, 4, [label, "", "", amount], problems=(Problem(3, IS_AN_ERROR, MEND),))]
    (layout,) = find_layouts(sheet, all_headings(DICTIONARY))
    body = Body(dataclasses.replace(sheet, rows=lambda: iter(rows)), layout, frozenset(range(4)), summed={3: ("元", NO_OPTIONS)}, headings=all_headings(DICTIONARY))
    assert [line.number for line in body.lines()] == [2, 3] and kinds(body) == [(4, what)]
    assert [(note.kind, note.cell) for note in remarks_on(body)[0]] == [("skipped", "4"), ("unreadable", "D4")]


def test_a_second_total_begins_anew():
    body, _ = read([A, ["合计", "", "", "5"], B, ["合计", "", "", "7.5"]])
    assert body.differences == []


def test_a_total_over_a_cell_that_is_no_number_is_not_compared():
    body, _ = read([A, ["HT-3", "c", "d", "据实结算"], ["合计", "", "", "6"]])
    assert [(entry.number, entry.unread) for entry in body.differences] == [(4, 3)]


@pytest.mark.parametrize("mark", ["/", "—", "无"])
def test_marks_count_as_nothing_in_a_total(mark):
    assert read([A, ["HT-3", "c", "d", mark], ["合计", "", "", "5"]])[0].differences == []


def test_the_word_for_a_total_may_stand_in_a_column_of_amounts():
    assert read([A, ["", "", "", "合计", "5"]])[0].differences == []


def test_totals_are_in_the_unit_of_the_column():
    body, _ = read([["HT-1", "a", "b", "1.234567"], ["HT-2", "a", "b", "2万元"], ["合计", "", "", "3.234567"]], unit="万元")
    assert body.differences == []
    body, _ = read([["HT-1", "a", "b", "1000"], ["HT-2", "a", "b", "2万元"], ["合计", "", "", "21000"]])
    assert body.differences == []


def test_merged_cells_are_filled_down_and_blanks_are_not():
    body, lines = read([A, ["", "绿化二期", "", "6", ""], ["", "保洁", "乙公司", "1", ""]], merged=[Area(2, 0, 3, 0)])
    assert [line.cells[0] for line in lines] == ["HT-1", "HT-1", ""]
    assert [sorted(line.filled) for line in lines] == [[], [0], []]


def test_columns_that_a_mapping_declares_are_filled_down():
    _, lines = read([A, ["", "绿化二期", "", "6"], B], fill_down=(0, 2))
    assert [(line.cells[0], line.cells[2]) for line in lines] == [("HT-1", "甲公司"), ("HT-1", "甲公司"), ("HT-2", "乙公司")]


def test_a_merged_row_with_nothing_of_its_own_is_no_record():
    body, lines = read([A, ["", "", "", "", "付款单见附件"]], merged=[Area(2, 0, 3, 0), Area(2, 1, 3, 1)])
    assert kinds(body) == [(3, CONTINUED)] and len(lines) == 1


def test_merged_amounts_count_once_in_a_total():
    body, _ = read([A, ["HT-2", "b", "c", ""], ["合计", "", "", "5"]], merged=[Area(2, 3, 3, 3)])
    assert body.differences == []


def test_another_table_below_stops_the_reading():
    body, lines = read([A, ["付款日期", "付款金额", "收款单位"], ["2024-01-01", "5", "甲公司"]])
    assert body.next_header == 3 and len(lines) == 1


def test_hidden_rows_are_read_and_kept_in_mind():
    body, lines = read([A, B], hidden=(3,))
    assert body.hidden == [3] and len(lines) == 2


def test_blank_rows_part_nothing():
    body, lines = read([A, ["", ""], B])
    assert [line.number for line in lines] == [2, 4] and body.skipped == []
