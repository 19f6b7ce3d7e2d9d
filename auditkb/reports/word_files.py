"""A Word document as lines and grids, in the order of its body; numbers that Word makes itself are written out."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

from auditkb.errors import KnowledgeBaseError, Text, fail
from auditkb.reports.document import Place
from auditkb.reports.lines import Grid, GridCell, Item, Line, tidy
from auditkb.reports.number_forms import is_number
from auditkb.reports.word_numbers import WordNumbers
from auditkb.sources.archives import unpacks_to_too_much

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
# Of text, and of everything with its pictures.
MOST_OF_TEXT, MOST_UNPACKED = 100 * 1024 * 1024, 1024 * 1024 * 1024
_CONTAINERS = {f"{_W}{name}" for name in ("sdt", "sdtContent", "ins", "smartTag", "customXml", "hyperlink")}

# What a text box says to old programs, and what was moved away from here.
_SAID_TWICE = {"{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback", f"{_W}moveFrom"}


def read_word(data: bytes, name: str) -> list[Item]:
    """The lines and grids of a .docx. Raises KnowledgeBaseError for what is no Word document or is protected."""
    body, numbers = _opened(data, name)
    items: list[Item] = []
    for element in _blocks(body):
        place = Place(len(items) + 1, counts="block")
        if element.tag == f"{_W}tbl":
            items += _grid(element, place)
        else:
            lines = (numbers.before(element) + _text(element)).split("\n")
            items += [Line(tidy(line), place, is_whole=len(lines) == 1) for line in lines]
    return items


def _opened(data: bytes, name: str) -> tuple[Any, WordNumbers]:
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise fail("文件设有密码，或是旧的 .doc 格式；请取消密码，另存为 .docx",
                   "the file has a password or is an old .doc; remove the password and save it as .docx", file=name)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if unpacks_to_too_much(archive, {".xml": MOST_OF_TEXT, "": MOST_UNPACKED}):
                raise fail("文件解压后过大，没有读取；请删去图片后另存为新文件", "the file unpacks to far too much and was not read; take the pictures out and save it as a new file", file=name)
        import docx

        document = docx.Document(io.BytesIO(data))
        return document.element.body, WordNumbers(document)
    except KnowledgeBaseError:
        raise
    except Exception as error:  # python-docx and lxml raise many kinds for broken files
        raise fail("不是可读取的 Word 文档，文件可能已损坏", "not a Word document that can be read; it may be damaged",
                   file=name, hint=Text("在 Word 或 WPS 中打开，另存为 .docx", "open it in Word or WPS and save it as .docx")) from error


def _blocks(parent: Any) -> Iterator[Any]:
    """Paragraphs and tables in order, those within content controls too."""
    for element in parent:
        if element.tag in (f"{_W}p", f"{_W}tbl"):
            yield element
        elif element.tag in _CONTAINERS:
            yield from _blocks(element)


def _text(paragraph: Any) -> str:
    """The text of a paragraph without what was deleted; a line break is a line end."""
    parts: list[str] = []
    for element in paragraph.iter(f"{_W}t", f"{_W}tab", f"{_W}br", f"{_W}cr", f"{_W}noBreakHyphen"):
        if any(above.tag in _SAID_TWICE for above in element.iterancestors()):
            continue
        if element.tag == f"{_W}t":
            parts.append(element.text or "")
        elif element.tag == f"{_W}noBreakHyphen":
            parts.append("-")
        elif element.tag == f"{_W}tab":
            # A tab stop in the properties of a paragraph is no tab of the text.
            parts.append(" " if element.getparent().tag == f"{_W}r" else "")
        else:
            parts.append("\n")
    return "".join(parts)


def _value(element: Any, path: str) -> str | None:
    found = element.find("/".join(f"{_W}{step}" for step in path.split("/")))
    return None if found is None else found.get(f"{_W}val", "")


def _grid(table: Any, place: Place) -> list[Item]:
    """The table, or its lines where it has one column and only sets text."""
    rows: list[tuple[GridCell, ...]] = []
    above: dict[int, str] = {}
    for row in table.iter(f"{_W}tr"):
        if next(row.iterancestors(f"{_W}tbl")) is not table:
            continue
        column = int(_value(row, "trPr/gridBefore") or 0)
        cells: list[GridCell] = []
        for cell in _cells(row):
            span = int(_value(cell, "tcPr/gridSpan") or 1)
            text = "\n".join(tidy(_text(paragraph)) for paragraph in cell.iter(f"{_W}p")).strip()
            merged = _value(cell, "tcPr/vMerge")
            if merged is not None and merged != "restart":
                # A name merged over rows is the name of each of them; an amount merged over rows is one amount.
                text = above.get(column, "") if not is_number(above.get(column, "")) else ""
            else:
                above[column] = text
            cells.append(GridCell(text, place, column, span))
            column += span
        if cells:
            rows.append(tuple(cells))
    if not any(cell.text for row in rows for cell in row):
        return []
    if max(map(len, rows)) == 1:
        return [Line(line, place, is_whole=True) for row in rows for line in row[0].text.split("\n")]
    return [Grid(tuple(rows), place)]


def _cells(row: Any) -> Iterator[Any]:
    for element in row:
        if element.tag == f"{_W}tc":
            yield element
        elif element.tag in _CONTAINERS:
            yield from _cells(element)
