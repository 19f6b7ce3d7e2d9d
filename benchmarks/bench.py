"""How long a run takes, as a ratio to one full scan of the tables it reads.

    python benchmarks/bench.py --contracts 100000 --rounds 3
    python benchmarks/bench.py --database DIR/kb.db --rounds 3

Seconds differ from machine to machine and from hour to hour; ratios taken in one run are what can be compared. Every
round does everything once, in turn, and the medians are printed. Seconds are of the processor, with the wall clock
beside them: where the two differ much, something else had the machine. Nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from auditkb.database import create_tables, finish_loading, open_database, quote, writer
from auditkb.dictionary import Dictionary, load_dictionary
from auditkb.engines import sqlite as engine
from auditkb.findings import load_classes
from auditkb.rules.checked import Rule
from auditkb.rules.load import RuleSet, load_rules
from auditkb.runs import RunReport, run_rules
from benchmarks.cases import AS_OF
from benchmarks.generate import generate

ROOT = Path(__file__).resolve().parent.parent
SLOWEST_SHOWN = 100
SCAN, RULES, RUN, FINISH = "full scan", "all rules", "whole run", "finish_loading"


class Times:
    """Seconds by name, one entry a round."""

    def __init__(self) -> None:
        self.processor: dict[str, list[float]] = {}
        self.wall: dict[str, list[float]] = {}

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        """Time the block."""
        wall, processor = time.perf_counter(), time.process_time()
        yield
        self.add(name, time.process_time() - processor, time.perf_counter() - wall)

    def add(self, name: str, processor: float, wall: float) -> None:
        """One more round of `name`."""
        self.processor.setdefault(name, []).append(processor)
        self.wall.setdefault(name, []).append(wall)

    def median(self, name: str) -> float:
        """Median processor seconds."""
        return statistics.median(self.processor[name])

    def median_wall(self, name: str) -> float:
        """Median seconds on the clock."""
        return statistics.median(self.wall[name])


def scan(connection: sqlite3.Connection, dictionary: Dictionary) -> int:
    """Read every row of every record table once; gives how many there are."""
    rows = 0
    for name in dictionary:
        # One of the last columns: SQLite has to walk the whole row to it.
        rows += connection.execute(f"select count(*), sum(length(_department)) from {quote(name)}").fetchone()[0]
    return rows


def run_in_a_copy(database: Path, dictionary: Dictionary, rules: RuleSet, times: Times) -> RunReport:
    """The whole run as the command does it, over a copy, so that every round finds the same state."""
    with tempfile.TemporaryDirectory(dir=database.parent) as folder:
        copy = Path(folder) / "kb.db"
        shutil.copyfile(database, copy)
        with closing(open_database(copy)) as connection:
            scan(connection, dictionary)
            with times.measure(RUN):
                report = run_rules(connection, dictionary, rules, [], load_classes(ROOT / "findings" / "classes.yml"), as_of=AS_OF)
            with times.measure(FINISH), writer(connection):
                finish_loading(connection, dictionary)
    return report


def time_rules(connection: sqlite3.Connection, dictionary: Dictionary, rules: dict[str, Rule], times: Times) -> None:
    """Every rule by itself: its SQL over all records, into the temporary table of outcomes, with the reasons."""
    engine.open_result(connection)
    engine.make_indexes(connection, rules.values(), dictionary)
    spent: list[float] = []
    for name, rule in rules.items():
        sql = engine.prepare(rule, dictionary, AS_OF)
        with times.measure(name):
            # As in a run: a row for each record that fails or cannot be decided, the others are counted.
            engine.evaluate(connection, sql, dictionary, None, [])
        spent.append(times.processor[name][-1])
    times.add(RULES, sum(spent), sum(times.wall[name][-1] for name in rules))


def peak_megabytes() -> float | None:
    """The most memory that this process has held; not known on Windows."""
    try:
        import resource
    except ImportError:
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1024 * 1024 if sys.platform == "darwin" else 1024)


def print_table(times: Times, rules: dict[str, Rule], rows: int, report: RunReport) -> None:
    """Medians as text."""
    base = times.median(SCAN)
    print(f"{rows} rows; SQLite {sqlite3.sqlite_version}; {len(report.found)} findings")
    print(f"{'':16}{'processor s':>12}{'clock s':>10}{'x scan':>10}  checks")
    slowest = sorted(rules, key=times.median, reverse=True)[:SLOWEST_SHOWN]
    for name in [SCAN, RULES, RUN, FINISH, *slowest]:
        checks = rules[name].checks if name in rules else ""
        print(f"{name:16}{times.median(name):12.3f}{times.median_wall(name):10.3f}{times.median(name) / base:10.1f}  {checks}")
    peak = peak_megabytes()
    if peak is not None:
        print(f"peak memory {peak:.0f} MB")


def bench(database: Path, rounds: int, wanted: Callable[[str], bool]) -> None:
    """Print the table for one database."""
    dictionary = load_dictionary(ROOT / "records")
    rule_set = load_rules(ROOT / "rules", dictionary)
    rules = {name: rule for name, rule in rule_set.rules.items() if wanted(name)}
    times = Times()
    for _ in range(rounds):
        with closing(open_database(database)) as connection:
            scan(connection, dictionary)
            with times.measure(SCAN):
                rows = scan(connection, dictionary)
            time_rules(connection, dictionary, rules, times)
        report = run_in_a_copy(database, dictionary, RuleSet(rules, rule_set.laws), times)
    print_table(times, rules, rows, report)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contracts", type=int, default=10_000, metavar="N", help="generate a world of N contracts")
    parser.add_argument("--database", type=Path, metavar="FILE", help="take one that generate.py made instead")
    parser.add_argument("--rounds", type=int, default=3, metavar="R")
    parser.add_argument("--rules", nargs="*", metavar="RULE", help="only these")
    arguments = parser.parse_args()
    wanted = (lambda name: name in arguments.rules) if arguments.rules else (lambda name: True)
    if arguments.database is not None:
        bench(arguments.database, arguments.rounds, wanted)
        return
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "kb.db"
        dictionary = load_dictionary(ROOT / "records")
        checks = {name: rule.checks for name, rule in load_rules(ROOT / "rules", dictionary).rules.items()}
        with closing(open_database(database, create=True)) as connection:
            create_tables(connection, dictionary)
            done = generate(connection, dictionary, checks, contracts=arguments.contracts, seed=1)
        print("generated: " + ", ".join(f"{step} {seconds:.1f} s" for step, seconds in done.seconds.items()))
        bench(database, arguments.rounds, wanted)


if __name__ == "__main__":
    main()
