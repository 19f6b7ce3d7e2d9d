"""What a file is by its first bytes, whatever its name says."""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import Literal

from auditkb.errors import Text

Kind = Literal["empty", "zip", "ole", "markup", "pdf", "other"]

WHAT_IT_IS: dict[Kind, Text] = {
    "empty": Text("空文件", "an empty file"),
    "zip": Text("新格式（.xlsx、.xlsm 或 .ods）的工作簿或压缩文件", "a workbook of the newer formats (.xlsx, .xlsm or .ods) or a zip file"),
    "ole": Text("旧格式（.xls）的工作簿", "a workbook of the old format (.xls)"),
    "markup": Text("网页或 XML 文本", "a web page or XML text"),
    "pdf": Text("PDF", "a PDF"),
    "other": Text("其他内容", "something else"),
}
SAVE_AS_XLSX = Text("用 Excel 或 WPS 打开，另存为 .xlsx", "open it in Excel or WPS and save it as .xlsx")

_SIGNATURES: tuple[tuple[bytes, Kind], ...] = ((b"PK\x03\x04", "zip"), (b"PK\x05\x06", "zip"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"), (b"%PDF", "pdf"))
_ENCRYPTED = ("EncryptedPackage".encode("utf-16-le"), "EncryptionInfo".encode("utf-16-le"))


def kind_of(path: Path) -> Kind:
    """What the file holds by its first bytes."""
    with path.open("rb") as file:
        start = file.read(512)
    if not start:
        return "empty"
    for signature, kind in _SIGNATURES:
        if start.startswith(signature):
            return kind
    return "markup" if start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<" else "other"


def is_encrypted_package(path: Path) -> bool:
    """Whether a file of kind "ole" is a newer workbook that a password locks."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return all(content.find(name) >= 0 for name in _ENCRYPTED)
