"""A row of a table that holds records, with what is filled in from above and what cannot be read."""

from __future__ import annotations

from typing import NamedTuple

from auditkb.sources.sheets import Problem


class Line(NamedTuple):
    """One record's row: `filled` are the columns whose text comes from a cell above."""

    number: int
    line: int | None
    cells: list[str]
    filled: frozenset[int] = frozenset()
    problems: tuple[Problem, ...] = ()


def text_at(line: Line, position: int) -> str:
    """The text of a row in a column; rows may end early."""
    return line.cells[position].strip() if position < len(line.cells) else ""
