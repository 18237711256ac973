"""Microsoft Graph's contract: paths by its OpenAPI files, properties by its CSDL.

The OpenAPI files are six years old and say nothing of MIME, ``$value`` and delta; of those, the
properties of the answers are checked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any
from xml.etree import ElementTree as ET

from sandbox.calls import Exchange
from tests.contract.contracts import SPECS, Violations, are_here
from tests.contract.contracts.openapi import OpenApiContract
from tests.contract.contracts.refusals import NUMBER, OAUTH, OBJECT, TEXT, Wording, fields, many

_EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
_ACTION = re.compile(r"/(send|sendMail|move|copy)$")
_KINDS = {"messages": "message", "mailFolders": "mailFolder", "subscriptions": "subscription"}


def state_statuses(spec: dict[str, Any]) -> None:
    """Put the statuses of Microsoft's reference in place of the 200 and 204 that were made up."""
    for path, operations in spec["paths"].items():
        if _ACTION.search(path.replace("microsoft.graph.", "")):
            responses = operations["post"]["responses"]
            status = "202" if path.endswith(("send", "sendMail")) else "201"
            responses[status] = responses.pop("204", None) or responses.pop("200")
        if "patch" in operations:
            responses = operations["patch"]["responses"]
            responses["200"] = responses.pop("204")


class GraphContract:
    """What Microsoft says about the mail of Graph v1.0."""

    def __init__(self) -> None:
        self._mail = OpenApiContract("msgraph/Users.Mail.yml", "/v1.0", repair=state_statuses)
        self._actions = OpenApiContract(
            "msgraph/Users.Actions.mail-subset.yml", "/v1.0", repair=state_statuses
        )
        self._subscriptions = OpenApiContract(
            "msgraph/Subscriptions.yml", "/v1.0", repair=state_statuses
        )
        self._types = SPECS / "msgraph" / "v1.0.mail-subset.csdl.xml"

    def is_here(self) -> bool:
        """Whether all files lie beside this checkout."""
        apis = (self._mail, self._actions, self._subscriptions)
        return are_here(self._types) and all(one.is_here() for one in apis)

    def violations(self, exchange: Exchange) -> Violations:
        """Say what of an exchange Graph wouldn't say or take."""
        found = self._by_path(exchange)
        found.answer += [
            f"{kind} has no property {name}"
            for kind, item in _items(exchange)
            for name in item
            if not name.startswith("@") and name not in self._properties[kind]
        ]
        return found

    def _by_path(self, exchange: Exchange) -> Violations:
        path = exchange.path
        if path.startswith("/login/") or path.endswith(("/$value", "/delta", "/v1.0/")):
            return Violations([], [])
        if _ACTION.search(path):
            named = _ACTION.sub(r"/microsoft.graph.\1", path)
            found = self._actions.violations(exchange.model_copy(update={"path": named}))
        elif path.startswith("/v1.0/subscriptions"):
            found = self._subscriptions.violations(exchange)
        elif exchange.method == "DELETE":
            return Violations([], [])
        else:
            found = self._mail.violations(exchange)
        is_mime = ("content-type", "text/plain") in exchange.headers
        return Violations([], found.answer) if is_mime else found

    @cached_property
    def _properties(self) -> dict[str, set[str]]:
        """The properties of each type of entity, those of its bases included."""
        types = list(ET.parse(self._types).iter(f"{_EDM}EntityType"))  # noqa: S314 - our file
        own = {
            one.attrib["Name"]: {
                part.attrib["Name"] for part in one if part.tag.endswith("Property")
            }
            for one in types
        }
        bases = {
            one.attrib["Name"]: one.attrib.get("BaseType", "").removeprefix("graph.")
            for one in types
        }

        def with_bases(name: str) -> set[str]:
            return own.get(name, set()) | (with_bases(bases[name]) if name in bases else set())

        return {name: with_bases(name) for name in own}


def _items(exchange: Exchange) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what an answer describes, with its type."""
    is_json = ("content-type", "application/json") in exchange.answer_headers
    if not is_json or exchange.status >= 300:
        return
    parts = [part for part in exchange.path.split("/") if part in _KINDS]
    if not parts:
        return
    answer = json.loads(exchange.answer_body)
    for item in answer["value"] if isinstance(answer.get("value"), list) else [answer]:
        yield _KINDS[parts[-1]], item


CONTRACTS = {"graph": GraphContract()}
REFUSALS = {
    "graph": (
        Wording(
            source="Microsoft identity platform, 'Error response' of the token endpoint",
            schema=fields(
                {
                    **OAUTH["properties"],
                    "error_codes": many(NUMBER),
                    "timestamp": TEXT,
                    "trace_id": TEXT,
                    "correlation_id": TEXT,
                },
            ),
            path="/login/.*",
        ),
        Wording(
            source="Microsoft Graph, 'Error responses and resource types'",
            schema=fields(
                {
                    "error": fields(
                        {"code": TEXT, "message": TEXT},
                        {"target": TEXT, "details": many(OBJECT), "innerError": OBJECT},
                    )
                }
            ),
        ),
    )
}
