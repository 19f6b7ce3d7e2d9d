"""Two evaluators of the rule language, written apart, say the same of every example and of thousands of random rules."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from pprint import pformat
from typing import Any, cast

import pytest

from auditkb.dictionary import Dictionary, load_dictionary
from auditkb.engines import sqlite as engine
from auditkb.example_sql import AS_OF, with_parameters
from auditkb.example_worlds import build_world, open_world, store_world
from auditkb.rules.checked import Rule
from auditkb.rules.load import load_rules, rule_files
from tests import random_rules
from tests.evaluator import Verdict, World, evaluate

# The plain run keeps to what a change breaks first; these take their time.
pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
FILES = rule_files(ROOT / "rules")
FEW_CASES = 200
MANY_CASES = int(os.environ.get("AUDITKB_CASES", "2000"))
WORLDS_A_RULE = 2
Said = dict[str, tuple[str, frozenset[str], bool]]
"""Outcome, reasons and whether a stand-in decided, by record key."""


@cache
def own_rules() -> tuple[Dictionary, dict[str, Rule]]:
    """The project's dictionary, and its rules by file name."""
    dictionary = load_dictionary(ROOT / "records")
    rules = load_rules(ROOT / "rules", dictionary).rules
    return dictionary, {Path(rule.source.name).name: rule for rule in rules.values()}


def plain(rule: Rule, dictionary: Dictionary, world: World, as_of: str) -> Said:
    """What the evaluator in plain Python says."""
    found = evaluate(rule, dictionary, world, as_of)
    return {key: (verdict.outcome, frozenset() if verdict.is_not_required else verdict.reasons, verdict.is_assumed)
            for key, verdict in found.items()}


def outcomes_of(said: Said) -> dict[str, tuple[str, bool]]:
    """What was said without the reasons."""
    return {key: (outcome, is_assumed) for key, (outcome, _, is_assumed) in said.items()}


def sqlite(rule: Rule, dictionary: Dictionary, world: World, as_of: str) -> Said:
    """What SQLite says."""
    connection = open_world(dictionary)
    try:
        store_world(connection, dictionary, world)
        engine.evaluate(connection, engine.prepare(rule, dictionary, as_of), dictionary)
        return {item.key: (item.outcome, frozenset(item.reasons), item.assumed) for item in engine.outcomes(connection)}
    finally:
        connection.close()


@pytest.mark.parametrize("file", FILES, ids=[path.stem for path in FILES])
def test_examples(file: Path) -> None:
    """Every example gives what it expects, and in plain Python the outcomes that it has on SQLite.

    Each unknown input that decides is a reason on both; SQLite may name others of the same expressions.
    """
    dictionary, rules = own_rules()
    rule = rules[file.name]
    for example in rule.file.examples:
        world = build_world(rule, dictionary, example, cast(Any, _no_faults))
        as_of = example.as_of.isoformat() if example.as_of else AS_OF
        varied = with_parameters(rule, example.with_)
        found = plain(varied, dictionary, world, as_of)
        theirs = sqlite(varied, dictionary, world, as_of)
        assert outcomes_of(found) == outcomes_of(theirs), example.name.en
        assert [key for key, (_, reasons, _) in found.items() if not reasons - {"undefined"} <= theirs[key][1]] == [], example.name.en
        expected = example.expect if isinstance(example.expect, dict) else dict.fromkeys(found, example.expect)
        if example.known_gap is None:
            assert {key: found[key][0] for key in expected} == expected, example.name.en


def _no_faults(*said: Any) -> None:
    raise AssertionError(said)


# --- random rules


def difference(rule: Rule, world: World) -> tuple[str, Verdict, tuple[str, frozenset[str], bool]] | None:
    """The first record of which the two say different outcomes, with what each says of it."""
    ours = evaluate(rule, random_rules.DICTIONARY, world, random_rules.AS_OF)
    theirs = sqlite(rule, random_rules.DICTIONARY, world, random_rules.AS_OF)
    for key, verdict in ours.items():
        outcome, reasons, is_assumed = theirs[key]
        # Which unknown inputs that decide nothing are named is free; one of them keeps a record not_evaluated.
        if verdict.is_not_required and outcome == "not_evaluated" and any(not reason.startswith("not_required:") for reason in reasons):
            continue
        if (outcome, is_assumed) != (verdict.outcome, verdict.is_assumed):
            return key, verdict, theirs[key]
    return None


def fewer(world: World) -> Iterator[World]:
    """The world with one row less, or one value less."""
    for name, rows in world.items():
        for index, row in enumerate(rows):
            yield world | {name: rows[:index] + rows[index + 1:]}
            for field, value in row.items():
                if value is not None and not field.startswith("_") and field != "key":
                    less = row | {field: None} | ({f"_folded_{field}": None} if f"_folded_{field}" in row else {})
                    yield world | {name: [*rows[:index], less, *rows[index + 1:]]}


def check(seed: int) -> None:
    """Compare both on the rows of some worlds; a difference is shown with no row or value too many."""
    rule, data = random_rules.rule_of(seed)
    for number in range(WORLDS_A_RULE * seed, WORLDS_A_RULE * (seed + 1)):
        world = random_rules.world_of(number)
        if difference(rule, world) is None:
            continue
        while (smaller := next((one for one in fewer(world) if difference(rule, one) is not None), None)) is not None:
            world = smaller
        written = {key: value for key, value in data.items() if value and key not in ("id", "title", "status", "severity", "category",
                                                                                   "rationale", "message", "examples")}
        rows = {name: [{key: value for key, value in row.items() if value is not None} for row in found] for name, found in world.items() if found}
        pytest.fail(pformat({"seed": seed, "rule": written, "rows": rows, "key, plain Python, SQLite": difference(rule, world)}, width=140, sort_dicts=False))


def test_random_rules() -> None:
    """Random rules over random rows have the same outcomes on SQLite as in plain Python."""
    for seed in range(FEW_CASES):
        check(seed)


@pytest.mark.slow
def test_many_random_rules() -> None:
    """The same for more of them: 2,000, or as many as AUDITKB_CASES says."""
    for seed in range(FEW_CASES, FEW_CASES + MANY_CASES):
        check(seed)
