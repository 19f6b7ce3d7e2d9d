"""The commands of ingest.py, and the edge that both scripts share."""

import csv
import io
import json
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing

import click
import pytest
from click.testing import CliRunner

import checks
import ingest
from auditkb.errors import Fault, KnowledgeBaseError, Text
from auditkb.languages import system_language
from auditkb.outputs import screen
from command_line import PYTHON, ExitCode, Group, choose_language, print_rows, run_commands

CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture
def ledger(tmp_path):
    """A source with one problem of every kind."""
    path = tmp_path / "ledger"
    path.mkdir()
    path.joinpath("source.yml").write_text("id: office\ntitle: {zh: 台账, en: Ledger}\nmoney_unit: yuan\n", "utf-8")
    path.joinpath("contract.csv").write_text("合同编号,合同名称,项目,签订日期\nHT-1,绿化,,待定\nHT-2,=1+2,没有的项目,2019-05-20\n", "utf-8")
    return path


def run(*arguments, language="en"):
    return CliRunner().invoke(ingest.commands(language), [str(argument) for argument in arguments])


def test_records_and_problems(ledger, tmp_path):
    database = tmp_path / "kb.db"
    loaded = run("records", ledger, "--db", database)
    assert loaded.exit_code == 0, loaded.output
    assert "office: loaded" in loaded.output and "Contract: 2 rows" in loaded.output and "3 to be checked" in loaded.output
    assert "office: unchanged" in run("records", ledger, "--db", database).output
    listed = run("problems", "--db", database)
    assert listed.exit_code == 0 and "D2" in listed.output and "Signed on" in listed.output


def test_equal_problems_are_one_line_with_their_number(tmp_path):
    path, database = tmp_path / "contract.csv", tmp_path / "kb.db"
    path.write_text("合同编号,合同名称,备案日期\n" + "".join(f"HT-{n},甲,/\n" for n in range(12)) + "HT-99,甲,三月\n", "utf-8")
    run("records", path, "--db", database)
    listed = run("problems", "--db", database, "--kind", "unreadable", language="zh").output
    assert "12× C2, C3, C4 …" in listed and "C14" in listed and "C5" not in listed
    assert len(json.loads(run("problems", "--db", database, "--kind", "unreadable", "--format", "json").stdout)) == 13
    advice = json.loads(run("problems", "--db", database, "--kind", "unreadable", "--format", "json").stdout)[0]["advice"]
    assert 'values: {meanings: {"/": MEANING}}' in advice


def test_whole_rows_of_which_the_same_is_said_are_one_line(tmp_path):
    path, database = tmp_path / "contract.csv", tmp_path / "kb.db"
    rows = "".join(f"第{n}类\nHT-{n},甲,5\n甲小计,,5\n" for n in range(5))
    path.write_text(f"合同编号,合同名称,合同金额（元）\n{rows}", "utf-8")
    run("records", path, "--db", database)
    listed = " ".join(run("problems", "--db", database, "--all", language="zh").output.split())
    assert "5× 2, 5, 8 …" in listed and "5× 4, 7, 10 …" in listed and "未读入：小计行" in listed and "第 4 行" not in listed
    assert len(json.loads(run("problems", "--db", database, "--kind", "not_loaded", "--format", "json").stdout)) == 5


@pytest.mark.parametrize(("name", "expected"), [("合同台账", "合同: 1"), ("付款登记", "支付: 1"), ("发票登记", "发票: 1"), ("Sheet1", None), ("付款和发票", None), ("采购合同台账", None)])
def test_a_sheet_whose_name_holds_one_record_type_is_understood(tmp_path, name, expected):
    from tests.sheet_maker import write_workbook

    rows = {"付款登记": [["支付编号", "付款日期"], ["1", "2024-01-01"]], "发票登记": [["发票号码", "开票日期"], ["1", "2024-01-01"]]}.get(name, [["合同编号", "合同名称"], ["1", "a"]])
    loaded = run("records", write_workbook(tmp_path / "2024.xlsx", {name: rows}), "--db", tmp_path / "kb.db", language="zh")
    assert loaded.exit_code == (0 if expected else 2), loaded.output
    if expected:
        assert expected in loaded.output
        said = json.loads(run("problems", "--all", "--db", tmp_path / "kb.db", "--format", "json", language="zh").stdout)
        assert f"工作表“{name}”按名称读作" in next(row["problem"] for row in said if row["kind"] == "by_name")


def test_problems_as_json_and_csv(ledger, tmp_path):
    database = tmp_path / "kb.db"
    run("records", ledger, "--db", database)
    rows = json.loads(run("problems", "--db", database, "--format", "json").stdout)
    assert {(row["cell"], row["field"]) for row in rows} == {("C2", "project"), ("C3", "project"), ("D2", "signed_on")}
    assert all(row["problem"] and row["advice"] for row in rows)
    table = list(csv.DictReader(io.StringIO(run("problems", "--db", database, "--format", "csv").stdout)))
    assert [row["cell"] for row in table] == [row["cell"] for row in rows]


def test_nothing_to_check(tmp_path):
    path = tmp_path / "contract.csv"
    path.write_text("合同编号,项目\n", "utf-8")
    assert run("records", path, "--db", tmp_path / "kb.db").exit_code == 0
    assert "没有需要核对" in run("problems", "--db", tmp_path / "kb.db", language="zh").output
    assert json.loads(run("problems", "--db", tmp_path / "kb.db", "--format", "json").stdout) == []


def test_faults_of_all_paths_go_to_stderr_one_a_line(ledger, tmp_path):
    bad = tmp_path / "contract.csv"
    bad.write_text("合同编好,签订日期\nHT-1,x\n", "utf-8")
    result = run("records", bad, ledger, tmp_path / "absent", "--db", tmp_path / "kb.db")
    assert result.exit_code == ExitCode.BAD_INPUT
    lines = result.stderr.splitlines()
    assert len(lines) == 2 and "contract.csv:1: " in lines[0] and "no such file" in lines[1]
    assert "office: loaded" in result.stdout and "Traceback" not in result.output


def check(*arguments, language="en"):
    return CliRunner().invoke(checks.commands(language), [str(argument) for argument in arguments])


@pytest.mark.slow
def test_a_corrected_ledger_updates_findings_and_a_missing_record_takes_its_own_along(tmp_path):
    path, database = tmp_path / "ledger", tmp_path / "kb.db"
    path.mkdir()
    path.joinpath("source.yml").write_text("id: office\ntitle: {zh: 台账, en: Ledger}\ncoverage:\n  - {covers: contract, because: {zh: 全部, en: all}}\n", "utf-8")
    head, states = "合同编号,合同名称,签订日期,合同起始日期\n", []
    for rows in ("HT-1,绿化,2024-05-20,2024-05-15\nHT-2,保洁,2024-05-20,2024-05-15\n", "HT-1,绿化,2024-05-20,2024-05-16\n", "HT-1,绿化,2024-05-20,2024-05-16\nHT-2,保洁,2024-05-20,2024-05-15\n"):
        path.joinpath("contract.csv").write_text(head + rows, "utf-8")
        loaded = run("records", path, "--db", database)
        assert loaded.exit_code == 0, loaded.output
        found = check("run", "--db", database, "--format", "json")
        assert found.exit_code == 0, found.output
        with closing(sqlite3.connect(database)) as connection:
            states.append(dict(connection.execute("select id, state from findings where rule_id = 'CON-002'").fetchall()))
            reasons = [row[0] for row in connection.execute("select reason from finding_events where event = 'gone'")]
    assert states == [{"CON-002:HT-1": "new", "CON-002:HT-2": "new"}, {"CON-002:HT-1": "updated", "CON-002:HT-2": "gone"}, {"CON-002:HT-1": "unchanged", "CON-002:HT-2": "reopened"}]
    assert reasons == ["record_removed"]
    assert "1 corrected" not in loaded.output and "1 back again" in loaded.output


def test_the_kinds_of_problems_are_counted_and_chosen(ledger, tmp_path):
    database = tmp_path / "kb.db"
    loaded = run("records", ledger, "--db", database)
    assert "could not be read: 1" in loaded.output and "names a record that is not there: 1" in loaded.output
    rows = json.loads(run("problems", "--db", database, "--kind", "unreadable", "--source", "office", "--format", "json").stdout)
    assert [(row["cell"], row["kind"]) for row in rows] == [("D2", "unreadable")]
    for wrong, message in ((("--kind", "unreadible"), "did you mean: unreadable"), (("--source", "ofice"), "did you mean: office")):
        result = run("problems", "--db", database, *wrong)
        assert result.exit_code == ExitCode.BAD_INPUT and message in result.stderr
    assert "nothing of the kind" in run("problems", "--db", database, "--unread").output


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_source_is_listed_and_taken_back(ledger, tmp_path, language):
    database = tmp_path / "kb.db"
    run("records", ledger, "--db", database)
    listed = json.loads(check("list", "sources", "--db", database, "--format", "json").stdout)
    assert [(row["source"], row["records"], row["problems"]) for row in listed] == [("office", {"contract": 2}, 3)]
    assert "office" in check("list", "sources", "--db", database, language=language).output
    asked = run("remove", "office", "--db", database, language=language)
    assert asked.exit_code == ExitCode.BAD_INPUT and "--yes" in asked.stderr and ": 2" in asked.stdout
    done = run("remove", "office", "--db", database, "--yes", language=language)
    assert done.exit_code == 0 and bool(CHINESE.search(done.output)) == (language == "zh")
    assert json.loads(check("list", "sources", "--db", database, "--format", "json").stdout) == []
    assert run("remove", "office", "--db", database, "--yes").exit_code == ExitCode.BAD_INPUT


@pytest.mark.parametrize("arguments", [["problems"], ["records", "x.csv", "--office", "absent"], ["nothing"], ["records"], ["problems", "--format", "xml"]])
def test_wrong_arguments_end_with_two(arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run(*arguments, language="zh")
    assert result.exit_code == ExitCode.BAD_INPUT and CHINESE.search(result.stderr)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_command_has_help_with_an_example_in_both_languages(language):
    group = ingest.commands(language)
    assert set(group.commands) >= {"records", "problems"}
    for name, command in group.commands.items():
        text = run(name, "--help", language=language).stdout
        assert f"{PYTHON} ingest.py {name}" in text
        assert bool(CHINESE.search(text)) == (language == "zh")
        for option in command.params:
            assert isinstance(option, click.Argument) or option.help
    assert bool(CHINESE.search(run("--help", language=language).stdout)) == (language == "zh")


def test_the_script_survives_a_gbk_console(ledger, tmp_path):
    ledger.joinpath("contract.csv").write_text("合同编号,项目,签订日期\nHT-1,x,𠮷😀\n", "utf-8")
    environment = {**os.environ, "PYTHONIOENCODING": "gbk"}
    for arguments in (["records", ledger], ["problems"]):
        command = [sys.executable, ingest.__file__, *map(str, arguments), "--db", str(tmp_path / "kb.db"), "--lang", "zh"]
        done = subprocess.run(command, capture_output=True, env=environment, check=False)
        assert done.returncode == 0, done.stderr.decode("gbk")
        assert "HT-1" in done.stdout.decode("gbk") or "已读入" in done.stdout.decode("gbk")


# --- language

@pytest.mark.parametrize(
    ("environment", "language"),
    [({}, "en"), ({"LANG": "zh_CN.UTF-8"}, "zh"), ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"), ({"LANG": "en_GB", "AUDITKB_LANG": "zh"}, "zh"), ({"LC_MESSAGES": "zh_TW"}, "zh")],
)
def test_system_language(environment, language):
    assert system_language(environment) == language


@pytest.mark.parametrize(("arguments", "language"), [(["--lang", "zh"], "zh"), (["run", "--lang=ZH"], "zh"), (["--lang", "fr"], "en"), (["--lang"], "en"), (["--", "--lang", "zh"], "en")])
def test_choose_language(arguments, language, monkeypatch):
    monkeypatch.setenv("AUDITKB_LANG", "en")
    assert choose_language(arguments) == language


# --- the shared edge

def edge(language):
    group = Group("checks.py", "Help.", language, default="run")

    @group.command("run", help="Run.", example="checks.py")
    @click.option("--fail-on")
    def run_(fail_on):
        click.echo(f"run {fail_on}")
        return ExitCode.FINDINGS if fail_on else None

    @group.command("break", help="Break.", example="checks.py break")
    def break_():
        raise KnowledgeBaseError([Fault(Text("甲", "a"), "x.yml", 1, 2), Fault(Text("乙", "b"))])

    @group.command("stop", help="Stop.", example="checks.py stop")
    def stop():
        raise KeyboardInterrupt

    return group


@pytest.mark.parametrize(
    ("arguments", "code", "output"),
    [
        ([], 0, "run None"), (["--lang", "en"], 0, "run None"), (["--fail-on", "high"], 1, "run high"), (["run", "--lang=en"], 0, "run None"),
        (["--lang", "zh", "break"], 2, "x.yml:1:2: 甲\n乙"), (["break", "--lang", "en"], 2, "x.yml:1:2: a\nb"), (["stop"], 130, ""), (["--help"], 0, "Usage"), (["--lang", "fr"], 2, ""),
    ],
)
def test_run_commands(arguments, code, output, capsys, monkeypatch):
    monkeypatch.setenv("AUDITKB_LANG", "en")
    assert run_commands(edge, arguments) == code
    captured = capsys.readouterr()
    assert output in captured.out + captured.err


def test_listings(capsys):
    rows = [["甲", 1.5, None], ["=cmd|x", 2.0, "[b]"]]
    columns = [("name", Text("名称", "Name")), ("amount", Text("金额", "Amount")), ("note", Text("备注", "Note"))]
    print_rows(rows, columns, "table", "zh")
    table = capsys.readouterr().out
    assert "名称" in table and "[b]" in table and "None" not in table
    print_rows(rows, columns, "json", "zh")
    assert json.loads(capsys.readouterr().out)[0] == {"name": "甲", "amount": 1.5, "note": None}
    print_rows(rows, columns, "csv", "zh")
    assert capsys.readouterr().out == "name,amount,note\n甲,1.5,\n'=cmd|x,2.0,[b]\n"


def test_progress_is_silent_in_a_file(capsys, monkeypatch):
    monkeypatch.setattr(screen, "SECONDS_BEFORE_PROGRESS", 0.0)
    with screen.progress() as report:
        report("contract.csv", 1, None)
        report("contract.csv", 2, 2)
    assert capsys.readouterr().err == ""


def test_progress_shows_on_a_terminal_after_its_time(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with screen.progress() as report:
        report("台账.xlsx[/合同]", 1, None)
        assert terminal.getvalue() == ""
        monkeypatch.setattr(screen, "SECONDS_BEFORE_PROGRESS", 0.0)
        report("台账.xlsx[/合同]", 2, 2)
    assert "台账.xlsx[/合同]" in terminal.getvalue()
