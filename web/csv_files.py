"""The CSV that Datasette writes, made safe for spreadsheet programs while it is sent: no formulas, UTF-8 with its mark."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable

from auditkb.outputs.spreadsheets import safe_in_csv


class SafeCsv:
    """Takes a CSV in pieces and gives it back record by record; a piece may end anywhere, within a character too.

    `turn` makes each record another one, such as one in words.
    """

    def __init__(self, turn: Callable[[list[str]], list[str]] = list) -> None:
        self._turn = turn
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._pending = ""
        self._is_begun = False

    def take(self, piece: bytes, *, is_last: bool) -> bytes:
        """What can be sent of it so far."""
        self._pending += self._decoder.decode(piece, final=is_last)
        end = len(self._pending) if is_last else self._end_of_records()
        whole, self._pending = self._pending[:end], self._pending[end:]
        out = io.StringIO(newline="")
        # A stray NUL would stop the reader; a spreadsheet has no use for it either.
        csv.writer(out, lineterminator="\r\n").writerows([safe_in_csv(cell) for cell in self._turn(record)] for record in csv.reader(io.StringIO(whole.replace("\0", ""), newline="")))
        mark = "" if self._is_begun else "\ufeff"
        self._is_begun = True
        return (mark + out.getvalue()).encode()

    def _end_of_records(self) -> int:
        """Where the last whole record ends: at a line end outside quotes."""
        end = self._pending.rfind("\n")
        while end != -1 and self._pending.count('"', 0, end) % 2:
            end = self._pending.rfind("\n", 0, end)
        return end + 1
