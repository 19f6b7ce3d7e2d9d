"""A clean world: projects with contracts and all their papers, in which no rule fails.

Records are dictionaries of field values, as the database holds them, with `key`; `_states` is a dictionary of field
states. A case is what a plant may change: one contract with its papers, or one project with its budget. Everything
comes from one seeded generator of random numbers, so equal seeds give equal worlds.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from benchmarks.calendar_days import NUMBER, days_from, month_end, month_start, shift, workdays_after, workdays_before

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


class World:
    """Makes about `contracts` contracts, project by project; holds what spans projects."""

    def __init__(self, contracts: int, seed: int):
        self.contracts = contracts
        self.random = random.Random(seed)
        self.suppliers = max(60, contracts // 20)
        self.items = max(10, contracts * 3 // (10 * len(YEARS) * 30))
        self.supplier_names = [f"供应商{number:06d}" for number in range(self.suppliers)]
        self.made = 0
        self._numbers = 0
        self._communities: dict[tuple[int, int], set[str]] = {}
        self._marked: set[tuple[int, int]] = set()

    def below(self, number: int) -> int:
        """A random whole number from 0 up to, not including, `number`."""
        return int(self.random.random() * number)

    def chance(self, share: float) -> bool:
        """True for about `share` of the calls."""
        return self.random.random() < share

    def number(self, prefix: str) -> str:
        """The next number of a paper; rising, as the papers of an archive are."""
        self._numbers += 1
        return f"{prefix}{self._numbers:09d}"

    def parties(self) -> Iterator[tuple[str, Row]]:
        """The office, its departments and the suppliers."""
        yield "organisation", {"key": OFFICE, "name": OFFICE, "role": "office"}
        for name in DEPARTMENTS:
            yield "department", {"key": name, "name": name, "organisation": OFFICE}
        for number, name in enumerate(self.supplier_names):
            yield "organisation", {"key": name, "name": name, "role": "supplier", "size": ("micro", "small", "medium", "large")[number % 4],
                                   "legal_rep": f"法人{number}", "phone": f"139{number:08d}", "address": f"某路{number}号"}

    def projects(self) -> Iterator[tuple[Case, list[Case]]]:
        """Every project with the cases of its contracts, in the order of years."""
        year, place = 0, 0
        while self.made < self.contracts:
            now = YEARS[len(YEARS) * self.made // self.contracts]
            year, place = now, place + 1 if now == year else 0
            size = min(6 + self.below(9), self.contracts - self.made)
            case, categories = self._project(year, place, size)
            progress = (len(YEARS) * self.made / self.contracts) % 1
            contracts = [self._contract(case, category, year, place, progress) for category in categories]
            yield case, contracts

    def _project(self, year: int, place: int, size: int) -> tuple[Case, list[str]]:
        department = DEPARTMENTS[place % len(DEPARTMENTS)]
        is_works = self.chance(0.4)
        name = f"{year}年{'工程' if is_works else '服务'}项目{place:06d}"
        project = {"key": name, "name": name, "family": f"项目{place:06d}", "organisation": OFFICE, "department": department,
                   "fiscal_year": year, "type": "works" if is_works else "service", "is_public_facing": 0}
        case = Case(project, {"project": [project]})
        categories = [self._category(is_works) for _ in range(size)]
        if is_works and self.chance(0.5):
            categories[0] = "supervision"
        if place % 3 == 0:
            categories[-1] = "property"
        case.is_supervised = "supervision" in categories
        self._budget(case, year)
        return case, categories

    def _category(self, is_works: bool) -> str:
        number = self.below(20)
        if is_works:
            return "works" if number < 11 else "equipment" if number < 14 else "design" if number < 16 else "goods"
        return ("goods" if number < 6 else "services" if number < 13 else "cleaning" if number < 15
                else "greening" if number < 17 else "lease" if number < 18 else "other")

    def _budget(self, case: Case, year: int) -> None:
        project = case.project
        initial = (10 + self.below(990)) * 10000.0
        added = 0.0
        if self.chance(0.05):
            case.has_adjustment = True
            added = round(initial * 0.1, 2)
            number = self.number("TZ")
            case.add("budget_adjustment", number, project=project["key"], title="年中追加", direction="increase", amount=added,
                     approved_on=f"{year}-06-15", approval_level="finance", approval_number=number, approved_by="区财政局")
        adjusted = initial + added
        case.add("budget", f"{project['key']}/{year}", project=project["key"], fiscal_year=year, initial_amount=initial, added_amount=added,
                 reduced_amount=0.0, adjusted_amount=adjusted, actual_amount=round(adjusted * (0.81 + 0.18 * self.random.random()), 2))
        for position in range(3):
            item, community = self.below(self.items), COMMUNITIES[self.below(len(COMMUNITIES))]
            name, thing = f"明细{position + 1}", f"物品{item:05d}"
            price = base_price(item)
            if item % 2:
                price = round(price * (0.95 + 0.1 * self.random.random()), 2)
            case.add("budget_item", f"{project['key']}/{name}/{thing}/{community}", project=project["key"], name=name, item=thing,
                     community=community, unit="个", quantity="10", unit_price=price, amount=price * 10, is_lump=0, _item=item)
        case.items = tuple(row["key"] for row in case.all("budget_item"))

    def _amount(self) -> float:
        """Whole hundreds of yuan, so that shares of it are whole cents."""
        kind = self.random.random()
        if kind < 0.02:
            return 100000.0
        low, high = (50, 1000) if kind < 0.48 else (1001, 4000) if kind < 0.85 else (4001, 9000) if kind < 0.95 else (10000, 40000)
        return (low + self.below(high - low)) * 100.0

    def _contract(self, project_case: Case, category: str, year: int, place: int, progress: float) -> Case:
        project = project_case.project
        case = Case(project, {}, project_case.is_supervised, project_case.has_adjustment, project_case.items)
        amount = self._amount()
        # Contracts are signed in the order of the year and suppliers take turns, so that small orders to one firm lie far apart.
        signed = shift(f"{year}-01-08", int(progress * 280) + self.below(15))
        starts, length = shift(signed, self.below(10)), 30 + self.below(150)
        supplier = self.supplier_names[self.made % (self.suppliers - 1) + 1]
        is_renewed = category == "property"
        if is_renewed:
            signed, starts, length, amount = f"{year - 1}-12-{10 + self.below(10)}", f"{year}-01-01", 364, max(amount, 150000.0)
            supplier = self.supplier_names[place % (self.suppliers - 1) + 1]
        elif project["department"] == DEPARTMENTS[0] and self.chance(TRAP_SHARE * len(DEPARTMENTS)):
            supplier, amount = self.supplier_names[0], max(amount, 100100.0)
        self.made += 1
        number = self.number(f"HT{year}-")
        is_periodic = category in ("property", "cleaning", "services", "greening")
        ends = shift(starts, length) if category == "works" or is_renewed else min(shift(starts, length), f"{year}-12-31")
        works = {"planned_starts_on": starts, "planned_ends_on": ends, "duration_days": length,
                 "settlement_due_days": None if self.chance(0.2) else 28} if category == "works" else {}
        contract = case.add(
            "contract", number, number=number, title=f"{project['name']}{category}合同{self.made}", project=project["key"],
            department=project["department"], buyer=OFFICE, supplier=supplier, category=category, signed_on=signed,
            effective_on=signed, starts_on=starts, ends_on=ends, amount=amount, tax_rate=0.06, pricing_type="total",
            payment_schedule="periodic" if is_periodic else "milestone", payment_interval_months=(1, 3)[self.below(2)] if is_periodic else None,
            has_prepayment_clause=int(self.chance(0.1)), payment_terms="按约定支付", payment_due_days=30, has_guarantee_clause=0,
            warranty_months=24 if category in ("works", "goods", "equipment") else None, is_framework=0, is_supplement=0,
            status="completed", **works)
        if is_renewed:
            contract["service"] = f"物业服务{place:06d}"
        self._procure(case)
        self._perform(case)
        self._pay(case, year)
        return case

    def _procure(self, case: Case) -> None:
        contract = case.contract
        amount, signed, kind = contract["amount"], contract["signed_on"], self.random.random()
        if amount <= 100000 and kind < 0.75:
            empty(contract, "tender", "blank_in_document" if kind < 0.4 else None)
            return
        regime, needed = "government_procurement", 0
        if amount > 1000000:
            method, needed = ("open_tender" if kind < 0.8 else "invited_tender"), 20
            regime = "mandatory_tender" if contract["category"] == "works" else regime
        elif contract["supplier"] == self.supplier_names[0]:
            method = "framework"
        elif amount <= 100000 or kind < 0.4 or contract["category"] == "property":
            method, regime = "direct" if amount < 100000 and kind > 0.85 else "comparison", "internal"
        else:
            method, needed = ("consultation", 10) if kind < 0.7 else ("negotiation", 0) if kind < 0.8 else ("inquiry", 0) if kind < 0.9 else ("framework", 0)
        evaluated = shift(signed, -(8 + self.below(12)))
        due = shift(evaluated, -self.below(3))
        issued = workdays_before(due, 4 + self.below(6)) if not needed else shift(due, -(needed + 1 + self.below(15)))
        number = self.number("CG")
        kinds = {"works": "works", "goods": "goods", "equipment": "goods"}
        case.add("tender", number, number=number, title=f"采购{number}", project=contract["project"], department=contract["department"], buyer=OFFICE,
                 method=method, object=kinds.get(contract["category"], "services"), regime=regime, estimated_amount=amount,
                 registered=3, notice_on=issued, docs_issued_on=issued, bids_due_on=due, opened_on=due, evaluated_on=evaluated)
        contract["tender"] = number
        if regime == "government_procurement":
            contract["announced_on"], contract["filed_on"] = workdays_after(signed, self.below(3)), workdays_after(signed, self.below(7))
        if method == "comparison" or (needed and self.chance(0.1)):
            self._quotes(case, number, due)
        if method != "direct" and self.chance(0.8):
            contract["award"] = case.add("award", f"{number}/{contract['supplier']}", tender=number, supplier=contract["supplier"], amount=amount,
                                         awarded_on=evaluated, notice_on=shift(evaluated, 1), published_on=shift(evaluated, 1))["key"]

    def _quotes(self, case: Case, tender: str, due: str) -> None:
        contract = case.contract
        winner = int(contract["supplier"][3:])
        for position, share in enumerate((1.0, 1.03, 1.07)):
            supplier = self.supplier_names[(winner + position * 7) % self.suppliers]
            case.add("quote", f"{tender}/{supplier}", tender=tender, supplier=supplier, amount=round(contract["amount"] * share, 2),
                     quoted_on=shift(due, -self.below(3)), is_valid=1, is_winner=int(position == 0), has_breakdown=1, prepared_by=f"编制人{winner}-{position}")

    def _perform(self, case: Case) -> None:
        contract, category = case.contract, case.contract["category"]
        amount, starts, ends = contract["amount"], contract["starts_on"], contract["ends_on"]
        tender = case.first("tender")
        if contract["warranty_months"]:
            contract["warranty_ends_on"] = shift(ends, 365)
        if tender is not None and tender["regime"] != "internal" and self.chance(0.25):
            number = self.number("BH")
            contract["has_guarantee_clause"] = 1
            case.add("guarantee", number, number=number, contract=contract["key"], type="performance", form="bank_guarantee",
                     amount=round(amount * 0.05, 2), starts_on=contract["signed_on"], ends_on=shift(ends, 60), released_on=shift(ends, 1))
        if category == "works":
            self._complete(case)
        elif self.chance(0.45):
            number = self.number("YS")
            sheet = case.add("acceptance", number, number=number, title=f"验收单{number}", contract=contract["key"],
                     form_type="delivery" if category in ("goods", "equipment") else "performance", signed_on=shift(ends, self.below(10)), conclusion="qualified")
            if self.chance(0.9):
                empty(sheet, "works_started_on", "blank_in_document")
                empty(sheet, "works_completed_on", "blank_in_document")
        if category in ("goods", "equipment") and self.chance(0.2):
            contract["retention_rate"], withheld = 0.05, shift(ends, 20)
            case.add("retention", f"{contract['key']}/{withheld}", contract=contract["key"], rate=0.05, base_type="contract", base_amount=amount,
                     amount=round(amount * 0.05, 2), withheld_on=withheld, release_due_on=shift(ends, 365), substitute="none")
        if self.chance(0.08):
            number = self.number("BC")
            case.add("amendment", number, number=number, title="补充协议", contract=contract["key"], signed_on=shift(starts, 10),
                     amount_change=round(amount * 0.05, 2), reason="数量调整")

    def _complete(self, case: Case) -> None:
        """Acceptance, settlement and retention (or a guarantee in its place) of finished works."""
        contract = case.contract
        starts, completed, key = contract["starts_on"], contract["ends_on"], contract["key"]
        accepted, settled = shift(completed, self.below(15)), round(contract["amount"] * 0.98 / 100) * 100.0
        sheet = self.number("YS")
        case.add("acceptance", sheet, number=sheet, title=f"竣工验收单{sheet}", contract=key, form_type="completion",
                 works_started_on=starts, works_completed_on=completed, signed_on=accepted, conclusion="qualified")
        roles = ("buyer", "contractor", "supervisor") if case.is_supervised else ("buyer", "contractor")
        for role in roles:
            case.add("participant", f"{sheet}/{role}", acceptance=sheet, role=role, is_signed=1, is_sealed=1, signed_on=accepted)
        number = self.number("JS")
        submitted = shift(completed, 5 + self.below(23))
        case.add("settlement", number, number=number, contract=key, submitted_amount=contract["amount"], submitted_on=submitted,
                 reviewed_amount=settled, reviewed_on=shift(submitted, 30), reduced_amount=contract["amount"] - settled)
        contract["retention_rate"], contract["retention_base"], withheld = 0.03, "settlement", shift(accepted, 20)
        has_bond = self.chance(0.15)
        if has_bond:
            number = self.number("BH")
            contract["has_guarantee_clause"] = 1
            case.add("guarantee", number, number=number, contract=key, type="quality", form="bank_guarantee", amount=round(settled * 0.03, 2),
                     starts_on=accepted, ends_on=shift(contract["warranty_ends_on"], self.below(30)))
        share = 0.0 if has_bond else 0.03
        case.add("retention", f"{key}/{withheld}", contract=key, rate=share, base_type="settlement", base_amount=settled, amount=round(settled * share, 2),
                 withheld_on=withheld, release_due_on=shift(completed, 365), substitute="guarantee" if has_bond else "none")

    def _pay(self, case: Case, year: int) -> None:
        contract = case.contract
        amount, accepted = contract["amount"], case.first("acceptance")
        count = 1 + self.below(3) if contract["payment_schedule"] == "periodic" else 1 if amount < 20000 or self.chance(0.3) else 2
        each = round(amount * 0.9 / count / 100) * 100.0
        plans = contract["payment_schedule"] == "milestone" and self.chance(0.15)
        for position in range(count):
            is_final = accepted is not None and position == count - 1
            paid = shift(accepted["signed_on"], 6 + self.below(25)) if is_final and accepted else shift(contract["signed_on"], 15 + self.below(20) + position * 30)
            issued = shift(paid, -(1 + self.below(5)))
            invoice = self._invoice(case, issued, each)
            self._payment(case, year, position, paid, each, invoice, "final" if is_final else "progress", plans)

    def _invoice(self, case: Case, issued: str, amount: float) -> Row | None:
        """The invoice of a payment: mostly one of its own, else the one before, which was made out for more."""
        before = case.all("invoice")
        if before and self.chance(0.6):
            before[-1]["amount"] += amount
            return before[-1]
        number = self.number("")
        contract = case.contract
        return case.add("invoice", number, number=number, type="digital", issued_on=max(issued, contract["signed_on"]), contract=contract["key"], seller=contract["supplier"],
                        buyer=OFFICE, amount=amount, net_amount=round(amount / 1.06, 2), status="normal" if self.chance(0.985) else "reversed")

    def _payment(self, case: Case, year: int, position: int, paid: str, amount: float, invoice: Row | None, kind: str, plans: bool) -> None:
        contract = case.contract
        number = self.number("ZF")
        interval = contract["payment_interval_months"]
        if interval:
            first = min(1 + position * interval + self.below(4), 13 - interval)
            covers = (month_start(year, first), month_end(year, first + interval - 1))
        else:
            covers = (contract["starts_on"], min(contract["ends_on"], f"{year}-12-31"))
        item = self.below(3)
        payment = case.add("payment", number, number=number, contract=contract["key"], project=contract["project"], invoice=invoice["key"] if invoice else None, type=kind,
                           purpose=f"明细{item + 1}", applied_on=shift(paid, -3), paid_on=paid, amount=amount, payee=contract["supplier"], voucher_number=f"记{number}", starts_on=covers[0],
                           ends_on=covers[1], expense_type="works" if contract["category"] == "works" else "service", due_base_on=shift(paid, -5))
        if self.chance(0.3):
            payment["budget_item"] = case.items[item]
        if plans:
            payment["plan"] = case.add("payment_plan", f"{contract['key']}/{position + 1}", contract=contract["key"], sequence=position + 1, condition=f"第{position + 1}期",
                                       amount=amount, due_on=shift(paid, 5 - self.below(15)))["key"]
        else:
            empty(payment, "plan", "blank_in_document")
        if contract["department"] == APPROVALS_FROM:
            self._approve(case, payment)

    def _approve(self, case: Case, payment: Row) -> None:
        is_works = case.contract["category"] == "works"
        form = "works_payment" if is_works else "request"
        for role in required_approvals(case):
            case.add("payment_approval", f"{payment['key']}/{form}/{role}", payment=payment["key"], form_type=form, role=role, opinion="同意",
                     is_signed=1, is_sealed=int(is_works), approved_on=payment["applied_on"])

    def may_mark_price(self, item: int, year: int, community: str) -> bool:
        """Whether a line may stand out in its group: its prices are all equal, another community is in it, no other stands out."""
        group = (item, year)
        others = self._communities.get(group, set()) - {community}
        if item % 2 or not others or group in self._marked:
            return False
        self._marked.add(group)
        return True

    def see_prices(self, case: Case) -> None:
        """Remember which communities have a price of what; to be called once the project's lines are as they stay."""
        for line in case.all("budget_item"):
            self._communities.setdefault((line["_item"], case.project["fiscal_year"]), set()).add(line["community"])

    # --- what is not known, and what is let off

    def forget(self, case: Case, *, is_gap: bool) -> None:
        """Take a few values away, as ledgers do; in a gap project also what its other contracts depend on."""
        options = [*_FORGETTABLE, *(_GAPS if is_gap else ())]
        for _ in range(1 + self.below(4 if is_gap else 2)):
            record_type, name = options[self.below(len(options))]
            for row in case.all(record_type)[:1]:
                if row.get(name) is not None:
                    empty(row, name, "illegible" if self.chance(0.1) else None)

    def exempt(self, case: Case, kind: str) -> None:
        """File an exemption for the contract."""
        number, contract = self.number("LW"), case.contract
        case.add("exemption", number, number=number, type=kind, contract=contract["key"], approved_by="主任办公会", approved_on=f"{case.project['fiscal_year'] - 1}-11-30",
                 reason="会议同意")


def base_price(item: int) -> float:
    """The usual price of a thing: whole tens of yuan."""
    return 40.0 + item % 50 * 10


def required_approvals(case: Case) -> tuple[str, ...]:
    """Who has to approve a payment under the contract."""
    if case.contract["category"] != "works":
        return ("handler", "department", "finance")
    return ("contractor", "supervisor", "buyer") if case.is_supervised else ("contractor", "buyer")


_FORGETTABLE = [
    ("contract", "starts_on"), ("contract", "signed_on"), ("contract", "amount"), ("contract", "is_framework"), ("contract", "has_prepayment_clause"),
    ("contract", "planned_starts_on"), ("contract", "planned_ends_on"), ("contract", "settlement_due_days"), ("contract", "warranty_ends_on"),
    ("contract", "retention_rate"), ("contract", "payment_schedule"), ("tender", "method"), ("tender", "docs_issued_on"), ("tender", "bids_due_on"),
    ("quote", "amount"), ("quote", "quoted_on"), ("invoice", "issued_on"), ("invoice", "status"), ("payment", "paid_on"), ("payment", "ends_on"),
    ("acceptance", "signed_on"), ("acceptance", "works_completed_on"), ("acceptance", "form_type"), ("participant", "is_signed"), ("settlement", "submitted_on"),
    ("settlement", "reviewed_amount"), ("retention", "rate"), ("retention", "amount"), ("guarantee", "amount"), ("guarantee", "ends_on"),
    ("payment_approval", "opinion"), ("payment_approval", "approved_on"), ("payment_plan", "due_on"),
]
_GAPS = [("contract", "category"), ("contract", "tender"), ("payment", "purpose"), ("payment_approval", "role"), ("participant", "role")]

__all__ = ["AS_OF", "APPROVALS_FROM", "COVERED", "NUMBER", "Case", "Row", "World", "base_price", "days_from", "empty", "required_approvals"]
