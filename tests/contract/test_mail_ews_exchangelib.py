"""The stand-in for Exchange Web Services, asked by exchangelib as others use it."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import AsyncIterator
from typing import Any

import pytest
from exchangelib import (
    IMPERSONATION,
    Account,
    Configuration,
    Credentials,
    HTMLBody,
    Mailbox,
    Message,
)
from exchangelib.protocol import Protocol

from sandbox.mail.store import MailStore
from tests.contract.mail_ews_kit import ANN, HUB, written


@pytest.fixture
def store(stand_ins: Any) -> MailStore:
    found: MailStore = stand_ins.sandbox.state.store(MailStore)
    return found


@pytest.fixture
async def account(stand_ins: Any) -> AsyncIterator[Account]:
    """exchangelib as its documentation uses it, but for the URL."""
    config = Configuration(
        service_endpoint=f"{stand_ins.url}/ews/EWS/Exchange.asmx",
        credentials=Credentials("sandbox", "sandbox-secret"),
    )
    yield Account(HUB, config=config, access_type=IMPERSONATION, locale="en_US")
    connections, _ = Protocol[config]
    connections.close()
    del Protocol[config]


async def test_exchangelib_finds_out_how_to_log_in_and_which_version_it_talks_to(
    account: Account,
) -> None:
    def ask() -> tuple[str, int]:
        return account.protocol.auth_type, account.version.build.major_version

    assert await to_thread(ask) == ("basic", 15)


async def test_exchangelib_sends_a_message_that_it_has_composed(
    store: MailStore, account: Account
) -> None:
    def compose() -> None:
        message = Message(
            account=account,
            folder=account.sent,
            subject="Quote",
            body=HTMLBody("<p>200 CAD</p>"),
            to_recipients=[Mailbox(email_address=ANN)],
            cc_recipients=["bob@example.com"],
        )
        message.send_and_save()

    await to_thread(compose)

    (arrived,) = store.find(mailbox=ANN)
    assert (arrived.mail.subject, arrived.mail.html.strip()) == ("Quote", "<p>200 CAD</p>")
    assert [box.address for box in arrived.mail.cc] == ["bob@example.com"]
    assert [one.folder for one in store.find(mailbox=HUB)] == ["sentitems"]


async def test_exchangelib_keeps_a_draft_and_sends_it(store: MailStore, account: Account) -> None:
    def draft() -> list[str]:
        message = Message(
            account=account, folder=account.drafts, subject="Later", body="x", to_recipients=[ANN]
        )
        message.save()
        kept = [one.folder for one in store.find(mailbox=HUB)]
        message.send()
        return kept

    assert await to_thread(draft) == ["drafts"]
    assert [one.folder for one in store.find(mailbox=HUB)] == ["sentitems"]
    assert len(store.find(mailbox=ANN)) == 1


async def test_exchangelib_searches_marks_and_deletes(store: MailStore, account: Account) -> None:
    for number in range(3):
        store.deliver(written(f"<{number}@example.com>", Subject=f"Part {number}"), mailbox=HUB)

    def work() -> tuple[list[str], list[str], bytes]:
        inbox = account.inbox
        subjects = [one.subject for one in inbox.all().order_by("datetime_received")]
        found = inbox.get(subject__contains="Part 1")
        content = found.attachments[0].content
        found.is_read = True
        found.save(update_fields=["is_read"])
        unread = [one.subject for one in inbox.filter(is_read=False)]
        inbox.get(message_id="<2@example.com>").delete()
        found.move_to_trash()
        return subjects, unread, content

    subjects, unread, content = await to_thread(work)

    assert subjects == ["Part 0", "Part 1", "Part 2"]
    assert sorted(unread) == ["Part 0", "Part 2"]
    assert content == b"%PDF"
    left = {(one.mail.subject, one.folder) for one in store.find(mailbox=HUB)}
    assert left == {("Part 0", "inbox"), ("Part 1", "deleteditems")}


async def test_exchangelib_synchronizes_a_folder(store: MailStore, account: Account) -> None:
    for number in range(5):
        store.deliver(written(f"<{number}@example.com>"), mailbox=HUB)

    def sync() -> list[str]:
        inbox = account.inbox
        changes = inbox.sync_items(only_fields=["subject"], max_changes_returned=2)
        return [kind for kind, _item in changes]

    assert await to_thread(sync) == ["create"] * 5


async def test_exchangelib_resolves_an_address(account: Account) -> None:
    def resolve() -> Mailbox:
        assert account.protocol.version is not None
        (found,) = account.protocol.resolve_names([ANN])
        return found

    found = await to_thread(resolve)

    assert found.email_address == ANN
