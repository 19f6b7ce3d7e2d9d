"""Files made to harm, or simply wrong: a plain fault or a listed problem each, in bounded time and memory, nothing half loaded."""

import subprocess
import sys
import zipfile

import pytest

from auditkb.errors import KnowledgeBaseError
from auditkb.notes import list_problems
from auditkb.sources.loading import load_source
from auditkb.sources.source import FORMATS
from tests.conftest import ROOT
from tests.small_dictionary import small_dictionary
from tests.workbook_parts import MAIN, OFFICE, sheet_xml, text_cell, write_package

DICTIONARY = small_dictionary()
HEADER = f'<row r="1">{text_cell("A1", "合同编号")}{text_cell("B1", "合同名称")}</row>'
GOOD = sheet_xml(HEADER + f'<row r="2">{text_cell("A2", "HT-1")}{text_cell("B2", "绿化")}</row>')


def fault_of(path):
    """The one fault of a file, in English; it has its place and speaks Chinese too."""
    with pytest.raises(KnowledgeBaseError) as error:
        for sheet in FORMATS[path.suffix](path):
            for _ in sheet.rows():
                pass
    (fault,) = error.value.faults
    assert fault.file.startswith(path.as_posix()) and fault.text.zh and fault.hint
    return fault.say("en")


def rows_of(path):
    (sheet,) = FORMATS[path.suffix](path)
    return list(sheet.rows())


# --- archives

def test_a_zip_bomb_in_one_row(tmp_path):
    bomb = sheet_xml('<row r="1"><c r="A1"><v>' + "1" * 36_000_000 + "</v></c></row>")
    path = write_package(tmp_path / "a.xlsx", bomb)
    assert path.stat().st_size < 1_000_000
    assert "too large" in fault_of(path)


def test_a_zip_bomb_of_shared_texts(tmp_path):
    path = write_package(tmp_path / "a.xlsx", GOOD, {"xl/sharedStrings.xml": bytes(257 * 1024**2)})
    assert "unpacks to far too much" in fault_of(path)


def test_a_zip_bomb_that_understates_its_size(tmp_path):
    path = write_package(tmp_path / "a.xlsx", GOOD, {"xl/sharedStrings.xml": bytes(3_000_000)})
    content = path.read_bytes()
    path.write_bytes(content.replace((3_000_000).to_bytes(4, "little"), (1000).to_bytes(4, "little")))
    assert "broken or incomplete" in fault_of(path)


def test_descriptions_of_endless_length(tmp_path):
    path = write_package(tmp_path / "a.xlsx", GOOD, {"xl/styles.xml": b" " * (33 * 1024**2)})
    assert "too large" in fault_of(path)


def test_a_part_that_is_there_twice(tmp_path):
    path = write_package(tmp_path / "a.xlsx", GOOD)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("xl/worksheets/sheet1.xml", sheet_xml(""))
    assert "broken or incomplete" in fault_of(path)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.99])
def test_truncated_workbooks(tmp_path, share):
    path = write_package(tmp_path / "a.xlsx", GOOD)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    assert "broken or incomplete" in fault_of(path)


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml", "_rels/.rels"])
def test_workbooks_whose_parts_are_cut_off(tmp_path, part):
    broken = "<?xml version='1.0'?><worksheet xmlns='" + MAIN + "'><sheetData><row r='1'><c r='A1'><v>1</v></c>"
    assert fault_of(write_package(tmp_path / "a.xlsx", GOOD, {part: broken}))


def test_damaged_bytes_never_make_a_traceback(tmp_path):
    path = write_package(tmp_path / "a.xlsx", GOOD)
    content = path.read_bytes()
    for place in range(0, len(content), 7):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :])
        try:
            for sheet in FORMATS[".xlsx"](path):
                list(sheet.rows())
        except KnowledgeBaseError:
            pass


# --- sheets

def test_a_million_empty_formatted_rows(tmp_path):
    rows = HEADER + "".join(f'<row r="{row}" s="1" ht="9"/>' for row in range(2, 1_048_577))
    assert [row.number for row in rows_of(write_package(tmp_path / "a.xlsx", sheet_xml(rows)))] == [1]


def test_empty_formatted_cells_as_far_as_they_go(tmp_path):
    rows = HEADER + '<row r="9"><c r="XFD9" s="1"/></row><row r="1048576"><c r="A1048576" s="1"/><c r="XFD1048576"/></row>'
    path = write_package(tmp_path / "a.xlsx", sheet_xml(rows, before='<dimension ref="A1:XFD1048576"/>'))
    assert [row.cells for row in rows_of(path)] == [["合同编号", "合同名称"]]


@pytest.mark.parametrize("cells", ['<c r="XFD1048576"><v>1</v></c>', '<c r="ZZ1048576" t="str"><f>A1</f><v>x</v></c>'])
def test_a_single_cell_in_the_last_corner(tmp_path, cells):
    path = write_package(tmp_path / "a.xlsx", sheet_xml(HEADER + f'<row r="1048576">{cells}</row>'))
    assert "lie too far from the others" in fault_of(path)


def test_rows_that_run_backwards_hide_no_corner(tmp_path):
    path = write_package(tmp_path / "a.xlsx", sheet_xml('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>' + HEADER))
    assert "lie too far from the others" in fault_of(path)


def test_a_cell_that_stands_in_another_row_than_it_says(tmp_path):
    path = write_package(tmp_path / "a.xlsx", sheet_xml(HEADER + '<row r="2"><c r="ZZ1048576"><v>1</v></c></row>'))
    assert fault_of(path)


@pytest.mark.parametrize(
    "cells",
    [
        '<c r="A1048576"><v>1</v></c><c r="B2"><v>1</v></c>', '<c\tr="ZZ99999"><v>1</v></c><c r="B2"><v>1</v></c>',
        '<c r="ZZ99999"><v>1</v></c><c r="B2"><v>1</v></c>', "<c r='ZZ1048576'><v>1</v></c><c r=\"B2\"><v>1</v></c>",
    ],
)
def test_cells_that_stand_elsewhere_than_they_say(tmp_path, cells):
    rows = HEADER + f'<row r="2">{cells}</row>' + "".join(f'<row r="{row}"><c r="A{row}"/></row>' for row in range(3, 9))
    assert fault_of(write_package(tmp_path / "a.xlsx", sheet_xml(rows)))


def test_a_cell_of_ten_megabytes(tmp_path):
    rows = HEADER + f'<row r="2">{text_cell("A2", "HT-1")}{text_cell("B2", "长" * 3_500_000)}</row>'
    row = rows_of(write_package(tmp_path / "a.xlsx", sheet_xml(rows)))[1]
    assert len(row.cells[1]) == 1001 and [(problem.position, problem.reason.en) for problem in row.problems] == [(1, "the cell holds over 32,000 characters; only its beginning is kept")]


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/styles.xml", "xl/sharedStrings.xml", "xl/worksheets/sheet1.xml"])
def test_entities_are_refused(tmp_path, part):
    entities = "".join(f'<!ENTITY e{level} "{f"&e{level - 1};" * 10}">' for level in range(1, 10))
    bomb = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "ha">{entities}<!ENTITY f SYSTEM "file:///etc/passwd">]><x xmlns="{MAIN}">&e9;&f;</x>'
    assert "written otherwise" in fault_of(write_package(tmp_path / "a.xlsx", GOOD, {part: bomb}))


def test_external_links_and_commands_are_never_followed(tmp_path):
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId9" Type="{OFFICE}/externalLink" TargetMode="External" Target="https://example.org/x.xlsx"/></Relationships>'
    )
    rows = HEADER + "<row r=\"2\"><c r=\"A2\" t=\"str\"><f>[1]Sheet1!A1</f><v>HT-1</v></c><c r=\"B2\" t=\"e\"><f>cmd|'/c calc'!A0</f><v>#REF!</v></c></row>"
    row = rows_of(write_package(tmp_path / "a.xlsx", sheet_xml(rows), {"xl/_rels/workbook.xml.rels": relations}))[1]
    assert row.cells == ["HT-1", "#REF!"] and [problem.position for problem in row.problems] == [1]


def test_a_sheet_that_lies_outside_the_file(tmp_path):
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="../../../../etc/passwd"/></Relationships>'
    )
    assert "broken or incomplete" in fault_of(write_package(tmp_path / "a.xlsx", GOOD, {"xl/_rels/workbook.xml.rels": relations}))


def test_titles_that_are_no_file_name(tmp_path):
    workbook = f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="../a:b\\c/?*[1]" sheetId="1" r:id="rId1"/></sheets></workbook>'
    path = write_package(tmp_path / "a.xlsx", GOOD, {"xl/workbook.xml": workbook})
    assert FORMATS[".xlsx"](path)[0].place == path.as_posix() + "[../a:b\\c/?*[1]]"
    assert "written otherwise" in fault_of(write_package(tmp_path / "a.xlsx", sheet_xml("<row><c><v>1</v></c></row>"), {"xl/workbook.xml": workbook}))


# --- files under a wrong name

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.xlsx", b"", "holds an empty file"),
        ("a.xlsx", OLE + bytes(2000), "called .xlsx but holds a workbook of the old format"),
        ("a.xlsx", OLE + "EncryptionInfo".encode("utf-16-le") + "EncryptedPackage".encode("utf-16-le") + bytes(2000), "locked with a password"),
        ("a.xlsx", b"PK\x03\x04" + bytes(2000), "broken or incomplete"),
        ("a.xlsx", "合同编号,合同名称\n".encode(), "called .xlsx but holds something else"),
        ("a.xls", b"PK\x03\x04" + bytes(2000), "called .xls but holds a workbook of the newer formats"),
        ("a.xls", b"<html><table><tr><td>1</td></tr></table></html>", "called .xls but holds a web page"),
        ("a.xls", OLE + bytes(2000), "broken or incomplete"),
        ("a.et", OLE + bytes(range(256)) * 8, "broken or incomplete"),
        ("a.ods", b"PK\x03\x04" + bytes(2000), "broken or incomplete"),
        ("a.csv", b"PK\x03\x04" + bytes(2000), "an Excel workbook that was renamed"),
        ("a.tsv", OLE + bytes(2000), "an Excel workbook that was renamed"),
        ("a.csv", b"%PDF-1.7\n%abc\n", "this is a PDF"),
        ("a.csv", b"<!DOCTYPE html><table><tr><td>1</td></tr></table>", "this is a web page"),
        ("a.csv", b"a,b\n1,\x002\n3,4\0\n", "NUL bytes"),
        ("a.csv", b"a,b\n" + b"1,2\n" * 600_000 + b"1,\0\n", "no valid text"),
        ("a.csv", b"a,b\n1,2\n" + b'"' + b"x" * 10_000_000 + b'"\n', "too long"),
        ("a.csv", "a,b\n1,é\n2,ès\n".encode("latin-1"), "no valid text"),
    ],
)
def test_files_that_are_not_what_they_are_called(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    assert message in fault_of(path)


# --- nothing half loaded

def test_a_workbook_with_one_bad_sheet_loads_nothing(connection, tmp_path):
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="{OFFICE}/worksheet" Target="worksheets/sheet2.xml"/></Relationships>'
    )
    workbook = f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="合同" sheetId="1" r:id="rId1"/><sheet name="付款" sheetId="2" r:id="rId2"/></sheets></workbook>'
    more = {"xl/workbook.xml": workbook, "xl/_rels/workbook.xml.rels": relations, "xl/worksheets/sheet2.xml": GOOD[:-30]}
    path = write_package(tmp_path / "office.xlsx", GOOD, more)
    with pytest.raises(KnowledgeBaseError):
        load_source(connection, DICTIONARY, path)
    for table in ("contract", "sources", "cell_notes"):
        assert connection.execute(f"select count(*) from {table}").fetchone() == (0,)


def test_cells_without_a_value_are_listed_and_not_read(connection, tmp_path):
    rows = (f'<row r="1">{text_cell("A1", "合同编号")}{text_cell("B1", "合同名称")}{text_cell("C1", "合同金额（元）")}</row>'
            f'<row r="2">{text_cell("A2", "HT-1")}<c r="B2" t="e"><v>#REF!</v></c><c r="C2"><f>C3*2</f></c></row>')
    load_source(connection, DICTIONARY, write_package(tmp_path / "contract.xlsx", sheet_xml(rows)), type_name="contract")
    assert connection.execute("select key, title, amount, _states from contract").fetchall() == [("HT-1", None, None, "|title=unreadable|amount=unreadable|")]
    assert [(row[1], row[2], row[6], row[7]) for row in list_problems(connection, "en")] == [
        ("contract.xlsx[合同]", "B2", "#REF!", "the result of the formula is an error"), ("contract.xlsx[合同]", "C2", "=C3*2", "the formula has no computed result")]


def test_no_traceback_reaches_a_person(tmp_path):
    path = tmp_path / "contract.xlsx"
    path.write_bytes(b"PK\x03\x04" + bytes(100))
    done = subprocess.run([sys.executable, "ingest.py", "records", str(path), "--db", str(tmp_path / "k.db"), "--lang", "zh"], cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 2 and "工作簿已损坏或不完整" in done.stderr and "Traceback" not in done.stderr
