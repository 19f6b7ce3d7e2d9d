"""References between records: what the text of a cell means, the rows that a name alone makes, and what leads nowhere.

A reference holds the key of its target. Departments and organisations are made by being named; a reference to any
other record that is not there stays as it was written and is listed as a problem.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import groupby

from auditkb.aliases import NO_ALIASES, Aliases
from auditkb.cells import Cell
from auditkb.dictionary import Dictionary, Field, RecordType
from auditkb.errors import Text
from auditkb.like_names import list_like_names
from auditkb.names import same_name
from auditkb.notes import Note, delete_notes, places_of_notes, write_notes
from auditkb.records import RowMaker, decode_part, encode_part, insert_statement, loaded_columns
from auditkb.schema import quote


class References:
    """Finds the keys of targets while a source is loaded; the types that are referred to are loaded first."""

    def __init__(self, connection: sqlite3.Connection, dictionary: Dictionary, aliases: Aliases = NO_ALIASES):
        self._names = KnownNames(connection, dictionary, aliases)
        self._aliases = aliases
        self._found: dict[tuple[str, str], Cell] = {}

    def resolve(self, type_name: str, cell: Cell) -> Cell:
        """The cell with the key that its text means, and a word on it where an alias says so."""
        text = str(cell.value)
        found = self._found.get((type_name, text))
        if found is None:
            name = self._aliases.name_of(type_name, text)
            remark = None if name is None else Text(f"别名文件：“{text}”即“{name}”", f'alias file: "{text}" is "{name}"')
            found = self._found[type_name, text] = Cell(self._names.key_of(type_name, text if name is None else name), alias=remark)
        return found if cell.reason is None else replace(cell, value=found.value, alias=found.alias)


class KnownNames:
    """What keys there are, by exact text and by what two spellings of a name share."""

    def __init__(self, connection: sqlite3.Connection, dictionary: Dictionary, aliases: Aliases):
        self._connection, self._dictionary, self._aliases = connection, dictionary, aliases
        self._spellings: dict[str, dict[str, list[str]]] = {}
        self._with_row: dict[str, set[str]] = {}

    def key_of(self, type_name: str, text: str) -> str:
        """The key that `text` means: itself, what becomes of it as a key (`CS/17` is `CS%2F17`), another spelling; else as it is."""
        found = self.find(type_name, text)
        if found is not None:
            return found
        key = encode_part(text) if self._dictionary[type_name].created_by_reference else text
        if self._dictionary[type_name].created_by_reference:
            # It is made at the end; until then it is known by this spelling.
            self.spellings(type_name).setdefault(same_name(text), []).append(key)
        return key

    def find(self, type_name: str, text: str) -> str | None:
        """The key of a record that is there (or will be made), by name or alias; a spelling that several records share finds none."""
        for candidate in dict.fromkeys((text, encode_part(text))):
            if exists(self._connection, type_name, candidate):
                return candidate
        keys = self.spellings(type_name).get(same_name(self._aliases.name_of(type_name, text) or text), ())
        return keys[0] if len(keys) == 1 else None

    def instead_of(self, type_name: str, stub: str) -> str | None:
        """The key that a row made by a name should give way to, if any: the one record of the name, or the first row made."""
        text = decode_part(stub)
        name = self._aliases.name_of(type_name, text)
        keys = self.spellings(type_name).get(same_name(text if name is None else name), ())
        own = [key for key in keys if key in self._records(type_name)] or list(keys[:1])
        return own[0] if len(own) == 1 and own[0] != stub else None

    def _records(self, type_name: str) -> set[str]:
        if type_name not in self._with_row:
            self._with_row[type_name] = {key for (key,) in self._connection.execute(f'select key from {quote(type_name)} where "row" is not null')}
        return self._with_row[type_name]

    def spellings(self, type_name: str) -> dict[str, list[str]]:
        """`same_name` of every key of a type -> the keys."""
        if type_name not in self._spellings:
            known = self._spellings[type_name] = {}
            for (key,) in self._connection.execute(f"select key from {quote(type_name)} order by \"row\" is null, key"):
                known.setdefault(same_name(decode_part(key)), []).append(key)
        return self._spellings[type_name]


def exists(connection: sqlite3.Connection, type_name: str, key: str) -> bool:
    """Whether there is a record of this type with this key."""
    return connection.execute(f"select 1 from {quote(type_name)} where key = ?", (key,)).fetchone() is not None


def settle_references(connection: sqlite3.Connection, dictionary: Dictionary, letters: Mapping[tuple[str, str, str], str], aliases: Aliases = NO_ALIASES) -> dict[str, int]:
    """Make the rows that a name alone makes, in all sources, and list every reference that leads nowhere.

    `letters` gives the column of (source, sheet, field) where it is known. Returns how many rows were made by type.
    Sources may be loaded in any order, so that what led nowhere before may be there now.
    """
    known = {**places_of_notes(connection, "no_such_record"), **letters}
    delete_notes(connection, kind="no_such_record")
    names = KnownNames(connection, dictionary, aliases)
    created: dict[str, int] = {}
    for record_type, field, target in _used_references(connection, dictionary):
        if target.created_by_reference:
            made = _create(connection, record_type, field, target)
            if made:
                created[target.type] = created.get(target.type, 0) + made
        else:
            _list_dangling(connection, record_type, field, target, known, names)
    for name, merged in merge_spellings(connection, dictionary, aliases).items():
        created[name] = max(0, created.get(name, 0) - merged)
    list_like_names(connection, dictionary, aliases)
    return {name: made for name, made in created.items() if made}


def _references(dictionary: Dictionary) -> Iterator[tuple[RecordType, Field, RecordType]]:
    """Every reference that is loaded: the type that holds it, its field, and the type that it leads to."""
    for name in dictionary.load_order():
        record_type = dictionary[name]
        for field in record_type.fields.values() if record_type.derived is None else ():
            if field.is_reference and dictionary[field.type].derived is None:
                yield record_type, field, dictionary[field.type]


def _used_references(connection: sqlite3.Connection, dictionary: Dictionary) -> Iterator[tuple[RecordType, Field, RecordType]]:
    """Those of `_references` that any record holds, which one look at each table tells."""
    for _, group in groupby(_references(dictionary), key=lambda reference: reference[0].type):
        references = list(group)
        record_type = references[0][0]
        counts = connection.execute(f"select {', '.join(f'count({quote(field.name)})' for _, field, _ in references)} from {quote(record_type.type)}").fetchone()
        yield from (reference for reference, count in zip(references, counts, strict=True) if count)


def merge_spellings(connection: sqlite3.Connection, dictionary: Dictionary, aliases: Aliases) -> dict[str, int]:
    """Rows that only a name had made give way to the record of another spelling of it, or of which it is an alias."""
    merged: dict[str, int] = {}
    names = KnownNames(connection, dictionary, aliases)
    for target in dictionary.types.values():
        if not target.created_by_reference:
            continue
        stubs = [key for (key,) in connection.execute(f'select key from {quote(target.type)} where "row" is null order by key')]
        moves = [(stub, key) for stub in stubs if (key := names.instead_of(target.type, stub)) is not None]
        if not moves:
            continue
        connection.execute("create temp table _moves (stub primary key, key)")
        connection.executemany("insert into _moves values (?, ?)", moves)
        for record_type, field, _ in (entry for entry in _references(dictionary) if entry[2] is target):
            column = quote(field.name)
            connection.execute(f"update {quote(record_type.type)} set {column} = (select key from _moves where stub = {column}) where {column} in (select stub from _moves)")
        connection.execute(f"delete from {quote(target.type)} where key in (select stub from _moves)")
        connection.execute("drop table _moves")
        merged[target.type] = len(moves)
    return merged


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


def _list_dangling(connection: sqlite3.Connection, record_type: RecordType, field: Field, target: RecordType, letters: Mapping[tuple[str, str, str], str], names: KnownNames) -> None:
    columns = f"child.key, child.{quote(field.name)}, child.source, child.sheet, child.row"
    notes: dict[str, list[Note]] = {}
    for key, text, source, sheet, row in connection.execute(_dangling(record_type, field, columns)).fetchall():
        found = names.find(target.type, text)
        if found is not None:
            connection.execute(f"update {quote(record_type.type)} set {quote(field.name)} = ? where key = ?", (found, key))
            continue
        cell = f"{letters.get((source, sheet, field.name), '')}{row}" if row is not None else None
        label = target.label
        note = Note("no_such_record", record_type.type, key, field.name, None, text, sheet, cell,
                    Text(f"没有编号或名称为“{text}”的{label.zh}", f'there is no "{label.en}" with the key "{text}"'), _advice(connection, target, text))
        notes.setdefault(source, []).append(note)
    for source, listed in notes.items():
        write_notes(connection, source, listed)


def _advice(connection: sqlite3.Connection, target: RecordType, text: str) -> Text:
    label = quote(target.label_field)
    near = connection.execute(f"select key from {quote(target.type)} where {label} = ? limit 2", (text,)).fetchall()
    if len(near) == 1:
        return Text(f"是否指“{near[0][0]}”？请照此填写", f'is "{near[0][0]}" meant? Write its key')
    return Text(f"请核对，或读入含有该{target.label.zh}的文件", f'check it, or load the file that holds this "{target.label.en}"')
