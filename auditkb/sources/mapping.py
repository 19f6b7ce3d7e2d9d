"""`*.map.yml`: what a person decided about the sheets of a file. Written by `ingest.py map`, reviewed, kept in git.

A key of `columns` is the column's letter with its title, so that nobody reads the wrong column when one was inserted;
its value names `record_type.field`, several of them, or `skip`. A column that is not mentioned is refused, and so is
one that is still undecided (`?`).
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from auditkb.cells import STATES, state_named
from auditkb.dictionary import Dictionary
from auditkb.errors import Fault, KnowledgeBaseError, Text, did_you_mean
from auditkb.sources.declaration import Coverage, Declaration, SourceId, Words, check_declaration, id_of_file
from auditkb.value_options import DateOrder, ValueOptions
from auditkb.values import MONEY_UNITS, RATIO_UNITS, fold
from auditkb.file_models import load_model
from auditkb.yaml_files import YamlFile

SUFFIX = ".map.yml"
SKIP = "skip"

_COLUMN = re.compile(r"^(?P<letter>[A-Z]{1,3})(?:\s+(?P<title>\S.*))?$", re.DOTALL)
_TARGET = re.compile(r"^(?P<type>[a-z][a-z0-9_]*)(?:\[(?P<number>\d{1,3})\])?\.(?P<field>[a-z][a-z0-9_]*)$")
# What would otherwise be read as a value: an underscore, brackets, or words that say why there is nothing.
_LIKE_A_STATE = re.compile(r"_|^[\[【〔［].*[\]】〕］]$|^[未不无没].{0,2}(?:采集|登记|记录|录入|收集|填写?|要求|需要?|适用|涉及|识别|详|明|清楚?)$|空白|字迹|看不清|^(?:空|待定|待补|缺失?|暂无|未知)$")
_STATES_THERE_ARE = Text("可用：" + "、".join(f"{label.zh}（{state}）" for state, label in STATES.items()), "allowed: " + ", ".join(STATES))
_Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
# A year such as 2024 is a number to YAML, and a word to the cell that it stands for.
_AsText = Annotated[str, BeforeValidator(lambda value: str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value)]


class _Model(BaseModel):
    # Most files have no mapping, so the checks of its form are built when there is one.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


class ValuesSaid(_Model):
    """How values are written, in a file, a table or a column; see `ValueOptions`."""

    date_order: DateOrder | None = None
    century: Literal[1900, 2000] | None = None
    serial_dates: Literal[1900, 1904] | None = None
    year: int | None = None
    meanings: dict[str, _AsText] = {}
    decimal_mark: Literal[".", ","] | None = None
    thousands_mark: Literal[",", ".", " ", "'"] | None = None
    unit: _Text | None = None


class ColumnSaid(ValuesSaid):
    """A column with values of its own kind: `{to: contract.amount, unit: 万元}`."""

    to: str | list[str]


class TableSaid(_Model):
    """One table of a sheet. `header_rows` may be empty for a table without a header."""

    sheet: _Text | None = None
    header_rows: list[int] = []
    first_row: int = Field(ge=1)
    last_row: int | None = None
    department: _Text | None = None
    fiscal_year: int | None = None
    values: ValuesSaid = ValuesSaid()
    columns: dict[str, str | list[str] | ColumnSaid] = Field(min_length=1)
    fill_down: list[str] = []
    constants: dict[str, _AsText] = {}


class Mapping(_Model):
    """A mapping file. `id`, `title`, `date`, `kind`, `if_empty`, `wins_over` and `coverage` are those of a `source.yml`."""

    id: SourceId | None = None
    title: Words | None = None
    date: datetime.date | None = None
    kind: Literal["report_facts", "ledger"] = "ledger"
    if_empty: dict[str, dict[str, Literal["not_captured", "blank_in_document", "not_required"]]] = {}
    wins_over: list[SourceId] = []
    coverage: list[Coverage] = []
    values: ValuesSaid = ValuesSaid()
    keys: dict[str, list[str]] = {}
    skip: dict[str, _Text] = {}
    tables: list[TableSaid] = []


class Target(NamedTuple):
    """Where a column goes: `payment[2].paid_on`."""

    type: str
    number: int | None
    field: str


@dataclass(frozen=True)
class MappingFile:
    """A checked mapping and the places of its parts."""

    mapping: Mapping
    file: YamlFile

    def declaration(self, path: Path) -> Declaration:
        """What a `source.yml` would say of the file at `path`."""
        said = self.mapping
        title = said.title or Words(zh=path.name, en=path.name)
        return Declaration(id=said.id or id_of_file(path), title=title, date=said.date, kind=said.kind, if_empty=said.if_empty, wins_over=said.wins_over, coverage=said.coverage)


def find_mapping(path: Path, office: Path | None) -> Path | None:
    """The mapping file of a file: beside it, or in the office's `maps/`."""
    for folder in (path.parent, *((office / "maps",) if office is not None else ())):
        for name in (path.stem + SUFFIX, path.name + SUFFIX):
            if (folder / name).is_file():
                return folder / name
    return None


def read_mapping(path: Path, dictionary: Dictionary) -> MappingFile:
    """Read and check a mapping file. Raises KnowledgeBaseError with every fault and its place."""
    mapping, file = load_model(Mapping, path)
    faults = list(_check(mapping, file, dictionary))
    if faults:
        raise KnowledgeBaseError(faults)
    return MappingFile(mapping, file)


def column_key(key: str) -> tuple[str, str | None] | None:
    """Letter and title of a key of `columns`; None where it is not one."""
    found = _COLUMN.match(key)
    return (found["letter"], found["title"]) if found else None


def targets_of(entry: str | list[str] | ColumnSaid) -> list[Target]:
    """Where a column of a checked mapping goes; [] for one that is skipped."""
    named = entry.to if isinstance(entry, ColumnSaid) else entry
    found = [_TARGET.match(name) for name in ([named] if isinstance(named, str) else named)]
    return [Target(match["type"], int(match["number"]) if match["number"] else None, match["field"]) for match in found if match]


def value_options(*said: ValuesSaid, latest: datetime.date | None = None) -> ValueOptions:
    """The options of a column: what is said of it, of its table and of the file, the first one first."""
    def first(name: str) -> Any:
        return next((value for entry in said if (value := getattr(entry, name, None)) is not None), None)

    serials = first("serial_dates")
    decimal: Any = first("decimal_mark") or "."
    thousands: Any = first("thousands_mark") or ("." if decimal == "," else ",")
    meanings = {fold(text): state_named(meaning) or meaning for entry in reversed(said) for text, meaning in entry.meanings.items()}
    return ValueOptions(first("date_order"), first("century"), None if serials is None else str(serials), first("year"),  # type: ignore[arg-type]
                        tuple(meanings.items()), decimal, thousands, first("unit"), latest)


# --- checks against the dictionary

def _check(mapping: Mapping, file: YamlFile, dictionary: Dictionary) -> Iterator[Fault]:
    yield from check_declaration(mapping, dictionary, file)
    yield from _check_values(mapping.values, file, ("values",))
    for name, fields in mapping.keys.items():
        yield from _check_key(name, fields, file, dictionary)
    if mapping.coverage and mapping.id is None:
        yield file.fault(("coverage",), Text("写了 coverage 就要写 id", "coverage needs an id"), key=True, hint=Text("id 是来源名，如 contracts-2024", "the name of the source, such as contracts-2024"))
    if not mapping.tables and not mapping.skip:
        yield file.fault((), Text("没有写任何表（tables）", "it describes no table (tables)"))
    for number, table in enumerate(mapping.tables):
        yield from _check_table(table, file, ("tables", number), dictionary)
        for before, other in enumerate(mapping.tables[:number]):
            if table.sheet == other.sheet and share_rows(table, other) and _letters_read(table) & _letters_read(other):
                yield file.fault(("tables", number), Text(f"与第 {before + 1} 张表读到同样的单元格", f"reads the same cells as table {before + 1}"),
                                 hint=Text("上面的表写明 last_row", "say where the upper one ends: last_row"))


def share_rows(table: TableSaid, other: TableSaid) -> bool:
    """Whether two tables of a sheet have rows in common."""
    end, other_end = table.last_row or 10**9, other.last_row or 10**9
    return table.first_row <= other_end and other.first_row <= end


def _letters_read(table: TableSaid) -> set[str]:
    return {found[0] for key, entry in table.columns.items() if (found := column_key(key)) and targets_of(entry)}


def _check_key(name: str, fields: list[str], file: YamlFile, dictionary: Dictionary) -> Iterator[Fault]:
    if name not in dictionary:
        yield file.fault(("keys", name), _no_type(name), key=True, hint=did_you_mean(name, list(dictionary)))
        return
    if not fields:
        yield file.fault(("keys", name), Text("至少写一个字段", "name at least one field"))
    for number, field in enumerate(fields):
        if field not in dictionary[name].fields:
            yield file.fault(("keys", name, number), _no_field(name, field), hint=did_you_mean(field, list(dictionary[name].fields)))


def choices_of_meaning() -> Text:
    """What a mark such as / may be declared to mean, in words."""
    chosen = ("not_required", "not_captured", "blank_in_document")
    return Text("、".join(f"{name}（{STATES[name].zh}）" for name in chosen), ", ".join(f"{name} ({STATES[name].en})" for name in chosen))


def _check_values(said: ValuesSaid, file: YamlFile, place: tuple[str | int, ...]) -> Iterator[Fault]:
    if said.unit is not None and said.unit.startswith("?"):
        yield file.fault((*place, "unit"), Text("金额的单位还没有决定", "the unit of the amounts is not decided yet"), hint=Text("写其中一个：元、万元", "write one of them: 元 (yuan), 万元 (10,000 yuan)"))
    elif said.unit is not None and said.unit not in MONEY_UNITS and said.unit not in RATIO_UNITS:
        yield file.fault((*place, "unit"), Text(f"单位“{said.unit}”无法识别", f'the unit "{said.unit}" is not known'),
                         hint=Text("可用：元、千元、万元、亿元、%、‰", "allowed: 元, 千元, 万元 (10,000 yuan), 亿元, %, ‰"))
    if said.decimal_mark is not None and said.decimal_mark == said.thousands_mark:
        yield file.fault((*place, "decimal_mark"), Text("小数点和千位分隔符相同", "the marks of decimals and of thousands are the same"))
    for word, meaning in said.meanings.items():
        if meaning.startswith("?"):
            yield file.fault((*place, "meanings", word), Text(f"还没有决定“{word}”的意思", f'what "{word}" means is not decided yet'), hint=Text("写其中一个：", "write one of: ") + choices_of_meaning())
        elif state_named(meaning) is None and _LIKE_A_STATE.search(meaning):
            yield file.fault((*place, "meanings", word), Text(f"没有状态“{meaning}”", f'there is no state "{meaning}"'), hint=did_you_mean(meaning, list(STATES)) if "_" in meaning else _STATES_THERE_ARE)


def _check_table(table: TableSaid, file: YamlFile, place: tuple[str | int, ...], dictionary: Dictionary) -> Iterator[Fault]:
    yield from _check_values(table.values, file, (*place, "values"))
    if any(number < 1 for number in table.header_rows) or table.header_rows != sorted(set(table.header_rows)):
        yield file.fault((*place, "header_rows"), Text("表头行号应从小到大，从 1 数起", "header rows count from 1, in their order"))
    elif table.header_rows and table.first_row <= table.header_rows[-1]:
        yield file.fault((*place, "first_row"), Text("第一行数据应在表头之下", "the first row of data lies below the header"))
    if table.last_row is not None and table.last_row < table.first_row:
        yield file.fault((*place, "last_row"), Text("最后一行在第一行之前", "the last row lies before the first"))
    yield from _check_columns(table, file, place, dictionary)
    letters = {found[0] for key in table.columns if (found := column_key(key))}
    for number, letter in enumerate(table.fill_down):
        if letter not in letters:
            yield file.fault((*place, "fill_down", number), Text(f"columns 中没有 {letter} 列", f"columns has no column {letter}"), hint=did_you_mean(letter, sorted(letters), most=40))
    for name in table.constants:
        yield from _check_target(name, file, (*place, "constants", name), dictionary, key=True)
    types = {target.type for entry in table.columns.values() for target in targets_of(entry)}
    for what in ("department", "fiscal_year"):
        if getattr(table, what) is not None and not any(takes(dictionary, name, what) for name in types if name in dictionary):
            yield file.fault((*place, what), Text(f"这张表的记录类型都没有字段 {what}", f"no record type of this table has a field {what}"))


def takes(dictionary: Dictionary, type_name: str, what: str) -> bool:
    """Whether records of this type say themselves which department or year they are of."""
    return what in dictionary[type_name].fields


def _check_columns(table: TableSaid, file: YamlFile, place: tuple[str | int, ...], dictionary: Dictionary) -> Iterator[Fault]:
    seen: dict[Target, str] = {}
    letters: set[str] = set()
    for key, entry in table.columns.items():
        here = (*place, "columns", key)
        found = column_key(key)
        if found is None or found[0] in letters:
            text = Text(f"“{key}”应为列号和表头，每列一次", f'"{key}" should be a column\'s letter and title, each column once')
            yield file.fault(here, text, key=True, hint=Text("形如：B 合同编号", "such as: B 合同编号"))
        else:
            letters.add(found[0])
        if isinstance(entry, ColumnSaid):
            yield from _check_values(entry, file, here)
            here = (*here, "to")
        named = entry.to if isinstance(entry, ColumnSaid) else entry
        for number, name in enumerate([named] if isinstance(named, str) else named):
            at = here if isinstance(named, str) else (*here, number)
            faults = list(_check_target(name, file, at, dictionary))
            yield from faults
            for target in [] if faults else targets_of(name):
                if target in seen:
                    yield file.fault(at, Text(f"“{name}”已由“{seen[target]}”列读入", f'"{name}" is read from column "{seen[target]}" already'))
                seen.setdefault(target, key)
    numbered = {target.type for target in seen if target.number is not None} & {target.type for target in seen if target.number is None}
    for name in sorted(numbered):
        yield file.fault((*place, "columns"), Text(f"“{name}”有的写了序号，有的没有写", f'"{name}" has a number in some columns and none in others'),
                         hint=Text(f"都写作 {name}[1].…", f"write {name}[1].… everywhere"))


def _check_target(name: str, file: YamlFile, place: tuple[str | int, ...], dictionary: Dictionary, *, key: bool = False) -> Iterator[Fault]:
    if name == SKIP and not key:
        return
    if name.startswith("?"):
        choices = name.lstrip("? ")
        yield file.fault(place, Text("还没有决定" + (f"：{choices}" if choices else ""), "not decided yet" + (f": {choices}" if choices else "")), key=key,
                         hint=Text("写其中一个，或 skip（不读入）", "write one of them, or skip (not loaded)"))
        return
    found = _TARGET.match(name)
    if found is None:
        yield file.fault(place, Text(f"“{name}”应为 记录类型.字段 或 skip", f'"{name}" should be record_type.field or skip'), key=key,
                         hint=Text("形如 contract.signed_on、payment[2].amount", "such as contract.signed_on or payment[2].amount"))
        return
    if found["type"] not in dictionary or dictionary[found["type"]].derived is not None:
        loadable = [other for other in dictionary if dictionary[other].derived is None]
        yield file.fault(place, _no_type(found["type"]), key=key, hint=did_you_mean(found["type"], loadable, most=40))
    elif found["field"] not in dictionary[found["type"]].fields:
        fields = list(dictionary[found["type"]].fields)
        yield file.fault(place, _no_field(found["type"], found["field"]), key=key, hint=did_you_mean(found["field"], fields, most=60))


def _no_type(name: str) -> Text:
    return Text(f"没有记录类型“{name}”", f'there is no record type "{name}"')


def _no_field(type_name: str, name: str) -> Text:
    return Text(f"“{type_name}”没有字段“{name}”", f'{type_name} has no field "{name}"')
