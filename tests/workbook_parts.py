"""Workbooks for tests, put together from the XML of their parts, so that they may be as wrong as they like."""

import zipfile
from pathlib import Path

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/>'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>'
)


def sheet_xml(rows: str, *, before: str = "", after: str = "") -> str:
    """A worksheet with these `<row>` elements."""
    return f'<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="{MAIN}">{before}<sheetData>{rows}</sheetData>{after}</worksheet>'


def text_cell(place: str, text: str) -> str:
    """A cell that holds its own text."""
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def write_package(path: Path, sheet: str | bytes, more: dict[str, str | bytes] | None = None, *, workbook: str = "") -> Path:
    """A workbook with one sheet `合同`; `more` are further parts, or other texts for these; `workbook` is written into workbook.xml."""
    relations = f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    own = (
        f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{OFFICE}/styles" Target="styles.xml"/><Relationship Id="rId3" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
    )
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": _TYPES, "_rels/.rels": relations, "xl/_rels/workbook.xml.rels": own,
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">{workbook}<sheets><sheet name="合同" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><cellXfs count="1"><xf numFmtId="0"/></cellXfs></styleSheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}"/>',
        "xl/worksheets/sheet1.xml": sheet, **(more or {}),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path
