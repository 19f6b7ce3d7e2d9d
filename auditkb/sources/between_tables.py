"""Tables of one file that speak of the same records: where one gives only a number, its columns refer to the other's records."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from auditkb.dictionary import Dictionary
from auditkb.sources.mapping_text import ColumnText, TableText, fields_of

_INSTANCE = re.compile(r"\b([a-z][a-z0-9_]*(?:\[\d+\])?)\.")


def refer_to_each_other(tables: Sequence[TableText], dictionary: Dictionary) -> list[TableText]:
    """The tables, in which a contract number beside payments refers to the contracts of another table, which says more of them."""
    return [_with_references(table, _told_elsewhere(table, tables), dictionary) for table in tables]


def _told_elsewhere(table: TableText, tables: Sequence[TableText]) -> dict[str, set[str]]:
    """Record types of which another table has more fields, with those fields."""
    own = _fields(table)
    found: dict[str, set[str]] = {}
    for other in tables:
        if other is table:
            continue
        for name, fields in _fields(other).items():
            if len(fields) > len(own.get(name, set())) and len(fields) > len(found.get(name, set())):
                found[name] = fields
    return found


def _fields(table: TableText) -> dict[str, set[str]]:
    """Record type -> fields that the table's columns are proposed to be."""
    found: dict[str, set[str]] = {}
    for column in table.columns:
        if isinstance(column.target, list) or not column.target.startswith("?"):
            for name, field in fields_of(column.target):
                found.setdefault(name, set()).add(field)
    return found


def _with_references(table: TableText, elsewhere: dict[str, set[str]], dictionary: Dictionary) -> TableText:
    own = _fields(table)
    columns = list(table.columns)
    order = dictionary.load_order()
    # A contract that only its number names is no longer there to refer to its tender.
    for name, fields in sorted(elsewhere.items(), key=lambda entry: -order.index(entry[0])):
        keys = [field for alternative in dictionary[name].key for field in alternative]
        children = _children(columns, name, dictionary)
        if not children or not own.get(name, set()) <= set(keys) or not set(keys) & fields:
            continue
        named = [place for place, column in enumerate(columns) if any((name, key) in fields_of(column.target) for key in keys)]
        if not named:
            continue
        first = min(named, key=lambda place: min(keys.index(field) for other, field in fields_of(columns[place].target) if other == name and field in keys))
        columns[first] = _refers(columns[first], children)
        for place in named:
            if place != first and columns[place].target in [f"{name}.{key}" for key in keys]:
                columns[place] = replace(columns[place], target="skip")
    return replace(table, columns=columns)


def _refers(column: ColumnText, children: list[str]) -> ColumnText:
    return replace(column, target=children[0] if len(children) == 1 else children)


def _children(columns: Sequence[ColumnText], name: str, dictionary: Dictionary) -> list[str]:
    """References to records of this type that the other records of a row can hold: payment[1].contract, payment[2].contract."""
    instances: dict[str, None] = {}
    for column in columns:
        found = _INSTANCE.findall(column.target if isinstance(column.target, str) else " ".join(column.target))
        if len(set(found)) == 1 or isinstance(column.target, list):
            instances.update(dict.fromkeys(found))
    links = [(instance, dictionary.child_link(name, instance.partition("[")[0])) for instance in instances if instance.partition("[")[0] != name]
    return [f"{instance}.{link}" for instance, link in links if link is not None]
