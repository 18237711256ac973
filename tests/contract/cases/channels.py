"""What Discord and push services answer is read; of the others, apprise tells no reason.

Apprise looks at the status alone: where that came through, nothing else of an answer matters, and
a page with 200 is as good as Mailgun's answer. Nothing is read.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from connectors._http.errors import ConnectorError, UnknownOutcomeError
from connectors._http.retry import RetryPolicy
from connectors.channels.client import ApprisePoster
from connectors.channels.models import Message
from sandbox.discord.store import Posts
from sandbox.mailgun.store import Mails
from sandbox.sendgrid.store import Sent
from sandbox.webpush.store import Pushes
from tests.contract.cases import FAULTS, Case
from tests.contract.channel_lines import poster_of

Fails = dict[str, type[ConnectorError] | None]


def make(stand_ins: Any, retry: RetryPolicy, timeout_seconds: float) -> ApprisePoster:
    return poster_of(stand_ins, timeout_seconds=timeout_seconds, retry=retry)


def kept_by(store: type[Any]) -> Callable[[Any], Awaitable[int]]:
    async def written(stand_ins: Any) -> int:
        return len(stand_ins.sandbox.state.store(store).all())

    return written


def to(channel: str, path: str, store: type[Any], fails: Fails, *harmless: str) -> Case:
    return Case(
        service=channel,
        make=make,
        write=lambda poster: poster.post(channel, Message("Hello")),
        write_path=path,
        written=kept_by(store),
        write_fails={**fails, **dict.fromkeys(harmless)},
    )


READ: Fails = {}
UNREAD: Fails = dict.fromkeys(FAULTS, UnknownOutcomeError)

PAGE = "another content type"
CASES = {
    "channels discord": to("discord", "/webhooks/", Posts, READ, "truncated", PAGE),
    "channels mailgun": to("mailgun", "/messages", Mails, UNREAD, PAGE),
    "channels sendgrid": to("sendgrid", "/mail/send", Sent, UNREAD, "truncated", PAGE),
    "channels webpush": to("webpush", "/push/", Pushes, READ, "truncated", PAGE),
}
