"""Discord's webhooks: apprise forms the messages, their requests are ours.

Its plugin keeps what Discord answers to itself, and what meets a 429 it sends again on its own.
"""

from __future__ import annotations

from typing import Any

from connectors.channels.delivery import post


def send_ourselves(line: Any) -> None:  # noqa: ANN401 - apprise is untyped
    """Take the place of the method by which a line sends each request (apprise 1.13.1)."""

    def send(payload: dict[str, Any], params: dict[str, str] | None = None) -> bool:
        url = f"{line.notify_url}/{line.webhook_id}/{line.webhook_token}"
        return post(url, json=payload, params=params, timeout=line.socket_read_timeout)

    line._send = send  # noqa: SLF001 - it has no other place for this
