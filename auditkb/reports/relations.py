"""The form of `rules/relations/`: which figures of a report belong together, as reviewed data; see docs/reports.md.

A file names tables by the words of their headers, figures by their wording, and the relations that should hold
between them. Names are shared by all files. `load_relations` checks every name and reports all faults at once.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from auditkb.errors import Fault, KnowledgeBaseError, Text, did_you_mean
from auditkb.laws import LawRegister
from auditkb.rules.load import shown_path
from auditkb.rules.model import Bilingual, Strict
from auditkb.yaml_files import Path_, YamlFile, load_model

WORDS_FILE = "words.yml"
TOTAL = "@total"
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Kind = Literal["sum", "difference", "share", "rate", "change", "change_rate", "carry_forward", "column_total", "hierarchy", "equal", "repeated",
               "count", "at_most", "unspent", "cents"]
KINDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    # kind: the keys that it needs, and those that it may have besides
    "sum": (("figure", "of"), ("less", "may_lack")),
    "difference": (("figure", "of", "less"), ("may_lack",)),
    "share": (("figure", "of", "whole"), ()),
    "rate": (("figure", "of", "whole"), ()),
    "change": (("figure", "of"), ()),
    "change_rate": (("figure", "of"), ()),
    "carry_forward": (("figure", "of"), ()),
    "column_total": (("table", "columns"), ()),
    "hierarchy": (("table", "columns", "code"), ()),
    "equal": (("figure", "of"), ()),
    "repeated": (("figure",), ()),
    "count": (("figure", "table"), ("distinct", "where")),
    "at_most": (("figure", "of"), ()),
    "unspent": (("figure", "of", "less", "whole"), ()),
    "cents": ((), ()),
}
_OPERANDS = ("figure", "of", "less", "whole", "may_lack")


def _listed(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


Words = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class WordLists(Strict):
    """`words.yml`: what may stand between a wording and its figure, words for a decrease,
    lists of words for one thing, openings of paragraphs, labels of variables.
    """

    fillers: Words
    fewer: Words
    words: dict[Name, Words] = {}
    openings: dict[Name, Words] = {}
    variables: dict[Name, Bilingual]


class TablePattern(Strict):
    """A table, known by the words of its columns. `keys` are the columns that name a row; they are variables.

    Rows that begin with a word of `total` are sums, those with one of `skipped` (栏次) are no rows of figures.
    """

    label: Bilingual
    columns: dict[Name, Words]
    needs: tuple[str, ...]
    keys: tuple[str, ...]
    filled_down: tuple[str, ...] = ()
    total: Words = ()
    skipped: Words = ()
    within: Words = Field(default=(), alias="in")
    except_words: Words = Field(default=(), alias="except")


class FigurePattern(Strict):
    """A figure of the text: the section it stands in, the wording right before it, and its paragraph's opening.

    `is_limit`: words such as 不足 belong to it; elsewhere they make a figure approximate, and nothing is compared with it.
    """

    label: Bilingual
    unit: Literal["yuan", "percent", "count"] = "yuan"
    within: Words = Field(default=(), alias="in")
    except_words: Words = Field(default=(), alias="except")
    paragraph: Name | None = None
    wording: Words = ()
    after: Words = ()
    known: Words = ()
    year: Literal["nearest", "report"] = "nearest"
    fills: bool = True
    is_limit: bool = False


class Where(Strict):
    """Which rows a count is of: those whose `column`, a rate of `of` in `whole`, lies below the figure `below`."""

    column: str
    below: str
    of: str
    whole: Words


class Relation(Strict):
    """One relation. Which keys a kind takes stands in `KINDS`; any kind may have those from `near` on.

    `near`: how near the other figures must stand. `for_every`: a variable for each value of which there must be a part.
    `otherwise: review` leaves a difference to the reader.
    """

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    title: Bilingual
    kind: Kind
    figure: str | None = None
    of: Words = ()
    less: Words = ()
    whole: Words = ()
    may_lack: Words = ()
    table: str | None = None
    columns: Words = ()
    code: str | None = None
    distinct: str | None = None
    where: Where | None = None
    near: Literal["report", "section", "paragraph"] = "report"
    for_every: str | None = None
    otherwise: Literal["broken", "review"] = "broken"
    final_total: bool = False
    note: Bilingual | None = None

    @model_validator(mode="after")
    def _keys_fit_the_kind(self) -> Relation:
        needs, may = KINDS[self.kind]
        given = [name for name in (*_OPERANDS, "table", "columns", "code", "distinct", "where") if getattr(self, name) not in (None, ())]
        missing = [name for name in needs if name not in given]
        if missing:
            raise ValueError(f"“{self.kind}”缺少 {'、'.join(missing)} | {self.kind} needs {', '.join(missing)}")
        extra = [name for name in given if name not in needs and name not in may]
        if extra:
            raise ValueError(f"“{self.kind}”不用 {'、'.join(extra)} | {self.kind} takes no {', '.join(extra)}")
        return self

    @property
    def operands(self) -> Iterator[tuple[Path_, str]]:
        """Every name of a figure in it, with its place in the file."""
        for key in _OPERANDS:
            value = getattr(self, key)
            for index, text in enumerate([value] if isinstance(value, str) else value or ()):
                for name in text.split(" or "):
                    yield ((key,) if isinstance(value, str) or len(value) == 1 else (key, index)), name


class RelationFile(Strict):
    """One file of relations: tables, figures and relations of one part of a report."""

    title: Bilingual
    register_: str = Field(alias="register", pattern=r"^R\d{2}$")
    criteria: tuple[Citation, ...] = ()
    tables: dict[Name, TablePattern] = {}
    figures: dict[Name, FigurePattern] = {}
    relations: tuple[Relation, ...] = ()


class Citation(Strict):
    """A provision that asks for the figures to agree."""

    law: str
    article: str | None = None


RelationFile.model_rebuild()


@dataclass(frozen=True)
class RelationSet:
    """All files together."""

    words: WordLists
    tables: dict[str, TablePattern]
    figures: dict[str, FigurePattern]
    relations: tuple[Relation, ...]
    files: dict[str, RelationFile]

    def label(self, name: str) -> Text:
        """What the figure of a name is called."""
        plain = name.removesuffix(TOTAL)
        if plain in self.figures:
            return said(self.figures[plain].label)
        table, _, column = plain.partition(".")
        word = self.tables[table].columns[column][0]
        return Text(word, f"{said(self.tables[table].label).en}: {column.replace('_', ' ')}")


def said(words: Bilingual) -> Text:
    """The words of a file as a `Text`."""
    return Text(words.zh, words.en)


def load_relations(folder: Path, laws: LawRegister, office: Path | None = None) -> RelationSet:
    """All files of `folder` (`rules/relations`) and of the office's own `rules/relations`.

    Raises KnowledgeBaseError with every fault of every file.
    """
    paths = [path for one in (folder, *([office / "rules" / "relations"] if office else [])) for path in sorted(one.glob("*.yml"))]
    faults: list[Fault] = []
    models: list[tuple[RelationFile, YamlFile]] = []
    words: list[WordLists] = []
    for path in paths:
        try:
            if path.name == WORDS_FILE:
                words.append(load_model(WordLists, path, shown_path(path))[0])
            else:
                models.append(load_model(RelationFile, path, shown_path(path)))
        except KnowledgeBaseError as error:
            faults += error.faults
    if not words and not faults:
        faults.append(Fault(Text(f"缺少 {WORDS_FILE}", f"{WORDS_FILE} is missing"), shown_path(folder)))
    if faults:
        raise KnowledgeBaseError(faults)
    found = _joined(words, models, faults)
    for model, file in models:
        faults += _name_faults(model, file, found) + _law_faults(model, file, laws)
    if faults:
        raise KnowledgeBaseError(sorted(faults, key=lambda fault: (fault.file or "", fault.line or 0, fault.column or 0)))
    return found


def _joined(words: list[WordLists], models: list[tuple[RelationFile, YamlFile]], faults: list[Fault]) -> RelationSet:
    """The files as one; a name that two of them give is a fault."""
    tables: dict[str, TablePattern] = {}
    figures: dict[str, FigurePattern] = {}
    relations: dict[str, Relation] = {}
    for model, file in models:
        given: list[tuple[Path_, str, Container[str]]] = [(("tables", name), name, tables) for name in model.tables]
        given += [(("figures", name), name, figures) for name in model.figures]
        given += [(("relations", place, "id"), item.id, relations) for place, item in enumerate(model.relations)]
        faults += [file.fault(path, Text(f"名称“{name}”重复", f'the name "{name}" is taken'), key=path[0] != "relations") for path, name, taken in given if name in taken]
        tables.update(model.tables)
        figures.update(model.figures)
        for place, item in enumerate(model.relations):
            if any(item.id == other.id for other in model.relations[:place]):
                faults.append(file.fault(("relations", place, "id"), Text(f"名称“{item.id}”重复", f'the name "{item.id}" is taken')))
            relations[item.id] = item
    lists = WordLists(fillers=tuple(word for one in words for word in one.fillers), fewer=tuple(word for one in words for word in one.fewer), words={name: value for one in words for name, value in one.words.items()},
                      openings={name: value for one in words for name, value in one.openings.items()},
                      variables={name: value for one in words for name, value in one.variables.items()})
    return RelationSet(lists, tables, figures, tuple(relations.values()), {file.name: model for model, file in models})


def _name_faults(model: RelationFile, file: YamlFile, found: RelationSet) -> list[Fault]:
    names = [*found.figures, *(f"{table}.{column}" for table, pattern in found.tables.items() for column in pattern.columns)]
    faults = [file.fault(("relations", number, *path), Text(f"没有名为“{name}”的数", f'no figure is named "{name}"'), hint=did_you_mean(name, names))
              for number, relation in enumerate(model.relations) for path, name in relation.operands if name.removesuffix(TOTAL) not in names]
    for number, relation in enumerate(model.relations):
        faults += _table_faults(("relations", number), relation, file, found)
    for name, table in model.tables.items():
        faults += [file.fault(("tables", name, key, place), Text(f"没有“{column}”这一列", f'there is no column "{column}"'), hint=did_you_mean(column, list(table.columns)))
                   for key in ("needs", "keys", "filled_down") for place, column in enumerate(getattr(table, key)) if column not in table.columns]
    known = {*found.words.words, *found.words.variables, *(column for table in found.tables.values() for column in table.keys)}
    for name, figure in model.figures.items():
        if figure.paragraph is not None and figure.paragraph not in found.words.openings:
            faults.append(file.fault(("figures", name, "paragraph"), Text(f"没有“{figure.paragraph}”这种开头", f'there is no opening "{figure.paragraph}"'), hint=did_you_mean(figure.paragraph, list(found.words.openings))))
        for key in ("wording", "after"):
            faults += [file.fault(("figures", name, key), Text(f"没有“{word}”这组词或变量", f'there is no list of words or variable "{word}"'), hint=did_you_mean(word, sorted(known)))
                       for text in getattr(figure, key) for word in placeholders(text) if word not in known]
        if not figure.wording and not figure.after:
            faults.append(file.fault(("figures", name), Text("wording 和 after 至少写一个", "wording or after is needed"), key=True))
    return faults


def _table_faults(path: Path_, relation: Relation, file: YamlFile, found: RelationSet) -> list[Fault]:
    if relation.table is None:
        return []
    table = found.tables.get(relation.table)
    if table is None:
        return [file.fault((*path, "table"), Text(f"没有名为“{relation.table}”的表", f'no table is named "{relation.table}"'), hint=did_you_mean(relation.table, list(found.tables)))]
    wanted: list[tuple[Path_, str]] = [(("columns", place) if len(relation.columns) > 1 else ("columns",), name) for place, name in enumerate(relation.columns)]
    wanted += [((key,), value) for key, value in (("code", relation.code), ("distinct", relation.distinct)) if value]
    if relation.where:
        wanted += [(("where", "column"), relation.where.column), (("where", "of"), relation.where.of), *((("where", "whole"), name) for name in relation.where.whole)]
    faults = [file.fault((*path, *step), Text(f"表“{relation.table}”没有“{name}”这一列", f'the table "{relation.table}" has no column "{name}"'), hint=did_you_mean(name, list(table.columns)))
              for step, name in wanted if name not in table.columns]
    if relation.where and relation.where.below not in found.figures:
        faults.append(file.fault((*path, "where", "below"), Text(f"没有名为“{relation.where.below}”的数", f'no figure is named "{relation.where.below}"'), hint=did_you_mean(relation.where.below, list(found.figures))))
    return faults


def _law_faults(model: RelationFile, file: YamlFile, laws: LawRegister) -> list[Fault]:
    faults = []
    for number, item in enumerate(model.criteria):
        if item.law not in laws.root:
            faults.append(file.fault(("criteria", number, "law"), Text(f"法规库没有“{item.law}”", f'the law register has no "{item.law}"'), hint=did_you_mean(item.law, list(laws.root))))
        elif item.article is not None and item.article not in laws.root[item.law].articles:
            faults.append(file.fault(("criteria", number, "article"), Text(f"“{item.law}”没有第 {item.article} 条", f'"{item.law}" has no article {item.article}'),
                                     hint=did_you_mean(item.article, list(laws.root[item.law].articles))))
    return faults


def placeholders(text: str) -> list[str]:
    """The names in braces of a wording."""
    return re.findall(r"\{(\w+)\}", text)
