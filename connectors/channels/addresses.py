"""Where services are reached whose address apprise fixes: the vendor's, or a stand-in's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connectors.channels import webpush


def _discord(line: Any, root: str) -> None:  # noqa: ANN401 - apprise is untyped
    line.notify_url = f"{root}/api/webhooks"


def _mailgun(line: Any, root: str) -> None:  # noqa: ANN401 - apprise is untyped
    """Make the root a region of its own: the plugin looks its address up by region."""
    from apprise.plugins.mailgun import MAILGUN_API_LOOKUP

    MAILGUN_API_LOOKUP[root] = f"{root}/v3/"
    line.region_name = root


def _sendgrid(line: Any, root: str) -> None:  # noqa: ANN401 - apprise is untyped
    line.notify_url = f"{root}/v3/mail/send"


def _webpush(line: Any, root: str) -> None:  # noqa: ANN401 - apprise is untyped
    line.root = root


MOVES: Mapping[str, Callable[[Any, str], None]] = {
    "discord": _discord,
    "mailgun": _mailgun,
    "sendgrid": _sendgrid,
    webpush.SCHEME: _webpush,
}
"""By scheme: tells a line the root of the API that it is to use."""
