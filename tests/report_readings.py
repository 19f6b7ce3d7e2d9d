"""What auditkb reads in a report, held against what a generated report states."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from auditkb.laws import load_laws
from auditkb.reports.document import Document, Section
from auditkb.reports.figures import Figure, read_figures
from auditkb.reports.reading import read_report
from auditkb.reports.relation_files import load_relations
from auditkb.reports.relations import RelationSet
from auditkb.reports.tie_outs import TiedOut, TieOut, tie_out
from tests.report_errors import Planted
from tests.report_generator import GeneratedReport
from tests.report_style import SCALE, PrintedFigure

ROOT = Path(__file__).parents[1]
LINES_OF_A_PARAGRAPH = 2


@dataclass(frozen=True)
class Reading:
    """A report as read from one file."""

    document: Document
    figures: list[Figure]


@cache
def relations() -> RelationSet:
    """The project's relations."""
    return load_relations(ROOT / "rules" / "relations", load_laws(ROOT / "rules" / "laws.yml"))


def read(path: Path) -> Reading:
    """Document and figures of a file."""
    document = read_report(path)
    return Reading(document, read_figures(document))


def tied_out(reading: Reading) -> TiedOut:
    """All relations checked."""
    return tie_out(reading.document, reading.figures, relations())


def write_text(report: GeneratedReport, folder: Path) -> Path:
    """The generated text as a file."""
    path = folder / f"report-{report.seed}.txt"
    path.write_bytes(report.text.encode())
    return path


def is_figure(read_one: Figure, stated: PrintedFigure) -> bool:
    """Whether a figure that was read in a text file is the one that the generator printed."""
    begins = read_one.place.line
    value = None if stated.value is None else stated.value * SCALE.get(stated.unit, 1)
    return read_one.value == value and begins <= stated.line <= begins + LINES_OF_A_PARAGRAPH


def not_read(report: GeneratedReport, figures: list[Figure]) -> list[PrintedFigure]:
    """Stated figures that were not read with their value at their place; a blank cell must be read as blank."""
    by_line: dict[int, list[Figure]] = defaultdict(list)
    for figure in figures:
        by_line[figure.place.line].append(figure)
    return [stated for stated in report.facts.figures
            if not any(is_figure(figure, stated) for line in range(stated.line - LINES_OF_A_PARAGRAPH, stated.line + 1)
                       for figure in by_line[line])]


def _holds(one: TieOut, error: Planted, stated: PrintedFigure) -> bool:
    return any(is_figure(figure, stated) for figure in one.comparison.sides.figures)


def missed(report: GeneratedReport, tied: TiedOut) -> list[Planted]:
    """Planted errors that no broken tie-out speaks of."""
    broken = [one for one in tied.tie_outs if one.verdict == "broken"]
    return [error for error in report.planted
            if not any(_holds(one, error, report.facts.figure(error.key)) for one in broken)]


def false_alarms(report: GeneratedReport, tied: TiedOut) -> list[TieOut]:
    """Broken tie-outs in which no planted error stands."""
    return [one for one in tied.tie_outs if one.verdict == "broken"
            and not any(_holds(one, error, report.facts.figure(error.key)) for error in report.planted)]


def impossible_repairs(tied: TiedOut) -> list[str]:
    """Causes that would put a figure right with an amount that cannot be: below nought, or with parts of a cent."""
    return [f"{cause.figure.printed} → {cause.computed}" for cause in tied.causes if cause.is_certain
            and (cause.computed < 0 or cause.figure.unit == "yuan" and cause.computed != round(cause.computed, 2))]


def unnamed(report: GeneratedReport, tied: TiedOut) -> list[Planted]:
    """Planted errors that no cause names, neither first nor among those that arithmetic cannot tell apart."""
    return [error for error in report.planted
            if not any(is_figure(figure, report.facts.figure(error.key))
                       for cause in tied.causes for figure in (*cause.figures, *cause.others))]


def opening(document: Document, words: str) -> list[Section]:
    """Numbered sections whose first paragraph goes on with these words behind its number."""
    return [section for section in document.sections if section.paragraphs
            and section.paragraphs[0].text.removeprefix(section.printed.strip()).strip().startswith(words)]


def is_below(document: Document, section: Section, words: str) -> bool:
    """Whether a section stands in one that opens with these words."""
    return any(section.id.startswith(parent.id + "/") for parent in opening(document, words))


def comparable(reading: Reading) -> list[tuple[object, ...]]:
    """What must be the same whatever the format: every figure with its id, value, unit and precision."""
    return [(figure.id, figure.value, figure.unit, figure.precision) for figure in reading.figures]


def verdicts(tied: TiedOut) -> list[tuple[object, ...]]:
    """What must be the same whatever the format: every tie-out with its figures, verdict and values."""
    return [(one.relation.id, tuple(figure.id for figure in one.comparison.sides.figures), one.verdict, one.difference)
            for one in tied.tie_outs]
