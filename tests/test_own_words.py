"""Nothing of the 2019 report is copied: no run of 13 or more of its Chinese characters stands in the project.

Punctuation and spaces are taken out on both sides first, so a sentence with a comma moved or a line broken is found
too; digits and letters end a run. Names of projects, offices, companies and laws do not count: the reviewed list is
`tests/data/names_from_reports.txt`.
"""

from __future__ import annotations

import re
import subprocess
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
NAMES = ROOT / "tests" / "data" / "names_from_reports.txt"
LONGEST_RUN = 12

CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
UNREAD = {".git", ".venv", "__pycache__", "node_modules", ".mypy_cache", ".pytest_cache", ".ruff_cache"}


@dataclass(frozen=True)
class Run:
    """Chinese characters that follow one another, and the line of each."""

    text: str
    lines: tuple[int, ...]


def runs(text: str) -> Iterator[Run]:
    """The runs of Chinese characters of `text` once punctuation, symbols and white space are taken out."""
    kept = [(character, line) for line, content in enumerate(text.splitlines(), 1) for character in content
            if unicodedata.category(character)[0] in "LN"]
    joined = "".join(character for character, _ in kept)
    for found in CHINESE.finditer(joined):
        yield Run(found.group(), tuple(line for _, line in kept[found.start():found.end()]))


def grams(text: str) -> set[str]:
    """Every piece of text one character longer than what is allowed."""
    size = LONGEST_RUN + 1
    return {run.text[start:start + size] for run in runs(text) for start in range(len(run.text) - size + 1)}


def read_names(text: str) -> list[str]:
    """The list of names: one a line, a comment after #; the longest first."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return sorted((line for line in lines if line), key=len, reverse=True)


def name_pieces(names: list[str]) -> list[str]:
    """The Chinese runs of the names; one of a single character (第5届 gives 届) would excuse too much."""
    pieces = {run.text for name in names for run in runs(name) if len(run.text) > 1}
    return sorted(pieces, key=len, reverse=True)


def copied(text: str, report_grams: set[str], pieces: list[str]) -> Iterator[tuple[int, str]]:
    """Line and words of every run of the report in `text`, counted without the names."""
    size = LONGEST_RUN + 1
    for run in runs(text):
        if len(run.text) < size:
            continue
        hits = [start for start in range(len(run.text) - size + 1) if run.text[start:start + size] in report_grams]
        if not hits:
            continue
        named = [False] * len(run.text)
        for piece in pieces:
            for found in re.finditer(piece, run.text):
                named[found.start():found.end()] = [True] * len(piece)
        for first, last in _stretches(hits):
            end = last + size
            if named[first:end].count(False) > LONGEST_RUN:
                yield run.lines[first], run.text[first:end]


def _stretches(starts: list[int]) -> Iterator[tuple[int, int]]:
    first = last = starts[0]
    for start in starts[1:]:
        if start != last + 1:
            yield first, last
            first = start
        last = start
    yield first, last


def project_files() -> list[Path]:
    """Every file of the project: what git tracks or would track; without git, every file outside the tool folders."""
    found = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                           capture_output=True, check=False)
    if found.returncode == 0:
        paths = {ROOT / name for name in found.stdout.decode("utf-8").split("\0") if name}
    else:
        paths = {path for path in ROOT.rglob("*") if not UNREAD & set(path.relative_to(ROOT).parts)}
    return sorted(path for path in paths if path.is_file())


def read_text(path: Path) -> str | None:
    """The text of a file, None for what is not UTF-8 text (a picture, a database)."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        return None


def report_text(shared: Path) -> str:
    """The 2019 report."""
    return next((shared / "report").glob("*.txt")).read_text("utf-8-sig")


def test_no_run_of_the_report_is_copied(shared: Path) -> None:
    of_report = grams(report_text(shared))
    pieces = name_pieces(read_names(NAMES.read_text("utf-8")))
    faults = [f"{path.relative_to(ROOT).as_posix()}:{line}: {words}"
              for path in project_files() if (text := read_text(path)) is not None
              for line, words in copied(text, of_report, pieces)]
    assert not faults, "words of the report:\n" + "\n".join(faults)


def test_every_name_on_the_list_is_one_name_of_the_report(shared: Path) -> None:
    text = "".join(run.text for run in runs(report_text(shared)))
    for name in read_names(NAMES.read_text("utf-8")):
        assert len(name) <= 30, f"too long for a name: {name}"
        assert not re.search("[，。；：？！]", name), f"a sentence, not a name: {name}"
        for run in runs(name):
            assert run.text in text, f"not in the report: {name}"


REPORT = "该项目由街道统一组织实施，年底前应当完成全部验收工作并归档。市民广场修缮工程已经完工。"


def test_a_copied_sentence_is_found_with_its_line() -> None:
    planted = "note: ours\nzh: 经查，该项目由街道统一组织实施，年底前应当完成了。\n"
    assert list(copied(planted, grams(REPORT), [])) == [(2, "该项目由街道统一组织实施年底前应当完成")]


def test_a_moved_comma_or_line_break_hides_nothing() -> None:
    planted = "街道统一组织、实施\n年底前应当"
    assert list(copied(planted, grams(REPORT), [])) == [(1, "街道统一组织实施年底前应当")]


def test_twelve_characters_are_allowed_and_thirteen_are_not() -> None:
    assert not list(copied("街道统一组织实施年底前应", grams(REPORT), []))
    assert list(copied("街道统一组织实施年底前应当", grams(REPORT), []))


def test_a_name_does_not_count_but_what_stands_around_it_does() -> None:
    pieces = name_pieces(read_names("市民广场修缮工程 # a project\n"))
    of_report = grams("今年的市民广场修缮工程进展不快，有关资料没有及时归档。")
    assert not list(copied("今年的市民广场修缮工程进展不快", of_report, pieces))
    assert list(copied("今年的市民广场修缮工程进展不快有关资料没有", of_report, pieces))


def test_digits_end_a_run() -> None:
    assert not list(copied("街道统一组织2实施年底前应当", grams(REPORT), []))
