"""The records that an example gives, as rows in a database of their own; every name and value checked at its place.

A type that is given, even as [], is wholly loaded; a type not given is not; `not_covered` names types that are partly
loaded. A reference that is not given points to the one given record of its type, if there is exactly one.
"""

from __future__ import annotations

import datetime
import sqlite3
from typing import Any

from auditkb.database import fill_working_calendar
from auditkb.dictionary import Dictionary
from auditkb.engines import sqlite as engine
from auditkb.errors import Fault, Text, did_you_mean
from auditkb.expressions.functions import kind_in_words
from auditkb.expressions.names import kind_of
from auditkb.expressions.tree import DATE
from auditkb.parameters import stored, value_fits
from auditkb.records import insert_statement
from auditkb.rules.checked import Rule
from auditkb.rules.model import Example
from auditkb.schema import create_tables
from auditkb.values import fold
from auditkb.wording import STATES

YamlPath = tuple[str | int, ...]
Row = dict[str, Any]
World = dict[str, list[Row]]
"""Rows of every given type, ready to store: plain columns, `_states`, `_covered`, folded text."""

_INTERNAL = ("_department", "_organisation")
_WRITTEN = {"date": Text("写作 2019-02-21", "write it as 2019-02-21"),
            "flag": Text("写 true 或 false", "write true or false"),
            "money": Text("只写数字，单位为元", "write the number alone, in yuan"),
            "ratio": Text("写作小数：3% 写作 0.03", "write it as a fraction: 0.03 for 3 %"),
            "text": Text("数字写成文字要加引号", "a number that is text needs quotes")}


class ExampleFaults:
    """Faults of one example, each at its place in the rule's file."""

    def __init__(self, rule: Rule, index: int):
        self.rule = rule
        self.index = index
        self.faults: list[Fault] = []

    def __call__(self, path: YamlPath, zh: str, en: str, hint: Text | None = None, *, code: str = "E01", key: bool = False) -> None:
        name = self.rule.file.examples[self.index].name
        text = Text(f"例“{name.zh}”：{zh}", f'example "{name.en}": {en}')
        self.faults.append(self.rule.source.fault(("examples", self.index, *path), text, hint=hint, code=code, key=key))


def open_world(dictionary: Dictionary) -> sqlite3.Connection:
    """An empty database in memory with all tables and the working calendar."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    _template(dictionary).backup(connection)
    engine.open_result(connection)
    return connection


_templates: dict[int, sqlite3.Connection] = {}


def _template(dictionary: Dictionary) -> sqlite3.Connection:
    """Tables and calendar made once a process; each example starts from a copy."""
    if id(dictionary) not in _templates:
        connection = sqlite3.connect(":memory:", isolation_level=None)
        create_tables(connection, dictionary)
        connection.execute("begin")
        fill_working_calendar(connection)
        connection.execute("commit")
        _templates[id(dictionary)] = connection
    return _templates[id(dictionary)]


def build_world(rule: Rule, dictionary: Dictionary, example: Example, say: ExampleFaults) -> World:
    """The example's records as rows; unknown types, fields and choices are said with their place."""
    given: dict[str, list[Row]] = {}
    for name, rows in example.given.items():
        if name not in dictionary.types:
            say(("given", name), f"没有记录类型“{name}”", f'there is no record type "{name}"', did_you_mean(name, list(dictionary.types)), key=True)
            continue
        listed = rows if isinstance(rows, list) else [rows]
        if not all(isinstance(row, dict) for row in listed):
            say(("given", name), "应为一条记录 {字段: 值}，或一列记录", "should be a record {field: value}, or a list of records")
            continue
        given[name] = [dict(row) for row in listed]
        for number, row in enumerate(given[name], 1):
            row.setdefault("id", f"{name}{number}")
    covered = "".join(f"|{name}|" for name in given if name not in example.not_covered)
    world: World = {}
    for name, rows in given.items():
        is_list = isinstance(example.given[name], list)
        world[name] = [_stored(dictionary, name, row, given, covered, ("given", name, number) if is_list else ("given", name), say)
                       for number, row in enumerate(rows)]
    for index, (key, kind) in enumerate(example.exempt):
        link = _exempted(dictionary, given, key)
        if link is None:
            say(("exempt", index), f"“{key}”不是可以登记例外的记录", f'"{key}" is no record that an exemption can name')
            continue
        world.setdefault("exemption", []).append({"key": f"{key}/{kind}", "type": kind, link: key, "_states": None, "_covered": ""})
    return world


def _exempted(dictionary: Dictionary, given: dict[str, list[Row]], key: str) -> str | None:
    """The reference field of an exemption that can name the given record with this id."""
    types = {name for name, rows in given.items() if any(str(row["id"]) == key for row in rows)}
    return next((name for name, entry in dictionary["exemption"].fields.items() if entry.type in types), None)


def _stored(dictionary: Dictionary, name: str, row: Row, given: dict[str, list[Row]], covered: str, path: YamlPath, say: ExampleFaults) -> Row:
    """One given record as a row: its values as engines hold them, its states, what it refers to."""
    record_type = dictionary[name]
    line: Row = {"key": str(row["id"]), "_covered": covered}
    states = ""
    for field, value in row.items():
        if field == "id":
            continue
        if field not in record_type.fields and field not in _INTERNAL:
            say((*path, field), f"“{name}”没有字段“{field}”", f'{name} has no field "{field}"', _no_field(field, list(record_type.fields)), key=True)
        elif isinstance(value, dict):
            states += f"|{field}={_state((*path, field), value, say)}"
            line[field] = None
        else:
            line |= _value(dictionary, name, field, value, (*path, field), say)
    for field, entry in record_type.fields.items():
        if field not in row and entry.is_reference and not dictionary[entry.type].created_by_reference:
            targets = given.get(entry.type, [])
            if len(targets) == 1 and entry.type != name:
                line[field] = str(targets[0]["id"])
    line["_states"] = states + "|" if states else None
    return line


def _value(dictionary: Dictionary, name: str, field: str, value: Any, path: YamlPath, say: ExampleFaults) -> Row:
    """A value as its columns, once it is found to be of the field's kind."""
    entry = dictionary[name].fields.get(field)
    if entry is None or value is None:
        return {field: value}
    if entry.is_reference:
        return {field: str(value)}
    kind = kind_of(name, entry)
    if not value_fits(value, kind) and not (kind == DATE and isinstance(value, str) and _is_day(value)):
        words = kind_in_words(kind)
        say(path, f"“{field}”应为{words.zh}，写的是“{value}”", f'{field} should be {words.en} and is "{value}"', _WRITTEN.get(kind.name))
    elif entry.choices is not None and value not in entry.choices:
        say(path, f"“{field}”没有选项“{value}”", f'{field} has no choice "{value}"', did_you_mean(str(value), list(entry.choices)))
    return {field: stored(value)} | ({f"_folded_{field}": fold(str(value))} if entry.compared else {})


def _is_day(text: str) -> bool:
    try:
        return datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _state(path: YamlPath, value: dict[str, Any], say: ExampleFaults) -> str:
    """The state that stands in place of a value, `{state: blank_in_document}`."""
    state = str(value.get("state"))
    if set(value) != {"state"} or state not in STATES:
        allowed = "{state: " + " | ".join(STATES) + "}"
        say(path, "应为一个值，或值缺少的原因", "should be a value, or why there is none", Text(f"写作 {allowed}", f"write {allowed}"))
    return state


def _no_field(name: str, fields: list[str]) -> Text:
    """What may be meant; a number alone is what is left of one with a comma in it."""
    if name.isdigit():
        return Text("数字里不写逗号：50,000 写作 50000", "a number is written without commas: 50000 for 50,000")
    return did_you_mean(name, fields)


def store_world(connection: sqlite3.Connection, dictionary: Dictionary, world: World) -> None:
    """Write the rows of a world as they are."""
    for name, rows in world.items():
        for row in rows:
            connection.execute(insert_statement(name, row), tuple(row.values()))
