"""Gmail's mailbox around its messages: labels, threads, history, profile, notifications."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from sandbox.google import unknown
from sandbox.google.errors import GoogleError, error_answer, fault_answer
from sandbox.mail import gmail
from sandbox.mail.changes import ForgottenError
from sandbox.mail.folders import FolderError
from sandbox.mail.gmail import find, form_of
from sandbox.mail.gmail_history import TYPES, record_json, records
from sandbox.mail.gmail_labels import is_own, label_ids, labels
from sandbox.mail.gmail_message import message_json
from sandbox.mail.gmail_wire import (
    body_of,
    invalid,
    mailbox_of,
    not_found,
    page_of,
    require_token,
    whole_number,
)
from sandbox.mail.store import MailStore, StoredMail
from sandbox.stand_in import Api
from sandbox.state import State

WATCH_LASTS = timedelta(days=7)

_TOPIC = re.compile(r"projects/[a-z0-9-]{1,63}/topics/[\w.~+%-]{3,255}")


class NewLabel(BaseModel):
    """A label to make."""

    model_config = ConfigDict(extra="ignore")

    name: str = ""


class Watch(BaseModel):
    """Where notifications go; Gmail publishes to Pub/Sub and nowhere else."""

    model_config = ConfigDict(extra="ignore")

    topic: str = Field("", alias="topicName")


router = APIRouter(dependencies=[Depends(require_token)])


@router.get("/users/{user}/profile")
async def get_profile(user: str, state: State) -> dict[str, Any]:
    """Tell whose mailbox it is, how much it holds, and how far its history goes."""
    mailbox = mailbox_of(state, user, 1)
    kept = state.store(MailStore).find(mailbox=mailbox)
    return {
        "emailAddress": mailbox,
        "messagesTotal": len(kept),
        "threadsTotal": len({stored.thread_id for stored in kept}),
        "historyId": str(state.store(MailStore).changes.last),
    }


@router.get("/users/{user}/labels")
async def list_labels(user: str, state: State) -> dict[str, Any]:
    """List all labels, without how much each has."""
    known = labels(state.store(MailStore), mailbox_of(state, user, 1))
    return {"labels": [_label_json(one, name) for one, name in known.items()]}


@router.post("/users/{user}/labels")
async def create_label(user: str, request: Request, state: State) -> dict[str, Any]:
    """Make a label."""
    mailbox, store = mailbox_of(state, user, 5), state.store(MailStore)
    name = (await body_of(NewLabel, request)).name
    if name in labels(store, mailbox).values():
        raise GoogleError(409, "Label name exists or conflicts", "aborted")
    try:
        made = store.folders.make(mailbox, name)
    except FolderError:
        raise invalid("Invalid label name") from None
    return _label_json(f"Label_{made.id}", made.name)


@router.get("/users/{user}/labels/{label}")
async def get_label(user: str, label: str, state: State) -> dict[str, Any]:
    """Return one label, with how much has it."""
    mailbox, store = mailbox_of(state, user, 1), state.store(MailStore)
    name = labels(store, mailbox).get(label)
    if name is None:
        raise not_found()
    kept = [stored for stored in store.find(mailbox=mailbox) if label in label_ids(stored)]
    unread = [stored for stored in kept if not stored.is_read]
    return {
        **_label_json(label, name),
        "messagesTotal": len(kept),
        "messagesUnread": len(unread),
        "threadsTotal": len({stored.thread_id for stored in kept}),
        "threadsUnread": len({stored.thread_id for stored in unread}),
    }


@router.get("/users/{user}/threads")
async def list_threads(user: str, request: Request, state: State) -> dict[str, Any]:
    """List threads, that with the newest message first."""
    latest: dict[str, StoredMail] = {}
    for stored in find(state, mailbox_of(state, user, 10), request):
        latest.setdefault(stored.thread_id, stored)
    page = page_of(list(latest.values()), request)
    listed: dict[str, Any] = {"resultSizeEstimate": len(latest)}
    if page.items:
        listed["threads"] = [_thread_json(stored.thread_id, [stored]) for stored in page.items]
    return listed | ({"nextPageToken": page.token} if page.token else {})


@router.get("/users/{user}/threads/{thread_id}")
async def get_thread(user: str, thread_id: str, request: Request, state: State) -> dict[str, Any]:
    """Return the messages of a thread, the oldest first."""
    kept = state.store(MailStore).find(mailbox=mailbox_of(state, user, 10))
    form = form_of(request, ("minimal", "metadata", "full"))
    thread = [stored for stored in kept if stored.thread_id == thread_id]
    if not thread:
        raise not_found()
    thread.sort(key=lambda stored: stored.received_at)
    messages = [message_json(stored, *form) for stored in thread]
    described = _thread_json(thread_id, thread)
    del described["snippet"]
    return {**described, "messages": messages}


@router.get("/users/{user}/history")
async def list_history(user: str, request: Request, state: State) -> dict[str, Any]:
    """List what happened after ``startHistoryId``, the oldest first."""
    mailbox, store = mailbox_of(state, user, 2), state.store(MailStore)
    start = whole_number(request, "startHistoryId")
    kinds = _kinds(request.query_params.getlist("historyTypes"))
    label = request.query_params.get("labelId")
    if start > store.changes.last:
        raise not_found()
    try:
        told = records(store, mailbox, start)
    except ForgottenError:
        raise not_found() from None
    wanted = [
        record
        for record in told
        if record.kind in kinds and (not label or label in (*record.labels, *record.changed))
    ]
    page = page_of(wanted, request)
    listed: dict[str, Any] = {"historyId": str(store.changes.last)}
    if page.items:
        listed["history"] = [record_json(record, store) for record in page.items]
    return listed | ({"nextPageToken": page.token} if page.token else {})


@router.post("/users/{user}/watch")
async def watch(user: str, request: Request, state: State) -> dict[str, str]:
    """Have changes published; nothing is: Pub/Sub isn't played."""
    mailbox_of(state, user, 100)
    topic = (await body_of(Watch, request)).topic
    if not _TOPIC.fullmatch(topic):
        raise invalid("Invalid topicName does not match projects/<project>/topics/*")
    ends = datetime.now(UTC) + WATCH_LASTS
    return {
        "historyId": str(state.store(MailStore).changes.last),
        "expiration": str(int(ends.timestamp() * 1000)),
    }


@router.post("/users/{user}/stop", status_code=204)
async def stop_watching(user: str, state: State) -> Response:
    """Have nothing published any more."""
    mailbox_of(state, user, 50)
    return Response(status_code=204)


GMAIL_APIS = tuple(
    Api(
        service="gmail",
        prefix=prefix,
        routers=(*(("/v1", one) for one in routers), ("", unknown.router)),
        error=GoogleError,
        error_answer=error_answer,
        fault_answer=fault_answer,
    )
    for prefix, routers in {
        "/google/gmail": (gmail.router, router),
        "/google/upload/gmail": (gmail.uploads,),
    }.items()
)
"""Gmail as the wire sees it: uploads have a prefix of their own."""


def _label_json(label: str, name: str) -> dict[str, Any]:
    described = {"id": label, "name": name, "type": "user" if is_own(label) else "system"}
    if is_own(label):
        described |= {"messageListVisibility": "show", "labelListVisibility": "labelShow"}
    return described


def _thread_json(thread_id: str, thread: Sequence[StoredMail]) -> dict[str, Any]:
    return {
        "id": thread_id,
        "snippet": str(message_json(thread[-1], "minimal")["snippet"]),
        "historyId": str(max(stored.change for stored in thread)),
    }


def _kinds(asked: Sequence[str]) -> set[str]:
    if unknown := [one for one in asked if one not in TYPES]:
        raise invalid(f"Invalid value at 'history_types', \"{unknown[0][:40]}\"")
    return {TYPES[one] for one in asked or TYPES}
