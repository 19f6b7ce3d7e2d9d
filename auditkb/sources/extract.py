"""What one record type takes from one table: its columns, once or several times in a row, and what it is linked to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from auditkb.dictionary import RecordType
from auditkb.errors import Fault
from auditkb.notes import Note
from auditkb.sources.body import Body
from auditkb.sources.headers import Column
from auditkb.sources.sheets import Sheet


@dataclass(frozen=True)
class Instance:
    """The columns of one record within a row: a row with three payments side by side has three.

    `own` are the positions that no other record of the row reads; without text in them there is no record.
    """

    columns: tuple[Column, ...]
    own: frozenset[int]
    constants: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Extract:
    """The records of one type in one table. The key of `record_type` is the mapping file's where that says one.

    `links` are the references to another record of the same row, by its type; `keys_of_rows`, shared by the extracts of
    a table, tells the keys of those. `is_part`: the row holds other records too. `is_lead`: of the extracts of a table
    this one reports on rows and columns that are not loaded. `notes` and `faults` are known before a row is read.
    """

    record_type: RecordType
    sheet: Sheet
    body: Body
    instances: tuple[Instance, ...]
    links: Mapping[str, str] = field(default_factory=dict)
    keys_of_rows: dict[str, dict[int, str]] = field(default_factory=dict)
    has_children: bool = False
    is_part: bool = False
    is_lead: bool = True
    notes: list[Note] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The sheet, as records name it."""
        return self.sheet.name

    @property
    def file(self) -> Path:
        """The file that the sheet lies in."""
        return self.sheet.file
