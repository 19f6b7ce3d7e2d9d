"""Rows below records, gathered once for all rules: a table of figures by the record that the rows hang under.

The figures do not depend on the record, so every rule that asks for one finds it there, whatever type it checks.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from auditkb.compiler import sqlite
from auditkb.compiler.pipeline import LONG, Columns
from auditkb.compiler.rows_frame import Total, levels_of, rows_source
from auditkb.dictionary import Dictionary

Downs = tuple[tuple[str, str], ...]


@dataclass
class ChildRows:
    """The rows reached by some steps down, and every figure that somebody asks of them."""

    downs: Downs
    table: str
    levels: list[Columns]
    lines: dict[str, str] = field(default_factory=dict)
    """SQL of what a row gives -> its column."""
    figures: dict[str, str] = field(default_factory=dict)
    """SQL of a figure -> its column."""

    def line(self, text: str) -> str:
        """The column of what each row gives."""
        if text in ("0", "1"):
            return text
        return self.lines.setdefault(text, f"e{len(self.lines)}")

    def figure(self, total: Total) -> str:
        """The column of a figure."""
        return self.figures.setdefault(total.grouped, f"f{len(self.figures)}")

    def columns(self) -> list[str]:
        """The columns of the table: the key of the record above, and the figures."""
        return ["p", *self.figures.values()]

    def select(self) -> str:
        """The rows of the table."""
        link = f'"1.{self.downs[0][1]}"'
        lines = "".join(f",\n    {text} AS {name}" for text, name in self.lines.items())
        kept = sqlite.KEEP if any(len(text) > LONG for text in self.lines) else ""
        figures = "".join(f",\n  {text} AS {name}" for text, name in self.figures.items())
        return f"SELECT p{figures}\nFROM (SELECT {link} AS p{lines}\n  FROM {rows_source(self.levels, self.downs)}\n  WHERE {link} IS NOT NULL{kept})\nGROUP BY p"


class Children:
    """All such tables of a run."""

    def __init__(self, dictionary: Dictionary):
        self.dictionary = dictionary
        self.tables: dict[Downs, ChildRows] = {}

    def below(self, downs: Downs) -> ChildRows:
        """The table of the rows reached by `downs`."""
        if downs not in self.tables:
            self.tables[downs] = ChildRows(downs, f"auditkb_rows_{len(self.tables)}", levels_of(self.dictionary, downs))
        return self.tables[downs]
