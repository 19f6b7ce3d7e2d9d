"""Where a command writes: the terminal or a file of its own; and how far long work has come."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

WIDTH_OF_A_FILE = 160
SECONDS_BEFORE_PROGRESS = 2.0


def console(*, stderr: bool = False) -> Any:
    """A rich console; wide where the output goes into a file, so that no table is cut at 80 columns."""
    from rich.console import Console

    found = Console(stderr=stderr, highlight=False)
    return found if found.is_terminal else Console(stderr=stderr, highlight=False, width=WIDTH_OF_A_FILE)


@contextmanager
def writing_to(file: Path | None) -> Iterator[Any]:
    """A console that writes to a file as plain text, or to the screen where there is none."""
    from rich.console import Console

    if file is None:
        yield console()
        return
    with file.open("w", encoding="utf-8", newline="\n") as out:
        yield Console(file=out, highlight=False, width=WIDTH_OF_A_FILE)


Report = Callable[[str, int, int | None], None]


@contextmanager
def progress() -> Iterator[Report]:
    """Gives `report(what, done, total)`; a bar appears on a terminal's stderr once the work has taken two seconds."""
    started, bar, tasks = time.monotonic(), None, {}

    def report(what: str, done: int, total: int | None = None) -> None:
        nonlocal bar
        if bar is None:
            if time.monotonic() - started < SECONDS_BEFORE_PROGRESS or not sys.stderr.isatty():
                return
            bar = _progress_bar()
            bar.start()
        if what not in tasks:
            tasks[what] = bar.add_task(what, total=total)
        bar.update(tasks[what], completed=done, total=total)

    try:
        yield report
    finally:
        if bar is not None:
            bar.stop()


def _progress_bar() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    # What is read may be called anything: no brackets of a sheet's title are taken for colours.
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)
