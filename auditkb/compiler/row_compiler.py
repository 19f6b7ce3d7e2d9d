"""The names of an expression at the checked record: each one a column of some stage, made when first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from auditkb.compiler import sqlite, tables
from auditkb.compiler.children import Children
from auditkb.compiler.pipeline import Columns, Pipeline
from auditkb.compiler.rows import Gathered, gather
from auditkb.compiler.rows_frame import RowsFrame
from auditkb.compiler.rows_within import gather_within
from auditkb.compiler.translate import truth, value
from auditkb.compiler.values import Value
from auditkb.dictionary import Dictionary
from auditkb.expressions.tree import Aggregate, ChildLetName, Field, LetName, Missing, Node, Parameter, Rows, walk
from auditkb.rules.checked import Assumption, ParameterTable, Peers


@dataclass
class Context:
    """What a rule's expressions share, whichever row they are about."""

    dictionary: Dictionary
    parameters: Mapping[str, ParameterTable] = field(default_factory=dict)
    lets: Mapping[str, Node] = field(default_factory=dict)
    child_lets: Mapping[tuple[str, str], Node] = field(default_factory=dict)
    peers: Peers | None = None
    event_date: tuple[Field, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    assumed: bool = False
    """Whether stand-ins are used: a rule with assumptions is compiled with and without."""
    as_of: str = ""
    some: bool = False
    """Whether only a few records are asked about: then their rows are looked up instead of all being grouped."""
    grouped: bool | None = None
    """Whether all records have a group of peers, or none has; None where it may be either."""
    children: Children | None = None
    """Where rows below records are gathered for all rules, if the rule is decided together with others."""
    why: bool = True
    """Whether reasons are wanted. Most records are decided, so the reasons are asked of the few that are not."""


class RowCompiler:
    """The level-0 frame over a pipeline."""

    def __init__(self, context: Context, record_type: str, pipeline: Pipeline, outer: RowCompiler | None = None):
        self.context = context
        self.dictionary = context.dictionary
        self.record_type = record_type
        self.pipeline = pipeline
        self.outer = outer
        self.gathered: dict[Node, Gathered] = {}
        self._lets: dict[str, Value] = {}
        self._stand_ins: dict[str, str] = {}
        self._parameters: dict[str, tables.Written] = {}
        self._child_lets: dict[tuple[str, str], tuple[str, Value, str, bool]] = {}
        self._event: tuple[str, str] | None = None
        self._pending: set[str] = set()
        self._extra: set[str] = set()
        self._named = 0

    # fields

    def column(self, ups: tuple[str, ...], name: str) -> str:
        """Column of any field of the record or of a row above it."""
        return self.pipeline.base.column(ups, name)

    def field(self, item: Field, *, folded: bool = False) -> str:
        """Column of a field; of what stands in for it where the rule assumes something."""
        raw = self.column(item.ups, f"_folded_{item.name}" if folded else item.name)
        assumption = next((one for one in self.context.assumptions if one.field is not None and one.target == item.path), None)
        if not self.context.assumed or assumption is None or self.outer is not None or item.path in self._pending:
            return raw
        if item.path not in self._stand_ins:
            self._pending.add(item.path)
            options = [raw, *(value(part, self).exact for part in assumption.stand_ins)]
            self._pending.discard(item.path)
            self._stand_ins[item.path] = f"{item.path}*"
            self.pipeline.add_stage([(f"{item.path}*", f"COALESCE({', '.join(options)})")])
        return sqlite.name(self._stand_ins[item.path])

    def recorded(self, item: Field) -> str:
        """Column of a field as it was recorded."""
        return self.column(item.ups, item.name)

    def states(self, item: Field) -> str:
        """Column of the states of the row that a field belongs to."""
        return self.column(item.ups, "_states")

    def as_of(self) -> str:
        """The run's declared day."""
        return sqlite.literal(self.context.as_of)

    # lets

    def let(self, item: LetName) -> Value:
        """Value of a let, computed in a stage of its own."""
        if item.name not in self._lets:
            found = value(self.context.lets[item.name], self)
            assumption = next((one for one in self.context.assumptions if one.field is None and one.target == item.name), None)
            if self.context.assumed and assumption is not None:
                parts = ", ".join(value(part, self).exact for part in assumption.stand_ins)
                found = Value(f"COALESCE({found.exact}, {parts})")
            self._lets[item.name] = self._store(item.name, found)
        return self._lets[item.name]

    def let_reasons(self, item: LetName) -> str:
        """Column of why a let is unknown, for the peers that look at it."""
        from auditkb.compiler.reasons import reasons_sql

        column = f"{item.name}?"
        if column not in self._extra:
            self._extra.add(column)
            self.pipeline.add_stage([(column, reasons_sql(LetName(item.name, item.kind), self))])
        return sqlite.name(column)

    def _store(self, name: str, found: Value) -> Value:
        columns = [(name, found.low)]
        if found.high is not None:
            columns.append((f"{name}^", found.high))
        if found.none is not None:
            columns.append((f"{name}!", found.none))
        self.pipeline.add_stage(columns)
        return Value(sqlite.name(name), sqlite.name(f"{name}^") if found.high is not None else None,
                     sqlite.name(f"{name}!") if found.none is not None else None)

    def child_let(self, item: ChildLetName) -> Value:
        """Never at level 0: the checker keeps child lets inside aggregates."""
        raise AssertionError(f"child let {item.name} outside an aggregate")

    def child_let_cte(self, item: ChildLetName, rows: Rows) -> tuple[str, Value, str, bool]:
        """CTE of a child let: its name, value columns, reasons column, and whether it is per record and child."""
        from auditkb.compiler.reasons import reasons_sql

        key = (item.child, item.name)
        if key in self._child_lets:
            return self._child_lets[key]
        node = self.context.child_lets[key]
        used = [part for part in walk(node) if isinstance(part, Parameter)]
        paired = self.context.some or any(not self.is_constant(part) for part in used)
        carried: list[str] = []
        for part in used:
            self.parameter(part)
            carried += [] if self.is_constant(part) else self._parameters[part.name].columns
        source, identity = None, "r.key"
        if paired:
            source, identity = self._pairs(item, rows), "s._id || char(31) || r.key"
        columns = Columns(self.dictionary, item.child, source=source)
        columns.columns |= {column: f"s.{sqlite.name(column)}" for column in carried}
        label = f"{self.pipeline.label}c{len(self._child_lets)}_"
        inner = RowCompiler(self.context, item.child, Pipeline(columns, label, identity), outer=self)
        found = inner._store("let", value(node, inner))
        inner.pipeline.add_stage([("why", reasons_sql(node, inner) if self.context.why else "NULL")])
        self.pipeline.steps += inner.pipeline.ctes()
        self._child_lets[key] = (inner.pipeline.current, found, sqlite.name("why"), paired)
        return self._child_lets[key]

    def _pairs(self, item: ChildLetName, rows: Rows) -> str:
        depth = next(index for index, (child, _) in enumerate(rows.downs, 1) if child == item.child)
        above, text = f"s.{self.pivot(rows)}", ""
        for index, (child, link) in enumerate(rows.downs[:depth], 1):
            alias = "r" if index == depth else f"l{index}"
            text += f" JOIN {sqlite.name(child)} AS {alias} ON {alias}.{sqlite.name(link)} = {above}"
            above = f"{alias}.key"
        return f"{self.pipeline.current} AS s{text}"

    # parameters and the event date

    def _table(self, item: Parameter) -> ParameterTable:
        return self.context.parameters[item.name]

    def is_constant(self, item: Parameter) -> bool:
        """Whether a parameter has one value for all records."""
        return tables.constant(self._table(item)) is not None

    def parameter(self, item: Parameter) -> Value:
        """Value of a parameter; of a list parameter the number of the list that holds."""
        table = self._table(item)
        row = tables.constant(table)
        if row is not None:
            return Value("0" if table.kind.name == "list" else sqlite.literal(row.value))
        if self.outer is not None:
            return self.outer.parameter(item)
        if item.name not in self._parameters:
            self._parameters[item.name] = tables.write(self, table)
        return self._parameters[item.name].value

    def parameter_row(self, item: Parameter) -> str:
        """SQL of the number of the table row that gave a parameter its value."""
        self.parameter(item)
        return "0" if self.is_constant(item) else self._parameters[item.name].row

    def lists(self, item: Parameter) -> list[tuple[object, ...]]:
        """Every list that a list parameter may be, in the order of their numbers."""
        table = self._table(item)
        row = tables.constant(table)
        return [row.value] if row is not None else tables.distinct_values(table)

    def event(self) -> tuple[str, str]:
        """Columns of the first and the last day that the event date can be; NULL where it is unknown.

        Without stand-ins only the first entry counts: a later one that picks a value is an assumption.
        """
        if self._event is None:
            start, end = self.span(self.context.event_date if self.context.assumed else self.context.event_date[:1])
            self.pipeline.add_stage([("_event_from", start), ("_event_to", end)])
            self._event = (sqlite.name("_event_from"), sqlite.name("_event_to"))
        return self._event

    def span(self, entries: tuple[Field, ...]) -> tuple[str, str]:
        """SQL of the first and last day of the first known entry; a year stands for its whole span."""
        first: list[str] = []
        last: list[str] = []
        for item in entries:
            column, is_year = self.column(item.ups, item.name), item.kind.name == "integer"
            for side, text in ((first, sqlite.start_of_year(column)), (last, sqlite.end_of_year(column, is_year=True))):
                side.append(text if is_year else column)
        return (f"COALESCE({', '.join(first)}, NULL)", f"COALESCE({', '.join(last)}, NULL)") if entries else ("NULL", "NULL")

    # aggregates

    @property
    def peers(self) -> Peers:
        """The rule's peers; the checker has seen that there are."""
        assert self.context.peers is not None
        return self.context.peers

    def peer_pair(self, item: Field | LetName, frame: RowsFrame) -> tuple[str, str]:
        """The column by which the record is grouped or ordered, and the same column of the peer."""
        own = self.peer_column(item)
        return own, frame.peer(own)

    def peer_column(self, item: Field | LetName) -> str:
        """One column that holds a field or let exactly; text as it is compared."""
        if isinstance(item, Field):
            return self.field(item, folded=item.kind.name == "text")
        found = self.let(LetName(item.name, item.kind))
        if found.high is None:
            return found.low
        if item.name not in self._extra:
            self._extra.add(item.name)
            self.pipeline.add_stage([(f"{item.name}=", found.exact)])
        return sqlite.name(f"{item.name}=")

    def aggregate(self, item: Aggregate | Missing) -> Value:
        """Value of an aggregate, gathered once."""
        if item not in self.gathered:
            children = self.context.children
            self.gathered[item] = gather(self, item) if children is None else gather_within(self, item, children)
        return self.gathered[item].value

    def next_name(self) -> str:
        """A name for the columns of the next aggregate."""
        self._named += 1
        return f"g{self._named}"

    def pivot(self, rows: Rows) -> str:
        """Column of the key under which the rows hang: the record's own, or of a row above it."""
        return self.column(rows.ups[:-1], rows.ups[-1]) if rows.ups else sqlite.name("_key")

    def top_coverage(self, rows: Rows) -> str:
        """Whether all rows of the first step down are loaded for the record; a blank reference has none, known."""
        if rows.peers is not None:
            known = [f"{value(item, self).exact} IS NOT NULL" for item in (*self.peers.same, *self.peers.different)]
            return " AND ".join([self._covered((), self.record_type), *known])
        child = rows.downs[0][0]
        here = self._covered(rows.ups, child)
        blanks = [f"({self.column(rows.ups[:index], step)} IS NULL AND "
                  f"{sqlite.state(self.column(rows.ups[:index], '_states'), step, 'blank_in_document')})"
                  for index, step in enumerate(rows.ups)]
        return " OR ".join([here, *blanks])

    def _covered(self, ups: tuple[str, ...], record_type: str) -> str:
        """SQL of whether a record type is wholly loaded for the record, or for a row above it."""
        children, base = self.context.children, self.pipeline.base
        column = self.column(ups, "_covered")
        if children is None:
            return sqlite.covered(column, record_type)
        children.coverage.tables.add(base.type_at(ups))
        children.coverage.asked.add(record_type)
        alias, flag = sqlite.name(".".join((*ups, "?covered"))), ".".join((*ups, f"?{record_type}"))
        base.joins.setdefault(("covered", *ups), f"LEFT JOIN temp.{children.coverage.table} AS {alias} ON {alias}.p = {base.columns[column[1:-1]]}")
        base.columns[flag] = f"{alias}.{sqlite.name(record_type)}"
        return f"(COALESCE({sqlite.name(flag)}, 0) > 0)"

    def condition(self, node: Node | None, otherwise: str = "1") -> str:
        """SQL of a condition that may be absent."""
        return otherwise if node is None else truth(node, self)
