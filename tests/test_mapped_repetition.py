"""A record that several tables of one workbook speak of: filled in from all, refused where they differ."""

from pathlib import Path

import pytest

from auditkb.dictionary_files import load_dictionary
from auditkb.errors import KnowledgeBaseError
from auditkb.sources.loading import load_source
from tests.sheet_maker import select, write_workbook

DICTIONARY = load_dictionary(Path(__file__).resolve().parents[1] / "records")


@pytest.fixture
def load(connection, tmp_path):
    """A function that writes a workbook with the tables of its mapping file, and loads it."""

    def load_it(sheets, tables):
        path = write_workbook(tmp_path / "台账.xlsx", sheets)
        path.with_name("台账.map.yml").write_text("tables:\n" + tables, "utf-8")
        return load_source(connection, DICTIONARY, path)

    return load_it


def faults(load, sheets, tables):
    with pytest.raises(KnowledgeBaseError) as error:
        load(sheets, tables)
    return [fault.say("en") for fault in error.value.faults]


LEDGER = "  - {sheet: 台账, header_rows: [1], first_row: 2, columns: {A 合同编号: [contract.number, tender.number], B 合同名称: [contract.title, tender.title], C 采购方式: tender.method, D 验收日期: acceptance.signed_on}}\n"
QUOTES = "  - {sheet: 询价, header_rows: [1], first_row: 2, columns: {A 采购事项: tender.title, B 合同编号: tender.number, C 询价日期: tender.evaluated_on, D 单位: quote.supplier, E 报价（元）: quote.amount}}\n"
ROWS = {"台账": [["合同编号", "合同名称", "采购方式", "验收日期"], ["HT-1", "绿化", "询价", "2024-05-01"], ["HT-2", "保洁", "询价", ""]],
        "询价": [["采购事项", "合同编号", "询价日期", "单位", "报价（元）"], ["绿化", "HT-1", "2024-02-20", "甲公司", 9], ["绿化", "HT-1", "", "乙公司", 10]]}


@pytest.mark.parametrize("tables", [LEDGER + QUOTES, QUOTES + LEDGER])
def test_what_only_one_table_knows_of_a_record_is_filled_in(connection, load, tables):
    load(ROWS, tables)
    assert select(connection, "select key, title, method is not null, evaluated_on from tender order by 1") == [("HT-1", "绿化", 1, "2024-02-20"), ("HT-2", "保洁", 1, None)]
    assert select(connection, "select tender, supplier from quote order by amount") == [("HT-1", "甲公司"), ("HT-1", "乙公司")]
    assert select(connection, "select key, tender from contract order by 1") == [("HT-1", "HT-1"), ("HT-2", "HT-2")]


@pytest.mark.parametrize("tables", [LEDGER + QUOTES, QUOTES + LEDGER])
def test_a_real_difference_is_refused_with_both_values_and_nothing_follows_from_it(load, tables):
    rows = {**ROWS, "询价": [ROWS["询价"][0], ["道路", "HT-1", "2024-02-20", "甲公司", 9]]}
    (fault,) = faults(load, rows, tables)
    assert 'another "' in fault and '"绿化"' in fault and '"道路"' in fault


CONTRACTS = "  - {sheet: 台账, header_rows: [1], first_row: 2, columns: {A 合同编号: contract.number, B 合同名称: contract.title, C 采购方式: skip, D 验收日期: %s}}\n"
NAMING = "  - {sheet: 询价, header_rows: [1], first_row: 2, columns: {A 采购事项: tender.title, B 合同编号: contract.number, C 询价日期: tender.evaluated_on, D 单位: quote.supplier, E 报价（元）: quote.amount}}\n"


@pytest.mark.parametrize("acceptance", ["acceptance.signed_on", "skip"])
@pytest.mark.parametrize("quotes_first", [False, True])
def test_a_row_that_only_names_a_record_of_another_table_is_no_double_entry(connection, load, acceptance, quotes_first):
    tables = [CONTRACTS % acceptance, NAMING]
    rows = {**ROWS, "询价": ROWS["询价"][:2]}
    load(rows, "".join(reversed(tables) if quotes_first else tables))
    assert select(connection, "select key, title, tender from contract order by 1") == [("HT-1", "绿化", "绿化"), ("HT-2", "保洁", None)]
    assert select(connection, "select tender, supplier from quote") == [("绿化", "甲公司")]


@pytest.mark.parametrize("order", [1, -1])
def test_a_title_alone_joins_two_tables_unless_they_differ(connection, load, order):
    by_title = LEDGER.replace("[contract.number, tender.number]", "contract.number"), NAMING
    load({**ROWS, "询价": ROWS["询价"][:2]}, "".join(by_title[::order]))
    assert select(connection, "select key, method is not null, evaluated_on from tender order by 1") == [("保洁", 1, None), ("绿化", 1, "2024-02-20")]
    assert select(connection, "select tender from quote union select tender from contract where number = 'HT-1'") == [("绿化",)]


def test_equal_titles_that_differ_are_counted_and_listed(connection, load):
    table = "  - {sheet: %s, header_rows: [1], first_row: 2, columns: {A 采购事项: tender.title, B 询价日期: tender.evaluated_on, C 单位: quote.supplier}}\n"
    sheets = {f"{year}年": [["采购事项", "询价日期", "单位"], ["保洁", f"{year}-01-05", "甲公司"]] for year in (2023, 2024)}
    report = load(sheets, table % "2023年" + table % "2024年")
    assert select(connection, "select key from tender order by 1") == [("保洁",), ("保洁/2",)] and report.notes["same_key"] == 1


def test_a_contract_in_full_in_two_tables_is_refused_all_the_same(load):
    whole = "  - {sheet: %s, header_rows: [1], first_row: 2, columns: {A 合同编号: contract.number, B 合同名称: contract.title, C 合同金额（元）: contract.amount}}\n"
    rows = [["合同编号", "合同名称", "合同金额（元）"], ["HT-1", "绿化", 5]]
    (fault,) = faults(load, {"一": rows, "二": rows}, whole % "一" + whole % "二")
    assert "the same key as row 2 of 台账.xlsx[一]: HT-1" in fault


@pytest.mark.parametrize(("meaning", "acceptances"), [("not_captured", [("HT-2", None)]), ("blank_in_document", [("HT-2", None)]), ("not_required", [])])
def test_a_cell_that_means_a_state_does_not_make_its_record_vanish_in_silence(connection, load, meaning, acceptances):
    table = CONTRACTS.replace("first_row: 2,", f"first_row: 2, values: {{meanings: {{/: {meaning}}}}},") % "acceptance.signed_on"
    load({"台账": [ROWS["台账"][0], ["HT-1", "绿化", "", "2024-05-01"], ["HT-2", "保洁", "", "/"]]}, table)
    assert select(connection, "select contract, signed_on from acceptance order by 1") == [("HT-1", "2024-05-01"), *acceptances]
    assert select(connection, "select cell, state, raw from cell_notes where record_type = 'acceptance'") == [("D3", meaning, "/")]
