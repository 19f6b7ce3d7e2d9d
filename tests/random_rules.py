"""Random rules of the whole language over a few record types, and random rows for them, for tests that compare engines.

Rules are made from the grammar, kind by kind, and pass the checker; rows are stored as examples store theirs. Values
come from short lists, so that ties and exact limits are common.
"""

from __future__ import annotations

import dataclasses
import datetime
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from auditkb.dictionary import Dictionary, Field, Label, RecordType
from auditkb.errors import KnowledgeBaseError
from auditkb.laws import LawRegister
from auditkb.rules.check import check_rule
from auditkb.rules.checked import ParameterRow, Rule
from auditkb.rules.model import RuleFile
from auditkb.texts import fold
from auditkb.yaml_files import YamlFile

Row = dict[str, Any]
World = dict[str, list[Row]]
Item = TypeVar("Item")
AS_OF = "2020-02-29"

DATES = ["2018-12-31", "2019-01-31", "2019-02-28", "2019-04-30", "2019-05-01", "2019-09-30", "2020-01-01", "2020-02-29"]
MONEY = [0, 0.1, 0.2, 0.3, 1, 33.33, 100, 100.5, 300, 5000.01]
SIGNED = [-100, -0.1, 0, 0.2, 100]
RATIOS = [0, 0.03, 0.1, 0.3, 0.5, 1]
INTEGERS = [0, 1, 2, 3, 30]
YEARS = [2018, 2019, 2020]
TEXTS = ["甲", "乙", "a b", "Ａ B"]
STATES = ["blank_in_document", "not_captured", "not_required", "illegible", "unreadable", "disputed", "other_currency"]


# --- a dictionary


def _label(name: str) -> Label:
    return Label(zh=name, en=name)


def _type(name: str, fields: str, **more: Any) -> RecordType:
    made = {}
    for entry in fields.split():
        own, _, rest = entry.partition(":")
        kind, *flags = rest.split(",")
        choices = {code: _label(code) for code in kind.split("|")} if "|" in kind else None
        extra: dict[str, Any] = dict.fromkeys(flags, True)
        made[own] = Field(type="choice" if choices else kind, label=_label(own), description=_label(own), choices=choices, **extra)
    return RecordType(type=name, label=_label(name), description=_label(name), key=(("number",),), label_field="number",
                      fields=made, **more)


def make_dictionary() -> Dictionary:
    """Projects with deals, deals with offers and bills, offers with lines; who offers; what exempts."""
    types = [
        _type("office", "number:text name:text,compared size:small|large", created_by_reference=True),
        _type("project", "number:text owner:office fiscal_year:integer kind:works|goods budget:money closed_on:date"),
        _type("deal", "number:text project:project buyer:office kind:works|goods|services signed_on:date starts_on:date "
              "ends_on:date amount:money change:money,signed rate:ratio days:integer is_framework:flag "
              "title:text,compared code:text", belongs_to=("project",)),
        _type("offer", "number:text deal:deal supplier:office amount:money offered_on:date is_winner:flag note:text,compared",
              belongs_to=("deal",)),
        _type("line", "number:text offer:offer quantity:integer price:money made_on:date", belongs_to=("offer",)),
        _type("bill", "number:text deal:deal project:project amount:money,refunds paid_on:date role:handler|head|finance share:ratio",
              belongs_to=("deal", "project")),
        _type("exemption", "number:text type:emergency|ratified deal:deal project:project starts_on:date ends_on:date",
              belongs_to=("deal", "project")),
    ]
    return Dictionary({item.type: item for item in types})


DICTIONARY = make_dictionary()
CHECKED = ["deal", "deal", "deal", "offer", "bill", "project"]


# --- rows


@dataclass
class Draw:
    """Choices. `number(n)` gives one of 0 to n, of which 0 is the simplest."""

    number: Callable[[int], int]

    def of(self, items: Sequence[Item]) -> Item:
        """One of `items`; the first is the simplest."""
        return items[self.number(len(items) - 1)]

    def chance(self, times: int, out_of: int) -> bool:
        """True so many times out of so many."""
        return self.number(out_of - 1) >= out_of - times

    def some(self, items: Sequence[Item], most: int) -> list[Item]:
        """Some of `items`, perhaps none."""
        return [self.of(items) for _ in range(self.number(most))]


def stored_values(entry: Field) -> Sequence[Any]:
    """The values from which a field's are taken."""
    if entry.choices:
        return list(entry.choices)
    if entry.name == "fiscal_year":
        return YEARS
    values: dict[str, Sequence[Any]] = {"date": DATES, "money": SIGNED if entry.signed or entry.refunds else MONEY, "ratio": RATIOS,
                                        "integer": INTEGERS, "flag": [0, 1], "text": TEXTS}
    return values[entry.type]


def random_world(draw: Draw, most_rows: int = 4) -> World:
    """Rows of every type, with dangling references, unknown values and coverage that differs from row to row."""
    counts = {name: draw.number(most_rows - 1) + 1 if name == "deal" else draw.number(most_rows) for name in ("deal", "project", "offer", "line", "bill")}
    counts |= {"office": 2, "exemption": draw.of([0, 0, 0, 2])}
    keys = {name: [f"{name[0].upper()}{number}" for number in range(1, counts[name] + 1)] for name in counts}
    is_complete, is_covered = draw.chance(1, 3), draw.chance(1, 2)
    world: World = {}
    for name, own in keys.items():
        world[name] = [_random_row(draw, name, key, keys, is_complete, is_covered) for key in own]
    return world


def _random_row(draw: Draw, name: str, key: str, keys: dict[str, list[str]], is_complete: bool, is_covered: bool) -> Row:
    row: Row = {"key": key}
    states = ""
    for own, entry in DICTIONARY[name].fields.items():
        if own == "number":
            continue
        values: list[Any] = (keys[entry.type] or ["none"]) * 3 if entry.is_reference else list(stored_values(entry))
        unknown = [] if is_complete else [("state", state) for state in STATES]
        dangling = ["nowhere"] if entry.is_reference and not is_complete else []
        chosen = draw.of([*values, *values, *dangling, *unknown])
        row[own] = None if isinstance(chosen, tuple) else chosen
        if isinstance(chosen, tuple) and chosen[1] != "not_captured":
            states += f"|{own}={chosen[1]}"
        if entry.compared:
            row[f"_folded_{own}"] = fold(row[own]) if row[own] is not None else None
    row["_states"] = states + "|" if states else None
    may = [child for child in DICTIONARY if child != "exemption"]
    row["_covered"] = "".join(f"|{child}|" for child in may if is_covered or draw.chance(3, 4))
    row["_organisation"] = draw.of(["O1", "O1", "O2", None])
    return row


# --- expressions


@dataclass
class Names:
    """What an expression may speak of: fields by path, lets, parameters; rows only where no aggregate encloses it."""

    record_type: str
    fields: dict[str, Field]
    lets: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    child_lets: dict[str, str] = field(default_factory=dict)
    peers: list[str] = field(default_factory=list)
    peer_lets: dict[str, str] = field(default_factory=dict)
    is_inside: bool = False

    def of_kind(self, kind: str) -> list[str]:
        """Plain values of a kind, as written."""
        found = [path for path, entry in self.fields.items() if entry.type == kind]
        found += [name for name, own in self.lets.items() if own == kind and (self.is_inside or "." not in name)]
        return found + [f":{name}" for name, own in self.parameters.items() if own == kind]


def fields_from(record_type: str, prefix: str = "", ups: int = 2) -> dict[str, Field]:
    """Every field of a type and of what it refers to, by path."""
    found = {}
    for name, entry in DICTIONARY[record_type].fields.items():
        found[prefix + name] = entry
        if entry.is_reference and ups:
            found |= fields_from(entry.type, f"{prefix}{name}.", ups - 1)
    return {path: entry for path, entry in found.items() if not path.endswith("number")}


class Expressions:
    """Writes expressions of a wanted kind, no deeper than asked."""

    def __init__(self, draw: Draw):
        self.draw = draw

    def condition(self, names: Names, depth: int) -> str:
        options = [self._comparison] * 6 + [self._same, self._membership, self._blank, self._flag]
        if depth > 0:
            options += [self._logic] * 4 + [self._not]
            if names.parameters and not names.is_inside and "list" in names.parameters.values():
                options.append(self._missing)
        return self.draw.of(options)(names, depth)

    def _comparison(self, names: Names, depth: int) -> str:
        kind = self.draw.of(["money", "date", "integer", "ratio"])
        left, right = self.value(kind, names, depth - 1), self.value(kind, names, depth - 1)
        if self.draw.chance(1, 8):
            return f"{left} between {right} and {self.value(kind, names, 0)}"
        return f"{left} {self.draw.of(['<', '<=', '>', '>=', '=', '<>'])} {right}"

    def _logic(self, names: Names, depth: int) -> str:
        word = self.draw.of([" and ", " or "])
        return "(" + word.join(self.condition(names, depth - 1) for _ in range(self.draw.of([2, 2, 3]))) + ")"

    def _not(self, names: Names, depth: int) -> str:
        return f"not ({self.condition(names, depth - 1)})"

    def _flag(self, names: Names, depth: int) -> str:
        found = names.of_kind("flag")
        return self.draw.of(found) if found else self._comparison(names, depth)

    def _same(self, names: Names, depth: int) -> str:
        path = self.draw.of([path for path, entry in names.fields.items() if entry.choices or entry.compared or entry.type in ("office", "project")])
        entry = names.fields[path]
        alike = [other for other, item in names.fields.items() if item is entry or item.is_reference and item.type == entry.type
                 or entry.compared and item.compared]
        sign = self.draw.of(["=", "<>"])
        if entry.is_reference or self.draw.chance(1, 2):
            return f"{path} {sign} {self.draw.of(alike)}"
        return f"{path} {sign} '{self.draw.of(stored_values(entry))}'"

    def _membership(self, names: Names, depth: int) -> str:
        paths = [path for path, entry in names.fields.items() if entry.choices or entry.compared]
        path = self.draw.of(paths)
        listed = [name for name, kind in names.parameters.items() if kind == "list" and path.endswith("role")]
        if listed:
            return f"{path} in :{listed[0]}"
        values = stored_values(names.fields[path])
        return f"{path} {self.draw.of(['in', 'not in'])} ({', '.join(repr(value) for value in dict.fromkeys([self.draw.of(values), self.draw.of(values)]))})"

    def _blank(self, names: Names, depth: int) -> str:
        return f"blank({self.draw.of(list(names.fields))})"

    def _missing(self, names: Names, depth: int) -> str:
        listed = next(name for name, kind in names.parameters.items() if kind == "list")
        rows = [prefix for prefix, last in self.paths_down(names) if last == "bill"]
        if not rows:
            return self._comparison(names, depth)
        prefix = self.draw.of(rows)
        inner = self.inside(names, prefix)
        return f"missing(:{listed}, {prefix}.role){self._filter(inner, depth)} {self.draw.of(['=', '<>'])} ''"

    # values

    def value(self, kind: str, names: Names, depth: int) -> str:
        plain = names.of_kind(kind)
        options: list[Callable[[], str]] = [lambda: self.draw.of(plain)] * 4 if plain else []
        options.append(lambda: self._literal(kind))
        if depth > 0:
            options += [lambda: self._made(kind, names, depth)] * 4
            options += [lambda: self._choice_of(kind, names, depth), lambda: self._case(kind, names, depth)]
            if not names.is_inside:
                options += [lambda: self._aggregate(kind, names, depth)] * 4
        return self.draw.of(options)()

    def _literal(self, kind: str) -> str:
        if kind == "date":
            return self.draw.of(["as_of", *(f"date '{day}'" for day in DATES)])
        numbers: dict[str, Sequence[float]] = {"money": MONEY, "ratio": RATIOS, "integer": INTEGERS}
        return str(self.draw.of(numbers[kind]))

    def _made(self, kind: str, names: Names, depth: int) -> str:
        def inner(wanted: str) -> str:
            return self.value(wanted, names, depth - 1)

        if kind == "money":
            own = next((path for path in names.fields if names.fields[path].type == "money"), "abs(budget)")
            return self.draw.of([lambda: f"({inner('money')} + {inner('money')})", lambda: f"({inner('money')} - {inner('money')})",
                                 lambda: f"{own} * {inner('ratio')}", lambda: f"{inner('ratio')} * {inner('money')}",
                                 lambda: f"abs({inner('money')})", lambda: f"{own} / 3"])()
        if kind == "ratio":
            money = [path for path, entry in names.fields.items() if entry.type == "money"]
            options = [lambda: f"(1 - {inner('ratio')})", lambda: f"({inner('ratio')} + {inner('ratio')})", lambda: f"{inner('ratio')} * 2"]
            if money:
                options += [lambda: f"{self.draw.of(money)} / {self.draw.of(money)}"] * 2
            return self.draw.of(options)()
        if kind == "integer":
            return self.draw.of([lambda: f"days_between({inner('date')}, {inner('date')})", lambda: f"days_between({inner('date')}, {inner('date')})",
                                 lambda: f"months_between({inner('date')}, {inner('date')})",
                                 lambda: f"workdays_between({inner('date')}, {inner('date')})", lambda: f"year_of({inner('date')})",
                                 lambda: f"({inner('integer')} + {inner('integer')})", lambda: f"({inner('integer')} - 1)",
                                 lambda: self._points(names, depth)])()
        return self.draw.of([lambda: f"add_days({inner('date')}, {self.draw.of(['1', '-30', 'days'] if 'days' in names.fields else ['1', '-30'])})",
                             # SQLite writes this argument several times over: nested, it is too deep for its parser.
                             lambda: f"add_months({self.value('date', names, 0)}, {self.draw.of([1, -1, 12])})", lambda: f"next_workday({inner('date')})",
                             lambda: f"end_of_year({self.draw.of(names.of_kind('date') or ['as_of'])})"])()

    def _points(self, names: Names, depth: int) -> str:
        pairs = [f"{self.condition(names, depth - 1)}, {self.draw.of([1, 2, 5, -1])}" for _ in range(self.draw.of([1, 2, 3]))]
        return f"points({', '.join(pairs)})"

    def _choice_of(self, kind: str, names: Names, depth: int) -> str:
        values = [self.value(kind, names, depth - 1) for _ in range(self.draw.of([2, 2, 3]))]
        return f"{self.draw.of(['least', 'greatest'])}({', '.join(values)})"

    def _case(self, kind: str, names: Names, depth: int) -> str:
        branches = "".join(f"when {self.condition(names, depth - 1)} then {self.value(kind, names, depth - 1)} " for _ in range(self.draw.of([1, 1, 2])))
        return f"case {branches}else {self.value(kind, names, depth - 1)} end"

    # rows

    def paths_down(self, names: Names) -> list[tuple[str, str]]:
        """Paths to rows, with the type of the last: one reference up at most, one or two steps down."""
        starts = [("", names.record_type)] + [(f"{name}.", entry.type) for name, entry in DICTIONARY[names.record_type].fields.items()
                                              if entry.is_reference and entry.type in ("project", "deal", "offer")]
        found = []
        for prefix, start in starts:
            for child in (name for name in DICTIONARY.children(start) if name != "exemption"):
                found.append((prefix + child, child))
                found += [(f"{prefix}{child}.{below}", below) for below in DICTIONARY.children(child) if below != "exemption"]
        return [(prefix, last) for prefix, last in found if prefix.split(".")[0] not in names.lets]

    def inside(self, names: Names, prefix: str) -> Names:
        """The names within an aggregate over the rows at `prefix`."""
        fields = dict(names.fields)
        if prefix in ("peers", "earlier", "later"):
            own = fields_from(names.record_type, f"{prefix}.", 1)
            lets = names.lets | {f"{prefix}.{name}": kind for name, kind in names.peer_lets.items()}
            return dataclasses.replace(names, fields=fields | own | own, lets=lets, is_inside=True)
        parts = prefix.split(".")
        here, lets = names.record_type, dict(names.lets)
        for index, part in enumerate(parts):
            entry = DICTIONARY[here].fields.get(part)
            here = entry.type if entry is not None else part
            if entry is None:
                fields |= fields_from(here, ".".join(parts[: index + 1]) + ".", 1)
                lets |= {f"{'.'.join(parts[:index])}{'.' if index else ''}{name}": kind for name, kind in names.child_lets.items()
                         if name.startswith(f"{part}.")}
        return dataclasses.replace(names, fields=fields, lets=lets, is_inside=True)

    def _filter(self, inner: Names, depth: int) -> str:
        return f" filter (where {self.condition(inner, min(depth - 1, 1))})" if self.draw.chance(1, 2) else ""

    def _aggregate(self, kind: str, names: Names, depth: int) -> str:
        paths = [prefix for prefix, _ in self.paths_down(names)] + names.peers * 3
        if not paths:
            return self._literal(kind)
        prefix = self.draw.of(paths)
        inner = self.inside(names, prefix)
        near = [path for path, entry in inner.fields.items() if path.startswith(f"{prefix}.") and entry.type == kind]
        near += [name for name, own in inner.lets.items() if own == kind and name.startswith(f"{prefix}.")]
        if kind == "integer" and (not near or self.draw.chance(2, 3)):
            distinct = [path for path, entry in inner.fields.items() if path.startswith(f"{prefix}.") and (entry.type != "text" or entry.compared)]
            what = f"distinct {self.draw.of(distinct)}" if self.draw.chance(1, 3) else prefix
            return f"count({what}){self._filter(inner, depth)}"
        if not near:
            return self._literal(kind)
        function = self.draw.of(["min", "max"] if kind == "date" else ["sum", "sum", "min", "max", "median"])
        operand = self.draw.of(near)
        if kind == "money" and self.draw.chance(1, 8):
            operand += f" * {self.draw.of(RATIOS)}"
        return f"{function}({operand}){self._filter(inner, depth)}"


# --- rules


def random_rule(draw: Draw) -> tuple[Rule, dict[str, Any]]:
    """A rule that the checker lets pass, and the file that says it."""
    make = Expressions(draw)
    checks = draw.of(CHECKED)
    names = Names(checks, fields_from(checks))
    data: dict[str, Any] = {
        "id": "TST-001", "title": {"zh": "题", "en": "title"}, "status": "draft", "severity": "low", "category": "x",
        "checks": checks, "rationale": {"zh": "因", "en": "why"}, "message": {"zh": "文", "en": "text"}, "examples": []}
    dates = [path for path, entry in names.fields.items() if entry.type == "date" or path.endswith("fiscal_year")]
    data["event_date"] = list(dict.fromkeys(draw.some(dates, 3)))
    data["parameters"] = _parameters(draw, names)
    data["let"] = _lets(draw, make, names, checks)
    if draw.chance(1, 3):
        _peers(draw, make, names, data)
    if draw.chance(1, 3):
        data["assumes"] = _assumptions(draw, names, data["let"])
    if draw.chance(1, 6):
        data["valid"] = {"from": "2019-04-30"} if draw.chance(1, 2) else {"from": datetime.date(2019, 1, 1), "to": datetime.date(2019, 12, 31)}
    if draw.chance(1, 6):
        data["exempt_by"] = ["emergency"]
    if draw.chance(1, 2):
        data["applies_when"] = make.condition(names, 1)
    data["fails_when"] = make.condition(names, 3)
    rule = check_rule(RuleFile.model_validate(data), YamlFile("TST-001-x.yml", "", data), DICTIONARY, LawRegister({}), {})
    if "limit" in rule.parameters and draw.chance(1, 4):
        table = rule.parameters["limit"]
        line = ParameterRow({}, 0.2, organisation="O1", starts_on=draw.of([None, "2019-05-01"]))
        rule.parameters["limit"] = dataclasses.replace(table, rows=(line, *table.rows))
    return rule, data


def _parameters(draw: Draw, names: Names) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if draw.chance(1, 2):
        found["limit"] = draw.of([
            {"default": 100, "unit": "yuan"},
            {"unit": "yuan", "rows": [{"from": datetime.date(2019, 5, 1), "value": 100}], "else": 0.3},
            {"unit": "yuan", "rows": [{"from": datetime.date(2019, 1, 1), "to": datetime.date(2019, 12, 31), "value": 100}, {"to": datetime.date(2018, 12, 31), "value": 1}]},
            {"unit": "yuan", "default": {"field": next(path for path, entry in names.fields.items() if entry.type == "money")}},
            {"unit": "yuan", "by": ["kind" if "kind" in names.fields else "deal.kind"], "rows": [
                {("kind" if "kind" in names.fields else "deal.kind"): "works", "from": datetime.date(2019, 5, 1), "value": 5000.01},
                {("kind" if "kind" in names.fields else "deal.kind"): ["works", "goods"], "value": 100}], "else": 100},
        ])
        names.parameters["limit"] = "money"
    if draw.chance(1, 3):
        found["share"] = {"default": draw.of([0.03, 0.3, 0.5]), "unit": "ratio"}
        names.parameters["share"] = "ratio"
    if draw.chance(1, 3):
        by = draw.of([path for path, entry in names.fields.items() if entry.choices and "works" in entry.choices] or [""])
        table = {"by": [by], "rows": [{by: "works", "value": ["handler", "head"]}], "else": ["finance"]} if by and draw.chance(1, 2) else {"default": ["handler", "finance"]}
        found["roles"] = table
        names.parameters["roles"] = "list"
    return found


def _lets(draw: Draw, make: Expressions, names: Names, checks: str) -> dict[str, str]:
    lets: dict[str, str] = {}
    children = [child for child in DICTIONARY.children(checks) if child != "exemption"]
    if children and draw.chance(1, 4):
        child, kind = draw.of(children), draw.of(["money", "integer", "date"])
        scope = Names(child, fields_from(child, ups=1), parameters={k: v for k, v in names.parameters.items() if v != "list"})
        lets[f"{child}.worth"] = make.value(kind, scope, 2)
        names.child_lets[f"{child}.worth"] = kind
    for name in draw.some(["first", "second", "third"], 2):
        if name not in lets:
            kind = draw.of(["money", "date", "integer", "flag"])
            lets[name] = make.condition(names, 2) if kind == "flag" else make.value(kind, names, 2)
            names.lets[name] = kind
    names.peer_lets = {name: kind for name, kind in names.lets.items() if "." not in name}
    return lets


def _peers(draw: Draw, make: Expressions, names: Names, data: dict[str, Any]) -> None:
    same = [path for path, entry in names.fields.items() if entry.is_reference or entry.choices]
    peers: dict[str, Any] = {"same": [draw.of(same)]}
    if draw.chance(1, 2):
        peers["different"] = [draw.of([path for path in same if path != peers["same"][0]])]
    names.peers = ["peers"]
    if draw.chance(3, 4):
        ordered = [path for path, entry in names.fields.items() if entry.type in ("date", "integer", "money")]
        peers["order"] = draw.of(ordered)
        names.peers = ["earlier", "peers", "later"]
        if draw.chance(1, 3) and names.fields[peers["order"]].type == "date":
            peers["within_days"] = draw.of([0, 1, 30, 90])
    data["peers"] = peers
    if draw.chance(1, 2):
        kind = draw.of(["money", "date", "integer"])
        data["let"]["fourth"] = make._aggregate(kind, names, 2)
        names.lets["fourth"] = kind


def _assumptions(draw: Draw, names: Names, lets: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    targets = [path for path, entry in names.fields.items() if entry.type in ("date", "money", "flag")] + [name for name in lets if "." not in name]
    for target in dict.fromkeys(draw.some(targets, 2)):
        kind = names.lets.get(target) or names.fields[target].type
        if kind == "flag":
            found[target] = draw.of([False, True])
        elif kind in ("date", "money", "integer"):
            plain = [name for name in names.of_kind(kind) if name not in (target, *found) and name not in lets]
            if plain:
                found[target] = [draw.of(plain), *draw.some(plain, 1)]
    return found


def drawn(seed: str) -> Draw:
    """Choices that a text decides: the same on every machine."""
    return Draw(partial(random.Random(seed).randint, 0))


def rule_of(seed: int) -> tuple[Rule, dict[str, Any]]:
    """The rule that a number stands for, and its file. What the checker refuses is drawn anew."""
    for attempt in range(20):
        try:
            return random_rule(drawn(f"rule {seed} {attempt}"))
        except KnowledgeBaseError:
            continue
    raise AssertionError(f"no rule for {seed}")


def world_of(seed: int) -> World:
    """The rows that a number stands for."""
    return random_world(drawn(f"world {seed}"))
