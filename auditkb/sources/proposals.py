"""What each column of a table may be: proposals for a mapping file, which a person reviews. Nothing is loaded by them.

A heading that the dictionary gives to one field only is proposed; one that several fields may have is left undecided
with the choices. Columns that repeat with a number (付款1日期, 付款2日期) or without one are records side by side.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from auditkb.dictionary import normalise_header
from auditkb.errors import nearest
from auditkb.sources.layout import ROW_NUMBERS
from auditkb.sources.suggestions import suggest
from auditkb.sources.title_meanings import TitleMeanings

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
    """Proposals for the columns of one table, whose titles may mean what `meanings` says."""

    def __init__(self, meanings: TitleMeanings):
        self._of = meanings

    def proposals(self) -> list[Proposal]:
        """One for each column with a title, in their order."""
        found = [self._propose(position) for position in self._of.layout.titles]
        number_of = {entry.position: self._of.title(entry.position)[2] for entry in found}
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
        return found

    @property
    def titled(self) -> Collection[int]:
        """The columns that have a title."""
        return self._of.layout.titles.keys()

    def suggestions(self, entry: Proposal, texts: Sequence[str], taken: Collection[str]) -> list[str]:
        """Choices for a column that no heading explains, by what stands in it; [] for one that only counts rows or holds remarks."""
        title = self._of.layout.titles[entry.position][-1]
        if entry.targets or entry.choices or normalise_header(title) in ROW_NUMBERS | _REMARKS:
            return entry.choices
        near = {name: self._of.types[name] for name in sorted(self._of.near, key=list(self._of.types).index)} if self._of.main else {}
        return [*suggest(near, self._of.main, title, texts, taken), "skip"]

    def _propose(self, position: int) -> Proposal:
        whole, lowest, _ = self._of.title(position)
        said = self._of.said_types(position)
        if lowest in ROW_NUMBERS and (self._of.main is None or lowest not in self._of.known[self._of.main][0]):
            return Proposal(position)
        main = [self._of.main] if self._of.main else []
        below = [child for name in said for child in self._of.dictionary.children(name) if child in self._of.types]
        tries = [(whole, said), (lowest, said), *((rest, [name]) for name in said for rest in self._as_of_type(lowest, name)), (lowest, below)]
        for title, types in tries if said else [(whole, main), (whole, sorted(self._of.near))]:
            certain, uncertain = self._of.meanings(title, types)
            if len(certain) == 1:
                return Proposal(position, certain[0].split("+"))
            if certain or uncertain:
                found = list(dict.fromkeys(part for choice in certain + uncertain for part in choice.split("+")))
                return Proposal(position, choices=[*self._preferred(found), "skip"], is_exact=not uncertain)
        if whole != lowest and not said and main:
            # A title above that names no type may change what the lowest one means.
            found = [part for choice in self._of.meanings(lowest, main)[0] for part in choice.split("+")]
            if found:
                return Proposal(position, choices=[*found, "skip"])
        return Proposal(position, choices=self._near_misses(lowest, [*said, *below] or main))

    def _as_of_type(self, title: str, name: str) -> list[str]:
        """A title without the name of its type in front, or with it: 采购公告日期 is the 公告日期 of a 采购, 日期 that of a 付款."""
        words = sorted(self._of.groups[name], key=len, reverse=True)
        return [title.removeprefix(word) for word in words if title.startswith(word) and title != word] + [word + title for word in words]

    def _decide(self, found: list[Proposal]) -> None:
        """Of several choices the one whose type has other columns here; the number of a record rather than a reference to it."""
        present = {target.partition(".")[0] for entry in found for target in entry.targets}
        for entry in found:
            fields = [choice for choice in entry.choices if choice != "skip"]
            if any(choice.startswith(f"{self._of.main}.") for choice in fields):
                continue
            own = {choice.partition(".")[0] for choice in fields}
            fields = [choice for choice in fields if self._of.field_type(choice) not in own - {choice.partition(".")[0]}]
            here = [choice for choice in fields if choice.partition(".")[0] in present]
            if len(here) == 1:
                entry.targets, entry.choices = here, []

    def _preferred(self, choices: list[str]) -> list[str]:
        """Choices of the main type first; a title that the main type may mean can mean a field of others too."""
        return sorted(choices, key=lambda choice: choice.split(".")[0] != self._of.main)

    def _near_misses(self, title: str, types: Sequence[str]) -> list[str]:
        headings = {text: f"{name}.{entry.name}" for name in types for entry in self._of.types[name].fields.values() for text in (entry.label.zh, entry.label.en, *entry.synonyms)}
        near = [headings[text] for text in nearest(title, list(headings))]
        return [*dict.fromkeys(near), "skip"] if near else []

    def _number(self, found: list[Proposal]) -> None:
        """Write the number of records side by side into targets; count titles that repeat without one."""
        alone = [entry for entry in found if entry.targets and entry.position not in self._of.numbered and entry.targets[0].split(".")[0] != self._of.main]
        times = Counter((self._of.title(entry.position)[1], *entry.targets) for entry in alone)
        seen: Counter[tuple[str, ...]] = Counter()
        repeated = {target.split(".")[0] for (_, target, *_), count in times.items() if count > 1}
        support = Counter(target.split(".")[0] for entry in found if entry.position in self._of.numbered for target in entry.targets)
        for entry in found:
            _, lowest, number = self._of.title(entry.position)
            if entry.position in self._of.numbered:
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


def _numbered(target: str, number: int) -> str:
    name, dot, part = target.partition(".")
    return f"{name}[{number}]{dot}{part}" if dot and "[" not in name else target
