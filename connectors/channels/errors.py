"""What can go wrong with a channel."""

from __future__ import annotations

from collections.abc import Iterable

from connectors._http.errors import (
    Cures,
    NeedsReauthError,
    RateLimitedError,
    RejectedError,
    ServiceNotFoundError,
    TransientError,
    UnknownOutcomeError,
)

CURES: Cures = {
    NeedsReauthError: "Its keys are refused: correct its line in HOTROD_CHANNELS__URLS.",
    RateLimitedError: "Post it again after the wait; if it lasts, post less to this channel.",
    RejectedError: "Write something else: what is empty, too long or ill-formed is not sent.",
    ServiceNotFoundError: (
        "Its subscription or webhook has ended for good: delete its line from "
        "HOTROD_CHANNELS__URLS, or put a new one there."
    ),
    TransientError: (
        "Post it again later; if it lasts, the channel is out of reach, or answers too slowly for "
        "HOTROD_CHANNELS__TIMEOUT_SECONDS."
    ),
    UnknownOutcomeError: (
        "Look in the channel whether it is there; if none arrive, check its line in "
        "HOTROD_CHANNELS__URLS."
    ),
}
NO_CHANNEL = "Add a line for it to HOTROD_CHANNELS__URLS."


class ChannelUrlError(ValueError):
    """A line of the settings that can't be read; it names the channel, not the URL.

    Args:
        channel: its name.
        scheme: of its URL; empty: it has none.
    """

    def __init__(self, channel: str, scheme: str) -> None:
        self.channel = channel
        self.scheme = scheme
        what = f"this {scheme}:// URL can't be read" if scheme else "it is no URL"
        super().__init__(
            f"channel {channel} in HOTROD_CHANNELS__URLS: {what}; see github.com/caronc/apprise"
        )


class ChannelAddressError(ValueError):
    """An address for a scheme that has none to change.

    Args:
        scheme: the one.
        known: those that have.
    """

    def __init__(self, scheme: str, known: Iterable[str]) -> None:
        self.scheme = scheme
        super().__init__(
            f"HOTROD_CHANNELS__ADDRESSES: {scheme}:// has no address to change; "
            f"known are {', '.join(known)}, the others hold theirs in the URL"
        )
