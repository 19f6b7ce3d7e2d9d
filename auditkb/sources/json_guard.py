"""What a JSON file may not do to the parser: levels without end and numbers without end are refused as the bytes go by."""

from __future__ import annotations

import re
from typing import IO

from auditkb.errors import Text

MOST_LEVELS = 60
_LONG_NUMBER = re.compile(rb"\d{1000}")
_NO_BRACKETS = bytes(sign for sign in range(256) if sign not in b"[]{}")


class UnsafeJsonError(ValueError):
    """Why the file is not given to the parser."""

    def __init__(self, text: Text):
        super().__init__(text.en)
        self.text = text


class GuardedFile:
    """A file of JSON that is refused where it nests too deeply or writes too long a number, before the parser meets it.

    The parser remembers the whole path at every level, and ends the process at an integer of more than 4,300 digits.
    """

    def __init__(self, file: IO[bytes]):
        self._file, self._level, self._in_string, self._is_escaped, self._before = file, 0, False, False, b""

    def read(self, size: int = -1) -> bytes:
        """The next piece of the file."""
        piece = self._file.read(size)
        plain = re.sub(rb"\\.", b"", b"\\" + piece if self._is_escaped else piece, flags=re.DOTALL)
        self._is_escaped = plain.endswith(b"\\")
        parts = plain.split(b'"')
        outside = b" ".join(parts[self._in_string :: 2])
        self._before += b" " + outside if self._in_string else outside
        if _LONG_NUMBER.search(self._before):
            raise UnsafeJsonError(Text("数字太长", "a number is too long"))
        self._before = self._before[-1000:]
        self._in_string ^= len(parts) % 2 == 0
        self._count(outside.translate(None, _NO_BRACKETS))
        return piece

    def _count(self, signs: bytes) -> None:
        """Take inner pairs away, level by level; what is left closes and opens levels beyond this piece."""
        for _ in range(MOST_LEVELS):
            fewer = signs.replace(b"[]", b"").replace(b"{}", b"")
            if len(fewer) == len(signs):
                break
            signs = fewer
        opened = signs.count(b"[") + signs.count(b"{")
        self._level += 2 * opened - len(signs)
        if opened > MOST_LEVELS or self._level > MOST_LEVELS:
            raise UnsafeJsonError(Text("嵌套太深", "it is nested too deeply"))
