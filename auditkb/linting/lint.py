"""The whole of lint: faults of reading first; where there is none, what is doubtful in the rules that can run."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auditkb.aliases import read_aliases
from auditkb.dictionary import Dictionary
from auditkb.errors import Fault, KnowledgeBaseError, Severity, Text
from auditkb.examples import check_examples, differing
from auditkb.linting.codes import CHECKS, found
from auditkb.linting.form import check_form, fix_file
from auditkb.linting.meaning import check_meaning
from auditkb.linting.proofs import check_borders, check_days, check_kinds, empty_world
from auditkb.linting.values import check_overlay, check_values
from auditkb.rules.checked import Rule
from auditkb.rules.load import RuleSet, read_rules, rule_files
from auditkb.yaml_files import read_yaml

Progress = Callable[[int, int], None]
MOST_RULES_NAMED = 5


@dataclass(frozen=True)
class Linted:
    """What lint found, by place, the files of an office first, and how many rules it looked at."""

    faults: list[Fault]
    rules: int

    def count(self, severity: Severity) -> int:
        """How many findings of one severity there are."""
        return sum(fault.severity == severity for fault in self.faults)


def lint(folder: Path, dictionary: Dictionary, office: Path | None = None, *, only: list[Path] | None = None,
         progress: Progress | None = None) -> Linted:
    """Every finding of the rules of `folder` and of an office; with `only`, of those files alone.

    Warnings and notes are looked for once the files asked about can be read and their examples can be run.
    """
    shared = [folder / "laws.yml", folder / "parameters.yml", *([office / "rules" / "laws.yml", office / "parameters.yml"] if office is not None else [])]
    known = {path.resolve() for path in [*_files(folder, office), *shared]}
    extra = [path for path in only or [] if path.resolve() not in known]
    rule_set, faults = read_rules(folder, dictionary, office, extra=extra)
    faults += read_aliases(folder, office)[1]
    files = {path.resolve() for path in only} if only else None

    def asked(name: str | None) -> bool:
        return files is None or (name is not None and Path(name).resolve() in files)

    rules = [rule for rule in rule_set.rules.values() if asked(rule.source.name)]
    faults = [fault for fault in faults if asked(fault.file)]
    faults += [fault for rule in rules for fault in check_examples(rule, dictionary)]
    if not faults:
        # A retired rule is kept as it was when it ran.
        faults = differing([rule for rule in rules if rule.file.status != "retired"], dictionary)
        faults += _doubts(rules, rule_set, dictionary, progress)
        faults += [] if files is not None else list(check_overlay(rule_set.overlay))
        faults += _unread_law(rules, rule_set)
    return Linted(sorted(faults, key=lambda fault: (office is not None and not lies_in(office, fault), *_place(fault))), len(rules))


def lies_in(office: Path, fault: Fault) -> bool:
    """Whether what was found stands in a file of the office."""
    return fault.file is not None and Path(fault.file).resolve().is_relative_to(office.resolve())


def listing(linted: Linted, language: str) -> tuple[list[tuple[str, Text]], list[list[Any]]]:
    """Columns and rows of what lint found, for JSON and CSV."""
    columns = [("file", Text("文件", "File")), ("line", Text("行", "Line")), ("column", Text("列", "Column")), ("code", Text("代码", "Code")),
               ("severity", Text("级别", "Severity")), ("text", Text("内容", "Text")), ("hint", Text("建议", "Hint")), ("is_fixable", Text("可自动改好", "Fixable"))]
    rows = [[fault.file, fault.line, fault.column, fault.code, fault.severity, fault.text.say(language),
             fault.hint.say(language) if fault.hint is not None else None,
             fault.code in CHECKS and CHECKS[fault.code].is_fixable] for fault in linted.faults]
    return columns, rows


def fix(folder: Path, office: Path | None = None, *, only: list[Path] | None = None) -> list[Path]:
    """Mend what is mechanical in the rule files, or in those named; the files that were changed."""
    changed = []
    for path in only or _files(folder, office):
        try:
            file = read_yaml(path)
        except KnowledgeBaseError:
            # What cannot be read is for lint to report.
            continue
        if isinstance(file.data, dict) and fix_file(path, file):
            changed.append(path)
    return changed


def _files(folder: Path, office: Path | None) -> list[Path]:
    return [path for one in (folder, office / "rules" if office is not None else None) if one is not None and one.is_dir() for path in rule_files(one)]


def _place(fault: Fault) -> tuple[str, int, int, str]:
    return fault.file or "", fault.line or 0, fault.column or 0, fault.code or ""


def _doubts(rules: list[Rule], rule_set: RuleSet, dictionary: Dictionary, progress: Progress | None) -> list[Fault]:
    faults: list[Fault] = []
    titles = _titles(rule_set)
    with closing(empty_world(dictionary)) as connection:
        for number, rule in enumerate(rules, 1):
            if progress is not None:
                progress(number, len(rules))
            if rule.file.status == "retired":
                continue
            faults += check_form(rule.source)
            doubts = list(check_meaning(rule, dictionary, rule_set.laws))
            faults += doubts
            faults += check_values(rule, rule_set.overlay)
            faults += check_kinds(rule)
            faults += check_days(rule, dictionary, connection)
            # A rule that can never fail or apply has no border to lie on.
            if not any(fault.code in ("R23", "R24") for fault in doubts):
                faults += check_borders(rule, dictionary, connection)
            faults += _same_title(rule, titles)
    return faults


def _titles(rule_set: RuleSet) -> dict[str, list[str]]:
    titles: dict[str, list[str]] = {}
    for rule in rule_set.rules.values():
        for text in (rule.file.title.zh, rule.file.title.en):
            if rule.file.status != "retired":
                titles.setdefault(text.casefold(), []).append(rule.id)
    return titles


def _same_title(rule: Rule, titles: dict[str, list[str]]) -> list[Fault]:
    for language in ("zh", "en"):
        text = getattr(rule.file.title, language)
        others = [other for other in titles[text.casefold()] if other < rule.id]
        if others:
            return [found("S21", rule.source, ("title", language), Text(f"规则 {others[0]} 也叫“{text}”", f'rule {others[0]} is called "{text}" too'))]
    return []


def _unread_law(rules: list[Rule], rule_set: RuleSet) -> list[Fault]:
    """A note for each cited provision that nobody has read in the law's own text, where it stands in the register."""
    citing: dict[tuple[str, str | None], list[str]] = {}
    for rule in rules:
        for item in rule.file.criteria:
            law = rule_set.laws.root[item.law]
            cited = law.articles[item.article] if item.article is not None else law
            if not cited.verified and not law.internal:
                citing.setdefault((item.law, item.article), []).append(rule.id)
    faults = []
    for (law_name, article), ids in citing.items():
        ids = list(dict.fromkeys(ids))
        listed = ", ".join(ids[:MOST_RULES_NAMED]) + (" …" if len(ids) > MOST_RULES_NAMED else "")
        what = f"{law_name} {article}" if article is not None else law_name
        at = (law_name, "articles", article) if article is not None else (law_name,)
        faults.append(found("L31", rule_set.law_files[law_name], at, Text(f"“{what}”没有人核对过原文；引用它的规则：{listed}", f'nobody has read "{what}" in the law\'s own text; cited by {listed}'), key=True))
    return faults
