"""A report read as a whole: document, figures, names, candidate findings, recommendations, and whose report it is."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from auditkb.aliases import NO_ALIASES, Aliases
from auditkb.errors import fail
from auditkb.reports.candidates import (
    Candidate,
    DepartmentPart,
    Recommendation,
    department_parts,
    find_candidates,
    find_recommendations,
)
from auditkb.reports.document import Document
from auditkb.reports.figures import Figure, read_figures
from auditkb.reports.names import NameProblem, Names, name_problems, read_names
from auditkb.reports.reading import read_report
from auditkb.reports.words import Words, read_words

REPORT_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True)
class Report:
    """Everything that was read of one report."""

    id: str
    document: Document
    organisation: str | None
    fiscal_year: int | None
    figures: list[Figure]
    names: Names
    parts: list[DepartmentPart]
    candidates: list[Candidate]
    recommendations: list[Recommendation]
    name_problems: list[NameProblem]


def read_whole(path: Path, identifier: str | None = None, aliases: Aliases = NO_ALIASES) -> Report:
    """The report of a file; `aliases` are the reviewed names that mean the same. Raises KnowledgeBaseError."""
    if identifier is not None and REPORT_ID.fullmatch(identifier) is None:
        raise fail(f"报告编号“{identifier}”只能用小写字母、数字和连字符，如 chunshu-2019",
                   f'the id "{identifier}" may have small letters, digits and hyphens only, such as chunshu-2019')
    words = read_words()
    document = read_report(path)
    figures = read_figures(document, words)
    names = read_names(document, words, aliases)
    parts = department_parts(document, names, figures, words)
    candidates = find_candidates(document, names, figures, words)
    about = [part.paragraph for part in parts] + [paragraph for part in parts for paragraph in document.section(part.section).paragraphs]
    about += [paragraph for candidate in candidates for paragraph in candidate.paragraphs]
    return Report(identifier or id_of(path, document), document, _organisation(document, words), _year(document, figures), figures, names, parts,
                  candidates, find_recommendations(document, candidates, words), name_problems(document, names, about, words))


def id_of(path: Path, document: Document) -> str:
    """An id made of the file's name, or of its contents where the name has no plain letters."""
    plain = unicodedata.normalize("NFKC", path.stem).lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain)) or document.sha256[:12]


def _organisation(document: Document, words: Words) -> str | None:
    """The body that a label such as 部门名称： names."""
    labels = "|".join(re.escape(label) for label in words.body_labels)
    texts = [paragraph.text for paragraph in document.paragraphs] + [note.text for table in document.tables for note in table.notes]
    found = (re.match(rf"\s*(?:{labels})\s*[：:]\s*([\u4e00-\u9fff（）]{{4,}})", text) for text in texts)
    return next((match[1] for match in found if match), None)


def _year(document: Document, figures: list[Figure]) -> int | None:
    """The year that headings name, else the one that is named most."""
    heads = {paragraph.number for paragraph in document.paragraphs if paragraph.is_heading} | {1}
    years = [(figure.starts_on.year, figure.block in heads) for figure in figures if figure.starts_on is not None]
    for wanted in ([year for year, is_head in years if is_head], [year for year, _ in years]):
        if wanted:
            return Counter(wanted).most_common(1)[0][0]
    return None
