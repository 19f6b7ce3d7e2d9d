"""Lines and grids become sections and tables by their form alone: numbering and its variants, flattened and merged tables."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditkb.errors import KnowledgeBaseError
from auditkb.reports.numbering import numeral_of, read_number
from auditkb.reports.reading import read_report
from auditkb.reports.structure import build_document
from auditkb.reports.text_files import read_text


@pytest.fixture
def document(tmp_path):
    def read(text: str, encoding: str = "utf-8", name: str = "report.txt"):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return read_report(path)
    return read


def ids(document) -> list[str]:
    return [section.id for section in document.sections]


@pytest.mark.parametrize(("printed", "normal"), [
    ("第一部分、总则", "第一部分"), ("第2部分 决算", "第二部分"), ("一、收支", "一"), ("十二．反馈", "十二"), ("（一）预算", "（一）"), ("(二) 预算", "（二）"),
    ("（三）、预算", "（三）"), ("1.部门", "1"), ("１．部门", "1"), ("2、部门", "2"), ("（1）合同", "（1）"), ("(１) 合同", "（1）"), ("⑵合同", "（2）"), ("①合同", "①"),
])
def test_spelled_variants_of_a_number_are_one_number(printed, normal):
    assert read_number(printed).normal == normal


@pytest.mark.parametrize("text", ["2019年支出", "1.5万元", "一是加强管理", "三公经费", "60-75岁老人", "2019.12", "（西财预）", "十分重视"])
def test_what_only_looks_like_a_number_opens_no_section(text):
    assert read_number(text) is None


@given(st.integers(1, 99))
def test_chinese_numerals_are_written_and_read_alike(value):
    assert read_number(f"{numeral_of(value)}、标题").value == value


def test_sections_nest_by_their_numbers(document):
    read = document("第一部分 决算\n一、收支\n（一）收入\n1.税收\n（1）甲。\n（2）乙。\n（二）支出\n二、资产\n第二部分 绩效\n一、组织\n")
    assert ids(read) == ["第一部分", "第一部分/一", "第一部分/一/（一）", "第一部分/一/（一）/1", "第一部分/一/（一）/1/（1）", "第一部分/一/（一）/1/（2）",
                         "第一部分/一/（二）", "第一部分/二", "第二部分", "第二部分/一"]
    assert read.section("第一部分/一/（一）/1/（2）").cited == "一（一）1（2）"
    assert read.section("第一部分/二").parent == "第一部分"


def test_a_report_bound_into_another_keeps_its_own_numbers(document):
    read = document("一、概况\n二、反馈\n绩效报告\n一、组织\n（一）领导\n二、执行\n三、其他\n")
    assert ids(read) == ["一", "二", "二/一", "二/一/（一）", "二/二", "二/三"]
    outer = document("一、概况\n二、反馈\n一、组织\n二、执行\n三、结果\n四、附件\n")
    assert ids(outer)[-1] == "二/四"


def test_a_number_left_out_or_printed_twice_loses_no_section(document):
    assert ids(document("一、甲\n三、丙\n三、丁\n四、戊\n")) == ["一", "三", "三~2", "四"]


def test_a_table_of_contents_opens_no_sections(document):
    read = document("目  录\n一、收支……1\n二、资产……3\n一、收支\n收入3元。\n二、资产\n")
    assert ids(read) == ["0", "一", "二"]
    assert "收入3元。" in read.section("一").text
    # The headings may be worded otherwise there, and a sentence ends it in any case.
    other = document("目录\n第一部分 概况……1\n一、职责……1\n第二部分 决算……2\n一、收支……2\n第一部分 部门概况\n一、主要职责\n第二部分 决算\n一、收支\n")
    assert ids(other) == ["0", "第一部分", "第一部分/一", "第二部分", "第二部分/一"]
    assert ids(document("目录\n（另附）\n本报告说明收支。\n一、收支\n二、资产\n"))[-2:] == ["一", "二"]


def test_a_heading_behind_the_end_of_a_sentence_is_found(document):
    read = document("六、运行经费\n   合计3元，主要为办公费等。七、政府购买服务情况\n购买服务5元。\n")
    assert ids(read) == ["六", "七"]
    assert read.section("七").title == "政府购买服务情况"
    assert read.section("七").place.offset > 0


def test_a_broken_sentence_is_one_paragraph_and_titles_are_not(document):
    read = document("某街道办事处\n绩效报告\n区财政局：\n\n全年接待共\n4904.80元，用于公务。\n")
    assert [paragraph.text for paragraph in read.paragraphs] == ["某街道办事处", "绩效报告", "区财政局：", "全年接待共4904.80元，用于公务。"]
    assert read.paragraphs[-1].place.line == 5


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_text_reads_alike_in_every_encoding(document, encoding):
    assert ids(document("一、收支\n（一）镕基科\n", encoding)) == ["一", "一/（一）"]


FLAT = "一、表\n单位：万元\n\t序号\n\t项目\n\t年初\n预算\n\t实际支出\n\n\t1\n\t甲\n\t1.00\n\t\n\n\t2\n\t乙\n\t2.00\n\t2.00\n\n\t合计\n\t3.00\n\t2.00\n完\n"


def rows(table) -> list[list[str | None]]:
    return [[cell.text for cell in row] for row in table.rows]


def test_a_flattened_table_has_its_header_unit_and_rows(document):
    (table,) = document(FLAT).tables
    assert table.columns == (("序号",), ("项目",), ("年初预算",), ("实际支出",))
    assert (table.unit, table.title) == ("万元", "表")
    assert rows(table) == [["1", "甲", "1.00", None], ["2", "乙", "2.00", "2.00"], ["合计", None, "3.00", "2.00"]]
    assert document(FLAT).paragraphs[-1].text == "完"


def test_one_row_a_line_is_a_table_too(document):
    (table,) = document("一、表\n项目\t金额（元）\n甲\t3.00\n乙\t4.00\n\n完\n").tables
    assert rows(table) == [["甲", "3.00"], ["乙", "4.00"]]


def test_tabs_that_only_indent_make_no_table(document):
    read = document("一、甲\n\t收入3.00元。\n\n\t支出4.00元。\n")
    assert read.tables == [] and read.paragraphs[-1].text == "支出4.00元。"


def test_a_table_that_goes_on_after_a_repeated_header_is_one(document):
    page = "\t项目\n\t金额\n\n\t{}\n\t{}.00\n\n\n"
    read = document("一、表\n" + page.format("甲", 1) + "- 2 -\n" + page.format("乙", 2) + "续表\n" + page.format("丙", 3))
    assert [rows(table) for table in read.tables] == [[["甲", "1.00"], ["乙", "2.00"], ["丙", "3.00"]]]


def test_two_tables_with_other_headers_stay_two(document):
    read = document("一、表\n\t项目\n\t金额\n\n\t甲\n\t1.00\n\n\n说明\n\t部门\n\t人数（人）\n\n\t乙\n\t2\n\n")
    assert [table.columns[0] for table in read.tables] == [("项目",), ("部门",)]


def test_merged_header_cells_stand_over_their_columns(document):
    read = document("一、表\n\t项目\n\t支出\n\t备注\n\n\t\n\t基本\n\t专项\n\t\n\n\t甲\n\t1.00\n\t2.00\n\t\n\n\t乙\n\t1.00\n\t2.00\n\t无\n\n")
    (table,) = read.tables
    assert table.columns == (("项目",), ("支出", "基本"), ("支出", "专项"), ("备注",))


def test_a_department_merged_over_rows_is_that_of_each_row_in_a_flattened_text_too(document):
    lines = "".join(f"\t{department}\n\t{name}\n\t{amount}\n\n" for department, name, amount in [
        ("甲科", "路灯", "1.00"), ("", "长椅", "2.00"), ("乙科", "花坛", "3.00"), ("", "围栏", ""), ("", "合计", "6.00")])
    read = document("一、表\n\t实施部门\n\t项目名称\n\t金额（元）\n\n" + lines)
    assert [row[0] for row in rows(read.tables[0])] == ["甲科", "甲科", "乙科", "乙科", None]
    # Where a name stands twice running the cells were not merged, and a blank is a blank.
    unmerged = document("一、表\n\t实施部门\n\t项目名称\n\t金额（元）\n\n" + lines.replace("\t\n\t长椅", "\t甲科\n\t长椅"))
    assert [row[0] for row in rows(unmerged.tables[0])] == ["甲科", "甲科", "乙科", None, None]


def test_a_header_that_could_stand_in_two_ways_stands_nowhere(document):
    read = document("一、表\n\t收\n\t支\n\n\t甲\n\t乙\n\t丙\n\n\t1.00\n\t2.00\n\t3.00\n\n\t1.00\n\t2.00\n\t3.00\n\n")
    assert read.tables[0].columns == (("甲",), ("乙",), ("丙",))


def test_cells_merged_in_a_page_are_placed_by_their_columns(document):
    page = ("<p>一、表</p><table><tr><th rowspan=2>部门</th><th rowspan=2>项目</th><th colspan=2>预算</th></tr><tr><th>年初</th><th>调整</th></tr>"
            "<tr><td rowspan=2>甲科</td><td>路灯</td><td>1.00</td><td rowspan=2>9.00</td></tr><tr><td>长椅</td><td>2.00</td></tr>"
            "<tr><td colspan=2>合计</td><td>3.00</td><td>9.00</td></tr></table>")
    (table,) = document(page, name="page.html").tables
    assert table.columns == (("部门",), ("项目",), ("预算", "年初"), ("预算", "调整"))
    # A name merged over rows is each row's; an amount merged over rows is one amount.
    assert rows(table) == [["甲科", "路灯", "1.00", "9.00"], ["甲科", "长椅", "2.00", None], ["合计", None, "3.00", "9.00"]]


@pytest.mark.parametrize("row", ["\t1\n\t甲\n\t2\n\t3\n", "\t甲\n\t1\n\t2\n\t3\n"])
def test_a_row_of_small_numbers_is_no_numbering_of_columns(document, row):
    header = "\t序号\n\t项目\n\t甲（个）\n\t乙（个）\n\n" if row.startswith("\t1") else "\t项目\n\t甲（个）\n\t乙（个）\n\t丙（个）\n\n"
    (table,) = document("一、表\n" + header + row + "\n" + row.replace("甲", "乙") + "\n").tables
    assert len(table.rows) == 2 and len(table.header) == 1


def test_a_row_that_numbers_the_columns_is_header(document):
    (table,) = document("一、表\n\t项目\n\t基本\n\t专项\n\n\t栏次\n\t1\n\t2\n\n\t甲\n\t1.00\n\t2.00\n\n").tables
    assert (table.columns, rows(table)) == ((("项目",), ("基本",), ("专项",)), [["甲", "1.00", "2.00"]])


def seen(text: str) -> Counter[str]:
    return Counter(character for character in text if not character.isspace())


@given(st.lists(st.sampled_from(["一、", "二、", "（一）", "1.", "（1）", "①", "收入", "3.00元", "12", "。", "：", "，", "\t", "\n", "\n", "\n\t", "\n\n", "\t甲\t乙\n"]), max_size=60))
def test_no_character_of_a_text_is_lost_or_made_up(pieces):
    text = "一、头\n" + "".join(pieces)
    document = build_document(read_text(text.encode(), "a.txt"), "a.txt", "txt", "")
    read = [paragraph.text for paragraph in document.paragraphs]
    for table in document.tables:
        read += [cell.text or "" for part in (table.header, table.rows) for row in part for cell in row] + [note.text for note in table.notes]
    assert seen("".join(read)) - seen(text) == Counter()  # no column of the pieces is of departments, so nothing is repeated
    # A header that comes again in the middle of a table is the only thing left out.
    assert (seen(text) - seen("".join(read))).total() <= _in_repeated_rows(document, text)


def _in_repeated_rows(document, text: str) -> int:
    """At most how many characters stand in rows that repeat a header."""
    headers = {"".join(cell.text or "" for cell in row) for table in document.tables for row in table.header} | {
        "".join(note.text.split()) for table in document.tables for note in table.notes}
    return sum(len(header) for header in headers) * text.count("\t")


def test_numbers_that_word_makes_itself_open_sections(tmp_path):
    import docx
    from docx.oxml import parse_xml

    made = docx.Document()
    numbering = made.part.numbering_part.element
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    numbering.insert(0, parse_xml(
        f'<w:abstractNum {space} w:abstractNumId="77"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="chineseCounting"/><w:lvlText w:val="%1、"/></w:lvl>'
        '<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%2."/></w:lvl></w:abstractNum>'))
    numbering.append(parse_xml(f'<w:num {space} w:numId="77"><w:abstractNumId w:val="77"/></w:num>'))
    for text, level in (("收支", 0), ("收入", 1), ("支出", 1), ("资产", 0), ("车辆", 1)):
        properties = made.add_paragraph(text)._p.get_or_add_pPr()
        properties.append(parse_xml(f'<w:numPr {space}><w:ilvl w:val="{level}"/><w:numId w:val="77"/></w:numPr>'))
    made.save(str(tmp_path / "numbered.docx"))
    read = read_report(tmp_path / "numbered.docx")
    assert [(section.id, section.title) for section in read.sections] == [
        ("一", "收支"), ("一/1", "收入"), ("一/2", "支出"), ("二", "资产"), ("二/1", "车辆")]


def test_an_old_word_file_is_refused_with_what_to_do(tmp_path: Path):
    (tmp_path / "report.doc").write_bytes(b"\xd0\xcf\x11\xe0")
    with pytest.raises(KnowledgeBaseError) as refused:
        read_report(tmp_path / "report.doc")
    assert ".docx" in refused.value.faults[0].say("zh")
