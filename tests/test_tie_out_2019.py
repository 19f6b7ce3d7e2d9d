"""The 2019 report tied out from its text alone: ten causes, eighteen differences of rounding, and a mutated digit is seen."""

from __future__ import annotations

import random
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from auditkb.reports.exact import radius
from auditkb.reports.figures import Figure
from auditkb.reports.tie_outs import TiedOut, cause_computed
from tests.report_mutations import change_digit
from tests.report_readings import read, tied_out

MUTATIONS = 300
# Printed figure, what the others give, and the broken relations of the cause.
CAUSES = [
    ("128378.60元", "850,828.85元", {"carried-forward"}),
    ("184258110.99元", "184,258,220.99元", {"income-total", "income-is-expenditure"}),
    ("54065992.77元", "51,226,229.89元", {"expenditure-change"}),
    ("8873.022元", "8,873.02元", {"vehicles", "cents"}),
    ("18,425.82万元", "18,056.76万元", {"adjusted", "executed", "executed-is-final"}),
    ("11,518.09万元", "11,518.10万元", {"executed-project-is-final"}),
    ("100%", "不超过 98.31%", {"nothing-left"}),
    ("43.31%", "44.31%", {"tracked-share", "share-is-share"}),
    ("93.08%", "93.80%", {"department-rate"}),
    ("747.53万元", "547.53万元", {"department-initial", "department-adjusted", "departments-initial"}),
]


@pytest.fixture(scope="module")
def path(shared: Path) -> Path:
    return next((shared / "report").glob("*.txt"))


@pytest.fixture(scope="module")
def result(path: Path) -> TiedOut:
    return tied_out(read(path))


def test_the_broken_relations_have_ten_causes_and_nothing_else_is_broken(result: TiedOut) -> None:
    found = [(cause.figure.printed, cause_computed(cause, result).zh, {one.relation.id for one in result.of(cause)}) for cause in result.causes]
    assert found == CAUSES
    assert all(one.cause is not None for one in result.tie_outs if one.verdict == "broken")


def test_only_what_arithmetic_cannot_tell_is_uncertain(result: TiedOut) -> None:
    assert [cause.figure.printed for cause in result.causes if not cause.is_certain] == ["128378.60元", "100%"]
    assert not any(cause.others for cause in result.causes if cause.is_certain)


def test_eighteen_differences_are_rounding(result: TiedOut) -> None:
    assert Counter(one.relation.id for one in result.tie_outs if one.verdict == "rounding") == {
        "tracked-rate": 9, "tracked-total": 3, "department-initial": 2, "department-adjusted-rows": 1, "department-actual": 2, "department-adjusted": 1}


def test_what_the_reader_must_judge_is_left_to_him(result: TiedOut) -> None:
    assert [(one.relation.id, one.printed.zh, one.computed.zh) for one in result.tie_outs if one.verdict == "review"] == [
        ("all-projects-scope", "12，056.38万元", "11,518.09万元")]


def test_what_adds_up_ties(result: TiedOut) -> None:
    verdicts = Counter((one.relation.id, one.verdict) for one in result.tie_outs)
    rows = {"function-row": 113 + 1, "tracked-adjusted": 38 + 1, "attachment-row": 38, "attachment-total": 1, "spent-is-table": 1, "three-public": 2, "three-public-change": 1,
            "staff": 1, "expenditure-total": 2, "income-change": 1, "slow-count": 1, "tracked-count": 6, "department-count": 7, "tracked-departments": 1, "approved": 1}
    assert {name: verdicts[name, "ties"] for name in rows} == rows
    assert not any(verdicts[name, other] for name in rows for other in ("rounding", "broken", "review"))
    levels = [one for one in result.tie_outs if one.relation.id == "function-levels"]
    assert {one.verdict for one in levels} == {"ties"} and {one.figure.column[-1] for one in levels} >= {"基本支出", "项目支出"}


def test_every_part_of_the_report_is_checked(result: TiedOut) -> None:
    assert {relation.id for relation in result.silent} == {
        "income-change-rate", "expenditure-change-rate", "three-public-change-rate", "split-sum", "split-basic", "split-project", "split-is-table", "basic-share",
        "project-share", "livelihood-sum", "project-initial", "project-adjusted", "project-actual", "project-rate"}
    assert result.alone == () and result.approximate == ()
    assert len({one.comparison.identity for one in result.tie_outs}) == len(result.tie_outs) >= 440


def involved(result: TiedOut, figure: Figure) -> list[tuple[str, str]]:
    return [(one.relation.id, one.verdict) for one in result.tie_outs if any(figure.id == other.id for other in one.comparison.sides.figures)]


def said(result: TiedOut) -> set[tuple[str, str, str, str]]:
    return {(one.title.zh, one.place.zh, one.printed.zh, one.computed.zh) for one in result.tie_outs if one.verdict == "broken"}


@pytest.mark.slow
def test_a_changed_digit_is_seen_unless_it_lies_within_printed_precision(path: Path, result: TiedOut, tmp_path: Path) -> None:
    text, before = path.read_text("utf-8"), said(result)
    lines = text.split("\n")
    standing = {figure.id: figure for one in result.tie_outs for figure in one.comparison.sides.figures if figure.value is not None}
    rng = random.Random(2019)
    unseen = []
    for _ in range(MUTATIONS):
        figure = standing[rng.choice(sorted(standing))]
        number = re.search(r"[\d.,，]*\d", figure.printed or "")
        assert number is not None
        columns = [found.start() for found in re.finditer(re.escape(number[0]), lines[figure.place.line - 1])]
        column = min(columns, key=lambda column: abs(column - figure.place.offset))
        mutation = change_digit(text, figure.place.line, column + 1, number[0], rng)
        changed = tmp_path / "changed.txt"
        changed.write_text(mutation.text, "utf-8", newline="\n")
        other = tied_out(read(changed))
        if said(other) == before:
            unseen.append((figure, mutation.before, mutation.after, involved(other, figure)))
    print(*(f"within printed precision: {figure.place.text.en}: {old} → {new} {verdicts}" for figure, old, new, verdicts in unseen), sep="\n")
    assert len(unseen) <= MUTATIONS * 0.05
    for figure, old, new, verdicts in unseen:
        assert verdicts and {verdict for _, verdict in verdicts} <= {"ties", "rounding"}, (figure.place, old, new, verdicts)
        apart = abs(Decimal(old.replace(",", "").replace("，", "")) - Decimal(new.replace(",", "").replace("，", "")))
        assert apart <= 100 * max(radius(figure), figure.precision), (old, new)
