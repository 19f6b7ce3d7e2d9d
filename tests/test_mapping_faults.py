"""Mapping files that are wrong, or no longer those of their workbook: every fault with its place and what is there."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from auditkb.dictionary_files import load_dictionary
from auditkb.errors import KnowledgeBaseError
from auditkb.sources.source import open_source
from tests.sheet_maker import write_workbook

DICTIONARY = load_dictionary(Path(__file__).resolve().parents[1] / "records")
GOOD = """\
tables:
  - sheet: 台账
    header_rows: [1]
    first_row: 2
    columns:
      A 合同编号: contract.number
      B 合同名称: contract.title
      C 金额: {to: contract.amount, unit: 元}
"""


@pytest.fixture
def faults(tmp_path):
    """A function that gives the faults of a mapping against a workbook of two sheets."""
    path = write_workbook(tmp_path / "a.xlsx", {"台账": [["合同编号", "合同名称", "金额"], ["HT-1", "a", "5"]], "说明": [["填表说明"]]})

    def read(text, language="en"):
        (tmp_path / "a.map.yml").write_text(textwrap.dedent(text), "utf-8")
        try:
            source = open_source(path, DICTIONARY)
        except KnowledgeBaseError as error:
            return [fault.say(language).replace(tmp_path.as_posix() + "/", "") for fault in error.faults]
        assert [fault for _, extract in source.sheets for fault in extract.faults] == []
        return []

    return read


WITH_SKIP = GOOD + "skip: {说明: 没有数据}\n"


def test_a_good_mapping_has_no_fault(faults):
    assert faults(WITH_SKIP) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("contract.number", "contract.numbr", "a.map.yml:6:15: contract has no field \"numbr\"; did you mean: number"),
        ("contract.number", "contracts.number", "a.map.yml:6:15: there is no record type \"contracts\"; did you mean: contract"),
        ("contract.number", "number", "a.map.yml:6:15: \"number\" should be record_type.field or skip; such as contract.signed_on"),
        ("contract.number", "priced_line.item", "there is no record type \"priced_line\""),
        ("contract.title", '"? contract.title | contract.project | skip"', "a.map.yml:7:15: not decided yet: contract.title | contract.project | skip; write one of them"),
        ("contract.title", "contract.number", "a.map.yml:7:15: \"contract.number\" is read from column \"A 合同编号\" already"),
        ("contract.title", "contract[2].title", "\"contract\" has a number in some columns and none in others"),
        ("B 合同名称", "B 合同标题", "a.map.yml:7:7: mapping and workbook do not agree: column B is headed \"合同名称\", the mapping says \"合同标题\""),
        ("header_rows: [1]\n    first_row: 2", "header_rows: [2]\n    first_row: 3", "the header rows of the mapping (2) hold none of its titles: check where the header stands"),
        ("B 合同名称", "D 合同名称", "column D has no title, the mapping says \"合同名称\"; that title is in column B now"),
        ("B 合同名称", "B", "column B is headed \"合同名称\": write the title too; write: B 合同名称"),
        ("B 合同名称", "合同名称", "a.map.yml:7:7: \"合同名称\" should be a column's letter and title, each column once; such as: B 合同编号"),
        ("      B 合同名称: contract.title\n", "", "a.map.yml:6:7: column B \"合同名称\" is not mentioned; add a line for it"),
        ("sheet: 台账", "sheet: 台帐", "a.map.yml:2:12: the file has no sheet \"台帐\"; allowed: 台账, 说明"),
        ("  - sheet: 台账\n    header", "  - header", "the file has several sheets: say which (sheet); allowed: 台账, 说明"),
        ("skip: {说明: 没有数据}\n", "", "the file also has the sheet \"说明\", which is not mentioned"),
        ("{说明: ", "{填表说明: ", "the file has no sheet \"填表说明\"; did you mean: 说明"),
        ("first_row: 2", "first_row: 1", "a.map.yml:4:16: the first row of data lies below the header"),
        ("first_row: 2", "first_row: 2\n    last_row: 1", "the last row lies before the first"),
        ("[1]", "[2, 1]", "header rows count from 1, in their order"),
        ("unit: 元", "unit: 美元", "the unit \"美元\" is not known; allowed: 元"),
        ("unit: 元", 'unit: "?"', "the unit of the amounts is not decided yet; write one of them: 元 (yuan), 万元"),
        ("unit: 元", 'meanings: {/: "?"}', "what \"/\" means is not decided yet; write one of: not_required"),
        ("unit: 元", "date_order: ydm", "a.map.yml:8:"),
        ("    columns:", "    fill_down: [D]\n    columns:", "columns has no column D; allowed: A, B, C"),
        ("    columns:", "    constants: {contract.category: 房屋}\n    columns:", "a.map.yml:5:36: \"房屋\" is not one of the choices"),
        ("    columns:", "    constants: {contract.title: 甲}\n    columns:", "\"contract.title\" is read from a column already"),
        ("    columns:", "    fiscal_year: 2024\n    columns:", "no record type of this table has a field fiscal_year"),
        ("    columns:", "    headers: 1\n    columns:", "unknown key \"headers\"; did you mean: header_rows"),
        ("skip:", "keys: {contract: [numbers]}\nskip:", "contract has no field \"numbers\"; did you mean: number"),
        ("skip:", "values: {meanings: {/: not_capturd}}\nskip:", "there is no state \"not_capturd\"; did you mean: not_captured"),
        ("skip:", "coverage: [{covers: contract, because: {zh: 全, en: all}}]\nskip:", "coverage needs an id; the name of the source"),
        ("skip:", "id: x\ncoverage: [{covers: [contract, tender], because: {zh: 全, en: all}}]\nskip:", "one record type a line: - {covers: contract, …} - {covers: tender, …}"),
        ("skip:", "coverage: [{covers: contracts, because: {zh: 全, en: all}}]\nskip:", "there is no record type \"contracts\""),
        ("skip:", "  - 1\nskip:", "should be a mapping"),
        ("skip:", "  - {sheet: 台账, header_rows: [1], first_row: 9, columns: {A 合同编号: payment.contract}}\nskip:", "a.map.yml:9:5: reads the same cells as table 1; say where the upper one ends"),
    ],
)
def test_each_fault_has_its_place_and_what_to_do(faults, old, new, expected):
    assert old in WITH_SKIP
    found = faults(WITH_SKIP.replace(old, new))
    assert any(expected in fault for fault in found), found
    chinese = faults(WITH_SKIP.replace(old, new), "zh")
    assert len(chinese) == len(found) and all(any("\u4e00" <= character for character in fault) for fault in chinese)


def test_all_faults_come_at_once(faults):
    text = WITH_SKIP.replace("contract.number", "contract.numbr").replace("contract.title", '"?"').replace("unit: 元", "unit: 分")
    assert [fault.partition(" ")[0] for fault in faults(text)] == ["a.map.yml:6:15:", "a.map.yml:7:15:", "a.map.yml:8:41:"]


def test_a_table_in_which_everything_is_skipped_is_refused(faults):
    text = WITH_SKIP.replace("contract.number", "skip").replace("contract.title", "skip").replace("{to: contract.amount, unit: 元}", "skip")
    assert [fault.partition(": ")[2] for fault in faults(text)] == ["every column is skipped, so that nothing is loaded; name a sheet that is not loaded under skip"]


def test_amounts_in_another_currency_are_refused(tmp_path):
    path = write_workbook(tmp_path / "b.xlsx", {"Sheet1": [["合同编号", "合同金额（美元）"], ["HT-1", "5"]]})
    (tmp_path / "b.map.yml").write_text("values: {unit: 元}\ntables:\n  - {header_rows: [1], first_row: 2, columns: {A 合同编号: contract.number, B 合同金额（美元）: contract.amount}}\n", "utf-8")
    with pytest.raises(KnowledgeBaseError, match="not in yuan"):
        open_source(path, DICTIONARY)
