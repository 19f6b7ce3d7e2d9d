"""Taking back what a source brought: its rows, notes and coverage go, and what other sources say holds again."""

from __future__ import annotations

import datetime
import sqlite3
from dataclasses import dataclass, field, replace

from auditkb.aliases import NO_ALIASES, Aliases
from auditkb.database import finish_loading, writer
from auditkb.dictionary import Dictionary
from auditkb.errors import Fault, KnowledgeBaseError, Text, did_you_mean
from auditkb.merging import rebuild
from auditkb.notes import count_problems, delete_notes
from auditkb.records import insert_statement
from auditkb.references import settle_references
from auditkb.schema import quote, rows_table
from auditkb.source_rows import FORMER, find_affected, loaded_types, prepare, set_aside, tidy


@dataclass
class Removal:
    """What removing a source takes away: records by type, those of them that another source has too, open findings, notes."""

    source: str
    title: str
    path: str
    loaded_at: str
    records: dict[str, int] = field(default_factory=dict)
    shared: dict[str, int] = field(default_factory=dict)
    findings: int = 0
    notes: int = 0


def what_goes(connection: sqlite3.Connection, dictionary: Dictionary, source: str) -> Removal:
    """What removing `source` would take away. Raises KnowledgeBaseError where no such source is loaded."""
    found = connection.execute("select title, path, loaded_at from sources where id = ?", (source,)).fetchone()
    if found is None:
        known = [row[0] for row in connection.execute("select id from sources order by id")]
        hint = did_you_mean(source, known) if known else Text("还没有读入任何来源", "no source is loaded yet")
        raise KnowledgeBaseError(Fault(Text(f"没有读入过来源“{source}”", f'no source "{source}" is loaded'), hint=hint))
    removal = Removal(source, *found)
    for record_type in loaded_types(dictionary):
        rows = quote(rows_table(record_type.type))
        live = f"from {rows} r where r.source = ? and r._gone is null"
        also = f"exists (select 1 from {rows} o where o.key = r.key and o.source <> r.source and o._gone is null)"
        number, shared = connection.execute(f"select count(*), coalesce(sum({also}), 0) {live}", (source,)).fetchone()
        if number:
            removal.records[record_type.type] = number
        if shared:
            removal.shared[record_type.type] = shared
        removal.findings += connection.execute(
            f"select count(*) from findings f where f.origin = 'rule' and f.state <> 'gone' and f.record_type = ? and f.record_key in (select r.key {live} and not {also})",
            (record_type.type, source)).fetchone()[0]
    removal.notes = count_problems(connection, source)
    return removal


def remove_source(connection: sqlite3.Connection, dictionary: Dictionary, source: str, aliases: Aliases = NO_ALIASES) -> Removal:
    """Take back what `source` brought, in one transaction; its history stays.

    Raises KnowledgeBaseError, and leaves all as it was, where the other sources do not agree what a record belongs to
    once this one no longer decides it.
    """
    with writer(connection):
        removal = what_goes(connection, dictionary, source)
        at = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        number = connection.execute(insert_statement("loads", ["source", "what", "path", "loaded_at", "rows"]),
                                    (source, "removed", removal.path, at, sum(removal.records.values()))).lastrowid
        prepare(connection)
        connection.execute("delete from sources where id = ?", (source,))
        faults: list[Fault] = []
        for record_type in loaded_types(dictionary):
            set_aside(connection, record_type, source)
            find_affected(connection, record_type, source)
            connection.execute(
                "insert into record_changes (load, at, source, record_type, key, change, path, sheet, row) "
                f"select ?, ?, ?, ?, key, 'removed', ?, sheet, \"row\" from {FORMER} where _gone is null", (number, at, source, record_type.type, removal.path))
            faults += rebuild(connection, dictionary, record_type)
        if faults:
            raise KnowledgeBaseError([replace(fault, text=Text(f"撤回“{source}”之后，", f'without "{source}", ') + fault.text) for fault in faults])
        delete_notes(connection, source=source)
        for table in ("coverage", "unread_paths"):
            connection.execute(f"delete from {table} where source = ?", (source,))
        settle_references(connection, dictionary, {}, aliases)
        finish_loading(connection, dictionary)
        tidy(connection)
    return removal
