"""The form of `rules/relations/`: which figures of a report belong together, as reviewed data; see docs/reports.md.

A file names tables by the words of their headers, figures by their wording, and the relations that should hold
between them. Names are shared by all files; `relation_files` reads and checks them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from auditkb.errors import Text
from auditkb.rules.model import Bilingual, Strict
from auditkb.yaml_files import Path_

TOTAL = "@total"
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Kind = Literal["sum", "difference", "share", "rate", "change", "change_rate", "carry_forward", "column_total", "hierarchy", "equal", "repeated",
               "count", "unspent", "cents"]
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
    "unspent": (("figure", "of", "less", "whole"), ()),
    "cents": ((), ()),
}
_OPERANDS = ("figure", "of", "less", "whole", "may_lack")


def _listed(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


Words = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class YearWords(Strict):
    """Words that name a year without digits, and those that say whether it is meant or only compared with."""

    last: Words = ()
    not_last: Words = ()
    this: Words = ()
    accounts: Words = ()
    against: Words = ()
    moved: Words = ()
    moved_to: Words = ()


class WordLists(Strict):
    """`words.yml`: what may stand between a wording and its figure, words for a decrease, words before a price
    for a unit, words for years, lists of words for one thing, openings of paragraphs, labels of variables.
    """

    fillers: Words
    fewer: Words
    prices: Words
    years: YearWords = YearWords()
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

    `beside`: a figure that must stand in the same paragraph. `is_limit`: words such as 不足 belong to it; elsewhere they make a figure approximate, and nothing is compared with it.
    """

    label: Bilingual
    unit: Literal["yuan", "percent", "count"] = "yuan"
    within: Words = Field(default=(), alias="in")
    except_words: Words = Field(default=(), alias="except")
    paragraph: Name | None = None
    wording: Words = ()
    after: Words = ()
    beside: str | None = None
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


def placeholders(text: str) -> list[str]:
    """The names in braces of a wording."""
    return re.findall(r"\{(\w+)\}", text)
