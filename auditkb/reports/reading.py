"""A report file read into a `Document`: the format by suffix and content, and a plain word for what cannot be read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from auditkb.errors import KnowledgeBaseError, Text, fail
from auditkb.reports.document import Document
from auditkb.reports.lines import Item
from auditkb.reports.structure import build_document

MEGABYTE = 1024 * 1024
# Text is a hundred times as dense as a document with pictures.
MOST_MEGABYTES = {"txt": 20, "html": 20, "docx": 200, "pdf": 200}
_GET_AGAIN = Text("核对是否选对了文件，或重新获取", "check that it is the right file, or get it again")
Reader = Callable[[bytes, str], list[Item]]


def read_report(path: Path) -> Document:
    """The document of a .txt, .docx, .html or .pdf file. Raises KnowledgeBaseError."""
    name = path.as_posix()
    file_format = _SUFFIXES.get(path.suffix.casefold())
    if file_format is None:
        old = path.suffix.casefold() in (".doc", ".wps")
        raise fail(f"不能读取 {path.suffix or '没有后缀的'} 文件；" + ("请在 Word 或 WPS 中另存为 .docx" if old else "可用 .txt .docx .html .pdf"),
                   f"cannot read {path.suffix or 'a file without suffix'}; " + ("save it as .docx" if old else "use .txt .docx .html or .pdf"), file=name)
    most = MOST_MEGABYTES[file_format]
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= most * MEGABYTE else b""
    except OSError as error:
        raise fail("打不开文件", "the file cannot be opened", file=name,
                   hint=Text("核对路径和权限；正被其他程序打开时先关闭它", "check the path and your rights; close it where another program has it open")) from error
    if size > most * MEGABYTE:
        raise fail(f"文件超过{most}兆字节，不像一份报告，没有读取", f"the file is larger than {most} megabytes, which is no report; it was not read", file=name,
                   hint=Text("只保留报告正文，删去图片后另存", "keep the report itself, take pictures out and save it anew"))
    if not data.strip():
        raise fail("文件是空的", "the file is empty", file=name, hint=_GET_AGAIN)
    items = _READERS[file_format]()(data, name)
    document = build_document(items, path.name, file_format, hashlib.sha256(data).hexdigest())
    if not document.sections:
        raise fail("文件中没有文字", "there is no text in the file", file=name, hint=_GET_AGAIN)
    return document


def _text() -> Reader:
    from auditkb.reports.text_files import read_text

    return read_text


def _word() -> Reader:
    from auditkb.reports.word_files import read_word

    return read_word


def _html() -> Reader:
    from auditkb.reports.html_files import read_html

    return read_html


def _pdf() -> Reader:
    from auditkb.reports.pdf_files import read_pdf

    return read_pdf


_SUFFIXES = {".txt": "txt", ".docx": "docx", ".html": "html", ".htm": "html", ".pdf": "pdf"}
_READERS: dict[str, Callable[[], Reader]] = {"txt": _text, "docx": _word, "html": _html, "pdf": _pdf}

__all__ = ["KnowledgeBaseError", "read_report"]
