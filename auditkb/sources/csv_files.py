"""Text tables: .csv, .tsv and .txt. One sheet a file, named like its record type.

What parts the cells is found from the rows, or said by a first line `sep=;`, as Excel does. Where two characters would
both part the rows the file is refused.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from auditkb.errors import KnowledgeBaseError, Text, fail
from auditkb.sources.encodings import find_encoding
from auditkb.sources.sheets import Row, Sheet
from auditkb.sources.signatures import SAVE_AS_XLSX, WHAT_IT_IS, kind_of

_DELIMITERS = {",": Text("逗号", "comma"), "\t": Text("制表符", "tab"), ";": Text("分号", "semicolon"), "|": Text("竖线", "vertical bar")}
_SAMPLE_CHARACTERS = 256 * 1024
_SAMPLE_ROWS = 1000
_CHECK_THE_QUOTES = Text("检查这一行及以前的引号；单元格中的引号要写两个", "check the quotes in this line and before it; a quote within a cell is written twice")
_MARKUP = ("<html", "<!doctype", "<table", "<?xml", "<head", "<meta")


def read_delimited(path: Path) -> list[Sheet]:
    """The one sheet of a text table. Raises KnowledgeBaseError at once for what is no text or no table, while reading else."""
    _check_kind(path)
    encoding = find_encoding(path)
    with path.open(encoding=encoding, newline="") as file:
        sample = file.read(_SAMPLE_CHARACTERS)
    if sample.lstrip()[:9].lower().startswith(_MARKUP):
        raise _not_a_table(path, WHAT_IT_IS["markup"])
    skipped, delimiter = _delimiter(path, sample)
    return [Sheet(path, path.name, path.stem, lambda: _rows(path, encoding, delimiter, skipped))]


def _check_kind(path: Path) -> None:
    kind = kind_of(path)
    if kind in ("zip", "ole"):
        raise fail(f"这是 Excel 工作簿，只是改名为 {path.suffix}", f"this is an Excel workbook that was renamed to {path.suffix}", file=path.as_posix(),
                   hint=Text("改回原来的后缀（.xlsx 或 .xls）", "give it its own ending again (.xlsx or .xls)"))
    if kind == "pdf":
        raise _not_a_table(path, WHAT_IT_IS[kind])


def _not_a_table(path: Path, what: Text) -> KnowledgeBaseError:
    return fail(f"内容是{what.zh}，不是文本表格", f"this is {what.en}, not a text table", file=path.as_posix(), hint=SAVE_AS_XLSX)


def _delimiter(path: Path, sample: str) -> tuple[int, str]:
    """How many lines only say what parts the cells, and what does."""
    first = sample[:8].splitlines()[:1]
    if first and first[0].lower().startswith("sep=") and len(first[0]) == 5:
        return 1, first[0][4]
    if path.suffix.lower() == ".tsv":
        return 0, "\t"
    widths = {delimiter: found for delimiter in _DELIMITERS if (found := _widths(sample, delimiter))}
    parting = [delimiter for delimiter, found in widths.items() if sum(width > 1 for width in found) * 2 > len(found)]
    even = [delimiter for delimiter in parting if len(set(widths[delimiter])) == 1]
    if len(parting) == 1 or len(even) == 1:
        return 0, (even or parting)[0]
    if not parting and path.suffix.lower() == ".csv":
        # One column needs nothing to part it.
        return 0, ","
    names = [_DELIMITERS[delimiter] for delimiter in parting]
    hint = Text("在文件最前面加一行 sep=, （等号后写分隔符）", "put a line sep=, at the top of the file (with the character that parts the cells)")
    if not parting:
        raise fail("看不出各列之间用什么分隔", "nothing parts the rows into columns", file=path.as_posix(), line=1, hint=hint)
    raise fail(f"{'、'.join(name.zh for name in names)}都可能是列的分隔符", f"{' and '.join(name.en for name in names)} may both part the columns", file=path.as_posix(), line=1, hint=hint)


def _widths(sample: str, delimiter: str) -> list[int]:
    """How many cells each of the first rows that hold something has; the last row may be cut off and is left out."""
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
    widths = []
    try:
        for cells in islice(reader, _SAMPLE_ROWS):
            if any(cell and not cell.isspace() for cell in cells):
                widths.append(len(cells))
    except csv.Error:
        # Reading the rows says where it breaks.
        pass
    return widths[:-1] if len(widths) > 1 and len(sample) == _SAMPLE_CHARACTERS else widths


def _rows(path: Path, encoding: str, delimiter: str, skipped: int) -> Iterator[Row]:
    with path.open(encoding=encoding, newline="") as file:
        for _ in range(skipped):
            file.readline()
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        try:
            for number, cells in enumerate(reader, 1):
                # A line that csv calls empty is a row of a spreadsheet all the same.
                if cells and cells[0].strip() or any(map(str.strip, cells)):
                    yield Row(number, reader.line_num + skipped, cells)
        except UnicodeDecodeError as error:
            raise fail("文件在读取时被改动", "the file was changed while it was read", file=path.as_posix()) from error
        except csv.Error as error:
            raise _broken(path, reader.line_num + skipped, str(error)) from error


def _broken(path: Path, line: int, reason: str) -> KnowledgeBaseError:
    if "field larger" in reason:
        return fail("一格的内容太长（超过十三万个字符），可能是引号没有成对", "a cell is too long (over 130,000 characters); perhaps a quote is not closed",
                    file=path.as_posix(), line=line, hint=_CHECK_THE_QUOTES)
    return fail(f"CSV 格式有误，可能是引号没有成对（{reason}）", f"broken CSV, perhaps a quote is not closed ({reason})", file=path.as_posix(), line=line, hint=_CHECK_THE_QUOTES)
