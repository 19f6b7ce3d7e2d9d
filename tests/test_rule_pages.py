"""The generated pages: complete, fresh, honest about law; and the parameters in force on a day."""

from __future__ import annotations

import csv
import datetime
import io
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

import checks
from auditkb import generated
from auditkb.examples import run_example
from auditkb.evidence import gather_evidence
from auditkb.outputs import law_page, rule_pages
from auditkb.outputs.markdown import anchor
from auditkb.outputs.rule_needs import needs_of
from auditkb.outputs.worked_example import chosen, finding_of
from auditkb.reading import read_out
from auditkb.rules.checked import Rule
from auditkb.yaml_files import read_yaml

# The plain run keeps to what a change breaks first; these take their time.
pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
DICTIONARY, RULES = law_page.project()
PAGES = rule_pages.pages()
VERIFIED = read_yaml(ROOT / "tests" / "data" / "verified_articles.yml").data
OFFICE = ROOT / "sample" / "chunshu-2019" / "office"
BODY = "北京市西城区人民政府椿树街道办事处"

every_rule = pytest.mark.parametrize("rule", RULES.rules.values(), ids=RULES.rules.keys())


# Pages

def test_every_rule_has_a_page_and_a_line_of_the_index() -> None:
    assert set(PAGES) == {f"{name}.md" for name in RULES.rules} | {"README.md"}
    listed = re.findall(r"^\| \[([A-Z]+-\d{3})\]\(\1\.md\) \|", PAGES["README.md"], re.MULTILINE)
    assert sorted(listed) == sorted(RULES.rules)


@pytest.mark.parametrize("name", PAGES)
def test_generated_files_say_so_on_top(name: str) -> None:
    assert PAGES[name].startswith("<!-- 由 python -m auditkb.generated 根据 rules/")


PARTS = {"比对什么": "What is compared", "举例": "Worked example", "为什么重要": "Why it matters", "依据": "Law",
         "例外": "Exceptions", "需要哪些资料": "What it needs", "看不到的": "What it cannot see"}


@every_rule
def test_a_page_has_every_part_in_both_languages(rule: Rule) -> None:
    chinese, english = PAGES[f"{rule.id}.md"].split("\n## English\n")
    parts = [part for part in re.findall(r"^### (.+)$", chinese, re.MULTILINE) if part != "参数"]
    assert parts == list(PARTS)
    assert [part for part in re.findall(r"^### (.+)$", english, re.MULTILINE) if part != "Parameters"] == list(PARTS.values())
    assert ("### 参数" in chinese) == ("### Parameters" in english) == bool(rule.parameters)
    for item in [*rule.file.cannot_see, *rule.file.known_exceptions]:
        assert item.zh in chinese and item.en in english


@every_rule
def test_a_page_speaks_in_labels(rule: Rule) -> None:
    """No name of a field, a let or a choice, no doubled quotes, nothing that was not filled in."""
    text = re.sub(r"`[^`]*`|\]\([^)]*\)|\[[^\]]*\]|<!--.*?-->", "", PAGES[f"{rule.id}.md"])
    assert re.findall(r"\b[a-z]+_[a-z_]+\b", text) == []
    assert not [words for words in ("““", "””", '""', "None", "{", "}") if words in text]


@every_rule
def test_the_worked_example_fails_and_says_its_finding(rule: Rule) -> None:
    index, example = chosen(rule)[0]
    found = finding_of(rule, index, example, DICTIONARY, RULES.laws)
    assert found is not None and f"> {found.zh}" in PAGES[f"{rule.id}.md"] and f"> {found.en}" in PAGES[f"{rule.id}.md"]
    assert len(chosen(rule)) == 2, "a fail and a pass beside it"


@pytest.mark.parametrize("name", [*PAGES, "../law.md"])
def test_links_lead_somewhere(name: str) -> None:
    law = law_page.law_page(RULES)
    text = law if name == "../law.md" else PAGES[name]
    folder = ROOT / "docs" if name == "../law.md" else ROOT / "docs" / "rules"
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        file, _, place = target.partition("#")
        if file.removeprefix("rules/") in PAGES:
            continue
        if file == "../law.md":
            assert place in {anchor(heading) for heading in re.findall(r"^## (.+)$", law, re.MULTILINE)}
            continue
        assert (folder / file).is_file(), target


def test_stale_missing_and_left_over_files_are_said_and_mended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setattr(generated, "FILES", {"docs/law.md": lambda: "law\n"})
    monkeypatch.setattr(generated, "FOLDERS", {"docs/rules": lambda: {"CON-001.md": "one\n", "README.md": "index\n"}})
    assert generated.main([], tmp_path) == 0 and generated.main(["--check"], tmp_path) == 0
    (tmp_path / "docs/rules/CON-001.md").write_text("old\n", "utf-8")
    (tmp_path / "docs/rules/CON-099.md").write_text("of a rule that is gone\n", "utf-8")
    (tmp_path / "docs/rules/README.md").unlink()
    (tmp_path / "docs/law.md").write_text("old\n", "utf-8")
    assert generated.main(["--check"], tmp_path) == 1
    said = re.findall(r"\| (\S+) is stale", capsys.readouterr().err)
    assert said == ["docs/law.md", "docs/rules/CON-001.md", "docs/rules/CON-099.md", "docs/rules/README.md"]
    assert generated.main([], tmp_path) == 0 and generated.main(["--check"], tmp_path) == 0
    there = {path.relative_to(tmp_path).as_posix(): path.read_text("utf-8") for path in tmp_path.rglob("*.md")}
    assert there == {"docs/law.md": "law\n", "docs/rules/CON-001.md": "one\n", "docs/rules/README.md": "index\n"}


def test_everything_generated_is_fresh() -> None:
    assert generated.stale() == {}, "run: python -m auditkb.generated"


# Sentences and needs

@pytest.mark.parametrize(("rule", "words"), [
    ("PRICE-001", "单价大于（1 + 参数“允许高出的比例”（30%）） × “其他社区的中位单价”"),
    ("CON-002", "合同起始日期与各次验收的实际开工日期中最早者"),
    ("WORKS-010", "“验收日期” = 合同各次验收中最晚的验收日期"),
    ("CON-002", "适用条件：合同不是框架协议"),
    ("BUD-006", "各行预算明细（只计不属于切块的）的金额之和"),
    ("WORKS-001", "验收参加方（只计已签字的）里没有的项目"),
    ("CON-005", "（从“此前合同的最晚终止日期”到合同起始日期的天数） − 1天"),
    ("CON-005", "同组的记录：服务标识相同，按合同起始日期排先后"),
    ("PROC-003", "采购一栏空白（没有）"),
    ("PAY-007", "取“单价”；否则取“总价”"),
    ("WORKS-009", "其生效日期不晚于本条的扣留日期")])
def test_sentences_leave_nothing_open(rule: str, words: str) -> None:
    assert words in read_out(RULES.rules[rule], DICTIONARY).zh


def test_what_a_rule_needs_follows_its_names() -> None:
    needs = needs_of(RULES.rules["CON-002"], DICTIONARY)
    assert set(needs.fields["contract"]) >= {"starts_on", "signed_on", "is_framework"}
    assert set(needs.fields["acceptance"]) == {"contract", "works_started_on"}
    assert list(needs.loaded) == ["acceptance"]
    assert "amount" not in needs.fields["contract"], "what only the finding shows is not needed"


def test_peers_and_parameters_are_among_the_needs() -> None:
    assert set(needs_of(RULES.rules["PRICE-001"], DICTIONARY).fields["priced_line"]) >= {"item", "unit", "fiscal_year", "community", "unit_price"}
    assert set(needs_of(RULES.rules["PROC-009"], DICTIONARY).fields["tender"]) >= {"object", "regime", "notice_on"}


# Law

def numbers_in(words: str) -> set[str]:
    """The article numbers that a phrase of the study names; 40–50 is every one of them."""
    found = set(re.findall(r"(?<![\d-])\d+(?![\d-])", words))
    for first, last in re.findall(r"(\d+)–(\d+)", words):
        found |= {str(number) for number in range(int(first), int(last) + 1)}
    return found


def test_verified_stands_only_where_the_text_was_read() -> None:
    marked = {(law, name) for law, entry in RULES.laws.root.items() for name, article in entry.articles.items() if article.verified}
    read = {(law, article) for law, places in VERIFIED.items() for place in places for article in place["articles"]}
    assert marked == read
    assert not [name for name, law in RULES.laws.root.items() if law.verified], "a whole law or policy was never read"


def test_the_list_of_verified_articles_is_what_the_study_says(shared: Path) -> None:
    study = (shared / "domain.md").read_text("utf-8")
    texts_read = study[study.index("### 3.5"):study.index("## 4. ")]
    for law, places in VERIFIED.items():
        for place in places:
            section = place["place"].split()
            if section[0] == "3.5":
                part = texts_read
            else:
                part = study[study.index(f"**{section[1]} "):]
                part = part[:part.index("\n**R")]
                assert "`[V]`" in part
            assert place["says"] in part, (law, place)
            assert set(place["articles"]) <= numbers_in(place["says"]), (law, place)


def test_the_page_of_law_shows_every_provision_and_its_source() -> None:
    text = law_page.law_page(RULES)
    every = list(law_page.provisions(RULES.laws))
    rows = [line for line in text.splitlines() if line.startswith("|") and not line.startswith(("| ---", "| 条"))]
    assert len(rows) == len(every)
    assert sum("text read" in row for row in rows) == sum(item.verified for item in every)
    for item, row in zip(every, rows, strict=True):
        last = row.rpartition(" | ")[2]
        assert ("text read" in last, "not verified" in last, last == "单位内部制度 · the office's own policy |") == (
            item.verified, not item.verified and not item.internal, item.internal)
    assert f"单位内部制度 {sum(item.internal for item in every)} 项" in text


@every_rule
def test_every_citation_of_a_rule_stands_on_the_page_of_law(rule: Rule) -> None:
    text = law_page.law_page(RULES)
    for criterion, _ in rule.criteria:
        place = text[text.index(f"## {law_page.law_heading(RULES.laws, criterion.law)}\n"):].partition("\n## ")[0]
        row = next(line for line in place.splitlines() if re.match(rf"\| {re.escape(criterion.article or '—')}[ （]", line))
        assert f"[{rule.id}](rules/{rule.id}.md)" in row


@every_rule
def test_no_example_cites_law_outside_its_time(rule: Rule) -> None:
    """Every finding that an example makes cites only what was in force on its event date, by the dates of the file itself."""
    laws = read_yaml(ROOT / "rules" / "laws.yml").data
    for index, example in enumerate(rule.file.examples):
        if "fail" not in str(example.expect):
            continue
        result = run_example(rule, DICTIONARY, index, example)
        for key, outcome in result.outcomes.items():
            if outcome.outcome != "fail":
                continue
            data = gather_evidence(result.rule, result.details[key], DICTIONARY, RULES.laws).data
            days = [datetime.date.fromisoformat(day) for day in (data["event_date"] or "").split("/") if day and day != "None"]
            for cited in data["criteria"]:
                law = laws[cited["law"]]
                periods = [law, law["articles"][cited["article"]] if cited["article"] else {}]
                for day in days:
                    assert all(one.get("from", day) <= day <= one.get("to", day) for one in periods), (example.name.en, cited["law"])
                assert days or all("from" not in one and "to" not in one for one in periods), (example.name.en, cited["law"])


# Parameters in force on a day

def listed(*words: str) -> list[dict[str, str]]:
    """The lines of `checks.py list parameters` as CSV."""
    result = CliRunner().invoke(checks.commands("en"), ["list", "parameters", "--format", "csv", *words])
    assert result.exit_code == 0, result.output
    return list(csv.DictReader(io.StringIO(result.stdout)))


def values(lines: list[dict[str, str]], name: str) -> list[tuple[str, str]]:
    """Organisation and value of each line of a parameter."""
    return [(line["organisation"], line["value"]) for line in lines if line["parameter"] == name]


def test_the_value_of_the_day_is_listed() -> None:
    assert values(listed("--on", "2017-06-30"), "WORKS-007.legal_cap") == [("", "0.05")]
    assert values(listed("--on", "2017-07-01"), "WORKS-007.legal_cap") == [("", "0.03")]
    lines = [line for line in listed("--on", "2019-12-31") if line["parameter"] == "PROC-009.public_from"]
    assert len(lines) == len({line["for"] for line in lines}), "of two lines for the same records the first holds"


def test_a_day_without_a_value_is_said() -> None:
    lines = listed("--on", "2016-12-31")
    assert values(lines, "WORKS-006.legal_cap") == [("", "")]
    assert values(lines, "WORKS-007.legal_cap") == [], "the rule does not hold on that day"
    result = CliRunner().invoke(checks.commands("en"), ["list", "parameters", "--on", "2016-12-31"])
    assert "no value on that day" in result.stdout


def test_an_office_value_names_its_file_its_reason_and_what_would_hold_otherwise() -> None:
    lines = [line for line in listed("--on", "2019-06-30", "--organisation", BODY, "--office", str(OFFICE)) if line["parameter"] == "WORKS-006.min_rate"]
    (line,) = lines
    assert (line["value"], line["otherwise"], line["unit"], line["from"], line["to"]) == ("0.05", "0.03", "ratio", "2019-01-01", "2019-12-31")
    assert line["set_in"].endswith("sample/chunshu-2019/office/parameters.yml") and line["source"].startswith("Assumed for demonstration")
    (rule_line,) = [line for line in listed("--on", "2020-01-01", "--organisation", BODY, "--office", str(OFFICE)) if line["parameter"] == "WORKS-006.min_rate"]
    assert (rule_line["value"], rule_line["otherwise"]) == ("0.03", "") and rule_line["set_in"].startswith("rules/works/WORKS-006")


def test_without_an_organisation_its_own_values_stand_beside_the_general_ones() -> None:
    assert values(listed("--on", "2019-06-30", "--office", str(OFFICE)), "WORKS-006.min_rate") == [("", "0.03"), (BODY, "0.05")]


def test_the_project_goes_before_the_rule_and_the_office_before_the_project(tmp_path: Path) -> None:
    (tmp_path / "parameters.yml").write_text(
        "CON-002.grace_days:\n  - {value: 3, to: 2019-12-31, source: {zh: 单位, en: office}}\n"
        "PROC-001.min_days:\n  - {value: 25, source: {zh: 单位, en: office}}\n", "utf-8")
    lines = listed("--on", "2019-06-30", "--office", str(tmp_path))
    assert values(lines, "CON-002.grace_days") == [("", "3")] and values(lines, "PROC-001.min_days") == [("", "25")]
    assert values(listed("--on", "2020-01-01", "--office", str(tmp_path)), "CON-002.grace_days") == [("", "0")]


@pytest.mark.parametrize(("words", "message"), [
    (["list", "parameters", "--on", "2019-06-31"], "--on: there is no such day: 2019-06-31; write a date as 2019-12-31"),
    (["list", "rules", "--on", "2019-06-30"], "--on is for list parameters only"),
    (["list", "parameters", "--organisation", BODY], "--organisation goes with --on")])
def test_options_that_mean_nothing_are_faults(words: list[str], message: str) -> None:
    result = CliRunner().invoke(checks.commands("en"), words)
    assert result.exit_code == 2 and message in result.output


def test_an_organisation_without_values_of_its_own_is_said() -> None:
    words = ["list", "parameters", "--on", "2019-06-30", "--organisation", BODY[:-1], "--office", str(OFFICE), "--format", "json"]
    result = CliRunner().invoke(checks.commands("en"), words)
    assert result.exit_code == 0 and json.loads(result.stdout)
    assert "no parameter has a value of its own" in result.stderr and f"did you mean: {BODY}" in result.stderr
