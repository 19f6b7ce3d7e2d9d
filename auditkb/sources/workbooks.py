"""Workbooks: .xlsx and .xlsm, and .xls, .et and .ods. calamine gives the values of the cells; each becomes text as the sheet shows it.

What calamine does not tell (hidden rows and columns, errors, formulas without a result, number formats) is found beside
it: by `sheet_xml` for .xlsx and .xlsm, by `xls_records` for .xls and .et, by `ods_content` for .ods.
"""

from __future__ import annotations

import datetime
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from auditkb.errors import Fault, KnowledgeBaseError, Text, fail
from auditkb.sources.compound_files import BrokenContainer, read_stream
from auditkb.sources import ods_content
from auditkb.sources.number_formats import NumberFormat
from auditkb.sources.ods_content import read_ods_facts
from auditkb.sources.sheet_facts import SheetFacts, TooMuch, UnusualXml
from auditkb.sources.sheet_xml import read_facts
from auditkb.sources.sheets import Problem, Row, Sheet, place_of
from auditkb.sources.signatures import SAVE_AS_XLSX, WHAT_IT_IS, is_encrypted_package, kind_of
from auditkb.sources.xls_records import Locked, read_xls_facts
from auditkb.sources.xlsx_package import Package, broken, open_archive, open_package, unusual

# calamine holds a sheet as a full rectangle from its first cell to its last.
MOST_CELLS = 20_000_000
MOST_CHARACTERS_OF_A_CELL = 32_767
# A double holds fifteen decimal digits; a spreadsheet shows no more and has made the rest zeros.
MOST_EXACT = 10**15

TOO_MANY_DIGITS = Text("数字超过十五位，Excel 已把第十五位以后的数位变成零", "the number has over fifteen digits; Excel has made those after the fifteenth zeros")
ENTER_AS_TEXT = Text("在原表中把这一列设为文本，按原件重新录入", "make the column text in the sheet and enter it again from the paper")
TOO_LONG = Text("一格的内容超过三万二千字符，只保留了开头", "the cell holds over 32,000 characters; only its beginning is kept")
CHECK_THE_CELL = Text("核对这一格", "check the cell")


def read_xlsx(path: Path) -> list[Sheet]:
    """The sheets of an .xlsx or .xlsm file that hold something. Raises KnowledgeBaseError with every fault of the file."""
    _check_kind(path, "zip")
    faults: list[Fault] = []
    found: list[tuple[str, bool, SheetFacts]] = []
    with open_package(path) as package:
        for part in package.sheets:
            try:
                facts = _facts(package, part.part)
            except UnusualXml:
                faults += unusual(place_of(path, f"{path.name}[{part.title}]")).faults
            except TooMuch:
                faults.append(_too_much(path, part.title))
            else:
                if facts.has_values or facts.unread:
                    found.append((part.title, part.is_hidden, facts))
    if faults:
        raise KnowledgeBaseError(faults)
    return _sheets(path, found, package.formats)


def _facts(package: Package, part: str) -> SheetFacts:
    # Borders and colours make many styles of one number format: each is called by the first that says the same.
    first = {number_format: style for style, number_format in reversed(package.formats.items())}
    styles = {style: first[number_format] for style, number_format in package.formats.items()}
    for is_exact in (False, True):
        with package.open_part(part) as xml:
            facts = read_facts(xml, styles, is_uncomputed=package.is_uncomputed, is_exact=is_exact)
        if facts.size <= MOST_CELLS:
            facts.comments = package.comments(part)
            return facts
    raise TooMuch


def read_old_workbook(path: Path) -> list[Sheet]:
    """The sheets of an .xls or .et file that hold something."""
    _check_kind(path, "ole")
    try:
        stream = read_stream(path, ("Workbook", "Book"))
        facts = read_xls_facts(stream) if stream is not None else None
    except Locked as error:
        raise _locked(path) from error
    except (BrokenContainer, struct.error, IndexError) as error:
        raise broken(path) from error
    if facts is None:
        raise broken(path)
    sheets = _worksheets(path)
    if len(sheets) != len(facts.sheets):
        raise broken(path)
    found = [(title, is_hidden, known) for (title, is_hidden, is_empty), known in zip(sheets, facts.sheets, strict=True) if not is_empty or known.unread]
    return _sheets(path, found, facts.formats)


def read_ods(path: Path) -> list[Sheet]:
    """The sheets of an .ods file that hold something."""
    _check_kind(path, "zip")
    with open_archive(path) as archive:
        if not {"content.xml", "styles.xml"} <= set(archive.namelist()):
            raise broken(path)
        with archive.open("styles.xml") as styles, archive.open("content.xml") as xml:
            try:
                facts = read_ods_facts(styles, xml)
            except UnusualXml as error:
                raise unusual(path.as_posix()) from error
            except TooMuch as error:
                raise KnowledgeBaseError(_too_much(path)) from error
    if any(known.size > MOST_CELLS for known in facts):
        raise KnowledgeBaseError(_too_much(path))
    sheets = _worksheets(path)
    if len(sheets) != len(facts):
        raise broken(path)
    found = [(title, is_hidden, known) for (title, is_hidden, is_empty), known in zip(sheets, facts, strict=True) if not is_empty or known.unread]
    return _sheets(path, found, ods_content.FORMATS)


def _worksheets(path: Path) -> list[tuple[str, bool, bool]]:
    """Title of each worksheet, whether it is hidden, and whether it is empty."""
    from python_calamine import SheetTypeEnum, SheetVisibleEnum, load_workbook

    with _plain_faults(path), _quiet_panics():
        workbook = load_workbook(path)
        return [(entry.name, entry.visible != SheetVisibleEnum.Visible, workbook.get_sheet_by_index(number).start is None)
                for number, entry in enumerate(workbook.sheets_metadata) if entry.typ == SheetTypeEnum.WorkSheet]


def _sheets(path: Path, found: list[tuple[str, bool, SheetFacts]], formats: dict[int, NumberFormat]) -> list[Sheet]:
    if not found:
        raise fail("工作簿是空的", "the workbook is empty", file=path.as_posix())
    values = _Values(path)
    return [Sheet(path, f"{path.name}[{title}]", title, _Rows(values, title, facts, formats), tuple(facts.merged), is_hidden, facts.hidden_columns, facts.last_row or None, facts.comments)
            for title, is_hidden, facts in found]


class _Values:
    """The values of a workbook's sheets, of which the one last asked for is kept: a sheet is read more than once."""

    def __init__(self, path: Path):
        self.path = path
        self._kept: tuple[str, Any] | None = None

    def of_sheet(self, title: str) -> Any:
        from python_calamine import load_workbook

        if self._kept is None or self._kept[0] != title:
            self._kept = None
            with _quiet_panics():
                self._kept = title, load_workbook(self.path).get_sheet_by_name(title)
        return self._kept[1]


class _Rows:
    """Reads the rows of one sheet anew at each call."""

    def __init__(self, values: _Values, title: str, facts: SheetFacts, formats: dict[int, NumberFormat]):
        self._values, self._title, self._facts, self._formats = values, title, facts, formats

    def __call__(self) -> Iterator[Row]:
        with _plain_faults(self._values.path):
            sheet = self._values.of_sheet(self._title)
            first_column = sheet.start[1] if sheet.start is not None else 0
            margin = [""] * first_column
            facts, unread = self._facts, dict(self._facts.unread)
            runs = [(column, iter(found), [0, 0, 0]) for column, found in sorted(facts.formats.items())]
            number = 0
            for number, values in enumerate(sheet.iter_rows(), 1):
                problems: list[Problem] = []
                cells = margin + [value if type(value) is str else _TEXT[type(value)](value) for value in values]
                if runs:
                    self._show(number, first_column, values, cells, runs, problems)
                _find_problems(values, cells, first_column, problems)
                if number in unread:
                    _put_unread(unread.pop(number), cells, problems)
                if any(map(str.strip, cells)):
                    yield Row(number, None, cells, facts.is_hidden(number), tuple(problems))
            for number in sorted(unread):
                problems, cells = [], []
                _put_unread(unread[number], cells, problems)
                yield Row(number, None, cells, facts.is_hidden(number), tuple(problems))

    def _show(self, number: int, first_column: int, values: list[Any], cells: list[str], runs: list[Any], problems: list[Problem]) -> None:
        """Write numbers as their formats show them."""
        for column, remaining, run in runs:
            while run[1] < number:
                run[:] = next(remaining, (2**31, 2**31, -1))
            place = column - first_column
            if run[0] > number or not 0 <= place < len(values) or type(values[place]) is str:
                continue
            number_format, value = self._formats[run[2]], values[place]
            if isinstance(value, datetime.date):
                applies = number_format.is_date and number_format.applies_to(value)
            else:
                applies = type(value) is float
                if applies:
                    cells[column] = _shown(number_format, value)
            if applies and number_format.reason is not None:
                problems.append(Problem(column, number_format.reason, number_format.advice))


def _find_problems(values: list[Any], cells: list[str], first_column: int, problems: list[Problem]) -> None:
    for place in [place for place, value in enumerate(values) if type(value) is float and not -MOST_EXACT < value < MOST_EXACT]:
        problems.append(Problem(first_column + place, TOO_MANY_DIGITS, ENTER_AS_TEXT))
    if max(map(len, cells), default=0) > MOST_CHARACTERS_OF_A_CELL:
        for place, text in enumerate(cells):
            if len(text) > MOST_CHARACTERS_OF_A_CELL:
                cells[place] = text[:1000] + "…"
                problems.append(Problem(place, TOO_LONG, CHECK_THE_CELL))


def _put_unread(unread: list[tuple[str, Problem]], cells: list[str], problems: list[Problem]) -> None:
    for text, problem in unread:
        cells.extend([""] * (problem.position + 1 - len(cells)))
        cells[problem.position] = text
        problems.append(problem)


@lru_cache(4096)
def _shown(number_format: NumberFormat, value: float) -> str:
    return number_format.show(_number(value))


def _number(value: float) -> str:
    """A number with the fifteen digits that a spreadsheet shows, never shortened to a power of ten.

    >>> _number(0.1 + 0.2), _number(232000.0), _number(1e-7)
    ('0.3', '232000', '0.0000001')
    """
    if value.is_integer() and -MOST_EXACT < value < MOST_EXACT:
        return str(int(value))
    text = f"{value:.15g}"
    return text if "e" not in text else f"{Decimal(text):f}"


def _moment(value: datetime.datetime) -> str:
    if value.time() == datetime.time():
        return value.date().isoformat()
    return value.isoformat(" ", "auto" if value.microsecond else "seconds")


_TEXT: dict[type, Callable[[Any], str]] = {
    float: _number,
    int: str,
    bool: lambda value: "TRUE" if value else "FALSE",
    datetime.date: datetime.date.isoformat,
    datetime.datetime: _moment,
    datetime.time: lambda value: str(value.isoformat("seconds")),
    datetime.timedelta: str,
}


def _check_kind(path: Path, wanted: str) -> None:
    kind = kind_of(path)
    if kind == wanted:
        return
    if kind == "ole" and is_encrypted_package(path):
        raise _locked(path)
    what = WHAT_IT_IS[kind]
    raise fail(f"文件名以 {path.suffix} 结尾，内容却是{what.zh}", f"the file is called {path.suffix} but holds {what.en}", file=path.as_posix(),
               hint=Text("改正文件名的后缀", "give the file its right ending") if kind in ("zip", "ole") else SAVE_AS_XLSX)


def _locked(path: Path) -> KnowledgeBaseError:
    return fail("工作簿设有密码，无法打开", "the workbook is locked with a password", file=path.as_posix(),
                hint=Text("在 Excel 或 WPS 中去掉密码后另存", "remove the password in Excel or WPS and save it"))


def _too_much(path: Path, title: str | None = None) -> Fault:
    return Fault(Text("表太大，或个别单元格离其他内容太远，无法读取", "the sheet is too large, or single cells lie too far from the others"),
                 path.as_posix() if title is None else place_of(path, f"{path.name}[{title}]"),
                 hint=Text("把需要的行和列复制到新表，另存后再读", "copy the rows and columns that are needed to a new sheet and save it"))


@contextmanager
def _quiet_panics() -> Iterator[None]:
    """Rust writes about a panic to the process's own stderr, past Python; what has to be said is in the fault."""
    try:
        stderr = os.dup(2)
    except OSError:
        # Without a console there is nothing to keep quiet.
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nowhere)


@contextmanager
def _plain_faults(path: Path) -> Iterator[None]:
    """Whatever calamine raises becomes one plain fault."""
    from python_calamine import CalamineError, PasswordError

    try:
        yield
    except PasswordError as error:
        raise _locked(path) from error
    except (CalamineError, ValueError) as error:
        raise broken(path) from error
    except OSError as error:
        # What the system refuses has a number; a wrong checksum inside the file has none.
        if error.errno is None:
            raise broken(path) from error
        raise
    except BaseException as error:
        # calamine is written in Rust, whose panics are no Exception.
        if type(error).__name__ == "PanicException":
            raise broken(path) from error
        raise
