"""A report as blocks (headings, paragraphs, tables), and the same in plain text with tables flattened.

Flattened as in text saved from a word processor: one cell a line behind a tab, an empty line after each row, a cell
that is merged over columns once, one that is merged over rows blank from the second row on.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from tests.report_style import BETWEEN, CLOSE, OPEN, PrintedFigure, Style

MARKED = re.compile(f"{OPEN}(\\d+){BETWEEN}([^{CLOSE}]*){CLOSE}")


@dataclass(frozen=True)
class Cell:
    """A cell of a table and how many columns and rows it covers."""

    text: str
    columns: int = 1
    rows: int = 1


@dataclass(frozen=True)
class Heading:
    """A heading; level 0 is a part."""

    level: int
    text: str


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; `whole` ones are never broken over lines."""

    text: str
    whole: bool = False


@dataclass(frozen=True)
class Table:
    """A table: its header rows and its rows."""

    header: tuple[tuple[Cell, ...], ...]
    rows: tuple[tuple[Cell, ...], ...]


Block = Heading | Paragraph | Table


def row(texts: Iterable[str]) -> tuple[Cell, ...]:
    """A row of plain cells."""
    return tuple(Cell(text) for text in texts)


def bare(text: str) -> str:
    """The text without the marks around its figures."""
    return MARKED.sub(lambda found: found[2], text)


def without_marks(blocks: list[Block]) -> list[Block]:
    """The blocks as a reader sees them."""
    clean: list[Block] = []
    for block in blocks:
        if isinstance(block, Table):
            rows = [tuple(tuple(replace(cell, text=bare(cell.text)) for cell in line) for line in part)
                    for part in (block.header, block.rows)]
            clean.append(Table(rows[0], rows[1]))
        else:
            clean.append(replace(block, text=bare(block.text)))
    return clean


def plain_text(blocks: list[Block], style: Style, rng: random.Random) -> str:
    """The blocks as text; figures are still marked."""
    lines: list[str] = []
    for block in blocks:
        if isinstance(block, Table):
            lines += _flattened(block)
        else:
            text = block.text
            if isinstance(block, Paragraph) and style.breaks_lines and not block.whole and rng.random() < 0.15:
                text = _broken(text, rng)
            lines += text.split("\n") + [""] * style.blank_lines
    return "\n".join(lines) + "\n"


def _broken(text: str, rng: random.Random) -> str:
    """A line break somewhere between two plain Chinese characters."""
    places = [found.start() + 1 for found in re.finditer(r"[\u4e00-\u9fff](?=[\u4e00-\u9fff])", text)
              if text[:found.start()].count(OPEN) == text[:found.start()].count(CLOSE)]
    inner = [place for place in places if 12 < place < len(text) - 4]
    if not inner:
        return text
    place = rng.choice(inner)
    return text[:place] + "\n" + text[place:]


def grid(lines: tuple[tuple[Cell, ...], ...]) -> list[list[Cell | None]]:
    """The cells that begin in each row, in order; None where one from above or merged rows goes on."""
    covered: dict[tuple[int, int], bool] = {}
    result: list[list[Cell | None]] = []
    for number, line in enumerate(lines):
        found: list[Cell | None] = []
        column = 0
        waiting = list(line)
        while waiting or (number, column) in covered:
            if (number, column) in covered:
                if covered[number, column]:
                    found.append(None)
                column += 1
                continue
            cell = waiting.pop(0)
            found.append(cell)
            for down in range(1, cell.rows):
                for right in range(cell.columns):
                    covered[number + down, column + right] = right == 0
            column += cell.columns
        result.append(found)
    return result


def _flattened(table: Table) -> list[str]:
    lines: list[str] = [""]
    for part in (table.header, table.rows):
        for found in grid(part):
            for cell in found:
                lines += ("\t" + (cell.text if cell else "")).split("\n")
            lines.append("")
    return lines


def placed(text: str, figures: list[PrintedFigure]) -> tuple[str, list[PrintedFigure]]:
    """The text without marks, and the figures that stand in it with line and column, in their order."""
    found: list[PrintedFigure] = []
    lines: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        clean, end = "", 0
        for match in MARKED.finditer(line):
            clean += line[end:match.start()]
            found.append(replace(figures[int(match[1])], line=number, column=len(clean) + 1))
            clean += match[2]
            end = match.end()
        lines.append(clean + line[end:])
    return "\n".join(lines), found
