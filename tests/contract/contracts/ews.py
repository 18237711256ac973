"""Exchange's contract: schemas of bodies and headers, and which headers an operation takes."""

from __future__ import annotations

from functools import cached_property
from http import HTTPStatus
from pathlib import Path

from lxml import etree

from sandbox.calls import Exchange
from tests.contract.contracts import SPECS, Violations, are_here
from tests.contract.contracts.refusals import (
    OBJECT,
    REFUSED,
    TEXT,
    Unworded,
    Wording,
    fields,
    read_xml,
)

NAMES = {
    "s": "http://schemas.xmlsoap.org/soap/envelope/",
    "w": "http://schemas.xmlsoap.org/wsdl/",
    "x": "http://www.w3.org/2001/XMLSchema",
}
XML_NAMESPACE = b"""
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"
           targetNamespace="http://www.w3.org/XML/1998/namespace">
  <xs:attribute name="lang" type="xs:language"/>
</xs:schema>
"""
"""The schemas import this namespace without saying where it is."""
FILES = ("messages.xsd", "types.xsd", "services.wsdl")
SOAP_FAULTS = {HTTPStatus.INTERNAL_SERVER_ERROR}
ANYWHERE = {"TimeZoneContext"}
"""Headers that exchangelib puts on every request; Exchange overlooks them where it has no use."""


class EwsContract:
    """The schemas of messages and types, and the WSDL that puts them together.

    Args:
        folder: where they lie.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def is_here(self) -> bool:
        """Whether they lie beside this checkout."""
        return are_here(*(self._folder / name for name in FILES))

    def violations(self, exchange: Exchange) -> Violations:
        """Say what of an exchange the schemas don't allow."""
        if not exchange.path.endswith("/Exchange.asmx"):
            return Violations([f"no contract covers {exchange.path}"], [])
        request = self._wrong(exchange.body, is_request=True)
        if exchange.status == HTTPStatus.OK or exchange.status in SOAP_FAULTS:
            return Violations(request, self._wrong(exchange.answer_body, is_request=False))
        return Violations(request, [])

    def _wrong(self, raw: bytes, *, is_request: bool) -> list[str]:
        try:
            envelope = etree.fromstring(raw)
        except etree.XMLSyntaxError as error:
            return [f"no XML: {error}"]
        body = envelope.find("s:Body", NAMES)
        if body is None or len(body) != 1:
            return ["no envelope around one thing"]
        (content,) = body
        if content.tag == f"{{{NAMES['s']}}}Fault":
            return _wrong_fault(content)
        message = etree.QName(content).localname + ("SoapIn" if is_request else "")
        message = message if is_request else message.removesuffix("Response") + "SoapOut"
        if message not in self._messages:
            return [f"the WSDL has no message {message}"]
        wrong = self._breaks(content)
        for header in envelope.iterfind("s:Header/*", NAMES):
            wrong += self._breaks(header)
            if etree.QName(header).localname not in self._messages[message] | ANYWHERE:
                wrong.append(f"{message} takes no header {header.tag}")
        if etree.QName(content).localname not in self._messages[message]:
            wrong.append(f"{message} is not made of {content.tag}")
        return wrong

    def _breaks(self, element: etree._Element) -> list[str]:
        self._schema.validate(etree.ElementTree(element))
        return [f"line {one.line}: {one.message}" for one in self._schema.error_log]

    @cached_property
    def _schema(self) -> etree.XMLSchema:
        parser = etree.XMLParser()
        parser.resolvers.add(_Imports(self._folder))
        schema = _mended(self._folder / "messages.xsd")
        return etree.XMLSchema(etree.fromstring(schema, parser, base_url="ews:/messages.xsd"))

    @cached_property
    def _messages(self) -> dict[str, set[str]]:
        """From the name of a message to the elements that it may hold, headers included."""
        wsdl = etree.parse(self._folder / "services.wsdl")
        return {
            message.get("name", ""): {
                part.get("element", "").rpartition(":")[2]
                for part in message.iterfind("w:part", NAMES)
            }
            for message in wsdl.iterfind("w:message", NAMES)
        }


class _Imports(etree.Resolver):  # type: ignore[misc]
    """Finds what the schemas import."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def resolve(self, url: str, _public_id: str, context: object) -> object:
        name = url.rpartition("/")[2]
        if name == "xml.xsd":
            return self.resolve_string(XML_NAMESPACE, context)
        return self.resolve_string(_mended(self._folder / name), context, base_url=url)


def _mended(schema: Path) -> bytes:
    """Read a schema as libxml2 takes it.

    It is told where the XML namespace is, and loses three lists of elements that may as well stand
    in the one after them, whose substitutes they are: no reader could tell which list one is of.
    """
    tree = etree.parse(schema)
    for imported in tree.iterfind("x:import", NAMES):
        if imported.get("namespace", "").startswith("http://www.w3.org/XML"):
            imported.set("schemaLocation", "ews:/xml.xsd")
    for kind in ("AbsoluteDateTransition", "RecurringDayTransition", "RecurringDateTransition"):
        for listed in tree.iterfind(f".//x:element[@ref='t:{kind}']", NAMES):
            listed.getparent().remove(listed)
    return bytes(etree.tostring(tree))


def _wrong_fault(fault: etree._Element) -> list[str]:
    """Check a SOAP fault (SOAP 1.1, 4.4): two children without namespace at least, in order."""
    names = [child.tag for child in fault]
    usual = [name for name in ("faultcode", "faultstring", "faultactor", "detail") if name in names]
    return [] if names == usual and names[:2] == usual[:2] else [f"a fault of {names}"]


CONTRACTS = {"ews": EwsContract(SPECS / "ews")}
REFUSALS = {
    "ews": (
        Wording(
            source="SOAP 1.1, 4.4, and Exchange's 'Handling EWS errors'",
            schema=fields(
                {
                    "Envelope": fields(
                        {
                            "Body": fields(
                                {
                                    "Fault": fields(
                                        {"faultcode": TEXT, "faultstring": TEXT, "detail": OBJECT}
                                    )
                                }
                            )
                        }
                    )
                }
            ),
            media_type="text/xml",
            read=read_xml,
            statuses=SOAP_FAULTS,
        ),
        Unworded(
            reason="a page of the web server in front of Exchange: every server has its own",
            statuses=set(REFUSED) - SOAP_FAULTS,
        ),
    )
}
