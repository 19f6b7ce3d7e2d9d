"""A listing on a screen: a table where its columns have room, else its rows one below the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from auditkb.errors import Language, Text
from auditkb.outputs.wrapping import wrap

if TYPE_CHECKING:
    from rich.console import RenderableType

ROOM = 8
"""Cells of the screen under which a column of longer texts cannot be read."""
SENTENCES = 90
ROOM_OF_SENTENCES = 28
"""From this length on a text is sentences, which want a wider column."""
BETWEEN = 3


def listing(rows: Sequence[Sequence[Any]], columns: Sequence[tuple[str, Text]], language: Language, width: int, title: str | None) -> RenderableType:
    """What rich prints; None is an empty cell."""
    labels = [label.say(language) for _, label in columns]
    texts = [["" if value is None else str(value) for value in row] for row in rows]
    if _room(labels, texts) > width:
        return _one_below_the_other(labels, texts, title, width)
    numbers = [bool(rows) and all(isinstance(row[place], int | float | None) for row in rows) for place in range(len(columns))]
    return _table(labels, texts, numbers, title)


def _room(labels: Sequence[str], texts: Sequence[Sequence[str]]) -> int:
    """The narrowest width at which every column can be read."""
    from rich.cells import cell_len

    longest = [max([cell_len(label), *(cell_len(row[place]) for row in texts)]) for place, label in enumerate(labels)]
    return sum(ROOM_OF_SENTENCES if length >= SENTENCES else min(length, ROOM) for length in longest) + BETWEEN * len(labels)


def _table(labels: Sequence[str], texts: Sequence[Sequence[str]], numbers: Sequence[bool], title: str | None) -> RenderableType:
    from rich import box
    from rich.table import Table
    from rich.text import Text as Words

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for label, is_number in zip(labels, numbers, strict=True):
        table.add_column(label, justify="right" if is_number else "left", overflow="fold")
    for row in texts:
        table.add_row(*map(Words, row))
    return table


def _one_below_the_other(labels: Sequence[str], texts: Sequence[Sequence[str]], title: str | None, width: int) -> RenderableType:
    """Each row as lines of label and text, names whole where a line has room for them; empty cells are left out."""
    from rich.cells import cell_len
    from rich.table import Table
    from rich.text import Text as Words

    table = Table.grid(padding=(0, 2, 0, 0))
    table.title, table.title_justify = title, "left"
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    room = max(1, width - max(map(cell_len, labels)) - 2)
    for number, row in enumerate(texts):
        if number:
            table.add_row("", "")
        for label, text in zip(labels, row, strict=True):
            if text:
                table.add_row(Words(label), Words(wrap(text, room) if cell_len(text) > room else text))
    return table
