"""Reading text tables and JSON: none, one, many, broken; encodings, delimiters, quotes; numbers as they are written."""

import csv
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditkb.errors import KnowledgeBaseError
from auditkb.sources.csv_files import read_delimited
from auditkb.sources.json_files import read_json, read_json_lines
from auditkb.sources.source import FORMATS


@pytest.fixture
def read(tmp_path):
    """A function that writes a file and gives (number, line, cells) of its rows, by sheet."""

    def read(name: str, content: str | bytes):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        sheets = FORMATS[path.suffix](path)
        return {sheet.type_name: [tuple(row[:3]) for row in sheet.rows()] for sheet in sheets}

    return read


def fault_of(read, name, content):
    with pytest.raises(KnowledgeBaseError) as error:
        read(name, content)
    (fault,) = error.value.faults
    assert fault.text.zh and fault.file.endswith(name)
    return fault.say("en")


# --- encodings

TABLE = "合同编号,乙方\nHT-1,“甲”公司—北京\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings(read, encoding):
    mark = "\ufeff" if encoding in ("utf-16-le", "utf-16-be") else ""
    assert read("a.csv", (mark + TABLE).encode(encoding)) == {"a": [(1, 1, ["合同编号", "乙方"]), (2, 2, ["HT-1", "“甲”公司—北京"])]}


def test_chinese_that_comes_late_in_gb18030(read):
    text = "a,b\n" + ("1," + "2" * 99 + "\n") * 11_000 + "合同,甲公司\n"
    assert read("a.csv", text.encode("gb18030"))["a"][-1] == (11_002, 11_002, ["合同", "甲公司"])


@settings(max_examples=40)
@given(st.text(st.characters(codec="gb18030", exclude_characters="\r\n\0\ufeff", exclude_categories=["Cs", "Cc", "Co"]), min_size=10))
def test_no_text_is_ever_replaced(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("text") / "a.csv"
    buffer = io.StringIO()
    csv.writer(buffer).writerows([["合同编号", "合同名称"], ["供应商中文名称", text]])
    for encoding in ("utf-8", "gb18030", "utf-16"):
        path.write_bytes(buffer.getvalue().encode(encoding))
        try:
            (sheet,) = read_delimited(path)
            assert list(sheet.rows())[1].cells == ["供应商中文名称", text]
        except KnowledgeBaseError as error:
            # Only text whose letters do not look like Chinese is refused, and only without a mark.
            assert encoding == "gb18030" and "no valid text" in str(error)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b\n1,\xff\n", "a.csv:2: from this line on it is no valid text (in UTF-8 or GB18030)"),
        (b"\xef\xbb\xbfa,b\n1,2\n3,\xb2\xe2\n", "a.csv:3: from this line on it is no valid text (in UTF-8)"),
        ("a,b\n1,2\n".encode("utf-16")[:-1], "a.csv:2: from this line on it is no valid text (in UTF-16)"),
        ("Komuna,Përshkrimi\nPrishtinë,Rrugës së re\n".encode("latin-1"), "no valid text (in UTF-8 or GB18030)"),
    ],
)
def test_what_is_no_text_is_refused_with_its_line(read, content, message):
    assert message in fault_of(read, "a.csv", content)


# --- what parts the cells

@pytest.mark.parametrize(
    ("name", "content", "cells"),
    [
        ("a.csv", "a,b\n1,2\n", ["1", "2"]), ("a.csv", "a;b\n1;2\n", ["1", "2"]), ("a.csv", "a\tb\n1\t2\n", ["1", "2"]), ("a.txt", "a|b\n1|2\n", ["1", "2"]),
        ("a.tsv", "a\tb\n1,5\t2\n", ["1,5", "2"]), ("a.tsv", "a\n1,2\n", ["1,2"]), ("a.csv", "a\n1\n", ["1"]),
        ("a.csv", 'a,b\n"1;2;3",2\n', ["1;2;3", "2"]), ("a.csv", "a;b;c\n1,5;2;x\n2,5;3;y\n", ["1,5", "2", "x"]), ("a.csv", "a,b\n甲;乙,2\n丙,3\n", ["甲;乙", "2"]),
        ("a.csv", "sep=|\na,b|c,d\n1,2|3,4\n", ["1,2", "3,4"]), ("a.csv", "sep=,\na;b,c;d\n1;2,3;4\n", ["1;2", "3;4"]),
        ("a.csv", 'a,b\n"x ""y"" z","two\nlines"\n', ['x "y" z', "two\nlines"]), ("a.csv", "a,b\r1,2\r", ["1", "2"]),
    ],
)
def test_the_delimiter_is_found_or_said(read, name, content, cells):
    assert read(name, content)["a"][1][2] == cells


def test_titles_above_the_table_do_not_hide_the_delimiter(read):
    assert read("a.csv", "2024年合同台账;;\n单位：元;;\n编号;名称;金额\n1;x;5\n2;y;6\n")["a"][2] == (3, 3, ["编号", "名称", "金额"])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "a;b,c;d\n1;2,3;4\n", "comma and semicolon may both part the columns; put a line sep=, at the top"),
        ("a.txt", "合同台账\n说明\n", "nothing parts the rows into columns; put a line sep=, at the top"),
        ("a.csv", 'a,b\n"1,2\n', "a quote is not closed"),
        ("a.csv", 'a,b\n1,"2"3\n', "a quote is not closed"),
    ],
)
def test_text_tables_that_are_refused(read, name, content, message):
    assert message in fault_of(read, name, content)


@pytest.mark.parametrize("name", ["a.csv", "a.tsv"])
def test_no_row_at_all(read, name):
    assert read(name, b"") == {"a": []} == read(name, "\n\n , \n".replace(",", "\t" if name == "a.tsv" else ","))


def test_rows_and_lines_are_counted_apart(read):
    assert read("a.csv", 'sep=,\na,b\n"1\n2",3\n\n4,5\n')["a"] == [(1, 2, ["a", "b"]), (2, 4, ["1\n2", "3"]), (4, 6, ["4", "5"])]


def test_rows_are_read_anew_at_each_call_and_not_kept(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n" + "1,2\n" * 10_000, "utf-8")
    (sheet,) = read_delimited(path)
    first = sheet.rows()
    assert next(first).cells == ["a", "b"]
    first.close()
    assert sum(1 for _ in sheet.rows()) == 10_001


# --- JSON

def test_a_list_of_records(read):
    content = '[{"编号": "HT-1", "金额": 1.10, "is": true}, {}, {"编号": null, "日期": "2019-05-20", "金额": 123456789012345678901234.50}]'
    assert read("contract.json", content) == {"contract": [
        (1, None, ["编号", "金额", "is", "日期"]), (2, None, ["HT-1", "1.10", "TRUE", ""]), (4, None, ["", "123456789012345678901234.50", "", "2019-05-20"])]}


def test_lists_by_record_type(read):
    found = read("office.json", '{"contract": [{"number": "HT-1"}], "payment": [{"amount": 5}, {"amount": 6}], "tender": []}')
    assert found == {"contract": [(1, None, ["number"]), (2, None, ["HT-1"])], "payment": [(1, None, ["amount"]), (2, None, ["5"]), (3, None, ["6"])]}


def test_json_lines(read):
    assert read("contract.jsonl", '\ufeff{"编号": "HT-1", "金额": 1.10}\r\n\n{"编号": "HT-2", "is": false}\n') == {"contract": [
        (1, 1, ["编号", "金额", "is"]), (2, 1, ["HT-1", "1.10", ""]), (3, 3, ["HT-2", "", "FALSE"])]}


@pytest.mark.parametrize(("name", "content"), [("a.json", "[]"), ("a.json", "[{}]"), ("a.json", '{"a": []}'), ("a.jsonl", ""), ("a.jsonl", "\n")])
def test_no_record(read, name, content):
    assert read(name, content) == {"a": []}


@pytest.mark.parametrize(("reader", "name", "content"), [(read_json, "a.json", '[{"a": 1, "b": [1, {"c": [2]}], "d": {"e": {}}}]'), (read_json_lines, "a.jsonl", '{"a": 1, "b": [1], "d": {}}')])
def test_nested_values_are_listed(tmp_path, reader, name, content):
    path = tmp_path / name
    path.write_text(content, "utf-8")
    row = list(reader(path)[0].rows())[1]
    assert row.cells == ["1", "[…]", "{…}"] and [(problem.position, bool(problem.advice.zh)) for problem in row.problems] == [(1, True), (2, True)]


def test_many_records(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"n": number, "text": "合同" * 5} for number in range(5000)]), "utf-8")
    rows = list(read_json(path)[0].rows())
    assert len(rows) == 5001 and rows[-1].cells == ["4999", "合同" * 5]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", "", "not complete, valid JSON"), ("a.json", '[{"a": 1}', "not complete, valid JSON"), ("a.json", '[{"a": NaN}]', "not complete, valid JSON"),
        ("a.json", b'[{"a": "\xff"}]', "not complete, valid JSON"), ("a.json", '[{"a": 1}] x', "not complete, valid JSON"), ("a.json", '[{"a": 1}]'.encode("utf-16"), "not complete, valid JSON"),
        ("a.json", "5", "no list of records"), ("a.json", '{"a": 1}', "no list of records"), ("a.json", "{}", "no list of records"),
        ("a.json", "[1]", "item 1 is no record"), ("a.json", "[" * 100_000, "nested too deeply"), ("a.json", '[{"a": ' + "[" * 100_000, "nested too deeply"),
        ("a.json", '[{"a": 1, "a": 2}]', 'record 1 has "a" twice'), ("a.json", '{"a": [], "a": []}', '"a" stands there twice'),
        ("a.json", '{"uri": "x", "releases": [{"ocid": "1"}]}', "this is OCDS"), ("a.json", '{"releases": [{"ocid": "1"}], "uri": "x"}', "this is OCDS"), ("a.json", '[{"ocid": "1"}]', "this is OCDS"),
        ("a.jsonl", '{"ocid": "1"}\n', "this is OCDS"), ("a.jsonl", '{"a": 1}\n{"a":', "a.jsonl:2:6: the line is not valid JSON"), ("a.jsonl", '{"a": Infinity}', "a.jsonl:1: the line is not valid JSON"),
        ("a.jsonl", "[" * 100_000, "a.jsonl:1: the line is not valid JSON"), ("a.jsonl", "[1]", "a.jsonl:1: the line is no record"), ("a.jsonl", '{"a": 1, "a": 2}', 'a.jsonl:1: the line has "a" twice'),
        ("a.json", '[{"a": ' + "1" * 5000 + "}]", "a number is too long"), ("a.json", '[{"a": 1e' + "9" * 30 + "}]", "a number is too long"),
        ("a.jsonl", '{"a": "\\ud800"}', "a.jsonl:1: the line is not valid JSON"),
        ("a.jsonl", b'{"a": "\xff"}', "a.jsonl:1: the line is not valid JSON"), ("a.json", json.dumps([{f"f{number}": 1 for number in range(20_000)}]), "over 16384 fields"),
    ],
)
def test_json_that_is_refused(read, name, content, message):
    assert message in fault_of(read, name, content)


@settings(max_examples=60)
@given(st.lists(st.dictionaries(st.text(min_size=1, max_size=5), st.none() | st.booleans() | st.integers() | st.text() | st.decimals(allow_nan=False, allow_infinity=False, places=3).map(str), max_size=4), max_size=5))
def test_json_and_json_lines_say_the_same(tmp_path_factory, records):
    if any("ocid" in record or {"releases", "records"} & set(record) for record in records):
        return
    folder = tmp_path_factory.mktemp("json")
    (folder / "a.json").write_text(json.dumps(records), "utf-8")
    (folder / "a.jsonl").write_text("\n".join(map(json.dumps, records)), "utf-8")
    both = [[row.cells for row in reader(folder / name)[0].rows()] for reader, name in ((read_json, "a.json"), (read_json_lines, "a.jsonl"))]
    assert both[0] == both[1]
