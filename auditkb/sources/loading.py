"""Loading a source into the database: whole or not at all, in one transaction.

A source whose files are the same byte for byte is left alone. A newer version is compared with the former one: what it
changes is kept in `record_changes`, and what it lacks is marked gone where it is declared complete; where it is not,
a person says so. References are settled and the derived columns computed over all sources at the end, so that sources
may come in any order.
"""

from __future__ import annotations

import datetime
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import groupby, islice
from pathlib import Path
from typing import Literal

from auditkb.aliases import NO_ALIASES, Aliases
from auditkb.database import finish_loading, writer
from auditkb.dictionary import Dictionary, RecordType
from auditkb.errors import Fault, KnowledgeBaseError, Text
from auditkb.garbage import without_collection
from auditkb.merging import declared_in, make_all, rebuild
from auditkb.notes import INFORMATION, PROBLEMS, Note, count_notes, restore_notes, set_notes_aside, write_notes
from auditkb.records import ROWS_AT_ONCE, KeyMaker, insert_statement, loaded_columns
from auditkb.references import References, settle_references
from auditkb.schema import rows_table
from auditkb.source_rows import (
    Changes,
    Loading,
    add_to_row,
    compare,
    decide_missing,
    find_affected,
    find_corrected,
    find_missing,
    is_only_source,
    loaded_types,
    prepare,
    scope_of,
    set_aside,
    settle_missing,
    take_back,
    tidy,
)
from auditkb.sources.declaration import Coverage
from auditkb.sources.declared_coverage import write_coverage
from auditkb.sources.known_sources import known_as, settle_place
from auditkb.sources.ocds import OcdsSheet, OcdsTable
from auditkb.sources.shared_records import Shared, shared_records, which_version
from auditkb.sources.source import Source, open_source
from auditkb.sources.table import Table

MISSING_SHOWN = 5
Progress = Callable[[str, int, int | None], None]
Missing = Literal["gone", "keep"]
Reading = Literal["first", "newer", "again"]
"""What a loading is to its source: the first, that of a newer version, or the same files read another way."""


@dataclass
class LoadReport:
    """What loading one source did: rows read by type, rows made by being named, notes by kind, what a newer version changed."""

    source: str
    path: str
    state: Literal["loaded", "replaced", "unchanged"]
    rows: dict[str, int] = field(default_factory=dict)
    created: dict[str, int] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)
    changes: Changes = field(default_factory=Changes)
    unread: int = 0
    """Paths of an OCDS file that have no place in the dictionary."""
    coverage: list[Coverage] = field(default_factory=list)
    shared: list[Shared] = field(default_factory=list)
    """What a new source has in common with those that were there."""
    read_again: bool = False
    """Whether the files are those that were loaded already, and only the way in which they are read is another."""

    @property
    def problems(self) -> int:
        """How many notes ask for something to be done."""
        return sum(self.notes.get(kind, 0) for kind in PROBLEMS)

    @property
    def said(self) -> int:
        """How many notes only say what was not loaded, or hidden."""
        return sum(self.notes.get(kind, 0) for kind in INFORMATION if kind != "alias")


def load_source(
    connection: sqlite3.Connection,
    dictionary: Dictionary,
    path: Path,
    *,
    type_name: str | None = None,
    office: Path | None = None,
    mapping: Path | None = None,
    missing: Missing | None = None,
    replaces: str | None = None,
    is_separate: bool = False,
    progress: Progress | None = None,
    aliases: Aliases = NO_ALIASES,
) -> LoadReport:
    """Load the folder or file at `path`, whose tables exist already.

    `missing` says what becomes of records of the former version that this one lacks and of which nothing is declared
    complete: they are gone, or kept. `replaces` names the source that the file is a newer version of, where it is called
    otherwise or lies elsewhere; `is_separate` says that it is no newer version, though it looks like one. Raises KnowledgeBaseError with every fault of every file; the database is then
    as it was. `progress` is called with a sheet's name and the rows read so far.
    """
    source = replace(open_source(path, dictionary, type_name=type_name, office=office, mapping=mapping), aliases=aliases)
    with writer(connection):
        source = known_as(connection, source, replaces)
        known = connection.execute("select sha256, read_as from sources where id = ?", (source.id,)).fetchone()
        if known == (source.sha256, source.read_as):
            settle_place(connection, source, is_said=replaces is not None)
            return _report(connection, source, "unchanged")
        reading: Reading = "first" if known is None else "again" if known[0] == source.sha256 else "newer"
        with without_collection():
            return _Loader(connection, dictionary, source, missing, progress, reading, is_separate).load()


def _report(connection: sqlite3.Connection, source: Source, state: Literal["loaded", "replaced", "unchanged"]) -> LoadReport:
    unread = connection.execute("select count(*) from unread_paths where source = ?", (source.id,)).fetchone()[0]
    return LoadReport(source.id, source.path.as_posix(), state, notes=count_notes(connection, source.id), unread=unread)


class _Loader:
    """Loads one source; `faults` grows while its files are read, and with a fault nothing is kept."""

    def __init__(self, connection: sqlite3.Connection, dictionary: Dictionary, source: Source, missing: Missing | None, progress: Progress | None, reading: Reading,
                 is_separate: bool):
        self.connection, self.dictionary, self.source, self.missing = connection, dictionary, source, missing
        self.progress: Progress = progress or (lambda what, done, total: None)
        self.is_newer, self.is_same_files = reading != "first", reading == "again"
        # What a person gave a name of its own is a source of its own.
        self.is_own = is_separate or source.declaration_file is not None
        self.shared: list[Shared] = []
        self.faults: list[Fault] = []
        self.is_read = True
        self.rows: dict[str, int] = {}
        self.changes = Changes()
        self.letters: dict[tuple[str, str, str], str] = {}

    def load(self) -> LoadReport:
        """Read all files, make the records, and say what was done."""
        prepare(self.connection)
        self._begin()
        references = References(self.connection, self.dictionary, self.source.aliases)
        by_type = {name: [sheet for _, sheet in group] for name, group in groupby(self.source.sheets, key=lambda entry: entry[0].type)}
        for record_type in loaded_types(self.dictionary):
            sheets = by_type.get(record_type.type, [])
            if not sheets and not self.is_newer:
                continue
            set_aside(self.connection, record_type, self.source.id)
            keys = KeyMaker(record_type)
            for sheet in sheets:
                if isinstance(sheet, OcdsSheet):
                    self._read(OcdsTable(sheet, self.source.id, references.resolve))
                else:
                    self._read(Table(record_type, sheet, self.source.declaration, keys, references.resolve))
            if not self.faults:
                self._make_records(record_type)
        if not self.is_newer and self.is_read:
            self._compare_with_others()
        if self.faults:
            raise KnowledgeBaseError(self.faults)
        return self._finish()

    def _begin(self) -> None:
        declaration, source = self.source.declaration, self.source
        _check_wins_over(self.connection, source)
        at = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        date = declaration.date.isoformat() if declaration.date else None
        self.connection.execute("delete from sources where id = ?", (source.id,))
        self.connection.execute(
            insert_statement("sources", ["id", "path", "title", "title_en", "kind", "date", "sha256", "read_as", "loaded_at", "rows", "wins_over"]),
            (source.id, source.path.as_posix(), declaration.title.zh, declaration.title.en, declaration.kind, date, source.sha256, source.read_as, at, 0,
             json.dumps(declaration.wins_over, ensure_ascii=False) if declaration.wins_over else None))
        number = self.connection.execute(insert_statement("loads", ["source", "what", "path", "date", "sha256", "loaded_at"]),
                                         (source.id, "replaced" if self.is_newer else "loaded", source.path.as_posix(), date, source.sha256, at)).lastrowid
        self.loading = Loading(number or 0, at, source.id, source.path.as_posix())
        set_notes_aside(self.connection, source.id)

    def _read(self, table: Table | OcdsTable) -> None:
        """Insert the rows of a sheet in bulk; nothing of a long sheet stays in memory."""
        name = table.record_type.type
        statement = insert_statement(rows_table(name), loaded_columns(table.record_type, table.fields))
        done, last_row = 0, table.last_row
        try:
            with closing(table.rows()) as rows:
                while batch := list(islice(rows, ROWS_AT_ONCE)):
                    if not table.faults and not self.faults:
                        self.connection.executemany(statement, batch)
                    self._write_notes(table)
                    self._add_to_rows(table)
                    done += len(batch)
                    self.progress(table.sheet.name, done, last_row if last_row is None or done <= last_row else None)
        except KnowledgeBaseError as error:
            self.faults += error.faults
            self.is_read = False
        self._write_notes(table)
        self._add_to_rows(table)
        self.faults += table.faults
        self.is_read = self.is_read and not table.faults
        self.rows[name] = self.rows.get(name, 0) + table.count
        self.letters.update({(self.source.id, table.sheet.name, field): letter for field, letter in table.letters.items()})

    def _write_notes(self, table: Table | OcdsTable) -> None:
        write_notes(self.connection, self.source.id, table.notes)
        table.notes.clear()

    def _add_to_rows(self, table: Table | OcdsTable) -> None:
        """What this table adds to records of earlier ones."""
        if isinstance(table, Table):
            if not table.faults and not self.faults:
                for key, added in table.additions.items():
                    add_to_row(self.connection, table.record_type, self.source.id, key, added)
            table.additions.clear()

    def _make_records(self, record_type: RecordType) -> None:
        """Compare the rows of one type with the former ones and make its records of what all sources say."""
        connection = self.connection
        if self.is_newer:
            if not self.is_same_files:
                find_corrected(connection, record_type, self.source.id)
                self._decide_missing(record_type)
            self.changes += compare(connection, record_type, self.loading)
            self.changes += (take_back if self.is_same_files else settle_missing)(connection, record_type, self.loading)
        if is_only_source(connection, record_type, self.source.id):
            make_all(connection, self.dictionary, record_type)
            return
        find_affected(connection, record_type, self.source.id)
        self.faults += [Fault(fault.text, self.source.path.as_posix(), hint=fault.hint) for fault in rebuild(connection, self.dictionary, record_type)]

    def _compare_with_others(self) -> None:
        self.shared = shared_records(self.connection, loaded_types(self.dictionary), self.source.id)
        if not self.is_own:
            # What else is wrong may come of it: it is said first.
            self.faults[:0] = which_version(self.shared, self.source.path.as_posix())

    def _decide_missing(self, record_type: RecordType) -> None:
        entries = [entry for entry in self.source.declaration.coverage if entry.covers == record_type.type]
        scopes = [scope_of(self.dictionary, record_type, entry.department, entry.fiscal_year, next(iter((entry.record or {}).items()), None), is_complete=entry.complete)
                  for entry in entries]
        unsure = find_missing(self.connection, record_type, self.source.id, [scope for scope in scopes if scope is not None])
        if unsure and self.missing is None:
            self.faults.append(_which_is_it(record_type, unsure, self.source.path))
        elif unsure and self.missing == "keep":
            write_notes(self.connection, self.source.id, [_kept(record_type, key, sheet, row) for key, sheet, row in unsure])
        decide_missing(self.connection, record_type, as_gone=self.missing == "gone")

    def _finish(self) -> LoadReport:
        connection, source = self.connection, self.source
        restore_notes(connection)
        created = settle_references(connection, self.dictionary, self.letters, self.source.aliases)
        write_coverage(connection, self.dictionary, source)
        self._write_unread()
        total, changes = sum(self.rows.values()), self.changes
        connection.execute("update sources set rows = ? where id = ?", (total, source.id))
        connection.execute("update loads set rows = ?, added = ?, changed = ?, gone = ?, returned = ? where id = ?",
                           (total, changes.added, changes.changed + changes.rekeyed, changes.gone + changes.taken_back, changes.returned, self.loading.number))
        finish_loading(connection, self.dictionary)
        tidy(connection)
        report = _report(connection, source, "replaced" if self.is_newer else "loaded")
        report.rows, report.created, report.changes, report.read_again = self.rows, created, changes, self.is_same_files
        report.shared = self.shared
        report.coverage = source.declaration.coverage
        return report

    def _write_unread(self) -> None:
        """What OCDS files hold that the dictionary has no place for."""
        self.connection.execute("delete from unread_paths where source = ?", (self.source.id,))
        unread = {sheet.file: sheet.unread for _, sheet in self.source.sheets if isinstance(sheet, OcdsSheet)}
        rows = [(self.source.id, path, count, example) for found in unread.values() for path, (count, example) in sorted(found.items())]
        self.connection.executemany(insert_statement("unread_paths", ["source", "path", "places", "example"]), rows)


def _check_wins_over(connection: sqlite3.Connection, source: Source) -> None:
    """Refuse a source that is declared to win over itself, or over one that is declared to win over it."""
    names = source.declaration.wins_over
    against = {name for name, listed in connection.execute("select id, wins_over from sources where wins_over is not null") if source.id in json.loads(listed)}
    faults = []
    for number, name in enumerate(names):
        if name == source.id or name in against:
            text = Text(f"来源“{source.id}”与“{name}”不能互相为准", f'the sources "{source.id}" and "{name}" cannot each win over the other')
            hint = Text("只在其中一个的 source.yml（单个文件：它的 .map.yml）中写 wins_over", "write wins_over in the source.yml of one of them (of a single file: its .map.yml)")
            faults.append(source.declaration_file.fault(("wins_over", number), text, hint=hint) if source.declaration_file else Fault(text, source.path.as_posix(), hint=hint))
    if faults:
        raise KnowledgeBaseError(faults)


def _which_is_it(record_type: RecordType, missing: list[tuple[str, str | None, int | None]], path: Path) -> Fault:
    listed = [f"{key}（{sheet or ''} 第 {row} 行）" for key, sheet, row in missing[:MISSING_SHOWN]], [f"{key} ({sheet or ''} row {row})" for key, sheet, row in missing[:MISSING_SHOWN]]
    more = len(missing) - MISSING_SHOWN
    zh = "、".join(listed[0]) + (f" 等，另有 {more} 条" if more > 0 else "")
    en = ", ".join(listed[1]) + (f" and {more} more" if more > 0 else "")
    return Fault(
        Text(f"上次读入的{record_type.label.zh}有 {len(missing)} 条不在这个文件中：{zh}", f"{len(missing)} of the {record_type.label.en} records loaded before are not in this file: {en}"), path.as_posix(),
        hint=Text(f"文件是全的，加 --missing gone（记为已撤销）；不全，加 --missing keep（保留原记录）；或在 {declared_in(path)} 的 coverage 中声明 {record_type.type} 完整",
                  f"if the file is the whole, add --missing gone; if it is a part, add --missing keep (they stay as they were); or declare {record_type.type} complete under coverage in {declared_in(path)}"))


def _kept(record_type: RecordType, key: str, sheet: str | None, row: int | None) -> Note:
    return Note("not_in_newer", record_type.type, key, None, None, None, sheet, str(row) if row is not None else None,
                Text("新文件中没有这条记录，按要求保留了原来的", "the newer file does not have this record; it was kept as asked"),
                Text("请核对是否已撤销", "check whether it still holds"))
