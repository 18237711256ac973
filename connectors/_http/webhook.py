"""Whether a webhook is from the service that it claims: the one refusal, and what checks share."""

from __future__ import annotations

import hmac
import re
import time
from dataclasses import dataclass

from pydantic import SecretStr

TOLERANCE_SECONDS = 300.0
"""How far from now a request may be signed, as Slack, Stripe and HubSpot advise."""

_TIMESTAMP = re.compile("[0-9]{1,16}")


class UnverifiedWebhookError(Exception):
    """A request that nothing proves to be from its service, or that is too old to be believed.

    Answer it with 401, or as the service's own module says, and forget it.

    Args:
        service: who it claims to be from, e.g. ``slack``.
        reason: what is wrong with it, free of secrets and personal data.
        cure: what a person can do if the service did send it.
    """

    def __init__(self, service: str, reason: str, cure: str) -> None:
        # All arguments go to `args`, so that the error survives pickling between processes.
        super().__init__(service, reason, cure)
        self.service = service
        self.reason = reason
        self.cure = cure

    def __str__(self) -> str:
        return f"{self.service} webhook: {self.reason}. {self.cure}"


@dataclass(frozen=True)
class Sender:
    """A service that calls us.

    Args:
        service: its name, e.g. ``slack``.
        cure: what a person can do when requests of its own are refused; names the setting.
    """

    service: str
    cure: str

    def refusal(self, reason: str, cure: str | None = None) -> UnverifiedWebhookError:
        """Return the error to raise; ``cure``: None: the sender's own sentence."""
        return UnverifiedWebhookError(self.service, reason, cure or self.cure)

    def key(self, secret: SecretStr) -> bytes:
        """Return the secret that proves a request.

        Raises:
            UnverifiedWebhookError: it is blank, so anybody could sign with it.
        """
        value = secret.get_secret_value()
        if not value.strip():
            raise self.refusal("there is no secret of ours to check it by")
        return value.encode()

    def check_age(self, timestamp: str, now: float | None, *, per_second: int = 1) -> None:
        """Check that a request was signed within five minutes of now.

        Args:
            timestamp: as it came: whole units since the epoch.
            now: in seconds since the epoch; None: by the clock.
            per_second: units in a second; 1000: the timestamp is in milliseconds.

        Raises:
            UnverifiedWebhookError: it was not, or the timestamp is none.
        """
        if not _TIMESTAMP.fullmatch(timestamp):
            raise self.refusal(
                "it has no timestamp", "If it is no stranger's, let the proxy pass all headers on."
            )
        moment = time.time() if now is None else now
        if abs(moment - int(timestamp) / per_second) > TOLERANCE_SECONDS:
            raise self.refusal(
                "it was signed more than five minutes away from now",
                "If all are refused, set this machine's clock.",
            )


def is_same(one: str | bytes, other: str | bytes) -> bool:
    """Compare what was shown with what is expected, in a time that tells nothing."""
    return hmac.compare_digest(_bytes(one), _bytes(other))


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text
