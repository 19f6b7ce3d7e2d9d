"""The pages in a real browser, on a desk and on a phone: nothing scrolls sideways, fails or asks for the outside."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from datasette.utils import tilde_encode

import start
from tests import site_database as data

pytestmark = pytest.mark.slow
ADDRESSES = [
    "/", "/kb", "/-/search?q=合同", "/kb/findings", "/kb/findings?severity=medium&origin=rule", "/kb/rules", "/kb/known_findings",
    "/kb/contract", "/kb/contract?_columns=all", "/kb/cell_notes", "/kb/rules/CON-001", "/kb/sources/ledger", "/kb/runs/2", f"/kb/department/{tilde_encode('党群办')}",
    "/kb/findings?nosuch=1", "/-/search?q=合同&in=findings", "/kb/coverage", "/kb/laws", "/kb/finding_events",
    *(f"/kb/{table}/{tilde_encode(key)}" for table, key in [
        ("findings", data.RULE_FINDING), ("findings", data.PRESUMED_FINDING), ("findings", data.HOSTILE_FINDING),
        ("contract", data.CONTRACT), ("known_findings", data.REPORT_FINDING)]),
]
BROWSER = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, project: Path) -> Iterator[str]:
    """The site as `start.py serve` serves it, on a free port."""
    database = data.build(tmp_path_factory.mktemp("site") / "kb.db")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "datasette", "serve", *start.site_arguments(database), "--host", "127.0.0.1", "--port", str(port)]
    server = subprocess.Popen(command, cwd=project, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(f"http://127.0.0.1:{port}/")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)


def _wait(url: str) -> None:
    for _ in range(120):
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            time.sleep(0.5)
    pytest.fail("the site did not start")


# A browser per test: one that outlives a test leaves an event loop running, and later asyncio tests fail.
@pytest.mark.parametrize("width", [1280, 390])
def test_pages_fit_and_stay_at_home(address: str, chromium: str, width: int) -> None:
    from playwright.sync_api import sync_playwright

    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=BROWSER)
        page = browser.new_page(viewport={"width": width, "height": 900}, locale="zh-CN")
        page.on("console", lambda message: complaints.append(f"{page.url}: {message.text}") if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        page.on("dialog", lambda dialog: complaints.append(f"{page.url}: dialog {dialog.message}"))
        page.on("request", lambda request: complaints.append(request.url) if not request.url.startswith((address, "data:")) else None)
        for path in ADDRESSES:
            page.goto(address + path)
            needed = page.evaluate("document.documentElement.scrollWidth")
            if needed > width:
                complaints.append(f"{path} is {needed} px wide")
        browser.close()
    assert complaints == []


def test_the_column_menu_speaks_chinese(address: str, chromium: str) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=BROWSER)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(address + "/kb/findings")
        page.locator("th.col-amount svg").click()
        menu = page.locator(".dropdown-menu:visible").inner_text()
        assert "升序" in menu and "Type" not in menu
        page.get_by_role("link", name="降序", exact=True).click()
        page.wait_for_url("**_sort_desc=amount**")
        assert page.locator("tbody tr").first.locator("td.col-amount").inner_text() == "232,000.00"
        browser.close()


def test_dots_of_the_dates_do_not_cover_each_other(address: str, chromium: str) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=BROWSER)
        for width in (1280, 390):
            page = browser.new_page(viewport={"width": width, "height": 900})
            page.goto(f"{address}/kb/contract/{tilde_encode(data.CONTRACT)}")
            boxes = [dot.bounding_box() for dot in page.locator(".timeline .dot").all()]
            assert len(boxes) >= 4
            for place, one in enumerate(boxes):
                for other in boxes[place + 1:]:
                    assert one and other and (abs(one["x"] - other["x"]) >= one["width"] * 0.8 or abs(one["y"] - other["y"]) >= one["height"] * 0.8)
        browser.close()


def test_paper_has_the_content_alone(address: str, chromium: str) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=BROWSER)
        page = browser.new_page(viewport={"width": 1000, "height": 900})
        page.goto(address + "/kb/findings")
        assert page.locator(".site-header").is_visible() and page.locator(".tools").is_visible()
        page.emulate_media(media="print")
        assert not page.locator(".site-header").is_visible() and not page.locator(".tools").is_visible()
        assert page.locator("tbody tr").first.is_visible()
        browser.close()


def test_facets_are_folded_on_a_phone(address: str, chromium: str) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=BROWSER)
        page = browser.new_page(viewport={"width": 390, "height": 900})
        page.goto(address + "/kb/findings")
        assert not page.locator(".facet").first.is_visible()
        page.get_by_text("按类别筛选").click()
        assert page.locator(".facet").first.is_visible()
        browser.close()


def test_the_reader_changes_the_language(address: str, chromium: str) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=BROWSER)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(address + "/kb/findings?severity=high")
        page.get_by_text("English", exact=True).click()
        assert page.locator("h1").inner_text() == "Findings"
        assert "severity=high" in page.url
        page.goto(address + "/")
        assert page.locator("html").get_attribute("lang") == "en"
        browser.close()
