"""What every source format gives: sheets of rows of text, each with its number and its place in the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from auditkb.errors import Text


class Problem(NamedTuple):
    """A cell whose text is not its value: a formula without a result, an error, digits that the program lost.

    Without a reason the problem is said at another cell.
    """

    position: int
    reason: Text | None
    advice: Text | None


class Row(NamedTuple):
    """One row as it stands. `number` counts rows from 1 as a spreadsheet does, `line` lines of the file.

    `is_hidden` is None where the format does not tell. A cell of `problems` has its text for a person to see; nothing
    may be read from it.
    """

    number: int
    line: int | None
    cells: list[str]
    is_hidden: bool | None = False
    problems: tuple[Problem, ...] = ()


class Area(NamedTuple):
    """Merged cells: rows count from 1 as in `Row`, columns from 0; both ends are inside."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int


class Comment(NamedTuple):
    """What somebody noted on a cell."""

    row: int
    column: int
    text: str


@dataclass(frozen=True)
class Sheet:
    """One table of a file. `rows` starts reading anew at each call.

    `name` is the file's, with the sheet in brackets where there are several (`office.xlsx[合同]`). `type_name` is what
    the file says by its name or the sheet's: the record type, not yet looked up. A merged area
    has its text in its first cell only. `is_hidden` and `hidden_columns` are None where the format does not tell.
    `last_row` is about where the sheet ends, for whoever waits; None where that is known only at the end. `comments` are
    known of .xlsx and .xlsm only.
    """

    file: Path
    name: str
    type_name: str
    rows: Callable[[], Iterator[Row]]
    merged: tuple[Area, ...] = ()
    is_hidden: bool | None = False
    hidden_columns: tuple[int, ...] | None = ()
    last_row: int | None = None
    comments: tuple[Comment, ...] = ()

    @property
    def place(self) -> str:
        """The file, with the sheet where it has several: what the faults of this sheet name."""
        return place_of(self.file, self.name)


def place_of(file: Path, name: str) -> str:
    """The place that faults of the sheet called `name` give: its name stands for the file's, and may hold anything.

    >>> place_of(Path("ledgers/2024.xlsx"), "2024.xlsx[合同]")
    'ledgers/2024.xlsx[合同]'
    """
    return file.as_posix().removesuffix(file.name) + name


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


def column_position(letter: str) -> int:
    """The position of a column with this letter, counted from 0.

    >>> column_position("A"), column_position("AB")
    (0, 27)
    """
    position = 0
    for character in letter:
        position = position * 26 + ord(character) - ord("A") + 1
    return position - 1
