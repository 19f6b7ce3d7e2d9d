"""Invented reports with planted errors: each error is one cause, named by its figure, and there is no other cause."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.report_generator import generate
from tests.report_readings import is_figure, read, tied_out, write_text

ALWAYS = (0, 11, 33)
SEEDS = [pytest.param(seed, marks=() if seed in ALWAYS else pytest.mark.slow) for seed in (*range(50), 383, 605, 609)]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_planted_error_is_a_cause_of_its_own(seed: int, tmp_path: Path) -> None:
    report = generate(seed)
    result = tied_out(read(write_text(report, tmp_path)))
    left = list(result.causes)
    for error in report.planted:
        stated = report.facts.figure(error.key)
        named = [cause for cause in left if any(is_figure(figure, stated) for figure in cause.figures)]
        # Where several figures would mend the same, all of them are said.
        said = named or [cause for cause in left if any(is_figure(figure, stated) for figure in cause.others)]
        assert said, (error.kind, error.key, error.characters)
        left.remove(said[0])
    assert [(cause.figure.printed, cause.figure.place.text.en) for cause in left] == []
