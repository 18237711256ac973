"""Drive's uploads: the content alone (``media``), or with what is said of it (``multipart``)."""

from __future__ import annotations

from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from sandbox.google.access import for_drive
from sandbox.google.drive import FILE_FIELDS, changes_of, file_of
from sandbox.google.errors import GoogleError, invalid
from sandbox.google.files import DriveFile, DriveStore
from sandbox.google.parameters import Parameters, read_object
from sandbox.state import SandboxState, State

router = APIRouter(dependencies=[Depends(for_drive)])


@router.post("/files")
async def upload_file(request: Request, state: State) -> Response:
    """Keep a new file."""
    parameters = Parameters(request)
    fields = await _uploaded(request, state, parameters, is_new=True)
    file = state.store(DriveStore).add(DriveFile(**{"name": "Untitled", **fields}))
    return parameters.answer(file.as_json(str(request.base_url)), FILE_FIELDS)


@router.patch("/files/{file_id}")
async def upload_content(file_id: str, request: Request, state: State) -> Response:
    """Replace a file's content."""
    parameters = Parameters(request)
    file = file_of(state, file_id, parameters)
    fields = await _uploaded(request, state, parameters, is_new=False)
    if file.is_native:
        raise GoogleError(403, "Content can't be put into this file.", "fileNotWritable")
    changed = state.store(DriveStore).change(file, is_whole=True, **fields)
    return parameters.answer(changed.as_json(str(request.base_url)), FILE_FIELDS)


async def _uploaded(
    request: Request, state: SandboxState, parameters: Parameters, *, is_new: bool
) -> dict[str, Any]:
    """Return what a new file or content is, as changes to ``DriveFile``.

    Raises:
        GoogleError: the upload can't be read; resumable ones aren't played here.
    """
    body, kind = await request.body(), request.headers.get("content-type", "")
    match parameters.text("uploadType"):
        case "media":
            mime_type = kind.partition(";")[0].strip() or "application/octet-stream"
            return {"content": body, "mime_type": mime_type}
        case "multipart":
            described, content = _parts(kind, body)
            said = changes_of(state, read_object(_content(described)), is_new=is_new)
            given = {"content": _content(content), "mime_type": content.get_content_type()}
            return {**given, **said}
        case other:
            raise invalid("uploadType", other)


def _parts(kind: str, body: bytes) -> tuple[Message, Message]:
    raw = b"Content-Type: " + kind.encode("latin-1", "replace") + b"\r\n\r\n" + body
    parts = BytesParser(policy=HTTP).parsebytes(raw).get_payload()
    match parts:
        case [Message() as described, Message() as content]:
            return described, content
    raise GoogleError(400, "Malformed multipart body.", "badContent")


def _content(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        raise GoogleError(400, "Malformed multipart body.", "badContent")
    return content
