"""Every operation of EWS that is played, whole and with each part left out or spoiled in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from sandbox.calls import Exchange
from sandbox.mail.ews import OPERATIONS
from sandbox.mail.ews_ids import item_id
from sandbox.mail.ews_items import attachment
from sandbox.mail.store import MailStore
from tests.contract.contracts import Contract

HUB = "hub@example.com"
URL = "/ews/EWS/Exchange.asmx"
LOGIN = httpx.BasicAuth("sandbox", "sandbox-secret")
MAIL = (
    b"From: ann@example.com\r\nTo: hub@example.com\r\nSubject: =?utf-8?q?R=C3=A9paration?=\r\n"
    b"Message-ID: <one@example.com>\r\nX-Odd: \x01\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/html\r\n\r\n<p>\x00Bonjour</p>\r\n"
    b"--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=q.pdf\r\n"
    b"\r\n%PDF\r\n--b--\r\n"
)
NAMES = {
    "s": "http://schemas.xmlsoap.org/soap/envelope/",
    "m": "http://schemas.microsoft.com/exchange/services/2006/messages",
    "t": "http://schemas.microsoft.com/exchange/services/2006/types",
}
INBOX = '<t:DistinguishedFolderId Id="inbox"/>'
SHAPE = "<m:ItemShape><t:BaseShape>AllProperties</t:BaseShape></m:ItemShape>"
ITEM = "<m:ItemIds>{item}</m:ItemIds>"
TO_DRAFTS = '<m:ToFolderId><t:DistinguishedFolderId Id="drafts"/></m:ToFolderId>'
OWNER = f"""<t:ExchangeImpersonation><t:ConnectingSID><t:PrimarySmtpAddress>{HUB}
</t:PrimarySmtpAddress></t:ConnectingSID></t:ExchangeImpersonation>"""
COMPOSED = """<t:Message><t:Subject>Quote</t:Subject><t:Body BodyType="HTML">Hello</t:Body>
<t:ToRecipients><t:Mailbox><t:EmailAddress>ann@example.com</t:EmailAddress></t:Mailbox>
</t:ToRecipients></t:Message>"""
EQUAL = """<t:IsEqualTo><t:FieldURI FieldURI="item:Subject"/><t:FieldURIOrConstant>
<t:Constant Value="Quote"/></t:FieldURIOrConstant></t:IsEqualTo>"""
CONTAINS = """<t:Contains ContainmentMode="Substring" ContainmentComparison="IgnoreCase">
<t:FieldURI FieldURI="item:Subject"/><t:Constant Value="r"/></t:Contains>"""
BODIES = {
    "ConvertId": """<m:ConvertId DestinationFormat="EntryId"><m:SourceIds><t:AlternateId
        Format="EwsId" Id="x" Mailbox="hub@example.com"/></m:SourceIds></m:ConvertId>""",
    "CopyItem": f"<m:CopyItem>{TO_DRAFTS}{ITEM}</m:CopyItem>",
    "CreateItem": f"""<m:CreateItem MessageDisposition="SendAndSaveCopy"><m:SavedItemFolderId>
        {INBOX}</m:SavedItemFolderId><m:Items>{COMPOSED}</m:Items></m:CreateItem>""",
    "DeleteItem": f'<m:DeleteItem DeleteType="MoveToDeletedItems">{ITEM}</m:DeleteItem>',
    "FindFolder": """<m:FindFolder Traversal="Deep"><m:FolderShape>
        <t:BaseShape>Default</t:BaseShape></m:FolderShape>
        <m:IndexedPageFolderView MaxEntriesReturned="2" Offset="1" BasePoint="Beginning"/>
        <m:ParentFolderIds><t:DistinguishedFolderId Id="msgfolderroot"/></m:ParentFolderIds>
        </m:FindFolder>""",
    "FindItem": f"""<m:FindItem Traversal="Shallow">{SHAPE}<m:IndexedPageItemView
        MaxEntriesReturned="1" Offset="0" BasePoint="Beginning"/><m:Restriction><t:Or><t:Not>{EQUAL}
        </t:Not>{CONTAINS}<t:Exists><t:FieldURI FieldURI="item:Subject"/></t:Exists></t:Or>
        </m:Restriction><m:SortOrder><t:FieldOrder Order="Ascending">
        <t:FieldURI FieldURI="item:DateTimeReceived"/></t:FieldOrder></m:SortOrder>
        <m:ParentFolderIds>{INBOX}</m:ParentFolderIds></m:FindItem>""",
    "GetAttachment": """<m:GetAttachment><m:AttachmentIds><t:AttachmentId Id="{file}"/>
        </m:AttachmentIds></m:GetAttachment>""",
    "GetFolder": f"""<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape>
        <m:FolderIds>{INBOX}<t:DistinguishedFolderId Id="root"/></m:FolderIds></m:GetFolder>""",
    "GetItem": f"""<m:GetItem><m:ItemShape><t:BaseShape>AllProperties</t:BaseShape>
        <t:IncludeMimeContent>true</t:IncludeMimeContent></m:ItemShape>{ITEM}</m:GetItem>""",
    "GetServerTimeZones": """<m:GetServerTimeZones ReturnFullTimeZoneData="false">
        <m:Ids><t:Id>UTC</t:Id></m:Ids></m:GetServerTimeZones>""",
    "MoveItem": f"<m:MoveItem>{TO_DRAFTS}{ITEM}</m:MoveItem>",
    "ResolveNames": """<m:ResolveNames ReturnFullContactData="false">
        <m:UnresolvedEntry>ann@example.com</m:UnresolvedEntry></m:ResolveNames>""",
    "SendItem": '<m:SendItem SaveItemToFolder="true"><m:ItemIds>{draft}</m:ItemIds></m:SendItem>',
    "SyncFolderItems": f"""<m:SyncFolderItems>{SHAPE}<m:SyncFolderId>{INBOX}</m:SyncFolderId>
        <m:MaxChangesReturned>1</m:MaxChangesReturned></m:SyncFolderItems>""",
    "UpdateItem": """<m:UpdateItem ConflictResolution="AutoResolve" MessageDisposition="SaveOnly">
        <m:ItemChanges><t:ItemChange>{item}<t:Updates><t:SetItemField>
        <t:FieldURI FieldURI="message:IsRead"/><t:Message><t:IsRead>true</t:IsRead></t:Message>
        </t:SetItemField></t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>""",
}


def envelope(store: MailStore, operation: str) -> ET.Element:
    """Write a request about a mail that it delivers, and a draft."""
    store.clear()
    mail = store.deliver(MAIL, mailbox=HUB)
    draft = store.add_draft(MAIL, mailbox=HUB, via="ews")
    ids = {
        "item": ET.tostring(item_id(mail)).decode(),
        "draft": ET.tostring(item_id(draft)).decode(),
        "file": attachment(mail, 0, mail.mail.attachments[0])[0].get("Id"),
    }
    spaces = " ".join(f'xmlns:{name}="{uri}"' for name, uri in NAMES.items())
    owner = "" if operation == "GetServerTimeZones" else OWNER
    return ET.fromstring(  # noqa: S314 - written by ourselves
        f'<s:Envelope {spaces}><s:Header><t:RequestServerVersion Version="Exchange2016"/>{owner}'
        f"</s:Header><s:Body>{BODIES[operation].format(**ids)}</s:Body></s:Envelope>"
    )


def spoilers(root: ET.Element) -> Iterator[Callable[[ET.Element], None]]:
    """Yield ways to spoil a request: each element and attribute left out, each value odd."""
    for place, element in enumerate(root.iter()):
        if place:
            yield partial(leave_out, place=place)
        if element.text and element.text.strip():
            yield partial(write_oddly, place=place)
        for name in element.attrib:
            yield partial(drop, place=place, name=name)
            yield partial(set_oddly, place=place, name=name)


def at(tree: ET.Element, place: int) -> ET.Element:
    return list(tree.iter())[place]


def leave_out(tree: ET.Element, place: int) -> None:
    gone = at(tree, place)
    for parent in tree.iter():
        if gone in parent:
            parent.remove(gone)


def write_oddly(tree: ET.Element, place: int) -> None:
    at(tree, place).text = "?"


def drop(tree: ET.Element, place: int, name: str) -> None:
    del at(tree, place).attrib[name]


def set_oddly(tree: ET.Element, place: int, name: str) -> None:
    at(tree, place).set(name, "?")


async def post(stand_ins: Any, root: ET.Element) -> httpx.Response:
    body = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    answer: httpx.Response = await stand_ins.control.post(URL, content=body, auth=LOGIN)
    return answer


def test_every_operation_is_driven() -> None:
    assert BODIES.keys() == OPERATIONS.keys()


@pytest.mark.parametrize("operation", BODIES)
async def test_an_operation_does_what_is_asked(stand_ins: Any, operation: str) -> None:
    store = stand_ins.sandbox.state.store(MailStore)

    answer = await post(stand_ins, envelope(store, operation))

    assert answer.status_code == 200
    messages = ET.fromstring(answer.content).iterfind(".//m:ResponseMessages/*", NAMES)  # noqa: S314
    expected = "Error" if operation == "ConvertId" else "Success"
    assert {message.get("ResponseClass") for message in messages} == {expected}


@pytest.mark.offends
@pytest.mark.parametrize("operation", BODIES)
async def test_a_spoiled_request_is_answered_in_soap(stand_ins: Any, operation: str) -> None:
    store = stand_ins.sandbox.state.store(MailStore)
    ways = list(spoilers(envelope(store, operation)))
    assert len(ways) > 10

    for spoil in ways:
        root = envelope(store, operation)
        spoil(root)
        answer = await post(stand_ins, root)
        sent = ET.tostring(root).decode()
        assert answer.status_code in {200, 500}, sent
        assert answer.headers["content-type"].startswith("text/xml"), sent


def test_the_contract_sees_what_is_wrong(contracts: dict[str, Contract]) -> None:
    contract = contracts.get("ews")
    if contract is None:
        pytest.skip("no contract of Exchange beside the clone")
    asked = (
        '<m:SendItem SaveItemToFolder="{}"><m:ItemIds><t:ItemId Id="x"/></m:ItemIds></m:SendItem>'
    )
    told = "<m:SendItemResponse><m:ResponseMessages>{}</m:ResponseMessages></m:SendItemResponse>"
    code = "<m:ResponseCode>{}</m:ResponseCode>"
    name = "m:SendItemResponseMessage"
    done = f'<{name} ResponseClass="Success">{code}</{name}>'

    def judge(request: str, answer: str) -> tuple[bool, bool]:
        spaces = " ".join(f'xmlns:{name}="{uri}"' for name, uri in NAMES.items())
        whole = f"<s:Envelope {spaces}><s:Body>{{}}</s:Body></s:Envelope>"
        exchange = Exchange(
            service="ews",
            method="POST",
            path="/EWS/Exchange.asmx",
            query="",
            headers=[],
            body=whole.format(request).encode(),
            status=200,
            answer_body=whole.format(answer).encode(),
        )
        found = contract.violations(exchange)
        return not found.request, not found.answer

    right = told.format(done.format("NoError"))
    assert judge(asked.format("true"), right) == (True, True)
    assert judge(asked.format("perhaps"), right) == (False, True)
    assert judge(asked.format("true"), told.format(done.format("Fine"))) == (True, False)
    assert judge(asked.format("true"), told.format("")) == (True, False)
    assert judge("<m:Fetch/>", "<m:Fetched/>") == (False, False)
