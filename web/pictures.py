"""Makes the pictures of `docs/pictures/` from a running copy of the site: `python -m web.pictures [--db kb.db]`.

Wants a Chromium on this machine and playwright (installed by `start.py test`). The database must hold the 2019 case.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from datasette.utils import tilde_encode

import start

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "pictures"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
SECONDS_TO_START = 60


def main() -> int:
    """0 if all pictures were made, 2 if something is missing."""
    parser = argparse.ArgumentParser(description="Make the pictures of the documentation.")
    parser.add_argument("--db", type=Path, default=Path("kb.db"))
    given = parser.parse_args()
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None or not given.db.is_file():
        print("需要 Chromium 和数据库（先运行 start.py run --no-serve） | needs Chromium and a database (start.py run --no-serve)", file=sys.stderr)
        return 2
    with _served(given.db) as address:
        for picture in _make(browser, address, _finding(given.db)):
            print(f"{picture.relative_to(ROOT)}  {picture.stat().st_size // 1024} KB")
    return 0


def _finding(database: Path) -> str:
    """The page of the invoice that is older than its contract."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    row = connection.execute("select id from findings where rule_id = 'CON-001' order by message_zh limit 1").fetchone()
    connection.close()
    return f"/kb/findings/{tilde_encode(row[0])}"


@contextmanager
def _served(database: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind((start.HOST, 0))
        port = probe.getsockname()[1]
    address = f"http://{start.HOST}:{port}"
    command = [sys.executable, "-m", "datasette", "serve", *start.site_arguments(database.resolve()), "--host", start.HOST, "--port", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(address)
        yield address
    finally:
        server.terminate()
        server.wait(20)


def _wait(address: str) -> None:
    end = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            time.sleep(0.5)
    raise TimeoutError(address)


def _make(browser: str, address: str, finding: str) -> Iterator[Path]:
    from playwright.sync_api import sync_playwright

    wanted = [("home", "/", 1280, 900), ("findings", "/kb/findings?origin=rule", 1280, 900), ("finding", finding, 1280, 980),
              ("finding-phone", finding, 390, 844)]
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-background-networking"])
        for name, path, width, height in wanted:
            page = chromium.new_page(viewport={"width": width, "height": height}, locale="zh-CN")
            page.goto(address + path)
            picture = FOLDER / f"{name}.png"
            page.screenshot(path=picture)
            page.close()
            yield picture
        chromium.close()


if __name__ == "__main__":
    sys.exit(main())
