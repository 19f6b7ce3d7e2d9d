"""What people call the tables, columns and values of kb.db, in both languages.

The words of record types come from `records/`, those of all other tables from `tables.yml` beside this module, which
also says what a page lists of a long record type.
A column that stands in neither is internal and has no label: pages leave it out. Who calls this: the generator of
`metadata.yml` and the site.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from auditkb.dictionary import Dictionary, Field, RecordType
from auditkb.errors import Text
from auditkb.yaml_files import read_yaml

OWN_TABLES = Path(__file__).with_name("tables.yml")
LANGUAGES = ("zh", "en")

# Columns that every record table has besides the fields of its type.
RECORD_COLUMNS: dict[str, dict[str, Any]] = {
    "key": {"label": {"zh": "主键", "en": "Key"}, "description": {"zh": "记录的唯一标识", "en": "What names this record"}},
    "source": {"label": {"zh": "来源文件", "en": "Source"}, "type": "sources"},
    "sheet": {"label": {"zh": "工作表", "en": "Sheet"}},
    "row": {"label": {"zh": "行号", "en": "Row"}, "type": "integer"},
}


@dataclass(frozen=True)
class Column:
    """One column: `type` is a type of the dictionary, or the name of the table that it refers to."""

    name: str
    label: Text
    type: str = "text"
    unit: str | None = None
    description: Text | None = None
    choices: dict[str, Text] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """One table: `is_record` says whether it holds records of a type; `listed` is what a table page shows, in order."""

    name: str
    label: Text
    description: Text | None
    is_record: bool
    group: str
    columns: dict[str, Column]
    listed: tuple[str, ...]
    opens: str | None
    facets: tuple[str, ...]
    parents: tuple[str, ...] = ()


class Labels:
    """All tables by name, and the look-ups that pages need."""

    def __init__(self, tables: dict[str, Table], dictionary: Dictionary):
        self.tables = tables
        self.dictionary = dictionary
        # Parameters of the rules by name; whoever knows the rules fills it in.
        self.parameters: dict[str, Text] = {}

    def __contains__(self, table: str) -> bool:
        return table in self.tables

    def table(self, name: str) -> Text:
        """What the table is called; its own name where nobody has named it."""
        found = self.tables.get(name)
        return found.label if found else Text(name, name)

    def column(self, table: str, name: str) -> Column | None:
        """The column, or None if it is internal. `message` stands for `message_zh` and `message_en`."""
        found = self.tables.get(table)
        if found is None:
            return None
        return found.columns.get(name) or found.columns.get(f"{name}_zh")

    def value(self, table: str, column: str, value: object) -> Text | None:
        """What people call a value of a choice, or None where it speaks for itself."""
        found = self.column(table, column)
        if found is None:
            return None
        if found.type == "flag" and value in (0, 1, "0", "1", True, False):
            return Text("是", "yes") if value in (1, "1", True) else Text("否", "no")
        if found.type == "record_type":
            return self.table(str(value))
        return found.choices.get(str(value))

    @property
    def records(self) -> list[Table]:
        """The record types, in the order of their names."""
        return [table for table in self.tables.values() if table.is_record]


def read_labels(dictionary: Dictionary, own: Path = OWN_TABLES) -> Labels:
    """Labels of all tables. Raises KnowledgeBaseError as `read_yaml` does."""
    given = read_yaml(own).data
    tables = {name: _own_table(name, data) for name, data in given.items() if name not in dictionary.types}
    tables.update({name: _record_table(record_type, given.get(name, {}).get("list", ())) for name, record_type in dictionary.types.items()})
    return Labels(tables, dictionary)


def _own_table(name: str, data: dict[str, Any]) -> Table:
    columns = {column: _column(column, given) for column, given in data["columns"].items()}
    listed = tuple(data.get("list") or columns)
    return Table(name, _text(data["label"]), _text(data.get("description")), False, data["group"], columns, listed,
                 data.get("opens"), tuple(data.get("facets", ())))


def _record_table(record_type: RecordType, first: Sequence[str]) -> Table:
    columns = {"key": _column("key", RECORD_COLUMNS["key"])}
    columns.update({name: _field_column(entry) for name, entry in record_type.fields.items()})
    columns.update({name: _column(name, given) for name, given in RECORD_COLUMNS.items() if name != "key"})
    listed = dict.fromkeys([record_type.label_field, *first, *record_type.fields])
    facets = [name for name, entry in record_type.fields.items() if entry.type in ("choice", "department")][:3]
    label, description = record_type.label, record_type.description
    return Table(record_type.type, Text(label.zh, label.en), Text(description.zh, description.en), True, "records", columns,
                 tuple(listed), record_type.label_field, tuple(facets), record_type.belongs_to)


def _field_column(entry: Field) -> Column:
    choices = {value: Text(label.zh, label.en) for value, label in (entry.choices or {}).items()}
    unit = entry.unit or ("yuan" if entry.type == "money" else None)
    return Column(entry.name, Text(entry.label.zh, entry.label.en), entry.type, unit,
                  Text(entry.description.zh, entry.description.en), choices)


def _column(name: str, data: dict[str, Any]) -> Column:
    unit = data.get("unit") or ("yuan" if data.get("type") == "money" else None)
    choices = {str(key): _text(label) for key, label in (data.get("choices") or {}).items()}
    return Column(name, _text(data["label"]), data.get("type", "text"), unit, _text(data.get("description")), choices)


def _text(data: dict[str, str] | None) -> Any:
    if data is None:
        return None
    return Text(data["zh"], data["en"])
