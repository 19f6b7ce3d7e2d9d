"""A source as it lies in the file system: its files, their checksum, its declaration and its sheets by record type."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from auditkb import __version__
from auditkb.aliases import NO_ALIASES, Aliases
from auditkb.dictionary import Dictionary, RecordType, normalise_header
from auditkb.errors import Fault, KnowledgeBaseError, Text, as_a_word, fail
from auditkb.sources.csv_files import read_delimited
from auditkb.sources.declaration import FILE_NAME, Declaration, Words, id_of_file, read_declaration
from auditkb.sources.json_files import read_json, read_json_lines
from auditkb.sources.extract import Extract
from auditkb.sources.mapped_plans import plan_mapped
from auditkb.sources.mapping import MappingFile, find_mapping, read_mapping
from auditkb.sources.plans import Plan, plan_sheets
from auditkb.sources.ocds import OcdsSheet, ocds_sheets
from auditkb.sources.ocds_files import is_ocds
from auditkb.sources.sheets import Sheet
from auditkb.sources.workbooks import read_ods, read_old_workbook, read_xlsx
from auditkb.yaml_files import YamlFile

FORMATS: dict[str, Callable[[Path], list[Sheet]]] = {
    ".csv": read_delimited, ".tsv": read_delimited, ".txt": read_delimited,
    ".xlsx": read_xlsx, ".xlsm": read_xlsx,
    ".xls": read_old_workbook, ".et": read_old_workbook, ".ods": read_ods,
    ".json": read_json, ".jsonl": read_json_lines,
}
# What may lie beside the files of a source without being one.
_BESIDE = (".md", ".txt", ".yml", ".yaml", ".sql", ".png")


@dataclass(frozen=True)
class Source:
    """What is to be loaded as one: `sheets` in the order in which their types refer to each other.

    A sheet is there once for each record type that its rows hold.
    """

    path: Path
    declaration: Declaration
    declaration_file: YamlFile | None
    sheets: list[tuple[RecordType, Extract | OcdsSheet]]
    sha256: str
    mappings: tuple[str, ...] = ()
    aliases: Aliases = NO_ALIASES

    @property
    def read_as(self) -> str:
        """Hash of what decides how the files are read: with another dictionary, mapping or alias the same files say something else."""
        types = sorted({record_type.type: record_type.model_dump_json() for record_type, _ in self.sheets}.items())
        return hashlib.sha256(repr((__version__, types, self.mappings, self.aliases.fingerprint)).encode()).hexdigest()

    @property
    def id(self) -> str:
        """What the source is called."""
        return self.declaration.id


def open_source(path: Path, dictionary: Dictionary, *, type_name: str | None = None, office: Path | None = None, mapping: Path | None = None) -> Source:
    """The source at `path`: a folder with a `source.yml`, or one file, whose name (or `type_name`) is its record type.

    What a mapping file says (`mapping`, or the one beside the file or in the `office`'s `maps/`) goes before names and
    headings. Raises KnowledgeBaseError with every fault of the declaration, of mappings and of the files' names.
    """
    if not path.exists():
        raise fail("没有这个文件或文件夹", "there is no such file or folder", file=path.as_posix())
    if path.name.startswith("~$"):
        raise fail("这是 Excel 打开文件时的临时文件，不是资料", "this is a lock file that Excel makes while a file is open, and no data", file=path.as_posix(),
                   hint=Text(f"请读入“{path.name[2:]}”本身，并先在 Excel 中关闭它", f'read "{path.name[2:]}" itself, and close it in Excel first'))
    if path.is_dir():
        for option, given in (("--type", type_name), ("--map", mapping)):
            if given is not None:
                raise fail(f"{option} 只用于单个文件；文件夹中的文件以记录类型为名，或旁边有对应文件", f"{option} is for a single file; in a folder each file is called like its record type or has a mapping file beside it", file=path.as_posix())
        return _open_folder(path, dictionary, office)
    found = mapping or (find_mapping(path, office) if type_name is None else None)
    said = read_mapping(found, dictionary) if found is not None else None
    declaration = said.declaration(path) if said is not None else Declaration(id=id_of_file(path), title=Words(zh=path.name, en=path.name))
    if said is None and type_name is None and is_ocds(path):
        return Source(path, declaration, None, _in_order(ocds_sheets(path, dictionary), dictionary), _checksum([path]))
    plan = _plan_file(path, dictionary, declaration, said, type_name)
    if plan.faults:
        raise KnowledgeBaseError(plan.faults)
    if plan.guide is not None:
        declaration = plan.guide.declaration(declaration)
    own = said.file if said is not None and said.mapping.id is not None else None
    return Source(path, declaration, own, _in_order(plan.extracts, dictionary), _checksum([path]), (said.file.text,) if said is not None else ())


def _open_folder(path: Path, dictionary: Dictionary, office: Path | None) -> Source:
    faults: list[Fault] = []
    declaration, file = None, None
    has_declaration = (path / FILE_NAME).is_file()
    if has_declaration:
        try:
            declaration, file = read_declaration(path / FILE_NAME, dictionary)
        except KnowledgeBaseError as error:
            faults += error.faults
    files = sorted(entry for entry in path.iterdir() if entry.is_file() and not entry.name.startswith((".", "~$")))
    data = [entry for entry in files if entry.suffix.lower() not in _BESIDE]
    if not has_declaration:
        faults.append(_no_declaration(path, data))
    extracts: list[Extract | OcdsSheet] = []
    mappings: list[str] = []
    for entry in data:
        try:
            found = find_mapping(entry, office)
            said = read_mapping(found, dictionary) if found is not None else None
            faults += _said_twice(said) if has_declaration else []
            mappings += [said.file.text] if said is not None else []
            if said is None and is_ocds(entry):
                extracts += ocds_sheets(entry, dictionary)
                continue
            plan = _plan_file(entry, dictionary, declaration or Declaration(id="x", title=Words(zh="x", en="x")), said, None)
            extracts, faults = [*extracts, *plan.extracts], faults + plan.faults
            if plan.guide is not None and declaration is not None:
                declaration = declaration.model_copy(update={"coverage": [*declaration.coverage, *plan.guide.coverage]})
        except KnowledgeBaseError as error:
            faults += error.faults
    if not data:
        faults.append(Fault(Text("文件夹里没有可读入的文件", "the folder holds no file to read"), path.as_posix()))
    if faults or declaration is None:
        raise KnowledgeBaseError(faults)
    return Source(path, declaration, file, _in_order(extracts, dictionary), _checksum([path / FILE_NAME, *data]), tuple(mappings))


def _no_declaration(path: Path, data: Sequence[Path]) -> Fault:
    """What to do about a folder without a declaration: one file that has all it needs is loaded by itself."""
    hint = Text("写一个，其中至少有 id 和 title；", "write one, with at least id and title; ")
    if len(data) == 1:
        file = data[0].as_posix()
        hint += Text(f"或直接读入文件：ingest.py records {as_a_word(file)}", f"or load the file by itself: ingest.py records {as_a_word(file)}")
    else:
        hint += Text("或逐个读入其中的文件", "or load its files one by one")
    return Fault(Text(f"文件夹里没有 {FILE_NAME}", f"the folder has no {FILE_NAME}"), path.as_posix(), hint=hint)


def _said_twice(said: MappingFile | None) -> list[Fault]:
    """What belongs into the `source.yml` of the folder, not into a mapping beside it."""
    given = said.mapping.model_fields_set & {"id", "title", "date", "kind", "if_empty", "wins_over", "coverage"} if said is not None else set()
    return [said.file.fault((name,), Text(f"文件夹有 {FILE_NAME}，“{name}”写在那里", f"the folder has a {FILE_NAME}: write {name} there"), key=True)
            for name in sorted(given) if said is not None]


def _plan_file(path: Path, dictionary: Dictionary, declaration: Declaration, said: MappingFile | None, type_name: str | None) -> Plan:
    sheets = read_sheets(path)
    if said is not None:
        return plan_mapped(sheets, said, dictionary, declaration)
    return plan_sheets(sheets, lambda name: find_type(name, dictionary), dictionary, declaration, type_name)


def read_sheets(path: Path) -> list[Sheet]:
    """The sheets of a file of any known format."""
    read = FORMATS.get(path.suffix.lower())
    if read is None:
        text = Text(f"不支持的文件格式“{path.suffix}”", f'the format "{path.suffix}" cannot be read')
        raise KnowledgeBaseError(Fault(text, path.as_posix(), hint=Text(f"可用：{'、'.join(FORMATS)}", f"allowed: {', '.join(FORMATS)}")))
    return read(path)


def _in_order(extracts: Sequence[Extract | OcdsSheet], dictionary: Dictionary) -> list[tuple[RecordType, Extract | OcdsSheet]]:
    order = {name: place for place, name in enumerate(dictionary.load_order())}
    return [(extract.record_type, extract) for extract in sorted(extracts, key=lambda extract: order[extract.record_type.type])]


def find_type(name: str, dictionary: Dictionary) -> RecordType | None:
    """The record type with this name or label, if its rows can be loaded (derived ones cannot)."""
    wanted = normalise_header(name)
    for record_type in dictionary.types.values():
        names = (record_type.type, record_type.label.zh, record_type.label.en)
        if record_type.derived is None and wanted in map(normalise_header, names):
            return record_type
    return None


def _checksum(files: list[Path]) -> str:
    """SHA-256 of the file, or of the listing `sha256sum` would print of several."""
    sums = []
    for path in files:
        with path.open("rb") as file:
            sums.append((hashlib.file_digest(file, "sha256").hexdigest(), path.name))
    if len(sums) == 1:
        return sums[0][0]
    return hashlib.sha256("".join(f"{checksum}  {name}\n" for checksum, name in sums).encode()).hexdigest()
