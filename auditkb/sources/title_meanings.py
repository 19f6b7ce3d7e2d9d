"""What the titles of one table may mean: the fields they may name, the record type that they speak of, and which count records side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from auditkb.dictionary import Dictionary, normalise_header
from auditkb.sources.headers import is_known_unit
from auditkb.sources.layout import Layout, split_unit, without_number
from auditkb.values import MONEY_UNITS


class TitleMeanings:
    """The titles of one table held against the dictionary. `names` (sheet, file, titles above) hint at the main record type.

    `main` is the type that most titles speak of, `near` those that its rows may hold too; `numbered` are the columns that count records.
    """

    def __init__(self, dictionary: Dictionary, layout: Layout, names: Sequence[str]):
        self.dictionary, self.layout = dictionary, layout
        self.types = {name: record_type for name, record_type in dictionary.types.items() if record_type.derived is None}
        self.known = {name: (entry.headers(), entry.uncertain_headers(), entry.period_headers()) for name, entry in self.types.items()}
        self.groups = {name: entry.group_titles() for name, entry in self.types.items()}
        self.numbered = self._find_numbered()
        self.main: str | None = None
        self.main = self._main_type(names)
        self.near = self._related(self.main) if self.main else set(self.types)

    def meanings(self, title: str, types: Iterable[str]) -> tuple[list[str], list[str]]:
        """`type.field` that a normalised title certainly means in these types, and those that it may mean."""
        certain, uncertain = [], []
        for name in types:
            record_type = self.types[name]
            headers, maybe, periods = self.known[name]
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

    def title(self, position: int) -> tuple[str, str, int | None]:
        """Whole title and lowest title, normalised and without their number, and the number."""
        if position not in self.numbered:
            path = [normalise_header(title) for title in self.layout.titles[position]]
            return "".join(path), path[-1], None
        titles, number = self.stripped(position)
        return "".join(titles), titles[-1], number

    def stripped(self, position: int) -> tuple[tuple[str, ...], int | None]:
        """The path of a column without units and without the number that counts records, and that number."""
        parts = [without_number(_without_unit(title)) for title in self.layout.titles[position]]
        return tuple(title for title, _ in parts), next((number for _, number in parts if number is not None), None)

    def said_types(self, position: int) -> list[str]:
        """The types that a title over several columns names."""
        over = self.stripped(position)[0][:-1]
        return [name for title in reversed(over) for name, groups in self.groups.items() if title in groups]

    def field_type(self, choice: str) -> str:
        """The type of the field that `type.field` names."""
        name, _, part = choice.partition(".")
        return self.types[name].fields[part].type

    def _main_type(self, names: Sequence[str]) -> str | None:
        """The type that most titles speak of, or its parent where its records stand side by side."""
        of_title: dict[str, set[str]] = {}
        numbered: set[str] = set()
        for position in self.layout.titles:
            if self.said_types(position):
                continue
            whole, lowest, number = self.title(position)
            certain, uncertain = self.meanings(whole, self.types)
            if not certain and not uncertain:
                certain, uncertain = self.meanings(lowest, self.types)
            choices = [choice.split("+")[0] for choice in certain + uncertain]
            # 合同编号 on a payment is a reference: it speaks of contracts, which know it as their own.
            types = {choice.split(".")[0] for choice in choices}
            of_title[whole] = {choice.split(".")[0] for choice in choices if self.field_type(choice) not in types - {choice.split(".")[0]}}
            numbered |= of_title[whole] if number is not None else set()
        hits = Counter(name for found in of_title.values() for name in found)
        for name, record_type in self.types.items():
            if hits[name] >= 2 and any(record_type.label.zh in said or normalise_header(said) == name for said in names):
                hits[name] += 3
        order = list(self.types)
        main = min(+hits, key=lambda name: (-hits[name], order.index(name))) if +hits else None
        if main is None or main not in numbered or hits[main] > len(numbered_titles(self.numbered, self.title)) + 1:
            return main
        parents = [self.types[main].fields[name].type for name in self.types[main].belongs_to]
        return parents[0] if parents else main

    def _related(self, main: str) -> set[str]:
        """The main type, what it refers to, what belongs to it, and what belongs to those."""
        above = {entry.type for entry in self.types[main].fields.values() if entry.is_reference and entry.type in self.types}
        near = {main, *above}
        for name in (main, *sorted(above - {"organisation", "department", "project"})):
            near |= self.dictionary.children(name).keys() & self.types.keys()
        return near - {"organisation", "department", "document", "exemption", "participant", "quote_line", "invoice_line", "payment_approval"} | {main}

    def _find_numbered(self) -> set[int]:
        """Columns whose titles differ by a number only, or share a number with others that do."""
        bases: dict[tuple[str, ...], set[int]] = {}
        of_column: dict[int, tuple[str, ...]] = {}
        for position in self.layout.titles:
            base, number = self.stripped(position)
            if number is not None:
                bases.setdefault(base, set()).add(number)
                of_column[position] = base
        found = {position for position, base in of_column.items() if len(bases[base]) > 1}
        numbers = {number for base, several in bases.items() if len(several) > 1 for number in several}
        alone = {position: bases[base] for position, base in of_column.items() if position not in found}
        return found | {position for position, own in alone.items() if own <= numbers and self._is_heading(of_column[position][-1])}

    def _is_heading(self, title: str) -> bool:
        return any(title in headers for headers, _, _ in self.known.values())


def _without_unit(title: str) -> str:
    """A title, normalised, without a unit of money at its end; another bracket may be a number."""
    name, unit = split_unit(title)
    return name if unit in MONEY_UNITS else normalise_header(title)


def numbered_titles(positions: Iterable[int], title: Callable[[int], tuple[str, str, int | None]]) -> set[str]:
    """The titles, without their number, of columns that stand side by side."""
    return {title(position)[0] for position in positions}
