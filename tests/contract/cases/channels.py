"""Apprise says whether a message went, and nothing else: every failure is of unknown outcome.

Discord is asked again when a wait that it tells is over, if that is soon. Else it looks at the
status alone: where that came through, nothing else of an answer matters, and a
page with 200 is as good as Mailgun's answer. Nothing is read.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
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


def make(stand_ins: Any, retry: RetryPolicy, timeout_seconds: float) -> ApprisePoster:
    return poster_of(stand_ins, timeout_seconds=timeout_seconds, retry=retry)


def kept_by(store: type[Any]) -> Callable[[Any], Awaitable[int]]:
    async def written(stand_ins: Any) -> int:
        return len(stand_ins.sandbox.state.store(store).all())

    return written


def to(channel: str, path: str, store: type[Any], *harmless: str) -> Case:
    fails: dict[str, type[ConnectorError] | None] = dict.fromkeys(FAULTS, UnknownOutcomeError)
    return Case(
        service=channel,
        make=make,
        write=lambda poster: poster.post(channel, Message("Hello")),
        write_path=path,
        written=kept_by(store),
        write_fails={**fails, **dict.fromkeys(harmless)},
    )


CASES = {
    "channels discord": replace(
        to("discord", "/webhooks/", Posts, "429 without", "truncated", "another content type"),
        write_tries={"429 without": 2},
    ),
    "channels mailgun": to("mailgun", "/messages", Mails, "another content type"),
    "channels sendgrid": to("sendgrid", "/mail/send", Sent, "truncated", "another content type"),
    "channels webpush": to("webpush", "/push/", Pushes, "truncated", "another content type"),
}
