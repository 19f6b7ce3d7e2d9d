"""What a relation gives in a report: comparisons, figures without a counterpart, and why something is unclear."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from auditkb.errors import Text
from auditkb.reports.exact import Sides, Term, verdict
from auditkb.reports.figures import Figure
from auditkb.reports.named import Named, NamedFigures
from auditkb.reports.operands import Binding, gather_terms, own_row, shifted
from auditkb.reports.relations import TOTAL, Relation


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


_UNCLEAR = Text("同一名称有几个不同的数，无法确定用哪一个", "several figures go by one name; which is meant cannot be told")
YEAR_OPEN = Text("其中有的数是哪一年的，按文字不能确定", "the words do not say for sure which year one of the figures is of")
_BETWEEN = Text("中间还有别的数，可能也是组成部分", "another figure stands between them and may be a part as well")


def begin(relation: Relation, named: NamedFigures) -> list[Named]:
    """The figures at which a relation begins."""
    assert relation.figure is not None
    names = relation.figure.split(" or ")
    found = next((figures for name in names if (figures := named.find(name))), [])
    if "." in relation.figure and TOTAL not in relation.figure and relation.kind != "equal":
        # What holds in a row holds in the total row too.
        found = found + named.find(names[0] + TOTAL)
    return found


def each(relation: Relation, named: NamedFigures, figures: list[Figure], found: Found,
          make: Callable[[Named, Callable[..., list[Term]]], Sides | None]) -> None:
    """Begin at every figure of the relation, let `make` gather the others, note what is missing."""
    for start in begin(relation, named):
        missing: list[str] = []
        unclear: list[str] = []

        def gather(names: tuple[str, ...], sign: int = 1, years: int = 0, start: Named = start, missing: list[str] = missing, unclear: list[str] = unclear) -> list[Term]:
            return gather_terms(names, sign, start, shifted(start.binding, years), named, relation, missing, unclear)

        sides = make(start, gather)
        if start.row is not None and any(own_row(name.partition(".")[0], start, named) for name in missing):
            # The table has no such column: what the relation is about is not in this report.
            continue
        keep(relation, start, sides, missing, unclear, found, named, figures)


def keep(relation: Relation, start: Named, sides: Sides | None, missing: list[str], unclear: list[str], found: Found, named: NamedFigures,
          figures: list[Figure]) -> None:
    """Note what one figure gives: a comparison, what stands alone, or nothing where the paper is blank."""
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
