"""What a rule's author most likely gets wrong is answered with what to write, at its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditkb.dictionary_files import load_dictionary
from auditkb.examples import check_examples
from auditkb.parameters import check_overrides, load_overrides
from auditkb.expressions.tree import INTEGER
from auditkb.rules.load import read_rules

ROOT = Path(__file__).resolve().parents[1]
DICTIONARY = load_dictionary(ROOT / "records")
RULE = """\
id: ZZ-001
title: {zh: 预付过高, en: Prepayment too high}
status: draft
severity: low
category: payment/amount
checks: payment
event_date: [paid_on]
rationale: {zh: 有上限。, en: There is a cap.}
parameters:
  cap: {rows: [{from: 2024-01-01, to: 2024-12-31, value: 0.2}], else: 0.5, unit: ratio}
applies_when: contract.tender.method = 'direct' and type = 'prepayment'
let:
  others: count(contract.acceptance)
fails_when: amount > contract.amount * :cap and others > 0
message: {zh: "{amount}元。", en: "{amount} yuan."}
examples:
  - name: {zh: 多, en: too much}
    given: {contract: {amount: 100}, payment: {amount: 50000, paid_on: 2024-01-01, contract: {state: blank_in_document}}}
    expect: fail
"""


def said(folder: Path, old: str, new: str, language: str = "en") -> list[str]:
    """What is said of the rule with a slip in it, as line:column and text with its hint."""
    assert RULE.count(old) == 1
    (folder / "zz").mkdir()
    (folder / "laws.yml").write_text("{}\n", "utf-8")
    (folder / "zz" / "ZZ-001-cap.yml").write_text(RULE.replace(old, new), "utf-8")
    rules, faults = read_rules(folder, DICTIONARY)
    faults += [fault for rule in rules.rules.values() for fault in check_examples(rule, DICTIONARY)]
    return [f"{fault.line}:{fault.column} {fault.text.say(language)}" + (f"; {fault.hint.say(language)}" if fault.hint else "") for fault in faults]


def test_the_rule_is_sound_before_a_slip(tmp_path):
    assert said(tmp_path, "id: ZZ-001", "id: ZZ-001") == []


@pytest.mark.parametrize("written, answer", [
    ("尾款", "是否想写：final（尾款）"), ("finl", "是否想写：final（尾款）"), ("x", "可用：prepayment（预付款）, progress（进度款）")])
def test_choices_are_offered_with_what_they_mean(tmp_path, written, answer):
    (fault,) = said(tmp_path, "type = 'prepayment'", f"type = '{written}'", "zh")
    assert f"; {answer}" in fault


@pytest.mark.parametrize("old, new, answer", [
    ("* :cap", "* cap", '14:40 payment has no field "cap"; a parameter is written :cap'),
    ("type = 'prepayment'", "type = prepayment", """11:60 payment has no field "prepayment"; a choice takes single quotes: 'prepayment'"""),
    ("count(contract.acceptance)", "count(acceptance)", '13:17 payment has no field "acceptance"; it belongs to a record above: contract.acceptance, project.acceptance'),
    ("count(contract.acceptance)", "count(contract.acceptance) where contract.acceptance.form_type = 'completion'",
     "13:38 cannot be read here: where; what is counted is said after the aggregate: sum(…) filter (where …)"),
    ("to: 2024-12-31", "to: 2023-12-31", "10:39 to lies before from: no day is within"),
    ("event_date: [paid_on]\n", "event_date: [paid_on]\nvalid: {from: 2024-01-02, to: 2024-01-01}\n", "8:31 to lies before from: no day is within"),
    ("amount: 50000,", "amount: 50,000,", '18:59 example "too much": payment has no field "000"; a number is written without commas: 50000 for 50,000'),
    ("amount: 50000,", "amount: 5万,", '18:56 example "too much": amount should be money and is "5万"; write the number alone, in yuan'),
    ("paid_on: 2024-01-01", "paid_on: 2024/01/01", '18:72 example "too much": paid_on should be a date and is "2024/01/01"; write it as 2019-02-21'),
    ("{state: blank_in_document}", "{state: blank}",
     '18:94 example "too much": should be a value, or why there is none; write '
     "{state: blank_in_document | not_captured | not_required | illegible | unreadable | disputed | other_currency}"),
    ("contract: {amount: 100}", "contract: 100", '18:23 example "too much": should be a record {field: value}, or a list of records'),
])
def test_a_slip_is_answered_with_what_to_write(tmp_path, old, new, answer):
    assert answer in said(tmp_path, old, new)


def test_a_line_of_parameters_that_ends_before_it_begins(tmp_path):
    file = tmp_path / "parameters.yml"
    file.write_text("ZZ-001.days:\n  - {from: 2024-01-02, to: 2024-01-01, value: 3, source: {zh: 制度, en: policy}}\n", "utf-8")
    faults = check_overrides(load_overrides([file]), {"ZZ-001.days": INTEGER})
    assert [(fault.line, fault.column, fault.code) for fault in faults] == [(2, 28, "P02")]
