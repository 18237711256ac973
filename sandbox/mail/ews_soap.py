"""SOAP as Exchange speaks it: envelopes in and out, refusals of one item and of a whole request."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree as ET

NAMES = {
    "s": "http://schemas.xmlsoap.org/soap/envelope/",
    "m": "http://schemas.microsoft.com/exchange/services/2006/messages",
    "t": "http://schemas.microsoft.com/exchange/services/2006/types",
    "e": "http://schemas.microsoft.com/exchange/services/2006/errors",
}
for _prefix, _uri in NAMES.items():
    ET.register_namespace(_prefix, _uri)

_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_VERSION = {
    "MajorVersion": "15",
    "MinorVersion": "1",
    "MajorBuildNumber": "2507",
    "MinorBuildNumber": "44",
    "Version": "V2017_07_11",
}
"""Exchange 2016, cumulative update 23."""
_DEMANDED: dict[str, tuple[tuple[str, ...], ...]] = {
    "CopyItem": (("m:Items",),),
    "CreateItem": (("m:Items",),),
    "GetAttachment": (("m:Attachments",),),
    "GetItem": (("m:Items",),),
    "GetServerTimeZones": (("m:TimeZoneDefinitions",),),
    "MoveItem": (("m:Items",),),
    "SyncFolderItems": (("m:SyncState",), ("m:IncludesLastItemInRange", "true")),
    "UpdateItem": (("m:Items",),),
}
"""What response messages hold even when they refuse: elements, and their text."""


class EwsError(Exception):
    """A refusal, as Exchange words it.

    Args:
        code: its response code.
        text: what a person reads.
        values: what it tells a program beside its code, by name.
    """

    def __init__(self, code: str, text: str, **values: str) -> None:
        self.code = code
        self.text = text
        self.values = values
        super().__init__(f"{code}: {text}")


class FaultError(EwsError):
    """A refusal of the whole request, as a SOAP fault with status 500."""


class HttpError(EwsError):
    """A refusal by the web server in front: no SOAP."""

    def __init__(self, status: int, text: str, **headers: str) -> None:
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        super().__init__(str(status), text)


@dataclass(frozen=True, slots=True)
class Envelope:
    """A request.

    Args:
        operation: its name.
        body: the element of that name.
        mailbox: address of the owner that it is made for; empty: nobody is impersonated.
    """

    operation: str
    body: ET.Element
    mailbox: str


def tag(name: str) -> str:
    """Return a tag from its short form, e.g. ``t:ItemId``."""
    prefix, _, local = name.partition(":")
    return f"{{{NAMES[prefix]}}}{local}"


def local_name(element: ET.Element) -> str:
    """Return an element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def element(name: str, *inside: ET.Element | str | None, **attributes: str) -> ET.Element:
    """Build an element from its parts; None is left out, and what XML can't hold is replaced."""
    made = ET.Element(tag(name), attributes)
    for part in inside:
        if isinstance(part, str):
            made.text = _NOT_IN_XML.sub("\ufffd", part)
        elif part is not None:
            made.append(part)
    return made


def read_envelope(raw: bytes) -> Envelope:
    """Read a request.

    Raises:
        HttpError: it is no XML, or has a document type, which SOAP forbids.
        FaultError: it is no envelope with one operation, or for a version that nobody knows.
    """
    try:
        root = ET.fromstring(raw) if b"<!DOCTYPE" not in raw else None  # noqa: S314 - no entities
    except (ET.ParseError, ValueError, LookupError):
        root = None
    if root is None:
        raise HttpError(400, "Bad Request")
    body = root.find("s:Body", NAMES)
    if root.tag != tag("s:Envelope") or body is None or len(body) != 1:
        raise invalid("The request is not an envelope with one operation.")
    version = root.find("s:Header/t:RequestServerVersion", NAMES)
    if version is not None and not version.get("Version", "").startswith(("Exchange20", "V20")):
        raise FaultError("ErrorInvalidServerVersion", "The specified server version is invalid.")
    sid = root.find("s:Header/t:ExchangeImpersonation/t:ConnectingSID", NAMES)
    mailbox = (sid[0].text or "").strip().lower() if sid is not None and len(sid) else ""
    return Envelope(local_name(body[0]), body[0], mailbox)


def invalid(text: str) -> FaultError:
    """Return the refusal of a request that breaks the schema."""
    return FaultError("ErrorSchemaValidation", f"The request failed schema validation: {text}")


def write_envelope(content: ET.Element) -> bytes:
    """Write an answer."""
    header = element("s:Header", element("t:ServerVersionInfo", **_VERSION))
    return _written(element("s:Envelope", header, element("s:Body", content)))


def write_fault(error: EwsError) -> bytes:
    """Write the refusal of a whole request."""
    # The prefix is declared by hand: ElementTree knows none that stand in texts.
    code = ET.Element("faultcode", {"xmlns:a": NAMES["t"]})
    code.text = f"a:{error.code}"
    text = ET.Element("faultstring", {_LANGUAGE: "en-US"})
    text.text = error.text
    detail = ET.Element("detail")
    detail.append(element("e:ResponseCode", error.code))
    detail.append(element("e:Message", error.text))
    if error.values:
        detail.append(element("t:MessageXml", *_values(error)))
    fault = element("s:Fault", code, text, detail)
    return _written(element("s:Envelope", element("s:Body", fault)))


def success(name: str, *content: ET.Element) -> ET.Element:
    """Build the response message of what was done."""
    return element(
        f"m:{name}ResponseMessage",
        element("m:ResponseCode", "NoError"),
        *content,
        ResponseClass="Success",
    )


def refusal(name: str, error: EwsError) -> ET.Element:
    """Build the response message of what was not done."""
    return element(
        f"m:{name}ResponseMessage",
        element("m:MessageText", error.text),
        element("m:ResponseCode", error.code),
        element("m:DescriptiveLinkKey", "0"),
        element("m:MessageXml", *_values(error)) if error.values else None,
        *(element(demanded, *text) for demanded, *text in _DEMANDED.get(name, ())),
        ResponseClass="Error",
    )


def _values(error: EwsError) -> Iterator[ET.Element]:
    return (element("t:Value", value, Name=name) for name, value in error.values.items())


def _written(root: ET.Element) -> bytes:
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written
