"""Relations over small reports: what is found, what is not compared and said, and which one figure is the cause."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from auditkb.outputs.tie_out_listing import not_checked
from auditkb.reports.tie_outs import TiedOut, cause_computed, what_to_do, written
from tests.small_reports import PROJECTS, YEARS, figure, found, projects, tied

ONE = ("1", "财务科", "路灯养护", "10.00", "2.00", "1.00", "11.00", "5.50", "50.00%")
TWO = ("2", "市政科", "河道清淤", "20.00", "0.00", "0.00", "20.00", "20.00", "100.00%")
TOTAL = ("", "", "合计", "30.00", "2.00", "1.00", "31.00", "25.50", "82.26%")


def years(folder: Path, *, total: str = "300.00", income: str = "270.00", carried: str = "30.00") -> TiedOut:
    return tied(YEARS.format(total=total, income=income, carried=carried), folder)


def causes(result: TiedOut) -> list[tuple[str | None, str]]:
    return [(cause.figure.printed, cause_computed(cause, result).zh) for cause in result.causes]


def test_a_report_without_figures_finds_nothing_and_says_so(tmp_path: Path) -> None:
    result = tied("一、职责\n负责日常工作。\n", tmp_path)
    assert result.tie_outs == result.causes == result.alone == ()
    assert len(result.silent) == len(result.relations.relations)


def test_two_years_tie_out(tmp_path: Path) -> None:
    result = years(tmp_path)
    assert found(result) == {"income-total": ["ties"] * 2, "expenditure-total": ["ties"] * 2, "income-is-expenditure": ["ties"] * 2, "carried-forward": ["ties"]}
    assert result.year == 2024 and not result.causes and not result.alone


def test_a_wrong_total_is_one_cause_of_two_broken_relations(tmp_path: Path) -> None:
    result = years(tmp_path, total="310.00")
    assert causes(result) == [("310.00元", "300.00元")]
    assert result.causes[0].is_certain and result.count("broken") == 2


def test_a_carry_forward_that_breaks_off_accuses_neither_year(tmp_path: Path) -> None:
    result = years(tmp_path, carried="40.00", income="260.00")
    assert causes(result) == [("40.00元", "30.00元")]
    assert not result.causes[0].is_certain
    assert "arithmetic cannot tell which is wrong" in what_to_do(result.causes[0], result).en


def test_rows_and_totals_of_a_table(tmp_path: Path) -> None:
    result = tied(projects(ONE, TWO, TOTAL), tmp_path)
    assert found(result) == {"tracked-adjusted": ["ties"] * 3, "tracked-rate": ["ties"] * 3, "tracked-total": ["ties"] * 5}


def test_an_amount_of_a_row_is_the_cause_where_row_and_column_say_so(tmp_path: Path) -> None:
    wrong = (*ONE[:3], "16.00", *ONE[4:])
    result = tied(projects(wrong, TWO, TOTAL), tmp_path)
    assert causes(result) == [("16.00", "10.00万元")]
    assert [one.relation.id for one in result.of(result.causes[0])] == ["tracked-adjusted", "tracked-total"]


def test_a_table_without_a_column_has_no_relation_of_it(tmp_path: Path) -> None:
    text = PROJECTS.replace("\t年中追加\n", "").format(rows="\n".join("".join(f"\t{cell}\n" for cell in (*line[:4], *line[5:])) for line in (ONE, TWO)))
    assert "tracked-adjusted" not in found(tied(text, tmp_path))


def test_blank_rows_are_no_noughts(tmp_path: Path) -> None:
    result = tied(projects(ONE, TWO, ("3", "财务科", "公厕保洁", "", "", "", "", "", ""), TOTAL), tmp_path)
    assert result.count("broken") == 0 and found(result)["tracked-rate"] == ["ties"] * 3


DEPARTMENT = "二、各科室项目完成情况及原因分析\n1.财务科2024年度实施的跟踪项目共计{n}个，年初预算合计{initial}万元，年中追加预算2.00万元，年中调减预算1.00万元，调整后预算总额11.00万元，实际支出5.50万元，执行率50.0%。\n"


def test_the_paragraph_of_a_department_is_held_against_its_rows(tmp_path: Path) -> None:
    result = tied(projects(ONE, TWO, TOTAL, after=DEPARTMENT.format(n=1, initial="10.00")), tmp_path)
    assert {name: verdicts for name, verdicts in found(result).items() if name.startswith("department-")} == {
        f"department-{name}": ["ties"] for name in ("count", "initial", "added", "reduced", "adjusted-rows", "actual", "adjusted", "rate")}
    assert result.count("broken") == 0


def test_a_department_that_the_table_does_not_know_is_said_and_not_compared(tmp_path: Path) -> None:
    result = tied(projects(ONE, TWO, TOTAL, after=DEPARTMENT.format(n=1, initial="12.00").replace("财务科", "计财科")), tmp_path)
    assert "department-initial" not in found(result)
    said = "\n".join(item.en for _, items in not_checked(result) for item in items)
    assert "Projects of the department = its rows: 1个" in said


def test_a_reviewed_alias_of_a_department_binds_like_its_name(tmp_path: Path) -> None:
    office = tmp_path / "office"
    office.mkdir()
    (office / "aliases.yml").write_text("department: {财务科: {aliases: [计财科], why: 机构改名, by: 审计科, on: 2026-11-20}}", "utf-8")
    result = tied(projects(ONE, TWO, TOTAL, after=DEPARTMENT.format(n=1, initial="12.00").replace("财务科", "计财科")), tmp_path, office)
    assert found(result)["department-count"] == ["ties"]
    assert found(result)["department-initial"] == ["broken"]


def test_sums_over_departments_need_every_department(tmp_path: Path) -> None:
    result = tied(projects(ONE, TWO, TOTAL, after=DEPARTMENT.format(n=1, initial="10.00")), tmp_path)
    assert "departments-initial" not in found(result)


def test_the_sum_of_two_wrong_rows_has_two_causes(tmp_path: Path) -> None:
    rows = [(*ONE[:7], "8.50", ONE[8]), (*TWO[:7], "16.00", TWO[8]), TOTAL]
    assert causes(tied(projects(*rows), tmp_path)) == [("8.50", "5.50万元"), ("16.00", "20.00万元")]


def without_departments(paragraph: str) -> str:
    rows = "\n".join("".join(f"\t{cell}\n" for cell in (line[0], *line[2:])) for line in (ONE, TWO, TOTAL))
    return PROJECTS.replace("\t实施部门\n", "").format(rows=rows) + DEPARTMENT.format(n=1, initial="10.00").replace("1个，", paragraph)


def test_rows_without_a_department_are_those_that_its_paragraph_names(tmp_path: Path) -> None:
    named = found(tied(without_departments("1个，包括“路灯养护”项目，"), tmp_path))
    assert named["department-initial"] == named["department-count"] == ["ties"]
    counted_otherwise = found(tied(without_departments("2个，包括“路灯养护”项目，"), tmp_path))
    assert "department-initial" not in counted_otherwise


def test_a_project_named_in_the_text_is_held_against_its_row(tmp_path: Path) -> None:
    text = projects(ONE, TWO, TOTAL, after="二、问题\n路灯养护项目年初预算10万元，进度较慢；河道清淤实际支出25.00万元；街道保洁年初预算99万元。\n")
    verdicts = found(tied(text, tmp_path))
    assert verdicts["project-initial"] == ["ties"] and verdicts["project-actual"] == ["broken"]


STAFF = "一、人员情况\n在职人员{total}人，其中公务员{civil}人，{between}事业人员{public}人。\n"


def test_a_part_that_no_relation_names_leaves_the_sum_to_the_reader(tmp_path: Path) -> None:
    assert found(tied(STAFF.format(total=30, civil=20, between="", public=10), tmp_path))["staff"] == ["ties"]
    assert found(tied(STAFF.format(total=33, civil=20, between="", public=10), tmp_path))["staff"] == ["broken"]
    result = tied(STAFF.format(total=33, civil=20, between="工勤人员3人，", public=10), tmp_path)
    assert found(result)["staff"] == ["review"] and not result.causes


def test_an_approximate_figure_is_listed_and_not_compared(tmp_path: Path) -> None:
    result = tied(STAFF.replace("在职人员{total}人", "在职人员约{total}人").format(total=40, civil=20, between="", public=10), tmp_path)
    assert "staff" not in found(result)
    assert [one.printed for one in result.approximate] == ["40人"]


CHANGE = "三、“三公”经费情况\n2024年三公经费{now}元，较2023年三公经费100.00元{word}{change}元，{word}{rate}%。\n"


@pytest.mark.parametrize(("now", "word", "change", "rate", "expected"), [
    ("90.00", "减少", "10.00", "10.00", ["ties", "ties"]), ("110.00", "增加", "10.00", "10.0", ["ties", "ties"]),
    ("110.00", "减少", "10.00", "10.00", ["broken", "broken"]), ("90.00", "减少", "11.00", "10.00", ["broken", "ties"])])
def test_a_change_has_the_sign_of_its_word(now: str, word: str, change: str, rate: str, expected: list[str], tmp_path: Path) -> None:
    verdicts = found(tied("2024年决算\n" + CHANGE.format(now=now, word=word, change=change, rate=rate), tmp_path))
    assert [*verdicts["three-public-change"], *verdicts["three-public-change-rate"]] == expected


CODES = "2024年部门决算\n一、支出\n单位：元\n" + "".join(f"\t{name}\n" for name in ("科目编码", "科目名称", "合计", "基本支出", "项目支出")) + "\n{rows}"


def functional(*rows: tuple[str, ...]) -> str:
    return CODES.format(rows="\n".join("".join(f"\t{cell}\n" for cell in line) for line in rows))


CLASSES = [("", "合计", "50.00", "30.00", "20.00"), ("201", "甲", "50.00", "30.00", "20.00"), ("20101", "乙", "30.00", "30.00", ""), ("2010101", "丙", "30.00", "30.00", ""),
           ("20102", "丁", "20.00", "", "20.00"), ("2010201", "戊", "20.00", "", "20.00"), ("205", "己", "", "", "")]


def test_codes_are_the_sums_of_the_codes_below(tmp_path: Path) -> None:
    verdicts = found(tied(functional(*CLASSES), tmp_path))
    assert set(verdicts["function-levels"]) == {"ties"} and len(verdicts["function-levels"]) == 3 * 3 + 4
    assert verdicts["function-row"] == ["ties"] * 6


def test_a_wrong_code_is_the_cause_of_its_row_and_of_the_codes_above(tmp_path: Path) -> None:
    rows = [*CLASSES]
    rows[4] = ("20102", "丁", "25.00", "", "20.00")
    result = tied(functional(*rows), tmp_path)
    assert causes(result) == [("25.00", "20.00元")] and result.causes[0].is_certain


def test_all_spent_cannot_be_where_a_part_has_money_left(tmp_path: Path) -> None:
    text = projects(ONE, TWO, TOTAL, after="二、年度预算\n（一）预算调整情况\n调整后全年预算100.00万元，包括基本支出60.00万元、项目支出40.00万元。\n（二）预算执行情况\n"
                    "全年实际支出100.00万元，其中基本支出60.00万元，项目支出40.00万元。整体预算执行率100%，其中基本支出执行率100%，项目支出执行率100%。\n")
    result = tied(text, tmp_path)
    [one] = [one for one in result.tie_outs if one.verdict == "broken"]
    assert (one.relation.id, one.printed.en, one.computed.en) == ("nothing-left", "100%", "at most 86.25%")
    assert "cannot have spent all" in what_to_do(result.causes[0], result).en


def test_a_computed_value_is_written_so_that_the_difference_shows() -> None:
    assert written(Decimal(1054000), figure("105", scale=10_000)) == "105.4万元"
    assert written(Decimal("98.305"), figure("100", "percent")) == "98.31%"
    assert written(Decimal("12.345"), figure("12.00")) == "12.35元"


def test_a_report_in_which_nearly_all_is_broken_is_not_searched_for_ever(tmp_path: Path) -> None:
    rows = [(str(number), "财务科", f"项目{number}", f"{10 + number % 7}.00", *ONE[4:]) for number in range(1, 400)]
    result = tied(projects(*rows, TOTAL), tmp_path)
    assert result.count("broken") > 300
    assert len(result.causes) > 300 and all(cause.broken for cause in result.causes)
