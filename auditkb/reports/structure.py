"""Lines and grids of a file as a document: numbers open sections, everything else belongs to the section that is open.

A number that follows the last of its style is a sibling; one that begins again at 1 opens a part within a part, so that
a report bound into another keeps its own numbering. Nothing here knows words of a report, except 目录.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from auditkb.reports.document import Block, Document, Paragraph, Place, Section, Table
from auditkb.reports.lines import Grid, Item, Line, join_broken_lines, tidy
from auditkb.reports.numbering import RANK, Number, headings_inside, read_number
from auditkb.reports.tables import is_flattened, rest_of_table, understand, with_merged_names

LONGEST_TITLE = 60
MOST_LEFT_OUT = 5
MOST_BOUND_IN = 3  # reports within reports; further ones stand side by side
_UNIT = re.compile(r"单\s*位\s*[：:]\s*(?:人民币)?\s*(百万元|亿元|千元|万元|元)")
_CONTINUED = re.compile(r"[（(]?\s*续\s*表?\s*[）)]?\s*\d*|[-—–\s]*\d{1,4}[-—–\s]*|第\s*\d+\s*页.*")
_CONTENTS = re.compile(r"目\s*录")


@dataclass
class _Open:
    """A section while it is read."""

    id: str
    number: Number | None
    path: tuple[str, ...]
    title: str
    parent: str | None
    place: Place
    blocks: list[Block] = field(default_factory=list)

    def closed(self, flattened: set[str]) -> Section:
        """The section; in tables of `flattened` names that were merged over rows stand in each of them."""
        blocks = (with_merged_names(block) if isinstance(block, Table) and block.id in flattened else block for block in self.blocks)
        normal, printed = (self.number.normal, self.number.printed) if self.number else ("", "")
        return Section(self.id, normal, printed, len(self.path), self.title, self.path, self.parent, self.place, tuple(blocks))


def build_document(items: Iterable[Item], file: str, file_format: str, sha256: str) -> Document:
    """The document that the items of a file make."""
    builder = _Builder()
    parted = (part for item in items for part in (_parted(item) if isinstance(item, Line) else [item]))
    for item in join_broken_lines(parted, lambda text: read_number(text) is not None):
        if isinstance(item, Grid):
            builder.add_grid(item)
        elif item.text:
            builder.add_line(item.text, item.place)
    sections = tuple(section.closed(builder.flattened) for section in builder.sections if section.blocks)
    first = next((section for section in sections), None)
    title = (first.title or next((paragraph.text for paragraph in first.paragraphs), "")) if first else ""
    return Document(file, file_format, title[:LONGEST_TITLE] or file, sections, sha256)


def _parted(line: Line) -> list[Item]:
    """A line, parted where a heading stands behind the end of its last sentence."""
    cuts = [0, *headings_inside(line.text), len(line.text)]
    return [replace(line, text=line.text[start:end], place=line.place.at(start)) for start, end in zip(cuts, cuts[1:], strict=False)]


class _Builder:
    """Sections in order, with the stack of those that are open."""

    def __init__(self) -> None:
        self.sections = [_Open("0", None, (), "", None, Place(1))]
        self.stack: list[_Open] = []
        self.blocks = 0
        self.times: dict[str, int] = {}  # how often each number stands at its place
        self.contents: tuple[()] | tuple[str, int] | None = None  # within a table of contents: its first number, () before that
        self.flattened: set[str] = set()  # ids of tables of which the format knew no columns

    @property
    def current(self) -> _Open:
        return self.stack[-1] if self.stack else self.sections[0]

    def add_line(self, text: str, place: Place) -> None:
        number = read_number(text)
        if text.endswith("。"):
            self.contents = None  # a sentence is of no table of contents
        if number is not None and self._is_contents(number):
            number = None
        if number is not None and self._opens(number):
            self._open(number, text, place)
        elif _CONTENTS.fullmatch(text):
            self.contents = ()
        self.blocks += 1
        is_heading = number is not None and bool(self.current.title) and text.endswith(self.current.title)
        self.current.blocks.append(Paragraph(tidy(text), place, self.current.id, self.blocks, is_heading))

    def _is_contents(self, number: Number) -> bool:
        """Whether a numbered line is one of the table of contents, which ends where its first number comes again."""
        if self.contents is None:
            return False
        if (number.style, number.value) == self.contents:
            self.contents = None
            return False
        self.contents = self.contents or (number.style, number.value)
        return True

    def _opens(self, number: Number) -> bool:
        last = next((section.number for section in reversed(self.stack) if section.number and section.number.style == number.style), None)
        if last is None and number.style in ("part", "main", "bracketed"):
            return True
        return number.value <= (last.value if last else 0) + MOST_LEFT_OUT

    def _open(self, number: Number, text: str, place: Place) -> None:
        del self.stack[self._depth(number):]
        parent = self.stack[-1] if self.stack else None
        path = (*(parent.path if parent else ()), number.normal)
        identifier = "/".join(path)
        self.times[identifier] = self.times.get(identifier, 0) + 1
        if self.times[identifier] > 1:
            path = (*path[:-1], f"{path[-1]}~{self.times[identifier]}")
            identifier = "/".join(path)
        section = _Open(identifier, number, path, _title(tidy(text[number.length:])), parent.id if parent else None, place)
        self.sections.append(section)
        self.stack.append(section)

    def _depth(self, number: Number) -> int:
        """How many of the open sections stay open."""
        same = [depth for depth, section in enumerate(self.stack) if section.number and section.number.style == number.style]
        for depth in reversed(same):
            before = self.stack[depth].number
            if before is not None and number.value == before.value + 1:
                return depth
        if same:
            last = self.stack[same[-1]].number
            begins_again = number.value == 1 and last is not None and last.value > 1 and len(same) < MOST_BOUND_IN
            return same[-1] + 1 if begins_again else same[-1]
        inner = [depth for depth, section in enumerate(self.stack) if section.number and RANK[section.number.style] < RANK[number.style]]
        return inner[-1] + 1 if inner else 0

    # --- tables

    def add_grid(self, grid: Grid) -> None:
        last = self._table_before()
        rest = rest_of_table(grid, _words_of(last), len(last.columns)) if last is not None else None
        if last is not None and rest is not None:
            self.current.blocks[self.current.blocks.index(last)] = replace(last, rows=(*last.rows, *rest))
            return
        shape = understand(grid)
        if not shape.columns:
            for cell in shape.notes:
                self.add_line(_on_one_line(cell.text), cell.place)
            return
        self.blocks += 1
        identifier = f"{self.current.id}!{1 + sum(isinstance(block, Table) for block in self.current.blocks)}"
        if is_flattened(grid):
            self.flattened.add(identifier)
        title, unit = self._words_over()
        notes = tuple(Paragraph(_on_one_line(cell.text), cell.place, self.current.id, self.blocks) for cell in shape.notes)
        for note in notes:
            found = _UNIT.search(note.text)
            unit = found[1] if found else unit
            title = title or (None if re.search(r"[：:]", note.text) else note.text)
        self.current.blocks.append(Table(identifier, title or self.current.title or None, unit, shape.columns, shape.rows, grid.place,
                                         self.current.id, self.blocks, shape.header, notes))

    def _table_before(self) -> Table | None:
        """The table that only 续表 or a page number parts from here."""
        for block in reversed(self.current.blocks):
            if isinstance(block, Table):
                return block
            if not _CONTINUED.fullmatch(block.text):
                return None
        return None

    def _words_over(self) -> tuple[str | None, str | None]:
        """Title and unit in the short lines right over a table."""
        title, unit = None, None
        for block in reversed(self.current.blocks[-4:]):
            if isinstance(block, Table) or block.is_heading or len(block.text) > LONGEST_TITLE or block.text[-1] in "。；：:":
                break
            found = _UNIT.search(block.text)
            if found:
                unit = unit or found[1]
            elif title is None:
                title = block.text
        return title, unit


def _words_of(table: Table | None) -> set[str]:
    """The words of the header of a table, and of what stands over it, without spaces."""
    if table is None:
        return set()
    texts = [cell.text or "" for row in table.header for cell in row] + [note.text for note in table.notes]
    return {"".join(text.split()) for text in texts}


def _on_one_line(text: str) -> str:
    return "".join(line.strip() for line in text.splitlines())


def _title(text: str) -> str:
    """The heading, or the beginning of a numbered paragraph up to the end of its first sentence."""
    if len(text) <= LONGEST_TITLE and not text.endswith(("。", "；", ";")):
        return text
    first = re.split(r"[。；：:]", text, maxsplit=1)[0]
    return first if len(first) <= LONGEST_TITLE else first[:LONGEST_TITLE - 1] + "…"
