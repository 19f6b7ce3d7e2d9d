"""What the rule language means, value by value, against expectations written from its design and not from the compiler.

Each case is a tiny rule over a few records: an expression, what is recorded, what it must be. UNKNOWN is a value that
nothing recorded decides; `bounds` looks at what is known of such a value.
"""

from __future__ import annotations

import calendar
import datetime
import functools
import random
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditkb.engines import sqlite as engine
from auditkb.example_worlds import ExampleFaults, build_world
from auditkb.laws import LawRegister
from auditkb.parameters import load_overrides
from auditkb.rules.check import check_rule
from auditkb.rules.checked import Rule
from auditkb.rules.model import RuleFile
from auditkb.yaml_files import load_model
from tests.worlds import Bench, dictionary

UNKNOWN = None
TEXT = {"zh": "例", "en": "example"}
BLANK = {"state": "blank_in_document"}


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


@dataclass(frozen=True)
class Answer:
    """What a tiny rule says of its record."""

    outcome: str
    reasons: tuple[str, ...]
    assumed: bool
    low: Any
    high: Any

    @property
    def truth(self) -> bool | None:
        return {"fail": True, "pass": False}.get(self.outcome)

    @property
    def value(self) -> Any:
        return self.low if self.low == self.high else UNKNOWN


@functools.cache
def bench() -> Bench:
    return Bench()


@pytest.fixture
def ask(tmp_path: Path) -> Any:
    """`ask(condition, given, value=expression, …)` runs a rule on records written as in an example; keys go to the rule."""

    def run(condition: str, given: dict, *, value: str = "title", key: str | None = None, checks: str = "contract",
            overlay: dict | None = None, not_covered: tuple[str, ...] = (), **keys: Any) -> Answer:
        rule = written_rule(tmp_path, condition, value, checks, overlay, given, not_covered, keys)
        say = ExampleFaults(rule, 0)
        world = build_world(rule, dictionary(), rule.file.examples[0], say)
        assert not say.faults, [fault.text.en for fault in say.faults]
        bench().put(world)
        sql = engine.prepare(rule, dictionary(), "2026-11-22")
        outcomes = bench().outcomes(sql)
        found = outcomes[key or world[checks][0]["key"]]
        row = bench().details(sql)[found.key]
        shown = row["compiled"].shown["asked"]
        low = row[shown.column]
        return Answer(found.outcome, found.reasons, found.assumed, low, low if shown.upper is None else row[shown.upper])

    return run


def written_rule(folder: Path, condition: str, value: str, checks: str, overlay: dict | None, given: dict,
                 not_covered: tuple[str, ...], keys: dict) -> Rule:
    if value == "title" and "title" not in dictionary()[checks].fields:
        value = next(iter(dictionary()[checks].fields))
    rule = {"id": "TEST-001", "title": TEXT, "status": "draft", "severity": "low", "category": "a/b", "checks": checks,
            "rationale": TEXT, "message": TEXT, "fails_when": condition, **keys, "let": {**keys.get("let", {}), "asked": value},
            "examples": [{"name": TEXT, "given": given, "expect": "pass", "not_covered": list(not_covered)}]}
    path = folder / "TEST-001-asked.yml"
    path.write_text(_yaml(rule), encoding="utf-8")
    lines = {}
    if overlay is not None:
        (folder / "parameters.yml").write_text(_yaml(overlay), encoding="utf-8")
        lines = load_overrides([folder / "parameters.yml"])
    model, source = load_model(RuleFile, path)
    return check_rule(model, source, dictionary(), LawRegister({}), lines)


class _NoAliases(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _yaml(data: dict) -> str:
    return yaml.dump(data, Dumper=_NoAliases, allow_unicode=True, sort_keys=False, width=1000)


def contract(**fields: Any) -> dict:
    return {"contract": fields}


# three-valued logic

T, F, U = True, False, UNKNOWN


def flags(left: bool | None, right: bool | None) -> dict:
    given = {"is_framework": left, "has_guarantee_clause": right}
    return contract(**{name: value for name, value in given.items() if value is not None})


@pytest.mark.parametrize(("left", "right", "both", "either"), [
    (T, T, T, T), (T, F, F, T), (T, U, U, T), (F, T, F, T), (F, F, F, F), (F, U, F, U), (U, T, U, T), (U, F, F, U), (U, U, U, U)])
def test_and_or_are_three_valued(ask, left, right, both, either):
    assert ask("is_framework and has_guarantee_clause", flags(left, right)).truth is both
    assert ask("is_framework or has_guarantee_clause", flags(left, right)).truth is either


@pytest.mark.parametrize(("item", "negated"), [(T, F), (F, T), (U, U)])
def test_not_is_three_valued(ask, item, negated):
    assert ask("not is_framework", flags(item, U)).truth is negated


@pytest.mark.parametrize(("condition", "given", "truth"), [
    ("amount > 5", {"amount": 5.01}, T), ("amount > 5", {"amount": 5}, F), ("amount > 5", {}, U),
    ("amount >= 5", {"amount": 5}, T), ("amount < 5", {"amount": 5}, F), ("amount <= 5", {"amount": 5}, T),
    ("amount = 5", {"amount": 5}, T), ("amount <> 5", {"amount": 5}, F), ("amount <> 5", {}, U),
    ("amount between 5 and 6", {"amount": 6}, T), ("amount between 5 and 6", {"amount": 6.01}, F), ("amount between 5 and 6", {}, U),
    ("category in ('works', 'goods')", {"category": "goods"}, T), ("category in ('works', 'goods')", {"category": "services"}, F),
    ("category in ('works', 'goods')", {}, U), ("not category in ('works')", {}, U),
    ("title = 'LED屏维护'", {"title": "ＬＥＤ屏 维护"}, T), ("signed_on < date '2019-01-02'", {"signed_on": "2019-01-01"}, T),
])
def test_comparison(ask, condition, given, truth):
    assert ask(condition, contract(**given)).truth is truth


@pytest.mark.parametrize(("given", "value"), [
    ({"is_framework": True}, 1), ({"is_framework": False, "has_guarantee_clause": True}, 2),
    ({"is_framework": False, "has_guarantee_clause": False}, 3), ({"is_framework": True, "has_guarantee_clause": False}, 1),
    ({"has_guarantee_clause": True}, UNKNOWN), ({"is_framework": False}, UNKNOWN)])
def test_case_with_an_unknown_condition_is_unknown(ask, given, value):
    text = "case when is_framework then 1 when has_guarantee_clause then 2 else 3 end"
    assert ask("blank(title)", contract(**given), value=text).value == value


def test_applies_and_fails_decide_the_outcome(ask):
    def outcome(applies: bool | None, fails: bool | None) -> str:
        return ask("has_guarantee_clause", flags(applies, fails), applies_when="is_framework").outcome

    assert [outcome(F, fails) for fails in (T, F, U)] == ["not_applicable"] * 3
    assert [outcome(applies, F) for applies in (T, U)] == ["pass"] * 2
    assert [outcome(T, U), outcome(U, T), outcome(U, U)] == ["not_evaluated"] * 3
    assert outcome(T, T) == "fail"


# dates


@pytest.mark.parametrize(("expression", "value"), [
    ("days_between(starts_on, ends_on)", 22), ("days_between(ends_on, starts_on)", -22),
    ("days_between(starts_on, starts_on)", 0), ("days_between(date '2020-02-28', date '2020-03-01')", 2),
    ("days_between(date '2019-02-28', date '2019-03-01')", 1), ("days_between(date '2019-12-31', date '2020-12-31')", 366),
    ("days_between(starts_on, signed_on)", UNKNOWN),
    ("add_days(date '2020-02-28', 1)", "2020-02-29"), ("add_days(date '2019-12-31', 1)", "2020-01-01"),
    ("add_days(date '2020-01-01', -1)", "2019-12-31"), ("add_days(signed_on, 1)", UNKNOWN),
    ("add_months(date '2020-01-31', 1)", "2020-02-29"), ("add_months(date '2019-01-31', 1)", "2019-02-28"),
    ("add_months(date '2020-03-31', -1)", "2020-02-29"), ("add_months(date '2020-02-29', 12)", "2021-02-28"),
    ("add_months(date '2020-02-29', 48)", "2024-02-29"), ("add_months(date '2019-12-15', 1)", "2020-01-15"),
    ("add_months(date '2020-01-31', 0)", "2020-01-31"), ("add_months(signed_on, 1)", UNKNOWN),
    ("months_between(date '2020-01-01', date '2020-04-30')", 4), ("months_between(date '2020-01-01', date '2020-01-31')", 1),
    ("months_between(date '2020-01-01', date '2020-01-30')", 0), ("months_between(date '2020-02-01', date '2020-02-28')", 0),
    ("months_between(date '2019-02-01', date '2019-02-28')", 1), ("months_between(date '2020-01-15', date '2020-02-14')", 1),
    ("months_between(date '2020-01-15', date '2020-02-13')", 0), ("months_between(date '2020-01-31', date '2020-02-28')", 1),
    ("months_between(date '2020-01-31', date '2020-02-27')", 0), ("months_between(date '2019-05-01', date '2020-04-30')", 12),
    ("months_between(starts_on, signed_on)", UNKNOWN),
    ("end_of_year(date '2019-05-01')", "2019-12-31"), ("end_of_year(project.fiscal_year)", "2020-12-31"),
    ("end_of_year(signed_on)", UNKNOWN), ("year_of(date '2019-12-31')", 2019), ("year_of(signed_on)", UNKNOWN),
    ("as_of", "2026-11-22"),
])
def test_dates(ask, expression, value):
    given = {"project": {"fiscal_year": 2020}, "contract": {"starts_on": "2019-01-30", "ends_on": "2019-02-21"}}
    assert ask("blank(title)", given, value=expression).value == value


def test_an_unknown_year_has_no_end(ask):
    assert ask("blank(title)", {"project": {}, "contract": {}}, value="end_of_year(project.fiscal_year)").value is UNKNOWN


def moved(start: datetime.date, months: int) -> datetime.date:
    """`start` moved by whole months, the last day of a shorter month."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return datetime.date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))


def test_whole_months_are_counted_alike_from_every_day(ask):
    rng = random.Random(1)
    rows, expected = [], {}
    for number in range(600):
        start = day("2019-01-01") + datetime.timedelta(rng.randrange(800))
        end = start + datetime.timedelta(rng.randrange(800))
        count = max(months for months in range(40) if moved(start, months) <= end + datetime.timedelta(1))
        rows.append({"id": str(number), "starts_on": start, "ends_on": end, "signed_on": moved(start, count)})
        expected[str(number)] = "fail"
    condition = ("add_months(starts_on, months_between(starts_on, ends_on)) = signed_on"
                 " and days_between(signed_on, ends_on) between -1 and 30")
    assert ask(condition, {"contract": rows}).outcome == "fail"
    found = {item.key: item.outcome for item in engine.outcomes(bench().connection)}
    assert found == expected


@pytest.mark.parametrize(("start", "end", "days"), [
    ("2019-09-27", "2019-09-29", 1), ("2019-09-30", "2019-10-08", 1), ("2019-09-27", "2019-09-28", 0),
    ("2019-05-20", "2019-05-23", 3), ("2019-10-08", "2019-09-30", -1), ("2019-05-20", "2019-05-20", 0),
    ("1998-05-20", "2019-05-20", UNKNOWN), ("2019-05-20", "2060-05-20", UNKNOWN)])
def test_workdays_follow_the_calendar_with_its_make_up_days(ask, start, end, days):
    answer = ask("workdays_between(starts_on, ends_on) > 100000", contract(starts_on=start, ends_on=end),
                 value="workdays_between(starts_on, ends_on)")
    assert answer.value == days
    assert answer.reasons == (() if days is not UNKNOWN else ("no_parameter:working_calendar",))


@pytest.mark.parametrize(("start", "workday"), [
    ("2019-10-01", "2019-10-08"), ("2019-10-12", "2019-10-12"), ("2019-10-13", "2019-10-14"), ("2019-05-20", "2019-05-20"),
    ("1998-05-20", UNKNOWN), ("2060-05-20", UNKNOWN)])
def test_next_workday(ask, start, workday):
    assert ask("blank(title)", contract(starts_on=start), value="next_workday(starts_on)").value == workday


# money


@pytest.mark.parametrize(("expression", "amount", "value"), [
    ("amount * 0.5", 0.03, 0.02), ("amount * 0.5", 2.01, 1.01), ("amount * 0.5", 0.01, 0.01), ("amount * 0.5", 0.05, 0.03),
    ("amount * 0.03", 1000001.00, 30000.03), ("0.03 * amount", 1000001.00, 30000.03), ("amount * 0.05", 0.10, 0.01),
    ("amount / 3", 100, 33.33), ("amount / 8", 0.2, 0.03), ("amount - 0.1", 0.3, 0.2), ("amount + 0.2", 0.1, 0.3),
    ("amount / 0", 100, UNKNOWN), ("amount / tax_rate", 100, UNKNOWN), ("amount / duration_days", 100, UNKNOWN),
    ("abs(amount - 3)", 1, 2), ("amount * 1.1", 1.05, 1.16),
])
def test_money_is_rounded_to_the_cent_halves_away_from_zero(ask, expression, amount, value):
    given = contract(amount=amount, duration_days=0)
    assert ask("blank(title)", given, value=expression).value == value


@pytest.mark.parametrize(("amount", "value"), [(-0.03, -0.02), (-2.01, -1.01), (-0.01, -0.01)])
def test_negative_halves_go_away_from_zero_too(ask, amount, value):
    assert ask("blank(number)", {"invoice": {"amount": amount}}, checks="invoice", value="amount * 0.5").value == value


def test_products_have_the_cent_of_decimal_arithmetic(ask):
    rng = random.Random(2)
    rows = []
    for number in range(3000):
        amount = Decimal(rng.randrange(10 ** rng.randrange(1, 11))) / 100
        rate = Decimal(rng.randrange(1, 10_000)) / rng.choice((100, 1000, 10_000))
        product = (amount * rate).quantize(Decimal("0.01"), ROUND_HALF_UP)
        rows.append({"id": str(number), "contract": f"C{number}", "base_amount": float(amount), "rate": float(rate), "amount": float(product)})
    given = {"retention": rows}
    assert ask("base_amount * rate <> amount", given, checks="retention").outcome == "pass"
    wrong = [item.key for item in engine.outcomes(bench().connection) if item.outcome != "pass"]
    assert [(row["base_amount"], row["rate"], row["amount"]) for row in rows if row["id"] in wrong] == []


def test_sums_of_money_are_exact(ask):
    payments = [{"amount": 0.1}, {"amount": 0.1}, {"amount": 0.1}]
    assert ask("sum(payment.amount) = 0.3", {"contract": {}, "payment": payments}).truth is True


def test_a_quotient_that_is_exactly_the_rate_is_equal_to_it(ask):
    rng = random.Random(3)
    rows = []
    for number in range(1000):
        rate = Decimal(rng.randrange(1, 2000)) / 1000
        base = Decimal(rng.randrange(1, 10**7)) * 10
        rows.append({"id": str(number), "contract": f"C{number}", "base_amount": float(base), "rate": float(rate), "amount": float(base * rate)})
    assert ask("amount / base_amount <> rate", {"retention": rows}, checks="retention").outcome == "pass"
    assert {item.outcome for item in engine.outcomes(bench().connection)} == {"pass"}


def test_ratios_are_not_rounded_to_what_is_printed(ask):
    given = {"project": {}, "budget": {"actual_amount": 2, "adjusted_amount": 3}}
    assert ask("blank(fiscal_year)", given, checks="budget", value="actual_amount / adjusted_amount").value == pytest.approx(2 / 3, abs=1e-9)
    given = {"project": {}, "budget": {"actual_amount": 2, "adjusted_amount": 0}}
    assert ask("blank(fiscal_year)", given, checks="budget", value="actual_amount / adjusted_amount").value is UNKNOWN


# rows that are not all known


def acceptances(*dates: str | None) -> list[dict]:
    return [{"works_started_on": date} if date else {} for date in dates]


@pytest.mark.parametrize(("given", "low", "high"), [
    ({"contract": {"starts_on": "2019-03-01"}, "acceptance": []}, "2019-03-01", "2019-03-01"),
    ({"contract": {"starts_on": "2019-03-01"}, "acceptance": acceptances("2019-02-01")}, "2019-02-01", "2019-02-01"),
    ({"contract": {"starts_on": "2019-03-01"}, "acceptance": acceptances("2019-04-01")}, "2019-03-01", "2019-03-01"),
    ({"contract": {"starts_on": "2019-03-01"}}, UNKNOWN, "2019-03-01"),
    ({"contract": {"starts_on": "2019-03-01"}, "acceptance": acceptances(None)}, UNKNOWN, "2019-03-01"),
    ({"contract": {}, "acceptance": acceptances("2019-02-01")}, UNKNOWN, "2019-02-01"),
    ({"contract": {}, "acceptance": []}, UNKNOWN, UNKNOWN),
])
def test_least_leaves_a_none_out_and_an_unknown_open(ask, given, low, high):
    answer = ask("blank(title)", given, value="least(starts_on, min(acceptance.works_started_on))")
    assert (answer.low, answer.high) == (low, high)


@pytest.mark.parametrize(("given", "low", "high"), [
    ({"contract": {"starts_on": "2019-03-01"}, "acceptance": []}, "2019-03-01", "2019-03-01"),
    ({"contract": {"starts_on": "2019-03-01"}}, "2019-03-01", UNKNOWN),
    ({"contract": {}, "acceptance": acceptances("2019-04-01")}, "2019-04-01", UNKNOWN),
    ({"contract": {"starts_on": "2019-03-01"}, "acceptance": acceptances("2019-04-01", None)}, "2019-04-01", UNKNOWN),
])
def test_greatest_leaves_a_none_out_and_an_unknown_open(ask, given, low, high):
    answer = ask("blank(title)", given, value="greatest(starts_on, max(acceptance.works_started_on))")
    assert (answer.low, answer.high) == (low, high)


@pytest.mark.parametrize("function", ["min", "max", "median"])
def test_of_no_rows_at_all_there_is_none(ask, function):
    answer = ask(f"{function}(settlement.reviewed_amount) > 5", {"contract": {}, "settlement": []})
    assert (answer.truth, answer.reasons) == (UNKNOWN, ("none:settlement",))
    both = ask(f"{function}(settlement.reviewed_amount) + 5 > 5", {"contract": {}, "settlement": []})
    assert (both.truth, both.reasons) == (UNKNOWN, ("none:settlement",))


def test_of_no_rows_count_and_sum_are_zero(ask):
    assert ask("count(settlement) = 0 and sum(settlement.reviewed_amount) = 0", {"contract": {}, "settlement": []}).truth is True


ONE_LOADED = {"contract": {}, "guarantee": [{"type": "quality"}]}


@pytest.mark.parametrize(("condition", "closed", "partial", "absent"), [
    ("count(guarantee) >= 1", T, T, U), ("count(guarantee) > 1", F, U, U), ("count(guarantee) < 1", F, F, U),
    ("count(guarantee) <= 1", T, U, U), ("count(guarantee) = 0", F, F, U), ("count(guarantee) = 1", T, U, U),
    ("count(guarantee) <> 0", T, T, U), ("count(guarantee) <> 1", F, U, U), ("count(guarantee) >= 0", T, T, T),
    ("count(guarantee) + 1 > 1", T, T, U), ("2 - count(guarantee) < 2", T, T, U), ("2 - count(guarantee) < 1", F, U, U),
    ("count(guarantee) * 2 >= 2", T, T, U), ("count(guarantee) * -2 <= -2", T, U, U), ("count(guarantee) / 2 > 0", T, U, U),
    ("abs(count(guarantee)) >= 1", T, U, U), ("greatest(count(guarantee), 1) >= 1", T, T, T), ("least(count(guarantee), 1) <= 1", T, T, T),
])
def test_an_open_count_is_a_lower_bound(ask, condition, closed, partial, absent):
    assert ask(condition, ONE_LOADED).truth is closed
    assert ask(condition, ONE_LOADED, not_covered=("guarantee",)).truth is partial
    assert ask(condition, {"contract": {}}).truth is absent


def test_an_open_count_says_what_was_not_loaded(ask):
    assert ask("count(guarantee) = 0", {"contract": {}}).reasons == ("source_not_loaded:guarantee",)
    assert ask("count(guarantee) > 1", ONE_LOADED, not_covered=("guarantee",)).reasons == ("source_not_loaded:guarantee",)


@pytest.mark.parametrize(("condition", "truth"), [
    ("sum(payment.amount) >= 100", T), ("sum(payment.amount) > 100", U), ("sum(payment.amount) < 100", F), ("sum(payment.amount) <= 100", U),
    ("sum(payment.amount) * 0.5 >= 50", T), ("sum(payment.amount) + amount >= 110", T), ("amount - sum(payment.amount) <= 0", T),
    ("max(payment.amount) >= 100", T), ("max(payment.amount) > 100", U), ("min(payment.amount) <= 100", T), ("min(payment.amount) < 100", U),
    ("min(payment.amount) > 100", F), ("median(payment.amount) >= 0", U), ("count(payment) = 2", T),
    ("count(payment) filter (where payment.amount > 50) >= 1", T), ("count(payment) filter (where payment.amount > 50) > 1", U),
    ("sum(payment.amount) filter (where payment.amount > 200) = 0", U),
])
def test_a_row_with_an_unknown_operand_opens_the_figure(ask, condition, truth):
    given = {"contract": {"amount": 10}, "payment": [{"amount": 100}, {}]}
    answer = ask(condition, given)
    assert answer.truth is truth
    assert answer.reasons == (() if truth is not U else ("missing:payment.amount",))


def test_an_open_sum_of_a_signed_field_has_no_bound(ask):
    given = {"contract": {}, "amendment": [{"amount_change": 100}, {}]}
    assert ask("sum(amendment.amount_change) >= 100", given).truth is UNKNOWN
    assert ask("sum(amendment.amount_change) >= 100", {**given, "amendment": [{"amount_change": 100}]}).truth is True


def test_a_row_that_may_pass_the_filter_opens_the_figure(ask):
    rows = [{"paid_on": "2019-01-01", "amount": 5}, {"amount": 7}]
    text = "sum(payment.amount) filter (where payment.paid_on < signed_on)"
    answer = ask(f"{text} > 5", {"contract": {"signed_on": "2019-02-01"}, "payment": rows}, value=text)
    assert (answer.truth, answer.low, answer.high, answer.reasons) == (UNKNOWN, 5, UNKNOWN, ("missing:payment.paid_on",))
    answer = ask(f"{text} > 5", {"contract": {}, "payment": rows}, value=text)
    assert (answer.truth, answer.low) == (UNKNOWN, 0)
    assert set(answer.reasons) == {"missing:payment.paid_on", "missing:signed_on"}


def test_a_type_below_closes_only_where_it_is_loaded_too(ask):
    given = {"contract": {}, "acceptance": [{"id": "A"}], "participant": [{"acceptance": "A", "role": "buyer"}]}
    assert ask("count(acceptance.participant) = 1", given).truth is True
    answer = ask("count(acceptance.participant) = 1", given, not_covered=("participant",))
    assert (answer.truth, answer.reasons) == (UNKNOWN, ("source_not_loaded:participant",))
    answer = ask("count(acceptance.participant) = 1", given, not_covered=("acceptance",))
    assert (answer.truth, answer.reasons) == (UNKNOWN, ("source_not_loaded:acceptance",))
    assert ask("count(acceptance.participant) >= 1", given, not_covered=("acceptance", "participant")).truth is True


def test_bounds_go_through_dates(ask):
    given = {"contract": {"signed_on": "2019-03-01"}, "acceptance": acceptances("2019-02-01")}
    began = "min(acceptance.works_started_on)"
    late = {"not_covered": ("acceptance",)}
    assert ask(f"days_between({began}, signed_on) >= 28", given, **late).truth is True
    assert ask(f"days_between({began}, signed_on) > 28", given, **late).truth is UNKNOWN
    assert ask(f"days_between(signed_on, {began}) <= -28", given, **late).truth is True
    assert ask(f"add_days({began}, 28) <= signed_on", given, **late).truth is True
    assert ask(f"add_days({began}, 27) > signed_on", given, **late).truth is False
    assert ask(f"add_months({began}, 1) <= signed_on", given, **late).truth is UNKNOWN


@pytest.mark.parametrize(("amounts", "value"), [
    ([1, 2, 3, 10], 2.5), ([3, 1, 2], 2), ([0.01, 0.02], 0.02), ([5], 5), ([4, 4, 1, 9], 4)])
def test_median(ask, amounts, value):
    given = {"contract": {}, "payment": [{"amount": amount} for amount in amounts]}
    assert ask("blank(title)", given, value="median(payment.amount)").value == value
    assert ask("blank(title)", given, value="median(payment.amount)", not_covered=("payment",)).value is UNKNOWN


def test_count_distinct_counts_values_once(ask):
    quotes = [{"supplier": "a"}, {"supplier": "a"}, {"supplier": "b"}]
    given = {"tender": {}, "contract": {}, "quote": quotes}
    assert ask("count(distinct tender.quote.supplier) = 2", given).truth is True
    given["quote"] = [*quotes, {}]
    assert ask("count(distinct tender.quote.supplier) >= 2", given).truth is True
    answer = ask("count(distinct tender.quote.supplier) < 3", given)
    assert (answer.truth, answer.reasons) == (UNKNOWN, ("missing:tender.quote.supplier",))
    given["quote"] = [*quotes, {"supplier": BLANK}]
    assert ask("count(distinct tender.quote.supplier) < 3", given).truth is True


def test_a_blank_value_is_no_value_and_known(ask):
    given = {"contract": {}, "payment": [{"amount": 100}, {"amount": BLANK}]}
    assert ask("sum(payment.amount) = 100 and min(payment.amount) = 100 and median(payment.amount) = 100", given).truth is True
    assert ask("count(payment) = 2", given).truth is True


def test_points_lie_between(ask):
    text = "points(is_framework, 3, has_guarantee_clause, 5)"
    given = {"contract": {"is_framework": True}}
    answer = ask(f"{text} >= 3", given, value=text)
    assert (answer.low, answer.high, answer.truth) == (3, 8, True)
    assert [ask(f"{text} {rest}", given).truth for rest in ("> 3", "> 8", "<= 8")] == [UNKNOWN, False, True]
    assert ask(f"{text} > 3", given).reasons == ("missing:has_guarantee_clause",)


ROLES = {"parameters": {"required": {"default": ["buyer", "contractor", "supervisor"]}}}


@pytest.mark.parametrize(("roles", "loaded", "text"), [
    (["supervisor", "contractor", "buyer"], True, ""), (["contractor"], True, "buyer,supervisor"), ([], True, "buyer,contractor,supervisor"),
    (["supervisor", "contractor", "buyer"], False, ""), (["contractor"], False, UNKNOWN), (["contractor", None], True, UNKNOWN),
    (["supervisor", "contractor", "buyer", None], True, ""), (["contractor", "designer"], True, "buyer,supervisor")])
def test_missing_names_the_items_that_no_row_has(ask, roles, loaded, text):
    given = {"contract": {}, "acceptance": [{"id": "A"}],
             "participant": [{"acceptance": "A", **({"role": role} if role else {})} for role in roles]}
    answer = ask("missing(:required, acceptance.participant.role) <> ''", given, value="missing(:required, acceptance.participant.role)",
                 not_covered=() if loaded else ("participant",), **ROLES)
    assert answer.value == text
    assert answer.truth is (UNKNOWN if text is UNKNOWN else text != "")


def test_a_child_let_is_read_like_a_field(ask):
    lets = {"acceptance.roles_missing": "missing(:required, participant.role) filter (where participant.is_signed)"}
    text = "count(acceptance) filter (where acceptance.roles_missing = '') = 0"
    signed = [{"acceptance": "A", "role": role, "is_signed": True} for role in ("buyer", "contractor", "supervisor")]
    given = {"contract": {}, "acceptance": [{"id": "A"}, {"id": "B"}], "participant": signed}
    assert ask(text, given, let=lets, **ROLES).truth is False
    given["participant"] = signed[:2]
    assert ask(text, given, let=lets, **ROLES).truth is True
    given["participant"] = [*signed[:2], {"acceptance": "A", "role": "supervisor"}]
    answer = ask(text, given, let=lets, **ROLES)
    assert (answer.truth, answer.reasons) == (UNKNOWN, ("missing:participant.is_signed",))


# blank, and the other states


@pytest.mark.parametrize(("state", "truth", "reason"), [
    ("2019-01-01", F, None), (BLANK, T, None), ({"state": "illegible"}, F, None), ({"state": "not_required"}, F, None),
    ({"state": "unreadable"}, U, "unreadable:signed_on"), ({"state": "not_captured"}, U, "missing:signed_on"), (None, U, "missing:signed_on")])
def test_blank(ask, state, truth, reason):
    answer = ask("blank(signed_on)", contract(**({"signed_on": state} if state else {})))
    assert (answer.truth, answer.reasons) == (truth, (reason,) if reason else ())


@pytest.mark.parametrize(("state", "reason"), [
    (BLANK, "blank"), ({"state": "illegible"}, "illegible"), ({"state": "unreadable"}, "unreadable"), ({"state": "not_captured"}, "missing")])
def test_a_value_in_any_state_is_unknown(ask, state, reason):
    answer = ask("signed_on > date '2019-01-01'", contract(signed_on=state))
    assert (answer.outcome, answer.reasons) == ("not_evaluated", (f"{reason}:signed_on",))


def test_not_required_alone_makes_a_rule_not_applicable(ask):
    empty = {"state": "not_required"}
    assert ask("signed_on > date '2019-01-01'", contract(signed_on=empty)).outcome == "not_applicable"
    mixed = ask("signed_on > starts_on", contract(signed_on=empty))
    assert (mixed.outcome, set(mixed.reasons)) == ("not_evaluated", {"not_required:signed_on", "missing:starts_on"})


def test_not_required_in_one_row_does_not_hide_what_is_missing_in_another(ask):
    given = {"contract": {}, "payment": [{"amount": {"state": "not_required"}}, {}]}
    answer = ask("sum(payment.amount) < 5", given)
    assert (answer.outcome, set(answer.reasons)) == ("not_evaluated", {"not_required:payment.amount", "missing:payment.amount"})


def test_a_blank_reference_has_no_rows(ask):
    assert ask("count(tender.quote) = 0", contract(tender=BLANK)).truth is True
    assert ask("blank(tender)", contract(tender=BLANK)).truth is True
    answer = ask("count(tender.quote) = 0", contract())
    assert (answer.truth, answer.reasons) == (UNKNOWN, ("missing:tender",))
    answer = ask("tender.method = 'direct'", contract(tender=BLANK))
    assert (answer.truth, answer.reasons) == (UNKNOWN, ("blank:tender",))


def test_a_reference_to_a_record_that_is_not_there(ask):
    answer = ask("tender.method = 'direct'", contract(tender="gone"))
    assert (answer.truth, answer.reasons) == (UNKNOWN, ("no_related:tender",))
    assert ask("count(tender.quote) = 0", contract(tender="gone")).truth is UNKNOWN
    assert ask("blank(tender)", contract(tender="gone")).truth is False


def test_reasons_name_only_what_is_still_needed(ask):
    given = {"contract": {"category": "works"}}
    answer = ask("days_between(starts_on, signed_on) > 0", given, applies_when="category = 'works' and amount > 5")
    assert set(answer.reasons) == {"missing:amount", "missing:starts_on", "missing:signed_on"}
    answer = ask("amount > 5 or category = 'works'", {"contract": {"category": "goods"}})
    assert answer.reasons == ("missing:amount",)
    answer = ask("amount > 5 or signed_on > starts_on", {"contract": {"amount": 3, "signed_on": "2019-01-01"}})
    assert answer.reasons == ("missing:starts_on",)


def test_a_path_goes_up_and_names_where_it_ends(ask):
    given = {"project": {"id": "P"}, "contract": {"id": "C"}, "payment": {"contract": "C"}}
    assert ask("contract.project.fiscal_year = 2019", given, checks="payment").reasons == ("missing:contract.project.fiscal_year",)
    given["contract"] = {"id": "C", "project": "gone"}
    assert ask("contract.project.fiscal_year = 2019", given, checks="payment").reasons == ("no_related:contract.project",)


# parameters, the event date and assumptions

CAP: dict = {"unit": "ratio", "rows": [{"from": day("2017-07-01"), "value": 0.03}, {"from": day("2017-01-01"), "to": day("2017-06-30"), "value": 0.05}]}


def cap(**more: Any) -> dict:
    return {"event_date": ["signed_on", "project.fiscal_year"], "parameters": {"cap": {**CAP, **more}}}


@pytest.mark.parametrize(("signed_on", "value", "reason"), [
    ("2017-06-30", 0.05, None), ("2017-07-01", 0.03, None), ("2017-01-01", 0.05, None), ("2016-12-31", UNKNOWN, "no_parameter:cap"),
    (None, UNKNOWN, "event_date_unknown"), (BLANK, UNKNOWN, "event_date_unknown")])
def test_the_records_own_date_picks_the_value(ask, signed_on, value, reason):
    given = contract(retention_rate=0.04, **({"signed_on": signed_on} if signed_on else {}))
    answer = ask("retention_rate > :cap", given, value=":cap", **cap())
    assert (answer.value, answer.reasons) == (value, (reason,) if reason else ())


@pytest.mark.parametrize(("year", "outcome", "reason"), [
    (2018, "fail", None), (2017, "not_evaluated", "event_date_unknown"), (2016, "not_evaluated", "no_parameter:cap")])
def test_a_year_stands_for_its_whole_span_and_is_an_assumption(ask, year, outcome, reason):
    given = {"project": {"fiscal_year": year}, "contract": {"retention_rate": 0.04}}
    answer = ask("retention_rate > :cap", given, value=":cap", **cap())
    assert (answer.outcome, answer.reasons) == (outcome, (reason,) if reason else ())
    assert answer.assumed is (outcome == "fail")


def test_a_first_entry_that_is_a_year_is_no_assumption(ask):
    given = {"project": {"fiscal_year": 2018}, "contract": {"retention_rate": 0.04}}
    answer = ask("retention_rate > :cap", given, event_date="project.fiscal_year", parameters={"cap": CAP})
    assert (answer.outcome, answer.assumed) == ("fail", False)


def test_what_is_the_same_all_through_is_used(ask):
    same = {"unit": "ratio", "rows": [{"to": day("2017-06-30"), "value": 0.03}, {"from": day("2018-01-01"), "value": 0.03}], "else": 0.03}
    answer = ask("retention_rate > :cap", contract(retention_rate=0.04), event_date="signed_on", parameters={"cap": same})
    assert (answer.outcome, answer.assumed) == ("fail", False)
    two = {"unit": "days", "by": ["category", "pricing_type"], "rows": [{"category": "works", "value": 5}, {"category": "goods", "value": 5}], "else": 7}
    assert ask("blank(title)", contract(category="goods"), value=":d", parameters={"d": two}).value == 5
    assert ask("blank(title)", contract(category="services"), value=":d", parameters={"d": two}).value == 7
    assert ask("blank(title)", contract(), value=":d", parameters={"d": two}).value is UNKNOWN
    assert ask("blank(title)", contract(), value=":d", parameters={"d": {**two, "else": 5}}).value == 5


def test_an_unknown_date_blocks_only_what_depends_on_it(ask):
    assert ask("blank(signed_on)", contract(signed_on=BLANK), **cap()).outcome == "fail"
    given = contract(retention_rate=0.06, category="works")
    assert ask("retention_rate > :cap or category = 'works'", given, **cap()).outcome == "fail"


def test_valid_holds_by_the_event_date_both_ends_included(ask):
    def outcome(signed_on: str | None) -> tuple[str, tuple[str, ...]]:
        answer = ask("blank(filed_on)", contract(filed_on=BLANK, **({"signed_on": signed_on} if signed_on else {})), event_date="signed_on",
                     valid={"from": day("2017-01-01"), "to": day("2019-12-31")})
        return answer.outcome, answer.reasons

    assert [outcome(date)[0] for date in ("2016-12-31", "2017-01-01", "2019-12-31", "2020-01-01")] == ["not_applicable", "fail", "fail", "not_applicable"]
    assert outcome(None) == ("not_evaluated", ("event_date_unknown",))


def test_an_organisation_has_values_of_its_own(ask):
    overlay = {"TEST-001.days": [{"organisation": "ours", "from": day("2019-01-01"), "value": 9, "source": TEXT},
                                 {"to": day("2018-12-31"), "value": 4, "source": TEXT}]}
    keys: dict = {"event_date": "signed_on", "parameters": {"days": {"default": 2, "unit": "days"}}, "overlay": overlay, "value": ":days"}

    def days(**fields: Any) -> Any:
        return ask("duration_days > :days", contract(duration_days=5, **fields), **keys)

    assert days(_organisation="ours", signed_on="2019-05-01").value == 9
    assert days(_organisation="theirs", signed_on="2019-05-01").value == 2
    assert days(_organisation="ours", signed_on="2018-12-31").value == 4
    assert days(_organisation="theirs").value is UNKNOWN
    unknown = days(signed_on="2019-05-01")
    assert (unknown.value, unknown.outcome) == (UNKNOWN, "not_evaluated")
    assert days(signed_on="2018-05-01").value == 4


def test_a_parameter_may_be_the_records_own_value(ask):
    keys = {"parameters": {"rate": {"unit": "ratio", "default": {"field": "retention_rate"}}}}
    assert ask("tax_rate > :rate", contract(tax_rate=0.06, retention_rate=0.05), **keys).truth is True
    assert ask("tax_rate > :rate", contract(tax_rate=0.06), **keys).reasons == ("missing:retention_rate",)


def test_an_assumption_stands_in_only_where_it_is_needed(ask):
    keys: dict = {"assumes": {"is_framework": False, "starts_on": ["effective_on", "signed_on"]}, "applies_when": "not is_framework"}

    def outcome(**fields: Any) -> tuple[str, bool, tuple[str, ...]]:
        answer = ask("starts_on < date '2019-06-01'", contract(**fields), **keys)
        return answer.outcome, answer.assumed, answer.reasons

    early, late = "2019-01-01", "2019-12-01"
    assert outcome(is_framework=False, starts_on=early) == ("fail", False, ())
    assert outcome(starts_on=early) == ("fail", True, ())
    assert outcome(starts_on=late) == ("pass", False, ())
    assert outcome(is_framework=True) == ("not_applicable", False, ())
    assert outcome(is_framework=False, effective_on=early, signed_on=late)[:2] == ("fail", True)
    assert outcome(is_framework=False, signed_on=late)[:2] == ("pass", True)
    assert outcome(is_framework=False) == ("not_evaluated", False, ("missing:starts_on",))
    assert outcome(is_framework=False, starts_on=late, effective_on=early) == ("pass", False, ())


# peers

SISTERS: dict = {"checks": "contract", "peers": {"same": ["supplier"], "different": ["service"], "order": "signed_on", "within_days": 30}}


def sisters(*rows: dict) -> dict:
    return {"contract": [{"supplier": "s", "amount": 1, **row} for row in rows]}


def test_peers_earlier_and_later(ask):
    given = sisters({"id": "A", "service": "x", "signed_on": "2019-01-01"}, {"id": "B", "service": "y", "signed_on": "2019-01-31"},
                    {"id": "C", "service": "x", "signed_on": "2019-01-31"}, {"id": "D", "service": "y", "signed_on": "2019-02-01"},
                    {"id": "E", "service": "y", "signed_on": "2019-01-15", "supplier": "another"})

    def counted(key: str, rows: str) -> Any:
        return ask("blank(title)", given, key=key, value=f"count({rows})", **SISTERS).value

    assert [counted("A", rows) for rows in ("peers", "earlier", "later")] == [1, 0, 1]
    assert [counted("B", rows) for rows in ("peers", "earlier", "later")] == [2, 1, 1], "C has the same day and a later key"
    assert [counted("C", rows) for rows in ("peers", "earlier", "later")] == [2, 1, 1]
    assert [counted("D", rows) for rows in ("peers", "earlier", "later")] == [1, 1, 0], "A is 31 days away"
    assert counted("E", "peers") == 0


def test_a_row_without_its_group_is_in_none_and_not_evaluated(ask):
    given = sisters({"id": "A", "service": "x", "signed_on": "2019-01-01"}, {"id": "B", "service": "y", "signed_on": "2019-01-02"})
    given["contract"].append({"id": "C", "service": "y", "signed_on": "2019-01-03", "amount": 1})
    assert ask("count(peers) = 1", given, key="A", **SISTERS).truth is True
    answer = ask("count(peers) = 1", given, key="C", **SISTERS)
    assert (answer.outcome, answer.reasons) == ("not_evaluated", ("missing:supplier",))


def test_a_row_without_its_place_in_the_order_opens_the_group(ask):
    given = sisters({"id": "A", "service": "x", "signed_on": "2019-01-01"}, {"id": "B", "service": "y"})
    answer = ask("count(earlier) = 0", given, key="A", **SISTERS)
    assert (answer.truth, answer.reasons) == (UNKNOWN, ("missing:peers.signed_on",))


def test_peers_that_are_not_all_loaded_are_a_bound(ask):
    given = sisters({"id": "A", "service": "x", "signed_on": "2019-01-01"}, {"id": "B", "service": "y", "signed_on": "2019-01-02"})
    assert ask("count(peers) >= 1", given, key="A", not_covered=("contract",), **SISTERS).truth is True
    answer = ask("count(peers) > 1", given, key="A", not_covered=("contract",), **SISTERS)
    assert (answer.truth, answer.reasons) == (UNKNOWN, ("source_not_loaded:contract",))


def test_peers_have_the_rules_own_lets(ask):
    given = sisters({"id": "A", "service": "x", "signed_on": "2019-01-01", "amount": 3}, {"id": "B", "service": "y", "signed_on": "2019-01-02", "amount": 4})
    assert ask("sum(peers.double) = 8", given, key="A", let={"double": "amount * 2"}, **SISTERS).truth is True
