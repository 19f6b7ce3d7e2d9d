"""The papers of one clean contract: how it was bought, performed, accepted and paid.

Functions of a world, which is where all random choices come from, and of the case that they add records to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.calendar_days import month_end, month_start, shift, workdays_after, workdays_before
from benchmarks.cases import APPROVALS_FROM, OFFICE, Case, Row, empty, required_approvals

if TYPE_CHECKING:
    from benchmarks.world import World


def procure(world: World, case: Case) -> None:
    contract = case.contract
    amount, signed, kind = contract["amount"], contract["signed_on"], world.random.random()
    if amount <= 100000 and kind < 0.75:
        empty(contract, "tender", "blank_in_document" if kind < 0.4 else None)
        return
    regime, needed = "government_procurement", 0
    if amount > 1000000:
        method, needed = ("open_tender" if kind < 0.8 else "invited_tender"), 20
        regime = "mandatory_tender" if contract["category"] == "works" else regime
    elif contract["supplier"] == world.supplier_names[0]:
        method = "framework"
    elif amount <= 100000 or kind < 0.4 or contract["category"] == "property":
        method, regime = "direct" if amount < 100000 and kind > 0.85 else "comparison", "internal"
    else:
        method, needed = ("consultation", 10) if kind < 0.7 else ("negotiation", 0) if kind < 0.8 else ("inquiry", 0) if kind < 0.9 else ("framework", 0)
    evaluated = shift(signed, -(8 + world.below(12)))
    due = shift(evaluated, -world.below(3))
    issued = workdays_before(due, 4 + world.below(6)) if not needed else shift(due, -(needed + 1 + world.below(15)))
    number = world.number("CG")
    kinds = {"works": "works", "goods": "goods", "equipment": "goods"}
    case.add("tender", number, number=number, title=f"采购{number}", project=contract["project"], department=contract["department"], buyer=OFFICE,
             method=method, object=kinds.get(contract["category"], "services"), regime=regime, estimated_amount=amount,
             registered=3, notice_on=issued, docs_issued_on=issued, bids_due_on=due, opened_on=due, evaluated_on=evaluated)
    contract["tender"] = number
    if regime == "government_procurement":
        contract["announced_on"], contract["filed_on"] = workdays_after(signed, world.below(3)), workdays_after(signed, world.below(7))
    if method == "comparison" or (needed and world.chance(0.1)):
        _quotes(world, case, number, due)
    if method != "direct" and world.chance(0.8):
        contract["award"] = case.add("award", f"{number}/{contract['supplier']}", tender=number, supplier=contract["supplier"], amount=amount,
                                     awarded_on=evaluated, notice_on=shift(evaluated, 1), published_on=shift(evaluated, 1))["key"]


def _quotes(world: World, case: Case, tender: str, due: str) -> None:
    contract = case.contract
    winner = int(contract["supplier"][3:])
    for position, share in enumerate((1.0, 1.03, 1.07)):
        supplier = world.supplier_names[(winner + position * 7) % world.suppliers]
        case.add("quote", f"{tender}/{supplier}", tender=tender, supplier=supplier, amount=round(contract["amount"] * share, 2),
                 quoted_on=shift(due, -world.below(3)), is_valid=1, is_winner=int(position == 0), has_breakdown=1, prepared_by=f"编制人{winner}-{position}")


def perform(world: World, case: Case) -> None:
    contract, category = case.contract, case.contract["category"]
    amount, starts, ends = contract["amount"], contract["starts_on"], contract["ends_on"]
    tender = case.first("tender")
    if contract["warranty_months"]:
        contract["warranty_ends_on"] = shift(ends, 365)
    if tender is not None and tender["regime"] != "internal" and world.chance(0.25):
        number = world.number("BH")
        contract["has_guarantee_clause"] = 1
        case.add("guarantee", number, number=number, contract=contract["key"], type="performance", form="bank_guarantee",
                 amount=round(amount * 0.05, 2), starts_on=contract["signed_on"], ends_on=shift(ends, 60), released_on=shift(ends, 1))
    if category == "works":
        _complete(world, case)
    elif world.chance(0.45):
        number = world.number("YS")
        sheet = case.add("acceptance", number, number=number, title=f"验收单{number}", contract=contract["key"],
                 form_type="delivery" if category in ("goods", "equipment") else "performance", signed_on=shift(ends, world.below(10)), conclusion="qualified")
        if world.chance(0.9):
            empty(sheet, "works_started_on", "blank_in_document")
            empty(sheet, "works_completed_on", "blank_in_document")
    if category in ("goods", "equipment") and world.chance(0.2):
        contract["retention_rate"], withheld = 0.05, shift(ends, 20)
        case.add("retention", f"{contract['key']}/{withheld}", contract=contract["key"], rate=0.05, base_type="contract", base_amount=amount,
                 amount=round(amount * 0.05, 2), withheld_on=withheld, release_due_on=shift(ends, 365), substitute="none")
    if world.chance(0.08):
        number = world.number("BC")
        case.add("amendment", number, number=number, title="补充协议", contract=contract["key"], signed_on=shift(starts, 10),
                 amount_change=round(amount * 0.05, 2), reason="数量调整")


def _complete(world: World, case: Case) -> None:
    """Acceptance, settlement and retention (or a guarantee in its place) of finished works."""
    contract = case.contract
    starts, completed, key = contract["starts_on"], contract["ends_on"], contract["key"]
    accepted, settled = shift(completed, world.below(15)), round(contract["amount"] * 0.98 / 100) * 100.0
    sheet = world.number("YS")
    case.add("acceptance", sheet, number=sheet, title=f"竣工验收单{sheet}", contract=key, form_type="completion",
             works_started_on=starts, works_completed_on=completed, signed_on=accepted, conclusion="qualified")
    roles = ("buyer", "contractor", "supervisor") if case.is_supervised else ("buyer", "contractor")
    for role in roles:
        case.add("participant", f"{sheet}/{role}", acceptance=sheet, role=role, is_signed=1, is_sealed=1, signed_on=accepted)
    number = world.number("JS")
    submitted = shift(completed, 5 + world.below(23))
    case.add("settlement", number, number=number, contract=key, submitted_amount=contract["amount"], submitted_on=submitted,
             reviewed_amount=settled, reviewed_on=shift(submitted, 30), reduced_amount=contract["amount"] - settled)
    contract["retention_rate"], contract["retention_base"], withheld = 0.03, "settlement", shift(accepted, 20)
    has_bond = world.chance(0.15)
    if has_bond:
        number = world.number("BH")
        contract["has_guarantee_clause"] = 1
        case.add("guarantee", number, number=number, contract=key, type="quality", form="bank_guarantee", amount=round(settled * 0.03, 2),
                 starts_on=accepted, ends_on=shift(contract["warranty_ends_on"], world.below(30)))
    share = 0.0 if has_bond else 0.03
    case.add("retention", f"{key}/{withheld}", contract=key, rate=share, base_type="settlement", base_amount=settled, amount=round(settled * share, 2),
             withheld_on=withheld, release_due_on=shift(completed, 365), substitute="guarantee" if has_bond else "none")


def pay(world: World, case: Case, year: int) -> None:
    contract = case.contract
    amount, accepted = contract["amount"], case.first("acceptance")
    count = 1 + world.below(3) if contract["payment_schedule"] == "periodic" else 1 if amount < 20000 or world.chance(0.3) else 2
    each = round(amount * 0.9 / count / 100) * 100.0
    plans = contract["payment_schedule"] == "milestone" and world.chance(0.15)
    for position in range(count):
        is_final = accepted is not None and position == count - 1
        paid = shift(accepted["signed_on"], 6 + world.below(25)) if is_final and accepted else shift(contract["signed_on"], 15 + world.below(20) + position * 30)
        issued = shift(paid, -(1 + world.below(5)))
        invoice = _invoice(world, case, issued, each)
        _payment(world, case, year, position, paid, each, invoice, "final" if is_final else "progress", plans)


def _invoice(world: World, case: Case, issued: str, amount: float) -> Row | None:
    """The invoice of a payment: mostly one of its own, else the one before, which was made out for more."""
    before = case.all("invoice")
    if before and world.chance(0.6):
        before[-1]["amount"] += amount
        return before[-1]
    number = world.number("")
    contract = case.contract
    return case.add("invoice", number, number=number, type="digital", issued_on=max(issued, contract["signed_on"]), contract=contract["key"], seller=contract["supplier"],
                    buyer=OFFICE, amount=amount, net_amount=round(amount / 1.06, 2), status="normal" if world.chance(0.985) else "reversed")


def _payment(world: World, case: Case, year: int, position: int, paid: str, amount: float, invoice: Row | None, kind: str, plans: bool) -> None:
    contract = case.contract
    number = world.number("ZF")
    interval = contract["payment_interval_months"]
    if interval:
        first = min(1 + position * interval + world.below(4), 13 - interval)
        covers = (month_start(year, first), month_end(year, first + interval - 1))
    else:
        covers = (contract["starts_on"], min(contract["ends_on"], f"{year}-12-31"))
    item = world.below(3)
    payment = case.add("payment", number, number=number, contract=contract["key"], project=contract["project"], invoice=invoice["key"] if invoice else None, type=kind,
                       purpose=f"明细{item + 1}", applied_on=shift(paid, -3), paid_on=paid, amount=amount, payee=contract["supplier"], voucher_number=f"记{number}", starts_on=covers[0],
                       ends_on=covers[1], expense_type="works" if contract["category"] == "works" else "service", due_base_on=shift(paid, -5))
    if world.chance(0.3):
        payment["budget_item"] = case.items[item]
    if plans:
        payment["plan"] = case.add("payment_plan", f"{contract['key']}/{position + 1}", contract=contract["key"], sequence=position + 1, condition=f"第{position + 1}期",
                                   amount=amount, due_on=shift(paid, 5 - world.below(15)))["key"]
    else:
        empty(payment, "plan", "blank_in_document")
    if contract["department"] == APPROVALS_FROM:
        _approve(world, case, payment)


def _approve(world: World, case: Case, payment: Row) -> None:
    is_works = case.contract["category"] == "works"
    form = "works_payment" if is_works else "request"
    for role in required_approvals(case):
        case.add("payment_approval", f"{payment['key']}/{form}/{role}", payment=payment["key"], form_type=form, role=role, opinion="同意",
                 is_signed=1, is_sealed=int(is_works), approved_on=payment["applied_on"])
