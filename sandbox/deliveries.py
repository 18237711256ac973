"""Webhooks on their way out: they wait until somebody sends them.

So tests and people choose when, how often and in which order they arrive; the services promise
none of it.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
from pydantic import BaseModel

_KEPT = 200
_TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One request that a service owes.

    Args:
        name: what it tells, for people.
        url: where it goes; only to this machine.
        body: of the request.
        headers: makes its headers when it is sent: signatures may hold the time.
    """

    name: str
    url: str
    body: bytes
    headers: Callable[[], dict[str, str]]


class Delivered(BaseModel):
    """What came of an attempt; ``status`` is None when there was no answer."""

    name: str
    url: str
    status: int | None

    @property
    def is_taken(self) -> bool:
        """Whether the receiver said that it has it."""
        return self.status is not None and httpx.codes.is_success(self.status)


class Outbox:
    """The deliveries that wait, and what came of the latest attempts."""

    def __init__(self) -> None:
        self.waiting: deque[Delivery] = deque(maxlen=_KEPT)
        self.attempts: deque[Delivered] = deque(maxlen=_KEPT)

    def add(self, delivery: Delivery) -> None:
        """Let a delivery wait."""
        self.waiting.append(delivery)

    async def deliver(self, *, times: int = 1, newest_first: bool = False) -> list[Delivered]:
        """Send all that wait; what isn't taken waits on.

        Args:
            times: how often each is sent.
            newest_first: send them in the wrong order.
        """
        due = list(self.waiting)
        self.waiting.clear()
        attempts = []
        async with httpx.AsyncClient(
            trust_env=False,
            verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            timeout=_TIMEOUT_SECONDS,
        ) as client:
            for delivery in due[::-1] if newest_first else due:
                tries = [await _send(client, delivery) for _ in range(times)]
                if not any(attempt.is_taken for attempt in tries):
                    self.waiting.append(delivery)
                attempts += tries
        self.attempts.extend(attempts)
        return attempts

    def clear(self) -> None:
        """Forget all of it."""
        self.waiting.clear()
        self.attempts.clear()


async def _send(client: httpx.AsyncClient, delivery: Delivery) -> Delivered:
    status = None
    if is_here(delivery.url):
        try:
            answer = await client.post(
                delivery.url, content=delivery.body, headers=delivery.headers()
            )
            status = answer.status_code
        except (httpx.HTTPError, httpx.InvalidURL):
            pass
    return Delivered(name=delivery.name, url=delivery.url, status=status)


def is_here(url: str) -> bool:
    """Tell whether a URL leads to this machine by plain HTTP: stand-ins call nobody else."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        return parts.scheme == "http" and (
            host == "localhost" or ipaddress.ip_address(host).is_loopback
        )
    except ValueError:
        return False
