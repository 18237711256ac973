"""Drive v3: changes since a page token, and the channels that tell of them."""

from __future__ import annotations

import ipaddress
import re
import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request, Response

from sandbox.google.access import for_drive
from sandbox.google.channels import DEFAULT_LIFE, LONGEST_LIFE, Channel
from sandbox.google.drive import FILE_FIELDS, file_of
from sandbox.google.errors import GoogleError, invalid
from sandbox.google.files import Change, DriveStore, moment
from sandbox.google.parameters import Parameters, json_body
from sandbox.state import SandboxState, State

_CHANGE_FIELDS = f"kind,type,changeType,time,removed,fileId,file({FILE_FIELDS})"
_CHANNEL_ID = re.compile(r"[A-Za-z0-9\-_+/=]{1,64}")
_MAX_TOKEN = 256

router = APIRouter(dependencies=[Depends(for_drive)])


@router.get("/changes/startPageToken")
async def get_start_page_token(request: Request, state: State) -> Response:
    """Return the token of what is yet to come."""
    token = str(state.store(DriveStore).next_change)
    body = {"kind": "drive#startPageToken", "startPageToken": token}
    return Parameters(request).answer(body)


@router.get("/changes")
async def list_changes(request: Request, state: State) -> Response:
    """List the changes from a token on; the last page has the token of what is yet to come."""
    parameters, store = Parameters(request), state.store(DriveStore)
    begin = _number_of(parameters.text("pageToken"), store)
    shared = parameters.flag("includeItemsFromAllDrives")
    if shared and not parameters.flag("supportsAllDrives"):
        text = "The supportsAllDrives parameter must be true if items from shared drives are asked."
        raise GoogleError(403, text, "invalid", location="supportsAllDrives")
    removals = parameters.flag("includeRemoved", default=True)
    drive_id = parameters.text("driveId")
    found = [
        change
        for change in store.changes_since(begin)
        if (removals or not change.removed)
        and (change.drive_id == drive_id if drive_id else shared or not change.drive_id)
    ]
    size = parameters.number("pageSize", 100, 1, 1000)
    body: dict[str, Any] = {"kind": "drive#changeList"}
    if len(found) > size:
        body["nextPageToken"] = str(found[size].number)
    else:
        body["newStartPageToken"] = str(store.next_change)
    body["changes"] = [_as_json(change, store, str(request.base_url)) for change in found[:size]]
    wanted = f"kind,newStartPageToken,nextPageToken,changes({_CHANGE_FIELDS})"
    return parameters.answer(body, wanted)


@router.post("/changes/watch")
async def watch_changes(request: Request, state: State) -> Response:
    """Open a channel for all changes."""
    _number_of(Parameters(request).text("pageToken"), state.store(DriveStore))
    return await _watch(request, state, "changes")


@router.post("/files/{file_id}/watch")
async def watch_file(file_id: str, request: Request, state: State) -> Response:
    """Open a channel for one file."""
    file_of(state, file_id, Parameters(request))
    return await _watch(request, state, "files", file_id)


@router.post("/channels/stop")
async def stop_channel(request: Request, state: State) -> Response:
    """Close a channel."""
    body, channels = await json_body(request), state.store(DriveStore).channels
    channel = channels.get(str(body.get("id")))
    if channel is None or channel.resource_id != body.get("resourceId"):
        text = f"Channel '{str(body.get('id'))[:64]}' not found for project 'sandbox'"
        raise GoogleError(404, text, "notFound")
    channels.stop(channel)
    return Response(status_code=204)


async def _watch(
    request: Request, state: SandboxState, resource: str, file_id: str = ""
) -> Response:
    body, channels = await json_body(request), state.store(DriveStore).channels
    wanted = {name: body.get(name, "") for name in ("id", "type", "address", "token")}
    if not all(isinstance(value, str) for value in wanted.values()):
        raise GoogleError(400, "Expected a string.", "parseError")
    if not _CHANNEL_ID.fullmatch(wanted["id"]):
        raise invalid("id", wanted["id"])
    if channels.get(wanted["id"]) is not None:
        text = f"Channel id {wanted['id']} not unique"
        raise GoogleError(400, text, "channelIdNotUnique")
    if wanted["type"] not in ("web_hook", "webhook"):
        raise GoogleError(400, "Unknown channel type", "channelTypeUnknown")
    if not _may_be_told(wanted["address"]):
        text = f"WebHook callback must be HTTPS: {wanted['address'][:200]}"
        raise GoogleError(400, text, "push.webhookUrlNotHttps")
    if len(wanted["token"]) > _MAX_TOKEN:
        raise invalid("token", wanted["token"])
    now = channels.clock()
    asked = _expiration(body.get("expiration"), now)
    if asked <= now:
        raise GoogleError(400, "Invalid channel expiration.", "channelExpirationInvalid")
    path = f"files/{file_id}" if file_id else "changes"
    channel = Channel(
        id=wanted["id"],
        resource_id=uuid.uuid5(uuid.NAMESPACE_URL, path).hex,
        resource_uri=f"https://www.googleapis.com/drive/v3/{path}?alt=json",
        address=wanted["address"],
        token=wanted["token"],
        expires_at=min(asked, now + LONGEST_LIFE[resource]),
        file_id=file_id,
    )
    channels.add(channel)
    return Parameters(request).answer(channel.as_json())


def _as_json(change: Change, store: DriveStore, base_url: str) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "kind": "drive#change",
        "type": "file",
        "changeType": "file",
        "time": moment(change.at),
        "removed": change.removed,
        "fileId": change.file_id,
    }
    if change.drive_id:
        shown["driveId"] = shown["teamDriveId"] = change.drive_id
    file = None if change.removed else store.get(change.file_id)
    return {**shown, "file": file.as_json(base_url)} if file else shown


def _number_of(token: str, store: DriveStore) -> int:
    """Return the first change that a page token wants to know of."""
    if not token:
        raise GoogleError(400, "Required parameter: pageToken", "required", location="pageToken")
    if not (token.isascii() and token.isdigit() and len(token) < 12):  # noqa: PLR2004
        raise invalid("pageToken", token)
    if int(token) < store.oldest_change:
        raise GoogleError(410, "The page token is too old.", "expired", location="pageToken")
    if int(token) > store.next_change:
        raise invalid("pageToken", token)
    return int(token)


def _may_be_told(address: str) -> bool:
    """Tell whether an address is HTTPS, or lies on this machine."""
    try:
        parts = urlsplit(address)
        if parts.scheme == "https":
            return bool(parts.hostname)
        return parts.scheme == "http" and (
            parts.hostname == "localhost" or ipaddress.ip_address(parts.hostname or "").is_loopback
        )
    except ValueError:
        return False


def _expiration(given: object, now: datetime) -> datetime:
    """Read when a channel shall end: milliseconds since the epoch; unsaid, in an hour."""
    if given is None:
        return now + DEFAULT_LIFE
    try:
        return datetime.fromtimestamp(int(str(given)) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        raise invalid("expiration", str(given)) from None
