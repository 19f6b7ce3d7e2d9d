"""Why an outcome could not be decided: the unknown inputs of the two expressions, and nothing else.

A reason is `kind:name`, such as `missing:contract.signed_on`. Each one is written as SQL that is NULL where it does not
hold; only the parts of an expression that are themselves unknown are followed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from auditkb.compiler import sqlite, tables
from auditkb.compiler.rows_frame import state_word
from auditkb.compiler.translate import truth, value
from auditkb.expressions.tree import (
    Aggregate, Blank, Call, Case, ChildLetName, Field, In, LetName, Logic, Missing, Node, Not, Parameter, children,
)

if TYPE_CHECKING:
    from auditkb.compiler.row_compiler import RowCompiler

Guarded = tuple[tuple[str, ...], str]
"""Conditions that must all hold, and the SQL of the reason's text."""


def reasons_sql(node: Node | dict[Node, str], compiler: RowCompiler, extra: list[Guarded] | None = None) -> str:
    """SQL of all reasons joined by `|`, NULL where there is none. Of several nodes each comes with the SQL of its value."""
    nodes = node if isinstance(node, dict) else {node: _known(node, compiler)}
    found = [item for one, known in nodes.items() for item in _why(one, compiler, (f"{known} IS NULL",))] + (extra or [])
    merged: dict[str, list[str]] = {}
    for guards, text in found:
        merged.setdefault(text, []).append(" AND ".join(dict.fromkeys(guards)) or "1")
    parts = []
    for text, conditions in merged.items():
        test = " OR ".join(f"({one})" for one in dict.fromkeys(conditions))
        parts.append(f"COALESCE(CASE WHEN {test} THEN '|' || {text} END, '')")
    return f"NULLIF(substr({' || '.join(parts)}, 2), '')" if parts else "NULL"


def _known(node: Node, compiler: RowCompiler) -> str:
    return truth(node, compiler) if node.kind.name == "flag" else f"({value(node, compiler).exact})"


def _why(node: Node, compiler: RowCompiler, guards: tuple[str, ...]) -> Iterator[Guarded]:
    if isinstance(node, Logic):
        for item in node.items:
            yield from _why(item, compiler, (*guards, f"{truth(item, compiler)} IS NULL"))
    elif isinstance(node, Not):
        yield from _why(node.item, compiler, guards)
    elif isinstance(node, Field):
        yield (*guards, f"{compiler.field(node)} IS NULL"), field_reason(node.ups, node.name, compiler)
    elif isinstance(node, Blank):
        yield (*guards, f"{compiler.recorded(node.item)} IS NULL"), field_reason(node.item.ups, node.item.name, compiler)
    elif isinstance(node, LetName):
        yield from _why(compiler.context.lets[node.name], compiler, (*guards, f"{_known(node, compiler)} IS NULL"))
    elif isinstance(node, Parameter):
        yield from _parameter(node, compiler, guards)
    elif isinstance(node, (Aggregate, Missing)):
        yield from _aggregate(node, compiler, guards)
    elif isinstance(node, Case):
        yield from _case(node, compiler, guards)
    elif isinstance(node, In) and isinstance(node.values, Parameter):
        yield from _why(node.item, compiler, guards)
        yield from _parameter(node.values, compiler, guards)
    elif isinstance(node, Call) and node.function in ("least", "greatest"):
        for item in node.arguments:
            aggregate = compiler.context.lets[item.name] if isinstance(item, LetName) else item
            if isinstance(aggregate, Aggregate):
                # A none is left out here, so it is no unknown input.
                yield from _aggregate(aggregate, compiler, guards, left_out=True)
            else:
                yield from _why(item, compiler, guards)
    elif not isinstance(node, ChildLetName):
        for item in children(node):
            yield from _why(item, compiler, guards)
        if isinstance(node, Call) and node.function in ("workdays_between", "next_workday"):
            known = [f"({value(item, compiler).exact}) IS NOT NULL" for item in node.arguments]
            yield (*guards, *known, f"{value(node, compiler).exact} IS NULL"), "'no_parameter:working_calendar'"


def _case(node: Case, compiler: RowCompiler, guards: tuple[str, ...]) -> Iterator[Guarded]:
    reached = guards
    for condition, item in node.branches:
        held = truth(condition, compiler)
        yield from _why(condition, compiler, (*reached, f"{held} IS NULL"))
        yield from _why(item, compiler, (*reached, held))
        reached = (*reached, f"NOT {held}")
    if node.default is not None:
        yield from _why(node.default, compiler, reached)


def field_reason(ups: tuple[str, ...], name: str, compiler: RowCompiler) -> str:
    """SQL of why a field has no value: the first reference on its path that leads nowhere, or its own state."""
    text = ""
    for index, step in enumerate(ups):
        above, path = ups[:index], ".".join(ups[: index + 1])
        states = compiler.column(above, "_states")
        text += f" WHEN {compiler.column(above, step)} IS NULL THEN {state_word(states, step)} || {sqlite.literal(':' + path)}"
        text += f" WHEN {compiler.column(ups[: index + 1], 'key')} IS NULL THEN {sqlite.literal('no_related:' + path)}"
    own = f"{state_word(compiler.column(ups, '_states'), name)} || {sqlite.literal(':' + '.'.join((*ups, name)))}"
    return f"CASE{text} ELSE {own} END" if text else own


def _parameter(item: Parameter, compiler: RowCompiler, guards: tuple[str, ...]) -> Iterator[Guarded]:
    owner = compiler.outer or compiler
    table = owner.context.parameters[item.name]
    unknown = f"({owner.parameter(item).exact}) IS NULL"
    if owner.is_constant(item):
        yield (*guards, unknown), sqlite.literal(f"no_parameter:{item.name}")
        return
    if compiler.outer is not None:
        yield (*guards, unknown), sqlite.literal(f"no_parameter:{item.name}")
        return
    known = []
    for node in table.by:
        yield from _why(node, owner, (*guards, unknown))
        known.append(f"({value(node, owner).exact}) IS NOT NULL")
    if table.is_dated:
        dated = [row for row in table.rows if row.starts_on or row.ends_on]
        unsure = " OR ".join(f"{tables.period(owner, row.starts_on, row.ends_on)} IS NULL" for row in dated)
        yield (*guards, unknown, f"({unsure})"), "'event_date_unknown'"
        known.append(f"NOT ({unsure})")
    if table.field is not None:
        yield from _why(table.field, owner, (*guards, unknown))
        known.append(f"({value(table.field, owner).exact}) IS NOT NULL")
    yield (*guards, unknown, *known), sqlite.literal(f"no_parameter:{item.name}")


def _aggregate(node: Aggregate | Missing, compiler: RowCompiler, guards: tuple[str, ...], *, left_out: bool = False) -> Iterator[Guarded]:
    compiler.aggregate(node)
    found = compiler.gathered[node]
    rows = node.rows
    reached: list[str] = []
    for index, step in enumerate(rows.ups):
        column = compiler.column(rows.ups[:index], step)
        yield (*guards, f"{column} IS NULL"), field_reason(rows.ups[:index], step, compiler)
        reached.append(f"{column} IS NOT NULL")
    if rows.peers is not None:
        for item in (*compiler.peers.same, *compiler.peers.different):
            yield from _why(item, compiler, guards)
            reached.append(f"({value(item, compiler).exact}) IS NOT NULL")
        if compiler.peers.order is not None and (rows.peers != "peers" or compiler.peers.within_days is not None):
            yield from _why(compiler.peers.order, compiler, (*guards, found.open_rows))
    for record_type, condition in found.uncovered:
        yield (*guards, *reached, condition), sqlite.literal(f"source_not_loaded:{record_type}")
    for column in (*found.unknown, *found.inner):
        yield (*guards, f"{column} IS NOT NULL"), column
    for asked in found.row_nodes:
        yield from _why(asked, compiler, (*guards, found.open_rows))
    if found.none is not None and not left_out:
        leaf = rows.downs[-1][0] if rows.downs else str(rows.peers)
        yield (*guards, found.none), sqlite.literal(f"none:{leaf}")
    if isinstance(node, Missing):
        yield from _parameter(node.items, compiler, guards)
