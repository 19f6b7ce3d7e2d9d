"""Reading workbooks: none, one, many, broken; cells as the sheet shows them; what is hidden; what has no value."""

import datetime
from decimal import Decimal

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from auditkb.errors import KnowledgeBaseError
from auditkb.sources.number_formats import read_number_format
from auditkb.sources.sheets import Area
from auditkb.sources.source import FORMATS
from auditkb.sources.workbooks import read_xlsx
from tests.conftest import ROOT
from tests.workbook_parts import sheet_xml, text_cell, write_package

DATA = ROOT / "tests" / "data"


@pytest.fixture
def workbook(tmp_path):
    """A function that writes cells {place: (value, number format)} with xlsxwriter and gives the sheets that are read."""

    def write(cells, *, setup=lambda book, sheet: None, **options):
        path = tmp_path / "台账.xlsx"
        book = xlsxwriter.Workbook(path, options)
        sheet = book.add_worksheet("合同")
        for place, value in cells.items():
            value, number_format = value if isinstance(value, tuple) else (value, None)
            style = book.add_format({"num_format": number_format}) if number_format else None
            if isinstance(value, datetime.datetime | datetime.date):
                sheet.write_datetime(place, value, style)
            else:
                sheet.write(place, value, style)
        setup(book, sheet)
        book.close()
        return read_xlsx(path)

    return write


def texts(sheet):
    """Row number -> texts of its cells."""
    return {row.number: row.cells for row in sheet.rows()}


def problems(sheet):
    """(row, column, reason) of every cell whose text is not its value."""
    return [(row.number, problem.position, problem.reason.en) for row in sheet.rows() for problem in row.problems]


# --- none, one, many

def test_a_workbook_without_a_cell_is_refused(workbook):
    with pytest.raises(KnowledgeBaseError, match="the workbook is empty"):
        workbook({})


def test_one_cell(workbook):
    (sheet,) = workbook({"C4": "绿化"})
    assert (sheet.name, sheet.type_name, sheet.is_hidden, sheet.hidden_columns, sheet.merged) == ("台账.xlsx[合同]", "合同", False, (), ())
    assert sheet.place.endswith("/台账.xlsx[合同]")
    assert texts(sheet) == {4: ["", "", "绿化"]}


def test_many_rows_are_read_anew_at_each_call(workbook):
    cells = {f"{column}{row}": f"{column}{row}" for row in range(1, 3001) for column in ("A", "B")}
    (sheet,) = workbook(cells)
    rows = list(sheet.rows())
    assert [row.number for row in rows] == list(range(1, 3001)) and rows[-1].cells == ["A3000", "B3000"]
    assert next(iter(sheet.rows())).cells == ["A1", "B1"]
    assert list(sheet.rows()) == rows


def test_sheets_in_their_order_without_empty_ones(workbook):
    def more(book, sheet):
        for title in ("空", "付款", "隐藏", "深藏"):
            other = book.add_worksheet(title)
            if title != "空":
                other.write("A1", title)
        book.get_worksheet_by_name("隐藏").hide()
        book.get_worksheet_by_name("深藏").very_hidden()
        book.add_chartsheet("图")

    sheets = workbook({"A1": "x"}, setup=more)
    assert [(sheet.type_name, sheet.is_hidden) for sheet in sheets] == [("合同", False), ("付款", False), ("隐藏", True), ("深藏", True)]
    assert [texts(sheet)[1] for sheet in reversed(sheets)] == [["深藏"], ["隐藏"], ["付款"], ["x"]]


def test_blank_rows_are_left_out_and_others_keep_their_number(workbook):
    (sheet,) = workbook({"A1": "x", "A2": " ", "B5": "y"})
    assert texts(sheet) == {1: ["x", ""], 5: ["", "y"]}


# --- values

@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        ("00123", None, "00123"), (" 805,200.00 ", None, " 805,200.00 "), ("两\n行", None, "两\n行"), ("a&b<c", None, "a&b<c"),
        (232000, None, "232000"), (0.1 + 0.2, None, "0.3"), (1234567.89, "#,##0.00", "1234567.89"), (1e-7, None, "0.0000001"), (-5.5, None, "-5.5"),
        (123456789012345, "0", "123456789012345"), (0, None, "0"), (True, None, "TRUE"), (False, None, "FALSE"),
        (datetime.date(2019, 5, 20), "yyyy-mm-dd", "2019-05-20"), (datetime.datetime(2019, 5, 20, 14, 30), "yyyy/m/d h:mm", "2019-05-20 14:30:00"),
        (datetime.date(2019, 5, 20), '[$-804]yyyy"年"m"月"d"日";@', "2019-05-20"), (43605, "yyyy-mm-dd", "2019-05-20"), (43605, None, "43605"),
        (0.03, "0%", "3%"), (0.1234, "0%", "12.34%"), (1.5, "0.00%", "150%"), (0.07, "0%", "7%"), (-0.05, "0%", "-5%"), (0, "0%", "0%"),
        (23.2, '0.00"万元"', "23.2万元"), (17, "000000", "000017"), (17, '"HT"0000', "HT0017"), (232000, "[$$-409]#,##0.00", "$232000"), (232000, "¥#,##0.00", "232000"),
        (0.5, "h:mm", "12:00:00"),
    ],
)
def test_cells_become_text_as_the_sheet_shows_them(workbook, value, number_format, text):
    (sheet,) = workbook({"A1": (value, number_format)})
    assert texts(sheet) == {1: [text]} and problems(sheet) == []


@pytest.mark.parametrize(
    ("value", "number_format", "text", "reason"),
    [
        (12345678901234567890, "0", "12345678901234600000", "over fifteen digits"),
        (datetime.date(2019, 5, 1), 'yyyy"年"m"月"', "2019-05-01", "year and month only"),
        (datetime.date(2019, 1, 1), "yyyy", "2019-01-01", "year and month only"),
        (datetime.date(2019, 5, 20), 'm"月"d"日"', "2019-05-20", "month and day only"),
        (232000, '0!.0,"万"', "232000", "smaller than it is stored"), (232000, "#,##0,", "232000", "smaller than it is stored"),
    ],
)
def test_what_is_shown_and_what_is_stored_may_differ_in_meaning(workbook, value, number_format, text, reason):
    (sheet,) = workbook({"A1": (value, number_format)})
    assert texts(sheet) == {1: [text]}
    assert [(row, column) for row, column, _ in problems(sheet)] == [(1, 0)] and reason in problems(sheet)[0][2]


def test_a_day_that_somebody_typed_is_read_under_a_format_of_months(workbook):
    (sheet,) = workbook({"A1": (datetime.date(2019, 5, 20), 'yyyy"年"m"月"')})
    assert texts(sheet) == {1: ["2019-05-20"]} and problems(sheet) == []


def test_dates_of_the_1904_system(workbook):
    (sheet,) = workbook({"A1": (datetime.date(2019, 5, 20), "yyyy-mm-dd"), "A2": (42143, "yyyy-mm-dd")}, date_1904=True)
    assert texts(sheet) == {1: ["2019-05-20"], 2: ["2019-05-20"]}


def test_formats_hold_for_their_cells_only(workbook):
    cells = {f"B{row}": (0.03, "0%" if row % 3 else None) for row in range(1, 31)} | {"A7": (0.5, "0.0%"), "D40": (0.25, "0%"), "A8": 0.5, "B45": 0.03}
    (sheet,) = workbook(cells)
    found = texts(sheet)
    assert [found[row][1] for row in range(1, 31)] == ["3%" if row % 3 else "0.03" for row in range(1, 31)]
    assert (found[7][0], found[8][0], found[40][3], found[45][1]) == ("50%", "0.5", "25%", "0.03")


@given(st.decimals(min_value=Decimal("-1e12"), max_value=Decimal("1e12"), places=2))
def test_every_amount_is_written_with_its_own_digits(amount):
    from auditkb.sources.workbook_rows import _number

    assert Decimal(_number(float(amount))) == amount
    assert Decimal(read_number_format(9, None).show(_number(float(amount))).removesuffix("%")) == amount * 100


@pytest.mark.parametrize("code", ["General", "0.00", "#,##0.00_);[Red](#,##0.00)", "yyyy-mm-dd", "h:mm", "[h]:mm:ss", "0.00E+00", "# ?/?", "@", ";;;", '_ ¥* #,##0.00_ ;_ ¥* "-"??_ ;_ @_ ', ""])
def test_ordinary_formats_change_nothing(code):
    assert read_number_format(164, code) is None


# --- cells without a value

def test_formulas_without_a_result_are_said(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["合计", "=SUM(A2:A9)", '=cmd|"/c calc"!A0'])
    book.save(tmp_path / "a.xlsx")
    (sheet,) = read_xlsx(tmp_path / "a.xlsx")
    assert texts(sheet) == {1: ["合计", "=SUM(A2:A9)", '=cmd|"/c calc"!A0']}
    assert problems(sheet) == [(1, 1, "the formula has no computed result"), (1, 2, "the formula has no computed result")]


def test_a_row_of_nothing_but_formulas_without_a_result(tmp_path):
    rows = '<row r="2"><c r="B2"><f>A1</f><v></v></c></row><row r="5"><c r="D5"><f t="shared" si="0"/></c></row>'
    (sheet,) = read_xlsx(write_package(tmp_path / "a.xlsx", sheet_xml(rows)))
    assert [(row.number, row.cells[-1], row.problems[0].position) for row in sheet.rows()] == [(2, "=A1", 1), (5, "=", 3)]


def test_formulas_with_a_result_and_empty_results(tmp_path):
    rows = '<row r="1"><c r="A1"><f>1+1</f><v>2</v></c><c r="B1" t="str"><f>""</f><v></v></c><c r="C1" t="str"><f>"x"</f><v>x</v></c></row>'
    (sheet,) = read_xlsx(write_package(tmp_path / "a.xlsx", sheet_xml(rows)))
    assert texts(sheet) == {1: ["2", "", "x"]} and problems(sheet) == []


def test_results_of_a_file_that_wants_to_be_computed_count_for_nothing(tmp_path):
    rows = '<row r="1"><c r="A1"><f>1+1</f><v>0</v></c><c r="B1"><v>7</v></c></row>'
    path = write_package(tmp_path / "a.xlsx", sheet_xml(rows), workbook='<calcPr fullCalcOnLoad="1"/>')
    assert problems(read_xlsx(path)[0]) == [(1, 0, "the formula has no computed result")]


def test_errors_are_kept_as_their_text(tmp_path):
    rows = '<row r="1"><c r="A1" t="e"><f>1/0</f><v>#DIV/0!</v></c><c r="B1" t="e"><v>#N/A</v></c><c r="C1"><v>1</v></c></row>'
    (sheet,) = read_xlsx(write_package(tmp_path / "a.xlsx", sheet_xml(rows)))
    assert texts(sheet) == {1: ["#DIV/0!", "#N/A", "1"]}
    assert [(row, column) for row, column, _ in problems(sheet)] == [(1, 0), (1, 1)]


# --- what is hidden, what is merged

def test_hidden_rows_and_columns_and_merged_areas(workbook):
    def setup(book, sheet):
        sheet.set_row(2, None, None, {"hidden": True})
        sheet.set_column("B:C", None, None, {"hidden": True})
        sheet.merge_range("A5:C6", "合计")

    (sheet,) = workbook({f"A{row}": "x" for row in (1, 2, 3, 4)}, setup=setup)
    assert {row.number: row.is_hidden for row in sheet.rows()} == {1: False, 2: False, 3: True, 4: False, 5: False}
    assert sheet.hidden_columns == (1, 2)
    assert sheet.merged == (Area(5, 0, 6, 2),) and texts(sheet)[5] == ["合计"]


def test_where_all_rows_are_hidden_unless_said_no_row_is_known_to_be(tmp_path):
    rows = '<row r="1"><c r="A1"><v>1</v></c></row>'
    path = write_package(tmp_path / "a.xlsx", sheet_xml(rows, before='<sheetFormatPr defaultRowHeight="15" zeroHeight="1"/>'))
    assert [row.is_hidden for row in read_xlsx(path)[0].rows()] == [None]


# --- as other programs write it

@pytest.mark.parametrize(
    "sheet",
    [
        '<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:cols><x:col min="2" max="2" hidden="1"/></x:cols><x:sheetData><x:row r="1" hidden="1">'
        '<x:c r="A1" s="1"><x:v>0.03</x:v></x:c><x:c r="B1"><x:f>A1</x:f></x:c></x:row></x:sheetData><x:mergeCells><x:mergeCell ref="A1:A2"/></x:mergeCells></x:worksheet>',
        "<worksheet xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'><cols><col hidden='true' min='2' max='2'/></cols><sheetData><row hidden='true'\n r='1'>"
        "<c s='1' r='A1'><v>0.03</v></c><c\tr='B1'><f>A1</f></c></row></sheetData><mergeCells><mergeCell ref='A1:A2'/></mergeCells></worksheet>",
    ],
)
def test_prefixes_quotes_and_order_of_attributes_do_not_matter(tmp_path, sheet):
    styles = '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs><xf numFmtId="0"/><xf numFmtId="9"/></cellXfs></styleSheet>'
    (found,) = read_xlsx(write_package(tmp_path / "a.xlsx", sheet, {"xl/styles.xml": styles}))
    assert [(row.cells, row.is_hidden, row.problems[0].position) for row in found.rows()] == [(["3%", "=A1"], True, 1)]
    assert (found.hidden_columns, found.merged) == ((1,), (Area(1, 0, 2, 0),))


@pytest.mark.parametrize(
    "sheet",
    [
        sheet_xml("<row><c><v>1</v></c></row>"),
        sheet_xml(f"<!-- --><row r='1'>{text_cell('A1', 'x')}</row>"),
        sheet_xml('<row r="1"><c r="A1" t="inlineStr"><is><t><![CDATA[<row r="7" hidden="1">]]></t></is></c></row>'),
        sheet_xml('<row r="9999999"><c r="A9999999"><v>1</v></c></row>'),
        sheet_xml(f'<row r="1">{text_cell("A1", "x")}</row>').encode("utf-16"),
        "<worksheets/>",
    ],
)
def test_what_no_spreadsheet_program_writes_is_refused(tmp_path, sheet):
    with pytest.raises(KnowledgeBaseError) as error:
        read_xlsx(write_package(tmp_path / "a.xlsx", sheet))
    assert [fault.file.endswith("a.xlsx[合同]") for fault in error.value.faults] == [True]


# --- other formats

def test_a_workbook_with_macros_is_read_without_them(tmp_path):
    path = write_package(tmp_path / "a.xlsm", sheet_xml(f'<row r="1">{text_cell("A1", "x")}</row>'), {"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0"})
    assert texts(FORMATS[".xlsm"](path)[0]) == {1: ["x"]}
