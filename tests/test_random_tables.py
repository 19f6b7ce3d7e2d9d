"""Random tables, written as people write them, read back to the same rows; random spellings of headings mean the same field."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditkb.dictionary import normalise_header
from auditkb.dictionary_files import load_dictionary
from auditkb.sources.body import Body
from auditkb.sources.headers import match_headers
from auditkb.sources.layout import find_layouts, split_unit
from auditkb.sources.plans import all_headings
from auditkb.sources.sheets import Area, column_letter, column_position
from auditkb.sources.workbooks import read_xlsx
from auditkb.value_options import NO_OPTIONS
from tests.sheet_maker import make_sheet, write_workbook

DICTIONARY = load_dictionary(Path(__file__).resolve().parents[1] / "records")
HEADINGS = all_headings(DICTIONARY)
CONTRACT = DICTIONARY["contract"]
CERTAIN = [(entry.label.zh, name) for name, entry in CONTRACT.fields.items()]
GROUP = ("招标投标", ("公告日期", "开标日期"))

words = st.text("绿化保洁养护工程服务采购甲乙丙丁", min_size=2, max_size=8)
WIDE = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})


@st.composite
def spellings(draw):
    """A heading of the contract as somebody might type it, its field and its unit."""
    heading, name = draw(st.sampled_from(CERTAIN))
    unit = draw(st.sampled_from(["元", "万元"])) if CONTRACT.fields[name].type == "money" and draw(st.booleans()) else None
    spaced = "".join(character + draw(st.sampled_from(["", "", " ", "\n", "\u3000", "\xa0"])) for character in heading)
    spaced = spaced.translate(WIDE) if draw(st.booleans()) else spaced
    left, right = draw(st.sampled_from(["()", "（）", "[]", "【】"]))
    return spaced + (f"{left}{draw(st.sampled_from(['', '单位：', '单位:']))}{unit}{right}" if unit else ""), name, unit


@given(st.lists(spellings(), min_size=1, max_size=8, unique_by=lambda spelling: spelling[1]))
def test_spaces_width_and_brackets_change_no_heading(columns):
    titles = [text for text, _, _ in columns]
    sheet = make_sheet([titles, ["x"] * len(titles)])
    (layout,) = find_layouts(sheet, HEADINGS)
    matched = match_headers(CONTRACT, layout, sheet.place)
    found = {column.name: (column.position, column.unit) for column in matched.columns}
    wanted = {name: (place, unit) for place, (_, name, unit) in enumerate(columns)}
    if any(name in ("number", "title") for name in wanted):
        assert matched.faults == []
    assert found == wanted


@given(st.text(max_size=30))
def test_a_heading_is_normalised_once_for_all(text):
    once = normalise_header(text)
    assert normalise_header(once) == once
    assert split_unit(once) == split_unit(text)


@given(st.integers(0, 16_383))
def test_letters_and_positions_of_columns(position):
    assert column_position(column_letter(position)) == position


@st.composite
def tables(draw):
    """The rows of a sheet with everything around them, its merged areas, the records, the totals and what is skipped."""
    has_group = draw(st.booleans())
    header = [["合同编号", "责任科室", "合同金额"]] if not has_group else [["合同编号", "责任科室", "合同金额", GROUP[0], ""], ["", "", "", *GROUP[1]]]
    above = [[draw(words) + "台账"] for _ in range(draw(st.integers(0, 2)))] + ([["", "", "单位：万元"]] if draw(st.booleans()) else [])
    rows, merged, records = [*above, *header], [], []
    if has_group:
        top = len(above) + 1
        merged = [Area(top, place, top + 1, place) for place in range(3)] + [Area(top, 3, top, 4)]
    number, total, before = 0, 0, 0
    for _ in range(draw(st.integers(1, 5))):
        department, size = draw(words) + "科", draw(st.integers(1, 4))
        is_merged = size > 1 and draw(st.booleans())
        if is_merged:
            merged.append(Area(len(rows) + 1, 1, len(rows) + size, 1))
        for place in range(size):
            number, amount = number + 1, draw(st.integers(1, 10**6))
            total += amount
            dates = ["2024-01-05", "2024-02-05"] if has_group else []
            rows.append([f"HT-{number}", department if place == 0 or not is_merged else "", str(amount), *dates])
            records.append((len(rows), f"HT-{number}", department, str(amount)))
        if draw(st.booleans()):
            rows.append([draw(st.sampled_from(["小计", "小 计：", department + "小计"])), "", str(total - before)])
            before = total
        if draw(st.booleans()):
            rows.append([])
    is_right = draw(st.booleans())
    rows.append(["合计", "", str(total if is_right else total + draw(st.integers(1, 99)))])
    rows += [["注：1.含税"], ["2.不含押金"]][: draw(st.integers(0, 2))]
    return rows, merged, records, is_right


def read(sheet):
    (layout,) = find_layouts(sheet, HEADINGS)
    body = Body(sheet, layout, frozenset(layout.titles), summed={2: ("万元", NO_OPTIONS)}, headings=HEADINGS)
    return layout, body, [(line.number, *line.cells[:3]) for line in body.lines()]




@given(tables())
def test_random_tables_read_back_to_their_records(table):
    rows, merged, records, is_right = table
    layout, body, lines = read(make_sheet(rows, merged=merged))
    assert lines == records
    assert (body.differences == []) == is_right
    accounted = {*layout.header_rows, *(row.number for row in layout.above), *(line[0] for line in lines), *(entry.number for entry in body.skipped)}
    assert accounted == {number for number, row in enumerate(rows, 1) if any(row)}


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(tables())
def test_the_same_from_a_workbook(table):
    rows, merged, records, _ = table
    width = max(map(len, rows))
    rows = [[*row, *[""] * (width - len(row))] for row in rows]
    ranges = [f"{column_letter(area.first_column)}{area.first_row}:{column_letter(area.last_column)}{area.last_row}" for area in merged]
    with tempfile.TemporaryDirectory() as folder:
        path = write_workbook(Path(folder) / "a.xlsx", {"台账": rows}, merged={"台账": ranges})
        assert read(read_xlsx(path)[0])[2] == records
