"""What each column of a table may be: proposals for a mapping file, which a person reviews. Nothing is loaded by them.

A heading that the dictionary gives to one field only is proposed; one that several fields may have is left undecided
with the choices. Columns that repeat with a number (付款1日期, 付款2日期) or without one are records side by side.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

from auditkb.dictionary import Dictionary, normalise_header
from auditkb.errors import did_you_mean
from auditkb.sources.headers import is_known_unit
from auditkb.sources.layout import ROW_NUMBERS, Layout, split_unit, without_number
from auditkb.sources.suggestions import lacks_key, suggest, ways_to_name
from auditkb.values import MONEY_UNITS

VALUES_THAT_NAME_NOTHING = ("date", "money", "ratio", "integer", "flag")
_NAME_TITLE = re.compile("项目|名称|标的")
_REMARKS = frozenset(("备注", "说明", "附注", "remark", "remarks", "note", "notes"))


@dataclass
class Proposal:
    """One column: `targets` where there is one reading, else `choices`; these are exact where each is a heading of its field."""

    position: int
    targets: list[str] = field(default_factory=list)
    choices: list[str] = field(default_factory=list)
    is_exact: bool = False

    @property
    def text(self) -> list[str] | str:
        """The value in the mapping file."""
        if self.choices:
            return "? " + " | ".join(self.choices)
        return "skip" if not self.targets else self.targets[0] if len(self.targets) == 1 else self.targets


class Proposer:
    """Proposals for the columns of one table. `names` (sheet, file, titles above) hint at the main record type."""

    def __init__(self, dictionary: Dictionary, layout: Layout, names: Sequence[str]):
        self._dictionary, self._layout = dictionary, layout
        self._types = {name: record_type for name, record_type in dictionary.types.items() if record_type.derived is None}
        self._known = {name: (entry.headers(), entry.uncertain_headers(), entry.period_headers()) for name, entry in self._types.items()}
        self._groups = {name: entry.group_titles() for name, entry in self._types.items()}
        self._numbered = self._find_numbered()
        self.main: str | None = None
        self.main = self._main_type(names)
        self._near = self._related(self.main) if self.main else set(self._types)

    def proposals(self) -> list[Proposal]:
        """One for each column with a title, in their order."""
        found = [self._propose(position) for position in self._layout.titles]
        number_of = {entry.position: self._title(entry.position)[2] for entry in found}
        taken = {(number_of[entry.position], target) for entry in found for target in entry.targets}
        for entry in found:
            free = [choice for choice in entry.choices if (number_of[entry.position], choice) not in taken]
            if entry.is_exact and len(free) == 2:
                entry.targets, entry.choices = free[:1], []
            elif len(free) > 1:
                entry.choices = free
        self._decide(found)
        self._number(found)
        self._only_once(found)
        self._name_parents(found)
        self._doubt_parents(found)
        self._doubt_names(found)
        self._doubt_nameless(found)
        return found

    @property
    def titled(self) -> Collection[int]:
        """The columns that have a title."""
        return self._layout.titles.keys()

    def suggestions(self, entry: Proposal, texts: Sequence[str], taken: Collection[str]) -> list[str]:
        """Choices for a column that no heading explains, by what stands in it; [] for one that only counts rows or holds remarks."""
        title = self._layout.titles[entry.position][-1]
        if entry.targets or entry.choices or normalise_header(title) in ROW_NUMBERS | _REMARKS:
            return entry.choices
        near = {name: self._types[name] for name in sorted(self._near, key=list(self._types).index)} if self.main else {}
        return [*suggest(near, self.main, title, texts, taken), "skip"]

    # --- what a title may mean

    def _meanings(self, title: str, types: Iterable[str]) -> tuple[list[str], list[str]]:
        """`type.field` that a normalised title certainly means in these types, and those that it may mean."""
        certain, uncertain = [], []
        for name in types:
            record_type = self._types[name]
            headers, maybe, periods = self._known[name]
            for words in dict.fromkeys((title, split_unit(title)[0])):
                if words in headers and words != title and name != self.main and not is_known_unit(split_unit(title)[1] or ""):
                    # 单位(工程科) need not be the 单位 of a project.
                    uncertain.append(f"{name}.{headers[words]}")
                elif words in headers:
                    certain.append(f"{name}.{headers[words]}")
                elif words in periods and record_type.period is not None:
                    certain.append("+".join(f"{name}.{part}" for part in record_type.period.fields))
                elif words in maybe:
                    uncertain += [f"{name}.{part}" for part in maybe[words]]
                else:
                    continue
                break
        return certain, uncertain

    def _title(self, position: int) -> tuple[str, str, int | None]:
        """Whole title and lowest title, normalised and without their number, and the number."""
        if position not in self._numbered:
            path = [normalise_header(title) for title in self._layout.titles[position]]
            return "".join(path), path[-1], None
        titles, number = self._stripped(position)
        return "".join(titles), titles[-1], number

    def _stripped(self, position: int) -> tuple[tuple[str, ...], int | None]:
        """The path of a column without units and without the number that counts records, and that number."""
        parts = [without_number(_without_unit(title)) for title in self._layout.titles[position]]
        return tuple(title for title, _ in parts), next((number for _, number in parts if number is not None), None)

    def _said_types(self, position: int) -> list[str]:
        """The types that a title over several columns names."""
        over = self._stripped(position)[0][:-1]
        return [name for title in reversed(over) for name, groups in self._groups.items() if title in groups]

    def _propose(self, position: int) -> Proposal:
        whole, lowest, _ = self._title(position)
        said = self._said_types(position)
        if lowest in ROW_NUMBERS and (self.main is None or lowest not in self._known[self.main][0]):
            return Proposal(position)
        main = [self.main] if self.main else []
        below = [child for name in said for child in self._dictionary.children(name) if child in self._types]
        tries = [(whole, said), (lowest, said), *((rest, [name]) for name in said for rest in self._as_of_type(lowest, name)), (lowest, below)]
        for title, types in tries if said else [(whole, main), (whole, sorted(self._near))]:
            certain, uncertain = self._meanings(title, types)
            if len(certain) == 1:
                return Proposal(position, certain[0].split("+"))
            if certain or uncertain:
                found = list(dict.fromkeys(part for choice in certain + uncertain for part in choice.split("+")))
                return Proposal(position, choices=[*self._preferred(found), "skip"], is_exact=not uncertain)
        if whole != lowest and not said and main:
            # A title above that names no type may change what the lowest one means.
            found = [part for choice in self._meanings(lowest, main)[0] for part in choice.split("+")]
            if found:
                return Proposal(position, choices=[*found, "skip"])
        return Proposal(position, choices=self._near_misses(lowest, [*said, *below] or main))

    def _as_of_type(self, title: str, name: str) -> list[str]:
        """A title without the name of its type in front, or with it: 采购公告日期 is the 公告日期 of a 采购, 日期 that of a 付款."""
        words = sorted(self._groups[name], key=len, reverse=True)
        return [title.removeprefix(word) for word in words if title.startswith(word) and title != word] + [word + title for word in words]

    def _decide(self, found: list[Proposal]) -> None:
        """Of several choices the one whose type has other columns here; the number of a record rather than a reference to it."""
        present = {target.partition(".")[0] for entry in found for target in entry.targets}
        for entry in found:
            fields = [choice for choice in entry.choices if choice != "skip"]
            if any(choice.startswith(f"{self.main}.") for choice in fields):
                continue
            own = {choice.partition(".")[0] for choice in fields}
            fields = [choice for choice in fields if self._field_type(choice) not in own - {choice.partition(".")[0]}]
            here = [choice for choice in fields if choice.partition(".")[0] in present]
            if len(here) == 1:
                entry.targets, entry.choices = here, []

    def _field_type(self, choice: str) -> str:
        name, _, part = choice.partition(".")
        return self._types[name].fields[part].type

    def _preferred(self, choices: list[str]) -> list[str]:
        """Choices of the main type first; a title that the main type may mean can mean a field of others too."""
        return sorted(choices, key=lambda choice: choice.split(".")[0] != self.main)

    def _near_misses(self, title: str, types: Sequence[str]) -> list[str]:
        headings = {text: f"{name}.{entry.name}" for name in types for entry in self._types[name].fields.values() for text in (entry.label.zh, entry.label.en, *entry.synonyms)}
        said = did_you_mean(title, list(headings)).en
        if not said.startswith("did you mean: "):
            return []
        near = [headings[text] for text in said.removeprefix("did you mean: ").split(", ") if text in headings]
        return [*dict.fromkeys(near), "skip"] if near else []

    # --- the record type of the table

    def _main_type(self, names: Sequence[str]) -> str | None:
        """The type that most titles speak of, or its parent where its records stand side by side."""
        of_title: dict[str, set[str]] = {}
        numbered: set[str] = set()
        for position in self._layout.titles:
            if self._said_types(position):
                continue
            whole, lowest, number = self._title(position)
            certain, uncertain = self._meanings(whole, self._types)
            if not certain and not uncertain:
                certain, uncertain = self._meanings(lowest, self._types)
            choices = [choice.split("+")[0] for choice in certain + uncertain]
            # 合同编号 on a payment is a reference: it speaks of contracts, which know it as their own.
            types = {choice.split(".")[0] for choice in choices}
            of_title[whole] = {choice.split(".")[0] for choice in choices if self._field_type(choice) not in types - {choice.split(".")[0]}}
            numbered |= of_title[whole] if number is not None else set()
        hits = Counter(name for found in of_title.values() for name in found)
        for name, record_type in self._types.items():
            if hits[name] >= 2 and any(record_type.label.zh in said or normalise_header(said) == name for said in names):
                hits[name] += 3
        order = list(self._types)
        main = min(+hits, key=lambda name: (-hits[name], order.index(name))) if +hits else None
        if main is None or main not in numbered or hits[main] > len(numbered_titles(self._numbered, self._title)) + 1:
            return main
        parents = [self._types[main].fields[name].type for name in self._types[main].belongs_to]
        return parents[0] if parents else main

    def _related(self, main: str) -> set[str]:
        """The main type, what it refers to, what belongs to it, and what belongs to those."""
        above = {entry.type for entry in self._types[main].fields.values() if entry.is_reference and entry.type in self._types}
        near = {main, *above}
        for name in (main, *sorted(above - {"organisation", "department", "project"})):
            near |= self._dictionary.children(name).keys() & self._types.keys()
        return near - {"organisation", "department", "document", "exemption", "participant", "quote_line", "invoice_line", "payment_approval"} | {main}

    # --- records side by side

    def _find_numbered(self) -> set[int]:
        """Columns whose titles differ by a number only, or share a number with others that do."""
        bases: dict[tuple[str, ...], set[int]] = {}
        of_column: dict[int, tuple[str, ...]] = {}
        for position in self._layout.titles:
            base, number = self._stripped(position)
            if number is not None:
                bases.setdefault(base, set()).add(number)
                of_column[position] = base
        found = {position for position, base in of_column.items() if len(bases[base]) > 1}
        numbers = {number for base, several in bases.items() if len(several) > 1 for number in several}
        alone = {position: bases[base] for position, base in of_column.items() if position not in found}
        return found | {position for position, own in alone.items() if own <= numbers and self._is_heading(of_column[position][-1])}

    def _is_heading(self, title: str) -> bool:
        return any(title in headers for headers, _, _ in self._known.values())

    def _number(self, found: list[Proposal]) -> None:
        """Write the number of records side by side into targets; count titles that repeat without one."""
        alone = [entry for entry in found if entry.targets and entry.position not in self._numbered and entry.targets[0].split(".")[0] != self.main]
        times = Counter((self._title(entry.position)[1], *entry.targets) for entry in alone)
        seen: Counter[tuple[str, ...]] = Counter()
        repeated = {target.split(".")[0] for (_, target, *_), count in times.items() if count > 1}
        support = Counter(target.split(".")[0] for entry in found if entry.position in self._numbered for target in entry.targets)
        for entry in found:
            _, lowest, number = self._title(entry.position)
            if entry.position in self._numbered:
                best = [choice for choice in entry.choices if support[choice.split(".")[0]]]
                if len(best) == 1:
                    entry.targets, entry.choices = best, []
            elif entry.targets and entry.targets[0].split(".")[0] in repeated:
                seen[lowest, *entry.targets] += 1
                number = seen[lowest, *entry.targets]
            if number is not None:
                entry.targets = [_numbered(target, number) for target in entry.targets]
                entry.choices = [_numbered(choice, number) for choice in entry.choices]

    def _only_once(self, found: list[Proposal]) -> None:
        """Two columns for one field are for a person to decide."""
        count = Counter(target for entry in found for target in entry.targets)
        for entry in found:
            if any(count[target] > 1 for target in entry.targets):
                entry.choices, entry.targets = [*entry.targets, "skip"], []

    def _name_parents(self, found: list[Proposal]) -> None:
        """A purchase that no column names is called like the record of the row, so that its award and quotes have a parent."""
        used = {target.split(".")[0].split("[")[0] for entry in found for target in (*entry.targets, *entry.choices) if target != "skip"}
        self._name_by_references(found, used)
        wanted = {"tender"} & used | {"tender" for name in ("award", "quote") if name in used}
        named = {target for entry in found for target in (*entry.targets, *entry.choices)}
        if not wanted or self.main in (None, "tender") or named & {"tender.number", "tender.title"}:
            return
        label = f"{self.main}.{self._types[self.main or ''].label_field}"
        for entry in found:
            if entry.targets == [label]:
                entry.targets = [label, "tender.title"]
            elif label in entry.choices:
                entry.choices[entry.choices.index(label)] = f"[{label}, tender.title]"


    def _doubt_parents(self, found: list[Proposal]) -> None:
        """中标单位 in a ledger of contracts is the winner as well, where other columns tell of the award: a person decides."""
        if self.main is None:
            return
        taken = {target for entry in found for target in entry.targets}
        above = {field.type for field in self._types[self.main].fields.values() if field.is_reference} & {target.split(".")[0] for target in taken} - {self.main}
        for entry in found:
            if len(entry.targets) != 1 or not entry.targets[0].startswith(f"{self.main}.") or self._said_types(entry.position):
                continue
            others = [other for other in self._meanings(self._title(entry.position)[0], sorted(above))[0]
                      if "+" not in other and other not in taken and self._field_type(other) not in ("department", self.main)]
            if others:
                own = entry.targets[0]
                entry.targets, entry.choices = [], [f"[{', '.join([*others, own])}]", *others, own, "skip"]

    def _doubt_names(self, found: list[Proposal]) -> None:
        """采购项目 in a ledger of contracts without their titles may be the contract's own name: a person decides."""
        named = {target for entry in found for target in (*entry.targets, *entry.choices)}
        label = f"{self.main}.{self._types[self.main].label_field}" if self.main else ""
        if self.main is None or any(label in text for text in named):
            return
        for entry in found:
            (target, *more) = entry.targets or [""]
            if more or not target.startswith(f"{self.main}.") or not _NAME_TITLE.search(self._title(entry.position)[1]):
                continue
            other = self._types.get(self._field_type(target))
            if other is not None and other.key[-1] == (other.label_field,):
                entry.targets, entry.choices = [], [target, label, f"[{label}, {other.type}.{other.label_field}]", "skip"]

    def _doubt_nameless(self, found: list[Proposal]) -> None:
        """What is proposed for a record that no column names would only be refused: a person decides."""
        fields: dict[str, set[str]] = {}
        for entry in found:
            for name, part in fields_named((*entry.targets, *entry.choices)):
                fields.setdefault(name, set()).add(part)
        for name in [name for name, parts in fields.items() if lacks_key(self._types[name], parts, fields.keys() - {name})]:
            for entry in found:
                if not any(target.partition(".")[0].partition("[")[0] == name for target in entry.targets):
                    continue
                is_text = all(self._field_type(f"{of}.{part}") not in VALUES_THAT_NAME_NOTHING for of, part in fields_named(entry.targets))
                ways = ways_to_name(self._types[name], self._layout.titles[entry.position]) if is_text else []
                whole = f"[{', '.join(entry.targets)}]" if len(entry.targets) > 1 else entry.targets[0]
                if name != self.main or ways:
                    entry.targets, entry.choices = [], [*dict.fromkeys((whole, *ways)), "skip"]

    def _name_by_references(self, found: list[Proposal], used: set[str]) -> None:
        """A record that has columns and no name takes it from the column that refers to it: 项目名称 beside 责任科室 of the project."""
        named = {target for entry in found for target in (*entry.targets, *entry.choices)}
        for name in sorted(used - {self.main}):
            first = self._types[name].key[0]
            keys = {f"{name}.{part}" for names in self._types[name].key for part in names}
            if len(first) == 1 and not named & keys:
                for entry in found:
                    if len(entry.targets) == 1 and "[" not in entry.targets[0] and self._field_type(entry.targets[0]) == name:
                        entry.targets = [f"{name}.{first[0]}", *entry.targets]


def fields_named(texts: Iterable[str]) -> list[tuple[str, str]]:
    """Record type and field of every target in these texts, of which one may be a list.

    >>> fields_named(["[contract.title, tender.title]", "payment[2].paid_on", "skip"])
    [('contract', 'title'), ('tender', 'title'), ('payment', 'paid_on')]
    """
    return [(name, part) for text in texts for name, part in re.findall(r"\b([a-z][a-z0-9_]*)(?:\[\d+\])?\.([a-z][a-z0-9_]*)", text)]


def _without_unit(title: str) -> str:
    """A title, normalised, without a unit of money at its end; another bracket may be a number."""
    name, unit = split_unit(title)
    return name if unit in MONEY_UNITS else normalise_header(title)


def numbered_titles(positions: Iterable[int], title: Callable[[int], tuple[str, str, int | None]]) -> set[str]:
    """The titles, without their number, of columns that stand side by side."""
    return {title(position)[0] for position in positions}


def _numbered(target: str, number: int) -> str:
    name, dot, part = target.partition(".")
    return f"{name}[{number}]{dot}{part}" if dot and "[" not in name else target

