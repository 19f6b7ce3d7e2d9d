"""What a rule file may hold, key by key. Meaning is checked in `auditkb.rules.check`; this is form only."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

RULE_ID = r"^[A-Z]{2,6}-\d{3}$"
SEVERITIES = ("high", "medium", "low", "info")
OUTCOMES = ("fail", "pass", "not_applicable", "not_evaluated", "exempt")
Severity = Literal["high", "medium", "low", "info"]
Outcome = Literal["fail", "pass", "not_applicable", "not_evaluated", "exempt"]
Unit = Literal["days", "workdays", "months", "yuan", "ratio", "count", "points"]
Expression = Annotated[str, StringConstraints(min_length=1)]
Scalar = bool | int | float | datetime.date | str


class Strict(BaseModel):
    """Unknown keys are refused; a file's content never changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Bilingual(Strict):
    """One text in both languages."""

    zh: str
    en: str


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


Expressions = Annotated[list[Expression], BeforeValidator(_listed, json_schema_input_type=str | list[str])]


class SeverityRule(Strict):
    """Severity of a fail: `default`, and `high` where the condition holds."""

    default: Severity
    high_when: Expression | None = None


def _severity(value: Any) -> Any:
    return {"default": value} if isinstance(value, str) else value


class Criterion(Strict):
    """A provision that says what should be. `when`: cited only where the condition holds; possible where it is unknown."""

    law: str
    article: str | None = None
    role: Literal["direct", "supporting", "internal_policy", "liability"] = "direct"
    when: Expression | None = None


class FieldDefault(Strict):
    """A parameter that takes the record's own value."""

    field: str


class Parameter(Strict):
    """A threshold or list: one value, the record's own, or a table (`by`, `rows`, `else`)."""

    label: Bilingual | None = None
    unit: Unit | None = None
    default: FieldDefault | list[Scalar] | Scalar | None = None
    by: list[Expression] | None = None
    rows: list[dict[str, Any]] | None = None
    otherwise: list[Scalar] | Scalar | None = Field(default=None, alias="else")
    at_most: Expression | None = None
    at_least: Expression | None = None


class PeersRule(Strict):
    """Which other rows of the same type a rule looks at, and in what order."""

    same: Expressions
    different: Expressions = []
    order: Expression | None = None
    within_days: Expression | int | None = None


class Valid(Strict):
    """The days on which the rule holds, by the record's event date; both ends belong to it."""

    from_: datetime.date | None = Field(default=None, alias="from")
    to: datetime.date | None = None


class Approval(Strict):
    """Who made the rule active, and when."""

    by: str
    on: datetime.date


class Example(Strict):
    """Given records and the outcome that the rule must have: a test and a piece of documentation."""

    name: Bilingual
    given: dict[str, Any]
    expect: Outcome | dict[str, Outcome]
    not_covered: list[str] = []
    as_of: datetime.date | None = None
    with_: dict[str, Any] = Field(default={}, alias="with")
    exempt: list[tuple[str, str]] = []
    high: bool | None = None
    amount: float | int | None = None
    presumed: bool | None = None
    conflict: bool | None = None
    reason: str | None = None
    let: dict[str, Any] = {}
    known_gap: Bilingual | None = None
    """Why the rule does not give what is expected yet: the example records it and fails nothing."""


class RuleFile(Strict):
    """One rule, as its file says it."""

    id: Annotated[str, StringConstraints(pattern=RULE_ID)]
    register_: Annotated[str, StringConstraints(pattern=r"^R\d{2}$")] | None = Field(default=None, alias="register")
    title: Bilingual
    status: Literal["draft", "trial", "active", "retired"]
    approved: Approval | None = None
    replaces: str | None = None
    severity: Annotated[SeverityRule, BeforeValidator(_severity, json_schema_input_type=Severity | SeverityRule)]
    category: str
    checks: str
    event_date: Expressions = []
    valid: Valid | None = None
    criteria: list[Criterion] = []
    rationale: Bilingual
    parameters: dict[str, Parameter] = {}
    assumes: dict[str, Any] = {}
    peers: PeersRule | None = None
    applies_when: Expression | None = None
    let: dict[str, Expression] = {}
    labels: dict[str, Bilingual] = {}
    fails_when: Expression
    exempt_by: list[str] = []
    message: Bilingual
    evidence: list[str] = []
    amount: Expressions = []
    known_exceptions: list[Bilingual] = []
    cannot_see: list[Bilingual] = []
    seen_in: list[str] = []
    examples: list[Example]
