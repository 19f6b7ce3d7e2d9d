"""A report in words that no relation knows is never accused wrongly, its figures are read, and what was not checked is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import report_accounts, report_other_wordings, report_tracking
from tests.report_generator import generate
from tests.report_readings import false_alarms, missed, not_read, read, tied_out, write_text

ALWAYS = (2, 4)
SEEDS = [pytest.param(seed, marks=() if seed in ALWAYS else pytest.mark.slow) for seed in range(30)]


@pytest.fixture
def unknown_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports are generated in the other wordings."""
    for module, names in ((report_accounts, report_other_wordings.IN_ACCOUNTS), (report_tracking, report_other_wordings.IN_TRACKING)):
        for name in names:
            monkeypatch.setattr(module, name, getattr(report_other_wordings, name))


@pytest.mark.usefixtures("unknown_words")
@pytest.mark.parametrize("seed", SEEDS)
def test_unknown_words_are_no_reason_for_an_accusation(seed: int, tmp_path: Path) -> None:
    report = generate(seed)
    reading = read(write_text(report, tmp_path))
    tied = tied_out(reading)
    assert [(one.relation.id, one.place.en) for one in false_alarms(report, tied)] == []
    assert not_read(report, reading.figures) == []
    if missed(report, tied):
        assert tied.silent or tied.alone
