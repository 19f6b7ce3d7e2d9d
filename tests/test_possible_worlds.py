"""What is not known never makes a fault and never hides one (docs: what is not known).

For every example: its records are one state of knowledge. Whatever is not recorded in it is filled at random, rows are
added where a type was not wholly loaded, and the rule is run again. A fail, a pass and a not_applicable must stand in
every such world (a pass may become not_applicable: "no violation is possible" is decided before "does the rule apply").
A part of the worlds start from the example as it stands, others from one of which some was hidden, and most under `--all`
from generated records: the example's shape with every value drawn anew (many on a boundary), of which some is then hidden,
so that many more records and states of knowledge are tried than the examples have.

Not filled, because the language says what their absence means:
- `blank_in_document` and `not_required`: the paper has no value, that is known. `illegible`, `unreadable`, `disputed` and `other_currency` are filled.
- The link of a row to its parent, where the parent's rows of that type are wholly loaded: rows without a parent open
  nothing, they are listed as problems instead. Such a link is filled with an added parent or left blank.
- `peers.same` and `peers.different` of a row that lacks them, where the type is wholly loaded: the row is in no group,
  and is itself not_evaluated. It is given values that no other row has.
- Exemptions: no exemption record means not exempt.
- Money, ratios and whole numbers that the dictionary does not call signed are never negative, but for amounts that stand
  somewhere and are not known (`unreadable`, `disputed`, `other_currency`), and recorded refunds.
- Outcomes that needed a stand-in: those are presumed, and say so.
"""

from __future__ import annotations

import copy
import datetime
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from auditkb.compiler import rows as compiled_rows
from auditkb.compiler import sqlite
from auditkb.compiler import values as compiled_values
from auditkb.compiler.values import Value
from auditkb.dictionary import Field
from auditkb.engines.sqlite import RuleSql
from auditkb.example_worlds import Row, World
from auditkb.expressions.tree import Aggregate, Constant, LetName, Missing, Node, walk
from auditkb.rules.checked import Rule
from auditkb.values import fold
from tests.worlds import RULE_IDS, Bench, as_of, dictionary, prepared, rules, world_of

WORLDS_EACH = -(-1400 // len(RULE_IDS))
"""Worlds for each rule in the plain run: 1,400 and some in all; ten times as many under `--all`."""
WORLDS_EACH_SLOW = 300
GENERATED_OF_THREE = 2
"""Of three worlds under `--all` so many start from a generated record: 200 records a rule."""
DECIDED = ("fail", "pass", "not_applicable")
STAYS_EMPTY = ("blank_in_document", "not_required")
HIDDEN_AS = (None,) * 7 + ("illegible", "unreadable", "disputed", "other_currency", "blank_in_document", "not_required", "not_required")


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize("rule_id", RULE_IDS)
def test_no_outcome_flips(rule_id: str, bench: Bench) -> None:
    flips, compared = flips_of(rules()[rule_id], bench, WORLDS_EACH)
    assert not flips, "\n\n".join(flips[:3])
    assert compared == WORLDS_EACH, "no example of the rule is decided without stand-ins"


@pytest.mark.slow
@pytest.mark.parametrize("rule_id", RULE_IDS)
def test_no_outcome_flips_in_many_worlds(rule_id: str, bench: Bench) -> None:
    flips, compared = flips_of(rules()[rule_id], bench, WORLDS_EACH_SLOW, seed="many", generated_of_three=GENERATED_OF_THREE)
    assert not flips, "\n\n".join(flips[:3])
    assert compared == WORLDS_EACH_SLOW, "too few generated records are decided without stand-ins"


# the test itself can fail


def _closed_bounds(node: Aggregate, name: str) -> Value:
    return Value(f'"{name}.0"', None, f'("{name}.0" IS NULL)')


def _careless_extreme(values: list[Value], *, is_date: bool, smallest: bool) -> Value:
    beyond = sqlite.sentinel(is_date=is_date, largest=smallest)
    parts = ", ".join(f"COALESCE({value.low}, {value.upper}, {beyond})" for value in values)
    return Value(f"NULLIF({'MIN' if smallest else 'MAX'}({parts}), {beyond})")


def _half_open(node: Aggregate, name: str) -> Value:
    """As if an open sum were an upper bound."""
    found = compiled_rows_bounds(node, name)
    return Value(found.upper, found.low, found.none) if node.function in ("count", "sum") and found.high is not None else found


compiled_rows_bounds = compiled_rows._bounds
BROKEN = {
    "an open aggregate counts as closed": (compiled_rows, "_bounds", _closed_bounds),
    "an open sum is an upper bound": (compiled_rows, "_bounds", _half_open),
    "a row that may pass the filter is left out": (compiled_rows, "opens", lambda names: "0"),
    "the least of some is the least of all": (compiled_values, "_extreme", _careless_extreme),
}


@pytest.mark.parametrize("name", [pytest.param(name, marks=[] if name == "an open aggregate counts as closed" else pytest.mark.slow) for name in BROKEN])
def test_a_careless_compiler_is_caught(name: str, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    module, attribute, wrong = BROKEN[name]
    monkeypatch.setattr(module, attribute, wrong)
    assert any(flips_of(rules()[rule_id], bench, 60)[0] for rule_id in RULE_IDS)


def test_a_flip_is_told_with_what_made_it(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled_rows, "_bounds", _closed_bounds)
    told = flips_of(rules()["CON-008"], bench, 60)[0][0]
    assert "CON-008" in told and "guarantee added" in told and "->" in told
    assert told.count("\n  ") == 1, "one added guarantee is enough"


# a rule's worlds


@dataclass
class Known:
    """What the worlds of one example need to know of its rule."""

    rule: Rule
    sql: RuleSql
    read: dict[str, set[str]]
    """Fields that the rule's SQL reads, by type; what it does not read cannot change an outcome."""
    links: set[tuple[str, str]]
    """(child, link) by which the rule goes down."""
    peer_fields: set[tuple[str, str]]
    organisations: list[str]
    pools: dict[str, list] = field(default_factory=dict)


@dataclass
class Step:
    """One piece of knowledge that a world adds: a value or state of a field, or a row."""

    type: str
    key: str
    field: str | None = None
    value: object = None
    state: str | None = None
    row: Row | None = None

    def __str__(self) -> str:
        if self.row is not None:
            shown = {name: value for name, value in self.row.items() if not name.startswith("_") and value is not None}
            return f"{self.type} added: {shown} {self.row['_states'] or ''}".rstrip()
        return f"{self.type} {self.key}.{self.field} = {self.state or self.value!r}"


def flips_of(rule: Rule, bench: Bench, worlds: int, seed: str = "", generated_of_three: int = 0) -> tuple[list[str], int]:
    """Flips found in `worlds` worlds over the rule's examples in turn, and how many worlds had something to compare.

    Of three worlds that had, `generated_of_three` start from a generated record.
    """
    sqls: dict[str, tuple[RuleSql, dict[str, set[str]]]] = {}
    known = [_known(rule, index, bench, sqls) for index in range(len(rule.file.examples))]
    flips: list[str] = []
    compared = 0
    for number in range(worlds * 8):
        if compared == worlds or len(flips) == 5:
            break
        index = number % len(known)
        rng = random.Random(f"{rule.id}/{index}/{number}{seed}")
        first = world_of(rule, index)
        first.pop("exemption", None)
        if compared % 3 < generated_of_three:
            first = hidden(redrawn(first, known[index], rng), known[index], rng)
        elif number // len(known) % 2:
            first = hidden(first, known[index], rng)
        before = decided(first, known[index], bench)
        if not before:
            continue
        compared += 1
        steps = list(fillings(first, known[index], rng))
        if flip := _flip(first, steps, before, known[index], bench):
            flips.append(_tell(rule, index, first, _fewest(first, steps, before, flip, known[index], bench), flip))
    return flips, compared


def _known(rule: Rule, index: int, bench: Bench, sqls: dict[str, tuple[RuleSql, dict[str, set[str]]]]) -> Known:
    example = rule.file.examples[index]
    run = f"{as_of(example)} {example.with_}"
    if run not in sqls:
        sql = prepared(rule, example)
        sqls[run] = sql, bench.columns_read(sql.rule, as_of(example))
    sql, read = sqls[run]
    fields = {name: {column.removeprefix("_folded_") for column in columns} & set(dictionary()[name].fields)
              for name, columns in read.items() if name != "exemption"}
    rowsets = [part.rows for node in rule.nodes() for part in walk(node) if isinstance(part, (Aggregate, Missing))]
    links = {step for one in rowsets for step in one.downs}
    organisations = [row.organisation for table in rule.parameters.values() for row in table.rows if row.organisation]
    known = Known(rule, sql, fields, links, _peer_fields(rule), organisations)
    known.pools = _pools(world_of(rule, index), sql.rule)
    return known


def _peer_fields(rule: Rule) -> set[tuple[str, str]]:
    if rule.peers is None:
        return set()
    found = set()
    waiting: list[Node] = [*rule.peers.same, *rule.peers.different]
    while waiting:
        for part in walk(waiting.pop()):
            if isinstance(part, LetName):
                waiting.append(rule.lets[part.name])
            record_type = rule.checks
            for step in (*getattr(part, "ups", ()), getattr(part, "name", "")):
                if step in dictionary()[record_type].fields:
                    found.add((record_type, step))
                    record_type = dictionary()[record_type].fields[step].type
    return found


def decided(world: World, known: Known, bench: Bench) -> dict[str, str]:
    """Records that are decided by what is recorded alone, with their outcome."""
    bench.put(world)
    return {key: item.outcome for key, item in bench.outcomes(known.sql).items()
            if item.outcome in DECIDED and not item.assumed}


def _flip(first: World, steps: list[Step], before: dict[str, str], known: Known, bench: Bench) -> tuple[str, str, str] | None:
    bench.put(completed(first, steps))
    after = bench.outcomes(known.sql)
    for key, outcome in before.items():
        now = after[key].outcome
        if now != outcome and (outcome, now) != ("pass", "not_applicable"):
            return key, outcome, f"{now} ({', '.join(after[key].reasons)})"
    return None


def _fewest(first: World, steps: list[Step], before: dict[str, str], flip: tuple[str, str, str], known: Known, bench: Bench) -> list[Step]:
    """As few of the steps as still make the record flip."""
    one = {flip[0]: before[flip[0]]}
    for step in list(steps):
        fewer = [item for item in steps if item is not step]
        if _flip(first, fewer, one, known, bench):
            steps = fewer
    return steps


def _tell(rule: Rule, index: int, first: World, steps: list[Step], flip: tuple[str, str, str]) -> str:
    key, before, after = flip
    example = rule.file.examples[index]
    shown = {name: [{k: v for k, v in row.items() if v is not None and not k.startswith("_folded")} for row in rows]
             for name, rows in first.items()}
    return (f"{rule.id}, example “{example.name.zh}” ({example.name.en}), {rule.checks} {key}: {before} -> {after}"
            + "".join(f"\n  {step}" for step in steps) + f"\nfirst: {shown}")


def completed(first: World, steps: list[Step]) -> World:
    """The world with all steps taken, in which everything is loaded."""
    world = copy.deepcopy(first)
    every = "|" + "|".join(dictionary().types) + "|"
    for step in steps:
        if step.row is not None:
            world.setdefault(step.type, []).append(dict(step.row))
            continue
        row = next(row for row in world[step.type] if row["key"] == step.key)
        _set(row, step.type, str(step.field), step.value, step.state)
    for rows in world.values():
        for row in rows:
            row["_covered"] = every
    return world


def _set(row: Row, name: str, column: str, value: object, state: str | None) -> None:
    row[column] = value
    entry = dictionary()[name].fields.get(column)
    if entry is not None and entry.compared:
        row[f"_folded_{column}"] = None if value is None else fold(str(value))
    states = [part for part in (row["_states"] or "").split("|") if part and not part.startswith(f"{column}=")]
    states += [f"{column}={state}"] if state else []
    row["_states"] = f"|{'|'.join(states)}|" if states else None


def _state(row: Row, column: str) -> str | None:
    found = [part for part in (row["_states"] or "").split("|") if part.startswith(f"{column}=")]
    return found[0].partition("=")[2] if found else None


# records that are generated, and hiding what is recorded


def redrawn(world: World, known: Known, rng: random.Random) -> World:
    """The world completed, with half of its values drawn anew; references and what makes a group of peers stay."""
    world = completed(world, list(fillings(world, known, rng)))
    filler = _Filler(world, known, rng)
    for name, rows in world.items():
        values = {column: entry for column in sorted(known.read.get(name, ()))
                  if not (entry := dictionary()[name].fields[column]).is_reference and (name, column) not in known.peer_fields}
        for row in rows:
            for column, entry in values.items():
                if rng.random() < 0.5:
                    _set(row, name, column, filler.value(entry), None)
    return world


def hidden(world: World, known: Known, rng: random.Random) -> World:
    """The world with some fields and some coverage taken away; every other time all that is unknown is filled before."""
    if rng.random() < 0.5:
        covered = {(name, row["key"]): row["_covered"] for name, rows in world.items() for row in rows}
        world = completed(world, list(fillings(world, known, rng)))
        for name, rows in world.items():
            for row in rows:
                row["_covered"] = covered.get((name, row["key"]), row["_covered"]) if rng.random() < 0.5 else row["_covered"]
    share = rng.choice((0.1, 0.3, 0.5))
    for name, rows in world.items():
        for row in rows:
            row["_covered"] = "".join(f"|{part}|" for part in row["_covered"].split("|") if part and rng.random() > share / 2)
            for column in sorted(known.read.get(name, ())):
                if rng.random() < share:
                    _set(row, name, column, None, rng.choice(HIDDEN_AS))
    return world


# filling what is not


def fillings(world: World, known: Known, rng: random.Random) -> Iterator[Step]:
    """Steps that complete a world: every unknown field filled, and rows added wherever a type was not wholly loaded."""
    filler = _Filler(world, known, rng)
    for name in sorted(known.read):
        for row in world.get(name, []):
            yield from filler.fill(name, row)
        missing = [row for rows in world.values() for row in rows if f"|{name}|" not in row["_covered"]]
        if missing or not any(world.values()):
            for _ in range(rng.choice((0, 0, 1, 1, 2, 3))):
                filler.add(name)
    # Filling may need rows above the new ones; those are filled in turn.
    yield from filler.added


class _Filler:
    def __init__(self, world: World, known: Known, rng: random.Random):
        self.world = world
        self.known = known
        self.rng = rng
        self.added: list[Step] = []
        self.depth = 0
        self.first_number = sum(len(rows) for rows in world.values())

    def fill(self, name: str, row: Row) -> Iterator[Step]:
        for column in sorted(self.known.read[name]):
            if row.get(column) is not None:
                self._dangling(name, row, column)
            elif _state(row, column) not in STAYS_EMPTY:
                step = self._choose(name, row["key"], column, state=_state(row, column))
                if step is not None:
                    yield step
        if self.known.organisations and row.get("_organisation") is None:
            yield Step(name, row["key"], "_organisation", self.rng.choice([*self.known.organisations, "another"]))

    def add(self, name: str, key: str | None = None) -> str:
        """A new row; gives its key."""
        row: Row = {"key": key or f"{name}+{self.first_number + len(self.added)}", "_covered": "", "_states": None}
        step = Step(name, row["key"], row=row)
        self.added.append(step)
        self.depth += 1
        for column in sorted(self.known.read.get(name, ())):
            chosen = self._choose(name, row["key"], column, state=None)
            if chosen is not None:
                _set(row, name, column, chosen.value, chosen.state)
        if self.known.organisations:
            row["_organisation"] = self.rng.choice([*self.known.organisations, "another"])
        self.depth -= 1
        return row["key"]

    def _dangling(self, name: str, row: Row, column: str) -> None:
        """A reference to a record that is not there: it comes to light."""
        entry = dictionary()[name].fields[column]
        if entry.is_reference and entry.type in self.known.read and row[column] not in self._keys(entry.type):
            self.add(entry.type, row[column])

    def _keys(self, name: str) -> list[str]:
        return [row["key"] for row in self.world.get(name, [])] + [step.key for step in self.added if step.type == name]

    def _choose(self, name: str, key: str, column: str, *, state: str | None) -> Step | None:
        entry = dictionary()[name].fields[column]
        if (name, column) in self.known.peer_fields and not self._is_open(name):
            return self._apart(name, key, column, entry)
        if state not in ("illegible", "other_currency") and self.rng.random() < (0.3 if entry.is_reference else 0.12):
            return Step(name, key, column, None, self.rng.choice(("blank_in_document",) * 3 + ("not_required",)))
        if entry.is_reference:
            return Step(name, key, column, self._reference(name, column, entry))
        value = self.value(entry)
        if state in ("unreadable", "disputed", "other_currency") and entry.type == "money" and self.rng.random() < 0.5:
            value = -value  # type: ignore[operator]
        return Step(name, key, column, value)

    def _is_open(self, name: str) -> bool:
        return all(f"|{name}|" not in row["_covered"] for row in self.world.get(name, []))

    def _apart(self, name: str, key: str, column: str, entry: Field) -> Step | None:
        """A value by which the row is in no group of given rows, or none."""
        if entry.is_reference and name == self.known.rule.checks:
            above = self.add(entry.type)
            self._make_apart(entry.type, above)
            return Step(name, key, column, above)
        same = [part for node in (self.known.rule.peers.same if self.known.rule.peers else ()) for part in walk(node)]
        if entry.type in ("text", "integer") and any(getattr(part, "name", "") == column for part in same):
            return Step(name, key, column, f"{column} of {key}" if entry.type == "text" else 7000 + self.first_number + len(self.added))
        return None

    def _make_apart(self, name: str, key: str) -> None:
        """Give an added row above a checked one values that no other row has, where peers are grouped by them."""
        row = next(step.row for step in self.added if step.type == name and step.key == key and step.row is not None)
        for column in sorted(column for type_name, column in self.known.peer_fields if type_name == name):
            entry = dictionary()[name].fields[column]
            if entry.type in ("text", "integer"):
                _set(row, name, column, f"{column} of {key}" if entry.type == "text" else 7000 + self.first_number + len(self.added), None)

    def _reference(self, name: str, column: str, entry: Field) -> str:
        keys = [row["key"] for row in self.world.get(entry.type, [])
                if (name, column) not in self.known.links or f"|{name}|" not in row["_covered"]]
        keys += [step.key for step in self.added if step.type == entry.type]
        if entry.type not in self.known.read:
            return self.rng.choice([*keys, "one", "two", "three"])
        if self.depth < 3 and (not keys or self.rng.random() < 0.3):
            return self.add(entry.type)
        return self.rng.choice(keys) if keys else f"{entry.type} elsewhere"

    def value(self, entry: Field) -> object:
        """A plausible value of a field, often on a boundary."""
        if entry.choices is not None:
            return self.rng.choice([*entry.choices, *self.known.pools["choice:" + entry.name]])
        if entry.type == "flag":
            return self.rng.choice((0, 1))
        value = self.rng.choice(self.known.pools["year" if entry.unit == "year" else entry.type])
        return abs(value) if entry.type in ("money", "ratio", "integer") and not entry.signed else value


# plausible values, many of them on a boundary


class _Pools(dict):
    def __missing__(self, kind: str) -> list:
        return []


def _pools(world: World, rule: Rule) -> dict[str, list]:
    """For each kind of value those of the example and of the rule, and their neighbours."""
    found = _Pools({"date": {"2019-06-30"}, "money": {0.0, 1000.0}, "ratio": {0.0, 1.0, 0.05}, "integer": {0, 1, 2},
                    "text": {"甲", "乙"}, "year": {2019}})
    for name, rows in world.items():
        for row in rows:
            for column, value in row.items():
                entry = dictionary()[name].fields.get(column)
                if entry is not None and value is not None and entry.choices is None:
                    found.setdefault("year" if entry.unit == "year" else entry.type, set()).add(value)
    numbers = _rule_values(rule, found)
    dates = {datetime.date.fromisoformat(day) for day in found["date"]}
    days = {int(number) for number in numbers | found["integer"] if abs(number) < 400}
    for day in dates:
        moved = {0, 1, -1} | {sign * number + extra for number in days for sign in (1, -1) for extra in (-1, 0, 1)}
        found["date"] |= {(day + datetime.timedelta(number)).isoformat() for number in moved}
        found["date"] |= {f"{day.year}-12-31", f"{day.year + 1}-01-01"}
        found["year"] |= {day.year, day.year + 1, day.year - 1}
    ratios = {number for number in numbers | found["ratio"] if 0 < number <= 2}
    found["ratio"] |= {round(number + change, 6) for number in ratios for change in (-0.001, 0, 0.001)}
    amounts = {abs(number) for number in numbers | found["money"] if number > 2}
    scaled = amounts | {round(number * ratio, 2) for number in amounts for ratio in ratios}
    found["money"] |= {round(number + change, 2) for number in scaled for change in (-0.01, 0, 0.01)}
    found["integer"] |= {max(0, number + change) for number in days for change in (-1, 0, 1)}
    found["year"] |= {year + change for year in list(found["year"]) for change in (-1, 1)}
    return _Pools({kind: sorted(values) for kind, values in found.items()})


def _rule_values(rule: Rule, found: dict) -> set[float]:
    """Numbers that the rule compares with; its dates, choices and texts go to `found`."""
    numbers: set[float] = set()
    values: list[object] = []
    for node in rule.nodes():
        for part in walk(node):
            if isinstance(part, Constant):
                values.append(part.value)
                if part.kind.name == "choice":
                    found.setdefault("choice:" + str(part.kind.of).partition(".")[2], set()).add(part.value)
    for table in rule.parameters.values():
        for row in table.rows:
            values += [row.value, row.starts_on, row.ends_on]
    if rule.file.valid is not None:
        values += [day.isoformat() for day in (rule.file.valid.from_, rule.file.valid.to) if day]
    for value in values:
        if isinstance(value, (int, float)):
            numbers.add(value)
        elif isinstance(value, str) and len(value) == 10 and value[4] == value[7] == "-":
            found["date"].add(value)
    return numbers
