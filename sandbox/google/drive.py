"""Drive v3: files and shared drives."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from sandbox.google.access import for_drive
from sandbox.google.errors import GoogleError, invalid
from sandbox.google.export import export
from sandbox.google.files import FOLDER, ROOT, SPREADSHEET, DriveFile, DriveStore
from sandbox.google.grid import Sheet
from sandbox.google.parameters import Parameters, json_body
from sandbox.google.query import parse_query
from sandbox.state import SandboxState, State

FILE_FIELDS = "kind,id,name,mimeType"
_RANGE = re.compile(r"bytes=(\d{1,15})-(\d{1,15})?")
_CORPORA = ("user", "domain", "drive", "allDrives")
_ORDERS: dict[str, Callable[[DriveFile], Any]] = {
    "name": lambda file: file.name,
    "name_natural": lambda file: file.name.lower(),
    "createdTime": lambda file: file.created_at,
    "modifiedTime": lambda file: file.modified_at,
    "folder": lambda file: file.mime_type != FOLDER,
}

router = APIRouter(dependencies=[Depends(for_drive)])


@router.get("/about")
async def get_about(request: Request) -> Response:
    """Tell whose Drive it is; which fields are wanted must be said."""
    parameters = Parameters(request)
    if not parameters.text("fields"):
        text = "The 'fields' parameter is required for this method."
        raise GoogleError(400, text, "required", location="fields")
    user = {"kind": "drive#user", "displayName": "Sandbox", "me": True}
    return parameters.answer(
        {"kind": "drive#about", "user": {**user, "emailAddress": "sandbox@example.com"}}
    )


@router.get("/files")
async def list_files(request: Request, state: State) -> Response:
    """List files by a search, a page at a time."""
    parameters = Parameters(request)
    wanted = parse_query(parameters.text("q"))
    found = [file for file in _in_reach(state, parameters) if wanted(file)]
    for order in reversed([key for key in parameters.text("orderBy").split(",") if key]):
        name, _, direction = order.strip().partition(" ")
        if name not in _ORDERS or direction not in ("", "desc"):
            raise invalid("orderBy", order)
        found.sort(key=_ORDERS[name], reverse=bool(direction))
    size = parameters.number("pageSize", 100, 1, 1000)
    begin = _read_cursor(parameters.text("pageToken"))
    page = found[begin : begin + size]
    body: dict[str, Any] = {"kind": "drive#fileList", "incompleteSearch": False}
    if begin + size < len(found):
        body["nextPageToken"] = _cursor(begin + size)
    body["files"] = [file.as_json(str(request.base_url)) for file in page]
    return parameters.answer(body, f"kind,incompleteSearch,nextPageToken,files({FILE_FIELDS})")


@router.post("/files")
async def create_file(request: Request, state: State) -> Response:
    """Keep a file without content: a folder, a document, a spreadsheet."""
    parameters = Parameters(request)
    fields = changes_of(state, await json_body(request))
    if fields.get("mime_type") == SPREADSHEET:
        fields["sheets"] = (Sheet("Sheet1"),)
    file = state.store(DriveStore).add(DriveFile(**{"name": "Untitled", **fields}))
    return parameters.answer(file.as_json(str(request.base_url)), FILE_FIELDS)


@router.delete("/files/trash")
async def empty_trash(state: State) -> Response:
    """Delete for good what lies in the trash."""
    store = state.store(DriveStore)
    for file in store.files():
        if file.trashed:
            store.delete(file.id)
    return Response(status_code=204)


@router.get("/files/{file_id}")
async def get_file(file_id: str, request: Request, state: State) -> Response:
    """Describe a file; by ``alt=media``, hand out its content or a part of it."""
    parameters = Parameters(request)
    file = file_of(state, file_id, parameters)
    if parameters.one_of("alt", ("json", "media")) == "json":
        return parameters.answer(file.as_json(str(request.base_url)), FILE_FIELDS)
    if file.is_native:
        text = "Only files with binary content can be downloaded. Use Export with Docs Editors."
        raise GoogleError(403, text, "fileNotDownloadable", location="alt")
    return _part(file, request.headers.get("range"))


@router.get("/files/{file_id}/export")
async def export_file(file_id: str, request: Request, state: State) -> Response:
    """Hand out a document or spreadsheet in another format."""
    file = state.store(DriveStore).get(file_id)
    if file is None:
        raise not_found(file_id)
    mime_type = Parameters(request).text("mimeType")
    if not mime_type:
        raise GoogleError(400, "Required parameter: mimeType", "required", location="mimeType")
    return Response(export(file, mime_type), media_type=mime_type)


@router.patch("/files/{file_id}")
async def update_file(file_id: str, request: Request, state: State) -> Response:
    """Change what is said of a file: its name, its folder, whether it is in the trash."""
    parameters = Parameters(request)
    file = file_of(state, file_id, parameters)
    fields = changes_of(state, await json_body(request), is_new=False)
    added, removed = (_ids(parameters.text(name)) for name in ("addParents", "removeParents"))
    if added or removed:
        kept = [one for one in file.parents if one not in removed]
        fields |= place_of(state, [*kept, *added])
    changed = state.store(DriveStore).change(file, **fields)
    return parameters.answer(changed.as_json(str(request.base_url)), FILE_FIELDS)


@router.delete("/files/{file_id}")
async def delete_file(file_id: str, request: Request, state: State) -> Response:
    """Delete a file for good."""
    file = file_of(state, file_id, Parameters(request))
    state.store(DriveStore).delete(file.id)
    return Response(status_code=204)


@router.get("/drives")
async def list_drives(request: Request, state: State) -> Response:
    """List the shared drives."""
    parameters = Parameters(request)
    size = parameters.number("pageSize", 10, 1, 100)
    begin = _read_cursor(parameters.text("pageToken"))
    drives = state.store(DriveStore).drives()
    body: dict[str, Any] = {"kind": "drive#driveList"}
    if begin + size < len(drives):
        body["nextPageToken"] = _cursor(begin + size)
    body["drives"] = [drive.as_json() for drive in drives[begin : begin + size]]
    return parameters.answer(body, "kind,nextPageToken,drives(kind,id,name)")


@router.get("/drives/{drive_id}")
async def get_drive(drive_id: str, request: Request, state: State) -> Response:
    """Describe a shared drive."""
    drive = state.store(DriveStore).drive(drive_id)
    if drive is None:
        raise GoogleError(404, f"Shared drive not found: {drive_id}", "notFound")
    return Parameters(request).answer(drive.as_json(), "kind,id,name")


def file_of(state: SandboxState, file_id: str, parameters: Parameters) -> DriveFile:
    """Return a file; one of a shared drive only to those who say that they know of such.

    Raises:
        GoogleError: 404.
    """
    file = state.store(DriveStore).get(file_id)
    if file is None or (file.drive_id and not parameters.flag("supportsAllDrives")):
        raise not_found(file_id)
    return file


def not_found(file_id: str) -> GoogleError:
    """Build the refusal of a file that isn't there."""
    return GoogleError(404, f"File not found: {file_id}.", "notFound", location="fileId")


def changes_of(state: SandboxState, body: dict[str, Any], *, is_new: bool = True) -> dict[str, Any]:
    """Read what a caller says of a file, as changes to ``DriveFile``.

    Raises:
        GoogleError: something has the wrong type, or names a folder that isn't there.
    """
    changes: dict[str, Any] = {}
    for name, field, kind in (
        ("name", "name", str),
        ("mimeType", "mime_type", str),
        ("description", "description", str),
        ("trashed", "trashed", bool),
        ("starred", "starred", bool),
    ):
        if (value := body.get(name)) is not None:
            if not isinstance(value, kind):
                raise invalid(name, str(value))
            changes[field] = value
    parents = body.get("parents")
    if parents is None:
        return changes
    if not isinstance(parents, list) or not all(isinstance(one, str) for one in parents):
        raise invalid("parents", str(parents))
    if not is_new:
        text = "The parents field is not directly writable. Use addParents and removeParents."
        raise GoogleError(403, text, "fieldNotWritable")
    return changes | place_of(state, parents)


def place_of(state: SandboxState, parents: Iterable[str]) -> dict[str, Any]:
    """Return where a file with these parents lies.

    Raises:
        GoogleError: one isn't there, or there is more than one.
    """
    found = list(dict.fromkeys(_id(one) for one in parents)) or [ROOT]
    if len(found) > 1:
        raise GoogleError(403, "A file has one parent.", "multipleParentsNotSupported")
    store, parent = state.store(DriveStore), found[0]
    folder = store.get(parent)
    if parent != ROOT and folder is None and store.drive(parent) is None:
        raise not_found(parent)
    drive_id = folder.drive_id if folder else "" if parent == ROOT else parent
    return {"parents": (parent,), "drive_id": drive_id}


def _id(text: str) -> str:
    return ROOT if text == "root" else text


def _ids(text: str) -> list[str]:
    return [_id(one) for one in text.split(",") if one]


def _in_reach(state: SandboxState, parameters: Parameters) -> list[DriveFile]:
    """Return the files that a list may hold, by whose drives were asked for."""
    shared = parameters.flag("includeItemsFromAllDrives")
    supports = parameters.flag("supportsAllDrives")
    drive_id, corpora = parameters.text("driveId"), parameters.one_of("corpora", _CORPORA)
    if shared and not supports:
        text = "The supportsAllDrives parameter must be true if items from shared drives are asked."
        raise GoogleError(403, text, "invalid", location="supportsAllDrives")
    if bool(drive_id) != (corpora == "drive"):
        text = "The driveId parameter must be specified if and only if corpora is set to drive."
        raise GoogleError(400, text, "invalid", location="driveId")
    if corpora == "allDrives" and not shared:
        text = "The includeItemsFromAllDrives parameter must be true for corpora=allDrives."
        raise GoogleError(400, text, "invalid", location="includeItemsFromAllDrives")
    files = state.store(DriveStore).files()
    if drive_id:
        if state.store(DriveStore).drive(drive_id) is None:
            raise GoogleError(404, f"Shared drive not found: {drive_id}", "notFound")
        return [file for file in files if file.drive_id == drive_id]
    return [file for file in files if shared or not file.drive_id]


def _part(file: DriveFile, wanted: str | None) -> Response:
    headers = {"Accept-Ranges": "bytes", "Content-Disposition": "attachment"}
    found = _RANGE.fullmatch(wanted or "")
    if found is None:
        return Response(file.content, media_type=file.mime_type, headers=headers)
    begin, size = int(found[1]), len(file.content)
    end = min(int(found[2] or size - 1), size - 1)
    if begin > end:
        raise GoogleError(416, "Request range not satisfiable", "requestedRangeNotSatisfiable")
    headers["Content-Range"] = f"bytes {begin}-{end}/{size}"
    return Response(file.content[begin : end + 1], 206, media_type=file.mime_type, headers=headers)


def _cursor(begin: int) -> str:
    return "~!!~" + base64.urlsafe_b64encode(str(begin).encode()).decode()


def _read_cursor(text: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(text.removeprefix("~!!~"))) if text else 0
    except (ValueError, binascii.Error):
        raise invalid("pageToken", text) from None
