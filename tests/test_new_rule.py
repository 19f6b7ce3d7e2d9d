"""`checks.py new`: a draft in any area that passes lint and test as it is, under an id that was never used."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

import checks
from auditkb.dictionary_files import load_dictionary
from auditkb.errors import KnowledgeBaseError
from auditkb.examples import run_examples
from auditkb.linting.lint import lint
from auditkb.rules.load import load_rules
from auditkb.rules.scaffold import areas, new_rule
from command_line import run_commands

# The plain run keeps to what a change breaks first; these take their time.
pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
AREAS = areas(ROOT / "rules")


@pytest.fixture(scope="module")
def dictionary():
    return load_dictionary(ROOT / "records")


@pytest.fixture
def rules(tmp_path):
    """A copy of the project's rules."""
    shutil.copytree(ROOT / "rules", tmp_path / "rules")
    return tmp_path / "rules"


def _sound(made, rules, dictionary, office=None):
    found = lint(rules, dictionary, office, only=[made.path])
    rule = load_rules(rules, dictionary, office).rules[made.id]
    # Until its author has written it, a draft is told apart from a rule.
    assert [fault.code for fault in found.faults][:1] == ["S23"]
    return [fault.say("en") for fault in found.faults[1:]] + [
        fault.say("en") for result in run_examples(rule, dictionary) for fault in result.faults]


@pytest.mark.parametrize("area", AREAS)
def test_a_new_rule_in_each_area_is_sound_at_once(area, rules, dictionary):
    before = {path.name for path in (rules / area).iterdir()}
    made = new_rule(rules, None, area, "试写的规则", english="Rule for trying")
    assert made.path.parent == rules / area and made.path.name == f"{made.id}-rule-for-trying.yml"
    assert made.id.startswith(AREAS[area] + "-") and not any(name.startswith(made.id) for name in before)
    assert made.is_titled and _sound(made, rules, dictionary) == []


def test_no_id_is_used_twice_even_where_a_rule_was_taken_out(rules):
    last = new_rule(rules, None, "con", "甲", english="One")
    successor = new_rule(rules, None, "con", "乙", english="Two")
    successor.path.write_text(successor.path.read_text("utf-8").replace("status: draft", "status: draft\nreplaces: CON-150"), "utf-8")
    last.path.unlink()
    assert new_rule(rules, None, "con", "丙", english="Three").id == "CON-151"


def test_a_retired_rule_keeps_its_id(rules):
    made = new_rule(rules, None, "doc", "甲", english="One")
    made.path.write_text(made.path.read_text("utf-8").replace("status: draft", "status: retired"), "utf-8")
    assert new_rule(rules, None, "doc", "乙", english="Two").id > made.id


def test_an_office_counts_from_901_in_an_area_of_the_project(tmp_path, dictionary):
    made = [new_rule(ROOT / "rules", tmp_path, "con", title, english=title) for title in ("Late one", "Late two")]
    assert [one.id for one in made] == ["CON-901", "CON-902"] and made[0].path.is_relative_to(tmp_path / "rules" / "con")
    own = new_rule(ROOT / "rules", tmp_path, "own", "本单位的规则", english="Our own rule", new_area=True)
    assert own.id == "OWN-001" and _sound(own, ROOT / "rules", dictionary, tmp_path) == []
    assert new_rule(ROOT / "rules", tmp_path, "own", "又一条", english="Another").id == "OWN-002"


# What is given, the name of the file, and both titles.
TITLES = {
    "both": (("付款太快", {"english": "Paid too soon"}), "-paid-too-soon.yml", "付款太快", "Paid too soon"),
    "Chinese only": (("付款太快", {}), "-rule.yml", "付款太快", "New rule PAY-901"),
    "English only": (("Paid too soon", {}), "-paid-too-soon.yml", "新规则 PAY-901", "Paid too soon"),
    "slug": (("付款太快", {"slug": "paid-early"}), "-paid-early.yml", "付款太快", "New rule PAY-901"),
    "signs of YAML": (("付款: {太快}, '真'", {"english": "Paid, too: soon #1"}), "-paid-too-soon-1.yml", "付款: {太快}, '真'", "Paid, too: soon #1"),
}


@pytest.mark.parametrize("case", TITLES)
def test_titles_and_file_names(case, tmp_path, dictionary):
    (title, more), ending, zh, en = TITLES[case]
    made = new_rule(ROOT / "rules", tmp_path, "pay", title, **more)
    assert made.path.name.endswith(ending)
    rule = load_rules(ROOT / "rules", dictionary, tmp_path).rules[made.id]
    assert (rule.file.title.zh, rule.file.title.en, rule.file.status) == (zh, en, "draft")
    assert lint(ROOT / "rules", dictionary, tmp_path, only=[made.path]).faults[1:] == []


@pytest.mark.parametrize("arguments, said", [
    (("cno", "x"), "there is no area"), (("cno", "x", None, "Bad Slug"), "there is no area"), (("con", "x", None, "Bad Slug"), "cannot be part of a file name")])
def test_what_cannot_be_is_refused_and_nothing_written(arguments, said, tmp_path):
    area, title, english, slug = (*arguments, None, None)[:4]
    with pytest.raises(KnowledgeBaseError) as caught:
        new_rule(ROOT / "rules", tmp_path, area, title, english=english, slug=slug)
    assert said in str(caught.value) and not list(tmp_path.rglob("*.yml"))


@pytest.mark.parametrize("area", ["a", "far-off", "Con", "seventh", "../con"])
def test_a_new_area_is_a_few_small_letters(area, tmp_path):
    with pytest.raises(KnowledgeBaseError):
        new_rule(ROOT / "rules", tmp_path, area, "x", new_area=True)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_command_says_what_to_do_next_and_that_works(tmp_path, monkeypatch, capsys, language):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "office").mkdir()
    more = ["--office", "office", "--lang", language]
    assert run_commands(checks.commands, ["new", "con", "合同备案过迟", "--en", "Contract filed late", *more]) == 0
    out = capsys.readouterr().out
    assert "office/rules/con/CON-901-contract-filed-late.yml" in out
    for words in re.findall(r"^  (?:py|python3) checks\.py (.*)$", out, re.MULTILINE):
        assert run_commands(checks.commands, [*words.replace('"', "").split(), "--lang", language]) == 0
    assert run_commands(checks.commands, ["new", "cno", "合同备案过迟", *more]) == 2
    assert "--new-area" in capsys.readouterr().err


def test_an_office_folder_that_is_not_there_yet_is_made(tmp_path, capsys):
    office = tmp_path / "our-office"
    assert run_commands(checks.commands, ["new", "own", "Quote too old", "--office", str(office), "--new-area"]) == 0
    assert [path.name for path in office.rglob("*.yml")] == ["OWN-001-quote-too-old.yml"]
    assert run_commands(checks.commands, ["test", "OWN-001", "--office", str(office), "--lang", "en"]) == 0
    assert "1 rule, 4 examples" in capsys.readouterr().out
