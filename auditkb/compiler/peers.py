"""Peers of a record: windows over its group, or a join where a peer is compared with the record itself.

A window costs one sort of the records, a join the square of each group. Which peers are certain, and which are so only
perhaps because what orders or tells them apart is unknown, is the same in both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditkb.compiler import sqlite, tables
from auditkb.compiler.pipeline import Columns
from auditkb.compiler.rows_frame import RowsFrame, Total
from auditkb.compiler.translate import value
from auditkb.expressions.tree import Aggregate, Constant, Field, LetName, Missing, Parameter, walk
from auditkb.dictionary import Dictionary
from auditkb.rules.checked import Assumption, Peers, Rule

if TYPE_CHECKING:
    from auditkb.compiler.row_compiler import RowCompiler

BEFORE = "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
AFTER = "ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING"
GROUPS_BEFORE = "GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
MAY_OPEN = "(COALESCE(_t, 1) AND NOT _b)"
"""What a row that is a peer only perhaps must fulfil to open an aggregate: it does not certainly fail the filter."""


@dataclass(frozen=True)
class Windows:
    """Frames that together hold the certain peers of a row, each once."""

    certain: list[str]
    deciding: str | None = None
    """The column that must be known of both for a peer to be certain; rows without it come first in every order."""
    holds_unknown: bool = True
    """Whether the first frame holds all rows whose deciding column is unknown."""


def joined(compiler: RowCompiler, frame: RowsFrame, condition: str) -> tuple[str, str]:
    """The condition of the filter and of being a peer, and where pairs of record and peer are selected from."""
    peers, which = compiler.peers, frame.rows.peers
    parts = []
    for item in peers.different:
        own, other = compiler.peer_pair(item, frame)
        parts.append(f"({other} <> {own})")
    if peers.order is not None:
        own, other = compiler.peer_pair(peers.order, frame)
        sign = {"earlier": "<", "later": ">"}.get(which or "")
        if sign is not None:
            parts.append(f'({other} {sign} {own} OR ({other} = {own} AND "1._id" {sign} s._id))')
        if peers.within_days is not None:
            days = value(peers.within_days, compiler).exact
            distance = sqlite.days_between(own, other) if peers.order.kind.name == "date" else f"({other} - {own})"
            parts.append(f"(ABS({distance}) <= {days})")
    same = " AND ".join([*(f"{other} = {own}" for own, other in _same(compiler, frame)), '"1._id" <> s._id'])
    source = f"FROM {compiler.pipeline.current} AS s\n    JOIN {frame.peers()} ON {same}"
    return " AND ".join([*parts, condition]), source


def note_compared(compiler: RowCompiler, frame: RowsFrame) -> None:
    """Enter what orders peers or tells them apart among what may be unknown of them."""
    peers = compiler.peers
    for item in (*peers.different, *([peers.order] if peers.order is not None else [])):
        frame.compared.append((compiler.peer_pair(item, frame)[1], item.path if isinstance(item, Field) else item.name))


def _same(compiler: RowCompiler, frame: RowsFrame) -> list[tuple[str, str]]:
    return [compiler.peer_pair(item, frame) for item in compiler.peers.same]


# windows


def windows(compiler: RowCompiler, node: Aggregate | Missing) -> Windows | None:
    """The frames of the peers that an aggregate looks at; None where only a join can find them."""
    peers, which = compiler.peers, node.rows.peers
    is_ordered = peers.order is not None and (which != "peers" or peers.within_days is not None)
    if len(peers.different) + is_ordered > 1 or needs_single_rows(node) or looks_at_record(compiler, node):
        return None
    if peers.different:
        column = compiler.peer_column(peers.different[0])
        return Windows([f"{order} {GROUPS_BEFORE}" for order in _orders(column)], column)
    if not is_ordered:
        return Windows([f"{order} {BEFORE}" for order in _orders('"_id"')])
    column = compiler.peer_column(_order(compiler))
    if peers.within_days is not None:
        return _near(compiler, column, which or "")
    upward, downward = _orders(column, '"_id"')
    return Windows([f"{upward if which == 'earlier' else downward} {BEFORE}"], column)


def looks_at_record(compiler: RowCompiler, node: Aggregate | Missing) -> bool:
    """Whether a peer is compared with the record itself, or with a parameter that depends on it."""
    for root in (node.operand, node.condition):
        for part in walk(root) if root is not None else ():
            if isinstance(part, (Field, LetName)) and part.level == 0:
                return True
            if isinstance(part, Parameter) and not compiler.is_constant(part):
                return True
    return False


def needs_single_rows(node: Aggregate | Missing) -> bool:
    """Whether a figure cannot be made of those of parts."""
    return isinstance(node, Aggregate) and (node.function == "median" or node.distinct)


def _order(compiler: RowCompiler) -> Field | LetName:
    assert compiler.peers.order is not None
    return compiler.peers.order


def _orders(*columns: str) -> tuple[str, str]:
    """Up and down by columns, the unknown in front both times."""
    known = f"{columns[0]} IS NOT NULL, " if columns[0] != '"_id"' else ""
    return f"ORDER BY {known}{', '.join(columns)}", f"ORDER BY {known}{', '.join(f'{column} DESC' for column in columns)}"


def _near(compiler: RowCompiler, order: str, which: str) -> Windows | None:
    """Peers of other days by the number of the day, and those of the same day by the record's key."""
    days = _days(compiler)
    if days is None or _order(compiler).kind.name != "date":
        return None
    found = []
    if which != "later":
        found += [f"ORDER BY julianday({order}) RANGE BETWEEN {days} PRECEDING AND 1 PRECEDING"] if days else []
        found.append(f', {order} ORDER BY "_id" {BEFORE}')
    if which != "earlier":
        found += [f"ORDER BY julianday({order}) RANGE BETWEEN 1 FOLLOWING AND {days} FOLLOWING"] if days else []
        found.append(f', {order} ORDER BY "_id" DESC {BEFORE}')
    return Windows(found, order, holds_unknown=False)


def _days(compiler: RowCompiler) -> int | None:
    """The number of days within which peers lie, where it is one for all records."""
    node = compiler.peers.within_days
    found: object = None
    if isinstance(node, Constant):
        found = node.value
    elif isinstance(node, Parameter) and compiler.is_constant(node):
        found = tables.constant(compiler.context.parameters[node.name]).value  # type: ignore[union-attr]
    return found if isinstance(found, int) and found >= 0 else None


def nobody(totals: list[Total]) -> str:
    """The join to the totals of a record without a group."""
    return f"\n  CROSS JOIN (SELECT {', '.join(f'NULL AS {total.name}' for total in totals)}) AS g"


def windowed(compiler: RowCompiler, found: Windows, lines: str, totals: list[Total]) -> str:
    """SELECT of the stage with the totals over each record's peers. `lines`: what the record is as a peer of others.

    A peer whose deciding column is unknown may be one; of a record that lacks it itself, every other row of the group
    may be. Without reasons such a record is not looked at closely: it stays open, to be asked again.
    """
    same = [compiler.peer_column(item) for item in compiler.peers.same]
    partition = f"PARTITION BY {', '.join(same)}"
    named = {f"d{index}": f"{partition}{text if text.startswith(',') else ' ' + text}" for index, text in enumerate(found.certain)}
    certain, decided = list(named), found.deciding is not None
    looks_closely = decided and compiler.context.why
    if decided and not found.holds_unknown:
        named["whole"] = partition
    others = []
    if looks_closely:
        # One sort less where the certain peers are themselves all rows before.
        order = found.certain[0].removesuffix(BEFORE) if len(certain) == 1 and found.holds_unknown else 'ORDER BY "_id" '
        named["after"] = f"{partition} {order}{AFTER}"
        others = ["d0" if order in found.certain[0] else "before", "after"]
        if others[0] == "before":
            named["before"] = f"{partition} {order}{BEFORE}"
    columns, outer = ["i.*"], ["w.*"]
    in_group = " AND ".join(f"{column} IS NOT NULL" for column in same)
    for total in totals:
        parts = [(name, f"{found.deciding} IS NOT NULL AND {total.when}" if decided else total.when) for name in certain]
        if decided and total.opens:
            parts.append(("d0" if found.holds_unknown else "whole", f"{found.deciding} IS NULL AND {MAY_OPEN}"))
        figure, without = _over(total, parts, "", columns), "NULL"
        if decided and total.opens:
            without = _over(total, [(name, MAY_OPEN) for name in others], "others", columns) if looks_closely else "1"
        if decided:
            figure = f"CASE WHEN {found.deciding} IS NOT NULL THEN {figure} ELSE {without} END"
        outer.append(f"CASE WHEN {in_group} THEN {figure} END AS {total.name}")
    clause = ",\n      ".join(f"{name} AS ({text})" for name, text in named.items())
    return (f"SELECT {', '.join(outer)}\n  FROM (SELECT {', '.join(columns)}\n"
            f"    FROM (SELECT s.*, {lines}\n      FROM {compiler.pipeline.current} AS s) AS i\n    WINDOW {clause}) AS w")


def _over(total: Total, parts: list[tuple[str, str]], mark: str, columns: list[str]) -> str:
    """Add a column for the total over each part (window, which rows); gives the total of all."""
    names = [f"{total.name}{mark}{index}" for index in range(len(parts))]
    columns += [f"{total.function}(CASE WHEN {when} THEN {total.text} END) OVER {window} AS {name}"
                for name, (window, when) in zip(names, parts, strict=True)]
    return either(total.function, names)


def either(function: str, parts: list[str]) -> str:
    """Totals of parts that share no row, as the total of all; a part without rows is NULL."""
    if len(parts) == 1:
        return parts[0]
    if function == "SUM":
        return " + ".join(f"COALESCE({part}, 0)" for part in parts)
    # Numbers come before text, and text before blobs.
    beyond = "x''" if function == "MIN" else "-9e999"
    return f"NULLIF({function}({', '.join(f'COALESCE({part}, {beyond})' for part in parts)}), {beyond})"


# some records


def groups(peers: Peers, assumptions: tuple[Assumption, ...], columns: Columns) -> list[str] | None:
    """SQL of the recorded fields that tell one group from another; None where other values do."""
    names = group_columns(peers, assumptions, columns)
    return None if names is None else [columns.columns[name[1:-1]] for name in names]


def group_columns(peers: Peers, assumptions: tuple[Assumption, ...], columns: Columns) -> list[str] | None:
    """The columns of those fields."""
    stood_in = {item.target for item in assumptions}
    same = [item for item in peers.same if isinstance(item, Field) and item.path not in stood_in]
    if len(same) < len(peers.same):
        return None
    return [columns.column(item.ups, f"_folded_{item.name}" if item.kind.name == "text" else item.name) for item in same]


def keys_of_groups(peers: Peers, assumptions: tuple[Assumption, ...], columns: Columns) -> str | None:
    """SQL of the keys of all records in a group with one of `{keys}`; None where a group is not told by recorded fields."""
    texts = groups(peers, assumptions, columns)
    if texts is None:
        return None
    asked = ", ".join(f"{text} AS q{index}" for index, text in enumerate(texts))
    joins = "".join(f" {join}" for join in columns.joins.values())
    grouped = " AND ".join(f"{text} = q.q{index}" for index, text in enumerate(texts))
    return (f"(SELECT r.key FROM (SELECT DISTINCT {asked} FROM {{keys}} AS k CROSS JOIN {columns.source} ON r.key = k.key{joins}) AS q,"
            f" {columns.source}{joins} WHERE {grouped} UNION SELECT key FROM {{keys}})")


def indexes(rule: Rule, dictionary: Dictionary) -> set[tuple[str, tuple[str, ...]]]:
    """Tables and columns of the indexes by which the group of a record is found."""
    found: set[tuple[str, tuple[str, ...]]] = set()
    own: list[str] = []
    for item in rule.peers.same if rule.peers is not None else ():
        if isinstance(item, Field):
            names, record_type = [*item.ups, f"_folded_{item.name}" if item.kind.name == "text" else item.name], rule.checks
            if not item.ups:
                own.append(names[0])
                continue
            for name in names:
                found.add((record_type, (name,)))
                record_type = dictionary[record_type].fields[name].type if name in item.ups else record_type
    return found | ({(rule.checks, tuple(own))} if own else set())


def largest_group(rule: Rule, dictionary: Dictionary) -> str | None:
    """SQL of the values and the size of the largest group; None where no filter compares a peer with the record.

    Groups that are told by lets are not counted: these are in no table.
    """
    same = rule.peers.same if rule.peers is not None else ()
    compared = [part for root in rule.nodes() for part in walk(root) if isinstance(part, (Aggregate, Missing)) and part.rows.peers is not None
                and any(isinstance(one, (Field, LetName)) and one.level == 0 for one in walk(part))]
    fields = [item for item in same if isinstance(item, Field)]
    if not compared or len(fields) < len(same):
        return None
    columns = Columns(dictionary, rule.checks)
    for item in fields:
        columns.column(item.ups, item.name)
    texts, joins = list(columns.columns.values()), "".join(f" {join}" for join in columns.joins.values())
    return (f"SELECT {', '.join(texts)}, COUNT(*) FROM {columns.source}{joins} WHERE {' AND '.join(f'{text} IS NOT NULL' for text in texts)}"
            f" GROUP BY {', '.join(str(number) for number in range(1, len(texts) + 1))} ORDER BY COUNT(*) DESC LIMIT 1")
