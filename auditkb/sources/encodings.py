"""In which encoding a text file is written, found by decoding all of it strictly; nothing is ever replaced.

A byte order mark says it (UTF-16 is known by its mark only). Without one valid UTF-8 is UTF-8, and what is valid GB18030 only is that. (Chinese text in
GB18030 that happens to be valid UTF-8 through and through does not get beyond a few characters.)
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import IO

from auditkb.errors import KnowledgeBaseError, Text, fail

BYTES_AT_ONCE = 1024**2
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
Open = Callable[[], IO[bytes]]
_SAVE_TEXT_AS_UTF8 = Text("在记事本、Word 或 WPS 中另存为 UTF-8 编码的文本", "save it as text in UTF-8 (Notepad, Word or WPS)")
_SAVE_AS_UTF8 = Text("在 Excel 中另存为“CSV UTF-8（逗号分隔）”", "in Excel save it as “CSV UTF-8 (comma delimited)”")


def find_encoding(path: Path) -> str:
    """The encoding of the whole file. Raises KnowledgeBaseError where no encoding fits, with the line that breaks it."""
    return _encoding_of(lambda: path.open("rb"), path.as_posix(), _SAVE_AS_UTF8)


def decode(data: bytes, name: str) -> str:
    """The text of bytes that were read already, as `find_encoding` finds it."""
    return data.decode(_encoding_of(lambda: BytesIO(data), name, _SAVE_TEXT_AS_UTF8))


def _encoding_of(open_file: Open, name: str, hint: Text) -> str:
    with open_file() as file:
        start = file.read(BYTES_AT_ONCE)
    marked = next((encoding for mark, encoding in _MARKS if start.startswith(mark)), None)
    if marked is None and b"\0" in start:
        raise fail("这不是文本文件（含有 NUL 字节）", "this is no text file (it holds NUL bytes)", file=name, hint=hint)
    if marked is not None:
        line = _first_fault(open_file, marked)
        if line is not None:
            raise _undecodable(name, line, "UTF-8" if marked == "utf-8-sig" else "UTF-16", hint)
        return marked
    line = _first_fault(open_file, "utf-8")
    if line is None:
        return "utf-8"
    if _first_fault(open_file, "gb18030") is None and _looks_chinese(open_file):
        return "gb18030"
    raise _undecodable(name, line, "UTF-8、GB18030", hint)


def _first_fault(open_file: Open, encoding: str) -> int | None:
    """The line in which the file stops to be text in this encoding, or None."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    line = 1
    with open_file() as file:
        while True:
            piece = file.read(BYTES_AT_ONCE)
            try:
                text = decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as error:
                return line + error.object[: error.start].count(b"\n")
            if "\0" in text:
                return line + text[: text.index("\0")].count("\n")
            line += text.count("\n")
            if not piece:
                return None


def _looks_chinese(open_file: Open) -> bool:
    """Western text in an older encoding decodes as GB18030 too, its accented letters taken together with the letter after them."""
    with open_file() as file:
        while piece := file.read(BYTES_AT_ONCE):
            if not piece.isascii():
                pairs = re.findall(rb"[\x81-\xfe]([\x40-\xfe])", piece)
                return sum(second >= b"\xa1" for second in pairs) * 2 > len(pairs)
    return False


def _undecodable(name: str, line: int, encodings: str, hint: Text) -> KnowledgeBaseError:
    return fail(f"从这一行起不是有效的文本（{encodings}）", f"from this line on it is no valid text (in {encodings.replace('、', ' or ')})", file=name, line=line, hint=hint)
