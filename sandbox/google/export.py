"""Documents and spreadsheets in other formats."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from sandbox.google.errors import GoogleError
from sandbox.google.files import DOCUMENT, SPREADSHEET, DriveFile
from sandbox.google.grid import Cell, Sheet, formatted, letters

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMATS = {
    DOCUMENT: ("text/plain", "text/html"),
    SPREADSHEET: ("text/csv", "text/tab-separated-values", XLSX),
}
MAX_BYTES = 10_000_000

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'


def export(file: DriveFile, mime_type: str) -> bytes:
    """Return a file in another format; CSV is the first sheet.

    Raises:
        GoogleError: it isn't one of Google's own kinds, has no such format, or is too large.
    """
    if not file.is_native:
        raise GoogleError(403, "Export only supports Docs Editors files.", "fileNotExportable")
    if mime_type not in FORMATS.get(file.mime_type, ()):
        raise GoogleError(400, "The requested conversion is not supported.", "badRequest")
    match mime_type:
        case "text/plain":
            content = file.content
        case "text/html":
            content = (
                f"<html><body><pre>{escape(file.content.decode())}</pre></body></html>".encode()
            )
        case "text/csv":
            content = _separated(file.sheets, ",")
        case "text/tab-separated-values":
            content = _separated(file.sheets, "\t")
        case _:
            content = _xlsx(file.sheets)
    if len(content) > MAX_BYTES:
        text = "This file is too large to be exported."
        raise GoogleError(403, text, "exportSizeLimitExceeded")
    return content


def _separated(sheets: Sequence[Sheet], separator: str) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator="\r\n")
    for row in sheets[0].rows if sheets else ():
        writer.writerow([formatted(cell) for cell in row])
    return text.getvalue().removesuffix("\r\n").encode()


def _xlsx(sheets: Sequence[Sheet]) -> bytes:
    """Write a workbook with nothing but values (ECMA-376)."""
    numbers = range(1, len(sheets) + 1)
    listed = "".join(
        f'<sheet name={quoteattr(sheet.title)} sheetId="{number}" r:id="rId{number}"/>'
        for number, sheet in zip(numbers, sheets, strict=True)
    )
    main_type = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": (
            f'<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{main_type}.sheet.main+xml"/>'
            + "".join(
                f'<Override PartName="/xl/worksheets/sheet{number}.xml" '
                f'ContentType="{main_type}.worksheet+xml"/>'
                for number in numbers
            )
            + "</Types>"
        ),
        "_rels/.rels": _relations([("officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": (
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>'
        ),
        "xl/_rels/workbook.xml.rels": _relations(
            [("worksheet", f"worksheets/sheet{number}.xml") for number in numbers]
        ),
        **{
            f"xl/worksheets/sheet{number}.xml": _worksheet(sheet)
            for number, sheet in zip(numbers, sheets, strict=True)
        },
    }
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as workbook:
        for name, part in parts.items():
            workbook.writestr(name, _HEAD + part)
    return written.getvalue()


def _relations(targets: Sequence[tuple[str, str]]) -> str:
    listed = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, start=1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{listed}</Relationships>'


def _worksheet(sheet: Sheet) -> str:
    rows = "".join(
        f'<row r="{down}">'
        + "".join(_cell(f"{letters(across)}{down}", cell) for across, cell in enumerate(row))
        + "</row>"
        for down, row in enumerate(sheet.rows, start=1)
    )
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>'


def _cell(place: str, cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return f'<c r="{place}" t="b"><v>{int(cell)}</v></c>'
        case int() | float():
            return f'<c r="{place}"><v>{cell}</v></c>'
        case _:
            text = "".join(char for char in str(cell) if char >= " " or char in "\t\n")
            return f'<c r="{place}" t="inlineStr"><is><t>{escape(text)}</t></is></c>'
