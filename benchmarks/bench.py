"""How long a run takes, as a ratio to one full scan of the tables it reads, and how that grows with the records.

    python benchmarks/bench.py --contracts 100000 --rounds 3
    python benchmarks/bench.py --database SMALL/kb.db LARGE/kb.db --rounds 1 --minutes-a-rule 60

Seconds differ from machine to machine and from hour to hour; ratios taken in one run are what can be compared. Every
round does everything once, in turn, and the medians are printed. Seconds are of the processor, with the wall clock
beside them: where the two differ much, something else had the machine. With several databases, the smallest first, the
last column is the slope between the first and the last: 1 where the time grows as the records do, 2 where it grows with
their square. Beside a database that generate.py made, its manifest is compared with what the run found. Nothing here
passes or fails.
"""

from __future__ import annotations

import argparse
import math
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from auditkb.database import finish_loading, open_database, quote, writer
from auditkb.dictionary import Dictionary
from auditkb.dictionary_files import load_dictionary
from auditkb.findings import load_classes
from auditkb.rules.checked import Rule
from auditkb.rules.load import RuleSet, load_rules
from auditkb.run_findings import found, on_trial
from auditkb.runs import SECONDS_A_RULE, RunReport, run_rules
from benchmarks.cases import AS_OF
from benchmarks.generate import make_database, read_manifest, write_manifest

ROOT = Path(__file__).resolve().parent.parent
SCAN, RULES, RUN, FINISH = "full scan", "all rules", "whole run", "finish_loading"
MEGABYTE = 1024 * 1024


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


@dataclass
class Measured:
    """What the rounds over one database gave."""

    times: Times
    rows: int
    megabytes: float
    report: RunReport
    found: set[tuple[str, str]]
    """(rule, record) of what failed."""
    peak: float | None
    """Megabytes; of the whole process, so for the largest database if that comes last."""


def run_in_a_copy(database: Path, dictionary: Dictionary, rules: RuleSet, times: Times, seconds_a_rule: float) -> Measured:
    """One round: a scan and the whole run as the command does it, over a copy, so that every round finds the same state."""
    with tempfile.TemporaryDirectory(dir=database.parent) as folder:
        copy = Path(folder) / "kb.db"
        shutil.copyfile(database, copy)
        with closing(open_database(copy)) as connection:
            scan(connection, dictionary)
            with times.measure(SCAN):
                rows = scan(connection, dictionary)
            print(f"{rows} rows: a scan {times.processor[SCAN][-1]:.1f} s", file=sys.stderr)
            parts = Parts(times)
            with times.measure(RUN):
                report = run_rules(connection, dictionary, rules, [], load_classes(ROOT / "findings" / "classes.yml"), as_of=AS_OF,
                                   progress=parts.begin, seconds_a_rule=seconds_a_rule)
            parts.close(report)
            peak = peak_megabytes()
            failed = {(item.rule_id, item.record_key) for item in found(connection, report)} | {(rule, key) for _, rule, key, _ in on_trial(connection)}
            with times.measure(FINISH), writer(connection):
                finish_loading(connection, dictionary)
    return Measured(times, rows, database.stat().st_size / MEGABYTE, report, failed, peak)


class Parts:
    """How long each rule takes within a run, its findings and their evidence included, and without what rules share."""

    def __init__(self, times: Times):
        self._times = times
        self._begun: list[tuple[str, float, float]] = []

    def begin(self, name: str, number: int, of: int) -> None:
        """The run begins with rule `name`; the one before is told of, because a large run takes its time."""
        self._begun.append((name, time.process_time(), time.perf_counter()))
        if number > 1:
            before, processor, wall = self._begun[-2]
            print(f"{number - 1}/{of} {before}: {self._begun[-1][1] - processor:.1f} s, {self._begun[-1][2] - wall:.1f} s on the clock",
                  file=sys.stderr)

    def close(self, report: RunReport) -> None:
        """The run is over: note what each rule took; what is done once, after the last, is not counted as a rule's."""
        after = report.seconds[""]["publish"]
        shared = {(what, name): sum(getattr(part, what) for part in report.shared if part.first == name)
                  for name, _, _ in self._begun for what in ("processor", "seconds")}
        self._begun.append(("", time.process_time() - after, time.perf_counter() - after))
        parts = [(name, until[1] - processor, until[2] - wall)
                 for (name, processor, wall), until in zip(self._begun, self._begun[1:], strict=False)]
        for name, processor, wall in parts:
            self._times.add(name, processor - shared["processor", name], wall - shared["seconds", name])
        self._times.add(RULES, sum(part[1] for part in parts), sum(part[2] for part in parts))


def peak_megabytes() -> float | None:
    """The most memory that this process has held; not known on Windows."""
    try:
        import resource
    except ImportError:
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (MEGABYTE if sys.platform == "darwin" else 1024)


def bench(database: Path, rounds: int, wanted: Callable[[str], bool], seconds_a_rule: float) -> Measured:
    """Measure over one database."""
    dictionary = load_dictionary(ROOT / "records")
    rule_set = load_rules(ROOT / "rules", dictionary)
    rules = RuleSet({name: rule for name, rule in rule_set.rules.items() if wanted(name)}, rule_set.laws)
    times = Times()
    # What is compared with the manifest afterwards is no part of the memory that a run takes: the first round is told.
    measured = [run_in_a_copy(database, dictionary, rules, times, seconds_a_rule) for _ in range(rounds)]
    return replace(measured[-1], peak=measured[0].peak)


def print_table(measured: Measured, first: Measured) -> None:
    """Medians as text, with the slope from the `first` database to this one."""
    times, report = measured.times, measured.report
    has_slope = measured.rows > first.rows
    print(f"{measured.rows} rows, {measured.megabytes:.0f} MB; SQLite {sqlite3.sqlite_version}; {report.found.total()} findings")
    print(f"{'':16}{'processor s':>12}{'clock s':>10}{'x scan':>10}{'slope' if has_slope else '':>8}  checks")
    ended = [name for name in report.rules if name not in report.broken]
    for name in [SCAN, RULES, RUN, FINISH, *sorted(ended, key=times.median, reverse=True)]:
        if name in first.report.broken:
            continue
        slope = f"{_slope(measured, first, name):8.2f}" if has_slope and name in first.times.processor else " " * 8
        rule: Rule | None = report.rules.get(name)
        print(f"{name:16}{times.median(name):12.3f}{times.median_wall(name):10.3f}{times.median(name) / times.median(SCAN):10.1f}{slope}"
              f"  {rule.checks if rule is not None else ''}")
    for fault in report.faults:
        print(f"did not end: {fault.say('en')}")
    for part in sorted(report.shared, key=lambda part: -part.processor):
        what = f"{part.name} gathered" if part.step == "gather" else f"{part.name} read for {len(part.rules)} rules" if len(part.rules) > 1 else f"{part.name} read for {part.rules[0]}"
        print(f"once: {what} {part.processor:.3f} s of the processor")
    for step, seconds in report.seconds[""].items():
        print(f"once for all rules: {step} {seconds:.1f} s on the clock")
    if measured.peak is not None:
        print(f"peak memory {measured.peak:.0f} MB")


def _slope(measured: Measured, first: Measured, name: str) -> float:
    """The exponent with which time grows with rows."""
    ratio = max(measured.times.median(name), 1e-6) / max(first.times.median(name), 1e-6)
    return math.log(ratio) / math.log(measured.rows / first.rows)


def print_comparison(manifest: Path, measured: Measured) -> None:
    """How many planted faults were found, and what else was."""
    planted = read_manifest(manifest)
    faults = {(item.rule_id, item.record_key) for item in planted if item.kind == "fault" and item.rule_id in measured.report.rules}
    planted_rules = {item.rule_id for item in planted}
    found = {pair for pair in measured.found if pair[0] in planted_rules}
    print(f"planted: {len(faults)} faults of {len(planted_rules)} rules; found {len(faults & found)} of them, and {len(found - faults)} that were not planted")
    for what, pairs in (("not found", faults - found), ("not planted", found - faults)):
        for rule_id, number in sorted(Counter(rule for rule, _ in pairs).items()):
            print(f"  {what}: {rule_id} {number}")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contracts", type=int, nargs="*", default=[10_000], metavar="N", help="generate worlds of N contracts")
    parser.add_argument("--database", type=Path, nargs="*", metavar="FILE", help="take what generate.py made instead")
    parser.add_argument("--rounds", type=int, default=3, metavar="R")
    parser.add_argument("--rules", nargs="*", metavar="RULE", help="only these")
    parser.add_argument("--minutes-a-rule", type=float, default=SECONDS_A_RULE / 60, metavar="M", help="stop a rule that takes longer")
    arguments = parser.parse_args()
    wanted = (lambda name: name in arguments.rules) if arguments.rules else (lambda name: True)
    with tempfile.TemporaryDirectory() as folder:
        databases = arguments.database or [_generated(Path(folder) / str(contracts), contracts) for contracts in arguments.contracts]
        first: Measured | None = None
        for database in databases:
            measured = bench(database, arguments.rounds, wanted, arguments.minutes_a_rule * 60)
            first = first or measured
            print_table(measured, first)
            manifest = database.with_name("manifest.csv")
            if manifest.exists():
                print_comparison(manifest, measured)
            print(flush=True)


def _generated(folder: Path, contracts: int) -> Path:
    folder.mkdir()
    database = folder / "kb.db"
    dictionary = load_dictionary(ROOT / "records")
    checks = {name: rule.checks for name, rule in load_rules(ROOT / "rules", dictionary).rules.items()}
    done = make_database(database, dictionary, checks, contracts=contracts, seed=1)
    write_manifest(folder / "manifest.csv", done.planted)
    print("generated: " + ", ".join(f"{step} {seconds:.1f} s" for step, seconds in done.seconds.items()))
    return database


if __name__ == "__main__":
    main()
