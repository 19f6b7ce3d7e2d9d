"""The known findings of the 2019 report: complete, in both languages, true to the print, and strictly read."""

from __future__ import annotations

import datetime
import re
import shutil
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from auditkb.errors import KnowledgeBaseError
from auditkb.findings import Fact, KnownFinding, Wording, load_classes, load_known

FINDINGS = Path(__file__).parents[1] / "findings"
KNOWN = load_known(FINDINGS / "known")
BY_NUMBER = {known.number: known for known in KNOWN if known.report == "chunshu-2019"}

NUMBERS = """
1.1.1 1.2.1 1.3.1 1.3.2 2.0.1 2.0.2 3.1.1 3.1.2 3.1.3 3.1.4 3.2.1 3.3.1 3.3.2 3.3.3 3.4.1 3.5.1
4.0.1 4.1.1 4.1.2 4.2.1 5.1.1 5.1.2 5.2.1 5.2.2 5.3.1 5.3.2 5.4.1 5.4.2 5.5.1 5.5.2 5.5.3 5.5.4
6.1.1 6.1.2 6.2.1 6.3.1 6.4.1 7.1.1 7.1.2 7.1.3 7.2.1 7.3.1 7.3.2 7.4.1 7.5.1
G.1.1 G.1.2 G.2.1 G.2.2 G.2.3 G.3.1 G.4.1
""".split()

AREAS = {
    "CON": "1.1.1 3.2.1 3.5.1 4.1.2 5.2.1 5.2.2 5.4.2 7.2.1 7.3.1 7.3.2",
    "PROC": "2.0.1 2.0.2 5.4.1 6.3.1",
    "PAY": "1.3.2 3.3.2",
    "WORKS": "1.2.1 1.3.1 6.1.1 6.1.2",
    "BUD": "3.1.2 3.3.1 3.3.3 4.0.1 4.2.1 5.1.1 5.1.2 G.1.1 G.1.2 G.2.1 G.2.2 G.2.3",
    "PRICE": "5.3.1 5.3.2 6.2.1",
    "PERF": "3.1.3 3.4.1 4.1.1 5.5.2 5.5.3 5.5.4 7.4.1 7.5.1 G.4.1",
    "DOC": "5.5.1 6.4.1 G.3.1",
    "PLAN": "3.1.1 3.1.4 7.1.1 7.1.2 7.1.3",
}

RULES = {
    "1.1.1": "PAY-001 PAY-003", "1.2.1": "WORKS-002", "1.3.1": "WORKS-004", "1.3.2": "PAY-005",
    "2.0.1": "CON-002 PROC-001", "2.0.2": "PROC-011", "3.1.1": "DOC-001", "3.1.2": "BUD-006", "3.1.3": "DOC-002",
    "3.2.1": "CON-004", "3.3.1": "DOC-001", "3.3.2": "PAY-013", "3.3.3": "BUD-005", "3.5.1": "CON-001",
    "4.0.1": "BUD-004", "4.1.1": "DOC-001", "4.1.2": "CON-011", "4.2.1": "BUD-002",
    "5.1.1": "BUD-006", "5.1.2": "BUD-006", "5.2.1": "CON-002", "5.2.2": "CON-007", "5.3.1": "PAY-014",
    "5.3.2": "PAY-014", "5.4.1": "PROC-010", "5.4.2": "CON-005",
    "6.1.1": "WORKS-001", "6.1.2": "WORKS-006 WORKS-007", "6.2.1": "PRICE-001", "6.3.1": "PROC-003",
    "7.1.1": "DOC-001", "7.2.1": "CON-011", "7.3.1": "CON-002 CON-003", "7.3.2": "CON-011",
    "G.1.1": "BUD-005 BUD-006 BUD-007", "G.1.2": "BUD-002", "G.2.1": "BUD-001", "G.2.2": "BUD-001",
    "G.2.3": "BUD-001 BUD-003", "G.4.1": "DOC-003",
}

ACCUSATIONS = ("倒签", "虚开", "串标", "串通", "挪用", "侵占", "套取")


def wordings(known: KnownFinding) -> list[Wording]:
    said = [known.title, known.condition, known.criteria, known.cause, known.effect, known.recommendation, known.note]
    return [wording for wording in said if wording is not None] + [fact.what for fact in known.facts]


def test_the_52_findings_are_there() -> None:
    assert sorted(BY_NUMBER) == sorted(NUMBERS)
    assert len(NUMBERS) == 52


def test_25_are_for_rules_13_for_presence_and_14_for_judgement() -> None:
    assert Counter(known.verdict for known in BY_NUMBER.values()) == {"rule": 25, "presence": 13, "judgement": 14}
    assert [number for number, known in BY_NUMBER.items() if "text" in known.verdicts] == ["G.2.1", "G.2.3"]


def test_each_finding_has_the_area_of_the_taxonomy() -> None:
    assert {area: sorted(numbers.split()) for area, numbers in AREAS.items()} == {
        area: sorted(number for number, known in BY_NUMBER.items() if known.class_path[0] == area) for area in AREAS}


def test_every_class_has_a_label_in_both_languages_and_is_used() -> None:
    classes = load_classes(FINDINGS / "classes.yml")
    for known in KNOWN:
        assert classes.label(known.class_path).en
    used = {(known.class_path[0], word) for known in KNOWN for word in known.class_path[1:]}
    assert used == {(code, word) for code, area in classes.root.items() for word in area.words}


def test_the_rules_that_find_them() -> None:
    found = {number: " ".join(sorted({item.rule for item in known.found_by if item.rule}))
             for number, known in BY_NUMBER.items()}
    assert {number: rules for number, rules in found.items() if rules} == RULES


def test_what_a_rule_decides_says_which_rule_and_record() -> None:
    assert not [number for number, known in BY_NUMBER.items()
                if known.verdict == "rule" and not any(item.rule and item.record for item in known.found_by)]


def test_one_fact_told_twice_is_matched_by_the_same_records() -> None:
    assert BY_NUMBER["G.1.2"].restates == "chunshu-2019/4.2.1"
    assert BY_NUMBER["G.1.2"].found_by == BY_NUMBER["4.2.1"].found_by


@pytest.mark.parametrize("number", NUMBERS)
def test_wording_is_sober(number: str) -> None:
    for wording in wordings(BY_NUMBER[number]):
        for word in ACCUSATIONS:
            assert word not in wording.zh
        assert not re.search(r"fraud|forg|embezzl|collu|violat", wording.en, re.IGNORECASE)
        assert not re.search("[\u3400-\u9fff]", re.sub("[一二三四（）]+[0-9]+", "", wording.en)), wording.en


@pytest.mark.parametrize("number", NUMBERS)
def test_facts_are_printed_in_the_report(number: str, shared: Path) -> None:
    text = next((shared / "report").glob("*.txt")).read_text("utf-8-sig")
    missing = [fact.printed for fact in BY_NUMBER[number].facts if fact.printed not in text]
    assert not missing


@pytest.mark.parametrize("number", NUMBERS)
def test_the_place_is_a_paragraph_of_the_report(number: str, shared: Path) -> None:
    lines = next((shared / "report").glob("*.txt")).read_text("utf-8-sig").splitlines()
    known = BY_NUMBER[number]
    paragraph = lines[known.place.line - 1]
    own = [fact.printed for fact in known.facts if fact.printed in paragraph]
    assert own or not known.facts
    item = re.search(r"[0-9](（[0-9]）)$", known.place.section)
    assert item is None or paragraph.startswith(item.group(1))


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.id)
def test_values_are_what_the_print_says(known: KnownFinding) -> None:
    for fact in known.facts:
        assert fact.value is None or value_of(fact) == fact.value, fact.printed


def value_of(fact: Fact) -> object:
    """The value that the printed words give, read without the package."""
    day = re.fullmatch(r"(?:(\d{4})年)?(\d{1,2})月(\d{1,2})日", fact.printed)
    if day is not None:
        return datetime.date(int(day[1] or 2019), int(day[2]), int(day[3]))
    month = re.fullmatch(r"(\d{4})年(\d{1,2})月", fact.printed)
    if month is not None:
        return f"{month[1]}-{int(month[2]):02}"
    words = {"三家": 3, "二十天": 20, "十万元": 100000}
    if fact.printed in words:
        return words[fact.printed]
    number = re.fullmatch(r"([\d,]+(?:\.\d+)?)(万元|元|%|个|部|项|名)", fact.printed)
    assert number is not None, fact.printed
    scale = {"万元": Decimal(10000), "%": Decimal("0.01")}.get(number[2], Decimal(1))
    return float(Decimal(number[1].replace(",", "")) * scale)


# Broken files. Each starts from a good one; the fault must be reported with its line and column.

@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the classes and of one known finding."""
    shutil.copy(FINDINGS / "classes.yml", tmp_path)
    report = tmp_path / "known" / "chunshu-2019"
    report.mkdir(parents=True)
    shutil.copy(FINDINGS / "known" / "chunshu-2019" / "5.2.1.yml", report)
    return tmp_path / "known"


def change(folder: Path, old: str, new: str, name: str = "5.2.1") -> tuple[int, int]:
    """Write `new` for `old` in the copy; returns line and column of the change."""
    path = folder / "chunshu-2019" / f"{name}.yml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    before = text[:text.index(old)]
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def faults(folder: Path) -> list[tuple[str, int | None, int | None, str]]:
    with pytest.raises(KnowledgeBaseError) as error:
        load_known(folder)
    return [(Path(fault.file or "").name, fault.line, fault.column, fault.say("en")) for fault in error.value.faults]


def test_a_good_file_is_read(folder: Path) -> None:
    [known] = load_known(folder)
    assert (known.report, known.number, known.department) == ("chunshu-2019", "5.2.1", "社区建设办公室")
    assert known.facts[1].value == datetime.date(2019, 5, 20)


def test_no_file_is_no_finding(folder: Path) -> None:
    (folder / "chunshu-2019" / "5.2.1.yml").unlink()
    assert load_known(folder) == []


@pytest.mark.parametrize(("old", "new", "offset", "says"), [
    ("verdict: rule", "verdikt: rule", 0, "did you mean: verdict"),
    ("verdict: rule", "verdict: rules", 9, "allowed: rule, presence, text, judgement"),
    ("CON, 时序倒置", "KON, 时序倒置", 0, "did you mean: CON"),
    ("时序倒置", "时序", 0, 'CON has no class "时序"'),
    ("id: chunshu-2019/5.2.1", "id: chunshu-2019/5.2.2", 4, "should be: chunshu-2019/5.2.1"),
    ("rule: CON-002", "rule: CON-2", 6, "rule"),
    ("printed: 2019年5月20日\n    value: 2019-05-20", "printed: 2019年5月20日\n    value: 2019-02-30", None,
     "there is no such day"),
    ("    value: 2019-05-20", "    value: 20", None, "a number needs a unit"),
    ("cause: null", "cause: not said", 7, "cause"),
])
def test_a_fault_is_reported_with_its_place(folder: Path, old: str, new: str, offset: int | None, says: str) -> None:
    line, column = change(folder, old, new)
    reported = faults(folder)
    matching = [fault for fault in reported if says in fault[3]]
    assert matching, reported
    if offset is not None:
        assert matching[0][:3] == ("5.2.1.yml", line, column + offset)


def test_a_missing_language_is_a_fault(folder: Path) -> None:
    path = folder / "chunshu-2019" / "5.2.1.yml"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    assert lines[3].startswith("  en: ")
    path.write_text("".join(lines[:3] + lines[4:]), "utf-8")
    assert faults(folder) == [("5.2.1.yml", 3, 3, f'{path.as_posix()}:3:3: [F02] "en" is required')]


def test_english_in_place_of_chinese_is_a_fault(folder: Path) -> None:
    change(folder, "zh: 今后应加强合同管理。", "zh: Strengthen it.")
    assert "zh should be written in Chinese" in faults(folder)[0][3]


def test_an_id_used_twice_is_reported_with_both_files(folder: Path) -> None:
    report = folder / "chunshu-2019"
    shutil.copy(report / "5.2.1.yml", report / "5.2.9.yml")
    said = [fault[3] for fault in faults(folder)]
    assert any("should be: chunshu-2019/5.2.9" in fault for fault in said)
    assert any("is already used in" in fault and "5.2.1.yml" in fault for fault in said)


def test_a_finding_that_restates_nothing_is_a_fault(folder: Path) -> None:
    path = folder / "chunshu-2019" / "5.2.1.yml"
    path.write_text(path.read_text("utf-8") + "restates: chunshu-2019/9.9.9\n", "utf-8")
    assert 'there is no other finding "chunshu-2019/9.9.9"' in faults(folder)[0][3]


def test_a_rule_without_a_record_is_a_fault(folder: Path) -> None:
    path = folder / "chunshu-2019" / "5.2.1.yml"
    path.write_text(re.sub(r"(rule: CON-002), .*}", r"\1}", path.read_text("utf-8")), "utf-8")
    assert "write rule, record_type and record, or register alone" in faults(folder)[0][3]


def test_all_faults_of_all_files_are_reported_at_once(folder: Path) -> None:
    shutil.copy(folder / "chunshu-2019" / "5.2.1.yml", folder / "chunshu-2019" / "5.2.9.yml")
    change(folder, "id: chunshu-2019/5.2.1", "id: chunshu-2019/5.2.9", "5.2.9")
    change(folder, "effect: null", "efect: null", "5.2.9")
    change(folder, "cause: null", "couse: null")
    named = [name for name, *_ in faults(folder)]
    assert set(named) == {"5.2.1.yml", "5.2.9.yml"}
    assert len(named) == 4, "an unknown key and a missing one in each"
