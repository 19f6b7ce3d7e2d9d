"""What a screen shows: a listing as a table or one below the other, help in whole words and within its width."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

import checks
import ingest
from auditkb.errors import Text
from auditkb.outputs.screen_tables import listing
from auditkb.outputs.wrapping import wrap
from command_line import run_commands

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


def test_names_stay_whole_on_a_narrow_screen() -> None:
    advice = '没有值时请写明原因，或在对应文件声明：values: {meanings: {"/": 含义}}，含义写 not_required（不要求）、not_captured（未采集）或 blank_in_document（文件空白）'
    for width in range(30, 73):
        lines = shown([[*ROW[:4], advice]], width)
        assert all(any(name in line for line in lines) for name in ("not_required", "not_captured", "blank_in_document", "meanings:")), width
        assert all(cell_len(line) <= width for line in lines)


def test_what_is_short_stays_a_table_on_a_narrow_screen() -> None:
    columns = [(str(number), Text(f"列{number}", f"c{number}")) for number in range(5)]
    lines = shown([[1, 2, 3, 4, None]], 40, columns)
    assert any(line.split() == ["列0", "列1", "列2", "列3", "列4"] for line in lines)
    assert any(line.split() == ["1", "2", "3", "4"] for line in lines)


def test_no_rows_are_shown_by_the_headings() -> None:
    assert any("来源" in line for line in shown([], 80))


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("module", [ingest, checks])
def test_help_is_whole_and_fits_the_screen(module: Any, language: str, capsys: pytest.CaptureFixture[str]) -> None:
    run_commands(module.commands, ["--help", "--lang", language])
    for name in module.commands(language).commands:
        run_commands(module.commands, [name, "--help", "--lang", language])
    for line in capsys.readouterr().out.splitlines():
        assert cell_len(line) <= 80 or line.strip().startswith(("python3 ", "py ")), line
        assert "..." not in line, line


@given(st.text(st.sampled_from("合同，。ab c（）x1"), max_size=60), st.integers(4, 30))
def test_wrapping_loses_nothing_and_keeps_the_width(text: str, width: int) -> None:
    lines = wrap(text, width).split("\n")
    assert "".join("".join(lines).split()) == "".join(text.split())
    longest = max((cell_len(piece) for piece in re.findall(r"[a-z1]+|[合同（）][，。）]*|[，。][，。）]*", text)), default=0)
    assert all(cell_len(line) <= max(width, longest) for line in lines)


def test_a_sign_does_not_begin_a_line() -> None:
    assert wrap("列出规则，列出参数。", 8).split("\n") == ["列出规", "则，列出", "参数。"]
    assert wrap("第一段\n\n第二段", 20, preserve_paragraphs=True) == "第一段\n\n第二段"
