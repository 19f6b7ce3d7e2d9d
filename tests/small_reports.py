"""Small reports for tests of tie-outs: a few lines of text, read and checked with the project's relations."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from auditkb.reports.document import Place
from auditkb.reports.figures import Figure, Unit, read_figures
from auditkb.reports.reading import read_report
from auditkb.reports.tie_outs import TiedOut, tie_out, tie_out_file
from tests.report_readings import relations

ROOT = Path(__file__).parents[1]
YEARS = """2024年部门决算情况说明
一、2024年度收支决算情况说明
2024年收入总计{total}元，其中：本年收入{income}元，上年结转{carried}元。2024年支出总计300.00元，其中：本年支出250.00元，结转下年50.00元。
2023年收入总计120.00元，其中：本年收入100.00元，上年结转20.00元。2023年支出总计120.00元，其中：本年支出90.00元，结转下年30.00元。
"""
PROJECTS = """2024年绩效跟踪报告
一、项目绩效目标完成情况
单位：万元
\t序号
\t实施部门
\t项目名称
\t年初预算
\t年中追加
\t年中追减
\t调整后预算
\t实际支出
\t执行率

{rows}
"""


def row(*cells: str) -> str:
    """A row of a table flattened to one cell a line."""
    return "".join(f"\t{cell}\n" for cell in cells)


def projects(*rows: tuple[str, ...], after: str = "") -> str:
    """A report with a table of tracked projects."""
    return PROJECTS.format(rows="\n".join(row(*cells) for cells in rows)) + after


def tied(text: str, folder: Path, office: Path | None = None) -> TiedOut:
    """The text as a file, checked."""
    path = folder / "report.txt"
    path.write_text(text, "utf-8", newline="\n")
    if office is not None:
        return tie_out_file(path, ROOT / "rules", office)
    document = read_report(path)
    return tie_out(document, read_figures(document), relations())


def found(result: TiedOut) -> dict[str, list[str]]:
    """The verdicts by relation."""
    verdicts: dict[str, list[str]] = {}
    for one in result.tie_outs:
        verdicts.setdefault(one.relation.id, []).append(one.verdict)
    return verdicts


def figure(printed: str, unit: Unit = "yuan", *, scale: int = 1, name: str = "") -> Figure:
    """A figure as a reader gives it; `scale` 10000 for 万元."""
    number = Decimal(printed.replace(",", ""))
    decimals = len(printed.partition(".")[2])
    return Figure(id=name or f"f{printed}", printed=printed, value=number * scale, unit=unit, unit_printed={1: "元", 10000: "万元"}[scale] if unit == "yuan" else "%",
                  precision=Decimal(5).scaleb(-decimals - 1) * scale, section="1", place=Place(1), subject="")
