"""start.py as a person meets it: in a folder of its own, with stand-ins for the scripts that it calls."""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

OLDER_PYTHONS = sorted(Path.home().glob(".pyenv/versions/3.[6-9].*/bin/python")) + sorted(
    Path.home().glob(".pyenv/versions/3.10.*/bin/python")
)
ANSWER = """import json, os, sys
print(json.dumps([sys.argv, os.environ.get("PYTHONUTF8"), os.environ.get("AUDITKB_LANG")]))
sys.exit(int(os.environ.get("ANSWER_" + sys.argv[0][:6].upper(), 0)))
"""


def start(folder: Path, *words: str, python: str = sys.executable, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the folder's start.py; English unless the test says otherwise."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AUDITKB_", "ANSWER_"))}
    return subprocess.run(
        [python, str(folder / "start.py"), *words],
        capture_output=True,
        encoding="utf-8",
        timeout=600,
        env={**inherited, "LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "utf-8", **environment},
    )


def one_line(text: str) -> str:
    """The text, which must be one line."""
    (line,) = text.strip().splitlines()
    return line


def write_wheel(folder: Path, name: str) -> None:
    """A wheel of one empty module."""
    info = f"{name}-1.0.dist-info"
    files = {
        f"{name}.py": "",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = []
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        rows.append(f"{path},sha256={digest},{len(text)}")
    files[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,", ""])
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)


def lay_out(folder: Path, project: Path) -> Path:
    """A project that needs one small package, with stand-ins for ingest.py and checks.py."""
    folder.mkdir(exist_ok=True)
    shutil.copy(project / "start.py", folder)
    (folder / "pyproject.toml").write_text('[project]\ndependencies = ["tinything"]\n[dependency-groups]\ntest = []\n')
    (folder / "constraints.txt").write_text("tinything==1.0\n")
    (folder / "ingest.py").write_text(ANSWER)
    (folder / "checks.py").write_text(ANSWER)
    return folder


@pytest.fixture
def bare(tmp_path: Path, project: Path) -> Path:
    """The small project on a machine where nothing has been set up."""
    return lay_out(tmp_path / "bare", project)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory, project: Path) -> Path:
    """The small project, set up once from a folder of wheels, over what an older Python left."""
    folder = lay_out(tmp_path_factory.mktemp("项目 one") / "ready", project)
    write_wheel(folder / "wheels", "tinything")
    (folder / ".venv").mkdir()
    (folder / ".venv/pyvenv.cfg").write_text("home = /nowhere\nversion = 3.9.1\n")
    result = start(folder, "run", "--no-serve", "--wheels", str(folder / "wheels"))
    assert result.returncode == 0, result.stderr
    assert "Making .venv" in result.stdout
    return folder


@pytest.fixture
def wanting(ready: Path) -> Iterator[Path]:
    """The small project after it came to need one more package; put back afterwards."""
    files = [ready / name for name in ("pyproject.toml", "constraints.txt", ".venv/auditkb-set-up.json")]
    before = [file.read_text() for file in files]
    files[0].write_text(before[0].replace('["tinything"]', '["tinything", "otherthing"]'))
    files[1].write_text(before[1] + "otherthing==1.0\n")
    yield ready
    for file, text in zip(files, before, strict=True):
        file.write_text(text)
    (ready / "wheels/otherthing-1.0-py3-none-any.whl").unlink(missing_ok=True)


@pytest.fixture
def occupied_port() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


# Words


@pytest.mark.parametrize("python", OLDER_PYTHONS, ids=lambda path: path.parts[-3])
def test_an_older_python_is_told_which_one_is_needed(bare: Path, python: Path) -> None:
    result = start(bare, "run", python=str(python))
    assert result.returncode == 1
    assert one_line(result.stderr).startswith("Python 3.11 or newer is needed; this is 3.")
    assert "需要 Python 3.11" in one_line(start(bare, "run", python=str(python), LC_ALL="zh_CN.UTF-8").stderr)


@pytest.mark.parametrize("command", ["", "run", "serve", "test", "check", "bundle", "pins"])
@pytest.mark.parametrize(("language", "example"), [("zh", "例如："), ("en", "Example: ")])
def test_every_command_has_help_with_an_example(bare: Path, command: str, language: str, example: str) -> None:
    result = start(bare, *[command][: len(command)], "--help", "--lang", language)
    assert result.returncode == 0
    assert example in result.stdout.splitlines()[-1]
    assert bool(re.search("[一-鿿]", result.stdout)) == (language == "zh")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["runn"], "runn is not known here; allowed: run serve test"),
        (["run", "--fast"], "--fast is not known here; allowed: --no-serve"),
        (["serve", "--all"], "serve --all is not known here; allowed: --port"),
        (["run", "--", "-k", "x"], "run -- is not known here"),
        (["run", "--lang", "fr"], "fr is not known here; allowed: zh en"),
        (["run", "--port", "0"], "--port is a number from 1 to 65535, not 0."),
        (["run", "--port=８００１"], "--port is a number from 1 to 65535"),
        (["run", "--port"], "--port needs a value: N."),
        (["bundle"], "start.py bundle DIR"),
        (["run", "there"], "start.py run"),
        (["run", "--wheels", "nowhere"], "There are no wheels (*.whl) in"),
    ],
)
def test_a_wrong_word_gets_one_sentence(bare: Path, words: list[str], said: str) -> None:
    result = start(bare, *words)
    assert result.returncode == 2
    assert said in one_line(result.stderr)
    assert not (bare / ".venv").exists()


def test_without_a_command_the_help_is_shown(bare: Path) -> None:
    result = start(bare)
    assert result.returncode == 2
    assert "bundle" in result.stdout


@pytest.mark.parametrize("encoding", ["gbk", "ascii"])
def test_a_console_that_lacks_signs_is_no_error(bare: Path, encoding: str) -> None:
    result = subprocess.run(
        [sys.executable, str(bare / "start.py"), "--help", "--lang", "zh"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
    )
    assert result.returncode == 0
    assert ("命令" in result.stdout.decode("gbk")) == (encoding == "gbk")


# What a machine may lack


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_a_missing_venv_module_gets_one_sentence(bare: Path, module: str) -> None:
    (bare / "sitecustomize.py").write_text(f"import sys\nsys.modules[{module!r}] = None\n")
    result = start(bare, "run", "--no-serve", PYTHONPATH=str(bare))
    # A module that was never there has no entry at all; find_spec answers both alike.
    assert result.returncode == 2
    assert f"lacks the {module} module" in one_line(result.stderr)
    assert "apt install python3-venv" in result.stderr


def test_an_occupied_port_is_said_before_any_work(bare: Path, occupied_port: int) -> None:
    result = start(bare, "run", "--port", str(occupied_port))
    assert result.returncode == 2
    assert f"Port {occupied_port} cannot be had" in one_line(result.stderr)
    assert f"--port {occupied_port + 1}" in result.stderr
    assert not (bare / ".venv").exists()


def test_serve_without_a_database_says_what_to_run(bare: Path) -> None:
    assert "first run: start.py run" in one_line(start(bare, "serve").stderr)


# No settings of the machine; port 1 of this machine refuses every connection.
NO_NETWORK = {
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_INDEX_URL": "http://127.0.0.1:1/simple",
    "PIP_EXTRA_INDEX_URL": "",
    "PIP_FIND_LINKS": "",
    "PIP_RETRIES": "0",
}


@pytest.mark.slow
def test_no_network_gets_one_sentence(wanting: Path) -> None:
    result = start(wanting, "run", "--no-serve", **NO_NETWORK)
    assert result.returncode == 2
    assert "The package server could not be reached" in one_line(result.stderr)
    assert "--wheels DIR" in result.stderr


@pytest.mark.slow
def test_a_wheel_that_is_not_there_is_named(wanting: Path) -> None:
    result = start(wanting, "run", "--no-serve", "--wheels", str(wanting / "wheels"), **NO_NETWORK)
    assert result.returncode == 2
    assert "pip could not install the dependencies" in one_line(result.stderr)
    assert "otherthing" in result.stderr


def test_after_a_failed_set_up_the_next_one_goes_on(wanting: Path) -> None:
    failed = start(wanting, "run", "--no-serve", "--wheels", str(wanting / "wheels"), **NO_NETWORK)
    write_wheel(wanting / "wheels", "otherthing")
    result = start(wanting, "run", "--no-serve", "--wheels", str(wanting / "wheels"), **NO_NETWORK)
    assert (failed.returncode, result.returncode) == (2, 0)
    assert "Installing the dependencies" in result.stdout
    assert "Making .venv" not in result.stdout


# Tasks


def test_run_loads_the_sample_then_runs_the_rules(ready: Path) -> None:
    result = start(ready, "run", "--no-serve", "--lang", "zh")
    ingest, checks = [json.loads(line) for line in result.stdout.splitlines()]
    database = str(ready / "kb.db")
    assert ingest == [
        ["ingest.py", "records", "sample/chunshu-2019", "sample/first-ledger", "sample/office-2024/ledger.xlsx", "--db", database], "1", "zh"
    ]  # fmt: skip
    assert checks == [["checks.py", "run", "--db", database], "1", "zh"]


@pytest.mark.parametrize(("script", "code", "scripts_run"), [("INGEST", 2, 1), ("CHECKS", 2, 2), ("CHECKS", 3, 2)])
def test_run_ends_with_the_code_of_the_step_that_failed(ready: Path, script: str, code: int, scripts_run: int) -> None:
    result = start(ready, "run", "--no-serve", **{f"ANSWER_{script}": str(code)})
    assert result.returncode == code
    assert len(result.stdout.splitlines()) == scripts_run


def test_a_second_run_does_not_call_pip(ready: Path) -> None:
    log = ready / ".venv/auditkb-pip.log"
    start(ready, "run", "--no-serve", "--wheels", str(ready / "wheels"))
    log.unlink(missing_ok=True)
    result = start(ready, "run", "--no-serve")
    assert result.returncode == 0
    assert not log.exists()


# The pins


TARGETS = [(f"3.{minor}", system) for minor in (11, 12, 13, 14) for system in ("linux", "win32")]


def read_pins(project: Path) -> dict[str, tuple[str, Marker | None]]:
    """Name -> pinned version and the marker under which the pin counts."""
    lines = (project / "constraints.txt").read_text("utf-8").splitlines()
    found = [Requirement(line) for line in lines if line and not line.startswith("#")]
    pins = {canonicalize_name(one.name): (str(one.specifier).removeprefix("=="), one.marker) for one in found}
    assert len(pins) == len(found), "a package is pinned twice"
    return pins


def direct_requirements(project: Path) -> list[Requirement]:
    content = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
    groups = content["dependency-groups"].values()
    return [Requirement(line) for group in (content["project"]["dependencies"], *groups) for line in group]


def needed_by(name: str, environment: dict[str, str]) -> list[Requirement]:
    """What an installed package needs in that environment; nothing for one that is not installed here."""
    try:
        lines = importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:
        return []
    found = [Requirement(line) for line in lines]
    return [one for one in found if one.marker is None or one.marker.evaluate({**environment, "extra": ""})]


@pytest.mark.parametrize(("version", "system"), TARGETS)
def test_everything_that_is_needed_is_pinned(project: Path, version: str, system: str) -> None:
    environment = {
        "python_version": version,
        "python_full_version": f"{version}.0",
        "sys_platform": system,
        "platform_system": {"linux": "Linux", "win32": "Windows"}[system],
        "os_name": {"linux": "posix", "win32": "nt"}[system],
    }
    pins = read_pins(project)
    pending, seen = direct_requirements(project), set()
    while pending:
        requirement = pending.pop()
        name = canonicalize_name(requirement.name)
        assert name in pins, f"{name} is not pinned"
        pinned, marker = pins[name]
        assert marker is None or marker.evaluate(environment), f"{name} is not pinned for {system}"
        assert requirement.specifier.contains(pinned, prereleases=True), f"{requirement} against {pinned}"
        if name not in seen:
            seen.add(name)
            pending += needed_by(name, environment)
    unused = {name for name, (_, marker) in pins.items() if marker is None or marker.evaluate(environment)} - seen
    assert not unused or not all(is_installed(name) for name in direct_names(project)), f"nothing needs {unused}"


def direct_names(project: Path) -> list[str]:
    return [one.name for one in direct_requirements(project)]


def is_installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def test_what_is_installed_is_what_is_pinned(project: Path) -> None:
    for name, (pinned, _) in read_pins(project).items():
        if is_installed(name):
            assert importlib.metadata.version(name) == pinned, name


def test_uv_has_the_same_pins(project: Path) -> None:
    lines = (project / "constraints.txt").read_text("utf-8").splitlines()
    content = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
    assert content["tool"]["uv"]["constraint-dependencies"] == [line for line in lines if not line.startswith("#")]


def test_versions_and_pythons_are_said_alike(project: Path) -> None:
    from auditkb import __version__

    content = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
    assert content["project"]["version"] == __version__
    assert SpecifierSet(content["project"]["requires-python"]).contains("3.11.0")


def test_every_direct_dependency_is_argued(project: Path) -> None:
    text = (project / "docs/dependencies.md").read_text("utf-8")
    for name in direct_names(project):
        assert re.search(rf"(?m)^\| {re.escape(name)} \|", text), f"{name} has no line in docs/dependencies.md"


# With the network: `test --all`


@pytest.mark.slow
def test_bundle_serves_a_machine_without_network(project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "one"
    folder.mkdir()
    for name in ("start.py", "pyproject.toml", "constraints.txt"):
        shutil.copy(project / name, folder)
    (folder / "ingest.py").write_text("import datasette, sqlglot, pydantic, sqlite_utils, rich, chinese_calendar\n")
    (folder / "checks.py").write_text(ANSWER)
    wheels = tmp_path / "wheels"
    collected = start(folder, "bundle", str(wheels))
    assert collected.returncode == 0, collected.stderr
    shutil.rmtree(folder / ".venv")
    result = start(folder, "run", "--no-serve", "--wheels", str(wheels), **NO_NETWORK)
    assert result.returncode == 0, result.stderr
