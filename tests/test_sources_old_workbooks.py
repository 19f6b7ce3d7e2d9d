"""Reading .xls, .et and .ods: cells, what is hidden, errors; broken files. `tests/data/ledger.*` were saved by LibreOffice."""

import shutil
import subprocess
import zipfile

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditkb.errors import KnowledgeBaseError
from auditkb.sources.sheets import Area
from auditkb.sources.source import FORMATS
from auditkb.sources.workbooks import read_ods, read_old_workbook
from tests.conftest import ROOT

DATA = ROOT / "tests" / "data"


def readings(path):
    """Row number -> (texts, hidden, positions of problems) of the first sheet."""
    sheet = FORMATS[path.suffix](path)[0]
    return {row.number: (row.cells, row.is_hidden, [problem.position for problem in row.problems]) for row in sheet.rows()}


@pytest.mark.parametrize("suffix", ["xls", "ods"])
def test_a_ledger(suffix):
    first, second = FORMATS[f".{suffix}"](DATA / f"ledger.{suffix}")
    assert (first.name, first.type_name, first.is_hidden, first.hidden_columns, first.merged) == (f"ledger.{suffix}[合同]", "合同", False, (1,), (Area(7, 0, 7, 2),))
    assert (second.type_name, second.is_hidden, [row.cells for row in second.rows()]) == ("隐藏", True, [["x"]])
    rows = readings(DATA / f"ledger.{suffix}")
    yes, no = ("TRUE", "FALSE") if suffix == "xls" else ("1", "0")
    assert rows[2] == (["0017", "绿化养护", "2019-05-20", "232000", "3%", yes, "#DIV/0!"], False, [6])
    assert rows[3] == (["HT-2", "道路维修", "2019-05-20 14:30:00", "1234.5", "5%", no, "464000"], True, [])
    assert rows[7] == (["合计", "", "", "233234.6", "", "#N/A", ""], False, [5])
    assert rows[8] == (["", "", "", "12345678901234600000", "", "", ""], False, [3])
    assert list(rows) == [1, 2, 3, 4, 7, 8, 9]


@pytest.mark.parametrize("suffix", ["xls", "ods"])
def test_a_month_is_no_day_here_either(suffix):
    assert readings(DATA / f"ledger.{suffix}")[9] == (["", "", "", "2019-05-01", "", "", ""], False, [3])


def test_et_is_xls_by_another_name(tmp_path):
    shutil.copy(DATA / "ledger.xls", tmp_path / "ledger.et")
    assert readings(tmp_path / "ledger.et") == readings(DATA / "ledger.xls")


@pytest.mark.parametrize("suffix", ["xls", "ods"])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.7, 0.9, 0.97])
def test_truncated_files(tmp_path, suffix, share):
    content = (DATA / f"ledger.{suffix}").read_bytes()
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(content[: int(len(content) * share)])
    try:
        rows = readings(path)
    except KnowledgeBaseError as error:
        assert [fault.text.zh for fault in error.faults] == ["工作簿已损坏或不完整，无法打开"]
    else:
        # What is missing lay after the last record (.xls has its description at the end).
        assert rows == readings(DATA / f"ledger.{suffix}")


@pytest.mark.parametrize("suffix", ["xls", "ods"])
@settings(max_examples=60)
@given(data=st.data())
def test_damaged_bytes_never_make_a_traceback(tmp_path_factory, suffix, data):
    content = bytearray((DATA / f"ledger.{suffix}").read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=6)):
        content[place] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / f"a.{suffix}"
    path.write_bytes(bytes(content))
    try:
        for sheet in FORMATS[path.suffix](path):
            list(sheet.rows())
    except KnowledgeBaseError as error:
        assert error.faults


def test_a_locked_xls(tmp_path):
    content = (DATA / "ledger.xls").read_bytes()
    # The record that says how many windows there are, overwritten with one that says that the rest is encrypted.
    place = content.index(b"\x42\x00\x02\x00")
    path = tmp_path / "a.xls"
    path.write_bytes(content[:place] + b"\x2f" + content[place + 1 :])
    with pytest.raises(KnowledgeBaseError, match="locked with a password"):
        read_old_workbook(path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        # How many texts there are; how far the sheet reaches; a cell's record that becomes one of these.
        (b"\xfc\x00\xa0\x00\x0f\x00\x00\x00\x0f\x00\x00\x00", b"\xfc\x00\xa0\x00\x0f\x00\x00\x00\xff\xff\xff\x7f"),
        (b"\x00\x02\x0e\x00\x00\x00\x00\x00", b"\x00\x02\x0e\x00\xff\xff\xff\xff"),
        (b"\x7e\x02\x0a\x00", b"\x00\x02\x0a\x00"),
    ],
)
def test_xls_that_announces_more_than_it_holds(tmp_path, old, new, capfd):
    content = (DATA / "ledger.xls").read_bytes()
    assert old in content
    path = tmp_path / "a.xls"
    path.write_bytes(content.replace(old, new, 1))
    with pytest.raises(KnowledgeBaseError, match="broken or incomplete"):
        read_old_workbook(path)
    assert capfd.readouterr().err == ""


# --- hostile .ods

CONTENT = (
    '<?xml version="1.0" encoding="UTF-8"?>{before}<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet><table:table table:name="合同">{rows}</table:table></office:spreadsheet></office:body>'
    "</office:document-content>"
)
TEXT = '<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'


def write_ods(path, rows, *, before=""):
    with zipfile.ZipFile(DATA / "ledger.ods") as made, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in made.namelist():
            archive.writestr(name, CONTENT.format(rows=rows, before=before) if name == "content.xml" else made.read(name))
    return path


def test_rows_and_columns_that_are_repeated(tmp_path):
    rows = (
        f'<table:table-row>{TEXT.format(text="a")}<table:table-cell table:number-columns-repeated="16383"/></table:table-row>'
        f'<table:table-row table:number-rows-repeated="2" table:visibility="filter">{TEXT.format(text="b")}</table:table-row>'
        '<table:table-row><table:table-cell office:value-type="percentage" office:value="0.5" table:number-columns-repeated="2"/></table:table-row>'
        '<table:table-row><table:table-cell table:formula="of:=[.A1]"/></table:table-row>'
        '<table:table-row table:number-rows-repeated="1048571" table:visibility="collapse"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
    )
    found = readings(write_ods(tmp_path / "a.ods", rows))
    assert {number: ([text for text in cells if text], hidden, problems) for number, (cells, hidden, problems) in found.items()} == {
        1: (["a"], False, []), 2: (["b"], True, []), 3: (["b"], True, []), 4: (["50%", "50%"], False, []), 5: (["=[.A1]"], False, [0])}


@pytest.mark.parametrize(
    ("rows", "before", "message"),
    [
        (f'<table:table-row table:number-rows-repeated="1048576">{TEXT.format(text="a").replace("<table:table-cell", "<table:table-cell table:number-columns-repeated=" + chr(34) + "16384" + chr(34))}</table:table-row>', "", "too large"),
        ('<table:table-row table:number-rows-repeated="99999999"/>', "", "written otherwise"),
        ('<table:table-row table:number-rows-repeated="1048576"><table:table-cell office:value-type="percentage" office:value="0.5"/></table:table-row>', "", "too large"),
        ("<table:table-row>", "", "broken or incomplete"),
        (f'<table:table-row>{TEXT.format(text="&e9;")}</table:table-row>', "<!DOCTYPE x [<!ENTITY e9 'ha'>]>", "written otherwise"),
    ],
)
def test_hostile_ods(tmp_path, rows, before, message):
    with pytest.raises(KnowledgeBaseError, match=message):
        read_ods(write_ods(tmp_path / "a.ods", rows, before=before))


# --- the same workbook in every format

@pytest.mark.slow
def test_every_format_says_the_same(tmp_path, libreoffice):
    book = openpyxl.Workbook()
    book.active.title = "合同"
    for row in range(1, 300):
        book.active.append([f"HT-{row:03}", f"合同{row}" if row % 7 else None, row * 1.25, row / 1000, f"=A{row}" if row % 5 else f"=1/{row % 10}"])
        book.active.cell(row, 4).number_format = "0.0%"
        book.active.row_dimensions[row].hidden = row % 11 == 0
    book.save(tmp_path / "a.xlsx")
    found = []
    for suffix in ("xls", "ods", "xlsx"):
        folder = tmp_path / suffix
        subprocess.run([libreoffice, "--headless", "--convert-to", suffix, "--outdir", str(folder), str(tmp_path / "a.xlsx")], check=True, capture_output=True, timeout=120)
        found.append(readings(folder / f"a.{suffix}"))
    assert found[0] == found[1] == found[2]
