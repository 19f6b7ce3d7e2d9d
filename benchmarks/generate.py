"""Generate a kb.db of many contracts with planted faults, and the manifest of what a run has to find.

    python benchmarks/generate.py --contracts 100000 --seed 1 --to DIR

writes DIR/kb.db and DIR/manifest.csv (rule_id,record_type,record_key,kind). Of the kinds, `fault` must fail, `near_miss`
must not, and `exempt` is a fault that an exemption on file lets off. Nothing else fails. The same seed gives the same
records. Rows are written as they are made, so memory hardly grows with the number of contracts.
"""

from __future__ import annotations

import argparse
import csv
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, cast

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from auditkb.database import create_tables, fill_working_calendar, finish_loading, open_database, quote, writer
from auditkb.dictionary import Dictionary
from auditkb.dictionary_files import load_dictionary
from auditkb.records import insert_statement, loaded_columns
from auditkb.values import fold
from benchmarks.cases import APPROVALS_FROM, AS_OF, COVERED, EXEMPTED_SHARE, FORGOTTEN_SHARE, GAP_SHARE, OFFICE, Case, Row
from benchmarks.plants import PLANTS, Kind, Plant
from benchmarks.world import World

ROOT = Path(__file__).resolve().parent.parent
SOURCE = "generated"
ROWS_AT_ONCE = 5_000
RESOLVED = ("_covered", "_department", "_organisation", "_year")
PLANTED_SHARE = 0.9
"""At most this share of the cases holds a plant; the rest stays clean."""
LARGEST_SHARE = 0.03
"""Share of its cases that one rule takes: three quarters faults, the rest near-misses and exempted faults."""
FEWEST = 4
"""Every rule gets at least so many plants, if there are so many cases that fit."""
KINDS: tuple[Kind, ...] = ("fault", "near_miss", "fault", "fault", "fault", "exempt", "fault", "near_miss")
EXEMPTIONS = ("framework", "ratified", "renewal", "single_source", "emergency", "commencement_order")


class Planted(NamedTuple):
    """One line of the manifest."""

    rule_id: str
    record_type: str
    record_key: str
    kind: Kind


@dataclass
class Generated:
    """What was generated: rows by type, the manifest, seconds of processor time by step."""

    rows: Counter[str] = field(default_factory=Counter)
    planted: list[Planted] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


class Tables:
    """Rows on their way into the record tables, a batch at a time."""

    def __init__(self, connection: sqlite3.Connection, dictionary: Dictionary):
        self._connection, self._dictionary = connection, dictionary
        self._batches: dict[str, list[tuple[Any, ...]]] = {}
        self._columns: dict[str, list[str]] = {}
        self._folded: dict[str, list[tuple[str, str]]] = {}
        self.rows: Counter[str] = Counter()

    def add(self, record_type: str, row: Row, known: Row) -> None:
        """One record, with what is `known` of it already; its folded text and the text of its states are made here."""
        if record_type not in self._columns:
            declared = self._dictionary[record_type]
            self._columns[record_type] = [*loaded_columns(declared), *RESOLVED]
            self._folded[record_type] = [(name, f"_folded_{name}") for name, entry in declared.fields.items() if entry.compared]
            self._batches[record_type] = []
        for name, folded in self._folded[record_type]:
            if row.get(name) is not None:
                row[folded] = fold(row[name])
        states = row.get("_states")
        if states:
            row["_states"] = "|" + "|".join(f"{name}={state}" for name, state in states.items()) + "|"
        self.rows[record_type] += 1
        row.update(known)
        row["source"], row["sheet"], row["row"] = SOURCE, record_type, self.rows[record_type]
        batch = self._batches[record_type]
        batch.append(tuple(map(row.get, self._columns[record_type])))
        if len(batch) >= ROWS_AT_ONCE:
            self._write(record_type)

    def finish(self) -> None:
        """Write what is left."""
        for record_type in self._batches:
            self._write(record_type)

    def _write(self, record_type: str) -> None:
        self._connection.executemany(insert_statement(record_type, self._columns[record_type]), self._batches[record_type])
        self._batches[record_type].clear()


class Planter:
    """Decides which case holds which plant, and keeps the manifest."""

    def __init__(self, world: World, dictionary_checks: dict[str, str]):
        self._world, self._checks = world, dictionary_checks
        self._used: Counter[str] = Counter()
        self._by_case = {kind: {name: plant for name, plant in PLANTS.items() if plant.of_project is kind and name in dictionary_checks}
                         for kind in (True, False)}

    def plant(self, case: Case, *, of_project: bool) -> Planted | None:
        """Put a plant into the case, or leave it clean."""
        plants = self._by_case[of_project]
        share = min(LARGEST_SHARE, PLANTED_SHARE / max(1, len(plants)))
        # The first cases that fit go to the rules that have too little to find: some kinds of case are rare.
        for name in [name for name in plants if self._used[name] < FEWEST]:
            planted = self._apply(name, plants[name], case)
            if planted is not None:
                return planted
        chosen = int(self._world.random.random() / share)
        if chosen >= len(plants):
            return None
        name = list(plants)[chosen]
        return self._apply(name, plants[name], case)

    def _apply(self, name: str, plant: Plant, case: Case) -> Planted | None:
        kind: Kind = KINDS[self._used[name] % len(KINDS)]
        if kind == "exempt" and plant.exemption is None:
            kind = "fault"
        record = plant.apply(self._world, case, kind != "near_miss")
        if record is None:
            return None
        if kind == "exempt" and plant.exemption is not None:
            self._world.exempt(case, plant.exemption)
        self._used[name] += 1
        return Planted(name, self._checks[name], record["key"], kind)


def generate(connection: sqlite3.Connection, dictionary: Dictionary, checks: dict[str, str], *, contracts: int, seed: int) -> Generated:
    """Fill an empty database, whose tables exist, with a world of `contracts` contracts.

    `checks` gives for every rule to be planted the record type that it checks; rules without a plant are left alone.
    """
    world = World(contracts, seed)
    result = Generated()
    started = time.process_time()
    with writer(connection):
        connection.execute("insert into sources (id, path, title, title_en, kind, date, sha256, rows) values (?, ?, ?, ?, 'ledger', ?, ?, 0)",
                           (SOURCE, SOURCE, "生成的台账", "A generated ledger", AS_OF, f"{contracts}-{seed}"))
        tables = Tables(connection, dictionary)
        for record_type, row in world.parties():
            tables.add(record_type, row, {"_covered": _covered(None)})
        for case, planted in _cases(world, checks):
            known = _resolved(case)
            for record_type, rows in case.records.items():
                for row in rows:
                    tables.add(record_type, row, known)
            if planted is not None:
                result.planted.append(planted)
        tables.finish()
        _declare_coverage(connection)
        connection.execute("update sources set rows = ?", (tables.rows.total(),))
        result.seconds["generate"] = time.process_time() - started
        started = time.process_time()
        fill_working_calendar(connection)
        finish_loading(connection, dictionary)
        result.seconds["finish_loading"] = time.process_time() - started
    result.rows = tables.rows
    return result


def _cases(world: World, checks: dict[str, str]) -> Iterator[tuple[Case, Planted | None]]:
    planter = Planter(world, checks)
    for project, contracts in world.projects():
        is_gap = world.chance(GAP_SHARE)
        planted = planter.plant(project, of_project=True)
        world.see_prices(project)
        yield project, planted
        for case in contracts:
            planted = None if is_gap else planter.plant(case, of_project=False)
            if planted is None:
                if is_gap or world.chance(FORGOTTEN_SHARE):
                    world.forget(case, is_gap=is_gap)
                if world.chance(EXEMPTED_SHARE):
                    world.exempt(case, EXEMPTIONS[world.below(len(EXEMPTIONS))])
            yield case, planted


def _resolved(case: Case) -> Row:
    """What `finish_loading` will find for the records of a case: rows that are written with it need not grow afterwards.

    It is only space held: where `finish_loading` finds otherwise, that stands.
    """
    department = case.project["department"]
    return {"_covered": _covered(department), "_department": department, "_organisation": OFFICE, "_year": case.project["fiscal_year"]}


@cache
def _covered(department: str | None) -> str:
    return f"|{'|'.join(sorted([*COVERED, 'payment_approval'] if department == APPROVALS_FROM else COVERED))}|"


def _declare_coverage(connection: sqlite3.Connection) -> None:
    because = ("生成的资料是完整的", "what is generated is complete")
    rows: list[tuple[object, ...]] = [(SOURCE, name, None, 1, *because) for name in COVERED]
    rows.append((SOURCE, "payment_approval", APPROVALS_FROM, 1, *because))
    connection.executemany(insert_statement("coverage", ["source", "record_type", "department", "is_complete", "because", "because_en"]), rows)


def make_database(path: Path, dictionary: Dictionary, checks: dict[str, str], *, contracts: int, seed: int) -> Generated:
    """A new kb.db with a world of `contracts` contracts.

    The file can be made again, so it is written without a journal, and its indexes are made when the records are in.
    """
    with closing(open_database(path, create=True)) as connection:
        create_tables(connection, dictionary)
        for setting in ("journal_mode = off", "synchronous = off"):
            connection.execute(f"pragma {setting}")
        with _indexes_afterwards(connection, dictionary):
            done = generate(connection, dictionary, checks, contracts=contracts, seed=seed)
        connection.execute("pragma journal_mode = wal")
    return done


@contextmanager
def _indexes_afterwards(connection: sqlite3.Connection, dictionary: Dictionary) -> Iterator[None]:
    """Take away the indexes of the record tables, but for their keys, and make them again after the block."""
    indexes = connection.execute("select name, tbl_name, sql from sqlite_master where type = 'index' and sql is not null").fetchall()
    of_records = [(name, sql) for name, table, sql in indexes if table in dictionary.types]
    for name, _ in of_records:
        connection.execute(f"drop index {quote(name)}")
    yield
    for _, sql in of_records:
        connection.execute(sql)


def write_manifest(path: Path, planted: list[Planted]) -> None:
    """The manifest as CSV, a line a planted record."""
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(Planted._fields)
        lines.writerows(planted)


def read_manifest(path: Path) -> list[Planted]:
    """A manifest that `write_manifest` wrote."""
    with path.open(encoding="utf-8", newline="") as file:
        return [Planted(rule, checks, key, cast(Kind, kind)) for rule, checks, key, kind in list(csv.reader(file))[1:]]


def main() -> None:
    """The command."""
    from auditkb.rules.load import load_rules

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contracts", type=int, default=10_000, metavar="N")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--to", type=Path, required=True, metavar="DIR")
    arguments = parser.parse_args()
    arguments.to.mkdir(parents=True, exist_ok=True)
    database = arguments.to / "kb.db"
    if database.exists():
        parser.error(f"{database} is there already")
    dictionary = load_dictionary(ROOT / "records")
    rules = load_rules(ROOT / "rules", dictionary).rules
    checks = {name: rule.checks for name, rule in rules.items()}
    done = make_database(database, dictionary, checks, contracts=arguments.contracts, seed=arguments.seed)
    write_manifest(arguments.to / "manifest.csv", done.planted)
    rows = done.rows.total()
    print(f"{rows} rows ({rows / arguments.contracts:.2f} a contract), {len(done.planted)} planted; processor seconds: "
          + ", ".join(f"{step} {seconds:.1f}" for step, seconds in done.seconds.items()))
    print(", ".join(f"{name} {number}" for name, number in done.rows.most_common()))


if __name__ == "__main__":
    main()
