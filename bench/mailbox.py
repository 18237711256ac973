"""What the mail stand-in has accepted, and when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import httpx
from pydantic import BaseModel, TypeAdapter

_PAGE = 5000


class Arrival(BaseModel):
    """A mail that the stand-in has accepted for an inbox.

    Args:
        number: counts up; the stand-in can be asked for what came after it.
        ticket: the header ``X-Hotrod-Ticket``, empty when the mail has none.
        at: when it was accepted, by this machine's clock.
    """

    number: int
    message_id: str
    recipient: str
    ticket: str
    at: datetime


_ARRIVALS = TypeAdapter(list[Arrival])


def read_arrivals(sandbox_url: str, after: int = 0) -> list[Arrival]:
    """Return what arrived after the mail with this number, oldest first.

    Raises:
        httpx.HTTPError: the stand-in can't be asked.
    """
    with httpx.Client(base_url=sandbox_url, trust_env=False, timeout=30) as client:
        return list(_pages(client, after))


def _pages(client: httpx.Client, after: int) -> Iterator[Arrival]:
    while True:
        answer = client.get("/_control/arrivals", params={"after": after, "limit": _PAGE})
        page = _ARRIVALS.validate_json(answer.raise_for_status().content)
        yield from page
        if len(page) < _PAGE:
            return
        after = page[-1].number
