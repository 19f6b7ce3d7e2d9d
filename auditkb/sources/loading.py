"""Loading a source into the database: whole or not at all, in one transaction.

A source that was loaded before is replaced; one whose files are the same byte for byte is left alone. References
are settled and the derived columns computed over all sources at the end, so that sources may come in any order.
"""

from __future__ import annotations

import datetime
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Literal

from auditkb.aliases import NO_ALIASES, Aliases
from auditkb.database import finish_loading, writer
from auditkb.dictionary import Dictionary
from auditkb.errors import Fault, KnowledgeBaseError, Text, did_you_mean, fail
from auditkb.notes import INFORMATION, PROBLEMS, count_notes, delete_notes, write_notes
from auditkb.records import ROWS_AT_ONCE, DatabaseRow, KeyMaker, encode_part, insert_statement, loaded_columns
from auditkb.references import References, exists, settle_references
from auditkb.schema import quote
from auditkb.sources.source import Source, open_source
from auditkb.sources.table import Table

KEYS_AT_ONCE = 500
Progress = Callable[[str, int, int | None], None]


@dataclass
class LoadReport:
    """What loading one source did: rows read by type, rows made by being named, notes by kind."""

    source: str
    path: str
    state: Literal["loaded", "replaced", "unchanged"]
    rows: dict[str, int] = field(default_factory=dict)
    created: dict[str, int] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)

    @property
    def problems(self) -> int:
        """How many notes ask for something to be done."""
        return sum(self.notes.get(kind, 0) for kind in PROBLEMS)

    @property
    def said(self) -> int:
        """How many notes only say what was not loaded, or hidden."""
        return sum(self.notes.get(kind, 0) for kind in INFORMATION)


def load_source(
    connection: sqlite3.Connection,
    dictionary: Dictionary,
    path: Path,
    *,
    type_name: str | None = None,
    office: Path | None = None,
    mapping: Path | None = None,
    progress: Progress | None = None,
    aliases: Aliases = NO_ALIASES,
) -> LoadReport:
    """Load the folder or file at `path`, whose tables exist already.

    Raises KnowledgeBaseError with every fault of every file; the database is then as it was. `progress` is called
    with a sheet's name and the rows read so far.
    """
    source = replace(open_source(path, dictionary, type_name=type_name, office=office, mapping=mapping), aliases=aliases)
    with writer(connection):
        known = connection.execute("select path, sha256, read_as from sources where id = ?", (source.id,)).fetchone()
        if known is not None:
            if known[1:] == (source.sha256, source.read_as):
                return _report(connection, source, "unchanged")
            _refuse_another_file(source, known[0])
            _remove_rows(connection, dictionary, source.id)
        report = _load(connection, dictionary, source, progress or (lambda what, done, total: None))
        report.state = "loaded" if known is None else "replaced"
        return report


def _refuse_another_file(source: Source, known_path: str) -> None:
    """A file without a `source.yml` is called by its name only, which another file may have too."""
    if source.declaration_file is None and Path(known_path).resolve() != source.path.resolve():
        raise fail(f"来源“{source.id}”已由另一个文件读入：{known_path}", f'the source "{source.id}" was loaded from another file: {known_path}', file=source.path.as_posix(),
                   hint=Text("请给文件另起名称（用 --type 指明记录类型），或放入有 source.yml 的文件夹", "give the file a name of its own (--type says its record type), or put it in a folder with a source.yml"))


def _remove_rows(connection: sqlite3.Connection, dictionary: Dictionary, source: str) -> None:
    for record_type in dictionary.types.values():
        if record_type.derived is None:
            connection.execute(f"delete from {quote(record_type.type)} where source = ?", (source,))
    delete_notes(connection, source=source)
    connection.execute("delete from coverage where source = ?", (source,))
    connection.execute("delete from sources where id = ?", (source,))


def _load(connection: sqlite3.Connection, dictionary: Dictionary, source: Source, progress: Progress) -> LoadReport:
    _write_source(connection, source)
    references = References(connection, dictionary, source.aliases)
    keys: dict[str, KeyMaker] = {}
    faults: list[Fault] = []
    rows: dict[str, int] = {}
    letters: dict[tuple[str, str, str], str] = {}
    for record_type, sheet in source.sheets:
        maker = keys.setdefault(record_type.type, KeyMaker(record_type))
        table = Table(record_type, sheet, source.declaration, maker, references.resolve)
        try:
            faults += _write_table(connection, table, progress)
        except KnowledgeBaseError as error:
            faults += error.faults
        faults += table.faults
        write_notes(connection, source.id, table.notes)
        rows[record_type.type] = rows.get(record_type.type, 0) + table.count
        letters.update({(source.id, sheet.name, name): letter for name, letter in table.letters.items()})
    if faults:
        raise KnowledgeBaseError(faults)
    created = settle_references(connection, dictionary, letters, source.aliases)
    _write_coverage(connection, source)
    connection.execute("update sources set rows = ? where id = ?", (sum(rows.values()), source.id))
    finish_loading(connection, dictionary)
    report = _report(connection, source, "loaded")
    report.rows, report.created = rows, created
    return report


def _report(connection: sqlite3.Connection, source: Source, state: Literal["loaded", "unchanged"]) -> LoadReport:
    return LoadReport(source.id, source.path.as_posix(), state, notes=count_notes(connection, source.id))


def _write_table(connection: sqlite3.Connection, table: Table, progress: Progress) -> list[Fault]:
    """Insert the rows of a sheet in bulk; faults for keys that another source has already."""
    name = table.record_type.type
    statement = insert_statement(name, loaded_columns(table.record_type, table.fields))
    is_empty = connection.execute(f"select 1 from {quote(name)} limit 1").fetchone() is None
    faults: list[Fault] = []
    done, last_row = 0, table.sheet.sheet.last_row
    with closing(table.rows()) as rows:
        while batch := list(islice(rows, ROWS_AT_ONCE)):
            if not is_empty:
                faults += _make_way(connection, table, batch)
            if not faults and not table.faults:
                connection.executemany(statement, batch)
            done += len(batch)
            progress(table.sheet.name, done, last_row if last_row is None or done <= last_row else None)
    return faults


def _make_way(connection: sqlite3.Connection, table: Table, batch: list[DatabaseRow]) -> list[Fault]:
    """Rows that only a name had made give way to the record itself; a record of another source does not."""
    name = quote(table.record_type.type)
    place = {str(row[0]): row[loaded_columns(table.record_type, table.fields).index("row")] for row in batch}
    faults = []
    for keys in _chunks(list(place), KEYS_AT_ONCE):
        marks = ", ".join("?" * len(keys))
        connection.execute(f'delete from {name} where "row" is null and key in ({marks})', keys)
        query = f'select key, source, sheet, "row" from {name} where key in ({marks}) and source <> ?'
        for key, source, sheet, row in connection.execute(query, (*keys, table.declaration.id)):
            faults.append(Fault(
                Text(f"第 {place[key]} 行的主键“{key}”已由来源“{source}”读入（{sheet} 第 {row} 行）", f'row {place[key]}: the key "{key}" was loaded from the source "{source}" ({sheet}, row {row})'),
                table.sheet.file.as_posix(), hint=Text("同一记录只由一个来源读入", "a record is loaded from one source only")))
    return faults


def _chunks(values: list[str], size: int) -> Iterator[list[str]]:
    return (values[start : start + size] for start in range(0, len(values), size))


def _write_source(connection: sqlite3.Connection, source: Source) -> None:
    declaration = source.declaration
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    connection.execute(
        insert_statement("sources", ["id", "path", "title", "title_en", "kind", "date", "sha256", "read_as", "loaded_at", "rows"]),
        (source.id, source.path.as_posix(), declaration.title.zh, declaration.title.en, declaration.kind,
         declaration.date.isoformat() if declaration.date else None, source.sha256, source.read_as, now, 0),
    )


def _write_coverage(connection: sqlite3.Connection, source: Source) -> None:
    """Write what the source declares to be complete. Raises KnowledgeBaseError for a record or department that is not there."""
    faults: list[Fault] = []
    rows = []
    for number, entry in enumerate(source.declaration.coverage):
        parent_type, parent = next(iter((entry.record or {}).items()), (None, None))
        parent_key = _existing(connection, parent_type, parent, source, ("coverage", number, "record"), faults)
        department = _existing(connection, "department" if entry.department else None, entry.department, source, ("coverage", number, "department"), faults)
        because = entry.because
        section = f"{because.section}: " if because.section else ""
        rows.append((source.id, entry.covers, department, entry.fiscal_year, parent_type, parent_key, int(entry.complete), section + because.zh, section + because.en))
    if faults:
        raise KnowledgeBaseError(faults)
    columns = ["source", "record_type", "department", "fiscal_year", "parent_type", "parent_key", "is_complete", "because", "because_en"]
    connection.executemany(insert_statement("coverage", columns), rows)


def _existing(connection: sqlite3.Connection, type_name: str | None, text: str | None, source: Source, place: tuple[str | int, ...], faults: list[Fault]) -> str | None:
    """The key of an existing record that `text` names; a fault at its place in `source.yml` where there is none."""
    if type_name is None or text is None:
        return None
    for key in (text, encode_part(text)):
        if exists(connection, type_name, key):
            return key
    keys = [row[0] for row in connection.execute(f"select key from {quote(type_name)}")]
    words, hint = Text(f"没有主键为“{text}”的 {type_name} 记录", f'there is no {type_name} with the key "{text}"'), did_you_mean(text, keys, most=5)
    file = source.declaration_file
    faults.append(file.fault(place, words, hint=hint) if file is not None else Fault(words, source.path.as_posix(), hint=hint))
    return None
