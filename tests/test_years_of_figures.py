"""上年, 本年 and years that are only compared with: a figure is held against those of its own year, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditkb.outputs.tie_out_listing import not_checked
from tests.small_reports import found, tied

HEAD = "2019年度决算说明\n一、“三公”经费情况说明\n"
PARTS = "其中：因公出国（境）费0.00万元，公务接待费0.00万元，公务用车购置及运行费90.76万元。\n"
THREE_PUBLIC = "“三公”经费"


@pytest.mark.parametrize("words", [
    "上年{t}48.43万元，本年{t}90.76万元，增加42.33万元，", "{t}90.76万元，上年同期{t}48.43万元，增加42.33万元，", "{t}90.76万元（去年{t}为48.43万元），",
    "2019年{t}90.76万元，比2018年{t}48.43万元增加42.33万元，", "2019年{t}90.76万元，较上年{t}48.43万元增加42.33万元，",
    "{t}由上一年度的48.43万元增加到90.76万元，", "2018年{t}48.43万元，2019年{t}90.76万元，较上年增加42.33万元，",
    "去年{t}48.43万元，", "2018年至2019年{t}190.75万元，", "2019年、2018年{t}分别为90.76万元、48.43万元，",
    "2019年{t}90.76万元，较上年减少公务接待费5.00万元，", "{t}90.76万元，去年多媒体设备{t}48.43万元，",
    "２０１９年{t}９０．７６万元，比 上 年 {t}48.43万元增加42.33万元，",
])
def test_a_figure_of_another_year_is_no_reason_for_an_accusation(words: str, tmp_path: Path) -> None:
    result = tied(HEAD + words.format(t=THREE_PUBLIC) + PARTS, tmp_path)
    assert [(one.relation.id, one.printed.zh, one.computed.zh) for one in result.tie_outs if one.verdict == "broken"] == []


@pytest.mark.parametrize("words", [
    "{t}99.76万元，", "本年{t}99.76万元，", "2019年{t}99.76万元，", "2019年{t}99.76万元，比上年增加2.00万元，", "2019年{t}99.76万元，比2018年增加2.00万元，",
    "上年{t}48.43万元，本年{t}99.76万元，", "2019年{t}99.76万元，比2018年{t}48.43万元增加51.33万元，", "上年结转0.00万元。{t}99.76万元，",
])
def test_what_does_not_add_up_is_found_in_its_own_year(words: str, tmp_path: Path) -> None:
    assert "broken" in found(tied(HEAD + words.format(t=THREE_PUBLIC) + PARTS, tmp_path))["three-public"]


def test_a_figure_of_a_year_that_is_not_sure_is_left_to_the_reader(tmp_path: Path) -> None:
    result = tied(HEAD + f"去年{THREE_PUBLIC}48.43万元，" + PARTS.replace("90.76", "40.76"), tmp_path)
    unclear = [(one.verdict, one.comparison.unclear.zh) for one in result.tie_outs if one.comparison.unclear is not None]
    assert unclear == [("review", "其中有的数是哪一年的，按文字不能确定")]


def test_a_change_is_held_against_the_year_before_that_is_called_so(tmp_path: Path) -> None:
    words = "2019年{t}90.76万元，上年{t}48.43万元，增加{d}万元。\n"
    for change, verdict in (("42.33", "ties"), ("43.33", "broken")):
        assert verdict in found(tied(HEAD + words.format(t=THREE_PUBLIC, d=change), tmp_path))["three-public-change"]


@pytest.mark.parametrize("before", ["上年支出合计", "2018年本年支出合计"])
def test_a_column_of_the_year_before_is_not_taken_for_this_year(before: str, tmp_path: Path) -> None:
    cells = [["科目编码", "科目名称", before, "本年支出合计"], ["201", "一般公共服务支出", "10.00", "20.00"], ["合计", "", "10.00", "20.00"]]
    table = "单位：元\n" + "".join("".join(f"\t{cell}\n" for cell in row) + "\n" for row in cells)
    text = "2019年度决算说明\n一、收支决算说明\n2019年本年支出20.00元。\n二、支出表\n" + table
    assert found(tied(text, tmp_path))["spent-is-table"] == ["ties"]


def test_a_table_that_no_relation_knows_is_said_to_be_unchecked(tmp_path: Path) -> None:
    rows = [["街巷", "树木（株）", "费用（元）"], ["长街", "3", "70.00"], ["短街", "2", "55.00"]]
    text = HEAD + "2019年树木养护表\n" + "".join("".join(f"\t{cell}\n" for cell in row) + "\n" for row in rows)
    headings = {heading.zh: [item.zh for item in items] for heading, items in not_checked(tied(text, tmp_path))}
    assert headings["有 1 张表没有核对，没有一种关系认得它的栏目"] == ["2019年树木养护表（第4行），2行"]
