"""Reading the folder `rules/`: every rule checked, or every fault of every file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from auditkb.dictionary import Dictionary
from auditkb.errors import Fault, KnowledgeBaseError, Text
from auditkb.laws import LawRegister, read_registers
from auditkb.parameters import Overlay, check_overrides, kind_of_parameter, load_overrides
from auditkb.rules.check import check_rule
from auditkb.rules.checked import Rule
from auditkb.rules.model import RuleFile
from auditkb.file_models import load_model
from auditkb.yaml_files import YamlFile

@dataclass(frozen=True)
class RuleSet:
    """Every rule by id, the laws that they cite, and the values that are laid over their parameters."""

    rules: dict[str, Rule]
    laws: LawRegister
    overlay: Overlay = field(default_factory=dict)
    law_files: dict[str, YamlFile] = field(default_factory=dict)
    """Where each entry of the register stands."""


def rule_files(folder: Path) -> list[Path]:
    """The rule files below `folder`, in order; `relations/` and the shared files beside the areas are not rules."""
    return sorted(path for path in folder.glob("*/*.yml") if path.parent.name != "relations")


def load_rules(folder: Path, dictionary: Dictionary, office: Path | None = None, *, extra: list[Path] | None = None) -> RuleSet:
    """The whole rule set; an office's own rules, laws and parameters are laid over the project's.

    Raises KnowledgeBaseError with all faults of all files: a broken rule set runs nothing.
    """
    rule_set, faults = read_rules(folder, dictionary, office, extra=extra)
    if faults:
        raise KnowledgeBaseError(faults)
    return rule_set


def read_rules(folder: Path, dictionary: Dictionary, office: Path | None = None, *, extra: list[Path] | None = None) -> tuple[RuleSet, list[Fault]]:
    """The rules that are sound, and the faults of the others in the order of their places: for lint, which looks at both."""
    faults: list[Fault] = []
    folders = [folder] + ([office / "rules"] if office is not None and (office / "rules").is_dir() else [])
    overlay: Overlay = {}
    try:
        overlay = load_overrides(([office / "parameters.yml"] if office is not None else []) + [folder / "parameters.yml"])
    except KnowledgeBaseError as error:
        faults += error.faults
    laws, law_files, law_faults = read_registers([one / "laws.yml" for one in folders])
    faults += law_faults
    if not (folder / "laws.yml").exists():
        faults.append(Fault(Text("缺少法规库文件 laws.yml", "the law register laws.yml is missing"), folder.as_posix(), code="L02"))
    models: list[tuple[RuleFile, YamlFile]] = []
    for path in [path for one in folders for path in rule_files(one)] + (extra or []):
        try:
            models.append(load_model(RuleFile, path, shown_path(path)))
        except KnowledgeBaseError as error:
            faults += error.faults
    faults += _identity_faults(models)
    declared = {f"{model.id}.{name}": kind_of_parameter(item) for model, _ in models for name, item in model.parameters.items()}
    faults += check_overrides(overlay, declared)
    rules: dict[str, Rule] = {}
    for model, source in models:
        try:
            rules[model.id] = check_rule(model, source, dictionary, laws, overlay)
        except KnowledgeBaseError as error:
            faults += error.faults
    faults += _lineage(rules)
    faults.sort(key=lambda fault: (fault.file or "", fault.line or 0, fault.column or 0))
    return RuleSet(dict(sorted(rules.items())), laws, overlay, law_files), faults


def _lineage(rules: dict[str, Rule]) -> list[Fault]:
    """Give every rule the id of the first one in its line of replacements; a circle or a living ancestor is a fault."""
    faults = []
    for rule in rules.values():
        line = [rule.id]
        while (before := rules[line[-1]].file.replaces if line[-1] in rules else None) is not None:
            if before in line:
                faults.append(rule.source.fault(("replaces",), Text(f"规则 {'、'.join(line)} 互相替代", f"rules {', '.join(line)} replace each other"), code="S03"))
                break
            line.append(before)
        rule.lineage = line[-1]
        before = rule.file.replaces
        if before in rules and rules[before].file.status != "retired":
            faults.append(rule.source.fault(("replaces",), Text(f"被替代的规则 {before} 仍是 {rules[before].file.status}，应为 retired", f"the replaced rule {before} is still {rules[before].file.status}; it should be retired"), code="S03"))
    return faults


def shown_path(path: Path) -> str:
    """How a file is called in faults: from the working folder where it lies below it."""
    try:
        return path.resolve().relative_to(Path.cwd().resolve()).as_posix()
    except ValueError:
        return path.as_posix()


def _identity_faults(models: list[tuple[RuleFile, YamlFile]]) -> list[Fault]:
    faults = []
    seen: dict[str, str] = {}
    for model, source in models:
        stem = source.name.rpartition("/")[2]
        if not stem.startswith(model.id + "-"):
            faults.append(source.fault(("id",), Text(f"规则编号“{model.id}”与文件名不符", f'the id "{model.id}" is not the beginning of the file name'),
                                       hint=Text(f"文件名应为 {model.id}-….yml", f"name the file {model.id}-….yml"), code="S01"))
        if model.id in seen:
            faults.append(source.fault(("id",), Text(f"规则编号“{model.id}”已用于 {seen[model.id]}", f'the id "{model.id}" is used by {seen[model.id]}'), code="S02"))
        seen.setdefault(model.id, source.name)
    return faults
