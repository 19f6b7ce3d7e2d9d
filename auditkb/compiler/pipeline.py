"""The stages through which a record passes: its own fields, then one stage (a CTE) for each let and each aggregate.

Every stage selects all columns of the one before and adds its own, so a column once made can be used by every later
expression. Columns are named as the rule names them ("contract.signed_on"), which keeps the stored SQL readable; columns
of rows k steps down are prefixed with k ("1.amount"), so that no name is ever ambiguous.
"""

from __future__ import annotations

import re
from collections import Counter

from auditkb.compiler import sqlite
from auditkb.dictionary import Dictionary


_OWN = "\0"
"""Where the columns of the stage before stand in the SQL of a stage, until it is known which are needed."""
_ALWAYS = ("_id", "_key", "_department")
_QUOTED = re.compile('"([^"]+)"')
_DEAR = re.compile(r"ROUND\(|julianday\(|date\(|working_calendar")
"""What takes SQLite longer than to hand the columns of a stage on."""
ONCE = 2
"""How often a column is named in all stages if one of them uses it once: where it is made, and there."""
LONG = 240
"""Characters from which a column's expression is computed once instead of being written out at each use."""


class Columns:
    """Which columns of a record type, and of the rows above it, somebody needs; written as one SELECT."""

    def __init__(self, dictionary: Dictionary, record_type: str, *, prefix: str = "", source: str | None = None):
        self.dictionary = dictionary
        self.record_type = record_type
        self.prefix = prefix
        self.source = source or f"{sqlite.name(record_type)} AS r"
        self.where = ""
        """Which rows are meant, as SQL; all where it is empty."""
        self.kept = False
        """Whether SQLite is to find these rows once, however often they are used."""
        self.columns: dict[str, str] = {}
        self.joins: dict[tuple[str, ...], str] = {}

    def type_at(self, ups: tuple[str, ...]) -> str:
        """The record type reached by following references."""
        record_type = self.record_type
        for step in ups:
            record_type = self.dictionary[record_type].fields[step].type
        return record_type

    def column(self, ups: tuple[str, ...], name: str) -> str:
        """The quoted column of a field of the row, or of a row above it."""
        alias = self.prefix + ".".join((*ups, name))
        if alias not in self.columns:
            self.columns[alias] = f"{self._owner(ups)}.{sqlite.name(name)}"
        return sqlite.name(alias)

    def _owner(self, ups: tuple[str, ...]) -> str:
        if not ups:
            return "r"
        alias = sqlite.name(".".join(ups))
        if ups not in self.joins:
            above = self._owner(ups[:-1])
            self.joins[ups] = (f"LEFT JOIN {sqlite.name(self.type_at(ups))} AS {alias}"
                               f" ON {alias}.key = {above}.{sqlite.name(ups[-1])}")
        return alias

    def select(self, indent: str = "  ", needed: set[str] | None = None) -> str:
        """The SELECT of every column asked for, or of those that are `needed`."""
        columns = f",\n{indent}  ".join(f"{text} AS {sqlite.name(alias)}" for alias, text in self.columns.items() if needed is None or alias in needed)
        joins = "".join(f"\n{indent}{join}" for join in self.joins.values())
        where = f"\n{indent}WHERE {self.where}" if self.where else ""
        return f"SELECT {columns}\n{indent}FROM {self.source}{joins}{where}{sqlite.KEEP if self.kept else ''}"


class Pipeline:
    """Stages over the rows of one record type.

    `is_within`: the stages are those of a single record, inside a query around them that has its columns as `b`.
    """

    def __init__(self, base: Columns, label: str, identity: str = "r.key", *, is_within: bool = False):
        """`label` begins the names of the CTEs; `identity` is the SQL that names a row of the first stage."""
        self.base = base
        self.is_within = is_within
        self.looks_up = False
        """Whether a stage searches rows for each record of the query around."""
        self.label = label
        self.base.columns["_id"] = identity
        self.base.columns["_key"] = "r.key"
        self.steps: list[tuple[str, str]] = []
        self._before: dict[str, tuple[str, int]] = {}
        """For each stage what it calls the one before, and how many columns all stages before have added."""
        self._dear: dict[str, list[str]] = {}
        """The columns of a stage that are dear to compute, unless the stage is kept anyhow."""
        self.added: list[str] = []
        self._second: tuple[int, int] | None = None
        """How many steps and columns there are before the second part, if there is one."""
        self.current = f"{label}0"
        self._number = 0

    def begin_second(self) -> None:
        """Let the stages that follow stand in a query of their own, inside the last one so far, which they call `a`."""
        self._second = (len(self.steps), len(self.added))
        self.label, self.current = "t", "t0"

    def add_cte(self, kind: str, body: str) -> str:
        """Add a CTE that is not a stage (an aggregate's groups); gives its name."""
        self._number += 1
        name = f"{self.label}{kind}{self._number}"
        self.steps.append((name, body))
        return name

    def add_stage(self, columns: list[tuple[str, str]], source: str = "", *, kept: bool | None = None) -> None:
        """Add a stage with new columns (name, SQL over the columns so far; `s.` is the stage before).

        `source` is what is joined to the stage before, or, beginning with FROM, a select of it as `g` with more.
        SQLite writes a stage's expressions into every later use of its columns; long ones multiply. `kept` makes it
        compute the columns once a row instead, as is done for long expressions where nothing is said.
        """
        self._number += 1
        kept = any(len(text) > LONG for _, text in columns) if kept is None else kept
        added = "".join(f",\n    {text} AS {sqlite.name(name)}" for name, text in columns)
        is_select = source.lstrip().startswith("FROM")
        rest = source if is_select else f"\n  FROM {self.current} AS s{source}"
        self.current = f"{self.label}{self._number}"
        dear = [name for name, text in columns if self.is_within and not kept and _DEAR.search(text)]
        if dear:
            self._dear[self.current] = dear
        self._before[self.current] = ("g" if is_select else "s", len(self.added))
        self.steps.append((self.current, f"SELECT {_OWN}{added}{rest}{sqlite.KEEP if kept else ''}"))
        self.added += [name for name, _ in columns]

    def of_record(self, column: str) -> str:
        """A quoted column of the current stage `s`, with the name of what it comes from."""
        if self.is_within and column[1:-1] in self.base.columns:
            return f"b.{column}"
        return f"s.{column}" if column[1:-1] in self.in_reach() or not self.is_within else f"a.{column}"

    def in_reach(self) -> list[str]:
        """The columns of the current stage that it has from stages before it."""
        return self.added[self._second[1] if self._second is not None else 0:]

    def ctes(self, wanted: str | None = None) -> list[tuple[str, str]]:
        """Every CTE in order, the first stage in front. `wanted`: SQL over the last stage, if no other columns are wanted."""
        needed = {*_ALWAYS, *_names(wanted)} if wanted is not None else None
        uses = Counter(_QUOTED.findall(" ".join(body for _, body in self.steps))) if self._dear else Counter()
        kept = {stage for stage, names in self._dear.items() if any(uses[name] > ONCE for name in names)}
        found: list[tuple[str, str]] = []
        for name, body in reversed(self.steps):
            if name in self._before:
                body = self._stage(name, body, needed) + (sqlite.KEEP if name in kept else "")
            if needed is not None:
                needed |= _names(body)
            found.append((name, body))
        first = 'SELECT 1 AS "_"' if self.is_within else self.base.select(needed=needed)
        return [("s0" if self._second is not None else f"{self.label}0", first), *reversed(found)]

    def parts(self, wanted: str) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """The CTEs of the first and of the second part, if that has begun; `wanted`: SQL over the last stage."""
        found = self.ctes(wanted)
        if self._second is None:
            return found, []
        steps = 1 + self._second[0]
        return found[:steps], [("t0", 'SELECT 1 AS "_"'), *found[steps:]]

    def _stage(self, name: str, body: str, needed: set[str] | None) -> str:
        """A stage with the columns that it takes from the one before; only those that are `needed` after it."""
        before, number = self._before[name]
        if needed is None and before == "s":
            return body.replace(_OWN, "s.*", 1)
        start = self._second[1] if self._second is not None and number >= self._second[1] and name.startswith("t") else 0
        columns = [*([] if self.is_within else self.base.columns), *self.added[start:number]]
        own = [f"{before}.{sqlite.name(column)}" for column in columns if needed is None or column in needed]
        return body.replace(_OWN, ", ".join(own) or 'NULL AS "_"', 1)


def _names(text: str) -> set[str]:
    return set(_QUOTED.findall(text))
