"""Webhooks: what happened, until it is delivered - signed, more than once, and in any order."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import random
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from sandbox.credentials import CREDENTIALS
from sandbox.hubspot.errors import PORTAL_ID
from sandbox.hubspot.record import Record

MAX_EVENTS = 100
"""Events in one delivery."""

APP_ID = 54321
MAX_KEPT = 20_000

_DELIVERY_SECONDS = 5.0
_FIRST_EVENT_ID = 100
_DECODED = re.compile("%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)


@dataclass
class Event:
    """Something that happened, as HubSpot tells it; ``attempts`` were made to deliver it."""

    body: dict[str, Any]
    attempts: int = 0

    def to_json(self) -> dict[str, Any]:
        """Describe it."""
        return {**self.body, "attemptNumber": self.attempts}


@dataclass
class Delivery:
    """One request with events; ``status`` is the receiver's answer, None: there was none."""

    events: list[Event] = field(default_factory=list)
    status: int | None = None

    @property
    def is_taken(self) -> bool:
        """Whether the receiver said so."""
        return self.status is not None and httpx.codes.is_success(self.status)


class Outbox:
    """Events that wait to be delivered, oldest first."""

    def __init__(self) -> None:
        self._ids = itertools.count(_FIRST_EVENT_ID)
        self.waiting: list[Event] = []

    def add(self, record: Record, what: str, **more: object) -> None:
        """Remember that something happened to an object, e.g. its ``creation``."""
        flag = {"changeFlag": "NEW"} if what == "creation" else {}
        self._put(record, what, {"objectId": int(record.id), **flag, **more})

    def add_link(self, start: Record, end: Record, *, is_removed: bool = False) -> None:
        """Remember that two objects belong together, or don't any more; told from both ends."""
        for one, other in ((start, end), (end, start)):
            ends = {
                "associationType": f"{one.kind.singular}_to_{other.kind.singular}".upper(),
                "fromObjectId": int(one.id),
                "toObjectId": int(other.id),
                "associationRemoved": is_removed,
                "isPrimaryAssociation": False,
            }
            self._put(one, "associationChange", ends)

    def _put(self, record: Record, what: str, more: dict[str, object]) -> None:
        body = {
            "eventId": next(self._ids),
            "subscriptionId": int(hashlib.sha256(what.encode()).hexdigest()[:5], 16),
            "portalId": PORTAL_ID,
            "appId": APP_ID,
            "occurredAt": int(time.time() * 1000),
            "subscriptionType": f"{record.kind.singular}.{what}",
            "changeSource": "INTEGRATION",
            **more,
        }
        self.waiting.append(Event(body))
        del self.waiting[:-MAX_KEPT]

    def clear(self) -> None:
        """Forget what waits."""
        self.waiting.clear()

    async def deliver(
        self, url: str, *, public_url: str = "", times: int = 1, shuffle: bool = False
    ) -> list[Delivery]:
        """Deliver all that waits; what the receiver doesn't take waits on.

        Args:
            url: where to.
            public_url: what the receiver is called outside; signed in place of the URL.
            times: how often each delivery is made.
            shuffle: let events come in another order, the same one each time.
        """
        events, self.waiting = self.waiting, []
        if shuffle:
            random.Random(len(events)).shuffle(events)  # noqa: S311 - repeatable on purpose
        made = []
        async with httpx.AsyncClient(trust_env=False, timeout=_DELIVERY_SECONDS) as http:
            for begin in range(0, len(events), MAX_EVENTS):
                batch = events[begin : begin + MAX_EVENTS]
                tries = [await _post(http, url, public_url or url, batch) for _ in range(times)]
                if not any(delivery.is_taken for delivery in tries):
                    self.waiting += batch
                made += tries
        return made


async def _post(
    http: httpx.AsyncClient, url: str, public_url: str, events: Sequence[Event]
) -> Delivery:
    body = json.dumps([event.to_json() for event in events], ensure_ascii=False).encode()
    delivery = Delivery(list(events))
    for event in events:
        event.attempts += 1
    headers = {"Content-Type": "application/json", **signature("POST", public_url, body)}
    try:
        delivery.status = (await http.post(url, content=body, headers=headers)).status_code
    except httpx.HTTPError:
        delivery.status = None
    return delivery


def signature(
    method: str, url: str, body: bytes, milliseconds: int | None = None
) -> dict[str, str]:
    """Sign a request as HubSpot does (v3), and return the headers for it.

    Args:
        method: HTTP method.
        url: the whole public one.
        body: raw.
        milliseconds: time of the request, since the epoch; None: now.
    """
    moment = str(int(time.time() * 1000) if milliseconds is None else milliseconds)
    decoded = _DECODED.sub(lambda found: chr(int(found[1], 16)), url)
    source = method.encode() + decoded.encode() + body + moment.encode()
    digest = hmac.digest(CREDENTIALS.hubspot_client_secret.encode(), source, "sha256")
    return {
        "X-HubSpot-Signature-v3": base64.b64encode(digest).decode(),
        "X-HubSpot-Request-Timestamp": moment,
    }
