"""Errors planted in an invented report: what is printed wrong, and by which relation a reader can know.

Every one lies beyond printed precision of all figures that it is compared with, and no two stand so near to each
other that one could hide the other.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from tests.report_office import Office
from tests.report_style import PrintedFigure, Style, in_unit, truncated

MOST = 8


@dataclass(frozen=True)
class Planted:
    """A figure that is printed wrong: its key, place and unit, both values, the kind of error, the relation."""

    kind: str
    key: str
    printed: Decimal
    right: Decimal
    unit: str
    relation: str
    line: int = 0
    characters: str = ""


RELATIONS = [
    (r"accounts\.carried_in\.current", "carry_forward"),
    (r"accounts\.", "sum"),
    (r"staff\.(total|civil|public)", "sum"),
    (r"change\.\w+_rate|three\.change_rate", "year_on_year"),
    (r"change\.|three\.change", "difference"),
    (r"shares\.\w+_share", "share"),
    (r"shares\.(spent|basic|project)", "sum"),
    (r"functional\.total\.", "table_total"),
    (r"functional\.", "class_group_item"),
    (r"three\.(total|vehicles|bought|running|reception)", "sum"),
    (r"purchase\.", "sum"),
    (r"livelihood\.total", "sum"),
    (r"livelihood\.", "text_table"),
    (r"executed\.(\w+_)?rate", "rate"),
    (r"(approved|adjusted|executed)\.", "sum"),
    (r"tracked\.share", "share"),
    (r"tracked\.rate", "rate"),
    (r"tracked\.(initial|adjusted|actual|count)$", "text_table"),
    (r"table\.\w+\.rate", "rate"),
    (r"table\.total\.", "table_total"),
    (r"table\.\d+\.(added|cut|adjusted)", "difference"),
    (r"table\.\d+\.(initial|actual)", "table_total"),
    (r"department\..*\.rate", "rate"),
    (r"department\.", "department_rows"),
    (r"attachment\.share", "share"),
    (r"attachment\.(total|tracked)", "table_total"),
    (r"attachment\.", "attachment_table"),
]
KIND_OF = {"carry_forward": "wrong carry-forward", "text_table": "text ≠ table", "attachment_table": "attachment ≠ table",
           "department_rows": "department ≠ rows"}


def relation_of(key: str) -> str | None:
    """The relation by which an error in this figure can be known; None where there is none."""
    return next((relation for pattern, relation in RELATIONS if re.match(pattern, key)), None)


def candidates(office: Office, figures: list[PrintedFigure], style: Style, exact: dict[str, int],
               rng: random.Random) -> Iterator[Planted]:
    """One error of every kind that each printed figure could have."""
    printed = {figure.key for figure in figures}
    accounts_exact = style.accounts_unit == "元" and "functional.total.basic" in printed
    for figure in figures:
        relation = relation_of(figure.key)
        if figure.value is None or figure.value == 0 or relation is None or not _decidable(figure.key, printed):
            continue
        right, key, unit = figure.value, figure.key, figure.unit
        if unit == "%":
            for wrong in _misread_percentages(figure, style, rng):
                yield Planted("percentage typed wrong", key, wrong, right, unit, relation)
            continue
        for kind, wrong in (("digit slip", _slip(right, rng)), ("digits swapped", _swap(right, rng))):
            if wrong is not None and _is_plain(wrong, figure):
                yield Planted(KIND_OF.get(relation, kind), key, wrong, right, unit, relation)
        if unit == "元" and key.startswith(("three.", "purchase.", "accounts.", "livelihood.")):
            yield Planted("three decimals", key, right + Decimal(rng.randint(1, 9)) / 1000, right, unit, "precision")
        compared = (key in {"executed.basic", "executed.project"} and accounts_exact
                    or re.match(r"table\.\d+\.initial|tracked\.initial", key) and style.attachment_unit == "元"
                    and "attachment.total" in printed)
        if unit == "万元" and compared and exact[key] % 100_00 in range(55_00, 99_00):
            yield Planted("truncated not rounded", key, truncated(exact[key], unit), right, unit, "text_table")
    yield from _with_carry_forward(office, figures)


def _decidable(key: str, printed: set[str]) -> bool:
    """Whether what the figure is compared with is printed too."""
    if key == "tracked.adjusted":
        return "table.total.adjusted" in printed
    if key == "attachment.all":
        return "tracked.all" in printed
    if key.startswith("livelihood.") and key != "livelihood.total":
        return f"functional.{key.partition('.')[2]}.total" in printed
    return True


def _misread_percentages(figure: PrintedFigure, style: Style, rng: random.Random) -> Iterator[Decimal]:
    assert figure.value is not None
    least = Decimal("1.5")
    if not style.strips_zeros and figure.key.startswith(("table.", "department.", "executed.")):
        least = Decimal("0.6")
    for wrong in (_slip(figure.value, rng), _swap(figure.value, rng)):
        if wrong is not None and abs(wrong - figure.value) >= least and 0 < wrong < 1000:
            yield wrong


def _is_plain(wrong: Decimal, figure: PrintedFigure) -> bool:
    """Whether the error lies well beyond what rounding can explain."""
    assert figure.value is not None
    away = abs(wrong - figure.value)
    if not figure.unit:
        return away >= 1 and wrong >= 1
    ulp = Decimal(1).scaleb(int(figure.value.as_tuple().exponent))
    small = figure.key.startswith(("three.", "purchase."))
    least = {"万元": Decimal("0.2") if small else Decimal(2), "元": Decimal(200), "亿元": 20 * ulp}[figure.unit]
    return away >= least and away >= figure.value * Decimal("0.03") and wrong > 0


def _slip(right: Decimal, rng: random.Random) -> Decimal | None:
    """One of the first three digits is another."""
    text = f"{right:f}"
    places = [place for place, sign in enumerate(text) if sign.isdigit()][:3]
    place = rng.choice(places)
    allowed = [digit for digit in "0123456789" if digit != text[place] and (place > 0 or digit != "0")]
    return Decimal(text[:place] + rng.choice(allowed) + text[place + 1:])


def _swap(right: Decimal, rng: random.Random) -> Decimal | None:
    """Two neighbouring digits have changed places."""
    text = f"{right:f}"
    places = [place for place in range(len(text) - 1) if text[place:place + 2].isdigit()
              and text[place] != text[place + 1] and not (place == 0 and text[1] == "0")]
    if not places:
        return None
    place = rng.choice(places)
    return Decimal(text[:place] + text[place + 1] + text[place] + text[place + 2:])


def _with_carry_forward(office: Office, figures: list[PrintedFigure]) -> Iterator[Planted]:
    now, before = office.current, office.previous
    for figure in figures:
        if figure.value is None:
            continue
        if figure.key == "executed.total":
            wrong = in_unit(now.total, figure.unit, 4 if figure.unit == "亿元" else 2)
            yield Planted("total including carry-forward", figure.key, wrong, figure.value, figure.unit, "sum")
        if figure.key == "change.spent":
            spent, totals = now.expenditure - before.expenditure, now.total - before.total
            if spent * totals > 0 and abs(totals - spent) > max(abs(spent) // 20, 10_000_00):
                yield Planted("total including carry-forward", figure.key, in_unit(abs(totals), figure.unit),
                              figure.value, figure.unit, "difference")


def region(key: str) -> str:
    """Figures that depend on each other closely: one error each at most."""
    parts = key.split(".")
    if parts[0] in {"functional", "table", "department"}:
        return f"{parts[0]}.{parts[1][:3]}"
    return parts[0]


def choose(found: list[Planted], number: int, taken: set[str], rng: random.Random) -> list[Planted]:
    """At most `number` errors, of as many kinds as there are, one a region."""
    by_kind: dict[str, list[Planted]] = {}
    for planted in found:
        by_kind.setdefault(planted.kind, []).append(planted)
    kinds = sorted(by_kind)
    rng.shuffle(kinds)
    chosen: list[Planted] = []
    for kind in kinds * 3:
        free = [planted for planted in by_kind[kind] if region(planted.key) not in taken]
        if free and len(chosen) < number:
            chosen.append(rng.choice(free))
            taken.add(region(chosen[-1].key))
    return chosen
