"""Files that are no readable report get one plain sentence, and odd ones that can be read give what is in them."""

from __future__ import annotations

import hashlib
import io
import time
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from auditkb.errors import KnowledgeBaseError
from auditkb.reports.figures import read_figures
from auditkb.reports.reading import read_report
from tests.report_blocks import Cell, Heading, Paragraph, Table, row
from tests.report_formats import write_docx, write_html

PADDING = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")
OLD_WORD = bytes.fromhex("D0CF11E0A1B11AE1") + bytes(2048)
WORD_BODY = (b'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>|</w:body></w:document>')
SMALL_TABLE = Table((row(["序号", "项目名称", "金额（元）"]),), (row(["1", "路灯", "120.50"]), row(["2", "长椅", ""]),
                                                       (Cell("合计", columns=2), Cell("120.50"))))


def fault_of(path: Path) -> str:
    """What the reader says of a file that it refuses: one fault, in both languages, that names the file."""
    with pytest.raises(KnowledgeBaseError) as refused:
        read_report(path)
    faults = refused.value.faults
    assert len(faults) == 1
    zh, en = faults[0].say("zh"), faults[0].say("en")
    assert path.name in zh and path.name in en
    assert any("\u4e00" <= character <= "\u9fff" for character in zh)
    assert "Traceback" not in en and "Error" not in en and "0x" not in en
    return zh + "\n" + en


def rc4(key: bytes, data: bytes) -> bytes:
    """The cipher of the oldest PDF encryption."""
    state, j = list(range(256)), 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    i = j = 0
    result = bytearray()
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        result.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(result)


def pdf_of(objects: list[bytes], trailer: bytes) -> bytes:
    """A PDF file of numbered objects; the first is its root."""
    file, offsets = io.BytesIO(), []
    file.write(b"%PDF-1.4\n")
    for number, content in enumerate(objects, 1):
        offsets.append(file.tell())
        file.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))
    start = file.tell()
    entries = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    file.write(b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, entries))
    file.write(b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, start))
    return file.getvalue()


PAGES = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
         b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] /Resources << >> >>"]


def encrypted_pdf() -> bytes:
    """A PDF that opens with a password only."""
    user, permissions, identifier = (b"secret" + PADDING)[:32], -44, bytes(range(16))
    owner = rc4(hashlib.md5((b"owner" + PADDING)[:32]).digest()[:5], user)
    key = hashlib.md5(user + owner + permissions.to_bytes(4, "little", signed=True) + identifier).digest()[:5]
    handler = b"<< /Filter /Standard /V 1 /R 2 /P %d /O <%s> /U <%s> >>" % (
        permissions, owner.hex().encode(), rc4(key, PADDING).hex().encode())
    name = identifier.hex().encode()
    return pdf_of([*PAGES, handler], b"/Encrypt 4 0 R /ID [<%s> <%s>]" % (name, name))


def scanned_pdf() -> bytes:
    """Two pages that are nothing but pictures."""
    from PIL import Image, ImageDraw

    pages = []
    for number in (1, 2):
        page = Image.new("RGB", (600, 800), "white")
        ImageDraw.Draw(page).text((100, 100), f"page {number}: 1,234.56", fill="black")
        pages.append(page)
    file = io.BytesIO()
    pages[0].save(file, "PDF", save_all=True, append_images=pages[1:])
    return file.getvalue()


def zipped(parts: dict[str, bytes]) -> bytes:
    """A zip file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def with_part(name: str, content: bytes, folder: Path) -> bytes:
    """A .docx in which one part is something else."""
    path = write_docx([Paragraph("一、收支"), Paragraph("收入1.00元。")], folder / "whole.docx")
    with zipfile.ZipFile(path) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    return zipped({**parts, name: content})


@pytest.mark.parametrize("suffix", [".txt", ".docx", ".html", ".pdf"])
@pytest.mark.parametrize("content", [b"", b" \n\t\n  "], ids=["nothing", "white space"])
def test_an_empty_file_is_called_empty(suffix: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"报告{suffix}"
    path.write_bytes(content)
    assert "空" in fault_of(path)


@pytest.mark.parametrize(("name", "make", "words"), [
    ("scanned.pdf", scanned_pdf, ("扫描", "scan")),
    ("locked.pdf", encrypted_pdf, ("密码", "password")),
    ("blank.pdf", lambda: pdf_of(PAGES, b""), ()),
    ("broken.pdf", lambda: b"%PDF-1.4\n" + bytes(range(256)) * 4, ()),
    ("cut.pdf", lambda: scanned_pdf()[:300], ()),
    ("text.pdf", "一、收支\n收入1元。".encode, ()),
    ("old.docx", lambda: OLD_WORD, (".docx",)),
    ("old.doc", lambda: OLD_WORD, (".docx",)),
    ("cut.docx", lambda: zipped({"word/document.xml": b"<x/>" * 9000})[:90], ()),
    ("other.docx", lambda: zipped({"readme.txt": b"no Word file"}), ()),
    ("text.docx", "一、收支\n收入1元。".encode, ()),
    ("binary.txt", lambda: bytes(range(256)) * 20, ()),
    ("nul.txt", lambda: b"a\x00b\x00c\x00" * 50, ()),
    ("picture.html", lambda: bytes.fromhex("89504E470D0A1A0A") + bytes(500), ()),
    ("empty.html", lambda: b"<html><head><title></title></head><body><p>&nbsp;</p></body></html>", ()),
    ("script.html", lambda: b"<html><script>document.write('1.00')</script></html>", ()),
    ("report.xyz", lambda: b"1", (".txt", ".docx")),
    ("report", lambda: b"1", (".txt", ".docx")),
])
def test_what_cannot_be_read_is_refused_in_plain_words(name: str, make: Callable[[], bytes], words: tuple[str, ...],
                                                       tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(make())
    said = fault_of(path)
    assert all(word in said for word in words), said


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    fault_of(tmp_path / "missing.txt")
    (tmp_path / "folder.txt").mkdir()
    fault_of(tmp_path / "folder.txt")


@pytest.mark.slow
def test_a_word_file_that_unpacks_to_hundreds_of_megabytes_is_refused_quickly(tmp_path: Path) -> None:
    path = tmp_path / "bomb.docx"
    begin, end = WORD_BODY.split(b"|")
    path.write_bytes(with_part("word/document.xml", begin + b"<w:p/>" * 30_000_000 + end, tmp_path))
    assert path.stat().st_size < 2_000_000
    begun = time.monotonic()
    fault_of(path)
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("part", [
    b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d>&x;</d>',
    b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "aaaaaaaaaa">' + b"".join(
        b'<!ENTITY %c "%s">' % (98 + step, b"&%c;" % (97 + step) * 10) for step in range(9)) + b"]><d>&j;</d>",
    b"<w:document>", b"\xff\xfe\x00",
], ids=["outside entity", "entity bomb", "cut", "no XML"])
def test_a_word_file_with_hostile_xml_is_refused(part: bytes, tmp_path: Path) -> None:
    path = tmp_path / "hostile.docx"
    path.write_bytes(with_part("word/document.xml", part, tmp_path))
    assert "root:" not in fault_of(path)


def test_a_page_gives_its_text_and_not_what_its_scripts_say(tmp_path: Path) -> None:
    blocks = [Heading(1, "一、收支"), Paragraph("本年支出<b>12.50元</b> & 其他。"), SMALL_TABLE]
    figures = read_figures(read_report(write_html(blocks, tmp_path / "page.html")))
    assert [figure.value for figure in figures if figure.unit == "yuan"] == [
        Decimal("12.50"), Decimal("120.50"), None, Decimal("120.50")]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_page_in_the_old_chinese_encoding_reads_alike(encoding: str, tmp_path: Path) -> None:
    blocks = [Heading(1, "一、收支"), Paragraph("本年支出12.50元，镕基科。")]
    path = write_html(blocks, tmp_path / "page.html", encoding)
    assert "镕基科" in read_report(path).sections[-1].text


def test_a_page_with_broken_tags_gives_its_text(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("<html><meta charset=utf-8><body><p>一、收支<p>支出12.50元<table><tr><td>名称<td>金额（元）<tr><td>长椅<td>3.10"
                    "</table><p>完", encoding="utf-8")
    values = [figure.value for figure in read_figures(read_report(path))]
    assert Decimal("12.50") in values and Decimal("3.10") in values


@pytest.mark.parametrize("text", ["没有标题的一段话，支出12.50元。\n又一段，收入3元。", "支出12.50元", "12.50元\r\n\r\n\r\n"])
def test_a_text_without_headings_is_one_section(text: str, tmp_path: Path) -> None:
    path = tmp_path / "plain.txt"
    path.write_bytes(text.encode())
    document = read_report(path)
    assert len(document.sections) == 1
    assert Decimal("12.50") in [figure.value for figure in read_figures(document)]


@pytest.mark.parametrize("name", ["only.docx", "only.html", "only.txt"])
def test_a_file_of_one_table_gives_the_table(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if name.endswith(".docx"):
        write_docx([SMALL_TABLE], path)
    elif name.endswith(".html"):
        write_html([SMALL_TABLE], path)
    else:
        path.write_bytes("\t序号\n\t项目名称\n\t金额（元）\n\n\t1\n\t路灯\n\t120.50\n\n\t2\n\t长椅\n\t\n\n\t合计\n\t120.50\n".encode())
    document = read_report(path)
    assert [len(table.rows) for table in document.tables] == [3]
    amounts = [figure for figure in read_figures(document) if figure.unit == "yuan"]
    assert [figure.value for figure in amounts] == [Decimal("120.50"), None, Decimal("120.50")]


def test_a_text_of_fifty_megabytes_ends_in_figures_or_a_plain_word(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_bytes("一、收支\n本年支出12.50元，占3.1%。\n\n".encode() * 1_000_000)
    begun = time.monotonic()
    try:
        document = read_report(path)
    except KnowledgeBaseError as refused:
        assert refused.faults
    else:
        assert document.sections
    assert time.monotonic() - begun < 60


def test_text_in_a_western_encoding_is_not_taken_for_chinese(tmp_path):
    path = tmp_path / "report.txt"
    path.write_bytes("Rapport financier\nDépenses arrêtées à 3 €\n".encode("cp1252"))
    with pytest.raises(KnowledgeBaseError) as error:
        read_report(path)
    assert (error.value.faults[0].line, "UTF-8" in error.value.faults[0].say("zh")) == (2, True)


def test_a_document_of_too_many_parts_is_not_unpacked(tmp_path):
    path = tmp_path / "report.docx"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(10_001):
            archive.writestr(f"word/{number}.txt", "")
    with pytest.raises(KnowledgeBaseError) as error:
        read_report(path)
    assert "过大" in error.value.faults[0].say("zh")
