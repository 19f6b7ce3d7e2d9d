"""Candidate findings: the numbered problem paragraphs of a report, with department, projects, figures and a proposed class.

What is a candidate follows from the structure: what is numbered below the part of a department, what is numbered in a
section on problems, and an unnumbered paragraph of a department's part where one of its sentences speaks of a problem.
A candidate says where to look. It becomes a known finding only by a file that a person writes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from auditkb.reports.document import Document, Paragraph, Section
from auditkb.reports.figures import Figure
from auditkb.reports.names import Names
from auditkb.reports.numbering import read_number
from auditkb.reports.words import Words, holds_any, read_words


@dataclass(frozen=True)
class DepartmentPart:
    """The section on one department; `paragraph` is the one with its figures."""

    section: str
    department: str  # the known name, or as printed where it is not known
    printed: str
    paragraph: Paragraph
    number: int  # its place among the departments, from 1


@dataclass(frozen=True)
class Candidate:
    """One candidate; `number` is 3.1 (third department, first paragraph), 3.0 (unnumbered) or G.2 (general)."""

    number: str
    section: str
    department: str | None
    projects: tuple[str, ...]
    paragraphs: tuple[Paragraph, ...]
    figures: tuple[Figure, ...]
    class_paths: tuple[tuple[str, ...], ...]  # proposed, the likeliest first

    @property
    def text(self) -> str:
        """Its paragraphs."""
        return "\n".join(paragraph.text for paragraph in self.paragraphs)


@dataclass(frozen=True)
class Recommendation:
    """One recommendation, and the numbers of the candidates that speak of the same matter."""

    number: str
    section: str
    title: str
    paragraphs: tuple[Paragraph, ...]
    answers: tuple[str, ...]


def department_parts(document: Document, names: Names, figures: list[Figure], words: Words | None = None) -> list[DepartmentPart]:
    """The section of each department, in order: it begins with the name, and its paragraph prints amounts."""
    words = words or read_words()
    with_money: dict[int, int] = {}
    for figure in figures:
        if figure.unit == "yuan" and figure.table is None:
            with_money[figure.block] = with_money.get(figure.block, 0) + 1
    parts: list[DepartmentPart] = []
    for section in document.sections:
        printed = _department_at(section, names, words)
        paragraph = next((paragraph for paragraph in section.paragraphs[:2] if with_money.get(paragraph.number, 0) > 1), None)
        if printed is not None and paragraph is not None:
            name = names.resolve("department", printed) or printed
            parts.append(DepartmentPart(section.id, name, printed, paragraph, len(parts) + 1))
    return parts


def _department_at(section: Section, names: Names, words: Words) -> str | None:
    """The department that the first words of a section name."""
    text = _unnumbered(section.paragraphs[0].text) if section.paragraphs else ""
    known = {*names.departments, *names.aliases.get("department", {})}
    exact = max((name for name in known if text.startswith(name)), key=len, default=None)
    if exact is not None:
        return exact
    endings = "|".join(sorted(words.department_endings, key=len, reverse=True))
    found = re.match(rf"[\u4e00-\u9fff]{{2,12}}?(?:{endings})(?=\d|共|$|本|全|的|（|年|：)", text)
    return found[0] if found else None


def _unnumbered(text: str) -> str:
    number = read_number(text)
    return text[number.length:].strip() if number else text


def find_candidates(document: Document, names: Names, figures: list[Figure], words: Words | None = None) -> list[Candidate]:
    """All candidates in the order of the text."""
    words = words or read_words()
    found: list[Candidate] = []
    for part in department_parts(document, names, figures, words):
        found += _of_department(document, part, names, figures, words)
    for section in document.sections:
        if holds_any(section.title, words.problem_sections) and not holds_any(section.title, words.mixed_sections):
            children = document.children(section.id)
            found += [_candidate(f"G.{_count(child)}", document, child, _all_paragraphs(document, child), None, names, figures, words)
                      for child in children]
            found += [_candidate("G.0", document, section, (paragraph,), None, names, figures, words)
                      for paragraph in section.paragraphs if not children and not paragraph.is_heading]
    return _numbered_apart(sorted(found, key=lambda candidate: candidate.paragraphs[0].number))


def _of_department(document: Document, part: DepartmentPart, names: Names, figures: list[Figure], words: Words) -> list[Candidate]:
    section = document.section(part.section)
    found = [_candidate(f"{part.number}.0", document, section, (paragraph,), part.department, names, figures, words)
             for paragraph in section.paragraphs
             if not paragraph.is_heading and _speaks_of_problem(paragraph.text, words)]
    return found + [_candidate(f"{part.number}.{_count(child)}", document, child, _all_paragraphs(document, child), part.department, names,
                               figures, words) for child in document.children(part.section)]


def _speaks_of_problem(text: str, words: Words) -> bool:
    """Whether a sentence that does not only lead to a list speaks of a problem."""
    sentences = [sentence for sentence in re.split(r"(?<=[。！？])", text) if sentence.strip() and not sentence.rstrip().endswith(("：", ":"))]
    return any(holds_any(sentence, words.problem_words) for sentence in sentences)


def _count(section: Section) -> int:
    number = read_number(section.printed + " ") if section.printed else None
    return number.value if number else 0


def _all_paragraphs(document: Document, section: Section) -> tuple[Paragraph, ...]:
    return tuple(paragraph for below in document.below(section.id) for paragraph in below.paragraphs)


def _candidate(number: str, document: Document, section: Section, paragraphs: tuple[Paragraph, ...], department: str | None, names: Names,
               figures: list[Figure], words: Words) -> Candidate:
    blocks = {paragraph.number for paragraph in paragraphs}
    text = "\n".join(paragraph.text for paragraph in paragraphs)
    own = tuple(figure for figure in figures if figure.block in blocks and figure.table is None)
    return Candidate(number, section.id, department, named_projects(text, names), paragraphs, own, propose_classes(text, words))


def named_projects(text: str, names: Names) -> tuple[str, ...]:
    """The projects that a text names, exactly or by an alias, in its order; a name within a longer one does not count."""
    variants = {**{name: name for name in names.projects}, **names.aliases.get("project", {})}
    found: dict[int, str] = {}
    for variant in sorted(variants, key=len, reverse=True):
        at = text.find(variant)
        while at != -1:
            if all(not start <= at < start + len(other) for start, other in found.items()):
                found[at] = variant
            at = text.find(variant, at + 1)
    return tuple(dict.fromkeys(variants[found[at]] for at in sorted(found)))


def propose_classes(text: str, words: Words) -> tuple[tuple[str, ...], ...]:
    """Classes whose words a text holds: those with most words first, then in the order of the list."""
    hits = [(-sum(word in text for word in entry.words), position, entry.class_path) for position, entry in enumerate(words.classes)]
    return tuple(path for count, _, path in sorted(hits) if count < 0)


def _numbered_apart(candidates: list[Candidate]) -> list[Candidate]:
    """The candidates with a further number where one comes twice: 5.0.1, 5.0.2."""
    numbers = [candidate.number for candidate in candidates]
    seen: dict[str, int] = {}
    result = []
    for candidate in candidates:
        seen[candidate.number] = seen.get(candidate.number, 0) + 1
        number = f"{candidate.number}.{seen[candidate.number]}" if numbers.count(candidate.number) > 1 else candidate.number
        result.append(Candidate(number, candidate.section, candidate.department, candidate.projects, candidate.paragraphs, candidate.figures,
                                candidate.class_paths))
    return result


def find_recommendations(document: Document, candidates: list[Candidate], words: Words | None = None) -> list[Recommendation]:
    """The numbered items of the sections on what should be done, linked to general problems of the same matter."""
    words = words or read_words()
    found: list[Recommendation] = []
    for section in document.sections:
        if not _gives_advice(section, words) or (section.parent and _gives_advice(document.section(section.parent), words)):
            continue
        for child in document.children(section.id):
            paragraphs = _all_paragraphs(document, child)
            matters = _matters(child.title, "\n".join(paragraph.text for paragraph in paragraphs), words)
            answers = tuple(candidate.number for candidate in candidates if candidate.department is None
                            and matters & _matters(document.section(candidate.section).title, candidate.text, words))
            found.append(Recommendation(f"A.{_count(child)}", child.id, child.title, paragraphs, answers))
    return found


def _gives_advice(section: Section, words: Words) -> bool:
    return holds_any(section.title, words.advice_sections) and not holds_any(section.title, words.mixed_sections)


def _matters(title: str, text: str, words: Words) -> set[str]:
    """What a title speaks of; where it names no matter, what its text speaks of."""
    def spoken_of(said: str) -> set[str]:
        return {entry.matter for entry in words.matters if holds_any(said, entry.words)}
    return spoken_of(title) or spoken_of(text)
