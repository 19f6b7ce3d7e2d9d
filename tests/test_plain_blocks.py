"""Blocks of rows read at once say what the same rows say one by one: records, sums, values and keys."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditkb.amounts import MONEY_UNITS, plain_amounts, read_money
from auditkb.cells import are_bare_texts, is_bare_text, read_cell
from auditkb.dictionary_files import load_dictionary
from auditkb.records import KeyMaker, encode_part, encode_parts, key_text, key_texts
from auditkb.sources.body import Body
from auditkb.sources.layout import find_layouts
from auditkb.sources.plans import all_headings
from auditkb.sources.row_kinds import Kinds
from auditkb.texts import fold, fold_all
from auditkb.value_options import NO_OPTIONS, ValueOptions
from auditkb.values import Unreadable
from tests.sheet_maker import make_sheet

DICTIONARY = load_dictionary(Path(__file__).resolve().parents[1] / "records")
HEADINGS = all_headings(DICTIONARY)
HEADER = ["序号", "合同编号", "合同名称", "乙方", "合同金额（万元）", "签订日期"]
TEXTS = ["", " ", "1", "12", "3.50", "1,203.50", "HT-2019-1", "绿化 设计", "合计", "小计", "其中：绿化", "total", "合同名称", "乙方", "合同金额", "签订日期", "注：1", "制表：王", "约5",
         "2019-05-20", "-3", "—", "一、道路", "会计服务", "说明"]
PLAIN = ["7", "HT-7", "保洁", "丙公司", "20.5", "2019-06-01"]
NEARLY_PLAIN = st.dictionaries(st.integers(0, 5), st.sampled_from(TEXTS), max_size=2).map(lambda other: [other.get(place, text) for place, text in enumerate(PLAIN)])
ROWS = st.lists(st.one_of(NEARLY_PLAIN, st.lists(st.sampled_from(TEXTS), min_size=3, max_size=6)), min_size=1, max_size=5)


def read(rows: list[list[str]], *, by_itself: bool) -> tuple[object, ...]:
    """Lines, skipped rows and sums; with `bounds` every row is looked at by itself."""
    sheet = make_sheet([HEADER, *rows])
    layout = find_layouts(make_sheet([HEADER, PLAIN]), HEADINGS)[0]
    bounds = range(len(HEADER)) if by_itself else None
    body = Body(sheet, layout, frozenset(layout.titles), frozenset(), {4: ("万元", NO_OPTIONS)}, HEADINGS, bounds)
    lines = [(line.number, line.cells, line.filled, line.problems) for line in body.lines()]
    return lines, body.skipped, body.differences, [str(entry.computed) for entry in body.differences], body.next_header, body.hidden


@settings(deadline=None)
@given(ROWS)
def test_a_block_gives_the_lines_that_its_rows_give_by_themselves(rows):
    assert read(rows, by_itself=False) == read(rows, by_itself=True)


@pytest.mark.parametrize("rows", [
    [PLAIN, PLAIN], [PLAIN, ["", "合计", "", "", "41", ""]], [PLAIN, ["", "", "设计", "甲", "1", ""]], [PLAIN, HEADER, PLAIN], [PLAIN, ["其中", "a", "b", "c", "5", ""]], [PLAIN, ["", "乙方", "合同金额", "x", "", ""]]])
def test_usual_blocks_agree_with_their_rows(rows):
    assert read(rows, by_itself=False) == read(rows, by_itself=True)


def test_sums_over_several_blocks_are_exact():
    rows = [[str(number), f"HT-{number}", "绿化", "甲公司", "0.10" if number % 2 else "1,000.05", "2019-05-20"] for number in range(2500)]
    total = Decimal("0.10") * 1250 + Decimal("1000.05") * 1250
    assert read([*rows, ["合计", "", "", "", str(total), ""]], by_itself=False)[2] == []
    (difference,) = read([*rows, ["合计", "", "", "", str(total + 1), ""]], by_itself=False)[2]
    assert (difference.computed, difference.rows) == (total, 2500)


AMOUNTS = st.lists(st.one_of(st.from_regex(r"\A[0-9]{1,14}(\.[0-9]{1,3})?\Z"), st.from_regex(r"\A[0-9]{1,3}(,[0-9]{3}){1,4}(\.[0-9]{1,2})?\Z"),
                             st.sampled_from(["", "1e5", "NaN", "1_000", "１２", ".5", "5.", "-1", "1,23", "1\n2", " 3", "约3"])), min_size=1, max_size=4)


@given(AMOUNTS, st.sampled_from(sorted(MONEY_UNITS)))
def test_amounts_are_plain_only_where_each_is_read_as_it_stands(texts, unit):
    found = plain_amounts(texts, unit)
    if found is None:
        return
    assert len(found) == len(texts)
    for text, plain in zip(texts, found, strict=True):
        exact = read_money(text, unit) if text else None
        assert (Decimal(plain) * MONEY_UNITS[unit] if plain else None) == exact
        if plain and MONEY_UNITS[unit] == 1:
            assert float(plain) == float(exact)


def test_usual_amounts_are_plain_and_declared_marks_are_not():
    assert plain_amounts(["232000.00", "", "1,234,567.8"], "元") == ["232000.00", "", "1234567.8"]
    assert plain_amounts(["1,234"], "元", ValueOptions(thousands_mark=".", decimal_mark=",")) is None
    assert plain_amounts(["999999999"], "万元") is None


@given(st.text(max_size=30) | st.from_regex(r"\A[A-Za-z一-龥][ -~一-龥]{0,12}[0-9][ -~]{0,5}\Z"), st.booleans())
def test_bare_text_is_the_value_of_its_cell(text, is_key):
    if is_bare_text(text, is_key=is_key):
        cell = read_cell(DICTIONARY["contract"].fields["number"], text, is_key=is_key)
        assert (cell.value, cell.reason, cell.state, cell.is_marked) == (text, None, None, False)


VALUES = st.one_of(st.none(), st.sampled_from(["HT-1", "a/b", "c:d", "e%"]), st.decimals(0, 10**6, places=2))


@given(st.lists(st.tuples(VALUES, VALUES, VALUES), min_size=1, max_size=5),
       st.sampled_from([(("a",),), (("a", "b"),), (("a",), ("b",)), (("a", "b"), ("c",)), (("a",), ("b", "c")), (("a", "b"), ("b", "c", "d"))]))
def test_keys_of_many_rows_are_those_of_each(rows, alternatives):
    maker = KeyMaker(DICTIONARY["contract"])
    parts = {name: [None if row[place] is None else encode_part(key_text(row[place])) for row in rows] for place, name in enumerate("abc")}
    each = [maker.text_of(dict(zip("abc", row, strict=True)), alternatives) for row in rows]
    assert key_texts(parts, alternatives, len(rows)) == each


def test_keys_are_claimed_together_only_where_all_are_new():
    keys = KeyMaker(DICTIONARY["contract"])
    assert keys.claim_all(["HT-1", "HT-2"], [2, 3])
    assert not keys.claim_all(["HT-3", "HT-2"], [4, 5])
    assert not keys.claim_all(["HT-3", "HT-3"], [4, 5])
    assert not keys.claim_all(["HT-3", None], [4, 5])
    assert keys.claim("HT-3", True, 4).same_as is None
    assert keys.claim("HT-1", True, 6).same_as == 2


def test_a_meaningless_amount_is_never_plain():
    with pytest.raises(Unreadable):
        read_money("1.234")
    assert plain_amounts(["1.234"], "元") is None


# --- many texts looked at in one go

PIECES = st.text(alphabet=st.sampled_from([*"AbZ一第號１2０٣ＡｂﬁÅ\u030a\u0301\u3099かＩİıßςΣ가ᄀ\u1161 \t\n\r\x0b\x1c\x85\u2028\u00a0\u3000\u200b\ufeff\x00/:%-—合计:TOTAL"]), max_size=8)
COLUMNS = st.lists(st.one_of(PIECES, st.sampled_from([*TEXTS, "HT-2", "TOTAL2", "第2号道路"])), min_size=1, max_size=5)


@settings(deadline=None, max_examples=500)
@given(COLUMNS)
def test_texts_folded_in_one_go_are_those_folded_one_by_one(texts):
    assert fold_all(texts) in (None, [fold(text) for text in texts])


@settings(deadline=None, max_examples=500)
@given(COLUMNS, st.booleans())
def test_texts_are_bare_together_where_each_is(texts, is_key):
    each = all(is_bare_text(text, is_key=is_key) for text in texts)
    assert are_bare_texts(texts, is_key=is_key) == (each and not any("\n" in text for text in texts))


@settings(deadline=None, max_examples=500)
@given(COLUMNS)
def test_parts_of_keys_are_encoded_together_as_each_is(texts):
    assert list(encode_parts(texts)) == [encode_part(text) for text in texts]


@settings(deadline=None, max_examples=500)
@given(COLUMNS)
def test_codes_begin_records_together_where_each_does(texts):
    kinds = Kinds(find_layouts(make_sheet([HEADER, PLAIN]), HEADINGS)[0], frozenset(range(6)), (), ())
    if kinds.begin_records(texts):
        assert all(kinds.begins_record(text) for text in texts)


def test_long_columns_of_codes_and_names_are_looked_at_in_one_go():
    codes, names = [f"HT-{number}" for number in range(1000)], [f"第{number}号道路（东）" for number in range(1000)]
    kinds = Kinds(find_layouts(make_sheet([HEADER, PLAIN]), HEADINGS)[0], frozenset(range(6)), (), ())
    assert kinds.begin_records(codes) and not kinds.begin_records([*codes, "TOTAL9"])
    assert are_bare_texts(codes, is_key=True) and are_bare_texts(names, is_key=False) and not are_bare_texts([*names, "无"], is_key=False)
    assert fold_all(names) == [f"第{number}号道路(东)" for number in range(1000)]
