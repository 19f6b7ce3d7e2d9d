"""The edge that `ingest.py` and `checks.py` share: language, faults on stderr, listings, progress, exit codes.

A script has a function `commands(language) -> Group` that builds its click commands with the words of one language,
and ends with `run_commands(commands)`. Only this module, the two scripts and `rule_tasks` know click; `auditkb` raises
`KnowledgeBaseError`, which becomes one line a fault on stderr and exit code 2 here.

    def commands(language):
        group = Group("ingest.py", Text("读入记录。", "Read records.").say(language), language)

        @group.command("records", help=..., example="ingest.py records sample/first-ledger")
        @click.argument(...)
        def records(...): ...

        return group
"""

from __future__ import annotations

import csv
import gettext
import io
import json
import os
import re
import sqlite3
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum
from types import ModuleType
from pathlib import Path
from typing import Any, Literal

import click
import click.core
import click.decorators
import click.exceptions
import click.formatting
import click.parser
import click.types

from auditkb.errors import Fault, KnowledgeBaseError, Language, Text
from auditkb.languages import system_language
from auditkb.outputs.screen import console, progress, writing_to
from auditkb.outputs.wrapping import wrap

__all__ = ["Command", "ExitCode", "FaultsError", "Group", "choose_language", "console", "database_option", "format_option", "office_option", "print_faults", "print_rows",
           "progress", "run_commands", "speaker", "writing_to"]

PYTHON = "py" if os.name == "nt" else "python3"
"""How the examples of use call Python; the scripts go on in `.venv` by themselves."""
Format = Literal["table", "json", "csv"]


class ExitCode(IntEnum):
    """What the two scripts end with."""

    OK = 0
    FINDINGS = 1
    BAD_INPUT = 2
    INCOMPLETE = 3
    INTERRUPTED = 130


# --- language

def choose_language(arguments: Sequence[str]) -> Language:
    """The language of `--lang zh` or `--lang=en` among the arguments, else AUDITKB_LANG, else the system's.

    It is decided before the commands are built, because `--help` has to speak it too.
    """
    for position, argument in enumerate(arguments):
        if argument == "--":
            break
        name, equals, value = argument.partition("=")
        if name == "--lang":
            value = value if equals else next(iter(arguments[position + 1 :]), "")
            if value.lower() in ("zh", "en"):
                return "zh" if value.lower() == "zh" else "en"
    return system_language()


def speaker(language: Language) -> Callable[[str, str], str]:
    """What says a thing given in Chinese and in English in one of the two."""
    return lambda zh, en: zh if language == "zh" else en


_CLICK_IN_CHINESE = {
    "Usage:": "用法：",
    "Options": "选项",
    "Commands": "命令",
    "Positional arguments": "参数",
    "Show this message and exit.": "显示本说明。",
    "Aborted!": "已中断。",
    "Error: {message}": "错误：{message}",
    "Try '{command} {option}' for help.": "用法见：{command} {option}",
    "Missing command.": "缺少命令。",
    "Missing argument": "缺少参数",
    "Missing option": "缺少选项",
    "Missing parameter": "缺少参数",
    "Invalid value: {message}": "值不正确：{message}",
    "Invalid value for {param_hint}: {message}": "{param_hint} 的值不正确：{message}",
    "No such option {name!r}.": "没有选项 {name!r}。",
    "No such command {name!r}.": "没有命令 {name!r}。",
    "Did you mean {possibility}?": "是否想写 {possibility}？",
    "(Did you mean one of: {possibilities}?)": "（是否想写：{possibilities}）",
    "Option {name!r} does not take a value.": "选项 {name!r} 不带值。",
    "Option {name!r} requires an argument.": "选项 {name!r} 需要一个值。",
    "Got unexpected extra argument ({args})": "多余的参数（{args}）",
    "Got unexpected extra arguments ({args})": "多余的参数（{args}）",
    "Choose from:\n\t{choices}": "可选：\n\t{choices}",
    "{value!r} is not {choice}.": "{value!r} 不是 {choice}。",
    "{value!r} is not one of {choices}.": "{value!r} 不在可选范围：{choices}。",
    "{value!r} is not a valid {number_type}.": "{value!r} 不是有效的 {number_type}。",
    "{value} is not in the range {range}.": "{value} 不在范围 {range} 内。",
    "{name} {filename!r} does not exist.": "{name}“{filename}”不存在。",
    "{name} {filename!r} is a file.": "{name}“{filename}”是文件，不是文件夹。",
    "{name} {filename!r} is a directory.": "{name}“{filename}”是文件夹，不是文件。",
    "{name} {filename!r} is not readable.": "{name}“{filename}”无法读取。",
    "file": "文件", "directory": "文件夹", "path": "路径", "File": "文件", "Directory": "文件夹", "Path": "路径",
    "default: {default}": "默认：{default}",
    "required": "必填",
}
_CLICK_MODULES: tuple[ModuleType, ...] = (
    click.core, click.decorators, click.exceptions, click.formatting, click.parser, click.types,
)


def _make_click_speak(language: Language) -> None:
    # click takes its own words from gettext, which needs compiled catalogues in a folder of the system;
    # its modules hold the two functions under these names.
    def say(message: str) -> str:
        return _CLICK_IN_CHINESE.get(message, message) if language == "zh" else gettext.gettext(message)

    def say_number(one: str, many: str, count: int) -> str:
        return say(one if count == 1 else many)

    for module in _CLICK_MODULES:
        for name, function in (("_", say), ("ngettext", say_number)):
            if hasattr(module, name):
                setattr(module, name, function)
    # click counts characters and breaks lines at spaces only.
    click.formatting.wrap_text = wrap


# --- commands

class FaultsError(click.ClickException):
    """Faults of the input: one a line on stderr."""

    exit_code = int(ExitCode.BAD_INPUT)

    def __init__(self, faults: Sequence[Fault], language: Language):
        super().__init__("\n".join(fault.say(language) for fault in faults))

    def show(self, file: Any = None) -> None:
        """One fault a line, on stderr unless a file is given."""
        click.echo(self.message, file=file, err=file is None)


class Command(click.Command):
    """A command with `--lang` and an example at the end of its help."""

    def __init__(self, *args: Any, example: str, language: Language, **kwargs: Any):
        kwargs.setdefault("options_metavar", Text("[选项]", "[OPTIONS]").say(language))
        super().__init__(*args, **kwargs)
        self.example, self.language = example, language
        self.params.append(_language_option(language))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The example of use."""
        with formatter.section(Text("示例", "Example").say(self.language)):
            for line in self.example.splitlines():
                formatter.write(f"{'':>{formatter.current_indent}}{PYTHON} {line}\n")


class Group(click.Group):
    """The commands of one script in one language; `default` is the command that runs where none is named."""

    def __init__(self, name: str, help: str, language: Language, *, default: str | None = None):
        super().__init__(name, help=help, context_settings={"help_option_names": ["--help", "-h"]},
                         options_metavar=Text("[选项]", "[OPTIONS]").say(language), subcommand_metavar=Text("命令 …", "COMMAND …").say(language))
        self.language, self.default = language, default
        self.params.append(_language_option(language))
        _make_click_speak(language)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Each command with the first sentence of its help, whole."""
        with formatter.section(Text("命令", "Commands").say(self.language)):
            formatter.write_dl([(name, re.split(r"(?<=。)|(?<=\.)\s", " ".join((command.help or "").split()))[0]) for name, command in sorted(self.commands.items())])

    def command(self, name: str, *, help: str, example: str, **kwargs: Any) -> Callable[[Callable[..., Any]], click.Command]:  # type: ignore[override]
        """As click's, with the help and an example of use, both in the group's language."""
        return super().command(name, cls=Command, help=help, example=example, language=self.language, **kwargs)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """`--lang zh` before the command's name is the same as after it; without a name the default command is meant."""
        given: list[str] = []
        while args and args[0].partition("=")[0] == "--lang":
            count = 1 if "=" in args[0] else 2
            given, args = given + args[:count], args[count:]
        if self.default is not None and not (args and (args[0] in self.commands or args[0] in ("--help", "-h"))):
            args = [self.default, *args]
        return super().parse_args(ctx, args + given)

    def invoke(self, ctx: click.Context) -> Any:
        """Faults become one line each on stderr and exit code 2."""
        try:
            return super().invoke(ctx)
        except KnowledgeBaseError as error:
            raise FaultsError(error.faults, self.language) from error
        except BrokenPipeError:
            # The reader of our output (`| head`) has gone. Click would call that an error.
            sys.stdout = io.TextIOWrapper(io.BytesIO())
            return ExitCode.OK
        except (OSError, sqlite3.OperationalError) as error:
            raise FaultsError([_no_access(error)], self.language) from error


def _no_access(error: OSError | sqlite3.OperationalError) -> Fault:
    if isinstance(error, PermissionError):
        return Fault(Text("没有读写权限，或文件正被其他程序打开", "no permission, or another program has it open"), error.filename)
    reason = error.strerror if isinstance(error, OSError) else str(error)
    file = error.filename if isinstance(error, OSError) else None
    return Fault(Text(f"读写失败：{reason}", f"reading or writing failed: {reason}"), file)


def _language_option(language: Language) -> click.Option:
    words = Text("界面语言（默认随系统）。", "Language of words and errors (default: the system's).")
    return click.Option(["--lang"], type=click.Choice(["zh", "en"], case_sensitive=False), expose_value=False, help=words.say(language))


def database_option(language: Language) -> Callable[[Any], Any]:
    """`--db FILE`, kb.db in the working folder unless named; given to the command as `database: Path`."""
    words = Text("知识库文件。", "The knowledge base.")
    return click.option("--db", "database", type=click.Path(dir_okay=False, path_type=Path), default=Path("kb.db"), show_default=True,
                        metavar="FILE", help=words.say(language))


def office_option(language: Language, *, makes_it: bool = False) -> Callable[[Any], Any]:
    """`--office DIR`, the folder of what is an office's own; given as `office: Path | None`. `makes_it`: it need not be there."""
    words = Text("本单位自己的 records/、rules/ 和参数所在文件夹。", "Folder with an office's own records/, rules/ and parameters.")
    return click.option("--office", type=click.Path(exists=not makes_it, file_okay=False, path_type=Path), metavar="DIR", help=words.say(language))


def format_option(language: Language) -> Callable[[Any], Any]:
    """`--format table|json|csv`, for every listing; given as `format`."""
    words = Text("输出格式。", "How the listing is written.")
    return click.option("--format", "format", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True, help=words.say(language))


def run_commands(build: Callable[[Language], Group], arguments: Sequence[str] | None = None) -> int:
    """Run a script; returns its exit code. `build` makes the commands with the words of one language."""
    arguments = sys.argv[1:] if arguments is None else arguments
    _set_up_streams()
    group = build(choose_language(arguments))
    try:
        result = group.main(args=list(arguments), prog_name=group.name, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo(Text("已中断，未保存。", "Interrupted; nothing was saved.").say(group.language), err=True)
        return ExitCode.INTERRUPTED
    except Exception:
        # A fault of ours, not of the input: the person gets a sentence, the traceback goes where we can ask for it.
        file = Path(tempfile.gettempdir()) / f"auditkb-error-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
        file.write_text(traceback.format_exc(), "utf-8")
        words = Text(f"程序出错，这是程序的缺陷，不是资料的问题；数据库保持原样。请把 {file} 交给维护人员。",
                     f"The program failed. This is a fault of ours, not of your data; the database is as it was. Please pass on {file}.")
        click.echo(words.say(group.language), err=True)
        return ExitCode.INCOMPLETE
    return result if isinstance(result, int) else ExitCode.OK


def _set_up_streams() -> None:
    """A console of another encoding (GBK) shows `?` for what it lacks; a file or a pipe gets UTF-8."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
            if not stream.isatty() and "PYTHONIOENCODING" not in os.environ:
                stream.reconfigure(encoding="utf-8")


# --- output

def print_faults(faults: Sequence[Fault], language: Language) -> None:
    """One fault a line on stderr."""
    for fault in faults:
        click.echo(fault.say(language), err=True)


def print_pieces(pieces: Iterable[str]) -> None:
    """A text on stdout and a line's end, piece by piece."""
    sys.stdout.writelines(pieces)
    click.echo()


def print_rows(
    rows: Iterable[Sequence[Any]], columns: Sequence[tuple[str, Text]], format: str, language: Language, *, title: str | None = None
) -> None:
    """A listing on stdout: a table with the columns' labels, or JSON or CSV with their names. None is an empty cell.

    CSV is written row by row.
    """
    if format == "json":
        names = [name for name, _ in columns]
        click.echo(json.dumps([dict(zip(names, row, strict=True)) for row in rows], ensure_ascii=False, indent=2, default=str))
    elif format == "csv":
        from auditkb.outputs.spreadsheets import safe_in_csv

        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow([name for name, _ in columns])
        writer.writerows([safe_in_csv(value) for value in row] for row in rows)
        sys.stdout.flush()
    else:
        from auditkb.outputs.screen_tables import listing

        screen = console()
        screen.print(listing(list(rows), columns, language, screen.width, title))
