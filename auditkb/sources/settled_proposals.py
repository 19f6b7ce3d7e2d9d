"""What is doubtful about proposals for the columns of a table, taken together: records that no column would name, and titles that may name two."""

from __future__ import annotations

import re
from collections.abc import Iterable

from auditkb.sources.proposals import Proposal
from auditkb.sources.suggestions import lacks_key, ways_to_name
from auditkb.sources.title_meanings import TitleMeanings

VALUES_THAT_NAME_NOTHING = ("date", "money", "ratio", "integer", "flag")
_NAME_TITLE = re.compile("项目|名称|标的")


def settle_together(found: list[Proposal], meanings: TitleMeanings) -> list[Proposal]:
    """The proposals of a table, changed where one of them makes another doubtful or gives a record its name."""
    settler = _Settler(meanings)
    settler.name_parents(found)
    settler.doubt_parents(found)
    settler.doubt_names(found)
    settler.doubt_nameless(found)
    return found


class _Settler:
    def __init__(self, meanings: TitleMeanings):
        self._of = meanings

    def name_parents(self, found: list[Proposal]) -> None:
        """A purchase that no column names is called like the record of the row, so that its award and quotes have a parent."""
        used = {target.split(".")[0].split("[")[0] for entry in found for target in (*entry.targets, *entry.choices) if target != "skip"}
        self._name_by_references(found, used)
        wanted = {"tender"} & used | {"tender" for name in ("award", "quote") if name in used}
        named = {target for entry in found for target in (*entry.targets, *entry.choices)}
        if not wanted or self._of.main in (None, "tender") or named & {"tender.number", "tender.title"}:
            return
        label = f"{self._of.main}.{self._of.types[self._of.main or ''].label_field}"
        for entry in found:
            if entry.targets == [label]:
                entry.targets = [label, "tender.title"]
            elif label in entry.choices:
                entry.choices[entry.choices.index(label)] = f"[{label}, tender.title]"

    def doubt_parents(self, found: list[Proposal]) -> None:
        """中标单位 in a ledger of contracts is the winner as well, where other columns tell of the award: a person decides."""
        if self._of.main is None:
            return
        taken = {target for entry in found for target in entry.targets}
        above = {field.type for field in self._of.types[self._of.main].fields.values() if field.is_reference} & {target.split(".")[0] for target in taken} - {self._of.main}
        for entry in found:
            if len(entry.targets) != 1 or not entry.targets[0].startswith(f"{self._of.main}.") or self._of.said_types(entry.position):
                continue
            others = [other for other in self._of.meanings(self._of.title(entry.position)[0], sorted(above))[0]
                      if "+" not in other and other not in taken and self._of.field_type(other) not in ("department", self._of.main)]
            if others:
                own = entry.targets[0]
                entry.targets, entry.choices = [], [f"[{', '.join([*others, own])}]", *others, own, "skip"]

    def doubt_names(self, found: list[Proposal]) -> None:
        """采购项目 in a ledger of contracts without their titles may be the contract's own name: a person decides."""
        named = {target for entry in found for target in (*entry.targets, *entry.choices)}
        label = f"{self._of.main}.{self._of.types[self._of.main].label_field}" if self._of.main else ""
        if self._of.main is None or any(label in text for text in named):
            return
        for entry in found:
            (target, *more) = entry.targets or [""]
            if more or not target.startswith(f"{self._of.main}.") or not _NAME_TITLE.search(self._of.title(entry.position)[1]):
                continue
            other = self._of.types.get(self._of.field_type(target))
            if other is not None and other.key[-1] == (other.label_field,):
                entry.targets, entry.choices = [], [target, label, f"[{label}, {other.type}.{other.label_field}]", "skip"]

    def doubt_nameless(self, found: list[Proposal]) -> None:
        """What is proposed for a record that no column names would only be refused: a person decides."""
        fields: dict[str, set[str]] = {}
        for entry in found:
            for name, part in fields_named((*entry.targets, *entry.choices)):
                fields.setdefault(name, set()).add(part)
        for name in [name for name, parts in fields.items() if lacks_key(self._of.types[name], parts, fields.keys() - {name})]:
            for entry in found:
                if not any(target.partition(".")[0].partition("[")[0] == name for target in entry.targets):
                    continue
                is_text = all(self._of.field_type(f"{of}.{part}") not in VALUES_THAT_NAME_NOTHING for of, part in fields_named(entry.targets))
                ways = ways_to_name(self._of.types[name], self._of.layout.titles[entry.position]) if is_text else []
                whole = f"[{', '.join(entry.targets)}]" if len(entry.targets) > 1 else entry.targets[0]
                if name != self._of.main or ways:
                    entry.targets, entry.choices = [], [*dict.fromkeys((whole, *ways)), "skip"]

    def _name_by_references(self, found: list[Proposal], used: set[str]) -> None:
        """A record that has columns and no name takes it from the column that refers to it: 项目名称 beside 责任科室 of the project."""
        named = {target for entry in found for target in (*entry.targets, *entry.choices)}
        for name in sorted(used - {self._of.main}):
            first = self._of.types[name].key[0]
            keys = {f"{name}.{part}" for names in self._of.types[name].key for part in names}
            if len(first) == 1 and not named & keys:
                for entry in found:
                    if len(entry.targets) == 1 and "[" not in entry.targets[0] and self._of.field_type(entry.targets[0]) == name:
                        entry.targets = [f"{name}.{first[0]}", *entry.targets]


def fields_named(texts: Iterable[str]) -> list[tuple[str, str]]:
    """Record type and field of every target in these texts, of which one may be a list.

    >>> fields_named(["[contract.title, tender.title]", "payment[2].paid_on", "skip"])
    [('contract', 'title'), ('tender', 'title'), ('payment', 'paid_on')]
    """
    return [(name, part) for text in texts for name, part in re.findall(r"\b([a-z][a-z0-9_]*)(?:\[\d+\])?\.([a-z][a-z0-9_]*)", text)]
