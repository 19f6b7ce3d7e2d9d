"""The figures of one report under the names of `rules/relations/`, each with what binds it: year, department, project …

A figure of a table is named by table and column and bound by the row's key columns. A figure of the text is named by
its wording and bound by the variables of the wording, by the opening of its paragraph and by the year before it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from auditkb.aliases import NO_ALIASES, Aliases
from auditkb.reports.document import Document, Section, Table
from auditkb.reports.figures import Figure
from auditkb.reports.relations import TOTAL, FigurePattern, RelationSet, TablePattern
from auditkb.reports.wordings import YEAR, Wordings, nearest_year
from auditkb.reports.years import YearOfFigure, Years
from auditkb.texts import fold

_OPENING = 120
_LONG_HEADER = 5  # a shorter word of a header has to be all of it
_FEW = 200
_LONGEST = 200  # characters of the sentence around a figure: more than any wording takes
_UNIT_OF_HEADER = re.compile(r"\([^()]*(?:元|%|％)[^()]*\)|[:：].*$")
_QUOTED = re.compile("“([^”]+)”")
YEAR_NAME = "year"
Cells = Mapping[tuple[str | None, int | None, int | None], Figure]
"""Table, row and column -> figure."""


@dataclass(frozen=True)
class Named:
    """One figure under one name. `binding` is folded, for comparing; `row` is the row of a table."""

    figure: Figure
    binding: Mapping[str, str]
    is_total: bool = False
    is_fewer: bool = False
    row: tuple[str, int] | None = None


@dataclass(frozen=True)
class Row:
    """One row of a table that has a name: its figures by column, and what its key columns say."""

    table: str
    number: int
    figures: Mapping[str, Figure]
    binding: dict[str, str]
    is_total: bool


@dataclass(frozen=True)
class _Around:
    """A figure of the text with the folded text around it and the folded titles above it."""

    figure: Figure
    before: str
    after: str
    titles: tuple[str, ...]


@dataclass
class NamedFigures:
    """All named figures of a report."""

    year: int | None = None
    aliases: Aliases = NO_ALIASES
    by_name: dict[str, list[Named]] = field(default_factory=lambda: defaultdict(list))
    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    shown: dict[str, str] = field(default_factory=dict)
    """Folded value of a variable -> as it is printed."""
    row_at: dict[tuple[str, tuple[str, int]], Row] = field(default_factory=dict)
    """A row by the name of its table and its place."""
    keys: dict[str, set[str]] = field(default_factory=dict)
    """Name of a table -> its key columns."""
    _index: dict[str, dict[tuple[str, str | None], list[Named]]] = field(default_factory=dict)
    prices: set[str] = field(default_factory=set)
    """Ids of amounts that are prices for a unit, which may have parts of a cent."""
    tables: set[str] = field(default_factory=set)
    """Ids of the tables that have a name."""
    unsure: set[str] = field(default_factory=set)
    """Ids of figures of which the words do not say for sure which year they are of."""
    approximate: list[Figure] = field(default_factory=list)
    """Figures of a relation that are printed as about so many; nothing is compared with them."""

    def bound(self, variable: str, text: str) -> str:
        """A value of a variable as it is compared: folded, an alias as the name that it stands for."""
        return fold(self.aliases.name_of(variable, text) or text)

    def find(self, name: str) -> list[Named]:
        """The figures of a name; with `@total` those of total rows, without it those of the other rows."""
        wanted = name.endswith(TOTAL)
        return [named for named in self.by_name.get(name.removesuffix(TOTAL), ()) if named.is_total == wanted]

    def near(self, name: str, binding: Mapping[str, str]) -> list[Named]:
        """The figures of a name that may fit a binding: those with its rarest value, and those that do not say it."""
        figures = self.find(name)
        if len(figures) < _FEW or not binding:
            return figures
        if name not in self._index:
            variables = {variable for figure in figures for variable in figure.binding}
            index: dict[tuple[str, str | None], list[Named]] = {}
            for figure in figures:
                for variable in variables:
                    index.setdefault((variable, figure.binding.get(variable)), []).append(figure)
            self._index[name] = index
        index = self._index[name]
        found = [index.get((variable, value), []) + index.get((variable, None), []) for variable, value in binding.items() if any(key[0] == variable for key in index)]
        return min(found, key=len, default=figures)

    def can_tell(self, binding: Mapping[str, str], name: str, row: Mapping[str, str]) -> bool:
        """Whether a row says all that its table's keys could say of a binding: a row without a department is in none."""
        return binding.keys() & self.keys.get(name, set()) <= row.keys()

    def every(self, variable: str) -> set[str | None]:
        """All values that a variable has in the report."""
        return {named.binding[variable] for figures in self.by_name.values() for named in figures if variable in named.binding}


def name_figures(document: Document, figures: list[Figure], relations: RelationSet, aliases: Aliases = NO_ALIASES) -> NamedFigures:
    """Find every figure that a name of the relations stands for."""
    found = NamedFigures(year=_year_of_report(document), aliases=aliases)
    values: dict[str, dict[str, None]] = defaultdict(dict)
    cells: Cells = {(figure.table, figure.row_number, figure.column_number): figure for figure in figures if figure.row_number is not None}
    years = Years(document, relations.words.years)
    for name, pattern in relations.tables.items():
        for table in document.tables:
            year = nearest_year(fold(table.title or "")) or _year_of_section(document, table.section) or found.year
            columns = _columns_of(table, pattern, [years.is_of_another("".join(path), year) for path in table.columns])
            if columns is not None and _stands_in((*(fold(one.title) for one in _path_of(document, table.section)), fold(table.title or "")), pattern):
                _name_table(name, pattern, table, columns, cells, found, values, year)
    wordings = Wordings(relations.words, values)
    titles = {section.id: tuple(fold(one.title) for one in _path_of(document, section.id)) for section in document.sections}
    texts = [_Around(figure, fold(figure.before[-_LONGEST:]), fold(figure.after[:_LONGEST]), titles[figure.section]) for figure in figures
             if figure.row_number is None and figure.value is not None]
    for name, figure_pattern in relations.figures.items():
        _name_texts(name, figure_pattern, texts, wordings, years, document, found)
    for name, figure_pattern in relations.figures.items():
        if figure_pattern.beside is not None:
            blocks = {named.figure.block for named in found.by_name[figure_pattern.beside]}
            found.by_name[name] = [named for named in found.by_name[name] if named.figure.block in blocks]
    _bind_rows_by_paragraph(document, relations, found)
    found.prices = {around.figure.id for around in texts if around.figure.unit == "yuan" and wordings.is_price(around.before, around.after)}
    return found


# --- tables

def _columns_of(table: Table, pattern: TablePattern, is_of_another_year: list[bool]) -> dict[str, int] | None:
    """Which column of a table is which of the pattern; None where one that it needs is not there, or only for another year."""
    headers = [(fold("".join(path)), fold(path[-1]) if path else "") for path in table.columns]
    headers = [(_UNIT_OF_HEADER.sub("", whole), _UNIT_OF_HEADER.sub("", last)) for whole, last in headers]
    found: dict[str, int] = {}
    for fits in (lambda word, whole, last: word in (whole, last), lambda word, whole, last: len(word) >= _LONG_HEADER and word in whole):
        for name, words in pattern.columns.items():
            if name in found:
                continue
            place = next((place for word in words for place, (whole, last) in enumerate(headers)
                          if place not in found.values() and not is_of_another_year[place] and fits(fold(word), whole, last)), None)
            if place is not None:
                found[name] = place
    return found if all(name in found for name in pattern.needs) else None


def _name_table(name: str, pattern: TablePattern, table: Table, columns: Mapping[str, int], cells: Cells,
                found: NamedFigures, values: dict[str, dict[str, None]], year: int | None) -> None:
    totals, skipped = {fold(word) for word in pattern.total}, {fold(word) for word in pattern.skipped}
    found.keys[name] = set(pattern.keys)
    above: dict[str, str] = {}
    for number, row in enumerate(table.rows):
        texts = {column: (row[columns[column]].text or "").strip() for column in pattern.keys if column in columns}
        leading = {fold(cell.text or "") for cell in row[: max((columns[key] for key in texts), default=0) + 1]}
        if leading & skipped:
            continue
        is_total = bool(leading & totals)
        for column in pattern.filled_down:
            if column in texts and not is_total:
                texts[column] = texts[column] or above.get(column, "")
                above[column] = texts[column]
        binding = {} if is_total else {column: found.bound(column, text) for column, text in texts.items() if text}
        if not is_total:
            for column, text in texts.items():
                if text:
                    values[column] |= dict.fromkeys(found.aliases.spellings(column, text))
                    found.shown[found.bound(column, text)] = text
        if year is not None:
            binding[YEAR_NAME] = str(year)
        figures = {column: figure for column, place in columns.items() if (figure := cells.get((table.id, number, place))) is not None}
        if not figures or not (binding.keys() - {YEAR_NAME} or is_total):
            continue
        here = Row(table.id, number, figures, binding, is_total)
        found.rows[name].append(here)
        found.tables.add(table.id)
        found.row_at[name, (table.id, number)] = here
        for column, figure in figures.items():
            found.by_name[f"{name}.{column}"].append(Named(figure, binding, is_total, row=(table.id, number)))


# --- text

def _name_texts(name: str, pattern: FigurePattern, texts: list[_Around], wordings: Wordings, years: Years, document: Document,
                found: NamedFigures) -> None:
    before = wordings.before(pattern.wording, pattern.known, fills=pattern.fills)
    opening = wordings.opening(pattern.paragraph, pattern.known) if pattern.paragraph else []
    after = wordings.after(pattern.after)
    units = {pattern.unit, "percentage_points"} if pattern.unit == "percent" else {pattern.unit}
    stands = {titles: _stands_in(titles, pattern) for titles in {around.titles for around in texts}}
    for around in texts:
        figure = around.figure
        if figure.unit not in units or not stands[around.titles]:
            continue
        match = next((match for one in before if (match := one.search(around.before))), None)
        if (before and match is None) or (after and not any(one.search(around.after) for one in after)):
            continue
        paragraph = _opening_of(figure, opening, document) if opening else None
        if opening and paragraph is None:
            continue
        if figure.is_approximate and not pattern.is_limit:
            found.approximate.append(figure)
            continue
        groups = {**(paragraph.groupdict() if paragraph else {}), **(match.groupdict() if match else {})}
        binding = {variable: found.bound(variable, value) for variable, value in groups.items() if value}
        if YEAR_NAME not in binding:
            own = _year_of(figure, pattern, years, document, found.year)
            binding |= {YEAR_NAME: str(own.year)} if own.year is not None else {}
            found.unsure |= set() if own.is_sure else {figure.id}
        for value in binding.values():
            found.shown.setdefault(value, value)
        found.by_name[name].append(Named(figure, binding, is_fewer=wordings.is_fewer(around.before)))


def _opening_of(figure: Figure, patterns: list[re.Pattern[str]], document: Document) -> re.Match[str] | None:
    """The opening of the figure's own paragraph, else of its section."""
    section = document.section(figure.section)
    own = [block.text for block in section.paragraphs if block.number == figure.block]
    texts = [text.strip().removeprefix(section.printed.strip())[:_OPENING] for text in [*own, section.text]]
    return next((match for text in texts for one in patterns if (match := one.match(fold(text)))), None)


def _year_of(figure: Figure, pattern: FigurePattern, years: Years, document: Document, year_of_report: int | None) -> YearOfFigure:
    """The year that stands last before a figure in its paragraph; else the section's or the report's."""
    if pattern.year == "report":
        return YearOfFigure(year_of_report)
    return years.of(figure, _year_of_section(document, figure.section) or year_of_report)


def _bind_rows_by_paragraph(document: Document, relations: RelationSet, found: NamedFigures) -> None:
    """A table without a column of departments: the paragraph that names a department's rows in quotes, as many as it counts, says whose they are."""
    about: dict[tuple[str, str, str], set[Decimal]] = {}
    for figures in found.by_name.values():
        for named in figures:
            for variable, value in named.binding.items():
                if named.row is None and named.figure.unit == "count" and named.figure.value is not None:
                    about.setdefault((variable, value, named.figure.section), set()).add(named.figure.value)
    for name, pattern in relations.tables.items():
        for variable in {key for key in pattern.keys if not any(key in row.binding for row in found.rows[name])}:
            for (_, value, section), counts in [(one, counts) for one, counts in about.items() if one[0] == variable]:
                quoted = _QUOTED.findall(document.section(section).text)
                rows = [row for row in found.rows[name] if not row.is_total
                        and any(_bare(text) in {_bare(found.bound(key, words)) for words in quoted} for key, text in row.binding.items())]
                if Decimal(len(rows)) in counts:
                    for row in rows:
                        row.binding[variable] = value


def _bare(text: str) -> str:
    """A name without quotes, folded: inside other quotes its own are set otherwise."""
    return re.sub("[“”‘’\"']", "", fold(text))


# --- sections

def _path_of(document: Document, identifier: str) -> list[Section]:
    section: Section | None = document.section(identifier)
    path = []
    while section is not None:
        path.append(section)
        section = document.section(section.parent) if section.parent else None
    return path


def _stands_in(titles: tuple[str, ...], pattern: TablePattern | FigurePattern) -> bool:
    """Whether one of the titles has a word of `in`, and none a word of `except`."""
    def has(words: tuple[str, ...]) -> bool:
        return any(fold(word) in title for word in words for title in titles)
    return (not pattern.within or has(pattern.within)) and not (pattern.except_words and has(pattern.except_words))


def _year_of_section(document: Document, identifier: str) -> int | None:
    years = [nearest_year(fold(section.title)) for section in _path_of(document, identifier)]
    return next((year for year in years if year is not None), None)


def _year_of_report(document: Document) -> int | None:
    """The year of the title, else the one that the text names most often."""
    titled = YEAR.search(fold(document.title))
    if titled:
        return int(titled[1])
    years = [year for paragraph in document.paragraphs for year in YEAR.findall(fold(paragraph.text))]
    return int(max(set(years), key=lambda year: (years.count(year), year))) if years else None
