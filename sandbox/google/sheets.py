"""Sheets v4: metadata and values of the spreadsheets that lie in Drive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from sandbox.google.access import for_sheets
from sandbox.google.errors import GoogleError
from sandbox.google.files import SPREADSHEET, DriveFile, DriveStore
from sandbox.google.grid import (
    Area,
    Cell,
    RangeError,
    Rows,
    Sheet,
    entered,
    find_area,
    find_table,
    formatted,
    trimmed,
)
from sandbox.google.parameters import Parameters, json_body
from sandbox.state import SandboxState, State

INPUTS = ("INPUT_VALUE_OPTION_UNSPECIFIED", "RAW", "USER_ENTERED")
RENDERS = ("FORMATTED_VALUE", "UNFORMATTED_VALUE", "FORMULA")
DATES = ("SERIAL_NUMBER", "FORMATTED_STRING")
DIMENSIONS = ("ROWS", "COLUMNS", "DIMENSION_UNSPECIFIED")
INSERTS = ("OVERWRITE", "INSERT_ROWS")

router = APIRouter(dependencies=[Depends(for_sheets)])


@router.post("")
async def create(request: Request, state: State) -> Response:
    """Keep a new spreadsheet, with one sheet."""
    body = await json_body(request, is_newer=True)
    properties = body.get("properties") or {}
    title = properties.get("title", "Untitled spreadsheet") if isinstance(properties, dict) else 0
    if not isinstance(title, str):
        raise _wrong("Invalid value at 'properties.title' (TYPE_STRING)")
    file = DriveFile(name=title, mime_type=SPREADSHEET, sheets=(Sheet("Sheet1"),))
    state.store(DriveStore).add(file)
    return Parameters(request).answer(_as_json(file, request))


@router.get("/{spreadsheet_id}")
async def get(spreadsheet_id: str, request: Request, state: State) -> Response:
    """Describe a spreadsheet and its sheets."""
    return Parameters(request).answer(_as_json(_file_of(state, spreadsheet_id), request))


@router.get("/{spreadsheet_id}/values:batchGet")
async def batch_get(spreadsheet_id: str, request: Request, state: State) -> Response:
    """Return the values of several ranges."""
    file, parameters = _file_of(state, spreadsheet_id), Parameters(request)
    ranges = [_values(file, text, parameters) for text in parameters.texts("ranges")]
    return parameters.answer({"spreadsheetId": file.id, "valueRanges": ranges})


@router.post("/{spreadsheet_id}/values:batchUpdate")
async def batch_update(spreadsheet_id: str, request: Request, state: State) -> Response:
    """Write values to several ranges: all of them, or none."""
    writing = _Writing(_file_of(state, spreadsheet_id))
    body = await json_body(request, is_newer=True)
    option = _one_of(body, "valueInputOption", INPUTS)
    data = body.get("data", [])
    if not isinstance(data, list) or not all(isinstance(one, dict) for one in data):
        raise _wrong("Invalid value at 'data'")
    answers = [writing.update(str(one.get("range", "")), one, option) for one in data]
    writing.save(state)
    totals = {
        f"totalUpdated{what}": sum(answer.get(f"updated{what}", 0) for answer in answers)
        for what in ("Rows", "Columns", "Cells")
    }
    totals["totalUpdatedSheets"] = writing.touched
    answer = {"spreadsheetId": spreadsheet_id, **totals, "responses": answers}
    return Parameters(request).answer(answer)


@router.post("/{spreadsheet_id}/values:batchClear")
async def batch_clear(spreadsheet_id: str, request: Request, state: State) -> Response:
    """Empty several ranges: all of them, or none."""
    writing = _Writing(_file_of(state, spreadsheet_id))
    ranges = (await json_body(request, is_newer=True)).get("ranges", [])
    if not isinstance(ranges, list):
        raise _wrong("Invalid value at 'ranges'")
    cleared = [writing.clear(str(text)) for text in ranges]
    writing.save(state)
    return Parameters(request).answer({"spreadsheetId": spreadsheet_id, "clearedRanges": cleared})


@router.post("/{spreadsheet_id}/values/{area:anything}:append")
async def append(spreadsheet_id: str, area: str, request: Request, state: State) -> Response:
    """Write rows below the table that lies in a range."""
    writing, parameters = _Writing(_file_of(state, spreadsheet_id)), Parameters(request)
    option = parameters.one_of("valueInputOption", INPUTS)
    parameters.one_of("insertDataOption", INSERTS)
    body = await json_body(request, is_newer=True)
    found = writing.area(area)
    sheet, top, left = found.sheet, found.top, found.left
    answer: dict[str, Any] = {"spreadsheetId": spreadsheet_id}
    if (table := find_table(found)) is not None:
        top, left = table.bottom, table.left
        answer["tableRange"] = str(table)
    rows = _rows(body)
    writing.put(sheet, top, left, rows, option)
    answer["updates"] = writing.told(sheet, top, left, rows)
    writing.save(state)
    return parameters.answer(answer)


@router.post("/{spreadsheet_id}/values/{area:anything}:clear")
async def clear(spreadsheet_id: str, area: str, request: Request, state: State) -> Response:
    """Empty a range; formats would stay."""
    writing = _Writing(_file_of(state, spreadsheet_id))
    cleared = writing.clear(area)
    writing.save(state)
    return Parameters(request).answer({"spreadsheetId": spreadsheet_id, "clearedRange": cleared})


@router.get("/{spreadsheet_id}/values/{area:anything}")
async def get_values(spreadsheet_id: str, area: str, request: Request, state: State) -> Response:
    """Return the values of a range."""
    parameters = Parameters(request)
    return parameters.answer(_values(_file_of(state, spreadsheet_id), area, parameters))


@router.put("/{spreadsheet_id}/values/{area:anything}")
async def update(spreadsheet_id: str, area: str, request: Request, state: State) -> Response:
    """Write values to a range."""
    writing, parameters = _Writing(_file_of(state, spreadsheet_id)), Parameters(request)
    option = parameters.one_of("valueInputOption", INPUTS)
    answer = writing.update(area, await json_body(request, is_newer=True), option)
    writing.save(state)
    return parameters.answer(answer)


@dataclass
class _Writing:
    """Changes to a spreadsheet that are kept together, or not at all."""

    file: DriveFile

    def __post_init__(self) -> None:
        self._sheets = {sheet.title: sheet for sheet in self.file.sheets}
        self._touched: set[str] = set()

    @property
    def touched(self) -> int:
        return len(self._touched)

    def area(self, text: str) -> Area:
        return _area(list(self._sheets.values()), text)

    def update(self, text: str, body: dict[str, Any], option: str) -> dict[str, Any]:
        found, rows = self.area(text), _rows(body)
        height, width = len(rows), max((len(row) for row in rows), default=0)
        too_high = found.top + height > found.bottom
        too_wide = found.left + width > found.right
        if not found.is_one_cell and (too_high or too_wide):
            raise _wrong(f"Requested writing within range [{found}], but tried writing beyond it")
        if found.left + width > found.sheet.column_count:
            raise _wrong(f"Range ({text[:100]}) exceeds grid limits.")
        self.put(found.sheet, found.top, found.left, rows, option)
        return self.told(found.sheet, found.top, found.left, rows)

    def clear(self, text: str) -> str:
        found = self.area(text)
        filled = min(found.bottom, len(found.sheet.rows)) - found.top
        blank: Rows = [[""] * (found.right - found.left) for _ in range(max(filled, 0))]
        self.put(found.sheet, found.top, found.left, blank, "RAW")
        return str(found)

    def put(self, sheet: Sheet, top: int, left: int, rows: Rows, option: str) -> None:
        if option == INPUTS[0]:
            raise _wrong("'valueInputOption' is required but not specified")
        written = [[entered(cell) for cell in row] for row in rows] if option != "RAW" else rows
        self._sheets[sheet.title] = sheet.put(top, left, written)
        self._touched.add(sheet.title)

    def told(self, sheet: Sheet, top: int, left: int, rows: Rows) -> dict[str, Any]:
        height, width = len(rows), max((len(row) for row in rows), default=0)
        area = Area(sheet, top, left, top + max(height, 1), left + max(width, 1))
        counts = {"updatedRows": height, "updatedColumns": width}
        cells = sum(len(row) for row in rows)
        shown = {name: count for name, count in counts.items() if count}
        answer = {"spreadsheetId": self.file.id, "updatedRange": str(area), **shown}
        return {**answer, "updatedCells": cells} if cells else answer

    def save(self, state: SandboxState) -> None:
        state.store(DriveStore).change(self.file, sheets=tuple(self._sheets.values()))


def _file_of(state: SandboxState, spreadsheet_id: str) -> DriveFile:
    file = state.store(DriveStore).get(spreadsheet_id)
    if file is None:
        raise GoogleError(404, "Requested entity was not found.", is_newer=True)
    if file.mime_type != SPREADSHEET:
        text = "This operation is not supported for this document"
        raise GoogleError(400, text, "FAILED_PRECONDITION", is_newer=True)
    return file


def _as_json(file: DriveFile, request: Request) -> dict[str, Any]:
    return {
        "spreadsheetId": file.id,
        "properties": {
            "title": file.name,
            "locale": "en_US",
            "autoRecalc": "ON_CHANGE",
            "timeZone": "America/Toronto",
        },
        "sheets": [
            {
                "properties": {
                    "sheetId": sheet.sheet_id,
                    "title": sheet.title,
                    "index": index,
                    "sheetType": "GRID",
                    "gridProperties": {
                        "rowCount": sheet.row_count,
                        "columnCount": sheet.column_count,
                    },
                }
            }
            for index, sheet in enumerate(file.sheets)
        ],
        "spreadsheetUrl": f"{request.base_url}google/files/{file.id}",
    }


def _values(file: DriveFile, text: str, parameters: Parameters) -> dict[str, Any]:
    render = parameters.one_of("valueRenderOption", RENDERS)
    dimension = parameters.one_of("majorDimension", DIMENSIONS)
    parameters.one_of("dateTimeRenderOption", DATES)
    found = _area(file.sheets, text)
    show = formatted if render == RENDERS[0] else _unformatted
    rows = found.values()
    if dimension == "COLUMNS":
        width = max((len(row) for row in rows), default=0)
        padded = [[*row, *[None] * (width - len(row))] for row in rows]
        rows = trimmed([list(column) for column in zip(*padded, strict=True)])
    shown = [[show(cell) for cell in row] for row in rows]
    answer: dict[str, Any] = {"range": str(found), "majorDimension": dimension}
    return {**answer, "values": shown} if shown else answer


def _area(sheets: Any, text: str) -> Area:  # noqa: ANN401 - a sequence of sheets
    try:
        return find_area(sheets, text)
    except RangeError as wrong:
        raise _wrong(str(wrong)) from None


def _rows(body: dict[str, Any]) -> Rows:
    """Read rows from a ``ValueRange``; columns are turned."""
    dimension = _one_of(body, "majorDimension", DIMENSIONS)
    given = body.get("values", [])
    if not isinstance(given, list) or not all(isinstance(row, list) for row in given):
        raise _wrong(
            "Invalid value at 'data.values' (type.googleapis.com/google.protobuf.ListValue)"
        )
    if any(isinstance(cell, (list, dict)) for row in given for cell in row):
        raise _wrong("Invalid values: list_value or struct_value in a cell")
    if dimension == "COLUMNS":
        width = max((len(row) for row in given), default=0)
        padded = [[*row, *[None] * (width - len(row))] for row in given]
        return [list(column) for column in zip(*padded, strict=True)]
    return given


def _one_of(body: dict[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    given = body.get(name, allowed[0])
    if given not in allowed:
        raise _wrong(f"Invalid value at '{name}'")
    return str(given)


def _unformatted(cell: Cell) -> Cell:
    return "" if cell is None else cell


def _wrong(message: str) -> GoogleError:
    return GoogleError(400, message, is_newer=True)
