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

    def figure(self, total: Total, *, is_money: bool = False) -> str:
        """The column of a figure; a sum of money is rounded."""
        text = sqlite.cent(total.grouped) if is_money and total.function == "SUM" else total.grouped
        return self.figures.setdefault(text, f"f{len(self.figures)}")

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


@dataclass
class Exempted:
    """The records of a type that any exemption is about; few, so that only these are asked for the one that covers them."""

    record_type: str
    table: str
    links: list[tuple[str, str]]
    """The exemption's reference, and the record's own column that it must equal."""

    def columns(self) -> list[str]:
        """The columns of the table: the key of the record."""
        return ["p"]

    def select(self) -> str:
        """The rows of the table."""
        return "\nUNION ".join(
            f"SELECT r.key FROM {sqlite.name(self.record_type)} AS r WHERE r.{sqlite.name(own)} IN (SELECT e.{sqlite.name(link)} FROM exemption AS e)"
            for link, own in self.links)


@dataclass
class Coverage:
    """What each text of complete types says of the types that are asked about: few texts, and the same for most records."""

    table: str = "auditkb_covered"
    tables: set[str] = field(default_factory=set)
    """Record types whose records are asked."""
    asked: set[str] = field(default_factory=set)
    """Record types about which they are asked."""

    def columns(self) -> list[str]:
        """The columns of the table: the text, and a flag for each type."""
        return ["p", *(sqlite.name(record_type) for record_type in sorted(self.asked))]

    def select(self) -> str:
        """The rows of the table."""
        flags = "".join(f",\n  {sqlite.covered('p', record_type)}" for record_type in sorted(self.asked))
        texts = "\n  UNION ".join(f"SELECT _covered AS p FROM {sqlite.name(table)}" for table in sorted(self.tables))
        return f"SELECT p{flags}\nFROM ({texts})\nWHERE p IS NOT NULL"


class Children:
    """All such tables of a run."""

    def __init__(self, dictionary: Dictionary):
        self.dictionary = dictionary
        self.tables: dict[Downs, ChildRows] = {}
        self.exempted: dict[str, Exempted] = {}
        self.coverage = Coverage()

    def below(self, downs: Downs) -> ChildRows:
        """The table of the rows reached by `downs`."""
        if downs not in self.tables:
            self.tables[downs] = ChildRows(downs, f"auditkb_rows_{len(self.tables)}", levels_of(self.dictionary, downs))
        return self.tables[downs]

    def with_exemptions(self, record_type: str, links: list[tuple[str, str]]) -> Exempted:
        """The table of the records of a type that exemptions are about."""
        return self.exempted.setdefault(record_type, Exempted(record_type, f"auditkb_exempted_{record_type}", links))

    def all(self) -> list[tuple[str, ChildRows | Exempted | Coverage]]:
        """Every table, with what people may call it."""
        below = [(f"{'.'.join(child for child, _ in downs)} ({downs[0][1]})", table) for downs, table in self.tables.items()]
        return [("_covered", self.coverage), *below, *((f"exemption ({record_type})", table) for record_type, table in self.exempted.items())]
