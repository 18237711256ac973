"""What the EWS connector asks for, and what it reads from answers."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from xml.etree import ElementTree as ET

import pytest

from connectors._http.calls import MemoryRecorder, Shared
from connectors._http.errors import (
    NeedsReauthError,
)
from connectors._http.retry import RetryPolicy
from connectors.mail.ews import EwsMail
from connectors.mail.models import SentLookup
from tests.connectors.conftest import FaultyServer
from tests.connectors.mail.ews_kit import (
    HUB,
    MIME,
    NAMES,
    NOTHING_FOUND,
    SENT,
    connect,
    done,
    find,
    messages,
    send,
)


@pytest.fixture
async def mail(
    server: FaultyServer, retry: RetryPolicy, recorder: MemoryRecorder
) -> AsyncIterator[EwsMail]:
    connected = connect(server.url, retry=retry, shared=Shared(recorder=recorder))
    yield connected
    await connected.aclose()


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


async def test_a_call_is_recorded_by_the_name_that_the_server_gave_it(
    server: FaultyServer, mail: EwsMail, recorder: MemoryRecorder
) -> None:
    server.answer(503, b"", request_id="abc-1")
    server.answer(200, NOTHING_FOUND, request_id="abc-2")

    await find(mail)

    (call,) = recorder.calls
    assert (call.operation, call.outcome, call.attempts) == ("find_sent", "ok", 2)
    assert call.request_id == "abc-2"
