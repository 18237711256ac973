"""Push messages of Drive: headers only, unsigned; a channel's token is their only proof.

Source: Drive API, "Notifications for resource changes".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import SecretStr

from connectors._http.webhook import Sender, is_same

_SENDER = Sender("gdrive", "Stop that channel and open another one with a new token.")


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
        UnverifiedWebhookError: it doesn't, or a header is missing, or the channel has no token.
    """
    given = {name.lower(): value for name, value in headers.items()}
    channel_id = given.get("x-goog-channel-id", "")
    token = channels.get(channel_id)
    if token is None:
        raise _SENDER.refusal("it is of no channel of ours")
    if not is_same(given.get("x-goog-channel-token", ""), _SENDER.key(token)):
        raise _SENDER.refusal("it doesn't carry the token of its channel")
    state, number = given.get("x-goog-resource-state", ""), given.get("x-goog-message-number", "")
    if not state or not (number.isascii() and number.isdigit()):
        raise _SENDER.refusal(
            "it has no state or no number", "Let the proxy pass all X-Goog headers on."
        )
    return PushMessage(channel_id, int(number), state)
