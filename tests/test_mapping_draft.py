"""`ingest.py map`: a messy workbook gives a draft that a person can review; once decided it loads."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

import ingest
from auditkb.dictionary_files import load_dictionary
from auditkb.errors import KnowledgeBaseError
from auditkb.sources.mapping import read_mapping
from auditkb.sources.mapping_draft import draft_mapping
from auditkb.yaml_files import read_yaml
from tests.sheet_maker import write_workbook

DICTIONARY = load_dictionary(Path(__file__).resolve().parents[1] / "records")
LEDGER = [
    ["XX街道2024年合同管理台账"], ["填报单位：XX街道办事处", "", "", "", "", "", "", "", "", "", "", "", "", "", "单位：万元"],
    ["序号", "合同编号", "项目名称", "责任科室", "乙方", "招标投标", "", "签订日期", "合同金额", "合同期限", "第一次付款", "", "第二次付款", "", "验收日期", "是否归档", "合同编好"],
    ["", "", "", "", "", "采购方式", "公告日期", "", "", "", "付款日期", "付款金额", "付款日期", "付款金额", "", "", ""],
    ["1", "HT-1", "社区保洁", "城管科", "甲公司", "公开招标", "2024.1.5", "2024-02-20", "98.5", "2024.3.1-2025.2.28", "2024-03-10", "50", "2024-09-10", "48.5", "2025-03-05", "是", "x"],
    ["2", "HT-2", "绿化养护", "城管科", "乙公司", "询价", "/", "2024-03-01", "23.2", "/", "", "", "", "", "", "否", ""],
    ["合计", "", "", "", "", "", "", "", "121.7", "", "", "50", "", "48.5"],
]
MERGED = ["A1:Q1", "F3:G3", "K3:L3", "M3:N3", *(f"{letter}3:{letter}4" for letter in "ABCDEHIJOPQ")]
YEAR = [["合同编号", "合同名称", "合同金额", "发票号码", "开票日期", "付款日期", "付款金额"], ["HT-7", "物业", "500", "0012", "03.04.23", "04.05.23", "500"], [],
        ["二、比价情况"], ["采购名称", "报价单位1", "报价1", "报价单位2", "报价2"], ["桌椅", "甲", "1万元", "乙", "2万元"]]


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    return write_workbook(tmp_path_factory.mktemp("ledger") / "2024年台账.xlsx", {"合同台账": LEDGER, "2023年": YEAR, "说明": [["各科室填报"]]}, merged={"合同台账": MERGED})


def columns(draft, number):
    """Letter -> what the draft says of that column, for one table."""
    table = read_yaml(draft.path).data["tables"][number]
    return {key.partition(" ")[0]: value for key, value in table["columns"].items()}


@pytest.fixture
def workbook(original, tmp_path):
    return Path(shutil.copy(original, tmp_path))


@pytest.fixture(scope="module")
def draft(original):
    return draft_mapping(original, DICTIONARY, None, "zh")


def test_the_draft_offers_a_line_of_coverage_for_each_record_type_that_it_reads(draft, tmp_path):
    lines = [line.removeprefix("# ") for line in draft.path.read_text("utf-8").splitlines() if line.startswith("#")]
    block = [line for line in lines if line.startswith(("id:", "coverage:", "  - {covers:"))]
    declared = tmp_path / "x.yml"
    declared.write_text("\n".join(block) + "\n", "utf-8")
    data = read_yaml(declared).data
    assert data["id"] == "2024年台账", "the name that the source has without an id"
    assert [entry["covers"] for entry in data["coverage"]] == ["contract", "tender", "payment", "acceptance", "invoice", "quote"]
    assert {entry["fiscal_year"] for entry in data["coverage"]} == {"?"}, "the sheets are not of one year"


def test_tables_are_found_where_they_lie(draft):
    data = read_yaml(draft.path).data
    assert [{key: table.get(key) for key in ("sheet", "header_rows", "first_row", "last_row")} for table in data["tables"]] == [
        {"sheet": "合同台账", "header_rows": [3, 4], "first_row": 5, "last_row": None},
        {"sheet": "2023年", "header_rows": [1], "first_row": 2, "last_row": 2},
        {"sheet": "2023年", "header_rows": [5], "first_row": 6, "last_row": None}]
    assert data["skip"] == {"说明": "填表说明"}


def test_columns_of_a_ledger_with_several_record_types(draft):
    assert columns(draft, 0) == {
        "A": "skip", "B": "contract.number", "C": "? [contract.title, tender.title] | contract.project | skip", "D": "contract.department", "E": "contract.supplier",
        "F": "tender.method", "G": "tender.notice_on", "H": "contract.signed_on", "I": "contract.amount", "J": ["contract.starts_on", "contract.ends_on"],
        "K": "payment[1].paid_on", "L": "payment[1].amount", "M": "payment[2].paid_on", "N": "payment[2].amount", "O": "acceptance.signed_on",
        "P": "? skip", "Q": "? contract.number | skip"}


def test_columns_of_contracts_with_their_invoices_and_payments(draft):
    assert columns(draft, 1) == {"A": "contract.number", "B": "contract.title", "C": "contract.amount", "D": "invoice.number", "E": "invoice.issued_on",
                                 "F": "payment.paid_on", "G": "payment.amount"}


def test_quotes_side_by_side(draft):
    assert columns(draft, 2) == {"A": "tender.title", "B": "quote[1].supplier", "C": "quote[1].amount", "D": "quote[2].supplier", "E": "quote[2].amount"}


def test_comments_show_titles_samples_and_what_to_think_of(draft):
    text = draft.path.read_text("utf-8")
    assert '      "F 招标投标 › 采购方式": tender.method   # 采购·采购方式: 公开招标 | 询价' in text
    assert '#   meanings: {"/": "?"}' in text and "# fiscal_year: 2023" in text and "# century: 2000" in text and "# date_order: dmy" in text


def test_a_draft_is_refused_until_it_is_decided(draft):
    with pytest.raises(KnowledgeBaseError) as error:
        read_mapping(draft.path, DICTIONARY)
    said = [fault.say("en") for fault in error.value.faults]
    assert len(said) == 4 and sum("not decided yet:" in fault for fault in said) == 3 and sum("the unit of the amounts is not decided yet" in fault for fault in said) == 1


def test_what_a_mark_means_is_never_proposed_but_for_words_that_say_it(tmp_path):
    rows = [["合同编号", "合同名称", "备案日期"], ["1", "a", "/"], ["2", "b", "待定"], ["3", "c", "空白"], ["4", "d", "不适用"]]
    path = draft_mapping(write_workbook(tmp_path / "合同.xlsx", {"合同": rows}), DICTIONARY, None, "zh").path
    text = path.read_text("utf-8")
    line = next(line for line in text.splitlines() if "meanings" in line)
    assert '"/": "?"' in line and '"待定": "?"' in line and '"空白": blank_in_document' in line and "not_required（" in line and "\": not_required" not in line
    path.write_text(text.replace("# values:", "values:").replace("#   meanings", "  meanings"), "utf-8")
    with pytest.raises(KnowledgeBaseError) as error:
        read_mapping(path, DICTIONARY)
    assert all("还没有决定" in fault.say("zh") for fault in error.value.faults) and any("待定" in fault.say("zh") for fault in error.value.faults)


MIXED = [["序号", "合同编号", "采购项目", "单位(工程科)", "中标单位", "中标价（元）", "招标控制价（元）", "签订日期", "合同金额（元）", "本次付款（元）", "入账日期", "履约保证金（元）", "是否备案", "备注"],
         ["1", "HT-1", "绿化", "工程科", "甲公司", "100", "120", "2024-06-05", "100.00", "5.5", "2024-07-01", "2.00", "是", ""],
         ["2", "", "保洁", "工程科", "乙公司", "100", "120", "2024-06-05", "", "5.5", "2024-07-01", "2.00", "否", "x"]]


def test_what_may_be_several_fields_or_none_that_is_known_is_left_to_decide(tmp_path):
    found = columns(draft_mapping(write_workbook(tmp_path / "台账.xlsx", {"合同": MIXED}), DICTIONARY, None, "zh"), 0)
    assert found["C"] == "? contract.tender | contract.title | [contract.title, tender.title] | skip" and found["D"] == "? project.organisation | skip"
    assert found["E"] == "? [award.supplier, contract.supplier] | award.supplier | contract.supplier | skip"
    assert found["G"].startswith("? tender.estimated_amount") and found["J"].startswith("? payment.amount") and "payment.paid_on" in found["K"] and found["L"].startswith("? guarantee.amount")
    assert found["M"] == "? skip" and (found["A"], found["N"]) == ("skip", "skip") and all(found[letter].endswith("| skip") for letter in "CDEGJKL")


def test_a_record_that_no_column_names_is_left_to_decide(tmp_path):
    rows = [["采购项目", "乙方", "合同金额（万元）", "签订日期"], ["绿化", "甲", "5.5", "2024-01-01"]]
    found = columns(draft_mapping(write_workbook(tmp_path / "台账.xlsx", {"合同": rows}), DICTIONARY, None, "zh"), 0)
    assert found == {"A": "? contract.tender | contract.title | [contract.title, tender.title] | skip", "B": "contract.supplier", "C": "contract.amount", "D": "contract.signed_on"}


def test_the_invoice_of_a_payment_is_a_reference(tmp_path):
    rows = [["合同编号", "付款日期", "付款金额（元）", "发票号"], ["HT-1", "2024-01-02", "5", "0012"]]
    path = write_workbook(tmp_path / "支付.xlsx", {"支付": rows})
    loaded = run("records", path, "--db", tmp_path / "kb.db", language="en")
    assert loaded.exit_code == 0, loaded.output
    assert columns(draft_mapping(path, DICTIONARY, None, "zh"), 0)["D"] == "payment.invoice"


def test_a_draft_offers_what_the_values_and_titles_show(tmp_path):
    rows = [["青禾街道办事处2024年合同台账"], ["合同编号", "合同名称", "签订日期", "合同金额（元）", "付款日期", "付款金额（元）"],
            ["HT-1", "绿化", "24年6月5日", "5", "12月20日", "3"], ["", "", "", "", "2024-08-01", "2"]]
    book = write_workbook(tmp_path / "2024台账.xlsx", {"合同": rows})
    text = draft_mapping(book, DICTIONARY, None, "zh").path.read_text("utf-8")
    for line in ("# fill_down: [A]", "# constants: {contract.buyer: 青禾街道办事处}", "#   century: 2000", '#   year: "?"', '# if_empty: {contract: {tender: "?", award: "?"}}'):
        assert line in text, line
    path = tmp_path / "2024台账.map.yml"
    path.write_text(re.sub(r"# (fill_down|constants|values|  century|  year)", r"\1", text).replace('year: "?"', "year: 2024"), "utf-8")
    assert run("records", book, "--db", tmp_path / "kb.db").exit_code == 0
    path.write_text(text.replace("# if_empty", "if_empty"), "utf-8")
    assert run("records", book, "--db", tmp_path / "kb2.db").exit_code == 2


def test_a_draft_says_that_a_sheet_is_hidden_and_makes_the_office(tmp_path):
    import xlsxwriter

    book = xlsxwriter.Workbook(tmp_path / "x.xlsx")
    for name in ("合同", "发票"):
        sheet = book.add_worksheet(name)
        sheet.write_row(0, 0, ["合同编号", "合同名称"])
        sheet.write_row(1, 0, ["HT-1", "a"])
    sheet.hide()
    book.close()
    written = run("map", tmp_path / "x.xlsx", "--office", tmp_path / "our-office")
    assert written.exit_code == 0, written.output
    assert (tmp_path / "our-office" / "maps" / "x.map.yml").read_text("utf-8").count("这张工作表是隐藏的") == 1


def run(*arguments, language="zh"):
    return CliRunner().invoke(ingest.commands(language), [str(argument) for argument in arguments])


def test_a_decided_draft_loads(workbook, tmp_path):
    written = run("map", workbook)
    assert written.exit_code == 0 and "待定 3" in written.output and "待定 1" in written.output
    path = tmp_path / "2024年台账.map.yml"
    text = path.read_text("utf-8").replace('"? [contract.title, tender.title] | contract.project | skip"', "[contract.title, tender.title]")
    text = text.replace('"? contract.number | skip"', "skip").replace('unit: "?"', "unit: 元").replace('"? skip"', "skip").replace("# date_order", "date_order").replace("# century", "century")
    path.write_text(text, "utf-8")
    loaded = run("records", workbook, "--db", tmp_path / "kb.db", language="en")
    assert loaded.exit_code == 0, loaded.output
    assert re.findall(r"(\w+): (\d+) row", loaded.output) == [
        ("Procurement", "3"), ("Quote", "2"), ("Contract", "3"), ("Acceptance", "1"), ("Invoice", "1"), ("Payment", "3")]
    rows = json.loads(run("problems", "--all", "--db", tmp_path / "kb.db", "--format", "json", language="en").stdout)
    assert any(row["cell"] == "7" and "totals" in row["problem"] for row in rows)
    assert len(rows) > len(json.loads(run("problems", "--db", tmp_path / "kb.db", "--format", "json", language="en").stdout))


def test_a_draft_does_not_overwrite_what_was_reviewed(workbook, tmp_path):
    assert run("map", workbook, "--office", make(tmp_path / "office")).exit_code == 0
    assert (tmp_path / "office" / "maps" / "2024年台账.map.yml").is_file()
    again = run("map", workbook, "--office", tmp_path / "office")
    assert again.exit_code == 2 and "--force" in again.stderr
    assert run("map", workbook, "--office", tmp_path / "office", "--force").exit_code == 0


def make(folder):
    folder.mkdir()
    return folder


@pytest.mark.parametrize(("dates", "order"), [(["31.12.2023"], "date_order: dmy"), (["12/31/2023"], "date_order: mdy"), (["01.02.2023"], "# date_order"), (["19.05.20", "31.05.20"], "# date_order")])
def test_the_order_of_dates_is_written_only_where_the_dates_prove_it(tmp_path, dates, order):
    path = write_workbook(tmp_path / "contract.xlsx", {"合同": [["合同编号", "签订日期"], *([f"HT-{n}", date] for n, date in enumerate(dates))]})
    line = next(line for line in draft_mapping(path, DICTIONARY, None, "en").path.read_text("utf-8").splitlines() if "date_order" in line)
    assert line.strip("# ").startswith(order.strip("# ")) and line.strip().startswith("#") == order.startswith("#")


def test_records_side_by_side_that_words_tell_apart(tmp_path):
    rows = [["合同编号", "合同名称", "付款情况", "", "", ""], ["", "", "首付款", "", "尾款", ""], ["", "", "日期", "金额（元）", "日期", "金额（元）"], ["HT-1", "a", "2024-1-1", "9", "2024-5-1", "1"]]
    merged = {"台账": ["A1:A3", "B1:B3", "C1:F1", "C2:D2", "E2:F2"]}
    draft = draft_mapping(write_workbook(tmp_path / "x.xlsx", {"台账": rows}, merged=merged), DICTIONARY, None, "en")
    assert [columns(draft, 0)[letter] for letter in "CDEF"] == ["payment[1].paid_on", "payment[1].amount", "payment[2].paid_on", "payment[2].amount"]


def test_titles_above_that_name_no_type_leave_the_decision_open(tmp_path):
    rows = [["项目名称", "责任科室", "预算安排", "", "执行情况"], ["", "", "年初预算（元）", "追加（元）", "支出数（元）"], ["绿化", "城管科", "9", "1", "5"]]
    draft = draft_mapping(write_workbook(tmp_path / "x.xlsx", {"预算": rows}, merged={"预算": ["A1:A2", "B1:B2", "C1:D1"]}), DICTIONARY, None, "en")
    assert (columns(draft, 0)["A"], columns(draft, 0)["B"]) == (["project.name", "budget.project"], "project.department")
    assert [columns(draft, 0)[letter] for letter in "CDE"] == ["? budget.initial_amount | skip", "? budget.added_amount | skip", "? budget.actual_amount | skip"]


def test_a_column_without_a_title_is_written_down_too(tmp_path):
    path = write_workbook(tmp_path / "x.xlsx", {"合同": [["", "合同编号", "合同名称"], ["1", "HT-1", "a"]]})
    draft = draft_mapping(path, DICTIONARY, None, "en")
    assert columns(draft, 0) == {"A": "skip", "B": "contract.number", "C": "contract.title"}
    assert run("records", path, "--db", tmp_path / "kb.db").exit_code == 0


def test_what_stands_in_a_column_without_a_title_is_for_a_person_to_decide(tmp_path):
    path = write_workbook(tmp_path / "x.xlsx", {"合同": [["", "合同编号", "合同名称"], ["已作废", "HT-1", "a"], ["", "HT-2", "b"]]})
    assert columns(draft_mapping(path, DICTIONARY, None, "en"), 0)["A"] == "? skip"


def test_columns_of_one_number_go_together_though_they_are_called_otherwise(tmp_path):
    titles = ["合同编号", "合同名称", "付款1日期", "付款1金额（元）", "付款2日期", "付款2金额（元）", "第三次付款时间", "第三次付款金额（元）"]
    path = write_workbook(tmp_path / "x.xlsx", {"台账": [titles, ["HT-1", "a", "2024-01-05", 1, "2024-02-05", 2, "2024-03-05", 3]]})
    found = columns(draft_mapping(path, DICTIONARY, None, "en"), 0)
    assert [found[letter] for letter in "CEGH"] == ["payment[1].paid_on", "payment[2].paid_on", "payment[3].paid_on", "payment[3].amount"]


def test_numbers_that_repeat_are_pointed_out(tmp_path):
    path = write_workbook(tmp_path / "contract.xlsx", {"合同": [["合同编号", "合同名称"], ["1", "a"], ["2", "b"], ["1", "c"]]})
    assert "keys: {contract: [number, title]}" in draft_mapping(path, DICTIONARY, None, "en").path.read_text("utf-8")


@pytest.mark.parametrize("rows", [[["合同编号", "合同编号"]] * 3, [["合同编号", "合同名称"], ["付款日期", "付款金额"], ["发票号码", "开票日期"]], [["合同编号"], ["付款日期"]]])
def test_headers_without_rows_end_the_search(tmp_path, rows):
    assert draft_mapping(write_workbook(tmp_path / "x.xlsx", {"表": rows}), DICTIONARY, None, "en").path.is_file()


@pytest.mark.parametrize("rows", [[["随便写点"]], [["Numri", "Titulli"], ["1", "Ura"]]])
def test_sheets_without_a_known_table(tmp_path, rows):
    draft = draft_mapping(write_workbook(tmp_path / "x.xlsx", {"表": rows}), DICTIONARY, None, "en")
    assert read_yaml(draft.path).data is None or all(value in ("skip", "? skip") for table in range(len(read_yaml(draft.path).data.get("tables", []))) for value in columns(draft, table).values())


SEVERAL = {
    "合同台账": [["合同编号", "合同名称", "采购情况", "", "", "合同情况", ""], ["", "", "采购编号", "采购公告日期", "中标单位", "乙方", "合同金额（元）"],
                ["HT-1", "绿化", "CG-1", "2024-01-01", "甲", "甲", "50"]],
    "付款和发票": [["合同编号", "合同名称", "第1次付款", "", "第2次付款", "", "发票1", "", "发票2", ""],
                   ["", "", "付款1日期", "付款1金额（元）", "付款2日期", "付款2金额（元）", "发票1号码", "发票1日期", "发票2号码", "发票2日期"],
                   ["HT-1", "绿化", "2024-02-01", "30", "2024-03-01", "20", "001", "2024-01-20", "002", "2024-02-20"]],
    "比价": [["采购编号", "报价单位1", "报价1（元）", "报价单位2", "报价2（元）"], ["CG-1", "甲", "50", "乙", "60"]],
}
SEVERAL_MERGED = {"合同台账": ["C1:E1", "F1:G1"], "付款和发票": ["C1:D1", "E1:F1", "G1:H1", "I1:J1"]}


@pytest.fixture(scope="module")
def several(tmp_path_factory):
    return draft_mapping(write_workbook(tmp_path_factory.mktemp("several") / "台账.xlsx", SEVERAL, merged=SEVERAL_MERGED), DICTIONARY, None, "zh")


def test_a_title_above_names_the_type_and_its_children(several):
    assert columns(several, 0) == {"A": "contract.number", "B": "contract.title", "C": "tender.number", "D": "tender.notice_on", "E": "award.supplier",
                                   "F": "contract.supplier", "G": "contract.amount"}


def test_a_sheet_of_payments_refers_to_the_contracts_of_another_sheet(several):
    found = columns(several, 1)
    assert found["A"] == ["payment[1].contract", "payment[2].contract", "invoice[1].contract", "invoice[2].contract"] and found["B"] == "skip"
    assert [found[letter] for letter in "CDGH"] == ["payment[1].paid_on", "payment[1].amount", "invoice[1].number", "invoice[1].issued_on"]
    assert columns(several, 2)["A"] == ["quote[1].tender", "quote[2].tender"]


def test_such_a_draft_loads_as_it_is(several, tmp_path):
    loaded = run("records", several.path.with_name("台账.xlsx"), "--db", tmp_path / "kb.db", language="en")
    assert loaded.exit_code == 0, loaded.output
    assert re.findall(r"(\w+): (\d+) row", loaded.output) == [
        ("Procurement", "1"), ("Award", "1"), ("Quote", "2"), ("Contract", "1"), ("Invoice", "2"), ("Payment", "2")]


PAID = ["付款日期", "合同编号", "付款金额（元）"]


@pytest.mark.parametrize(("numbers", "is_offered"), [(["HT-1", "", "HT-2", "HT-3"], False), (["HT-1", "", "", "HT-2", ""], True), (["HT-1", "HT-1", "", "HT-2"], False)])
def test_filling_down_is_offered_and_advised_only_where_numbers_stand_once_a_group(tmp_path, numbers, is_offered):
    path = write_workbook(tmp_path / "付款.xlsx", {"支付": [PAID, *([f"2024-01-{day:02}", number, day * 10] for day, number in enumerate(numbers, 1))]})
    draft = draft_mapping(path, DICTIONARY, None, "zh").path
    assert ("fill_down" in draft.read_text("utf-8")) == is_offered
    draft.unlink()
    assert run("records", path, "--db", tmp_path / "kb.db").exit_code == 0
    told = run("problems", "--db", tmp_path / "kb.db").output
    assert "没有填写所属" in told and ("fill_down: [B]" in told.replace("\n", "")) == is_offered
