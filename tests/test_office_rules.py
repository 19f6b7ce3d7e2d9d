"""Rules, laws and values that an office keeps in a folder of its own, from the command line."""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from rich.console import Console

import ingest
from auditkb.database import create_tables, open_database
from auditkb.dictionary_files import load_dictionary
from auditkb.lifecycle import open_notes
from auditkb.linting.lint import lint
from auditkb.outputs.run_terminal import print_run
from auditkb.rules.load import load_rules
from auditkb.runs import RunReport
from command_line import run_commands

ROOT = Path(__file__).resolve().parents[1]
DICTIONARY = load_dictionary(ROOT / "records")
RULE = """\
id: OWN-001
title: {zh: 付款过迟, en: Paid late}
status: active
approved: {by: 审计科, on: 2026-11-22}
severity: low
category: payment/late
checks: payment
criteria:
  - {law: our-policy, article: "3", role: internal_policy}
rationale: {zh: 应及时付款。, en: Payment is made in time.}
parameters:
  last_day: {default: 1000, unit: yuan, label: {zh: 金额, en: Amount}}
fails_when: amount > :last_day
message: {zh: "{amount}元。", en: "{amount} yuan."}
evidence: [amount]
known_exceptions:
  - {zh: 没有。, en: None.}
cannot_see:
  - {zh: 没有登记的。, en: What is not recorded.}
examples:
  - {name: {zh: 多一元, en: one more}, given: {payment: {amount: 1001}}, expect: fail}
  - {name: {zh: 刚好, en: exactly}, given: {payment: {amount: 1000}}, expect: pass}
  - {name: {zh: 很少, en: little}, given: {payment: {amount: 1}}, expect: pass}
  - {name: {zh: 没有登记, en: not captured}, given: {payment: {}}, expect: not_evaluated, reason: missing:amount}
"""
POLICY = """\
our-policy:
  title: {zh: 本单位付款规定, en: Our payment rules}
  internal: true
  articles:
    "3": {says: {zh: 不超过一千元。, en: Not above a thousand.}}
"""


def office_of(folder: Path, rule: str = RULE, laws: str = POLICY) -> Path:
    """An office's folder with one rule and a register of its own."""
    (folder / "rules" / "own").mkdir(parents=True)
    (folder / "rules" / "own" / "OWN-001-paid-late.yml").write_text(rule, "utf-8")
    (folder / "rules" / "laws.yml").write_text(laws, "utf-8")
    return folder


def found_in(office: Path) -> list[tuple[str, str, int, str]]:
    """What lint finds in files of the office: code, file, line, text with its hint."""
    linted = lint(ROOT / "rules", DICTIONARY, office, only=sorted(office.rglob("*.yml")))
    return [(fault.code or "", Path(fault.file or "").name, fault.line or 0, fault.say("en")) for fault in linted.faults]


@pytest.fixture
def database(tmp_path: Path, loaded: Path) -> Path:
    """A copy of kb.db with two payments."""
    return Path(shutil.copy(loaded, tmp_path / "kb.db"))


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """kb.db with two payments, never run."""
    folder = tmp_path_factory.mktemp("office")
    (folder / "payment.csv").write_text("支付编号,支付金额（元）\nP1,1000.01\nP2,\n", "utf-8")
    assert run_commands(ingest.commands, ["records", str(folder / "payment.csv"), "--db", str(folder / "kb.db")]) == 0
    return folder / "kb.db"


# laws

def test_a_policy_that_is_not_registered_is_refused_with_the_place_for_it(tmp_path):
    ((code, file, line, text),) = found_in(office_of(tmp_path, laws=POLICY.replace("our-policy", "other-policy")))
    assert (code, file, line) == ("L01", "OWN-001-paid-late.yml", 9) and "a policy of an office to rules/laws.yml in its folder" in text


@pytest.mark.slow
def test_an_office_adds_its_own_policies(tmp_path):
    assert found_in(office_of(tmp_path)) == []
    rule_set = load_rules(ROOT / "rules", DICTIONARY, tmp_path)
    assert rule_set.laws.root["our-policy"].internal and "civil-code" in rule_set.laws.root


def test_a_law_of_an_office_that_nobody_read_is_noted_in_its_own_file(tmp_path):
    ((code, file, line, _),) = found_in(office_of(tmp_path, laws=POLICY.replace("  internal: true\n", "")))
    assert (code, file, line) == ("L31", "laws.yml", 4)


@pytest.mark.parametrize(("entry", "codes"), [
    ("purchasing-policy:\n  title: {zh: 本街道采购办法, en: Our purchasing rules}\n  internal: true\n", []),
    ("civil-code:\n  title: {zh: 民法典, en: Civil code}\n  internal: true\n", ["L03"]),
    ("purchasing-policy:\n  title: {zh: 本街道采购办法, en: Our purchasing rules}\n", ["L03"]),
])
def test_an_office_replaces_what_stands_for_its_own_policies_and_no_law(tmp_path, entry, codes):
    found = [line for line in lint(ROOT / "rules", DICTIONARY, office_of(tmp_path, laws=POLICY + entry), only=[ROOT / "rules" / "laws.yml", tmp_path / "rules" / "laws.yml"]).faults
             if line.severity == "error"]
    assert [fault.code for fault in found] == codes and all(fault.line == 6 for fault in found)
    if not codes:
        assert load_rules(ROOT / "rules", DICTIONARY, tmp_path).laws.root["purchasing-policy"].title.zh == "本街道采购办法"


def test_a_broken_register_of_an_office_is_reported_whole(tmp_path):
    found = found_in(office_of(tmp_path, laws="our-policy:\n  titel: {zh: 规定, en: Rules}\n"))
    assert {code for code, file, *_ in found if file == "laws.yml"} == {"F01", "F02"}


@pytest.mark.slow
def test_a_policy_is_called_one_and_never_unverified(call, tmp_path, database):
    office = office_of(tmp_path)
    shown = call("show", "OWN-001", "--office", office, "--lang", "zh")[1]
    assert "· 本单位付款规定 第 3 条（单位内部制度）" in shown and "未核验" not in shown
    assert call("run", "--db", database, "--office", office, "--lang", "en")[0] == 0
    explained = call("explain", "OWN-001:P1", "--db", database, "--lang", "en")[1]
    assert "Our payment rules article 3 (the office's own policy): Not above a thousand." in explained and "not verified" not in explained
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT title_zh, article, internal, verified FROM laws WHERE id = 'our-policy/3'").fetchall() == [("本单位付款规定", "3", 1, None)]
        assert connection.execute("SELECT COUNT(*) FROM laws WHERE internal = 0 AND verified IS NULL").fetchone() == (0,)


# rules

def test_a_rule_of_an_office_is_asked_for_with_its_folder(call):
    code, _, err = call("test", "OWN-001", "--lang", "en")
    assert code == 2 and "for a rule of an office's own give --office DIR" in err


@pytest.mark.parametrize(("status", "code"), [("active", 2), ("draft", 0), *(pytest.param(*case, marks=pytest.mark.slow) for case in (("trial", 2), ("retired", 0)))])
def test_nothing_runs_while_an_example_of_an_office_differs(call, tmp_path, database, status, code):
    rule = RULE.replace("status: active", f"status: {status}").replace("amount: 1001}}, expect: fail", "amount: 1001}}, expect: pass")
    found, out, err = call("run", "--db", database, "--office", office_of(tmp_path, rule), "--lang", "en")
    assert found == code
    assert ("[E02]" in err and not out) if code else "OWN-001:P1" not in out


@pytest.mark.slow
def test_values_of_the_office_do_not_make_its_examples_differ(call, tmp_path, database):
    office = office_of(tmp_path)
    (office / "parameters.yml").write_text("OWN-001.last_day:\n  - {value: 5, source: {zh: 制度, en: policy}}\n", "utf-8")
    assert call("run", "--db", database, "--office", office)[0] == 0


@pytest.mark.slow
def test_a_run_says_which_drafts_were_left_out(call, tmp_path, database):
    office = office_of(tmp_path, RULE.replace("status: active", "status: draft"))
    assert "草稿 1 条没有运行：OWN-001" in call("run", "--db", database, "--office", office, "--lang", "zh")[1]
    _, out, err = call("run", "--db", database, "--office", office, "--lang", "en", "--format", "json")
    assert json.loads(out) and "1 draft is not run: OWN-001" in err


@pytest.mark.parametrize(("reasons", "limit", "end"), [
    (5, 50, "1 more reason"), *(pytest.param(*case, marks=pytest.mark.slow) for case in (
        (4, 50, "Payee: not recorded (1)"), (6, 1, "2 more reasons"), (6, 0, "Purpose: not recorded (1)")))])
def test_reasons_beyond_four_are_counted_or_listed(tmp_path, reasons, limit, end):
    rule = load_rules(ROOT / "rules", DICTIONARY, office_of(tmp_path)).rules["OWN-001"]
    names = ["paid_on", "amount", "contract", "payee", "number", "purpose"][:reasons]
    report = RunReport(rules={"OWN-001": rule}, counts=Counter({("OWN-001", None, "not_evaluated", ""): 1}
                       | {("OWN-001", None, "not_evaluated", f"missing:{name}"): 1 for name in names}))
    screen = Console(file=io.StringIO(), width=300)
    with closing(open_database(":memory:", create=True)) as connection:
        create_tables(connection, DICTIONARY)
        open_notes(connection)
        print_run(screen, connection, report, DICTIONARY, "en", limit=limit)
    (line,) = [line for line in screen.file.getvalue().splitlines() if "not recorded" in line]
    assert line.rstrip(" │").endswith(end) and ("All reasons: --limit 0" in screen.file.getvalue()) is ("more reason" in end)


@pytest.mark.slow
def test_lint_shows_the_office_first_and_counts_the_notes_of_the_project(call, tmp_path):
    office = office_of(tmp_path, RULE.replace("cannot_see:", "amount: amount\ncannot_see:"), POLICY.replace("  internal: true\n", ""))
    code, out, _ = call("lint", "--office", office, "--lang", "en")
    lines = out.splitlines()
    assert code == 0 and [line.split("[")[1][:3] for line in lines[:-1]] == ["L31", "F21"] and all("OWN-001" in line or "laws.yml" in line for line in lines[:-1])
    assert "of them outside the office's folder, not listed)." in lines[-1]
    rows = json.loads(call("lint", "--office", office, "--format", "json")[1])
    assert len(rows) > 10 and {row["code"] for row in rows[:2]} == {"L31", "F21"}
