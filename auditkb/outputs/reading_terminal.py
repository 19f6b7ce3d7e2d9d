"""What the terminal shows of a report that was read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from auditkb.errors import Text, counted
from auditkb.reports.report import Report

if TYPE_CHECKING:
    from rich.console import Console

NAME_COLUMNS = (("printed", Text("印出的名称", "As printed")), ("nearest", Text("相近的名称（请核对，不会自动合并）", "Names like it (nothing is merged)")), ("place", Text("位置", "Place")))


def print_reading(console: Console, report: Report, language: str) -> None:
    """How much was found in a report, and the tables whose unit nobody printed."""
    document = report.document
    console.print(f"{report.id}: {document.title}", style="bold", markup=False)
    for line in _counts(report):
        console.print("  " + line.say(language), markup=False)
    unstated = {figure.table for figure in report.figures if figure.table and figure.unit == "yuan" and not figure.unit_printed}
    for table in document.tables:
        if table.id in unstated:
            where = document.section(table.section).cited
            assumed = Text(f"表格“{table.title or where}”（{where}）没有印单位，金额按元读，请核对", f'the table "{table.title or where}" ({where}) prints no unit; its amounts are read in yuan: please check')
            console.print("  " + assumed.say(language), style="yellow", markup=False)


def _counts(report: Report) -> Iterator[Text]:
    document, names = report.document, report.names
    yield Text(f"{len(document.sections)} 节，{len(document.tables)} 个表格，{len(report.figures)} 个数字",
               f"{counted(len(document.sections), 'section')}, {counted(len(document.tables), 'table')}, {counted(len(report.figures), 'figure')}")
    yield Text(f"{len(names.departments)} 个部门，{len(names.projects)} 个项目，{len(report.candidates)} 段待认定的问题，{len(report.recommendations)} 条建议",
               f"{counted(len(names.departments), 'department')}, {counted(len(names.projects), 'project')}, "
               f"{counted(len(report.candidates), 'candidate finding')}, {counted(len(report.recommendations), 'recommendation')}")


def name_problems(report: Report, language: str) -> list[tuple[str, str, str]]:
    """Names that match none of the report's own, with those like them and their place."""
    return [(problem.printed, " / ".join(problem.nearest), problem.place.text.say(language)) for problem in report.name_problems]
