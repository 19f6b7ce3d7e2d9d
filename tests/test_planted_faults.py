"""Generated records with planted faults: a run finds every one of them and nothing else."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from auditkb.cells import Value
from auditkb.database import create_tables, finish_loading, open_database, quote, writer
from auditkb.dictionary import Dictionary
from auditkb.dictionary_files import load_dictionary
from auditkb.findings import load_classes
from auditkb.records import KeyMaker
from auditkb.rules.load import RuleSet, load_rules
from auditkb.runs import RunReport, run_rules
from benchmarks.cases import AS_OF
from benchmarks.generate import Generated, generate, make_database, read_manifest, write_manifest
from benchmarks.plants import PLANTS
from benchmarks.world import World

# The plain run keeps to what a change breaks first; these take their time.
pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
FEW = 2_000
LEAST_RULES = 20
DECIDED = ("pass", "fail", "exempt", "not_applicable", "not_evaluated")
each_rule = pytest.mark.parametrize("rule_id", sorted(PLANTS))


@dataclass(frozen=True)
class Ran:
    """A generated world and one run of every rule over it."""

    generated: Generated
    report: RunReport
    outcomes: dict[tuple[str, str], str]
    """(rule, record) -> outcome, of all that is neither pass nor not applicable."""

    def planted(self, rule_id: str, kind: str) -> set[str]:
        """Keys of the records that hold one kind of plant of a rule."""
        return {item.record_key for item in self.generated.planted if (item.rule_id, item.kind) == (rule_id, kind)}

    def found(self, rule_id: str, outcome: str) -> set[str]:
        """Keys of the records for which a rule came to an outcome."""
        return {key for (rule, key), what in self.outcomes.items() if rule == rule_id and what == outcome}


@cache
def project_files() -> tuple[Dictionary, RuleSet]:
    """The dictionary and the rules of the project."""
    dictionary = load_dictionary(ROOT / "records")
    return dictionary, load_rules(ROOT / "rules", dictionary)


def run_over(contracts: int, seed: int, database: Path | str = ":memory:") -> Ran:
    """Generate a world and run every planted rule over it."""
    dictionary, rules = project_files()
    planted = RuleSet({name: rule for name, rule in rules.rules.items() if name in PLANTS}, rules.laws)
    with closing(open_database(database, create=True)) as connection:
        create_tables(connection, dictionary)
        generated = generate(connection, dictionary, checks(), contracts=contracts, seed=seed)
        report = run_rules(connection, dictionary, planted, [], load_classes(ROOT / "findings" / "classes.yml"), as_of=AS_OF)
        found = connection.execute("select rule_id, record_key, outcome from outcomes")
        return Ran(generated, report, {(rule, key): outcome for rule, key, outcome in found})


def checks() -> dict[str, str]:
    """Record type that each rule checks."""
    return {name: rule.checks for name, rule in project_files()[1].rules.items()}


@pytest.fixture(scope="module")
def ran() -> Ran:
    """A run over a small world."""
    return run_over(FEW, seed=7)


def assert_finds_what_is_planted(ran: Ran, rule_id: str) -> None:
    """Fails are the planted faults, exempted faults are exempt, and near-misses are neither."""
    assert ran.found(rule_id, "fail") == ran.planted(rule_id, "fault")
    assert ran.planted(rule_id, "exempt") <= ran.found(rule_id, "exempt")


def assert_counts_add_up(ran: Ran, rule_id: str) -> None:
    """Every record of the type has one outcome, and the listed outcomes are as many as the counts say."""
    rule = ran.report.rules[rule_id]
    counted = {outcome: ran.report.records(rule_id, outcome) for outcome in DECIDED}
    expected = ran.generated.rows[rule.checks] if rule.checks != "priced_line" else ran.generated.rows["budget_item"]
    assert sum(counted.values()) == expected
    for outcome in ("fail", "exempt", "not_evaluated"):
        assert counted[outcome] == len(ran.found(rule_id, outcome)), outcome


def test_enough_rules_are_planted() -> None:
    assert set(PLANTS) <= set(checks())
    assert len(PLANTS) >= LEAST_RULES


@each_rule
def test_every_planted_fault_is_found_and_nothing_else(ran: Ran, rule_id: str) -> None:
    assert ran.planted(rule_id, "fault") and ran.planted(rule_id, "near_miss")
    assert_finds_what_is_planted(ran, rule_id)


@each_rule
def test_outcome_counts_add_up(ran: Ran, rule_id: str) -> None:
    assert_counts_add_up(ran, rule_id)


def test_a_world_leaves_things_unknown_and_lets_faults_off(ran: Ran) -> None:
    """Without these a run would not show that unknown values never become a fault."""
    assert not ran.report.faults
    outcomes = Counter(outcome for outcome in ran.outcomes.values())
    assert outcomes["not_evaluated"] > 0 and outcomes["exempt"] > 0
    kinds = Counter(item.kind for item in ran.generated.planted)
    assert kinds["fault"] > kinds["near_miss"] > kinds["exempt"] > 0


def test_equal_seeds_give_equal_manifests(tmp_path: Path) -> None:
    dictionary, _ = project_files()
    manifests = []
    for seed in (3, 3, 4):
        with closing(open_database(":memory:", create=True)) as connection:
            create_tables(connection, dictionary)
            manifests.append(generate(connection, dictionary, checks(), contracts=150, seed=seed).planted)
    assert manifests[0] == manifests[1] != manifests[2]
    write_manifest(tmp_path / "manifest.csv", manifests[0])
    assert read_manifest(tmp_path / "manifest.csv") == manifests[0]


def test_a_file_holds_the_same_records_and_all_its_indexes(tmp_path: Path) -> None:
    """A file is written without a journal and indexed last, and rows come with what `finish_loading` is to find."""
    dictionary, _ = project_files()
    made = make_database(tmp_path / "kb.db", dictionary, checks(), contracts=150, seed=3)
    with closing(open_database(tmp_path / "kb.db")) as file, closing(open_database(":memory:", create=True)) as memory:
        create_tables(memory, dictionary)
        assert generate(memory, dictionary, checks(), contracts=150, seed=3).planted == made.planted
        names = "select name from sqlite_master where type = 'index' order by name"
        assert file.execute(names).fetchall() == memory.execute(names).fetchall()
        assert file.execute("pragma journal_mode").fetchone() == ("wal",)
        file.execute("update contract set _covered = '', _department = null, _organisation = null, _year = 1")
        with writer(file):
            finish_loading(file, dictionary)
        for name in dictionary:
            rows = f"select * from {quote(name)} order by key"
            assert file.execute(rows).fetchall() == memory.execute(rows).fetchall(), name


def test_keys_are_those_of_the_loader() -> None:
    dictionary, _ = project_files()
    world = World(150, seed=1)
    makers = {name: KeyMaker(dictionary[name]) for name in dictionary}
    cases = [case for project, contracts in world.projects() for case in (project, *contracts)]
    for case in cases:
        for record_type, rows in case.records.items():
            for row in rows:
                values: dict[str, Value | None] = {name: row.get(name) for name in dictionary[record_type].fields}
                assert makers[record_type].make(values, 0).text == row["key"]


def test_one_supplier_has_its_share_of_contracts() -> None:
    """What a comparison of every contract with every other of the same supplier would trip over."""
    suppliers = Counter(case.contract["supplier"] for _, contracts in World(FEW, seed=7).projects() for case in contracts)
    assert suppliers.most_common(1)[0][1] >= FEW * 0.01


@pytest.mark.slow
def test_every_planted_fault_is_found_in_a_large_world(tmp_path: Path) -> None:
    large = run_over(int(os.environ.get("AUDITKB_CONTRACTS", "10000")), seed=1, database=tmp_path / "kb.db")
    for rule_id in PLANTS:
        assert_finds_what_is_planted(large, rule_id)
        assert_counts_add_up(large, rule_id)
