"""What the EWS connector makes of refusals, and of answers that don't come."""

from __future__ import annotations

import asyncio
import base64
import logging
import ssl
from collections.abc import AsyncIterator
from xml.sax.saxutils import escape

import pytest

from connectors._http.calls import MemoryRecorder, Shared
from connectors._http.errors import (
    ConnectorError,
    NeedsReauthError,
    RateLimitedError,
    RejectedError,
    ServiceNotFoundError,
    TransientError,
    UnknownOutcomeError,
)
from connectors._http.retry import RetryPolicy
from connectors.mail.errors import CursorExpiredError, SendAsDeniedError
from connectors.mail.ews import EwsMail
from connectors.mail.models import SentLookup
from tests.connectors.conftest import FaultyServer
from tests.connectors.mail.ews_kit import (
    HUB,
    MIME,
    NOTHING_FOUND,
    SENT,
    connect,
    done,
    envelope,
    find,
    messages,
    send,
)

BACK_OFF = '<t:Value Name="BackOffMilliseconds">45000</t:Value>'
BUSY_WITHIN = '<t:Value Name="InnerErrorResponseCode">ErrorServerBusy</t:Value>'


def refused(operation: str, code: str, told: str = "") -> bytes:
    told = told and f"<m:MessageXml>{told}</m:MessageXml>"
    return messages(
        operation,
        f'ResponseClass="Error"><m:MessageText>For {HUB}: no.</m:MessageText>'
        f"<m:ResponseCode>{code}</m:ResponseCode>{told}",
    )


def fault(code: str, told: str = "") -> bytes:
    errors = "http://schemas.microsoft.com/exchange/services/2006/errors"
    return envelope(
        f"<s:Fault><faultcode>t:{code}</faultcode>"
        f'<faultstring xml:lang="en-US">Not for {HUB} &amp; co</faultstring>'
        f'<detail><e:ResponseCode xmlns:e="{errors}">{code}</e:ResponseCode>'
        f"<t:MessageXml>{told}</t:MessageXml></detail></s:Fault>"
    )


@pytest.fixture
async def mail(
    server: FaultyServer, retry: RetryPolicy, recorder: MemoryRecorder
) -> AsyncIterator[EwsMail]:
    connected = connect(server.url, retry=retry, shared=Shared(recorder=recorder))
    yield connected
    await connected.aclose()


READS_AND_WRITES: list[tuple[str, type[ConnectorError], type[ConnectorError]]] = [
    ("ErrorServerBusy", RateLimitedError, RateLimitedError),
    ("ErrorExceededConnectionCount", RateLimitedError, RateLimitedError),
    ("ErrorTooManyObjectsOpened", RateLimitedError, RateLimitedError),
    ("ErrorItemNotFound", ServiceNotFoundError, ServiceNotFoundError),
    ("ErrorFolderNotFound", ServiceNotFoundError, ServiceNotFoundError),
    ("ErrorNonExistentMailbox", ServiceNotFoundError, ServiceNotFoundError),
    ("ErrorAccessDenied", NeedsReauthError, NeedsReauthError),
    ("ErrorImpersonateUserDenied", NeedsReauthError, NeedsReauthError),
    ("ErrorSendAsDenied", SendAsDeniedError, SendAsDeniedError),
    ("ErrorQuotaExceeded", RejectedError, RejectedError),
    ("ErrorInternalServerError", TransientError, UnknownOutcomeError),
    ("ErrorMailboxStoreUnavailable", TransientError, UnknownOutcomeError),
    ("ErrorTimeoutExpired", TransientError, UnknownOutcomeError),
    ("ErrorInvalidServerVersion", RejectedError, RejectedError),
    ("ErrorNeverHeardOf", TransientError, UnknownOutcomeError),
]


@pytest.mark.parametrize(("code", "of_read", "of_write"), READS_AND_WRITES)
async def test_a_refusal_of_an_item_has_the_class_of_its_code(
    server: FaultyServer,
    mail: EwsMail,
    code: str,
    of_read: type[ConnectorError],
    of_write: type[ConnectorError],
) -> None:
    server.answer(200, refused("CreateItem", code))
    for _ in range(3 if of_read in (TransientError, RateLimitedError) else 1):
        server.answer(200, refused("FindItem", code))

    with pytest.raises(ConnectorError) as written:
        await send(mail)
    with pytest.raises(ConnectorError) as read:
        await find(mail)

    assert (type(read.value), type(written.value)) == (of_read, of_write)


@pytest.mark.parametrize(("code", "of_read", "of_write"), READS_AND_WRITES[:-1])
async def test_a_refusal_of_the_request_has_the_class_of_its_code_and_is_asked_once(
    server: FaultyServer,
    mail: EwsMail,
    code: str,
    of_read: type[ConnectorError],
    of_write: type[ConnectorError],
) -> None:
    server.answer(500, fault(code))
    for _ in range(3 if of_read in (TransientError, RateLimitedError) else 1):
        server.answer(500, fault(code))

    with pytest.raises(ConnectorError) as written:
        await send(mail)
    with pytest.raises(ConnectorError) as read:
        await find(mail)

    assert (type(read.value), type(written.value)) == (of_read, of_write)


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (500, fault("ErrorServerBusy", BACK_OFF)),
        (200, refused("CreateItem", "ErrorServerBusy", BACK_OFF)),
        (200, refused("CreateItem", "ErrorInternalServerError", BUSY_WITHIN + BACK_OFF)),
    ],
)
async def test_a_busy_server_says_how_long_it_wants_to_be_left_alone(
    server: FaultyServer, mail: EwsMail, status: int, answer: bytes
) -> None:
    server.answer(status, answer)

    with pytest.raises(RateLimitedError) as caught:
        await send(mail)

    assert caught.value.retry_after_seconds == 45.0
    assert len(server.seen) == 1


async def test_a_busy_server_that_names_no_time_is_not_asked_again_to_send(
    server: FaultyServer, mail: EwsMail, waits: list[float]
) -> None:
    inner = refused("CreateItem", "ErrorInternalServerError", BUSY_WITHIN)
    server.answer(200, inner)

    with pytest.raises(RateLimitedError) as caught:
        await send(mail)

    assert caught.value.retry_after_seconds is None
    assert waits == []


async def test_a_short_wait_is_waited_out(
    server: FaultyServer, mail: EwsMail, waits: list[float]
) -> None:
    server.answer(500, fault("ErrorServerBusy", BACK_OFF.replace("45000", "2500")))
    server.answer(200, SENT)

    await send(mail)

    assert waits == [2.5]


async def test_words_of_a_customer_that_look_like_a_refusal_are_words(
    server: FaultyServer, mail: EwsMail
) -> None:
    words = base64.b64encode(MIME).decode()
    subject = escape(f"{BACK_OFF} <m:ResponseCode>ErrorServerBusy</m:ResponseCode>")
    message = f'<t:Message><t:MimeContent>{words}</t:MimeContent><t:ItemId Id="a"/>'
    message += f"<t:Subject>{subject}</t:Subject></t:Message>"
    server.answer(200, done("GetItem", f"<m:Items>{message}</m:Items>"))

    found = await mail.read("a", mailbox=HUB)

    assert found.text == "Private words\r\n"


async def test_a_cursor_that_is_refused_is_told_even_without_a_new_one(
    server: FaultyServer, mail: EwsMail
) -> None:
    server.answer(200, refused("SyncFolderItems", "ErrorInvalidSyncStateData"))

    with pytest.raises(CursorExpiredError):
        await mail.fetch(mailbox=HUB, cursor="old")


@pytest.mark.parametrize(
    ("status", "headers", "kind"),
    [
        (401, {"WWW_Authenticate": 'Basic realm="x"'}, NeedsReauthError),
        (401, {"Connection": "close"}, NeedsReauthError),
        (403, {}, NeedsReauthError),
        (404, {}, ServiceNotFoundError),
        (302, {"Location": "https://mail.example.com/owa"}, RejectedError),
        (429, {"Retry_After": "120"}, RateLimitedError),
        (500, {}, UnknownOutcomeError),
        (503, {}, UnknownOutcomeError),
    ],
)
async def test_an_answer_that_is_no_soap_has_the_class_of_its_status(
    server: FaultyServer,
    mail: EwsMail,
    status: int,
    headers: dict[str, str],
    kind: type[ConnectorError],
) -> None:
    server.answer(status, b"<!DOCTYPE html><title>IIS</title>", **headers)

    with pytest.raises(ConnectorError) as caught:
        await send(mail)

    assert type(caught.value) is kind
    assert str(status) in caught.value.message
    assert caught.value.retry_after_seconds == (120.0 if status == 429 else None)
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    "answer", [b"<html>Sign in</html>", b"", envelope("<m:Odd/>"), done("CreateItem")]
)
async def test_an_answer_that_cannot_be_read_leaves_a_write_unknown(
    server: FaultyServer, mail: EwsMail, answer: bytes
) -> None:
    server.answer(200, answer)

    with pytest.raises(UnknownOutcomeError) as caught:
        await send(mail)

    assert "Sent Items" in caught.value.cure


@pytest.mark.parametrize("plan", ["truncate", "reset"])
async def test_a_lost_answer_leaves_a_write_unknown_and_a_read_is_repeated(
    server: FaultyServer, mail: EwsMail, plan: str
) -> None:
    getattr(server, plan)()
    with pytest.raises(UnknownOutcomeError):
        await send(mail)
    assert len(server.seen) == 1

    getattr(server, plan)()
    server.answer(200, NOTHING_FOUND)
    assert await find(mail) is SentLookup.ABSENT


async def test_silence_ends_after_the_time_out(server: FaultyServer) -> None:
    mail = connect(server.url, timeout_seconds=0.2)
    server.hold()

    with pytest.raises(UnknownOutcomeError):
        await send(mail)
    await mail.aclose()


async def test_without_a_connection_nothing_was_sent(closed_port: int, retry: RetryPolicy) -> None:
    mail = connect(f"http://127.0.0.1:{closed_port}", retry=retry)

    with pytest.raises(TransientError) as caught:
        await send(mail)
    await mail.aclose()

    assert "HOTROD_EWS__BASE_URL" in caught.value.cure


@pytest.mark.parametrize("url", ["mail.example.com", "ftp://mail.example.com", ""])
async def test_a_wrong_url_is_refused_and_the_message_is_not_logged(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    mail = connect("", base_url=url or "/")

    with pytest.raises(RejectedError):
        await send(mail)
    await mail.aclose()

    assert base64.b64encode(MIME).decode() not in caplog.text


async def test_a_certificate_that_nobody_vouches_for_is_refused(
    certificate: ssl.SSLContext,
) -> None:
    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=certificate)
    mail = connect(f"https://127.0.0.1:{listener.sockets[0].getsockname()[1]}")

    with pytest.raises(RejectedError) as caught:
        await send(mail)
    await mail.aclose()
    listener.close()

    assert "REQUESTS_CA_BUNDLE" in caught.value.cure


async def test_neither_secrets_nor_people_nor_words_are_told(
    server: FaultyServer, mail: EwsMail, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.answer(500, fault("ErrorSchemaValidation"))
    server.answer(200, refused("CreateItem", "ErrorSendAsDenied"))
    server.answer(200, envelope(f"<m:Odd>{HUB} hunter2 Private words</m:Odd>"))

    texts = []
    for _ in range(3):
        with pytest.raises(ConnectorError) as caught:
            await send(mail)
        texts.append(str(caught.value))

    assert "[address] & co" in texts[0]
    told = " ".join([*texts, caplog.text])
    login = base64.b64encode(b"us:hunter2").decode()
    for secret in (HUB, "hunter2", login, "Private words", base64.b64encode(MIME).decode()):
        assert secret not in told
