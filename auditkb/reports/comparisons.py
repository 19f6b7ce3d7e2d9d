"""From relations and named figures to comparisons: which printed figure is held against which others.

A relation holds wherever all its figures are found with the same year, department, project … Where one is missing
nothing is compared, and the figure is listed as one without a counterpart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal

from auditkb.errors import Text
from auditkb.reports.exact import CENT, Sides, Term, verdict
from auditkb.reports.figures import Figure
from auditkb.reports.named import YEAR_NAME, Named, NamedFigures, Row
from auditkb.reports.operands import Binding, fits
from auditkb.reports.relations import Relation
from auditkb.reports.row_counts import count_rows
from auditkb.reports.kept_comparisons import Alone, Comparison, Found, YEAR_OPEN, begin, each

HUNDRED = Decimal(100)


def compare(relation: Relation, named: NamedFigures, figures: list[Figure]) -> Found:
    """All comparisons of one relation in one report."""
    found = Found(relation)
    _KINDS[relation.kind](relation, named, figures, found)
    found.comparisons = [replace(one, unclear=YEAR_OPEN) if _is_year_open(one, named) else one for one in found.comparisons]
    return found


def _is_year_open(comparison: Comparison, named: NamedFigures) -> bool:
    """Whether what does not tie may be a figure of another year."""
    sides = comparison.sides
    return comparison.unclear is None and any(figure.id in named.unsure for figure in sides.figures) and verdict(sides) == "broken"


def _sum(relation: Relation, named: NamedFigures, figures: list[Figure], found: Found) -> None:
    def make(start: Named, gather: Callable[..., list[Term]]) -> Sides | None:
        terms = gather(relation.of) + gather(relation.less, -1)
        return Sides(start.figure, tuple(terms), sign=-1 if start.is_fewer else 1) if terms else None
    each(relation, named, figures, found, make)


def _quotient(relation: Relation, named: NamedFigures, figures: list[Figure], found: Found) -> None:
    def make(start: Named, gather: Callable[..., list[Term]]) -> Sides | None:
        terms, divisor = gather(relation.of), gather(relation.whole)
        return Sides(start.figure, tuple(terms), tuple(divisor)) if terms and divisor else None
    each(relation, named, figures, found, make)


def _change(relation: Relation, named: NamedFigures, figures: list[Figure], found: Found) -> None:
    def make(start: Named, gather: Callable[..., list[Term]]) -> Sides | None:
        now, before = gather(relation.of), gather(relation.of, -1, -1)
        divisor = tuple(Term(term.figure) for term in before) if relation.kind == "change_rate" else ()
        sides = Sides(start.figure, tuple(now + before), divisor, sign=-1 if start.is_fewer else 1)
        return sides if now and before else None
    each(relation, named, figures, found, make)


def _equal(relation: Relation, named: NamedFigures, figures: list[Figure], found: Found) -> None:
    years = -1 if relation.kind == "carry_forward" else 0

    def make(start: Named, gather: Callable[..., list[Term]]) -> Sides | None:
        terms = gather(relation.of, 1, years)
        return Sides(start.figure, tuple(terms)) if terms else None
    each(relation, named, figures, found, make)


def _carry_forward(relation: Relation, named: NamedFigures, figures: list[Figure], found: Found) -> None:
    """The first year that the report gives has nothing before it."""
    _equal(relation, named, figures, found)
    years = [int(one.binding[YEAR_NAME]) for one in begin(relation, named) if YEAR_NAME in one.binding]
    first = {one.figure.id for one in begin(relation, named) if one.binding.get(YEAR_NAME) == str(min(years, default=0))}
    if len(set(years)) > 1:
        found.alone = [alone for alone in found.alone if alone.figure.id not in first]


def _repeated(relation: Relation, named: NamedFigures, figures: list[Figure], found: Found) -> None:
    assert relation.figure is not None
    first: dict[tuple[tuple[str, str], ...], Named] = {}
    for one in named.find(relation.figure):
        key = tuple(sorted(one.binding.items()))
        found.looked_at += 1
        if key in first:
            found.comparisons.append(Comparison(relation, Sides(one.figure, (Term(first[key].figure),)), one.binding))
        first.setdefault(key, one)


def _rows(relation: Relation, named: NamedFigures) -> dict[str, list[Row]]:
    """The rows of the relation's table, by the table in the report: there may be one for each of several parts."""
    tables: dict[str, list[Row]] = {}
    for row in named.rows.get(relation.table or "", ()):
        tables.setdefault(row.table, []).append(row)
    return tables


def _column_total(relation: Relation, named: NamedFigures, figures: list[Figure], found: Found) -> None:
    for rows in _rows(relation, named).values():
        for column in relation.columns:
            totals = [row for row in rows if row.is_total and column in row.figures]
            parts = [row.figures[column] for row in rows if not row.is_total and column in row.figures]
            for row in totals:
                _add_total(relation, row.figures[column], parts, row.binding, found)


def _add_total(relation: Relation, whole: Figure, parts: list[Figure], binding: Binding, found: Found, detail: Text | None = None) -> None:
    if whole.value is None and all(part.value is None for part in parts):
        return
    found.looked_at += 1
    if parts:
        found.comparisons.append(Comparison(relation, Sides(whole, tuple(Term(part) for part in parts)), binding, detail=detail))


_LEAVES = Text("（末级科目）", " (codes of the last level)")


def _hierarchy(relation: Relation, named: NamedFigures, figures: list[Figure], found: Found) -> None:
    """Each code is the sum of those that begin with it; the total is that of the first level, and of the last."""
    assert relation.code is not None
    for rows in _rows(relation, named).values():
        coded = [row for row in rows if not row.is_total and row.binding.get(relation.code, "").isdigit()]
        codes = {row.binding[relation.code] for row in coded}
        above = {code: max((other for other in codes if code != other and code.startswith(other)), key=len, default="") for code in codes}
        for column in relation.columns:
            held = [(row.binding[relation.code], row) for row in coded if column in row.figures]
            for code, row in held:
                below = [other.figures[column] for name, other in held if above[name] == code]
                if below:
                    _add_total(relation, row.figures[column], below, row.binding, found)
            for row in rows:
                if row.is_total and column in row.figures:
                    _add_total(relation, row.figures[column], [other.figures[column] for name, other in held if not above[name]], row.binding, found)
                    leaves = [other.figures[column] for name, other in held if name not in above.values()]
                    _add_total(relation, row.figures[column], leaves, row.binding, found, _LEAVES)


def _count(relation: Relation, named: NamedFigures, figures: list[Figure], found: Found) -> None:
    assert relation.figure is not None
    tables = _rows(relation, named)
    for start in [one for name in relation.figure.split(" or ") for one in named.find(name)]:
        rows = [row for table in tables.values() for row in table if not row.is_total and fits(start.binding, row.binding) and named.can_tell(start.binding, relation.table or "", row.binding)]
        found.looked_at += 1
        numbers = count_rows(relation, start, rows, named) if rows else None
        if numbers is None:
            found.alone.append(Alone(relation, start.figure, (relation.table or "",)))
            continue
        printed = start.figure.value or Decimal(0)
        number = min(max(printed, Decimal(numbers[0])), Decimal(numbers[1]))
        found.comparisons.append(Comparison(relation, Sides(start.figure, (), constant=number), start.binding))


def _unspent(relation: Relation, named: NamedFigures, figures: list[Figure], found: Found) -> None:
    """A rate of 100 % says that all was spent; then no part of it can have money left."""
    def make(start: Named, gather: Callable[..., list[Term]]) -> Sides | None:
        whole, part, spent = gather(relation.whole), gather(relation.of), gather(relation.less)
        terms = [*whole, *(Term(term.figure, -1) for term in part), *spent]
        return Sides(start.figure, tuple(terms), tuple(whole), at_most=True) if whole and part and spent else None
    each(relation, named, figures, found, make)
    found.comparisons = [one for one in found.comparisons if one.sides.printed.value == HUNDRED]
    found.alone = [one for one in found.alone if one.figure.value == HUNDRED]


def _cents(relation: Relation, named: NamedFigures, figures: list[Figure], found: Found) -> None:
    """There is no amount below a cent; only those that break it become comparisons."""
    for figure in figures:
        if figure.unit != "yuan" or figure.value is None:
            continue
        found.looked_at += 1
        if figure.id not in named.prices and figure.value != figure.value.quantize(CENT):
            found.comparisons.append(Comparison(relation, Sides(figure, (), whole_cents=True), {}))


_KINDS: dict[str, Callable[[Relation, NamedFigures, list[Figure], Found], None]] = {
    "sum": _sum, "difference": _sum, "share": _quotient, "rate": _quotient, "change": _change, "change_rate": _change,
    "carry_forward": _carry_forward, "column_total": _column_total, "hierarchy": _hierarchy, "equal": _equal, "repeated": _repeated,
    "count": _count, "unspent": _unspent, "cents": _cents,
}


def distinct(found: list[Found]) -> Iterator[Comparison]:
    """Every comparison once, whichever relations gave it."""
    seen: set[tuple[object, ...]] = set()
    for one in found:
        for comparison in one.comparisons:
            if comparison.identity not in seen:
                seen.add(comparison.identity)
                yield comparison
