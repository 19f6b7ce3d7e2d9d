"""The rule language: every name and type it knows, and that no text, however odd, makes the checker itself fail."""

from __future__ import annotations

import os
import string
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from auditkb.dictionary import Dictionary
from auditkb.dictionary_files import load_dictionary
from auditkb.expressions.check import MOST_LEVELS, check_expression
from auditkb.expressions.functions import FUNCTIONS, NAMES
from auditkb.expressions.names import Scope
from auditkb.expressions.syntax import MOST_CHARACTERS, Problem
from auditkb.expressions.tree import (
    DATE, FLAG, INTEGER, LIST, MONEY, NUMBER, RATIO, TEXT, Aggregate, ChildLetName, Field, Kind, LetName, Node, walk,
)

ROOT = Path(__file__).resolve().parents[1]
DICTIONARY: Dictionary = load_dictionary(ROOT / "records")
SCOPE = Scope(
    DICTIONARY, "contract",
    parameters={"grace_days": INTEGER, "min_rate": RATIO, "limit": MONEY, "required_roles": LIST, "from_day": DATE},
    lets={"days_early": INTEGER, "began_on": DATE, "paid": MONEY},
    child_lets={("acceptance", "roles_missing"): TEXT},
    has_peers=True, has_order=True, peer_lets=frozenset({"began_on"}),
)
ONE_OF_EACH = Kind("choice", "contract.category")


def checked(text: str, expected: str | None = None, scope: Scope = SCOPE) -> Node:
    """The tree of an expression that must be sound."""
    node, problems = check_expression(text, scope, expected)
    assert problems == [] and node is not None, [problem.text.en for problem in problems]
    return node


def refused(text: str, scope: Scope = SCOPE, expected: str | None = "flag") -> list[Problem]:
    """The problems of an expression that must not be sound."""
    node, problems = check_expression(text, scope, expected)
    assert node is None and problems
    return problems


# --- no text makes the checker fail

WORDS = [*NAMES, "amount", "signed_on", "category", "quote", "acceptance.works_started_on", "peers", "earlier.ends_on", "count(acceptance)",
         ":grace_days", "date '2019-01-01'", "'works'", "'", "(", ")", ",", "=", "<", ">", "<>", "<=", "and", "or", "not", "in", "between",
         "case", "when", "then", "else", "end", "filter", "where", "distinct", "is", "null", "select", "from", "0", "1", "0.03", "1e999",
         "²", "٣", "+", "-", "*", "/", ".", "..", ";", "--", "/*", "*/", "\n", "\\", "{", "}", "@", "#", "金额", "，", "“", "\x00", "as",
         "over", "interval", "cast", "array", "lambda", "->", "=>", "::", "exists", "any", "values", "with", "limit", "order by", "x'41'"]


@settings(max_examples=2_000 if os.environ.get("AUDITKB_ALL") else 300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(
    st.text(max_size=60),
    st.text(alphabet=string.printable, max_size=60),
    st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join),
    st.lists(st.sampled_from(WORDS), max_size=12).map("".join),
))
@example("(" * 3_000)
@example("(" * 1_500 + "amount" + ")" * 1_500 + " > 1")
@example("not " * 900 + "true")
@example("amount" + "+1" * 1_900 + " > 1")
@example("case when true then " * 100 + "1" + " end" * 100)
@example("abs(" * 500 + "1" + ")" * 500)
@example("- " * 1_900 + "1 > 2")
@example("amount > 1 and " * 100_000)
@example("'" * 4_001)
@example("'" * 3_999)
def test_any_text_is_a_tree_or_has_problems_within_it(text):
    node, problems = check_expression(text, SCOPE, "flag")
    assert (node is None) == bool(problems)
    for problem in problems:
        assert 0 <= problem.offset <= len(text)
        assert problem.text.zh and problem.text.en
        assert "\n" not in problem.text.zh.replace(text, "")


@pytest.mark.parametrize("text", [
    "(" * 200 + "amount" + ")" * 200 + " > 1", "not " * 100 + "true", "abs(" * (MOST_LEVELS + 1) + "1" + ")" * (MOST_LEVELS + 1) + " > 0",
    "amount" + " + 1" * 200 + " > 1"])
def test_nesting_has_an_end_that_is_said(text):
    (problem,) = refused(text)
    assert (problem.text.zh, problem.text.en) == ("表达式嵌套太深", "the expression is nested too deeply")
    assert problem.hint is not None


def test_length_has_an_end_that_is_said():
    (problem,) = refused("amount > 1 or " * MOST_CHARACTERS)
    assert "too long" in problem.text.en and "太长" in problem.text.zh


def test_a_long_list_of_conditions_is_not_deep():
    checked(" and ".join(["amount > 1"] * 250), "flag")


# --- random expressions of the grammar

_TEXTS = st.sampled_from(["'works'", "'goods'", "'services'"])
_WHOLE = st.sampled_from(["duration_days", "days_early", ":grace_days", "count(acceptance)", "count(distinct acceptance.form_type)",
                          "days_between(signed_on, starts_on)", "year_of(signed_on)", "count(peers)", "project.fiscal_year"])
_MONEY = st.sampled_from(["amount", "paid", ":limit", "sum(payment.amount)", "max(payment.amount)", "median(invoice.amount)", "tender.estimated_amount",
                          "sum(payment.amount) filter (where payment.paid_on < contract.signed_on)"])
_RATIO = st.sampled_from(["retention_rate", ":min_rate", "paid / amount", "0.03 * retention_rate"])
_DATE = st.sampled_from(["signed_on", "began_on", "as_of", ":from_day", "date '2017-07-01'", "min(acceptance.works_started_on)", "max(earlier.ends_on)"])
_NUMBERS = st.sampled_from(["0", "1", "2.5", "0.03"])


def _dates(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(st.sampled_from(["least", "greatest"]), inner, inner).map(lambda t: f"{t[0]}({t[1]}, {t[2]})"),
        st.tuples(st.sampled_from(["add_days", "add_months"]), inner, _WHOLE).map(lambda t: f"{t[0]}({t[1]}, {t[2]})"),
        inner.map(lambda t: f"next_workday({t})"), inner.map(lambda t: f"end_of_year({t})"))


def _amounts(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, st.sampled_from("+-"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(inner, _RATIO).map(lambda t: f"{t[0]} * ({t[1]})"),
        st.tuples(inner, inner).map(lambda t: f"greatest({t[0]}, {t[1]})"),
        inner.map(lambda t: f"abs({t})"),
        st.tuples(_conditions_of(_plain()), inner, inner).map(lambda t: f"case when {t[0]} then {t[1]} else {t[2]} end"))


def _plain() -> st.SearchStrategy[str]:
    compare = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])
    return st.one_of(
        st.tuples(_DATE, compare, _DATE).map(" ".join), st.tuples(_MONEY, compare, st.one_of(_MONEY, _NUMBERS)).map(" ".join),
        st.tuples(_RATIO, compare, st.one_of(_RATIO, _NUMBERS)).map(" ".join), st.tuples(_WHOLE, compare, st.one_of(_WHOLE, _NUMBERS)).map(" ".join),
        st.tuples(st.just("category"), st.sampled_from(["=", "<>"]), _TEXTS).map(" ".join),
        st.tuples(_MONEY, _MONEY, _MONEY).map(lambda t: f"{t[0]} between {t[1]} and {t[2]}"),
        st.lists(_TEXTS, min_size=1, max_size=3).map(lambda t: f"category in ({', '.join(t)})"),
        st.sampled_from(["is_framework", "blank(signed_on)", "blank(supplier)", "true", "category in :required_roles",
                         "missing(:required_roles, acceptance.form_type) = ''", "points(amount > 1, 2, is_framework, 3) > 2"]))


def _conditions_of(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.recursive(inner, lambda deeper: st.one_of(
        st.tuples(deeper, st.sampled_from(["and", "or"]), deeper).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        deeper.map(lambda t: f"not ({t})")), max_leaves=6)


def _conditions() -> st.SearchStrategy[str]:
    dates, money = st.recursive(_DATE, _dates, max_leaves=4), st.recursive(_MONEY, _amounts, max_leaves=4)
    compare = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])
    return _conditions_of(st.one_of(_plain(), st.tuples(dates, compare, dates).map(" ".join), st.tuples(money, compare, money).map(" ".join)))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_conditions())
def test_every_expression_of_the_grammar_is_sound(text):
    assert checked(text, "flag").kind == FLAG


# --- types

@pytest.mark.parametrize("text, kind", [
    ("days_between(signed_on, starts_on)", INTEGER), ("workdays_between(signed_on, starts_on)", INTEGER), ("months_between(starts_on, ends_on)", INTEGER),
    ("add_days(signed_on, 3)", DATE), ("add_months(signed_on, duration_days)", DATE), ("next_workday(signed_on)", DATE),
    ("end_of_year(signed_on)", DATE), ("end_of_year(project.fiscal_year)", DATE), ("year_of(signed_on)", INTEGER), ("as_of", DATE),
    ("least(signed_on, starts_on)", DATE), ("greatest(amount, 3)", MONEY), ("abs(amount)", MONEY), ("least(retention_rate, 0.5)", RATIO),
    ("amount * retention_rate", MONEY), ("retention_rate * amount", MONEY), ("amount / paid", RATIO), ("amount / 2", MONEY), ("amount + paid - 5", MONEY),
    ("1 - retention_rate", RATIO), ("days_early / duration_days", RATIO), ("days_early * 2", NUMBER), ("-amount", MONEY), ("1 + 2", NUMBER),
    ("count(acceptance)", INTEGER), ("count(distinct acceptance.form_type)", INTEGER), ("sum(payment.amount)", MONEY), ("median(payment.amount)", MONEY),
    ("min(acceptance.works_started_on)", DATE), ("max(payment.amount)", MONEY), ("missing(:required_roles, acceptance.form_type)", TEXT),
    ("blank(signed_on)", FLAG), ("blank(supplier)", FLAG), ("points(is_framework, 2)", NUMBER), ("case when is_framework then 1 else 2 end", NUMBER),
    ("case when is_framework then amount else 0 end", MONEY), ("category", ONE_OF_EACH), ("supplier", Kind("reference", "organisation")),
    ("date '2017-07-01'", DATE), ("'text'", TEXT), ("true", FLAG), (":limit", MONEY), ("amount > 1", FLAG), ("amount between 1 and 2", FLAG),
    ("category in ('works', 'goods')", FLAG), ("category in :required_roles", FLAG), ("not is_framework", FLAG)])
def test_types(text, kind):
    assert checked(text).kind == kind


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_says_what_it_takes(name):
    for text in (f"{name}(amount, amount)", f"{name}(category, 'x')"):
        (problem,) = refused(text, expected=None)
        assert problem.text.en.startswith(f"{name} takes: ")
        assert problem.text.zh.startswith(f"{name} 的参数应为：") and not any(word in problem.text.zh for word in ("date,", "integer"))


@pytest.mark.parametrize("text, zh, en", [
    ("signed_on > amount", "类型不同：不能把日期与金额比较", "cannot compare a date with money"),
    ("amount = 'x'", "类型不同：不能把金额与文字比较", "cannot compare money with text"),
    ("is_framework = 1", "类型不同：不能把真假值与数比较", "cannot compare a flag with a number"),
    ("amount > retention_rate", "类型不同：不能把金额与比率比较", "cannot compare money with a ratio"),
    ("supplier = department", "类型不同：不能把记录（organisation）与记录（department）比较", "cannot compare a record (organisation) with a record (department)"),
    ("amount + signed_on > 1", "金额加日期没有意义", "money + a date has no meaning"),
    ("amount * amount > 1", "金额乘金额没有意义", "money * money has no meaning"),
    ("title > '甲'", "文字和选项只能用 = 或 <> 比较", "text and choices can be compared with = and <> only"),
    ("number = '甲'", "字段“number”未声明可比较（字典中 compared: true）", 'field "number" is not declared as compared (compared: true in the dictionary)'),
    ("case when is_framework then 1 else signed_on end > 1", "case 各分支的值类型不同", "the branches of case have different kinds"),
    ("least(amount, signed_on) > 1", "least 的参数应为同类的数或日期", "least takes numbers or dates of one kind"),
    ("abs(signed_on) > 1", "abs 的参数应为同类的数或日期", "abs takes numbers or dates of one kind"),
    ("points(amount, 1) > 1", "此处应为条件（真或假）", "a condition (true or false) is needed here"),
    ("points(is_framework, amount) > 1", "分值应为数", "a weight is a number"),
    ("amount", "此处应为条件（真或假）", "a condition (true or false) is needed here"),
    ("category in :grace_days", "参数“grace_days”不是列表", 'parameter "grace_days" is not a list'),
    ("signed_on in ()", "in 后的括号是空的", "the brackets after in are empty"),
    ("sum(acceptance.works_started_on) > 1", "sum 只能用于数", "sum takes numbers only"),
    ("min(acceptance.form_type) = 'x'", "min 只能用于数或日期", "min takes numbers or dates only"),
])
def test_like_meets_like_only(text, zh, en):
    (problem,) = refused(text)
    assert (problem.text.zh, problem.text.en) == (zh, en)


def test_number_columns_must_be_declared_before_text_is_compared():
    assert DICTIONARY["contract"].fields["title"].compared
    checked("title = '甲'", "flag")


# --- names

@pytest.mark.parametrize("text, level, ups, path", [
    ("signed_on", 0, (), "signed_on"),
    ("contract.signed_on", 0, (), "signed_on"),
    ("project.department.name", 0, ("project", "department"), "project.department.name"),
    ("tender.notice_on", 0, ("tender",), "tender.notice_on"),
])
def test_paths_up(text, level, ups, path):
    node = checked(text)
    assert isinstance(node, Field)
    assert (node.level, node.ups, node.name, node.path) == (level, ups, path.rpartition(".")[2], path)


@pytest.mark.parametrize("text, ups, downs", [
    ("count(acceptance)", (), ["acceptance"]),
    ("count(acceptance.participant)", (), ["acceptance", "participant"]),
    ("count(tender.quote)", ("tender",), ["quote"]),
    ("count(project.contract)", ("project",), ["contract"]),
    ("count(project.budget_adjustment) filter (where project.budget_adjustment.approved_on < signed_on)", ("project",), ["budget_adjustment"]),
    ("min(acceptance.works_started_on)", (), ["acceptance"]),
    ("sum(invoice.amount) filter (where invoice.status = 'normal')", (), ["invoice"]),
    ("count(acceptance.participant) filter (where acceptance.works_started_on < signed_on and acceptance.participant.is_signed)", (), ["acceptance", "participant"]),
])
def test_paths_down(text, ups, downs):
    node = checked(text)
    assert isinstance(node, Aggregate)
    assert node.rows.ups == ups and [name for name, _ in node.rows.downs] == downs


def test_a_filter_sees_every_level_and_the_record_itself():
    node = checked("count(acceptance.participant) filter (where acceptance.participant.is_signed and acceptance.works_started_on < signed_on)")
    assert isinstance(node, Aggregate) and node.condition is not None
    assert {part.path: part.level for part in walk(node.condition) if isinstance(part, Field)} == {
        "acceptance.participant.is_signed": 2, "acceptance.works_started_on": 1, "signed_on": 0}


def test_a_reference_goes_up_from_a_row_below():
    node = checked("count(payment) filter (where payment.payee.name = supplier.name)")
    assert isinstance(node, Aggregate)
    assert any(isinstance(part, Field) and part.level == 1 and part.ups for part in walk(node.condition))  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["count(peers)", "max(earlier.ends_on)", "min(later.signed_on)", "count(peers) filter (where peers.amount > amount)",
                                  "min(peers.began_on)", "count(distinct peers.supplier)", "max(earlier.project.fiscal_year)"])
def test_peers(text):
    node = checked(text)
    assert isinstance(node, Aggregate) and node.rows.peers in ("peers", "earlier", "later") and node.rows.downs == ()


def test_lets_of_the_record_of_a_peer_and_of_a_child():
    assert checked("days_early") == LetName("days_early", INTEGER)
    peer = checked("min(peers.began_on)")
    assert isinstance(peer, Aggregate) and peer.operand == LetName("began_on", DATE, level=1)
    child = checked("count(acceptance) filter (where acceptance.roles_missing <> '')")
    assert isinstance(child, Aggregate)
    assert ChildLetName("acceptance", "roles_missing", TEXT, 1) in list(walk(child.condition))  # type: ignore[arg-type]


@pytest.mark.parametrize("text, at, en", [
    ("acceptance.works_started_on > signed_on", 0, '"acceptance.works_started_on" has several rows: use it inside an aggregate'),
    ("count(tender.quote) > 1 and tender.quote.amount > 1", 28, '"tender.quote.amount" has several rows: use it inside an aggregate'),
    ("acceptance", 0, '"acceptance" is a set of rows: use it inside count(…) or another aggregate'),
    ("sum(payment) > 1", 0, "sum needs a field, not a set of rows"),
    ("sum(amount) > 1", 4, "an aggregate needs a path down to rows (such as quote.amount)"),
    ("count(*) > 1", 6, "an aggregate needs a path down to rows (such as quote.amount)"),
    ("count(acceptance.form_type) > 1", 0, "count counts rows: write count(path) or count(distinct field)"),
    ("count(count(acceptance)) > 1", 0, "count counts rows: write count(path)"),
    ("sum(count(acceptance) + payment.amount) > 1", 4, "an aggregate cannot stand inside an aggregate"),
    ("count(acceptance) filter (where invoice.amount > 1) > 1", 32, '"invoice.amount" has several rows: use it inside an aggregate'),
    ("abs(amount) filter (where amount > 1) > 1", 0, None),
    ("count(peers.payment) > 1", 6, "a path cannot go down from a peer"),
    ("min(peers.days_early) > 1", 4, "a peer has no days_early: that let uses peers itself"),
    ("missing(:grace_days, acceptance.form_type) = ''", 0, "write missing(:list_parameter, path.field)"),
    ("blank(days_early)", 0, "blank takes one field"),
])
def test_rows_stand_in_aggregates_only(text, at, en):
    problem = refused(text)[0]
    assert problem.offset == at
    assert en is None or problem.text.en == en


def test_without_peers_the_words_mean_nothing():
    (problem,) = refused("count(peers) > 1", Scope(DICTIONARY, "contract"))
    assert problem.text.en == "the rule declares no peers, so peers means nothing"


@pytest.mark.parametrize("text, at, word, near", [
    ("amout > 3", 0, "amout", "amount"),
    ("amount > 3 and singed_on > starts_on", 15, "singed_on", "signed_on"),
    ("supplier.nam = '甲'", 9, "nam", "name"),
    ("project.budgett.amount > 1", 8, "budgett", "budget"),
    ("min(acceptance.works_startd_on) > signed_on", 15, "works_startd_on", "works_started_on"),
    ("days_betwen(starts_on, signed_on) > 3", 0, "days_betwen", "days_between"),
    ("amount > :limits", 9, "limits", "limit"),
    ("amount > 1 and category = 'work'", 26, "work", "works"),
    ("peer.amount > 1", 0, "peer", "peers"),
])
def test_a_wrong_name_is_said_where_it_stands_with_the_right_one(text, at, word, near):
    (problem,) = refused(text)
    assert problem.offset == at and f'"{word}"' in problem.text.en and f"“{word}”" in problem.text.zh
    assert problem.hint is not None and near in problem.hint.en and near in problem.hint.zh


def test_several_faults_of_one_expression_are_all_said():
    assert [problem.offset for problem in refused("amout > 1 and category = 'work' and signed_on > amount")] == [0, 25, 36]
