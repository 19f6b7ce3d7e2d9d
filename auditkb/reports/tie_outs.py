"""A report's figures held against each other: every relation at every place, its verdict, and the causes of what is broken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from pathlib import Path

from auditkb.aliases import NO_ALIASES, Aliases, load_aliases
from auditkb.errors import Text
from auditkb.laws import load_laws
from auditkb.reports.causes import Cause, find_causes
from auditkb.reports.comparisons import compare, distinct
from auditkb.reports.kept_comparisons import Alone, Comparison, Found
from auditkb.reports.document import Document, Table
from auditkb.reports.exact import DIGITS, Verdict, computed, decimals, scale, tolerance, verdict
from auditkb.reports.figures import Figure, read_figures
from auditkb.reports.named import YEAR_NAME, NamedFigures, name_figures
from auditkb.reports.relation_files import load_relations
from auditkb.reports.relations import Relation, RelationSet, said

VERDICTS: dict[Verdict, Text] = {"broken": Text("不符", "broken"), "review": Text("待人判断", "for a person to judge"),
                                 "rounding": Text("取整差异", "rounding"), "ties": Text("相符", "ties")}
BLANK = Text("（空白）", "(blank)")
MOST_DECIMALS = 6


@dataclass(frozen=True)
class TieOut:
    """One comparison with its verdict. Differences are in yuan, percentage points or a count."""

    comparison: Comparison
    verdict: Verdict
    title: Text
    place: Text
    printed: Text
    computed: Text
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

    @property
    def tolerance_shown(self) -> Text:
        """The tolerance in the figure's printed unit."""
        return Text("", "") if self.tolerance is None else _apart(self.tolerance, self.figure)

    @property
    def difference_shown(self) -> Text:
        """The difference in the figure's printed unit, with its sign."""
        if self.difference is None:
            return Text("", "")
        sign = Text("-", "-") if self.difference < 0 else Text("+", "+") if self.difference else Text("", "")
        return sign + _apart(abs(self.difference), self.figure)


def _apart(number: Decimal, figure: Figure) -> Text:
    """How far two figures lie apart, with two decimals more than are printed; of percentages in percentage points."""
    amount = f"{number / scale(figure):,.{decimals(figure) + 2}f}"
    amount = amount.rstrip("0").rstrip(".") if "." in amount else amount
    is_percent = figure.unit in ("percent", "percentage_points")
    return Text(amount, amount) + (Text("个百分点", " points") if is_percent else _same(sign_of(figure)))


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
    unknown: tuple[Table, ...]
    """Tables with figures that no relation knows by their columns."""
    relations: RelationSet
    shown: Mapping[str, str]
    """Folded value of a variable -> as it is printed."""

    def count(self, verdict: Verdict) -> int:
        """How many tie-outs have a verdict."""
        return sum(one.verdict == verdict for one in self.tie_outs)

    def label(self, name: str) -> Text:
        """What a figure or a table of the relations is called."""
        if name in self.relations.tables:
            return said(self.relations.tables[name].label)
        return self.relations.label(name.partition(" or ")[0])

    def of(self, cause: Cause) -> list[TieOut]:
        """The broken tie-outs of a cause, the one that says it best first."""
        return sorted((one for one in self.tie_outs if one.cause is cause), key=lambda one: one.comparison is not cause.lead)


def tie_out(document: Document, figures: list[Figure], relations: RelationSet, aliases: Aliases = NO_ALIASES) -> TiedOut:
    """Check every relation that the report has figures for; reviewed aliases bind like the name itself."""
    named = name_figures(document, figures, relations, aliases)
    found = [compare(relation, named, figures) for relation in relations.relations]
    comparisons = list(distinct(found))
    causes = find_causes(comparisons)
    cause_of = {id(one): cause for cause in causes for one in cause.broken}
    tie_outs = [_judged(one, document, named, cause_of.get(id(one))) for one in comparisons]
    approximate = {figure.id: figure for figure in named.approximate}
    return TiedOut(document, named.year, tuple(tie_outs), tuple(causes), tuple(one.relation for one in found if not one.looked_at),
                   tuple(_alone(found)), tuple(approximate.values()), _unknown_tables(document, figures, named), relations, named.shown)


def tie_out_file(path: Path, rules: Path, office: Path | None = None) -> TiedOut:
    """Read one report and check it with the relations and aliases of `rules` and of the office. Raises KnowledgeBaseError."""
    from auditkb.reports.reading import read_report

    relations = load_relations(rules / "relations", load_laws(rules / "laws.yml"), office)
    document = read_report(path)
    return tie_out(document, read_figures(document), relations, load_aliases(rules, office))


def _unknown_tables(document: Document, figures: list[Figure], named: NamedFigures) -> tuple[Table, ...]:
    with_figures = {figure.table for figure in figures if figure.row_number is not None and figure.value is not None}
    return tuple(table for table in document.tables if table.id in with_figures and table.id not in named.tables)


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
    shown = Text("", "") if value is None else _same(written(value, sides.printed))
    if sides.at_most and said_of != "ties":
        shown = Text("不超过 ", "at most ") + shown
    return TieOut(comparison, said_of, _title(comparison, named), place_of(sides.printed, document), as_printed(sides.printed), shown,
                  None if value is None else _short(printed - value), None if found is None else _short(tolerance(sides, found)), cause)


def _same(text: str) -> Text:
    return Text(text, text)


def _short(number: Decimal) -> Decimal:
    """Six decimals are more than any report prints; without the zeros at the end."""
    with localcontext() as context:
        context.prec = DIGITS
        return number.quantize(Decimal("0.000001")).normalize() + 0


def _title(comparison: Comparison, named: NamedFigures) -> Text:
    """The relation with what binds it here: 执行率＝实际支出÷调整后预算（社区建设办公室）; of a table's row the place says it."""
    title = said(comparison.relation.title) + (comparison.detail or Text("", ""))
    bound = [] if comparison.sides.printed.row_number is not None else [
        named.shown.get(value, value) for name, value in comparison.binding.items() if name != YEAR_NAME]
    years = [comparison.binding[YEAR_NAME]] if YEAR_NAME in comparison.binding and comparison.binding[YEAR_NAME] != str(named.year) else []
    inside = [*years, *bound]
    return title + Text(f"（{'，'.join(inside)}）", f" ({', '.join(inside)})") if inside else title


def section_of(figure: Figure, document: Document) -> str:
    """The section as people cite it, with row and column of a table."""
    section = document.section(figure.section)
    parts = [section.cited if section.level else ""]
    parts += [" · ".join((*figure.row, "/".join(figure.column)))] if figure.row_number is not None else []
    return " ".join(part for part in parts if part)


def place_of(figure: Figure, document: Document) -> Text:
    """Section as cited, row and column of a table, line."""
    before, words = section_of(figure, document), figure.place.text
    return Text(f"{before}，{words.zh}", f"{before}, {words.en}") if before else words


def as_printed(figure: Figure) -> Text:
    """The figure as it stands, with its unit; a blank says so."""
    if figure.printed is None:
        return BLANK
    printed = " ".join(figure.printed.split())
    return _same(printed if not figure.unit_printed or figure.unit_printed in printed else printed + figure.unit_printed)


def sign_of(figure: Figure) -> str:
    """The unit in which a figure is printed."""
    return "%" if figure.unit in ("percent", "percentage_points") else figure.unit_printed or ("元" if figure.unit == "yuan" else "")


def written(value: Decimal, figure: Figure) -> str:
    """A value written like a printed figure: with its unit and decimals, with more where these would hide a difference."""
    unit = scale(figure)
    digits = min(decimals(figure), MOST_DECIMALS)
    if figure.unit == "percent":
        digits = max(digits, 2)
    elif figure.unit == "yuan" and unit == 1:
        digits = 2
    printed = figure.value if figure.value is not None else Decimal(0)
    while value != printed and digits < MOST_DECIMALS and round(value / unit, digits) == printed / unit:
        digits += 1
    with localcontext() as context:
        context.prec = DIGITS
        amount = (value / unit).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return f"{amount:{',' if figure.unit == 'yuan' else ''}f}{sign_of(figure)}"


def cause_computed(cause: Cause, tied: TiedOut) -> Text:
    """What the figure of a cause should be."""
    lead = tied.of(cause)[0]
    if lead.figure.id in {figure.id for figure in cause.figures}:
        return lead.computed
    return _same(written(cause.computed, cause.figure))


def what_to_do(cause: Cause, tied: TiedOut) -> Text:
    """What a person should do about a cause; it accuses nobody, and says where arithmetic cannot tell."""
    should = cause_computed(cause, tied)
    if not cause.is_certain:
        if cause.lead.relation.note is not None:
            return Text("两边不一致，请对照原始资料核对：", "the two do not agree, check both against the source: ") + said(cause.lead.relation.note)
        other = next((figure for figure in cause.lead.sides.figures if figure.id != cause.figure.id), None)
        place = place_of(other, tied.document) if other is not None else Text("", "")
        return Text(f"两边不一致，哪一个有误算术不能确定；请对照原始资料核对（另一个数在{place.zh}）",
                    f"the two do not agree, and arithmetic cannot tell which is wrong: check both against the source (the other is at {place.en})")
    number = len(cause.broken)
    text = Text(f"按其他数应为{should.zh}，改后{f'这{number}处' if number > 1 else '此处'}相符；请对照原始资料核对后改正",
                f"the other figures give {should.en}; with that {f'these {number} relations hold' if number > 1 else 'it ties out'}: check the source and correct it")
    if len(cause.figures) > 1:
        lines = "、".join(figure.place.text.zh for figure in cause.figures), ", ".join(figure.place.text.en for figure in cause.figures)
        text += Text(f"。同一个数印了{len(cause.figures)}次（{lines[0]}）", f". It is printed {len(cause.figures)} times ({lines[1]})")
    if cause.others:
        named = [f"{as_printed(figure).zh}（{figure.place.text.zh}）" for figure in cause.others]
        english = [f"{as_printed(figure).en} ({figure.place.text.en})" for figure in cause.others]
        text += Text(f"。也可能是{'、'.join(named)}有误，算术不能区分", f". It may as well be {', '.join(english)}: arithmetic cannot tell")
    return text
