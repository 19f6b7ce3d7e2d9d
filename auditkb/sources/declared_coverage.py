"""What a source declares complete, written into the database: every record and department that it names is there, or it is refused."""

from __future__ import annotations

import sqlite3

from auditkb.dictionary import Dictionary
from auditkb.errors import Fault, KnowledgeBaseError, Text, did_you_mean
from auditkb.records import encode_part, insert_statement
from auditkb.references import exists
from auditkb.schema import quote
from auditkb.sources.source import Source


def write_coverage(connection: sqlite3.Connection, dictionary: Dictionary, source: Source) -> None:
    """Write what the source declares to be complete, in place of what it declared before. Raises KnowledgeBaseError for a record or department that is not there."""
    faults: list[Fault] = []
    rows = []
    for number, entry in enumerate(source.declaration.coverage):
        parent_type, parent = next(iter((entry.record or {}).items()), (None, None))
        parent_key = _existing(connection, dictionary, parent_type, parent, source, ("coverage", number, "record"), faults)
        department = _existing(connection, dictionary, "department" if entry.department else None, entry.department, source, ("coverage", number, "department"), faults)
        because = entry.because
        section = f"{because.section}: " if because.section else ""
        rows.append((source.id, entry.covers, department, entry.fiscal_year, parent_type, parent_key, int(entry.complete), section + because.zh, section + because.en))
    if faults:
        raise KnowledgeBaseError(faults)
    connection.execute("delete from coverage where source = ?", (source.id,))
    columns = ["source", "record_type", "department", "fiscal_year", "parent_type", "parent_key", "is_complete", "because", "because_en"]
    connection.executemany(insert_statement("coverage", columns), rows)


def _existing(connection: sqlite3.Connection, dictionary: Dictionary, type_name: str | None, text: str | None, source: Source, place: tuple[str | int, ...], faults: list[Fault]) -> str | None:
    """The key of an existing record that `text` names; a fault at its place in `source.yml` where there is none."""
    if type_name is None or text is None:
        return None
    for key in (text, encode_part(text)):
        if exists(connection, type_name, key):
            return key
    keys = [row[0] for row in connection.execute(f"select key from {quote(type_name)}")]
    label = dictionary[type_name].label
    words, hint = Text(f"没有编号或名称为“{text}”的{label.zh}", f'there is no "{label.en}" with the key "{text}"'), did_you_mean(text, keys, most=5)
    file = source.declaration_file
    faults.append(file.fault(place, words, hint=hint) if file is not None else Fault(words, source.path.as_posix(), hint=hint))
    return None
