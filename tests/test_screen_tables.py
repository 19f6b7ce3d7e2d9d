"""Listings on a screen: a table where its columns have room, else its rows one below the other."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from auditkb.errors import Text
from auditkb.outputs.screen_tables import listing

COLUMNS = [(name, Text(zh, name)) for name, zh in (("source", "来源"), ("cell", "单元格"), ("record", "记录"), ("problem", "问题"), ("advice", "怎么办"))]
ROW = ["台账2024.xlsx", "B5", "口袋公园改造施工合同", "没有填写所属的项目", "请补填，否则与它有关的规则无法检查。" * 4]


def shown(rows: list[list[Any]], width: int, columns: list[tuple[str, Text]] = COLUMNS) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=width, highlight=False).print(listing(rows, columns, "zh", width, None))
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_a_wide_screen_has_a_table() -> None:
    lines = shown([ROW, ROW], 120)
    assert sum("怎么办" in line for line in lines) == 1
    assert any(all(label in line for label in ("来源", "单元格", "记录", "问题")) for line in lines)


def test_a_narrow_screen_has_the_rows_one_below_the_other() -> None:
    lines = shown([ROW, ["x", None, "", "y", "z"]], 60)
    assert lines[0] == "来源    台账2024.xlsx"
    assert lines[2] == "记录    口袋公园改造施工合同"
    assert [line.split() for line in lines[-4:]] == [[], ["来源", "x"], ["问题", "y"], ["怎么办", "z"]]
    assert "".join(line.split(maxsplit=1)[-1].strip() for line in lines[4:-4]).endswith(ROW[4][-20:])


def test_what_is_short_stays_a_table_on_a_narrow_screen() -> None:
    columns = [(str(number), Text(f"列{number}", f"c{number}")) for number in range(5)]
    lines = shown([[1, 2, 3, 4, None]], 40, columns)
    assert any(line.split() == ["列0", "列1", "列2", "列3", "列4"] for line in lines)
    assert any(line.split() == ["1", "2", "3", "4"] for line in lines)


def test_no_rows_are_shown_by_the_headings() -> None:
    assert any("来源" in line for line in shown([], 80))
