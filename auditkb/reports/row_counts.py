"""How many rows of a table a relation counts: all, the different values of a column, or those whose rate is low."""

from __future__ import annotations

from decimal import Decimal

from auditkb.reports.named import Named, NamedFigures, Row
from auditkb.reports.operands import operand
from auditkb.reports.relations import Relation, Where


def count_rows(relation: Relation, start: Named, rows: list[Row], named: NamedFigures) -> tuple[int, int] | None:
    """The least and the greatest number that the rows give; None where the table lacks what is counted."""
    if relation.distinct is not None:
        values = {row.binding.get(relation.distinct) for row in rows} - {None}
        return (len(values), len(values)) if values else None
    where = relation.where
    if where is None:
        return len(rows), len(rows)
    limits = [one.figure.value for one in operand(where.below, start, start.binding, named)[0]]
    if len(limits) != 1 or limits[0] is None or not any(where.column in row.figures for row in rows):
        return None
    # A row may print another rate than its amounts give; that is for the relation of the rate to say.
    both = [{rate < limits[0] for rate in _rates(row, where) if rate is not None} for row in rows]
    return sum(one == {True} for one in both), sum(True in one for one in both)


def _rates(row: Row, where: Where) -> tuple[Decimal | None, Decimal | None]:
    """The rate as printed and as its amounts give it."""
    printed = row.figures[where.column].value if where.column in row.figures else None
    whole = next((row.figures[name].value for name in where.whole if name in row.figures), None)
    part = row.figures[where.of].value if where.of in row.figures else None
    return printed, part * 100 / whole if part is not None and whole else None
