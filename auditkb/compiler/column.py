"""A rule as one column of a query around it: the outcome of one record as one value."""

from __future__ import annotations

import re

from auditkb.compiler import sqlite
from auditkb.compiler.statement import BUT_NOT_REQUIRED, Statement, written

_DAY = re.compile(r'\(SELECT (\w+) FROM working_calendar WHERE day = "([^"]+)"\)')
# An outcome as one value: a number where nothing more is to be said of it, else a letter and the reasons.
# What is only counted comes before what is listed; SQLite puts text behind numbers.
AS_RECORDED: dict[str, int | str] = {"pass": 0, "not_applicable": 1, "fail": 4, "exempt": "e"}
WITH_STAND_INS: dict[str, int | str] = {"pass": 2, "not_applicable": 3, "fail": 5, "exempt": "E"}
LAST_COUNTED = 3
NOT_EVALUATED = "u"


class Column(Statement):
    """One rule about the record of a query that has its columns as `b`."""

    def column(self) -> str:
        """The outcome of one record of a query around it, as one value (the codes below)."""
        reasons, exemption = self.decide(), self.exemption()
        codes = AS_RECORDED if not self.assumed else WITH_STAND_INS
        fails, undecided = str(codes["fail"]), f"'{NOT_EVALUATED}' || COALESCE(\"?reasons\", 'undefined')"
        if exemption is not None:
            exempt = f"'{codes['exempt']}exemption:' || {exemption}"
            fails, undecided = f"COALESCE({exempt}, {fails})", f"COALESCE({exempt}, {undecided})"
        but = f"(SELECT CASE {BUT_NOT_REQUIRED.format(codes['not_applicable'])} ELSE {undecided} END FROM (SELECT {reasons} AS \"?reasons\"{sqlite.KEEP}))"
        if self.rule.has_assumptions and not self.assumed:
            # The reasons come with the stand-ins; here they only matter where nothing may have been required.
            but = f"CASE WHEN {self._may_not_be_required(reasons)} THEN {but} ELSE {f'COALESCE({exempt}, ' if exemption is not None else '('}'{NOT_EVALUATED}') END"
        outcome = (f"SELECT CASE WHEN \"?applies\" = 0 THEN {codes['not_applicable']} WHEN \"?fails\" = 0 THEN {codes['pass']}\n"
                   f"  WHEN \"?applies\" AND \"?fails\" THEN {fails}\n  ELSE {but} END\nFROM {self.pipeline.current} AS s")
        first, second = self.pipeline.parts(outcome)
        if second:
            outcome = (f"SELECT CASE WHEN \"?applies\" = 0 THEN {codes['not_applicable']} ELSE (WITH {written(second)}\n{outcome}) END\n"
                       f"FROM {first[-1][0]} AS a")
        return self._with_days(f"(WITH {written(first)}\n{outcome})")

    def _with_days(self, text: str) -> str:
        """The same with the calendar's days of recorded dates joined to the query around, instead of a search in each place."""
        base = self.pipeline.base

        def joined(found: re.Match[str]) -> str:
            wanted, column = found.groups()
            if column not in base.columns:
                return found.group()
            alias = sqlite.name(f"{column}?day")
            base.joins.setdefault(("day", column), f"LEFT JOIN working_calendar AS {alias} ON {alias}.day = {base.columns[column]}")
            base.columns[f"{column}?{wanted}"] = f"{alias}.{wanted}"
            return sqlite.name(f"{column}?{wanted}")

        return _DAY.sub(joined, text)

    def _may_not_be_required(self, reasons: str) -> str:
        """SQL that is false where no reason can be `not_required`: no field of the record is, and no row opens an aggregate."""
        asked = dict.fromkeys(name for name in re.findall(r'"([^"]*_states)"', reasons) if name in self.pipeline.base.columns)
        tests = [f"instr(COALESCE(b.{sqlite.name(name)}, ''), '=not_required|') > 0" for name in asked]
        return " OR ".join([*tests, *(found.open_rows for found in self.compiler.gathered.values())]) or "0"
