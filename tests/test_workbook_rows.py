"""Rows of a workbook read many at once say what the same rows say one by one."""

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditkb.sources import workbook_rows
from auditkb.sources.number_formats import read_number_format
from auditkb.sources.sheet_facts import HAS_NO_RESULT, SheetFacts
from auditkb.sources.sheets import Problem
from auditkb.sources.workbook_rows import MOST_CHARACTERS_OF_A_CELL, RowReader

FORMATS = {style: found for style, code in enumerate(["0%", '0.00"万元"', "0000", "yyyy-mm", "m-d", "#,##0,"]) if (found := read_number_format(164, code)) is not None}
NUMBERS = st.one_of(st.floats(allow_nan=True), st.sampled_from([0.0, -0.0, 1.0, 0.03, 232000.0, 1e14, 1e15, 123456789012345678.0, 1e-7, 0.1 + 0.2, 1e300]), st.decimals(-10**9, 10**9, places=2).map(float))
DATES = st.one_of(st.dates(), st.just(datetime.date(2024, 5, 1)))
TEXTS = st.sampled_from(["", " ", "甲公司", "HT-1", "3%", "\u3000"])
OTHERS = st.one_of(st.booleans(), st.datetimes(), st.times(), st.timedeltas(), st.integers())
COLUMN = st.sampled_from([NUMBERS, DATES, TEXTS, st.one_of(NUMBERS, TEXTS, DATES, OTHERS)])
ROWS = 7


@st.composite
def sheets(draw):
    """Values by row and what is known beside them; most columns are of one kind."""
    columns = [draw(st.lists(draw(COLUMN), min_size=ROWS, max_size=ROWS)) for _ in range(draw(st.integers(1, 4)))]
    facts = SheetFacts(draw(st.sampled_from([None, bytearray(), bytearray(b"\0\0\1\0\1")])), ())
    for column in draw(st.sets(st.integers(0, 5), max_size=3)):
        for row in sorted(draw(st.sets(st.integers(1, ROWS)))) if draw(st.booleans()) else range(1, ROWS + 1):
            facts.add_format(row, column, draw(st.sampled_from(sorted(FORMATS))) if draw(st.booleans()) else 0)
    for row in draw(st.sets(st.integers(1, ROWS + 3), max_size=2)):
        facts.unread[row] = [("=A1", Problem(draw(st.integers(0, 6)), HAS_NO_RESULT, None))]
    return [list(row) for row in zip(*columns, strict=True)], facts, draw(st.integers(0, 2))


def read(values, facts, first_column, rows_at_once, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(workbook_rows, "ROWS_AT_ONCE", rows_at_once)
        reader = RowReader(facts, FORMATS, first_column)
        if rows_at_once == 0:
            patch.setattr(workbook_rows, "ROWS_AT_ONCE", ROWS)
            patch.setattr(reader, "_plain_cells", lambda batch, first: None)
        return list(reader.rows(iter(values)))


@settings(deadline=None, max_examples=400)
@given(sheets(), st.integers(1, ROWS))
def test_rows_read_many_at_once_are_those_read_one_by_one(sheet, rows_at_once):
    monkeypatch = pytest.MonkeyPatch()
    assert read(*sheet, rows_at_once, monkeypatch) == read(*sheet, 0, monkeypatch)


def test_a_long_text_and_a_long_number_are_said_within_a_batch(monkeypatch):
    values = [["x" * (MOST_CHARACTERS_OF_A_CELL + 1), 1e15], ["甲", 2.5], ["乙", 3.0]]
    rows = read(values, SheetFacts(bytearray(), ()), 0, 3, monkeypatch)
    assert [row.cells[1] for row in rows] == ["1000000000000000", "2.5", "3"] and len(rows[0].cells[0]) == 1001
    assert [problem.position for problem in rows[0].problems] == [1, 0] and rows[1].problems == ()
