"""How vendors word their refusals, where their documentation says it: contracts seldom do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

from jsonschema import Draft202012Validator

from sandbox.calls import Exchange

Schema = Mapping[str, Any]

REFUSED = range(400, 600)

TEXT: Schema = {"type": "string", "minLength": 1}
TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
NUMBER: Schema = {"type": "integer"}
OBJECT: Schema = {"type": "object"}


def one_of(*words: str) -> Schema:
    """Return the schema of a field that is one of some words."""
    return {"enum": list(words)}


def many(item: Schema) -> Schema:
    """Return the schema of a list that isn't empty."""
    return {"type": "array", "minItems": 1, "items": item}


def fields(needed: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    """Return the schema of an object of these fields, and no others."""
    return {
        "type": "object",
        "required": list(needed),
        "properties": {**needed, **(optional or {})},
        "additionalProperties": False,
    }


def read_xml(body: bytes) -> Any:
    """Read XML as JSON: names without their namespaces, and texts."""
    root = ET.fromstring(body)  # noqa: S314 - of our own stand-in
    return {_name(root): _inside(root)}


def _inside(element: ET.Element) -> Any:
    return {_name(child): _inside(child) for child in element} or element.text or ""


def _name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


@dataclass(frozen=True, kw_only=True)
class Wording:
    """The form of a vendor's refusals.

    Args:
        source: where the vendor documents it.
        schema: JSON schema of the body, as ``read`` makes it.
        status_at: fields, one inside the other, in which the body repeats the status.
        media_type: that the body comes as.
        read: makes JSON of the body; it raises a ``SyntaxError`` or a ``ValueError``.
        path: pattern of the paths that refuse so.
        statuses: that are worded so.
    """

    source: str
    schema: Schema
    status_at: tuple[str, ...] = ()
    media_type: str = "application/json"
    read: Callable[[bytes], Any] = json.loads
    path: str = ".*"
    statuses: Collection[int] = REFUSED

    def wrong(self, exchange: Exchange) -> list[str]:
        """Say what of an answer isn't worded so."""
        if exchange.method == "HEAD" and not exchange.answer_body:
            return []
        kind = dict(exchange.answer_headers).get("content-type", "").partition(";")[0]
        if kind != self.media_type:
            return [f"a refusal is {kind or 'of no type'}, not {self.media_type}"]
        try:
            document = self.read(exchange.answer_body)
        except (SyntaxError, ValueError):
            return [f"a refusal is no {self.media_type}"]
        faults = Draft202012Validator(self.schema).iter_errors(document)
        wrong = [f"{fault.json_path}: {fault.message[:500]} ({self.source})" for fault in faults]
        return wrong or self._wrong_status(exchange.status, document)

    def _wrong_status(self, status: int, document: Any) -> list[str]:
        if not self.status_at:
            return []
        for name in self.status_at:
            document = document[name]
        return [] if document == status else [f"the body of a {status} says {document}"]


@dataclass(frozen=True, kw_only=True)
class Unworded:
    """Refusals of which no documentation says how they are worded.

    Args:
        reason: why not, or what the documentation says instead.
        path: pattern of the paths that refuse so.
        statuses: that are answered so.
    """

    reason: str
    path: str = ".*"
    statuses: Collection[int] = REFUSED

    def wrong(self, _exchange: Exchange) -> list[str]:
        """Say nothing: nobody knows better."""
        return []


Refusals = tuple[Wording | Unworded, ...]
"""Of one API; the first that is for a path and a status counts."""

OAUTH = fields(
    {
        "error": one_of(
            "invalid_request",
            "invalid_client",
            "invalid_grant",
            "unauthorized_client",
            "unsupported_grant_type",
            "invalid_scope",
        )
    },
    {"error_description": TEXT},
)
"""What token services answer (RFC 6749, 5.2)."""


def wrong_refusal(known: Mapping[str, Refusals], exchange: Exchange) -> list[str]:
    """Say what of a refusal isn't worded as its API does; of other answers, nothing."""
    if exchange.status not in REFUSED:
        return []
    for refusal in known.get(exchange.service, ()):
        is_meant = re.fullmatch(refusal.path, exchange.path, re.DOTALL)
        if is_meant and exchange.status in refusal.statuses:
            return refusal.wrong(exchange)
    return [f"nothing says how {exchange.service} words a {exchange.status} here"]
