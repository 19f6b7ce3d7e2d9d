"""The pages, asked for in this process: each is there, speaks Chinese or English, and shows no machinery."""

from __future__ import annotations

import asyncio
import html
import re
import sqlite3
import subprocess
import sys
from functools import cache
from pathlib import Path

import httpx
import pytest
import yaml
from datasette.app import Datasette
from datasette.utils import tilde_encode

from auditkb import metadata
from auditkb.dictionary_files import load_dictionary
from auditkb.labels import read_labels
from auditkb.wording import say_reason
from tests import site_database as data
from web import formats, language, rule_text, timeline, translations
from web.translations import translate_script

# Latin words that a Chinese page may show: the product's switch, formats, ids of rules and files, names printed so.
KEYS_TO_WRITE = {"fill_down", "if_empty", "wins_over"}
"""Keys of mapping files and of source.yml that an advice says to write."""
ALLOWED = re.compile(r"""English|CSV|SQLite|PDA|csv|alert|script|x
    |[A-Z]{3,5}-\d{3}.*|chunshu|[a-z]+\.csv|第?\d+.*""", re.VERBOSE)
PAGES = ["/", "/kb", "/-/search?q=合同", "/-/search?q=zzz", "/kb/findings", "/kb/findings?severity=high&origin=rule",
         "/kb/findings?severity__not=high&amount__gt=1&_sort_desc=amount", "/kb/rules", "/kb/known_findings", "/kb/known_matches",
         "/kb/contract", "/kb/contract?_columns=all", "/kb/outcomes?outcome=not_evaluated", "/kb/laws", "/kb/sources", "/kb/cell_notes",
         "/kb/coverage", "/kb/runs", "/kb/outcome_counts", "/kb/finding_events", "/kb/quote"]


def address(table: str, key: str) -> str:
    return f"/kb/{table}/{tilde_encode(key)}"


ROWS = [address(*pair) for pair in [
    ("findings", data.RULE_FINDING), ("findings", data.PRESUMED_FINDING), ("findings", data.CONFLICT_FINDING),
    ("findings", data.HOSTILE_FINDING), ("findings", data.REPORT_FINDING), ("rules", "CON-001"), ("known_findings", data.REPORT_FINDING),
    ("contract", data.CONTRACT), ("contract", "恶意合同"), ("invoice", data.INVOICE), ("department", "党群办"), ("organisation", "甲公司"),
    ("project", "微信采编"), ("laws", "contract-law-1999/32"), ("sources", "ledger"), ("runs", "2"), ("cell_notes", "1")]]
ROWS.append(f"/-/reproduce?finding={data.RULE_FINDING}")


def serve(database: Path, project: Path) -> Datasette:
    """The site as `start.py serve` sets it up."""
    return Datasette([str(database)], metadata=yaml.safe_load((project / "metadata.yml").read_text("utf-8")),
                     plugins_dir=str(project / "web" / "plugins"), template_dir=str(project / "web" / "templates"),
                     static_mounts=[("static", str(project / "web" / "static"))],
                     settings={"suggest_facets": False, "facet_time_limit_ms": 3000, "sql_time_limit_ms": 6000})


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return data.build(tmp_path_factory.mktemp("site") / "kb.db")


class Site:
    """The site, asked from outside any event loop; an answer is kept, since the database does not change."""

    def __init__(self, served: Datasette):
        self.served = served
        asyncio.run(served.invoke_startup())
        self.get = cache(self._get)

    def _get(self, path: str, english: bool = False) -> httpx.Response:
        cookies = {"auditkb_language": "en"} if english else {}
        return asyncio.run(self.served.client.get(path, cookies=cookies, follow_redirects=False))


@pytest.fixture(scope="module")
def site(database: Path, project: Path) -> Site:
    return Site(serve(database, project))


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory, project: Path) -> Site:
    """The site over both samples, loaded and checked as `start.py run` does."""
    file = tmp_path_factory.mktemp("sample") / "kb.db"
    for command in (["ingest.py", "records", "sample/chunshu-2019", "sample/first-ledger"], ["checks.py", "run"]):
        done = subprocess.run([sys.executable, *command, "--db", str(file)], cwd=project, capture_output=True, text=True, encoding="utf-8")
        assert done.returncode in (0, 1), done.stdout + done.stderr
    return Site(serve(file, project))


def sample_rows(site: Site) -> list[str]:
    """The pages of all findings, rules, known findings and contracts, and of one record of every other type."""
    with sqlite3.connect(site.served.databases["kb"].path) as connection:
        found = [address(table, key) for table, column in (("findings", "id"), ("rules", "id"), ("known_findings", "id"), ("contract", "key"))
                 for (key,) in connection.execute(f"select {column} from {table}")]
        for table in load_dictionary(data.ROOT / "records").types:
            found += [address(table, key) for (key,) in connection.execute(f"select key from {table} limit 1")]
    return found


@pytest.mark.slow
def test_every_page_of_the_sample(sample: Site) -> None:
    raw = {}
    for path in [*PAGES, *sample_rows(sample)]:
        page = sample.get(path)
        assert page.status_code == 200, path
        names = set(re.findall(r"\b[a-z]+_[a-z_]+\b|\bNone\b|\{\"|%2F", text_of(page.text))) - KEYS_TO_WRITE
        if names:
            raw[path] = names
    assert not raw


@pytest.mark.slow
def test_the_sample_in_english(sample: Site) -> None:
    for path in sample_rows(sample):
        page = sample.get(path, english=True)
        assert page.status_code == 200, path
        assert not set(re.findall(r"\b[a-z]+_[a-z]+_?[a-z]*\b|%2F", text_of(page.text))) - KEYS_TO_WRITE, path


def text_of(page: str) -> str:
    """What a reader sees: no scripts, styles, code, file names, finding numbers (which are cited as they are) or tags."""
    page = re.sub(r"<(script|style|pre|head)\b.*?</\1>|<span class=\"file\">.*?</span>|<dd class=\"long\">.*?</dd>", " ", page, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]+>", " ", page))


@pytest.mark.parametrize("path", PAGES + ROWS)
def test_every_page_is_there_in_both_languages(site: Site, path: str) -> None:
    for english in (False, True):
        page = site.get(path, english)
        assert page.status_code == 200, path
        assert "facets-timed-out" not in page.text


@pytest.mark.parametrize("path", PAGES + ROWS)
def test_a_chinese_page_has_no_other_words(site: Site, path: str) -> None:
    page = site.get(path)
    assert '<html lang="zh-CN">' in page.text
    words = set(re.findall(r"[A-Za-z][A-Za-z_.\-]*[A-Za-z]", text_of(page.text)))
    names = {part for key in (data.SCRIPT, "sample ledger.csv 0.1.0 contract-law-1999 ledger abc") for part in re.findall(r"[A-Za-z][A-Za-z.\-]*", key)}
    left = {word for word in words - names if not ALLOWED.fullmatch(word) and not re.fullmatch(r"[A-Z]{3,5}-?", word)}
    assert not left


@pytest.mark.parametrize("path", PAGES + ROWS)
def test_no_raw_names_or_json(site: Site, path: str) -> None:
    text = text_of(site.get(path, english=True).text)
    assert not re.findall(r"\b[a-z]+_[a-z_]+\b", text)
    assert '{"' not in text and "null" not in text and "None" not in text


def test_an_english_page_has_chinese_only_in_data(site: Site) -> None:
    for path in ("/", "/kb", "/kb/rules", address("rules", "CON-001")):
        page = site.get(path, english=True)
        assert '<html lang="en">' in page.text
        text = text_of(page.text)
        for name in ("中文", "党群办", "民生办"):
            text = text.replace(name, "")
        assert not re.findall(r"[\u3400-\u9fff]+", text), path


def test_the_language_is_switched_and_kept(site: Site) -> None:
    answer = site.get("/kb/rules?severity=high&_lang=en")
    assert answer.status_code == 302
    assert answer.headers["location"] == "/kb/rules?severity=high"
    assert "auditkb_language=en" in answer.headers["set-cookie"]
    elsewhere = site.get("//evil.example/?_lang=en")
    assert elsewhere.headers["location"].startswith("/evil")


@pytest.mark.parametrize("path", ["/kb/contract/nothing", "/kb/nothing", "/nothing/at/all", "/-/reproduce?finding=nothing"])
def test_what_is_missing_is_said_in_chinese(site: Site, path: str) -> None:
    page = site.get(path)
    assert page.status_code == 404
    assert "没有找到" in page.text and "返回首页" in page.text
    assert "Not found" in site.get(path, english=True).text


@pytest.mark.parametrize("path", PAGES + ROWS)
def test_text_of_a_cell_is_never_run(site: Site, path: str) -> None:
    assert data.SCRIPT not in site.get(path).text


@pytest.mark.parametrize("path", ["/kb/contract?_columns=all", address("contract", data.CONTRACT), "/kb/findings?_columns=all"])
def test_internal_columns_are_not_shown(site: Site, path: str) -> None:
    page = site.get(path).text
    assert not re.findall(r'(?:data-column|option value|<th[^>]*)="?_(?:states|covered|department|year|folded)', page)
    assert "|quote|" not in page


def test_nobody_hands_in_sql(site: Site) -> None:
    assert site.get("/kb?sql=select+1").status_code == 403
    assert site.get("/kb/contract?_where=1").status_code == 403


def test_nothing_is_loaded_from_outside(site: Site) -> None:
    for path in PAGES + ROWS:
        page = site.get(path)
        assert "default-src 'self'" in page.headers["content-security-policy"]
        assert not re.findall(r'(?:src|href)="(?:https?:)?//(?!localhost/)', page.text), path


def test_a_lead_is_called_a_lead(site: Site) -> None:
    page = site.get(address("findings", data.RULE_FINDING)).text
    assert "疑点（待核实）" in page and "尚未经人工核实" in page
    for word in ("检查标准", "实际情况", "证据", "第三十二条", "未核验", "232,000.00", "2019年1月30日", "第 2 行", "怎样复核", "① 从开票日期到合同的签订日期的天数", "未记录：价税合计"):
        assert word in page, word
    assert "违反" not in page


def test_what_stood_in_is_said(site: Site) -> None:
    page = site.get(address("findings", data.PRESUMED_FINDING)).text
    assert "推定" in page and "以公告日期代替" in page and "可能适用：这一条是否适用，取决于没有登记的内容" in " ".join(text_of(page).split())
    assert "与法定限额冲突" in site.get(address("findings", data.CONFLICT_FINDING)).text


def test_a_blank_field_is_not_simply_empty(site: Site) -> None:
    assert "文件空白" in site.get(address("contract", "恶意合同")).text
    assert "文件空白" in site.get("/kb/contract").text


def test_a_contract_shows_papers_dates_and_findings(site: Site) -> None:
    text = text_of(site.get(address("contract", data.CONTRACT)).text)
    for word in ("发票", "支付", "时间线", "2019-05-05", "先开票22天", "验收资料未读全"):
        assert word in text, word


def test_a_rule_reads_itself_out(site: Site) -> None:
    text = text_of(site.get(address("rules", "CON-001")).text)
    for word in ("允许提前的天数", "0 天", "框架协议下的订单", "签订日期空白", "文件空白", "通过", "没有"):
        assert word in text, word


def test_facets_follow_rank_and_numbers_lead_to_rows(site: Site) -> None:
    page = site.get("/kb/findings").text
    facet = re.search(r'id="facet-severity".*?</section>', page, re.DOTALL)
    assert facet is not None
    assert re.findall(r">(高|中|低|提示)", facet[0]) == ["高", "中", "低", "提示"]
    home = site.get("/").text
    for link in re.findall(r'href="(/kb/(?:findings|outcomes)\?[^"]+)"', home):
        assert site.get(html.unescape(link)).status_code == 200


def test_a_finding_comes_out_again(site: Site) -> None:
    text = text_of(site.get(f"/-/reproduce?finding={data.RULE_FINDING}").text)
    assert "现在的结果" in text and "疑点" in text


def test_the_database_may_have_another_name(database: Path, project: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with sqlite3.connect(database) as source, sqlite3.connect(other) as target:
        source.backup(target)
    assert Site(serve(other, project)).get(address("findings", data.RULE_FINDING)).status_code == 200


def test_every_translated_fragment_still_matches(site: Site) -> None:
    loader = site.served.jinja_env.loader
    assert isinstance(loader, translations.TranslatingLoader)
    for name in translations.FRAGMENTS:
        site.served.jinja_env.get_template(name)
    assert loader.misses == []
    script = site.get("/-/static/table.js").text
    assert "升序" in script and "Sort ascending" not in script
    assert "Sort ascending" in site.get("/-/static/table.js", english=True).text


def test_a_fragment_that_is_gone_is_noticed() -> None:
    assert translations.Fragment("no such text", "x").apply("<p>") is None
    assert translate_script("nothing")[1]


def test_metadata_is_fresh(project: Path) -> None:
    labels = read_labels(load_dictionary(project / "records"))
    text = (project / "metadata.yml").read_text("utf-8")
    assert metadata.refreshed(text, labels) == text, "run: python -m auditkb.generated"


def test_hand_written_metadata_stays(project: Path) -> None:
    labels = read_labels(load_dictionary(project / "records"))
    text = "databases:\n  kb:\n    tables:\n      contract:\n        # why\n        size: 7\n"
    once = metadata.refreshed(text, labels)
    assert "        # why\n        size: 7\n" in once
    assert metadata.refreshed(once, labels) == once


@pytest.mark.parametrize(("number", "words"), [(5, "五"), (10, "十"), (18, "十八"), (32, "三十二"), (110, "一百一十"), (490, "四百九十"), (1012, "一千零一十二")])
def test_articles_are_counted_in_chinese(number: int, words: str) -> None:
    language.use("zh")
    assert formats.chinese_number(number) == words


def test_steps_of_a_rule_are_numbered() -> None:
    summary = "列为疑点：“above”大于0\n其中，“usual” = 单价的中位数\n其中，“above” = 单价 − “usual”"
    assert rule_text.numbered(summary) == ["列为疑点：②大于0", "其中，① = 单价的中位数", "其中，② = 单价 − ①"]
    assert rule_text.numbered_definition(summary, "above") == "② 单价 − ①"
    assert rule_text.numbered_definition(summary, "unit_price") == ""


def test_a_key_reads_as_words(site: Site) -> None:
    cells = site.served._auditkb_site.cells
    language.use("zh")
    assert cells.key_words("priced_line", "budget_item/文化悦老/绿植") == "预算明细/文化悦老/绿植"
    assert cells.key_words("guarantee", "合同%2F一/quality") == "合同/一/质量"


@pytest.mark.parametrize(("value", "words"), [(0.03, "3%"), (0.745, "74.50%"), (0.6238, "62.38%"), (1.0, "100%"), (0.12345, "12.345%")])
def test_ratios(value: float, words: str) -> None:
    assert formats.ratio(value) == words


def test_reasons_in_words(project: Path) -> None:
    labels = read_labels(load_dictionary(project / "records"))
    language.use("zh")
    given = ["missing:contract.signed_on", "source_not_loaded:acceptance", "event_date_unknown", "exemption:HT-1/framework"]
    shown = formats.reasons(labels, "invoice", "|".join(given))
    assert shown == ["合同·签订日期未记录", "验收资料未读全", "业务日期未知", "豁免记录 HT-1/framework"]
    assert shown == [say_reason(reason, labels.dictionary, "invoice").zh for reason in given]
    assert formats.reasons(labels, "quote", "missing:peers.supplier.legal_rep") == ["同组记录·报价单位·法定代表人未记录"]
    assert formats.path_words(labels, "quote", "peers.supplier") == "“同组记录的报价单位”"


def test_dates_near_each_other_stand_apart(project: Path) -> None:
    labels = read_labels(load_dictionary(project / "records"))
    record = {"key": "a", "signed_on": "2019-01-01", "starts_on": "2019-01-02", "ends_on": "2019-12-31"}
    drawn = timeline.timeline(labels, labels.tables["contract"], record, [])
    assert drawn is not None
    assert [mark.level for mark in drawn.marks] == [0, 1, 0]
    assert timeline.timeline(labels, labels.tables["contract"], {"key": "a", "signed_on": "2019-01-01"}, []) is None
