"""Many rules of one record type decided by one statement, which reads each record once.

The statement selects a column for each rule: a query without a table of its own, about the columns of the record around
it. Rows below the record are found in tables that all rules share (`children`). A rule that looks at peers takes part for
the records that have none; what needs the record's rows one by one in other ways stays a statement of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from auditkb.compiler import sqlite
from auditkb.compiler.children import Children
from auditkb.compiler.column import NOT_EVALUATED, Column
from auditkb.compiler.peers import group_columns
from auditkb.compiler.pipeline import Columns
from auditkb.compiler.rows_within import NotTogether
from auditkb.dictionary import Dictionary
from auditkb.rules.checked import Rule

MOST_JOINS = 40
"""SQLite joins 64 tables at most."""
LONGEST = 400_000
"""Characters of one statement; some SQLite take no more than a million."""


@dataclass
class Together:
    """Rules of one record type that are decided by one statement."""

    dictionary: Dictionary
    record_type: str
    as_of: str
    children: Children
    base: Columns = field(init=False)
    columns: dict[str, str] = field(default_factory=dict)
    """Rule id -> SQL of its outcome as one value; NULL where the record has peers."""
    looks_up: bool = False
    """Whether rows are searched for each record, and not found in a table for all rules."""

    def __post_init__(self) -> None:
        self.base = Columns(self.dictionary, self.record_type)
        self.base.columns |= {"_id": "r.key", "_key": "r.key"}
        self.base.column((), "_department")

    def has_room(self, other: Together) -> bool:
        """Whether the rules of another statement can be decided here.

        A table that is searched anew for each record is opened anew, which takes SQLite the longer the more are open: a rule
        that does so stays by itself.
        """
        length = sum(len(text) for text in (*self.columns.values(), *other.columns.values()))
        return (not self.looks_up and not other.looks_up and len(self.base.joins) + len(other.base.joins) <= MOST_JOINS
                and length <= LONGEST)

    def add(self, rule: Rule) -> None:
        """Decide this rule too; raises NotTogether if it cannot be."""
        without_peers = None
        if rule.peers is not None:
            told = group_columns(rule.peers, rule.assumptions, self.base)
            if told is None:
                raise NotTogether
            without_peers = " OR ".join(f"b.{column} IS NULL" for column in told)
        text = self._column(rule, assumed=False)
        if rule.has_assumptions:
            text = (f"(SELECT CASE WHEN substr(\"?recorded\", 1, 1) = '{NOT_EVALUATED}' THEN {self._column(rule, assumed=True)}\n"
                    f"  ELSE \"?recorded\" END FROM (SELECT {text} AS \"?recorded\"{sqlite.KEEP}))")
        self.columns[rule.id] = text if without_peers is None else f"CASE WHEN {without_peers} THEN {text} END"

    def _column(self, rule: Rule, *, assumed: bool) -> str:
        statement = Column(rule, self.dictionary, self.as_of, assumed=assumed, some=False, why=True, grouped=None if rule.peers is None else False,
                           within=(self.base, self.children))
        text = statement.column()
        self.looks_up = self.looks_up or statement.pipeline.looks_up
        return text

    def select(self) -> str:
        """Key, department, and the outcome by each rule, of every record."""
        columns = "".join(f",\n{text}" for text in self.columns.values())
        return f"SELECT b.\"_key\", b.\"_department\"{columns}\nFROM ({self.base.select()}) AS b"


def decide_together(rules: list[Rule], dictionary: Dictionary, as_of: str, children: Children) -> list[Together]:
    """As few statements as can be; rules that need one of their own are in none of them."""
    found: dict[str, list[Together]] = {}
    for rule in rules:
        tried = Together(dictionary, rule.checks, as_of, Children(dictionary))
        try:
            tried.add(rule)
        except NotTogether:
            continue
        statements = found.setdefault(rule.checks, [])
        statement = next((one for one in statements if one.has_room(tried)), None)
        if statement is None:
            statement = Together(dictionary, rule.checks, as_of, children)
            statements.append(statement)
        statement.add(rule)
    return [statement for statements in found.values() for statement in statements]
