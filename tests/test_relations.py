"""The files of `rules/relations/`: complete, in both languages; and faults of them, all at once and with their places."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml

from auditkb.errors import KnowledgeBaseError
from auditkb.laws import load_laws
from auditkb.reports.relation_files import load_relations
from auditkb.reports.relations import KINDS, RelationSet
from auditkb.reports.wordings import Wordings
from tests.small_reports import ROOT, found, tied

LAWS = load_laws(ROOT / "rules" / "laws.yml")
RELATIONS = load_relations(ROOT / "rules" / "relations", LAWS)
SMALL = """title: {zh: 小, en: Small}
register: R40
figures:
  whole: {label: {zh: 合计, en: Whole}, wording: 共计}
  part: {label: {zh: 部分, en: Part}, wording: 其中}
relations:
  - {id: small, title: {zh: 合计＝部分, en: Whole = part}, kind: sum, figure: whole, of: part}
"""


def load(text: str, folder: Path) -> RelationSet:
    shutil.copy(ROOT / "rules" / "relations" / "words.yml", folder / "words.yml")
    (folder / "small.yml").write_text(text, "utf-8")
    return load_relations(folder, LAWS)


def faults(text: str, folder: Path) -> list[str]:
    with pytest.raises(KnowledgeBaseError) as error:
        load(text, folder)
    return [re.sub(r"^.*small\.yml", "small.yml", fault.say("en")) for fault in error.value.faults]


def test_every_relation_is_said_in_both_languages() -> None:
    for relation in RELATIONS.relations:
        assert re.search(r"[\u4e00-\u9fff]", relation.title.zh), relation.id
        assert re.search(r"[A-Za-z]", relation.title.en) and not re.search(r"[\u4e00-\u9fff]", relation.title.en), relation.id


def test_every_figure_and_every_column_has_a_relation() -> None:
    used = {name.removesuffix("@total") for relation in RELATIONS.relations for _, name in relation.operands}
    used |= {relation.where.below for relation in RELATIONS.relations if relation.where}
    assert set(RELATIONS.figures) <= used
    assert {relation.table for relation in RELATIONS.relations if relation.table} == set(RELATIONS.tables)


def test_no_relation_names_the_body_of_a_report() -> None:
    text = "".join(path.read_text("utf-8") for path in (ROOT / "rules" / "relations").glob("*.yml"))
    assert not re.search(r"椿树|西城|北京|街道|20\d\d", text)


def test_a_small_file_is_read(tmp_path: Path) -> None:
    loaded = load(SMALL, tmp_path)
    assert [relation.kind for relation in loaded.relations] == ["sum"]
    assert loaded.label("part").en == "Part"


def test_unknown_names_are_reported_together_with_their_places(tmp_path: Path) -> None:
    text = SMALL.replace("of: part}", "of: [parts, whole], table: none}").replace("kind: sum", "kind: difference")
    assert faults(text, tmp_path) == ["small.yml:7:5: [F03] relations.0: difference needs less"]
    text = SMALL.replace("figure: whole", "figure: hole").replace("of: part", "of: [part, prat]").replace("wording: 其中", 'wording: "{amont}"')
    said = faults(text, tmp_path)
    assert [re.match(r"small\.yml:(\d+):", one)[1] for one in said] == ["5", "7", "7"]  # type: ignore[index]
    assert 'no figure is named "hole"; did you mean: whole' in said[1]
    assert 'no figure is named "prat"; did you mean: part' in said[2]


@pytest.mark.parametrize(("old", "new", "words"), [
    ("kind: sum", "kind: product", "is not one of the choices"),
    ("of: part", "of: part, whole: part", "sum takes no whole"),
    ("id: small", "id: Small", "not written as it should be"),
    ("register: R40", "register: 40", "register"),
    ("register: R40", 'register: R40\ncriteria: [{law: no-law}]', 'the law register has no "no-law"'),
    ("register: R40", 'register: R40\ncriteria: [{law: accounting-law, article: "99"}]', '"accounting-law" has no article 99'),
    ("wording: 其中", "wordings: 其中", 'unknown key "wordings"'),
    (", wording: 其中", "", "wording or after is needed"),
    (", wording: 其中", ", wording: 其中, paragraph: nothing", 'there is no opening "nothing"'),
    ("kind: sum, figure: whole, of: part", "kind: column_total, table: none, columns: [a]", 'no table is named "none"'),
])
def test_faults_say_what_is_wrong(old: str, new: str, words: str, tmp_path: Path) -> None:
    said = faults(SMALL.replace(old, new), tmp_path)
    assert len(said) >= 1 and words in said[0], said
    assert re.match(r"small\.yml:\d+:\d+: ", said[0])


def test_a_name_may_be_given_once(tmp_path: Path) -> None:
    (tmp_path / "other.yml").write_text(SMALL, "utf-8")
    assert len([one for one in faults(SMALL, tmp_path) if "is taken" in one]) == 3


def test_words_are_needed(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeBaseError, match=r"words\.yml is missing"):
        load_relations(tmp_path, LAWS)


def test_every_kind_is_used_or_tested() -> None:
    used = {relation.kind for relation in RELATIONS.relations}
    assert set(KINDS) - used == {"difference"}


def test_an_office_adds_relations_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "office" / "rules" / "relations"
    folder.mkdir(parents=True)
    (folder / "meters.yml").write_text(SMALL.replace("wording: 共计", "wording: 电费总计, fills: false").replace("wording: 其中", "wording: 路灯电费").replace("whole", "power").replace("part", "lamps"), "utf-8")
    result = tied("2024年报告\n一、用电\n电费总计12.00元，路灯电费11.00元。\n", tmp_path, tmp_path / "office")
    assert found(result)["small"] == ["broken"]


@pytest.mark.parametrize(("wording", "before", "matches"), [
    ("收入总计", "2024年，收入总计为", True), ("收入总计", "收入总计的构成，合计", False), ("收入（资金）?", "预算内收入", False),
    ("收入(资金)?", "预算内收入", True), ("收入(资金)?", "预算内收入资金共", True), ("调整后…预算", "调整后各项目预算总额", True),
    ("调整后…预算", "调整后，全年预算", False), ("基本支出#，{rate}", "基本支出１２．５０万元，执行率", True), ("基本支出#，{rate}", "基本支出，执行率", False),
    ("{year}年?决算", "2024年决算", False), ("{year}决算", "2024年决算", True), ("{name}", "①社会福利", True), ("{name}", "其他福利", False)])
def test_wordings_stand_right_before_the_figure(wording: str, before: str, matches: bool) -> None:
    from auditkb.texts import fold

    patterns = Wordings(RELATIONS.words, {"name": ["社会福利"]}).before([wording], ("name",))
    assert any(pattern.search(fold(before)) for pattern in patterns) is matches


def test_the_files_read_alike_without_the_loader_in_c() -> None:
    for path in sorted((ROOT / "rules" / "relations").glob("*.yml")):
        text = path.read_text("utf-8")
        assert yaml.load(text, yaml.SafeLoader) == yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)), path.name
