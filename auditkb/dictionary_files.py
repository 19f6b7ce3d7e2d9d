"""The dictionary read from `records/`, with an office's own folder laid over it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from auditkb.dictionary import Dictionary, Field, FormModel, Label, RecordType, Words
from auditkb.dictionary_checks import Declared, check_types
from auditkb.errors import Fault, KnowledgeBaseError, Text, did_you_mean
from auditkb.file_models import check_model
from auditkb.yaml_files import YamlFile, read_yaml


def load_dictionary(folder: Path, office: Path | None = None) -> Dictionary:
    """Read `folder`/*.yml and, laid over them, `office`/records/*.yml (`office` may be absent or have no such folder).

    Raises KnowledgeBaseError with every fault of every file, each with `file:line:column`.
    """
    declared, faults = Declared(), []
    for path in sorted(folder.glob("*.yml")):
        faults += _read_type(path, declared, is_office=False)
    for path in sorted((office / "records").glob("*.yml")) if office is not None else []:
        faults += _read_type(path, declared, is_office=True)
    if not declared.types and not faults:
        faults.append(Fault(Text("没有记录类型：文件夹里没有 .yml 文件", "no record types: the folder holds no .yml file"),
                            folder.as_posix()))
    faults += check_types(declared)
    sql: dict[str, str] = {}
    for record_type in declared.types.values():
        if record_type.derived is not None:
            faults += _read_sql(record_type, declared, sql)
    if faults:
        raise KnowledgeBaseError(faults)
    return Dictionary(declared.types, sql)


def _read_type(path: Path, declared: Declared, *, is_office: bool) -> list[Fault]:
    """Add the type of one file to `declared`; the faults that kept it out, if any."""
    try:
        file = read_yaml(path, _shown(path))
        name = file.data.get("type") if isinstance(file.data, dict) else None
        if isinstance(name, str) and name != path.stem:
            text = Text(f"文件名应为 {name}.yml（与 type 一致）", f"the file should be called {name}.yml, after its type")
            raise KnowledgeBaseError(file.fault(("type",), text))
        if not (is_office and name in declared.types):
            if name in declared.types:
                raise KnowledgeBaseError(file.fault(("type",), Text(f"记录类型“{name}”重复", f'record type "{name}" is declared twice')))
            declared.add(check_model(RecordType, file), file, path.parent)
            return []
        return _lay_over(declared.types[str(name)], file, declared)
    except KnowledgeBaseError as error:
        declared.broken.add(path.stem)
        return error.faults


class _Addition(FormModel):
    type: str | None = None
    synonyms: tuple[Words, ...] = ()
    choices: dict[str, Label] = {}


class _Additions(FormModel):
    fields: dict[str, _Addition] = {}


class _NewFields(FormModel):
    fields: dict[str, Field] = {}


def _lay_over(ours: RecordType, file: YamlFile, declared: Declared) -> list[Fault]:
    """Add an office's fields, choices and synonyms to `ours`; a fault for whatever would change it."""
    faults = [_not_theirs(file, (name,)) for name in file.data if name not in ("type", "fields")]
    given = file.data.get("fields")
    if not isinstance(given, dict):
        return [*faults, file.fault(("fields",), Text("“fields”应为键值对", '"fields" should be a mapping'))]
    known = {name: value for name, value in given.items() if name in ours.fields}
    faults += [fault for name, value in known.items() for fault in _changes(ours.fields[name], value, file)]
    if faults:
        return faults
    added = check_model(_NewFields, _part(file, {name: given[name] for name in given if name not in known}))
    more = check_model(_Additions, _part(file, known))
    fields = dict(ours.fields)
    for name, extra in more.fields.items():
        choices = fields[name].choices
        fields[name] = fields[name].model_copy(update={
            "synonyms": (*fields[name].synonyms, *extra.synonyms),
            "choices": {**choices, **extra.choices} if choices is not None else None})
    for name, entry in added.fields.items():
        entry._name = name
        fields[name] = entry
        declared.files[(ours.type, name)] = file
    declared.files.update({(ours.type, name): file for name in more.fields})
    declared.types[ours.type] = ours.model_copy(update={"fields": fields})
    return []


def _part(file: YamlFile, fields: dict[str, Any]) -> YamlFile:
    return dataclasses.replace(file, data={"fields": fields})


def _changes(ours: Field, given: Any, file: YamlFile) -> Iterator[Fault]:
    """Faults for what an office's entry for our field would change."""
    if not isinstance(given, dict):
        return
    here = ("fields", ours.name)
    for name in given:
        if name == "type" and given["type"] != ours.type:
            yield file.fault((*here, name), Text(f"不能把“{ours.name}”的类型由 {ours.type} 改为 {given['type']}",
                                                 f"{ours.name} is of type {ours.type}; an office cannot make it {given['type']}"))
        elif name not in ("type", "synonyms", "choices"):
            yield _not_theirs(file, (*here, name))
    choices = given.get("choices")
    if isinstance(choices, dict):
        if ours.choices is None:
            yield file.fault((*here, "choices"), Text(f"“{ours.name}”不是选项字段", f"{ours.name} is not a field of choices"), key=True)
        for code in choices:
            if code in (ours.choices or {}):
                yield file.fault((*here, "choices", code), Text(f"选项“{code}”已有定义，不能改", f'choice "{code}" is there already and cannot be changed'), key=True)


def _not_theirs(file: YamlFile, path: tuple[str, ...]) -> Fault:
    return file.fault(path, Text(f"不能改动已有的“{path[-1]}”", f'"{path[-1]}" is already set and cannot be changed'), key=True,
                      hint=Text("单位可以增加字段、选项和同义词", "an office may add fields, choices and synonyms"))


def _read_sql(record_type: RecordType, declared: Declared, sql: dict[str, str]) -> list[Fault]:
    """Read the SELECT of a derived type into `sql`."""
    folder, file = declared.folders[record_type.type] / "derived", declared.files[(record_type.type, None)]
    path = folder / str(record_type.derived)
    if not re.fullmatch(r"[\w-]+\.sql", str(record_type.derived)) or not path.is_file():
        there = sorted(other.name for other in folder.glob("*.sql"))
        return [file.fault(("derived",), Text(f"找不到 derived/{record_type.derived}", f"there is no derived/{record_type.derived}"),
                           hint=did_you_mean(str(record_type.derived), there) if there else None)]
    sql[record_type.type] = path.read_text("utf-8")
    return []


def _shown(path: Path) -> str:
    """How a file is called in faults: from the working folder where it lies below it."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.as_posix()
