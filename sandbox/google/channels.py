"""Push channels: what is told to whom, when somebody asks for it to be delivered.

A message has headers only; it says that something changed, not what (Drive API, "Notifications
for resource changes").
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Literal

import httpx

DEFAULT_LIFE = timedelta(hours=1)
LONGEST_LIFE = {"changes": timedelta(days=7), "files": timedelta(days=1)}

ResourceState = Literal["sync", "add", "remove", "update", "trash", "untrash", "change"]


@dataclass(kw_only=True)
class Channel:
    """Who wants to be told, and until when; ``file_id`` is empty for all changes."""

    id: str
    resource_id: str
    resource_uri: str
    address: str
    token: str
    expires_at: datetime
    file_id: str = ""
    last_message: int = 0

    def as_json(self) -> dict[str, Any]:
        """Describe it as Drive does."""
        shown = {
            "kind": "api#channel",
            "id": self.id,
            "resourceId": self.resource_id,
            "resourceUri": self.resource_uri,
            "expiration": str(int(self.expires_at.timestamp() * 1000)),
        }
        return {**shown, "token": self.token} if self.token else shown


@dataclass(frozen=True)
class Message:
    """What is told to one channel."""

    channel: Channel
    number: int
    state: ResourceState

    def headers(self) -> dict[str, str]:
        """Write it as Drive does: all of it is in the headers."""
        channel = self.channel
        headers = {
            "X-Goog-Channel-ID": channel.id,
            "X-Goog-Channel-Expiration": format_datetime(channel.expires_at, usegmt=True),
            "X-Goog-Resource-ID": channel.resource_id,
            "X-Goog-Resource-URI": channel.resource_uri,
            "X-Goog-Resource-State": self.state,
            "X-Goog-Message-Number": str(self.number),
            "User-Agent": "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)",
        }
        return {**headers, "X-Goog-Channel-Token": channel.token} if channel.token else headers


@dataclass(frozen=True)
class Delivery:
    """What came of a message: the receiver's status; 0: it was not reached."""

    channel: str
    number: int
    state: ResourceState
    status: int


class Channels:
    """The open channels, and the messages that wait for delivery."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock
        self._open: dict[str, Channel] = {}
        self._waiting: list[Message] = []

    def add(self, channel: Channel) -> None:
        """Open a channel; the first message is ``sync``."""
        self._open[channel.id] = channel
        self._tell(channel, "sync")

    def get(self, channel_id: str) -> Channel | None:
        """Return an open channel."""
        return next((one for one in self.open() if one.id == channel_id), None)

    def open(self) -> list[Channel]:
        """Return the channels that are not at their end."""
        now = self.clock()
        return [one for one in self._open.values() if now < one.expires_at]

    def stop(self, channel: Channel) -> None:
        """Close a channel."""
        del self._open[channel.id]
        self._waiting = [one for one in self._waiting if one.channel is not channel]

    def changed(self, file_id: str, state: ResourceState) -> None:
        """Tell all who watch a file, or everything."""
        for channel in self.open():
            if not channel.file_id:
                self._tell(channel, "change")
            elif channel.file_id == file_id:
                self._tell(channel, state)

    def waiting(self) -> list[Message]:
        """Return the messages that are not delivered, of channels that are open still."""
        is_open = {one.id for one in self.open()}
        return [one for one in self._waiting if one.channel.id in is_open]

    async def deliver(self, *, repeat: int = 1, shuffle: bool = False) -> list[Delivery]:
        """Send what waits, each message some times, in their order or in any."""
        messages = self.waiting() * repeat
        self._waiting.clear()
        if shuffle:
            random.shuffle(messages)
        else:
            messages.sort(key=lambda one: one.number)
        async with httpx.AsyncClient(timeout=10, trust_env=False) as http:
            return [await _post(http, one) for one in messages]

    def clear(self) -> None:
        """Close all channels."""
        self._open.clear()
        self._waiting.clear()

    def _tell(self, channel: Channel, state: ResourceState) -> None:
        channel.last_message += 1
        self._waiting.append(Message(channel, channel.last_message, state))


async def _post(http: httpx.AsyncClient, message: Message) -> Delivery:
    try:
        answer = await http.post(message.channel.address, headers=message.headers())
        status = answer.status_code
    except httpx.HTTPError:
        status = 0
    return Delivery(message.channel.id, message.number, message.state, status)
