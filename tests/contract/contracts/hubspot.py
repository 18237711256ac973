"""HubSpot's contract: the generated models of its official client.

Each body is put into the model that the client has for it. The client's own checks for required
fields and enums are switched on; types and unknown fields are checked here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl

from hubspot.crm import contacts, objects, properties
from hubspot.crm.associations import v4
from hubspot.crm.associations.v4 import schema

from sandbox.calls import Exchange
from tests.contract.contracts import Violations
from tests.contract.contracts.refusals import OBJECT, TEXT, Wording, fields, many, one_of

REFUSAL_FIELDS = frozenset({"status", "errorType", "policyName", "requestId"})
"""Fields of refusals that HubSpot documents, and sends, but its client's ``Error`` lacks."""

UNTOLD = frozenset({"/account-info/v3/details"})
"""Paths that HubSpot documents, but its client has no method for."""


@dataclass(frozen=True)
class Operation:
    """A method of the client: what it sends, and what it takes back, by the names of its models."""

    method: str
    path: str
    package: ModuleType
    request: str = ""
    answers: Mapping[int, str] = field(default_factory=dict)
    query: frozenset[str] = frozenset()

    def is_asked_by(self, exchange: Exchange) -> bool:
        pattern = re.sub(r"\{\w+\}", "[^/]+", self.path)
        return self.method == exchange.method and re.fullmatch(pattern, exchange.path) is not None


_OBJECT = "/crm/v3/objects/{type}"
_V4 = "/crm/v4/associations/{from}/{to}"
_ENDS = "/crm/v4/objects/{type}/{id}/associations"
_DEFINED = "/crm/v3/properties/{type}"
_SHOWN = frozenset({"properties", "propertiesWithHistory", "associations", "archived"})


def _batch(name: str, request: str, answer: str, status: int = 200) -> Operation:
    answers = {status: answer, 207: f"{answer}WithErrors"}
    return Operation("POST", f"{_OBJECT}/batch/{name}", objects, request, answers)


# The more particular path comes first.
OPERATIONS = (
    Operation(
        "POST",
        "/crm/v3/objects/contacts/merge",
        contacts,
        "PublicMergeInput",
        {200: "SimplePublicObject"},
    ),
    Operation(
        "POST", "/crm/v3/objects/contacts/gdpr-delete", contacts, "PublicGdprDeleteInput", {204: ""}
    ),
    Operation(
        "POST",
        f"{_OBJECT}/search",
        objects,
        "PublicObjectSearchRequest",
        {200: "CollectionResponseWithTotalSimplePublicObjectForwardPaging"},
    ),
    _batch(
        "create",
        "BatchInputSimplePublicObjectBatchInputForCreate",
        "BatchResponseSimplePublicObject",
        201,
    ),
    _batch(
        "read",
        "BatchReadInputSimplePublicObjectId",
        "BatchResponseSimplePublicObject",
    ),
    _batch(
        "update",
        "BatchInputSimplePublicObjectBatchInput",
        "BatchResponseSimplePublicObject",
    ),
    _batch(
        "upsert",
        "BatchInputSimplePublicObjectBatchInputUpsert",
        "BatchResponseSimplePublicUpsertObject",
    ),
    Operation(
        "POST", f"{_OBJECT}/batch/archive", objects, "BatchInputSimplePublicObjectId", {204: ""}
    ),
    Operation(
        "GET",
        _OBJECT,
        objects,
        answers={200: "CollectionResponseSimplePublicObjectWithAssociationsForwardPaging"},
        query=_SHOWN | {"limit", "after"},
    ),
    Operation(
        "POST",
        _OBJECT,
        objects,
        "SimplePublicObjectInputForCreate",
        {201: "SimplePublicObject"},
    ),
    Operation(
        "GET",
        f"{_OBJECT}/{{id}}",
        objects,
        answers={200: "SimplePublicObjectWithAssociations"},
        query=_SHOWN | {"idProperty"},
    ),
    Operation(
        "PATCH",
        f"{_OBJECT}/{{id}}",
        objects,
        "SimplePublicObjectInput",
        {200: "SimplePublicObject"},
        frozenset({"idProperty"}),
    ),
    Operation("DELETE", f"{_OBJECT}/{{id}}", objects, answers={204: ""}),
    Operation(
        "GET",
        f"{_V4}/labels",
        schema,
        answers={200: "CollectionResponseAssociationSpecWithLabelNoPaging"},
    ),
    Operation(
        "POST",
        f"{_V4}/labels",
        schema,
        "PublicAssociationDefinitionCreateRequest",
        {200: "CollectionResponseAssociationSpecWithLabelNoPaging"},
    ),
    Operation(
        "POST",
        f"{_V4}/batch/create",
        v4,
        "BatchInputPublicAssociationMultiPost",
        {
            201: "BatchResponseLabelsBetweenObjectPair",
            207: "BatchResponseLabelsBetweenObjectPairWithErrors",
        },
    ),
    Operation(
        "POST",
        f"{_V4}/batch/associate/default",
        v4,
        "BatchInputPublicDefaultAssociationMultiPost",
        {200: "BatchResponsePublicDefaultAssociation"},
    ),
    Operation(
        "POST",
        f"{_V4}/batch/archive",
        v4,
        "BatchInputPublicAssociationMultiArchive",
        {204: ""},
    ),
    Operation(
        "POST",
        f"{_V4}/batch/read",
        v4,
        "BatchInputPublicFetchAssociationsBatchRequest",
        {
            200: "BatchResponsePublicAssociationMultiWithLabel",
            207: "BatchResponsePublicAssociationMultiWithLabelWithErrors",
        },
    ),
    Operation(
        "PUT",
        f"{_ENDS}/default/{{to}}/{{id}}",
        v4,
        answers={200: "BatchResponsePublicDefaultAssociation"},
    ),
    Operation(
        "PUT",
        f"{_ENDS}/{{to}}/{{id}}",
        v4,
        "list[AssociationSpec]",
        {201: "LabelsBetweenObjectPair"},
    ),
    Operation("DELETE", f"{_ENDS}/{{to}}/{{id}}", v4, answers={204: ""}),
    Operation(
        "GET",
        f"{_ENDS}/{{to}}",
        v4,
        answers={200: "CollectionResponseMultiAssociatedObjectWithLabelForwardPaging"},
        query=frozenset({"limit", "after"}),
    ),
    Operation(
        "GET",
        f"{_DEFINED}/groups",
        properties,
        answers={200: "CollectionResponsePropertyGroupNoPaging"},
    ),
    Operation(
        "POST", f"{_DEFINED}/groups", properties, "PropertyGroupCreate", {201: "PropertyGroup"}
    ),
    Operation("GET", f"{_DEFINED}/groups/{{name}}", properties, answers={200: "PropertyGroup"}),
    Operation(
        "POST",
        f"{_DEFINED}/batch/create",
        properties,
        "BatchInputPropertyCreate",
        {201: "BatchResponseProperty", 207: "BatchResponsePropertyWithErrors"},
    ),
    Operation("GET", _DEFINED, properties, answers={200: "CollectionResponsePropertyNoPaging"}),
    Operation("POST", _DEFINED, properties, "PropertyCreate", {201: "ModelProperty"}),
    Operation("GET", f"{_DEFINED}/{{name}}", properties, answers={200: "ModelProperty"}),
    Operation("DELETE", f"{_DEFINED}/{{name}}", properties, answers={204: ""}),
)


class ClientContract:
    """What the official client would send and take back."""

    def is_here(self) -> bool:
        """The client comes with the project."""
        return True

    def violations(self, exchange: Exchange) -> Violations:
        """Say what of an exchange the client's models don't allow."""
        if exchange.path in UNTOLD and exchange.status < 400:
            return Violations([], [])
        operation = next((one for one in OPERATIONS if one.is_asked_by(exchange)), None)
        if operation is None:
            unknown = [] if exchange.path in UNTOLD else ["the client has no such method"]
            return Violations(unknown, list(_refusal(exchange)))
        sent = dict(parse_qsl(exchange.query, keep_blank_values=True))
        request = [f"it has no parameter {name}" for name in sent.keys() - operation.query]
        if operation.request:
            request += _wrong(operation.package, operation.request, exchange.body)
        return Violations(request, list(_answer(operation, exchange)))


def _answer(operation: Operation, exchange: Exchange) -> Iterator[str]:
    if exchange.status >= 400:
        yield from _refusal(exchange)
    elif exchange.status not in operation.answers:
        yield f"the client knows no {exchange.status}"
    elif model := operation.answers[exchange.status]:
        yield from _wrong(operation.package, model, exchange.answer_body)
    elif exchange.answer_body:
        yield "the client takes no body"


def _refusal(exchange: Exchange) -> Iterator[str]:
    yield from _wrong(objects, "Error", exchange.answer_body, also=REFUSAL_FIELDS)


def _wrong(
    package: ModuleType, model: str, body: bytes, also: frozenset[str] = frozenset()
) -> list[str]:
    try:
        document = json.loads(body)
    except ValueError:
        return ["it is no JSON"]
    if also and isinstance(document, dict):
        document = {name: value for name, value in document.items() if name not in also}
    return list(_differences(package, model, document, "body"))


def _differences(package: ModuleType, kind: str, value: Any, where: str) -> Iterator[str]:
    """Compare a value to a type as the client's models name it."""
    if value is None:  # a model says itself which of its fields it can't be without
        return
    if kind.startswith("list[") and isinstance(value, list):
        for place, item in enumerate(value):
            yield from _differences(package, kind[5:-1], item, f"{where}[{place}]")
    elif kind.startswith("dict[") and isinstance(value, dict):
        inner = kind[5:-1].split(", ", 1)[1]
        for name, item in value.items():
            yield from _differences(package, inner, item, f"{where}.{name}")
    elif kind in package.__dict__ and isinstance(value, dict):
        yield from _model_differences(package, kind, value, where)
    elif not _PRIMITIVES.get(kind, _is_none_of_them)(value):
        yield f"{where} is no {kind}: {value!r}"


def _model_differences(
    package: ModuleType, kind: str, value: dict[str, Any], where: str
) -> Iterator[str]:
    model = getattr(package, kind)
    known = {told: name for name, told in model.attribute_map.items()}
    yield from (f"{where}.{name} is unknown to {kind}" for name in value.keys() - known.keys())
    given = {known[name]: item for name, item in value.items() if name in known}
    for name, item in given.items():
        inner = model.openapi_types[name]
        yield from _differences(package, inner, item, f"{where}.{model.attribute_map[name]}")
    try:
        model(**given, local_vars_configuration=_strict(package))
    except ValueError as error:
        yield f"{where}: {error}"


@cache
def _strict(package: ModuleType) -> Any:
    """Return settings by which models check; made once: making them empties every log's cache."""
    settings = package.Configuration()
    settings.client_side_validation = True
    return settings


def _is_moment(value: object) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _is_none_of_them(_value: object) -> bool:
    return False


_PRIMITIVES: dict[str, Callable[[Any], bool]] = {
    "str": lambda value: isinstance(value, str),
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "bool": lambda value: isinstance(value, bool),
    "datetime": _is_moment,
    "object": lambda _value: True,
}

CONTRACTS = {"hubspot": ClientContract()}

TOLD = {"status": one_of("error"), "message": TEXT, "correlationId": TEXT}
REFUSALS = {
    "hubspot": (
        Wording(
            source="HubSpot, 'API usage guidelines', 429",
            schema=fields(
                {**TOLD, "errorType": one_of("RATE_LIMIT"), "policyName": TEXT},
                {"category": TEXT, "requestId": TEXT},
            ),
            statuses={429},
        ),
        Wording(
            source="HubSpot, 'Error handling'",
            schema=fields(
                {**TOLD, "category": TEXT},
                {
                    "subCategory": TEXT,
                    "context": OBJECT,
                    "links": OBJECT,
                    "errors": many({**OBJECT, "required": ["message"]}),
                },
            ),
        ),
    )
}
