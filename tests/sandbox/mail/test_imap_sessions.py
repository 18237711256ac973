"""Who may log in to the IMAP stand-in, and how a session ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError

from sandbox import Sandbox
from sandbox.mail.store import MailStore
from tests.sandbox.mail.imap_kit import SECRET, SHOP, Talk, Write, deliver, encrypted, unverified

OrderFault = Callable[..., Awaitable[None]]


@pytest.fixture
def talk(sandbox: Sandbox) -> Talk[Any]:
    """Lets a function talk, in a thread, as somebody who is logged in to the shop's mailbox."""

    async def talk(words: Callable[[IMAPClient], Any]) -> Any:
        def spoken() -> Any:
            with encrypted(sandbox.imap_port) as client:
                client.login(SHOP, SECRET)
                return words(client)

        return await asyncio.to_thread(spoken)

    return talk


@pytest.fixture
def store(sandbox: Sandbox) -> MailStore:
    return sandbox.state.store(MailStore)


async def test_what_is_offered_depends_on_encryption_and_login(sandbox: Sandbox) -> None:
    def spoken() -> list[set[str]]:
        client = IMAPClient("127.0.0.1", sandbox.imap_port, ssl=False, timeout=5)
        offered = [client.capabilities()]
        with pytest.raises(LoginError, match="PRIVACYREQUIRED"):
            client.login(SHOP, SECRET)
        client.starttls(unverified())
        offered.append(client.capabilities())
        client.login(SHOP, SECRET)
        offered.append(client.capabilities())
        client.logout()
        return [{name.decode() for name in one} for one in offered]

    plain, encrypted, logged_in = await asyncio.to_thread(spoken)

    assert {"STARTTLS", "LOGINDISABLED"} <= plain
    assert "AUTH=PLAIN" in encrypted
    assert {"IDLE", "MOVE", "SPECIAL-USE", "UIDPLUS", "CONDSTORE"} <= logged_in


@pytest.mark.parametrize(
    ("login", "password", "mailbox", "code"),
    [
        (SHOP, "wrong", "", "AUTHENTICATIONFAILED"),
        ("nobody", SECRET, "", "AUTHENTICATIONFAILED"),
        (SHOP, SECRET, "ann@example.org", "AUTHORIZATIONFAILED"),
        ("sandbox", SECRET, "nobody", "AUTHORIZATIONFAILED"),
    ],
)
async def test_wrong_logins_are_refused(
    sandbox: Sandbox, login: str, password: str, mailbox: str, code: str
) -> None:
    def spoken() -> None:
        with encrypted(sandbox.imap_port) as client:
            client.plain_login(login, password, mailbox or None)

    with pytest.raises(LoginError, match=code):
        await asyncio.to_thread(spoken)


async def test_the_account_of_the_settings_opens_every_mailbox_by_its_name(
    sandbox: Sandbox, store: MailStore, write_mail: Write
) -> None:
    deliver(store, write_mail())

    def spoken(mailbox: str | None) -> int:
        with encrypted(sandbox.imap_port) as client:
            client.plain_login("sandbox", SECRET, mailbox)
            return int(client.select_folder("INBOX")[b"EXISTS"])

    assert await asyncio.to_thread(spoken, SHOP) == 1
    assert await asyncio.to_thread(spoken, "ann@example.org") == 0
    with pytest.raises(IMAPClientError, match="Name a mailbox"):
        await asyncio.to_thread(spoken, None)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "error"}, "UNAVAILABLE"),
        ({"kind": "error", "code": "INUSE"}, "INUSE"),
        ({"kind": "rate_limit"}, "THROTTLED"),
        ({"kind": "slow", "seconds": 0.01}, None),
    ],
)
async def test_ordered_refusals(
    sandbox: Sandbox,
    talk: Talk[Any],
    order_fault: OrderFault,
    fault: dict[str, Any],
    error: str | None,
) -> None:
    await order_fault("imap", **fault)

    if error is None:
        await talk(lambda client: client.select_folder("INBOX"))
    else:
        with pytest.raises(IMAPClientError, match=error):
            await talk(lambda client: client.select_folder("INBOX"))

    assert sandbox.state.faults.waiting() == []
    selects = [call for call in sandbox.state.calls.find("imap") if call.method == "SELECT"]
    assert [call.fault for call in selects] == [fault["kind"]]


@pytest.mark.parametrize(
    ("kind", "filed"), [("reset", 0), ("timeout", 0), ("truncate", 1), ("drop_after_accept", 1)]
)
async def test_sessions_that_end_without_an_answer(
    store: MailStore,
    talk: Talk[Any],
    write_mail: Write,
    order_fault: OrderFault,
    kind: str,
    filed: int,
) -> None:
    await order_fault("mail", kind, seconds=0.05)

    with pytest.raises((IMAPClientAbortError, OSError)):
        await talk(lambda client: client.append("Sent", write_mail().as_bytes()))

    assert len(store.find(folders=["sentitems"])) == filed


async def test_a_fault_that_names_the_login_strikes_it(
    talk: Talk[Any], order_fault: OrderFault
) -> None:
    await order_fault("imap", "error", path="LOGIN")

    with pytest.raises(LoginError, match="UNAVAILABLE"):
        await talk(lambda client: client.noop())
