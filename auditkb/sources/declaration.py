"""`source.yml` beside the files of a source: what it is called and what of it is complete.

Without a `source.yml` (one file given by itself) the source is called like the file and nothing is taken as complete.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

from pydantic import AfterValidator, BaseModel, ConfigDict, field_validator, model_validator

from auditkb.dictionary import Dictionary
from auditkb.errors import Fault, KnowledgeBaseError, Text, did_you_mean
from auditkb.file_models import load_model
from auditkb.yaml_files import YamlFile

FILE_NAME = "source.yml"
MONEY_UNITS = {"yuan": "元", "ten_thousand": "万元"}


_NOT_IN_AN_ID = re.compile(r"[/\\:|\x00-\x1f\x7f-\x9f\u2028\u2029]")


def _source_id(text: str) -> str:
    text = unicodedata.normalize("NFC", text).strip()
    if not text or text.startswith(".") or _NOT_IN_AN_ID.search(text):
        raise ValueError("来源名不能是空的，不能以点开头，不能含斜杠、冒号和竖线 | a source's name begins with no dot and has no slash, colon or bar")
    return text


SourceId = Annotated[str, AfterValidator(_source_id)]
"""What a source is called: anything that a file may be called."""


def id_of_file(path: Path) -> str:
    """What a file without an id of its own is called as a source: its name, spelt one way."""
    text = _NOT_IN_AN_ID.sub("_", unicodedata.normalize("NFC", path.stem)).strip().lstrip(".").strip()
    return text or "_"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Words(_Model):
    """One thing said in both languages; without `en` the Chinese words stand for it."""

    zh: str
    en: str

    @model_validator(mode="before")
    @classmethod
    def _chinese_alone(cls, value: Any) -> Any:
        return {**value, "en": value["zh"]} if isinstance(value, dict) and "zh" in value and "en" not in value else value


class Because(Words):
    """Why a source counts as complete, and where it says so itself."""

    section: str | None = None

    @field_validator("section", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> Any:
        # A section such as 6.3 is a number to YAML.
        return str(value) if isinstance(value, int | float) else value


class Coverage(_Model):
    """One statement: the records of `covers` are (not) all there, for the scope that is named, or for all.

    The scope is one record (`record: {tender: <key>}`), or a department, a fiscal year or both.
    """

    covers: str
    record: dict[str, str] | None = None
    department: str | None = None
    fiscal_year: int | None = None
    complete: bool = True
    because: Because

    @field_validator("covers", mode="before")
    @classmethod
    def _one_type(cls, value: Any) -> Any:
        if isinstance(value, list):
            lines = " ".join(f"- {{covers: {name}, …}}" for name in value)
            raise ValueError(f"一行只写一类记录，每类各写一行：{lines} | one record type a line: {lines}")
        return value

    @field_validator("record")
    @classmethod
    def _one_record(cls, value: dict[str, str] | None) -> dict[str, str] | None:
        if value is not None and len(value) != 1:
            raise ValueError("只写一条记录，如 {tender: 编号} | name one record, as in {tender: key}")
        return value


class Declaration(_Model):
    """`source.yml`: a source's id and title, its date, and what it covers.

    `money_unit` holds for columns of money whose header names none; `if_empty` says what an empty cell means in this
    source, by record type and field. `wins_over` names the sources whose values give way to those of this one where
    both hold a record and do not agree.
    """

    id: SourceId
    title: Words
    date: datetime.date | None = None
    kind: Literal["report_facts", "ledger"] = "ledger"
    money_unit: Literal["yuan", "ten_thousand"] | None = None
    if_empty: dict[str, dict[str, Literal["not_captured", "blank_in_document", "not_required"]]] = {}
    wins_over: list[SourceId] = []
    coverage: list[Coverage] = []


def read_declaration(path: Path, dictionary: Dictionary) -> tuple[Declaration, YamlFile]:
    """Read and check `source.yml`. Raises KnowledgeBaseError with every fault and its place."""
    declaration, file = load_model(Declaration, path)
    faults = check_declaration(declaration, dictionary, file)
    if faults:
        raise KnowledgeBaseError(faults)
    return declaration, file


class Declares(Protocol):
    """What a `source.yml` and a mapping file have in common."""

    @property
    def coverage(self) -> list[Coverage]: ...

    @property
    def if_empty(self) -> dict[str, dict[str, Literal["not_captured", "blank_in_document", "not_required"]]]: ...


def check_declaration(declaration: Declares, dictionary: Dictionary, file: YamlFile) -> list[Fault]:
    """Every name of coverage and of empty cells that the dictionary does not have."""
    faults = [fault for number, entry in enumerate(declaration.coverage) for fault in _check_coverage(entry, number, dictionary, file)]
    return faults + _check_if_empty(declaration, dictionary, file)


def _check_coverage(entry: Coverage, number: int, dictionary: Dictionary, file: YamlFile) -> list[Fault]:
    place = ("coverage", number)
    faults = []
    names = list(dictionary.types)
    for path, name in [((*place, "covers"), entry.covers), *(((*place, "record", name), name) for name in entry.record or {})]:
        if name not in names:
            text = Text(f"没有记录类型“{name}”", f'there is no record type "{name}"')
            faults.append(file.fault(path, text, hint=did_you_mean(name, names), key="record" in path))
    if entry.record is not None and (entry.department is not None or entry.fiscal_year is not None):
        faults.append(file.fault((*place, "record"), Text("record 不能与 department、fiscal_year 同用", "record excludes department and fiscal_year"), key=True))
    return faults


def _check_if_empty(declaration: Declares, dictionary: Dictionary, file: YamlFile) -> list[Fault]:
    faults = []
    for type_name, fields in declaration.if_empty.items():
        record_type = dictionary.types.get(type_name)
        if record_type is None:
            text = Text(f"没有记录类型“{type_name}”", f'there is no record type "{type_name}"')
            faults.append(file.fault(("if_empty", type_name), text, key=True, hint=did_you_mean(type_name, list(dictionary.types))))
            continue
        for name in fields:
            if name not in record_type.fields:
                text = Text(f"“{type_name}”没有字段“{name}”", f'{type_name} has no field "{name}"')
                faults.append(file.fault(("if_empty", type_name, name), text, key=True, hint=did_you_mean(name, list(record_type.fields))))
    return faults


