"""What checks.py does with rule files and reports: the tasks that need no knowledge base."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from auditkb.errors import Fault, Language, Text, counted, did_you_mean
from command_line import PYTHON, ExitCode, FaultsError, print_faults, print_rows, progress, writing_to

if TYPE_CHECKING:
    from auditkb.dictionary import Dictionary
    from auditkb.rules.checked import Rule
    from auditkb.rules.load import RuleSet
    from auditkb.rules.scaffold import NewRule

HERE = Path(__file__).parent
RECORDS, RULES = HERE / "records", HERE / "rules"


def load(office: Path | None, language: Language) -> tuple[Dictionary, RuleSet]:
    """The dictionary and the rules, an office's own laid over them."""
    from auditkb.dictionary_files import load_dictionary
    from auditkb.garbage import without_collection
    from auditkb.rules.load import load_rules

    with without_collection():
        dictionary = load_dictionary(RECORDS, office)
        return dictionary, load_rules(RULES, dictionary, office)


def named_rule(rule_set: RuleSet, rule_id: str, office: Path | None, language: Language) -> Rule:
    """The rule of that id, or a fault with what may be meant."""
    rule = rule_set.rules.get(rule_id.upper())
    if rule is None:
        hint = did_you_mean(rule_id.upper(), list(rule_set.rules))
        if office is None:
            hint += Text("；单位自己的规则要写 --office 文件夹", "; for a rule of an office's own give --office DIR")
        raise FaultsError([Fault(Text(f"没有规则“{rule_id}”", f'there is no rule "{rule_id}"'), hint=hint)], language)
    return rule


def day_of(text: str | None, language: Language, option: str = "--as-of") -> str:
    """A day as it is given with an option, today where it is not."""
    if text is None:
        return datetime.date.today().isoformat()
    try:
        return datetime.date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise FaultsError([Fault(Text(f"{option}：没有这一天：{text}", f"{option}: there is no such day: {text}"),
                                 hint=Text("日期写作 2019-12-31", "write a date as 2019-12-31"))], language) from error


def list_rules(what: str, office: Path | None, format: str, on: str | None, organisation: str | None, language: Language) -> None:
    """The rules or the parameters, in rows."""
    from auditkb.outputs import listings

    if organisation is not None and on is None:
        raise FaultsError([Fault(Text("--organisation 要与 --on 合用", "--organisation goes with --on"), hint=Text("例如 --on 2019-06-30", "for instance --on 2019-06-30"))], language)
    day = day_of(on, language, "--on")
    dictionary, rule_set = load(office, language)
    codes = format != "table"
    if on is not None:
        named = listings.organisations_named(rule_set)
        if organisation is not None and organisation not in named:
            words = Text(f"没有参数为“{organisation}”另设值，以下是对所有单位的值", f'no parameter has a value of its own for "{organisation}"; what follows holds for all')
            print_faults([Fault(words, severity="warning", hint=did_you_mean(organisation, named))], language)
        columns, rows = listings.parameters_on(rule_set, dictionary, language, day, organisation, codes=codes)
    else:
        columns, rows = (listings.rules if what == "rules" else listings.parameters)(rule_set, dictionary, language, codes=codes)
    print_rows(rows, columns, format, language)


def tell_what_is_next(rule: NewRule, office: Path | None, language: Language) -> None:
    """Where the draft of a new rule lies and what to do with it."""
    from auditkb.rules.load import shown_path

    path, more = shown_path(rule.path), f' --office "{office.as_posix()}"' if office is not None else ""
    click.echo(Text(f"已写好 {path}（草稿，不参加运行）。", f"Wrote {path} (a draft, not run over records).").say(language))
    if not rule.is_titled:
        click.echo(Text("另一种语言的名称还要在文件里写上。", "The title in the other language is still to be written in the file.").say(language))
    click.echo(Text("把示范内容换成要查的，然后：", "Replace the pattern by what you are after, then:").say(language))
    for words in (f'lint "{path}"{more}', f"test {rule.id}{more}", f"show {rule.id}{more}"):
        click.echo(f"  {PYTHON} checks.py {words}")


def lint_rules(paths: list[Path], office: Path | None, format: str, language: Language, *, mends: bool, strict: bool) -> int:
    """What is wrong or doubtful in rule files; the exit code."""
    from auditkb.dictionary_files import load_dictionary
    from auditkb.linting import lint as linting

    if mends:
        for path in linting.fix(RULES, office, only=paths):
            click.echo(Text(f"已改好：{path.as_posix()}", f"mended: {path.as_posix()}").say(language), err=True)
    with progress() as advance:
        words = Text("检查规则", "Checking rules").say(language)
        linted = linting.lint(RULES, load_dictionary(RECORDS, office), office, only=paths, progress=lambda number, whole: advance(words, number, whole))
    errors, warnings = linted.count("error"), linted.count("warning")
    unlisted = [fault for fault in linted.faults if office is not None and fault.severity == "note" and not linting.lies_in(office, fault)]
    if format != "table":
        columns, rows = linting.listing(linted, language)
        print_rows(rows, columns, format, language)
    elif errors:
        raise FaultsError([fault for fault in linted.faults if fault.severity != "note"], language)
    else:
        for fault in linted.faults:
            if fault not in unlisted:
                click.echo(fault.say(language))
        notes = linted.count("note")
        end = Text("。", ".")
        if unlisted:
            end = Text(f"（其中 {len(unlisted)} 处在单位文件夹之外，未列出）。", f" ({len(unlisted)} of them outside the office's folder, not listed).")
        click.echo((Text(f"规则 {linted.rules} 条：错误 0 处，警告 {warnings} 处，提示 {notes} 处",
                         f"{counted(linted.rules, 'rule')}: no errors, {counted(warnings, 'warning')}, {counted(notes, 'note')}") + end).say(language))
    return int(ExitCode.BAD_INPUT if errors else ExitCode.FINDINGS if strict and warnings else ExitCode.OK)


def test_rules(rule_ids: tuple[str, ...], office: Path | None, language: Language) -> None:
    """Every example of the rules, or of those named; faults where one differs."""
    from auditkb.examples import run_examples

    dictionary, rule_set = load(office, language)
    rules = [named_rule(rule_set, name, office, language) for name in rule_ids] or list(rule_set.rules.values())
    faults: list[Fault] = []
    number = 0
    with progress() as advance:
        for index, rule in enumerate(rules, 1):
            advance(Text("运行例子", "Running examples").say(language), index, len(rules))
            for result in run_examples(rule, dictionary):
                number += 1
                faults += result.faults
    if faults:
        raise FaultsError(faults, language)
    click.echo(Text(f"规则 {len(rules)} 条，例子 {number} 个，全部符合。", f"{counted(len(rules), 'rule')}, {counted(number, 'example')}, all as expected.").say(language))


def tie_out(file: Path, format: str | None, output: Path | None, fail_on: str, office: Path | None, language: Language, *, everything: bool) -> int:
    """The figures of one report compared, in the form asked for; the exit code."""
    from auditkb.outputs import tie_out_listing, tie_out_terminal
    from auditkb.reports.tie_outs import tie_out_file

    ending = output.suffix.lower().removeprefix(".") if output is not None else ""
    by_ending = ending if ending in ("json", "md", "xlsx") else None
    format = format or by_ending or "table"
    if output is not None and (format == "xlsx") != (by_ending == "xlsx"):
        raise FaultsError([Fault(Text(f"--format {format} 与文件名 {output.name} 不符，写出来打不开", f"--format {format} does not fit the name {output.name}: it could not be opened"),
                                 hint=Text("工作簿的扩展名为 .xlsx；或不写 --format", "a workbook ends in .xlsx; or leave --format out"))], language)
    if format == "xlsx" and output is None:
        raise FaultsError([Fault(Text("--format xlsx 要与 --output 合用", "--format xlsx goes with --output"), hint=Text("例如 --output 勾稽核对.xlsx", "for instance --output tie-outs.xlsx"))], language)
    tied = tie_out_file(file, RULES, office)
    if format == "xlsx" and output is not None:
        from auditkb.outputs.tie_out_workbook import write_workbook

        write_workbook(tied, output, language)
    elif format == "table":
        with writing_to(output) as out:
            tie_out_terminal.print_tie_outs(out, tied, language, everything=everything)
    else:
        text = (tie_out_listing.as_json if format == "json" else tie_out_listing.as_markdown)(tied, language)
        if output is None:
            click.echo(text.rstrip("\n"))
        else:
            output.write_text(text.rstrip("\n") + "\n", "utf-8", newline="\n")
    if output is not None:
        click.echo(Text(f"已写入 {output.as_posix()}：{tie_out_listing.summary(tied).zh}。", f"Wrote {output.as_posix()}: {tie_out_listing.summary(tied).en}.").say(language))
    return int(ExitCode.FINDINGS if fail_on != "never" and tied.count("broken") + (tied.count("review") if fail_on == "review" else 0) else ExitCode.OK)
