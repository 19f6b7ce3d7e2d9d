"""The data dictionary: what `records/*.yml` says of every record type, and nothing else knows.

Tables, header matching, labels, rule checking and documentation are all made from a `Dictionary`. An office's own
`records/` folder is laid over ours: it may add types, fields, choices and synonyms, and redefine nothing.
"""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as data_field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, PrivateAttr, StringConstraints, model_validator

from auditkb.errors import Fault, KnowledgeBaseError, Text, did_you_mean
from auditkb.file_models import check_model
from auditkb.yaml_files import YamlFile, read_yaml

VALUE_TYPES = {"text": "TEXT", "date": "TEXT", "money": "REAL", "ratio": "REAL",
               "integer": "INTEGER", "flag": "INTEGER", "choice": "TEXT"}
"""The types of plain values and how SQLite holds them; every other type is the name of a record type."""

_BRACKETS = str.maketrans({"【": "(", "】": ")", "〔": "(", "〕": ")", "[": "(", "]": ")", "{": "(", "}": ")",
                           "「": "(", "」": ")", "《": "(", "》": ")"})
_Words = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
_Paths = Annotated[tuple[str, ...], BeforeValidator(lambda given: (given,) if isinstance(given, str) else given or ())]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Label(_Model):
    """One thing said in both languages, as `errors.Text` but read from YAML."""

    zh: _Words
    en: _Words

    def say(self, language: str) -> str:
        """The words in `language` ("zh" or "en")."""
        return self.zh if language == "zh" else self.en


class Said(_Model):
    """How a flag reads after the name of its record: 是框架协议, is a framework agreement."""

    yes: Label
    no: Label


class Field(_Model):
    """One field of a record type. `unit` is a word such as yuan, days or year; `ahead`: a date that may lie in the future;
    `said` is for flags. `signed`: may be below zero; `refunds`: is below zero only where a refund is recorded, so that
    one that nobody recorded still is not.

    A heading of `synonyms` means this field and no other; one of `maybe` may mean it or something else, and is
    refused until a mapping file decides.

    `ocds` names the paths of an OCDS release at which the field may stand, `ocds_codes` what a code there means.
    """

    type: str
    label: Label
    description: Label
    unit: str | None = None
    synonyms: tuple[_Words, ...] = ()
    maybe: tuple[_Words, ...] = ()
    choices: dict[str, Label] | None = None
    said: Said | None = None
    if_empty: Literal["not_captured", "blank_in_document", "not_required", False] = "not_captured"
    signed: bool = False
    refunds: bool = False
    personal: bool = False
    ahead: bool = False
    compared: bool = False
    ocds: _Paths = ()
    ocds_codes: dict[str, str] = {}
    _name: str = PrivateAttr(default="")

    @property
    def name(self) -> str:
        """The field's key in its file, and its column."""
        return self._name

    @property
    def is_reference(self) -> bool:
        """Whether the column holds the key of a record of type `type`."""
        return self.type not in VALUE_TYPES

    @property
    def storage(self) -> str:
        """SQLite type of the column: TEXT, REAL or INTEGER."""
        return VALUE_TYPES.get(self.type, "TEXT")


class Period(_Model):
    """Headings of a column that holds two dates in one cell, and the two fields that they are."""

    fields: tuple[str, str]
    headings: tuple[_Words, ...]


class RecordType(_Model):
    """One file of `records/`. `key` holds alternatives; paths are dotted reference fields ending in a field.

    `measure` is the Chinese measure word of its records: 份, 笔, 张.
    `groups` are titles over several columns which say that the columns below are about this type.
    """

    type: str
    label: Label
    description: Label
    measure: _Words = "条"
    ocds: _Paths = ()
    label_field: str
    key: tuple[tuple[str, ...], ...]
    belongs_to: tuple[str, ...] = ()
    department: tuple[str, ...] = ()
    organisation: tuple[str, ...] = ()
    fiscal_year: tuple[str, ...] = ()
    created_by_reference: bool = False
    derived: str | None = None
    groups: tuple[_Words, ...] = ()
    period: Period | None = None
    fields: dict[str, Field]

    @model_validator(mode="after")
    def _name_fields(self) -> RecordType:
        for name, entry in self.fields.items():
            entry._name = name
        return self

    def headers(self) -> dict[str, str]:
        """Every heading that names a field of this type, normalised by `normalise_header`, with the field's name."""
        return {heading: name for name, entry in self.fields.items() for heading in headings_of(entry)}

    def uncertain_headers(self) -> dict[str, list[str]]:
        """Headings that may name a field, normalised, with every field that they may name."""
        found: dict[str, list[str]] = {}
        for name, entry in self.fields.items():
            for text in entry.maybe:
                found.setdefault(normalise_header(text), []).append(name)
        return found

    def period_headers(self) -> set[str]:
        """Headings of columns with two dates in one cell, normalised."""
        return {normalise_header(text) for text in self.period.headings} if self.period else set()

    def group_titles(self) -> set[str]:
        """Titles over several columns that say which type these are about, normalised."""
        return {normalise_header(text) for text in (self.type, self.label.zh, self.label.en, *self.groups)}


def normalise_header(text: str) -> str:
    """A column heading reduced to what is compared: width, case, blanks and kinds of bracket do not count."""
    plain = unicodedata.normalize("NFKC", text).translate(_BRACKETS).casefold()
    # An accent on a blank joins the letter before it, so the forms are made one again.
    return unicodedata.normalize("NFKC", "".join(plain.split())).casefold()


def headings_of(entry: Field) -> list[str]:
    """The normalised headings of one field: its name, both labels and its synonyms."""
    return [normalise_header(text) for text in (entry.name, entry.label.zh, entry.label.en, *entry.synonyms)]


@dataclass(frozen=True)
class Dictionary:
    """All record types, checked against each other. `derived_sql` holds the SELECT of each derived type."""

    types: dict[str, RecordType]
    derived_sql: dict[str, str] = data_field(default_factory=dict)

    def __getitem__(self, name: str) -> RecordType:
        return self.types[name]

    def __contains__(self, name: object) -> bool:
        return name in self.types

    def __iter__(self) -> Iterator[str]:
        return iter(self.types)

    def child_link(self, parent: str, child: str) -> str | None:
        """The reference field by which `child` belongs to `parent`, or None if it does not."""
        record_type = self.types[child]
        return next((name for name in record_type.belongs_to if record_type.fields[name].type == parent), None)

    def children(self, parent: str) -> dict[str, str]:
        """Every type whose rows belong to `parent`, with the reference field that says so."""
        links = {child: self.child_link(parent, child) for child in self.types}
        return {child: link for child, link in links.items() if link is not None}

    def load_order(self) -> list[str]:
        """All type names, every type after those that it refers to; where references turn in a circle, parents first."""
        waiting = {name: {entry.type for entry in record_type.fields.values() if entry.is_reference} - {name}
                   for name, record_type in self.types.items()}
        order: list[str] = []
        while waiting:
            free = [name for name in waiting if not waiting[name] & waiting.keys()]
            if not free:
                free = [min(waiting, key=lambda name: (len(self._parents(name) & waiting.keys()), len(waiting[name])))]
            order += free
            for name in free:
                del waiting[name]
        return order

    def _parents(self, name: str) -> set[str]:
        record_type = self.types[name]
        return {record_type.fields[link].type for link in record_type.belongs_to} - {name}


@dataclass
class Declared:
    """What was read so far, and the file that declared each type and field (`(type, None)` is the type itself)."""

    types: dict[str, RecordType] = data_field(default_factory=dict)
    files: dict[tuple[str, str | None], YamlFile] = data_field(default_factory=dict)
    folders: dict[str, Path] = data_field(default_factory=dict)
    broken: set[str] = data_field(default_factory=set)

    def add(self, record_type: RecordType, file: YamlFile, folder: Path) -> None:
        self.types[record_type.type] = record_type
        self.files[(record_type.type, None)] = file
        self.files.update({(record_type.type, name): file for name in record_type.fields})
        self.folders[record_type.type] = folder


def load_dictionary(folder: Path, office: Path | None = None) -> Dictionary:
    """Read `folder`/*.yml and, laid over them, `office`/records/*.yml (`office` may be absent or have no such folder).

    Raises KnowledgeBaseError with every fault of every file, each with `file:line:column`.
    """
    from auditkb.dictionary_checks import check_types

    declared, faults = Declared(), []
    for path in sorted(folder.glob("*.yml")):
        faults += _read_type(path, declared, is_office=False)
    for path in sorted((office / "records").glob("*.yml")) if office is not None else []:
        faults += _read_type(path, declared, is_office=True)
    if not declared.types and not faults:
        faults.append(Fault(Text("没有记录类型：文件夹里没有 .yml 文件", "no record types: the folder holds no .yml file"),
                            folder.as_posix()))
    faults += check_types(declared)
    sql: dict[str, str] = {}
    for record_type in declared.types.values():
        if record_type.derived is not None:
            faults += _read_sql(record_type, declared, sql)
    if faults:
        raise KnowledgeBaseError(faults)
    return Dictionary(declared.types, sql)


def _read_type(path: Path, declared: Declared, *, is_office: bool) -> list[Fault]:
    """Add the type of one file to `declared`; the faults that kept it out, if any."""
    try:
        file = read_yaml(path, _shown(path))
        name = file.data.get("type") if isinstance(file.data, dict) else None
        if isinstance(name, str) and name != path.stem:
            text = Text(f"文件名应为 {name}.yml（与 type 一致）", f"the file should be called {name}.yml, after its type")
            raise KnowledgeBaseError(file.fault(("type",), text))
        if not (is_office and name in declared.types):
            if name in declared.types:
                raise KnowledgeBaseError(file.fault(("type",), Text(f"记录类型“{name}”重复", f'record type "{name}" is declared twice')))
            declared.add(check_model(RecordType, file), file, path.parent)
            return []
        return _lay_over(declared.types[str(name)], file, declared)
    except KnowledgeBaseError as error:
        declared.broken.add(path.stem)
        return error.faults


class _Addition(_Model):
    type: str | None = None
    synonyms: tuple[_Words, ...] = ()
    choices: dict[str, Label] = {}


class _Additions(_Model):
    fields: dict[str, _Addition] = {}


class _NewFields(_Model):
    fields: dict[str, Field] = {}


def _lay_over(ours: RecordType, file: YamlFile, declared: Declared) -> list[Fault]:
    """Add an office's fields, choices and synonyms to `ours`; a fault for whatever would change it."""
    faults = [_not_theirs(file, (name,)) for name in file.data if name not in ("type", "fields")]
    given = file.data.get("fields")
    if not isinstance(given, dict):
        return [*faults, file.fault(("fields",), Text("“fields”应为键值对", '"fields" should be a mapping'))]
    known = {name: value for name, value in given.items() if name in ours.fields}
    faults += [fault for name, value in known.items() for fault in _changes(ours.fields[name], value, file)]
    if faults:
        return faults
    added = check_model(_NewFields, _part(file, {name: given[name] for name in given if name not in known}))
    more = check_model(_Additions, _part(file, known))
    fields = dict(ours.fields)
    for name, extra in more.fields.items():
        choices = fields[name].choices
        fields[name] = fields[name].model_copy(update={
            "synonyms": (*fields[name].synonyms, *extra.synonyms),
            "choices": {**choices, **extra.choices} if choices is not None else None})
    for name, entry in added.fields.items():
        entry._name = name
        fields[name] = entry
        declared.files[(ours.type, name)] = file
    declared.files.update({(ours.type, name): file for name in more.fields})
    declared.types[ours.type] = ours.model_copy(update={"fields": fields})
    return []


def _part(file: YamlFile, fields: dict[str, Any]) -> YamlFile:
    return dataclasses.replace(file, data={"fields": fields})


def _changes(ours: Field, given: Any, file: YamlFile) -> Iterator[Fault]:
    """Faults for what an office's entry for our field would change."""
    if not isinstance(given, dict):
        return
    here = ("fields", ours.name)
    for name in given:
        if name == "type" and given["type"] != ours.type:
            yield file.fault((*here, name), Text(f"不能把“{ours.name}”的类型由 {ours.type} 改为 {given['type']}",
                                                 f"{ours.name} is of type {ours.type}; an office cannot make it {given['type']}"))
        elif name not in ("type", "synonyms", "choices"):
            yield _not_theirs(file, (*here, name))
    choices = given.get("choices")
    if isinstance(choices, dict):
        if ours.choices is None:
            yield file.fault((*here, "choices"), Text(f"“{ours.name}”不是选项字段", f"{ours.name} is not a field of choices"), key=True)
        for code in choices:
            if code in (ours.choices or {}):
                yield file.fault((*here, "choices", code), Text(f"选项“{code}”已有定义，不能改", f'choice "{code}" is there already and cannot be changed'), key=True)


def _not_theirs(file: YamlFile, path: tuple[str, ...]) -> Fault:
    return file.fault(path, Text(f"不能改动已有的“{path[-1]}”", f'"{path[-1]}" is already set and cannot be changed'), key=True,
                      hint=Text("单位可以增加字段、选项和同义词", "an office may add fields, choices and synonyms"))


def _read_sql(record_type: RecordType, declared: Declared, sql: dict[str, str]) -> list[Fault]:
    """Read the SELECT of a derived type into `sql`."""
    folder, file = declared.folders[record_type.type] / "derived", declared.files[(record_type.type, None)]
    path = folder / str(record_type.derived)
    if not re.fullmatch(r"[\w-]+\.sql", str(record_type.derived)) or not path.is_file():
        there = sorted(other.name for other in folder.glob("*.sql"))
        return [file.fault(("derived",), Text(f"找不到 derived/{record_type.derived}", f"there is no derived/{record_type.derived}"),
                           hint=did_you_mean(str(record_type.derived), there) if there else None)]
    sql[record_type.type] = path.read_text("utf-8")
    return []


def _shown(path: Path) -> str:
    """How a file is called in faults: from the working folder where it lies below it."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.as_posix()
