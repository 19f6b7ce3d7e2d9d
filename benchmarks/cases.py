"""What a generated world is about: its names and shares, and the case, which is what a plant may change.

Records are dictionaries of field values, as the database holds them, with `key`; `_states` is a dictionary of field
states. A case is one contract with its papers, or one project with its budget.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]

YEARS = range(2018, 2026)
AS_OF = "2026-06-30"
"""The day on which a run over such a world is to be made; every paper is older."""

OFFICE = "某区某街道办事处"
DEPARTMENTS = ("综合办公室", "财务科", "城市管理科", "社区建设科", "平安建设科", "民生保障科", "经济发展科")
APPROVALS_FROM = DEPARTMENTS[-1]
"""The one department whose payment approvals were collected completely."""

COMMUNITIES = tuple(f"第{number}社区" for number in range(1, 10))
TRAP_SHARE = 0.02
"""Share of all contracts that one department gives to one supplier: what a self-join would square."""

GAP_SHARE, FORGOTTEN_SHARE, EXEMPTED_SHARE = 0.04, 0.08, 0.01
"""Projects with gaps in every contract; contracts that lack a few values; contracts with an exemption on file."""

COVERED = ("project budget budget_item budget_adjustment tender quote award contract amendment payment_plan invoice payment"
           " acceptance participant settlement retention guarantee exemption priced_line").split()
"""Record types that the world declares complete, for every record."""


@dataclass
class Case:
    """One contract, or one project, with the records that hang under it alone."""

    project: Row
    records: dict[str, list[Row]] = field(default_factory=dict)
    is_supervised: bool = False
    has_adjustment: bool = False
    items: tuple[str, ...] = ()
    """Keys of the project's budget items."""

    def add(self, record_type: str, key: str, **fields: Any) -> Row:
        """A new record of this case."""
        row = {"key": key, **fields}
        self.records.setdefault(record_type, []).append(row)
        return row

    def all(self, record_type: str) -> list[Row]:
        """The records of a type, to be changed in place."""
        return self.records.setdefault(record_type, [])

    def first(self, record_type: str) -> Row | None:
        """The first record of a type, if there is one."""
        rows = self.records.get(record_type)
        return rows[0] if rows else None

    @property
    def contract(self) -> Row:
        """The contract of a contract's case."""
        return self.records["contract"][0]


def empty(row: Row, name: str, state: str | None = None) -> None:
    """Take a value away; `state` says why it is not there (None: not captured)."""
    row[name] = None
    if state is not None:
        row.setdefault("_states", {})[name] = state


def required_approvals(case: Case) -> tuple[str, ...]:
    """Who has to approve a payment under the contract."""
    if case.contract["category"] != "works":
        return ("handler", "department", "finance")
    return ("contractor", "supervisor", "buyer") if case.is_supervised else ("contractor", "buyer")
