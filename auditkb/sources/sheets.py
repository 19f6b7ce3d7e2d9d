"""What every source format gives: sheets of rows of text, each with its number and its place in the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple


class Row(NamedTuple):
    """One row as it stands. `number` counts rows from 1 as a spreadsheet does, `line` lines of the file."""

    number: int
    line: int | None
    cells: list[str]


@dataclass(frozen=True)
class Sheet:
    """One table of a file. `rows` starts reading anew at each call; its first row is the header.

    `type_name` is what the file says by its name or the sheet's: the record type, not yet looked up.
    """

    file: Path
    name: str
    type_name: str
    rows: Callable[[], Iterator[Row]]


def column_letter(position: int) -> str:
    """The letter of a column, counted from 0: A, B … Z, AA.

    >>> column_letter(0), column_letter(27)
    ('A', 'AB')
    """
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
