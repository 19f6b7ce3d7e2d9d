"""Imports go in one direction, the package knows no web server and no command line, and a command starts without what it does not need."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# From the ground up: a module imports from its own level or below. A package stands for all its modules.
LEVELS: list[tuple[str, ...]] = [
    ("errors", "languages", "texts", "value_options", "numerals", "names", "remembered", "garbage"),
    ("yaml_files", "dictionary", "dictionary_checks", "dates", "amounts", "ids", "values", "cells", "expressions"),
    ("rules", "parameters", "laws", "findings", "labels", "schema", "database", "records", "source_rows", "resolving", "merging", "references", "notes", "aliases", "like_names", "coverage", "finishing", "record_history", "sources", "metadata"),
    ("wording", "row_sentences", "sentences", "compiler", "engines"),
    ("reading", "evidence", "example_worlds", "example_sql", "examples", "linting", "lifecycle", "publishing", "runs", "run_findings", "readiness", "generated", "tieout", "reports", "search", "outputs"),
]
LEVEL = {name: number for number, names in enumerate(LEVELS) for name in names}
MODULES = sorted((ROOT / "auditkb").rglob("*.py"))


def _part(module: str) -> str | None:
    """`auditkb.rules.load` -> `rules`; None for what is not ours."""
    steps = module.split(".")
    return (steps[1] if len(steps) > 1 else "") if steps[0] == "auditkb" else None


def _imports(path: Path) -> list[str]:
    """Full names of what a module imports, at run time or for types alone."""
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found += [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            module = node.module or ""
            found += [f"{module}.{name.name}" for name in node.names] if module in ("auditkb", "auditkb.engines", "auditkb.outputs") else [module]
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_imports_from_its_own_level_or_below(path):
    own = path.relative_to(ROOT / "auditkb").parts[0].removesuffix(".py")
    if own == "__init__":
        assert not [name for name in _imports(path) if _part(name) is not None]
        return
    assert own in LEVEL, f"{own} has no level yet: write it into LEVELS"
    above = [name for name in _imports(path) if (part := _part(name)) and part in LEVEL and LEVEL[part] > LEVEL[own]]
    assert above == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_package_knows_neither_command_line_nor_web_server(path):
    tops = {name.partition(".")[0] for name in _imports(path)}
    assert not tops & {"click", "datasette", "command_line", "checks", "ingest", "web", "start"}


def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _at_import(path: Path) -> list[str]:
    """The modules imported when the module itself is: not inside functions, not for types alone."""
    found: list[str] = []
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            found += [node.module or "", *(f"{node.module}.{name.name}" for name in node.names)]
        elif isinstance(node, ast.Import):
            found += [name.name for name in node.names]
    return found


def test_no_module_imports_itself_by_way_of_others():
    names = {_name(path) for path in MODULES}
    graph = {_name(path): sorted(names & set(_at_import(path)) - {"auditkb"}) for path in MODULES}
    done: set[str] = set()

    def visit(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, " -> ".join([*way[way.index(module):], module])
        if module not in done:
            for other in graph[module]:
                visit(other, (*way, module))
            done.add(module)

    for module in sorted(graph):
        visit(module, ())


@pytest.mark.parametrize("folder", ["rules", "findings", "records", "sample"])
def test_no_python_among_what_auditors_review(folder):
    assert sorted((ROOT / folder).rglob("*.py")) == []


def _loaded(*arguments: str) -> set[str]:
    """The top modules in memory after a command has ended."""
    code = ("import sys, runpy; sys.argv = sys.argv[1:]\n"
            "try:\n    runpy.run_path(sys.argv[0], run_name='__main__')\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
            "sys.stderr.write('LOADED ' + ' '.join({name.partition('.')[0] for name in sys.modules}))")
    done = subprocess.run([sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True)
    return set(done.stderr.partition("LOADED ")[2].split())


@pytest.mark.parametrize("script", ["checks.py", "ingest.py"])
def test_help_needs_no_heavy_module(script):
    assert not _loaded(script, "--help") & {"sqlglot", "datasette", "sqlite_utils", "rich", "pydantic", "chinese_calendar", "yaml"}


def test_rules_are_listed_without_a_web_server():
    assert not _loaded("checks.py", "list", "rules", "--format", "json") & {"datasette", "uvicorn"}
