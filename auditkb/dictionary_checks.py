"""Checks of the record types against each other; called by `dictionary_files.load_dictionary`, which raises what they find."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field as data_field
from pathlib import Path

from auditkb.dictionary import VALUE_TYPES, Field, RecordType, headings_of
from auditkb.errors import Fault, Text, did_you_mean
from auditkb.yaml_files import YamlFile

NAME = re.compile(r"^[a-z][a-z0-9_]*$")
OCDS_PATH = re.compile(r"^\w+(?:\[\w+=[\w-]+\])?(?:/\w+(?:\[\w+=[\w-]+\])?)*$", re.ASCII)

CALENDAR = frozenset({"day", "is_workday", "workday_number", "next_workday"})
"""Columns of the working calendar, which rules look into by name."""

RESERVED_FIELDS = frozenset({"source", "sheet", "row", "key", "peers", "earlier", "later", "as_of"}) | CALENDAR
"""Columns that every table has, and words of the rule language."""

RESERVED_TABLES = frozenset(
    """sources cell_notes coverage working_calendar rules laws runs outcome_counts outcomes findings finding_events
    known_findings known_matches decisions reports sections figures tie_outs candidate_findings recommendations name_problems schema_versions
    loads record_changes unread_paths source_rows""".split())
"""Tables of kb.db that hold no records."""

SQL_WORDS = frozenset(
    """add all alter and any as asc between both by case cast check collate column commit constraint create cross
    current current_date current_time current_timestamp date default deferrable delete desc distinct drop else end
    escape except exists false filter for foreign from full glob group having if in index inner insert intersect
    interval into is isnull join leading left like limit match natural not notnull null offset on only or order
    outer over overlaps partition primary references regexp returning right rollback select set some table then
    time timestamp to trailing transaction true union unique update user using values when where window with"""
    .split())
"""Words that SQLite, DuckDB, Spark or the rule language do not take as a plain column name."""

_ENDS = {"department": Text("应指向部门（department）", "should end at a department"),
         "organisation": Text("应指向单位（organisation）", "should end at an organisation"),
         "fiscal_year": Text("应是年度（整数）或日期", "should end at a year (integer) or a date")}


@dataclass
class Declared:
    """What was read so far, and the file that declared each type and field (`(type, None)` is the type itself)."""

    types: dict[str, RecordType] = data_field(default_factory=dict)
    files: dict[tuple[str, str | None], YamlFile] = data_field(default_factory=dict)
    folders: dict[str, Path] = data_field(default_factory=dict)
    broken: set[str] = data_field(default_factory=set)

    def add(self, record_type: RecordType, file: YamlFile, folder: Path) -> None:
        """Take in a type with the file and folder that declare it."""
        self.types[record_type.type] = record_type
        self.files[(record_type.type, None)] = file
        self.files.update({(record_type.type, name): file for name in record_type.fields})
        self.folders[record_type.type] = folder


def check_types(declared: Declared) -> list[Fault]:
    """Every fault that shows only when the types are seen together, in order of file and line."""
    faults = [fault for record_type in declared.types.values() for fault in _check_type(record_type, declared)]
    return sorted(faults, key=lambda fault: (fault.file or "", fault.line or 0, fault.column or 0))


def _check_type(record_type: RecordType, declared: Declared) -> Iterator[Fault]:
    file = declared.files[(record_type.type, None)]
    yield from _check_name(record_type.type, file, ("type",), RESERVED_TABLES | VALUE_TYPES.keys(), key=False)
    fields = list(record_type.fields)
    named: list[tuple[tuple[str | int, ...], str]] = [(("label_field",), record_type.label_field)]
    named += [(("key", i, j), name) for i, names in enumerate(record_type.key) for j, name in enumerate(names)]
    named += [(("belongs_to", i), name) for i, name in enumerate(record_type.belongs_to)]
    for path, name in named:
        if name not in record_type.fields:
            yield file.fault(path, Text(f"没有字段“{name}”", f'there is no field "{name}"'), hint=did_you_mean(name, fields))
    if not record_type.key or not all(record_type.key):
        yield file.fault(("key",), Text("“key”至少要有一个字段", '"key" needs at least one field'))
    yield from _check_parents(record_type, declared)
    for what in ("department", "organisation", "fiscal_year"):
        for number, path in enumerate(getattr(record_type, what)):
            yield from _check_path(record_type, (what, number), path, declared)
    for entry in record_type.fields.values():
        yield from _check_field(record_type, entry, declared)
    yield from _check_headings(record_type, declared)


def _check_name(name: str, file: YamlFile, path: tuple[str | int, ...], reserved: frozenset[str] | set[str], *,
                key: bool) -> Iterator[Fault]:
    if not NAME.match(name):
        yield file.fault(path, Text(f"名称“{name}”只能用小写字母、数字和下划线，并以字母开头",
                                    f'name "{name}": small letters, digits and underscores only, beginning with a letter'), key=key)
    elif name in reserved:
        yield file.fault(path, Text(f"“{name}”是保留名称", f'"{name}" is a reserved name'), key=key)
    elif name in SQL_WORDS:
        yield file.fault(path, Text(f"“{name}”是 SQL 关键字，不能作名称", f'"{name}" is an SQL keyword and cannot be a name'), key=key)


def _check_parents(record_type: RecordType, declared: Declared) -> Iterator[Fault]:
    file = declared.files[(record_type.type, None)]
    seen: dict[str, str] = {}
    for number, name in enumerate(record_type.belongs_to):
        entry = record_type.fields.get(name)
        if entry is None:
            continue
        place = ("belongs_to", number)
        if not entry.is_reference:
            yield file.fault(place, Text(f"“{name}”是{entry.type}，不是对记录的引用", f'"{name}" is {entry.type}, no reference to a record'))
        elif entry.type in seen:
            yield file.fault(place, Text(f"“{name}”与“{seen[entry.type]}”都指向 {entry.type}，只能有一个归属",
                                         f'"{name}" and "{seen[entry.type]}" both belong to {entry.type}; only one may'))
        seen.setdefault(entry.type, name)


def _check_path(record_type: RecordType, place: tuple[str, int], path: str, declared: Declared) -> Iterator[Fault]:
    """Fault unless `path` goes up along references and ends at what `place` asks for."""
    file, here, steps = declared.files[(record_type.type, None)], record_type, path.split(".")
    for number, step in enumerate(steps):
        entry = here.fields.get(step)
        if entry is None:
            yield file.fault(place, Text(f"路径“{path}”：{here.type} 没有字段“{step}”", f'path "{path}": {here.type} has no field "{step}"'),
                             hint=did_you_mean(step, list(here.fields)))
            return
        if number == len(steps) - 1:
            good = entry.type in ("integer", "date") if place[0] == "fiscal_year" else entry.type == place[0]
            if not good:
                end = _ENDS[place[0]]
                yield file.fault(place, Text(f"路径“{path}”{end.zh}", f'path "{path}" {end.en}'))
        elif not entry.is_reference:
            yield file.fault(place, Text(f"路径“{path}”：“{step}”是{entry.type}，不能再往上走",
                                         f'path "{path}": "{step}" is {entry.type} and leads no further'))
            return
        elif entry.type not in declared.types:
            return  # The unknown type is a fault of its own, at the field.
        else:
            here = declared.types[entry.type]


def _check_field(record_type: RecordType, entry: Field, declared: Declared) -> Iterator[Fault]:
    file, here = declared.files[(record_type.type, entry.name)], ("fields", entry.name)
    yield from _check_name(entry.name, file, here, RESERVED_FIELDS, key=True)
    if entry.is_reference and entry.type not in declared.types and entry.type not in declared.broken:
        yield file.fault((*here, "type"), Text(f"没有类型“{entry.type}”", f'there is no type "{entry.type}"'),
                         hint=did_you_mean(entry.type, [*VALUE_TYPES, *declared.types], most=40))
    if entry.name in declared.types and entry.type != entry.name:
        yield file.fault(here, Text(f"“{entry.name}”是记录类型的名称，只能作对它的引用",
                                    f'"{entry.name}" names a record type; only a reference to it may be called so'), key=True)
    child = declared.types.get(entry.name)
    if child is not None and any(link in child.fields and child.fields[link].type == record_type.type for link in child.belongs_to):
        yield file.fault(here, Text(f"{entry.name} 的记录已归属 {record_type.type}，同名字段会使路径有两种读法",
                                    f"rows of {entry.name} belong to {record_type.type}; a field of that name gives its paths two meanings"), key=True)
    yield from _check_options(entry, file, here)
    yield from _check_ocds(entry, file, here)


def _check_options(entry: Field, file: YamlFile, here: tuple[str, str]) -> Iterator[Fault]:
    """Options that do not go with the field's type."""
    if entry.type == "choice" and not entry.choices:
        yield file.fault(here, Text("选项字段须列出“choices”", 'a field of choices needs "choices"'), key=True)
    wrong = {"choices": entry.choices is not None and entry.type != "choice",
             "signed": entry.signed and entry.type not in ("money", "ratio", "integer"),
             "refunds": entry.refunds and (entry.type != "money" or entry.signed),
             "compared": entry.compared and entry.type != "text",
             "said": entry.said is not None and entry.type != "flag",
             "if_empty": entry.if_empty is False and entry.type != "flag"}
    for option in (name for name, is_wrong in wrong.items() if is_wrong):
        yield file.fault((*here, option), Text(f"“{option}”不适用于 {entry.type} 字段", f'"{option}" does not go with a field of type {entry.type}'), key=True)
    for code in entry.choices or {}:
        if not NAME.match(code):
            yield file.fault((*here, "choices", code), Text(f"选项代码“{code}”只能用小写字母、数字和下划线",
                                                            f'choice "{code}": small letters, digits and underscores only'), key=True)


def _check_ocds(entry: Field, file: YamlFile, here: tuple[str, str]) -> Iterator[Fault]:
    for path in entry.ocds:
        if OCDS_PATH.match(path) is None:
            yield file.fault((*here, "ocds"), Text(f"“{path}”不是 OCDS 路径", f'"{path}" is no OCDS path'),
                             hint=Text("写作 tender/documents[documentType=tenderNotice]/datePublished", "write tender/documents[documentType=tenderNotice]/datePublished"))
        elif entry.type == "money" and not path.endswith("/amount"):
            yield file.fault((*here, "ocds"), Text("金额的 OCDS 路径以 /amount 结尾，旁边是币种", "an amount's OCDS path ends with /amount, with the currency beside it"))
    allowed = list(entry.choices or ()) if entry.type == "choice" else ["true", "false"]
    for code, meant in entry.ocds_codes.items():
        if entry.type not in ("choice", "flag") or meant not in allowed:
            yield file.fault((*here, "ocds_codes", code), Text(f"“{entry.name}”没有选项“{meant}”", f'{entry.name} has no choice "{meant}"'), hint=did_you_mean(meant, allowed))


def _check_headings(record_type: RecordType, declared: Declared) -> Iterator[Fault]:
    """A heading that would name two fields of one type."""
    own = declared.files[(record_type.type, None)]
    seen: dict[str, str] = {}
    # Fields that an office touched come last, so that the fault stands in its file and not in ours.
    for entry in sorted(record_type.fields.values(), key=lambda entry: declared.files[(record_type.type, entry.name)] is not own):
        file = declared.files[(record_type.type, entry.name)]
        for number, heading in enumerate(headings_of(entry)):
            first = seen.setdefault(heading, entry.name)
            if first == entry.name:
                continue
            place: tuple[str | int, ...] = ("synonyms", number - 3)
            if number < 3:
                place = ((), ("label", "zh"), ("label", "en"))[number]
            yield file.fault(("fields", entry.name, *place), Text(f"表头“{heading}”已属于字段“{first}”", f'heading "{heading}" already belongs to "{first}"'))
    yield from _check_period(record_type, own)


def _check_period(record_type: RecordType, file: YamlFile) -> Iterator[Fault]:
    """The two fields of a period are dates."""
    if record_type.period is None:
        return
    for number, name in enumerate(record_type.period.fields):
        if name not in record_type.fields:
            yield file.fault(("period", "fields", number), Text(f"没有字段“{name}”", f'there is no field "{name}"'), hint=did_you_mean(name, list(record_type.fields)))
        elif record_type.fields[name].type != "date":
            yield file.fault(("period", "fields", number), Text(f"“{name}”不是日期", f'"{name}" is no date'))
