"""The published 2019 report, read from its text alone: every part has its place, every known finding its paragraph."""

from __future__ import annotations

import csv
import re
from decimal import Decimal
from pathlib import Path

import pytest

from auditkb.findings import load_known
from auditkb.reports.document import Table
from auditkb.reports.names import column_named, project_table
from auditkb.reports.report import Report, read_whole

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "sample" / "chunshu-2019"
TEN_THOUSAND = 10_000


@pytest.fixture(scope="module")
def report(shared: Path) -> Report:
    return read_whole(next((shared / "report").glob("*.txt")), "chunshu-2019")


@pytest.fixture(scope="module")
def known():
    return load_known(ROOT / "findings" / "known")


def sample(name: str) -> list[dict[str, str]]:
    with (SAMPLE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def amount(text: str | None) -> Decimal | None:
    return Decimal(text.replace(",", "")) if text else None


def values(report: Report, table: Table, *columns: int) -> list[tuple[Decimal | None, ...]]:
    cells = {(figure.row_number, figure.column_number): figure.value for figure in report.figures if figure.table == table.id}
    return [tuple(cells[row, column] for column in columns) for row in range(len(table.rows))]


def test_the_functional_rows_are_those_of_the_sample(report):
    table = next(table for table in report.document.tables if table.column("科目编码") is not None)
    code, name = table.column("科目编码"), table.column("科目名称")
    stated = sample("functional_expenditure.csv")
    rows = [row for row in table.rows if row[code].text]
    assert [(row[code].text, row[name].text) for row in rows] == [(row["科目编码"], row["科目名称"]) for row in stated]
    read = values(report, table, 2, 3, 4)[len(table.rows) - len(rows):]
    assert read == [tuple(amount(row[word]) for word in ("合计", "基本支出", "项目支出")) for row in stated]
    assert len(rows) == 118


def test_rows_printed_blank_have_no_value(report):
    table = report.document.tables[0]
    blank = [row[0].text for row, read in zip(table.rows, values(report, table, 2, 3, 4), strict=True) if read == (None, None, None)]
    assert blank == ["205", "20505", "2050599", "2080199", "2080201"]
    assert all(figure.printed is None for figure in report.figures if figure.table == table.id and figure.value is None)


def test_the_projects_are_those_of_the_sample(report):
    table = project_table(report.document)
    columns = [table.column(*words) for words in (("年初",), ("追加",), ("追减",), ("调整后",), ("实际",))]
    names = column_named(table, ["项目名称"])
    stated = sample("budget.csv")
    rows = table.rows[:-1]
    assert [row[names].text for row in rows] == [row["项目"] for row in stated] == list(report.names.projects)
    headers = [header for header in stated[0] if header.endswith("（万元）")]
    assert values(report, table, *columns)[:-1] == [tuple(amount(row[header]) * TEN_THOUSAND for header in headers) for row in stated]
    departments = {row["项目名称"]: row["实施部门"] for row in sample("project.csv")}
    assert {row[names].text: row[1].text for row in rows} == departments
    assert len(rows) == 38


def test_the_attachment_lists_every_project_with_its_exact_amount(report):
    table = report.document.tables[2]
    assert [row[1].text for row in table.rows[:-1]] == list(report.names.projects)
    read = [value for (value,) in values(report, table, 2)]
    assert sum(read[:-1]) == read[-1] == Decimal("53421615.16")
    assert report.document.section(table.section).title == "附件"


def test_each_department_has_its_paragraph(report):
    assert [part.department for part in report.parts] == list(report.names.departments)
    assert len(report.parts) == 7
    assert [report.document.section(part.section).cited for part in report.parts] == [f"三（三）{number}" for number in range(1, 8)]


def test_every_known_finding_lies_in_a_candidate_with_its_facts(report, known):
    at_line = {paragraph.place.line: candidate for candidate in report.candidates for paragraph in candidate.paragraphs}
    assert len(known) == 52
    for finding in known:
        candidate = at_line[finding.place.line]
        assert report.document.section(candidate.section).cited == re.sub("第.$|[一二]$", "", finding.place.section)
        assert candidate.department in (finding.department, None)  # a general problem is listed under no department
        assert finding.class_path in candidate.class_paths, finding.id
        printed = "".join(paragraph.text for paragraph in candidate.paragraphs)
        figures = {figure.value for figure in candidate.figures} | {figure.starts_on for figure in candidate.figures}
        for fact in finding.facts:
            if fact.unit == "yuan" and fact.printed in printed:
                assert Decimal(str(fact.value)) in figures, (finding.id, fact.printed)


def test_candidates_name_the_project_only_where_the_paragraph_prints_its_name(report):
    by_number = {candidate.number: candidate.projects for candidate in report.candidates}
    assert by_number["3.5"] == ("微信公众平台采编",)
    assert by_number["1.3"] == ()  # printed under another name: a name problem, never merged


def test_every_variant_of_a_name_is_listed_with_the_name_that_it_is_like(report):
    found = {problem.printed: problem.nearest for problem in report.name_problems}
    for printed, name in {
        "地区协调服务办公室": "地区协调办公室", "党建工作办公室": "党群工作办公室", "椿树苑运营": "椿树书苑运营", "绿地养护": "绿化养护经费",
        "街巷保洁": "辖区街巷保洁费用", "市民服务中心内部装修工程": "市民服务中心装修工程",
        "第四次全国经济普查购买服务": "第四次全国经济普查购买服务经费", "街区整理及街区亮相工作": "街区整理及街区亮相经费",
        "百姓文化之家整体运营项目": "百姓文化之家整体运营费用", "困难群众救助服务所合同": "困难群众救助服务所购买服务经费",
    }.items():
        assert found[printed] == (name,)
    title = next(problem for problem in report.name_problems if problem.kind == "title")
    assert title.printed.endswith("办法（实行）》") and title.nearest == (title.printed.replace("实行", "试行"),)


@pytest.mark.parametrize(("cited", "title", "printed"), [
    ("一（六）", "内设机构", "7个"), ("二", "人员构成", "153人"), ("三", "收支情况", "128378.60元"), ("四", "主要支出", "180,567,629.26"),
    ("五", "三公", "13777.82元"), ("五（三）", "公务用车", "8873.022元"), ("六", "运行费用", "2596283.87元"), ("七", "政府购买服务", "31826413.37元"),
    ("九", "国有资产", "8101.17万元"), ("十一", "民生支出", "54644553.12元"), ("二（一）", "预算批复", "17,833.75万元"),
    ("二（二）", "预算调整", "18,425.82万元"), ("二（三）", "预算执行", "100%"), ("三（二）", "项目绩效", "12，056.38万元"), ("五", "附件", "44.31%"),
])
def test_every_part_of_the_report_is_a_section_with_its_figures(report, cited, title, printed):
    sections = [section.id for section in report.document.sections if section.cited == cited and title in section.title]
    assert [figure.printed for figure in report.figures if figure.section in sections].count(printed) >= 1


def test_parts_without_figures_have_their_sections_too(report):
    titles = [section.title for section in report.document.sections]
    for title in ("街道工委主要职责", "国有资本经营预算", "名词解释", "工作组织实施情况", "部门整体绩效目标", "存在的问题", "下一步改进建议"):
        assert any(title in printed for printed in titles)


def test_recommendations_are_kept_with_the_problems_that_they_answer(report):
    assert {item.number: item.answers for item in report.recommendations} == {
        "A.1": ("G.2",), "A.2": ("G.3",), "A.3": ("G.2",), "A.4": ("G.4",)}


def test_it_is_known_whose_report_it_is(report):
    assert (report.organisation, report.fiscal_year) == ("北京市西城区人民政府椿树街道办事处", 2019)
