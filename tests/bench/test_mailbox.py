from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from email.message import EmailMessage

import pytest

from bench import mailbox
from bench.mailbox import read_arrivals
from sandbox.mail.store import MailStore
from sandbox.server import Sandbox, running_sandbox


@pytest.fixture
async def stand_in() -> AsyncIterator[Sandbox]:
    async with running_sandbox() as sandbox:
        yield sandbox


def submit(sandbox: Sandbox, number: int) -> None:
    mail = EmailMessage()
    mail["From"] = "shop@example.com"
    mail["To"] = f"bench-{number}@example.com"
    mail["Message-ID"] = f"<{number}@x>"
    mail["X-Hotrod-Ticket"] = f"NL-{number}"
    sandbox.state.store(MailStore).submit(
        mail.as_bytes(),
        sender="shop@example.com",
        via="smtp",
        recipients=[f"bench-{number}@example.com"],
    )


@pytest.mark.parametrize("page", [1, 2, 3, 5000])
async def test_all_that_arrived_is_read_page_by_page(
    stand_in: Sandbox, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(mailbox, "_PAGE", page)
    for number in range(1, 5):
        submit(stand_in, number)
    arrivals = await asyncio.to_thread(read_arrivals, stand_in.url)
    assert [one.ticket for one in arrivals] == ["NL-1", "NL-2", "NL-3", "NL-4"]
    assert arrivals[0].recipient == "bench-1@example.com"
    assert arrivals[0].message_id == "<1@x>"
    submit(stand_in, 5)
    later = await asyncio.to_thread(read_arrivals, stand_in.url, arrivals[-1].number)
    assert [one.ticket for one in later] == ["NL-5"]
