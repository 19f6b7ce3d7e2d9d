#!/usr/bin/env python3
"""Sources -> kb.db. Thin: words and options here, the work in `auditkb`. Exit codes: see command_line.ExitCode."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if __name__ == "__main__":
    from start import use_environment

    use_environment()

import click

from auditkb.errors import Fault, KnowledgeBaseError, Language, Text, counted, did_you_mean, fail
from auditkb.notes import INFORMATION, KINDS, PROBLEMS
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
    from auditkb.sources.removing import Removal

RECORDS, RULES = Path(__file__).with_name("records"), Path(__file__).with_name("rules")
_STATES = {
    "loaded": Text("已读入", "loaded"),
    "replaced": Text("已更新", "replaced"),
    "unchanged": Text("没有变化", "unchanged"),
}
_READ_AGAIN = Text("文件没有变，按新的读法重新读入", "the same file, read anew in another way")
_MISSING: dict[str, Literal["gone", "keep"]] = {"gone": "gone", "keep": "keep", "撤销": "gone", "保留": "keep"}
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
    ("kind", Text("类别", "Kind")),
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
    @click.option("--missing", type=click.Choice(list(_MISSING) if language == "zh" else ["gone", "keep"]), help=say(
        "新文件中没有的原有记录：gone 记为已撤销，keep 保留。声明完整的资料不必写，一律记为已撤销。",
        "Records of the former version that the newer file lacks: gone, or kept. Where they are declared complete they are gone."))
    @click.option("--replaces", metavar="SOURCE", help=say("这个文件是来源 SOURCE 更正后的文件（文件名或位置变了）。", "The file is a newer version of SOURCE, under another name or in another place."))
    def records(paths: tuple[Path, ...], database: Path, office: Path | None, type_name: str | None, mapping: Path | None, missing: str | None, replaces: str | None) -> None:
        if replaces is not None and len(paths) > 1:
            raise click.UsageError(say("--replaces 只用于一个文件", "--replaces takes one file"))
        if mapping is not None and type_name is not None:
            raise click.UsageError(say("--map 和 --type 只能用一个", "use either --map or --type"))
        _load_records(paths, database, office, type_name, mapping, _MISSING[missing] if missing is not None else None, replaces, language)

    @group.command(
        "map",
        help=say(
            "为一个文件写对应文件的草稿：每张表的表头在哪几行、每一列是哪个字段、单位、日期写法。没有把握的写成 ?，由人核对后再读入。",
            "Draft the mapping file of a file: where each table's header stands, which field each column is, units, how dates are written. What is not certain is left as ? for a person to decide.",
        ),
        example="ingest.py map ledger.xlsx --office our-office",
    )
    @click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
    @office_option(language, makes_it=True)
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

    _add_report(group, language)

    @group.command(
        "problems",
        help=say("列出没能读懂的单元格：在哪里、写的什么、哪里不对、怎么办。", "List what could not be read: where, what stands there, what is wrong, what to do."),
        example="ingest.py problems --db kb.db --format csv\ningest.py problems --source office-2024 --kind unreadable",
    )
    @database_option(language)
    @office_option(language)
    @format_option(language)
    @click.option("--source", metavar="SOURCE", help=say("只列这个来源的。", "Only those of this source."))
    @click.option("--kind", metavar="KIND", help=say("只列这一类的：", "Only those of this kind: ") + ", ".join(label.say(language) for label in KINDS.values()) + say("；也可写 ", "; or ") + ", ".join(PROBLEMS))
    @click.option("--all", "everything", is_flag=True, help=say("连同不需要处理的：未读入的合计行、注、跳过的列，隐藏的行。", "Also what needs nothing: totals, notes and columns that were not loaded, hidden rows."))
    @click.option("--unread", is_flag=True, help=say("改为列出 OCDS 文件中数据字典没有位置、因而没有读入的内容。", "List instead what OCDS files hold that the dictionary has no place for."))
    def problems(database: Path, office: Path | None, format: str, source: str | None, kind: str | None, everything: bool, unread: bool) -> None:
        if unread:
            _print_unread(database, format, source, language)
        else:
            _print_problems(database, office, format, source, kind, everything, language)

    @group.command(
        "remove",
        help=say("撤回一个来源读入的全部内容；其他来源也有的记录保留，恢复为其他来源的值。先说明要撤回什么，再请确认。",
                 "Take back all that a source brought. Records that other sources have too stay, with their values. Says what goes, then asks."),
        example="ingest.py remove office-2024 --db kb.db\ningest.py remove office-2024 --yes",
    )
    @click.argument("source", metavar="SOURCE")
    @database_option(language)
    @office_option(language)
    @click.option("--yes", is_flag=True, help=say("不再询问。", "Do not ask."))
    def remove(source: str, database: Path, office: Path | None, yes: bool) -> None:
        _remove(source, database, office, yes, language)

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


def _load_records(paths: tuple[Path, ...], database: Path, office: Path | None, type_name: str | None, mapping: Path | None,
                  missing: Literal["gone", "keep"] | None, replaces: str | None, language: Language) -> None:
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
                    report = load_source(connection, dictionary, path, type_name=type_name, office=office, mapping=mapping, missing=missing, replaces=replaces,
                                         progress=report_progress, aliases=aliases)
                _print_report(report, dictionary, language)
            except KnowledgeBaseError as error:
                faults += error.faults
    if faults:
        raise FaultsError(faults, language)


def _read_report(file: Path, database: Path, office: Path | None, identifier: str | None, drafts: Path | None, language: Language) -> None:
    from auditkb.aliases import load_aliases
    from auditkb.reports.report import read_whole

    aliases = load_aliases(RULES, office)
    with progress() as report_progress:
        report_progress(Text("读取报告", "Reading the report").say(language), 0, None)
        found = read_whole(file, identifier, aliases)
    if drafts is not None:
        from auditkb.reports.drafts import write_drafts

        paths = write_drafts(found, drafts)
        click.echo(Text(f"已写出 {len(paths)} 份草稿：{drafts}", f"{counted(len(paths), 'draft')} written: {drafts}").say(language))
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
    tied = tie_out(found.document, found.figures, load_relations(RULES / "relations", load_laws(RULES / "laws.yml"), office), aliases)
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
                  f"{counted(len(document.sections), 'section')}, {counted(len(document.tables), 'table')}, {counted(len(report.figures), 'figure')}")
    out.print("  " + counts.say(language))
    named = Text(f"{len(report.names.departments)} 个部门，{len(report.names.projects)} 个项目，{len(report.candidates)} 段待认定的问题，{len(report.recommendations)} 条建议",
                 f"{counted(len(report.names.departments), 'department')}, {counted(len(report.names.projects), 'project')}, "
                 f"{counted(len(report.candidates), 'candidate finding')}, {counted(len(report.recommendations), 'recommendation')}")
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
    state = _READ_AGAIN if report.read_again else _STATES[report.state]
    out.print(f"{report.source}: {state.say(language)}", style="bold", markup=False)
    for name, count in report.rows.items():
        if not count:
            continue
        rows = Text(f"{count} 行", counted(count, "row"))
        out.print(f"  {dictionary[name].label.say(language)}: {rows.say(language)}", markup=False)
    for name, count in report.created.items():
        made = Text(f"由其他记录中的名称建立 {count} 个", f"{count} made from names in other records")
        out.print(f"  {dictionary[name].label.say(language)}: {made.say(language)}", markup=False)
    for words, count in (
        (Text("条更正", "corrected"), report.changes.changed), (Text("条新增", "added"), report.changes.added), (Text("条已不在文件中，记为已撤销", "no longer there, marked as gone"), report.changes.gone),
        (Text("条重新出现", "back again"), report.changes.returned),
        (Text("条只有原来的读法才有，已撤回", "came only of the former way of reading, taken back"), report.changes.taken_back), (Text("条不在文件中，保留原记录", "not in the file, kept as they were"), report.changes.kept),
    ):
        if count:
            out.print("  " + Text(f"{count} {words.zh}", f"{count} {words.en}").say(language))
    _print_coverage(report, dictionary, language)
    if report.unread:
        unread = Text(f"{report.unread} 种内容在数据字典中没有位置，未读入，见 ingest.py problems --unread", f"{counted(report.unread, 'path')} without a place in the dictionary, not read: see ingest.py problems --unread")
        out.print("  " + unread.say(language))
    marked = report.notes.get("marked", 0)
    if marked:
        out.print("  " + Text(f"{marked} 个单元格注明了空白、未采集等状态", f"{counted(marked, 'cell')} marked as blank, not captured or the like").say(language))
    by_alias = report.notes.get("alias", 0)
    if by_alias:
        out.print("  " + Text(f"{by_alias} 个单元格按别名文件对应到记录", f"{counted(by_alias, 'cell')} understood by the alias file").say(language))
    empty = [dictionary[name].label.say(language) for name, count in report.rows.items() if not count]
    if empty:
        out.print("  " + Text(f"没有记录的表：{'、'.join(empty)}", f"no records: {', '.join(empty)}").say(language), markup=False)
    if report.problems:
        text = Text(f"{report.problems} 处需要核对，见 ingest.py problems", f"{report.problems} to be checked: see ingest.py problems")
        out.print("  " + text.say(language), style="yellow")
        for kind, label in KINDS.items():
            if kind in report.notes:
                out.print(f"    {label.say(language)}: {report.notes[kind]}", style="yellow")
    if report.said:
        text = Text(f"另有 {report.said} 处只作说明（合计行、注、跳过的列、隐藏的行等），见 ingest.py problems --all", f"{report.said} more only said (totals, notes, skipped columns, hidden rows): see ingest.py problems --all")
        out.print("  " + text.say(language))


def _print_coverage(report: LoadReport, dictionary: Dictionary, language: Language) -> None:
    """Which record types count as complete, and which do not; a `source.yml` that has no say here."""
    out = console()
    said: dict[bool, dict[str, list[str]]] = {True: {}, False: {}}
    for entry in report.coverage:
        record = next((f"{dictionary[name].label.say(language)} {key}" for name, key in (entry.record or {}).items()), None)
        scope = Text("，", ", ").say(language).join(str(part) for part in (record, entry.fiscal_year, entry.department) if part is not None)
        said[entry.complete].setdefault(dictionary[entry.covers].label.say(language), []).append(scope)
    covered = {entry.covers for entry in report.coverage}
    for name, count in report.rows.items():
        if count and name not in covered:
            said[False].setdefault(dictionary[name].label.say(language), []).append("")
    for words, listed in ((Text("按完整处理：", "taken as complete: "), said[True]), (Text("按不完整处理：", "taken as partial: "), said[False])):
        if listed:
            types = [label + _scopes_in_words([scope for scope in scopes if scope], language) for label, scopes in listed.items()]
            out.print("  " + words.say(language) + Text("、", ", ").say(language).join(types), markup=False)
    path = Path(report.path)
    if path.is_file() and (path.parent / "source.yml").is_file():
        words = Text(f"旁边的 source.yml 没有用：读入的是单个文件。要用它，读入文件夹 {path.parent.as_posix()}；否则写在 {path.stem}.map.yml",
                     f"the source.yml beside it was not used, because a single file was loaded. To use it load the folder {path.parent.as_posix()}; or write {path.stem}.map.yml")
        out.print("  " + words.say(language), style="yellow", markup=False)


def _scopes_in_words(scopes: list[str], language: Language) -> str:
    """For what a statement of completeness holds, in brackets; several are only counted."""
    if not scopes:
        return ""
    words = scopes[0] if len(scopes) == 1 else Text(f"{len(scopes)} 个范围", f"{len(scopes)} scopes").say(language)
    return Text(f"（{words}）", f" ({words})").say(language)


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
    click.echo(Text(f"已写入 {path}：{len(chosen)} 张表。填好后运行 ingest.py records {path}", f"Wrote {path} with {counted(len(chosen), 'sheet')}. Fill it in and run ingest.py records {path}").say(language))


def _remove(source: str, database: Path, office: Path | None, yes: bool, language: Language) -> None:
    from auditkb.aliases import load_aliases
    from auditkb.database import create_tables, open_database, writer
    from auditkb.dictionary import load_dictionary
    from auditkb.sources.removing import remove_source, what_goes

    dictionary, aliases = load_dictionary(RECORDS, office), load_aliases(RULES, office)
    with closing(open_database(database, create=False)) as connection:
        with writer(connection):
            create_tables(connection, dictionary)
        if not yes:
            _print_removal(what_goes(connection, dictionary, source), dictionary, language)
            if not sys.stdin.isatty():
                raise FaultsError([Fault(Text("没有终端可以确认，未撤回", "there is no terminal to ask; nothing was removed"), hint=Text("确认要撤回时加 --yes", "add --yes to remove it"))], language)
            click.confirm(Text("确认撤回？", "Remove it?").say(language), abort=True)
        removal = remove_source(connection, dictionary, source, aliases)
    stay = sum(removal.shared.values())
    left = sum(removal.records.values()) - stay
    click.echo(Text(f"已撤回来源“{source}”：删去 {left} 条记录，保留其他来源也有的 {stay} 条。请重新运行 checks.py run。",
                    f'removed the source "{source}": {counted(left, "record")} gone, {stay} kept because another source has them. Run checks.py run again.').say(language))


def _print_removal(removal: Removal, dictionary: Dictionary, language: Language) -> None:
    from auditkb.outputs.source_list import local_time

    when = local_time(removal.loaded_at)
    click.echo(Text(f"来源“{removal.source}”（{removal.title}，{removal.path}，{when} 读入）将撤回：",
                    f'The source "{removal.source}" ({removal.title}, {removal.path}, loaded {when}) would be removed:').say(language))
    for name, count in removal.records.items():
        shared = removal.shared.get(name, 0)
        also = Text(f"，其中 {shared} 条其他来源也有，将保留", f", of which {shared} stay, because another source has them too") if shared else Text("", "")
        click.echo(f"  {dictionary[name].label.say(language)}: {count}{also.say(language)}")
    if removal.notes:
        click.echo("  " + Text(f"待核对的问题 {removal.notes} 处", f"{counted(removal.notes, 'problem')} to be checked").say(language))
    if removal.findings:
        click.echo("  " + Text(f"这些记录上的疑点 {removal.findings} 个，下次检查后记为“记录已撤销”", f"{counted(removal.findings, 'finding')} on these records; after the next run gone, because the record is gone").say(language))


def _print_problems(database: Path, office: Path | None, format: str, source: str | None, kind: str | None, everything: bool, language: Language) -> None:
    from auditkb.database import open_database
    from auditkb.dictionary import load_dictionary
    from auditkb.notes import group_problems, list_problems

    named = {label.say(language): name for name, label in KINDS.items()}
    kind = named.get(kind or "", kind)
    if kind is not None and kind not in PROBLEMS:
        raise FaultsError([Fault(Text(f"没有“{kind}”这一类问题", f'there is no kind of problem "{kind}"'), hint=did_you_mean(kind, [*PROBLEMS, *named]))], language)
    dictionary = load_dictionary(RECORDS, office)
    with closing(open_database(database, create=False)) as connection:
        _check_source(connection, source, language)
        problems = list_problems(connection, language, source=source, kind=kind, with_information=everything)
        rows = [_with_labels(row, dictionary, language) for row in group_problems(problems)] if format == "table" else problems
        is_empty = connection.execute("select 1 from sources limit 1").fetchone() is None
    if is_empty and format == "table":
        click.echo(Text("还没有读入任何资料；没有读成的文件在读入时已说明原因。", "Nothing is loaded; why a file could not be read was said when it was to be loaded.").say(language))
    elif not rows and format == "table":
        click.echo(Text("没有需要核对的单元格。", "Nothing has to be checked.").say(language))
        return
    print_rows(rows, _COLUMNS, format, language)


def _check_source(connection: sqlite3.Connection, source: str | None, language: Language) -> None:
    known = [row[0] for row in connection.execute("select id from sources order by id")]
    if source is not None and source not in known:
        raise FaultsError([Fault(Text(f"没有读入过来源“{source}”", f'no source "{source}" is loaded'), hint=did_you_mean(source, known))], language)


def _print_unread(database: Path, format: str, source: str | None, language: Language) -> None:
    from auditkb.database import open_database
    from auditkb.notes import list_unread

    columns = (("source", Text("来源", "Source")), ("path", Text("位置", "Path")), ("places", Text("处数", "Places")), ("example", Text("例如", "For instance")))
    with closing(open_database(database, create=False)) as connection:
        _check_source(connection, source, language)
        rows = list_unread(connection, source)
    if not rows and format == "table":
        click.echo(Text("没有这样的内容。", "There is nothing of the kind.").say(language))
        return
    print_rows(rows, columns, format, language)


def _with_labels(row: tuple[str | None, ...], dictionary: Dictionary, language: Language) -> tuple[str | None, ...]:
    source, sheet, cell, type_name, key, field, *rest = row
    record_type = dictionary.types.get(type_name or "")
    label = next((label.say(language) for kind, label in (KINDS | INFORMATION).items() if kind == rest[-1]), rest[-1])
    rest = [*rest[:-1], label]
    if record_type is None:
        return (source, sheet, cell, type_name, key, field, *rest)
    found = record_type.fields.get(field or "")
    return (source, sheet, cell, record_type.label.say(language), key, found.label.say(language) if found else field, *rest)


if __name__ == "__main__":
    sys.exit(run_commands(commands))
