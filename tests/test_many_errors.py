"""A report in which nearly everything is wrong is tied out in seconds, and each wrong figure is still among the broken ones."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from auditkb.reports.tie_outs import TiedOut
from tests.report_generator import generate
from tests.report_mutations import change_digit
from tests.report_readings import read, tied_out

MOST_SECONDS = 15  # of the processor's time; a correct report of this size takes less than one


def quickly_tied_out(text: str, folder: Path) -> TiedOut:
    path = folder / "wrong.txt"
    path.write_bytes(text.encode())
    reading = read(path)
    begun = time.process_time()
    tied = tied_out(reading)
    assert time.process_time() - begun < MOST_SECONDS
    return tied


def test_a_wrong_unit_over_a_table_breaks_every_row_and_takes_no_longer(tmp_path: Path) -> None:
    report = generate(2)
    right = report.text.split("跟踪项目预算执行情况表")
    assert len(right) == 2
    tied = quickly_tied_out(right[0] + "跟踪项目预算执行情况表" + right[1].replace("单位：万元", "单位：元", 1), tmp_path)
    assert tied.count("broken") > len(report.facts.projects)


def test_forty_wrong_digits_take_no_longer(tmp_path: Path) -> None:
    report = generate(42)
    rng, text = random.Random(3), report.text
    compared = [figure for figure in report.facts.figures if figure.value is not None and figure.unit]
    for figure in rng.sample(compared, 40):
        text = change_digit(text, figure.line, figure.column, figure.printed, rng).text
    tied = quickly_tied_out(text, tmp_path)
    assert tied.count("broken") >= 20
    assert {id(one.cause) for one in tied.tie_outs if one.verdict == "broken"} == {id(cause) for cause in tied.causes}


@pytest.mark.slow
def test_four_reports_bound_into_one_take_no_longer(tmp_path: Path) -> None:
    quickly_tied_out(generate(10).text * 4, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("figure", ["1元，", "1%，"])
def test_a_paragraph_of_thousands_of_figures_takes_time_in_proportion(figure: str, tmp_path: Path) -> None:
    def seconds(times: int) -> float:
        path = tmp_path / f"{times}.txt"
        path.write_text("一、收支\n" + figure * times + "\n", "utf-8")
        begin = time.process_time()
        assert len(read(path).figures) == times
        return time.process_time() - begin
    seconds(200)
    assert seconds(8000) < 9 * seconds(2000)
