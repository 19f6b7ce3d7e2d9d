"""Aggregates of a rule that is decided together with others: their figures are columns of the query around it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from auditkb.compiler.children import Children
from auditkb.compiler.rows import Gathered, is_bounded_below, line_of, passes, reasons_of_rows, stage_of, totals_of
from auditkb.compiler.rows_frame import RowsFrame
from auditkb.expressions.tree import MONEY, Aggregate, Missing

if TYPE_CHECKING:
    from auditkb.compiler.row_compiler import RowCompiler

_QUOTED = re.compile(r'"([^"]+)"')


class NotTogether(Exception):
    """What the rule asks cannot be asked of one record inside a query around it."""


def gather_within(compiler: RowCompiler, node: Aggregate | Missing, children: Children) -> Gathered:
    """Add the stage of an aggregate; gives its columns."""
    rows = node.rows
    if rows.peers is not None:
        # Records with peers are decided by themselves, so here there are none.
        totals = totals_of(compiler, node, {"_z": ""} if is_bounded_below(node) else {})
        return stage_of(compiler, node, RowsFrame(compiler, rows, in_place=True), totals, "", "", at={total.name: "NULL" for total in totals})
    if isinstance(node, Aggregate) and node.function == "median":
        raise NotTogether
    frame = RowsFrame(compiler, rows)
    line = line_of(node, frame)
    columns = ",\n      ".join([f"{passes(rows, line['_t'])} AS _t", *(f"{text} AS {name}" for name, text in line.items() if name != "_t")])
    unknown = frame.unknown()
    if frame.joins or frame.inner:
        raise NotTogether
    pivot = compiler.pipeline.of_record(compiler.pivot(rows))
    link = f'"1.{rows.downs[0][1]}"'
    texts = "".join(f",\n      {text} AS _u{number}" for number, text in enumerate(unknown))
    under = f"FROM (SELECT {columns}{texts}\n    FROM {frame.source()}\n    WHERE {link} = {pivot})"
    source = ""
    totals = totals_of(compiler, node, line)
    compiler.pipeline.looks_up = compiler.pipeline.looks_up or frame.uses_row
    if not frame.uses_row:
        at = _shared(compiler, node, children)
    elif _looks_at_stages(compiler, under):
        at = {total.name: f'"{compiler.next_name()}{total.name}"' for total in totals}
        compiler.pipeline.add_stage([(at[total.name][1:-1], f"(SELECT {total.grouped} {under})") for total in totals], kept=True)
    else:
        at = {total.name: f"g.{total.name}" for total in totals}
        source = f"\n  CROSS JOIN (SELECT {', '.join(f'{total.grouped} AS {total.name}' for total in totals)}\n    {under}) AS g"
    found = stage_of(compiler, node, frame, totals, source, "", at=at, is_rounded=not frame.uses_row)
    # Asked of the few records of which a row is unknown, and of these alone.
    whys = [(f"{found.name}.{total.name[1:]}", f"CASE WHEN {found.open_rows} THEN (SELECT {total.grouped} {under}) END")
            for total in reasons_of_rows(len(unknown), 0)]
    if whys:
        compiler.pipeline.add_stage(whys, kept=False)
    found.unknown = [f'"{column}"' for column, _ in whys]
    return found


def _shared(compiler: RowCompiler, node: Aggregate | Missing, children: Children) -> dict[str, str]:
    """Ask the figures of the table for all rules, and join it to the query around; gives where they are."""
    rows = node.rows
    shared = children.below(rows.downs)
    frame = RowsFrame(compiler, rows, levels=shared.levels)
    line = line_of(node, frame)
    line["_t"] = passes(rows, line["_t"])
    names = {name: shared.line(text) for name, text in line.items()}
    base, pivot = compiler.pipeline.base, compiler.pivot(rows)[1:-1]
    alias = f'"{shared.table}.{pivot}"'
    base.joins.setdefault(("rows", shared.table, pivot), f"LEFT JOIN temp.{shared.table} AS {alias} ON {alias}.p = {base.columns[pivot]}")
    at = {}
    for total in totals_of(compiler, node, line, names):
        figure = shared.figure(total, is_money=total.name == "_f0" and node.kind == MONEY)
        base.columns[f"{shared.table}.{pivot}.{figure}"] = f"{alias}.{figure}"
        at[total.name] = f'"{shared.table}.{pivot}.{figure}"'
    return at


def _looks_at_stages(compiler: RowCompiler, text: str) -> bool:
    """Whether the rows are compared with what a stage has computed: a query that is joined to it would not see that."""
    return not set(compiler.pipeline.in_reach()).isdisjoint(_QUOTED.findall(text))
