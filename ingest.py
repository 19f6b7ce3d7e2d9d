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

from auditkb.errors import Fault, KnowledgeBaseError, Language, Text, fail
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
            "读入记录：有 source.yml 的文件夹，或单个文件（文件名或工作表名就是记录类型，或者旁边有 ingest.py map 写的对应文件）。每个来源整体读入，有错则一行也不读入。",
            "Read records: folders with a source.yml, or single files. A file or sheet is called like its record type, or has a mapping file beside it (ingest.py map). Each source is loaded whole, or not at all.",
        ),
        example="ingest.py records sample/chunshu-2019 --db kb.db\ningest.py records ledger.csv --type contract",
    )
    @click.argument("paths", nargs=-1, required=True, metavar="PATH…", type=click.Path(path_type=Path))
    @database_option(language)
    @office_option(language)
    @click.option("--type", "type_name", metavar="TYPE", help=say("单个文件的记录类型（默认与文件同名）。", "Record type of a single file (default: its name)."))
    @click.option("--map", "mapping", metavar="FILE", type=click.Path(path_type=Path, exists=True, dir_okay=False),
                  help=say("单个文件的对应文件（默认在文件旁边，或单位文件夹的 maps 里找）。", "Mapping file of a single file (default: beside it, or in maps/ of the office's folder)."))
    def records(paths: tuple[Path, ...], database: Path, office: Path | None, type_name: str | None, mapping: Path | None) -> None:
        if mapping is not None and type_name is not None:
            raise click.UsageError(say("--map 和 --type 只能用一个", "use either --map or --type"))
        _load_records(paths, database, office, type_name, mapping, language)

    @group.command(
        "map",
        help=say(
            "为一个文件写对应文件的草稿：每张表的表头在哪几行、每一列是哪个字段、单位、日期写法。没有把握的写成 ?，由人核对后再读入。",
            "Draft the mapping file of a file: where each table's header stands, which field each column is, units, how dates are written. What is not certain is left as ? for a person to decide.",
        ),
        example="ingest.py map ledger.xlsx --office our-office",
    )
    @click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
    @office_option(language)
    @click.option("--force", is_flag=True, help=say("覆盖已有的对应文件。", "Overwrite a mapping file that is there."))
    def map_file(file: Path, office: Path | None, force: bool) -> None:
        _write_mapping(file, office, force, language)

    @group.command(
        "template",
        help=say(
            "写一个空白工作簿，每类记录一张表，填好后不用对应文件就能读入。第一张表是填写说明，并注明哪些记录已经收集齐全。",
            "Write a workbook to fill in, a sheet for each record type, which loads without a mapping file. Its first sheet says how, and which records are complete.",
        ),
        example="ingest.py template office.xlsx\ningest.py template office.xlsx --types project,tender,quote,contract,invoice,payment",
    )
    @click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
    @office_option(language)
    @click.option("--types", default="", metavar="TYPE,…", help=say("只要这些记录类型，用逗号隔开（默认全部）。", "Only these record types, with commas between (default: all)."))
    @click.option("--force", is_flag=True, help=say("覆盖已有的文件。", "Write over a file that is there."))
    def template(path: Path, office: Path | None, types: str, force: bool) -> None:
        _write_template(path, office, types, force, language)

    @group.command(
        "problems",
        help=say("列出没能读懂的单元格：在哪里、写的什么、哪里不对、怎么办。", "List what could not be read: where, what stands there, what is wrong, what to do."),
        example="ingest.py problems --db kb.db --format csv",
    )
    @database_option(language)
    @office_option(language)
    @format_option(language)
    @click.option("--all", "everything", is_flag=True, help=say("连同不需要处理的：未读入的合计行、注、跳过的列，隐藏的行。", "Also what needs nothing: totals, notes and columns that were not loaded, hidden rows."))
    def problems(database: Path, office: Path | None, format: str, everything: bool) -> None:
        _print_problems(database, office, format, everything, language)

    return group


def _load_records(paths: tuple[Path, ...], database: Path, office: Path | None, type_name: str | None, mapping: Path | None, language: Language) -> None:
    from auditkb.aliases import load_aliases
    from auditkb.database import create_tables, fill_working_calendar, open_database, writer
    from auditkb.dictionary import load_dictionary
    from auditkb.sources.loading import load_source

    dictionary, aliases = load_dictionary(RECORDS, office), load_aliases(RULES, office)
    faults: list[Fault] = []
    with closing(open_database(database, create=True)) as connection:
        with writer(connection):
            create_tables(connection, dictionary)
            fill_working_calendar(connection)
        for path in paths:
            try:
                with progress() as report_progress:
                    report = load_source(connection, dictionary, path, type_name=type_name, office=office, mapping=mapping, progress=report_progress, aliases=aliases)
                _print_report(report, dictionary, language)
            except KnowledgeBaseError as error:
                faults += error.faults
    if faults:
        raise FaultsError(faults, language)


def _print_report(report: LoadReport, dictionary: Dictionary, language: Language) -> None:
    out = console()
    out.print(f"{report.source}: {_STATES[report.state].say(language)}", style="bold")
    for name, count in report.rows.items():
        if not count:
            continue
        rows = Text(f"{count} 行", f"{count} rows" if count != 1 else "1 row")
        out.print(f"  {dictionary[name].label.say(language)}: {rows.say(language)}", markup=False)
    for name, count in report.created.items():
        made = Text(f"由其他记录中的名称建立 {count} 个", f"{count} made from names in other records")
        out.print(f"  {dictionary[name].label.say(language)}: {made.say(language)}", markup=False)
    marked = report.notes.get("marked", 0)
    if marked:
        out.print("  " + Text(f"{marked} 个单元格注明了空白、未采集等状态", f"{marked} cells are marked as blank, not captured or the like").say(language))
    by_alias = report.notes.get("alias", 0)
    if by_alias:
        out.print("  " + Text(f"{by_alias} 个单元格按别名文件对应到记录", f"{by_alias} cells were understood by the alias file").say(language))
    empty = [dictionary[name].label.say(language) for name, count in report.rows.items() if not count]
    if empty:
        out.print("  " + Text(f"没有记录的表：{'、'.join(empty)}", f"no records: {', '.join(empty)}").say(language), markup=False)
    if report.problems:
        text = Text(f"{report.problems} 处需要核对，见 ingest.py problems", f"{report.problems} to be checked: see ingest.py problems")
        out.print("  " + text.say(language), style="yellow")
    if report.said:
        text = Text(f"另有 {report.said} 处只作说明（合计行、注、跳过的列、隐藏的行等），见 ingest.py problems --all", f"{report.said} more only said (totals, notes, skipped columns, hidden rows): see ingest.py problems --all")
        out.print("  " + text.say(language))


def _write_mapping(file: Path, office: Path | None, force: bool, language: Language) -> None:
    from auditkb.dictionary import load_dictionary
    from auditkb.sources.mapping_draft import draft_mapping

    dictionary = load_dictionary(RECORDS, office)
    draft = draft_mapping(file, dictionary, office, language, force=force)
    out = console()
    out.print(Text(f"已写入 {draft.path.as_posix()}", f"written: {draft.path.as_posix()}").say(language), style="bold", markup=False, highlight=False)
    for line in draft.summary:
        out.print("  " + line.say(language), markup=False, highlight=False)


def _write_template(path: Path, office: Path | None, types: str, force: bool, language: Language) -> None:
    from auditkb.dictionary import load_dictionary
    from auditkb.outputs.template import types_to_fill, write_template

    if path.suffix.lower() != ".xlsx":
        raise fail("文件名应以 .xlsx 结尾", "the file's name should end in .xlsx", file=path.as_posix())
    if path.exists() and not force:
        raise fail("已有这个文件，其中可能有填好的内容；换一个名称，或加 --force 覆盖", "the file is there already and may be filled in; take another name, or --force to write over it", file=path.as_posix())
    if not path.parent.is_dir():
        raise fail("没有这个文件夹", "there is no such folder", file=path.parent.as_posix())
    dictionary = load_dictionary(RECORDS, office)
    chosen = types_to_fill(dictionary, [name.strip() for name in types.replace("，", ",").split(",") if name.strip()])
    try:
        write_template(path, dictionary, language, chosen)
    except OSError as error:
        raise fail(f"无法写入文件；它可能正在 Excel 中打开（{error.strerror}）", f"the file cannot be written; perhaps it is open in Excel ({error.strerror})", file=path.as_posix()) from error
    click.echo(Text(f"已写入 {path}：{len(chosen)} 张表。填好后运行 ingest.py records {path}", f"Wrote {path} with {len(chosen)} sheets. Fill it in and run ingest.py records {path}").say(language))


def _print_problems(database: Path, office: Path | None, format: str, everything: bool, language: Language) -> None:
    from auditkb.database import open_database
    from auditkb.dictionary import load_dictionary
    from auditkb.notes import list_problems

    dictionary = load_dictionary(RECORDS, office)
    with closing(open_database(database, create=False)) as connection:
        rows = [_with_labels(row, dictionary, language) if format == "table" else row for row in list_problems(connection, language, with_information=everything)]
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
