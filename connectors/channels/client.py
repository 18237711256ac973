"""Posts to chats, pagers and telephones of some hundred services, by apprise."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Protocol

import httpx
from apprise import Apprise, AppriseAsset, NotifyFormat, OverflowMode
from apprise.plugins.discord import NotifyDiscord
from pydantic import SecretStr

from connectors._http.batch import Outcome, batch_execute
from connectors._http.calls import Caller, Shared, Trace
from connectors._http.errors import (
    ErrorBuilder,
    RejectedError,
    ServiceNotFoundError,
    TransientError,
    UnknownOutcomeError,
)
from connectors._http.network import may_use_proxy, trusted_tls
from connectors._http.retry import RetryPolicy
from connectors._http.threads import Threads
from connectors.channels import discord
from connectors.channels.addresses import MOVES
from connectors.channels.delivery import Delivery, throttle
from connectors.channels.errors import CURES, NO_CHANNEL, ChannelAddressError, ChannelUrlError
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
    arrived before the connection broke. So each failure of what it sent is an
    ``UnknownOutcomeError``. What Discord and push services answer is read by ourselves, and says
    what happened. Where a service asks for a wait, apprise doesn't wait: the caller is told.

    A channel is sent one message at a time; the next has its turn when apprise is through with
    the last. Of a message that is waited for no more, no further part is sent.

    Args:
        urls: name of each channel to its URL, e.g. ``discord://webhook_id/webhook_token``.
        timeout_seconds: longest wait for a channel's turn, and then for its answer.
        addresses: scheme to the root of the API, where it isn't the vendor's; for schemes of
            ``MOVES``, the others hold their address in the URL.
        shared: with the other processes that post there.
        retry: how long a post may wait for its turn, and for what a service asks; nothing else
            is repeated.

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
        self._callers = {
            name: Caller(f"{SERVICE}.{name}", shared, retry, has_one_limit=False) for name in urls
        }
        self._threads = {name: Threads(f"{SERVICE}.{name}", most=1) for name in urls}
        self._under_way: set[Delivery] = set()
        self._http = httpx.Client(
            verify=trusted_tls(), trust_env=all(map(may_use_proxy, addresses.values()))
        )

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the channels, in the order of the settings."""
        return tuple(self._lines)

    async def post(self, channel: str, message: Message) -> None:
        """Post to a channel.

        Raises:
            ServiceNotFoundError: there is no such channel, or none anymore.
            RejectedError: there is nothing to say, or the service refuses it.
            NeedsReauthError: the service refuses the keys in the channel's URL.
            RateLimitedError: it was not sent, the service asks for a wait that is too long.
            TransientError: it was not sent: the channel is still busy with another, or its
                service is out of reach.
            UnknownOutcomeError: it, or a part of it, may have been sent.
        """
        error = ErrorBuilder(f"{SERVICE}.{channel}", CURES)
        if channel not in self._lines:
            raise error(ServiceNotFoundError, "post", "there is no such channel", cure=NO_CHANNEL)
        if not message.text.strip():
            raise error(RejectedError, "post", "the message has no text")

        async def attempt(_trace: Trace) -> None:
            if not await self._take_turn(channel):
                raise error(TransientError, "post", "not sent, it is busy with another")
            delivery = Delivery(error, self._http)
            line = self._lines[channel]
            sending = asyncio.ensure_future(
                self._threads[channel].run(lambda: delivery.carry(lambda: _send(line, message)))
            )
            # A thread can't be stopped: the turn ends with it, not with the wait for it.
            sending.add_done_callback(lambda _: self._turns[channel].release())
            self._under_way.add(delivery)
            try:
                async with asyncio.timeout(self._timeout_seconds):
                    is_sent = await asyncio.shield(sending)
            except TimeoutError:
                raise error(UnknownOutcomeError, "post", "no answer in time") from None
            finally:
                delivery.stop()
                self._under_way.discard(delivery)
            if delivery.failure is not None:
                raise delivery.failure
            if not is_sent:
                raise error(UnknownOutcomeError, "post", "apprise could not send it")

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
        """Send no more, and close all connections."""
        for delivery in self._under_way:
            delivery.stop()
        for thread in self._threads.values():
            thread.close()
        self._http.close()

    async def _take_turn(self, channel: str) -> bool:
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await self._turns[channel].acquire()
        except TimeoutError:
            return False


def _open(
    name: str, url: SecretStr, timeout_seconds: float, addresses: Mapping[str, str]
) -> Apprise:
    """Read a URL without telling it to anybody."""
    asset = AppriseAsset(async_mode=False, secure_logging=True)
    text = url.get_secret_value()
    found = _SCHEME.match(text)
    scheme = found[1].lower() if found else ""
    line: Any = (
        _web_push(text, asset) if scheme == WEB_PUSH else Apprise.instantiate(text, asset=asset)
    )
    if line is None:
        raise ChannelUrlError(name, scheme)
    if scheme in addresses:
        MOVES[scheme](line, addresses[scheme].rstrip("/"))
    line.socket_connect_timeout = line.socket_read_timeout = timeout_seconds
    line.overflow_mode = OverflowMode.SPLIT
    line.throttle = throttle
    line.retry = 0
    if isinstance(line, NotifyDiscord):
        discord.send_ourselves(line)
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
