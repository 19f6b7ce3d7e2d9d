"""Parameters whose value depends on the record: by organisation, by period, by the fields of a table.

The first row that matches gives the value. Where it is unknown whether a row matches, every row that may be the first
is looked at: the value is known if all of them say the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditkb.compiler import sqlite
from auditkb.compiler.translate import value
from auditkb.compiler.values import Value
from auditkb.rules.checked import ParameterRow, ParameterTable

if TYPE_CHECKING:
    from auditkb.compiler.row_compiler import RowCompiler


@dataclass(frozen=True)
class Written:
    """Where a parameter's value is: its columns, and the number of the row that gave it."""

    value: Value
    row: str
    columns: list[str]


def constant(table: ParameterTable) -> ParameterRow | None:
    """The row that always matches first, if there is one."""
    first = table.rows[0] if table.rows else None
    return first if first is not None and _is_open(first) else None


def _is_open(row: ParameterRow) -> bool:
    return not row.matches and not (row.starts_on or row.ends_on or row.organisation)


def distinct_values(table: ParameterTable) -> list:
    """The values of the rows, each once, in the order of first appearance."""
    return list(dict.fromkeys(row.value for row in table.rows))


def write(compiler: RowCompiler, table: ParameterTable) -> Written:
    """Add the stages that give `table` its value for each record."""
    prefix, pipeline = f"p:{table.name}", compiler.pipeline
    rows = list(table.rows)
    matches = [_match(compiler, table, row) for row in rows]
    field = value(table.field, compiler).exact if table.field is not None else "NULL"
    if not rows:
        pipeline.add_stage([(prefix, field), (f"{prefix}@", "0")])
        return Written(Value(sqlite.name(prefix)), sqlite.name(f"{prefix}@"), [prefix])
    pipeline.add_stage([(f"{prefix}.{index}", text) for index, text in enumerate(matches)])
    columns = [sqlite.name(f"{prefix}.{index}") for index in range(len(rows))]
    numbers = [distinct_values(table).index(row.value) for row in rows]
    none_matches = len(distinct_values(table))
    possible = []
    for index in range(len(rows) + 1):
        before = [f"COALESCE({column}, 0) = 0" for column in columns[:index]]
        here = [f"COALESCE({columns[index]}, 1) = 1"] if index < len(rows) else []
        possible.append(" AND ".join([*before, *here]) or "1")
    options = list(zip(possible, [*numbers, none_matches], strict=True))
    low = ", ".join(f"CASE WHEN {test} THEN {number} ELSE 9999 END" for test, number in options)
    high = ", ".join(f"CASE WHEN {test} THEN {number} ELSE -1 END" for test, number in options)
    # Where all is known one row matches first; only otherwise all that may are looked at.
    known = ""
    for index, which_value in enumerate([*numbers, none_matches]):
        known += f" WHEN {' AND '.join([*(f'{column} = 0' for column in columns[:index]), *columns[index:index + 1]])} THEN {which_value}"
    which = "".join(f" WHEN {test} THEN {index}" for index, test in enumerate(possible))
    pipeline.add_stage([(f"{prefix}#", f"CASE{known} WHEN MIN({low}) = MAX({high}) THEN MIN({low}) END"),
                        (f"{prefix}@", f"CASE{which} END")])
    number = sqlite.name(f"{prefix}#")
    row_number = sqlite.name(f"{prefix}@")
    if table.kind.name == "list":
        return Written(Value(f"CASE WHEN {number} < {none_matches} THEN {number} END"), row_number, [f"{prefix}#"])
    branches = "".join(f" WHEN {index} THEN {sqlite.literal(item)}" for index, item in enumerate(distinct_values(table)))
    pipeline.add_stage([(prefix, f"CASE {number}{branches} WHEN {none_matches} THEN {field} END")])
    return Written(Value(sqlite.name(prefix)), row_number, [prefix, f"{prefix}#"])


def _match(compiler: RowCompiler, table: ParameterTable, row: ParameterRow) -> str:
    tests = []
    for index, allowed in row.matches.items():
        item = value(table.by[index], compiler).exact
        tests.append(f"({item} IN ({', '.join(sqlite.literal(one) for one in allowed)}))")
    if row.organisation is not None:
        tests.append(f"({compiler.column((), '_organisation')} = {sqlite.literal(row.organisation)})")
    if row.starts_on or row.ends_on:
        tests.append(period(compiler, row.starts_on, row.ends_on))
    return " AND ".join(tests) or "1"


def period(compiler: RowCompiler, starts_on: str | None, ends_on: str | None) -> str:
    """Whether the event date lies in a period: unknown where what is known of the date lies across an end."""
    first, last = compiler.event()
    start = sqlite.literal(starts_on) if starts_on else sqlite.FIRST_DAY
    end = sqlite.literal(ends_on) if ends_on else sqlite.LAST_DAY
    return (f"(CASE WHEN {first} >= {start} AND {last} <= {end} THEN 1"
            f" WHEN {last} < {start} OR {first} > {end} THEN 0 END)")
