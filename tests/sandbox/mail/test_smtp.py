from __future__ import annotations

import asyncio
import smtplib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from email.message import EmailMessage

import aiosmtplib
import pytest

from sandbox import Sandbox
from sandbox.mail.store import MailStore

SHOP = "repairs@shop.example.com"
Write = Callable[..., EmailMessage]
OrderFault = Callable[..., Awaitable[None]]


def unverified() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@pytest.fixture
async def smtp(sandbox: Sandbox) -> AsyncIterator[aiosmtplib.SMTP]:
    """A session that is encrypted and logged in."""
    session = aiosmtplib.SMTP(
        hostname="127.0.0.1",
        port=sandbox.smtp_port,
        start_tls=True,
        tls_context=unverified(),
        username="sandbox",
        password="sandbox-secret",
        timeout=5,
    )
    await session.connect()
    yield session
    session.close()


async def test_a_mail_is_delivered_and_a_copy_kept(
    sandbox: Sandbox, smtp: aiosmtplib.SMTP, write_mail: Write
) -> None:
    await smtp.send_message(write_mail(Bcc="boss@example.org"))
    kept = [(one.mailbox, one.folder, one.via) for one in sandbox.state.store(MailStore).find()]
    assert kept == [
        ("ann@example.org", "inbox", "smtp"),
        ("boss@example.org", "inbox", "smtp"),
        (SHOP, "sentitems", "smtp"),
    ]
    (call,) = sandbox.state.calls.find("smtp")
    assert (call.method, call.status, call.body["from"]) == ("DATA", 250, SHOP)


async def test_smtplib_sees_what_is_offered_before_and_after_encryption(
    sandbox: Sandbox, write_mail: Write
) -> None:
    def talk() -> tuple[set[str], set[str]]:
        with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=5) as session:
            session.ehlo()
            before = set(session.esmtp_features)
            session.starttls(context=unverified())
            session.ehlo()
            after = set(session.esmtp_features)
            session.user, session.password = "sandbox", "sandbox-secret"
            session.auth("LOGIN", session.auth_login)
            session.send_message(write_mail())
            return before, after

    before, after = await asyncio.to_thread(talk)
    assert {"starttls", "size", "8bitmime"} <= before
    assert "auth" not in before
    assert {"auth", "size", "8bitmime"} <= after
    assert len(sandbox.state.store(MailStore).find(mailbox="ann@example.org")) == 1


async def test_nothing_goes_without_encryption_and_login(
    sandbox: Sandbox, write_mail: Write
) -> None:
    async with aiosmtplib.SMTP(
        hostname="127.0.0.1", port=sandbox.smtp_port, start_tls=False
    ) as plain:
        with pytest.raises(aiosmtplib.SMTPException, match="AUTH"):
            await plain.login("sandbox", "sandbox-secret")
        with pytest.raises(aiosmtplib.SMTPSenderRefused) as refused:
            await plain.send_message(write_mail())
    assert refused.value.code == 530
    assert sandbox.state.store(MailStore).find() == []


@pytest.mark.parametrize(
    ("username", "password"), [("sandbox", "wrong"), ("wrong", "sandbox-secret")]
)
async def test_wrong_logins_are_refused(sandbox: Sandbox, username: str, password: str) -> None:
    session = aiosmtplib.SMTP(
        hostname="127.0.0.1",
        port=sandbox.smtp_port,
        start_tls=True,
        tls_context=unverified(),
        username=username,
        password=password,
    )
    with pytest.raises(aiosmtplib.SMTPAuthenticationError) as refused:
        await session.connect()
    assert refused.value.code == 535


async def test_a_false_recipient_is_refused(smtp: aiosmtplib.SMTP, write_mail: Write) -> None:
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
        await smtp.sendmail(SHOP, ["nobody"], write_mail().as_bytes())


async def test_a_malformed_mail_is_refused(smtp: aiosmtplib.SMTP, sandbox: Sandbox) -> None:
    with pytest.raises(aiosmtplib.SMTPDataError) as refused:
        await smtp.sendmail(SHOP, ["ann@example.org"], b"To: ann@example.org\r\n\r\nx")
    assert refused.value.code == 550
    assert "From" in refused.value.message
    assert sandbox.state.store(MailStore).find() == []


async def test_too_large_a_mail_is_refused(smtp: aiosmtplib.SMTP) -> None:
    code, _ = await smtp.execute_command(b"MAIL", f"FROM:<{SHOP}>".encode(), b"SIZE=99999999")
    assert code == 552


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"kind": "error"}, 451),
        ({"kind": "error", "status": 554}, 554),
        ({"kind": "rate_limit"}, 450),
    ],
)
async def test_ordered_refusals_come_before_the_mail(
    smtp: aiosmtplib.SMTP,
    sandbox: Sandbox,
    write_mail: Write,
    order_fault: OrderFault,
    fault: dict[str, object],
    code: int,
) -> None:
    await order_fault("smtp", **fault)
    with pytest.raises(aiosmtplib.SMTPSenderRefused) as refused:
        await smtp.send_message(write_mail())
    assert refused.value.code == code
    assert sandbox.state.store(MailStore).find() == []
    await smtp.send_message(write_mail())
    assert len(sandbox.state.store(MailStore).find()) == 2


@pytest.mark.parametrize(
    ("kind", "delivered", "status"),
    [("reset", 0, None), ("timeout", 0, None), ("drop_after_accept", 1, 250)],
)
async def test_sessions_that_end_without_an_answer(
    smtp: aiosmtplib.SMTP,
    sandbox: Sandbox,
    write_mail: Write,
    order_fault: OrderFault,
    kind: str,
    delivered: int,
    status: int | None,
) -> None:
    await order_fault("mail", kind, seconds=0.05)
    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await smtp.send_message(write_mail())
    assert len(sandbox.state.store(MailStore).find(folders=["inbox"])) == delivered
    (call,) = sandbox.state.calls.find("mail")
    assert (call.status, call.fault) == (status, kind)


async def test_a_slow_server_takes_the_mail(
    smtp: aiosmtplib.SMTP, sandbox: Sandbox, write_mail: Write, order_fault: OrderFault
) -> None:
    await order_fault("smtp", "slow", seconds=0.01)
    await smtp.send_message(write_mail())
    assert len(sandbox.state.store(MailStore).find(folders=["inbox"])) == 1
    assert sandbox.state.faults.waiting() == []
