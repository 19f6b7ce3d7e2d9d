"""Each rule's own examples notice every small fault in it: a mutant is caught where one of them no longer holds.

A mutant that no example can catch, because it never changes an outcome, is named and argued in data/mutants_argued.yml.
"""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path

import pytest

from auditkb.engines.sqlite import RuleSql
from auditkb.example_worlds import World
from auditkb.rules.checked import Rule
from auditkb.rules.model import Example
from auditkb.yaml_files import read_yaml
from tests.rule_mutants import mutants
from tests.worlds import RULE_IDS, Bench, as_of, prepared, rules, world_of

ARGUED = Path(__file__).parent / "data" / "mutants_argued.yml"


@functools.cache
def argued() -> dict[str, list[dict]]:
    return read_yaml(ARGUED).data


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench()


QUICK = ("CON-001", "PROC-001", "WORKS-006")


@pytest.mark.parametrize("rule_id", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in RULE_IDS])
def test_examples_catch_every_mutant(rule_id: str, bench: Bench) -> None:
    rule = rules()[rule_id]
    worlds = [world_of(rule, index) for index in range(len(rule.file.examples))]
    assert is_caught(rule, worlds, bench) is None, "the rule's own examples do not hold"
    made = mutants(rule)
    free = [mutant.name for mutant in made if not is_caught(mutant.rule, worlds, bench)]
    known = [entry["mutant"] for entry in argued().get(rule_id, [])]
    uncaught = [name for name in free if name not in known]
    assert not uncaught, f"{rule_id}: no example catches\n  " + "\n  ".join(uncaught)
    stale = [name for name in known if name not in free]
    assert not stale, f"{rule_id}: caught or gone, take it out of {ARGUED.name}\n  " + "\n  ".join(stale)


def test_every_argument_is_of_a_rule_and_in_both_languages() -> None:
    for rule_id, entries in argued().items():
        assert rule_id in RULE_IDS
        for entry in entries:
            assert set(entry) == {"mutant", "because"} and set(entry["because"]) == {"zh", "en"}, entry


def test_rules_have_mutants_of_every_kind() -> None:
    names = [mutant.name for rule_id in RULE_IDS for mutant in mutants(rules()[rule_id])]
    assert len(names) > 14 * len(RULE_IDS)
    for beginning in ("fails_when: true", "fails_when: false", "applies_when: dropped", "let ", ":", "valid: ", "high_when: "):
        assert any(name.startswith(beginning) for name in names), beginning


def is_caught(rule: Rule, worlds: list[World], bench: Bench) -> str | None:
    """The name of an example that the rule does not satisfy; outcomes of all are looked at before any details."""
    sqls: dict[str, RuleSql] = {}
    for outcomes_only in (True, False):
        for index, example in enumerate(rule.file.examples):
            if example.known_gap is not None or not (outcomes_only or _states_details(example)):
                continue
            run = f"{as_of(example)} {example.with_}"
            if run not in sqls:
                # Examples say nothing of evidence and messages, and SQLite takes long to prepare them.
                sqls[run] = prepared(replace(rule, evidence=(), shown={}, criteria=()), example)
            if bench.faults(rule, index, worlds[index], sqls[run], outcomes_only=outcomes_only):
                return example.name.en
    return None


def _states_details(example: Example) -> bool:
    return bool(example.let) or any(one is not None for one in (
        example.high, example.presumed, example.conflict, example.amount, example.reason))
