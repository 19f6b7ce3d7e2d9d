"""What every source format gives: sheets of rows of text, each with its number and its place in the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple


class Row(NamedTuple):
    """One row as it stands. `number` counts rows from 1 as a spreadsheet does, `line` lines of the file.

    `is_hidden` is None where the format does not tell.
    """

    number: int
    line: int | None
    cells: list[str]
    is_hidden: bool | None = False


class Area(NamedTuple):
    """Merged cells: rows count from 1 as in `Row`, columns from 0; both ends are inside."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int


@dataclass(frozen=True)
class Sheet:
    """One table of a file. `rows` starts reading anew at each call.

    `type_name` is what the file says by its name or the sheet's: the record type, not yet looked up. A merged area
    has its text in its first cell only. `is_hidden` and `hidden_columns` are None where the format does not tell.
    """

    file: Path
    name: str
    type_name: str
    rows: Callable[[], Iterator[Row]]
    merged: tuple[Area, ...] = ()
    is_hidden: bool | None = False
    hidden_columns: tuple[int, ...] | None = ()


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
