"""From relations and named figures to comparisons: which printed figure is held against which others.

A relation holds wherever all its figures are found with the same year, department, project … Where one is missing
nothing is compared, and the figure is listed as one without a counterpart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal

from auditkb.errors import Text
from auditkb.reports.exact import CENT, Sides, Term, verdict
from auditkb.reports.figures import Figure
from auditkb.reports.named import YEAR_NAME, Named, NamedFigures, Row
from auditkb.reports.operands import Binding, fits, gather_terms, own_row, shifted
from auditkb.reports.relations import TOTAL, Relation
from auditkb.reports.row_counts import count_rows

HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Comparison:
    """One relation at one place. `unclear` says why arithmetic cannot decide it, `detail` parts two comparisons of one figure."""

    relation: Relation
    sides: Sides
    binding: Binding
    unclear: Text | None = None
    detail: Text | None = None

    @property
    def identity(self) -> tuple[object, ...]:
        """Equal for comparisons of the same figures, whichever relation gives them."""
        sides = self.sides
        terms = tuple(sorted((term.figure.id, term.sign * sides.sign) for term in sides.terms))
        if not sides.divisor and len(terms) == 1 and terms[0][1] == 1 and not sides.at_most:
            return (frozenset((sides.printed.id, terms[0][0])),)
        return sides.printed.id, sides.whole_cents, terms, tuple(sorted(term.figure.id for term in sides.divisor)), sides.at_most


@dataclass(frozen=True)
class Alone:
    """A figure of a relation that found nothing to be compared with."""

    relation: Relation
    figure: Figure
    missing: tuple[str, ...]


@dataclass
class Found:
    """What one relation gave."""

    relation: Relation
    comparisons: list[Comparison] = field(default_factory=list)
    alone: list[Alone] = field(default_factory=list)
    looked_at: int = 0
    """How many figures it began from; a relation of 0 had nothing to check in this report."""


def compare(relation: Relation, named: NamedFigures, figures: list[Figure]) -> Found:
    """All comparisons of one relation in one report."""
    found = Found(relation)
    _KINDS[relation.kind](relation, named, figures, found)
    found.comparisons = [replace(one, unclear=_YEAR) if _is_year_open(one, named) else one for one in found.comparisons]
    return found


def _is_year_open(comparison: Comparison, named: NamedFigures) -> bool:
    """Whether what does not tie may be a figure of another year."""
    sides = comparison.sides
    return comparison.unclear is None and any(figure.id in named.unsure for figure in sides.figures) and verdict(sides) == "broken"


_UNCLEAR = Text("同一名称有几个不同的数，无法确定用哪一个", "several figures go by one name; which is meant cannot be told")
_YEAR = Text("其中有的数是哪一年的，按文字不能确定", "the words do not say for sure which year one of the figures is of")
_BETWEEN = Text("中间还有别的数，可能也是组成部分", "another figure stands between them and may be a part as well")


def _begin(relation: Relation, named: NamedFigures) -> list[Named]:
    assert relation.figure is not None
    names = relation.figure.split(" or ")
    found = next((figures for name in names if (figures := named.find(name))), [])
    if "." in relation.figure and TOTAL not in relation.figure and relation.kind != "equal":
        # What holds in a row holds in the total row too.
        found = found + named.find(names[0] + TOTAL)
    return found


def _each(relation: Relation, named: NamedFigures, figures: list[Figure], found: Found,
          make: Callable[[Named, Callable[..., list[Term]]], Sides | None]) -> None:
    """Begin at every figure of the relation, let `make` gather the others, note what is missing."""
    for start in _begin(relation, named):
        missing: list[str] = []
        unclear: list[str] = []

        def gather(names: tuple[str, ...], sign: int = 1, years: int = 0, start: Named = start, missing: list[str] = missing, unclear: list[str] = unclear) -> list[Term]:
            return gather_terms(names, sign, start, shifted(start.binding, years), named, relation, missing, unclear)

        sides = make(start, gather)
        if start.row is not None and any(own_row(name.partition(".")[0], start, named) for name in missing):
            # The table has no such column: what the relation is about is not in this report.
            continue
        _keep(relation, start, sides, missing, unclear, found, named, figures)


def _keep(relation: Relation, start: Named, sides: Sides | None, missing: list[str], unclear: list[str], found: Found, named: NamedFigures,
          figures: list[Figure]) -> None:
    blank = start.figure.value is None
    if sides is not None and blank and all(term.figure.value is None for term in sides.terms):
        return
    found.looked_at += 1
    if sides is None or missing:
        if not blank:
            found.alone.append(Alone(relation, start.figure, tuple(missing)))
        return
    if sides.divisor and all(term.figure.value is None for term in sides.divisor):
        return
    found.comparisons.append(Comparison(relation, sides, start.binding, _why_unclear(relation, start, sides, bool(unclear), named, figures)))


def _why_unclear(relation: Relation, start: Named, sides: Sides, is_unclear: bool, named: NamedFigures, figures: list[Figure]) -> Text | None:
    """Why arithmetic cannot decide it, where it cannot; what ties is not doubted."""
    if is_unclear:
        return _UNCLEAR
    if verdict(sides) != "broken":
        return None
    if start.row is None and any(_has_namesake(start, name, named) for name in (relation.figure or "").split(" or ")):
        return _UNCLEAR
    if relation.kind == "sum" and relation.near == "paragraph" and _has_between(sides, figures, named):
        return _BETWEEN
    return None


def _has_between(sides: Sides, figures: list[Figure], named: NamedFigures) -> bool:
    """Whether a figure that is no part of a sum stands between its parts, or right behind the last, in the same paragraph."""
    own = sorted(sides.figures, key=lambda one: one.place)
    if len({one.block for one in own}) > 1 or len(own) < 2:
        return False
    ids = {one.id for one in own} | named.prices
    others = [one for one in figures if one.block == own[0].block and one.id not in ids and one.unit == own[0].unit]
    if any(own[0].place < one.place < own[-1].place for one in others):
        return True
    follows = min((one for one in others if one.place > own[-1].place), key=lambda one: one.place, default=None)
    if follows is None or sides.printed.id != own[0].id:
        return False
    # Parts that are listed with semicolons go on behind the next one, others end there.
    goes_on = _text_between(own[-1], follows)
    return goes_on is not None and ("；" not in goes_on or "；" in (_text_between(own[1], own[-1]) or ""))


def _text_between(one: Figure, other: Figure) -> str | None:
    """The text from one figure to another of the same sentence; None where they are not in one."""
    before, found, between = other.before.replace(";", "；").rpartition(one.printed or "")
    return between if found else None


def _has_namesake(start: Named, name: str, named: NamedFigures) -> bool:
    """Whether another figure goes by the same name and binding in the same paragraph, with another value."""
    return any(other.binding == start.binding and other.figure.block == start.figure.block and other.row is None and other.figure.value != start.figure.value
               for other in named.by_name.get(name.removesuffix(TOTAL), ()))


# --- kinds

def _sum(relation: Relation, named: NamedFigures, figures: list[Figure], found: Found) -> None:
    def make(start: Named, gather: Callable[..., list[Term]]) -> Sides | None:
        terms = gather(relation.of) + gather(relation.less, -1)
        return Sides(start.figure, tuple(terms), sign=-1 if start.is_fewer else 1) if terms else None
    _each(relation, named, figures, found, make)


def _quotient(relation: Relation, named: NamedFigures, figures: list[Figure], found: Found) -> None:
    def make(start: Named, gather: Callable[..., list[Term]]) -> Sides | None:
        terms, divisor = gather(relation.of), gather(relation.whole)
        return Sides(start.figure, tuple(terms), tuple(divisor)) if terms and divisor else None
    _each(relation, named, figures, found, make)


def _change(relation: Relation, named: NamedFigures, figures: list[Figure], found: Found) -> None:
    def make(start: Named, gather: Callable[..., list[Term]]) -> Sides | None:
        now, before = gather(relation.of), gather(relation.of, -1, -1)
        divisor = tuple(Term(term.figure) for term in before) if relation.kind == "change_rate" else ()
        sides = Sides(start.figure, tuple(now + before), divisor, sign=-1 if start.is_fewer else 1)
        return sides if now and before else None
    _each(relation, named, figures, found, make)


def _equal(relation: Relation, named: NamedFigures, figures: list[Figure], found: Found) -> None:
    years = -1 if relation.kind == "carry_forward" else 0

    def make(start: Named, gather: Callable[..., list[Term]]) -> Sides | None:
        terms = gather(relation.of, 1, years)
        return Sides(start.figure, tuple(terms)) if terms else None
    _each(relation, named, figures, found, make)


def _carry_forward(relation: Relation, named: NamedFigures, figures: list[Figure], found: Found) -> None:
    """The first year that the report gives has nothing before it."""
    _equal(relation, named, figures, found)
    years = [int(one.binding[YEAR_NAME]) for one in _begin(relation, named) if YEAR_NAME in one.binding]
    first = {one.figure.id for one in _begin(relation, named) if one.binding.get(YEAR_NAME) == str(min(years, default=0))}
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
    _each(relation, named, figures, found, make)
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
