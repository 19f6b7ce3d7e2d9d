"""A report's figures held against each other: every relation at every place, its verdict, and the causes of what is broken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext

from auditkb.errors import Text
from auditkb.reports.causes import Cause, find_causes
from auditkb.reports.comparisons import Alone, Comparison, Found, compare, distinct
from auditkb.reports.document import Document
from auditkb.reports.exact import DIGITS, Verdict, computed, decimals, rounded, scale, tolerance, verdict
from auditkb.reports.figures import Figure
from auditkb.reports.named import YEAR_NAME, NamedFigures, name_figures
from auditkb.reports.relations import Relation, RelationSet, said

VERDICTS: dict[Verdict, Text] = {"broken": Text("不符", "broken"), "review": Text("待人判断", "for a person to judge"),
                                 "rounding": Text("取整差异", "rounding"), "ties": Text("相符", "ties")}
BOUND = Text("不超过 ", "at most ")


@dataclass(frozen=True)
class TieOut:
    """One comparison with its verdict. Amounts are in the figure's own unit: yuan, per cent or a count."""

    comparison: Comparison
    verdict: Verdict
    title: Text
    place: Text
    printed: str
    computed: str
    difference: Decimal | None
    tolerance: Decimal | None
    cause: Cause | None = None

    @property
    def relation(self) -> Relation:
        """The relation as it is written in the file."""
        return self.comparison.relation

    @property
    def figure(self) -> Figure:
        """The printed figure."""
        return self.comparison.sides.printed


@dataclass(frozen=True)
class TiedOut:
    """What came of one report."""

    document: Document
    year: int | None
    tie_outs: tuple[TieOut, ...]
    causes: tuple[Cause, ...]
    silent: tuple[Relation, ...]
    """Relations that found nothing in this report."""
    alone: tuple[Alone, ...]
    """Figures of a relation whose counterpart was not found."""
    approximate: tuple[Figure, ...]
    relations: RelationSet

    def count(self, verdict: Verdict) -> int:
        """How many tie-outs have a verdict."""
        return sum(one.verdict == verdict for one in self.tie_outs)

    def of(self, cause: Cause) -> list[TieOut]:
        """The broken tie-outs of a cause, the one that says it best first."""
        return sorted((one for one in self.tie_outs if one.cause is cause), key=lambda one: one.comparison is not cause.lead)


def tie_out(document: Document, figures: list[Figure], relations: RelationSet) -> TiedOut:
    """Check every relation that the report has figures for."""
    named = name_figures(document, figures, relations)
    found = [compare(relation, named, figures) for relation in relations.relations]
    comparisons = list(distinct(found))
    causes = find_causes(comparisons)
    cause_of = {id(one): cause for cause in causes for one in cause.broken}
    tie_outs = [_judged(one, document, named, cause_of.get(id(one))) for one in comparisons]
    approximate = {figure.id: figure for figure in named.approximate}
    return TiedOut(document, named.year, tuple(tie_outs), tuple(causes), tuple(one.relation for one in found if not one.looked_at),
                   tuple(_alone(found)), tuple(approximate.values()), relations)


def _alone(found: list[Found]) -> Iterable[Alone]:
    """Figures without a counterpart, where no other relation holds them against anything."""
    compared = {figure.id for one in found for comparison in one.comparisons for figure in comparison.sides.figures}
    seen: set[str] = set()
    for one in found:
        for alone in one.alone:
            if alone.figure.id not in compared and alone.figure.id not in seen:
                seen.add(alone.figure.id)
                yield alone


def _judged(comparison: Comparison, document: Document, named: NamedFigures, cause: Cause | None) -> TieOut:
    sides = comparison.sides
    found = computed(sides)
    said_of = "review" if comparison.unclear is not None else verdict(sides)
    if said_of == "broken" and comparison.relation.otherwise == "review":
        said_of = "review"
    printed = sides.printed.value if sides.printed.value is not None else Decimal(0)
    value = found.middle * sides.sign if found is not None else None
    shown = "" if value is None else (BOUND.zh if sides.at_most and said_of != "ties" else "") + written(value, sides.printed)
    return TieOut(comparison, said_of, _title(comparison, named), place_of(sides.printed, document), as_printed(sides.printed), shown,
                  None if value is None else _short(printed - value), None if found is None else _short(tolerance(sides, found)), cause)


def _short(number: Decimal) -> Decimal:
    """Six decimals are more than any report prints; without the zeros at the end."""
    with localcontext() as context:
        context.prec = DIGITS
        return number.quantize(Decimal("0.000001")).normalize() + 0


def _title(comparison: Comparison, named: NamedFigures) -> Text:
    """The relation with what binds it here: 执行率＝实际支出÷调整后预算（社区建设办公室）."""
    title = said(comparison.relation.title)
    bound = [named.shown.get(value, value) for name, value in comparison.binding.items() if name != YEAR_NAME]
    years = [comparison.binding[YEAR_NAME]] if YEAR_NAME in comparison.binding and comparison.binding[YEAR_NAME] != str(named.year) else []
    inside = "，".join([*years, *bound])
    return title + Text(f"（{inside}）", f" ({inside.replace('，', ', ')})") if inside else title


def place_of(figure: Figure, document: Document) -> Text:
    """Section as cited, row and column of a table, line."""
    section = document.section(figure.section)
    parts = [section.cited if section.level else ""]
    parts += [" · ".join((*figure.row, "/".join(figure.column)))] if figure.row_number is not None else []
    before = " ".join(part for part in parts if part)
    words = figure.place.text
    return Text(f"{before}，{words.zh}" if before else words.zh, f"{before}, {words.en}" if before else words.en)


def as_printed(figure: Figure) -> str:
    """The figure as it stands, with its unit; a blank says so."""
    if figure.printed is None:
        return "（空白）"
    printed = " ".join(figure.printed.split())
    return printed if not figure.unit_printed or figure.unit_printed in printed else printed + figure.unit_printed


def written(value: Decimal, figure: Figure) -> str:
    """A value written like a printed figure: its unit, at least its decimals, more where these would hide a difference."""
    unit = scale(figure)
    digits = max(decimals(figure), 0)
    shown = rounded(value, figure)
    if figure.unit == "yuan" and unit == 1:
        digits, shown = max(digits, 2) if digits <= 2 else 2, value.quantize(Decimal("0.01"))
    comma = "," if figure.unit == "yuan" else ""
    sign = "%" if figure.unit in ("percent", "percentage_points") else figure.unit_printed
    return f"{shown / unit:{comma}.{digits}f}{sign}"
