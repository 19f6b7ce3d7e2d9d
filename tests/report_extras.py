"""What makes a whole report harder to read without changing what it states: a table of contents, a table in two parts,
one cell for all rows of a department."""

from __future__ import annotations

import random
from itertools import groupby

from tests.report_blocks import Block, Cell, Heading, Paragraph, Table, bare


def with_contents(blocks: list[Block], rng: random.Random) -> list[Block]:
    """A table of contents with page numbers behind the title."""
    leader = rng.choice(["……", "...........", "\u3000"])
    lines = [Paragraph(f"{bare(block.text)}{leader}{page}", whole=True)
             for page, block in enumerate(blocks, 2) if isinstance(block, Heading) and block.level == 1]
    return [blocks[0], Paragraph(rng.choice(["目录", "目  录"]), whole=True), *lines, *blocks[1:]] if lines else blocks


def with_continuation(blocks: list[Block], rng: random.Random) -> list[Block]:
    """The longest table in two parts, with its header again over the second."""
    tables = [block for block in blocks if isinstance(block, Table) and len(block.header) == 1 and len(block.rows) > 8]
    if not tables:
        return blocks
    longest = max(tables, key=lambda table: len(table.rows))
    cut = rng.randrange(3, len(longest.rows) - 2)
    while cut < len(longest.rows) and _is_covered(longest.rows, cut):
        cut += 1
    parts = [Table(longest.header, longest.rows[:cut]), Paragraph(rng.choice(["续表", "（续表）", "续表1"]), whole=True),
             Table(longest.header, longest.rows[cut:])]
    return [part for block in blocks for part in (parts if block is longest else [block])]


def _is_covered(rows: tuple[tuple[Cell, ...], ...], number: int) -> bool:
    """Whether a merged cell of a row above reaches into this row."""
    return any(above + cell.rows > number for above in range(number) for cell in rows[above])


def merged_departments(rows: list[tuple[Cell, ...]], column: int) -> list[tuple[Cell, ...]]:
    """Neighbouring rows of one department with one cell for all."""
    merged: list[tuple[Cell, ...]] = []
    for _, group in groupby(rows, key=lambda line: line[column].text):
        first, *others = list(group)
        name = Cell(first[column].text, rows=len(others) + 1)
        merged.append((*first[:column], name, *first[column + 1:]))
        merged += [(*line[:column], *line[column + 1:]) for line in others]
    return merged
