"""`checks.py` as an auditor meets it: help, every command, every format, exit codes, and screens without a word of the other language."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import checks
import ingest
import rule_tasks
from auditkb import runs
from auditkb.database import create_tables, open_database
from auditkb.dictionary_files import load_dictionary
from command_line import PYTHON, choose_language, run_commands

ROOT = Path(__file__).resolve().parents[1]
CASE = ROOT / "sample" / "chunshu-2019"
COMMANDS = list(checks.commands("en").commands)
FINDING = "PROC-001:第四次全国经济普查购买服务"


@pytest.fixture(scope="module", autouse=True)
def read_once():
    """The rules of the project are read once for all commands here; `test_rule_faults` reads them for each."""
    load, kept = rule_tasks.load, {}

    def loaded(office, language, extra=None):
        if extra:
            return load(office, language, extra)
        if office not in kept:
            kept[office] = load(office, language)
        return kept[office]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rule_tasks, "load", loaded)
        yield


@pytest.fixture
def copy(case_database, tmp_path) -> Path:
    """A database of one's own, to run on again."""
    with closing(sqlite3.connect(case_database)) as one, closing(sqlite3.connect(tmp_path / "kb.db")) as other:
        one.backup(other)
    return tmp_path / "kb.db"


# --- help

@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("language, heading", [("zh", "示例"), ("en", "Example")])
def test_every_command_has_help_with_an_example(call, command, language, heading):
    code, out, err = call(command, "--help", "--lang", language)
    assert (code, err) == (0, "")
    assert heading in out and f"{PYTHON} checks.py {command}" in out
    assert (re.search("[\u4e00-\u9fff]", out.replace("宣东片区等区域背街小巷环境综合提升项目", "")) is not None) == (language == "zh")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_help_of_the_script_lists_every_command(call, language):
    code, out, _ = call("--help", "--lang", language)
    assert code == 0 and all(re.search(rf"^  {command}\s", out, re.M) for command in COMMANDS)


def test_every_option_is_explained():
    for language in ("zh", "en"):
        for command in checks.commands(language).commands.values():
            for parameter in command.params:
                assert parameter.param_type_name == "argument" or parameter.help, (command.name, parameter.name)


# --- run

def test_a_run_is_what_no_command_means(call, copy):
    code, out, _ = call("--db", copy, "--lang", "en")
    assert code == 0 and "outcomes by rule" in out and "What could not be checked, and why" in out


def test_a_run_ends_with_where_to_look_next(call, copy, monkeypatch):
    shown = [call("run", "--db", copy, "--format", format, "--lang", "zh") for format in ("table", "json", "csv")]
    told = ["start.py serve" in out + err for _, out, err in shown]
    assert told == [True, False, False]
    assert re.fullmatch(rf'在网页中逐个查看：py(thon3)? start.py serve --db "{re.escape(Path(copy).as_posix())}"', shown[0][1].splitlines()[-1])
    monkeypatch.setenv("AUDITKB_SITE_FOLLOWS", "1")
    assert "start.py serve" not in call("run", "--db", copy, "--lang", "zh")[1]


def test_a_run_as_json(call, copy):
    code, out, _ = call("run", "--db", copy, "--format", "json", "--as-of", "2020-01-13")
    report = json.loads(out)
    assert code == 0 and report["is_complete"] and report["as_of"] == "2020-01-13" and report["run"] == 2
    assert {item["id"] for item in report["findings"]} >= {FINDING}
    (finding,) = [item for item in report["findings"] if item["id"] == FINDING]
    assert finding["presumed"] is True and finding["evidence"]["criteria"]
    assert {"rule_id", "department", "outcome", "reason", "records"} == set(report["counts"][0])
    assert any(item["known_id"] == "chunshu-2019/3.5.1" and item["outcome"] == "fail" for item in report["known_matches"])
    assert report["gone"] == [] and report["faults"] == []


def test_a_run_as_csv(call, copy):
    code, out, _ = call("run", "--db", copy, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0 and {"id", "rule_id", "severity", "message_zh", "message_en"} <= set(rows[0])
    assert FINDING in {row["id"] for row in rows}


@pytest.mark.parametrize("line, code", [("never", 0), ("high", 1), *(pytest.param(line, 1, marks=pytest.mark.slow) for line in ("medium", "info"))])
def test_fail_on_decides_the_exit_code(call, copy, line, code):
    assert call("run", "--db", copy, "--format", "json", "--fail-on", line)[0] == code


@pytest.mark.slow
def test_fail_on_a_severity_that_no_finding_has_is_0(call, tmp_path):
    file = tmp_path / "kb.db"
    assert run_commands(ingest.commands, ["records", str(ROOT / "sample" / "first-ledger"), "--db", str(file)]) == 0
    _, out, _ = call("run", "--db", file, "--format", "json")
    worst = {item["severity"] for item in json.loads(out)["findings"]}
    assert call("run", "--db", file, "--format", "json", "--fail-on", "high")[0] == int("high" in worst)
    assert call("run", "--db", file, "--format", "json", "--fail-on", "info")[0] == 1


@pytest.mark.parametrize("language, said", [("zh", "本批次不完整：没有关闭任何疑点。"), pytest.param("en", "This run is incomplete: no finding was closed.", marks=pytest.mark.slow)])
def test_a_rule_in_error_ends_with_3_and_says_so(call, copy, monkeypatch, language, said):
    evaluate = runs.engine.evaluate

    def broken(connection, sql, *more):
        if sql.rule.id == "CON-001":
            connection.execute("SELECT no_such_column FROM contract")
        evaluate(connection, sql, *more)

    def as_fault(connection, sql, *more):
        try:
            broken(connection, sql, *more)
        except sqlite3.OperationalError as error:
            raise runs.engine.fail(f"规则 {sql.rule.id} 运行出错：{error}", f"rule {sql.rule.id} failed: {error}") from error

    monkeypatch.setattr(runs.engine, "evaluate", as_fault)
    code, out, _ = call("run", "--db", copy, "--lang", language)
    assert code == 3 and said in out and "CON-001" in out
    assert ("规则出错，没有检查" if language == "zh" else "the rule broke") in out
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT status FROM runs ORDER BY id").fetchall() == [("complete",), ("incomplete",)]
        assert connection.execute("SELECT COUNT(*) FROM findings WHERE state = 'gone'").fetchone() == (0,)


def test_a_broken_derived_table_ends_with_3_without_a_traceback(call, copy):
    with closing(sqlite3.connect(copy)) as connection:
        connection.executescript("DROP VIEW IF EXISTS priced_line" if _is_view(connection) else "DROP TABLE IF EXISTS priced_line")
        connection.execute("CREATE VIEW priced_line AS SELECT key, no_such_column FROM quote_line")
        connection.commit()
    code, out, err = call("run", "--db", copy, "--lang", "en")
    assert code in (2, 3) or "PRICE-001" in out
    assert "Traceback" not in out + err


def _is_view(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT type FROM sqlite_master WHERE name = 'priced_line'").fetchone() == ("view",)


@pytest.mark.parametrize("arguments, zh, en", [
    (["run", "--as-of", "2019-02-30"], "没有这一天：2019-02-30", "there is no such day: 2019-02-30"),
    (["show", "CON-0002"], "没有规则“CON-0002”；是否想写：CON-002", 'there is no rule "CON-0002"; did you mean: CON-002'),
    (["test", "CON-99"], "没有规则“CON-99”", 'there is no rule "CON-99"'),
    (["explain", "PROC-001:第四次全国经济普查"], f"没有疑点“PROC-001:第四次全国经济普查”；是否想写：{FINDING}",
     f'there is no finding "PROC-001:第四次全国经济普查"; did you mean: {FINDING}'),
    (["list", "rulez"], "不在可选范围", "is not one of"),
    (["run", "--fail-on", "hihg"], "不在可选范围", "is not one of"),
    (["run", "--office", "no-such-folder"], "不存在", "does not exist"),
    (["lint", "no-such-file.yml"], "no-such-file.yml", "no-such-file.yml"),
    (["shwo"], "shwo", "shwo"),
])
def test_wrong_arguments_end_with_2_and_one_plain_sentence(call, case_database, monkeypatch, arguments, zh, en):
    monkeypatch.chdir(case_database.parent)
    for language, said in (("zh", zh), ("en", en)):
        code, out, err = call(*arguments, "--lang", language)
        assert code == 2 and out == "" and said in err
        assert "Traceback" not in err


def test_a_missing_database_is_said(call, tmp_path):
    for language, said in (("zh", "没有"), ("en", "there is no")):
        code, _, err = call("run", "--db", tmp_path / "none.db", "--lang", language)
        assert code == 2 and said in err and "Traceback" not in err
    assert not (tmp_path / "none.db").exists()


# --- list, show, explain, lint, test

@pytest.mark.parametrize("what, name", [("rules", "id"), ("parameters", "parameter")])
def test_listings_in_every_format(call, what, name):
    rows = json.loads(call("list", what, "--format", "json")[1])
    lines = list(csv.DictReader(io.StringIO(call("list", what, "--format", "csv")[1])))
    assert [row[name] for row in rows] == [line[name] for line in lines] and len(rows) > 10
    code, out, _ = call("list", what, "--lang", "en")
    assert code == 0 and all(row[name].partition(".")[0] in out for row in rows)


def test_listings_hold_codes_in_files_and_words_on_the_screen(call):
    (row,) = [row for row in json.loads(call("list", "rules", "--format", "json", "--lang", "zh")[1]) if row["id"] == "CON-002"]
    assert (row["status"], row["severity"], row["checks"]) == ("active", "medium", "contract")
    line = next(line for line in call("list", "rules", "--lang", "zh")[1].splitlines() if "CON-002" in line)
    assert "启用" in line and "合同" in line and "active" not in line


def test_a_parameter_shows_the_office_value_and_its_source(call):
    rows = json.loads(call("list", "parameters", "--office", CASE / "office", "--format", "json", "--lang", "zh")[1])
    values = [(row["value"], row["source"]) for row in rows if row["parameter"] == "WORKS-006.min_rate"]
    assert values[0][0] == 0.05 and values[0][1].startswith("演示用") and values[1] == (0.03, "规则")


def test_show_reads_a_rule_out(call):
    code, out, _ = call("show", "CON-002", "--lang", "zh")
    assert code == 0
    for words in ("先履行后签合同", "逐条检查：合同", "列为疑点：", "标准", "中华人民共和国合同法 第 32 条", "参数", "允许早于签约的天数：0天", "例子", "→ 疑点", "→ 无法检查",
                  "合同起始日期与各次验收的实际开工日期中最早者"):
        assert words in out
    assert call("show", "con-002", "--lang", "zh")[1] == out, "an id in small letters will do"


def test_show_the_file_as_it_is(call):
    path = next((ROOT / "rules" / "con").glob("CON-002-*.yml"))
    assert call("show", "CON-002", "--yaml")[1].strip() == path.read_text("utf-8").strip()


def test_explain_a_finding_of_the_report(call, case_database):
    code, out, err = call("explain", "chunshu-2019/3.5.1", "--db", case_database, "--lang", "zh")
    assert (code, err) == (0, "") and "已确认" in out


@pytest.mark.slow
def test_explain_tells_how_a_finding_went(call, copy):
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("UPDATE tender SET evaluated_on = '2019-05-08'")
        connection.commit()
    assert call("run", "--db", copy, "--lang", "zh")[0] == 0
    assert "第 2 批：不再出现（数据已改，待复核）" in call("explain", FINDING, "--db", copy, "--lang", "zh")[1]


@pytest.mark.slow
def test_lint_and_test_say_how_much_was_checked(call):
    code, out, err = call("lint", "--lang", "zh")
    assert (code, err) == (0, "") and re.fullmatch(r"规则 \d+ 条：错误 0 处，警告 \d+ 处，提示 \d+ 处。", out.splitlines()[-1])
    code, out, err = call("test", "CON-001", "PROC-001", "--lang", "en")
    assert (code, err) == (0, "") and re.fullmatch(r"2 rules, \d+ examples, all as expected\.\n", out)


def test_an_example_that_differs_ends_with_2_and_its_place(call, tmp_path):
    rule = next((ROOT / "rules" / "con").glob("CON-002-*.yml")).read_text("utf-8")
    (tmp_path / "rules" / "zz").mkdir(parents=True)
    (tmp_path / "rules" / "zz" / "ZZ-001-x.yml").write_text(rule.replace("id: CON-002", "id: ZZ-001").replace("expect: fail", "expect: pass", 1), "utf-8")
    code, out, err = call("test", "ZZ-001", "--office", tmp_path, "--lang", "zh")
    assert (code, out) == (2, "") and re.search(r"ZZ-001-x\.yml:\d+:\d+: \[E02\] 例“早五天.*应为 pass（通过），得到 fail（疑点）", err)


# --- one language on a screen

ALLOWED = re.compile(
    r"[A-Z]{2,6}-\d{3}|chunshu-2019(/[\w.]+)?|rules/[a-z]+/|[\w-]+\.(csv|yml|md)|PDA|SQL|--[a-z]+|https?://\S+"
    r"|/(quality|completion|works_payment|performance|joint)\b|budget_item/|\b[A-Z]\d*\b(?=[:：,，. ]|$)|[A-Z]\d?: ")


def _english(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z_]{2,}", ALLOWED.sub(" ", text)))


def test_the_screen_of_a_run_is_chinese(call, copy):
    # The last line is a command to type.
    assert _english(call("run", "--db", copy, "--lang", "zh")[1].rpartition("在网页中逐个查看：")[0]) == set()


@pytest.mark.slow
def test_the_screens_of_findings_are_chinese(call, case_database):
    with closing(sqlite3.connect(case_database)) as connection:
        found = connection.execute("SELECT id, evidence FROM findings WHERE origin = 'rule'").fetchall()
    left = {}
    for name, evidence in found:
        screen = call("explain", name, "--db", case_database, "--lang", "zh")[1]
        for key in [name, *(key for row in json.loads(evidence)["rows"] for key in row["keys"])]:
            screen = screen.replace(key, "")
        left[name] = _english(screen)
    assert {name: words for name, words in left.items() if words} == {}


@pytest.mark.slow
def test_the_screens_of_rules_are_chinese(call):
    names = [row["id"] for row in json.loads(call("list", "rules", "--format", "json")[1])]
    left = {name: words for name in names if (words := _english(call("show", name, "--lang", "zh")[1].partition("例子：")[0]))}
    assert left == {}


def test_listings_are_chinese(call):
    assert _english(call("list", "rules", "--lang", "zh")[1]) == set()
    # A parameter's own name is what an office writes in its parameters.yml.
    rows = json.loads(call("list", "parameters", "--format", "json", "--lang", "zh")[1])
    names = {part for row in rows for part in re.findall("[a-z_]+", row["parameter"])}
    words = _english(call("list", "parameters", "--lang", "zh")[1])
    assert {word for word in words if not any(word in name for name in names)} == set()


def test_the_screen_of_a_run_in_english_has_chinese_only_in_names(call, copy):
    out = call("run", "--db", copy, "--lang", "en")[1]
    assert "疑点" not in out and "无法检查" not in out and "未记录" not in out and "：" not in out.replace("三（三）", "")


def test_the_language_is_taken_from_anywhere_in_the_line():
    assert choose_language(["run", "--lang", "en"]) == "en" and choose_language(["--lang=zh", "run"]) == "zh"


# --- where the time goes

@pytest.mark.parametrize("language, title, step", [("zh", "各规则所用时间（秒）", "判定"), pytest.param("en", "Seconds by rule", "decide", marks=pytest.mark.slow)])
def test_profile_lists_every_rule_and_what_is_done_once(call, copy, language, title, step):
    code, out, _ = call("run", "--db", copy, "--lang", language, "--profile")
    assert code == 0 and title in out
    table = out[out.index(title):]
    assert step in table and "CON-001" in table and ("共用：建索引" if language == "zh" else "once: indexes") in table
    assert re.search(r"共用：contract，\d\d 条规则" if language == "zh" else r"once for contract: \d\d rules", table)
    assert title not in call("run", "--db", copy, "--lang", language)[1]


@pytest.mark.slow
def test_profile_as_json_gives_seconds_by_rule_and_step(call, copy):
    seconds = json.loads(call("run", "--db", copy, "--format", "json", "--profile")[1])["seconds"]
    steps = {item["step"] for item in seconds if item["rule_id"] == "CON-002"}
    assert {"decide", "take", "reasons", "stand_ins", "count", "evidence", "write"} == steps
    assert {item["step"] for item in seconds if item["rule_id"] is None} == {"indexes", "publish", "scan", "gather"}
    assert any(item["step"] == "scan" and item["of"] == "contract" and "CON-002" in item["rules"] for item in seconds)
    assert all(item["seconds"] >= 0 for item in seconds)
    assert "seconds" not in json.loads(call("run", "--db", copy, "--format", "json")[1])


def test_profile_and_csv_do_not_go_together(call, copy):
    code, _, err = call("run", "--db", copy, "--format", "csv", "--profile", "--lang", "en")
    assert code == 2 and "--profile does not go with --format csv" in err


@pytest.mark.parametrize(("language", "words", "problems"), [("zh", "还没有读入资料", "还没有读入任何资料"), ("en", "nothing was loaded", "Nothing is loaded")])
def test_no_leads_where_nothing_is_loaded_is_no_comfort(call, tmp_path, capsys, language, words, problems):
    file = tmp_path / "empty.db"
    with closing(open_database(file, create=True)) as connection:
        create_tables(connection, load_dictionary(ROOT / "records"))
    code, out, _ = call("run", "--db", file, "--lang", language)
    assert code == 0 and words in " ".join(out.split())
    assert run_commands(ingest.commands, ["problems", "--db", str(file), "--lang", language]) == 0
    assert problems in capsys.readouterr().out
