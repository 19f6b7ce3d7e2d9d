"""What an inspector expects of the pages: search whatever the spelling, exports in words, gone findings called so, no dead ends."""

from __future__ import annotations

import csv
import html
import io
import os
import re
import sqlite3
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from auditkb.dictionary_files import load_dictionary
from auditkb.labels import read_labels
from auditkb.wording import NOTHING_CHECKED
from tests import site_database as data
from tests.run_world import a_world
from tests.test_site import Site, address, serve, text_of
from web import formats, language, searching

GONE = "CON-002:已更正"
LONG = "第一段：合同编号ＨＴ２０１９－０８８，总金额（含税）为三百万元。"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, project: Path) -> Site:
    database = data.build(tmp_path_factory.mktemp("readers") / "kb.db")
    with sqlite3.connect(database) as connection:
        data.insert(connection, "findings", id=GONE, origin="rule", rule_id="CON-002", record_type="contract", record_key=data.CONTRACT, severity="low", review="待核实",
                    state="gone", message_zh="先履行3天", message_en="Three days early", evidence='{"values": []}', evidence_hash="x", first_run=1, last_run=1)
        data.insert(connection, "finding_events", finding_id=GONE, run_id=2, at="2026-11-21T09:00:02", event="gone", reason="resolved_in_data")
        data.insert(connection, "record_changes", load=1, at="2026-11-20T12:00:00", source="ledger", record_type="contract", key=data.CONTRACT, change="changed",
                    field="starts_on", old="2019-02-18", new="2019-03-01")
        data.insert(connection, "loads", id=1, source="ledger", what="loaded", loaded_at="2026-11-20T10:00:00", path="台账.csv", rows=6, added=6, changed=0, gone=0)
        data.insert(connection, "known_findings", id="chunshu-2019/9.9.9", report="chunshu-2019", number="9.9.9", title_zh=LONG, title_en="No",
                    condition_zh="", condition_en="", facts="[]", verdict="text")
    return Site(serve(database, project))


def found(site: Site, words: str) -> str:
    return text_of(site.get(f"/-/search?q={quote(words)}").text)


@pytest.mark.parametrize("words", ["HT2019-088", "ht2019-088", "ＨＴ２０１９-088", "HT2019 088", "(含税)", "（含税）", "总金额 三百万"])
def test_width_case_and_brackets_do_not_matter(site: Site, words: str) -> None:
    assert "第一段" in found(site, words)


@pytest.mark.parametrize("words", ["232000", "232,000", "232,000.00", "２３２０００"])
def test_an_amount_is_found_however_it_is_written(site: Site, words: str) -> None:
    page = site.get(f"/-/search?q={quote(words)}").text
    assert address("contract", data.CONTRACT) in page
    assert address("findings", data.RULE_FINDING) in page


@pytest.mark.parametrize("words", ["HT2019-089", "332000", "¦", "_", '"', "甲公司 没有的词"])
def test_what_is_not_there_is_not_found(site: Site, words: str) -> None:
    assert "没有找到" in found(site, words)


def test_a_part_of_a_name_leads_to_its_findings(site: Site) -> None:
    assert address("organisation", "甲公司") in site.get(f"/-/search?q={quote('甲公')}").text
    assert "先开票22天" not in text_of(site.get(address("organisation", "甲公司")).text)
    assert "质保金3%" in text_of(site.get(address("organisation", "甲公司")).text)
    assert "先开票22天" in text_of(site.get(address("department", "党群办")).text)


def test_a_large_table_is_searched_without_folding(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "MOST_FOLDED", 0)
    labels = site.served._auditkb_site.labels
    with sqlite3.connect(site.served.databases["kb"].path) as connection:
        hits = searching.search(connection, labels, "微信 公众 采编合同/2019")
        assert [row["key"] for group in hits for row in group["rows"] if group["table"].name == "contract"] == [data.CONTRACT]


def test_more_of_one_table_is_a_click_away(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "SHOWN", 1)
    more = re.search(r'class="more" href="\?([^"]+in=findings)"', site._get("/-/search?q=CON").text)
    assert more is not None
    page = text_of(site._get("/-/search?" + more[1].replace("&amp;", "&")).text)
    assert "在全部内容中搜索" in page and page.count("先履行") >= 2


def test_a_gone_finding_says_so_and_what_was_changed(site: Site) -> None:
    text = text_of(site.get(address("findings", GONE)).text)
    assert "已不再出现" in text and "第1批检查最后一次查出" in text and "由 2019-02-18 改为 2019-03-01" in text
    assert "已不再出现" not in text_of(site.get(address("findings", data.RULE_FINDING)).text)
    assert "It appears no more" in site.get(address("findings", GONE), english=True).text


def test_money_of_the_evidence_has_its_unit() -> None:
    language.use("zh")
    from web.site import evidence_value

    assert evidence_value({"type": "money", "value": 5.0, "shown_zh": "至少5.00"}) == "至少5.00元"
    assert evidence_value({"type": "money", "value": None, "shown_zh": "未记录"}) == "未记录"
    assert evidence_value({"type": "integer", "value": 5, "shown_zh": "5"}) == "5"


def test_a_condition_on_no_column_is_called_one(site: Site) -> None:
    assert "没有“nosuch”这一列" in text_of(site.get("/kb/findings?nosuch=1").text)
    assert "这一列" not in text_of(site.get("/kb/findings?severity=high").text)


def test_a_wrong_sort_and_a_refusal_are_said_in_words(site: Site) -> None:
    for english, words in ((False, "网址有误"), (True, "asks for something that is not there")):
        assert words in site.get("/kb/findings?_sort=nosuch", english).text
    assert "没有权限" in site.get("/kb?sql=select+1").text
    assert "execute-sql" not in site.get("/kb?sql=select+1", english=True).text


def test_a_source_and_a_run_lead_on(site: Site) -> None:
    source = site.get(address("sources", "ledger")).text
    for link in ("/kb/contract?source=ledger", "/kb/record_changes?source=ledger"):
        assert link in source
    assert "报价" in text_of(source) and "全部在档" in text_of(source)
    run = site.get("/kb/runs/2").text
    assert "第 2 批检查" in run and "/kb/finding_events?run_id=2&amp;event=gone" in run and "数据已更正" in run


def test_an_english_list_names_findings_in_english(site: Site) -> None:
    assert "Three days early" in site.get("/kb/finding_events", english=True).text
    assert "先履行3天" in site.get("/kb/finding_events").text


def test_a_contract_list_shows_amount_and_day(site: Site, project: Path) -> None:
    page = site.get("/kb/contract").text
    assert {"amount", "signed_on", "supplier"} <= set(re.findall(r'data-column="(\w+)"', page))
    labels = read_labels(load_dictionary(project / "records"))
    for name, table in labels.tables.items():
        assert set(table.listed) <= set(table.columns) | {column.removesuffix("_zh") for column in table.columns}, name


def test_a_csv_can_be_had_in_words(site: Site) -> None:
    link = re.search(r'href="([^"]+_words=on)"', site.get("/kb/findings?severity=medium").text)
    assert link is not None
    answer = site.get(link[1].replace("&amp;", "&"))
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert [row["严重程度"] for row in rows] == ["中"] * len(rows) != []
    row = next(row for row in rows if row["编号"] == data.RULE_FINDING)
    assert (row["规则"], row["规则（名称）"], row["记录类型"], row["涉及金额（元）"], row["首次发现批次"]) == ("CON-001", "先开发票后签合同", "发票", "232000.0", "第1批")
    assert not [name for name in rows[0] if re.search("[a-z_]{3}", name)]


def test_a_csv_in_words_says_what_is_blank_on_paper(site: Site) -> None:
    rows = csv.DictReader(io.StringIO(site.get("/kb/contract.csv?_words=on").content.decode("utf-8-sig"), newline=""))
    assert next(row for row in rows if row["主键"] == "恶意合同")["签订日期"] == "文件空白"
    plain = csv.DictReader(io.StringIO(site.get("/kb/contract.csv").content.decode("utf-8-sig"), newline=""))
    assert "signed_on" in next(iter(plain))


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="Windows 不能在运行中改时区 | Windows cannot change its time zone while running")
def test_moments_are_of_the_clock_on_the_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    before = os.environ.get("TZ")
    monkeypatch.setenv("TZ", "CST-8")
    time.tzset()
    try:
        assert formats.time("2026-11-25T01:30:03+00:00") == "2026-11-25 09:30"
        assert formats.time("no moment") == "no moment"
    finally:
        os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
        time.tzset()


@pytest.mark.parametrize("is_loaded", [True, False])
def test_a_run_over_nothing_is_no_clean_bill(tmp_path: Path, project: Path, is_loaded: bool) -> None:
    with a_world(tmp_path) as world:
        if not is_loaded:
            world.database.execute("DELETE FROM contract")
        world.run()
    home = html.unescape(Site(serve(tmp_path / "kb.db", project)).get("/").text)
    assert (NOTHING_CHECKED.zh in home) is not is_loaded
    assert ("无法检查的" in home) is is_loaded


def test_leads_are_called_leads(site: Site) -> None:
    home, lead = site.get("/").text, site.get(address("findings", data.RULE_FINDING)).text
    assert ">疑点与问题</a>" in home and ">问题</a>" not in home + lead
    assert "疑点编号" in lead and "问题编号" not in lead
    assert "问题编号" in site.get(address("findings", data.REPORT_FINDING)).text
