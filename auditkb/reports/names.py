"""Departments and projects by name: exact, then by the reviewed aliases; a variant that matches neither is reported.

Nothing is merged by likeness. Likeness only says which known names a reader should look at: a name problem.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from auditkb.aliases import NO_ALIASES, Aliases
from auditkb.reports.document import Document, Paragraph, Place, Table
from auditkb.reports.figures import number_columns
from auditkb.reports.words import Words, read_words
from auditkb.texts import fold

Kind = Literal["department", "project", "title"]
# Of the letters of a name, this part has to stand in a variant in the same order.
LIKENESS = 0.66
SHORTEST_CORE = 4
# What stands in quotes and is longer than a name by more than this is something else.
MOST_LONGER = 4
_CLAUSES = re.compile(r"[，。；：！？、“”‘’《》\n;:（）()]|和(?=“)")


@dataclass(frozen=True)
class NameProblem:
    """A name as printed that is no known name and no alias, and the known names that it is like."""

    kind: Kind
    printed: str
    nearest: tuple[str, ...]
    section: str
    place: Place


@dataclass(frozen=True)
class Names:
    """The departments and projects of a report, as its own table names them, and the reviewed words for the same.

    `aliases` leads from a variant to the table's name, by kind; a variant of a name that the table lacks, to that name.
    `reviewed` also knows which names were found to be different.
    """

    departments: tuple[str, ...]
    projects: tuple[str, ...]
    aliases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    reviewed: Aliases = NO_ALIASES

    def known(self, kind: Kind) -> tuple[str, ...]:
        """The names of a kind."""
        return self.departments if kind == "department" else self.projects

    def resolve(self, kind: Kind, printed: str) -> str | None:
        """The name that is meant, exact or by alias, else None."""
        folded = _bare(printed)
        exact = {_bare(name): name for name in self.known(kind)}
        alias = {_bare(variant): name for variant, name in self.aliases.get(kind, {}).items()}
        return exact.get(folded) or alias.get(folded)


def _bare(name: str) -> str:
    """A name as it is compared: one width, no spaces, no quotes (within quotes they change their form)."""
    return re.sub("[“”‘’\"']", "", fold(name))


def project_table(document: Document, words: Words | None = None) -> Table | None:
    """The table of projects with most columns: the one whose names the whole report is held to."""
    words = words or read_words()
    tables = [table for table in document.tables if column_named(table, words.columns.projects) is not None]
    return max(tables, key=lambda table: (column_named(table, words.columns.departments) is not None, len(table.columns)), default=None)


def column_named(table: Table, headers: Iterable[str]) -> int | None:
    """The first column of words with one of these headers, the headers tried in their order."""
    numbers = number_columns(table)
    for header in headers:
        for index, path in enumerate(table.columns):
            if index not in numbers and path and path[-1].endswith(header):
                return index
    return None


def read_names(document: Document, words: Words | None = None, aliases: Aliases = NO_ALIASES) -> Names:
    """The names of a report's own table of projects."""
    words = words or read_words()
    table = project_table(document, words)
    departments, projects = (_column(table, headers, words) if table is not None else () for headers in (words.columns.departments, words.columns.projects))
    variants = {kind: _variants(kind, names, aliases) for kind, names in (("department", departments), ("project", projects))}
    return Names(departments, projects, variants, aliases)


def _variants(kind: str, known: Iterable[str], aliases: Aliases) -> dict[str, str]:
    """Each reviewed word for a name -> the name as the report's own table has it, else as the aliases have it."""
    variants = {alias: name for (other, alias), name in aliases.written.items() if other == kind}
    known = tuple(known)
    for name in reversed(known):
        variants |= dict.fromkeys(aliases.spellings(kind, name), name)
    return {word: name for word, name in variants.items() if word not in known}


def _column(table: Table, headers: tuple[str, ...], words: Words) -> tuple[str, ...]:
    index = column_named(table, headers)
    if index is None:
        return ()
    texts = ("".join((row[index].text or "").split("\n")) for row in table.rows)
    return tuple(dict.fromkeys(text for text in texts if text and "".join(text.split()) not in words.total_rows))


# --- variants

def name_problems(document: Document, names: Names, about_projects: Iterable[Paragraph], words: Words | None = None) -> list[NameProblem]:
    """Every variant of a name that is neither known nor an alias, once each, in the order of the text.

    Departments are looked for in the whole report, projects in `about_projects` and in the other tables of projects.
    """
    words = words or read_words()
    problems: dict[tuple[str, str], NameProblem] = {}
    found = [*_in_tables(document, names, words), *_departments(document.paragraphs, names, words),
             *_projects(about_projects, names, words), *_titles(document.paragraphs, words)]
    for problem in sorted(found, key=lambda problem: problem.place):
        if problem.kind == "title" or names.resolve(problem.kind, problem.printed) is None:
            problems.setdefault((problem.kind, problem.printed), problem)
    return [left for problem in problems.values() if (left := _without_different(problem, names)) is not None]


def _without_different(problem: NameProblem, names: Names) -> NameProblem | None:
    """The problem with the names that somebody has not yet found to be others; None where none is left."""
    left = tuple(name for name in problem.nearest if not names.reviewed.are_different(problem.kind, problem.printed, name))
    if left == problem.nearest:
        return problem
    return replace(problem, nearest=left) if left else None


def _in_tables(document: Document, names: Names, words: Words) -> Iterator[NameProblem]:
    main = project_table(document, words)
    for table in document.tables:
        index = None if table is main else column_named(table, words.columns.projects)
        if index is None:
            continue
        known = {_bare(name) for name in names.projects}
        cells = [row[index] for row in table.rows]
        if not any(cell.text and _bare(cell.text) in known for cell in cells):
            continue
        for cell in cells:
            if cell.text and _bare(cell.text) not in known and "".join(cell.text.split()) not in words.total_rows:
                yield NameProblem("project", cell.text, _like(cell.text, names.projects, words), table.section, cell.place)


def _departments(paragraphs: Iterable[Paragraph], names: Names, words: Words) -> Iterator[NameProblem]:
    endings = "|".join(sorted({ending for ending in words.department_endings for name in names.departments if name.endswith(ending)},
                              key=len, reverse=True))
    if not endings:
        return
    cores = {name: re.sub(f"(?:{endings})$", "", name) for name in names.departments}
    for paragraph in paragraphs:
        for clause in re.finditer(rf"[\u4e00-\u9fff]+?(?:{endings})", paragraph.text):
            text = clause[0]
            if text.endswith(names.departments):
                continue
            for name, core in cores.items():
                span = _nearest_span(core, re.sub(f"(?:{endings})$", "", text), at_end=True)
                if span is not None and len(core) >= SHORTEST_CORE and text.endswith(name.removeprefix(core)):
                    yield NameProblem("department", text[span[0]:], (name,), paragraph.section, paragraph.place.at(clause.start() + span[0]))


def _projects(paragraphs: Iterable[Paragraph], names: Names, words: Words) -> Iterator[NameProblem]:
    tails = tuple(sorted(words.project_tails, key=len, reverse=True))
    cores = {name: _core(name, words) for name in names.projects}
    for paragraph in paragraphs:
        text = _without_known(paragraph.text, names)
        for start, clause, is_quoted, is_listed in _mentions(text):
            for name, core in cores.items():
                span = _nearest_span(core, clause) if len(core) >= SHORTEST_CORE else None
                if span is None:
                    continue
                behind = clause[span[1]:]
                tail = next((tail for tail in tails if behind.startswith(tail)), "")
                is_whole = is_quoted and len(clause) <= len(name) + MOST_LONGER or is_listed and not behind
                if is_whole or (tail and not is_quoted):
                    printed = clause if is_quoted else clause[span[0]:span[1]] + (tail if not tail.startswith("等") else "")
                    yield NameProblem("project", printed, (name,), paragraph.section, paragraph.place.at(start + span[0]))


def _without_known(text: str, names: Names) -> str:
    """The text with every known name and alias blotted out by signs of the same length."""
    known = {*names.projects, *names.departments, *names.aliases.get("project", {}), *names.aliases.get("department", {})}
    variants = {variant for name in known for variant in (name, name.replace("“", "‘").replace("”", "’"), re.sub("[“”]", "", name))}
    for variant in sorted(variants, key=len, reverse=True):
        text = text.replace(variant, "■" * len(variant))
    return text


def _mentions(text: str) -> Iterator[tuple[int, str, bool, bool]]:
    """Clauses with their start, whether quotes stand around them, and whether they are of a list that 等项目 ends."""
    start = 0
    for mark in [*_CLAUSES.finditer(text), None]:
        end = mark.start() if mark else len(text)
        clause = text[start:end]
        is_quoted = start > 0 and text[start - 1] == "“" and end < len(text) and text[end] == "”"
        rest = text[end:end + 60]
        is_listed = rest.startswith("、") and re.match(r"(?:、[^，。；：]{2,12})+?等(?:项目|工程|活动)", rest) is not None
        if clause:
            yield start, clause, is_quoted, is_listed or re.search("等(?:项目|工程)$", clause) is not None
        start = mark.end() if mark else end


def _core(name: str, words: Words) -> str:
    """A name without the endings that many names share, as long as enough is left."""
    shorter = True
    while shorter:
        shorter = False
        for ending in words.common_endings:
            if name.endswith(ending) and len(name) - len(ending) >= SHORTEST_CORE:
                name, shorter = name.removesuffix(ending), True
                break
    return name


def _nearest_span(core: str, text: str, *, at_end: bool = False) -> tuple[int, int] | None:
    """Where a text holds enough letters of a name in their order, close together; None where it does not."""
    need = max(3, math.ceil(LIKENESS * len(core)))
    if len(set(core) & set(text)) < min(need, len(set(core))):
        return None
    best: tuple[int, int, int] | None = None
    longest = len(core) + 2
    starts = range(max(0, len(text) - longest), len(text)) if at_end else range(len(text))
    for start in starts:
        if text[start] not in core[:len(core) - need + 1]:
            continue
        matched, end = _common(core, text[start:start + longest])
        if matched >= need and (best is None or matched > best[0]) and (not at_end or start + end >= len(text) - 2):
            best = (matched, start, start + end)
    return (best[1], best[2]) if best else None


def _common(core: str, window: str) -> tuple[int, int]:
    """How many letters of `core` stand in `window` in their order, and where the last of them ends."""
    row = [0] * (len(core) + 1)
    most, end = 0, 0
    for index, letter in enumerate(window, 1):
        before = row[:]
        for at, own in enumerate(core, 1):
            row[at] = before[at - 1] + 1 if own == letter else max(before[at], row[at - 1])
        if row[-1] > most:
            most, end = row[-1], index
    return most, end


def _like(printed: str, known: Iterable[str], words: Words) -> tuple[str, ...]:
    return tuple(name for name in known if _nearest_span(_core(name, words), printed) is not None)


def _titles(paragraphs: Iterable[Paragraph], words: Words) -> Iterator[NameProblem]:
    for paragraph in paragraphs:
        for title in re.finditer("《[^《》]+》", paragraph.text):
            for slip in words.title_slips:
                if slip.printed in title[0]:
                    usual = title[0].replace(slip.printed, slip.usual)
                    yield NameProblem("title", title[0], (usual,), paragraph.section, paragraph.place.at(title.start()))
