"""CSV in UTF-8, with or without a byte order mark: one sheet a file, named like its record type."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from auditkb.errors import KnowledgeBaseError, fail
from auditkb.sources.sheets import Row, Sheet

_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


def read_csv(path: Path) -> list[Sheet]:
    """The one sheet of a CSV file. Raises KnowledgeBaseError at once for what is no text, and while reading else."""
    with path.open("rb") as file:
        start = file.read(4096)
    if start.startswith(_WORKBOOKS):
        raise fail("这是 Excel 工作簿，只是改名为 .csv", "this is an Excel workbook that was renamed to .csv", file=path.as_posix())
    if b"\0" in start:
        raise _not_utf8(path)
    return [Sheet(path, path.name, path.stem, lambda: _rows(path))]


def _rows(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        number = 0
        try:
            for cells in reader:
                number += 1
                # A line that csv calls empty is a row of a spreadsheet all the same.
                if any(cell and not cell.isspace() for cell in cells):
                    yield Row(number, reader.line_num, cells)
        except UnicodeDecodeError as error:
            raise _not_utf8(path) from error
        except csv.Error as error:
            raise _broken(path, reader.line_num, str(error)) from error


def _not_utf8(path: Path) -> KnowledgeBaseError:
    return fail("文件不是 UTF-8 编码；请在 Excel 中另存为“CSV UTF-8（逗号分隔）”",
                "the file is not UTF-8; in Excel save it as “CSV UTF-8 (comma delimited)”", file=path.as_posix())


def _broken(path: Path, line: int, reason: str) -> KnowledgeBaseError:
    if "field larger" in reason:
        return fail("一格的内容太长（超过十三万个字符），可能是引号没有成对", "a cell is too long (over 130,000 characters); perhaps a quote is not closed",
                    file=path.as_posix(), line=line)
    return fail(f"CSV 格式有误，可能是引号没有成对（{reason}）", f"broken CSV, perhaps a quote is not closed ({reason})", file=path.as_posix(), line=line)
