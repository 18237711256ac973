"""Sending by SMTP: what is classified how, and what is never sent twice."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from pydantic import SecretStr

from connectors._http.breaker import MemoryBreakers
from connectors._http.calls import MemoryRecorder, Shared
from connectors._http.errors import (
    ConnectorError,
    NeedsReauthError,
    RejectedError,
    TransientError,
    UnknownOutcomeError,
)
from connectors._http.limits import MemoryLimiter, Rate
from connectors._http.retry import RetryPolicy
from connectors.mail.models import SentLookup
from connectors.mail.smtp import SmtpMail

MIME = b"From: repairs@example.com\r\nTo: ann@example.com\r\nMessage-ID: <1@x>\r\n\r\n.Hello\r\n"
HANG_UP = "hang up"
GARBLED = "what?"

Open = Callable[..., Any]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def make(clock: Clock) -> AsyncIterator[Callable[..., SmtpMail]]:
    made: list[SmtpMail] = []

    def make(port: int, **options: Any) -> SmtpMail:
        options = {"host": "127.0.0.1", "timeout_seconds": 5.0, "clock": clock, **options}
        made.append(SmtpMail(port=port, **options))
        return made[-1]

    yield make
    for mail in made:
        await mail.aclose()


@pytest.fixture
def mail(post: Any, make: Callable[..., SmtpMail]) -> SmtpMail:
    return make(post.port)


async def send(mail: SmtpMail, *recipients: str) -> None:
    await mail.send(
        MIME,
        mailbox="hub@example.com",
        sender="repairs@example.com",
        recipients=recipients or ["ann@example.com"],
    )


async def failure(mail: SmtpMail, *recipients: str) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        await send(mail, *recipients)
    return caught.value


async def test_a_message_goes_to_all_recipients_from_the_mailbox(post: Any, mail: SmtpMail) -> None:
    await send(mail, "ann@example.com", "bob@example.com")

    (taken,) = post.taken
    assert taken.mail_from == "hub@example.com"
    assert taken.rcpt_tos == ["ann@example.com", "bob@example.com"]
    assert taken.content == MIME


async def test_the_connection_is_kept_between_messages(
    post: Any, mail: SmtpMail, clock: Clock
) -> None:
    await send(mail)
    clock.now = 59.0
    await asyncio.gather(send(mail), send(mail))

    assert len(post.taken) == 3
    assert post.connections == 1


async def test_a_connection_that_idled_for_a_minute_is_replaced(
    post: Any, mail: SmtpMail, clock: Clock
) -> None:
    await send(mail)
    clock.now = 60.0
    await send(mail)

    assert (len(post.taken), post.connections) == (2, 2)


@pytest.mark.parametrize("reply", [HANG_UP, "421 4.4.2 idle for too long"])
async def test_a_connection_that_went_stale_is_replaced_before_anything_is_sent(
    post: Any, mail: SmtpMail, reply: str
) -> None:
    await send(mail)
    post.replies["MAIL"] = [reply]

    await send(mail)

    assert (len(post.taken), post.connections) == (2, 2)


async def test_a_new_connection_that_breaks_is_not_replaced(post: Any, mail: SmtpMail) -> None:
    post.replies["MAIL"] = [HANG_UP]

    assert type(await failure(mail)) is TransientError
    assert (len(post.taken), post.connections) == (0, 1)


@pytest.mark.parametrize(
    ("command", "reply", "kind"),
    [
        ("MAIL", "550 5.7.60 hub@example.com may not send", RejectedError),
        ("MAIL", "530 5.7.0 log in first", NeedsReauthError),
        ("RCPT", "550 5.1.1 <ann@example.com> is unknown", RejectedError),
        ("RCPT", "450 4.2.1 <ann@example.com> is busy", TransientError),
        ("DATA", "451 4.3.0 try later", TransientError),
        ("DATA", "554 5.6.0 not for us", RejectedError),
        ("DATA", "421 4.3.2 closing", TransientError),
        ("DATA", HANG_UP, UnknownOutcomeError),
        ("DATA", GARBLED, UnknownOutcomeError),
    ],
)
async def test_replies_are_classified_and_the_next_message_still_goes(
    post: Any, mail: SmtpMail, command: str, reply: str, kind: type[ConnectorError]
) -> None:
    post.replies[command] = [reply]

    error = await failure(mail)
    before = len(post.taken)
    await send(mail)

    assert type(error) is kind
    assert "example.com" not in str(error)
    assert before == (1 if kind is UnknownOutcomeError else 0)
    assert len(post.taken) == before + 1


async def test_one_refused_recipient_refuses_the_message(post: Any, mail: SmtpMail) -> None:
    post.replies["RCPT"] = ["250 OK", "550 5.1.1 unknown"]

    assert type(await failure(mail, "ann@example.com", "bob@example.com")) is RejectedError
    assert post.taken == []


async def test_nobody_listens(make: Callable[..., SmtpMail], closed_port: int) -> None:
    error = await failure(make(closed_port))

    assert type(error) is TransientError
    assert "HOTROD_SMTP__HOST" in error.cure


async def test_no_reply_to_the_message_in_time(
    post: Any, make: Callable[..., SmtpMail], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hold(*_: object) -> str:
        await asyncio.sleep(60)
        return "250 OK"

    monkeypatch.setattr(post, "handle_DATA", hold, raising=False)

    assert type(await failure(make(post.port, timeout_seconds=0.1))) is UnknownOutcomeError


async def test_addresses_beyond_ascii_go_where_the_server_takes_them(
    post: Any, mail: SmtpMail
) -> None:
    await send(mail, "jürgen@example.com")

    assert post.taken[0].rcpt_tos == ["jürgen@example.com"]
    assert "SMTPUTF8" in post.taken[0].mail_options


async def test_and_are_rejected_where_it_does_not(
    open_post: Open, make: Callable[..., SmtpMail]
) -> None:
    post = await open_post(utf8=False)

    error = await failure(make(post.port), "jürgen@example.com")

    assert type(error) is RejectedError
    assert post.taken == []


async def test_auto_takes_on_loopback_what_is_offered_and_logs_in(
    open_post: Open, certificate: ssl.SSLContext, make: Callable[..., SmtpMail]
) -> None:
    post = await open_post(certificate)

    await send(make(post.port, username="us", password=SecretStr("hunter2")))

    assert post.over_tls == [True]


@pytest.mark.parametrize(
    ("reply", "kind"),
    [("535 5.7.8 hunter3 is wrong", NeedsReauthError), ("454 4.7.0 later", TransientError)],
)
async def test_a_login_that_fails(
    open_post: Open,
    certificate: ssl.SSLContext,
    make: Callable[..., SmtpMail],
    reply: str,
    kind: type[ConnectorError],
) -> None:
    post = await open_post(certificate)
    post.replies["AUTH"] = [reply, reply]

    error = await failure(make(post.port, username="us", password=SecretStr("hunter3")))

    assert type(error) is kind
    assert "hunter3" not in str(error)


async def test_starttls_demands_a_certificate_that_is_good(
    open_post: Open, certificate: ssl.SSLContext, make: Callable[..., SmtpMail]
) -> None:
    post = await open_post(certificate)

    error = await failure(make(post.port, security="starttls"))

    assert type(error) is RejectedError
    assert "HOTROD_SMTP__SECURITY" in error.cure
    assert post.taken == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_no_message_goes_unencrypted_when_encryption_is_demanded(
    post: Any, make: Callable[..., SmtpMail], security: str
) -> None:
    error = await failure(make(post.port, security=security))

    assert type(error) is RejectedError
    assert post.taken == []


async def test_auto_demands_encryption_off_this_machine(make: Callable[..., SmtpMail]) -> None:
    strict = make(587, host="mail.example.com")._client()

    assert strict._start_tls_on_connect is True
    assert strict.tls_context is not None
    assert strict.tls_context.verify_mode == ssl.CERT_REQUIRED


async def test_ping_and_lookup(post: Any, mail: SmtpMail) -> None:
    await mail.ping()

    assert await mail.find_sent("<1@x>", mailbox="hub@example.com") is SentLookup.UNKNOWABLE
    assert post.connections == 1


async def test_a_ping_is_tried_three_times(
    post: Any, make: Callable[..., SmtpMail], retry: RetryPolicy, waits: list[float]
) -> None:
    post.replies["NOOP"] = ["421 closing"] * 3

    with pytest.raises(TransientError):
        await make(post.port, retry=retry).ping()

    assert (waits, post.connections) == ([1.0, 2.0], 3)


async def test_every_call_is_recorded_and_no_message_is_sent_again(
    post: Any, make: Callable[..., SmtpMail], retry: RetryPolicy, waits: list[float]
) -> None:
    recorder = MemoryRecorder()
    mail = make(post.port, shared=Shared(recorder=recorder), retry=retry)
    post.replies["MAIL"] = ["250 OK", "451 4.3.0 try later"]
    post.replies["DATA"] = [HANG_UP]

    await mail.ping()
    await failure(mail)
    await failure(mail)
    await send(mail)

    assert waits == []
    assert [
        (call.service, call.operation, call.outcome, call.attempts) for call in recorder.calls
    ] == [
        ("mail.smtp", "ping", "ok", 1),
        ("mail.smtp", "send", "UnknownOutcomeError", 1),
        ("mail.smtp", "send", "TransientError", 1),
        ("mail.smtp", "send", "ok", 1),
    ]


async def test_a_reconnect_is_part_of_one_attempt(post: Any, make: Callable[..., SmtpMail]) -> None:
    recorder = MemoryRecorder()
    mail = make(post.port, shared=Shared(recorder=recorder))
    post.replies["MAIL"] = ["250 OK", HANG_UP]

    await send(mail)
    await send(mail)

    assert [(call.outcome, call.attempts) for call in recorder.calls] == [("ok", 1), ("ok", 1)]
    assert (len(post.taken), post.connections) == (2, 2)


async def test_a_server_that_is_down_is_left_alone(
    post: Any, make: Callable[..., SmtpMail]
) -> None:
    mail = make(post.port, shared=Shared(breakers=MemoryBreakers()))
    post.replies["MAIL"] = [HANG_UP] * 5
    for _ in range(5):
        await failure(mail)

    error = await failure(mail)

    assert "left alone" in str(error)
    assert (len(post.taken), post.connections) == (0, 5)


async def test_messages_keep_our_pace(
    post: Any, clock: Clock, make: Callable[..., SmtpMail], retry: RetryPolicy, waits: list[float]
) -> None:
    limiter = MemoryLimiter(Rate(1, 20.0), clock)
    mail = make(post.port, shared=Shared(limiter=limiter), retry=retry)

    await send(mail)
    await send(mail)

    assert waits == [pytest.approx(20.0, rel=0.1)]
