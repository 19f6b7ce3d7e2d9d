"""A clean world: projects with contracts and all their papers, in which no rule fails.

Everything comes from one seeded generator of random numbers, so equal seeds give equal worlds.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from benchmarks.calendar_days import shift
from benchmarks.cases import COMMUNITIES, DEPARTMENTS, OFFICE, TRAP_SHARE, YEARS, Case, Row, empty
from benchmarks.papers import pay, perform, procure

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
        procure(self, case)
        perform(self, case)
        pay(self, case, year)
        return case

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
