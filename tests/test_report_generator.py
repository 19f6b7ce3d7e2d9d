"""The generator of reports keeps its promises: same seed same report, true places, errors beyond printed precision."""

from __future__ import annotations

import random
from collections import Counter
from decimal import Decimal

import pytest

from tests.report_blocks import Table
from tests.report_formats import spread, width
from tests.report_generator import generate
from tests.report_mutations import change_digit

SOME = range(6)
KINDS = {"attachment ≠ table", "department ≠ rows", "digit slip", "digits swapped", "percentage typed wrong", "text ≠ table",
         "three decimals", "total including carry-forward", "truncated not rounded", "wrong carry-forward"}


def test_a_seed_gives_the_same_report_again_and_another_seed_another() -> None:
    assert generate(5) == generate(5)
    assert len({generate(seed).text for seed in SOME}) == len(SOME)


@pytest.mark.parametrize("seed", SOME)
def test_every_figure_stands_at_its_place(seed: int) -> None:
    report = generate(seed)
    lines = report.text.split("\n")
    assert all(lines[figure.line - 1].startswith(figure.printed, figure.column - 1) for figure in report.facts.figures)
    assert len({figure.key for figure in report.facts.figures}) == len(report.facts.figures)


@pytest.mark.parametrize("seed", SOME)
def test_a_planted_error_is_printed_and_lies_beyond_what_rounding_explains(seed: int) -> None:
    report = generate(seed)
    for error in report.planted:
        figure = report.facts.figure(error.key)
        assert (figure.value, figure.line, figure.printed) == (error.printed, error.line, error.characters)
        last_digit = Decimal(1).scaleb(min(int(error.printed.as_tuple().exponent), int(error.right.as_tuple().exponent)))
        assert abs(error.printed - error.right) >= last_digit


def test_all_kinds_of_errors_and_from_none_to_eight_of_them_occur() -> None:
    reports = [generate(seed) for seed in range(50)]
    assert {error.kind for report in reports for error in report.planted} == KINDS
    assert set(Counter(len(report.planted) for report in reports)) == set(range(9))


@pytest.mark.parametrize("seed", SOME)
def test_the_blocks_say_what_the_text_says(seed: int) -> None:
    report = generate(seed)
    tables = [block for block in report.blocks if isinstance(block, Table)]
    said = "".join(block.text for block in report.blocks if not isinstance(block, Table))
    said += "".join(cell.text for table in tables for line in (*table.header, *table.rows) for cell in line)
    assert Counter("".join(said.split())) == Counter("".join(report.text.split()))
    for table in tables:
        lines = table.header + table.rows
        assert sum(cell.columns * cell.rows for _, _, cell in spread(lines)) == width(table) * len(lines)


def test_a_mutation_changes_one_digit_and_nothing_else() -> None:
    report = generate(6)
    figure = next(figure for figure in report.facts.figures if figure.unit == "万元" and figure.value)
    changed = change_digit(report.text, figure.line, figure.column, figure.printed, random.Random(1))
    differing = [(old, new) for old, new in zip(report.text, changed.text, strict=True) if old != new]
    assert len(differing) == 1 and all(character.isdigit() for pair in differing for character in pair)
    with pytest.raises(ValueError, match="does not stand"):
        change_digit(report.text, 1, 1, "999999", random.Random(1))


@pytest.mark.parametrize(("printed", "column", "value"), [("1,234.56", 1, 3), ("12", 2, 0), ("８．２５", 4, -2)])
def test_a_mutation_knows_the_worth_of_its_digit(printed: str, column: int, value: int) -> None:
    for seed in range(200):
        mutation = change_digit(f"共{printed}元", 1, 2, printed, random.Random(seed))
        if mutation.column == column + 1:
            assert mutation.place_value == value
            return
    raise AssertionError("no seed changed that digit")
