"""What Unleashed's documentation says, as the file of facts beside this checkout holds it."""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

import yaml

from sandbox.calls import Exchange
from tests.contract.contracts import SPECS, Violations, are_here
from tests.contract.contracts.refusals import Unworded

KEY = b"sandbox-key"
GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
ISO = re.compile(r"\d{4}-\d\d-\d\d([T ].*)?")
DATE = re.compile(r"/Date\(-?\d+\)/")
BEYOND = {
    ("GET", "/StockOnHand/{guid}/AllWarehouses"),
    ("POST", "/StockAdjustments/{guid}"),
    ("POST", "/PurchaseOrders/{guid}"),
    ("POST", "/PurchaseOrders/{guid}/Complete"),
}
"""Operations of resources that the facts name without their operations; each is on the
resource's own page of the vendor's documentation."""


class UnleashedFacts:
    """The facts: headers, signature, paging, dates, and the operations and filters known."""

    path = SPECS / "unleashed" / "api-facts.yaml"

    def is_here(self) -> bool:
        """Whether the file lies beside this checkout."""
        return are_here(self.path)

    @cached_property
    def facts(self) -> dict[str, Any]:
        """The file's content."""
        loaded: dict[str, Any] = yaml.safe_load(self.path.read_text(encoding="utf-8"))
        return loaded

    @cached_property
    def operations(self) -> set[tuple[str, str]]:
        """Methods and paths, with ``{guid}`` and ``{page}`` in them."""
        found = set(BEYOND)
        for name in self.facts["paginated_endpoints"]:
            found |= {("GET", f"/{name}{rest}") for rest in ("", "/{page}", "/{guid}")}
        for about in self.facts["endpoints"].values():
            for operation in about["operations"]:
                method, *paths = re.findall(r"[A-Z]{3,6}(?= )|/[\w{}/]+", operation)
                found |= {(method, _shape(path)) for path in paths}
        return found

    def violations(self, exchange: Exchange) -> Violations:
        """Say what of an exchange the facts don't allow."""
        return Violations([*self._of_request(exchange)], [*self._of_answer(exchange)])

    def _of_request(self, exchange: Exchange) -> Iterator[str]:
        headers = dict(exchange.headers)
        wanted = self.facts["authentication"]["headers"]
        yield from (f"no header {name}" for name in wanted if name.lower() not in headers)
        for name in ("accept", "content-type"):
            if headers.get(name) not in self.facts["formats"]:
                yield f"{name} is {headers.get(name)}"
        if headers.get("api-auth-signature") != _signature(exchange.query):
            yield "the signature is not of the query string"
        if (exchange.method, _shape(exchange.path)) not in self.operations:
            yield "there is no such operation"
        endpoint = exchange.path.split("/")[1]
        query = dict(parse_qsl(exchange.query, keep_blank_values=True))
        known = self.facts["endpoints"].get(endpoint, {}).get("filters")
        if known is not None:
            yield from (f"there is no filter {name}" for name in query if name not in known)
        size = self.facts["pagination"]["page_size"]
        if not size["minimum"] <= int(query.get("pageSize", size["default"])) <= size["maximum"]:
            yield "pageSize is out of its limits"
        if "modifiedSince" in query and not ISO.fullmatch(query["modifiedSince"]):
            yield "modifiedSince is not ISO 8601"

    def _of_answer(self, exchange: Exchange) -> Iterator[str]:
        refused = int(self.facts["authentication"]["signature"]["wrong_signature"].split()[0])
        if dict(exchange.headers).get("api-auth-signature") != _signature(exchange.query):
            if exchange.status != refused and exchange.fault is None:
                yield "a wrong signature was taken"
            return
        if exchange.status >= 400:
            return
        document = json.loads(exchange.answer_body)
        if exchange.method == "GET" and not GUID.search(exchange.path):
            fields = self.facts["pagination"]["envelope"]["fields"]
            if document.keys() != fields.keys():
                yield f"the envelope holds {sorted(document)}"
            if document["Pagination"].keys() != fields["Pagination"].keys():
                yield f"the pagination holds {sorted(document['Pagination'])}"
        for text in _texts(document):
            if ISO.fullmatch(text) or ("/Date" in text and not DATE.fullmatch(text)):
                yield f"a date is written {text}"


def _signature(query: str) -> str:
    return base64.b64encode(hmac.digest(KEY, query.encode("latin-1"), "sha256")).decode()


def _shape(path: str) -> str:
    path = re.sub(r"\{pageNumber\}|(?<=/)\d+(?=/|$)", "{page}", path)
    return GUID.sub("{guid}", re.sub(r"\{\w*Guid\}", "{guid}", path))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value


CONTRACTS = {"unleashed": UnleashedFacts()}
REFUSALS = {
    "unleashed": (
        Unworded(reason="Unleashed documents which statuses it answers, and no body of theirs"),
    )
}
