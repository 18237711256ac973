"""S3's XML: what requests hold, and what answers say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from xml.etree import ElementTree as ET

from fastapi import Response

from sandbox.objects.errors import S3Error

Fields = Sequence[tuple[str, "str | Fields"]]
"""Names and what they hold: a text, or fields again; a name may come more than once."""

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


def answer(root: str, fields: Fields) -> Response:
    """Build an answer of S3's namespace."""
    element = ET.Element(root, xmlns=_NAMESPACE)
    _fill(element, fields)
    return xml(element)


def xml(element: ET.Element, status: int = HTTPStatus.OK) -> Response:
    """Build an answer."""
    body = ET.tostring(element, encoding="UTF-8", xml_declaration=True)
    return Response(body, status, media_type="application/xml")


def read(body: bytes, root: str) -> ET.Element:
    """Read a request's body.

    Raises:
        S3Error: it isn't well-formed, or something else.
    """
    try:
        element = ET.fromstring(body)  # noqa: S314 - expat bounds what entities grow to
    except (ET.ParseError, ValueError):
        raise S3Error("MalformedXML") from None
    if element.tag.rpartition("}")[2] != root:
        raise S3Error("MalformedXML")
    return element


def text(element: ET.Element, name: str) -> str:
    """Return what a field holds; empty: it isn't there."""
    return element.findtext(f"{{*}}{name}", "")


def moment(at: datetime) -> str:
    """Write a moment as S3's XML does."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _fill(element: ET.Element, fields: Fields) -> None:
    for name, value in fields:
        child = ET.SubElement(element, name)
        if isinstance(value, str):
            child.text = value
        else:
            _fill(child, value)
