"""Microsoft Graph's folders, and what changed in them since a token (delta)."""

from __future__ import annotations

import base64
import binascii
import re
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, ValidationError

from sandbox.mail.changes import ForgottenError
from sandbox.mail.folders import MailboxFolder
from sandbox.mail.graph_call import (
    GraphError,
    document,
    folder_id,
    folder_of,
    list_page,
    mailbox_of,
    parse,
    read_body,
    refusals,
    shown_id,
)
from sandbox.mail.graph_limits import enter
from sandbox.mail.odata import DEFAULT_TOP, MAX_TOP, select
from sandbox.mail.store import MailStore
from sandbox.state import SandboxState, State

router = APIRouter(dependencies=[Depends(enter)])

_PAGE_SIZE = re.compile(r"odata\.maxpagesize=(\d{1,4})")


class _Name(BaseModel):
    display_name: str = Field(alias="displayName")


class _Place(BaseModel):
    """Where a reader is: after which change, and since when it reads; with the query it began."""

    after: int
    begun: int
    chosen: str


@router.get("/users/{user}/mailFolders")
async def list_folders(user: str, request: Request, state: State) -> dict[str, Any]:
    """List the folders of a mailbox."""
    mailbox = mailbox_of(user)
    folders = state.store(MailStore).folders.of(mailbox)
    return list_page(request, [_described(state, mailbox, one) for one in folders], "mailFolders")


@router.post("/users/{user}/mailFolders")
async def create_folder(user: str, request: Request, state: State) -> Response:
    """Make a folder."""
    mailbox = mailbox_of(user)
    wanted = parse(_Name, await read_body(request))
    with refusals():
        made = state.store(MailStore).folders.make(mailbox, wanted.display_name)
    return JSONResponse(_described(state, mailbox, made), status_code=HTTPStatus.CREATED)


@router.get("/users/{user}/mailFolders/{folder}")
async def get_folder(user: str, folder: str, request: Request, state: State) -> dict[str, Any]:
    """Describe a folder."""
    found = folder_of(state, user, folder)
    return select(_described(state, mailbox_of(user), found), request.query_params)


@router.get("/users/{user}/mailFolders/{folder}/messages")
async def list_messages(user: str, folder: str, request: Request, state: State) -> dict[str, Any]:
    """List the messages of a folder, newest first."""
    found = folder_of(state, user, folder)
    kept = state.store(MailStore).find(mailbox=mailbox_of(user), folders=[found.id])
    return list_page(request, [document(one, request) for one in reversed(kept)], "messages")


@router.get("/users/{user}/mailFolders/{folder}/messages/delta")
@router.get("/users/{user}/mailFolders/{folder}/messages/microsoft.graph.delta()")
async def list_changes(user: str, folder: str, request: Request, state: State) -> dict[str, Any]:
    """List what came, changed or left since a token; without one, all there is."""
    store, mailbox = state.store(MailStore), mailbox_of(user)
    found = folder_of(state, user, folder)
    place = _place(request, store.changes.last)
    try:
        changes = store.changes.after(max(place.after, place.begun), mailbox, found.id)
    except ForgottenError:
        text = "The sync state generation is not found; begin again without a token."
        raise GraphError(410, "SyncStateNotFound", text) from None
    rows: list[tuple[int, dict[str, Any]]] = [
        (stored.change, select(document(stored, request), {"$select": place.chosen}))
        for stored in store.find(mailbox=mailbox, folders=[found.id])
        if stored.change > place.after
    ]
    here = {stored.id for stored in store.find(mailbox=mailbox, folders=[found.id])}
    for change in changes:
        if change.kind == "removed" and change.mail_id not in here:
            gone = shown_id(request, change.mail_id, change.folder, change.uid)
            rows.append((change.number, {"id": gone, "@removed": {"reason": "deleted"}}))
    rows.sort(key=lambda row: row[0])
    page = rows[: _page_size(request)]
    is_last = len(page) == len(rows)
    after = max(store.changes.last, place.begun) if is_last else page[-1][0]
    token = _Place(
        after=after, begun=max(place.begun, after if is_last else 0), chosen=place.chosen
    )
    name, word = ("deltaLink", "$deltatoken") if is_last else ("nextLink", "$skiptoken")
    return {
        "@odata.context": f"{request.base_url}graph/v1.0/$metadata#Collection(message)",
        "value": [row for _, row in page],
        f"@odata.{name}": str(request.url.replace(query=f"{word}={_written(token)}")),
    }


def _described(state: SandboxState, mailbox: str, folder: MailboxFolder) -> dict[str, Any]:
    kept = state.store(MailStore).find(mailbox=mailbox, folders=[folder.id])
    return {
        "id": folder_id(mailbox, folder.id),
        "displayName": folder.name,
        "parentFolderId": folder_id(mailbox, "root"),
        "childFolderCount": 0,
        "totalItemCount": len(kept),
        "unreadItemCount": sum(not stored.is_read for stored in kept),
        "isHidden": False,
    }


def _page_size(request: Request) -> int:
    wanted = _PAGE_SIZE.search(request.headers.get("prefer", ""))
    return min(max(int(wanted[1]), 1), MAX_TOP) if wanted else DEFAULT_TOP


def _place(request: Request, now: int) -> _Place:
    options = request.query_params
    token = options.get("$deltatoken") or options.get("$skiptoken")
    if token is None:
        return _Place(after=0, begun=now, chosen=options.get("$select", ""))
    try:
        return _Place.model_validate_json(base64.urlsafe_b64decode(token))
    except (binascii.Error, ValidationError, ValueError):
        raise GraphError(400, "BadRequest", "Badly formed token.") from None


def _written(token: _Place) -> str:
    return quote(base64.urlsafe_b64encode(token.model_dump_json().encode()).decode())
