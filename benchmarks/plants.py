"""Faults and near-misses that are put into a clean world, one in a case at most.

A plant is a function of the world, the case and the kind; it changes the case so that exactly its rule fails (a fault),
or comes as close as can be without failing (a near-miss), and gives the record that the rule decides. It gives None, and
changes nothing, where the case does not fit. A rule that is added later needs one function and one line in PLANTS.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from benchmarks.calendar_days import month_end, month_start, shift, workdays_after, workdays_before
from benchmarks.cases import APPROVALS_FROM, Case, Row, empty, required_approvals
from benchmarks.world import World, base_price

Kind = Literal["fault", "near_miss", "exempt"]
Function = Callable[[World, Case, bool], Row | None]

STATUTORY = ("government_procurement", "mandatory_tender")


@dataclass(frozen=True)
class Plant:
    """What plants one rule: in the case of a contract or of a project; and an exemption that lets its fault off."""

    apply: Function
    exemption: str | None = None
    of_project: bool = False


def invoice_before_contract(world: World, case: Case, is_fault: bool) -> Row | None:
    invoice = case.first("invoice")
    if invoice is None or invoice["status"] != "normal":
        return None
    invoice["issued_on"] = shift(case.contract["signed_on"], -1 - world.below(20) if is_fault else 0)
    return invoice


def start_before_signing(world: World, case: Case, is_fault: bool) -> Row | None:
    contract = case.contract
    contract["starts_on"] = shift(contract["signed_on"], -1 - world.below(20) if is_fault else 0)
    return contract


def signing_date_blank(world: World, case: Case, is_fault: bool) -> Row | None:
    empty(case.contract, "signed_on", "blank_in_document" if is_fault else "illegible")
    return case.contract


def works_dates_blank(world: World, case: Case, is_fault: bool) -> Row | None:
    contract = case.contract
    if contract["category"] != "works":
        return None
    if is_fault and world.chance(0.5):
        empty(contract, "planned_starts_on", "blank_in_document")
        return contract
    empty(contract, "planned_ends_on", "blank_in_document")
    if is_fault:
        empty(contract, "duration_days", "blank_in_document")
    return contract


def guarantee_incomplete(world: World, case: Case, is_fault: bool) -> Row | None:
    guarantee = case.first("guarantee")
    if guarantee is not None:
        empty(guarantee, "ends_on" if not is_fault or world.chance(0.5) else "amount", "blank_in_document" if is_fault else "not_required")
    return guarantee


def guarantee_missing(world: World, case: Case, is_fault: bool) -> Row | None:
    contract = case.contract
    if bool(case.all("guarantee")) is is_fault:
        return None
    contract["has_guarantee_clause"] = 1
    return contract


def guarantee_ends_early(world: World, case: Case, is_fault: bool) -> Row | None:
    guarantee = case.first("guarantee")
    if guarantee is None or guarantee["type"] != "quality":
        return None
    guarantee["ends_on"] = shift(case.contract["warranty_ends_on"], -1 - world.below(60) if is_fault else 0)
    return guarantee


def guarantee_above_cap(world: World, case: Case, is_fault: bool) -> Row | None:
    guarantee, settlement = case.first("guarantee"), case.first("settlement")
    if guarantee is None:
        return None
    price = case.contract["amount"] + sum(amendment["amount_change"] for amendment in case.all("amendment"))
    most = settlement["reviewed_amount"] * 0.03 if guarantee["type"] == "quality" and settlement else price * 0.1
    guarantee["amount"] = round(most + (0.01 if is_fault else 0), 2)
    return guarantee


def lump_against_schedule(world: World, case: Case, is_fault: bool) -> Row | None:
    payment, months, year = case.first("payment"), case.contract["payment_interval_months"], case.project["fiscal_year"]
    if payment is None or not months or case.contract["has_prepayment_clause"]:
        return None
    if is_fault:
        payment["starts_on"], payment["ends_on"] = month_start(year, 3), month_end(year, 3 + months)
    else:
        payment["starts_on"], payment["ends_on"] = shift(month_start(year, 3), 14), shift(month_start(year, 3 + months), 13)
    return payment


def paid_before_due(world: World, case: Case, is_fault: bool) -> Row | None:
    plan, payment = case.first("payment_plan"), case.first("payment")
    if plan is None or payment is None or payment["plan"] != plan["key"]:
        return None
    plan["due_on"] = shift(payment["paid_on"], 6 if is_fault else 5)
    return payment


def paid_beyond_year(world: World, case: Case, is_fault: bool) -> Row | None:
    payment, year = case.first("payment"), case.project["fiscal_year"]
    if payment is None or case.contract["has_prepayment_clause"] or case.contract["payment_schedule"] == "periodic" or payment["paid_on"] > f"{year}-12-31":
        return None
    payment["starts_on"], payment["ends_on"] = f"{year}-12-01", f"{year + 1}-01-{1 + world.below(31):02d}" if is_fault else f"{year}-12-31"
    return payment


def payment_before_acceptance(world: World, case: Case, is_fault: bool) -> Row | None:
    acceptance, payments = case.first("acceptance"), case.all("payment")
    if acceptance is None or payments[-1]["type"] != "final":
        return None
    payment = payments[-1]
    is_open_kind = not is_fault and len(payments) == 1 and case.contract["category"] != "works" and world.chance(0.5)
    payment["paid_on"] = shift(acceptance["signed_on"], -1 - world.below(5) if is_fault or is_open_kind else 0)
    for plan in case.all("payment_plan")[-1:]:
        plan["due_on"] = payment["paid_on"]
    if is_open_kind:
        # Of unknown kind, and exactly at the share from which it would count as final.
        empty(payment, "type")
        payment["amount"] = round(case.contract["amount"] * 0.95, 2)
    return payment


def approval_incomplete(world: World, case: Case, is_fault: bool) -> Row | None:
    approvals = case.all("payment_approval")
    if not approvals:
        return None
    approval = approvals[world.below(len(approvals))]
    kind = world.below(3)
    if is_fault and kind < 2:
        empty(approval, ("opinion", "approved_on")[kind], "blank_in_document")
    else:
        approval["is_signed"], approval["is_sealed"] = 0, int(not is_fault)
    return approval


def approval_role_missing(world: World, case: Case, is_fault: bool) -> Row | None:
    payment = case.first("payment")
    if payment is None or case.contract["department"] != APPROVALS_FROM:
        return None
    approvals = case.all("payment_approval")
    if is_fault:
        approvals.pop(world.below(len(required_approvals(case))))
    else:
        form = approvals[0]["form_type"]
        case.add("payment_approval", **{**approvals[0], "key": f"{payment['key']}/{form}/leadership", "role": "leadership"})
    return payment


def unit_price_deviation(world: World, case: Case, is_fault: bool) -> Row | None:
    for line in case.all("budget_item"):
        if world.may_mark_price(line["_item"], case.project["fiscal_year"], line["community"]):
            line["unit_price"] = base_price(line["_item"]) * 2 if is_fault else round(base_price(line["_item"]) * 1.3, 2)
            line["amount"] = line["unit_price"] * 10
            return {"key": f"budget_item/{line['key']}"}
    return None


def tender_period(world: World, case: Case, is_fault: bool) -> Row | None:
    tender = case.first("tender")
    days = {"open_tender": 20, "invited_tender": 20, "consultation": 10}.get(tender["method"]) if tender else None
    if tender is None or days is None:
        return None
    tender["docs_issued_on"] = tender["notice_on"] = shift(tender["bids_due_on"], -(days - is_fault))
    if world.chance(0.2):
        empty(tender, "docs_issued_on")
    return tender


def response_period(world: World, case: Case, is_fault: bool) -> Row | None:
    tender = case.first("tender")
    if tender is None or tender["method"] not in ("negotiation", "inquiry"):
        return None
    tender["docs_issued_on"] = tender["notice_on"] = workdays_before(tender["bids_due_on"], 3 - is_fault)
    return tender


def three_quotes(world: World, case: Case, is_fault: bool) -> Row | None:
    tender, quotes, contract = case.first("tender"), case.all("quote"), case.contract
    if tender is None or tender["method"] != "comparison" or contract["amount"] < 100000:
        return None
    if contract["amount"] == 100000:
        # Exactly at the threshold two quotes will do.
        if not is_fault:
            quotes.pop()
        return None if is_fault else contract
    kind = world.below(3) if is_fault else 3
    if kind == 0:
        quotes.pop()
    elif kind == 1:
        empty(quotes[-1], "amount", "blank_in_document")
    else:
        quotes[-1]["quoted_on"] = shift(tender["evaluated_on"], 1 if is_fault else 0)
    return contract


def joint_acceptance_missing(world: World, case: Case, is_fault: bool) -> Row | None:
    contract, participants, sheet = case.contract, case.all("participant"), case.first("acceptance")
    if contract["category"] != "works" or sheet is None:
        return None
    if not is_fault:
        # A second sheet that nobody signed takes nothing from the first.
        number = world.number("YS")
        case.add("acceptance", **{**sheet, "key": number, "number": number, "form_type": "performance"})
    elif world.chance(0.5):
        participants.pop()
    else:
        participants[-1]["is_signed"] = 0
    return contract


def acceptance_dates_blank(world: World, case: Case, is_fault: bool) -> Row | None:
    sheet = case.first("acceptance")
    if sheet is None or sheet["form_type"] != "completion":
        return None
    empty(sheet, "works_completed_on" if world.chance(0.5) else "works_started_on", "blank_in_document" if is_fault else "illegible")
    return sheet


def dates_out_of_order(world: World, case: Case, is_fault: bool) -> Row | None:
    sheet = case.first("acceptance")
    if sheet is None or sheet["form_type"] != "completion":
        return None
    sheet["signed_on"] = shift(sheet["works_completed_on"], -1 - world.below(5) if is_fault else 0)
    return sheet


def settlement_late(world: World, case: Case, is_fault: bool) -> Row | None:
    settlement, sheet = case.first("settlement"), case.first("acceptance")
    if settlement is None or sheet is None:
        return None
    due = workdays_after(shift(sheet["works_completed_on"], 27), 1)
    settlement["submitted_on"] = shift(due, 1) if is_fault else due
    return case.contract


def _retention(case: Case, *, of_works: bool) -> Row | None:
    retention = case.first("retention")
    fits = retention is not None and retention["rate"] > 0 and (case.contract["category"] == "works") is of_works
    return retention if fits else None


def retention_below_agreed(world: World, case: Case, is_fault: bool) -> Row | None:
    retention = _retention(case, of_works=False)
    if retention is not None and is_fault:
        retention["rate"] = 0.049
    return retention


def retention_below_minimum(world: World, case: Case, is_fault: bool) -> Row | None:
    retention = _retention(case, of_works=True)
    if retention is None:
        return None
    if is_fault:
        retention["rate"] = case.contract["retention_rate"] = 0.029
    elif world.chance(0.5):
        retention["rate"], retention["amount"], retention["substitute"] = 0.0, 0.0, "insurance"
    return retention


def retention_rate_above_cap(world: World, case: Case, is_fault: bool) -> Row | None:
    retention = _retention(case, of_works=True)
    if retention is not None and is_fault:
        retention["rate"] = 0.0301
    return retention


def retention_amount_above_cap(world: World, case: Case, is_fault: bool) -> Row | None:
    retention, settlement = _retention(case, of_works=True), case.first("settlement")
    if retention is None or settlement is None:
        return None
    retention["amount"] = round(settlement["reviewed_amount"] * 0.03 + (0.01 if is_fault else 0), 2)
    return retention


def low_execution(world: World, case: Case, is_fault: bool) -> Row | None:
    budget = case.all("budget")[0]
    budget["actual_amount"] = round(budget["adjusted_amount"] * 0.8 - (0.01 if is_fault else 0), 2)
    return budget


def outside_budget_items(world: World, case: Case, is_fault: bool) -> Row | None:
    payment = case.first("payment")
    if payment is None or case.has_adjustment:
        return None
    name = payment["purpose"]
    payment["purpose"] = "明细以外的支出" if is_fault else f" {name[:2]}{chr(ord(name[2]) + 0xFEE0)} "
    empty(payment, "budget_item", "blank_in_document")
    return payment


PLANTS: dict[str, Plant] = {
    "BUD-001": Plant(low_execution, of_project=True),
    "BUD-002": Plant(outside_budget_items, "emergency"),
    "CON-001": Plant(invoice_before_contract, "renewal"),
    "CON-002": Plant(start_before_signing, "ratified"),
    "CON-003": Plant(signing_date_blank),
    "CON-004": Plant(works_dates_blank, "commencement_order"),
    "CON-007": Plant(guarantee_incomplete),
    "CON-008": Plant(guarantee_missing),
    "CON-009": Plant(guarantee_ends_early),
    "CON-010": Plant(guarantee_above_cap),
    "PAY-001": Plant(lump_against_schedule, "ratified"),
    "PAY-002": Plant(paid_before_due, "ratified"),
    "PAY-003": Plant(paid_beyond_year, "budget_adjustment"),
    "PAY-004": Plant(payment_before_acceptance),
    "PAY-005": Plant(approval_incomplete),
    "PAY-006": Plant(approval_role_missing),
    "PRICE-001": Plant(unit_price_deviation, of_project=True),
    "PROC-001": Plant(tender_period),
    "PROC-002": Plant(response_period),
    "PROC-003": Plant(three_quotes, "single_source"),
    "WORKS-001": Plant(joint_acceptance_missing),
    "WORKS-002": Plant(acceptance_dates_blank),
    "WORKS-003": Plant(dates_out_of_order),
    "WORKS-004": Plant(settlement_late, "ratified"),
    "WORKS-005": Plant(retention_below_agreed),
    "WORKS-006": Plant(retention_below_minimum),
    "WORKS-007": Plant(retention_rate_above_cap),
    "WORKS-008": Plant(retention_amount_above_cap),
}
