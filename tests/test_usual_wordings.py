"""Sentences as most offices print them: what adds up raises no alarm, and what a relation does not know is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.small_reports import found, tied

HEAD = "2024年度部门决算\n一、收入支出决算情况说明\n"
INCOME = (HEAD + "2024年度收、支总计3000.00万元。与2023年度相比，收、支总计各增加100.00万元，增长3.45%。\n"
          "本年收入合计2900.00万元，其中：财政拨款收入2850.00万元，占98.28%；其他收入50.00万元，占1.72%，财政拨款收入比上年增加70.00万元。\n")
BUDGET = (HEAD + "2024年度一般公共预算财政拨款支出2800.00万元，占本年支出合计的100%。与2023年度相比，财政拨款支出增加100.00万元，增长3.70%。\n"
          "财政拨款支出年初预算为2700.00万元，支出决算为2800.00万元，完成年初预算的103.70%。\n"
          "2024年度机关运行经费支出120.00万元，比2023年度增加10.00万元，增长9.09%。\n")
SPLIT = HEAD + "本年支出合计2800.00万元，其中：基本支出1800.00万元，占{share}；项目支出900.00万元，占32.14%{more}。\n"
THREE = ("2024年度部门决算\n一、“三公”经费支出决算情况说明\n"
         "“三公”经费财政拨款支出年初预算为21.00万元，支出决算为16.95万元，完成预算的80.71%，其中：因公出国（境）费决算为0.00万元；"
         "公务用车购置和运行费支出决算为16.95万元，完成预算的82.68%；公务接待费支出决算为0.00万元。\n"
         "2024年度“三公”经费支出决算数比2023年度增加5.07万元，增长42.68%，其中：公务用车费用增加5.07万元，公务接待费减少0.50万元。\n"
         "公务用车购置和运行费支出16.95万元，其中：公务用车购置支出{bought}万元；公务用车运行维护费支出16.95万元，主要用于保险和燃料，每公里0.9253元。\n")
PURCHASE = ("2024年度部门决算\n一、政府采购情况说明\n政府采购支出总额100.00万元，其中：政府采购货物支出20.00万元、政府采购工程支出30.00万元、"
            "政府采购服务支出{services}万元。授予中小企业合同金额80.00万元，占政府采购支出总额的80.00%，其中：授予小微企业合同金额60.00万元，"
            "占授予中小企业合同金额的75.00%；货物采购授予中小企业合同金额占货物支出金额的90.00%。\n")


@pytest.mark.parametrize("text", [INCOME, BUDGET, SPLIT.format(share="64.29%", more="；经营支出100.00万元，占3.57%"), THREE.format(bought="0.00"), PURCHASE.format(services="50.00")])
def test_what_adds_up_raises_no_alarm(text: str, tmp_path: Path) -> None:
    result = tied(text, tmp_path)
    assert [(one.relation.id, one.printed.en, one.computed.en) for one in result.tie_outs if one.verdict == "broken"] == []


def test_a_part_that_is_listed_further_on_leaves_the_sum_to_the_reader(tmp_path: Path) -> None:
    assert found(tied(SPLIT.format(share="64.29%", more="；经营支出100.00万元，占3.57%"), tmp_path))["split-sum"] == ["review"]
    assert found(tied(SPLIT.format(share="64.29%", more=""), tmp_path))["split-sum"] == ["broken"]


def test_what_does_not_add_up_is_found_in_the_same_sentences(tmp_path: Path) -> None:
    assert found(tied(THREE.format(bought="1.00"), tmp_path))["vehicles"] == ["broken"]
    assert found(tied(PURCHASE.format(services="40.00"), tmp_path))["purchases"] == ["broken"]
    assert found(tied(SPLIT.format(share="46.29%", more=""), tmp_path))["basic-share"] == ["broken"]


def test_a_price_for_a_unit_may_have_parts_of_a_cent(tmp_path: Path) -> None:
    assert "cents" not in found(tied(THREE.format(bought="0.00"), tmp_path))
    assert found(tied(HEAD + "全年电费为10.125元。\n", tmp_path))["cents"] == ["broken"]
