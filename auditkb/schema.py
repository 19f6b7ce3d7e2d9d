"""The tables of kb.db: one a record type, made from the dictionary, and the fixed ones for rules, runs and findings.

Beside each record table stands `source_rows_<type>`: what every source says by itself, from which the records are made.
Foreign keys are declared, so that pages link and other tools see the shape, and not enforced: a record may name a
record that no source has brought yet. Nothing here opens a database or begins a transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from auditkb.dictionary import Dictionary, RecordType

if TYPE_CHECKING:
    from sqlite_utils import Database

ORIGIN = {"source": "TEXT", "sheet": "TEXT", "row": "INTEGER"}
"""Where a record was read from."""

INTERNAL = {"_states": "TEXT", "_covered": "TEXT", "_department": "TEXT", "_organisation": "TEXT", "_year": "INTEGER", "_sources": "TEXT"}
"""Columns that rules use and nobody is shown. `_states` is written with the record, and so is `_sources` (`|a|b|`, where
there is more than one); the others by `finish_loading`."""

_FINDING_TEXTS = [f"{name}_{language}" for name in ("title", "condition", "criteria", "cause", "effect", "recommendation")
                  for language in ("zh", "en")]

# Table -> its columns. A column is TEXT unless it says otherwise; `id` alone is the primary key where there is one.
_FIXED = {
    "sources": "id path title title_en kind date sha256 loaded_at rows:INTEGER note read_as wins_over",
    "loads": "id:INTEGER source what path date sha256 loaded_at rows:INTEGER added:INTEGER changed:INTEGER gone:INTEGER returned:INTEGER",
    "record_changes": "id:INTEGER load:INTEGER at source record_type key change field old new path sheet row:INTEGER",
    "unread_paths": "id:INTEGER source path places:INTEGER example",
    "rules": "id register title_zh title_en status severity category checks file yaml sql hash summary_zh summary_en "
             "parameters_zh parameters_en",
    "laws": "id title_zh title_en number article starts_on ends_on internal:INTEGER verified:INTEGER text_zh text_en note_zh note_en",
    "runs": "id:INTEGER started_at finished_at as_of status rule_set_hash data_hash tool_version office",
    "known_findings": f"id report number department project class verdict {' '.join(_FINDING_TEXTS)} facts section "
                      "line:INTEGER note_zh note_en",
    "cell_notes": "id:INTEGER record_type key field state raw source sheet cell problem note note_en advice advice_en is_gone:INTEGER",
    "coverage": "id:INTEGER source record_type department fiscal_year:INTEGER parent_type parent_key "
                "is_complete:INTEGER because because_en",
    "working_calendar": "day is_workday:INTEGER workday_number:INTEGER next_workday",
    "findings": "id origin rule_id known_id record_type record_key department severity review state amount:REAL "
                "presumed:INTEGER legal_conflict:INTEGER message_zh message_en evidence evidence_hash "
                "first_run:INTEGER last_run:INTEGER _severity_rank:INTEGER",
    "outcome_counts": "run_id:INTEGER rule_id department outcome reason records:INTEGER",
    "outcomes": "run_id:INTEGER rule_id record_type record_key outcome reasons",
    "finding_events": "id:INTEGER finding_id run_id:INTEGER at event reason detail",
    "reports": "id title organisation fiscal_year:INTEGER format file sha256 read_at sections:INTEGER tables:INTEGER figures:INTEGER "
               "candidates:INTEGER name_problems:INTEGER",
    "sections": "id report cited title level:INTEGER parent position:INTEGER place_zh place_en line:INTEGER page:INTEGER blocks",
    "figures": "id report section position:INTEGER printed value:REAL unit unit_printed precision:REAL subject row_label column_label starts_on ends_on "
               "is_approximate:INTEGER place_zh place_en line:INTEGER page:INTEGER block:INTEGER offset:INTEGER table_id row_number:INTEGER "
               "column_number:INTEGER",
    "candidate_findings": "id report number section cited department project class text place_zh place_en line:INTEGER page:INTEGER blocks",
    "recommendations": "id report number section title text answers place_zh place_en line:INTEGER page:INTEGER",
    "name_problems": "id report kind printed nearest section place_zh place_en line:INTEGER page:INTEGER",
    "tie_outs": "id report relation relation_en printed computed difference:REAL unit tolerance verdict place place_en cause cause_en section figure "
                "line:INTEGER",
    "known_matches": "known_id rule_id record_type record_key outcome reasons finding_id",
}
# Counts and matches have parts that may be NULL (no department, no record), so they have an index in place of a key.
_KEYS: dict[str, str | tuple[str, ...] | None] = {
    "working_calendar": "day", "outcomes": ("run_id", "rule_id", "record_type", "record_key"),
    "outcome_counts": None, "known_matches": None}
_LINKS = {"source": ("sources", "id"), "rule_id": ("rules", "id"), "known_id": ("known_findings", "id"),
          "run_id": ("runs", "id"), "first_run": ("runs", "id"), "last_run": ("runs", "id"),
          "finding_id": ("findings", "id"), "load": ("loads", "id"), "department": ("department", "key")}
_INDEXES: dict[str, list[tuple[str, ...]]] = {
    "cell_notes": [("record_type", "key", "field"), ("source",)],
    "coverage": [("source",)],
    "loads": [("source",)],
    "record_changes": [("record_type", "key"), ("source",)],
    "unread_paths": [("source",)],
    "findings": [("_severity_rank",), ("rule_id",), ("known_id",), ("record_type", "record_key"), ("department",), ("last_run",)],
    "outcome_counts": [("run_id", "rule_id"), ("rule_id",)],
    "outcomes": [("rule_id",), ("record_type", "record_key")],
    "finding_events": [("finding_id",), ("run_id",)],
    "known_matches": [("known_id",), ("rule_id",), ("finding_id",)],
    "known_findings": [("report", "number"), ("report", "section")],
    "sections": [("report", "position"), ("parent",)],
    "figures": [("report", "position"), ("section",), ("position",)],
    "candidate_findings": [("report",), ("section",)],
    "recommendations": [("report",), ("section",)],
    "name_problems": [("report",), ("section",)],
    "tie_outs": [("report", "verdict"), ("section",), ("figure",)],
}
FIXED_TABLES = tuple(_FIXED)

Link = tuple[str, str]


def quote(name: str) -> str:
    """An identifier for SQL; names come from the dictionary and from here only."""
    return '"' + name.replace('"', '""') + '"'


def create_tables(connection: sqlite3.Connection, dictionary: Dictionary) -> None:
    """Create every table, and add the columns that an existing one lacks. Nothing is dropped or changed."""
    tables = _Tables(connection)
    # Records link to their source, so this one comes first.
    tables.create("sources", *_fixed_table("sources", {}))
    for name in dictionary.load_order():
        _create_record_table(tables, dictionary[name])
        _create_source_rows(tables, dictionary[name])
    for name in _FIXED:
        tables.create(name, *_fixed_table(name, dictionary.types))
        for columns in _INDEXES.get(name, []):
            add_index(connection, name, columns)
    # A reference to a type that came later in a circle of references could not be declared at creation.
    for name in dictionary.types:
        _create_record_table(tables, dictionary[name])
        for column in dictionary[name].belongs_to:
            add_index(connection, name, (column,))


def record_columns(record_type: RecordType) -> dict[str, str]:
    """Every column of a record type's table with its SQLite type, in order; `key` comes first."""
    fields = {name: entry.storage for name, entry in record_type.fields.items()}
    folded = {f"_folded_{name}": "TEXT" for name, entry in record_type.fields.items() if entry.compared}
    return {"key": "TEXT", **fields, **ORIGIN, **INTERNAL, **folded}


def rows_table(type_name: str) -> str:
    """The table that holds what each source says of the records of a type."""
    return f"source_rows_{type_name}"


def _create_source_rows(tables: _Tables, record_type: RecordType) -> None:
    """The rows of each source; a database from before they were kept gets those of its records."""
    if record_type.derived is not None:
        return
    name = rows_table(record_type.type)
    is_new = name not in tables.columns
    internal = {column: kind for column, kind in record_columns(record_type).items() if column not in INTERNAL}
    columns = {**internal, "_states": "TEXT", "_gone": "TEXT"}
    tables.create(name, columns, ("key", "source"), {})
    if is_new:
        shared = ", ".join(quote(column) for column in columns if column != "_gone")
        tables.connection.execute(f'insert into {quote(name)} ({shared}) select {shared} from {quote(record_type.type)} where "row" is not null')


def _create_record_table(tables: _Tables, record_type: RecordType) -> None:
    links: dict[str, Link] = {name: (entry.type, "key") for name, entry in record_type.fields.items() if entry.is_reference}
    # Internal columns have no link: pages would show it.
    links["source"] = ("sources", "id")
    tables.create(record_type.type, record_columns(record_type), "key", links)


def _fixed_table(name: str, types: Mapping[str, RecordType]) -> tuple[dict[str, str], str | tuple[str, ...] | None, dict[str, Link]]:
    columns = {column: kind or "TEXT" for column, _, kind in (entry.partition(":") for entry in _FIXED[name].split())}
    links = {column: link for column, link in _LINKS.items() if column in columns and (link[0] in _FIXED or link[0] in types)}
    return columns, _KEYS.get(name, "id"), links


class _Tables:
    """The tables of a database with their columns, which are asked for once."""

    def __init__(self, connection: sqlite3.Connection):
        self.connection = connection
        self.columns: dict[str, set[str]] = {}
        for table, column in connection.execute("select m.name, c.name from sqlite_master m, pragma_table_info(m.name) c where m.type = 'table'"):
            self.columns.setdefault(table, set()).add(column)

    def create(self, name: str, columns: dict[str, str], key: str | tuple[str, ...] | None, links: dict[str, Link]) -> None:
        """Create table `name`, or add what it lacks. A link to a table that does not exist yet is left for a later call."""
        usable = {column: link for column, link in links.items() if link[0] == name or link[0] in self.columns}
        known = self.columns.get(name, set())
        new = {column: kind for column, kind in columns.items() if column not in known and (column not in links or column in usable)}
        if not known:
            foreign_keys = [(column, *link) for column, link in usable.items()]
            self.connection.execute(self._database.create_table_sql(name, new, pk=key, foreign_keys=foreign_keys))
        else:
            for column, kind in new.items():
                link = usable.get(column)
                reference = f" references {quote(link[0])}({quote(link[1])})" if link is not None else ""
                self.connection.execute(f"alter table {quote(name)} add column {quote(column)} {kind}{reference}")
        self.columns[name] = known | new.keys()

    @cached_property
    def _database(self) -> Database:
        # Most starts find all tables there and need no more of it.
        from sqlite_utils import Database

        return Database(self.connection, execute_plugins=False)


def add_index(connection: sqlite3.Connection, table: str, columns: tuple[str, ...]) -> None:
    """Make an index, if there is none of these columns."""
    name = quote(f"idx_{table}_{'_'.join(columns)}")
    connection.execute(f"create index if not exists {name} on {quote(table)} ({', '.join(map(quote, columns))})")
