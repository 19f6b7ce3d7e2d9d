"""The sample office's workbook as an auditor gets it: titles, merged headers, mixed dates, 万元, totals, notes, a hidden row."""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterable
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

import xlsxwriter

from tests.sample_office import BUYER, LAST_DAY, Contract

PAYMENTS, INVOICES, QUOTES = 3, 3, 3
HIDDEN = "QH2024-058"
WRONG_SUBTOTAL = "民生保障办公室"
"""Its 小计 is one 万元 too high, as nobody noticed."""
ODD_DATES = {"QH2024-005": "2024.3", "QH2024-066": "待定"}
"""Ends of contracts that are no day."""
Day = datetime.date

_LEDGER = (("序号",), ("责任科室",), ("合同编号",), ("合同名称",), ("合同类型",),
           ("采购情况", "采购编号"), ("采购情况", "采购方式"), ("采购情况", "适用法规"), ("采购情况", "采购公告日期"), ("采购情况", "文件发出日期"),
           ("采购情况", "投标截止日期"), ("采购情况", "评审日期"), ("采购情况", "中标通知书日期"), ("采购情况", "中标金额"), ("采购情况", "中标单位"),
           ("合同情况", "乙方"), ("合同情况", "签订日期"), ("合同情况", "合同起始日期"), ("合同情况", "合同终止日期"), ("合同情况", "合同金额"),
           ("合同情况", "质保金比例"), ("合同情况", "备案日期"), ("合同情况", "是否框架协议"), ("备注",))


def write_workbook(contracts: list[Contract], path: Path) -> None:
    """Write the three sheets; the same bytes of cells each time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"title": "2024年合同台账", "created": datetime.datetime(2025, 1, 6)})
        writer = _Writer(book)
        writer.ledger(contracts)
        writer.payments(contracts)
        writer.deliveries(contracts)


class _Writer:
    def __init__(self, book: xlsxwriter.Workbook):
        self.book = book
        self.rng = random.Random(7)
        line = {"border": 1, "valign": "vcenter", "font_name": "宋体", "font_size": 10}
        self.cell = book.add_format(line)
        self.head = book.add_format({**line, "bold": True, "align": "center", "text_wrap": True, "bg_color": "#DDEBF7"})
        self.title = book.add_format({"bold": True, "align": "center", "font_size": 16, "font_name": "宋体"})
        self.date = book.add_format({**line, "num_format": "yyyy/m/d"})
        self.date_cn = book.add_format({**line, "num_format": 'yyyy"年"m"月"d"日"'})
        self.money = book.add_format({**line, "num_format": "#,##0.00"})
        self.rate = book.add_format({**line, "num_format": "0%"})
        self.sum = book.add_format({**line, "bold": True, "num_format": "#,##0.00", "bg_color": "#F2F2F2"})

    def day(self, sheet: Any, row: int, column: int, day: Day | None) -> None:
        """A date in one of the ways in which people type dates."""
        if day is None:
            sheet.write_blank(row, column, None, self.cell)
            return
        form = self.rng.choice(("date", "date", "date", "cn", "dots", "words", "iso"))
        if form in ("date", "cn"):
            sheet.write_datetime(row, column, datetime.datetime(day.year, day.month, day.day), self.date if form == "date" else self.date_cn)
        else:
            text = {"dots": f"{day.year}.{day.month}.{day.day}", "words": f"{day.year}年{day.month}月{day.day}日", "iso": day.isoformat()}[form]
            sheet.write_string(row, column, text, self.cell)

    def text(self, sheet: Any, row: int, column: int, text: str | None) -> None:
        if text is None:
            sheet.write_blank(row, column, None, self.cell)
        else:
            sheet.write_string(row, column, text, self.cell)

    def amount(self, sheet: Any, row: int, column: int, amount: Decimal | None, unit: int = 1) -> None:
        if amount is None:
            sheet.write_blank(row, column, None, self.cell)
        else:
            sheet.write_number(row, column, float(amount / unit), self.money)

    def headers(self, sheet: Any, row: int, titles: Iterable[tuple[str, ...]]) -> None:
        """Two rows of headers; what stands over several columns or both rows is merged."""
        column = 0
        for group, members in groupby(titles, key=lambda title: title[0]):
            names = list(members)
            last = column + len(names) - 1
            if len(names[0]) == 1:
                sheet.merge_range(row, column, row + 1, column, group, self.head)
            else:
                if last > column:
                    sheet.merge_range(row, column, row, last, group, self.head)
                else:
                    sheet.write_string(row, column, group, self.head)
                for place, name in enumerate(names):
                    sheet.write_string(row + 1, column + place, name[1], self.head)
            column = last + 1

    def ledger(self, contracts: list[Contract]) -> None:
        sheet = self.book.add_worksheet("合同台账")
        sheet.merge_range(0, 0, 0, len(_LEDGER) - 1, f"{BUYER}2024年度合同台账", self.title)
        sheet.write_string(1, 0, f"填表单位：{BUYER}综合办公室")
        sheet.write_string(1, len(_LEDGER) - 2, "单位：万元")
        self.headers(sheet, 2, _LEDGER)
        sheet.freeze_panes(4, 4)
        sheet.set_column(0, 0, 5)
        sheet.set_column(1, 1, 14)
        sheet.set_column(2, 3, 24)
        sheet.set_column(4, len(_LEDGER) - 1, 13)
        row, number, whole = 4, 0, Decimal(0)
        for department, members in groupby(contracts, key=lambda contract: contract.department):
            first, total = row, Decimal(0)
            for contract in members:
                number += 1
                self.ledger_row(sheet, row, number, contract)
                total += contract.amount
                row += 1
            sheet.merge_range(first, 1, row - 1, 1, department, self.cell)
            wrong = 1 if department == WRONG_SUBTOTAL else 0
            self.total(sheet, row, "小计", total / 10_000 + wrong)
            whole += total
            row += 1
        self.total(sheet, row, "合计", whole / 10_000)
        sheet.write_string(row + 2, 0, "注：1.本表金额为含税金额，单位万元；2.采购限额以下由各科室自行采购，不填采购情况；3.签订日期空白的，合同原件即为空白。")
        sheet.write_string(row + 3, 0, f"制表：综合办公室    填表日期：{LAST_DAY.year}年{LAST_DAY.month}月{LAST_DAY.day}日")

    def total(self, sheet: Any, row: int, word: str, amount: Decimal) -> None:
        for column in range(len(_LEDGER)):
            sheet.write_blank(row, column, None, self.sum)
        sheet.write_string(row, 3, word, self.sum)
        sheet.write_number(row, 19, float(amount), self.sum)

    def ledger_row(self, sheet: Any, row: int, number: int, one: Contract) -> None:
        sheet.write_number(row, 0, number, self.cell)
        for column, text in ((2, one.number), (3, one.title), (4, one.category), (5, one.tender), (6, one.method), (7, one.regime), (14, one.award_supplier), (15, one.supplier)):
            self.text(sheet, row, column, text)
        for column, day in ((8, one.notice_on), (9, one.docs_issued_on), (10, one.bids_due_on), (11, one.evaluated_on), (12, one.award_notice_on), (17, one.starts_on), (18, one.ends_on), (21, one.filed_on)):
            self.day(sheet, row, column, day)
        if one.signed_on is None:
            sheet.write_string(row, 16, "空白", self.cell)
        else:
            self.day(sheet, row, 16, one.signed_on)
        if one.number in ODD_DATES:
            sheet.write_string(row, 18, ODD_DATES[one.number], self.cell)
        self.amount(sheet, row, 13, one.award_amount, 10_000)
        self.amount(sheet, row, 19, one.amount, 10_000)
        if one.retention_rate is None:
            sheet.write_string(row, 20, "/", self.cell)
        else:
            sheet.write_number(row, 20, float(one.retention_rate), self.rate)
        sheet.write_string(row, 22, "否", self.cell)
        self.text(sheet, row, 23, None)
        if one.number == HIDDEN:
            sheet.set_row(row, None, None, {"hidden": True})

    def payments(self, contracts: list[Contract]) -> None:
        sheet = self.book.add_worksheet("付款和发票")
        titles = [("合同编号",), ("合同名称",)]
        for place in range(1, PAYMENTS + 1):
            titles += [(f"第{place}次付款", f"付款{place}{name}") for name in ("日期", "金额（元）", "类型", "收款单位")]
        for place in range(1, INVOICES + 1):
            titles += [(f"发票{place}", f"发票{place}{name}") for name in ("号码", "日期", "金额（元）", "销售方", "状态")]
        sheet.merge_range(0, 0, 0, len(titles) - 1, f"{BUYER}2024年度付款和发票登记表", self.title)
        self.headers(sheet, 1, titles)
        sheet.freeze_panes(3, 2)
        sheet.set_column(0, 0, 13)
        sheet.set_column(1, 1, 26)
        sheet.set_column(2, len(titles) - 1, 13)
        for row, one in enumerate(contracts, 3):
            self.text(sheet, row, 0, one.number)
            self.text(sheet, row, 1, one.title)
            for place in range(PAYMENTS):
                column, payment = 2 + place * 4, one.payments[place] if place < len(one.payments) else None
                self.day(sheet, row, column, payment.paid_on if payment else None)
                self.amount(sheet, row, column + 1, payment.amount if payment else None)
                self.text(sheet, row, column + 2, payment.type if payment else None)
                self.text(sheet, row, column + 3, payment.payee if payment else None)
            for place in range(INVOICES):
                column, invoice = 2 + PAYMENTS * 4 + place * 5, one.invoices[place] if place < len(one.invoices) else None
                self.text(sheet, row, column, invoice.number if invoice else None)
                self.day(sheet, row, column + 1, invoice.issued_on if invoice else None)
                self.amount(sheet, row, column + 2, invoice.amount if invoice else None)
                self.text(sheet, row, column + 3, invoice.seller if invoice else None)
                self.text(sheet, row, column + 4, "正常" if invoice else None)

    def deliveries(self, contracts: list[Contract]) -> None:
        sheet = self.book.add_worksheet("比价验收结算")
        titles = [("合同编号",), ("采购编号",)]
        for place in range(1, QUOTES + 1):
            titles += [("比价情况", f"报价单位{place}"), ("比价情况", f"报价{place}（元）"), ("比价情况", f"报价日期{place}")]
        titles += [("验收", name) for name in ("验收类型", "实际开工日期", "实际竣工日期", "验收日期")]
        titles += [("结算", "送审日期"), ("结算", "审定价（元）"), ("质保金", "扣留比例")]
        sheet.merge_range(0, 0, 0, len(titles) - 1, f"{BUYER}2024年度比价、验收、结算情况", self.title)
        self.headers(sheet, 1, titles)
        sheet.freeze_panes(3, 1)
        sheet.set_column(0, len(titles) - 1, 14)
        for row, one in enumerate(contracts, 3):
            self.text(sheet, row, 0, one.number)
            self.text(sheet, row, 1, one.tender)
            for place in range(QUOTES):
                firm, price, day = one.quotes[place] if place < len(one.quotes) else (None, None, None)
                self.text(sheet, row, 2 + place * 3, firm)
                self.amount(sheet, row, 3 + place * 3, price)
                self.day(sheet, row, 4 + place * 3, day)
            self.text(sheet, row, 11, "竣工验收" if one.category == "工程" else "履约验收")
            for column, day in ((12, one.works_started_on), (13, one.works_completed_on), (14, one.accepted_on), (15, one.settlement_submitted_on)):
                self.day(sheet, row, column, day)
            self.amount(sheet, row, 16, one.settlement_amount)
            if one.withheld_rate is None:
                sheet.write_blank(row, 17, None, self.cell)
            else:
                sheet.write_number(row, 17, float(one.withheld_rate), self.rate)
