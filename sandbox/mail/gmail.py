"""Gmail's messages: listed and searched, read, sent, labeled.

A mail that is sent keeps its Message-ID if that is well formed; otherwise Gmail gives it one of
its own and moves the other to ``X-Google-Original-Message-ID``, as seen in mails of its users.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.utils import make_msgid
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from sandbox.mail.gmail_labels import FIXED, HIDDEN, label_ids, labels, relabel
from sandbox.mail.gmail_message import FORMATS, attachment_json, brief_json, message_json
from sandbox.mail.gmail_search import Search
from sandbox.mail.gmail_wire import (
    body_of,
    decoded,
    flag,
    invalid,
    mailbox_of,
    not_found,
    page_of,
    parsed,
    require_token,
)
from sandbox.mail.message import MalformedMailError, complete
from sandbox.mail.store import MailStore, NoRecipientsError, StoredMail
from sandbox.state import SandboxState, State

MAX_LABELS = 100

_MESSAGE_ID = re.compile(rb"^(message-id):[ \t]*(.*?)[ \t\r]*$", re.IGNORECASE | re.MULTILINE)
_WELL_FORMED = re.compile(rb"<[^<>@\s]+@[^<>@\s]*[^<>@\s.]>")


class Outgoing(BaseModel):
    """A message to send."""

    model_config = ConfigDict(extra="ignore")

    raw: str = ""
    thread_id: str = Field("", alias="threadId")


class Relabeling(BaseModel):
    """Labels to give and to take."""

    model_config = ConfigDict(extra="ignore")

    ids: list[str] = Field(default_factory=list)
    add: list[str] = Field(default_factory=list, alias="addLabelIds")
    remove: list[str] = Field(default_factory=list, alias="removeLabelIds")


router = APIRouter(dependencies=[Depends(require_token)])
uploads = APIRouter(dependencies=[Depends(require_token)])


@router.get("/users/{user}/messages")
async def list_messages(user: str, request: Request, state: State) -> dict[str, Any]:
    """List messages, the newest first."""
    found = find(state, mailbox_of(state, user, 5), request)
    page = page_of(found, request)
    listed: dict[str, Any] = {"resultSizeEstimate": len(found)}
    if page.items:
        listed["messages"] = [brief_json(stored) for stored in page.items]
    return listed | ({"nextPageToken": page.token} if page.token else {})


@router.post("/users/{user}/messages/send")
async def send_message(user: str, request: Request, state: State) -> dict[str, Any]:
    """Send a message given as base64url in JSON."""
    mailbox = mailbox_of(state, user, 100)
    message = await body_of(Outgoing, request)
    try:
        raw = decoded(message.raw)
    except ValueError:
        raise invalid("Invalid value at 'raw' (TYPE_BYTES), Base64 decoding failed") from None
    return _send(state, mailbox, raw, message.thread_id)


@uploads.post("/users/{user}/messages/send")
async def upload_message(user: str, request: Request, state: State) -> dict[str, Any]:
    """Send a message given as it is, alone or after a JSON part."""
    mailbox = mailbox_of(state, user, 100)
    body, kind = await request.body(), request.headers.get("content-type", "")
    if request.query_params.get("uploadType") == "multipart" or kind.startswith("multipart/"):
        metadata, raw = _related(kind, body)
        return _send(state, mailbox, raw, parsed(Outgoing, metadata).thread_id)
    if not kind.startswith("message/"):
        raise invalid(f"Media type '{kind[:80]}' is not supported. Valid media types: [message/*]")
    return _send(state, mailbox, body, "")


@router.post("/users/{user}/messages/batchModify", status_code=204)
async def modify_messages(user: str, request: Request, state: State) -> Response:
    """Give and take labels of many messages; those that aren't there are left out."""
    mailbox = mailbox_of(state, user, 50)
    change = await _relabeling(state, mailbox, request)
    for mail_id in change.ids:
        stored = state.store(MailStore).get(mail_id)
        if stored is not None and stored.mailbox == mailbox:
            relabel(state.store(MailStore), stored, add=change.add, remove=change.remove)
    return Response(status_code=204)


@router.get("/users/{user}/messages/{message_id}")
async def get_message(user: str, message_id: str, request: Request, state: State) -> dict[str, Any]:
    """Return one message."""
    stored = message_of(state, mailbox_of(state, user, 5), message_id)
    return message_json(stored, *form_of(request, FORMATS))


@router.delete("/users/{user}/messages/{message_id}", status_code=204)
async def delete_message(user: str, message_id: str, state: State) -> Response:
    """Delete a message for good."""
    state.store(MailStore).delete(message_of(state, mailbox_of(state, user, 10), message_id))
    return Response(status_code=204)


@router.get("/users/{user}/messages/{message_id}/attachments/{attachment_id}")
async def get_attachment(
    user: str, message_id: str, attachment_id: str, state: State
) -> dict[str, Any]:
    """Return the content of an attachment."""
    stored = message_of(state, mailbox_of(state, user, 5), message_id)
    content = attachment_json(stored, attachment_id)
    if content is None:
        raise invalid("Invalid attachment token")
    return content


@router.post("/users/{user}/messages/{message_id}/modify")
async def modify_message(
    user: str, message_id: str, request: Request, state: State
) -> dict[str, Any]:
    """Give and take labels."""
    mailbox = mailbox_of(state, user, 5)
    stored = message_of(state, mailbox, message_id)
    change = await _relabeling(state, mailbox, request)
    return _relabeled(state, stored, change.add, change.remove)


@router.post("/users/{user}/messages/{message_id}/trash")
async def trash_message(user: str, message_id: str, state: State) -> dict[str, Any]:
    """Put a message into the trash."""
    stored = message_of(state, mailbox_of(state, user, 5), message_id)
    return _relabeled(state, stored, ["TRASH"], [])


@router.post("/users/{user}/messages/{message_id}/untrash")
async def untrash_message(user: str, message_id: str, state: State) -> dict[str, Any]:
    """Take a message out of the trash; it is not in the inbox then."""
    stored = message_of(state, mailbox_of(state, user, 5), message_id)
    return _relabeled(state, stored, [], ["TRASH"])


def find(state: SandboxState, mailbox: str, request: Request) -> list[StoredMail]:
    """Return the mails that ``q`` and ``labelIds`` ask for, the newest first.

    Raises:
        GoogleError: there is no such label.
    """
    store, options = state.store(MailStore), request.query_params
    names = labels(store, mailbox)
    wanted = set(options.getlist("labelIds"))
    if unknown := wanted - names.keys():
        raise invalid(f"Invalid label: {min(unknown)[:80]}")
    search = Search(options.get("q", ""), names)
    all_places = flag(request, "includeSpamTrash") or search.is_everywhere or wanted & HIDDEN
    found = [
        stored
        for stored in store.find(mailbox=mailbox)
        if wanted <= (has := set(label_ids(stored)))
        and (all_places or not has & HIDDEN)
        and search.finds(stored)
    ]
    return sorted(found, key=lambda stored: (stored.received_at, stored.change), reverse=True)


def message_of(state: SandboxState, mailbox: str, message_id: str) -> StoredMail:
    """Return a mail of a mailbox.

    Raises:
        GoogleError: it isn't there.
    """
    stored = state.store(MailStore).get(message_id)
    if stored is None or stored.mailbox != mailbox:
        raise not_found()
    return stored


def form_of(request: Request, forms: Sequence[str]) -> tuple[str, list[str]]:
    """Return the form of messages that is asked for, and the headers to tell.

    Raises:
        GoogleError: there is no such form.
    """
    form = request.query_params.get("format", "full").lower()
    if form not in forms:
        raise invalid(f"Invalid value at 'format', \"{form[:40]}\"")
    return form, request.query_params.getlist("metadataHeaders")


def _send(state: SandboxState, mailbox: str, raw: bytes, thread_id: str) -> dict[str, Any]:
    store = state.store(MailStore)
    if thread_id and all(one.thread_id != thread_id for one in store.find(mailbox=mailbox)):
        raise not_found()
    try:
        store.submit(_with_good_id(complete(raw, mailbox)), sender=mailbox, via="gmail")
    except NoRecipientsError as error:
        named = str(error) == "the message has no recipient"
        raise invalid("Recipient address required" if named else "Invalid To header") from error
    except MalformedMailError as error:
        raise invalid(f"Invalid message: {error}") from error
    sent = store.find(mailbox=mailbox, folders=["sentitems"])[-1]
    return {**brief_json(sent), "labelIds": label_ids(sent)}


def _with_good_id(raw: bytes) -> bytes:
    """Replace a Message-ID that is not well formed."""
    head, gap, rest = raw.partition(b"\r\n\r\n" if b"\r\n\r\n" in raw else b"\n\n")
    stated = _MESSAGE_ID.search(head)
    if stated is None or _WELL_FORMED.fullmatch(stated[2]):
        return raw
    ours = make_msgid(domain="mx.google.com").encode()
    both = b"Message-ID: " + ours + b"\r\nX-Google-Original-Message-ID: " + stated[2]
    return head[: stated.start()] + both + head[stated.start(2) + len(stated[2]) :] + gap + rest


def _related(kind: str, body: bytes) -> tuple[bytes, bytes]:
    """Return the two parts of a multipart/related body (RFC 2387), byte for byte."""
    boundary = re.search(r'boundary="?([^";]+)"?', kind)
    if boundary is None:
        raise invalid("Missing end boundary in multipart body.")
    parts = re.split(
        rb"(?:^|\r?\n)--" + re.escape(boundary[1].encode()) + rb"(?:--)?[ \t]*\r?\n?", body
    )
    contents = [re.split(rb"\r?\n\r?\n", part, maxsplit=1)[-1] for part in parts if part.strip()]
    if len(contents) != 2:  # noqa: PLR2004 - metadata and media
        raise invalid("Bad multipart body: it has metadata and media, no more.")
    return contents[0], contents[1]


async def _relabeling(state: SandboxState, mailbox: str, request: Request) -> Relabeling:
    change = await body_of(Relabeling, request)
    named = [*change.add, *change.remove]
    if not named:
        raise invalid("No label add or removes specified")
    if max(len(change.add), len(change.remove)) > MAX_LABELS:
        raise invalid(f"Too many labels: at most {MAX_LABELS}")
    known = labels(state.store(MailStore), mailbox)
    for label in named:
        if label in FIXED:
            raise invalid(f"Invalid label: {label}")
        if label not in known:
            raise invalid("labelId not found")
    return change


def _relabeled(
    state: SandboxState, stored: StoredMail, add: Sequence[str], remove: Sequence[str]
) -> dict[str, Any]:
    changed = relabel(state.store(MailStore), stored, add=add, remove=remove)
    return {**brief_json(changed), "labelIds": label_ids(changed)}
