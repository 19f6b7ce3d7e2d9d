"""The data dictionary: what `records/*.yml` says of every record type, and nothing else knows.

Tables, header matching, labels, rule checking and documentation are all made from a `Dictionary`. An office's own
`records/` folder is laid over ours: it may add types, fields, choices and synonyms, and redefine nothing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as data_field
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, PrivateAttr, StringConstraints, model_validator

VALUE_TYPES = {"text": "TEXT", "date": "TEXT", "money": "REAL", "ratio": "REAL",
               "integer": "INTEGER", "flag": "INTEGER", "choice": "TEXT"}
"""The types of plain values and how SQLite holds them; every other type is the name of a record type."""

_BRACKETS = str.maketrans({"【": "(", "】": ")", "〔": "(", "〕": ")", "[": "(", "]": ")", "{": "(", "}": ")",
                           "「": "(", "」": ")", "《": "(", "》": ")"})
Words = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
_Paths = Annotated[tuple[str, ...], BeforeValidator(lambda given: (given,) if isinstance(given, str) else given or ())]


class FormModel(BaseModel):
    """A part of a dictionary file: closed, and never changed once read."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Label(FormModel):
    """One thing said in both languages, as `errors.Text` but read from YAML."""

    zh: Words
    en: Words

    def say(self, language: str) -> str:
        """The words in `language` ("zh" or "en")."""
        return self.zh if language == "zh" else self.en


class Said(FormModel):
    """How a flag reads after the name of its record: 是框架协议, is a framework agreement."""

    yes: Label
    no: Label


class Field(FormModel):
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
    synonyms: tuple[Words, ...] = ()
    maybe: tuple[Words, ...] = ()
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


class Period(FormModel):
    """Headings of a column that holds two dates in one cell, and the two fields that they are."""

    fields: tuple[str, str]
    headings: tuple[Words, ...]


class RecordType(FormModel):
    """One file of `records/`. `key` holds alternatives; paths are dotted reference fields ending in a field.

    `measure` is the Chinese measure word of its records: 份, 笔, 张.
    `groups` are titles over several columns which say that the columns below are about this type.
    """

    type: str
    label: Label
    description: Label
    measure: Words = "条"
    ocds: _Paths = ()
    label_field: str
    key: tuple[tuple[str, ...], ...]
    belongs_to: tuple[str, ...] = ()
    department: tuple[str, ...] = ()
    organisation: tuple[str, ...] = ()
    fiscal_year: tuple[str, ...] = ()
    created_by_reference: bool = False
    derived: str | None = None
    groups: tuple[Words, ...] = ()
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
