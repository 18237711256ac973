"""What EWS answers, word for word, and a client that asks for it."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from connectors.mail.ews import EwsMail
from connectors.mail.models import SentLookup

HUB = "hub@example.com"
MIME = b"From: hub@example.com\r\nTo: ann@example.com\r\nSubject: Quote\r\n\r\nPrivate words\r\n"
TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
NAMES = {
    "s": "http://schemas.xmlsoap.org/soap/envelope/",
    "m": "http://schemas.microsoft.com/exchange/services/2006/messages",
    "t": TYPES,
}


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


def messages(operation: str, *inside: str) -> bytes:
    name = f"m:{operation}ResponseMessage"
    all_of_them = "".join(f"<{name} {one}</{name}>" for one in inside)
    return envelope(
        f"<m:{operation}Response><m:ResponseMessages>{all_of_them}</m:ResponseMessages>"
        f"</m:{operation}Response>"
    )


SENT = done("CreateItem", "<m:Items/>")
NOTHING_FOUND = done(
    "FindItem",
    '<m:RootFolder TotalItemsInView="0" IncludesLastItemInRange="true"><t:Items/></m:RootFolder>',
)


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
