"""Calls of Slack's Web API."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TypeVar
from urllib.parse import urlsplit

from pydantic import SecretStr

from connectors._http.auth import BearerAuth
from connectors._http.cache import AnswerCache
from connectors._http.calls import Shared
from connectors._http.client import ServiceClient
from connectors._http.errors import RejectedError, classify
from connectors._http.limits import Limiter, Rate
from connectors._http.paging import Page, items, pages
from connectors._http.redaction import Redactor
from connectors._http.retry import RetryPolicy
from connectors.slack.blocks import Block
from connectors.slack.errors import CURES, TABLE, read_answer
from connectors.slack.models import (
    Answer,
    Channel,
    ChannelsAnswer,
    HistoryAnswer,
    Mark,
    Message,
    PostAnswer,
    PostedMessage,
)

SERVICE = "slack"

RATE = Rate(1, 1.0)
"""Messages that each channel takes; a burst may be lost. Source: Slack, "Rate limits"."""

_TIER_2, _TIER_3 = Rate(20, 60.0), Rate(50, 60.0)
METHOD_RATES: Mapping[str, Rate] = {
    "chat.update": _TIER_3,
    "conversations.history": _TIER_3,
    "conversations.list": _TIER_2,
}
"""How often an app may use a method in a workspace, by the tiers on their pages.

``auth.test`` takes hundreds a minute; an app that is sold outside of Slack's Marketplace gets one
``conversations.history``. Source: Slack, "Rate limits".
"""

Limits = Callable[[str, Rate], Limiter | None]
"""From what Slack limits by itself, a method or a channel, and its rate to its limiter."""

_ANSWERS_HOST = "hooks.slack.com"
_PAGE_SIZE = "200"
_CHANNELS_SECONDS = 3600.0

AnyAnswer = TypeVar("AnyAnswer", bound=Answer)


def unlimited(_name: str, _rate: Rate) -> None:
    """Keep no pace of our own."""


class SlackClient:
    """Posts as a bot. Slack has no key against repeats: a message with a mark can be looked up.

    Args:
        base_url: root of the Web API.
        bot_token: token of the bot, with ``chat:write``; to look messages up, also with
            ``channels:read`` and ``channels:history``.
        timeout_seconds: longest wait for an answer.
        limits: makes the limiters of methods and channels, likewise shared; each is kept.
        shared: with the other processes that use the token.
        retry: when a call is tried again.
    """

    def __init__(
        self,
        *,
        base_url: str,
        bot_token: SecretStr,
        timeout_seconds: float,
        limits: Limits = unlimited,
        shared: Shared | None = None,
        retry: RetryPolicy | None = None,
    ) -> None:
        client = partial(
            ServiceClient,
            SERVICE,
            base_url,
            timeout_seconds=timeout_seconds,
            table=TABLE,
            cures=CURES,
            request_id="x-slack-req-id",
            shared=shared,
            retry=retry,
        )
        self._slack = client(auth=BearerAuth(bot_token), redact=Redactor([bot_token]))
        self._methods = {
            method: self._slack.paced(limits(method, rate)) for method, rate in METHOD_RATES.items()
        }
        self._posting: dict[str, ServiceClient] = {}
        self._limits = limits
        self._presses = client(read_problem=read_answer, has_one_limit=False)
        self._host = urlsplit(base_url).netloc
        self._channels = AnswerCache[str](seconds=_CHANNELS_SECONDS)

    async def post_message(
        self,
        channel: str,
        text: str,
        blocks: Sequence[Block] | None = None,
        *,
        mark: Mark | None = None,
    ) -> PostedMessage:
        """Post a message to a channel (``chat.postMessage``).

        Args:
            channel: its id, or its name with ``#``.
            text: the message; with blocks, what notifications show.
            blocks: layout in Block Kit, see ``blocks``.
            mark: by which ``find_message`` finds it.

        Raises:
            UnknownOutcomeError: it may have been posted.
            ConnectorError: it was not posted, for the reason that the class says.
        """
        message: dict[str, object] = {"channel": channel, "text": text}
        if blocks:
            message["blocks"] = list(blocks)
        if mark is not None:
            message["metadata"] = {
                "event_type": mark.event_type,
                "event_payload": dict(mark.payload),
            }
        answer = await self._call(
            PostAnswer,
            "post_message",
            "chat.postMessage",
            message,
            safe=False,
            client=self._to(channel),
        )
        return PostedMessage(channel=answer.channel, ts=answer.ts)

    async def update_message(
        self, message: PostedMessage, text: str, blocks: Sequence[Block] | None = None
    ) -> None:
        """Put other words in place of a message (``chat.update``); without blocks, it has none.

        Raises:
            ServiceNotFoundError: it was deleted.
            ConnectorError: it was not changed, for the reason that the class says.
        """
        changed = {**message.model_dump(), "text": text, "blocks": list(blocks or [])}
        await self._call(PostAnswer, "update_message", "chat.update", changed, safe=True)

    async def find_message(
        self, channel: str, mark: Mark, *, since: datetime
    ) -> PostedMessage | None:
        """Look a message up by its mark, as after an unknown outcome.

        Args:
            channel: where it was posted: its id, or its name with ``#``.
            mark: that it was posted with.
            since: shortly before it was posted.

        Returns:
            the message; None: it isn't there.

        Raises:
            RejectedError: there is no such channel, or the bot doesn't see it.
            ConnectorError: the channel can't be read.
        """
        channel_id = await self._id_of(channel) if channel.startswith("#") else channel
        query = {
            "channel": channel_id,
            "oldest": f"{since.timestamp():.6f}",
            "include_all_metadata": "true",
        }

        async def fetch(cursor: str | None) -> Page[Message]:
            answer = await self._read(
                HistoryAnswer, "find_message", "conversations.history", query, cursor
            )
            return Page(answer.messages, answer.cursor)

        async for message in items(pages(SERVICE, "find_message", fetch)):
            if message.carries(mark):
                return PostedMessage(channel=channel_id, ts=message.ts)
        return None

    async def respond(
        self,
        response_url: str,
        text: str,
        blocks: Sequence[Block] | None = None,
        *,
        replaces: bool = True,
    ) -> None:
        """Answer a press of a button; five times at most, within half an hour.

        Args:
            response_url: that came with the press; it is good without our token.
            text: the message; with blocks, what notifications show.
            blocks: layout in Block Kit.
            replaces: it stands in place of the pressed message; otherwise, below it.

        Raises:
            ServiceNotFoundError: the time is over, or it was answered often enough.
            RejectedError: the URL isn't Slack's.
            UnknownOutcomeError: it may have been posted; only when it doesn't replace.
            ConnectorError: it was not taken, for the reason that the class says.
        """
        parts = urlsplit(response_url)
        if parts.netloc not in (self._host, _ANSWERS_HOST):
            raise self._slack.error(RejectedError, "respond", "the URL isn't Slack's")
        answer: dict[str, object] = {"text": text, "replace_original": replaces}
        if blocks:
            answer["blocks"] = list(blocks)
        url = f"{parts.scheme}://{parts.netloc}{parts.path}"
        await self._presses.send("respond", "POST", url, json=answer, safe=replaces)

    async def ping(self) -> None:
        """Ask who we are (``auth.test``).

        Raises:
            ConnectorError: Slack is not reached, or does not take the token.
        """
        await self._call(Answer, "ping", "auth.test", {}, safe=True)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._slack.aclose()
        await self._presses.aclose()

    def _to(self, channel: str) -> ServiceClient:
        """Return the client that posts to a channel at its pace."""
        if channel not in self._posting:
            self._posting[channel] = self._slack.paced(self._limits(channel, RATE))
        return self._posting[channel]

    async def _id_of(self, name: str) -> str:
        """Return the id of a channel; it stays for good."""
        return await self._channels.get(name, lambda: self._ask_id(name))

    async def _ask_id(self, name: str) -> str:
        query = {"exclude_archived": "true", "types": "public_channel,private_channel"}

        async def fetch(cursor: str | None) -> Page[Channel]:
            answer = await self._read(
                ChannelsAnswer, "find_message", "conversations.list", query, cursor
            )
            return Page(answer.channels, answer.cursor)

        async for channel in items(pages(SERVICE, "find_message", fetch)):
            if f"#{channel.name}" == name.lower():
                return channel.id
        raise self._slack.error(RejectedError, "find_message", "the bot sees no such channel")

    async def _read(
        self,
        into: type[AnyAnswer],
        operation: str,
        method: str,
        query: Mapping[str, str],
        cursor: str | None,
    ) -> AnyAnswer:
        """Ask for a page of a list; what reads takes no JSON."""
        asked = {**query, "limit": _PAGE_SIZE, **({"cursor": cursor} if cursor else {})}
        return await self._methods[method].fetch(
            into,
            operation,
            "GET",
            f"/{method}",
            check=partial(self._check, operation, safe=True),
            params=asked,
        )

    async def _call(
        self,
        into: type[AnyAnswer],
        operation: str,
        method: str,
        arguments: Mapping[str, object],
        *,
        safe: bool,
        client: ServiceClient | None = None,
    ) -> AnyAnswer:
        return await (client or self._methods.get(method, self._slack)).fetch(
            into,
            operation,
            "POST",
            f"/{method}",
            check=partial(self._check, operation, safe=safe),
            json=arguments,
            safe=safe,
        )

    def _check(self, operation: str, answer: Answer, *, safe: bool) -> None:
        """Raise what an answer says that is HTTP 200 all the same."""
        if not answer.ok:
            kind = classify(200, answer.error, write=not safe, table=TABLE)
            raise self._slack.error(kind, operation, f"answered {answer.error or 'ok: false'}")
