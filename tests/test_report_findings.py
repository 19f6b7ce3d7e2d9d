"""Candidate findings, names, drafts and what is kept of a report, on a small invented report."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from datasette.utils import tilde_encode
from hypothesis import given, settings
from hypothesis import strategies as st

import ingest
from auditkb.aliases import Aliases, load_aliases
from auditkb.database import create_tables, open_database, writer
from auditkb.dictionary_files import load_dictionary
from auditkb.errors import KnowledgeBaseError
from auditkb.findings import KnownFinding
from auditkb.reports.drafts import write_drafts
from auditkb.reports.report import Report, read_whole
from auditkb.reports.storing import store_report
from auditkb.file_models import load_model
from tests.test_site import Site, address, serve, text_of

ROOT = Path(__file__).parents[1]
# A tab is written →.
TEXT = """柳桥镇2024年绩效跟踪报告
部门名称：柳桥镇人民政府
一、项目情况
表  项目执行情况
单位：万元
→序号
→责任科室
→项目名称
→全年预算
→实际支出

→1
→公共服务科
→河岸绿地养护经费
→10.00
→9.00

→2
→公共服务科
→社区老年餐桌运营
→20.00
→

→3
→市政建设办公室
→路灯更换工程
→30.00
→30.00

→
→
→合计
→60.00
→39.00

二、各部门情况
1.公共服务科2024年跟踪项目2个，包括：“河岸绿地养护经费”和“社区老年食堂运营”，全年预算合计30万元，实际支出9万元。
总体较好，但存在年中调换内容的情况。跟踪中发现以下不足，具体为：
（1）河岸绿地养护项目未约定频次，合同于2024年3月5日签订，服务自2024年3月1日起，金额120,000.00元。
（2）社区老年餐桌运营的发票没有附明细，共3张。
2.市政建设办公室2024年跟踪项目1个，为“路灯更换工程”，全年预算30万元，实际支出30万元。
各项工作按计划完成。
三、问题和建议
（一）存在的问题
1.部分预算编制不够细
2.资料归档不及时
市政建设科室的资料缺少签到表。
（二）改进建议
1.预算编制要写明数量
2.加强宣传
""".replace("→", "\t")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "Liuqiao 2024.txt"
    path.write_text(TEXT, "utf-8")
    return path


@pytest.fixture
def report(file) -> Report:
    return read_whole(file)


def kept(text: str, name: str, folder: Path) -> Path:
    """A knowledge base that holds the report of a text."""
    path = folder / f"{name}.txt"
    path.write_text(text, "utf-8")
    database = folder / "kb.db"
    with closing(open_database(database, create=True)) as connection, writer(connection):
        create_tables(connection, load_dictionary(ROOT / "records"))
        store_report(connection, read_whole(path))
    return database


@pytest.fixture
def database(tmp_path):
    return kept(TEXT, "Liuqiao 2024", tmp_path)


def test_a_report_has_an_id_an_organisation_and_a_year(report, file):
    assert (report.id, report.organisation, report.fiscal_year) == ("liuqiao-2024", "柳桥镇人民政府", 2024)
    assert read_whole(file, "west-2024").id == "west-2024"
    with pytest.raises(KnowledgeBaseError):
        read_whole(file, "West/2024")


def test_candidates_follow_from_the_structure(report):
    assert [(candidate.number, candidate.department) for candidate in report.candidates] == [
        ("1.0", "公共服务科"), ("1.1", "公共服务科"), ("1.2", "公共服务科"), ("G.1", None), ("G.2", None)]
    first = report.candidates[1]
    assert [figure.printed for figure in first.figures] == ["2024年3月5日", "2024年3月1日", "120,000.00元"]
    assert report.candidates[4].text.endswith("缺少签到表。")


def test_a_paragraph_that_only_leads_to_a_list_is_no_candidate(tmp_path):
    path = tmp_path / "report.txt"
    path.write_text(TEXT.replace("但存在年中调换内容的情况。", ""), "utf-8")
    assert [candidate.number for candidate in read_whole(path).candidates][0] == "1.1"


def test_a_class_is_proposed_by_its_words_and_else_none(report):
    proposed = {candidate.number: candidate.class_paths for candidate in report.candidates}
    assert proposed["G.1"][0] == ("BUD", "预算编制不细")
    assert proposed["1.2"] == ()


def test_a_variant_is_reported_and_not_merged(report):
    problems = {problem.printed: (problem.kind, problem.nearest) for problem in report.name_problems}
    assert problems == {"河岸绿地养护项目": ("project", ("河岸绿地养护经费",)), "社区老年食堂运营": ("project", ("社区老年餐桌运营",))}
    assert report.candidates[1].projects == ()


def test_a_reviewed_alias_settles_a_variant(file):
    report = read_whole(file, aliases=_aliases(file.parent, {"河岸绿地养护经费": {"aliases": ["河岸绿地养护项目"]}, "社区老年餐桌运营": {"aliases": ["社区老年食堂运营"]}}))
    assert report.name_problems == []
    assert report.candidates[1].projects == ("河岸绿地养护经费",)


def test_an_alias_file_may_keep_the_name_that_the_text_prints(file):
    report = read_whole(file, aliases=_aliases(file.parent, {"河岸绿地养护项目": {"aliases": ["河岸绿地养护经费"]}}))
    assert [problem.printed for problem in report.name_problems] == ["社区老年食堂运营"]
    assert report.candidates[1].projects == ("河岸绿地养护经费",)


def test_names_that_were_found_to_be_different_are_no_problem(file):
    report = read_whole(file, aliases=_aliases(file.parent, {"河岸绿地养护经费": {"different": ["河岸绿地养护项目"]}}))
    assert [problem.printed for problem in report.name_problems] == ["社区老年食堂运营"]
    assert report.candidates[1].projects == ()


def _aliases(folder: Path, projects: dict[str, dict[str, list[str]]]) -> Aliases:
    entries = {name: entry | {"why": "核对过", "by": "审计科", "on": "2026-11-20"} for name, entry in projects.items()}
    (folder / "aliases.yml").write_text(json.dumps({"project": entries}, ensure_ascii=False), "utf-8")
    return load_aliases(folder)


def test_the_office_aliases_reach_the_report(file, tmp_path):
    office = tmp_path / "office"
    office.mkdir()
    _aliases(office, {"河岸绿地养护经费": {"aliases": ["河岸绿地养护项目"]}, "社区老年餐桌运营": {"different": ["社区老年食堂运营"]}})
    with_office = CliRunner().invoke(ingest.commands("zh"), ["report", str(file), "--db", str(tmp_path / "kb.db"), "--office", str(office)])
    without = CliRunner().invoke(ingest.commands("zh"), ["report", str(file), "--db", str(tmp_path / "kb.db")])
    assert (with_office.exit_code, without.exit_code) == (0, 0)
    assert "名称不一致" in without.output and "名称不一致" not in with_office.output


def test_recommendations_answer_the_problems_of_their_matter(report):
    assert [(item.title, item.answers) for item in report.recommendations] == [("预算编制要写明数量", ("G.1",)), ("加强宣传", ())]


def test_a_report_without_tables_has_no_names_and_no_name_problems(tmp_path):
    path = tmp_path / "short.txt"
    path.write_text("一、概况\n收入3元。\n", "utf-8")
    report = read_whole(path)
    assert (report.names.projects, report.candidates, report.name_problems, report.recommendations) == ((), [], [], [])


PIECES = st.sampled_from(["一、", "1.", "（1）", "公共服务科2024年跟踪项目2个，", "年初预算3万元，实际支出2元。", "存在的问题", "改进建议", "存在不足。",
                          "“路灯项目”", "\n", "\n\n", "\t序号\n\t实施部门\n\t项目名称\n\t金额\n\n", "\t1\n\t公共服务科\n\t路灯经费\n\t3.00\n\n"])


@settings(max_examples=40)
@given(st.lists(PIECES, max_size=30))
def test_every_text_is_read_to_the_end(pieces):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.txt"
        path.write_text("头\n" + "".join(pieces), "utf-8")
        report = read_whole(path)
    numbers = [candidate.number for candidate in report.candidates]
    assert len(numbers) == len(set(numbers))
    assert len({figure.id for figure in report.figures}) == len(report.figures)


# --- drafts

def test_a_draft_becomes_a_known_finding_once_a_person_has_written_it(report, tmp_path):
    paths = write_drafts(report, tmp_path / "drafts")
    assert [path.name for path in paths] == ["1.0.yml", "1.1.yml", "1.2.yml", "G.1.yml", "G.2.yml"]
    draft = tmp_path / "drafts" / "1.1.yml"
    with pytest.raises(KnowledgeBaseError):
        load_model(KnownFinding, draft)  # nothing is filled in yet
    written = draft.read_text("utf-8").replace("zh: ''", "zh: 合同签订晚于服务开始").replace("en: ''", "en: Signed after the start")
    draft.write_text(written.replace("class: []", "class: [CON, 时序倒置]"), "utf-8")
    known = load_model(KnownFinding, draft)[0]
    assert (known.id, known.department, known.place.section) == ("liuqiao-2024/1.1", "公共服务科", "二1（1）")
    assert [(str(fact.value), fact.unit) for fact in known.facts] == [("2024-03-05", None), ("2024-03-01", None), ("120000.0", "yuan")]


def test_no_draft_is_written_over(report, tmp_path):
    write_drafts(report, tmp_path / "drafts")
    (tmp_path / "drafts" / "1.1.yml").write_text("mine", "utf-8")
    with pytest.raises(KnowledgeBaseError) as refused:
        write_drafts(report, tmp_path / "drafts")
    assert len(refused.value.faults) == 5
    assert (tmp_path / "drafts" / "1.1.yml").read_text("utf-8") == "mine"


# --- the knowledge base

def counts(path: Path) -> dict[str, int]:
    with closing(sqlite3.connect(path)) as connection:
        return {table: connection.execute(f"select count(*) from {table}").fetchone()[0]
                for table in ("reports", "sections", "figures", "candidate_findings", "recommendations", "name_problems")}


def test_a_report_is_kept_whole_and_replaced_when_read_again(database, report):
    first = counts(database)
    assert first == {"reports": 1, "sections": len(report.document.sections), "figures": len(report.figures), "candidate_findings": 5,
                     "recommendations": 2, "name_problems": 2}
    with closing(open_database(database)) as connection, writer(connection):
        store_report(connection, report)
    assert counts(database) == first


def test_blanks_are_null_and_values_are_in_yuan(database):
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("select printed, value, precision from figures where row_label like '%老年餐桌运营' order by column_label").fetchall()
    assert sorted(rows, key=str) == [("20.00", 200000.0, 50.0), (None, None, 0.0)]


def test_every_paragraph_and_cell_is_kept_with_its_section(database, report):
    with closing(sqlite3.connect(database)) as connection:
        blocks = [block for (text,) in connection.execute("select blocks from sections order by position") for block in json.loads(text)]
    assert [block["text"] for block in blocks if "text" in block] == [paragraph.text for paragraph in report.document.paragraphs]
    (table,) = [block for block in blocks if "rows" in block]
    assert table["rows"][1][3:] == ["20.00", None]


def run(*arguments: object):
    return CliRunner().invoke(ingest.commands("zh"), [str(argument) for argument in arguments])


def test_the_command_reads_a_report_and_says_what_it_found(file, tmp_path):
    done = run("report", file, "--id", "west-2024", "--db", tmp_path / "new.db")
    assert done.exit_code == 0, done.output
    assert counts(tmp_path / "new.db")["candidate_findings"] == 5
    assert "west-2024" in done.output and "社区老年食堂运营" in done.output


def test_the_command_says_which_table_prints_no_unit(file, tmp_path):
    file.write_text(TEXT.replace("单位：万元\n", ""), "utf-8")
    assert "没有印单位，金额按元读" in run("report", file, "--db", tmp_path / "new.db").output
    file.write_text(TEXT, "utf-8")
    assert "没有印单位" not in run("report", file, "--db", tmp_path / "new.db").output


def test_the_command_writes_drafts_and_no_knowledge_base(file, tmp_path):
    done = run("report", file, "--draft", tmp_path / "drafts", "--db", tmp_path / "none.db")
    assert done.exit_code == 0, done.output
    assert len(list((tmp_path / "drafts").iterdir())) == 5
    assert not (tmp_path / "none.db").exists()


# --- pages

PAGES = [address(table, key) for table, key in [
    ("reports", "liuqiao-2024"), ("sections", "liuqiao-2024:二/1/（1）"), ("sections", "liuqiao-2024:一"), ("sections", "liuqiao-2024:0"),
    ("candidate_findings", "liuqiao-2024:1.1"), ("figures", "liuqiao-2024:二/1/（1）#3"), ("figures", "liuqiao-2024:一!1!2.5")]]
LISTS = ["/kb", *(f"/kb/{table}" for table in ("reports", "sections", "figures", "candidate_findings", "recommendations", "name_problems"))]


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Site:
    return Site(serve(kept(TEXT, "Liuqiao 2024", tmp_path_factory.mktemp("site")), ROOT))


def test_every_page_of_a_report_is_shown_in_both_languages(site):
    for path in [*PAGES, *LISTS]:
        for english in (False, True):
            page = site.get(path, english)
            assert page.status_code == 200, path
            assert "None" not in text_of(page.text) and "{{" not in page.text, path
    assert "Candidate findings" in site.get(PAGES[0], True).text and "待认定的报告问题" in site.get(PAGES[0]).text


def test_the_figures_of_a_paragraph_are_marked(site):
    page = site.get(PAGES[1]).text
    assert page.count('class="figure"') == 3
    assert "知识库中没有对应的问题档案" in page
    figure = site.get(PAGES[5]).text
    assert 'class="figure focus"' in figure and "120,000.00" in figure


def test_a_blank_cell_is_called_blank(site):
    assert "空白" in text_of(site.get(PAGES[2]).text)
    assert "没有值" in text_of(site.get(PAGES[6]).text)


def test_hostile_text_of_a_report_is_shown_as_text(tmp_path):
    text = TEXT.replace("（1）河岸", "（1）<script>alert(1)</script>河岸")
    site = Site(serve(kept(text, "hostile", tmp_path), ROOT))
    for key in ("reports/hostile", f"sections/{tilde_encode('hostile:二/1/（1）')}", f"candidate_findings/{tilde_encode('hostile:1.1')}"):
        page = site.get(f"/kb/{key}").text
        assert "<script>alert" not in page and "&lt;script&gt;" in page
