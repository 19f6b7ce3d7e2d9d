"""A fault in a rule: its place, what is wrong and what to write instead, all at once, and nothing is run.

The rules stand in an office's folder, so that the project's own are checked beside them.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import checks
from auditkb.database import create_tables, open_database
from auditkb.dictionary_files import load_dictionary
from auditkb.errors import Fault, KnowledgeBaseError
from auditkb.rules.load import load_rules
from command_line import run_commands

ROOT = Path(__file__).resolve().parents[1]
CODE = re.compile(r"\[[A-Z][0-9]{2}\] ")
RULE = """\
id: ZZ-001
title: {zh: 先履行后签合同, en: Performance starts before signing}
status: active
approved: {by: 审计科, on: 2026-11-22}
severity: {default: medium, high_when: category = 'works'}
category: contract/date-order
checks: contract
event_date: [signed_on, starts_on]
criteria:
  - {law: contract-law-1999, article: "32"}
rationale: {zh: 应先签合同。, en: A contract is signed first.}
parameters:
  grace_days: {default: 0, unit: days}
assumes:
  is_framework: false
applies_when: not is_framework
let:
  began_on: least(starts_on, min(acceptance.works_started_on))
  days_early: days_between(began_on, signed_on)
fails_when: days_early > :grace_days
exempt_by: [framework]
message:
  zh: 早{days_early}天，{signed_on}签订
  en: "{days_early} days early, signed on {signed_on}"
evidence: [number, signed_on, acceptance]
amount: amount
examples:
  - name: {zh: 早五天, en: five days early}
    given: {contract: {starts_on: 2019-05-15, signed_on: 2019-05-20}}
    expect: fail
"""


@pytest.fixture(scope="module")
def dictionary():
    return load_dictionary(ROOT / "records")


@pytest.fixture
def project(tmp_path):
    """A folder of rules with the law register and nothing else."""
    folder = tmp_path / "rules"
    (folder / "zz").mkdir(parents=True)
    shutil.copy(ROOT / "rules" / "laws.yml", folder)
    return folder


@pytest.fixture
def faults(project, dictionary):
    """A function: the faults of the rule with one piece of its text replaced (`old` must stand in it once)."""

    def of(old: str, new: str) -> list[Fault]:
        assert RULE.count(old) == 1, old
        (project / "zz" / "ZZ-001-try.yml").write_text(RULE.replace(old, new), "utf-8")
        with pytest.raises(KnowledgeBaseError) as caught:
            load_rules(project, dictionary)
        return caught.value.faults

    return of


def test_the_rule_is_sound_before_it_is_broken(project, dictionary):
    (project / "zz" / "ZZ-001-try.yml").write_text(RULE, "utf-8")
    assert list(load_rules(project, dictionary).rules) == ["ZZ-001"]


# What is replaced, what stands there instead, the place, and what is said in both languages.
TEN = {
    "unknown key": ("exempt_by:", "exempt_buy:", "21:1", "不认识的键“exempt_buy”；是否想写：exempt_by", 'unknown key "exempt_buy"; did you mean: exempt_by'),
    "unknown field": ("days_between(began_on, signed_on)", "days_between(began_on, singed_on)", "19:38",
                      "“合同”（contract）没有字段“singed_on”；是否想写：signed_on", 'contract has no field "singed_on"; did you mean: signed_on'),
    "mixed types": ("days_early > :grace_days", "days_early > :grace_days and amount > signed_on", "20:42",
                    "类型不同：不能把金额与日期比较；同为金额的字段：amount", "cannot compare money with a date; fields that hold money: amount"),
    "bracket": ("days_between(began_on, signed_on)", "days_between(began_on, signed_on", "19:27",
                "括号没有配对；左括号 1 个，右括号 0 个", "brackets do not match; 1 opening, 0 closing"),
    "duplicate key": ("checks: contract\n", "checks: contract\nchecks: invoice\n", "8:1",
                      "键“checks”重复（首次出现在第 7 行）", 'key "checks" appears twice (first on line 7)'),
    "bad date": ("on: 2026-11-22", "on: 2026-11-31", "4:25", "没有这一天：2026-11-31；日期写作 2019-02-21", "there is no such day: 2026-11-31; write a date as 2019-02-21"),
    "unknown parameter": ("> :grace_days", "> :grace_day", "20:26", "没有声明参数“grace_day”；是否想写：grace_days", 'parameter "grace_day" is not declared; did you mean: grace_days'),
    "unknown law": ("law: contract-law-1999", "law: contract-law-1998", "10:11",
                    "法规库中没有“contract-law-1998”；是否想写：contract-law-1999", 'the law register has no "contract-law-1998"; did you mean: contract-law-1999'),
    "wrong choice of a key": ("default: medium", "default: hihg", "5:21", "“severity.default”的值“hihg”不在可用范围；可用：high, medium, low, info",
                              'severity.default: "hihg" is not one of the choices; allowed: high, medium, low, info'),
    "tab": ("  days_early: days", "\tdays_early: days", "19:1", "YAML 中不能用制表符，请改用空格", "a tab is not allowed in YAML; use spaces"),
}


def _office_of_ten(folder: Path) -> Path:
    (folder / "rules" / "zz").mkdir(parents=True)
    for number, (old, new, *_) in enumerate(TEN.values(), 1):
        text = RULE.replace("ZZ-001", f"ZZ-{number:03d}").replace(old, new)
        (folder / "rules" / "zz" / f"ZZ-{number:03d}-try.yml").write_text(text, "utf-8")
    return folder


@pytest.mark.parametrize(("command", "language"), [("run", "zh"), ("lint", "en"), *(
    pytest.param(command, language, marks=pytest.mark.slow) for command, language in (("run", "en"), ("lint", "zh"), ("test", "zh"), ("test", "en"), ("list", "zh"), ("list", "en")))])
def test_ten_faults_in_ten_files_are_ten_lines_and_nothing_is_run(tmp_path, monkeypatch, capsys, language, command):
    _office_of_ten(tmp_path / "office")
    with closing(open_database(tmp_path / "kb.db", create=True)) as connection:
        create_tables(connection, load_dictionary(ROOT / "records"))
    monkeypatch.chdir(tmp_path)
    more = {"list": ["rules"]}.get(command, [])
    assert run_commands(checks.commands, [command, *more, "--office", "office", "--lang", language]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    expected = [f"office/rules/zz/ZZ-{number:03d}-try.yml:{place}: {zh if language == 'zh' else en}"
                for number, (_, _, place, zh, en) in enumerate(TEN.values(), 1)]
    lines = [CODE.sub("", line) for line in err.splitlines()]
    assert len(lines) == len(expected) == 10
    assert all(CODE.search(line) for line in err.splitlines())
    for line, start in zip(lines, expected, strict=True):
        assert line.startswith(start)
    with closing(sqlite3.connect(tmp_path / "kb.db")) as connection:
        assert connection.execute("SELECT COUNT(*) FROM runs").fetchone() == (0,)
        assert connection.execute("SELECT COUNT(*) FROM rules").fetchone() == (0,)


def test_files_named_to_lint_are_checked_with_the_rest(tmp_path, capsys):
    office = _office_of_ten(tmp_path)
    files = [str(office / "rules" / "zz" / f"ZZ-{number:03d}-try.yml") for number in (1, 2)]
    assert run_commands(checks.commands, ["lint", *files, "--lang", "en"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2 and "exempt_buy" in lines[0] and "singed_on" in lines[1]


REFUSED = {
    "(select count(*) from contract) > 1": (1, "a query (select) is not allowed in an expression"),
    "amount > 1 and load_extension('evil') = 1": (15, 'there is no function "load_extension"'),
    "count(sqlite_master) > 0": (6, 'contract has no field "sqlite_master"'),
    "amount > 1 or sqlite_master.sql = 'x'": (14, 'contract has no field "sqlite_master"'),
    "attach 'x.db' as x": (0, "attach is not allowed in an expression"),
    "amount > 1 or pragma user_version": (14, "pragma is not allowed in an expression"),
    "signed_on is null": (10, "NULL cannot be compared; what is not recorded is unknown by itself"),
    "amount > 1 and signed_on is not null": (25, "NULL cannot be compared; what is not recorded is unknown by itself"),
    "amount > 1 and amount = null": (24, "NULL cannot be compared; what is not recorded is unknown by itself"),
    "is_framework is true": (13, "is does not belong to the rule language"),
    "is_framework or 1 < amount < 5": (16, "comparisons cannot be chained"),
    "amount > 100_000": (9, "no underscore or letter in a number: 100_000"),
    "amount > 0x10": (9, "no underscore or letter in a number: 0x10"),
    "amount > 3 limit_amount": (11, '"limit_amount" is left over: no alias is allowed'),
    "amount > 3 as big": (14, '"big" is left over: no alias is allowed'),
    "title like '%路%'": (6, "text cannot be matched by a pattern (like)"),
    "amount > 1; amount > 2": (10, "one expression only; no semicolon"),
    "amount > 1, amount > 2": (10, "cannot be read here: ,"),
    "amount > 1 and category = 'road'": (26, '"road" is not a choice of contract.category'),
    "category in ('works', 'road')": (22, '"road" is not a choice of contract.category'),
    "signed_on = '2019-02-21'": (12, "write a date as date '2019-02-21'"),
    "signed_on > date '2019-02-30'": (17, "there is no such day: 2019-02-30"),
    "amount > 1 and coalesce(amount, 0) > 1": (15, 'there is no function "coalesce"'),
    "ifnull(amount, 0) > 1": (0, 'there is no function "ifnull"'),
    "iif(is_framework, 1, 2) > 1": (0, 'there is no function "iif"'),
    "amount > 1 and cast(amount as integer) > 1": (15, "no casts; a date is written date '2017-07-01'"),
    "signed_on > current_date": (12, "the clock (current_date) is not read in an expression"),
    "random() > 1": (0, 'there is no function "random"'),
    "max(1, 2) > 1": (0, 'there is no function "max"'),
    "amount == 1": (7, "write = for equality"),
    "amount != 1": (7, "write <> for inequality"),
    "amount > 1 -- why": (11, "comments are not allowed in an expression"),
    "amount || title = 'x'": (7, "unknown symbol ||"),
    "amount ＞ 1": (7, "full-width sign ＞"),
    "title = ‘甲’": (8, "full-width sign ‘"),
    "category = 'works": (11, "a quote is not closed"),
    "(amount > 1": (0, "brackets do not match"),
    "amount > 1)": (10, "brackets do not match"),
    "count(acceptance) over () > 1": (18, "over is not allowed in an expression"),
    "_covered = ''": (0, 'contract has no field "_covered"'),
    "rowid > 1": (0, 'contract has no field "rowid"'),
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_not_in_the_language_is_refused_with_its_place(faults, text):
    offset, words = REFUSED[text]
    quoted = "'" + text.replace("'", "''") + "'"
    fault = faults("fails_when: days_early > :grace_days", f"fails_when: {quoted}")[0]
    # `fails_when: '` is 13 characters; a doubled quote in YAML takes one column more.
    assert (fault.line, fault.column) == (20, 14 + offset + text[:offset].count("'"))
    assert fault.text.en == words
    assert re.search("[\u4e00-\u9fff]", fault.text.zh)


# What is replaced, what stands there instead, and the text at which the fault's line and column must point.
PLACES = {
    "plain": ("applies_when: not is_framework", "applies_when: not is_framewrk", "is_framewrk"),
    "double quotes": ("applies_when: not is_framework", 'applies_when: "not is_framewrk"', 'is_framewrk"'),
    "single quotes with quotes inside": ("applies_when: not is_framework", "applies_when: 'category = ''works'' and is_framewrk'", "is_framewrk'"),
    "plain text on two lines": ("applies_when: not is_framework", "applies_when: not is_framework\n  and amount > 1 and is_framewrk", "is_framewrk"),
    "folded block": ("applies_when: not is_framework", "applies_when: >-\n  amount > 1\n  and amount > 2\n  and is_framewrk", "is_framewrk"),
    "literal block": ("applies_when: not is_framework", "applies_when: |\n  amount > 1\n  and is_framewrk", "is_framewrk"),
    "severity": ("high_when: category = 'works'", "high_when: category = 'work'", "'work'}"),
    "message": ("{signed_on}签订", "{singed_on}签订", "singed_on}签订"),
    "message in quotes": ("signed on {signed_on}", "signed on {singed_on}", 'singed_on}"'),
    "path in a message": ("signed on {signed_on}", "signed on {project.budgt}", 'budgt}"'),
    "let in a message": ("早{days_early}天", "早{days_erly}天", "days_erly}天"),
    "evidence": ("signed_on, acceptance]", "signed_on, acceptanc]", "acceptanc]"),
    "evidence inside a path": ("signed_on, acceptance]", "signed_on, project.nam]", "nam]"),
    "event date": ("event_date: [signed_on, starts_on]", "event_date: [signed_on, start_on]", "start_on]"),
    "event date that is money": ("event_date: [signed_on, starts_on]", "event_date: [signed_on, amount]", "amount]"),
    "event date below": ("event_date: [signed_on, starts_on]", "event_date: [signed_on, acceptance.signed_on]", "acceptance.signed_on]"),
    "event date that is computed": ("event_date: [signed_on, starts_on]", "event_date: [signed_on, min(acceptance.signed_on)]", "min(acc"),
    "event date that is a let": ("event_date: [signed_on, starts_on]", "event_date: [signed_on, began_on]", "began_on]"),
    "event date alone": ("event_date: [signed_on, starts_on]", "event_date: sined_on", "sined_on"),
    "article": ('article: "32"', 'article: "3200"', '"3200"'),
    "exemption": ("exempt_by: [framework]", "exempt_by: [frame]", "frame]"),
    "assumption": ("  is_framework: false", "  is_framework: nothing", "nothing"),
    "assumption of another type": ("  is_framework: false", "  is_framework: 3", "3"),
    "amount": ("amount: amount", "amount: amuont", "amuont"),
    "record type": ("checks: contract", "checks: contrct", "contrct"),
    "let named like a field": ("  began_on: least(", "  starts_on: least(", "starts_on: least"),
    "let named in capitals": ("  began_on: least(", "  Began: least(", "Began: least"),
    "parameter of another type": ("{default: 0, unit: days}", "{default: soon, unit: days}", "soon"),
    "unknown unit": ("{default: 0, unit: days}", "{default: 0, unit: day}", "day}"),
    "parameter's row": ("{default: 0, unit: days}", "{unit: days, by: [category], rows: [{categry: works, value: 3}], else: 0}", "categry"),
    "choice in a parameter's row": ("{default: 0, unit: days}", "{unit: days, by: [category], rows: [{category: work, value: 3}], else: 0}", "work, value"),
    "value in a parameter's row": ("{default: 0, unit: days}", "{unit: days, by: [category], rows: [{category: works, value: x}], else: 0}", "x}], else"),
    "id": ("id: ZZ-001", "id: zz1", "zz1"),
    "expected outcome": ("expect: fail", "expect: fial", "fial"),
    "flag for text": ("checks: contract", "checks: true", "true"),
    "anchor": ("checks: contract", "checks: &c contract", "&c"),
    "tag": ("checks: contract", "checks: !!str contract", "!!str"),
    "expression split at its comma": ("let:\n  began_on: least(starts_on, min(acceptance.works_started_on))\n  days_early: days_between(began_on, signed_on)",
                                      "let: {began_on: starts_on, days_early: days_between(began_on, signed_on)}", "}"),
    "colon in text": ("rationale: {zh: 应先签合同。, en: A contract is signed first.}", "rationale: first: a contract", ": a contract"),
    "full-width colon": ("rationale: {zh: 应先签合同。", "rationale: {zh：应先签合同。", "zh：应先签合同。"),
}


@pytest.mark.parametrize("wrong", ["acceptance.signed_on", "min(acceptance.signed_on)", "began_on", "amount"])
def test_an_event_date_that_cannot_be_says_what_can(faults, wrong):
    (fault,) = faults("event_date: [signed_on, starts_on]", f"event_date: [signed_on, {wrong}]")
    assert fault.code == "R05" and fault.text.en == f'"{wrong}" cannot be the event date'
    assert "of the record or of a record above it" in fault.hint.en and "min(" not in fault.hint.en and "上级记录" in fault.hint.zh


@pytest.mark.parametrize("case", PLACES)
def test_a_fault_is_where_a_person_would_point(faults, case):
    old, new, pointed = PLACES[case]
    lines = RULE.replace(old, new).splitlines()
    found = faults(old, new)
    assert any(lines[fault.line - 1][fault.column - 1:].startswith(pointed) for fault in found), [fault.say("en") for fault in found]
    for fault in found:
        assert fault.file is not None and fault.file.endswith("rules/zz/ZZ-001-try.yml")
        assert not re.search(r"[a-z]{4,} [a-z]{4,} [a-z]{2,}", fault.text.zh), "English words in the Chinese message"
        assert "literal[" not in fault.text.en and "dict[" not in fault.text.en


def test_what_rests_on_a_broken_let_is_not_called_unknown(faults):
    (fault,) = faults("least(starts_on, min(acceptance.works_started_on))", "least(starts_on, min(acceptance.works_startd_on))")
    assert (fault.line, fault.column) == (18, 45)


def test_a_circle_of_lets_is_said_once(faults):
    (fault,) = faults("least(starts_on, min(acceptance.works_started_on))", "add_days(signed_on, days_early)")
    assert fault.text.en == '"began_on" depends on itself' and (fault.line, fault.column) == (18, 3)


def test_an_expression_split_at_its_comma_is_told_to_be_quoted(faults):
    found = faults("let:\n  began_on: least(starts_on, min(acceptance.works_started_on))\n  days_early: days_between(began_on, signed_on)",
                   "let: {began_on: starts_on, days_early: days_between(began_on, signed_on)}")
    assert any(fault.hint is not None and "quotes" in fault.hint.en and "引号" in fault.hint.zh for fault in found)


def test_all_faults_of_one_file_are_said(faults):
    found = faults("evidence: [number, signed_on, acceptance]\namount: amount", "evidence: [numbr, signed_on, acceptanc]\namount: amuont")
    assert [(fault.line, fault.column) for fault in found] == [(25, 12), (25, 30), (26, 9)]


def test_the_id_begins_the_file_name_and_is_used_once(project, dictionary):
    (project / "zz" / "ZZ-002-other.yml").write_text(RULE, "utf-8")
    (project / "zz" / "ZZ-001-try.yml").write_text(RULE, "utf-8")
    with pytest.raises(KnowledgeBaseError) as caught:
        load_rules(project, dictionary)
    assert [fault.text.en for fault in caught.value.faults][0] == 'the id "ZZ-001" is not the beginning of the file name'
    assert "is used by" in caught.value.faults[1].text.en


def test_an_office_parameter_of_no_rule_or_another_type_is_refused(tmp_path, capsys):
    (tmp_path / "parameters.yml").write_text(
        "CON-002.grace_day:\n  - {value: 3, source: {zh: 制度, en: policy}}\nCON-002.grace_days:\n  - {value: three, source: {zh: 制度, en: policy}}\n", "utf-8")
    assert run_commands(checks.commands, ["lint", "--office", str(tmp_path), "--lang", "zh"]) == 2
    lines = [CODE.sub("", line) for line in capsys.readouterr().err.splitlines()]
    assert [line.partition("parameters.yml:")[2] for line in lines] == [
        "1:1: 没有规则参数“CON-002.grace_day”；是否想写：" + lines[0].rpartition("：")[2], "4:13: “three”不是整数"]
    assert "CON-002.grace_days" in lines[0]


def test_lint_names_unknown_fields_of_examples(tmp_path, capsys):
    (tmp_path / "rules" / "zz").mkdir(parents=True)
    (tmp_path / "rules" / "zz" / "ZZ-001-try.yml").write_text(RULE.replace("{starts_on: 2019-05-15, ", "{start_on: 2019-05-15, "), "utf-8")
    assert run_commands(checks.commands, ["lint", "--office", str(tmp_path), "--lang", "en"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert re.search(r'ZZ-001-try\.yml:29:\d+: \[E01\] example "five days early": contract has no field "start_on"; did you mean: .*starts_on', line)
