"""The 2019 report as Word, HTML and PDF file, with real tables, gives the figures and verdicts that its text gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditkb.reports.document import Document
from tests import report_formats
from tests.report_2019_layout import blocks_of
from tests.report_readings import Reading, comparable, read, tied_out, verdicts

FORMATS = ["docx", "html", pytest.param("pdf", marks=pytest.mark.slow)]


@pytest.fixture(scope="module")
def text_file(shared: Path) -> Path:
    return next((shared / "report").glob("*.txt"))


@pytest.fixture(scope="module")
def of_text(text_file: Path) -> Reading:
    return read(text_file)


@pytest.fixture(params=FORMATS, scope="module")
def of_file(request: pytest.FixtureRequest, text_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Reading:
    libreoffice = request.getfixturevalue("libreoffice") if request.param == "pdf" else None
    blocks = blocks_of(text_file.read_text("utf-8"))
    return read(report_formats.written(blocks, tmp_path_factory.mktemp("formats"), request.param, libreoffice))


def table_texts(document: Document) -> list[tuple[object, ...]]:
    """Headers and cells; line breaks inside a cell are the format's own."""
    def plain(text: str | None) -> str | None:
        return None if text is None else "".join(text.split())
    return [(table.id, table.columns, [[plain(cell.text) for cell in row] for row in table.rows]) for table in document.tables]


def test_the_tables_are_the_same(of_file: Reading, of_text: Reading) -> None:
    assert table_texts(of_file.document) == table_texts(of_text.document)
    # 118 rows of the functional classification, 38 projects, 38 rows of the attachment, each with its sum.
    assert [len(table.rows) for table in of_file.document.tables] == [119, 39, 39]


def test_the_sections_are_the_same(of_file: Reading, of_text: Reading) -> None:
    assert [(section.id, section.title) for section in of_file.document.sections] \
        == [(section.id, section.title) for section in of_text.document.sections]


def test_the_figures_are_the_same(of_file: Reading, of_text: Reading) -> None:
    assert comparable(of_file) == comparable(of_text)


def test_the_verdicts_are_the_same(of_file: Reading, of_text: Reading) -> None:
    assert verdicts(tied_out(of_file)) == verdicts(tied_out(of_text))
