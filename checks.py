#!/usr/bin/env python3
"""Rules over kb.db -> outcomes, findings, listings. Thin: words and options here, the work in `auditkb`; what needs no kb.db in `rule_tasks`."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

if __name__ == "__main__":
    from start import use_environment

    use_environment()

import click

import rule_tasks
from auditkb.errors import Fault, Language, Text, counted
from command_line import ExitCode, FaultsError, Group, console, database_option, format_option, office_option, print_pieces, print_rows, progress, run_commands
from rule_tasks import RECORDS, RULES

if TYPE_CHECKING:
    from auditkb.dictionary import Dictionary
    from auditkb.rules.load import RuleSet
    from auditkb.runs import RunReport

KNOWN = Path(__file__).parent / "findings" / "known"
SEVERITIES = ("high", "medium", "low", "info")
Say = Callable[[str, str], str]


def commands(language: Language) -> Group:
    """The commands of this script with the words of one language."""

    def say(zh: str, en: str) -> str:
        return zh if language == "zh" else en

    group = Group("checks.py", say("对记录运行审计规则，查看和解释疑点。", "Run audit rules over records; list and explain findings."), language, default="run")
    for add in (_add_run, _add_readiness, _add_list, _add_show, _add_explain, _add_lint, _add_new, _add_test, _add_tieout):
        add(group, language, say)
    return group


def _add_run(group: Group, language: Language, say: Say) -> None:
    @group.command("run", help=say(
        "运行全部规则：先按规则列出各种结果的数量，再按严重程度列出疑点，最后说明哪些没能检查及原因。",
        "Run all rules: counts of every outcome a rule, findings by severity, and what could not be checked and why."),
        example="checks.py run --db kb.db\nchecks.py run --format json --fail-on high")
    @database_option(language)
    @office_option(language)
    @format_option(language)
    @click.option("--as-of", metavar="DATE", help=say("基准日，即视为“今天”的日期（默认当天）。", "The run's day: the date that counts as today (default: today)."))
    @click.option("--fail-on", type=click.Choice([*SEVERITIES, "never"]), default="never", show_default=True,
                  help=say("有不低于此级别的疑点时以 1 退出。", "End with 1 if there is a finding at or above this severity."))
    @click.option("--limit", type=click.IntRange(0), default=50, show_default=True, metavar="N",
                  help=say("每个级别最多列出几个疑点（0 为全部，每条规则没能检查的原因也全部列出）。", "How many findings of each severity to list (0: all, and every reason why something could not be checked)."))
    @click.option("--profile", is_flag=True, help=say("最后列出每条规则每一步所用的时间。", "At the end list how long each step of each rule took."))
    def run(database: Path, office: Path | None, format: str, as_of: str | None, fail_on: str, limit: int, profile: bool) -> int:
        if profile and format == "csv":
            raise FaultsError([Fault(Text("--profile 不能与 --format csv 合用", "--profile does not go with --format csv"),
                                     hint=Text("用 table 或 json", "use table or json"))], language)
        return _run(database, office, format, rule_tasks.day_of(as_of, language), fail_on, limit, language, profile=profile)


def _add_readiness(group: Group, language: Language, say: Say) -> None:
    @group.command("readiness", help=say(
        "运行之前看资料够不够：每条规则有多少记录资料齐全，最缺什么，哪些规则一条也不能检查。写出规则编号时列出它需要的每个字段。",
        "Before a run: for how many records each rule has all it needs, what is missing most, which rules can check nothing. With ids of rules: every field that they need."),
        example="checks.py readiness --db kb.db\nchecks.py readiness CON-001\nchecks.py readiness --request papers.xlsx --request papers.md")
    @click.argument("rule_ids", nargs=-1, metavar="[RULE…]")
    @database_option(language)
    @office_option(language)
    @format_option(language)
    @click.option("--as-of", metavar="DATE", help=say("基准日，即视为“今天”的日期（默认当天）。", "The run's day: the date that counts as today (default: today)."))
    @click.option("--request", "requests", multiple=True, metavar="FILE", type=click.Path(dir_okay=False, path_type=Path),
                  help=say("把要向各科室调阅的资料写成清单（.xlsx 或 .md），可写几次。", "Write the list of papers to ask each department for (.xlsx or .md); may be given more than once."))
    def readiness(rule_ids: tuple[str, ...], database: Path, office: Path | None, format: str, as_of: str | None, requests: tuple[Path, ...]) -> None:
        _readiness(rule_ids, database, office, format, rule_tasks.day_of(as_of, language), requests, language)


def _add_list(group: Group, language: Language, say: Say) -> None:
    @group.command("list", help=say("列出规则、参数或已读入的来源。", "List rules, parameters or the sources that are loaded."),
                   example="checks.py list rules\nchecks.py list parameters --on 2019-06-30 --format csv\nchecks.py list sources --db kb.db")
    @click.argument("what", type=click.Choice(["rules", "parameters", "sources"]))
    @database_option(language)
    @office_option(language)
    @format_option(language)
    @click.option("--on", metavar="DATE", help=say("只列当日有效的参数值。", "Only the parameters in force on that day."))
    @click.option("--organisation", metavar="NAME", help=say("与 --on 合用：对该单位有效的值。", "With --on: what holds for that organisation."))
    def list_(what: str, database: Path, office: Path | None, format: str, on: str | None, organisation: str | None) -> None:
        if what != "parameters" and on is not None:
            raise FaultsError([Fault(Text("--on 只用于 list parameters", "--on is for list parameters only"))], language)
        if what == "sources":
            _list_sources(database, office, format, language)
            return
        rule_tasks.list_rules(what, office, format, on, organisation, language)


def _add_show(group: Group, language: Language, say: Say) -> None:
    @group.command("show", help=say("用话把一条规则读出来，连同标准、参数和例子。", "Read a rule out in sentences, with its criteria, parameters and examples."),
                   example="checks.py show CON-002\nchecks.py show CON-002 --yaml")
    @click.argument("rule_id", metavar="RULE")
    @office_option(language)
    @click.option("--yaml", "as_yaml", is_flag=True, help=say("显示规则文件原文。", "Show the rule's file as it is."))
    def show(rule_id: str, office: Path | None, as_yaml: bool) -> None:
        from auditkb.outputs import explanations

        dictionary, rule_set = rule_tasks.load(office, language)
        rule = rule_tasks.named_rule(rule_set, rule_id, office, language)
        if as_yaml:
            click.echo(rule.source.text)
        else:
            explanations.print_rule(console(), rule, dictionary, rule_set.laws, language)


def _add_explain(group: Group, language: Language, say: Say) -> None:
    @group.command("explain", help=say("解释一个疑点：标准、比对的值、来源单元格、当时有效的法规、可复现的 SQL。", "Explain a finding: criteria, values compared, source cell, law in force, SQL that reproduces it."),
                   example="checks.py explain CON-003:宣东片区等区域背街小巷环境综合提升项目")
    @click.argument("finding_id", metavar="FINDING")
    @database_option(language)
    @click.option("--sql", is_flag=True, help=say("也显示 SQL。", "Show the SQL too."))
    def explain(finding_id: str, database: Path, sql: bool) -> None:
        from auditkb.database import open_database
        from auditkb.dictionary_files import load_dictionary
        from auditkb.outputs import explanations

        with closing(open_database(database)) as connection:
            explanations.print_finding(console(), connection, load_dictionary(RECORDS), finding_id, language, sql=sql)


def _add_lint(group: Group, language: Language, say: Say) -> None:
    @group.command("lint", help=say("检查全部规则文件，或写出的几个：每处错误、警告、提示一行，有位置、代码和建议。有错误时以 2 退出。",
                                    "Check all rule files, or those named: a line for each error, warning and note, with place, code and suggestion. Ends with 2 if there is an error."),
                   example="checks.py lint\nchecks.py lint rules/con/CON-001-invoice-before-contract.yml\nchecks.py lint --fix --strict")
    @click.argument("paths", nargs=-1, metavar="[FILE…]", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    @office_option(language)
    @format_option(language)
    @click.option("--fix", "mends", is_flag=True, help=say("先改好可以自动改的（键的顺序、行尾空格），注释保留。", "First mend what is mechanical (order of keys, spaces at line ends); comments are kept."))
    @click.option("--strict", is_flag=True, help=say("有警告时以 1 退出。", "End with 1 if there is a warning."))
    def lint(paths: tuple[Path, ...], office: Path | None, format: str, mends: bool, strict: bool) -> int:
        return rule_tasks.lint_rules(list(paths), office, format, language, mends=mends, strict=strict)


def _add_new(group: Group, language: Language, say: Say) -> None:
    @group.command("new", help=say("新建一条规则：写出一个可以直接检查和测试的草稿，编号自动取下一个。", "Begin a rule: writes a draft that passes lint and test as it is, under the next free id."),
                   example=say('checks.py new con "合同备案过迟"\nchecks.py new own "报价过旧" --slug quote-too-old --office our-office --new-area',
                               'checks.py new con "Contract filed late"\nchecks.py new own "Quote too old" --office our-office --new-area'))
    @click.argument("area", metavar="AREA")
    @click.argument("title", metavar="TITLE")
    @click.option("--en", "english", metavar="TITLE", help=say("英文名称。", "The title in English, where TITLE is in Chinese."))
    @click.option("--slug", metavar="SLUG", help=say("文件名中编号之后的部分（默认取自英文名称）。", "What follows the id in the file name (default: from the English title)."))
    @click.option("--new-area", is_flag=True, help=say("建立新的领域文件夹（2 至 6 个小写字母）。", "Make a folder for a new area (2 to 6 small letters)."))
    @office_option(language, makes_it=True)
    def new(area: str, title: str, english: str | None, slug: str | None, new_area: bool, office: Path | None) -> None:
        from auditkb.rules.scaffold import new_rule

        rule_tasks.tell_what_is_next(new_rule(RULES, office, area, title, english=english, slug=slug, new_area=new_area), office, language)


def _add_test(group: Group, language: Language, say: Say) -> None:
    @group.command("test", help=say("运行规则自带的例子；结果与期望不符时以 2 退出。", "Run the rules' own examples; ends with 2 if one differs from what it expects."), example="checks.py test\nchecks.py test CON-001 WORKS-006")
    @click.argument("rule_ids", nargs=-1, metavar="[RULE…]")
    @office_option(language)
    def test(rule_ids: tuple[str, ...], office: Path | None) -> None:
        rule_tasks.test_rules(rule_ids, office, language)


def _add_tieout(group: Group, language: Language, say: Say) -> None:
    @group.command("tieout", help=say(
        "核对一份报告自己的数字，不用数据库：合计、差额、占比、执行率、增减、结转、功能分类、文字与表、附件与表。先列不符的原因、位置和怎么办。",
        "Check the arithmetic of one report, without a database: sums, differences, shares, rates, changes, carry-forwards, codes of expenditure, text and tables. "
        "Causes of what is broken come first, with place and what to do."),
        example="checks.py tieout draft.docx\nchecks.py tieout report.pdf --output tie-outs.xlsx\nchecks.py tieout report.txt --format json --fail-on broken")
    @click.argument("file", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
    @click.option("--format", "format", type=click.Choice(["table", "json", "md", "xlsx"]), help=say("输出格式；xlsx 要与 --output 合用。不写时按 --output 的扩展名，否则为 table。", "How it is written; xlsx needs --output. Without it the ending of --output decides, else table."))
    @click.option("--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help=say("写入该文件，不显示在屏幕上。", "Write to this file in place of the screen."))
    @click.option("--all", "everything", is_flag=True, help=say("表中也逐条列出相符的和取整差异。", "Also list every relation that ties and every difference of rounding."))
    @click.option("--fail-on", type=click.Choice(["broken", "review", "never"]), default="never", show_default=True,
                  help=say("有不符（或者待人判断）的以 1 退出。", "End with 1 if a relation is broken (or left for a person to judge)."))
    @office_option(language)
    def tieout(file: Path, format: str | None, output: Path | None, everything: bool, fail_on: str, office: Path | None) -> int:
        return rule_tasks.tie_out(file, format, output, fail_on, office, language, everything=everything)


def _list_sources(database: Path, office: Path | None, format: str, language: Language) -> None:
    from auditkb.database import create_tables, open_database, writer
    from auditkb.dictionary_files import load_dictionary
    from auditkb.outputs.source_list import sources

    dictionary = load_dictionary(RECORDS, office)
    with closing(open_database(database)) as connection:
        with writer(connection):
            create_tables(connection, dictionary)
        columns, rows = sources(connection, dictionary, language, codes=format != "table")
    if not rows and format == "table":
        click.echo(Text("还没有读入任何来源。", "No source is loaded yet.").say(language))
        return
    print_rows(rows, columns, format, language)


def _run(database: Path, office: Path | None, format: str, as_of: str, fail_on: str, limit: int, language: Language, *, profile: bool = False) -> int:
    from auditkb.database import create_tables, open_database, writer
    from auditkb.findings import load_classes, load_known
    from auditkb.run_findings import as_left
    from auditkb.runs import run_rules

    dictionary, rule_set = rule_tasks.load(office, language)
    _prove(rule_set, dictionary, office, language)
    known, classes = load_known(KNOWN), load_classes(KNOWN.parent / "classes.yml")
    with closing(open_database(database)) as connection:
        with writer(connection):
            create_tables(connection, dictionary)
        with progress() as advance:
            words = Text("运行规则", "Running rules").say(language)
            report = run_rules(connection, dictionary, rule_set, known, classes, as_of=as_of, office=office,
                               progress=lambda name, number, whole: advance(words, number, whole))
        with as_left(connection, report):
            if format != "table":
                _tell_drafts(rule_set, language, err=True)
            _tell_run(connection, report, dictionary, format, limit, language, profile=profile)
    if format == "table":
        _tell_drafts(rule_set, language, err=False)
        _tell_site(database, language)
    return _exit_code(report, fail_on)


def _tell_run(connection: sqlite3.Connection, report: RunReport, dictionary: Dictionary, format: str, limit: int, language: Language, *, profile: bool) -> None:
    if format == "table":
        from auditkb.outputs import run_terminal

        run_terminal.print_run(console(), connection, report, dictionary, language, limit=limit)
        if profile:
            run_terminal.print_profile(console(), report, language)
        return
    from auditkb.outputs import listings
    from auditkb.run_findings import found

    if format == "csv":
        columns, rows = listings.findings(found(connection, report))
        print_rows(rows, columns, format, language)
    else:
        print_pieces(listings.run_as_json(connection, report, profile=profile))


def _prove(rule_set: RuleSet, dictionary: Dictionary, office: Path | None, language: Language) -> None:
    """Refuse to run while an example of an office's own rule differs; those of the project are proved before it is published."""
    if office is None:
        return
    from auditkb.examples import differing

    own = [rule for rule in rule_set.rules.values() if rule.file.status in ("active", "trial") and Path(rule.source.name).resolve().is_relative_to(office.resolve())]
    if faults := differing(own, dictionary):
        raise FaultsError(faults, language)


def _tell_drafts(rule_set: RuleSet, language: Language, *, err: bool) -> None:
    drafts = [rule.id for rule in rule_set.rules.values() if rule.file.status == "draft"]
    if drafts:
        names = ", ".join(drafts)
        click.echo(Text(f"草稿 {len(drafts)} 条没有运行：{names}（写好后改 status）",
                        f"{counted(len(drafts), 'draft is', 'drafts are')} not run: {names} (change status when written)").say(language), err=err)


def _tell_site(database: Path, language: Language) -> None:
    """Where to look next, unless the site opens by itself after this run."""
    if "AUDITKB_SITE_FOLLOWS" not in os.environ:
        start = f'{"py" if os.name == "nt" else "python3"} start.py serve --db "{database.as_posix()}"'
        click.echo(Text(f"在网页中逐个查看：{start}", f"To look at them one by one on the site: {start}").say(language))


def _readiness(rule_ids: tuple[str, ...], database: Path, office: Path | None, format: str, as_of: str, requests: tuple[Path, ...], language: Language) -> None:
    from auditkb import readiness
    from auditkb.database import open_database
    from auditkb.outputs import readiness_tables, request_list

    dictionary, rule_set = rule_tasks.load(office, language)
    named = [rule_tasks.named_rule(rule_set, name, office, language) for name in rule_ids]
    request_list.check_paths(requests)
    with closing(open_database(database)) as connection:
        with progress() as advance:
            words = Text("查看资料", "Looking at the records").say(language)
            found = readiness.assess(connection, dictionary, rule_set, as_of=as_of, rule_ids=[rule.id for rule in named],
                                     progress=lambda name, number, whole: advance(words, number, whole))
        columns, rows = readiness_tables.rules(found, dictionary, language, codes=format != "table")
        print_rows(rows, columns, format, language)
        if format == "table":
            click.echo(readiness_tables.summary(found).say(language))
            for rule in named:
                columns, rows = readiness_tables.needs(rule, readiness.needs(connection, dictionary, rule), dictionary, language)
                print_rows(rows, columns, format, language, title=f"{rule.id} {getattr(rule.file.title, language)}")
        wanted = readiness.wanted(connection, dictionary) if requests else []
        for path in requests:
            request_list.write_request(connection, wanted, dictionary, path, language, as_of=as_of)
            click.echo(Text(f"已写好 {path}：{len(wanted)} 项资料。", f"Wrote {path}: {counted(len(wanted), 'item')}.").say(language), err=True)


def _exit_code(report: RunReport, fail_on: str) -> int:
    if not report.is_complete:
        return int(ExitCode.INCOMPLETE)
    if fail_on == "never":
        return int(ExitCode.OK)
    counted = SEVERITIES[: SEVERITIES.index(fail_on) + 1]
    return int(ExitCode.FINDINGS if any(severity in counted for _, severity in report.found) else ExitCode.OK)


if __name__ == "__main__":
    sys.exit(run_commands(commands))
