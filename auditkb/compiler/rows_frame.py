"""The names inside an aggregate: columns of its rows and of the record that it is about, and why a row's field is empty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditkb.compiler import sqlite
from auditkb.compiler.pipeline import Columns
from auditkb.compiler.translate import blank
from auditkb.compiler.values import Value
from auditkb.dictionary import Dictionary
from auditkb.expressions.tree import Aggregate, ChildLetName, Field, LetName, Missing, Node, Parameter, Rows

if TYPE_CHECKING:
    from auditkb.compiler.row_compiler import RowCompiler


def state_word(states: str, name: str) -> str:
    """SQL of the word for why a field is empty, by its state."""
    words = "".join(f" WHEN {sqlite.state(states, name, state)} THEN '{word}'" for state, word in (
        ("blank_in_document", "blank"), ("illegible", "illegible"), ("unreadable", "unreadable"), ("disputed", "disputed"),
        ("other_currency", "other_currency"), ("not_required", "not_required")))
    return f"CASE WHEN {states} IS NULL THEN 'missing'{words} ELSE 'missing' END"


@dataclass(frozen=True)
class Total:
    """One figure over rows: a function of what each row gives that is counted.

    A row is the columns _t (whether it passes the filter), _v (its operand), _b (whether that is blank, so known) and,
    for each reason, _u0 … and _w0 …
    """

    name: str
    function: str
    when: str
    text: str
    opens: bool = False
    """Whether it is about the rows that open the aggregate."""

    @property
    def grouped(self) -> str:
        """The figure over a group."""
        inside = f"CASE WHEN {self.when} THEN {self.text} END"
        return f"COUNT(DISTINCT {inside})" if self.function == "DISTINCT" else f"{self.function}({inside})"


def levels_of(dictionary: Dictionary, downs: tuple[tuple[str, str], ...]) -> list[Columns]:
    """The columns of the rows of each step down: at first their keys, and the references by which they hang."""
    levels = []
    for number, (child, link) in enumerate(downs, 1):
        level = Columns(dictionary, child, prefix=f"{number}.")
        level.column((), "key")
        level.column((), link)
        levels.append(level)
    return levels


def rows_source(levels: list[Columns], downs: tuple[tuple[str, str], ...], on: str = "") -> str:
    """The rows as something to select from; `on` is the condition that joins the first step to the record."""
    text = f"({levels[0].select('      ')}) AS d1{on}"
    for number, level in enumerate(levels[1:], 2):
        text += f"\n    LEFT JOIN ({level.select('      ')}) AS d{number} ON \"{number}.{downs[number - 1][1]}\" = \"{number - 1}.key\""
    return text


class RowsFrame:
    """Names inside an aggregate: its rows at level 1 and below, the record's own stage at level 0.

    With `in_place` each record is looked at as the peer that it is of others: its columns are those of the stage.
    """

    def __init__(self, compiler: RowCompiler, rows: Rows, *, in_place: bool = False, levels: list[Columns] | None = None):
        self.compiler = compiler
        self.rows = rows
        self.in_place = in_place
        self.uses_row = False
        self.fields: dict[Field, str] = {}
        self.row_nodes: dict[Node, None] = {}
        self.compared: list[tuple[str, str]] = []
        self.asked_blank: dict[Field, str] = {}
        self.joins: list[str] = []
        self.inner: list[str] = []
        self.levels = levels or []
        self.peer_columns: dict[str, str] = {"1._id": '"_id"'}
        if rows.peers is None and not self.levels:
            self.levels = levels_of(compiler.dictionary, rows.downs)

    def field(self, item: Field, *, folded: bool = False) -> str:
        """Column of a field at any level."""
        if item.level == 0:
            self.uses_row = True
            self.row_nodes[item] = None
            return self.compiler.field(item, folded=folded)
        column = self._column(item.level, item.ups, f"_folded_{item.name}" if folded else item.name, item)
        self.fields[item] = column
        return column

    def _column(self, level: int, ups: tuple[str, ...], name: str, item: Field | None = None) -> str:
        if self.rows.peers is None:
            return self.levels[level - 1].column(ups, name)
        plain = Field(0, ups, name, item.kind, ".".join((*ups, name))) if item is not None and not name.startswith("_") else None
        column = self.compiler.field(plain) if plain is not None else self.compiler.column(ups, name)
        return self.peer(column)

    def peer(self, column: str) -> str:
        """The same column of the peer."""
        if self.in_place:
            return column
        alias = "1." + column[1:-1].replace('""', '"')
        self.peer_columns[alias] = column
        return sqlite.name(alias)

    def recorded(self, item: Field) -> str:
        """Column of a field as it was recorded."""
        if item.level == 0:
            self.uses_row = True
            self.row_nodes[item] = None
            return self.compiler.recorded(item)
        column = self._column(item.level, item.ups, item.name)
        self.asked_blank[item] = column
        return column

    def reason(self, item: Field) -> str:
        """SQL of why a field of a row has no value: the first reference that leads nowhere, or its own state."""
        steps = item.path.split(".")
        start = len(steps) - len(item.ups) - 1
        text = ""
        for index, step in enumerate(item.ups):
            path = ".".join(steps[: start + index + 1])
            above = item.ups[:index]
            word = state_word(self._column(item.level, above, "_states"), step)
            text += f" WHEN {self._column(item.level, above, step)} IS NULL THEN {word} || {sqlite.literal(':' + path)}"
            text += f" WHEN {self._column(item.level, item.ups[: index + 1], 'key')} IS NULL THEN {sqlite.literal('no_related:' + path)}"
        own = f"{state_word(self.states(item), item.name)} || {sqlite.literal(':' + item.path)}"
        return f"CASE{text} ELSE {own} END" if text else own

    def states(self, item: Field) -> str:
        """Column of the states of the row that a field belongs to."""
        if item.level == 0:
            return self.compiler.states(item)
        return self._column(item.level, item.ups, "_states")

    def let(self, item: LetName) -> Value:
        """A let of the record, or of a peer."""
        if item.level == 0:
            self.uses_row = True
            self.row_nodes[item] = None
            return self.compiler.let(item)
        own = self.compiler.let(LetName(item.name, item.kind))
        if self.compiler.context.why:
            why = self.peer(self.compiler.let_reasons(item))
            for kind in ("missing", "blank", "illegible", "unreadable", "disputed", "other_currency", "not_required", "no_related"):
                why = f"replace({why}, '{kind}:', '{kind}:{self.rows.peers}.')"
            self.inner.append(why)
        parts = [None if part is None else self.peer(part) for part in (own.low, own.high, own.none)]
        return Value(parts[0] or "NULL", parts[1], parts[2])

    def child_let(self, item: ChildLetName) -> Value:
        """A let computed for each child row, from a CTE of its own."""
        cte, own, why, paired = self.compiler.child_let_cte(item, self.rows)
        alias = f"k{len(self.joins)}"
        key = f'"{item.level}.key"'
        self.uses_row = self.uses_row or paired
        on = f"s._id || char(31) || {key}" if paired else key
        # The CTE has the child's own columns too: only these come out, under names that nothing else has.
        named = {part: f'"{alias}.{part.strip(chr(34))}"' for part in ('"_id"', why, own.low, own.high, own.none) if part is not None}
        columns = ", ".join(f"{part} AS {name}" for part, name in named.items())
        self.joins.append(f"LEFT JOIN (SELECT {columns} FROM {cte}) AS {alias} ON {named[chr(34) + '_id' + chr(34)]} = {on}")
        if self.compiler.context.why:
            self.inner.append(named[why])
        parts = [None if part is None else named[part] for part in (own.low, own.high, own.none)]
        return Value(parts[0] or "NULL", parts[1], parts[2])

    def parameter(self, item: Parameter) -> Value:
        """A parameter, as the record has it."""
        found = self.compiler.parameter(item)
        if not self.compiler.is_constant(item):
            self.uses_row = True
            self.row_nodes[item] = None
        return found

    def lists(self, item: Parameter) -> list[tuple[object, ...]]:
        """The lists that a list parameter may be."""
        return self.compiler.lists(item)

    def aggregate(self, item: Aggregate | Missing) -> Value:
        """Never: the checker refuses nested aggregates."""
        raise AssertionError("an aggregate inside an aggregate")

    def as_of(self) -> str:
        """The run's declared day."""
        return self.compiler.as_of()

    def source(self, on: str = "") -> str:
        """The rows as something to select from; `on` is the condition that joins the first step to the record."""
        return rows_source(self.levels, self.rows.downs, on)

    def peers(self) -> str:
        """The peers' columns, as something to select from."""
        columns = ", ".join(f"{text} AS {sqlite.name(alias)}" for alias, text in self.peer_columns.items())
        return f"(SELECT {columns} FROM {self.compiler.pipeline.current}) AS d1"

    def unknown(self) -> list[str]:
        """For each field that is looked at, SQL of why a row that lacks it opens the aggregate."""
        unknown = [f"CASE WHEN {column} IS NULL THEN {self.reason(item)} END" for item, column in list(self.fields.items())]
        # A blank that is asked about as such is known.
        unknown += [f"CASE WHEN {blank(item, self)} IS NULL THEN {self.reason(item)} END"
                    for item in list(self.asked_blank) if item not in self.fields]
        return [*unknown, *(f"CASE WHEN {column} IS NULL THEN {sqlite.literal('missing:peers.' + path)} END" for column, path in self.compared)]
