"""Lint: each code has a rule that raises it and nothing else, at its place; mending keeps comments and meaning."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest

import checks
from auditkb.dictionary_files import load_dictionary
from auditkb.examples import run_examples
from auditkb.linting.codes import CHECKS, severity_of
from auditkb.linting.form import KEYS, fixed
from auditkb.linting.lint import lint
from auditkb.rules.load import load_rules, rule_files
from auditkb.yaml_files import parse_yaml, read_yaml
from command_line import run_commands

# The plain run keeps to what a change breaks first; these take their time.
pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
DICTIONARY = load_dictionary(ROOT / "records")
RULE = """\
# Above the first key.
id: ZZ-001
title: {zh: 备案过迟, en: Filed late}
status: active
approved: {by: 审计科, on: 2026-11-22}
severity: {default: medium, high_when: category = 'works'}
category: contract/filing
checks: contract
event_date: [signed_on]
criteria:
  - {law: contract-policy, role: internal_policy}
  - {law: civil-code, article: "509"}
rationale: {zh: 应及时备案。, en: Contracts are filed in good time.}
# What is allowed.
parameters:
  max_days: {default: 30, unit: days, label: {zh: 期限, en: Days allowed}}
assumes: {is_framework: false}
applies_when: not is_framework
let:
  days: days_between(signed_on, filed_on)   # the first day is not counted
labels:
  days: {zh: 天数, en: Days}
fails_when: days > :max_days
exempt_by: [framework]
message: {zh: "相隔{days}天，期限{max_days}天。", en: "{days} days; {max_days} are allowed."}
evidence: [number, signed_on, filed_on]
amount: amount
known_exceptions:
  - {zh: 系统停用的。, en: The system was down.}
cannot_see:
  - {zh: 没有登记的。, en: What is not recorded.}
examples:
  - name: {zh: 多一天, en: a day late}
    given: {contract: {signed_on: 2025-03-01, filed_on: 2025-04-01}}
    expect: fail
  - name: {zh: 刚好, en: on the last day}
    given: {contract: {signed_on: 2025-03-01, filed_on: 2025-03-31}}
    expect: pass
  - name: {zh: 没有登记, en: not captured}
    given: {contract: {signed_on: 2025-03-01}}
    expect: not_evaluated
  - name: {zh: 框架, en: framework agreement}
    given: {contract: {is_framework: true, signed_on: 2025-03-01, filed_on: 2025-04-01}}
    expect: not_applicable
  - name: {zh: 登记了例外, en: exempted}
    given: {contract: {id: C, signed_on: 2025-03-01, filed_on: 2025-04-01}}
    exempt: [[C, framework]]
    expect: exempt
"""
LAWS = """\
contract-policy: {title: {zh: 制度, en: Policy}, internal: true}
civil-code:
  title: {zh: 民法典, en: Civil Code}
  from: 2021-01-01
  articles:
    "509": {verified: true, says: {zh: 应全面履行。, en: Duties are performed in full.}}
"""
PEERS = RULE.replace("exempt_by: [framework]\n", "").replace(RULE[RULE.index("  - name: {zh: 登记了例外"):], "") \
    .replace("applies_when:", "peers: {same: [supplier]}\napplies_when:").replace("applies_when: not is_framework\n", "applies_when: not is_framework and near >= 0\n") \
    .replace("let:\n", "let:\n  near: count(peers) filter (where peers.title = title)\n")


def made(folder: Path, text: str = RULE, name: str = "ZZ-001-try.yml", laws: str = LAWS) -> Path:
    """A folder of rules with a law register and one rule more."""
    (folder / "zz").mkdir(parents=True, exist_ok=True)
    (folder / "laws.yml").write_text(laws, "utf-8")
    (folder / "zz" / name).write_bytes(text.encode())
    return folder


def linted(folder: Path, **more):
    return lint(folder, DICTIONARY, **more).faults


def test_the_rule_is_sound_before_it_is_broken(tmp_path):
    assert [fault.say("en") for fault in linted(made(tmp_path))] == []
    rule = load_rules(tmp_path, DICTIONARY).rules["ZZ-001"]
    assert [fault.say("en") for result in run_examples(rule, DICTIONARY) for fault in result.faults] == []


LAST = RULE[RULE.index("  - name: {zh: 登记了例外"):]
EXACT = RULE[RULE.index("  - name: {zh: 刚好"):RULE.index("  - name: {zh: 没有登记, en: not captured")]
FRAMEWORK = RULE[RULE.index("  - name: {zh: 框架"):RULE.index("  - name: {zh: 登记了例外")]
UNKNOWN = RULE[RULE.index("  - name: {zh: 没有登记, en"):RULE.index("  - name: {zh: 框架")]
# Code -> what is replaced, what stands there instead, and the text at which the finding points ("" for the end of the line).
ONE: dict[str, tuple[str, str, str]] = {
    "Y02": ("  days: days_between", "\tdays: days_between", "\tdays"),
    "Y03": ("rationale: {zh: 应及时备案。,", "rationale: first: {zh: 应及时备案。,", ": {zh: 应"),
    "Y04": ("checks: contract", "checks: &c contract", "&c"),
    "Y05": ("checks: contract\n", "checks: contract\nchecks: contract\n", "checks: contract\nevent"),
    "Y06": ("category: contract/filing", "category: contract/filing\n? [a]\n: b", "[a]"),
    "Y07": ("on: 2026-11-22", "on: 2026-11-31", "2026-11-31"),
    "F01": ("exempt_by:", "exempt_buy:", "exempt_buy"),
    "F02": ("rationale: {zh: 应及时备案。, en: Contracts are filed in good time.}\n", "", "id: ZZ"),
    "F03": ("checks: contract", "checks: true", "true"),
    "F04": ("status: active", "status: actve", "actve"),
    "F05": ("id: ZZ-001", "id: zz1", "zz1"),
    "F21": ("checks: contract\nevent_date: [signed_on]", "event_date: [signed_on]\nchecks: contract", "event_date"),
    "F22": ("checks: contract\n", "checks: contract  \n", "  \nevent"),
    "X01": ("days > :max_days\n", "(days > :max_days\n", "(days"),
    "X02": ("days > :max_days\n", "days > :max_days" + " and days > :max_days" * 250 + "\n", "days > :max_days and"),
    "X03": ("not is_framework\n", "not is_framework and signed_on is null\n", "is null"),
    "X04": ("days_between(signed_on, filed_on)", "days_between(signed_on, filled_on)", "filled_on"),
    "X05": ("days > :max_days\n", "days > :max_days and days > :most_days\n", ":most_days"),
    "X06": ("not is_framework\n", "not is_framework and coalesce(amount, 0) > 1\n", "coalesce"),
    "X07": ("not is_framework\n", "not is_framework and amount > signed_on\n", "amount > signed_on"),
    "X08": ("category = 'works'", "category = 'work'", "'work'"),
    "X09": ("not is_framework\n", "not is_framework and signed_on > '2019-01-01'\n", "'2019-01-01'"),
    "X10": ("not is_framework\n", "not is_framework and payment.amount > 1\n", "payment.amount"),
    "X11": ("not is_framework\n", "not is_framework and count(peers) > 1\n", "peers"),
    "X12": ("not is_framework\n", "not is_framework and status_note = 'x'\n", "status_note"),
    "R01": ("checks: contract", "checks: contrct", "contrct"),
    "R02": ("let:\n", "let:\n  ends_on: days\n", "ends_on: days"),
    "R03": ("let:\n", "let:\n  more: more + 1\n", "more: more"),
    "R04": ("assumes:", "peers: {same: [supplier], within_days: 5}\nassumes:", "within_days"),
    "R05": ("event_date: [signed_on]", "event_date: [amount]", "amount]"),
    "R06": ("{is_framework: false}", "{is_framework: 3}", "3}"),
    "R07": ("[framework]", "[frame]", "frame]"),
    "R08": ("event_date: [signed_on]\n", "event_date: [signed_on]\nvalid: {from: 2020-01-02, to: 2020-01-01}\n", "2020-01-01}"),
    "R21": ("let:\n", "let:\n  spare: amount * 2\n", "spare"),
    "R22": ("labels:\n  days: {zh: 天数, en: Days}\n", "", "days: days_between"),
    "R23": ("fails_when: days > :max_days\n", "fails_when: days > :max_days and amount < 0\n", "days > :max_days and"),
    "R24": ("not is_framework\n", "not is_framework and category = 'works' and category = 'goods'\n", "not is_framework and"),
    "R26": ("event_date: [signed_on]\n", "", "criteria"),
    "R27": ("approved: {by: 审计科, on: 2026-11-22}\n", "", "active"),
    "R28": ("labels:\n", "labels:\n  spare: {zh: 多余, en: Left over}\n", "spare"),
    "R29": ("unit: days,", "unit: workdays,", "days > :max_days"),
    "P01": ("{default: 30,", "{default: soon,", "soon"),
    "P02": ("{default: 30,", "{by: [category], rows: [{kategory: works, value: 3}], else: 30,", "kategory"),
    "P21": ("parameters:\n", "parameters:\n  spare: {default: 1, unit: days, label: {zh: 多余, en: Left over}}\n", "spare"),
    "P22": ("unit: days, label: {zh: 期限, en: Days allowed}}", "unit: days}", "max_days: {default"),
    "P23": ("{default: 30,", "{rows: [{from: 2019-01-01, to: 2025-12-31, value: 30}, {from: 2025-12-31, value: 30}],", "{from: 2025-12-31"),
    "P24": ("{default: 30,", "{default: 30, at_most: '20',", "30, at_most"),
    "L01": ('article: "509"', 'article: "5090"', '"5090"'),
    "L21": ('criteria:\n  - {law: contract-policy, role: internal_policy}\n  - {law: civil-code, article: "509"}\n', "", "ZZ-001"),
    "S23": ("系统停用的。, en: The system was down.", "备案系统停用期间顺延的。, en: Filing put off while the filing system was down.", "known_exceptions"),
    "T21": ("应及时备案。", "应及时备案，不得倒签。", "倒签"),
    "T22": ("en: Contracts are filed in good time.", "en: 应及时备案。", "应及时备案。}"),
    "T23": ("{max_days} are allowed.", "too many.", "message"),
    "T24": ("cannot_see:\n  - {zh: 没有登记的。, en: What is not recorded.}\n", "", "ZZ-001"),
    "E01": ("{is_framework: true, signed_on", "{is_framwork: true, signed_on", "is_framwork"),
    "E22": (UNKNOWN, "", "examples"),
    "E23": (EXACT, EXACT.replace("2025-03-31", "2025-03-30"), "days > :max_days"),
    "E24": ("on the last day", "a day late", "a day late"),
}
WHOLE = {"P25", "R25", "R31", "E21", "E02", "E25", "L03", "S01", "S02", "S03", "S21", "S22", "P03", "L02", "L31", "Y01", "N01", "N02", "N03"}
"""Codes with a test of their own below; those of names are raised in test_names."""


@pytest.mark.parametrize("code", ONE)
def test_each_code_is_raised_by_one_broken_rule_at_its_place(code, tmp_path):
    old, new, pointed = ONE[code]
    if code == "X12":
        # Every text field that a rule of the project compares is declared; take one that is not.
        name = next(name for name, item in DICTIONARY["contract"].fields.items() if item.type == "text" and not item.compared)
        new, pointed = new.replace("status_note", name), name
    assert RULE.count(old) == 1, old
    text = RULE.replace(old, new)
    # What decides the outcome may not be changed without an example that differs, which is said too.
    found = [fault for fault in linted(made(tmp_path, text)) if fault.code != "E02"]
    assert {fault.code for fault in found} == {code}, [fault.say("en") for fault in found]
    lines = text.splitlines(keepends=True)
    places = ["".join([lines[fault.line - 1][fault.column - 1:], *lines[fault.line:]]) for fault in found]
    assert any(rest.startswith(pointed) for rest in places), [fault.say("en") for fault in found]
    for fault in found:
        assert fault.severity == severity_of(code) and fault.file.endswith("zz/ZZ-001-try.yml")
        assert re.search("[\u4e00-\u9fff]", fault.text.zh) and not re.search("[\u4e00-\u9fff]", re.sub("倒签", "", fault.text.en))


def test_every_code_has_its_rule():
    assert set(ONE) | WHOLE == set(CHECKS) and not set(ONE) & WHOLE


def codes_of(folder: Path, **more) -> list[tuple[str, str, int]]:
    return [(fault.code, Path(fault.file).name, fault.line) for fault in linted(folder, **more)]


def test_what_every_filter_over_peers_asks_belongs_in_peers(tmp_path):
    assert codes_of(made(tmp_path, PEERS)) == [("R25", "ZZ-001-try.yml", 21)]
    costly = PEERS.replace("peers.title = title", "peers.amount > amount")
    equal = "  - name: {zh: 两份, en: two contracts}\n    given: {contract: [{id: A, amount: 1, signed_on: 2025-03-01, filed_on: 2025-03-01}, {id: B, amount: 1}]}\n    expect: {A: pass}\n"
    found = [code for code, *_ in codes_of(made(tmp_path, costly + equal))]
    assert "R31" in found and "R25" not in found


def test_a_ratio_above_one_is_a_percentage_by_mistake(tmp_path):
    text = RULE.replace("parameters:\n", "parameters:\n  part: {default: 3, unit: ratio, label: {zh: 比例, en: Share}}\n").replace("amount: amount\n", "amount: amount * :part\n")
    assert codes_of(made(tmp_path, text)) == [("P25", "ZZ-001-try.yml", 16)]
    assert codes_of(made(tmp_path, text.replace("default: 3, unit: ratio", "default: 1, unit: ratio"))) == []


def test_four_examples_at_least(tmp_path):
    text = RULE.replace(LAST, "").replace(FRAMEWORK, "").replace("exempt_by: [framework]\n", "").replace("applies_when: not is_framework\n", "")
    assert codes_of(made(tmp_path, text.replace("assumes: {is_framework: false}\n", ""))) == [("E21", "ZZ-001-try.yml", 29)]


@pytest.mark.parametrize("old, new, code", [
    ("fails_when: days > :max_days", "fails_when: 1 > 2", "R23"),
    ("fails_when: days > :max_days", "fails_when: days > :max_days and count(payment) < 0", "R23"),
    ("applies_when: not is_framework", "applies_when: 2 > 1", "R24"),
    ("expect: fail", "expect: pass", "R23"),
])
def test_rules_that_never_fail_or_never_apply(tmp_path, old, new, code):
    assert code in {fault.code for fault in linted(made(tmp_path, RULE.replace(old, new)))}


def test_a_rule_that_applies_to_none_of_its_examples(tmp_path):
    text = re.sub("expect: [a-z_]+", "expect: not_applicable", RULE)
    assert {"R24"} <= {fault.code for fault in linted(made(tmp_path, text))} and "R23" not in {fault.code for fault in linted(tmp_path)}


def test_file_name_id_and_title_over_the_set(tmp_path):
    assert codes_of(made(tmp_path / "a", name="ZZ-002-try.yml")) == [("S01", "ZZ-002-try.yml", 2)]
    made(tmp_path / "b")
    assert codes_of(made(tmp_path / "b", RULE.replace("status: active", "status: retired"), "ZZ-001-also.yml")) == [("S02", "ZZ-001-try.yml", 2)]
    made(tmp_path / "c")
    assert codes_of(made(tmp_path / "c", RULE.replace("id: ZZ-001", "id: ZZ-002"), "ZZ-002-try.yml")) == [("S21", "ZZ-002-try.yml", 3)]
    assert codes_of(made(tmp_path / "d", name="ZZ-001-Filed Late.yml")) == [("S22", "ZZ-001-Filed Late.yml", 2)]
    made(tmp_path / "e")
    successor = RULE.replace("id: ZZ-001", "id: ZZ-002").replace("status: active", "status: active").replace("severity:", "replaces: ZZ-001\nseverity:", 1)
    assert codes_of(made(tmp_path / "e", successor, "ZZ-002-try.yml")) == [("S03", "ZZ-002-try.yml", 6)]


def test_a_retired_rule_is_read_and_not_warned_about(tmp_path):
    assert codes_of(made(tmp_path, RULE.replace("status: active", "status: retired").replace(LAST, "").replace("days: {zh: 天数", "old: {zh: 天数"))) == []


def test_values_of_parameters_yml(tmp_path):
    source = "source: {zh: 制度, en: policy}"
    lines = f"  - {{organisation: 甲, from: 2019-01-01, to: 2019-12-31, value: 10, {source}}}\n  - {{organisation: 甲, from: 2019-12-31, value: 10, {source}}}\n"
    office = tmp_path / "office"
    office.mkdir()
    rules = made(tmp_path / "rules", RULE.replace("{default: 30,", "{default: 20, at_most: '20',").replace(EXACT, EXACT.replace("03-31", "03-21")))
    (office / "parameters.yml").write_text("ZZ-001.max_days:\n" + lines, "utf-8")
    assert codes_of(rules, office=office) == [("P23", "parameters.yml", 3)]
    (office / "parameters.yml").write_text("ZZ-001.max_days:\n" + lines.replace("2019-12-31, value", "2020-01-01, value", 1).replace("to: 2020-01-01", "to: 2019-12-30"), "utf-8")
    assert codes_of(rules, office=office) == []
    (office / "parameters.yml").write_text(f"ZZ-001.max_days:\n  - {{value: 21, {source}}}\n", "utf-8")
    assert codes_of(rules, office=office) == [("P24", "parameters.yml", 2)]
    (office / "parameters.yml").write_text(f"ZZ-001.most_days:\n  - {{value: 21, {source}}}\n", "utf-8")
    assert codes_of(rules, office=office) == [("P03", "parameters.yml", 1)]


def test_a_dated_cap_is_compared_with_the_values_of_its_time(tmp_path):
    text = (ROOT / "rules" / "works" / "WORKS-006-retention-below-minimum.yml").read_text("utf-8")
    rules = made(tmp_path / "rules", text, "WORKS-006-retention-below-minimum.yml", (ROOT / "rules" / "laws.yml").read_text("utf-8"))
    office = tmp_path / "office"
    office.mkdir()
    for days, codes in (("from: 2019-01-01, to: 2019-12-31", ["P24"]), ("from: 2017-01-01, to: 2017-06-30", []), ("from: 2017-06-01, to: 2017-07-01", ["P24"])):
        (office / "parameters.yml").write_text(f"WORKS-006.min_rate:\n  - {{{days}, value: 0.05, source: {{zh: 制度, en: policy}}}}\n", "utf-8")
        assert [code for code, *_ in codes_of(rules, office=office) if code != "L31"] == codes


def test_law(tmp_path):
    (made(tmp_path) / "laws.yml").unlink()
    assert "L02" in {fault.code for fault in linted(tmp_path)}
    unread = LAWS.replace("verified: true, ", "") + '    "510": {says: {zh: 没有引用。, en: Not cited.}}\n'
    (tmp_path / "laws.yml").write_text(unread, "utf-8")
    (fault,) = linted(tmp_path)
    assert (fault.code, fault.severity, fault.line, fault.column) == ("L31", "note", 6, 5) and "ZZ-001" in fault.text.en


def test_a_file_that_is_not_utf_8(tmp_path):
    (made(tmp_path) / "zz" / "ZZ-001-try.yml").write_bytes(RULE.encode("gbk"))
    assert [fault.code for fault in linted(tmp_path)] == ["Y01"]


def test_an_example_that_differs_has_its_code(tmp_path):
    rule = load_rules(made(tmp_path, RULE.replace("expect: exempt", "expect: fail")), DICTIONARY).rules["ZZ-001"]
    (fault,) = [fault for result in run_examples(rule, DICTIONARY) for fault in result.faults]
    assert fault.code == "E02" and fault.say("en").endswith('should be fail and is exempt (exemption:C/framework)'), fault.say("en")
    assert [code for code, *_ in codes_of(tmp_path)] == ["E22", "E02"]
    retired = (tmp_path / "zz" / "ZZ-001-try.yml").read_text("utf-8").replace("status: active", "status: retired")
    assert codes_of(made(tmp_path, retired)) == []


def test_an_example_says_what_to_write_where_it_is_not_evaluated(tmp_path):
    text = RULE.replace(UNKNOWN, UNKNOWN.replace("expect: not_evaluated", "expect: fail").replace("    reason: missing:filed_on\n", ""))
    (fault,) = [fault for fault in linted(made(tmp_path, text)) if fault.code == "E02"]
    for words in ("{state: blank_in_document}", "{state: not_required}", "assumes", "Not yet happened"):
        assert words in fault.hint.en and words in fault.hint.zh
    passes = RULE.replace(EXACT, EXACT + "    reason: missing:filed_on\n")
    (fault,) = [fault for fault in linted(made(tmp_path / "b", passes)) if fault.code == "E02"]
    assert fault.text.en.endswith("the reasons should hold missing:filed_on, and there are none (the outcome is pass)") and "（）" not in fault.text.zh


def test_values_of_an_office_do_not_make_an_example_differ(tmp_path):
    office = tmp_path / "office"
    office.mkdir()
    (office / "parameters.yml").write_text("ZZ-001.max_days:\n  - {value: 500, source: {zh: 制度, en: policy}}\n", "utf-8")
    assert codes_of(made(tmp_path / "rules"), office=office) == []


def test_an_example_that_rests_on_the_runs_day_names_it(tmp_path):
    late = RULE.replace("days_between(signed_on, filed_on)", "days_between(signed_on, least(as_of, filed_on))")
    found = [fault for fault in linted(made(tmp_path, late)) if fault.code == "E25"]
    assert len(found) > 1 and all("as_of: 2026-11-22" in fault.hint.en for fault in found)
    dated = re.sub(r"(?m)^(    expect:)", r"    as_of: 2026-11-22\n\1", late)
    assert [code for code, *_ in codes_of(made(tmp_path, dated))] == []


# codes

def test_codes_in_the_code_are_those_of_the_table():
    used = {code for path in (ROOT / "auditkb").rglob("*.py") if path.name != "codes.py"
            for code in re.findall(r'"([YFXRPLSTEN][0-9]{2})"', path.read_text("utf-8"))}
    assert used - {"R02"} <= set(CHECKS) and set(CHECKS) <= used


def test_every_code_is_described():
    rows = re.findall(r"^\| `([A-Z][0-9]{2})` \| (\w+)(, fixable)? \| (.*?) \| (.*?) \|$", (ROOT / "docs" / "lint.md").read_text("utf-8"), re.MULTILINE)
    assert rows == [(code, severity_of(code), ", fixable" if check.is_fixable else "", check.title.zh, check.title.en) for code, check in CHECKS.items()]


# mending

def test_keys_are_put_in_order_and_comments_kept(tmp_path):
    blocks = re.split(r"^(?=# What|[a-z])", RULE, flags=re.MULTILINE)
    shuffled = blocks[0] + "".join([*blocks[5:], *blocks[1:5]]).replace("# What is allowed.\n# What", "# What")
    shuffled = shuffled.replace("checks: contract\n", "checks: contract   \n") + "\n\n"
    folder = made(tmp_path, shuffled)
    path = folder / "zz" / "ZZ-001-try.yml"
    assert {fault.code for fault in linted(folder)} == {"F21", "F22"}
    text = fixed(read_yaml(path))
    assert sorted(line for line in text.splitlines() if line) == sorted(line for line in RULE.splitlines() if line)
    assert list(parse_yaml(text, "x").data) == sorted(parse_yaml(text, "x").data, key=KEYS.index)
    assert "# What is allowed.\nparameters:" in text and text.startswith("# Above the first key.\n")
    assert parse_yaml(text, "x").data == parse_yaml(RULE, "x").data
    assert fixed(parse_yaml(text, "x")) == text


@pytest.mark.parametrize("path", rule_files(ROOT / "rules"), ids=lambda path: path.stem)
def test_there_is_nothing_to_mend_in_the_project(path):
    assert fixed(read_yaml(path)) == path.read_text("utf-8")


def test_what_cannot_be_moved_line_by_line_is_left_alone():
    text = "{status: draft, id: ZZ-001}\n"
    assert fixed(parse_yaml(text, "x")) == text


# the command

def office_with(folder: Path, text: str) -> Path:
    (folder / "rules" / "zz").mkdir(parents=True)
    (folder / "rules" / "zz" / "ZZ-001-try.yml").write_text(text, "utf-8")
    return folder / "rules" / "zz" / "ZZ-001-try.yml"


def call(capsys, *arguments: object) -> tuple[int, str, str]:
    code = run_commands(checks.commands, [str(word) for word in arguments])
    return (code, *capsys.readouterr())


def test_exit_codes_and_formats(tmp_path, capsys):
    path = office_with(tmp_path, RULE.replace("let:\n", "let:\n  spare: amount * 2\n"))
    words = ["lint", path, "--office", tmp_path, "--lang", "en"]
    code, out, err = call(capsys, *words)
    assert (code, err) == (0, "") and '[R21] "spare" is never used; take it out, or use it\n1 rule: no errors, 1 warning, 0 notes.' in out
    assert call(capsys, *words, "--strict")[0] == 1
    (row,) = json.loads(call(capsys, *words, "--format", "json")[1])
    assert (row["code"], row["severity"], row["line"], row["column"], row["is_fixable"]) == ("R21", "warning", 20, 3, False)
    (line,) = csv.DictReader(io.StringIO(call(capsys, *words, "--format", "csv")[1]))
    assert line["code"] == "R21" and line["file"].endswith("ZZ-001-try.yml")
    path.write_text(RULE.replace("days > :max_days\n", "days > :max_dayz\n"), "utf-8")
    code, out, err = call(capsys, *words)
    assert (code, out) == (2, "") and "[X05]" in err
    code, out, _ = call(capsys, *words, "--format", "json")
    assert code == 2 and [row["code"] for row in json.loads(out)] == ["X05"]


def test_the_command_mends_and_says_which_file(tmp_path, capsys):
    path = office_with(tmp_path, RULE.replace("checks: contract\nevent_date: [signed_on]", "event_date: [signed_on] \nchecks: contract"))
    words = ["lint", path, "--office", tmp_path, "--lang", "zh"]
    assert call(capsys, *words, "--strict")[0] == 1
    code, out, err = call(capsys, *words, "--fix", "--strict")
    assert code == 0 and "已改好" in err and path.read_text("utf-8") == RULE
    assert call(capsys, *words, "--fix")[2] == ""


def test_a_fault_elsewhere_does_not_hide_what_is_asked(tmp_path, capsys):
    path = office_with(tmp_path, RULE)
    (path.parent / "ZZ-002-other.yml").write_text(RULE.replace("id: ZZ-001", "id: ZZ-002").replace("checks: contract", "checks: contrct"), "utf-8")
    assert call(capsys, "lint", path, "--office", tmp_path)[0] == 0
    assert call(capsys, "lint", "--office", tmp_path)[0] == 2


def test_the_rules_of_the_project_give_no_error_and_no_warning():
    found = lint(ROOT / "rules", DICTIONARY)
    assert [fault.say("en") for fault in found.faults if fault.severity != "note"] == []
    assert found.rules == len(load_rules(ROOT / "rules", DICTIONARY).rules) and found.count("note") > 0
