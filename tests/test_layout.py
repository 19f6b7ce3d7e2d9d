"""Where a table lies in a sheet: titles above, header rows with merged cells, units in a corner, tables side by side."""

from pathlib import Path

import pytest

from auditkb.dictionary_files import load_dictionary
from auditkb.sources.layout import find_layouts, without_number
from auditkb.sources.plans import all_headings
from auditkb.sources.sheets import Area
from tests.sheet_maker import layout_of, make_sheet

DICTIONARY = load_dictionary(Path(__file__).resolve().parents[1] / "records")
HEADER = ["合同编号", "合同名称", "乙方", "签订日期", "合同金额"]
DATA = ["HT-1", "绿化", "甲公司", "2024-05-20", "5"]


def titles(layout):
    return [layout.title(place) for place in layout.titles]


@pytest.mark.parametrize(
    ("above", "unit"),
    [
        ([], ()),
        ([["2024年合同台账"]], ()),
        ([["2024年合同台账"], ["编制单位：某街道", "", "", "", "单位：万元"]], ("万元",)),
        ([["XX街道"], ["合同台账"], ["填表日期：2024.12.31", "", "金额单位：元"]], ("元",)),
        ([["统计口径", "全部合同"], ["（单位：万元）"]], ("万元",)),
        ([["单位：万元", "", "", "", "单位：元"]], ("万元", "元")),
        ([["单位：某街道办事处"]], ()),
    ],
)
def test_titles_above_the_header(above, unit):
    layout = layout_of(DICTIONARY, [*above, HEADER, DATA])
    assert (layout.header_rows, layout.first_row) == ((len(above) + 1,), len(above) + 2)
    assert titles(layout) == HEADER and layout.corner_units == unit and len(layout.above) == len(above)


def test_merged_header_rows_give_paths():
    rows = [["合同编号", "合同名称", "招标投标", "", "付款", "", ""], ["", "", "公告日期", "开标日期", "第一次", "", "第二次"], ["", "", "", "", "日期", "金额", "日期"], DATA]
    merged = [Area(1, 0, 3, 0), Area(1, 1, 3, 1), Area(1, 2, 1, 3), Area(1, 4, 1, 6), Area(2, 2, 3, 2), Area(2, 3, 3, 3), Area(2, 4, 2, 5)]
    layout = layout_of(DICTIONARY, rows, merged=merged)
    assert layout.header_rows == (1, 2, 3)
    assert titles(layout) == ["合同编号", "合同名称", "招标投标 › 公告日期", "招标投标 › 开标日期", "付款 › 第一次 › 日期", "付款 › 第一次 › 金额", "付款 › 第二次 › 日期"]


def test_two_header_rows_without_merged_cells_as_in_csv():
    rows = [["合同编号", "合同名称", "招标投标", "", "合同金额"], ["", "", "公告日期", "开标日期", ""], DATA]
    layout = layout_of(DICTIONARY, rows)
    assert layout.header_rows == (1, 2)
    assert titles(layout) == ["合同编号", "合同名称", "招标投标 › 公告日期", "招标投标 › 开标日期", "合同金额"]


def test_a_merged_title_over_the_whole_table_is_no_header():
    layout = layout_of(DICTIONARY, [["合同台账", "", "", "", ""], HEADER, DATA], merged=[Area(1, 0, 1, 4)])
    assert layout.header_rows == (2,) and titles(layout) == HEADER


def test_merged_cells_of_the_data_are_not_the_header():
    layout = layout_of(DICTIONARY, [HEADER, DATA, ["", *DATA[1:]]], merged=[Area(2, 0, 3, 0)])
    assert layout.header_rows == (1,)


def test_text_in_a_column_without_a_title_is_data():
    assert layout_of(DICTIONARY, [["合同编号", ""], ["HT-1", "x"]]).first_row == 2


def test_a_header_that_the_dictionary_does_not_know_is_found_by_its_shape():
    layout = layout_of(DICTIONARY, [["Regjistri i prokurimit"], ["Numri", "Titulli", "Data"], ["1", "Ura", "01.02.18"]])
    assert layout.header_rows == (2,) and titles(layout) == ["Numri", "Titulli", "Data"]


def test_tables_side_by_side():
    rows = [[*HEADER, "", *HEADER], [*DATA, "", *DATA]]
    first, second = find_layouts(make_sheet(rows), all_headings(DICTIONARY))
    assert (list(first.titles), list(second.titles)) == ([0, 1, 2, 3, 4], [6, 7, 8, 9, 10])


def test_an_empty_column_within_one_table_parts_nothing():
    assert len(find_layouts(make_sheet([["合同编号", "", "合同名称"], ["HT-1", "", "绿化"]]), all_headings(DICTIONARY))) == 1


def test_nothing_at_all():
    assert find_layouts(make_sheet([]), all_headings(DICTIONARY)) == []


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("付款1日期", ("付款日期", 1)), ("付款(2)金额", ("付款金额", 2)), ("第三次付款日期", ("付款日期", 3)), ("报价单位1", ("报价单位", 1)), ("报价二", ("报价", 2)),
        ("付款日期(1)", ("付款日期", 1)), ("第1笔付款金额", ("付款金额", 1)), ("datapagesës(4)", ("datapagesës", 4)), ("发票2号码", ("发票号码", 2)),
        ("合同金额", ("合同金额", None)), ("一", ("一", None)), ("三方比价", ("三方比价", None)), ("2024年预算", ("2024年预算", None)),
    ],
)
def test_numbers_of_records_side_by_side(title, expected):
    assert without_number(title) == expected
