"""What the EWS connector asks for, and what it makes of answers and of their absence."""

from __future__ import annotations

import asyncio
import base64
import logging
import ssl
from collections.abc import AsyncIterator
from typing import Any
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import pytest
from pydantic import SecretStr

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

HUB = "hub@example.com"
MIME = b"From: hub@example.com\r\nTo: ann@example.com\r\nSubject: Quote\r\n\r\nPrivate words\r\n"
TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
NAMES = {
    "s": "http://schemas.xmlsoap.org/soap/envelope/",
    "m": "http://schemas.microsoft.com/exchange/services/2006/messages",
    "t": TYPES,
}
BACK_OFF = '<t:Value Name="BackOffMilliseconds">45000</t:Value>'
BUSY_WITHIN = '<t:Value Name="InnerErrorResponseCode">ErrorServerBusy</t:Value>'


def envelope(content: str) -> bytes:
    spaces = " ".join(f'xmlns:{name}="{uri}"' for name, uri in NAMES.items())
    build = 'MajorBuildNumber="1" MinorBuildNumber="0"'
    version = f'<t:ServerVersionInfo MajorVersion="15" MinorVersion="2" {build}/>'
    return (
        f'<?xml version="1.0" encoding="utf-8"?><s:Envelope {spaces}>'
        f"<s:Header>{version}</s:Header><s:Body>{content}</s:Body></s:Envelope>"
    ).encode()


def done(operation: str, content: str = "") -> bytes:
    return messages(
        operation, f'ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>{content}'
    )


def refused(operation: str, code: str, told: str = "") -> bytes:
    told = told and f"<m:MessageXml>{told}</m:MessageXml>"
    return messages(
        operation,
        f'ResponseClass="Error"><m:MessageText>For {HUB}: no.</m:MessageText>'
        f"<m:ResponseCode>{code}</m:ResponseCode>{told}",
    )


def messages(operation: str, *inside: str) -> bytes:
    name = f"m:{operation}ResponseMessage"
    all_of_them = "".join(f"<{name} {one}</{name}>" for one in inside)
    return envelope(
        f"<m:{operation}Response><m:ResponseMessages>{all_of_them}</m:ResponseMessages>"
        f"</m:{operation}Response>"
    )


def fault(code: str, told: str = "") -> bytes:
    errors = "http://schemas.microsoft.com/exchange/services/2006/errors"
    return envelope(
        f"<s:Fault><faultcode>t:{code}</faultcode>"
        f'<faultstring xml:lang="en-US">Not for {HUB} &amp; co</faultstring>'
        f'<detail><e:ResponseCode xmlns:e="{errors}">{code}</e:ResponseCode>'
        f"<t:MessageXml>{told}</t:MessageXml></detail></s:Fault>"
    )


SENT = done("CreateItem", "<m:Items/>")
NOTHING_FOUND = done(
    "FindItem",
    '<m:RootFolder TotalItemsInView="0" IncludesLastItemInRange="true"><t:Items/></m:RootFolder>',
)


@pytest.fixture
def recorder() -> MemoryRecorder:
    return MemoryRecorder()


@pytest.fixture
async def mail(
    server: FaultyServer, retry: RetryPolicy, recorder: MemoryRecorder
) -> AsyncIterator[EwsMail]:
    connected = connect(server.url, retry=retry, shared=Shared(recorder=recorder))
    yield connected
    await connected.aclose()


def connect(url: str, **changed: Any) -> EwsMail:
    given: dict[str, Any] = {
        "base_url": f"{url}/EWS/Exchange.asmx",
        "username": "us",
        "password": SecretStr("hunter2"),
        "timeout_seconds": 5.0,
        **changed,
    }
    return EwsMail(**given)


async def send(mail: EwsMail) -> None:
    await mail.send(MIME, mailbox=HUB, sender=HUB, recipients=["ann@example.com"])


async def find(mail: EwsMail) -> SentLookup:
    return await mail.find_sent("<o'neil&co@example.com>", mailbox=HUB)


def asked(server: FaultyServer, number: int = -1) -> ET.Element:
    return ET.fromstring(server.seen[number].body)  # noqa: S314 - written by ourselves


async def test_a_message_is_sent_as_it_is_in_the_name_of_its_mailbox(
    server: FaultyServer, mail: EwsMail
) -> None:
    server.answer(200, SENT)

    await send(mail)

    (request,) = server.seen
    assert (request.method, request.target) == ("POST", "/EWS/Exchange.asmx")
    login = base64.b64encode(b"us:hunter2").decode()
    assert request.headers["authorization"] == f"Basic {login}"
    assert request.headers["x-anchormailbox"] == HUB
    root = asked(server)
    owner = root.findtext(
        "s:Header/t:ExchangeImpersonation/t:ConnectingSID/t:PrimarySmtpAddress", "", NAMES
    )
    assert owner == HUB
    created = root.find("s:Body/m:CreateItem", NAMES)
    assert created is not None
    assert created.get("MessageDisposition") == "SendAndSaveCopy"
    folder = created.find("m:SavedItemFolderId/t:DistinguishedFolderId", NAMES)
    assert folder is not None
    assert folder.get("Id") == "sentitems"
    content = created.findtext("m:Items/t:Message/t:MimeContent", "", NAMES)
    assert base64.b64decode(content) == MIME


async def test_ntlm_is_spoken_when_the_settings_say_so(server: FaultyServer) -> None:
    mail = connect(server.url, username="EXAMPLE\\us", login="ntlm")
    server.answer(401, b"", WWW_Authenticate="NTLM")
    server.answer(401, b"", WWW_Authenticate="NTLM")

    with pytest.raises(NeedsReauthError):
        await send(mail)
    await mail.aclose()

    first, second = server.seen
    assert "authorization" not in first.headers
    assert second.headers["authorization"].startswith("NTLM TlRMTVNTUAAB")


async def test_a_sent_copy_is_looked_for_by_its_message_id(
    server: FaultyServer, mail: EwsMail
) -> None:
    server.answer(200, NOTHING_FOUND)

    assert await find(mail) is SentLookup.ABSENT

    looked = asked(server).find("s:Body/m:FindItem", NAMES)
    assert looked is not None
    field = looked.find("m:Restriction/t:IsEqualTo/t:FieldURI", NAMES)
    constant = looked.find("m:Restriction/t:IsEqualTo/t:FieldURIOrConstant/t:Constant", NAMES)
    assert field is not None
    assert field.get("FieldURI") == "message:InternetMessageId"
    assert constant is not None
    assert constant.get("Value") == "<o'neil&co@example.com>"


async def test_a_ping_is_made_in_nobodys_name(server: FaultyServer, mail: EwsMail) -> None:
    server.answer(200, done("GetServerTimeZones", "<m:TimeZoneDefinitions/>"))

    await mail.ping()

    assert asked(server).find("s:Header/t:ExchangeImpersonation", NAMES) is None


async def test_a_page_of_changes_is_at_most_what_the_server_gives(
    server: FaultyServer, mail: EwsMail
) -> None:
    server.answer(
        200,
        done(
            "SyncFolderItems",
            "<m:SyncState>next</m:SyncState>"
            "<m:IncludesLastItemInRange>true</m:IncludesLastItemInRange><m:Changes/>",
        ),
    )

    page = await mail.fetch(mailbox=HUB, cursor="before")

    assert (page.messages, page.removed, page.cursor, page.is_last) == ((), (), "next", True)
    sync = asked(server).find("s:Body/m:SyncFolderItems", NAMES)
    assert sync is not None
    assert sync.findtext("m:SyncState", "", NAMES) == "before"
    assert 1 <= int(sync.findtext("m:MaxChangesReturned", "", NAMES)) <= 512


async def test_what_has_left_since_the_list_was_made_is_left_out(
    server: FaultyServer, mail: EwsMail
) -> None:
    changes = "".join(
        f'<t:Create><t:Message><t:ItemId Id="{id_}"/></t:Message></t:Create>' for id_ in "ab"
    )
    server.answer(
        200,
        done(
            "SyncFolderItems",
            "<m:SyncState>next</m:SyncState><m:IncludesLastItemInRange>true"
            f"</m:IncludesLastItemInRange><m:Changes>{changes}</m:Changes>",
        ),
    )
    report = (
        '<t:Message><t:ItemId Id="b"/><t:Subject>Undeliverable</t:Subject>'
        "<t:DateTimeReceived>2026-11-20T10:00:00Z</t:DateTimeReceived></t:Message>"
    )
    gone = "<m:MessageText>Gone</m:MessageText><m:ResponseCode>ErrorItemNotFound</m:ResponseCode>"
    there = f"<m:ResponseCode>NoError</m:ResponseCode><m:Items>{report}</m:Items>"
    server.answer(
        200,
        messages(
            "GetItem",
            f'ResponseClass="Error">{gone}<m:Items/>',
            f'ResponseClass="Success">{there}',
        ),
    )

    (found,) = (await mail.fetch(mailbox=HUB)).messages

    assert (found.id, found.subject, found.sender, found.message_id) == (
        "b",
        "Undeliverable",
        "",
        "",
    )


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


async def test_a_call_is_recorded_by_the_name_that_the_server_gave_it(
    server: FaultyServer, mail: EwsMail, recorder: MemoryRecorder
) -> None:
    server.answer(503, b"", request_id="abc-1")
    server.answer(200, NOTHING_FOUND, request_id="abc-2")

    await find(mail)

    (call,) = recorder.calls
    assert (call.operation, call.outcome, call.attempts) == ("find_sent", "ok", 2)
    assert call.request_id == "abc-2"
