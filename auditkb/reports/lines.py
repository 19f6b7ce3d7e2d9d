"""What the reader of a format gives: lines of text and rows of cells, each with its place, before anything is understood.

`GridCell.start` and `span` are columns of the grid where the format knows them (docx, html, pdf); a flattened table of
a text file knows only the order of its cells.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace

from auditkb.reports.document import Place

SENTENCE_ENDS = "。！？；：;:"


@dataclass(frozen=True)
class Line:
    """One line or paragraph as the file gives it, without its line end; '' for an empty one."""

    text: str
    place: Place
    is_whole: bool = False  # the format knows that this is a whole paragraph


@dataclass(frozen=True)
class GridCell:
    """One cell: `start` is None where the format does not know the column."""

    text: str
    place: Place
    start: int | None = None
    span: int = 1


@dataclass(frozen=True)
class Grid:
    """Rows of a table. `edges` are where its columns begin and the last one ends, where the format knows it (pdf)."""

    rows: tuple[tuple[GridCell, ...], ...]
    place: Place
    edges: tuple[float, ...] = ()


Item = Line | Grid


def tidy(text: str) -> str:
    """Text without invisible characters and outer space; ideographic and hard spaces become plain ones.

    >>> tidy("　A\\u200b\\u00a0B ")
    'A B'
    """
    text = text.replace("\u3000", " ").replace("\u00a0", " ").replace("\ufeff", "")
    if not text.isprintable():
        text = "".join(character for character in text if unicodedata.category(character) not in ("Cf", "Cc") or character in "\n\t")
    return text.strip()


def join_broken_lines(items: Iterable[Item], starts_section: object) -> list[Item]:
    """Lines that one sentence runs through made one: a run without empty line or heading that only its last line ends.

    `starts_section(text)` says whether a line begins with a number of a section. Titles over a text are left alone,
    because a run that ends without a full stop is joined only where its first line is a sentence already.
    """
    joined: list[Item] = []
    run: list[Line] = []

    def close(ends_sentence: bool) -> None:
        if ends_sentence and len(run) > 1:
            joined.append(replace(run[0], text="".join(line.text for line in run)))
        else:
            joined.extend(run)
        run.clear()

    for item in items:
        if not isinstance(item, Line) or not item.text or item.is_whole or starts_section(item.text):  # type: ignore[operator]
            close(False)
            joined.append(item)
            continue
        run.append(item)
        if item.text[-1] in SENTENCE_ENDS:
            close(item.text[-1] in "。！？" or any(mark in run[0].text for mark in "，。；"))
    close(False)
    return joined
