"""The one form of a report, whatever file it came in: sections by their numbering, with paragraphs and tables in order.

Readers of a format give lines and grids (`lines`), `structure` makes a `Document` of them. Everything keeps its place.
Numbers of sections are normalised (`（一）`, `1`, `（1）`, `①`), so that spelled variants and file formats give the same ids.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from auditkb.errors import Text


@dataclass(frozen=True, order=True)
class Place:
    """Where something stands: line of a text file, or running block of a page format; page of a PDF; all from 1.

    `offset` counts characters from the start of the paragraph or cell (from 0).
    """

    line: int
    page: int | None = None
    offset: int = 0
    counts: str = "line"  # what `line` counts: "line" of the file or the page, or "block" (paragraph or table) of docx and html

    @property
    def text(self) -> Text:
        """The place in words."""
        zh, en = ("第{}行", "line {}") if self.counts == "line" else ("第{}段", "block {}")
        page = Text(f"第{self.page}页", f"page {self.page}, ") if self.page is not None else Text("", "")
        return page + Text(zh.format(self.line), en.format(self.line))

    def at(self, offset: int) -> Place:
        """The same place, `offset` characters further on."""
        return Place(self.line, self.page, self.offset + offset, self.counts)


@dataclass(frozen=True)
class Paragraph:
    """One paragraph. A heading, and a numbered paragraph with its number, is a paragraph of the section that it opens."""

    text: str
    place: Place
    section: str  # id of the section
    number: int  # running number among all blocks of the document, from 1
    is_heading: bool = False


@dataclass(frozen=True)
class Cell:
    """One cell of a table; None is a blank."""

    text: str | None
    place: Place


@dataclass(frozen=True)
class Table:
    """One table. `columns` has one path of header words a column, from the top down, without line breaks.

    `rows` are the rows below the header, each as wide as `columns`; continuation over pages is joined, repeated headers
    are left out. `notes` are rows that belong to no column: a caption or a sum that stands over the header.
    """

    id: str
    title: str | None
    unit: str | None  # the unit that stands over the table, as printed: 万元
    columns: tuple[tuple[str, ...], ...]
    rows: tuple[tuple[Cell, ...], ...]
    place: Place
    section: str
    number: int
    header: tuple[tuple[Cell, ...], ...] = ()
    notes: tuple[Paragraph, ...] = ()

    def column(self, *words: str) -> int | None:
        """The first column whose header holds every word, else None."""
        return next((index for index, path in enumerate(self.columns) if all(word in "".join(path) for word in words)), None)

    def label(self, index: int) -> str:
        """The header of a column in one word: 年初预算, or 金额/合计 where it has levels."""
        return "/".join(self.columns[index])


Block = Paragraph | Table


@dataclass(frozen=True)
class Section:
    """One section: `path` are the numbers down to it, `blocks` its own paragraphs and tables without those of its children."""

    id: str  # the path joined by "/": 第一部分/十二/三/（三）/1/（1）; the text before the first number has the id "0"
    number: str  # normalised
    printed: str  # as printed: "（一）、"
    level: int  # 0 for the text before the first number, else the length of the path
    title: str
    path: tuple[str, ...]
    parent: str | None
    place: Place
    blocks: tuple[Block, ...] = ()

    @property
    def cited(self) -> str:
        """As people cite it within its part, from the last 一、 to 十、 downwards: 三（三）1（1）."""
        return "".join(self.path[self.cited_from:]) or self.id

    @property
    def cited_from(self) -> int:
        """Index in `path` of the innermost number such as 三."""
        main = [index for index, number in enumerate(self.path) if is_main_number(number)]
        return main[-1] if main else 0

    @property
    def paragraphs(self) -> tuple[Paragraph, ...]:
        """Its own paragraphs, the heading first."""
        return tuple(block for block in self.blocks if isinstance(block, Paragraph))

    @property
    def text(self) -> str:
        """Its own paragraphs as text."""
        return "\n".join(paragraph.text for paragraph in self.paragraphs)


def is_main_number(number: str) -> bool:
    """Whether a normalised number is a bare Chinese numeral, as in 三、."""
    return bool(number) and all(character in "一二三四五六七八九十百" for character in number)


@dataclass(frozen=True)
class Document:
    """A whole report. Sections are in the order of the text, so that children follow their parent."""

    file: str
    format: str  # "txt", "docx", "html" or "pdf"
    title: str
    sections: tuple[Section, ...]
    sha256: str = ""
    _by_id: dict[str, Section] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._by_id.update({section.id: section for section in self.sections})

    def section(self, identifier: str) -> Section:
        """The section of an id."""
        return self._by_id[identifier]

    def children(self, identifier: str) -> list[Section]:
        """The sections right below one."""
        return [section for section in self.sections if section.parent == identifier]

    def below(self, identifier: str) -> list[Section]:
        """A section and all below it, in order."""
        return [section for section in self.sections if section.id == identifier or section.id.startswith(identifier + "/")]

    @property
    def blocks(self) -> Iterator[Block]:
        """All paragraphs and tables in order."""
        return (block for section in self.sections for block in section.blocks)

    @property
    def paragraphs(self) -> list[Paragraph]:
        """All paragraphs in order; those of tables (`notes`) are not among them."""
        return [block for block in self.blocks if isinstance(block, Paragraph)]

    @property
    def tables(self) -> list[Table]:
        """All tables in order."""
        return [block for block in self.blocks if isinstance(block, Table)]
