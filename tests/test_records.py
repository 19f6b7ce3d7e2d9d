"""Keys of records, and what a cell says of a field."""

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditkb.cells import Cell, read_cell, read_marker
from auditkb.records import Key, KeyMaker, RowMaker, decode_part, encode_part, key_text, loaded_columns
from tests.small_dictionary import small_dictionary

TYPES = small_dictionary().types
CONTRACT = TYPES["contract"]


def test_the_first_alternative_whose_fields_are_known_makes_the_key():
    keys = KeyMaker(CONTRACT)
    assert keys.make({"number": "HT-1", "title": "绿化"}, 2) == Key("HT-1")
    assert keys.make({"number": None, "title": "绿化"}, 3) == Key("绿化")
    assert keys.make({"title": None}, 4) == Key(None)


def test_parts_are_joined_and_their_own_marks_encoded():
    keys = KeyMaker(TYPES["payment"])
    values = {"contract": "CS%2F17", "paid_on": datetime.date(2019, 5, 5), "amount": Decimal("232000.00")}
    assert keys.make(values, 2) == Key("CS%252F17/2019-05-05/232000.00")
    assert keys.make({"number": "12:30/1"}, 3) == Key("12%3A30%2F1")


def test_unknown_parts_of_the_last_alternative_are_left_out():
    assert KeyMaker(TYPES["payment"]).make({"contract": "HT-1", "paid_on": None, "amount": Decimal("5.00")}, 2) == Key("HT-1/5.00")


def test_equal_rows_of_the_last_alternative_are_numbered():
    keys = KeyMaker(CONTRACT)
    made = [keys.make({"title": "绿化"}, row) for row in (2, 3, 4)]
    assert made == [Key("绿化"), Key("绿化/2", 2, is_numbered=True), Key("绿化/3", 2, is_numbered=True)]


def test_the_same_number_twice_is_not_numbered():
    keys = KeyMaker(CONTRACT)
    keys.make({"number": "HT-1"}, 2)
    assert keys.make({"number": "HT-1"}, 3) == Key("HT-1", 2)


def test_a_name_that_is_the_whole_key_is_not_numbered():
    keys = KeyMaker(TYPES["organisation"])
    keys.make({"name": "甲公司"}, 2)
    assert keys.make({"name": "甲公司"}, 3) == Key("甲公司", 2)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_encoding_a_part_loses_nothing_but_space(text):
    part = encode_part(text)
    assert "/" not in part and ":" not in part
    assert decode_part(part) == " ".join(text.split())


def test_key_text_of_each_kind_of_value():
    values = [True, 3, Decimal("0.03"), Decimal("1E+3"), datetime.date(2019, 1, 2), "x"]
    assert [key_text(value) for value in values] == ["true", "3", "0.03", "1000", "2019-01-02", "x"]


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("[文件空白]", "blank_in_document"), ("［文件空白］", "blank_in_document"), ("【未采集】", "not_captured"), ("[ 不要求 ]", "not_required"), ("[字迹不清]", "illegible"),
        ("[无法识别]", "unreadable"), ("[blank_in_document]", "blank_in_document"), ("[Blank in the document]", "blank_in_document"),
        ("文件空白", None), ("[2019]12号", None), ("[", None), ("", None),
    ],
)
def test_markers(text, state):
    assert read_marker(text) == state


@pytest.mark.parametrize(
    ("field", "text", "cell"),
    [
        ("signed_on", "2019年5月20日", Cell(datetime.date(2019, 5, 20))),
        ("signed_on", "", Cell(state="not_captured")),
        ("signed_on", "[文件空白]", Cell(state="blank_in_document", is_marked=True)),
        ("filed_on", "  ", Cell(state="blank_in_document")),
        ("is_framework", "", Cell(False)),
        ("is_framework", "是", Cell(True)),
        ("category", "工程", Cell("works")),
        ("amount", "23.2万元", Cell(Decimal("232000.00"))),
        ("retention_rate", "3%", Cell(Decimal("0.03"))),
        ("duration_days", "90天", Cell(90)),
        ("supplier", " 甲  公司 ", Cell("甲 公司")),
        ("title", "第一行\n第二行", Cell("第一行\n第二行")),
    ],
)
def test_cells(field, text, cell):
    assert read_cell(CONTRACT.fields[field], text) == cell


@pytest.mark.parametrize(("field", "text"), [("signed_on", "待定"), ("supplier", "/"), ("supplier", "无"), ("title", "—"), ("amount", "232000元/年"), ("category", "其它")])
def test_what_cannot_be_read_is_null_with_a_reason_and_advice(field, text):
    cell = read_cell(CONTRACT.fields[field], text)
    assert (cell.value, cell.state) == (None, "unreadable")
    assert cell.reason is not None and cell.advice is not None


def test_a_word_for_nothing_is_text_but_never_a_key():
    assert read_cell(CONTRACT.fields["title"], "无").value == "无"
    assert read_cell(CONTRACT.fields["title"], "无", is_key=True).state == "unreadable"


def test_the_source_may_say_what_an_empty_cell_means():
    assert read_cell(CONTRACT.fields["signed_on"], "", if_empty="blank_in_document").state == "blank_in_document"


def test_a_row_holds_what_sqlite_holds():
    cells = {
        "title": Cell("ＡＢ 工程"), "signed_on": Cell(datetime.date(2019, 5, 20)), "amount": Cell(Decimal("0.10")), "is_framework": Cell(True),
        "filed_on": Cell(state="blank_in_document"), "category": Cell(state="not_captured"), "retention_rate": Cell(state="unreadable"),
    }
    row = dict(zip(loaded_columns(CONTRACT), RowMaker(CONTRACT, "contract.csv").make("k", cells, "s", 7), strict=True))
    assert row["key"] == "k" and (row["source"], row["sheet"], row["row"]) == ("s", "contract.csv", 7)
    assert (row["signed_on"], row["amount"], row["is_framework"], row["number"]) == ("2019-05-20", 0.1, 1, None)
    assert row["_states"] == "|filed_on=blank_in_document|retention_rate=unreadable|"
    assert (row["title"], row["_folded_title"]) == ("ＡＢ 工程", "ab工程")
