"""The whole SQL of a rule: outcomes of every record, or all that a finding shows of some records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from auditkb.compiler import sqlite, tables
from auditkb.compiler.children import Children
from auditkb.compiler.details import Details, Shown
from auditkb.compiler.peers import groups, keys_of_groups, needs_single_rows
from auditkb.compiler.pipeline import Columns, Pipeline
from auditkb.compiler.reasons import Guarded, reasons_sql
from auditkb.compiler.row_compiler import Context, RowCompiler
from auditkb.compiler.translate import truth
from auditkb.dictionary import Dictionary
from auditkb.expressions.tree import Aggregate, ChildLetName, Field, LetName, Node, Parameter, walk
from auditkb.rules.checked import Rule

@dataclass
class Compiled:
    """The SQL of one rule, with or without its stand-ins, for all records or for some."""

    rule: Rule
    outcomes: str
    """key, department, outcome, reasons; a row for each record of the checked type, or for each of some."""
    details: str = ""
    """For some records only: the same and every value. `{keys}` in both is to be replaced by SQL of a set of keys."""
    shown: dict[str, Shown] = field(default_factory=dict)
    rows: dict[str, str] = field(default_factory=dict)
    """Evidence rows by name: the column of their keys."""

    def for_one(self) -> str:
        """The details of one record, named by `:key`: the SQL that an inspector can run."""
        return self.details.replace("{keys}", "(SELECT :key AS key)")


def compile_rule(rule: Rule, dictionary: Dictionary, *, as_of: str, assumed: bool = False, some: bool = False, why: bool = True,
                 grouped: bool | None = None) -> Compiled:
    """Write the SQL of `rule` for SQLite. `as_of` is the run's declared day (ISO).

    With `assumed` its stand-ins are used; with `some` it is about the records of a set of keys. Without `why` it only
    decides: what it cannot decide is not_evaluated without a reason, though it may turn out otherwise with the reasons.
    With `grouped` it is about the records that have a group of peers, or about those that have none, and gives no details.
    """
    return Statement(rule, dictionary, as_of, assumed, some, why, grouped).write()


def has_groups(rule: Rule, dictionary: Dictionary) -> bool:
    """Whether recorded fields tell which records have a group of peers."""
    return rule.peers is not None and groups(rule.peers, rule.assumptions, Columns(dictionary, rule.checks)) is not None


class Statement:
    """One rule as SQL: a statement of its own, or a column of one that is about several rules."""

    def __init__(self, rule: Rule, dictionary: Dictionary, as_of: str, assumed: bool, some: bool, why: bool, grouped: bool | None,
                 within: tuple[Columns, Children] | None = None):
        self.rule = rule
        self.grouped = grouped
        self.chosen = not some
        """Whether the first stage holds just the records that are asked about."""
        self.assumed = assumed
        self.some = some
        self.why = why
        self.dictionary = dictionary
        context = Context(dictionary, rule.parameters, rule.lets, rule.child_lets, rule.peers, rule.event_date,
                          rule.assumptions, assumed, as_of, some, grouped, within[1] if within is not None else None, why)
        base = within[0] if within is not None else Columns(dictionary, rule.checks)
        if some:
            keys = "{keys}" if rule.peers is None or grouped is False else keys_of_groups(rule.peers, rule.assumptions, Columns(dictionary, rule.checks))
            if keys is not None:
                # Joined, not IN: of a list SQLite assumes that it is short, and would search what it gathers line by line.
                base.kept = True
                self.chosen = keys == "{keys}"
                base.source = f"{keys} AS k CROSS JOIN {base.source} ON r.key = k.key"
        told = groups(rule.peers, rule.assumptions, base) if rule.peers is not None and grouped is not None and within is None else None
        if told is not None:
            base.where = " AND ".join(f"{text} IS NOT NULL" for text in told) if grouped else " OR ".join(f"{text} IS NULL" for text in told)
        base.column((), "_department")
        self.compiler = RowCompiler(context, rule.checks, Pipeline(base, "s", is_within=within is not None))
        self.pipeline = self.compiler.pipeline

    def write(self) -> Compiled:
        """The whole statement."""
        reasons = self.decide()
        if self.why:
            decided = '"?applies" = 0 OR "?fails" = 0 OR ("?applies" AND "?fails")'
            self.pipeline.add_stage([("?reasons", f"CASE WHEN {decided} THEN NULL ELSE {reasons} END")], kept=True)
        self.pipeline.add_stage([("?outcome", _OUTCOME.format(but=BUT_NOT_REQUIRED.format("'not_applicable'") if self.why else ""))], kept=True)
        head = self._head()
        where = "" if self.chosen else "\nWHERE s._key IN {keys}"
        outcomes = f"SELECT {head}\nFROM {self.pipeline.current} AS s{where}"
        compiled = Compiled(self.rule, f"WITH {_ctes(self.pipeline, outcomes)}\n{outcomes}")
        return self._details(head, where, compiled) if self.some and self.grouped is None else compiled

    def decide(self) -> str:
        """Add the stage that says whether the rule applies and fails; gives the SQL of the reasons where it does not know."""
        compiler, rule = self.compiler, self.rule
        for node in self._asked_first():
            compiler.aggregate(node)
        applies = own = compiler.condition(rule.applies)
        extra: list[Guarded] = []
        valid = rule.file.valid
        if valid is not None:
            inside = tables.period(compiler, valid.from_.isoformat() if valid.from_ else None,
                                   valid.to.isoformat() if valid.to else None)
            applies = f"({inside} AND {applies})"
            extra.append(((f"{inside} IS NULL",), "'event_date_unknown'"))
        if self.pipeline.is_within and applies != "1":
            # Many records are not concerned: what else is to be found of a record is found where it is.
            self.pipeline.add_stage([("?applies", applies)], kept=True)
            self.pipeline.begin_second()
            self.pipeline.add_stage([("?fails", truth(rule.fails, compiler))], kept=True)
        else:
            self.pipeline.add_stage([("?applies", applies), ("?fails", truth(rule.fails, compiler))], kept=True)
        if not self.why:
            return "NULL"
        known = {rule.applies: '"?applies"' if valid is None else own} if rule.applies is not None else {}
        return reasons_sql({**known, rule.fails: '"?fails"'}, compiler, extra)

    def _asked_first(self) -> Iterable[Aggregate]:
        """The rows below a record that do not hang on its peers: after several windows SQLite takes few records for granted,
        and searches what was gathered line by line."""
        if self.rule.peers is None or self.grouped is False:
            return
        stood_in = {item.target for item in self.rule.assumptions}
        lets = self.rule.lets if self.grouped is None else self._lets_that_decide()
        for root in (self.rule.applies, self.rule.fails, *lets.values()):
            for node in walk(root) if root is not None else ():
                if isinstance(node, Aggregate) and (node.rows.peers is None or needs_single_rows(node)) and all(
                        isinstance(part, Field) and (part.level > 0 or part.path not in stood_in) or isinstance(part, Parameter)
                        and self.compiler.is_constant(part) or not isinstance(part, (Field, LetName, Parameter, ChildLetName)) for part in walk(node)):
                    yield node

    def _lets_that_decide(self) -> dict[str, Node]:
        """The lets on which the outcome hangs; the others are only shown."""
        found: dict[str, Node] = {}
        left = [root for root in (self.rule.applies, self.rule.fails) if root is not None]
        while left:
            for part in walk(left.pop()):
                if isinstance(part, LetName) and part.name not in found:
                    found[part.name] = self.rule.lets[part.name]
                    left.append(self.rule.lets[part.name])
        return found

    def _head(self) -> str:
        """Key, department, outcome and reasons: what every statement selects first."""
        exemption = self.exemption()
        outcome, reasons = '"?outcome"', "NULL"
        if self.why:
            reasons = "CASE WHEN \"?outcome\" = 'not_evaluated' THEN COALESCE(\"?reasons\", 'undefined') END"
        if exemption:
            # Without the reasons it is still open whether a record that is not evaluated is in need of an exemption.
            may_be = "('fail', 'not_evaluated')" if self.why else "('fail')"
            self.pipeline.add_stage([("?exemption", f'CASE WHEN "?outcome" IN {may_be} THEN {exemption} END')], kept=True)
            outcome = f"CASE WHEN \"?exemption\" IS NOT NULL THEN 'exempt' ELSE {outcome} END"
            reasons = f"COALESCE('exemption:' || \"?exemption\", {reasons})"
        return f"_key AS key, _department AS department, {outcome} AS outcome,\n  {reasons} AS reasons"

    def exemption(self) -> str | None:
        """SQL of the key of an exemption record that covers the record, or NULL."""
        kinds = self.rule.file.exempt_by
        if not kinds:
            return None
        compiler, types = self.compiler, self.dictionary.types
        own, of_record = types[self.rule.checks].fields, self.pipeline.of_record
        links: list[tuple[str, str]] = []
        for name, item in types["exemption"].fields.items():
            if item.type == self.rule.checks:
                links.append((name, "key"))
            elif item.is_reference:
                links += [(name, field_name) for field_name, field_ in own.items()
                          if field_.type == item.type and item.type not in ("organisation", "department")]
        tests = [f"e.{sqlite.name(link)} = {of_record(sqlite.name('_key') if column == 'key' else compiler.column((), column))}" for link, column in links]
        first, last = (of_record(column) for column in compiler.event())
        listed = ", ".join(sqlite.literal(kind) for kind in kinds)
        # Every outer column is qualified: exemption has columns of the same names, and the inner one would win.
        covering = (f"(SELECT MIN(e.key) FROM exemption AS e WHERE e.type IN ({listed}) AND ({' OR '.join(tests)})"
                    f" AND (e.starts_on IS NULL OR e.starts_on <= {first}) AND (e.ends_on IS NULL OR e.ends_on >= {last}))")
        children, base = compiler.context.children, self.pipeline.base
        if children is None:
            return covering
        table = children.with_exemptions(self.rule.checks, links).table
        base.joins[("exempted",)] = f"LEFT JOIN temp.{table} AS exempted ON exempted.p = r.key"
        base.columns["?exempted"] = "exempted.p"
        return f'CASE WHEN b."?exempted" IS NOT NULL THEN {covering} END'

    def _details(self, head: str, where: str, compiled: Compiled) -> Compiled:
        details = Details(self.rule, self.compiler)
        text = ",\n  ".join(f"{sql} AS {sqlite.name(name)}" for name, sql in details.columns())
        compiled.shown, compiled.rows = details.shown, details.rows
        compiled.details = f"WITH {_ctes(self.pipeline)}\nSELECT {head},\n  {text}\nFROM {self.pipeline.current} AS s{where}"
        return compiled


_OUTCOME = """CASE WHEN "?applies" = 0 THEN 'not_applicable' WHEN "?fails" = 0 THEN 'pass'
    WHEN "?applies" AND "?fails" THEN 'fail'{but}
    ELSE 'not_evaluated' END"""
BUT_NOT_REQUIRED = """
    WHEN "?reasons" IS NOT NULL AND length("?reasons") - length(replace("?reasons", '|', '')) + 1
      = (length("?reasons") - length(replace("?reasons", 'not_required:', ''))) / 13 THEN {}"""


def _ctes(pipeline: Pipeline, wanted: str | None = None) -> str:
    return written(pipeline.ctes(wanted))


def written(ctes: list[tuple[str, str]]) -> str:
    """CTEs as they stand after WITH."""
    return ",\n".join(f"{name} AS (\n  {body})" for name, body in ctes)
