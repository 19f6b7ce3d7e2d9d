"""Which figures the names of a relation stand for, as seen from the figure that it begins at.

They must have the same year, department, project … as far as both say. Of several figures of the text the nearest is
meant; where two equally near ones differ the relation is unclear.
"""

from __future__ import annotations

from collections.abc import Mapping

from auditkb.reports.exact import Term
from auditkb.reports.figures import Figure
from auditkb.reports.named import YEAR_NAME, Named, NamedFigures, Row
from auditkb.reports.relations import TOTAL, Relation

Binding = Mapping[str, str]


def fits(one: Binding, other: Binding) -> bool:
    """Whether what two figures are bound to agrees where both say it."""
    return all(other[name] == value for name, value in one.items() if name in other)


def shifted(binding: Binding, years: int) -> Binding:
    """The same binding some years on."""
    return {**binding, YEAR_NAME: str(int(binding[YEAR_NAME]) + years)} if YEAR_NAME in binding else binding


def operand(text: str, start: Named, binding: Binding, named: NamedFigures, near: str = "report") -> tuple[list[Named], bool]:
    """The figures that a name stands for, as seen from `start`, the first of alternatives that has any; and whether they are unclear."""
    for name in text.split(" or "):
        table, point, column = name.removesuffix(TOTAL).partition(".")
        own = own_row(table, start, named) if point and not name.endswith(TOTAL) else None
        if own is not None:
            if column in own.figures:
                return [Named(own.figures[column], own.binding, own.is_total, row=start.row)], False
            continue
        fitting = [other for other in named.near(name, binding) if fits(binding, other.binding) and other.figure.id != start.figure.id
                   and (start.row is not None or other.row is None or other.is_total or named.can_tell(binding, table, other.binding))]
        if fitting and point and name.endswith(TOTAL):
            return fitting[:1], len({other.figure.value for other in fitting}) > 1
        if fitting and point:
            return fitting, False
        if found := _nearest(fitting, start.figure, near):
            return _one_a_binding(found)
    return [], False


def own_row(table: str, start: Named, named: NamedFigures) -> Row | None:
    """The row of a table in which a figure stands."""
    return named.row_at.get((table, start.row)) if start.row is not None else None


def _nearest(candidates: list[Named], to: Figure, near: str) -> list[Named]:
    """Those of the same paragraph, else of the same section, else all, as far as `near` allows."""
    for level, fits in (("paragraph", lambda one: one.block == to.block), ("section", lambda one: one.section == to.section), ("report", lambda one: True)):
        found = [one for one in candidates if fits(one.figure)]
        if found or level == near:
            return found
    return []


def _one_a_binding(candidates: list[Named]) -> tuple[list[Named], bool]:
    """One figure for each binding; unclear where one binding has several values."""
    first: dict[tuple[tuple[str, str], ...], Named] = {}
    unclear = False
    for one in candidates:
        other = first.setdefault(tuple(sorted(one.binding.items())), one)
        unclear = unclear or other.figure.value != one.figure.value
    return list(first.values()), unclear


def gather_terms(names: tuple[str, ...], sign: int, start: Named, binding: Binding, named: NamedFigures, relation: Relation,
           missing: list[str], unclear: list[str]) -> list[Term]:
    """The figures of these names as terms of one sign; what is missing or unclear goes into the lists."""
    terms: list[Term] = []
    for name in names:
        operands, is_unclear = operand(name, start, binding, named, relation.near)
        if not operands and name not in relation.may_lack:
            missing.append(name)
        if relation.for_every is not None and not named.every(relation.for_every) <= {one.binding.get(relation.for_every) for one in operands}:
            missing.append(name)
        if relation.kind in ("equal", "carry_forward") and len({one.figure.value for one in operands}) == 1:
            operands = operands[:1]
        if is_unclear or (relation.kind in ("equal", "carry_forward") and len(operands) > 1):
            unclear.append(name)
        terms += [Term(one.figure, sign) for one in operands]
    return terms
