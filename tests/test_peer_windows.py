"""Peers by windows say the same as the evaluator in plain Python that looks at every pair, with ties and unknown values."""

from __future__ import annotations

from itertools import count, islice
from typing import Any

import pytest

from auditkb.compiler.statement import compile_rule
from auditkb.errors import KnowledgeBaseError
from auditkb.rules.checked import Rule
from tests import random_rules
from tests.test_evaluator import difference

FEW, MANY = 40, 800
WORLDS = 2
MOST_ROWS = 9
"""Values come from short lists, so in nine rows there are groups, ties in their order, and rows without a value."""


def peer_rules() -> Any:
    """Random rules that look at peers, each with the number that it was drawn from."""
    for seed in count():
        try:
            rule, data = random_rules.random_rule(random_rules.drawn(f"peers {seed}"))
        except KnowledgeBaseError:
            continue
        if "peers" in data and any(f"({which}" in str(data) for which in ("peers", "earlier", "later")):
            yield seed, rule, data


def statements(rule: Rule) -> list[str]:
    """The SQL that decides, and the SQL that gives the reasons."""
    return [compile_rule(rule, random_rules.DICTIONARY, as_of=random_rules.AS_OF, why=why).outcomes for why in (False, True)]


def check(number: int) -> None:
    for seed, rule, data in islice(peer_rules(), number):
        for turn in range(WORLDS):
            world = random_rules.random_world(random_rules.drawn(f"peers {seed} world {turn}"), MOST_ROWS)
            found = difference(rule, world)
            assert found is None, (seed, turn, {key: data[key] for key in ("checks", "peers", "let", "assumes", "applies_when", "fails_when") if key in data}, found)


@pytest.mark.slow
def test_windows_and_pairs_agree() -> None:
    check(FEW)


@pytest.mark.slow
def test_windows_and_pairs_agree_on_many_rules() -> None:
    check(MANY)


@pytest.mark.slow
def test_random_rules_reach_every_kind_of_frame() -> None:
    written = [text for _, rule, _ in islice(peer_rules(), MANY) for text in statements(rule)]
    for frame in ("ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING", "ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING", "GROUPS BETWEEN",
                  "RANGE BETWEEN 90 PRECEDING", "RANGE BETWEEN 1 FOLLOWING", " DESC ROWS", '"1._id" <> s._id'):
        assert sum(frame in text for text in written) >= 2, frame
