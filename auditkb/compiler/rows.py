"""Aggregates: the rows below a record, or its peers, gathered once and joined to its stage.

For every aggregate the SQL keeps, beside the figure, whether it is *closed*: every record type on the path is wholly
loaded for the record and no row that passes the filter, or may pass it, has an unknown operand. An open figure is a
bound only (design: open values).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from auditkb.compiler import sqlite
from auditkb.compiler.pipeline import Columns
from auditkb.compiler.translate import blank, truth, value
from auditkb.compiler.values import Value
from auditkb.expressions.tree import (
    MONEY, TEXT, Aggregate, ChildLetName, Field, LetName, Missing, Node, Parameter, Rows,
)
from auditkb.values import fold

if TYPE_CHECKING:
    from auditkb.compiler.row_compiler import RowCompiler


@dataclass
class Gathered:
    """What the stage of an aggregate offers: its columns and why it may be open."""

    name: str
    value: Value
    rows: Rows
    unknown: list[str] = field(default_factory=list)
    """Columns that hold the reason of a row that opened it, one for each field looked at."""
    uncovered: list[tuple[str, str]] = field(default_factory=list)
    """Record types on the path, each with SQL that is true where the type is not wholly loaded."""
    open_rows: str = "0"
    inner: list[str] = field(default_factory=list)
    """Columns with the reasons of lets of the rows."""
    none: str | None = None
    row_nodes: list[Node] = field(default_factory=list)
    """What the filter asks of the record itself."""


class RowsFrame:
    """Names inside an aggregate: its rows at level 1 and below, the record's own stage at level 0."""

    def __init__(self, compiler: RowCompiler, rows: Rows):
        self.compiler = compiler
        self.rows = rows
        self.uses_row = rows.peers is not None
        self.fields: dict[Field, str] = {}
        self.row_nodes: dict[Node, None] = {}
        self.compared: list[tuple[str, str]] = []
        self.asked_blank: dict[Field, str] = {}
        self.joins: list[str] = []
        self.inner: list[str] = []
        self.levels: list[Columns] = []
        self.peer_columns: dict[str, str] = {"1._id": '"_id"'}
        if rows.peers is None:
            for number, (child, link) in enumerate(rows.downs, 1):
                level = Columns(compiler.dictionary, child, prefix=f"{number}.")
                level.column((), "key")
                level.column((), link)
                self.levels.append(level)

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
        if self.rows.peers is not None:
            columns = ", ".join(f"{text} AS {sqlite.name(alias)}" for alias, text in self.peer_columns.items())
            return f"FROM {{stage}} AS s\n    JOIN (SELECT {columns} FROM {{stage}}) AS d1 ON {{same}}"
        first = self.levels[0]
        text = f"({first.select('      ')}) AS d1{on}"
        for number, level in enumerate(self.levels[1:], 2):
            link = self.rows.downs[number - 1][1]
            text += f"\n    LEFT JOIN ({level.select('      ')}) AS d{number} ON \"{number}.{link}\" = \"{number - 1}.key\""
        return text


def gather(compiler: RowCompiler, node: Aggregate | Missing) -> Gathered:
    """Write the CTEs of one aggregate and the stage that joins it; gives its columns."""
    rows, frame = node.rows, RowsFrame(compiler, node.rows)
    condition = truth(node.condition, frame) if node.condition is not None else "1"
    operand, known_blank = "1", "0"
    if node.operand is not None:
        operand = value(node.operand, frame, folded=True).exact
        if isinstance(node.operand, Field):
            known_blank = f"COALESCE({blank(node.operand, frame)}, 0) AND {frame.field(node.operand)} IS NULL"
    if rows.peers is not None:
        condition = _peer_condition(compiler, frame, condition)
    unknown = [f"CASE WHEN {column} IS NULL THEN {frame.reason(item)} END" for item, column in list(frame.fields.items())]
    # A blank that is asked about as such is known.
    unknown += [f"CASE WHEN {blank(item, frame)} IS NULL THEN {frame.reason(item)} END"
                for item in list(frame.asked_blank) if item not in frame.fields]
    unknown += [f"CASE WHEN {column} IS NULL THEN {sqlite.literal('missing:peers.' + path)} END" for column, path in frame.compared]
    covered = [f"MIN({sqlite.covered(level.column((), '_covered'), child)})"
               for level, (child, _) in zip(frame.levels[:-1], rows.downs[1:], strict=False)]
    inner, pivot = _inner_select(compiler, frame, condition, operand, known_blank, unknown)
    return _join(compiler, node, frame, inner, pivot, unknown, covered)


def state_word(states: str, name: str) -> str:
    """SQL of the word for why a field is empty, by its state."""
    words = "".join(f" WHEN {sqlite.state(states, name, state)} THEN '{word}'" for state, word in (
        ("blank_in_document", "blank"), ("illegible", "illegible"), ("unreadable", "unreadable"), ("disputed", "disputed"),
        ("other_currency", "other_currency"), ("not_required", "not_required")))
    return f"CASE{words} ELSE 'missing' END"


def _peer_condition(compiler: RowCompiler, frame: RowsFrame, condition: str) -> str:
    """The filter of a peer aggregate with the conditions that make a row a peer, an earlier or a later one."""
    peers = compiler.peers
    parts = []
    for item in peers.different:
        own, other = compiler.peer_pair(item, frame)
        frame.compared.append((other, item.path if isinstance(item, Field) else item.name))
        parts.append(f"({other} <> {own})")
    if peers.order is not None:
        own, other = compiler.peer_pair(peers.order, frame)
        frame.compared.append((other, peers.order.path if isinstance(peers.order, Field) else peers.order.name))
        tie = {"earlier": '"1._id" < s._id', "later": '"1._id" > s._id'}.get(frame.rows.peers or "")
        sign = {"earlier": "<", "later": ">"}.get(frame.rows.peers or "")
        if sign is not None:
            parts.append(f"({other} {sign} {own} OR ({other} = {own} AND {tie}))")
        if peers.within_days is not None:
            days = value(peers.within_days, compiler).exact
            distance = sqlite.days_between(own, other) if peers.order.kind.name == "date" else f"({other} - {own})"
            parts.append(f"(ABS({distance}) <= {days})")
    return " AND ".join([*parts, condition]) if parts else condition


def _inner_select(compiler: RowCompiler, frame: RowsFrame, condition: str, operand: str, known_blank: str,
                  unknown: list[str]) -> tuple[str, str]:
    """SELECT of one line a row: pivot, whether it passes, its operand, whether it opens the aggregate; and the pivot's column."""
    rows = frame.rows
    depth = len(rows.downs)
    present = f'"{depth}.key" IS NOT NULL' if depth > 1 else "1"
    covered = "".join(f",\n      {sqlite.covered(level.column((), '_covered'), child)} AS c{number}"
                      for number, (level, (child, _)) in enumerate(zip(frame.levels[:-1], rows.downs[1:], strict=False)))
    states = "".join(f",\n      {text} AS u{number}" for number, text in enumerate(unknown))
    why = "".join(f",\n      {text} AS w{number}" for number, text in enumerate(frame.inner))
    columns = (f"CASE WHEN {present} THEN ({condition}) ELSE 0 END AS t,\n      {operand} AS v,\n      {known_blank} AS b"
               f"{covered}{states}{why}")
    joins = "".join(f"\n    {join}" for join in frame.joins)
    if rows.peers is not None:
        stage = compiler.pipeline.current
        pairs = [compiler.peer_pair(item, frame) for item in compiler.peers.same]
        same = " AND ".join([*(f"{other} = {own}" for own, other in pairs), '"1._id" <> s._id'])
        source = frame.source().format(stage=stage, same=same)
        return f"SELECT s._id AS p, {columns}\n    {source}{joins}", '"_id"'
    link = rows.downs[0][1]
    pivot = compiler.pivot(rows)
    if frame.uses_row or compiler.context.some:
        source = frame.source(f' ON "1.{link}" = s.{pivot}')
        stage = compiler.pipeline.current
        # CROSS keeps SQLite to this order: the record first, then its rows by the index on their reference.
        return f"SELECT s._id AS p, {columns}\n    FROM {stage} AS s\n    CROSS JOIN {source}{joins}", '"_id"'
    return f'SELECT "1.{link}" AS p, {columns}\n    FROM {frame.source()}{joins}\n    WHERE "1.{link}" IS NOT NULL', pivot


_SIDES = ("MIN", "MAX")
_OPENS = "((t IS NULL AND NOT b) OR (t AND v IS NULL AND NOT b))"


def _join(compiler: RowCompiler, node: Aggregate | Missing, frame: RowsFrame, inner: str, pivot: str,
          unknown: list[str], covered: list[str]) -> Gathered:
    pipeline, rows = compiler.pipeline, node.rows
    name = compiler.next_name()
    figures = _figures(compiler, node)
    columns = [f"{text} AS f{index}" for index, text in enumerate(figures)]
    columns += [f"MAX(CASE WHEN {_OPENS} THEN 1 ELSE 0 END) AS o"]
    columns += [f"MIN(c{index}) AS c{index}" for index in range(len(covered))]
    # Rows may open it for different reasons: with the first and the last of them none stands for all the others.
    columns += [f"{side}(CASE WHEN {_OPENS} THEN u{index} END) AS u{index}{side.lower()}" for index in range(len(unknown)) for side in _SIDES]
    columns += [f"MAX(CASE WHEN {_OPENS} THEN w{index} END) AS w{index}" for index in range(len(frame.inner))]
    cte = pipeline.add_cte("g", f"SELECT p, {', '.join(columns)}\n  FROM ({inner})\n  GROUP BY p")
    join = f"\n  LEFT JOIN {cte} AS g ON g.p = s.{pivot}"
    if isinstance(node, Aggregate) and node.function == "median":
        join += _median_join(compiler, node, inner, pivot)
    result = Gathered(name, Value("NULL"), rows, row_nodes=list(frame.row_nodes))
    top = compiler.top_coverage(rows)
    closed = [top, "COALESCE(g.o, 0) = 0", *(f"COALESCE(g.c{index}, 1)" for index in range(len(covered)))]
    stage = [(f"{name}.{index}", _default(node, f"g.f{index}")) for index in range(len(figures))]
    if isinstance(node, Aggregate) and node.function == "median":
        stage[0] = (f"{name}.0", sqlite.cent("m.v") if node.kind == MONEY else "m.v")
    stage += [(f"{name}.closed", " AND ".join(f"({part})" for part in closed)), (f"{name}.open", "COALESCE(g.o, 0)")]
    stage += [(f"{name}.u{index}{side.lower()}", f"g.u{index}{side.lower()}") for index in range(len(unknown)) for side in _SIDES]
    stage += [(f"{name}.c{index}", f"g.c{index}") for index in range(len(covered))]
    stage += [(f"{name}.w{index}", f"g.w{index}") for index in range(len(frame.inner))]
    # Kept, so that a later condition on the record is not pushed in: the peers would be gathered for each one anew.
    pipeline.add_stage(stage, join, kept=rows.peers is not None)
    result.open_rows = sqlite.name(f"{name}.open")
    result.unknown = [sqlite.name(f"{name}.u{index}{side.lower()}") for index in range(len(unknown)) for side in _SIDES]
    result.inner = [sqlite.name(f"{name}.w{index}") for index in range(len(frame.inner))]
    types = [child for child, _ in rows.downs] or [compiler.record_type]
    result.uncovered = [(types[0], f"NOT ({top})")]
    result.uncovered += [(child, sqlite.name(f"{name}.c{index}") + " = 0") for index, child in enumerate(types[1:])]
    result.value = _missing_text(compiler, node, name) if isinstance(node, Missing) else _bounds(node, name)
    result.none = result.value.none
    return result


def _default(node: Aggregate | Missing, figure: str) -> str:
    return f"COALESCE({figure}, 0)" if isinstance(node, Missing) or node.function in ("count", "sum") else figure


def _figures(compiler: RowCompiler, node: Aggregate | Missing) -> list[str]:
    if isinstance(node, Missing):
        folded = node.operand.kind == TEXT
        return [f"MAX(CASE WHEN t AND v = {sqlite.literal(fold(str(item)) if folded else item)} THEN 1 ELSE 0 END)"
                for item in all_items(compiler, node.items)]
    passed = "CASE WHEN t THEN v END"
    if node.function == "count":
        return [f"COUNT(DISTINCT {passed})" if node.distinct else "SUM(CASE WHEN t THEN 1 ELSE 0 END)"]
    if node.function == "median":
        return ["SUM(CASE WHEN t THEN 1 ELSE 0 END)"]
    figure = f"{node.function.upper()}({passed})"
    return [sqlite.cent(figure) if node.function == "sum" and node.kind == MONEY else figure]


def _median_join(compiler: RowCompiler, node: Aggregate, inner: str, pivot: str) -> str:
    ranked = (f"SELECT p, v, ROW_NUMBER() OVER (PARTITION BY p ORDER BY v) AS n, COUNT(*) OVER (PARTITION BY p) AS whole"
              f"\n  FROM ({inner})\n  WHERE t AND v IS NOT NULL")
    cte = compiler.pipeline.add_cte("m", f"SELECT p, AVG(v) AS v FROM ({ranked})\n  WHERE n IN ((whole + 1) / 2, (whole + 2) / 2)\n  GROUP BY p")
    return f"\n  LEFT JOIN {cte} AS m ON m.p = s.{pivot}"


def _bounds(node: Aggregate, name: str) -> Value:
    """The aggregate's value by what is known of an open figure: a bound on one side, or nothing."""
    figure, closed = sqlite.name(f"{name}.0"), sqlite.name(f"{name}.closed")
    exact = f"(CASE WHEN {closed} THEN {figure} END)"
    none = f"({closed} AND {figure} IS NULL)"
    if node.function == "count":
        return Value(figure, exact)
    if node.function == "sum":
        return Value(exact) if node.signed else Value(figure, exact)
    if node.function == "max":
        return Value(figure, exact, none)
    if node.function == "min":
        return Value(exact, figure, none)
    return Value(exact, None, none)


def all_items(compiler: RowCompiler, items: Parameter) -> list[object]:
    """Every item of every list that a parameter may be, each once."""
    return list(dict.fromkeys(item for one in compiler.lists(items) for item in one))


def _missing_text(compiler: RowCompiler, node: Missing, name: str) -> Value:
    items = all_items(compiler, node.items)
    number = compiler.parameter(node.items).exact
    branches = ""
    for index, one in enumerate(compiler.lists(node.items)):
        parts = [f"CASE WHEN {sqlite.name(f'{name}.{items.index(item)}')} THEN '' ELSE {sqlite.literal(',' + str(item))} END" for item in one]
        branches += f" WHEN {index} THEN substr({' || '.join(parts) or repr('')}, 2)"
    text = f"CASE {number}{branches} END"
    compiler.pipeline.add_stage([(f"{name}.text", text)])
    column, closed = sqlite.name(f"{name}.text"), sqlite.name(f"{name}.closed")
    return Value(f"(CASE WHEN {column} = '' OR {closed} THEN {column} END)")
