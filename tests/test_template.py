"""The workbook to fill in: what is in it, and that it loads without a mapping file whoever filled it in."""

import csv
import datetime
import subprocess
from pathlib import Path

import openpyxl
import pytest

import ingest
from auditkb.database import create_tables, open_database, writer
from auditkb.dictionary_files import load_dictionary
from auditkb.errors import KnowledgeBaseError
from auditkb.notes import list_problems
from auditkb.outputs.template import types_to_fill, write_template
from auditkb.outputs.template_words import heading_of
from auditkb.records import loaded_columns
from auditkb.sources.loading import load_source
from command_line import ExitCode, run_commands

ROOT = Path(__file__).resolve().parents[1]
DICTIONARY = load_dictionary(ROOT / "records")
TYPES = ["organisation", "project", "tender", "quote", "contract", "invoice", "payment"]
# What an office types: numbers with zeros in front, dates as dates, a state in brackets, a choice by its label.
ROWS = {
    "organisation": [{"name": "甲公司", "uscc": "0112345678901234X9", "size": "小型", "phone": "01066001234"}, {"name": "乙公司"}],
    "project": [{"name": "绿化养护", "fiscal_year": 2024, "department": "城管科", "number": "0042"}],
    "tender": [{"number": "007", "title": "绿化采购", "project": "绿化养护", "notice_on": datetime.date(2024, 3, 1), "registered": 5, "estimated_amount": 250000}],
    "quote": [{"tender": "007", "supplier": "甲公司", "amount": 232000.5}, {"tender": "007", "supplier": "乙公司", "amount": 240000}],
    "contract": [
        {"number": "0012", "title": "绿化合同", "project": "绿化养护", "supplier": "甲公司", "signed_on": datetime.date(2024, 5, 20), "amount": 232000.5, "retention_rate": 0.03,
         "duration_days": 90, "is_framework": "否", "category": "服务", "announced_on": "[文件空白]"},
        {"number": "0013", "title": "保洁合同", "project": "绿化养护", "supplier": "乙公司", "signed_on": datetime.date(2024, 6, 3), "amount": 98000},
    ],
    "invoice": [{"code": "011002300111", "number": "00123456", "contract": "0012", "issued_on": datetime.date(2024, 7, 1), "amount": 116000.25}],
    "payment": [{"number": "0001", "contract": "0012", "paid_on": datetime.date(2024, 7, 15), "amount": 116000.25, "payee": "甲公司"}],
}


@pytest.fixture(scope="module")
def blank(tmp_path_factory):
    """The template of these types in each language."""
    folder = tmp_path_factory.mktemp("template")
    for language in ("zh", "en"):
        write_template(folder / f"{language}.xlsx", DICTIONARY, language, types_to_fill(DICTIONARY, TYPES))
    return folder


def fill(template: Path, path: Path, language: str = "zh", rows=ROWS, guide=()):
    book = openpyxl.load_workbook(template)
    for name, entries in rows.items():
        record_type = DICTIONARY[name]
        sheet = book[record_type.label.say(language)]
        columns = {field: number for number, field in enumerate(record_type.fields, 1)}
        for row, entry in enumerate(entries, 2):
            for field, value in entry.items():
                cell = sheet.cell(row, columns[field], value)
                cell.number_format = {"date": "yyyy-mm-dd", "money": "#,##0.00", "ratio": "0.00%", "integer": "0"}.get(record_type.fields[field].type, "@")
    sheet = book.worksheets[0]
    for label, values in guide:
        row = next(cells[0].row for cells in sheet.iter_rows() if cells[0].value == label)
        for column, value in values.items():
            sheet.cell(row, column, value)
    book.save(path)
    return path


def load(path: Path):
    connection = open_database(":memory:", create=True)
    with writer(connection):
        create_tables(connection, DICTIONARY)
    return connection, load_source(connection, DICTIONARY, path)


def content(connection):
    """Every record without the place that it came from."""
    places = ("source", "sheet", "row")
    found = {}
    for name in TYPES:
        columns = ", ".join(f'"{column}"' for column in loaded_columns(DICTIONARY[name]) if column not in places)
        found[name] = connection.execute(f'select {columns} from "{name}" order by key').fetchall()
    return found


def coverage(connection):
    return connection.execute("select record_type, fiscal_year, department, is_complete, because from coverage order by id").fetchall()


# --- what is in it


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_type_has_a_sheet_that_loads_empty_without_a_word(tmp_path, language):
    path = tmp_path / "all.xlsx"
    write_template(path, DICTIONARY, language, types_to_fill(DICTIONARY))
    connection, report = load(path)
    assert report.rows == dict.fromkeys((name for name, record_type in DICTIONARY.types.items() if record_type.derived is None), 0)
    assert list_problems(connection, "en") == [] and coverage(connection) == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_heading_says_what_it_means_and_columns_have_their_format(blank, language):
    book = openpyxl.load_workbook(blank / f"{language}.xlsx")
    assert book.sheetnames == [("填写说明", "Guide")[language == "en"], *(DICTIONARY[name].label.say(language) for name in TYPES), ("选项", "Choices")[language == "en"]]
    sheet = book[DICTIONARY["contract"].label.say(language)]
    heads = {cell.value: cell for cell in sheet[1]}
    assert list(heads) == [heading_of(field, language) for field in DICTIONARY["contract"].fields.values()]
    assert all(cell.comment is not None and len(cell.comment.text.splitlines()) >= 2 for cell in heads.values())
    amount = heads[("合同金额（元）", heading_of(DICTIONARY["contract"].fields["amount"], "en"))[language == "en"]]
    assert ("单位：元", "Unit: yuan")[language == "en"] in amount.comment.text
    formats = {field.type: sheet.column_dimensions[cell.column_letter].width for field, cell in zip(DICTIONARY["contract"].fields.values(), heads.values(), strict=True)}
    assert all(width > 8 for width in formats.values())
    assert sheet.freeze_panes == "B2"
    rules = {str(rule.sqref).split(":")[0]: rule for rule in sheet.data_validations.dataValidation}
    signed = next(cell for cell, field in zip(heads.values(), DICTIONARY["contract"].fields.values(), strict=True) if field.name == "signed_on")
    assert rules[f"{signed.column_letter}2"].type == "custom" and rules[f"{signed.column_letter}2"].errorStyle in (None, "stop")
    dropdowns = [field.name for field in DICTIONARY["contract"].fields.values() if field.choices or field.type == "flag"]
    assert sum(rule.type == "list" for rule in rules.values()) == len(dropdowns)


def test_drop_downs_show_the_labels_of_the_choices(blank):
    book = openpyxl.load_workbook(blank / "zh.xlsx")
    field = DICTIONARY["contract"].fields["category"]
    column = list(DICTIONARY["contract"].fields).index("category") + 1
    letter = openpyxl.utils.get_column_letter(column)
    rule = next(rule for rule in book["合同"].data_validations.dataValidation if str(rule.sqref).startswith(f"{letter}2:"))
    sheet, area = rule.formula1.split("!")
    assert [cell.value for (cell,) in book[sheet.strip("'=")][area.replace("$", "")]] == [label.zh for label in field.choices.values()]


def test_only_the_types_that_are_asked_for(tmp_path):
    assert [record_type.type for record_type in types_to_fill(DICTIONARY, ["合同", "payment"])] == ["contract", "payment"]
    with pytest.raises(KnowledgeBaseError, match="did you mean: contract"):
        types_to_fill(DICTIONARY, ["contrakt"])
    with pytest.raises(KnowledgeBaseError):
        types_to_fill(DICTIONARY, ["priced_line"])


# --- filled in and loaded


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_filled_template_loads_without_a_mapping(blank, tmp_path, language):
    connection, report = load(fill(blank / f"{language}.xlsx", tmp_path / "office.xlsx", language))
    assert report.rows == {name: len(ROWS[name]) for name in TYPES}
    assert (report.notes.get("marked"), report.problems) == (1, 0)
    contract = dict(zip(loaded_columns(DICTIONARY["contract"]), connection.execute(f"select {', '.join(loaded_columns(DICTIONARY['contract']))} from contract order by key").fetchone(), strict=True))
    expected = {"key": "0012", "number": "0012", "supplier": "甲公司", "signed_on": "2024-05-20", "amount": 232000.5, "retention_rate": 0.03, "duration_days": 90, "is_framework": 0, "category": "services"}
    assert {name: contract[name] for name in expected} == expected
    assert "announced_on=blank_in_document" in contract["_states"]
    assert connection.execute("select code, number from invoice").fetchall() == [("011002300111", "00123456")]
    assert connection.execute("select uscc, phone from organisation where name = '甲公司'").fetchall() == [("0112345678901234X9", "01066001234")]


def test_sheets_that_are_filled_count_as_complete_and_empty_ones_as_not_collected(blank, tmp_path):
    rows = {name: ROWS[name] for name in ("project", "contract")}
    connection, report = load(fill(blank / "zh.xlsx", tmp_path / "office.xlsx", rows=rows))
    assert report.rows["invoice"] == 0
    assert coverage(connection) == [(name, None, None, 1, "模板中已填写的表按完整计") for name in ("project", "contract")]


def test_the_table_of_completeness_decides(blank, tmp_path):
    guide = [("资料名称", {2: "椿树街道 2024"}), ("资料日期", {2: datetime.date(2024, 12, 31)}), ("合同", {2: "否"}), ("报价", {2: "是"}), ("支付", {2: "是", 3: 2024, 4: "城管科", 5: "财务科核对"})]
    rows = {name: ROWS[name] for name in ("project", "contract")}
    connection, _ = load(fill(blank / "zh.xlsx", tmp_path / "office.xlsx", rows=rows, guide=guide))
    assert coverage(connection) == [
        ("project", None, None, 1, "模板中已填写的表按完整计"), ("quote", None, None, 1, "模板“填写说明”注明"),
        ("contract", None, None, 0, "模板“填写说明”注明"), ("payment", 2024, "城管科", 1, "财务科核对")]
    assert connection.execute("select title, date from sources").fetchall() == [("椿树街道 2024", "2024-12-31")]


@pytest.mark.parametrize(
    ("entry", "words"),
    [(("合同", {2: "大概"}), "neither yes nor no"), (("合同", {1: "合约", 2: "是"}), "is not a record type"), (("合同", {2: "是", 3: "明年"}), "not a whole number"), (("合同", {2: "是", 4: "没有的科"}), 'no "Department" with the key "没有的科"'), (("资料日期", {2: "待定"}), "not certain")],
)
def test_a_wrong_guide_is_refused_with_its_place(blank, tmp_path, entry, words):
    path = fill(blank / "zh.xlsx", tmp_path / "office.xlsx", guide=[entry])
    with pytest.raises(KnowledgeBaseError) as error:
        load(path)
    assert len(error.value.faults) == 1
    assert words in error.value.faults[0].say("en") and "office.xlsx" in error.value.faults[0].say("zh")


def test_sheets_and_columns_that_are_not_used_may_go(blank, tmp_path):
    path = fill(blank / "zh.xlsx", tmp_path / "office.xlsx")
    book = openpyxl.load_workbook(path)
    del book["报价"]
    book["合同"].delete_cols(list(DICTIONARY["contract"].fields).index("duration_days") + 1)
    book.save(path)
    connection, report = load(path)
    assert "quote" not in report.rows and report.problems == 0
    assert connection.execute("select amount, duration_days from contract order by key").fetchone() == (232000.5, None)


def test_the_same_rows_as_csv_in_gb18030_load_to_the_same_records(blank, tmp_path):
    folder = tmp_path / "csv"
    folder.mkdir()
    (folder / "source.yml").write_text("id: csv\ntitle: {zh: 台账, en: Ledger}\n", "utf-8")
    for name, entries in ROWS.items():
        fields = DICTIONARY[name].fields
        with (folder / f"{name}.csv").open("w", encoding="gb18030", newline="") as file:
            table = csv.writer(file)
            table.writerow(heading_of(field, "zh") for field in fields.values())
            table.writerows([entry.get(field, "") for field in fields] for entry in entries)
    workbook, _ = load(fill(blank / "zh.xlsx", tmp_path / "office.xlsx"))
    table, _ = load(folder)
    assert content(table) == content(workbook)


@pytest.mark.slow
def test_what_libreoffice_saved_loads_to_the_same_records(blank, tmp_path, libreoffice):
    filled = fill(blank / "zh.xlsx", tmp_path / "office.xlsx", guide=[("报价", {2: "是"})])
    expected, _ = load(filled)
    for source, suffix in ((filled, "ods"), (tmp_path / "office.ods", "xlsx")):
        folder = tmp_path / suffix if suffix == "xlsx" else tmp_path
        subprocess.run([libreoffice, f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--headless", "--convert-to", suffix, "--outdir", str(folder), str(source)],
                       check=True, capture_output=True, timeout=300)
        connection, report = load(folder / f"office.{suffix}")
        assert content(connection) == content(expected), suffix
        assert coverage(connection) == coverage(expected), suffix
        assert report.problems == 0


# --- the command


def test_the_command_writes_once_and_never_over_a_filled_file(tmp_path, capsys):
    path = tmp_path / "office.xlsx"
    assert run_commands(ingest.commands, ["template", str(path), "--types", "contract，支付", "--lang", "zh"]) == ExitCode.OK
    assert openpyxl.load_workbook(path).sheetnames == ["填写说明", "合同", "支付", "选项"]
    before = path.read_bytes()
    assert run_commands(ingest.commands, ["template", str(path), "--lang", "en"]) == ExitCode.BAD_INPUT
    assert path.read_bytes() == before and "--force" in capsys.readouterr().err
    assert run_commands(ingest.commands, ["template", str(path), "--force", "--lang", "en"]) == ExitCode.OK
    assert "Contract" in openpyxl.load_workbook(path).sheetnames
    for wrong in (["template", str(tmp_path / "a.csv")], ["template", str(tmp_path / "no" / "a.xlsx")], ["template", str(tmp_path / "a.xlsx"), "--types", "x"]):
        assert run_commands(ingest.commands, wrong) == ExitCode.BAD_INPUT
    assert not (tmp_path / "a.xlsx").exists()


def test_loading_an_empty_template_says_that_there_is_nothing(blank, tmp_path, capsys):
    assert run_commands(ingest.commands, ["records", str(blank / "zh.xlsx"), "--db", str(tmp_path / "kb.db"), "--lang", "zh"]) == ExitCode.OK
    assert "没有记录的表：单位、项目、采购、报价、合同、发票、支付" in "".join(capsys.readouterr().out.split())
