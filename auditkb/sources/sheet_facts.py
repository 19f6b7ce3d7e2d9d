"""What is known of a sheet of a workbook beside the values of its cells."""

from __future__ import annotations

from dataclasses import dataclass, field

from auditkb.errors import Text
from auditkb.sources.sheets import Area, Comment, Problem

IS_AN_ERROR = Text("公式的结果是错误", "the result of the formula is an error")
HAS_NO_RESULT = Text("公式没有算出的结果", "the formula has no computed result")
COMPUTE = Text("用 Excel 或 WPS 打开，等公式算完后保存，再读入", "open the workbook in Excel or WPS, save it once it is computed, and load it again")
MEND = Text("在原表中更正公式", "mend the formula in the sheet")


class UnusualXml(ValueError):
    """The sheet is written as no spreadsheet program writes it."""


class TooMuch(ValueError):
    """The sheet holds more than can be kept in mind."""


@dataclass
class SheetFacts:
    """Rows count from 1, columns from 0. `hidden_rows` and `hidden_columns` are None where they are not known.

    `formats` gives, by column, runs of (first row, last row, style) of the cells whose number format matters; `unread` the
    text and the problem of cells without a value, by row.
    """

    hidden_rows: bytearray | None = None
    hidden_columns: tuple[int, ...] | None = None
    merged: list[Area] = field(default_factory=list)
    formats: dict[int, list[list[int]]] = field(default_factory=dict)
    unread: dict[int, list[tuple[str, Problem]]] = field(default_factory=dict)
    comments: tuple[Comment, ...] = ()
    last_row: int = 0
    last_column: int = -1
    has_values: bool = False
    runs: int = 0

    @property
    def size(self) -> int:
        """How many cells the rectangle from A1 to the last cell has at most."""
        return self.last_row * (self.last_column + 1)

    def is_hidden(self, row: int) -> bool | None:
        """Whether a row is hidden; None where that is not known."""
        return None if self.hidden_rows is None else row < len(self.hidden_rows) and bool(self.hidden_rows[row])

    def hide_row(self, row: int) -> None:
        """Remember a row as hidden."""
        if self.hidden_rows is not None:
            self.hidden_rows.extend(bytes(max(0, row + 1 - len(self.hidden_rows))))
            self.hidden_rows[row] = 1

    def add_format(self, row: int, column: int, style: int) -> None:
        """Remember a cell's style; cells of a column come from above to below."""
        runs = self.formats.setdefault(column, [])
        if runs and runs[-1][2] == style and runs[-1][1] == row - 1:
            runs[-1][1] = row
        else:
            runs.append([row, row, style])
            self.runs += 1
