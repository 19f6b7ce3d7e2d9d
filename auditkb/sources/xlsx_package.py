"""The parts of an .xlsx or .xlsm file beside its cells: its sheets, which are hidden, and its number formats.

A file may be made to harm: parts are measured while they are unpacked, and XML that declares entities is refused.
"""

from __future__ import annotations

import posixpath
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from lxml import etree

from auditkb.errors import KnowledgeBaseError, Text, fail
from auditkb.sources.archives import names_a_part_twice, unpacks_to_too_much
from auditkb.sources.number_formats import NumberFormat, read_number_format
from auditkb.sources.sheets import Comment, column_position
from auditkb.sources.signatures import SAVE_AS_XLSX

MOST_BYTES_OF_SHEETS = 2 * 1024**3
MOST_BYTES_OF_TEXTS = 256 * 1024**2
MOST_BYTES_OF_A_PART = 32 * 1024**2
BYTES_AT_ONCE = 1024**2
_CELL = re.compile(r"(?P<letters>[A-Z]{1,3})(?P<row>[1-9]\d{0,6})", re.ASCII)
# What zipfile raises for a damaged or a locked archive, and lxml for XML that is cut off.
_BROKEN = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, UnicodeDecodeError, struct.error, etree.LxmlError)


@dataclass(frozen=True)
class SheetPart:
    """One worksheet: its title, its XML within the package, and whether it is hidden."""

    title: str
    part: str
    is_hidden: bool


class Package:
    """An opened workbook. `formats` gives the number formats, by style, that show a number otherwise than it is."""

    def __init__(self, path: Path, archive: zipfile.ZipFile):
        self.path, self._archive = path, archive
        workbook_part = next((target for kind, target in self._relations("", "").values() if kind == "officeDocument"), "xl/workbook.xml")
        relations = self._relations(posixpath.dirname(workbook_part), posixpath.basename(workbook_part))
        workbook = self._tree(workbook_part)
        targets = [(element, *relations.get(_relation_id(element), ("", ""))) for element in _named(workbook, "sheet")]
        # Charts and dialogues are sheets too, which hold no table.
        self.sheets = [_sheet(element, part) for element, kind, part in targets if kind == "worksheet"]
        # A file that asks to be computed when it is opened says itself that the results in it are not to be relied on.
        self.is_uncomputed = any(element.get("fullCalcOnLoad") in ("1", "true") for element in _named(workbook, "calcPr"))
        self.formats = self._number_formats(relations)
        self._check_texts(relations)

    def open_part(self, name: str) -> IO[bytes]:
        """A part to be read as a stream."""
        if name not in self._archive.NameToInfo:
            raise broken(self.path)
        return self._archive.open(name)

    def comments(self, part: str) -> tuple[Comment, ...]:
        """What is noted on the cells of a sheet."""
        found = []
        for kind, target in self._relations(posixpath.dirname(part), posixpath.basename(part)).values():
            if kind == "comments" and target in self._archive.NameToInfo:
                for element in _named(self._tree(target), "comment"):
                    place = _CELL.fullmatch(element.get("ref", ""))
                    text = " ".join("".join(run.text or "" for run in _named(element, "t")).split())
                    if place is not None and text:
                        found.append(Comment(int(place["row"]), column_position(place["letters"]), text))
        return tuple(sorted(found))

    def _tree(self, name: str) -> etree._Element:
        with self.open_part(name) as file:
            content = file.read(MOST_BYTES_OF_A_PART + 1)
        if len(content) > MOST_BYTES_OF_A_PART:
            raise fail("工作簿的说明部分过大", "the workbook's description of itself is too large", file=self.path.as_posix(), hint=SAVE_AS_XLSX)
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        if b"<!DOCTYPE" in content or b"<!ENTITY" in content or content[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise unusual(self.path.as_posix())
        return etree.fromstring(content, parser)

    def _relations(self, folder: str, name: str) -> dict[str, tuple[str, str]]:
        """Id -> (kind, part) of what the part `name` refers to."""
        part = posixpath.join(folder, "_rels", f"{name}.rels")
        if part not in self._archive.NameToInfo:
            return {}
        found = {}
        for element in _named(self._tree(part), "Relationship"):
            target = element.get("Target", "")
            # External targets are named only; nothing ever opens them.
            target = target[1:] if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            found[element.get("Id", "")] = (element.get("Type", "").rpartition("/")[2], target)
        return found

    def _check_texts(self, relations: dict[str, tuple[str, str]]) -> None:
        """Read the texts that cells share once through: their size and checksum are then known to be as stated."""
        for kind, part in relations.values():
            if kind == "sharedStrings" and part in self._archive.NameToInfo:
                with self._archive.open(part) as file:
                    start = file.read(BYTES_AT_ONCE)
                    if b"<!DOCTYPE" in start or start[:2] in (b"\xff\xfe", b"\xfe\xff"):
                        raise unusual(self.path.as_posix())
                    while file.read(BYTES_AT_ONCE):
                        pass

    def _number_formats(self, relations: dict[str, tuple[str, str]]) -> dict[int, NumberFormat]:
        part = next((target for kind, target in relations.values() if kind == "styles"), None)
        if part is None:
            return {}
        styles = self._tree(part)
        codes = {_format_number(element): element.get("formatCode", "") for element in _named(styles, "numFmt")}
        numbers = [_format_number(element) for group in _named(styles, "cellXfs") for element in group if isinstance(element.tag, str)]
        found = {style: read_number_format(number, codes.get(number)) for style, number in enumerate(numbers)}
        return {style: number_format for style, number_format in found.items() if number_format is not None}


@contextmanager
def open_package(path: Path) -> Iterator[Package]:
    """The package at `path`. Raises KnowledgeBaseError for a file that is broken, or made otherwise than a workbook is."""
    with open_archive(path) as archive:
        yield Package(path, archive)


def _refuse_too_much(path: Path, archive: zipfile.ZipFile) -> None:
    """What unpacks to more than a workbook ever holds is refused before it is unpacked."""
    if names_a_part_twice(archive):
        raise broken(path)
    if unpacks_to_too_much(archive, {".xml": MOST_BYTES_OF_SHEETS, "sharedstrings": MOST_BYTES_OF_TEXTS}):
        raise fail("文件解压后过大，可能已损坏或是恶意文件", "the file unpacks to far too much; it is broken or made to do harm", file=path.as_posix(),
                   hint=Text("只保留需要的表，另存为新文件", "keep the sheets that are needed and save them as a new file"))


@contextmanager
def open_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """A zip file whose parts are of bearable size. Raises KnowledgeBaseError for what cannot be read, here and in the block."""
    try:
        with zipfile.ZipFile(path) as archive:
            _refuse_too_much(path, archive)
            yield archive
    except KnowledgeBaseError:
        raise
    except _BROKEN as error:
        raise broken(path) from error
    except OSError as error:
        if error.filename is not None:
            # The file itself cannot be opened; else its parts lie where there is nothing.
            raise
        raise broken(path) from error


def broken(path: Path) -> KnowledgeBaseError:
    """The error for a workbook that cannot be opened."""
    return fail("工作簿已损坏或不完整，无法打开", "the workbook is broken or incomplete and cannot be opened", file=path.as_posix(),
                hint=Text("重新获取文件，或用 Excel、WPS 修复后另存", "get the file again, or repair it in Excel or WPS and save it anew"))


def unusual(place: str) -> KnowledgeBaseError:
    """The error for XML that no spreadsheet program writes."""
    return fail("工作簿的内部写法不同于 Excel、WPS，不能可靠地读取", "the workbook is written otherwise than Excel or WPS do and cannot be read reliably", file=place,
                hint=SAVE_AS_XLSX)


def _named(element: etree._Element, name: str) -> list[etree._Element]:
    """All elements with this name, in whichever of the two namespaces of the format."""
    return list(element.iter("{*}" + name))


def _format_number(element: etree._Element) -> int:
    number = element.get("numFmtId", "0")
    return int(number) if number.isascii() and number.isdigit() else 0


def _relation_id(element: etree._Element) -> str:
    return next((value for name, value in element.attrib.items() if str(name).endswith("}id")), "")


def _sheet(element: etree._Element, part: str) -> SheetPart:
    return SheetPart(element.get("name", ""), part, element.get("state", "visible") != "visible")
