"""Microsoft Graph's messages.

Sending answers 202 without a body and keeps a copy in Sent Items, where it is found by
``internetMessageId``, which is the MIME Message-ID.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from sandbox.mail.folders import Folder
from sandbox.mail.graph_call import (
    GraphError,
    decoded,
    document,
    folder_of,
    is_json,
    list_page,
    mailbox_of,
    message_of,
    parse,
    read_body,
    read_mime,
    refusals,
    write_mime,
)
from sandbox.mail.graph_limits import enter
from sandbox.mail.graph_message import SendMailRequest
from sandbox.mail.odata import select
from sandbox.mail.store import SEEN, MailStore, StoredMail
from sandbox.state import State

router = APIRouter(dependencies=[Depends(enter)])


class _Destination(BaseModel):
    destination_id: str = Field(alias="destinationId")


class _Marks(BaseModel):
    is_read: bool | None = Field(None, alias="isRead")


@router.post("/users/{user}/sendMail")
@router.post("/users/{user}/microsoft.graph.sendMail")
async def send_mail(user: str, request: Request, state: State) -> Response:
    """Send a message given as MIME in base64, or as JSON."""
    mailbox = mailbox_of(user)
    body = await read_body(request)
    if is_json(request):
        sending = parse(SendMailRequest, body)
        raw = write_mime(sending.message, mailbox)
        keep = sending.save_to_sent_items
    else:
        raw, keep = decoded(body), True
    with refusals():
        state.store(MailStore).submit(raw, sender=mailbox, via="graph", keep_sent=keep)
    return Response(status_code=HTTPStatus.ACCEPTED)


@router.post("/users/{user}/messages")
async def create_draft(user: str, request: Request, state: State) -> Response:
    """Keep a draft given as MIME in base64, or as JSON."""
    mailbox = mailbox_of(user)
    raw = await read_mime(request, mailbox)
    with refusals():
        draft = state.store(MailStore).add_draft(raw, mailbox=mailbox)
    return JSONResponse(document(draft, request), status_code=HTTPStatus.CREATED)


@router.post("/users/{user}/messages/{message_id}/send")
@router.post("/users/{user}/messages/{message_id}/microsoft.graph.send")
async def send_draft(user: str, message_id: str, state: State) -> Response:
    """Send a draft."""
    draft = message_of(state, user, message_id)
    if draft.folder != "drafts":
        raise GraphError(400, "ErrorInvalidOperation", "Only a draft can be sent.")
    with refusals():
        state.store(MailStore).send_draft(draft)
    return Response(status_code=HTTPStatus.ACCEPTED)


@router.get("/users/{user}/messages")
async def list_messages(user: str, request: Request, state: State) -> dict[str, Any]:
    """List the messages of all folders, newest first."""
    kept = state.store(MailStore).find(mailbox=mailbox_of(user))
    return list_page(request, [document(one, request) for one in reversed(kept)], "messages")


@router.get("/users/{user}/messages/{message_id}")
async def get_message(user: str, message_id: str, request: Request, state: State) -> dict[str, Any]:
    """Return one message."""
    stored = message_of(state, user, message_id)
    return select(document(stored, request), request.query_params)


@router.get("/users/{user}/messages/{message_id}/$value")
async def get_mime(user: str, message_id: str, state: State) -> Response:
    """Return one message as MIME."""
    return Response(message_of(state, user, message_id).mail.raw, media_type="text/plain")


@router.patch("/users/{user}/messages/{message_id}")
async def mark_message(
    user: str, message_id: str, request: Request, state: State
) -> dict[str, Any]:
    """Mark a message as read or unread; nothing else is changed here."""
    stored = message_of(state, user, message_id)
    marks = parse(_Marks, await read_body(request))
    if marks.is_read is not None:
        flags = stored.flags | {SEEN} if marks.is_read else stored.flags - {SEEN}
        stored = state.store(MailStore).set_flags(stored, flags)
    return document(stored, request)


@router.delete("/users/{user}/messages/{message_id}")
async def delete_message(user: str, message_id: str, state: State) -> Response:
    """Put a message into the trash, or delete it for good if it lies there."""
    stored, store = message_of(state, user, message_id), state.store(MailStore)
    if stored.folder == "deleteditems":
        store.delete(stored)
    else:
        store.move(stored, "deleteditems")
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.post("/users/{user}/messages/{message_id}/move")
@router.post("/users/{user}/messages/{message_id}/microsoft.graph.move")
async def move_message(user: str, message_id: str, request: Request, state: State) -> Response:
    """Move a message to another folder."""
    return await _put(user, message_id, request, state, state.store(MailStore).move)


@router.post("/users/{user}/messages/{message_id}/copy")
@router.post("/users/{user}/messages/{message_id}/microsoft.graph.copy")
async def copy_message(user: str, message_id: str, request: Request, state: State) -> Response:
    """Copy a message to another folder."""
    return await _put(user, message_id, request, state, state.store(MailStore).copy)


async def _put(
    user: str,
    message_id: str,
    request: Request,
    state: State,
    act: Callable[[StoredMail, Folder], StoredMail],
) -> Response:
    stored = message_of(state, user, message_id)
    wanted = parse(_Destination, await read_body(request))
    put = act(stored, folder_of(state, user, wanted.destination_id).id)
    return JSONResponse(document(put, request), status_code=HTTPStatus.CREATED)
