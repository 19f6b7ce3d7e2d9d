"""In which encoding a text file is written, found by decoding all of it strictly; nothing is ever replaced.

A byte order mark says it (UTF-16 is known by its mark only). Without one valid UTF-8 is UTF-8, and what is valid GB18030 only is that. (Chinese text in
GB18030 that happens to be valid UTF-8 through and through does not get beyond a few characters.)
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from auditkb.errors import KnowledgeBaseError, Text, fail

BYTES_AT_ONCE = 1024**2
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_SAVE_AS_UTF8 = Text("在 Excel 中另存为“CSV UTF-8（逗号分隔）”", "in Excel save it as “CSV UTF-8 (comma delimited)”")


def find_encoding(path: Path) -> str:
    """The encoding of the whole file. Raises KnowledgeBaseError where no encoding fits, with the line that breaks it."""
    with path.open("rb") as file:
        start = file.read(BYTES_AT_ONCE)
    marked = next((encoding for mark, encoding in _MARKS if start.startswith(mark)), None)
    if marked is None and b"\0" in start:
        raise fail("这不是文本文件（含有 NUL 字节）", "this is no text file (it holds NUL bytes)", file=path.as_posix(), hint=_SAVE_AS_UTF8)
    if marked is not None:
        line = _first_fault(path, marked)
        if line is not None:
            raise _undecodable(path, line, "UTF-8" if marked == "utf-8-sig" else "UTF-16")
        return marked
    line = _first_fault(path, "utf-8")
    if line is None:
        return "utf-8"
    if _first_fault(path, "gb18030") is None and _looks_chinese(path):
        return "gb18030"
    raise _undecodable(path, line, "UTF-8、GB18030")


def _first_fault(path: Path, encoding: str) -> int | None:
    """The line in which the file stops to be text in this encoding, or None."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    line = 1
    with path.open("rb") as file:
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


def _looks_chinese(path: Path) -> bool:
    """Western text in an older encoding decodes as GB18030 too, its accented letters taken together with the letter after them."""
    with path.open("rb") as file:
        while piece := file.read(BYTES_AT_ONCE):
            if not piece.isascii():
                pairs = re.findall(rb"[\x81-\xfe]([\x40-\xfe])", piece)
                return sum(second >= b"\xa1" for second in pairs) * 2 > len(pairs)
    return False


def _undecodable(path: Path, line: int, encodings: str) -> KnowledgeBaseError:
    return fail(f"从这一行起不是有效的文本（{encodings}）", f"from this line on it is no valid text (in {encodings.replace('、', ' or ')})", file=path.as_posix(), line=line,
                hint=_SAVE_AS_UTF8)
