"""What the tests share: the project's folder, the study material beside it, a browser."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
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
def connection(request: pytest.FixtureRequest) -> Iterator[sqlite3.Connection]:
    """An empty database in memory with the tables of the module's `DICTIONARY`."""
    from tests.empty_databases import empty_database

    with empty_database(request.module.DICTIONARY) as connection:
        yield connection


@pytest.fixture(scope="session")
def case_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The 2019 case after one run; not to be written to."""
    import checks
    import ingest
    from command_line import run_commands

    file = tmp_path_factory.mktemp("case") / "kb.db"
    assert run_commands(ingest.commands, ["records", str(ROOT / "sample" / "chunshu-2019"), "--db", str(file)]) == 0
    assert run_commands(checks.commands, ["run", "--db", str(file), "--as-of", "2020-01-13"]) == 0
    return file


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """A function that calls checks.py: arguments -> (exit code, stdout, stderr)."""
    import checks
    from command_line import run_commands

    def run(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run_commands(checks.commands, [str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return int(code), out, err

    return run


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
