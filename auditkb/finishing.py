"""What a record's row says of itself only once all records are there: department, body, year, and derived types.

Called once after a loading, in its transaction. All of it is SQL over whole tables; the one Python function here
folds text while loading and is never used by a rule.
"""

from __future__ import annotations

import sqlite3

from auditkb.coverage import resolve_coverage
from auditkb.dictionary import Dictionary, RecordType
from auditkb.errors import fail
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
    table = quote(record_type.type)
    values = {"_department": _first_known(dictionary, record_type, record_type.department),
              "_organisation": _first_known(dictionary, record_type, record_type.organisation),
              "_year": _first_known(dictionary, record_type, record_type.fiscal_year)}
    # A department answers for its own row, and a body's parameters hold for its own.
    values |= {f"_{name}": "t.key" for name in ("department", "organisation") if record_type.type == name}
    sets = ", ".join(f"{column} = {value}" for column, value in values.items())
    connection.execute(f"update {table} as t set {sets}")
    # Loading writes text and folded text together; only what came otherwise (an added column) is still missing.
    for name in (name for name, entry in record_type.fields.items() if entry.compared):
        folded = quote(f"_folded_{name}")
        connection.execute(f"update {table} set {folded} = auditkb_fold({quote(name)}) where ({folded} is null) <> ({quote(name)} is null)")


def _first_known(dictionary: Dictionary, record_type: RecordType, paths: tuple[str, ...]) -> str:
    values = [_path_value(dictionary, record_type, path.split(".")) for path in paths]
    if len(values) < 2:
        return values[0] if values else "null"
    return f"coalesce({', '.join(values)})"


def _path_value(dictionary: Dictionary, record_type: RecordType, steps: list[str], row: str = "t") -> str:
    """SQL for what stands at the end of a path; a date there stands for its year."""
    entry = record_type.fields[steps[0]]
    here = f"{row}.{quote(steps[0])}"
    if len(steps) > 1:
        above = f"{row}{len(steps)}"
        inner = _path_value(dictionary, dictionary[entry.type], steps[1:], above)
        return f"(select {inner} from {quote(entry.type)} as {above} where {above}.key = {here})"
    return f"cast(substr({here}, 1, 4) as integer)" if entry.type == "date" else here


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
