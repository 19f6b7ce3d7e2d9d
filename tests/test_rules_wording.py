"""What the rules say to people: sober words, both languages, law of its time, examples of every kind."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import BaseModel

import checks
import ingest
from auditkb.dictionary_files import load_dictionary
from auditkb.laws import in_force
from auditkb.linting.form import INTENT
from auditkb.rules.check import PLACEHOLDER
from auditkb.rules.checked import Rule
from auditkb.rules.load import load_rules, rule_files
from auditkb.rules.model import Bilingual, Criterion, RuleFile
from auditkb.yaml_files import read_yaml

ROOT = Path(__file__).resolve().parent.parent
RULES = load_rules(ROOT / "rules", load_dictionary(ROOT / "records"))

CHINESE = re.compile(r"[\u4e00-\u9fff]")
# One of each series is in force on any day; an article of one never stands beside an article of another.
SERIES = [
    ("contract-law-1999", "civil-code"),
    ("guarantee-law-1995", "civil-code"),
    ("invoice-measures-2010", "invoice-measures-2019", "invoice-measures-2023"),
    ("retention-measures-2016", "retention-measures-2017"),
]
SAMPLED_DAYS = [f"{year}-{day}" for year in range(2017, 2027) for day in ("01-01", "03-01", "03-02", "06-30", "07-01", "07-20", "12-31")]

every_rule = pytest.mark.parametrize("rule", RULES.rules.values(), ids=RULES.rules.keys())


def texts_of(value: object) -> list[Bilingual]:
    """Every bilingual text in a model, however deep."""
    if isinstance(value, Bilingual):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [text for item in value for text in texts_of(item)]
    if isinstance(value, BaseModel):
        return [text for name in type(value).model_fields for text in texts_of(getattr(value, name))]
    return []


@pytest.mark.parametrize("folder", ["rules", "findings"])
def test_no_word_about_intent(folder: str) -> None:
    said = [f"{path.relative_to(ROOT)}: {found.group()}" for path in sorted((ROOT / folder).rglob("*.yml"))
            for found in INTENT.finditer(path.read_text("utf-8"))]
    assert said == []


@every_rule
def test_both_languages_everywhere(rule: Rule) -> None:
    for text in texts_of(rule.file):
        assert text.zh.strip() and CHINESE.search(text.zh), text
        assert text.en.strip() and not CHINESE.search(text.en), text
    assert set(PLACEHOLDER.findall(rule.file.message.zh)) == set(PLACEHOLDER.findall(rule.file.message.en))


def test_laws_say_what_they_ask_for_in_both_languages() -> None:
    for name, law in RULES.laws.root.items():
        for text in texts_of(law):
            assert CHINESE.search(text.zh) and not CHINESE.search(text.en), name
        assert all(article.says is not None for article in law.articles.values()), name


@every_rule
def test_a_reader_finds_why_and_what_is_not_seen(rule: Rule) -> None:
    file = rule.file
    assert file.rationale and file.known_exceptions and file.cannot_see and file.criteria
    assert all(item.label is not None for item in file.parameters.values())
    assert file.status != "active" or file.approved is not None
    assert "/" in file.category


@every_rule
def test_examples_of_every_kind(rule: Rule) -> None:
    outcomes = [outcome for example in rule.file.examples
                for outcome in (example.expect.values() if isinstance(example.expect, dict) else [example.expect])]
    wanted = {"fail", "pass", "not_evaluated"} | ({"not_applicable"} if rule.file.applies_when else set())
    wanted |= {"exempt"} if rule.file.exempt_by else set()
    assert len(rule.file.examples) >= 4
    assert wanted <= set(outcomes)
    for language in ("zh", "en"):
        names = [getattr(example.name, language) for example in rule.file.examples]
        assert len(names) == len(set(names)), "two examples have one name"


@every_rule
def test_keys_stand_in_the_order_of_the_form(rule: Rule) -> None:
    order = [field.alias or name for name, field in RuleFile.model_fields.items()]
    keys = list(rule.source.data)
    assert keys == sorted(keys, key=order.index)


@every_rule
@pytest.mark.parametrize("day", ["2019-06-30", "2026-06-30"])
def test_something_can_be_cited_then_and_now(rule: Rule, day: str) -> None:
    assert [item.law for item in rule.file.criteria if in_force(RULES.laws, item, day, day)]


@pytest.mark.parametrize("series", SERIES, ids=lambda series: series[0])
def test_versions_of_a_law_never_stand_side_by_side(series: tuple[str, ...]) -> None:
    for day in SAMPLED_DAYS:
        standing = [law for law in series if in_force(RULES.laws, Criterion(law=law), day, day)]
        assert len(standing) == 1, (day, standing)


@every_rule
def test_a_renumbered_law_is_cited_by_every_version(rule: Rule) -> None:
    """A rule that cites one version of a law cites the others too, so that no period is left without."""
    cited = {item.law for item in rule.file.criteria}
    for series in SERIES[2:]:
        assert not cited & set(series) or cited >= set(series) or rule.id == "CON-010"
    assert "contract-law-1999" not in cited or "civil-code" in cited


def test_every_law_in_the_register_is_cited() -> None:
    cited = {(item.law, item.article) for rule in RULES.rules.values() for item in rule.file.criteria}
    unused = [f"{name} {article}" for name, law in RULES.laws.root.items()
              for article in (law.articles or [None]) if (name, article) not in cited]
    assert unused == []


def test_rules_and_known_findings_name_each_other() -> None:
    seen, told = set(), set()
    for rule in RULES.rules.values():
        seen |= {(rule.id, known) for known in rule.file.seen_in}
    for path in sorted((ROOT / "findings" / "known").rglob("*.yml")):
        data = read_yaml(path).data
        told |= {(entry["rule"], data["id"]) for entry in data.get("found_by") or [] if "rule" in entry}
    assert seen == told


def test_no_rule_file_is_left_out() -> None:
    assert len(rule_files(ROOT / "rules")) == len(RULES.rules)


@pytest.mark.parametrize(("accepted", "after"), [("2024-06-05", "2024年6月5日"), (None, "未记录")])
def test_a_message_says_what_is_recorded_and_no_more(tmp_path: Path, accepted: str | None, after: str) -> None:
    folder, database = tmp_path / "office", tmp_path / "kb.db"
    folder.mkdir()
    kinds = "".join(f"  - {{covers: {name}, because: {{zh: 全部, en: all}}}}\n" for name in ("contract", "payment", "acceptance"))
    folder.joinpath("source.yml").write_text(f"id: office\ntitle: {{zh: 台账, en: Ledger}}\nmoney_unit: yuan\ncoverage:\n{kinds}", "utf-8")
    folder.joinpath("contract.csv").write_text("合同编号,合同名称,合同金额,签订日期,合同起始日期\nHT-1,绿化,150,2024-03-20,2024-03-08\n", "utf-8")
    folder.joinpath("payment.csv").write_text("支付编号,合同编号,支付日期,支付金额,付款类型\nP-1,HT-1,2024-05-20,50,尾款\n", "utf-8")
    folder.joinpath("acceptance.csv").write_text("合同编号,验收日期\n" + (f"HT-1,{accepted}\n" if accepted else ""), "utf-8")
    for commands, arguments in ((ingest, ["records", str(folder)]), (checks, ["run"])):
        done = CliRunner().invoke(commands.commands("zh"), [*arguments, "--db", str(database)])
        assert done.exit_code == 0, done.output
    with closing(sqlite3.connect(database)) as connection:
        said = dict(connection.execute("select rule_id, message_zh from findings where rule_id in ('PAY-004', 'CON-002')").fetchall())
    began = "2024年3月8日，先于签订12天" if accepted is None else "不晚于2024年3月8日，先于签订至少12天"
    assert said == {
        "PAY-004": f"尾款于2024年5月20日支付，50.00元；截至付款日没有已签署的验收记录，最早的验收日期：{after}。",
        "CON-002": f"合同于2024年3月20日签订，约定的起始日期为2024年3月8日；开始履行的日期：{began}。"}
