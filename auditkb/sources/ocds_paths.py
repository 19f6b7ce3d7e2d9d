"""Paths of OCDS releases: what stands at them, and which of them the dictionary reads.

A path is names joined by `/`, with a condition on the objects of a list where it is not meant for all of them:
`tender/documents[documentType=tenderNotice]/datePublished`. Lists are passed through without being named.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from auditkb.dictionary import Dictionary
from auditkb.errors import Text

ABOUT_THE_RELEASE = frozenset({"ocid", "id", "date", "tag", "language", "initiationType", "publishedDate"})
"""What says something of the release itself; it is no part of what was bought."""

_STEP = re.compile(r"(\w+)(?:\[(\w+)=([\w-]+)\])?", re.ASCII)


class Step(NamedTuple):
    """One name of a path, and the condition on what stands there, if any."""

    name: str
    field: str | None = None
    wanted: str | None = None

    def holds(self, value: Any) -> bool:
        """Whether the condition holds for an object."""
        return self.field is None or (isinstance(value, dict) and str(value.get(self.field)) == self.wanted)


Steps = tuple[Step, ...]


class Found(NamedTuple):
    """A value with its place; `currency` is the one that stands beside it."""

    place: str
    value: Any
    currency: str | None = None


@dataclass(frozen=True)
class Item:
    """An object that is a record: `ids` name it within the release, `owners` are the records around it."""

    steps: Steps
    place: str
    value: dict[str, Any]
    ids: tuple[str, ...] = ()
    own_id: str | None = None
    is_repeated: bool = False
    owners: tuple[Item, ...] = ()


@lru_cache(maxsize=1024)
def parse_path(path: str) -> Steps:
    """The steps of a path that the dictionary has checked.

    >>> parse_path("awards/suppliers")[1].name
    'suppliers'
    """
    found = (_STEP.fullmatch(step) for step in path.split("/"))
    return tuple(Step(*step.groups()) for step in found if step is not None)


def without(steps: Steps, prefix: Steps) -> Steps:
    """The rest of `steps` after `prefix`."""
    return steps[len(prefix) :]


def find(value: Any, steps: Steps, place: str = "") -> list[Found]:
    """Every value at a path, through all lists on the way; a list at its end gives its members."""
    here = [Found(place, value)]
    for step in (None, *steps):
        there = []
        for found in here:
            if step is not None:
                if not isinstance(found.value, dict) or step.name not in found.value:
                    continue
                currency = found.value.get("currency")
                found = Found(f"{found.place}/{step.name}".lstrip("/"), found.value[step.name], currency.strip() or None if isinstance(currency, str) else None)
            members = _members(found)
            there += members if step is None else [member for member in members if step.holds(member.value)]
        here = there
    return here


def _members(found: Found) -> list[Found]:
    if not isinstance(found.value, list):
        return [found]
    return [Found(f"{found.place}/{number}", member) for number, member in enumerate(found.value)]


def items(release: dict[str, Any], steps: Steps) -> Iterator[Item]:
    """The objects at a path, in the order of the file."""
    here: list[Item] = [Item((), "", release)]
    for number, step in enumerate(steps, 1):
        here = [inner for item in here for inner in _inner(item, step, steps[:number])]
    yield from here


def _inner(item: Item, step: Step, steps: Steps) -> Iterator[Item]:
    value, place = item.value.get(step.name), f"{item.place}/{step.name}".lstrip("/")
    owners = (*item.owners, item) if item.ids else item.owners
    if isinstance(value, dict) and step.holds(value):
        yield Item(steps, place, value, item.ids, item.own_id, False, owners)
    if not isinstance(value, list):
        return
    natural = {str(member.get("id")) for member in value if isinstance(member, dict)}
    seen: Counter[str] = Counter()
    for number, member in enumerate(value):
        if not isinstance(member, dict):
            continue
        own = str(member.get("id"))
        seen[own] += 1
        name = own
        while seen[own] > 1 and name in natural:
            name = f"{own}#{seen[own]}" if name == own else f"{name}+"
        if step.holds(member):
            yield Item(steps, f"{place}/{number}", member, (*item.ids, name), own, seen[own] > 1, owners)


class DictionaryPaths:
    """Where the records of each type stand, and every path that some field reads."""

    def __init__(self, dictionary: Dictionary):
        self.types: dict[str, Steps] = {}
        self.organisation = ""
        self.parties: Steps = ()
        self.organisations: list[Steps] = []
        self._read: set[str] = set()
        self._lists: dict[tuple[str, ...], list[Step]] = {}
        for name, record_type in dictionary.types.items():
            if record_type.ocds and record_type.created_by_reference:
                self.organisation, self.parties = name, parse_path(record_type.ocds[0])
            elif record_type.ocds and record_type.derived is None:
                self.types[name] = parse_path(record_type.ocds[0])
        self.organisations = [self.parties] if self.parties else []
        for record_type in dictionary.types.values():
            for entry in record_type.fields.values():
                for steps in map(parse_path, entry.ocds):
                    self._add(steps, entry.type)
        self._read_organisations(dictionary)

    def _add(self, steps: Steps, kind: str) -> None:
        self._read.add(_named(steps))
        if kind == "money":
            self._read.add(_named((*steps[:-1], Step("currency"))))
        if kind == self.organisation and steps not in self.organisations:
            self.organisations.append(steps)
        for number, step in enumerate(steps):
            if step.field is not None:
                known = self._lists.setdefault(tuple(one.name for one in steps[: number + 1]), [])
                if step not in known:
                    known.append(step)
                self._read.add(_named((*steps[: number + 1], Step(step.field))))
        for steps_of_type in self.types.values():
            self._read.add(_named((*steps_of_type, Step("id"))))

    def _read_organisations(self, dictionary: Dictionary) -> None:
        """An organisation is read alike wherever it stands."""
        if not self.organisation:
            return
        inner = [without(steps, self.parties) for entry in dictionary[self.organisation].fields.values() for steps in map(parse_path, entry.ocds)]
        for steps in self.organisations:
            for rest in (*inner, (Step("id"),), (Step("legalName"),)):
                self._add((*steps, *rest), "text")

    def unread(self, release: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        """Path and value of everything in a release that nothing reads."""
        waiting: list[tuple[Any, tuple[str, ...], str]] = [(value, (name,), name) for name, value in release.items() if name not in ABOUT_THE_RELEASE]
        while waiting:
            value, names, path = waiting.pop()
            if isinstance(value, dict):
                step = next((step for step in self._lists.get(names, ()) if step.holds(value)), None)
                here = f"{path}[{step.field}={step.wanted}]" if step is not None else path
                waiting += [(inner, (*names, name), f"{here}/{name}") for name, inner in value.items()]
            elif isinstance(value, list):
                waiting += [(member, names, path) for member in value]
            elif value not in (None, "") and path not in self._read:
                yield path, value

    def faults(self, release: dict[str, Any]) -> Iterator[Text]:
        """What keeps the records of a release from being told apart: lists that are none, objects without an id."""
        for steps in self.types.values():
            yield from _shape_faults(release, steps)


def _named(steps: Steps) -> str:
    return "/".join(step.name if step.field is None else f"{step.name}[{step.field}={step.wanted}]" for step in steps)


_SINGLE = frozenset({"tender", "planning", "budget", "implementation", "bids"})


def _shape_faults(release: dict[str, Any], steps: Steps) -> Iterator[Text]:
    here: list[tuple[str, Any]] = [("", release)]
    for step in steps:
        there: list[tuple[str, Any]] = []
        for place, value in here:
            inner, at = value.get(step.name), f"{place}/{step.name}".lstrip("/")
            if inner is None:
                continue
            if step.name in _SINGLE:
                if not isinstance(inner, dict):
                    yield Text(f"{at} 应为一个对象", f"{at} should be an object")
                else:
                    there.append((at, inner))
            elif not isinstance(inner, list) or not all(isinstance(member, dict) for member in inner):
                yield Text(f"{at} 应为对象的列表", f"{at} should be a list of objects")
            else:
                there += [(f"{at}/{number}", member) for number, member in enumerate(inner)]
                for number, member in enumerate(inner):
                    if step.holds(member) and not isinstance(member.get("id"), bool) and str(member.get("id") or "").strip() in ("", "None"):
                        yield Text(f"{at}/{number} 没有 id", f"{at}/{number} has no id")
        here = there
