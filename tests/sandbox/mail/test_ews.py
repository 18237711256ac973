"""Exchange Web Services as a client without a library sees them."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from sandbox import Sandbox
from sandbox.mail.store import SEEN, MailStore

URL = "/ews/EWS/Exchange.asmx"
LOGIN = httpx.BasicAuth("sandbox", "sandbox-secret")
SHOP = "repairs@shop.example.com"
ANN = "ann@example.org"
NAMES = {
    "s": "http://schemas.xmlsoap.org/soap/envelope/",
    "m": "http://schemas.microsoft.com/exchange/services/2006/messages",
    "t": "http://schemas.microsoft.com/exchange/services/2006/types",
    "e": "http://schemas.microsoft.com/exchange/services/2006/errors",
}
INBOX = '<t:DistinguishedFolderId Id="inbox"/>'
ID_ONLY = "<m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>"
ALL = "<m:ItemShape><t:BaseShape>AllProperties</t:BaseShape></m:ItemShape>"

Write = Callable[..., EmailMessage]
Fault = Callable[..., Awaitable[None]]


class Ews:
    """A mailbox, by requests in the name of its owner."""

    def __init__(self, client: httpx.AsyncClient, owner: str) -> None:
        self._client = client
        self._owner = owner

    async def post(self, body: str, login: httpx.Auth = LOGIN) -> httpx.Response:
        return await self._client.post(URL, content=envelope(body, self._owner), auth=login)

    async def ask(self, body: str) -> ET.Element:
        answer = await self.post(body)
        assert answer.status_code == 200, answer.text
        return ET.fromstring(answer.content)  # noqa: S314 - our own

    async def code(self, body: str) -> str:
        """Return the response code of the first message, or of a fault."""
        root = ET.fromstring((await self.post(body)).content)  # noqa: S314
        fault = root.findtext(".//e:ResponseCode", "", NAMES)
        return fault or root.findtext(".//m:ResponseCode", "", NAMES)

    async def sync(self, state: str = "", most: int = 512) -> tuple[list[ET.Element], str, bool]:
        told = f"<m:SyncState>{state}</m:SyncState>" if state else ""
        root = await self.ask(sync(told, most))
        changes = root.find(".//m:Changes", NAMES)
        assert changes is not None
        last = root.findtext(".//m:IncludesLastItemInRange", "", NAMES) == "true"
        return list(changes), root.findtext(".//m:SyncState", "", NAMES), last


def envelope(body: str, owner: str = "") -> bytes:
    spaces = " ".join(f'xmlns:{name}="{uri}"' for name, uri in NAMES.items())
    sid = f"<t:ConnectingSID><t:PrimarySmtpAddress>{owner}</t:PrimarySmtpAddress></t:ConnectingSID>"
    header = f"<t:ExchangeImpersonation>{sid}</t:ExchangeImpersonation>" if owner else ""
    return (
        f"<s:Envelope {spaces}><s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def sync(told: str = "", most: int = 512) -> str:
    return (
        f"<m:SyncFolderItems>{ID_ONLY}<m:SyncFolderId>{INBOX}</m:SyncFolderId>{told}"
        f"<m:MaxChangesReturned>{most}</m:MaxChangesReturned></m:SyncFolderItems>"
    )


def create(mime: bytes, disposition: str = "SendAndSaveCopy", folder: str = "sentitems") -> str:
    content = base64.b64encode(mime).decode()
    saved = f'<m:SavedItemFolderId><t:DistinguishedFolderId Id="{folder}"/></m:SavedItemFolderId>'
    return (
        f'<m:CreateItem MessageDisposition="{disposition}">{saved if folder else ""}<m:Items>'
        f"<t:Message><t:MimeContent>{content}</t:MimeContent></t:Message></m:Items></m:CreateItem>"
    )


def get(id_: str, shape: str = ALL) -> str:
    return f'<m:GetItem>{shape}<m:ItemIds><t:ItemId Id="{id_}"/></m:ItemIds></m:GetItem>'


def find(restriction: str = "", shape: str = ALL) -> str:
    return (
        f'<m:FindItem Traversal="Shallow">{shape}{restriction}'
        f"<m:ParentFolderIds>{INBOX}</m:ParentFolderIds></m:FindItem>"
    )


def id_of(found: ET.Element) -> dict[str, str]:
    item = found.find(".//t:ItemId", NAMES)
    assert item is not None
    return item.attrib


def kinds(changes: list[ET.Element]) -> list[str]:
    return [change.tag.rpartition("}")[2] for change in changes]


@pytest.fixture
def store(sandbox: Sandbox) -> MailStore:
    return sandbox.state.store(MailStore)


@pytest.fixture
def ews(client: httpx.AsyncClient) -> Ews:
    return Ews(client, SHOP)


@pytest.mark.parametrize(
    "login", [None, httpx.BasicAuth("sandbox", "wrong"), httpx.BasicAuth("", "")]
)
async def test_who_does_not_log_in_is_told_how(
    client: httpx.AsyncClient, login: httpx.Auth | None
) -> None:
    answer = await client.post(URL, content=envelope(find(), SHOP), auth=login)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic realm=")


@pytest.mark.parametrize("scheme", ["Bearer x", "Basic ?", "Basic", "NTLM TlRMTVNTUAAB"])
async def test_other_ways_to_log_in_are_refused(client: httpx.AsyncClient, scheme: str) -> None:
    answer = await client.post(URL, content=b"", headers={"Authorization": scheme})

    assert answer.status_code == 401


async def test_other_paths_and_methods_are_the_web_servers(client: httpx.AsyncClient) -> None:
    for method, path in (("GET", URL), ("POST", "/ews/EWS/Other.asmx"), ("PUT", "/ews/x")):
        answer = await client.request(method, path)
        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"\xff\xfe",
        b"<s:Envelope",
        b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>',
        b'<?xml version="1.0" encoding="nothing"?><x/>',
    ],
)
async def test_what_is_no_xml_never_reaches_exchange(client: httpx.AsyncClient, raw: bytes) -> None:
    assert (await client.post(URL, content=raw, auth=LOGIN)).status_code == 400


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "ErrorSchemaValidation"),
        ("<m:GetItem/><m:GetItem/>", "ErrorSchemaValidation"),
        ("<m:Fetch/>", "ErrorSchemaValidation"),
        (sync(most=513), "ErrorSchemaValidation"),
        (find("<m:Restriction>" + "<t:Not>" * 2000 + "</t:Not>" * 2000 + "</m:Restriction>"), ""),
    ],
)
async def test_a_request_that_breaks_the_schema_is_a_soap_fault(
    ews: Ews, store: MailStore, write_mail: Write, body: str, code: str
) -> None:
    store.deliver(write_mail().as_bytes(), mailbox=SHOP)

    answer = await ews.post(body)

    assert answer.status_code == 500
    root = ET.fromstring(answer.content)  # noqa: S314
    assert root.find("s:Body/s:Fault", NAMES) is not None
    assert root.findtext(".//e:ResponseCode", "", NAMES) == (code or "ErrorSchemaValidation")


async def test_an_unknown_version_is_refused(client: httpx.AsyncClient) -> None:
    raw = envelope(find(), SHOP).replace(
        b"<s:Header>", b'<s:Header><t:RequestServerVersion Version="Domino"/>'
    )

    answer = await client.post(URL, content=raw, auth=LOGIN)

    assert b"ErrorInvalidServerVersion" in answer.content


async def test_the_service_account_has_no_mailbox_of_its_own(client: httpx.AsyncClient) -> None:
    assert await Ews(client, "").code(find()) == "ErrorNonExistentMailbox"


async def test_nobody_reads_the_mailbox_of_another(
    client: httpx.AsyncClient, ews: Ews, store: MailStore, write_mail: Write
) -> None:
    store.deliver(write_mail().as_bytes(), mailbox=SHOP)
    mine = id_of(await ews.ask(find()))["Id"]
    stranger = Ews(client, ANN)
    box = f"<t:Mailbox><t:EmailAddress>{SHOP}</t:EmailAddress></t:Mailbox>"
    theirs = find().replace(
        INBOX, f'<t:DistinguishedFolderId Id="inbox">{box}</t:DistinguishedFolderId>'
    )

    assert await stranger.code(get(mine)) == "ErrorItemNotFound"
    assert await stranger.code(theirs) == "ErrorAccessDenied"


@pytest.mark.parametrize(
    ("disposition", "folder", "kept"),
    [
        ("SendAndSaveCopy", "sentitems", ["sentitems"]),
        ("SendAndSaveCopy", "", ["sentitems"]),
        ("SendAndSaveCopy", "junkemail", ["junkemail"]),
        ("SendOnly", "", []),
        ("SaveOnly", "", ["drafts"]),
        ("SaveOnly", "inbox", ["inbox"]),
    ],
)
async def test_a_message_is_sent_kept_or_both(
    ews: Ews, store: MailStore, write_mail: Write, disposition: str, folder: str, kept: list[str]
) -> None:
    await ews.ask(create(write_mail().as_bytes(), disposition, folder))

    assert [one.folder for one in store.find(mailbox=SHOP)] == kept
    assert len(store.find(mailbox=ANN)) == (0 if disposition == "SaveOnly" else 1)


@pytest.mark.parametrize(
    ("mime", "code"),
    [
        (b"Subject: Nobody\r\n\r\nHello", "ErrorInvalidRecipients"),
        (b"To: ann\r\n\r\nHello", "ErrorInvalidRecipients"),
        (b"no headers", "ErrorMimeContentInvalid"),
    ],
)
async def test_a_message_that_cannot_be_sent_is_refused(
    ews: Ews, store: MailStore, mime: bytes, code: str
) -> None:
    assert await ews.code(create(mime)) == code
    assert store.find() == []


async def test_a_draft_is_sent_with_its_latest_change_key(
    ews: Ews, store: MailStore, write_mail: Write
) -> None:
    draft = id_of(await ews.ask(create(write_mail().as_bytes(), "SaveOnly", "drafts")))
    key = draft["ChangeKey"]

    def sending(attribute: str) -> str:
        item = f'<m:ItemIds><t:ItemId Id="{draft["Id"]}" {attribute}/></m:ItemIds>'
        return f'<m:SendItem SaveItemToFolder="false">{item}</m:SendItem>'

    assert await ews.code(sending("")) == "ErrorChangeKeyRequired"
    assert await ews.code(sending('ChangeKey="b2xk"')) == "ErrorStaleObject"
    assert await ews.code(sending(f'ChangeKey="{key}"')) == "NoError"
    assert await ews.code(sending(f'ChangeKey="{key}"')) == "ErrorItemNotFound"
    assert len(store.find(mailbox=ANN)) == 1
    assert store.find(mailbox=SHOP) == []


async def test_a_list_knows_neither_recipients_nor_text(
    ews: Ews, store: MailStore, write_mail: Write
) -> None:
    store.deliver(write_mail().as_bytes(), mailbox=SHOP)

    listed = await ews.ask(find())
    whole = await ews.ask(get(id_of(listed)["Id"]))

    for name in ("ToRecipients", "Body", "InternetMessageHeaders"):
        assert listed.find(f".//t:{name}", NAMES) is None
        assert whole.find(f".//t:{name}", NAMES) is not None
    assert listed.findtext(".//t:Subject", "", NAMES) == "Your repair"


async def test_only_what_is_asked_for_is_told(
    ews: Ews, store: MailStore, write_mail: Write
) -> None:
    stored = store.deliver(write_mail().as_bytes(), mailbox=SHOP)
    more = (
        "<m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>"
        '<t:FieldURI FieldURI="item:MimeContent"/><t:FieldURI FieldURI="calendar:Start"/>'
        "</t:AdditionalProperties></m:ItemShape>"
    )
    id_ = id_of(await ews.ask(find(shape=ID_ONLY)))["Id"]

    (message,) = (await ews.ask(get(id_, more))).iterfind(".//t:Message", NAMES)

    assert [child.tag.rpartition("}")[2] for child in message] == ["MimeContent", "ItemId"]
    assert base64.b64decode(message.findtext("t:MimeContent", "", NAMES)) == stored.mail.raw


async def test_a_folder_that_changes_while_it_is_read_is_known_at_the_end(
    ews: Ews, store: MailStore, write_mail: Write
) -> None:
    mails = [
        store.deliver(write_mail(f"<{number}@shop.example.com>").as_bytes(), mailbox=SHOP)
        for number in range(5)
    ]
    first, state, is_last = await ews.sync(most=2)
    assert (kinds(first), is_last) == (["Create", "Create"], False)

    store.delete(mails[0])
    store.delete(mails[4])
    store.set_flags(mails[1], {SEEN})
    store.deliver(write_mail("<late@shop.example.com>").as_bytes(), mailbox=SHOP)
    second, state, is_last = await ews.sync(state, most=2)
    third, state, _ = await ews.sync(state, most=2)
    fourth, state, is_last_now = await ews.sync(state, most=2)

    assert (kinds(second), is_last) == (["Create", "Create"], False)
    told = kinds([*third, *fourth])
    assert sorted(told) == ["Create", "Delete", "Delete", "ReadFlagChange"]
    assert is_last_now
    assert await ews.sync(state) == ([], state, True)


async def test_a_mail_that_came_and_went_between_two_looks_is_not_told(
    ews: Ews, store: MailStore, write_mail: Write
) -> None:
    _, state, _ = await ews.sync()

    store.delete(store.deliver(write_mail().as_bytes(), mailbox=SHOP))

    changes, _, is_last = await ews.sync(state)
    assert (changes, is_last) == ([], True)


async def test_a_mail_that_left_and_came_back_has_another_id(
    ews: Ews, store: MailStore, write_mail: Write
) -> None:
    mail = store.deliver(write_mail().as_bytes(), mailbox=SHOP)
    (before,), state, _ = await ews.sync()

    store.move(store.move(mail, "junkemail"), "inbox")
    changes, _, _ = await ews.sync(state)

    gone, came = sorted(changes, key=lambda one: one.tag, reverse=True)
    assert kinds([gone, came]) == ["Delete", "Create"]
    assert id_of(gone)["Id"] == id_of(before)["Id"] != id_of(came)["Id"]


async def test_a_conflict_is_told_to_who_wants_to_know(
    ews: Ews, store: MailStore, write_mail: Write
) -> None:
    mail = store.deliver(write_mail().as_bytes(), mailbox=SHOP)
    id_ = id_of(await ews.ask(find()))
    store.set_flags(mail, {SEEN})

    def marking(resolution: str) -> str:
        item = f'<t:ItemId Id="{id_["Id"]}" ChangeKey="{id_["ChangeKey"]}"/>'
        change = (
            '<t:SetItemField><t:FieldURI FieldURI="message:IsRead"/>'
            "<t:Message><t:IsRead>false</t:IsRead></t:Message></t:SetItemField>"
        )
        return (
            f'<m:UpdateItem ConflictResolution="{resolution}"><m:ItemChanges><t:ItemChange>{item}'
            f"<t:Updates>{change}</t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>"
        )

    assert await ews.code(marking("NeverOverwrite")) == "ErrorIrresolvableConflict"
    assert await ews.code(marking("AlwaysOverwrite")) == "NoError"
    assert not store.find(mailbox=SHOP)[0].is_read


async def test_a_used_up_budget_is_told_in_an_answer_of_status_200(
    client: httpx.AsyncClient, ews: Ews, store: MailStore, write_mail: Write
) -> None:
    (await client.put("/_control/ews/budget", json={"calls": 1})).raise_for_status()
    await ews.ask(find())

    refused = await ews.ask(create(write_mail().as_bytes()))

    values = {
        one.get("Name"): one.text for one in refused.iterfind(".//m:MessageXml/t:Value", NAMES)
    }
    assert values["InnerErrorResponseCode"] == "ErrorServerBusy"
    assert 0 < int(values["BackOffMilliseconds"] or 0) <= 60_000
    assert store.find() == []


@pytest.mark.parametrize("retry_after", [2.5, None])
async def test_a_limit_that_is_ordered_is_a_soap_fault(
    ews: Ews, order_fault: Fault, retry_after: float | None
) -> None:
    await order_fault("ews", "rate_limit", retry_after=retry_after)

    answer = await ews.post(find())

    assert answer.status_code == 500
    root = ET.fromstring(answer.content)  # noqa: S314
    assert root.findtext(".//e:ResponseCode", "", NAMES) == "ErrorServerBusy"
    told = root.findtext(".//t:MessageXml/t:Value", None, NAMES)
    assert told == (None if retry_after is None else "2500")


@pytest.mark.parametrize(
    ("order", "status", "words"),
    [
        ({}, 500, "ErrorInternalServerError"),
        ({"code": "ErrorMailboxFailover"}, 500, "ErrorMailboxFailover"),
        ({"status": 503}, 503, "<h1>"),
        ({"status": 401}, 401, "<h1>"),
    ],
)
async def test_faults_are_exchanges_own(
    ews: Ews, order_fault: Fault, order: dict[str, Any], status: int, words: str
) -> None:
    await order_fault("ews", "error", **order)

    answer = await ews.post(find())

    assert answer.status_code == status
    assert words in answer.text
