"""References between records: what the text of a cell means, the rows that a name alone makes, and what leads nowhere.

A reference holds the key of its target. Departments and organisations are made by being named; a reference to any
other record that is not there stays as it was written and is listed as a problem.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from auditkb.cells import Cell
from auditkb.dictionary import Dictionary, Field, RecordType
from auditkb.errors import Text
from auditkb.notes import Note, delete_notes, places_of_notes, write_notes
from auditkb.records import RowMaker, decode_part, encode_part, insert_statement, loaded_columns
from auditkb.schema import quote


class References:
    """Finds the keys of targets while a source is loaded; the types that are referred to are loaded first."""

    def __init__(self, connection: sqlite3.Connection, dictionary: Dictionary):
        self._connection, self._dictionary = connection, dictionary
        self._found: dict[tuple[str, str], str] = {}

    def resolve(self, type_name: str, text: str) -> str:
        """The key that `text` means: itself, or what becomes of it as a key (`CS/17` is `CS%2F17`); else as it is."""
        key = self._found.get((type_name, text))
        if key is not None:
            return key
        for candidate in dict.fromkeys((text, encode_part(text))):
            if exists(self._connection, type_name, candidate):
                self._found[type_name, text] = candidate
                return candidate
        key = encode_part(text) if self._dictionary[type_name].created_by_reference else text
        self._found[type_name, text] = key
        return key


def exists(connection: sqlite3.Connection, type_name: str, key: str) -> bool:
    """Whether there is a record of this type with this key."""
    return connection.execute(f"select 1 from {quote(type_name)} where key = ?", (key,)).fetchone() is not None


def settle_references(connection: sqlite3.Connection, dictionary: Dictionary, letters: Mapping[tuple[str, str, str], str]) -> dict[str, int]:
    """Make the rows that a name alone makes, in all sources, and list every reference that leads nowhere.

    `letters` gives the column of (source, sheet, field) where it is known. Returns how many rows were made by type.
    Sources may be loaded in any order, so that what led nowhere before may be there now.
    """
    known = {**places_of_notes(connection, "no_such_record"), **letters}
    delete_notes(connection, kind="no_such_record")
    created: dict[str, int] = {}
    for name in dictionary.load_order():
        record_type = dictionary[name]
        if record_type.derived is not None:
            continue
        for field in record_type.fields.values():
            if not field.is_reference or dictionary[field.type].derived is not None:
                continue
            if dictionary[field.type].created_by_reference:
                made = _create(connection, record_type, field, dictionary[field.type])
                if made:
                    created[field.type] = created.get(field.type, 0) + made
            else:
                _list_dangling(connection, record_type, field, dictionary[field.type], known)
    return created


def _dangling(record_type: RecordType, field: Field, columns: str) -> str:
    table, column, target = quote(record_type.type), quote(field.name), quote(field.type)
    return (f"select {columns} from {table} as child where child.{column} is not null"
            f" and not exists (select 1 from {target} as target where target.key = child.{column})")


def _create(connection: sqlite3.Connection, record_type: RecordType, field: Field, target: RecordType) -> int:
    missing = connection.execute(_dangling(record_type, field, f"child.{quote(field.name)}, min(child.source)") + " group by 1").fetchall()
    maker = RowMaker(target, None)
    rows = [maker.make(key, {target.label_field: Cell(decode_part(key))}, source, None) for key, source in missing]
    connection.executemany(insert_statement(target.type, loaded_columns(target)), rows)
    return len(rows)


def _list_dangling(connection: sqlite3.Connection, record_type: RecordType, field: Field, target: RecordType, letters: Mapping[tuple[str, str, str], str]) -> None:
    columns = f"child.key, child.{quote(field.name)}, child.source, child.sheet, child.row"
    notes: dict[str, list[Note]] = {}
    for key, text, source, sheet, row in connection.execute(_dangling(record_type, field, columns)).fetchall():
        encoded = encode_part(text)
        if encoded != text and exists(connection, target.type, encoded):
            connection.execute(f"update {quote(record_type.type)} set {quote(field.name)} = ? where key = ?", (encoded, key))
            continue
        cell = f"{letters.get((source, sheet, field.name), '')}{row}" if row is not None else None
        label = target.label
        note = Note("no_such_record", record_type.type, key, field.name, None, text, sheet, cell,
                    Text(f"没有主键为“{text}”的{label.zh}", f'there is no "{label.en}" with the key "{text}"'), _advice(connection, target, text))
        notes.setdefault(source, []).append(note)
    for source, found in notes.items():
        write_notes(connection, source, found)


def _advice(connection: sqlite3.Connection, target: RecordType, text: str) -> Text:
    label = quote(target.label_field)
    near = connection.execute(f"select key from {quote(target.type)} where {label} = ? limit 2", (text,)).fetchall()
    if len(near) == 1:
        return Text(f"是否指“{near[0][0]}”？请填写它的主键", f'is "{near[0][0]}" meant? Write its key')
    return Text(f"请核对，或读入含有该{target.label.zh}的文件", f'check it, or load the file that holds this "{target.label.en}"')
