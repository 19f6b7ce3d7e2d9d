"""Broken comparisons that have one cause: the printed figure that, put right, mends most of them and breaks none.

A figure that is printed several times with the same wrong value counts as one. What no single figure mends is a cause
of its own: two figures that do not agree, and arithmetic cannot say which of them is wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from auditkb.reports.kept_comparisons import Comparison
from auditkb.reports.exact import CENT, computed, radius, rounded, solve, step, value_of, verdict
from auditkb.reports.figures import Figure

# Limits that keep a report in which nearly all is broken from taking hours; an ordinary one is far below them.
MOST_STARTS, MOST_PARTS, MOST_BROKEN = 12, 100, 120
# Beyond so many another beginning is not looked for.
MOST_CAUSES = 10


@dataclass(frozen=True)
class Cause:
    """`figures` (one figure, however often printed) should be `computed`; `lead` is the comparison that says so best.

    `is_certain`: with that value all of `broken` hold and nothing else breaks.
    """

    figures: tuple[Figure, ...]
    computed: Decimal
    lead: Comparison
    broken: tuple[Comparison, ...]
    is_certain: bool
    held: int
    """Comparisons that already hold and would go on holding with the computed figure."""
    others: tuple[Figure, ...] = ()
    """Figures that, changed in place of this one, would mend as much: arithmetic cannot tell which is wrong."""

    @property
    def figure(self) -> Figure:
        """The figure where it is first printed."""
        return self.figures[0]


@dataclass(frozen=True)
class _Repair:
    figures: tuple[Figure, ...]
    value: Decimal
    lead: Comparison
    mended: tuple[Comparison, ...]
    harmed: int
    held: int

    @property
    def rank(self) -> tuple[object, ...]:
        """More mended, less harmed; the printed side before the figures it is held against; what agrees with more."""
        is_printed = sum(one.sides.printed.id in {figure.id for figure in self.figures} for one in self.mended)
        sides = self.lead.sides
        vague = sum((radius(one) for one in sides.figures if one.id not in {figure.id for figure in self.figures}), Decimal(0))
        return len(self.mended) - self.harmed, -self.harmed, -self.slips, is_printed, self.held, -vague

    @property
    def slips(self) -> int:
        """How many digits have to be typed otherwise; an amount does not become less than nothing."""
        figure = self.figures[0]
        if self.value < 0:
            return 99
        return _distance(_digits(figure.value or Decimal(0), figure), _digits(rounded(self.value, figure), figure))


def find_causes(comparisons: Iterable[Comparison]) -> list[Cause]:
    """The causes of all broken comparisons, in the order of their figures in the report."""
    compared = [one for one in comparisons if one.unclear is None and one.relation.otherwise == "broken"]
    by_figure: dict[str, list[Comparison]] = {}
    for one in compared:
        for figure in one.sides.figures:
            by_figure.setdefault(figure.id, []).append(one)
    broken = [one for one in compared if verdict(one.sides) == "broken"]
    causes = [cause for part in _apart(broken) for cause in _fewest(part, by_figure)]
    return sorted(causes, key=lambda cause: (cause.figure.block, cause.figure.place))


def _apart(broken: list[Comparison]) -> list[list[Comparison]]:
    """The broken comparisons in parts that share no figure and no printed value: a cause lies within one of them."""
    parts: list[tuple[set[object], list[Comparison]]] = []
    for one in broken:
        own: set[object] = {figure.id for figure in one.sides.figures} | {(figure.value, figure.unit, figure.precision) for figure in one.sides.figures if figure.value}
        members = [one]
        for part in [part for part in parts if part[0] & own]:
            parts.remove(part)
            own, members = own | part[0], [*part[1], *members]
        parts.append((own, members))
    return [members for _, members in parts]


def _fewest(broken: list[Comparison], by_figure: dict[str, list[Comparison]]) -> list[Cause]:
    """The best figure first, then the best for what is left; another beginning is taken if fewer causes come of it."""
    if len(broken) > MOST_BROKEN:
        return _ungrouped(broken)
    best = _one_by_one(broken, by_figure)
    if not 1 < len(best) <= MOST_CAUSES:
        return best
    starts = [repair for repair in _repairs(broken, by_figure, {}) if repair.harmed == 0]
    for start in sorted(starts, key=lambda repair: (-_nearer(repair, broken), repair.slips))[:MOST_STARTS]:
        other = _one_by_one(broken, by_figure, start)
        if len(other) < len(best):
            best = other
    return best


def _ungrouped(broken: list[Comparison]) -> list[Cause]:
    """One cause for each printed figure: where nearly all is broken, something else is wrong, such as the unit of a table."""
    by_printed: dict[str, list[Comparison]] = {}
    for one in broken:
        by_printed.setdefault(one.sides.printed.id, []).append(one)
    return [Cause((items[0].sides.printed,), value_of(items[0].sides.printed, {}), items[0], tuple(items), False, 0) for items in by_printed.values()]


def _nearer(repair: _Repair, broken: list[Comparison]) -> int:
    """How many broken comparisons come nearer to holding: two figures of one sum may both be wrong."""
    trial = dict.fromkeys([figure.id for figure in repair.figures], repair.value)
    return sum(_gap(one, trial) < _gap(one, {}) for one in broken)


def _gap(comparison: Comparison, values: dict[str, Decimal]) -> Decimal:
    found = computed(comparison.sides, values)
    return abs(value_of(comparison.sides.printed, values) * comparison.sides.sign - found.middle) if found is not None else Decimal(0)


def _one_by_one(broken: list[Comparison], by_figure: dict[str, list[Comparison]], start: _Repair | None = None) -> list[Cause]:
    values: dict[str, Decimal] = {}
    causes: list[Cause] = []
    while broken:
        repairs = [start] if start is not None else _repairs(broken, by_figure, values)
        best = max(repairs, key=lambda repair: repair.rank)
        start = None
        is_certain = best.harmed == 0
        mended = best.mended if is_certain or len(best.mended) > best.harmed else (best.lead,)
        if len(best.mended) > best.harmed:
            values.update({figure.id: best.value for figure in best.figures})
        causes.append(Cause(best.figures, best.value, best.lead, mended, is_certain, best.held, _others(best, repairs)))
        done = {id(one) for one in mended}
        broken = [one for one in broken if id(one) not in done]
    return causes


def _others(best: _Repair, repairs: list[_Repair]) -> tuple[Figure, ...]:
    """Figures that would mend just the same."""
    own, mended = {figure.id for figure in best.figures}, {id(one) for one in best.mended}
    others = {repair.figures[0].id: repair.figures[0] for repair in repairs
              if repair.figures[0].id not in own and repair.value >= 0 and repair.harmed == best.harmed and {id(one) for one in repair.mended} == mended}
    return tuple(others.values())


def _repairs(broken: list[Comparison], by_figure: dict[str, list[Comparison]], values: dict[str, Decimal]) -> list[_Repair]:
    repairs: dict[tuple[object, ...], _Repair] = {}
    leads: dict[str, dict[int, Comparison]] = {}
    for one in broken:
        for figure in one.sides.figures:
            leads.setdefault(figure.id, {})[id(one)] = one
    for group in _groups(broken):
        ids = {figure.id for figure in group}
        for lead in {key: one for figure in group for key, one in leads[figure.id].items()}.values():
            inside = [figure for figure in group if any(figure.id == other.id for other in lead.sides.figures)]
            solved = solve(lead.sides, inside[0], values) if len(inside) == 1 else None
            if solved is None:
                continue
            exact = rounded(solved, inside[0])
            # Where the printed digits are too few for the value that fits, it is taken to the cent.
            for value in dict.fromkeys((exact, solved.quantize(CENT, ROUND_HALF_UP))):
                trial = {**values, **dict.fromkeys(ids, value)}
                if verdict(lead.sides, trial) != "broken":
                    key = (tuple(sorted(ids)), value)
                    if key not in repairs:
                        repairs[key] = _repair(group, value, lead, broken, by_figure, values, trial)
                    break
    # A comparison that cannot be solved for any of its figures stands for itself.
    for one in broken if not repairs else ():
        figure = one.sides.printed
        repairs[(one.identity,)] = _Repair((figure,), value_of(figure, values), one, (one,), 1, 0)
    return list(repairs.values())


def _digits(value: Decimal, figure: Figure) -> str:
    return f"{value / step(figure):.0f}" if step(figure) else f"{value:f}"


def _distance(one: str, other: str) -> int:
    """Digits typed otherwise, left out, put in, or swapped with their neighbour."""
    rows = [list(range(len(other) + 1))]
    for i, left in enumerate(one, 1):
        row = [i]
        for j, right in enumerate(other, 1):
            best = min(rows[-1][j] + 1, row[j - 1] + 1, rows[-1][j - 1] + (left != right))
            if i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


def _groups(broken: list[Comparison]) -> list[tuple[Figure, ...]]:
    """The figures of the broken comparisons that may be wrong, and those together that are printed with the same value.

    A part of a very long sum alone is none of them: nothing tells it from the others.
    """
    number = Counter(figure.id for one in broken for figure in one.sides.figures)
    figures = {figure.id: figure for one in broken for figure in one.sides.figures if figure.value is not None and (
        number[figure.id] > 1 or figure.id == one.sides.printed.id or len(one.sides.figures) <= MOST_PARTS)}
    alike: dict[tuple[object, ...], list[Figure]] = {}
    for figure in figures.values():
        alike.setdefault((figure.value, figure.unit, figure.precision), []).append(figure)
    together = [tuple(sorted(same, key=lambda figure: (figure.block, figure.place))) for same in alike.values() if len(same) > 1 and same[0].value]
    return [(figure,) for figure in figures.values()] + together


def _repair(group: tuple[Figure, ...], value: Decimal, lead: Comparison, broken: list[Comparison], by_figure: dict[str, list[Comparison]],
            values: dict[str, Decimal], trial: dict[str, Decimal]) -> _Repair:
    around = {id(one): one for figure in group for one in by_figure[figure.id]}
    waiting = {id(one) for one in broken}
    mended = tuple(one for one in around.values() if id(one) in waiting and verdict(one.sides, trial) != "broken")
    good = [one for one in around.values() if id(one) not in waiting]
    harmed = sum(verdict(one.sides, trial) == "broken" for one in good)
    return _Repair(group, value, lead, mended, harmed, len(good) - harmed)
