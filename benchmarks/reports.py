"""How long a published report takes to read, by file format, as a ratio to reading it as text.

    python benchmarks/reports.py REPORT.txt REPORT.docx REPORT.html REPORT.pdf --rounds 3

Medians over interleaved rounds, in seconds of the processor. The ratio is to the first file. Nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from auditkb.laws import load_laws
from auditkb.reports.relation_files import load_relations
from auditkb.reports.report import read_whole
from auditkb.reports.tie_outs import tie_out

RULES = Path(__file__).resolve().parent.parent / "rules"


def measured(work: Callable[[], object]) -> float:
    """Seconds of the processor that `work` takes."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def main() -> None:
    """Read every file in turn, `--rounds` times, and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    relations = load_relations(RULES / "relations", load_laws(RULES / "laws.yml"))
    reading: dict[Path, list[float]] = {path: [] for path in arguments.files}
    tying: dict[Path, list[float]] = {path: [] for path in arguments.files}
    for _ in range(arguments.rounds):
        for path in arguments.files:
            reading[path].append(measured(lambda path=path: read_whole(path)))
            report = read_whole(path)
            tying[path].append(measured(lambda report=report: tie_out(report.document, report.figures, relations)))
    first = statistics.median(reading[arguments.files[0]])
    print(f"{'file':<24}{'read, s':>10}{'ratio':>8}{'tie out, s':>12}{'figures':>9}")
    for path in arguments.files:
        seconds = statistics.median(reading[path])
        print(f"{path.name:<24}{seconds:>10.2f}{seconds / first:>8.1f}{statistics.median(tying[path]):>12.2f}{len(read_whole(path).figures):>9}")


if __name__ == "__main__":
    main()
