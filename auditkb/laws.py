"""The law register `rules/laws.yml`, with an office's own laid over it: what was in force when, and whether its text was read."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, RootModel

from auditkb.errors import Fault, KnowledgeBaseError, Text
from auditkb.rules.model import Bilingual, Criterion, Strict
from auditkb.yaml_files import YamlFile, load_model


class Article(Strict):
    """One provision. `verified`: somebody read it in the law's own text."""

    verified: bool = False
    says: Bilingual | None = None
    from_: datetime.date | None = Field(default=None, alias="from")
    to: datetime.date | None = None


class Law(Strict):
    """One law, regulation or internal rule, with its time in force; both ends belong to it.

    `verified` and `says` are for one that is cited as a whole, without an article. `internal`: a policy of the office
    itself, which nobody could look up in a law's text.
    """

    title: Bilingual
    number: str | None = None
    from_: datetime.date | None = Field(default=None, alias="from")
    to: datetime.date | None = None
    internal: bool = False
    verified: bool = False
    says: Bilingual | None = None
    articles: dict[str, Article] = {}


class LawRegister(RootModel[dict[str, Law]]):
    """The whole file."""


@dataclass(frozen=True)
class Citation:
    """A provision as a finding shows it. `possible`: whether it governs depends on what is not recorded."""

    law: str
    article: str | None
    title: Text
    says: Text | None
    role: str
    verified: bool
    internal: bool
    possible: bool


def load_laws(path: Path) -> LawRegister:
    """Read the register; faults with their places."""
    return load_model(LawRegister, path)[0]


def read_registers(paths: list[Path]) -> tuple[LawRegister, dict[str, YamlFile], list[Fault]]:
    """The registers that exist, each laid over those before it; the file of every entry; what is wrong.

    A later register may name the office's own policies, also those that an earlier one only describes; the name of a
    law is taken.
    """
    laws: dict[str, Law] = {}
    files: dict[str, YamlFile] = {}
    faults: list[Fault] = []
    for path in paths:
        if not path.exists():
            continue
        try:
            register, file = load_model(LawRegister, path)
        except KnowledgeBaseError as error:
            faults += error.faults
            continue
        for name, law in register.root.items():
            if name in laws and not (law.internal and laws[name].internal):
                faults.append(file.fault((name,), Text(f"“{name}”已登记在 {files[name].name}", f'"{name}" is in {files[name].name} already'), key=True, code="L03",
                                         hint=Text("换一个名称；只有单位内部制度（internal: true）可以换成本单位的", "choose another name; only a policy of the office (internal: true) may be replaced, by one")))
            else:
                laws[name], files[name] = law, file
    return LawRegister(laws), files, faults


def in_force(register: LawRegister, criterion: Criterion, first: str | None, last: str | None) -> bool:
    """Whether a provision was in force on every day from `first` to `last` (ISO; None: the day is unknown).

    Where law changes within what is known of the date, nothing is cited.
    """
    return is_within(time_in_force(register, criterion), first, last)


def time_in_force(register: LawRegister, criterion: Criterion) -> tuple[str | None, str | None]:
    """The first and the last day (ISO) of a provision; None where there is no such limit."""
    law = register.root[criterion.law]
    article = law.articles.get(criterion.article or "")
    starts = max((day for day in (law.from_, article.from_ if article else None) if day), default=None)
    ends = min((day for day in (law.to, article.to if article else None) if day), default=None)
    return starts.isoformat() if starts else None, ends.isoformat() if ends else None


def is_within(time: tuple[str | None, str | None], first: str | None, last: str | None) -> bool:
    """Whether every day from `first` to `last` lies within a time in force; a day that is not known lies only within one without limits."""
    starts, ends = time
    if starts is None and ends is None:
        return True
    if first is None or last is None:
        return False
    return (starts is None or first >= starts) and (ends is None or last <= ends)


def cite(register: LawRegister, criterion: Criterion, *, possible: bool) -> Citation:
    """The citation of one criterion."""
    law = register.root[criterion.law]
    article = law.articles.get(criterion.article or "")
    cited = article if article is not None else law
    says = Text(cited.says.zh, cited.says.en) if cited.says is not None else None
    return Citation(criterion.law, criterion.article, Text(law.title.zh, law.title.en), says, criterion.role, cited.verified, law.internal, possible)
