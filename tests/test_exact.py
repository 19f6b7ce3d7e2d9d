"""Interval arithmetic over printed figures: what rounding explains is no error, what it cannot explain is one."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditkb.reports.exact import Sides, Term, computed, solve, tolerance, verdict
from tests.small_reports import figure

CENTS = st.integers(1, 10**11)


def in_ten_thousands(cents: int, rounding: str = ROUND_HALF_UP) -> str:
    return f"{(Decimal(cents) / 1_000_000).quantize(Decimal('0.01'), rounding):f}"


def total(printed: str, parts: list[str], scale: int) -> Sides:
    terms = tuple(Term(figure(part, scale=scale, name=f"p{place}")) for place, part in enumerate(parts))
    return Sides(figure(printed, scale=scale, name="whole"), terms)


@given(st.lists(CENTS, min_size=1, max_size=40))
def test_a_sum_printed_in_yuan_ties_to_the_cent(cents: list[int]) -> None:
    parts = [f"{Decimal(one) / 100:.2f}" for one in cents]
    right = Decimal(sum(cents)) / 100
    assert verdict(total(f"{right:.2f}", parts, 1)) == "ties"
    assert verdict(total(f"{right + Decimal('0.01'):.2f}", parts, 1)) == "broken"


@given(st.lists(CENTS, min_size=1, max_size=40))
def test_a_rounded_sum_of_rounded_rows_is_never_broken(cents: list[int]) -> None:
    assert verdict(total(in_ten_thousands(sum(cents)), [in_ten_thousands(one) for one in cents], 10_000)) in ("ties", "rounding")


@given(st.lists(CENTS, min_size=1, max_size=40))
def test_a_sum_beyond_the_rounding_of_its_rows_is_broken(cents: list[int]) -> None:
    parts = [in_ten_thousands(one) for one in cents]
    beyond = sum(map(Decimal, parts)) + Decimal("0.005") * (len(parts) + 1) + Decimal("0.01")
    assert verdict(total(f"{beyond:.2f}", parts, 10_000)) == "broken"


@given(part=CENTS, whole=CENTS)
def test_a_rate_of_rounded_amounts_is_never_broken(part: int, whole: int) -> None:
    amounts = in_ten_thousands(part), in_ten_thousands(whole)
    rate = (Decimal(part) * 100 / Decimal(whole)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    sides = Sides(figure(f"{rate:f}", "percent"), (Term(figure(amounts[0], scale=10_000, name="a")),), (Term(figure(amounts[1], scale=10_000, name="b")),))
    assert verdict(sides) in ("ties", "rounding", "review")


def rate(printed: str, part: str, whole: str) -> Sides:
    return Sides(figure(printed, "percent"), (Term(figure(part, scale=10_000, name="a")),), (Term(figure(whole, scale=10_000, name="b")),))


@pytest.mark.parametrize(("printed", "expected"), [("93.80", "ties"), ("93.79", "rounding"), ("93.08", "broken"), ("93.8", "ties"), ("94", "ties"), ("95", "broken")])
def test_a_rate_is_wrong_only_outside_the_interval_of_its_amounts(printed: str, expected: str) -> None:
    assert verdict(rate(printed, "388.16", "413.83")) == expected


def test_a_rate_of_nothing_cannot_be_decided() -> None:
    assert computed(rate("0.00", "0.00", "0.00")) is None
    assert verdict(rate("0.00", "0.00", "0.00")) == "review"


def test_an_amount_cut_off_and_not_rounded_differs_from_the_exact_one() -> None:
    exact = figure("115180997.66", name="exact")
    assert verdict(Sides(figure("11518.10", scale=10_000), (Term(exact),))) == "ties"
    assert verdict(Sides(figure(in_ten_thousands(11518099766, ROUND_DOWN), scale=10_000), (Term(exact),))) == "broken"


def test_the_exact_amount_ties_with_the_rounded_one_in_either_direction() -> None:
    exact, rounded_ = figure("830978.00", name="exact"), figure("83.10", scale=10_000, name="rounded")
    assert verdict(Sides(exact, (Term(rounded_),))) == verdict(Sides(rounded_, (Term(exact),))) == "ties"


def test_a_part_may_not_be_more_than_the_whole() -> None:
    whole = Term(figure("10.00", scale=10_000, name="whole"))
    assert verdict(Sides(figure("9.00", scale=10_000), (whole,), at_most=True)) == "ties"
    assert verdict(Sides(figure("10.01", scale=10_000), (whole,), at_most=True)) == "rounding"
    assert verdict(Sides(figure("11.00", scale=10_000), (whole,), at_most=True)) == "broken"


def test_parts_of_a_cent_are_an_impossible_amount() -> None:
    assert verdict(Sides(figure("8873.022"), (), whole_cents=True)) == "broken"
    assert verdict(Sides(figure("8873.02"), (), whole_cents=True)) == "ties"


def test_a_plain_nought_stands_for_itself_and_a_blank_for_nothing() -> None:
    assert tolerance(total("5", ["0", "5"], 1), computed(total("5", ["0", "5"], 1))) == Decimal("1.0")  # type: ignore[arg-type]
    assert verdict(total("0", ["0", "0"], 10_000)) == "ties"


@given(st.lists(CENTS, min_size=2, max_size=6), st.integers(1, 10**9))
def test_the_value_that_solves_a_sum_makes_it_hold(cents: list[int], error: int) -> None:
    parts = [f"{Decimal(one) / 100:.2f}" for one in cents]
    sides = total(f"{Decimal(sum(cents) + error) / 100:.2f}", parts, 1)
    for one in sides.figures:
        value = solve(sides, one, {})
        assert value is not None
        assert verdict(sides, {one.id: value}) == "ties"


def test_the_value_that_solves_a_rate_makes_it_hold() -> None:
    sides = rate("50.00", "60.00", "100.00")
    for one, right in zip(sides.figures, ("60", "500000", "1200000"), strict=True):
        value = solve(sides, one, {})
        assert value == Decimal(right)
        assert verdict(sides, {one.id: value}) == "ties"
