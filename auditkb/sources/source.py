"""A source as it lies in the file system: its files, their checksum, its declaration and its sheets by record type."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from auditkb import __version__
from auditkb.aliases import NO_ALIASES, Aliases
from auditkb.dictionary import Dictionary, RecordType, normalise_header
from auditkb.errors import Fault, KnowledgeBaseError, Text, did_you_mean, fail
from auditkb.sources.csv_files import read_csv
from auditkb.sources.declaration import FILE_NAME, Declaration, Words, read_declaration
from auditkb.sources.sheets import Sheet
from auditkb.yaml_files import YamlFile

FORMATS: dict[str, Callable[[Path], list[Sheet]]] = {
    ".csv": read_csv,
}
# What may lie beside the files of a source without being one.
_BESIDE = (".md", ".txt", ".yml", ".yaml", ".sql", ".png")


@dataclass(frozen=True)
class Source:
    """What is to be loaded as one: `sheets` in the order in which their types refer to each other."""

    path: Path
    declaration: Declaration
    declaration_file: YamlFile | None
    sheets: list[tuple[RecordType, Sheet]]
    sha256: str
    aliases: Aliases = NO_ALIASES

    @property
    def read_as(self) -> str:
        """Hash of what decides how the files are read: with another dictionary or other aliases the same files say something else."""
        types = sorted({record_type.type: record_type.model_dump_json() for record_type, _ in self.sheets}.items())
        return hashlib.sha256(repr((__version__, types, self.aliases.fingerprint)).encode()).hexdigest()

    @property
    def id(self) -> str:
        return self.declaration.id


def open_source(path: Path, dictionary: Dictionary, *, type_name: str | None = None) -> Source:
    """The source at `path`: a folder with a `source.yml`, or one file, whose name (or `type_name`) is its record type.

    Raises KnowledgeBaseError with every fault of the declaration and of the files' names; reads no row yet.
    """
    if not path.exists():
        raise fail("没有这个文件或文件夹", "there is no such file or folder", file=path.as_posix())
    if not path.is_dir():
        sheets, faults = _sheets_of([path], dictionary, type_name)
        if faults:
            raise KnowledgeBaseError(faults)
        declaration = Declaration(id=path.stem, title=Words(zh=path.name, en=path.name))
        return Source(path, declaration, None, sheets, _checksum([path]))
    if type_name is not None:
        raise fail("--type 只用于单个文件；文件夹中各文件的名称就是记录类型", "--type is for a single file; in a folder each file is called like its record type", file=path.as_posix())
    return _open_folder(path, dictionary)


def _open_folder(path: Path, dictionary: Dictionary) -> Source:
    faults: list[Fault] = []
    declaration, file = None, None
    if not (path / FILE_NAME).is_file():
        faults.append(Fault(Text(f"文件夹里没有 {FILE_NAME}", f"the folder has no {FILE_NAME}"), path.as_posix(),
                            hint=Text("其中至少写明 id 和 title（zh、en）", "it gives at least id and title (zh, en)")))
    else:
        try:
            declaration, file = read_declaration(path / FILE_NAME, dictionary)
        except KnowledgeBaseError as error:
            faults += error.faults
    files = sorted(entry for entry in path.iterdir() if entry.is_file() and not entry.name.startswith((".", "~$")))
    data = [entry for entry in files if entry.suffix.lower() not in _BESIDE]
    sheets, more = _sheets_of(data, dictionary, None)
    faults += more
    if not data:
        faults.append(Fault(Text("文件夹里没有可读入的文件", "the folder holds no file to read"), path.as_posix()))
    if faults or declaration is None:
        raise KnowledgeBaseError(faults)
    return Source(path, declaration, file, sheets, _checksum([path / FILE_NAME, *data]))


def _sheets_of(files: list[Path], dictionary: Dictionary, type_name: str | None) -> tuple[list[tuple[RecordType, Sheet]], list[Fault]]:
    found: list[tuple[RecordType, Sheet]] = []
    faults: list[Fault] = []
    for path in files:
        read = FORMATS.get(path.suffix.lower())
        if read is None:
            text = Text(f"不支持的文件格式“{path.suffix}”", f'the format "{path.suffix}" cannot be read')
            faults.append(Fault(text, path.as_posix(), hint=Text(f"可用：{'、'.join(FORMATS)}", f"allowed: {', '.join(FORMATS)}")))
            continue
        try:
            sheets = read(path)
        except KnowledgeBaseError as error:
            faults += error.faults
            continue
        for sheet in sheets:
            record_type = find_type(type_name or sheet.type_name, dictionary)
            if record_type is None:
                faults.append(_no_type(type_name or sheet.type_name, sheet, dictionary))
            else:
                found.append((record_type, sheet))
    order = {name: place for place, name in enumerate(dictionary.load_order())}
    return sorted(found, key=lambda entry: order[entry[0].type]), faults


def find_type(name: str, dictionary: Dictionary) -> RecordType | None:
    """The record type with this name or label, if its rows can be loaded (derived ones cannot)."""
    wanted = normalise_header(name)
    for record_type in dictionary.types.values():
        names = (record_type.type, record_type.label.zh, record_type.label.en)
        if record_type.derived is None and wanted in map(normalise_header, names):
            return record_type
    return None


def _no_type(name: str, sheet: Sheet, dictionary: Dictionary) -> Fault:
    allowed = [record_type.type for record_type in dictionary.types.values() if record_type.derived is None]
    return Fault(Text(f"“{name}”不是记录类型，文件名应是记录类型", f'"{name}" is not a record type; a file is called like its record type'),
                 sheet.file.as_posix(), hint=did_you_mean(name, allowed, most=40))


def _checksum(files: list[Path]) -> str:
    """SHA-256 of the file, or of the listing `sha256sum` would print of several."""
    sums = []
    for path in files:
        with path.open("rb") as file:
            sums.append((hashlib.file_digest(file, "sha256").hexdigest(), path.name))
    if len(sums) == 1:
        return sums[0][0]
    return hashlib.sha256("".join(f"{checksum}  {name}\n" for checksum, name in sums).encode()).hexdigest()
