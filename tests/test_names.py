"""Names: what is one name, what looks alike, and what people have written into the alias file."""

import random
import re

import pytest

import checks
from auditkb.aliases import read_aliases
from auditkb.names import LikeNames, same_name
from auditkb.notes import list_problems
from auditkb.sources.loading import load_source
from command_line import ExitCode, run_commands
from tests.small_dictionary import small_dictionary

DICTIONARY = small_dictionary()
DECLARATION = "id: {id}\ntitle: {{zh: 台账, en: Ledger}}\nmoney_unit: yuan\n"
FULL = "北京甲建筑工程有限责任公司"
ALIASES = f"organisation:\n  {FULL}:\n    aliases: [甲建筑]\n    different: [北京甲建筑工程有限公司]\n    why: 合同章一致\n    by: 审计科\n    on: 2026-11-20\n"


@pytest.fixture
def load(connection, tmp_path):
    """A function that loads one file as a source of its own, with the aliases of the text given."""

    def act(name: str, text: str, aliases: str = "", *, source: str | None = None):
        folder = tmp_path / (source or name)
        folder.mkdir(exist_ok=True)
        (folder / "source.yml").write_text(DECLARATION.format(id=source or name), "utf-8")
        (folder / f"{name}.csv").write_text(text, "utf-8")
        (tmp_path / "aliases.yml").write_text(aliases or "organisation: {}\n", "utf-8")
        found, faults = read_aliases(tmp_path)
        assert not faults
        return load_source(connection, DICTIONARY, folder, aliases=found)

    return act


def suppliers(connection):
    return [row[0] for row in connection.execute('select supplier from contract order by "row"')]


def organisations(connection):
    return [row[0] for row in connection.execute("select key from organisation order by key")]


def likenesses(connection):
    return [(row[4], row[7]) for row in list_problems(connection, "en") if row[7] and "looks like" in row[7]]


# --- one name, or two that look alike


@pytest.mark.parametrize(("one", "other"), [("甲（北京）有限公司", "甲(北京)有限公司"), ("甲【北京】有限公司", "甲（北京）有限公司"), (" 甲 有限公司\u00a0", "甲有限公司"), ("ＡＢＣ Ltd", "abc ltd"), ("甲\u200b有限公司", "甲有限公司")])
def test_width_case_blanks_and_brackets_make_no_other_name(one, other):
    assert same_name(one) == same_name(other)


@pytest.mark.parametrize(("one", "other"), [
    ("北京宣房建筑工程有限责任公司", "北京宣房房屋经营有限公司"), ("甲有限公司", "甲有限责任公司"), ("甲有限公司", "甲股份有限公司"), ("北京（甲）公司", "北京甲公司"), ("甲公司", "甲公司第一分公司")])
def test_another_beginning_end_or_legal_form_is_another_name(one, other):
    assert same_name(one) != same_name(other)


@pytest.mark.parametrize(
    ("one", "other", "is_like"),
    [
        (FULL, "北京甲建筑工程有限公司", True), (FULL, "北京甲建筑工程公司", True), (FULL, "甲建筑", True), (FULL, "北京甲建筑工成有限责任公司", True), (FULL, "北京甲建筑工程程有限责任公司", True),
        ("北京宣房建筑工程有限责任公司", "北京宣房房屋经营有限公司", False), ("绿化养护一期", "绿化养护二期", False), ("第1社区居委会", "第2社区居委会", False), ("甲公司", "乙公司", False), ("综合办公室", "综合办", True),
    ],
)
def test_names_that_look_alike(one, other, is_like):
    for first, second in ((one, other), (other, one)):
        assert (LikeNames([first]).like(second) == [first] or LikeNames([second]).like(first) == [second]) is is_like


def test_a_name_that_looks_like_many_says_nothing():
    names = [f"北京{letter}建筑工程有限公司" for letter in "美康安宁和"]
    assert all(LikeNames(names).like(name) == [] for name in names)


def test_looking_for_names_alike_grows_with_the_names_not_with_their_pairs():
    chance = random.Random(7)
    names = ["".join(chance.choices("东方华夏恒泰金盛瑞丰康安达信诚宏远建业通新世纪", k=8)) + "有限公司" for _ in range(3000)]
    looked_at = 0

    class Counted(dict):
        def __getitem__(self, key):
            nonlocal looked_at
            looked_at += 1
            return super().__getitem__(key)

    index = LikeNames(names)
    index._cores = Counted(index._cores)
    for name in names:
        index.like(name)
    assert looked_at < 20 * len(names)


# --- the alias file


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("organisation:\n  甲公司: {aliases: [乙], why: x, by: x, on: 2026-01-01}\n  丙公司: {aliases: [乙 ], why: x, by: x, on: 2026-01-01}\n", 'aliases.yml:3:19: [N01] "乙" is already an alias of "甲公司"; an alias stands for one name'),
        ("organisation:\n  甲公司: {aliases: [乙公司], why: x, by: x, on: 2026-01-01}\n  乙公司: {aliases: [甲公司], why: x, by: x, on: 2026-01-01}\n", '[N02] "乙公司" is itself a name'),
        ("organisation:\n  甲公司: {aliases: [甲 公司], why: x, by: x, on: 2026-01-01}\n", '[N02] "甲 公司" is itself a name'),
        ("organisation:\n  甲(京)公司: {aliases: [乙], why: x, by: x, on: 2026-01-01}\n  甲（京）公司: {aliases: [丙], why: x, by: x, on: 2026-01-01}\n", "[N01]"),
        ("organisation:\n  甲公司: {aliases: [乙], different: [乙], why: x, by: x, on: 2026-01-01}\n", "[N03]"),
        ("organisation:\n  甲公司: {why: x, by: x, on: 2026-01-01}\n", "give aliases or different"),
        ("organisation:\n  甲公司: {aliases: [乙], by: x, on: 2026-01-01}\n", '"why" is required'),
        ("organization:\n  甲公司: {aliases: [乙], why: x, by: x, on: 2026-01-01}\n", "did you mean: organisation"),
    ],
)
def test_faults_of_the_alias_file_have_a_place(tmp_path, text, fault):
    (tmp_path / "aliases.yml").write_text(text, "utf-8")
    _, faults = read_aliases(tmp_path)
    assert any(fault in found.say("en") for found in faults)
    assert all(found.line and found.text.zh for found in faults)


def test_faults_of_the_project_and_of_the_office_are_told_together(tmp_path):
    office = tmp_path / "office"
    office.mkdir()
    (tmp_path / "aliases.yml").write_text(ALIASES, "utf-8")
    (office / "aliases.yml").write_text("organisation:\n  乙公司: {aliases: [甲建筑], why: x, by: x, on: 2026-01-01}\n", "utf-8")
    aliases, faults = read_aliases(tmp_path, office)
    assert [found.code for found in faults] == ["N01"] and "office" in faults[0].file
    assert aliases.name_of("organisation", "甲 建筑") == FULL and aliases.name_of("department", "甲建筑") is None


def test_the_page_on_values_shows_an_alias_file_that_holds(project, tmp_path):
    (tmp_path / "aliases.yml").write_text(re.search(r"```yaml\n(.*?)```", (project / "docs" / "values.md").read_text("utf-8"), re.DOTALL)[1], "utf-8")
    aliases, faults = read_aliases(tmp_path)
    assert not faults and aliases.name_of("organisation", "甲建筑") == FULL
    assert aliases.are_different("organisation", "北京甲建筑工程有限公司", FULL)


def test_lint_covers_the_alias_files(project, tmp_path, capsys):
    (tmp_path / "aliases.yml").write_text(f"{ALIASES}  甲建筑: {{aliases: [甲], why: x, by: x, on: 2026-01-01}}\n", "utf-8")
    assert run_commands(checks.commands, ["lint", "--office", str(tmp_path), "--lang", "zh"]) == ExitCode.BAD_INPUT
    assert "aliases.yml:3:15: [N02] “甲建筑”本身是一个名称" in capsys.readouterr().err.replace("\n", "")


# --- at loading


def test_an_alias_leads_to_the_record_and_the_cell_is_noted(connection, load):
    report = load("contract", f"合同编号,乙方\n1,甲建筑\n2,{FULL}\n3,甲建筑\n", ALIASES)
    assert suppliers(connection) == [FULL, FULL, FULL]
    assert organisations(connection) == [FULL]
    assert (report.notes, report.problems, report.created) == ({"alias": 2}, 0, {"organisation": 1})
    assert connection.execute("select key, field, raw, cell, note_en from cell_notes order by id").fetchall() == [
        ("1", "supplier", "甲建筑", "B2", f'alias file: "甲建筑" is "{FULL}"'), ("3", "supplier", "甲建筑", "B4", f'alias file: "甲建筑" is "{FULL}"')]


def test_another_spelling_is_the_same_record_without_a_word(connection, load):
    report = load("contract", "合同编号,乙方\n1,甲（京）公司\n2,甲(京) 公司\n3,甲有限公司\n4,甲有限责任公司\n")
    assert suppliers(connection) == ["甲（京）公司", "甲（京）公司", "甲有限公司", "甲有限责任公司"]
    assert report.notes == {}


@pytest.mark.parametrize("is_record_first", [True, False])
def test_the_record_itself_decides_how_its_name_is_written(connection, load, is_record_first):
    files = [("organisation", "单位名称\n甲(京)公司\n"), ("contract", "合同编号,乙方\n1,甲（京）公司\n")]
    for name, text in files if is_record_first else reversed(files):
        load(name, text)
    assert organisations(connection) == ["甲(京)公司"]
    assert suppliers(connection) == ["甲(京)公司"]


def test_an_alias_that_is_written_later_moves_what_was_loaded(connection, load):
    load("contract", "合同编号,乙方\n1,甲建筑\n")
    assert organisations(connection) == ["甲建筑"]
    load("organisation", f"单位名称\n{FULL}\n", ALIASES)
    assert (organisations(connection), suppliers(connection)) == ([FULL], [FULL])
    assert load("contract", "合同编号,乙方\n1,甲建筑\n", ALIASES).state == "replaced"
    assert load("contract", "合同编号,乙方\n1,甲建筑\n", ALIASES).state == "unchanged"


def test_names_that_look_alike_are_listed_and_kept_apart(connection, load):
    report = load("contract", "合同编号,乙方\n1,北京甲建筑工程有限责任公司\n2,北京甲建筑工程有限公司\n3,北京甲房屋经营有限公司\n")
    assert len(organisations(connection)) == 3
    assert likenesses(connection) == [("北京甲建筑工程有限公司", f'"北京甲建筑工程有限公司" looks like "{FULL}" and was not merged with it')]
    assert report.problems == 1


def test_names_that_somebody_found_to_differ_are_listed_no_more(connection, load):
    load("contract", f"合同编号,乙方\n1,{FULL}\n2,北京甲建筑工程有限公司\n", ALIASES)
    assert likenesses(connection) == []
    assert len(organisations(connection)) == 2


def test_two_records_of_their_own_are_not_questioned(connection, load):
    load("organisation", f"单位名称\n{FULL}\n北京甲建筑工程有限公司\n")
    assert likenesses(connection) == []


def test_a_record_that_is_entered_under_an_alias_is_a_problem(connection, load):
    load("organisation", f"单位名称\n甲建筑\n{FULL}\n", ALIASES)
    assert [(row[2], row[7]) for row in list_problems(connection, "en")] == [("2", f'the alias file calls "甲建筑" an alias of "{FULL}", but here it is a record of its own')]


def test_a_contract_is_found_in_another_width(connection, load):
    load("contract", "合同编号\nHT-1\n")
    load("payment", "凭证号,合同\n9,ＨＴ-1\n")
    assert connection.execute("select contract from payment").fetchall() == [("HT-1",)]


def test_numbers_that_differ_in_width_case_or_spaces_are_listed_and_stay_two(connection, load):
    load("contract", "合同编号,合同名称\nHT-1,保洁\nHT-2,绿化\nHT-3,道路\n", source="ledger")
    load("contract", "合同编号,合同名称\nＨＴ－１,保洁\nht -2,绿化\nHT-3,道路\nHT-4,道路\n", source="finance")
    assert connection.execute("select count(*) from contract").fetchone() == (6,)
    found = [(row[0], row[2], row[6]) for row in list_problems(connection, "zh") if row[9] == "looks_like"]
    assert found == [("finance", "2", "ＨＴ－１"), ("finance", "3", "ht -2")]
