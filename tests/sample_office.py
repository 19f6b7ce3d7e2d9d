"""The invented office of `sample/office-2024`: 120 contracts of one year, some of them with a planted fault.

`python -m tests.sample_office` writes the workbook anew; a test holds that it is the one in the folder. What is planted
stands in `PLANTED`, contract by contract; the folder's README tells it in words. Seeded: the same office each time.
"""

from __future__ import annotations

import datetime
import random
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

FILE = Path(__file__).resolve().parents[1] / "sample" / "office-2024" / "ledger.xlsx"
BUYER = "青禾街道办事处"
DEPARTMENTS = ("综合办公室", "党建工作办公室", "城市管理办公室", "民生保障办公室", "平安建设办公室", "社区建设办公室")
A_DEPARTMENT = 20
Day = datetime.date
LAST_DAY = Day(2024, 12, 31)

PLANTED: dict[str, tuple[str, ...]] = {
    "QH2024-003": ("CON-001",),
    "QH2024-011": ("CON-001", "PAY-012"),
    "QH2024-017": ("CON-002",),
    "QH2024-024": ("CON-003",),
    "QH2024-029": ("CON-012",),
    "QH2024-036": ("CON-014",),
    "QH2024-041": ("CON-015",),
    "QH2024-047": ("CON-016",),
    "QH2024-052": ("PROC-001",),
    "QH2024-058": ("PROC-003",),
    "QH2024-063": ("PROC-005",),
    "QH2024-069": ("PROC-012", "PROC-003"),
    "QH2024-076": ("PROC-007",),
    "QH2024-082": ("PAY-004",),
    "QH2024-087": ("PAY-007", "PAY-011"),
    "QH2024-093": ("PAY-009",),
    "QH2024-098": ("PAY-011",),
    "QH2024-101": ("WORKS-003",),
    "QH2024-105": ("WORKS-004",),
    "QH2024-109": ("WORKS-007",),
    "QH2024-113": ("WORKS-006",),
}
"""Contract -> rules that should find something in it or in what belongs to it."""


@dataclass
class Payment:
    """One payment of a contract, in yuan."""

    paid_on: Day
    amount: Decimal
    type: str
    payee: str


@dataclass
class Invoice:
    """One invoice of a contract, in yuan."""

    number: str
    issued_on: Day
    amount: Decimal
    seller: str


@dataclass
class Contract:
    """A contract with all that hangs on it; None is a cell left empty."""

    number: str
    title: str
    department: str
    category: str
    supplier: str
    amount: Decimal
    signed_on: Day | None
    starts_on: Day
    ends_on: Day
    filed_on: Day | None = None
    retention_rate: Decimal | None = None
    tender: str | None = None
    method: str | None = None
    regime: str | None = None
    notice_on: Day | None = None
    docs_issued_on: Day | None = None
    bids_due_on: Day | None = None
    evaluated_on: Day | None = None
    award_notice_on: Day | None = None
    award_amount: Decimal | None = None
    award_supplier: str | None = None
    quotes: list[tuple[str, Decimal | None, Day]] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    invoices: list[Invoice] = field(default_factory=list)
    works_started_on: Day | None = None
    works_completed_on: Day | None = None
    accepted_on: Day | None = None
    settlement_submitted_on: Day | None = None
    settlement_amount: Decimal | None = None
    withheld_rate: Decimal | None = None


_MATTERS = {
    "工程": ("办公用房修缮工程", "社区活动室改造工程", "老旧小区护栏更新工程", "停车场地面修复工程"),
    "货物": ("办公家具采购", "应急物资采购", "宣传栏制作", "健身器材采购"),
    "服务": ("保洁服务", "绿化养护服务", "法律顾问服务", "文化活动服务", "信息系统运维服务"),
}
_PLACES = ("一里社区", "二里社区", "东苑社区", "西苑社区", "南街社区", "北街社区", "河沿社区", "机关")
_NAMES = ("启明", "和信", "嘉禾", "宏远", "安泰", "瑞丰", "清源", "博雅", "恒通", "立新", "永盛", "明德")
_KINDS = {"工程": "建筑工程有限公司", "货物": "商贸有限公司", "服务": "服务有限公司"}


def office() -> list[Contract]:
    """The office's contracts, clean ones first made and then spoilt where something is planted."""
    rng = random.Random(2024)
    contracts = [_clean(rng, number) for number in range(1, len(DEPARTMENTS) * A_DEPARTMENT + 1)]
    for contract in contracts:
        for spoil in _SPOIL.get(contract.number, ()):
            spoil(contract)
    # Two purchases from one firm within two weeks, each below the limit, together above it.
    first, second = (next(one for one in contracts if one.number == number) for number in ("QH2024-075", "QH2024-076"))
    _rename(second, first.supplier)
    return contracts


def main() -> None:
    """Write the workbook of the sample."""
    from tests.sample_office_workbook import write_workbook

    write_workbook(office(), FILE)


def _days(day: Day, number: int) -> Day:
    return day + datetime.timedelta(days=number)


def _firm(rng: random.Random, category: str, number: int, place: int = 0) -> str:
    # Number and place make every firm another one.
    return f"北京{_NAMES[(number + place * 5) % 12]}{_NAMES[(number // 12 + place * 7 + 3) % 12]}{_KINDS[category]}"


_CATEGORY_OF = {"QH2024-052": "服务", "QH2024-029": "服务", "QH2024-036": "服务", "QH2024-041": "服务", "QH2024-047": "货物", "QH2024-058": "服务", "QH2024-063": "货物", "QH2024-069": "货物",
                "QH2024-075": "货物", "QH2024-076": "货物", "QH2024-101": "工程", "QH2024-105": "工程", "QH2024-109": "工程", "QH2024-113": "工程"}
_YUAN_OF = {"QH2024-052": 1_260_000, "QH2024-029": 980_000, "QH2024-036": 860_000, "QH2024-041": 750_000, "QH2024-047": 690_000, "QH2024-058": 156_000, "QH2024-063": 214_000, "QH2024-069": 168_000,
            "QH2024-075": 68_000, "QH2024-076": 57_500, "QH2024-101": 320_000, "QH2024-105": 286_000, "QH2024-109": 410_000, "QH2024-113": 355_000}


def _clean(rng: random.Random, number: int) -> Contract:
    """A contract with which nothing is out of order."""
    name = f"QH2024-{number:03d}"
    category = rng.choice(("工程", "货物", "货物", "服务", "服务", "服务"))
    yuan = rng.choice((rng.randrange(18, 95), rng.randrange(105, 390), rng.randrange(420, 1400))) * 1000
    category, yuan = _CATEGORY_OF.get(name, category), _YUAN_OF.get(name, yuan)
    amount = Decimal(yuan)
    signed = _days(Day(2024, 1, 22), rng.randrange(0, 130))
    starts = _days(signed, rng.randrange(1, 9))
    length = rng.randrange(40, 120)
    contract = Contract(name, f"{rng.choice(_PLACES)}{rng.choice(_MATTERS[category])}", DEPARTMENTS[(number - 1) // A_DEPARTMENT], category,
                        _firm(rng, category, number), amount, signed, starts, _days(starts, length))
    if name == "QH2024-076":
        contract.signed_on, contract.starts_on = Day(2024, 4, 22), Day(2024, 4, 25)
    if name == "QH2024-075":
        contract.signed_on, contract.starts_on = Day(2024, 4, 9), Day(2024, 4, 12)
    contract.ends_on = _days(contract.starts_on, length)
    _buy(rng, contract, number)
    _carry_out(rng, contract)
    _pay(rng, contract, number)
    return contract


def _buy(rng: random.Random, contract: Contract, number: int) -> None:
    assert contract.signed_on is not None
    if contract.amount <= 100_000:
        return
    contract.tender = f"QHC2024-{number:03d}"
    if contract.amount < 400_000:
        contract.method, contract.regime = "比价", "内部采购"
        quoted = _days(contract.signed_on, -rng.randrange(9, 20))
        contract.evaluated_on = _days(quoted, 4)
        steps = (Decimal("1.00"), Decimal("1.043"), Decimal("1.117"))
        for place, step in enumerate(steps):
            price = (contract.amount * step / 100).quantize(Decimal(1)) * 100 + (0, 300, 700)[place] * (place > 0)
            contract.quotes.append((contract.supplier if place == 0 else _firm(rng, contract.category, number, place), price, _days(quoted, place)))
        return
    contract.method, contract.regime = ("竞争性磋商" if contract.category == "工程" else "公开招标"), "政府采购"
    contract.award_notice_on = _days(contract.signed_on, -rng.randrange(4, 18))
    contract.bids_due_on = _days(contract.award_notice_on, -rng.randrange(3, 6))
    contract.docs_issued_on = contract.notice_on = _days(contract.bids_due_on, -rng.randrange(20, 24))
    contract.evaluated_on = _days(contract.bids_due_on, 1)
    contract.award_amount, contract.award_supplier = contract.amount, contract.supplier
    contract.filed_on = _days(contract.signed_on, rng.randrange(1, 5))


def _carry_out(rng: random.Random, contract: Contract) -> None:
    done = contract.ends_on
    if contract.category == "工程":
        contract.retention_rate = contract.withheld_rate = Decimal("0.03")
        contract.works_started_on = _days(contract.starts_on, rng.randrange(0, 3))
        contract.works_completed_on = _days(done, -rng.randrange(2, 9))
        contract.settlement_submitted_on = _days(contract.works_completed_on, rng.randrange(10, 26))
        contract.settlement_amount = contract.amount
    else:
        contract.works_started_on = contract.starts_on
    contract.accepted_on = _days(done, rng.randrange(0, 6))


def _pay(rng: random.Random, contract: Contract, number: int) -> None:
    assert contract.signed_on is not None and contract.accepted_on is not None
    kept = (contract.amount * (contract.withheld_rate or 0)).quantize(Decimal("0.01"))
    first = (contract.amount * Decimal("0.3")).quantize(Decimal("0.01"))
    parts = [(_days(contract.signed_on, rng.randrange(6, 15)), first, "预付款"), (_days(contract.accepted_on, rng.randrange(5, 20)), contract.amount - first - kept, "尾款")]
    if contract.amount > 500_000:
        middle = (contract.amount * Decimal("0.4")).quantize(Decimal("0.01"))
        day = _days(contract.starts_on, (contract.ends_on - contract.starts_on).days // 2)
        parts = [parts[0], (day, middle, "进度款"), (parts[1][0], parts[1][1] - middle, "尾款")]
    for place, (day, amount, kind) in enumerate(parts):
        contract.payments.append(Payment(day, amount, kind, contract.supplier))
        contract.invoices.append(Invoice(f"2411{number:03d}{place + 1:02d}", _days(day, -rng.randrange(1, 5)), amount, contract.supplier))


# what is planted


def _invoice_early(contract: Contract) -> None:
    assert contract.signed_on is not None
    contract.invoices[0].issued_on = _days(contract.signed_on, -6)


def _paid_early(contract: Contract) -> None:
    assert contract.signed_on is not None
    contract.payments[0].paid_on = _days(contract.signed_on, -3)


def _starts_early(contract: Contract) -> None:
    assert contract.signed_on is not None
    contract.starts_on = contract.works_started_on = _days(contract.signed_on, -12)


def _signing_blank(contract: Contract) -> None:
    contract.signed_on = None


def _signed_late(contract: Contract) -> None:
    for name in ("award_notice_on", "evaluated_on", "bids_due_on", "docs_issued_on", "notice_on"):
        setattr(contract, name, _days(getattr(contract, name), -40))


def _filed_late(contract: Contract) -> None:
    assert contract.signed_on is not None
    contract.filed_on = _days(contract.signed_on, 25)


def _other_amount(contract: Contract) -> None:
    contract.award_amount = contract.amount - 20_000


def _other_firm(contract: Contract) -> None:
    contract.award_supplier = contract.supplier.replace("商贸", "贸易")


def _short_notice(contract: Contract) -> None:
    assert contract.bids_due_on is not None
    contract.docs_issued_on = contract.notice_on = _days(contract.bids_due_on, -12)


def _two_prices(contract: Contract) -> None:
    firm, _, day = contract.quotes[2]
    contract.quotes[2] = (firm, None, day)


def _even_prices(contract: Contract) -> None:
    contract.quotes = [(firm, contract.amount + 8000 * place, day) for place, (firm, _, day) in enumerate(contract.quotes)]


def _quoted_late(contract: Contract) -> None:
    assert contract.signed_on is not None
    firm, price, _ = contract.quotes[2]
    contract.quotes[2] = (firm, price, _days(contract.signed_on, 9))


def _accepted_late(contract: Contract) -> None:
    contract.accepted_on = _days(contract.payments[-1].paid_on, 16)


def _overpaid(contract: Contract) -> None:
    contract.payments[-1].amount += 15_000


def _paid_to_another(contract: Contract) -> None:
    contract.payments[-1].payee = "北京鼎兴劳务有限公司"


def _invoice_missing(contract: Contract) -> None:
    contract.invoices.pop()


def _days_crossed(contract: Contract) -> None:
    contract.works_started_on, contract.works_completed_on = contract.works_completed_on, contract.works_started_on
    assert contract.works_completed_on is not None
    contract.settlement_submitted_on = _days(contract.works_completed_on, 20)


def _settled_late(contract: Contract) -> None:
    assert contract.works_completed_on is not None
    contract.settlement_submitted_on = _days(contract.works_completed_on, 66)


def _kept_much(contract: Contract) -> None:
    contract.retention_rate = contract.withheld_rate = Decimal("0.05")


def _kept_little(contract: Contract) -> None:
    contract.retention_rate = contract.withheld_rate = Decimal("0.02")


_SPOIL = {
    "QH2024-003": (_invoice_early,), "QH2024-011": (_invoice_early, _paid_early), "QH2024-017": (_starts_early,), "QH2024-024": (_signing_blank,),
    "QH2024-029": (_signed_late,), "QH2024-036": (_filed_late,), "QH2024-041": (_other_amount,), "QH2024-047": (_other_firm,), "QH2024-052": (_short_notice,),
    "QH2024-058": (_two_prices,), "QH2024-063": (_even_prices,), "QH2024-069": (_quoted_late,), "QH2024-082": (_accepted_late,), "QH2024-087": (_overpaid,),
    "QH2024-093": (_paid_to_another,), "QH2024-098": (_invoice_missing,), "QH2024-101": (_days_crossed,), "QH2024-105": (_settled_late,),
    "QH2024-109": (_kept_much,), "QH2024-113": (_kept_little,),
}


def _rename(contract: Contract, supplier: str) -> None:
    old, contract.supplier = contract.supplier, supplier
    for payment in contract.payments:
        payment.payee = supplier if payment.payee == old else payment.payee
    for invoice in contract.invoices:
        invoice.seller = supplier


if __name__ == "__main__":
    main()
