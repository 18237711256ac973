"""Envelopes for Exchange Web Services, and a mailbox's owner who sends them."""

from __future__ import annotations

import base64
from collections.abc import Callable
from email.message import EmailMessage
from xml.etree import ElementTree as ET

import httpx

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
