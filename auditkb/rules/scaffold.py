"""A new rule to start from: a file with every key in order, a condition that runs, and examples that prove it.

What it checks is only a pattern (a contract filed too late); its author replaces it under the title given. It is a
draft: checked and tested, never run over records.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from auditkb.errors import Text, did_you_mean, fail
from auditkb.rules.load import rule_files
from auditkb.yaml_files import parse_yaml

NUMBER_OF_AN_OFFICE = 901
"""An office's own rules in an area of the project count from here, so that they never meet the project's next ones."""
_AREA = re.compile(r"[a-z]{2,6}")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_ID = re.compile(r"\b([A-Z]{2,6})-([0-9]{3})\b")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
MOST_WORDS = 6


@dataclass(frozen=True)
class NewRule:
    """The file that was written."""

    id: str
    path: Path
    is_titled: bool
    """Whether both titles were given."""


def areas(folder: Path) -> dict[str, str]:
    """The areas of a folder of rules and the capitals with which the ids of each begin."""
    found: dict[str, str] = {}
    for path in rule_files(folder) if folder.is_dir() else []:
        begin = _ID.match(path.name)
        if begin is not None:
            found.setdefault(path.parent.name, begin.group(1))
    return found


def new_rule(rules: Path, office: Path | None, area: str, title: str, *, english: str | None = None, slug: str | None = None,
             new_area: bool = False) -> NewRule:
    """Write a draft into `rules/<area>/`, or into the office's folder.

    Raises KnowledgeBaseError for an unknown area, a slug that is none, or an area whose ids are all used.
    """
    folder = rules if office is None else office / "rules"
    known = {**areas(folder), **areas(rules)} if office is not None else areas(rules)
    prefix = _prefix(area, known, new_area=new_area)
    is_ours = area in areas(rules)
    number = _next_number(prefix, [rules] if office is None else [rules, folder], NUMBER_OF_AN_OFFICE if office is not None and is_ours else 1)
    rule_id = f"{prefix}-{number:03d}"
    names = _titles(rule_id, title, english)
    if slug is not None and not _SLUG.fullmatch(slug):
        raise fail(f"“{slug}”不能用作文件名", f'"{slug}" cannot be part of a file name', hint=Text("小写英文词，用连字符相连，如 filed-late", "small English words joined by hyphens, such as filed-late"))
    words = english or ("" if _CHINESE.search(title) else title)
    path = folder / area / f"{rule_id}-{slug or _slug(words) or 'rule'}.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_text(rule_id, names, area), "utf-8", newline="\n")
    return NewRule(rule_id, path, bool(english) and bool(_CHINESE.search(title)))


@cache
def sample_texts() -> dict[str, object]:
    """What the draft says of its pattern, by key: no rule of another title says the same."""
    pattern = parse_yaml(_TEMPLATE, "").data
    return {key: pattern[key] for key in ("rationale", "message", "known_exceptions", "cannot_see")}


def _prefix(area: str, known: dict[str, str], *, new_area: bool) -> str:
    if area in known:
        return known[area]
    if not new_area:
        listed = did_you_mean(area, sorted(known))
        raise fail(f"没有领域“{area}”", f'there is no area "{area}"', hint=listed + Text("；新的领域加 --new-area", "; add --new-area for a new one"))
    if not _AREA.fullmatch(area) or area.upper() in known.values():
        raise fail(f"“{area}”不能用作领域", f'"{area}" cannot be an area', hint=Text("2 至 6 个小写字母，不与已有编号的字头相同", "2 to 6 small letters, not those with which other ids begin"))
    return area.upper()


def _next_number(prefix: str, folders: list[Path], first: int) -> int:
    """One more than any number that a file name or a line of a rule gives to the area: gaps may be ids that were given up."""
    used = [first - 1]
    for path in [path for folder in folders if folder.is_dir() for path in rule_files(folder)]:
        for begin, number in _ID.findall(path.name) + _ID.findall("\n".join(_lines_that_name_ids(path))):
            if begin == prefix and (int(number) >= first or first == 1 and int(number) < NUMBER_OF_AN_OFFICE):
                used.append(int(number))
    if max(used) >= 999:
        raise fail(f"{prefix} 的编号已用完", f"the numbers of {prefix} are used up")
    return max(used) + 1


def _lines_that_name_ids(path: Path) -> list[str]:
    return [line for line in path.read_text("utf-8", errors="replace").splitlines() if line.startswith(("id:", "replaces:"))]


def _titles(rule_id: str, title: str, english: str | None) -> Text:
    """Both titles; the one that is not given is made of the id, for the author to write."""
    if _CHINESE.search(title):
        return Text(title, english or f"New rule {rule_id}")
    return Text(f"新规则 {rule_id}", english or title)


def _slug(title: str) -> str:
    return "-".join(re.findall(r"[a-z0-9]+", title.lower())[:MOST_WORDS])


def _text(rule_id: str, title: Text, area: str) -> str:
    return (_TEMPLATE.replace("<id>", rule_id).replace("<zh>", _quoted(title.zh)).replace("<en>", _quoted(title.en)).replace("<area>", area))


def _quoted(text: str) -> str:
    """A text as it may stand inside `{…}` in YAML."""
    return "'" + text.replace("'", "''") + "'" if re.search(r"[^\w \u4e00-\u9fff（）“”，。、-]", text) or not text.strip() or text != text.strip() else text


_TEMPLATE = """\
# 草稿：本文件可以直接检查和测试。把其中的示范内容（合同备案过迟）逐项换成标题所说的，再删去这几行说明。
# A draft that passes lint and test as it is. Replace the pattern (a contract filed late) piece by piece by what the title says,
# then take these lines out. Keys and functions: docs/rule-language.md. Fields: records/<type>.yml.
id: <id>
title: {zh: <zh>, en: <en>}
# 写好后改为 trial（只计数）；有人批准后改为 active，并写 approved。
# When it is written: trial (counted only). Once somebody answers for it: active, with approved.
status: draft
severity: medium
category: <area>/new
checks: contract
event_date: [signed_on]
criteria:
  - {law: contract-policy, role: internal_policy}
rationale:
  zh: 单位制度要求合同签订后及时备案，备案过迟会影响付款和监督。
  en: The office's rules ask for contracts to be filed soon after signing; late filing holds up payment and supervision.
parameters:
  max_days: {default: 30, unit: days, label: {zh: 备案期限, en: Days allowed}}
applies_when: not is_framework
let:
  days: days_between(signed_on, filed_on)
labels:
  days: {zh: 签订到备案的天数, en: Days from signing to filing}
fails_when: days > :max_days
message:
  zh: 合同{signed_on}签订，{filed_on}备案，相隔{days}天，期限为{max_days}天。
  en: The contract was signed on {signed_on} and filed on {filed_on}, {days} days later; {max_days} are allowed.
evidence: [number, signed_on, filed_on]
amount: amount
known_exceptions:
  - {zh: 备案系统停用期间顺延的。, en: Filing put off while the filing system was down.}
cannot_see:
  - {zh: 没有登记备案日期的合同。, en: Contracts whose day of filing is not recorded.}
examples:
  - name: {zh: 超过一天, en: one day too late}
    given: {contract: {is_framework: false, signed_on: 2025-03-01, filed_on: 2025-04-01, amount: 80000}}
    expect: fail
    amount: 80000
    let: {days: 31}
  - name: {zh: 刚好在期限的最后一天, en: exactly on the last day}
    given: {contract: {is_framework: false, signed_on: 2025-03-01, filed_on: 2025-03-31}}
    expect: pass
  - name: {zh: 备案日期没有登记, en: day of filing not captured}
    given: {contract: {is_framework: false, signed_on: 2025-03-01}}
    expect: not_evaluated
    reason: missing:filed_on
  - name: {zh: 框架协议, en: framework agreement}
    given: {contract: {is_framework: true, signed_on: 2025-03-01, filed_on: 2025-06-01}}
    expect: not_applicable
"""
