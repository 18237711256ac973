"""A mailbox of Gmail's API, and mail for it."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from sandbox import Sandbox
from sandbox.google.tokens import GoogleTokens
from sandbox.mail.store import MailStore
from tests.sandbox.mail.gmail_kit import ANN, HUB, Gmail, WriteMail


@pytest.fixture
def gmail(sandbox: Sandbox, client: httpx.AsyncClient) -> Gmail:
    return Gmail(client, sandbox.state.store(GoogleTokens).issue())


@pytest.fixture
def deliver(sandbox: Sandbox, write_mail: WriteMail) -> Callable[..., str]:
    """Brings a mail from Ann, and returns its id."""

    def deliver(message_id: str = "<1@example.org>", **headers: str) -> str:
        mail = write_mail(message_id, **{"From": f"Ann <{ANN}>", "To": HUB, **headers})
        return sandbox.state.store(MailStore).deliver(bytes(mail), mailbox=HUB).id

    return deliver
