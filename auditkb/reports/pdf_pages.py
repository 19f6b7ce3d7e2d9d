"""What stands on one page of a PDF: characters put together to lines, and tables by their ruled lines."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any

from auditkb.reports.document import Place
from auditkb.reports.lines import Grid, GridCell, tidy
from auditkb.reports.number_forms import is_number

Box = tuple[float, float, float, float]
WIDE_GAP = 0.6  # of the size of a letter: a wider gap between letters is a space
_NUMBER = re.compile(r"\d+(?:[,，.．]\d+)*")
NEAR = 2.5  # points within which two ruled lines are one


@dataclass(frozen=True)
class PageLine:
    """One line as it stands on the page; `number` counts the lines of the page from 1."""

    text: str
    left: float
    right: float
    top: float
    size: float
    page: int
    number: int
    first: float  # width of what cannot be parted at its beginning: a letter with its marks, or a whole number


def lines_of(page: Any, number: int, tables: list[Box]) -> list[PageLine]:
    """The lines outside of tables, from top to bottom."""
    chars = [char for char in page.chars if not any(_inside(char, box) for box in tables)]
    lines = []
    for position, line in enumerate(_lines(chars), 1):
        text = _text(line)
        if text.strip():
            seen = [char for char in line if char["text"].strip()]
            size = max(char["size"] for char in seen)
            lines.append(PageLine(text, seen[0]["x0"], seen[-1]["x1"], min(char["top"] for char in seen), size, number, position, _first_width(seen)))
    return lines


def _first_width(line: list[Any]) -> float:
    """How wide a line would have to be left before for its beginning to stand there."""
    end = 1
    if line[0]["text"].isascii():
        while end < len(line) and line[end]["text"].isascii():
            end += 1
    if number := _NUMBER.match("".join(char["text"] for char in line)):
        end = max(end, number.end())
    while end < len(line) and line[end]["text"] in "，。；：！？、）》”’%％…,.;:!?)":
        end += 1
    return float(line[end - 1]["x1"] - line[0]["x0"])


def _inside(char: Any, box: Box) -> bool:
    middle, height = (char["x0"] + char["x1"]) / 2, (char["top"] + char["bottom"]) / 2
    return box[0] <= middle <= box[2] and box[1] <= height <= box[3]


def _lines(chars: list[Any]) -> list[list[Any]]:
    """Characters by line: one whose middle lies within the height of a line belongs to it."""
    lines: list[tuple[float, float, list[Any]]] = []
    for char in sorted(chars, key=lambda char: (char["top"] + char["bottom"]) / 2):
        middle = (char["top"] + char["bottom"]) / 2
        if lines and middle <= lines[-1][1]:
            low, high, line = lines[-1]
            line.append(char)
            # The line's own middle leads, so that lines set close together do not run into one another.
            lines[-1] = (low, high, line)
        else:
            lines.append((middle, middle + 0.45 * char["size"], [char]))
    return [sorted(line, key=lambda char: char["x0"]) for _, _, line in lines]


def _text(line: list[Any]) -> str:
    parts: list[str] = []
    for index, char in enumerate(line):
        if index and char["text"].strip() and parts[-1].strip() and char["x0"] - line[index - 1]["x1"] > WIDE_GAP * char["size"]:
            parts.append(" ")
        parts.append(char["text"])
    return "".join(parts)


# --- tables

def tables_of(page: Any) -> list[Any]:
    """The ruled tables of a page; what has one column only is a frame around text and no table."""
    return [table for table in page.find_tables() if len(_edges([box[0] for box in table.cells])) > 1]


def grid_of(page: Any, table: Any, place: Place) -> Grid:
    """The rows of a table; all its cells stand at the place of the table."""
    chars = [char for char in page.chars if _inside(char, table.bbox)]
    columns = _edges([box[0] for box in table.cells])
    return Grid(tuple(_rows(table.cells, chars, place)), place, (*columns, max(box[2] for box in table.cells)))


def _edges(values: list[float]) -> list[float]:
    """The distinct ruled lines among positions that differ by a hair."""
    edges: list[float] = []
    for value in sorted(values):
        if not edges or value - edges[-1] > NEAR:
            edges.append(value)
    return edges


def _at(edges: list[float], value: float) -> int:
    return max(0, bisect_right(edges, value + NEAR) - 1)


def _rows(boxes: list[Box], chars: list[Any], place: Place) -> list[tuple[GridCell, ...]]:
    """The cells row by row; a name merged over rows stands in each of them, an amount in the first."""
    columns, tops = _edges([box[0] for box in boxes]), _edges([box[1] for box in boxes])
    rights, bottoms = [*columns[1:], max(box[2] for box in boxes)], [*tops[1:], max(box[3] for box in boxes)]
    texts = _texts(boxes, chars)
    rows: list[list[GridCell]] = [[] for _ in tops]
    for box, text in zip(boxes, texts, strict=True):
        first, start = _at(tops, box[1]), _at(columns, box[0])
        span = max(1, sum(box[0] + NEAR < right <= box[2] + NEAR for right in rights))
        down = max(1, sum(box[1] + NEAR < bottom <= box[3] + NEAR for bottom in bottoms))
        for row in range(first, min(first + down, len(rows))):
            rows[row].append(GridCell(text if row == first or not is_number(text) else "", place, start, span))
    return [tuple(sorted(row, key=lambda cell: cell.start or 0)) for row in rows if row]


def _texts(boxes: list[Box], chars: list[Any]) -> list[str]:
    texts = []
    for box in boxes:
        lines = [tidy(_text(line)) for line in _lines([char for char in chars if _inside(char, box)])]
        whole = "".join(lines)
        texts.append(whole if is_number(whole) else "\n".join(line for line in lines if line))
    return texts
