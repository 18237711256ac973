"""Posts to chats, pagers and telephones of some hundred services, by apprise."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Protocol

from apprise import Apprise, AppriseAsset, NotifyFormat, OverflowMode
from apprise.plugins.discord import NotifyDiscord
from pydantic import SecretStr

from connectors._http.batch import Outcome, batch_execute
from connectors._http.calls import Caller, Shared, Trace
from connectors._http.errors import (
    ConnectorError,
    ErrorBuilder,
    RejectedError,
    ServiceNotFoundError,
    TransientError,
    UnknownOutcomeError,
)
from connectors._http.retry import RetryPolicy
from connectors._http.threads import Threads
from connectors.channels.addresses import MOVES
from connectors.channels.errors import CURES, ChannelAddressError, ChannelUrlError
from connectors.channels.models import Message
from connectors.channels.webpush import SCHEME as WEB_PUSH
from connectors.channels.webpush import WebPush

SERVICE = "channels"
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]{0,20})://")


class Messenger(Protocol):
    """Posts messages to named channels."""

    async def post(self, channel: str, message: Message) -> None:
        """Post to a channel.

        Raises:
            ConnectorError: it was not posted, or may not have been; the class says which.
        """


class ApprisePoster:
    """A ``Messenger`` over apprise.

    Apprise says whether a message went, and nothing else: not why it didn't, nor whether it
    arrived before the connection broke. So each failure of what was sent is an
    ``UnknownOutcomeError``. A channel is sent one message at a time; the next has its turn
    when apprise is through with the last, even if that one is waited for no more.

    Args:
        urls: name of each channel to its URL, e.g. ``discord://webhook_id/webhook_token``.
        timeout_seconds: longest wait for a channel's turn, and then for its answer.
        addresses: scheme to the root of the API, where it isn't the vendor's; for schemes of
            ``MOVES``, the others hold their address in the URL.
        shared: with the other processes that post there.
        retry: how long a post may wait for its turn; none is repeated.

    Raises:
        ChannelUrlError: a URL can't be read.
        ChannelAddressError: an address is of a scheme that has none to change.
    """

    def __init__(
        self,
        *,
        urls: Mapping[str, SecretStr],
        timeout_seconds: float,
        addresses: Mapping[str, str] = MappingProxyType({}),
        shared: Shared | None = None,
        retry: RetryPolicy | None = None,
    ) -> None:
        # It writes URLs and answers to its log, which holds tokens and what was said.
        logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
        self._timeout_seconds = timeout_seconds
        for scheme in addresses.keys() - MOVES.keys():
            raise ChannelAddressError(scheme, MOVES)
        self._lines = {
            name: _open(name, url, timeout_seconds, addresses) for name, url in urls.items()
        }
        self._turns = {name: asyncio.Lock() for name in urls}
        self._callers = {name: Caller(f"{SERVICE}.{name}", shared, retry) for name in urls}
        self._threads = {name: Threads(f"{SERVICE}.{name}", most=1) for name in urls}

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the channels, in the order of the settings."""
        return tuple(self._lines)

    async def post(self, channel: str, message: Message) -> None:
        """Post to a channel.

        Raises:
            ServiceNotFoundError: there is no such channel.
            RejectedError: there is nothing to say.
            TransientError: it was not sent, the channel is still busy with another.
            UnknownOutcomeError: apprise could not send it, or doesn't know whether it did.
        """
        if channel not in self._lines:
            raise _error(ServiceNotFoundError, channel, "there is no such channel")
        if not message.text.strip():
            raise _error(RejectedError, channel, "the message has no text")

        async def attempt(_trace: Trace) -> None:
            await self._take_turn(channel)
            sending = asyncio.ensure_future(
                self._threads[channel].run(lambda: _send(self._lines[channel], message))
            )
            # A thread can't be stopped: the turn ends with it, not with the wait for it.
            sending.add_done_callback(lambda _: self._turns[channel].release())
            try:
                async with asyncio.timeout(self._timeout_seconds):
                    is_sent = await asyncio.shield(sending)
            except TimeoutError:
                raise _error(UnknownOutcomeError, channel, "no answer in time") from None
            if not is_sent:
                raise _error(UnknownOutcomeError, channel, "apprise could not send it")

        await self._callers[channel].call("post", attempt, safe=False)

    async def post_everywhere(
        self, message: Message, channels: Iterable[str] | None = None
    ) -> list[Outcome[str, None]]:
        """Post to channels at the same time, and return what came of each.

        Args:
            message: for all of them.
            channels: which; None: all there are.
        """
        wanted = self.channels if channels is None else tuple(channels)
        return await batch_execute(wanted, lambda channel: self.post(channel, message))

    async def ping(self) -> None:
        """Do nothing: URLs were read at the start, and apprise can't ask without posting."""

    async def aclose(self) -> None:
        """Start no more posts."""
        for thread in self._threads.values():
            thread.close()

    async def _take_turn(self, channel: str) -> None:
        try:
            async with asyncio.timeout(self._timeout_seconds):
                await self._turns[channel].acquire()
        except TimeoutError:
            raise _error(TransientError, channel, "not sent, it is busy with another") from None


def _open(
    name: str, url: SecretStr, timeout_seconds: float, addresses: Mapping[str, str]
) -> Apprise:
    """Read a URL without telling it to anybody."""
    asset = AppriseAsset(async_mode=False, secure_logging=True)
    text = url.get_secret_value()
    found = _SCHEME.match(text)
    scheme = found[1].lower() if found else ""
    line = _web_push(text, asset) if scheme == WEB_PUSH else Apprise.instantiate(text, asset=asset)
    if line is None:
        raise ChannelUrlError(name, scheme)
    if scheme in addresses:
        MOVES[scheme](line, addresses[scheme].rstrip("/"))
    line.socket_connect_timeout = line.socket_read_timeout = timeout_seconds
    line.overflow_mode = OverflowMode.SPLIT
    if isinstance(line, NotifyDiscord):
        line.clock_skew = timedelta(0)  # apprise would add ten seconds to each wait it is told
    lines = Apprise(asset=asset)
    lines.add(line)
    return lines


def _web_push(url: str, asset: AppriseAsset) -> WebPush | None:
    try:
        return WebPush(url, asset)
    except (ValueError, KeyError):
        return None


def _send(line: Apprise, message: Message) -> bool:
    """Send in a thread; plugins of a hundred services raise what they like."""
    try:
        return bool(
            line.notify(
                body=message.text,
                title=message.title,
                notify_type=message.kind,
                body_format=NotifyFormat.TEXT,
            )
        )
    except Exception:  # noqa: BLE001 - see above
        return False


def _error(kind: type[ConnectorError], channel: str, message: str) -> ConnectorError:
    return ErrorBuilder(f"{SERVICE}.{channel}", CURES)(kind, "post", message)
