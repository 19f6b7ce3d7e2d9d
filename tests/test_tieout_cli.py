"""`checks.py tieout`: one report, no database; the table, the other forms, exit codes, and words for what cannot be read."""

from __future__ import annotations

import json
import subprocess
import zipfile
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result

import checks
from command_line import run_commands
from tests.small_reports import YEARS, projects
from tests.test_tie_outs import ONE, TOTAL, TWO

GOOD = YEARS.format(total="300.00", income="270.00", carried="30.00")
BAD = YEARS.format(total="310.00", income="270.00", carried="30.00")


def run(arguments: list[str], language: str = "en") -> Result:
    return CliRunner().invoke(checks.commands(language), ["tieout", *arguments])  # type: ignore[arg-type]


@pytest.fixture
def bad(tmp_path: Path) -> str:
    path = tmp_path / "draft.txt"
    path.write_text(BAD, "utf-8")
    return str(path)


def test_the_table_puts_causes_first_with_place_and_what_to_do(bad: str) -> None:
    lines = run([bad]).stdout.splitlines()
    assert lines[1] == "7 relations checked: 2 broken (1 cause), 0 for a person to judge, 0 rounding, 5 tie"
    assert lines[3:6] == ["Broken: 1 cause", "1. printed 310.00元, computed 300.00元", "   一, line 3; difference +10元, tolerance 0元"]
    assert lines[6] == "   words: 2024年收入总计310.00元，其中：本年收入…"
    assert "the other figures give 300.00元; with that these 2 relations hold: check the source and correct it" in lines[9]
    assert any("relations without figures in this report" in line for line in lines)


def test_the_table_speaks_chinese(bad: str) -> None:
    out = run([bad], "zh").stdout
    assert "收入总计＝本年收入＋上年结转：270.00元＋30.00元＝300.00元" in out and "收入总计＝支出总计：300.00元（第3行）" in out
    assert "核对 7 处：不符 2 处（1 个原因）" in out and "按其他数应为300.00元，改后这2处相符" in out


def test_all_lists_what_ties_too(bad: str) -> None:
    assert "Carried in = carried out of the year before" not in run([bad]).stdout.split("without figures in this report")[0]
    assert "Carried in = carried out of the year before" in run([bad, "--all"]).stdout.split("without figures in this report")[0]


def test_a_report_in_which_nothing_is_found_says_so(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("一、来信\n你好。\n", "utf-8")
    assert "Nothing was found to check" in run([str(tmp_path / "letter.txt")]).stdout


@pytest.mark.parametrize(("text", "option", "code"), [(GOOD, "broken", 0), (BAD, "never", 0), (BAD, "broken", 1), (BAD, "review", 1), (GOOD, "review", 0)])
def test_exit_codes(text: str, option: str, code: int, tmp_path: Path) -> None:
    (tmp_path / "draft.txt").write_text(text, "utf-8")
    assert run_commands(checks.commands, ["tieout", str(tmp_path / "draft.txt"), "--fail-on", option]) == code


def test_json_has_a_tie_out_a_line(bad: str) -> None:
    lines = run([bad, "--format", "json"]).stdout.splitlines()
    rows = json.loads("\n".join(lines))
    assert len(rows) == len(lines) - 2 == 7
    first = json.loads(lines[1].rstrip(","))
    assert [first[name] for name in ("relation", "place", "printed", "computed", "difference", "tolerance", "verdict")] == [
        "Total income = income + carried in", "一, line 3", "310.00元", "300.00元", "10", "0", "broken"]
    assert [row["cause"] for row in rows[:3]] == [1, 1, None]


def test_markdown_goes_into_a_file(bad: str, tmp_path: Path) -> None:
    out = tmp_path / "out.md"
    assert "Wrote" in run([bad, "--format", "md", "--output", str(out)]).stdout
    text = out.read_text("utf-8")
    assert text.startswith("# Tie-outs · ") and "| 1 | 一, line 3 | 2024年收入总计310.00元，其中：本年收入… | 310.00元 | 300.00元 | +10元 | 0元 |" in text


def test_the_table_goes_into_a_file(bad: str, tmp_path: Path) -> None:
    run([bad, "--output", str(tmp_path / "out.txt")])
    assert "Broken: 1 cause" in (tmp_path / "out.txt").read_text("utf-8")


def workbook(text: str, folder: Path, language: str = "zh") -> Path:
    (folder / "draft.txt").write_text(text, "utf-8")
    assert run([str(folder / "draft.txt"), "--format", "xlsx", "--output", str(folder / "out.xlsx")], language).exit_code == 0
    return folder / "out.xlsx"


def test_the_workbook_has_causes_all_tie_outs_and_what_was_not_checked(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(workbook(BAD, tmp_path))
    assert book.sheetnames == ["不符", "待人判断", "全部核对", "没有核对的"]
    assert [cell.value for cell in book["不符"][5]][:5] == [1, "一，第3行", "2024年收入总计310.00元，其中：本年收入…", "310.00元", "300.00元"]
    assert book["全部核对"].max_row == 4 + 7
    assert [cell.value for cell in openpyxl.load_workbook(workbook(BAD, tmp_path, "en"))["Broken"][4]][1] == "Place"


def test_text_of_a_report_never_becomes_a_formula(tmp_path: Path) -> None:
    wrong = ("1", "财务科", '=HYPERLINK("x")', "16.00", *ONE[4:])
    path = workbook(projects(wrong, ("2", "财务科", "+1+1", *TWO[3:]), TOTAL), tmp_path)
    with zipfile.ZipFile(path) as archive:
        assert not any(b"<f>" in archive.read(name) for name in archive.namelist() if "worksheets" in name)
    cells = [cell for sheet in openpyxl.load_workbook(path) for row in sheet.iter_rows() for cell in row]
    assert not any(cell.data_type == "f" for cell in cells)


def test_a_workbook_needs_a_file_to_go_into(bad: str) -> None:
    result = run([bad, "--format", "xlsx"])
    assert result.exit_code == 2 and "--format xlsx goes with --output" in result.output


def test_the_name_of_the_file_says_how_it_is_written(bad: str, tmp_path: Path) -> None:
    for name, begin in (("out.xlsx", b"PK"), ("out.json", b"["), ("out.md", b"#")):
        run([bad, "--output", str(tmp_path / name)])
        assert (tmp_path / name).read_bytes().startswith(begin), name


@pytest.mark.parametrize(("name", "format"), [("out.xlsx", "table"), ("out.xlsx", "json"), ("out.txt", "xlsx")])
def test_a_file_that_no_program_would_open_is_not_written(bad: str, tmp_path: Path, name: str, format: str) -> None:
    result = run([bad, "--format", format, "--output", str(tmp_path / name)])
    assert result.exit_code == 2 and "does not fit the name" in result.output and not (tmp_path / name).exists()


@pytest.mark.parametrize("format", ["xlsx", "json", "md", "table"])
def test_a_file_that_cannot_be_written_is_said(bad: str, format: str, tmp_path: Path) -> None:
    result = run([bad, "--format", format, "--output", str(tmp_path / "none" / f"out.{format}")])
    assert result.exit_code == 2 and "reading or writing failed: No such file or directory" in result.output


@pytest.mark.parametrize(("name", "content", "words"), [
    ("none.txt", None, "cannot be opened"), ("report.doc", b"x", "save it as .docx"), ("empty.txt", b" ", "the file is empty")])
def test_what_cannot_be_read_is_said_in_plain_words(name: str, content: bytes | None, words: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    result = run([str(tmp_path / name)])
    assert result.exit_code == 2 and words in result.output and "Traceback" not in result.output


@pytest.mark.slow
def test_the_workbook_opens_in_another_program(tmp_path: Path, libreoffice: str) -> None:
    path = workbook(projects(("1", "财务科", "路灯养护", "16.00", *ONE[4:]), TWO, TOTAL), tmp_path)
    subprocess.run([libreoffice, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(path)], check=True, capture_output=True, timeout=120)
    assert (tmp_path / "out.pdf").stat().st_size > 2000
