"""Workbooks with a mapping file: several record types a row, records side by side, one contract over several rows, tables below each other."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from auditkb.dictionary_files import load_dictionary
from auditkb.errors import KnowledgeBaseError
from auditkb.notes import list_problems
from auditkb.sources.loading import load_source
from tests.sheet_maker import select, write_workbook

DICTIONARY = load_dictionary(Path(__file__).resolve().parents[1] / "records")


@pytest.fixture
def ledger(tmp_path):
    """A function that writes a workbook with its mapping file."""

    def write(sheets, mapping, **more):
        path = write_workbook(tmp_path / "台账.xlsx", sheets, **more)
        (tmp_path / "台账.map.yml").write_text(textwrap.dedent(mapping), "utf-8")
        return path

    return write


def load(connection, path, **options):
    return load_source(connection, DICTIONARY, path, **options)


def faults(connection, path, **options):
    with pytest.raises(KnowledgeBaseError) as error:
        load(connection, path, **options)
    assert all(fault.text.zh and fault.text.en for fault in error.value.faults)
    return [fault.say("en") for fault in error.value.faults]


ROW_HEADER = ["合同编号", "项目名称", "采购方式", "公告日期", "中标单位", "合同金额（元）", "付款1日期", "付款1金额（元）", "付款2日期", "付款2金额（元）", "验收日期"]
ROW_MAPPING = """
    tables:
      - header_rows: [1]
        first_row: 2
        columns:
          A 合同编号: contract.number
          B 项目名称: [contract.title, tender.title]
          C 采购方式: tender.method
          D 公告日期: tender.notice_on
          E 中标单位: [award.supplier, contract.supplier]
          F 合同金额（元）: contract.amount
          G 付款1日期: payment[1].paid_on
          H 付款1金额（元）: payment[1].amount
          I 付款2日期: payment[2].paid_on
          J 付款2金额（元）: payment[2].amount
          K 验收日期: acceptance.signed_on
        constants: {"payment[1].type": prepayment, payment.purpose: 货款, contract.category: goods}
"""


def test_one_row_gives_several_records_with_their_parents(connection, ledger):
    rows = [ROW_HEADER, ["HT-1", "桌椅", "询价", "2024-01-01", "甲公司", "900", "2024-02-01", "300", "2024-03-01", "600", "2024-02-20"],
            ["HT-2", "电脑", "", "", "乙公司", "50", "2024-05-01", "50", "", "", ""]]
    report = load(connection, ledger({"台账": rows}, ROW_MAPPING))
    assert report.rows == {"tender": 1, "award": 1, "contract": 2, "payment": 3, "acceptance": 1}
    assert select(connection, "select key, tender, award, supplier, amount, category from contract order by 1") == [
        ("HT-1", "桌椅", "桌椅/甲公司", "甲公司", 900.0, "goods"), ("HT-2", None, None, "乙公司", 50.0, "goods")]
    assert select(connection, "select contract, paid_on, amount, type, purpose, row from payment order by 2") == [
        ("HT-1", "2024-02-01", 300.0, "prepayment", "货款", 2), ("HT-1", "2024-03-01", 600.0, None, "货款", 2), ("HT-2", "2024-05-01", 50.0, "prepayment", "货款", 3)]
    assert select(connection, "select contract, signed_on from acceptance") == [("HT-1", "2024-02-20")]
    assert select(connection, "select tender, supplier from award order by 1") == [("桌椅", "甲公司")]


def test_two_equal_payments_in_one_row_are_refused(connection, ledger):
    rows = [ROW_HEADER, ["HT-1", "桌椅", "", "", "甲公司", "900", "2024-02-01", "300", "2024-02-01", "300", ""]]
    assert [fault.partition(": ")[2] for fault in faults(connection, ledger({"台账": rows}, ROW_MAPPING))] == [
        'row 2 holds the same "Payment" twice: HT-1/2024-02-01/300.00; remove one of them, or add a column with their numbers']


OVER_ROWS = """
    tables:
      - header_rows: [1]
        first_row: 2
        fill_down: [A]
        columns: {A 合同编号: contract.number, B 合同名称: contract.title, C 合同金额（元）: contract.amount, D 付款日期: payment.paid_on, E 付款金额（元）: payment.amount}
"""
OVER_HEADER = ["合同编号", "合同名称", "合同金额（元）", "付款日期", "付款金额（元）"]


@pytest.mark.parametrize("second", [["", "", "", "2024-02-01", "20"], ["HT-1", "", "", "2024-02-01", "20"], ["HT-1", "绿化", "100", "2024-02-01", "20"]])
def test_one_contract_over_several_rows(connection, ledger, second):
    path = ledger({"台账": [OVER_HEADER, ["HT-1", "绿化", "100", "2024-01-01", "80"], second, ["HT-2", "保洁", "7", "2024-03-01", "7"]]}, OVER_ROWS)
    assert load(connection, path).rows == {"contract": 2, "payment": 3}
    assert select(connection, "select contract, amount, row from payment order by row") == [("HT-1", 80.0, 2), ("HT-1", 20.0, 3), ("HT-2", 7.0, 4)]
    assert select(connection, "select key, amount, row from contract order by row") == [("HT-1", 100.0, 2), ("HT-2", 7.0, 4)]


def test_one_contract_over_several_rows_by_merged_cells(connection, ledger):
    rows = [OVER_HEADER, ["HT-1", "绿化", "100", "2024-01-01", "80"], ["", "", "", "2024-02-01", "20"]]
    path = ledger({"台账": rows}, OVER_ROWS.replace("        fill_down: [A]\n", ""), merged={"台账": ["A2:A3", "B2:B3", "C2:C3"]})
    assert load(connection, path).rows == {"contract": 1, "payment": 2}
    assert select(connection, "select contract, amount from payment order by row") == [("HT-1", 80.0), ("HT-1", 20.0)]
    assert not [row for row in list_problems(connection, "en") if row[2] != "1"]


def test_one_number_for_two_contracts_is_refused_or_told_apart(connection, ledger):
    rows = [OVER_HEADER, ["HT-1", "绿化", "100", "2024-01-01", "80"], ["HT-1", "保洁", "30", "2024-02-01", "20"]]
    path = ledger({"台账": rows}, OVER_ROWS)
    assert ["row 3 has the same key as row 2 (Contract HT-1), but another \"Contract title\"" in fault for fault in faults(connection, path)] == [True]
    path = ledger({"台账": rows}, OVER_ROWS + "    keys: {contract: [number, title]}\n")
    assert load(connection, path).rows == {"contract": 2, "payment": 2}
    assert select(connection, "select contract from payment order by row") == [("HT-1/绿化",), ("HT-1/保洁",)]


def test_an_amount_merged_over_several_records_is_read_for_none(connection, ledger):
    rows = [OVER_HEADER, ["HT-1", "绿化", "100", "2024-01-01", "80"], ["HT-2", "保洁", "", "2024-02-01", "20"], ["HT-3", "物业", "5", "2024-02-01", "3"]]
    load(connection, ledger({"台账": rows}, OVER_ROWS, merged={"台账": ["C2:C3"]}))
    assert select(connection, "select key, amount from contract order by 1") == [("HT-1", None), ("HT-2", None), ("HT-3", 5.0)]
    problems = [row for row in list_problems(connection, "en") if row[5] == "amount"]
    assert [(row[2], row[6]) for row in problems] == [("C2", "100")] and problems[0][7].startswith("C2:C3 is one merged cell with the amount of 2 records together")


def test_a_payment_merged_over_two_contracts_is_read_for_neither(connection, ledger):
    rows = [OVER_HEADER, ["HT-1", "绿化", "100", "2024-01-01", "80"], ["HT-2", "保洁", "50", "", ""]]
    load(connection, ledger({"台账": rows}, OVER_ROWS, merged={"台账": ["D2:D3", "E2:E3"]}))
    assert select(connection, "select contract, amount from payment order by 1") == [("HT-1", None), ("HT-2", None)]


def test_a_row_of_data_above_the_first_row_is_a_problem(connection, ledger):
    rows = [["HT-0", "物业", "9", "2024-01-01", "9"], ["统计口径", "全部合同"], OVER_HEADER, ["HT-1", "绿化", "100", "2024-01-01", "80"], ["HT-2", "保洁", "50", "2024-02-01", "20"]]
    load(connection, ledger({"台账": rows}, OVER_ROWS.replace("header_rows: [1]", "header_rows: [3]").replace("first_row: 2", "first_row: 5")))
    assert [row[2] for row in list_problems(connection, "en", kind="not_loaded")] == ["1", "4"]
    assert [row[2] for row in list_problems(connection, "en", with_information=True) if row[9] == "skipped"] == ["2"]


@pytest.mark.parametrize(("title", "amounts", "doubtful"), [
    ("合同金额（万元）", ["1250000", "20", "99999"], ["C2"]), ("合同金额（万元）", ["1250000元", "20", "30"], []), ("合同金额（万元）", ["120000万元", "20000", "30000"], []),
    ("合同金额（元）", ["200000000", "20000", "30000", "40000"], ["C2"]), ("合同金额（元）", ["200000000", "30000000", "1", "25000000"], []), ("合同金额（元）", ["900000", "1", "2", "3"], []),
])
def test_amounts_far_too_large_are_read_and_doubted(connection, ledger, title, amounts, doubtful):
    rows = [["合同编号", "合同名称", title], *([f"HT-{n}", "a", amount] for n, amount in enumerate(amounts))]
    load(connection, ledger({"台账": rows}, f"tables:\n  - {{header_rows: [1], first_row: 2, columns: {{A 合同编号: contract.number, B 合同名称: contract.title, C {title}: contract.amount}}}}\n"))
    assert [row[2] for row in list_problems(connection, "zh", kind="doubtful")] == doubtful
    assert select(connection, "select count(*) from contract where amount is null") == [(0,)]


def test_quotes_side_by_side(connection, ledger):
    rows = [["采购名称", *(f"{what}{n}" for n in (1, 2, 3) for what in ("报价单位", "报价"))], ["桌椅", "甲", "1.2万元", "乙", "1.3万元", "丙", "/"], ["电脑", "甲", "3万元", "", "", "", ""]]
    columns = "".join(f"          {letter} {title}{n}: quote[{n}].{field}\n" for n, pair in ((1, "BC"), (2, "DE"), (3, "FG"))
                      for letter, title, field in zip(pair, ("报价单位", "报价"), ("supplier", "amount"), strict=True))
    mapping = "    tables:\n      - header_rows: [1]\n        first_row: 2\n        values: {meanings: {/: not_required}}\n        columns:\n          A 采购名称: tender.title\n" + columns
    assert load(connection, ledger({"台账": rows}, mapping)).rows == {"tender": 2, "quote": 4}
    assert select(connection, "select tender, supplier, amount, _states from quote where supplier = '丙'") == [("桌椅", "丙", None, "|amount=not_required|")]


def test_a_sheet_a_year_and_two_tables_below_each_other(connection, ledger):
    mapping = """
        skip: {封面: 没有数据}
        tables:
          - {sheet: 2023年, header_rows: [1], first_row: 2, fiscal_year: 2023, columns: {A 项目名称: budget.project, B 年初预算（元）: budget.initial_amount}}
          - {sheet: 2024年, header_rows: [2], first_row: 3, last_row: 4, fiscal_year: 2024, department: 城管科, columns: {A 项目名称: [project.name, budget.project], B 年初预算（万元）: budget.initial_amount}}
          - {sheet: 2024年, header_rows: [7], first_row: 8, columns: {A 合同编号: contract.number, B 合同名称: contract.title}}
    """
    sheets = {"封面": [["预算"]], "2023年": [["项目名称", "年初预算（元）"], ["绿化", "100"]],
              "2024年": [["一、预算"], ["项目名称", "年初预算（万元）"], ["绿化", "1.5"], ["合计", "1.5"], [], ["二、合同"], ["合同编号", "合同名称"], ["HT-1", "绿化"]]}
    report = load(connection, ledger(sheets, mapping))
    assert report.rows == {"project": 1, "budget": 2, "contract": 1}
    assert select(connection, "select key, initial_amount from budget order by 1") == [("绿化/2023", 100.0), ("绿化/2024", 15000.0)]
    assert select(connection, "select name, department, fiscal_year from project") == [("绿化", "城管科", 2024)]
    said = {(row[1], row[2]) for row in list_problems(connection, "en", with_information=True)}
    assert {("台账.xlsx[封面]", None), ("台账.xlsx[2024年]", "1"), ("台账.xlsx[2024年]", "4"), ("台账.xlsx[2024年]", "6")} <= said


def test_tables_side_by_side_are_two_tables(connection, ledger):
    rows = [["合同编号", "合同名称", "", "付款编号", "合同编号"], ["HT-1", "绿化", "", "F-1", "HT-1"], ["HT-2", "保洁", "", "", ""], ["", "", "", "F-2", "HT-1"]]
    mapping = """
        tables:
          - {header_rows: [1], first_row: 2, columns: {A 合同编号: contract.number, B 合同名称: contract.title}}
          - {header_rows: [1], first_row: 2, columns: {D 付款编号: payment.number, E 合同编号: payment.contract}}
    """
    assert load(connection, ledger({"台账": rows}, mapping)).rows == {"contract": 2, "payment": 2}


def test_the_levels_of_a_merged_header_may_be_typed_plainly(connection, ledger):
    rows = [["合同编号", "招标投标", ""], ["", "公告日期", "开标日期"], ["HT-1", "2024-01-01", "2024-02-01"]]
    mapping = """
        tables:
          - header_rows: [1, 2]
            first_row: 3
            columns: {A 合同编号: [contract.number, tender.number], "B 招标投标 > 公告日期": tender.notice_on, "C 招标投标→开标日期": tender.opened_on}
    """
    assert load(connection, ledger({"台账": rows}, mapping, merged={"台账": ["A1:A2", "B1:C1"]})).rows == {"tender": 1, "contract": 1}
    assert select(connection, "select key, notice_on, opened_on from tender") == [("HT-1", "2024-01-01", "2024-02-01")]


def test_one_column_with_the_first_and_the_last_day(connection, ledger):
    rows = [["合同编号", "合同期限"], ["HT-1", "2024.1.1-2024.12.31"], ["HT-2", "一年"]]
    mapping = """
        tables:
          - {header_rows: [1], first_row: 2, columns: {A 合同编号: contract.number, B 合同期限: [contract.starts_on, contract.ends_on]}}
    """
    load(connection, ledger({"台账": rows}, mapping))
    assert select(connection, "select starts_on, ends_on, _states from contract order by key") == [
        ("2024-01-01", "2024-12-31", None), (None, None, "|starts_on=unreadable|ends_on=unreadable|")]


def test_what_is_said_of_values_holds_for_file_table_and_column(connection, ledger):
    rows = [["合同编号", "签订日期", "备案日期", "合同金额", "质保金比例"], ["HT-1", "05.02.18", "02/05/2019", "1.234,5", "5"], ["HT-2", "无", "", "—", ""]]
    mapping = """
        values: {date_order: dmy, meanings: {无: not_required}}
        tables:
          - header_rows: [1]
            first_row: 2
            values: {century: 2000, decimal_mark: ",", unit: 元, meanings: {—: blank_in_document}}
            columns:
              A 合同编号: contract.number
              B 签订日期: contract.signed_on
              C 备案日期: {to: contract.filed_on, date_order: mdy}
              D 合同金额: contract.amount
              E 质保金比例: {to: contract.retention_rate, unit: "%"}
    """
    load(connection, ledger({"台账": rows}, mapping))
    assert select(connection, "select signed_on, filed_on, amount, retention_rate, _states from contract order by key") == [
        ("2018-02-05", "2019-02-05", 1234.5, 0.05, None), (None, None, None, None, "|signed_on=not_required|amount=blank_in_document|")]


@pytest.mark.parametrize(("corner", "said", "amount"), [("单位：万元", "", 50000.0), ("单位：万元", "unit: 万元", 50000.0), ("", "unit: 万元", 50000.0), ("单位：元", "unit: 万元", None), ("", "", None)])
def test_the_unit_of_a_table(connection, ledger, corner, said, amount):
    mapping = f"""
        tables:
          - header_rows: [2]
            first_row: 3
            values: {{{said}}}
            columns: {{A 合同编号: contract.number, B 合同金额: contract.amount}}
    """
    path = ledger({"台账": [["台账", corner], ["合同编号", "合同金额"], ["HT-1", "5"]]}, mapping)
    if amount is None:
        assert any("the mapping says" in fault or "is not known (B3)" in fault for fault in faults(connection, path))
    else:
        load(connection, path)
        assert select(connection, "select amount from contract") == [(amount,)]


def test_the_unit_that_a_source_declares_holds_in_its_mappings(connection, ledger, tmp_path):
    ledger({"台账": [["合同编号", "合同金额"], ["HT-1", "5"]]}, "    tables: [{header_rows: [1], first_row: 2, columns: {A 合同编号: contract.number, B 合同金额: contract.amount}}]\n")
    (tmp_path / "source.yml").write_text("id: folder\ntitle: {zh: 台账, en: Ledger}\nmoney_unit: ten_thousand\n", "utf-8")
    load(connection, tmp_path)
    assert select(connection, "select amount from contract") == [(50000.0,)]


def test_rows_below_the_last_one_are_listed(connection, ledger):
    mapping = "    tables:\n      - {header_rows: [1], first_row: 2, last_row: 2, columns: {A 合同编号: contract.number, B 合同名称: contract.title}}\n"
    load(connection, ledger({"台账": [["合同编号", "合同名称"], ["HT-1", "a"], ["HT-2", "b"]]}, mapping))
    assert [(row[2], row[6]) for row in list_problems(connection, "en") if "below the last row" in row[7]] == [("3", "HT-2 | b")]


def test_a_mapping_gives_the_source_its_name_and_coverage(connection, ledger):
    mapping = """
        id: office-2024
        title: {zh: 二〇二四年台账, en: Ledger of 2024}
        date: 2024-12-31
        coverage:
          - {covers: contract, fiscal_year: 2024, because: {zh: 全年台账, en: all contracts of the year}}
        tables:
          - {header_rows: [1], first_row: 2, columns: {A 合同编号: contract.number, B 合同名称: contract.title}}
    """
    assert load(connection, ledger({"台账": [["合同编号", "合同名称"], ["HT-1", "a"]]}, mapping)).source == "office-2024"
    assert select(connection, "select source, record_type, fiscal_year, is_complete from coverage") == [("office-2024", "contract", 2024, 1)]


def test_a_scope_that_is_not_there_is_told_at_its_place(connection, ledger):
    mapping = """
        id: office-2024
        coverage: [{covers: contract, department: 城管处, because: {zh: 全, en: all}}]
        tables:
          - {header_rows: [1], first_row: 2, columns: {A 合同编号: contract.number, B 责任科室: contract.department}}
    """
    (fault,) = faults(connection, ledger({"台账": [["合同编号", "责任科室"], ["HT-1", "城管科"]]}, mapping))
    assert "台账.map.yml:3:" in fault and "城管处" in fault and "did you mean: 城管科" in fault


def test_the_mapping_is_found_beside_the_file_in_the_office_or_where_it_is_named(connection, ledger, tmp_path):
    mapping = "    tables:\n      - {header_rows: [1], first_row: 2, columns: {A 合同编号: contract.number, B 名: contract.title}}\n"
    path = ledger({"台账": [["合同编号", "名"], ["HT-1", "a"]]}, mapping)
    assert load(connection, path).state == "loaded"
    office = tmp_path / "office"
    (office / "maps").mkdir(parents=True)
    moved = (tmp_path / "台账.map.yml").rename(office / "maps" / "台账.xlsx.map.yml")
    assert load(connection, path, office=office).state == "unchanged"
    assert load(connection, path, mapping=moved).state == "unchanged"
    moved.write_text(moved.read_text("utf-8").replace("contract.title", "contract.service"), "utf-8")
    assert load(connection, path, mapping=moved).state == "replaced"
    assert any('"台账" is not a record type' in fault for fault in faults(connection, path))


def test_in_a_folder_a_mapping_stands_beside_its_file(connection, ledger, tmp_path):
    path = ledger({"台账": [["合同编号", "名"], ["HT-1", "a"]]}, "    tables:\n      - {header_rows: [1], first_row: 2, columns: {A 合同编号: contract.number, B 名: contract.title}}\n")
    (tmp_path / "source.yml").write_text("id: folder\ntitle: {zh: 台账, en: Ledger}\n", "utf-8")
    assert load(connection, tmp_path).rows == {"contract": 1}
    text = (tmp_path / "台账.map.yml").read_text("utf-8")
    (tmp_path / "台账.map.yml").write_text(text + "id: other\n", "utf-8")
    assert any("write id there" in fault for fault in faults(connection, tmp_path))
    assert path.exists()


def test_what_an_empty_part_of_a_row_means_may_be_said(connection, ledger):
    mapping = "    if_empty: {contract: {tender: blank_in_document}}\n" + textwrap.dedent(ROW_MAPPING).replace("\n", "\n    ")
    rows = [ROW_HEADER, ["HT-2", "电脑", "", "", "乙公司", "50", "2024-05-01", "50", "", "", ""]]
    load(connection, ledger({"台账": rows}, mapping))
    assert select(connection, "select tender, _states from contract") == [(None, "|tender=blank_in_document|")]


YEARS = """
tables:
  - {sheet: 2023年, header_rows: [1], first_row: 2, columns: {A 合同编号: contract.number, B 合同名称: contract.title, C 付款日期: payment.paid_on, D 付款金额（元）: payment.amount}}
  - {sheet: 2024年, header_rows: [1], first_row: 2, columns: {A 合同编号: contract.number, B 合同名称: contract.title, C 付款日期: payment.paid_on, D 付款金额（元）: payment.amount}}
"""
TITLES = ["合同编号", "合同名称", "付款日期", "付款金额（元）"]


def test_a_contract_that_goes_on_in_the_sheet_of_the_next_year_is_one(connection, ledger):
    path = ledger({"2023年": [TITLES, ["HT-1", "绿化", "2023-12-01", 50]], "2024年": [TITLES, ["HT-1", "绿化", "2024-02-01", 60], ["HT-1", "", "2024-03-01", 70]]}, YEARS)
    load(connection, path)
    assert select(connection, "select key, title from contract") == [("HT-1", "绿化")]
    assert select(connection, "select contract, amount from payment order by amount") == [("HT-1", 50.0), ("HT-1", 60.0), ("HT-1", 70.0)]


def test_a_contract_that_is_another_in_the_next_sheet_is_refused_with_both_places(connection, ledger):
    path = ledger({"2023年": [TITLES, ["HT-1", "绿化", "2023-12-01", 50]], "2024年": [TITLES, ["HT-1", "道路", "2024-02-01", 60]]}, YEARS)
    (fault,) = faults(connection, path)
    assert 'row 2 has the same key as row 2 of 台账.xlsx[2023年] (Contract HT-1), but another "Contract title"' in fault and "keys: {contract: [number, title]}" in fault


def test_a_column_beyond_the_last_one_of_the_sheet_is_refused(connection, ledger):
    mapping = """
        tables:
          - header_rows: []
            first_row: 1
            columns: {A: contract.number, B: contract.title, F: contract.supplier}
        """
    (fault,) = faults(connection, ledger({"台账": [["HT-1", "绿化"]]}, mapping))
    assert "台账.map.yml:5:" in fault and fault.endswith("the sheet has no column F; its last column is B")
