"""Microsoft Graph's subscriptions: who is told of new mail, by unsigned notifications.

Each notification carries the subscription's ``clientState``; before a subscription is made, its
URL must echo a token within ten seconds. Notifications wait until somebody has them delivered.
"""

from __future__ import annotations

import re
import secrets
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import httpx
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from sandbox.mail.changes import Change, ForgottenError
from sandbox.mail.folders import Folder
from sandbox.mail.graph_call import (
    GraphError,
    folder_of,
    mailbox_of,
    parse,
    read_body,
)
from sandbox.mail.graph_limits import enter
from sandbox.mail.store import MailStore
from sandbox.state import SandboxState, State

LONGEST = timedelta(minutes=10_080)
PATIENCE_SECONDS = 10.0
MAX_STATE = 128

_TENANT = "00000000-0000-0000-0000-0000000000aa"
_RESOURCE = re.compile(
    r"/?users/(?P<user>[^/]+)(?:/mailFolders(?:/|\(')(?P<folder>[^/']+)(?:'\))?)?/messages/?",
    re.IGNORECASE,
)
_KINDS = {"added": "created", "changed": "updated", "removed": "deleted"}

router = APIRouter(dependencies=[Depends(enter)])


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """Who is told of what.

    Args:
        id: by which it is renewed and deleted.
        mailbox: whose mail.
        folder: in which folder; None: in all.
        kinds: of changes, as Graph calls them.
        resource: as the subscriber wrote it.
        url: where notifications go.
        state: that each carries.
        expires_at: when it ends.
        told: number of the last change that notifications were made of.
    """

    id: str
    mailbox: str
    folder: Folder | None
    kinds: tuple[str, ...]
    resource: str
    url: str
    state: str
    expires_at: datetime
    told: int


class Subscriptions:
    """The subscriptions that have not ended."""

    def __init__(self) -> None:
        self._kept: dict[str, Subscription] = {}

    def keep(self, subscription: Subscription) -> None:
        """Keep a subscription, in place of one with its id."""
        self._kept[subscription.id] = subscription

    def find(self) -> list[Subscription]:
        """Return those that have not expired."""
        now = datetime.now(UTC)
        self._kept = {one.id: one for one in self._kept.values() if one.expires_at > now}
        return list(self._kept.values())

    def delete(self, subscription: Subscription) -> None:
        """End a subscription."""
        del self._kept[subscription.id]

    def clear(self) -> None:
        """End all."""
        self._kept.clear()


class _Body(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    expires_at: AwareDatetime = Field(alias="expirationDateTime")


class _NewBody(_Body):
    change_type: str = Field(alias="changeType")
    url: str = Field(alias="notificationUrl")
    resource: str
    state: str = Field("", alias="clientState", max_length=MAX_STATE)


@router.post("/subscriptions")
async def subscribe(request: Request, state: State) -> Response:
    """Make a subscription, when its URL has echoed the token."""
    wanted = parse(_NewBody, await read_body(request))
    _check_expiry(wanted.expires_at)
    kinds = tuple(kind.strip() for kind in wanted.change_type.split(","))
    if not set(kinds) <= set(_KINDS.values()):
        raise GraphError(400, "InvalidRequest", "changeType is not supported.")
    resource = _RESOURCE.fullmatch(wanted.resource)
    if resource is None:
        raise GraphError(400, "InvalidRequest", "The resource can't be subscribed to.")
    folder = resource["folder"]
    made = Subscription(
        id=str(uuid.uuid4()),
        mailbox=mailbox_of(resource["user"]),
        folder=folder_of(state, resource["user"], folder).id if folder else None,
        kinds=kinds,
        resource=wanted.resource,
        url=wanted.url,
        state=wanted.state,
        expires_at=wanted.expires_at,
        told=state.store(MailStore).changes.last,
    )
    await _validate(wanted.url)
    state.store(Subscriptions).keep(made)
    return JSONResponse(_described(made), status_code=HTTPStatus.CREATED)


@router.get("/subscriptions")
async def list_subscriptions(state: State) -> dict[str, Any]:
    """List what has not expired."""
    return {"value": [_described(one) for one in state.store(Subscriptions).find()]}


@router.get("/subscriptions/{subscription_id}")
async def get_subscription(subscription_id: str, state: State) -> dict[str, Any]:
    """Describe a subscription."""
    return _described(_found(state, subscription_id))


@router.patch("/subscriptions/{subscription_id}")
async def renew(subscription_id: str, request: Request, state: State) -> dict[str, Any]:
    """Let a subscription end later."""
    found = _found(state, subscription_id)
    wanted = parse(_Body, await read_body(request))
    _check_expiry(wanted.expires_at)
    renewed = replace(found, expires_at=wanted.expires_at)
    state.store(Subscriptions).keep(renewed)
    return _described(renewed)


@router.delete("/subscriptions/{subscription_id}")
async def unsubscribe(subscription_id: str, state: State) -> Response:
    """End a subscription."""
    state.store(Subscriptions).delete(_found(state, subscription_id))
    return Response(status_code=HTTPStatus.NO_CONTENT)


async def deliver(state: SandboxState, times: int = 1, *, backwards: bool = False) -> list[int]:
    """Send the notifications that wait; return the statuses that were answered, 0 for none.

    Args:
        state: of the stand-ins.
        times: how often each is sent, as Graph does when it isn't sure.
        backwards: whether the latest comes first.
    """
    waiting = []
    for subscription in state.store(Subscriptions).find():
        waiting += [(subscription.url, one) for one in _notifications(state, subscription)]
    if backwards:
        waiting.reverse()
    statuses = []
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, trust_env=False) as client:
        for url, notification in waiting:
            for _ in range(times):
                try:
                    answer = await client.post(url, json={"value": [notification]})
                    statuses.append(answer.status_code)
                except (httpx.HTTPError, httpx.InvalidURL):
                    statuses.append(0)
    return statuses


def _notifications(state: SandboxState, subscription: Subscription) -> list[dict[str, Any]]:
    changes = state.store(MailStore).changes
    try:
        found = changes.after(subscription.told, subscription.mailbox, subscription.folder)
    except ForgottenError:
        found = []
    state.store(Subscriptions).keep(replace(subscription, told=changes.last))
    return [
        _notification(subscription, change)
        for change in found
        if _KINDS[change.kind] in subscription.kinds
    ]


def _notification(subscription: Subscription, change: Change) -> dict[str, Any]:
    where = f"Users/{subscription.mailbox}/Messages/{change.mail_id}"
    return {
        "subscriptionId": subscription.id,
        "subscriptionExpirationDateTime": _time(subscription.expires_at),
        "changeType": _KINDS[change.kind],
        "resource": where,
        "resourceData": {
            "@odata.type": "#Microsoft.Graph.Message",
            "@odata.id": where,
            "@odata.etag": f'W/"{change.number:012d}"',
            "id": change.mail_id,
        },
        "clientState": subscription.state,
        "tenantId": _TENANT,
    }


async def _validate(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost"):
        raise GraphError(400, "InvalidRequest", "Notification URL must use https.")
    token = f"Validation: Testing client application reachability {secrets.token_urlsafe(16)}"
    text = "Subscription validation request failed. "
    try:
        async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, trust_env=False) as client:
            answer = await client.post(url, params={"validationToken": token})
    except (httpx.HTTPError, httpx.InvalidURL):
        raise GraphError(400, "ValidationError", text + "It timed out.") from None
    kind = answer.headers.get("content-type", "").partition(";")[0]
    if (answer.status_code, kind, answer.text) != (HTTPStatus.OK, "text/plain", token):
        text += "The endpoint must respond with 200 OK and the token as plain text."
        raise GraphError(400, "ValidationError", text)


def _check_expiry(expires_at: datetime) -> None:
    now = datetime.now(UTC)
    if not now < expires_at <= now + LONGEST:
        minutes = LONGEST.total_seconds() / 60
        text = f"Subscription expiration can only be {minutes:.0f} minutes in the future."
        raise GraphError(400, "InvalidRequest", text)


def _found(state: SandboxState, subscription_id: str) -> Subscription:
    for subscription in state.store(Subscriptions).find():
        if subscription.id == subscription_id:
            return subscription
    raise GraphError(404, "ResourceNotFound", "The object was not found.")


def _described(subscription: Subscription) -> dict[str, Any]:
    return {
        "id": subscription.id,
        "resource": subscription.resource,
        "changeType": ",".join(subscription.kinds),
        "notificationUrl": subscription.url,
        "expirationDateTime": _time(subscription.expires_at),
        "applicationId": "sandbox",
    }


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
