"""The first sheet of our workbook to fill in: what the source is called, its date, and which sheets are complete.

`outputs.template` writes it with the words that stand here, so that what is written is what is read.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from auditkb.dictionary import RecordType, normalise_header
from auditkb.errors import Fault, KnowledgeBaseError, Text
from auditkb.sources.declaration import Because, Coverage, Declaration, Words
from auditkb.sources.sheets import Row, Sheet, column_letter
from auditkb.texts import Unreadable
from auditkb.values import read_date, read_flag, read_integer

SHEET, CHOICES_SHEET = Text("填写说明", "Guide"), Text("选项", "Choices")
TITLE, DATE = Text("资料名称", "Title of this workbook"), Text("资料日期", "Date of this workbook")
COLUMNS = {
    "covers": Text("记录类型", "Record type"),
    "complete": Text("是否完整", "Complete"),
    "fiscal_year": Text("年度", "Year"),
    "department": Text("部门", "Department"),
    "because": Text("依据", "Grounds"),
}
Value = TypeVar("Value")
_BECAUSE_FILLED = Text("模板中已填写的表按完整计", "a sheet of the template that is filled in counts as complete")
_BECAUSE_SAID = Text("模板“填写说明”注明", "said in the guide of the template")


@dataclass
class Guide:
    """What the guide says: title, date, and rows of the table of completeness; faults with their cells."""

    sheets: list[Sheet]
    title: str | None = None
    date: datetime.date | None = None
    coverage: list[Coverage] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def declaration(self, other: Declaration) -> Declaration:
        """The declaration of a file by itself, with what the guide says."""
        title = Words(zh=self.title, en=self.title) if self.title else other.title
        return other.model_copy(update={"title": title, "date": self.date or other.date, "coverage": [*other.coverage, *self.coverage]})


def read_guide(sheets: Sequence[Sheet], find_type: Callable[[str], RecordType | None]) -> Guide | None:
    """The guide of our own workbook, found by its table of completeness, and the sheets that hold records; None for another's."""
    guides = [sheet for sheet in sheets if normalise_header(sheet.type_name) in (normalise_header(SHEET.zh), normalise_header(SHEET.en))]
    if len(guides) != 1:
        return None
    reader = _Reader(guides[0], find_type)
    if not reader.found:
        return None
    own = {normalise_header(words) for text in (SHEET, CHOICES_SHEET) for words in (text.zh, text.en)}
    guide = Guide([sheet for sheet in sheets if normalise_header(sheet.type_name) not in own], reader.title, reader.date, faults=reader.faults)
    filled = {record_type.type for sheet in guide.sheets if _has_rows(sheet) and (record_type := find_type(sheet.type_name)) is not None}
    guide.coverage = [entry for entry in (line.entry(filled) for line in reader.lines) if entry is not None]
    return guide


def _has_rows(sheet: Sheet) -> bool:
    try:
        rows = sheet.rows()
        next(rows, None)
        return next(rows, None) is not None
    except KnowledgeBaseError:
        return False


@dataclass
class _Line:
    """One row of the table of completeness."""

    type: str
    complete: bool | None
    fiscal_year: int | None
    department: str | None
    because: str | None

    def entry(self, filled: set[str]) -> Coverage | None:
        """As a statement of coverage; None for a sheet without records of which nothing is said."""
        if self.complete is None and self.type not in filled:
            return None
        because = _BECAUSE_FILLED if self.complete is None else _BECAUSE_SAID
        words = Because(zh=self.because or because.zh, en=self.because or because.en)
        return Coverage(covers=self.type, fiscal_year=self.fiscal_year, department=self.department, complete=self.complete is not False, because=words)


class _Reader:
    def __init__(self, sheet: Sheet, find_type: Callable[[str], RecordType | None]):
        self._sheet, self._find_type = sheet, find_type
        self.title: str | None = None
        self.date: datetime.date | None = None
        self.lines: list[_Line] = []
        self.faults: list[Fault] = []
        self.found = False
        rows = sheet.rows()
        columns = self._columns(rows)
        if columns is not None:
            self.found = True
            for row in rows:
                self._line(row, columns)

    def _columns(self, rows: Iterator[Row]) -> dict[str, int] | None:
        """Reads down to the header of the table; the title and the date stand above it."""
        for row in rows:
            cells = [normalise_header(cell) for cell in row.cells]
            places = {name: cells.index(words) for name, text in COLUMNS.items() for words in map(normalise_header, (text.zh, text.en)) if words in cells}
            if len(places) == len(COLUMNS):
                return places
            if len(row.cells) > 1 and row.cells[1].strip():
                if cells[0] in map(normalise_header, (TITLE.zh, TITLE.en)):
                    self.title = row.cells[1].strip()
                elif cells[0] in map(normalise_header, (DATE.zh, DATE.en)):
                    self.date = self._read(read_date, row, 1)
        return None

    def _line(self, row: Row, columns: dict[str, int]) -> None:
        texts = {name: row.cells[place].strip() if place < len(row.cells) else "" for name, place in columns.items()}
        if not texts["covers"]:
            if any(texts.values()):
                self._fault(row, columns["covers"], Text("没有写记录类型", "the record type is missing"), Text("在这一行填写记录类型，或清空这一行", "write the record type, or clear the row"))
            return
        record_type = self._find_type(texts["covers"])
        if record_type is None:
            self._fault(row, columns["covers"], Text(f"“{texts['covers']}”不是记录类型", f'"{texts["covers"]}" is not a record type'), Text("写工作表的名称", "write the name of a sheet"))
            return
        complete = self._read(read_flag, row, columns["complete"]) if texts["complete"] else None
        year = self._read(lambda text: read_integer(text, "year"), row, columns["fiscal_year"]) if texts["fiscal_year"] else None
        self.lines.append(_Line(record_type.type, complete, year, texts["department"] or None, texts["because"] or None))

    def _read(self, read: Callable[[str], Value], row: Row, position: int) -> Value | None:
        try:
            return read(row.cells[position].strip())
        except Unreadable as refused:
            self._fault(row, position, refused.reason, refused.advice)
            return None

    def _fault(self, row: Row, position: int, text: Text, hint: Text) -> None:
        cell = f"{column_letter(position)}{row.number}"
        self.faults.append(Fault(Text(f"{cell}：{text.zh}", f"{cell}: {text.en}"), self._sheet.place, hint=hint))
