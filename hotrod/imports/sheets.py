"""Rows of a CSV or XLSX file, as somebody's spreadsheet program saved it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from io import BytesIO, StringIO
from itertools import zip_longest
from pathlib import PurePath
from warnings import catch_warnings, simplefilter
from zipfile import BadZipFile, ZipFile

from hotrod.errors import InvalidInputError

MOST_ROWS = 20_000
"""Fewer than the parameters that a statement takes: 32,767."""
MOST_UNPACKED_BYTES = 200_000_000
"""Of an XLSX file, which is a zip: a small one may unpack to more than the memory holds."""

_SEPARATORS = ",;\t|"
_SIGNS = re.compile(r'\[\$([^\]-]+)[^\]]*\]|\[[^\]]*\]|"([^"]*)"|([A-Z]{0,3}[$€£¥]|[A-Z]{3})')
"""Currencies of a number's format: [$€-407] or "USD"; colors and languages are in brackets, too."""
_SIGN = re.compile(r"[A-Z]{0,3}[$€£¥]|[A-Z]{3}")
_EXACT_TEXT = re.compile(r'="([^"]*)"')


@dataclass(frozen=True)
class Formula:
    """A cell that holds a formula of which the result isn't in the file."""

    text: str


class Money(Decimal):
    """A number that the spreadsheet shows with currencies: their codes or symbols."""

    signs: tuple[str, ...] = ()


Cell = str | Decimal | datetime | bool | Formula
"""Numbers of a CSV file are text; those of an XLSX file are numbers already."""


@dataclass(frozen=True)
class SheetRow:
    """A row that isn't empty; ``number`` is that which a spreadsheet program shows.

    Empty cells aren't among ``cells``.
    """

    number: int
    cells: Mapping[str, Cell]
    has_more: bool = False


@dataclass(frozen=True)
class Sheet:
    """The table of a file; columns are in lower case with underscores."""

    columns: tuple[str, ...]
    rows: tuple[SheetRow, ...]
    other_sheets: tuple[str, ...] = ()


def read_sheet(name: str, content: bytes) -> Sheet:
    """Return the table of a file: its first sheet that isn't empty, headed by its first row.

    CSV may be UTF-8, UTF-16 with its mark, or Windows-1252, with commas, semicolons, tabs or bars.

    Args:
        name: of the file, for its ending.
        content: of the file.

    Raises:
        InvalidInputError: it is empty, too large, broken, of another format, or has no usable
            header, or no row below it.
    """
    ending = PurePath(name).suffix.lower()
    if not content.strip():
        raise InvalidInputError(name, "the file is empty.", "Save it again with its rows.")
    if ending in {".xlsx", ".xlsm"}:
        return _xlsx(name, content)
    if ending in {".csv", ".tsv", ".txt"}:
        return _table(name, _csv_rows(name, content))
    raise InvalidInputError(name, f"{ending or 'no ending'} isn't read.", "Save it as CSV or XLSX.")


def column_name(heading: str) -> str:
    """Return a heading as a column's name: "Unit Cost (CAD)" is unit_cost_cad."""
    return re.sub(r"[\W_]+", "_", heading.casefold()).strip("_")


def _table(
    name: str, rows: Iterable[tuple[int, Sequence[Cell | None]]], others: Sequence[str] = ()
) -> Sheet:
    filled = ((number, cells) for number, cells in rows if any(cell is not None for cell in cells))
    _, head = next(filled, (0, ()))
    columns = [column_name(cell) if isinstance(cell, str) else "" for cell in head]
    named = [column for column in columns if column]
    if not named:
        raise InvalidInputError(
            name, "there are no rows.", "Its first row must name the columns, e.g. sku, name."
        )
    if doubled := sorted({column for column in named if named.count(column) > 1}):
        raise InvalidInputError(
            name, f"a column stands there twice: {', '.join(doubled)}.", "Remove one of them."
        )
    found: list[SheetRow] = []
    for number, cells in filled:
        if len(found) == MOST_ROWS:
            raise InvalidInputError(name, f"it has over {MOST_ROWS} rows.", "Split the file.")
        pairs = [
            pair for pair in zip_longest(columns, cells, fillvalue=None) if pair[1] is not None
        ]
        found.append(
            SheetRow(
                number,
                {column: cell for column, cell in pairs if column and cell is not None},
                has_more=any(not column for column, _ in pairs),
            )
        )
    if not found:
        raise InvalidInputError(
            name, "there is no row below its heading.", "Add a row for each, and save it again."
        )
    return Sheet(tuple(named), tuple(found), tuple(others))


def _csv_rows(name: str, content: bytes) -> Iterator[tuple[int, list[Cell | None]]]:
    text = _decoded(name, content)
    head = text.split("\n", 1)[0]
    if hint := re.fullmatch(r"sep=(.)\r?", head):
        separator = hint[1]
    else:
        separator = max(_SEPARATORS, key=head.count)
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    start = 1
    try:
        for fields in reader:
            if not (hint and start == 1):
                yield start, [_csv_cell(field) for field in fields]
            start = reader.line_num + 1
    except csv.Error as error:
        raise InvalidInputError(
            name, f"line {start} can't be read: {error}.", "Check the quotes in this line."
        ) from None


def _csv_cell(field: str) -> Cell | None:
    text = field.strip()
    if exact := _EXACT_TEXT.fullmatch(text):
        text = exact[1]
    elif text.startswith("="):
        return Formula(text)
    return text or None


def _decoded(name: str, content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise InvalidInputError(name, "this isn't text.", "Save it as CSV in UTF-8.")


def _xlsx(name: str, content: bytes) -> Sheet:
    from openpyxl import load_workbook

    broken = InvalidInputError(
        name, "this isn't an XLSX file, or it has a password.", "Save it anew, without one."
    )
    try:
        with ZipFile(BytesIO(content)) as archive:
            unpacked = sum(each.file_size for each in archive.infolist())
        if unpacked > MOST_UNPACKED_BYTES:
            raise InvalidInputError(name, "it is too large.", "Save only the table, as CSV.")
        with catch_warnings():
            simplefilter("ignore", UserWarning)  # of styles that openpyxl doesn't know
            written = load_workbook(BytesIO(content), read_only=True)
            results = load_workbook(BytesIO(content), read_only=True, data_only=True)
    except (BadZipFile, KeyError, ValueError, SyntaxError):
        raise broken from None
    try:
        for sheet, results_sheet in zip(written.worksheets, results.worksheets, strict=True):
            for each in (sheet, results_sheet):
                each.reset_dimensions()  # some programs write too small ones
            pairs = zip(sheet.iter_rows(), results_sheet.iter_rows(values_only=True), strict=True)
            rows = [
                (number, [_xlsx_cell(*pair) for pair in zip(cells, values, strict=True)])
                for number, (cells, values) in enumerate(pairs, 1)
            ]
            if any(cell is not None for _, cells in rows for cell in cells):
                others = [each.title for each in written.worksheets if each is not sheet]
                return _table(name, rows, others)
    except (KeyError, ValueError, SyntaxError):
        raise broken from None
    finally:
        written.close()
        results.close()
    raise InvalidInputError(name, "all its sheets are empty.", "Save it again with its rows.")


def _xlsx_cell(cell: object, result: object) -> Cell | None:
    """Return a cell by what is written in it and what came of it."""
    written = getattr(cell, "value", None)
    is_formula = getattr(cell, "data_type", "") == "f"
    if is_formula and result is None:
        return Formula(str(written))
    if isinstance(result, bool | datetime):
        return result
    if isinstance(result, int | float):
        return _xlsx_number(Decimal(repr(result)), getattr(cell, "number_format", None))
    text = "" if result is None else str(result).strip()
    return text or None


def _xlsx_number(number: Decimal, number_format: str | None) -> Decimal:
    found = _SIGNS.findall((number_format or "").replace("\\", ""))
    told = dict.fromkeys("".join(groups).strip().upper() for groups in found)
    signs = tuple(sign for sign in told if _SIGN.fullmatch(sign))
    if not signs:
        return number
    money = Money(number)
    money.signs = signs
    return money
