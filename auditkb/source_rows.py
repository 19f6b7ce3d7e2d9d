"""What each source says of its records: its rows, set aside and compared when a newer version of it comes.

The rows of a source stay apart from the records (`records` are made of them by `merging`). A newer version of a source
is compared with the former one in SQL, a whole type at a time: what changed goes into `record_changes`, and a record
that is no longer there is marked gone, never deleted. Called within the transaction of a loading.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass

from auditkb.cells import Cell
from auditkb.dictionary import Dictionary, Field, RecordType
from auditkb.records import encode_part, states_text, to_database
from auditkb.schema import quote, rows_table
from auditkb.values import fold

FORMER = "temp.former_rows"
"""The rows of the type at hand as the former version of the source had them."""

@dataclass(frozen=True)
class Loading:
    """One loading as the history names it: its number, its time, the source and its file."""

    number: int
    at: str
    source: str
    path: str


@dataclass
class Changes:
    """How a newer version of a source differs from the former one, in records; `kept` are not in the newer one."""

    added: int = 0
    changed: int = 0
    gone: int = 0
    returned: int = 0
    kept: int = 0
    taken_back: int = 0
    """Records that only the former way of reading the same files gave."""
    rekeyed: int = 0
    """Records whose row was corrected so that they have another key."""

    def __add__(self, other: Changes) -> Changes:
        return Changes(*(own + more for own, more in zip(astuple(self), astuple(other), strict=True)))


def prepare(connection: sqlite3.Connection) -> None:
    """Make the temporary tables of a loading; they go with the transaction, or with `tidy`."""
    tidy(connection)
    connection.create_function("auditkb_state", 2, _state, deterministic=True)
    connection.execute("create temp table affected_key (key text primary key) without rowid")
    connection.execute("create temp table corrected_key (key text primary key, old text, is_sure integer) without rowid")
    connection.execute("create temp table missing_record (record_type text, key text, is_gone integer, primary key (record_type, key)) without rowid")


def tidy(connection: sqlite3.Connection) -> None:
    """Drop the temporary tables of a loading."""
    for name in ("affected_key", "corrected_key", "missing_record", "former_rows", "contested_key", "changed_key", "former_notes"):
        connection.execute(f"drop table if exists temp.{name}")


def _state(states: str | None, field: str) -> str | None:
    """The state of a field in a `_states` column."""
    found = (states or "").partition(f"|{field}=")[2]
    return found.partition("|")[0] or None


def loaded_types(dictionary: Dictionary) -> list[RecordType]:
    """The types whose rows come from sources, parents first."""
    return [dictionary[name] for name in dictionary.load_order() if dictionary[name].derived is None]


def set_aside(connection: sqlite3.Connection, record_type: RecordType, source: str) -> None:
    """Move the rows of one type that a source has into `FORMER`, out of the way of its newer version.

    Records that its names alone had made go too; `settle_references` makes those anew that are still named.
    """
    rows = quote(rows_table(record_type.type))
    connection.execute("drop table if exists temp.former_rows")
    connection.execute(f"create temp table former_rows as select * from {rows} where source = ?", (source,))
    connection.execute("create unique index temp.former_key on former_rows (key)")
    connection.execute(f"delete from {rows} where source = ?", (source,))
    if record_type.created_by_reference:
        connection.execute(f'delete from {quote(record_type.type)} where source = ? and "row" is null', (source,))


def add_to_row(connection: sqlite3.Connection, record_type: RecordType, source: str, key: str, added: Mapping[str, Cell]) -> None:
    """Write into a row just loaded what a later table of the same source adds."""
    rows = quote(rows_table(record_type.type))
    (before,) = connection.execute(f"select _states from {rows} where key = ? and source = ?", (key, source)).fetchone()
    kept = [entry for entry in (before or "").strip("|").split("|") if entry and entry.partition("=")[0] not in added]
    new = states_text(added)
    states = "|".join([*kept, *([new.strip("|")] if new else [])])
    values: dict[str, str | int | float | None] = {"_states": f"|{states}|" if states else None}
    for name, cell in added.items():
        values[name] = to_database(cell.value)
        if record_type.fields[name].compared:
            values[f"_folded_{name}"] = fold(cell.value) if isinstance(cell.value, str) else None
    columns = ", ".join(f"{quote(name)} = ?" for name in values)
    connection.execute(f"update {rows} set {columns} where key = ? and source = ?", (*values.values(), key, source))


def find_affected(connection: sqlite3.Connection, record_type: RecordType, source: str) -> None:
    """Put the keys of one type that a source has or had into temp.affected_key."""
    connection.execute("delete from temp.affected_key")
    connection.execute(f"insert or ignore into temp.affected_key select key from {quote(rows_table(record_type.type))} where source = ? "
                       f"union select key from {FORMER}", (source,))


def is_only_source(connection: sqlite3.Connection, record_type: RecordType, source: str) -> bool:
    """Whether all rows of one type are this source's and it had none before: each is a record by itself, and there is no other record."""
    rows = quote(rows_table(record_type.type))
    return connection.execute(f"select not exists (select 1 from {FORMER}) and not exists (select 1 from {rows} where source <> ?)", (source,)).fetchone() == (1,)


def compare(connection: sqlite3.Connection, record_type: RecordType, loading: Loading) -> Changes:
    """Write what differs between the former rows of one type and those now loaded into `record_changes`."""
    here = f"{quote(rows_table(record_type.type))} n"
    fields = list(record_type.fields.values())
    places: dict[str, str | int] = {"load": loading.number, "at": loading.at, "source": loading.source, "type": record_type.type, "path": loading.path}
    as_it_was = "n.key not in (select key from temp.corrected_key)"
    both = f"from {here} join {FORMER} f on f.key = n.key where n.source = :source and {as_it_was}"
    added = _write(connection, f"from {here} where n.source = :source and {as_it_was} and n.key not in (select key from {FORMER})", places, "'added'")
    returned = _write(connection, f"{both} and f._gone is not null", places, "'returned'")
    differs = " or ".join(f"n.{quote(entry.name)} is not f.{quote(entry.name)}" for entry in fields)
    connection.execute("drop table if exists temp.changed_key")
    connection.execute(f"create temp table changed_key as select n.key {both} and ({differs} or n._states is not f._states)", places)
    rekeyed = _write(connection, f"from {here} join temp.corrected_key f on f.key = n.key where n.source = :source", places, "'rekeyed'", "'key'", "f.old", "n.key")
    connection.execute("insert into temp.changed_key select key from temp.corrected_key")
    both = (f"from temp.changed_key c join {here} on n.key = c.key left join temp.corrected_key o on o.key = c.key "
            f"join {FORMER} f on f.key = coalesce(o.old, c.key) where n.source = :source")
    changed = connection.execute(f"select count(*) {both} and f._gone is null and o.key is null", places).fetchone()[0]
    for entry in fields if connection.execute("select 1 from temp.changed_key").fetchone() else ():
        name = quote(entry.name)
        condition = f"(n.{name} is not f.{name} or auditkb_state(n._states, :field) is not auditkb_state(f._states, :field))"
        _write(connection, f"{both} and {condition}", {**places, "field": entry.name}, "'changed'", ":field", _shown(entry, "f", "temp.former_notes"), _shown(entry, "n", "cell_notes"))
    return Changes(added, changed, 0, returned, rekeyed=rekeyed)


def _write(connection: sqlite3.Connection, rows: str, places: dict[str, str | int], change: str, *what: str) -> int:
    field, old, new = what or ("null", "null", "null")
    return connection.execute(
        "insert into record_changes (load, at, source, record_type, key, change, field, old, new, path, sheet, row) "
        f'select :load, :at, :source, :type, n.key, {change}, {field}, {old}, {new}, :path, n.sheet, n."row" {rows}', places).rowcount


def _shown(entry: Field, rows: str, notes: str) -> str:
    """SQL of a value as people read it: as stored, else what stood in the cell, else why there is none."""
    value = f"{rows}.{quote(entry.name)}"
    text = f"case when {value} is not null then printf('%.2f', {value}) end" if entry.type == "money" else f"cast({value} as text)"
    raw = f"select raw from {notes} c where c.record_type = :type and c.key = {rows}.key and c.field = :field and c.source = :source and c.raw is not null limit 1"
    return f"coalesce({text}, ({raw}), '[' || auditkb_state({rows}._states, :field) || ']')"


# --- records that the newer version lacks

def find_corrected(connection: sqlite3.Connection, record_type: RecordType, source: str) -> None:
    """Put the records that came, and are one that went corrected in a field of its key, into temp.corrected_key.

    It is the same row, at most one field differs and two or more agree. It is sure where no less of the sheet's other
    rows are still there: the next month's ledger may have another payment in the same row.
    """
    fields, rows = list(map(quote, record_type.fields)), quote(rows_table(record_type.type))
    differing = " + ".join(f"(n.{name} is not f.{name})" for name in fields)
    agreeing = " + ".join(f"coalesce(n.{name} = f.{name}, 0)" for name in fields)
    parents = "".join(f" and n.{quote(name)} is f.{quote(name)}" for name in record_type.belongs_to)
    places = {"source": source}
    connection.execute("delete from temp.corrected_key")
    connection.execute(
        "with standing as (select key, sheet from temp.former_rows where _gone is null), "
        f"own as (select * from {rows} where source = :source), "
        "pair as (select n.key, f.key as old, f.sheet, count(*) over (partition by n.key) + count(*) over (partition by f.key) as number "
        f'from own n join {FORMER} f on f.sheet is n.sheet and f."row" = n."row"{parents} '
        f"where f._gone is null and n.key not in (select key from standing) and f.key not in (select key from own) and {differing} <= 1 and {agreeing} >= 2), "
        "single as (select * from pair where number = 2), "
        "kept as (select s.sheet, count(*) as number from standing s join own n on n.key = s.key group by s.sheet) "
        "insert into temp.corrected_key select p.key, p.old, "
        "(select count(*) from single q where q.sheet is p.sheet) <= coalesce((select k.number from kept k where k.sheet is p.sheet), 0) from single p", places)


@dataclass(frozen=True)
class Scope:
    """For which rows a declaration says that all are there, or that they are not: SQL over the records `t`."""

    condition: str
    values: tuple[str | int, ...]
    is_complete: bool


def scope_of(dictionary: Dictionary, record_type: RecordType, department: str | None, year: int | None, record: tuple[str, str] | None, *, is_complete: bool) -> Scope | None:
    """The scope of a declaration on the records of one type; None where it cannot be told from the records themselves."""
    if record is not None:
        link = "key" if record[0] == record_type.type else dictionary.child_link(record[0], record_type.type)
        return Scope(f"t.{quote(link)} in (?, ?)", (record[1], encode_part(record[1])), is_complete) if link is not None else None
    parts: list[str] = []
    values: list[str | int] = []
    if department is not None:
        parts.append("t._department in (?, ?)")
        values += [department, encode_part(department)]
    if year is not None:
        parts.append("t._year = ?")
        values.append(year)
    return Scope(" and ".join(parts) or "1", tuple(values), is_complete)


def find_missing(connection: sqlite3.Connection, record_type: RecordType, source: str, scopes: Iterable[Scope]) -> list[tuple[str, str | None, int | None]]:
    """Put the former records that the newer version lacks into temp.missing_record: gone where it is declared complete, or surely corrected.

    Gives key, sheet and row of those where nothing is declared: whether they are gone is for a person to say.
    """
    name, scopes = record_type.type, list(scopes)
    rows = quote(rows_table(name))
    whole = " or ".join(f"({scope.condition})" for scope in scopes if scope.is_complete) or "0"
    part = " or ".join(f"({scope.condition})" for scope in scopes if not scope.is_complete) or "0"
    values = [value for is_complete in (True, False) for scope in scopes if scope.is_complete is is_complete for value in scope.values]
    connection.execute(
        "insert into temp.missing_record select ?, f.key, f._gone is not null or f.key in (select old from temp.corrected_key where is_sure) or "
        f"exists (select 1 from {quote(name)} t where t.key = f.key and ({whole}) and not ({part})) "
        f"from {FORMER} f where f.key not in (select key from {rows} where source = ?)", (name, *values, source))
    query = f'select f.key, f.sheet, f."row" from {FORMER} f join temp.missing_record m on m.record_type = ? and m.key = f.key where not m.is_gone order by f.rowid'
    return connection.execute(query, (name,)).fetchall()


def decide_missing(connection: sqlite3.Connection, record_type: RecordType, *, as_gone: bool) -> None:
    """Settle what becomes of the former records that the newer version lacks.

    `as_gone`: those where nothing is declared are gone too; otherwise these stay as they were, beside what may be their correction.
    """
    name = record_type.type
    if as_gone:
        connection.execute("update temp.missing_record set is_gone = 1 where record_type = ?", (name,))
    connection.execute("delete from temp.corrected_key where old in (select key from temp.missing_record where record_type = ? and not is_gone)", (name,))


def settle_missing(connection: sqlite3.Connection, record_type: RecordType, loading: Loading) -> Changes:
    """Put the former rows that the newer version lacks back, those that are gone or have another key now with the time of it."""
    name = record_type.type
    missing = f"{FORMER} n join temp.missing_record m on m.record_type = :type and m.key = n.key"
    places: dict[str, str | int] = {"load": loading.number, "at": loading.at, "source": loading.source, "type": name, "path": loading.path}
    gone = _write(connection, f"from {missing} where m.is_gone and n._gone is null and n.key not in (select old from temp.corrected_key)", places, "'gone'")
    kept = connection.execute(f"select count(*) from {missing} where not m.is_gone", {"type": name}).fetchone()[0]
    connection.execute(f"update {FORMER} set _gone = ? where _gone is null and key in (select key from temp.missing_record where record_type = ? and is_gone)", (loading.at, name))
    connection.execute(f"insert into {quote(rows_table(name))} select * from {FORMER} where key in (select key from temp.missing_record where record_type = ?)", (name,))
    return Changes(gone=gone, kept=kept)


def take_back(connection: sqlite3.Connection, record_type: RecordType, loading: Loading) -> Changes:
    """Leave out the former rows that the same files no longer give, read another way; those gone before stay as gone."""
    rows = quote(rows_table(record_type.type))
    places: dict[str, str | int] = {"load": loading.number, "at": loading.at, "source": loading.source, "type": record_type.type, "path": loading.path}
    lacking = f"n.key not in (select key from {rows} where source = :source)"
    taken = _write(connection, f"from {FORMER} n where n._gone is null and {lacking}", places, "'removed'")
    connection.execute(f"insert into {rows} select n.* from {FORMER} n where n._gone is not null and {lacking}", places)
    connection.execute("insert into temp.missing_record select :type, n.key, 1 from " + f"{FORMER} n where n._gone is not null and {lacking}", places)
    return Changes(taken_back=taken)


def places_of(connection: sqlite3.Connection, type_name: str, key: str) -> list[tuple[str, str | None, int | None]]:
    """Source, sheet and row of every place that a record was read from; that of its name where nothing else brought it."""
    own = connection.execute(f'select source, sheet, "row", _sources from {quote(type_name)} where key = ?', (key,)).fetchone()
    if own is None or own[0] is None:
        return []
    if own[3] is None:
        return [(own[0], own[1], own[2])]
    order = own[3].strip("|").split("|")
    found = connection.execute(f'select source, sheet, "row" from {quote(rows_table(type_name))} where key = ? and _gone is null', (key,)).fetchall()
    return sorted(found, key=lambda place: order.index(place[0]) if place[0] in order else len(order))
