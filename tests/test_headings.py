"""Sheets without a mapping file: what is certain is loaded, what nobody knows is listed, what may mean two things is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditkb.dictionary_files import load_dictionary
from auditkb.errors import KnowledgeBaseError, as_a_word
from auditkb.notes import list_problems
from auditkb.sources.loading import load_source
from tests.sheet_maker import select, write_workbook

DICTIONARY = load_dictionary(Path(__file__).resolve().parents[1] / "records")
NUMBER = ["合同编号", "HT-1"]


def load(connection, folder, *columns, above=(), name="合同", **more):
    """Load one sheet, given column by column: title, then values."""
    rows = [*above, *zip(*columns, strict=True)]
    return load_source(connection, DICTIONARY, write_workbook(folder / "a.xlsx", {name: rows}, **more))


def refused(connection, folder, *columns, **more):
    with pytest.raises(KnowledgeBaseError) as error:
        load(connection, folder, *columns, **more)
    return [fault.say("en").partition(": ")[2] for fault in error.value.faults]


@pytest.mark.parametrize(
    ("title", "choices"),
    [("项目名称", ["contract.title", "contract.project"]), ("编号", ["contract.number", "contract.archive_number"]), ("金额（万元）", ["contract.amount"]), ("收款单位", ["contract.supplier"])],
)
def test_headings_that_may_mean_several_things_are_refused_with_the_choices(connection, tmp_path, title, choices):
    columns = [[title, "5"], ["签订日期", "2024-01-01"], ["合同编号", "HT-1"] if title != "编号" else ["合同名称", "a"]]
    (fault,) = refused(connection, tmp_path, *columns)
    assert title.partition("（")[0] in fault and all(f"({choice})" in fault for choice in choices) and "ingest.py map" in fault


def test_a_heading_is_no_longer_doubtful_where_its_fields_have_columns(connection, tmp_path):
    load(connection, tmp_path, NUMBER, ["合同名称", "绿化"], ["项目", ""], ["项目名称", "街区绿化"])
    assert [(row[2], row[6]) for row in list_problems(connection, "en") if row[3] is None] == [("D", "项目名称")]


def test_an_office_may_decide_what_such_a_heading_means(connection, tmp_path):
    own = tmp_path / "records"
    own.mkdir()
    (own / "contract.yml").write_text("type: contract\nfields: {title: {synonyms: [项目名称]}}\n", "utf-8")
    dictionary = load_dictionary(Path(__file__).resolve().parents[1] / "records", tmp_path)
    load_source(connection, dictionary, write_workbook(tmp_path / "a.xlsx", {"合同": [["合同编号", "项目名称"], ["HT-1", "绿化"]]}))
    assert select(connection, "select title from contract") == [("绿化",)]


def test_columns_that_nobody_knows_are_listed(connection, tmp_path):
    report = load(connection, tmp_path, NUMBER, ["签订日期", "2024-05-20"], ["备注", "长期"], ["领导批示", "同意"], ["合同签定日", "x"])
    assert report.rows == {"contract": 1} and report.notes["not_loaded"] == 3
    listed = [row for row in list_problems(connection, "en") if row[3] is None]
    assert [(row[2], row[6]) for row in listed] == [("C", "备注"), ("D", "领导批示"), ("E", "合同签定日")]
    assert "write a mapping file" in listed[0][8] and "is it " in listed[2][8]


def test_columns_of_other_record_types_are_listed_with_what_they_may_be(connection, tmp_path):
    load(connection, tmp_path, NUMBER, ["采购方式", "询价"], ["审定价（元）", "5"])
    listed = [row for row in list_problems(connection, "en") if row[3] is None]
    assert ["it may be Procurement: Method" in listed[0][7], "it may be Settlement: Reviewed" in listed[1][7]] == [True, True]
    assert all("one row may hold several record types" in row[8] for row in listed)


def test_a_column_that_counts_rows_is_no_problem(connection, tmp_path):
    load(connection, tmp_path, ["序号", "1"], NUMBER)
    assert [row[2] for row in list_problems(connection, "en", with_information=True) if row[3] is None] == ["A"]
    assert [row for row in list_problems(connection, "en") if row[3] is None] == []


def test_two_units_above_a_table_whose_headers_name_their_own(connection, tmp_path):
    load(connection, tmp_path, NUMBER, ["合同金额（元）", "1.5"], above=[["单位：万元", "单位：元"]])
    assert select(connection, "select amount from contract") == [(1.5,)]


def test_a_title_like_the_one_that_names_the_record_is_not_passed_over(connection, tmp_path):
    assert refused(connection, tmp_path, ["合同名称", "绿化"], ["合同编好", "HT-1"]) == ['column B "合同编好" is not a field of "Contract"; did you mean: 合同编号']


def test_columns_under_a_title_of_another_type_are_not_taken(connection, tmp_path):
    """招标投标 › 公告日期 is the notice of the tender, not the announcement of the contract."""
    columns = [["合同编号", "", "HT-1"], ["招标投标", "公告日期", "2024-01-01"], ["", "开标日期", "2024-02-01"], ["合同信息", "签订日期", "2024-03-01"], ["", "合同金额（元）", "5"]]
    load(connection, tmp_path, *columns, merged={"合同": ["A1:A2", "B1:C1", "D1:E1"]})
    assert select(connection, "select announced_on, signed_on, amount from contract") == [(None, "2024-03-01", 5.0)]
    assert [row[6] for row in list_problems(connection, "en") if row[3] is None] == ["招标投标 › 公告日期", "招标投标 › 开标日期"]


@pytest.mark.parametrize("heading", ["合同期限", "起止日期", "服务期限"])
def test_one_column_with_two_dates(connection, tmp_path, heading):
    load(connection, tmp_path, NUMBER, [heading, "2024年1月1日至2024年12月31日"])
    assert select(connection, "select starts_on, ends_on from contract") == [("2024-01-01", "2024-12-31")]


def test_two_dates_in_one_column_beside_a_column_for_one_of_them(connection, tmp_path):
    load(connection, tmp_path, NUMBER, ["开始日期", "2024-01-01"], ["合同期限", "2024年1月1日至2024年12月31日"])
    assert select(connection, "select starts_on, ends_on from contract") == [("2024-01-01", None)]
    assert [row[2] for row in list_problems(connection, "en") if row[3] is None] == ["C"]


def test_the_unit_of_a_corner_cell(connection, tmp_path):
    load(connection, tmp_path, NUMBER, ["合同金额", "1.5"], above=[["合同台账", ""], ["", "单位：万元"]])
    assert select(connection, "select amount from contract") == [(15000.0,)]


def test_the_unit_of_the_header_goes_before_the_corner(connection, tmp_path):
    load(connection, tmp_path, NUMBER, ["合同金额（元）", "1.5"], above=[["", "单位：万元"]])
    assert select(connection, "select amount from contract") == [(1.5,)]


def test_two_units_above_one_table_are_refused(connection, tmp_path):
    assert "several units stand above the table: 万元、元" in refused(connection, tmp_path, NUMBER, ["合同金额", "1.5"], above=[["单位：万元", "单位：元"]])[0]


def test_no_unit_anywhere(connection, tmp_path):
    assert "yuan or 10,000 yuan is not known (B2)" in refused(connection, tmp_path, NUMBER, ["合同金额", "1.5"])[0]


def test_totals_and_notes_of_a_whole_load(connection, tmp_path):
    columns = [["合同编号", "HT-1", "HT-2", "合计", "注：含税"], ["合同金额（元）", "5", "7", "13", ""]]
    report = load(connection, tmp_path, *columns, hidden_rows={"合同": [3]})
    assert report.rows == {"contract": 2} and report.notes["total_differs"] == 1 and report.notes["skipped"] == 2 and report.notes["hidden"] == 1
    said = {row[2]: row[7] for row in list_problems(connection, "en", with_information=True)}
    assert said["B4"] == "the total is 13.00, its 2 rows add up to 12.00: a difference of 1.00"
    assert said["3"] == "hidden rows, read all the same: 3" and said["5"].endswith("a note under the table")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ([["合同编号", "HT-1"], ["合同名称", "a"], ["", ""], ["合同编号", "HT-2"], ["合同名称", "b"]], "2 tables stand side by side (columns A-B, D-E)"),
        ([["合同编号", "HT-1", "付款编号", "1"], ["合同名称", "a", "付款日期", "2024-01-01"]], "row 3 is a header again: another table begins"),
    ],
)
def test_several_tables_in_a_sheet_need_a_mapping(connection, tmp_path, columns, message):
    assert any(message in fault and "ingest.py map" in fault for fault in refused(connection, tmp_path, *columns))


def test_sheets_of_a_workbook(connection, tmp_path):
    sheets = {"合同": [["合同编号"], ["HT-1"]], "支付": [["支付编号", "合同"], ["1", "HT-1"]], "说明": [["各科室填报"]]}
    report = load_source(connection, DICTIONARY, write_workbook(tmp_path / "office.xlsx", sheets))
    assert report.rows == {"contract": 1, "payment": 1}
    assert [row[1] for row in list_problems(connection, "en", with_information=True) if row[2] is None] == ["office.xlsx[说明]"]


def test_a_sheet_that_is_no_record_type_is_refused(connection, tmp_path):
    path = write_workbook(tmp_path / "office.xlsx", {"合同": [["合同编号"], ["HT-1"]], "Sheet2": [["x"]]})
    with pytest.raises(KnowledgeBaseError, match='"Sheet2" is not a record type; write a mapping file with ingest.py map') as error:
        load_source(connection, DICTIONARY, path)
    hint = error.value.faults[0].hint
    assert hint is not None and hint.zh.startswith(f"请用 ingest.py map {as_a_word(path.as_posix())} 写对应文件，其中要写明每张工作表（合同、Sheet2）")


def test_a_workbook_of_one_sheet_may_be_called_like_its_record_type(connection, tmp_path):
    assert load_source(connection, DICTIONARY, write_workbook(tmp_path / "合同.xlsx", {"Sheet1": [["合同编号"], ["HT-1"]]})).rows == {"contract": 1}


def test_the_same_number_in_two_sheets_is_told_with_both_places(connection, tmp_path):
    path = write_workbook(tmp_path / "office.xlsx", {"合同": [["合同编号"], ["HT-1"]], "contract": [["合同编号"], ["HT-1"]]})
    with pytest.raises(KnowledgeBaseError) as error:
        load_source(connection, DICTIONARY, path)
    assert "row 2 has the same key as row 2 of office.xlsx[合同]: HT-1" in error.value.faults[0].text.en


def test_two_contracts_of_one_number_are_told_how_to_stay_two(connection, tmp_path):
    (fault,) = refused(connection, tmp_path, ["合同编号", "HT-1", "HT-1"], ["合同名称", "绿化", "道路"])
    assert "same key as row 2: HT-1" in fault and "keys: {contract: [number, title]}" in fault


def test_a_heading_under_a_title_of_something_else_is_left_out_with_what_it_may_be(connection, tmp_path):
    path = write_workbook(tmp_path / "合同.xlsx", {"合同": [["合同编号", "金额", ""], ["", "合同金额（元）", "结算价（元）"], ["HT-1", 1, 2]]}, merged={"合同": ["A1:A2", "B1:C1"]})
    load_source(connection, DICTIONARY, path)
    told = {row[2]: row[7] for row in list_problems(connection, "zh") if row[9] == "not_loaded"}
    assert told["B"] == "B 列“金额 › 合同金额（元）”未读入：上面的标题“金额”没有说明是哪类记录，可能是合同·合同金额"


def test_brackets_that_hold_no_unit_are_told_what_to_do_about(connection, tmp_path):
    (fault,) = refused(connection, tmp_path, NUMBER, ["签订日期（年月日）", "2024-01-01"])
    assert "年月日" in fault and "where the brackets hold no unit take them out of the header" in fault


def test_a_comment_on_a_record_is_a_doubt_and_those_on_the_header_are_said(connection, tmp_path):
    import xlsxwriter

    book = xlsxwriter.Workbook(tmp_path / "合同.xlsx")
    sheet = book.add_worksheet("合同")
    for number, row in enumerate([["合同编号", "合同名称", "签订日期"], ["HT-1", "绿化", "2024-01-05"], ["HT-2", "道路", "2024-02-05"]]):
        sheet.write_row(number, 0, row)
    sheet.write_comment("A1", "必填")
    sheet.write_comment("C3", "实际为\n2024-03-01补签")
    book.close()
    load_source(connection, DICTIONARY, tmp_path / "合同.xlsx")
    assert select(connection, "select key, signed_on from contract") == [("HT-1", "2024-01-05"), ("HT-2", "2024-02-05")]
    told = [(row[2], row[6], row[7], row[9]) for row in list_problems(connection, "zh", with_information=True) if "批注" in row[7]]
    assert told == [("C3", "实际为 2024-03-01补签", "这一格有批注，批注没有读入", "doubtful"), (None, None, "表头的批注未读入：A1", "skipped")]
