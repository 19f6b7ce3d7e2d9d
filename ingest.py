#!/usr/bin/env python3
"""Sources -> kb.db. Thin: words and options here, the work in `auditkb`. Exit codes: see command_line.ExitCode."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

if __name__ == "__main__":
    from start import use_environment

    use_environment()

import click

from auditkb.errors import Fault, KnowledgeBaseError, Language, Text
from command_line import (
    FaultsError,
    Group,
    console,
    database_option,
    format_option,
    office_option,
    print_rows,
    progress,
    run_commands,
)

if TYPE_CHECKING:
    from auditkb.dictionary import Dictionary
    from auditkb.reports.report import Report
    from auditkb.sources.loading import LoadReport

RECORDS, RULES = Path(__file__).with_name("records"), Path(__file__).with_name("rules")
_STATES = {
    "loaded": Text("已读入", "loaded"),
    "replaced": Text("已更新", "replaced"),
    "unchanged": Text("没有变化", "unchanged"),
}
_COLUMNS = (
    ("source", Text("来源", "Source")),
    ("sheet", Text("文件或工作表", "File or sheet")),
    ("cell", Text("单元格", "Cell")),
    ("record_type", Text("记录类型", "Record type")),
    ("record_key", Text("记录", "Record")),
    ("field", Text("字段", "Field")),
    ("raw", Text("原文", "As it stands")),
    ("problem", Text("问题", "What is wrong")),
    ("advice", Text("怎么办", "What to do")),
)


def commands(language: Language) -> Group:
    """The commands of this script with the words of one language."""

    def say(zh: str, en: str) -> str:
        return zh if language == "zh" else en

    group = Group("ingest.py", say("把台账和报告读入知识库。", "Read ledgers and reports into the knowledge base."), language)

    @group.command(
        "records",
        help=say(
            "读入记录：有 source.yml 的文件夹，或单个 CSV 文件（文件名就是记录类型）。每个来源整体读入，有错则一行也不读入。",
            "Read records: folders with a source.yml, or single CSV files called like their record type. Each source is loaded whole, or not at all.",
        ),
        example="ingest.py records sample/chunshu-2019 --db kb.db\ningest.py records ledger.csv --type contract",
    )
    @click.argument("paths", nargs=-1, required=True, metavar="PATH…", type=click.Path(path_type=Path))
    @database_option(language)
    @office_option(language)
    @click.option("--type", "type_name", metavar="TYPE", help=say("单个文件的记录类型（默认与文件同名）。", "Record type of a single file (default: its name)."))
    def records(paths: tuple[Path, ...], database: Path, office: Path | None, type_name: str | None) -> None:
        _load_records(paths, database, office, type_name, language)

    _add_report(group, language)

    @group.command(
        "problems",
        help=say("列出没能读懂的单元格：在哪里、写的什么、哪里不对、怎么办。", "List what could not be read: where, what stands there, what is wrong, what to do."),
        example="ingest.py problems --db kb.db --format csv",
    )
    @database_option(language)
    @office_option(language)
    @format_option(language)
    def problems(database: Path, office: Path | None, format: str) -> None:
        _print_problems(database, office, format, language)

    return group


def _add_report(group: Group, language: Language) -> None:
    """The command that reads a published report."""

    def say(zh: str, en: str) -> str:
        return zh if language == "zh" else en

    @group.command(
        "report",
        help=say(
            "读入已公布的决算或绩效报告。可读 .txt、.docx、.html 和有文字的 .pdf；得出章节、表格、数字、待认定的问题段落和不一致的名称。再读一次即更新。",
            "Read a published accounts or performance report. It may be .txt, .docx, .html or a .pdf with text; what comes of it are sections, tables, "
            "figures, paragraphs that may state findings, and names that differ. Reading it again replaces it.",
        ),
        example="ingest.py report report.docx --id west-2024 --db kb.db\ningest.py report report.pdf --id west-2024 --draft drafts",
    )
    @click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
    @database_option(language)
    @office_option(language)
    @click.option("--id", "identifier", metavar="ID", help=say("报告编号，如 west-2024（默认由文件名得出）。", "What the report is called, such as west-2024 (default: from the file's name)."))
    @click.option("--draft", "drafts", metavar="DIR", type=click.Path(file_okay=False, path_type=Path),
                  help=say("把待认定的问题写成草稿放进这个文件夹，不写知识库；已有的文件不会改写。", "Write drafts of the candidate findings into this folder, and nothing into kb.db; no file is written over."))
    def report(file: Path, database: Path, office: Path | None, identifier: str | None, drafts: Path | None) -> None:
        _read_report(file, database, office, identifier, drafts, language)


def _load_records(paths: tuple[Path, ...], database: Path, office: Path | None, type_name: str | None, language: Language) -> None:
    from auditkb.database import create_tables, fill_working_calendar, open_database, writer
    from auditkb.dictionary import load_dictionary
    from auditkb.sources.loading import load_source

    dictionary = load_dictionary(RECORDS, office)
    faults: list[Fault] = []
    with closing(open_database(database, create=True)) as connection:
        with writer(connection):
            create_tables(connection, dictionary)
            fill_working_calendar(connection)
        for path in paths:
            try:
                with progress() as report_progress:
                    report = load_source(connection, dictionary, path, type_name=type_name, progress=report_progress)
                _print_report(report, dictionary, language)
            except KnowledgeBaseError as error:
                faults += error.faults
    if faults:
        raise FaultsError(faults, language)


def _read_report(file: Path, database: Path, office: Path | None, identifier: str | None, drafts: Path | None, language: Language) -> None:
    from auditkb.reports.report import read_whole

    with progress() as report_progress:
        report_progress(Text("读取报告", "Reading the report").say(language), 0)
        found = read_whole(file, identifier)
    if drafts is not None:
        from auditkb.reports.drafts import write_drafts

        paths = write_drafts(found, drafts)
        click.echo(Text(f"已写出 {len(paths)} 份草稿：{drafts}", f"{len(paths)} drafts written: {drafts}").say(language))
        return
    from auditkb.database import create_tables, open_database, writer
    from auditkb.dictionary import load_dictionary
    from auditkb.laws import load_laws
    from auditkb.outputs.tie_out_listing import summary
    from auditkb.reports.relation_files import load_relations
    from auditkb.reports.storing import store_report
    from auditkb.reports.tie_out_records import store_tie_outs
    from auditkb.reports.tie_outs import tie_out

    dictionary = load_dictionary(RECORDS, office)
    tied = tie_out(found.document, found.figures, load_relations(RULES / "relations", load_laws(RULES / "laws.yml"), office))
    with closing(open_database(database, create=True)) as connection, writer(connection):
        create_tables(connection, dictionary)
        store_report(connection, found)
        store_tie_outs(connection, dictionary, found.id, found.organisation, tied)
    _print_reading(found, language)
    console().print("  " + summary(tied).say(language), markup=False)


def _print_reading(report: Report, language: Language) -> None:
    document, out = report.document, console()
    out.print(f"{report.id}: {document.title}", style="bold", markup=False)
    counts = Text(f"{len(document.sections)} 节，{len(document.tables)} 个表格，{len(report.figures)} 个数字",
                  f"{len(document.sections)} sections, {len(document.tables)} tables, {len(report.figures)} figures")
    out.print("  " + counts.say(language))
    named = Text(f"{len(report.names.departments)} 个部门，{len(report.names.projects)} 个项目，{len(report.candidates)} 段待认定的问题，{len(report.recommendations)} 条建议",
                 f"{len(report.names.departments)} departments, {len(report.names.projects)} projects, {len(report.candidates)} paragraphs that may state "
                 f"findings, {len(report.recommendations)} recommendations")
    out.print("  " + named.say(language))
    unstated = {figure.table for figure in report.figures if figure.table and figure.unit == "yuan" and not figure.unit_printed}
    for table in document.tables:
        if table.id in unstated:
            where = document.section(table.section).cited
            assumed = Text(f"表格“{table.title or where}”（{where}）没有印单位，金额按元读，请核对",
                           f'the table "{table.title or where}" ({where}) prints no unit; its amounts are read in yuan: please check')
            out.print("  " + assumed.say(language), style="yellow", markup=False)
    if report.name_problems:
        rows = [(problem.printed, " / ".join(problem.nearest), problem.place.text.say(language)) for problem in report.name_problems]
        columns = (("printed", Text("印出的名称", "As printed")), ("nearest", Text("相近的名称（请核对，不会自动合并）", "Names like it (nothing is merged)")),
                   ("place", Text("位置", "Place")))
        print_rows(rows, columns, "table", language, title=Text("名称不一致", "Name problems").say(language))


def _print_report(report: LoadReport, dictionary: Dictionary, language: Language) -> None:
    out = console()
    out.print(f"{report.source}: {_STATES[report.state].say(language)}", style="bold")
    for name, count in report.rows.items():
        rows = Text(f"{count} 行", f"{count} rows" if count != 1 else "1 row")
        out.print(f"  {dictionary[name].label.say(language)}: {rows.say(language)}", markup=False)
    for name, count in report.created.items():
        made = Text(f"由其他记录中的名称建立 {count} 个", f"{count} made from names in other records")
        out.print(f"  {dictionary[name].label.say(language)}: {made.say(language)}", markup=False)
    marked = report.notes.get("marked", 0)
    if marked:
        out.print("  " + Text(f"{marked} 个单元格注明了空白、未采集等状态", f"{marked} cells are marked as blank, not captured or the like").say(language))
    if report.problems:
        text = Text(f"{report.problems} 处需要核对，见 ingest.py problems", f"{report.problems} to be checked: see ingest.py problems")
        out.print("  " + text.say(language), style="yellow")


def _print_problems(database: Path, office: Path | None, format: str, language: Language) -> None:
    from auditkb.database import open_database
    from auditkb.dictionary import load_dictionary
    from auditkb.notes import list_problems

    dictionary = load_dictionary(RECORDS, office)
    with closing(open_database(database, create=False)) as connection:
        rows = [_with_labels(row, dictionary, language) if format == "table" else row for row in list_problems(connection, language)]
    if not rows and format == "table":
        click.echo(Text("没有需要核对的单元格。", "Nothing has to be checked.").say(language))
        return
    print_rows(rows, _COLUMNS, format, language)


def _with_labels(row: tuple[str | None, ...], dictionary: Dictionary, language: Language) -> tuple[str | None, ...]:
    source, sheet, cell, type_name, key, field, *rest = row
    record_type = dictionary.types.get(type_name or "")
    if record_type is None:
        return row
    found = record_type.fields.get(field or "")
    return (source, sheet, cell, record_type.label.say(language), key, found.label.say(language) if found else field, *rest)


if __name__ == "__main__":
    sys.exit(run_commands(commands))
