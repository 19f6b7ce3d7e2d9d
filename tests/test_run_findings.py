"""What a run found is written as it comes and read back from kb.db: in order, in one state, in as much memory however much there is."""

from __future__ import annotations

import json
import tracemalloc

import pytest

from auditkb.database import writer
from auditkb.engines.sqlite import DETAILED_AT_ONCE
from auditkb.errors import KnowledgeBaseError
from auditkb.outputs.listings import run_as_json
from auditkb.records import insert_statement
from auditkb.run_findings import as_left, found, gone
from auditkb.runs import RunReport
from tests.run_world import World

A = "TT-001:A"


def _run_over(world: World, records: range) -> tuple[RunReport, int]:
    """A run once these contracts are there, all of which fail two rules, and the most memory that Python held meanwhile."""
    with writer(world.database):
        row = {"key": "", "number": "", "starts_on": "2019-05-15", "signed_on": "2019-05-20", "is_framework": 0, "amount": 5000.0, "_covered": ""}
        world.database.executemany(insert_statement("contract", row), [[f"K{number:05}", f"number {number}", *list(row.values())[2:]] for number in records])
    tracemalloc.start()
    try:
        report = world.run()
        return report, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_the_memory_of_a_run_does_not_grow_with_its_findings(world):
    few, first = _run_over(world, range(DETAILED_AT_ONCE))
    many, most = _run_over(world, range(DETAILED_AT_ONCE, 3 * DETAILED_AT_ONCE))
    assert (few.found.total(), many.found.total()) == (2 * DETAILED_AT_ONCE + 1, 6 * DETAILED_AT_ONCE + 1)
    assert world.rows("SELECT state, COUNT(*) FROM findings GROUP BY state ORDER BY state") == [("new", 4 * DETAILED_AT_ONCE), ("unchanged", 2 * DETAILED_AT_ONCE + 1)]
    # The evidence of a finding is some 2 kB as objects: were it held, there would be 4 MB more.
    assert most < first + 500_000, f"{most - first} bytes more for {many.found.total() - few.found.total()} findings more"
    world.database.execute("DELETE FROM contract")
    report, most = _run_over(world, range(0))
    assert report.gone == many.found.total() == len(list(gone(world.database, report))) and most < first + 500_000


def test_findings_are_read_back_in_order_over_several_batches(world):
    report, _ = _run_over(world, range(2 * DETAILED_AT_ONCE + 1))
    keys = ["A", *(f"K{number:05}" for number in range(2 * DETAILED_AT_ONCE + 1))]
    assert [item.id for item in found(world.database, report)] == [f"TT-001:{key}" for key in keys] + [f"TT-002:{key}" for key in keys[1:]]
    assert [item.id for item in found(world.database, report, "high")] == []
    assert world.rows("SELECT finding_id FROM finding_events ORDER BY id") == [(item.id,) for item in found(world.database, report)]


def test_a_run_is_not_listed_once_another_has_written(world):
    report = world.run()
    with as_left(world.database, report):
        assert world.found(report) == [(A, "new")]
    world.run()
    with pytest.raises(KnowledgeBaseError) as caught, as_left(world.database, report):
        world.found(report)
    assert "somebody has written" in caught.value.faults[0].text.en


def test_a_run_as_json_is_written_in_pieces_and_reads_as_if_written_whole(world):
    for change in (None, "2019-05-20"):
        if change is not None:
            world.change("A", starts_on=change)
        report = world.run()
        text = "".join(run_as_json(world.database, report, profile=True))
        data = json.loads(text)
        assert text == json.dumps(data, ensure_ascii=False, indent=2)
        assert ([item["id"] for item in data["findings"]], [item["id"] for item in data["gone"]]) == (([A], []) if change is None else ([], [A]))
