"""What the tests share: the project's folder, the study material beside it, a browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from tests.run_world import World

# A busy machine makes no test red: what takes how long is measured elsewhere.
settings.register_profile("auditkb", deadline=None)
settings.load_profile("auditkb")

ROOT = Path(__file__).resolve().parent.parent
RUNS_ALL = os.environ.get("AUDITKB_ALL") == "1"
NEEDS_SHARED = os.environ.get("AUDITKB_REQUIRE_SHARED") == "1"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the slow tests to `start.py test --all`; the closing summary says so."""
    if RUNS_ALL:
        return
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason="只在 start.py test --all 中运行 | only in start.py test --all"))


@pytest.fixture(scope="session")
def project() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The study material beside the checkout: the report, domain.md, design.md. Not part of the project."""
    folder = ROOT.parent / "shared"
    if (folder / "report").is_dir():
        return folder
    reason = "没有 ../shared（报告原文不在项目中） | no ../shared (the report itself is not in the project)"
    if NEEDS_SHARED:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A small knowledge base with two rules over contracts."""
    from tests.run_world import a_world

    with a_world(tmp_path) as made:
        yield made


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium or Chrome."""
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge"):
        if found := shutil.which(name):
            return found
    reason = "没有 Chromium | there is no Chromium"
    if RUNS_ALL:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def libreoffice() -> str:
    """The path of LibreOffice, to be run with `--headless`."""
    for name in ("soffice", "libreoffice"):
        if found := shutil.which(name):
            return found
    reason = "没有 LibreOffice | there is no LibreOffice"
    if RUNS_ALL:
        pytest.fail(reason)
    pytest.skip(reason)
