"""All that a finding shows of a record, as columns: values, bounds, law, amount, what stood in, the rows behind a figure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from auditkb.compiler import sqlite
from auditkb.compiler.pipeline import Columns
from auditkb.compiler.row_compiler import RowCompiler
from auditkb.compiler.translate import truth, value
from auditkb.expressions.tree import Field, LetName, Node, Parameter, Rows, walk
from auditkb.rules.checked import Rule

KEYS_SHOWN = 50


@dataclass(frozen=True)
class Shown:
    """A value that the details of a record hold: its column, and the column of its upper bound where it has one."""

    node: Node
    column: str
    upper: str | None


class Details:
    """The columns of one rule's details over the stages that decide it."""

    def __init__(self, rule: Rule, compiler: RowCompiler):
        self.rule, self.compiler = rule, compiler
        self.shown: dict[str, Shown] = {}
        """Every field, let and parameter that the rule speaks of, by the name it has there."""
        self.rows: dict[str, str] = {}
        """Evidence rows by name: the column of their keys."""

    def columns(self) -> list[tuple[str, str]]:
        """Name and SQL of each column; fills `shown` and `rows`."""
        compiler, rule = self.compiler, self.rule
        columns: list[tuple[str, str]] = []
        for name, node in self._names():
            found = value(node, compiler)
            column = f"v{len(self.shown)}"
            columns.append((column, found.low))
            upper = None
            if found.high is not None:
                upper = f"{column}^"
                columns.append((upper, found.high))
            self.shown[name] = Shown(node, column, upper)
        # The law is cited by the first known date, whether or not the outcome rests on it.
        first, last = compiler.span(rule.event_date)
        columns += [("event_from", first), ("event_to", last),
                    ("high", compiler.condition(rule.high_when, "0")),
                    ("amount", self._amount()),
                    ("conflict", self._conflict())]
        columns += [(f"cited{index}", "1" if node is None else truth(node, compiler))
                    for index, (_, node) in enumerate(rule.criteria)]
        columns += [(f"from:{name}", compiler.parameter_row(Parameter(name, table.kind)))
                    for name, table in rule.parameters.items() if table.kind.name == "list" or table.rows]
        columns += [("states:" + ".".join(ups), compiler.column(ups, "_states")) for ups in self._above()]
        columns += [("key:" + ".".join(ups), compiler.column(ups[:-1], ups[-1])) for ups in self._above() if ups]
        if compiler.context.assumed:
            columns += self._stood_in()
        for item in rule.evidence:
            if item.rows is not None:
                self.rows[item.name] = f"rows:{item.name}"
                columns.append((f"rows:{item.name}", self._keys(item.rows)))
        return columns

    def _names(self) -> Iterable[tuple[str, Node]]:
        """Every field, let and parameter that the rule speaks of, by the name it has there."""
        named: dict[str, Node] = {}
        for item in self.rule.evidence:
            if item.node is not None:
                named[item.name] = item.node
        named |= self.rule.shown
        for root in self.rule.nodes():
            for part in walk(root):
                if isinstance(part, Field) and part.level == 0 and not part.path.startswith(("peers.", "earlier.", "later.")):
                    named.setdefault(part.path, part)
        child_fields = {part for node in self.rule.child_lets.values() for part in walk(node)}
        named = {name: node for name, node in named.items() if node not in child_fields or name in self.rule.shown}
        for name, node in self.rule.lets.items():
            named.setdefault(name, LetName(name, node.kind))
        for name, table in self.rule.parameters.items():
            named.setdefault(f":{name}", Parameter(name, table.kind))
        return named.items()

    def _above(self) -> list[tuple[str, ...]]:
        """The rows, by the references that lead to them, whose fields are shown."""
        return list(dict.fromkeys(item.node.ups for item in self.shown.values() if isinstance(item.node, Field)))

    def _amount(self) -> str:
        """The first known amount; of the last one its lower bound will do: no finding states more than is known."""
        if not self.rule.amount:
            return "NULL"
        found = [value(node, self.compiler) for node in self.rule.amount]
        return f"COALESCE({', '.join([*(item.exact for item in found), found[-1].low])})"

    def _conflict(self) -> str:
        """Whether a parameter lies beyond the law's own limit for this record."""
        tests = []
        for name, table in self.rule.parameters.items():
            own = value(Parameter(name, table.kind), self.compiler).exact
            if table.at_most is not None:
                tests.append(f"{own} > {value(table.at_most, self.compiler).exact}")
            if table.at_least is not None:
                tests.append(f"{own} < {value(table.at_least, self.compiler).exact}")
        return "COALESCE(" + " OR ".join(tests) + ", 0)" if tests else "0"

    def _stood_in(self) -> list[tuple[str, str]]:
        """For each assumption, which stand-in was used: 1 the first, 2 the second …; NULL where none was needed."""
        columns = []
        for index, assumption in enumerate(self.rule.assumptions):
            raw = self._raw(assumption.target, assumption.field)
            parts = "".join(f" WHEN {value(part, self.compiler).exact} IS NOT NULL THEN {number}"
                            for number, part in enumerate(assumption.stand_ins, 1))
            columns.append((f"stood_in{index}", f"CASE WHEN {raw} IS NOT NULL THEN NULL{parts} END"))
            stand_ins = ", ".join(value(part, self.compiler).exact for part in assumption.stand_ins)
            columns.append((f"value:stood_in{index}", f"COALESCE({stand_ins}, NULL)"))
        if len(self.rule.event_date) > 1:
            known = "".join(f" WHEN {self.compiler.column(item.ups, item.name)} IS NOT NULL THEN {number}"
                            for number, item in enumerate(self.rule.event_date))
            columns.append(("event_entry", f"CASE{known} END"))
        return columns

    def _raw(self, target: str, item: Field | None) -> str:
        if item is not None:
            return self.compiler.column(item.ups, item.name)
        # A let's own value, without its stand-in.
        return f"({value(self.rule.lets[target], self.compiler).exact})"

    def _keys(self, rows: Rows) -> str:
        compiler = self.compiler
        if rows.peers is not None:
            return self._peer_keys(rows)
        chain, depth = f"FROM {sqlite.name(rows.downs[0][0])} AS d1", len(rows.downs)
        for number, (child, link) in enumerate(rows.downs[1:], 2):
            chain += f" JOIN {sqlite.name(child)} AS d{number} ON d{number}.{sqlite.name(link)} = d{number - 1}.key"
        where = f"WHERE d1.{sqlite.name(rows.downs[0][1])} = s.{compiler.pivot(rows)}"
        return sqlite.row_keys(f"{chain} {where}", f"d{depth}.key", KEYS_SHOWN + 1)

    def _peer_keys(self, rows: Rows) -> str:
        peers, compiler = self.compiler.peers, self.compiler

        def own(item: Field | LetName, alias: str) -> str:
            return f"{alias}.{compiler.peer_column(item)}"

        tests = [f"{own(item, 'p')} = {own(item, 's')}" for item in peers.same]
        tests += [f"{own(item, 'p')} <> {own(item, 's')}" for item in peers.different]
        tests.append("p._id <> s._id")
        if peers.order is not None:
            mine, other = own(peers.order, "s"), own(peers.order, "p")
            sign = {"earlier": "<", "later": ">"}.get(str(rows.peers))
            if sign is not None:
                tests.append(f"({other} {sign} {mine} OR ({other} = {mine} AND p._id {sign} s._id))")
            if peers.within_days is not None:
                tests.append(f"ABS({sqlite.days_between(mine, other)}) <= {value(peers.within_days, compiler).exact}")
        asked = [*peers.same, *peers.different, *([peers.order] if peers.order is not None else [])]
        if all(compiler.peer_column(item)[1:-1] in self.compiler.pipeline.base.columns for item in asked):
            # From the table itself, by its indexes: a stage would be read whole for each record.
            columns = Columns(self.compiler.dictionary, self.rule.checks)
            columns.columns |= {name: self.compiler.pipeline.base.columns[name] for name in ("_id", "_key", *(compiler.peer_column(item)[1:-1] for item in asked))}
            columns.joins |= self.compiler.pipeline.base.joins
            stage = f"({columns.select('    ')})"
        else:
            stage = self.compiler.pipeline.current
        return sqlite.row_keys(f"FROM {stage} AS p WHERE {' AND '.join(tests)}", "p._key", KEYS_SHOWN + 1)
