"""Aggregates: the rows below a record, or its peers, gathered once and joined to its stage.

For every aggregate the SQL keeps, beside the figure, whether it is *closed*: every record type on the path is wholly
loaded for the record and no row that passes the filter, or may pass it, has an unknown operand. An open figure is a
bound only (design: open values).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from auditkb.compiler import peers, sqlite
from auditkb.compiler.pipeline import LONG
from auditkb.compiler.rows_frame import RowsFrame, Total
from auditkb.compiler.translate import blank, truth, value
from auditkb.compiler.values import Value
from auditkb.expressions.tree import (
    INTEGER, MONEY, TEXT, Aggregate, Field, Missing, Node, Parameter, Rows,
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


def gather(compiler: RowCompiler, node: Aggregate | Missing) -> Gathered:
    """Write the CTEs of one aggregate and the stage that joins it; gives its columns."""
    rows = node.rows
    if rows.peers is not None and compiler.context.grouped is False:
        totals = totals_of(compiler, node, {"_z": ""} if is_bounded_below(node) else {})
        return stage_of(compiler, node, RowsFrame(compiler, rows, in_place=True), totals, peers.nobody(totals), "")
    windows = peers.windows(compiler, node) if rows.peers is not None else None
    frame = RowsFrame(compiler, rows, in_place=windows is not None)
    line = line_of(node, frame)
    condition = line.pop("_t")
    if rows.peers is not None:
        peers.note_compared(compiler, frame)
    unknown = frame.unknown() if compiler.context.why else []
    totals = totals_of(compiler, node, line) + reasons_of_rows(len(unknown), len(frame.inner))
    is_long = len(condition) + len(line["_v"]) > LONG
    columns = [*(f"{text} AS {name}" for name, text in line.items()), *(f"{text} AS _u{number}" for number, text in enumerate(unknown)),
               *(f"{text} AS _w{number}" for number, text in enumerate(frame.inner))]
    if windows is not None:
        body = peers.windowed(compiler, windows, _lines([f"({condition}) AS _t", *columns]), totals)
        return stage_of(compiler, node, frame, totals, f"\n  FROM ({body}) AS g", "")
    if rows.peers is not None:
        condition, source = peers.joined(compiler, frame, condition)
        inner = f"SELECT s._id AS p, {_lines([f'({condition}) AS _t', *columns])}\n    {source}"
        return stage_of(compiler, node, frame, totals, _grouped(compiler, inner, totals, '"_id"', is_long=is_long), inner)
    inner, pivot = _below(compiler, frame, _lines([f"{passes(rows, condition)} AS _t", *columns]))
    return stage_of(compiler, node, frame, totals, _grouped(compiler, inner, totals, pivot, is_long=is_long), inner, pivot)


def line_of(node: Aggregate | Missing, frame: RowsFrame) -> dict[str, str]:
    """What a row gives, by column: whether it passes the filter, its operand, whether that is blank, and what covers it."""
    condition = truth(node.condition, frame) if node.condition is not None else "1"
    operand, known_blank = "1", "0"
    if node.operand is not None:
        operand = value(node.operand, frame, folded=True).exact
        if isinstance(node.operand, Field):
            known_blank = f"COALESCE({blank(node.operand, frame)}, 0) AND {frame.field(node.operand)} IS NULL"
    below_zero = _below_zero(node, frame, operand)
    covered = [sqlite.covered(level.column((), "_covered"), child)
               for level, (child, _) in zip(frame.levels[:-1], frame.rows.downs[1:], strict=False)]
    return {"_t": condition, "_v": operand, "_b": known_blank, **({"_z": below_zero} if below_zero is not None else {}),
            **{f"_c{number}": text for number, text in enumerate(covered)}}


def passes(rows: Rows, condition: str) -> str:
    """SQL of whether a row is there, at the lowest step, and passes the filter."""
    present = f'"{len(rows.downs)}.key" IS NOT NULL' if len(rows.downs) > 1 else "1"
    return f"CASE WHEN {present} THEN ({condition}) ELSE 0 END"


def _lines(columns: list[str]) -> str:
    return ",\n      ".join(columns)


def _grouped(compiler: RowCompiler, inner: str, totals: list[Total], pivot: str, *, is_long: bool) -> str:
    """Add the CTE of the totals for each record; gives the join to it."""
    figures = ", ".join(f"{total.grouped} AS {total.name}" for total in totals)
    if is_long:
        # Every figure asks again what a row gives: that is found once.
        inner += sqlite.KEEP
    cte = compiler.pipeline.add_cte("g", f"SELECT p, {figures}\n  FROM ({inner})\n  GROUP BY p")
    return f"\n  LEFT JOIN {cte} AS g ON g.p = s.{pivot}"


def _below(compiler: RowCompiler, frame: RowsFrame, columns: str) -> tuple[str, str]:
    """SELECT of one line for each row below a record, and the column of the record by which it is joined."""
    rows = frame.rows
    joins = "".join(f"\n    {join}" for join in frame.joins)
    link, pivot = rows.downs[0][1], compiler.pivot(rows)
    stage = compiler.pipeline.current
    if rows.ups and compiler.context.some and not frame.uses_row:
        # Many records may hang under one: what lies below that is gathered once.
        source = frame.source(f' ON "1.{link}" = s.k')
        return f'SELECT s.k AS p, {columns}\n    FROM (SELECT DISTINCT {pivot} AS k FROM {stage}) AS s\n    CROSS JOIN {source}{joins}', pivot
    if frame.uses_row or compiler.context.some:
        source = frame.source(f' ON "1.{link}" = s.{pivot}')
        # CROSS keeps SQLite to this order: the record first, then its rows by the index on their reference.
        return f"SELECT s._id AS p, {columns}\n    FROM {stage} AS s\n    CROSS JOIN {source}{joins}", '"_id"'
    return f'SELECT "1.{link}" AS p, {columns}\n    FROM {frame.source()}{joins}\n    WHERE "1.{link}" IS NOT NULL', pivot


def is_bounded_below(node: Aggregate | Missing) -> bool:
    """Whether it is a sum of a field that is taken as never negative, so that what is known of it is a lower bound."""
    return isinstance(node, Aggregate) and node.function == "sum" and not node.signed and isinstance(node.operand, Field)


def _below_zero(node: Aggregate | Missing, frame: RowsFrame, operand: str) -> str | None:
    """SQL of 1 for a row that may take from a sum of a field that is taken as never negative; None where no such sum is asked.

    That is a refund of which it is not known whether it counts, and an amount that stands somewhere but is not known.
    """
    if not is_bounded_below(node):
        return None
    assert isinstance(node.operand, Field)
    states = " OR ".join(sqlite.state(frame.states(node.operand), node.operand.name, state) for state in ("unreadable", "disputed", "other_currency"))
    return f"CASE WHEN {operand} < 0 OR ({operand} IS NULL AND ({states})) THEN 1 END"


def opens(names: Mapping[str, str]) -> str:
    """SQL of whether a row opens the aggregate."""
    t, v, b = (names.get(name, name) for name in ("_t", "_v", "_b"))
    return f"(({t} IS NULL AND NOT {b}) OR ({t} AND {v} IS NULL AND NOT {b}))"


_AS_THEY_ARE: Mapping[str, str] = {}


def totals_of(compiler: RowCompiler, node: Aggregate | Missing, line: Mapping[str, str], names: Mapping[str, str] = _AS_THEY_ARE) -> list[Total]:
    """The aggregate's own figures, and whether rows open it. `names`: where the columns of the line have others."""
    found = [Total(f"_f{index}", *figure) for index, figure in enumerate(_figures(compiler, node, names))]
    found.append(Total("_o", "MAX", opens(names), "1", opens=True))
    if "_z" in line:
        found.append(Total("_n", "MAX", opens(names), names.get("_z", "_z"), opens=True))
    return found + [Total(name, "MIN", "1", names.get(name, name)) for name in line if name.startswith("_c")]


def reasons_of_rows(unknown: int, inner: int) -> list[Total]:
    """For what reasons rows open an aggregate."""
    # Rows may open it for different reasons: with the first and the last of them none stands for all the others.
    found = [Total(f"_u{index}{side.lower()}", side, opens({}), f"_u{index}", opens=True) for index in range(unknown) for side in ("MIN", "MAX")]
    return found + [Total(f"_w{index}max", "MAX", opens({}), f"_w{index}", opens=True) for index in range(inner)]


def stage_of(compiler: RowCompiler, node: Aggregate | Missing, frame: RowsFrame, totals: list[Total], source: str, inner: str,
             pivot: str = '"_id"', at: Mapping[str, str] = _AS_THEY_ARE, is_rounded: bool = False) -> Gathered:
    """Add the stage that has an aggregate's totals, from a join to the stage before or from a select that holds it too.

    `at`: where the totals are, unless they are columns of `g`; `is_rounded`: whether sums of money are rounded there.
    """
    pipeline, rows = compiler.pipeline, node.rows
    name = compiler.next_name()
    if isinstance(node, Aggregate) and node.function == "median" and inner:
        source += _median_join(compiler, inner, pivot)
    result = Gathered(name, Value("NULL"), rows, row_nodes=list(frame.row_nodes))
    top = compiler.top_coverage(rows)
    names = [total.name for total in totals]
    covers = [total for total in names if total.startswith("_c")]
    where = {total: at.get(total, f"g.{total}") for total in names}
    closed = [top, f"COALESCE({where['_o']}, 0) = 0", *(f"COALESCE({where[cover]}, 1)" for cover in covers)]
    figures = [total for total in names if total.startswith("_f")]
    stage = [(f"{name}.{index}", _default(node, where[figure], is_rounded=is_rounded)) for index, figure in enumerate(figures)]
    if isinstance(node, Aggregate) and node.function == "median" and inner:
        stage[0] = (f"{name}.0", sqlite.cent("m.v") if node.kind == MONEY else "m.v")
    stage += [(f"{name}.closed", " AND ".join(f"({part})" for part in closed)), (f"{name}.open", f"COALESCE({where['_o']}, 0)")]
    stage += [(f"{name}.{total[1:]}", where[total]) for total in names if total[1] in "uwcn"]
    # Kept, so that a later condition on the record is not pushed in: the peers would be gathered for each one anew.
    pipeline.add_stage(stage, source, kept=True if rows.peers is not None else None)
    result.open_rows = sqlite.name(f"{name}.open")
    result.unknown = [sqlite.name(f"{name}.{total[1:]}") for total in names if total.startswith("_u")]
    result.inner = [sqlite.name(f"{name}.{total[1:]}") for total in names if total.startswith("_w")]
    types = [child for child, _ in rows.downs] or [compiler.record_type]
    result.uncovered = [(types[0], f"NOT ({top})")]
    result.uncovered += [(child, sqlite.name(f"{name}.c{index}") + " = 0") for index, child in enumerate(types[1:])]
    result.value = _missing_text(compiler, node, name) if isinstance(node, Missing) else _bounds(node, name)
    result.none = result.value.none
    return result


def _default(node: Aggregate | Missing, figure: str, *, is_rounded: bool) -> str:
    """A figure as a column: of no rows, and rounded."""
    if isinstance(node, Missing) or node.function == "count":
        return f"COALESCE({figure}, 0)"
    if node.function != "sum":
        return figure
    if node.kind == MONEY:
        return f"COALESCE({figure if is_rounded else sqlite.cent(figure)}, 0)"
    # Peers are added up in another order than children; twelve decimals know nothing of it.
    return f"COALESCE({sqlite.twelve(figure) if node.rows.peers is not None and node.kind != INTEGER else figure}, 0)"


def _figures(compiler: RowCompiler, node: Aggregate | Missing, names: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Function, which rows, and what of each."""
    t, v = names.get("_t", "_t"), names.get("_v", "_v")
    if isinstance(node, Missing):
        folded = node.operand.kind == TEXT
        return [("MAX", f"{t} AND {v} = {sqlite.literal(fold(str(item)) if folded else item)}", "1") for item in all_items(compiler, node.items)]
    if node.function == "count" and node.distinct:
        return [("DISTINCT", t, v)]
    if node.function in ("count", "median"):
        return [("SUM", t, "1")]
    return [(node.function.upper(), t, v)]


def _median_join(compiler: RowCompiler, inner: str, pivot: str) -> str:
    ranked = (f"SELECT p, _v, ROW_NUMBER() OVER (PARTITION BY p ORDER BY _v) AS n, COUNT(*) OVER (PARTITION BY p) AS whole"
              f"\n  FROM ({inner})\n  WHERE _t AND _v IS NOT NULL")
    cte = compiler.pipeline.add_cte("m", f"SELECT p, AVG(_v) AS v FROM ({ranked})\n  WHERE n IN ((whole + 1) / 2, (whole + 2) / 2)\n  GROUP BY p")
    return f"\n  LEFT JOIN {cte} AS m ON m.p = s.{pivot}"


def _bounds(node: Aggregate, name: str) -> Value:
    """The aggregate's value by what is known of an open figure: a bound on one side, or nothing."""
    figure, closed = sqlite.name(f"{name}.0"), sqlite.name(f"{name}.closed")
    exact = f"(CASE WHEN {closed} THEN {figure} END)"
    none = f"({closed} AND {figure} IS NULL)"
    if node.function == "count":
        return Value(figure, exact)
    if node.function == "sum":
        return Value(exact) if node.signed else Value(f"(CASE WHEN {sqlite.name(f'{name}.n')} IS NULL THEN {figure} END)", exact)
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
