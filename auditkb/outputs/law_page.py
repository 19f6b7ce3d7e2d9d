"""`docs/law.md`: every provision of the law register with its time in force, who cites it, and whether its text was read."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from auditkb.dictionary import Dictionary
from auditkb.dictionary_files import load_dictionary
from auditkb.errors import Text
from auditkb.laws import LawRegister
from auditkb.outputs.markdown import anchor, made_by, page, table
from auditkb.reading import period
from auditkb.rules.load import RuleSet, load_rules

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docs" / "law.md"
ROLES = {"direct": Text("直接依据", "direct basis"), "supporting": Text("辅助依据", "supporting"),
         "internal_policy": Text("单位内部制度", "the office's own policy"), "liability": Text("法律责任（疑点不引用）", "liability (never cited by a finding)")}
VERIFIED = {True: Text("已核验", "verified"), False: Text("未核验", "not verified")}


@cache
def project() -> tuple[Dictionary, RuleSet]:
    """The project's own dictionary and rules, read once a process."""
    dictionary = load_dictionary(ROOT / "records")
    return dictionary, load_rules(ROOT / "rules", dictionary)


@dataclass(frozen=True)
class Provision:
    """One article, or a law that is cited as a whole, with its own time in force."""

    law: str
    article: str | None
    name: Text
    says: Text | None
    starts_on: datetime.date | None
    ends_on: datetime.date | None
    verified: bool
    internal: bool


def provision(laws: LawRegister, law: str, article: str | None) -> Provision:
    """A provision as pages name it; its time is the part of the law's time in which the article was in force."""
    entry = laws.root[law]
    one = entry.articles[article] if article is not None else None
    name = Text(entry.title.zh, entry.title.en)
    if article is not None:
        name += Text(f"第 {article} 条", f", article {article}")
    says = (one or entry).says
    starts = max((day for day in (entry.from_, one.from_ if one else None) if day), default=None)
    ends = min((day for day in (entry.to, one.to if one else None) if day), default=None)
    return Provision(law, article, name, Text(says.zh, says.en) if says else None, starts, ends, (one or entry).verified, entry.internal)


def standing(item: Provision) -> Text:
    """Whether somebody read a provision in the law's own text; a policy of the office is no law."""
    return ROLES["internal_policy"] if item.internal else VERIFIED[item.verified]


def provisions(laws: LawRegister) -> Iterator[Provision]:
    """Every provision of the register in its order."""
    for name, law in laws.root.items():
        if law.says is not None or not law.articles:
            yield provision(laws, name, None)
        for article in law.articles:
            yield provision(laws, name, article)


def law_heading(laws: LawRegister, law: str) -> str:
    """The heading of a law on the page."""
    return f"{laws.root[law].title.zh} · {laws.root[law].title.en}"


def law_anchor(laws: LawRegister, law: str) -> str:
    """The place of a law on the page, for links."""
    return anchor(law_heading(laws, law))


def law_period(item: Provision) -> Text:
    """When a provision is in force; that nobody noted it is said for what is no internal rule."""
    if item.starts_on is None and item.ends_on is None and not item.internal:
        return Text("没有登记", "not recorded")
    return period(item.starts_on, item.ends_on)


def law_page(rule_set: RuleSet) -> str:
    """The whole page: what was verified with its source, then every law with its provisions."""
    laws = rule_set.laws
    every = list(provisions(laws))
    lines = [made_by("rules/laws.yml"), "# 法规 · Law", ""]
    lines += [
        "规则引用的全部规定。疑点只引用业务日期当时有效的规定。“要求”是用自己的话写的，不是条文原文。",
        "“已核验”指有人读过该条原文，来源写明读的是哪一部文件；“未核验”指只凭二手资料或者记忆，引用时会注明，使用前请核对原文。单位内部制度不是法律法规，由单位自己对照。", "",
        "Every provision that a rule may cite. A finding cites only what was in force on its event date. What a provision asks for is said in our own words.",
        "*Verified* means that somebody read this very article in the law's own text; the source says in which. *Not verified* means that it comes "
        "from other writings or from memory: it is marked so wherever it is cited, and is to be looked up before use. The office's own policies are no law: the office compares them itself.", ""]
    own, verified = [item for item in every if item.internal], [item for item in every if item.verified]
    of_law = len(every) - len(own)
    lines += [f"法律法规 {of_law} 条，其中已核验 {len(verified)} 条；单位内部制度 {len(own)} 项。 · "
              f"{of_law} provisions of law, {len(verified)} of them verified; {len(own)} policies of the office.", ""]
    for law in laws.root:
        lines += _law(rule_set, law, [item for item in every if item.law == law])
    return page(lines)


def _law(rule_set: RuleSet, law: str, items: list[Provision]) -> list[str]:
    entry = rule_set.laws.root[law]
    lines = [f"## {law_heading(rule_set.laws, law)}", ""]
    if entry.internal:
        kind = Text("单位内部制度，由单位换成自己的", "the office's own policy, for it to put its own in place")
    else:
        kind = law_period(Provision(law, None, Text("", ""), None, entry.from_, entry.to, False, False))
    lines += [" · ".join(part for part in (entry.number or "", f"{kind.zh} · {kind.en}", f"`{law}`") if part), ""]
    rows = []
    for item in items:
        article = item.article or "—"
        if item.starts_on != entry.from_ or item.ends_on != entry.to:
            article += f"（{law_period(item).zh} · {law_period(item).en}）"
        says = f"{item.says.zh} {item.says.en}" if item.says else ""
        rows.append([article, says, _cited_by(rule_set, item), _source(item, entry.number)])
    return lines + table(["条 · Article", "要求 · What it asks for", "引用 · Cited by", "核验 · Verified"], rows)


def _source(item: Provision, number: str | None) -> str:
    if item.internal or not item.verified:
        return f"{standing(item).zh} · {standing(item).en}"
    of = f"（{number}）" if number else ""
    return f"{VERIFIED[True].zh}：读过条文原文{of} · text read"


def _cited_by(rule_set: RuleSet, item: Provision) -> str:
    """The rules that cite a provision, by what it is to them."""
    found: dict[str, list[str]] = {}
    for rule in rule_set.rules.values():
        for criterion, _ in rule.criteria:
            if (criterion.law, criterion.article) == (item.law, item.article):
                found.setdefault(criterion.role, []).append(f"[{rule.id}](rules/{rule.id}.md)")
    return "；".join(f"{ROLES[role].zh} · {ROLES[role].en}: {', '.join(rules)}" for role in ROLES if (rules := found.get(role))) or "—"


def text() -> str:
    """`docs/law.md` as it should be."""
    return law_page(project()[1])
