"""A page for every rule in `docs/rules/`, and their index: made from the rules, in Chinese and in English.

Each page has the same parts in the same order: what is compared, an example with numbers, why, law, parameters,
exceptions, what it needs, what it cannot see; then all examples and the known findings that it would have found.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from auditkb.dictionary import Dictionary
from auditkb.errors import Text, counted
from auditkb.findings import KnownFinding, load_known
from auditkb.laws import LawRegister
from auditkb.outputs.law_page import ROLES, ROOT, law_anchor, law_period, project, provision, standing
from auditkb.outputs.markdown import both, bullets, made_by, page, table
from auditkb.outputs.rule_needs import needs_of
from auditkb.outputs.worked_example import chosen, example_table, expected, finding_of
from auditkb.reading import condition_in_words, event_date_in_words, line_applies, own_value, period, read_out, value_with_unit
from auditkb.rules.checked import Rule
from auditkb.rules.load import RuleSet
from auditkb.wording import SEVERITIES, STATUSES

FOLDER = ROOT / "docs" / "rules"
AREAS = {
    "con": Text("合同", "Contracts"), "proc": Text("采购", "Procurement"), "price": Text("价格", "Prices"), "pay": Text("支付", "Payments"),
    "works": Text("工程", "Works"), "bud": Text("预算", "Budget"), "doc": Text("资料与绩效", "Records and performance"),
}
"""Folders of `rules/` in the order of the index; one that is not named here comes last under its own name."""


def pages() -> dict[str, str]:
    """File name -> text of every page and of the index."""
    dictionary, rule_set = project()
    known = {item.id: item for item in load_known(ROOT / "findings" / "known")}
    found = {f"{rule.id}.md": rule_page(rule, dictionary, rule_set.laws, known) for rule in rule_set.rules.values()}
    return found | {"README.md": index(rule_set, dictionary)}


def rule_page(rule: Rule, dictionary: Dictionary, laws: LawRegister, known: Mapping[str, KnownFinding]) -> str:
    """The page of one rule."""
    file = rule.file
    source = rule.source.name
    lines = [made_by(source), f"# {rule.id} {file.title.zh} · {file.title.en}", ""]
    lines += table(["", "中文", "English"], [
        ["级别 · Severity", *_sides(_severity(rule))], ["状态 · Status", *_sides(_status(rule))],
        ["检查对象 · Looks at", *_sides(dictionary[rule.checks].label)],
        ["清单条目 · Register", file.register_ or "—", file.register_ or "—"],
        ["规则文件 · File", f"[{source}](../../{source})", f"[{source}](../../{source})"]])
    picked = chosen(rule)
    finding = next((text for number, example in picked if (text := finding_of(rule, number, example, dictionary, laws))), None)
    examples = [example for _, example in picked]
    for language in ("zh", "en"):
        lines += _half(rule, dictionary, laws, language, example_table(rule, examples, dictionary, language), finding)
    lines += ["## 全部例子 · All examples", ""]
    lines += table(["例子", "Example", "结果", "Outcome"], [
        [example.name.zh, example.name.en, *_sides(expected(example))] for example in file.examples])
    if file.seen_in:
        lines += ["## 见于 · Seen in", ""]
        lines += bullets([f"[{name}](../../findings/known/{name}.yml)" + (f" {both(_text(known[name].title))}" if name in known else "") for name in file.seen_in])
    return page(lines)


def _half(rule: Rule, dictionary: Dictionary, laws: LawRegister, language: str, example: list[str], finding: Text | None) -> list[str]:
    """The page's parts in one language."""
    file = rule.file

    def say(zh: str, en: str) -> str:
        return zh if language == "zh" else en

    def part(zh: str, en: str, body: list[str]) -> list[str]:
        return [say(f"### {zh}", f"### {en}"), "", *body] if body else []

    lines = [say("## 中文", "## English"), ""]
    lines += part("比对什么", "What is compared", bullets(_compared(rule, dictionary).say(language).splitlines()))
    shown = [say("由此生成的疑点：", "The finding that comes of it:"), "", f"> {finding.say(language)}", ""] if finding is not None else []
    lines += part("举例", "Worked example", example + shown)
    lines += part("为什么重要", "Why it matters", [getattr(file.rationale, language), ""])
    lines += part("依据", "Law", _law(rule, dictionary, laws, language))
    lines += part("参数", "Parameters", _parameters(rule, dictionary, language))
    lines += part("例外", "Exceptions", _exceptions(rule, dictionary, language))
    lines += part("需要哪些资料", "What it needs", _needs(rule, dictionary, language))
    lines += part("看不到的", "What it cannot see", bullets([getattr(item, language) for item in file.cannot_see]))
    return lines


def _severity(rule: Rule) -> Text:
    return SEVERITIES[rule.file.severity.default] + (Text("，有的情形为高", ", high in some cases") if rule.high_when is not None else Text("", ""))


def _compared(rule: Rule, dictionary: Dictionary) -> Text:
    """The rule in sentences, a line each, with the cases in which a finding is of high severity."""
    text = read_out(rule, dictionary)
    if rule.high_when is not None:
        text += Text("\n级别为高的情形：", "\nSeverity is high when: ") + condition_in_words(rule, rule.high_when, dictionary)
    return text


def _status(rule: Rule) -> Text:
    words, approved, valid = STATUSES[rule.file.status], rule.file.approved, rule.file.valid
    if approved is not None:
        words += Text(f"（{approved.by}，{approved.on}）", f" ({approved.by}, {approved.on})")
    if valid is not None:
        words += Text("；适用于业务日期", "; for event dates ") + period(valid.from_, valid.to)
    if rule.file.replaces is not None:
        words += Text(f"；替代 {rule.file.replaces}", f"; replaces {rule.file.replaces}")
    return words


def _law(rule: Rule, dictionary: Dictionary, laws: LawRegister, language: str) -> list[str]:
    head = {"zh": ["规定", "要求", "有效期间", "作用", "核验"], "en": ["Provision", "What it asks for", "In force", "Role", "Text"]}[language]
    rows = []
    for criterion, when in rule.criteria:
        item = provision(laws, criterion.law, criterion.article)
        role = ROLES[criterion.role]
        if when is not None:
            condition = condition_in_words(rule, when, dictionary)
            role += Text(f"；仅当{condition.zh}", f"; only where {condition.en}")
        name = f"[{item.name.say(language)}](../law.md#{law_anchor(laws, criterion.law)})"
        rows.append([name, item.says.say(language) if item.says else "", law_period(item).say(language), role.say(language), standing(item).say(language)])
    lines = table(head, rows) if rows else []
    day = event_date_in_words(rule, dictionary)
    if day is not None:
        lines += [Text(f"业务日期：{day.zh}。疑点只引用业务日期当时有效的规定。",
                       f"Event date: {day.en}. A finding cites only what was in force on the event date.").say(language), ""]
    return lines


def _parameters(rule: Rule, dictionary: Dictionary, language: str) -> list[str]:
    rows = []
    for name, table_ in rule.parameters.items():
        label = rule.file.parameters[name].label
        title = getattr(label, language) if label else name
        for line in table_.rows:
            case = line_applies(rule, table_, line, dictionary).say(language)
            value = value_with_unit(table_, line, dictionary).say(language)
            rows.append([title, case, value, period(line.starts_on, line.ends_on).say(language), f"`{rule.id}.{name}`"])
        if table_.field is not None:
            rows.append([title, "", own_value(rule, table_, dictionary).say(language), "", f"`{rule.id}.{name}`"])
    if not rows:
        return []
    head = {"zh": ["参数", "适用于", "取值", "业务日期", "改动时写"], "en": ["Parameter", "For", "Value", "Event date", "To change it, write"]}[language]
    note = Text("单位要用自己的值，写在本单位文件夹的 `parameters.yml` 里，写法见[规则语言](../rule-language.md#keys-of-a-parameter)。",
                "An office that needs other values writes them into the `parameters.yml` of its own folder; "
                "see [the rule language](../rule-language.md#keys-of-a-parameter) for how.")
    lines = [*table(head, rows), note.say(language), ""]
    for name in rule.parameters:
        for limit, words in ((rule.parameters[name].at_most, Text("不高于", "at most")), (rule.parameters[name].at_least, Text("不低于", "at least"))):
            if limit is not None:
                title, bound = rule.file.parameters[name].label, condition_in_words(rule, limit, dictionary)
                lines += [Text(f"“{title.zh if title else name}”应{words.zh}{bound.zh}；越过的，疑点注明与法规冲突。",
                               f'"{title.en if title else name}" should be {words.en} {bound.en}; beyond it a finding is marked as in conflict with law.').say(language), ""]
    return lines


def _exceptions(rule: Rule, dictionary: Dictionary, language: str) -> list[str]:
    lines = bullets([getattr(item, language) for item in rule.file.known_exceptions]) if rule.file.known_exceptions else []
    choices = dictionary["exemption"].fields["type"].choices or {}
    if rule.file.exempt_by:
        names = [getattr(choices[kind], language) for kind in rule.file.exempt_by]
        lines += [Text(f"登记有下列例外事项的，不列为疑点：{'、'.join(names)}。", f"Not called out where one of these exemptions is on record: {', '.join(names)}.").say(language), ""]
    return lines


def _needs(rule: Rule, dictionary: Dictionary, language: str) -> list[str]:
    needs = needs_of(rule, dictionary)
    comma, colon = ("、", "：") if language == "zh" else (", ", ": ")
    items = []
    for record_type, names in needs.fields.items():
        labels = [getattr(dictionary[record_type].fields[name].label, language) for name in names]
        items.append(f"{getattr(dictionary[record_type].label, language)}{colon}{comma.join(labels)}")
    lines = bullets(items)
    if needs.loaded:
        types = comma.join(getattr(dictionary[name].label, language) for name in needs.loaded)
        lines += [Text(f"应当读全：{types}。没有读全的，已读入的部分足以定论才有结果，否则为无法检查。",
                       f"To be wholly loaded: {types}. Otherwise there is an outcome only where what is loaded decides it, else not evaluated.").say(language), ""]
    return lines


def index(rule_set: RuleSet, dictionary: Dictionary) -> str:
    """One line a rule, by area."""
    lines = [made_by("rules/"), "# 规则 · Rules", "", f"共 {len(rule_set.rules)} 条。每条一页：比对什么、举例、依据、参数、例外、需要的资料、看不到的。", "",
             f"{counted(len(rule_set.rules), 'rule')}, a page each: what is compared, an example, law, parameters, exceptions, what it needs, what it cannot see.", ""]
    areas: dict[str, list[Rule]] = {name: [] for name in AREAS}
    for rule in rule_set.rules.values():
        areas.setdefault(Path(rule.source.name).parent.name, []).append(rule)
    for name, rules in areas.items():
        if rules:
            lines += [f"## {both(AREAS.get(name, Text(name, name)))}", ""]
            lines += table(["编号 · Id", "名称", "Title", "检查对象 · Looks at", "级别 · Severity", "清单 · Register", "状态 · Status"], [
                [f"[{rule.id}]({rule.id}.md)", rule.file.title.zh, rule.file.title.en, both(_text(dictionary[rule.checks].label)),
                 both(SEVERITIES[rule.file.severity.default]), rule.file.register_ or "—", both(STATUSES[rule.file.status])] for rule in rules])
    return page(lines)


def _text(label: object) -> Text:
    return Text(label.zh, label.en)  # type: ignore[attr-defined]


def _sides(text: object) -> tuple[str, str]:
    return text.zh, text.en  # type: ignore[attr-defined]
