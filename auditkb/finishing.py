"""What a record's row says of itself only once all records are there: department, body, year, and derived types.

Called once after a loading, in its transaction. All of it is SQL over whole tables; the one Python function here
folds text while loading and is never used by a rule.
"""

from __future__ import annotations

import sqlite3

from auditkb.coverage import resolve_coverage
from auditkb.dictionary import Dictionary, RecordType
from auditkb.errors import fail
from auditkb.resolving import Resolved
from auditkb.schema import quote, record_columns
from auditkb.values import fold

_MAY = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}


def finish_loading(connection: sqlite3.Connection, dictionary: Dictionary) -> None:
    """Recompute `_department`, `_organisation`, `_year`, `_covered` and missing folded text; refill derived types."""
    connection.create_function("auditkb_fold", 1, _fold, deterministic=True)
    for name in dictionary.load_order():
        if dictionary[name].derived is None:
            _resolve(connection, dictionary, dictionary[name])
    for name in dictionary.load_order():
        if dictionary[name].derived is not None:
            _refill(connection, dictionary, dictionary[name])
    resolve_coverage(connection, dictionary)


def _fold(text: object) -> str | None:
    return fold(text) if isinstance(text, str) else None


def _resolve(connection: sqlite3.Connection, dictionary: Dictionary, record_type: RecordType) -> None:
    """Set the resolved columns of every row of one type from the first known path."""
    table, resolved = quote(record_type.type), Resolved(dictionary, record_type)
    selected = ", ".join(f"{value} as new{column}" for column, value in resolved.values.items())
    sets = ", ".join(f"{column} = found.new{column}" for column in resolved.values)
    differs = " or ".join(f"t.{column} is not new{column}" for column in resolved.values)
    connection.execute(f"update {table} set {sets} from (select t.rowid as here, {selected} from {table} t {resolved.joins} where {differs}) as found "
                       f"where {table}.rowid = found.here")
    # Loading writes text and folded text together; only what came otherwise (an added column) is still missing.
    lacking = {quote(f"_folded_{name}"): quote(name) for name, entry in record_type.fields.items() if entry.compared}
    if lacking:
        sets = ", ".join(f"{folded} = iif(({folded} is null) <> ({text} is null), auditkb_fold({text}), {folded})" for folded, text in lacking.items())
        connection.execute(f"update {table} set {sets} where {' or '.join(f'({folded} is null) <> ({text} is null)' for folded, text in lacking.items())}")


def _refill(connection: sqlite3.Connection, dictionary: Dictionary, record_type: RecordType) -> None:
    """Make the rows of a derived type anew from its SELECT."""
    name, select = record_type.type, dictionary.derived_sql[record_type.type].strip().rstrip(";")
    given = _columns_of(connection, name, select)
    known = record_columns(record_type)
    unknown = [column for column in given if column not in known]
    missing = [column for column in ("key", *record_type.fields) if column not in given]
    if unknown or missing:
        raise fail(f"derived/{record_type.derived}：多出的列 {unknown}，缺少的列 {missing}",
                   f"derived/{record_type.derived}: columns that are no field {unknown}, fields without a column {missing}")
    connection.execute(f"delete from {quote(name)}")
    columns = ", ".join(map(quote, given))
    connection.execute(f"insert into {quote(name)} ({columns}) select {columns} from (\n{select}\n)")


def _columns_of(connection: sqlite3.Connection, name: str, select: str) -> list[str]:
    """The columns of a SELECT, which is refused if it does anything but read."""
    connection.set_authorizer(lambda action, *_: sqlite3.SQLITE_OK if action in _MAY else sqlite3.SQLITE_DENY)
    try:
        return [column[0] for column in connection.execute(f"select * from (\n{select}\n) limit 0").description]
    except (sqlite3.DatabaseError, sqlite3.Warning) as error:
        raise fail(f"{name} 的派生查询只能是一条 SELECT：{error}", f"the query of derived type {name} must be one SELECT: {error}") from error
    finally:
        connection.set_authorizer(None)
