"""The site on reports that were read, records that are gone, notes in both languages, and CSV for spreadsheets."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditkb.database import open_database
from tests import site_database as data
from tests.test_site import Site, address, serve, text_of
from web.csv_files import SafeCsv

FORMULA = '=HYPERLINK("http://elsewhere.example","看")'
GONE = "撤销合同/2024"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, project: Path) -> Site:
    file = data.build(tmp_path_factory.mktemp("site") / "kb.db")
    connection = open_database(file)
    _report(connection)
    data.insert(connection, "source_rows_contract", key=GONE, title="撤销的合同", amount=5000.0, source="ledger", _gone="2026-11-23T08:00:00")
    data.insert(connection, "loads", id=1, source="ledger", what="replaced", loaded_at="2026-11-23T08:00:00", path="台账.csv", rows=6, gone=1)
    data.insert(connection, "record_changes", load=1, at="2026-11-23T08:00:00", source="ledger", record_type="contract", key=GONE, change="gone", path="台账.csv")
    data.insert(connection, "cell_notes", record_type="contract", key=GONE, field="amount", problem="unreadable", raw="五千左右", source="ledger", is_gone=1,
                note="不是数字", note_en="not a number", advice="改成数字", advice_en="write a number")
    data.insert(connection, "cell_notes", record_type="payment", key="没有读入", field="amount", problem="unreadable", raw="?", source="ledger", note="不是数字", note_en="not a number")
    data.insert(connection, "organisation", key="公式公司", name=FORMULA, source="ledger")
    data.insert(connection, "payment", key="退款", amount=-5.5, source="ledger")
    connection.close()
    return Site(serve(file, project))


def _report(connection) -> None:
    data.insert(connection, "reports", id="west-2024", title="西街2024年决算说明", organisation="西街办事处", file="west.txt", read_at="2026-11-23T09:00:00", sections=1, figures=1, candidates=1)
    blocks = [{"number": 1, "text": "路灯养护项目未见验收记录。", "place": ["第1行", "line 1"], "offset": 0},
              {"number": 2, "table": "一!1", "title": "支出表", "unit": None, "columns": [["项目"]], "notes": [], "rows": [["公厕保洁"]]}]
    data.insert(connection, "sections", id="west-2024/一", report="west-2024", cited="一", title="概况", level=1, position=1, place_zh="第1行", place_en="line 1",
                blocks=json.dumps(blocks, ensure_ascii=False))
    data.insert(connection, "candidate_findings", id="west-2024/1.1", report="west-2024", number="1.1", section="west-2024/一", cited="一", text="路灯养护项目未见验收记录。",
                place_zh="第1行", place_en="line 1", blocks="[1]")
    for number, verdict in enumerate(("broken", "broken", "review", "ties")):
        data.insert(connection, "tie_outs", id=f"west-2024/t{number}", report="west-2024", relation="合计", relation_en="Total", verdict=verdict, place="第1行", place_en="line 1")


def test_the_search_finds_reports_and_what_stands_in_them(site: Site) -> None:
    assert "/kb/reports/west-2024" in site.get("/-/search?q=西街2024").text
    found = site.get("/-/search?q=路灯养护 验收").text
    assert f'href="{address("sections", "west-2024/一")}"' in found and f'href="{address("candidate_findings", "west-2024/1.1")}"' in found
    assert "一 概况" in text_of(found) and "西街2024年决算说明" in text_of(found)
    assert address("sections", "west-2024/一") in site.get("/-/search?q=公厕保洁").text


@pytest.mark.parametrize("words", ["offset", "第1行", "line 1", "一!1"])
def test_the_search_reads_no_names_of_parts(site: Site, words: str) -> None:
    assert "/kb/sections/" not in site.get(f"/-/search?q={words}").text


def test_the_home_page_shows_new_reports_and_sources(site: Site) -> None:
    text = text_of(site.get("/").text)
    assert "西街2024年决算说明" in text and "数字不符 2 处" in text and "待人判断 1 处" in text and "待认定的问题 1 段" in text
    assert "测试台账" in text and "待核对 1 处" in text
    for link in re.findall(r'href="(/kb/(?:tie_outs|candidate_findings|cell_notes|reports|sources)[^"]+)"', site.get("/").text):
        assert site.get(html.unescape(link)).status_code == 200


def test_notes_speak_the_language_of_the_page(site: Site) -> None:
    for path in ("/kb/cell_notes?problem=unreadable", "/kb/cell_notes/2"):
        english, chinese = text_of(site.get(path, english=True).text), text_of(site.get(path).text)
        assert "not a number" in english and "write a number" in english and "不是数字" not in english
        assert "不是数字" in chinese and "改成数字" in chinese and "not a number" not in chinese
    assert "Total" in text_of(site.get("/kb/tie_outs", english=True).text)
    assert "合计" not in re.sub("<select.*?</select>", "", site.get("/kb/tie_outs/" + address("", "west-2024/t0").rpartition("/")[2], english=True).text, flags=re.DOTALL)


def test_what_has_no_english_is_shown_as_it_is(site: Site) -> None:
    row = {"note": "旧的说明", "note_en": None}
    assert "旧的说明" in site.served._auditkb_site.cells.cell("cell_notes", "note_en", row)


@pytest.mark.parametrize("listing", ["/kb/record_changes", "/kb/cell_notes"])
def test_every_record_that_a_listing_names_has_a_page(site: Site, listing: str) -> None:
    links = re.findall(r'href="(/kb/(?:contract|payment|invoice)/[^"]+)"', site.get(listing).text)
    assert links
    for link in links:
        assert site.get(html.unescape(link)).status_code == 200, link


def test_a_record_that_is_gone_says_so(site: Site) -> None:
    text = text_of(site.get(address("contract", GONE)).text)
    assert "这条记录已撤销" in text and "撤销的合同" in text and "5,000.00" in text and "五千左右" in text
    assert "This record is gone" in site.get(address("contract", GONE), english=True).text
    assert "（已撤销）" in site.get("/kb/cell_notes").text


def test_a_record_that_never_was_is_not_called_gone(site: Site) -> None:
    named = text_of(site.get(address("payment", "没有读入")).text)
    assert "没有读入这条记录" in named and "已撤销" not in named
    assert site.get(address("payment", "从未提到")).status_code == 404


@pytest.mark.parametrize("path", ["/kb/organisation.csv?_size=max", "/kb/organisation.csv?_stream=on"])
def test_a_csv_is_safe_in_a_spreadsheet(site: Site, path: str) -> None:
    answer = site.get(path)
    assert answer.content.startswith(b"\xef\xbb\xbf") and answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert {row["key"]: row["name"] for row in rows}["公式公司"] == f"'{FORMULA}"
    assert {row["key"]: row["name"] for row in rows}["甲公司"] == "甲公司"


def test_numbers_of_a_csv_stay_numbers(site: Site) -> None:
    rows = csv.DictReader(io.StringIO(site.get("/kb/payment.csv").content.decode("utf-8-sig"), newline=""))
    assert {row["key"]: row["amount"] for row in rows}["退款"] == "-5.5"


cells = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6) | st.sampled_from(['"', "\n", '=1', ",\r\n", "-3", "合同"])


@given(st.lists(st.lists(cells, min_size=1, max_size=3), max_size=5), st.lists(st.integers(1, 9), max_size=20))
def test_a_csv_in_pieces_is_the_same_csv(table: list[list[str]], sizes: list[int]) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(table)
    whole, pieces, safe = out.getvalue().encode(), [], SafeCsv()
    for size in sizes:
        pieces.append(safe.take(whole[:size], is_last=False))
        whole = whole[size:]
    pieces.append(safe.take(whole, is_last=True))
    again = list(csv.reader(io.StringIO(b"".join(pieces).decode("utf-8-sig"), newline="")))
    assert [[cell.removeprefix("'") for cell in row] for row in again] == [[cell.removeprefix("'") for cell in row] for row in table]
