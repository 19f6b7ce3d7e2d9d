"""Reports of invented offices are read without changing code or relations: all planted errors and nothing else.

A few seeds run each time; `start.py test --all` runs the others, and reads five of them from Word, HTML and PDF files.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import report_formats
from tests.report_generator import GeneratedReport, generate
from tests.report_readings import (
    Reading,
    comparable,
    false_alarms,
    impossible_repairs,
    is_below,
    missed,
    not_read,
    opening,
    read,
    tied_out,
    unnamed,
    verdicts,
    write_text,
)

ALWAYS = (2, 38)
SEEDS = [pytest.param(seed, marks=() if seed in ALWAYS else pytest.mark.slow) for seed in range(50)]
IN_ALL_FORMATS = [pytest.param(seed, marks=() if seed == 2 else pytest.mark.slow) for seed in (2, 6, 14, 45, 47)]


def reading_of(seed: int, folder: Path) -> tuple[GeneratedReport, Reading]:
    report = generate(seed)
    return report, read(write_text(report, folder))


@pytest.mark.parametrize("seed", SEEDS)
def test_every_printed_figure_is_read_and_blank_cells_are_null(seed: int, tmp_path: Path) -> None:
    report, reading = reading_of(seed, tmp_path)
    assert not_read(report, reading.figures) == []
    blank = {figure.id: figure for figure in reading.figures if figure.row_number is not None and not figure.printed}
    assert all(figure.value is None for figure in blank.values())


@pytest.mark.parametrize("seed", SEEDS)
def test_tables_have_the_rows_that_were_generated(seed: int, tmp_path: Path) -> None:
    report, reading = reading_of(seed, tmp_path)
    facts = report.facts
    numbered = {len(table.rows): [[cell.text for cell in row] for row in table.rows] for table in reading.document.tables}
    for expected in (len(facts.function_rows), len(facts.projects), facts.attachment_rows):
        assert not expected or expected + 1 in numbered, (expected, sorted(numbered))
    if facts.projects:
        names = {row[column] for row in numbered[len(facts.projects) + 1] for column in range(3)}
        assert {project.name for project in facts.projects} <= names
    if facts.function_rows:
        codes = [row[0] for row in numbered[len(facts.function_rows) + 1] if row[0] and re.fullmatch(r"\d+", row[0])]
        assert codes == [row.code for row in facts.function_rows]


@pytest.mark.parametrize("seed", SEEDS)
def test_departments_and_problems_are_sections_of_their_own(seed: int, tmp_path: Path) -> None:
    report, reading = reading_of(seed, tmp_path)
    document = reading.document
    lost = [name for name in report.facts.departments if len(opening(document, name)) != 1]
    assert lost == []
    for problem in report.facts.problems:
        found = [section for section in opening(document, problem.text)
                 if not problem.department or is_below(document, section, problem.department)]
        assert found, problem
        assert all(re.sub(r"\D", "", section.number) in ("", str(problem.number)) for section in found), problem


@pytest.mark.parametrize("seed", SEEDS)
def test_all_planted_errors_are_broken_and_nothing_else(seed: int, tmp_path: Path) -> None:
    report, reading = reading_of(seed, tmp_path)
    tied = tied_out(reading)
    assert [(error.kind, error.key, error.characters, error.line) for error in missed(report, tied)] == []
    assert [(one.relation.id, one.place.en, one.printed, one.computed) for one in false_alarms(report, tied)] == []
    assert impossible_repairs(tied) == []
    assert [(error.kind, error.key, error.characters) for error in unnamed(report, tied)] == []


@pytest.mark.parametrize("seed", IN_ALL_FORMATS)
@pytest.mark.parametrize("file_format", ["docx", "html", pytest.param("pdf", marks=pytest.mark.slow)])
def test_other_formats_give_the_same_figures_and_verdicts(seed: int, file_format: str, tmp_path: Path,
                                                          request: pytest.FixtureRequest) -> None:
    report, of_text = reading_of(seed, tmp_path)
    libreoffice = request.getfixturevalue("libreoffice") if file_format == "pdf" else None
    of_file = read(report_formats.written(report.blocks, tmp_path, file_format, libreoffice))
    assert comparable(of_file) == comparable(of_text)
    assert verdicts(tied_out(of_file)) == verdicts(tied_out(of_text))
