#!/usr/bin/env python3
"""Sources -> kb.db. Thin: words and options here, the work in `auditkb`. Exit codes: see command_line.ExitCode."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import Literal, TypedDict

if __name__ == "__main__":
    from start import use_environment

    use_environment()

import click

from auditkb.errors import Fault, KnowledgeBaseError, Language, Text, counted, fail
from auditkb.notes import KINDS, PROBLEMS
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
    speaker,
)

RECORDS, RULES = Path(__file__).with_name("records"), Path(__file__).with_name("rules")
Missing = Literal["gone", "keep"]
_MISSING: dict[str, Missing] = {"gone": "gone", "keep": "keep", "撤销": "gone", "保留": "keep"}


def commands(language: Language) -> Group:
    """The commands of this script with the words of one language."""
    words = Text("把台账和报告读入知识库。", "Read ledgers and reports into the knowledge base.")
    group = Group("ingest.py", words.say(language), language)
    for add in (_add_records, _add_map, _add_template, _add_report, _add_problems, _add_remove):
        add(group, language)
    return group


# --- records

class _Options(TypedDict):
    """What a person says about the loading of a file, as `load_source` takes it."""

    office: Path | None
    type_name: str | None
    mapping: Path | None
    missing: Missing | None
    replaces: str | None
    is_separate: bool


def _add_records(group: Group, language: Language) -> None:
    say = speaker(language)

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
    @click.option("--separate", "is_separate", is_flag=True, help=say("这个文件是另一份资料，不是已读入来源的更正，虽然记录大多相同。", "The file is another ledger and no newer version of one that is loaded, although most records are the same."))
    def records(paths: tuple[Path, ...], database: Path, office: Path | None, type_name: str | None, mapping: Path | None, missing: str | None, replaces: str | None, is_separate: bool) -> None:
        options = _Options(office=office, type_name=type_name, mapping=mapping, missing=_MISSING[missing] if missing is not None else None, replaces=replaces, is_separate=is_separate)
        _check_options(len(paths), options, language)
        _load_records(paths, database, options, language)


def _check_options(number: int, options: _Options, language: Language) -> None:
    """Refuse options that do not go together."""
    replaces, separate = options["replaces"] is not None, options["is_separate"]
    if (replaces or separate) and number > 1:
        raise click.UsageError(Text("--replaces 和 --separate 只用于一个文件", "--replaces and --separate take one file").say(language))
    if replaces and separate:
        raise click.UsageError(Text("--replaces 和 --separate 只能用一个", "use either --replaces or --separate").say(language))
    if options["mapping"] is not None and options["type_name"] is not None:
        raise click.UsageError(Text("--map 和 --type 只能用一个", "use either --map or --type").say(language))


def _load_records(paths: tuple[Path, ...], database: Path, options: _Options, language: Language) -> None:
    from auditkb.aliases import load_aliases
    from auditkb.database import create_tables, fill_working_calendar, open_database, writer
    from auditkb.dictionary import load_dictionary
    from auditkb.outputs.loading_terminal import print_loading
    from auditkb.sources.loading import load_source

    dictionary, aliases = load_dictionary(RECORDS, options["office"]), load_aliases(RULES, options["office"])
    faults: list[Fault] = []
    with closing(open_database(database, create=True)) as connection:
        with writer(connection):
            create_tables(connection, dictionary)
            fill_working_calendar(connection)
        for path in paths:
            try:
                with progress() as report_progress:
                    report = load_source(connection, dictionary, path, progress=report_progress, aliases=aliases, **options)
                print_loading(console(), report, dictionary, language)
            except KnowledgeBaseError as error:
                faults += error.faults
    if faults:
        raise FaultsError(faults, language)


# --- map

def _add_map(group: Group, language: Language) -> None:
    say = speaker(language)

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
        from auditkb.dictionary import load_dictionary
        from auditkb.sources.mapping_draft import draft_mapping

        draft = draft_mapping(file, load_dictionary(RECORDS, office), office, language, force=force)
        out = console()
        out.print(say(f"已写入 {draft.path.as_posix()}", f"written: {draft.path.as_posix()}"), style="bold", markup=False, highlight=False)
        for line in draft.summary:
            out.print("  " + line.say(language), markup=False, highlight=False)


# --- template

def _add_template(group: Group, language: Language) -> None:
    say = speaker(language)

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


# --- report

def _add_report(group: Group, language: Language) -> None:
    say = speaker(language)

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
    from auditkb.outputs.reading_terminal import NAME_COLUMNS, name_problems, print_reading
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
    print_reading(console(), found, language)
    if found.name_problems:
        print_rows(name_problems(found, language), NAME_COLUMNS, "table", language, title=Text("名称不一致", "Name problems").say(language))
    console().print("  " + summary(tied).say(language), markup=False)


# --- problems

def _add_problems(group: Group, language: Language) -> None:
    say = speaker(language)

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


def _print_problems(database: Path, office: Path | None, format: str, source: str | None, kind: str | None, everything: bool, language: Language) -> None:
    from auditkb.database import open_database
    from auditkb.dictionary import load_dictionary
    from auditkb.notes import list_problems
    from auditkb.outputs.problem_list import COLUMNS, check_source, kind_named, problems_for_people

    kind, dictionary = kind_named(kind, language), load_dictionary(RECORDS, office)
    with closing(open_database(database, create=False)) as connection:
        check_source(connection, source)
        if format == "table":
            rows = problems_for_people(connection, dictionary, language, source=source, kind=kind, everything=everything)
        else:
            rows = list_problems(connection, language, source=source, kind=kind, with_information=everything)
        is_empty = connection.execute("select 1 from sources limit 1").fetchone() is None
    if not rows and format == "table":
        nothing_loaded = Text("还没有读入任何资料；没有读成的文件在读入时已说明原因。", "Nothing is loaded; why a file could not be read was said when it was to be loaded.")
        click.echo((nothing_loaded if is_empty else Text("没有需要核对的单元格。", "Nothing has to be checked.")).say(language))
        return
    print_rows(rows, COLUMNS, format, language)


def _print_unread(database: Path, format: str, source: str | None, language: Language) -> None:
    from auditkb.database import open_database
    from auditkb.notes import list_unread
    from auditkb.outputs.problem_list import UNREAD_COLUMNS, check_source

    with closing(open_database(database, create=False)) as connection:
        check_source(connection, source)
        rows = list_unread(connection, source)
    if not rows and format == "table":
        click.echo(Text("没有这样的内容。", "There is nothing of the kind.").say(language))
        return
    print_rows(rows, UNREAD_COLUMNS, format, language)


# --- remove

def _add_remove(group: Group, language: Language) -> None:
    say = speaker(language)

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


def _remove(source: str, database: Path, office: Path | None, yes: bool, language: Language) -> None:
    from auditkb.aliases import load_aliases
    from auditkb.database import create_tables, open_database, writer
    from auditkb.dictionary import load_dictionary
    from auditkb.outputs.loading_terminal import print_removal
    from auditkb.sources.removing import remove_source, what_goes

    dictionary, aliases = load_dictionary(RECORDS, office), load_aliases(RULES, office)
    with closing(open_database(database, create=False)) as connection:
        with writer(connection):
            create_tables(connection, dictionary)
        if not yes:
            print_removal(console(), what_goes(connection, dictionary, source), dictionary, language)
            _confirm(language)
        removal = remove_source(connection, dictionary, source, aliases)
    stay = sum(removal.shared.values())
    left = sum(removal.records.values()) - stay
    click.echo(Text(f"已撤回来源“{source}”：删去 {left} 条记录，保留其他来源也有的 {stay} 条。请重新运行 checks.py run。",
                    f'removed the source "{source}": {counted(left, "record")} gone, {stay} kept because another source has them. Run checks.py run again.').say(language))


def _confirm(language: Language) -> None:
    """Ask whether to remove. Raises where the answer is no, or where nobody can be asked."""
    if not sys.stdin.isatty():
        raise FaultsError([Fault(Text("没有终端可以确认，未撤回", "there is no terminal to ask; nothing was removed"), hint=Text("确认要撤回时加 --yes", "add --yes to remove it"))], language)
    click.confirm(Text("确认撤回？", "Remove it?").say(language), abort=True)


if __name__ == "__main__":
    sys.exit(run_commands(commands))
