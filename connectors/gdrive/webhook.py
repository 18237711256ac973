"""Push messages of Drive: headers only, unsigned; a channel's token is their only proof.

Source: Drive API, "Notifications for resource changes".
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import SecretStr


class UnverifiedPushError(ValueError):
    """A push message that Drive didn't send, or that is of no channel of ours."""


@dataclass(frozen=True)
class PushMessage:
    """What a message says; not what changed: that is listed by the page token.

    Args:
        channel_id: whose message it is.
        number: rises within the channel, with gaps; the same one may come again.
        state: ``sync`` is the first one, ``change`` all others of a channel for changes.
    """

    channel_id: str
    number: int
    state: str

    @property
    def is_sync(self) -> bool:
        """Whether it only says that the channel is open."""
        return self.state == "sync"


def verify(headers: Mapping[str, str], channels: Mapping[str, SecretStr]) -> PushMessage:
    """Return what a push message says, if it comes by a channel of ours with its token.

    Args:
        headers: of the request, their names in any case.
        channels: from the id of each open channel to its token; while one is renewed, both.

    Raises:
        UnverifiedPushError: it doesn't, or a header is missing.
    """
    given = {name.lower(): value for name, value in headers.items()}
    channel_id = given.get("x-goog-channel-id", "")
    token = channels.get(channel_id)
    if token is None or not token.get_secret_value():
        raise UnverifiedPushError("The message is of no channel of ours; stop that channel.")
    shown = given.get("x-goog-channel-token", "").encode()
    if not hmac.compare_digest(shown, token.get_secret_value().encode()):
        raise UnverifiedPushError("The message doesn't carry the token of its channel.")
    state, number = given.get("x-goog-resource-state", ""), given.get("x-goog-message-number", "")
    if not state or not (number.isascii() and number.isdigit()):
        raise UnverifiedPushError("The message has no state or no number.")
    return PushMessage(channel_id, int(number), state)
