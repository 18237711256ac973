"""Google's pages: the files of Drive, the cells of sheets, and who is told of changes."""

from __future__ import annotations

import csv
import io
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, File, Form, HTTPException, Request, Response, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse

from sandbox.google.files import DOCUMENT, FOLDER, ROOT, SPREADSHEET, DriveFile, DriveStore
from sandbox.google.grid import Cell, Sheet, entered, formatted
from sandbox.html import LATEST, from_own_page, page
from sandbox.state import SandboxState, State

_SHOWN_CHARACTERS = 20_000

router = APIRouter(default_response_class=HTMLResponse)
changing = APIRouter(dependencies=[Depends(from_own_page)])


@router.get("/google")
async def drive(request: Request, state: State) -> Response:
    """Show all files, the places where one can lie, and the channels."""
    store = state.store(DriveStore)
    places = {ROOT: "My Drive", **{drive.id: drive.name for drive in store.drives()}}
    places |= {one.id: one.name for one in store.files() if one.mime_type == FOLDER}
    return page(
        request,
        "google.html",
        files=store.files()[:LATEST],
        places=places,
        channels=store.channels.open(),
        waiting=store.channels.waiting(),
    )


@router.get("/google/files/{file_id}")
async def one_file(file_id: str, request: Request, state: State) -> Response:
    """Show a file, and what can be changed of it."""
    file = _file_or_404(state, file_id)
    text = "" if file.sheets else file.content[:_SHOWN_CHARACTERS].decode("utf-8", "replace")
    sheets = {sheet.title: _csv(sheet) for sheet in file.sheets}
    is_text = file.mime_type.startswith("text/") or file.mime_type == DOCUMENT
    return page(
        request, "google_file.html", file=file, text=text if is_text else None, sheets=sheets
    )


@router.get("/google/files/{file_id}/content")
async def content(file_id: str, state: State) -> Response:
    """Hand out a file's content as an attachment."""
    file = _file_or_404(state, file_id)
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(file.content, media_type="application/octet-stream", headers=headers)


@changing.post("/google/files")
async def upload(
    state: State,
    upload: Annotated[UploadFile, File()],
    parent: Annotated[str, Form()] = ROOT,
) -> Response:
    """Keep an uploaded file."""
    store = state.store(DriveStore)
    folder = store.get(parent)
    drive_id = folder.drive_id if folder else parent if store.drive(parent) else ""
    file = DriveFile(
        name=upload.filename or "Untitled",
        mime_type=upload.content_type or "application/octet-stream",
        content=await upload.read(),
        parents=(parent if folder or drive_id else ROOT,),
        drive_id=drive_id,
    )
    return _to(store.add(file))


@changing.post("/google/files/{file_id}")
async def change(file_id: str, state: State, name: Annotated[str, Form()] = "") -> Response:
    """Rename a file."""
    file = _file_or_404(state, file_id)
    return _to(state.store(DriveStore).change(file, name=name.strip() or file.name))


@changing.post("/google/files/{file_id}/text")
async def write(file_id: str, state: State, text: Annotated[str, Form()] = "") -> Response:
    """Replace the text of a file or document."""
    file = _file_or_404(state, file_id)
    if file.mime_type in (SPREADSHEET, FOLDER):
        raise HTTPException(400, "This kind of file has no text.")
    return _to(state.store(DriveStore).change(file, content=text.encode()))


@changing.post("/google/files/{file_id}/cells")
async def write_cells(
    file_id: str,
    state: State,
    title: Annotated[str, Form()],
    cells: Annotated[str, Form()] = "",
) -> Response:
    """Replace the cells of a sheet, given as CSV."""
    file = _file_or_404(state, file_id)
    if all(sheet.title != title for sheet in file.sheets):
        raise HTTPException(404, "There is no such sheet.")
    try:
        rows = [[entered(cell) for cell in row] for row in csv.reader(io.StringIO(cells))]
    except csv.Error as wrong:
        raise HTTPException(400, f"This is no CSV: {wrong}") from None
    sheets = tuple(
        _refilled(sheet, rows) if sheet.title == title else sheet for sheet in file.sheets
    )
    return _to(state.store(DriveStore).change(file, sheets=sheets))


@changing.post("/google/files/{file_id}/trash")
async def trash(file_id: str, state: State) -> Response:
    """Put a file into the trash, or take it out again."""
    file = _file_or_404(state, file_id)
    return _to(state.store(DriveStore).change(file, trashed=not file.trashed))


@changing.post("/google/files/{file_id}/delete")
async def delete(file_id: str, state: State) -> Response:
    """Delete a file for good."""
    state.store(DriveStore).delete(_file_or_404(state, file_id).id)
    return _to()


@changing.post("/google/deliver")
async def deliver(
    state: State,
    times: Annotated[int, Form(ge=1, le=10)] = 1,
    shuffle: Annotated[bool, Form()] = False,  # noqa: FBT002 - a check box
) -> Response:
    """Deliver the push messages that wait."""
    await state.store(DriveStore).channels.deliver(repeat=times, shuffle=shuffle)
    return _to()


router.include_router(changing)


def _file_or_404(state: SandboxState, file_id: str) -> DriveFile:
    file = state.store(DriveStore).get(file_id)
    if file is None:
        raise HTTPException(404, "There is no such file; the stand-in may have been reset.")
    return file


def _to(file: DriveFile | None = None) -> Response:
    return RedirectResponse(f"/google/files/{file.id}" if file else "/google", 303)


def _csv(sheet: Sheet) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        [formatted(cell) for cell in row] for row in sheet.rows
    )
    return text.getvalue()


def _refilled(sheet: Sheet, rows: list[list[Cell]]) -> Sheet:
    empty = Sheet(sheet.title, (), sheet.sheet_id, sheet.row_count, sheet.column_count)
    return empty.put(0, 0, rows)
