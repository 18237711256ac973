"""Amazon's contract of S3, as its own client carries it: every operation, field and header."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree as ET

import botocore.session
from botocore.model import OperationModel, Shape

from sandbox.calls import Exchange
from tests.contract.contracts import Violations
from tests.contract.contracts.refusals import TEXT, Wording, fields, read_xml

_IN_LINKS = re.compile(r"x-amz-(algorithm|credential|date|expires|signedheaders|signature)")
_OF_EVERY_CALL = re.compile(
    r"x-amz-(date|content-sha256|decoded-content-length|trailer|request-id|checksum-\w+)"
)
_FORMS = {
    "integer": re.compile(r"-?\d+"),
    "long": re.compile(r"-?\d+"),
    "boolean": re.compile(r"true|false"),
    "timestamp": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"),
}


class BotocoreContract:
    """The service description in botocore (Apache-2.0); it needs no file beside the checkout."""

    def is_here(self) -> bool:
        """It comes with boto3."""
        return True

    @cached_property
    def _operations(self) -> list[OperationModel]:
        model = botocore.session.get_session().get_service_model("s3")
        return [model.operation_model(name) for name in model.operation_names]

    def violations(self, exchange: Exchange) -> Violations:
        """Say what of an exchange no operation of S3 allows."""
        if exchange.status >= 400:
            return Violations([], [])
        operation = self._operation(exchange)
        if operation is None:
            return Violations(["there is no such operation"], [])
        return Violations(
            list(_of_request(operation, exchange)), list(_of_answer(operation, exchange))
        )

    def _operation(self, exchange: Exchange) -> OperationModel | None:
        query = dict(parse_qsl(exchange.query, keep_blank_values=True))
        headers = dict(exchange.headers)
        level = len([part for part in exchange.path.split("/", 2)[1:] if part])
        fitting = [one for one in self._operations if _fits(one, exchange, level, query, headers)]
        return max(fitting, key=lambda one: len(_needed(one)), default=None)


CONTRACTS = {"s3": BotocoreContract()}


def _fits(
    operation: OperationModel,
    exchange: Exchange,
    level: int,
    query: dict[str, str],
    headers: dict[str, str],
) -> bool:
    path, _, _ = operation.http["requestUri"].partition("?")
    needed = _needed(operation)
    return (
        operation.http["method"] == exchange.method
        and path.count("{") == level
        and all(name in query or name.lower() in headers for name in needed)
        and all(query.get(name) == value for name, value in needed.items() if value)
    )


def _needed(operation: OperationModel) -> dict[str, str]:
    """Return what tells an operation from others of its path: words of the query, headers."""
    _, _, words = operation.http["requestUri"].partition("?")
    found = dict(parse_qsl(words, keep_blank_values=True))
    shape = operation.input_shape
    for name in shape.required_members if shape else ():
        place = shape.members[name].serialization
        if place.get("location") in ("querystring", "header"):
            found.setdefault(place["name"], "")
    return found


def _members(shape: Shape | None, location: str) -> set[str]:
    members: dict[str, Shape] = getattr(shape, "members", {})
    places = [one.serialization for one in members.values()]
    return {one["name"].lower() for one in places if one.get("location") == location}


def _of_request(operation: OperationModel, exchange: Exchange) -> Iterator[str]:
    known = {name.lower() for name in _needed(operation)} | {"x-id"}
    known |= _members(operation.input_shape, "querystring")
    for name, _ in parse_qsl(exchange.query, keep_blank_values=True):
        if name.lower() not in known and not _IN_LINKS.fullmatch(name.lower()):
            yield f"{operation.name} has no parameter {name}"
    yield from _of_headers(operation, operation.input_shape, exchange.headers)


def _of_answer(operation: OperationModel, exchange: Exchange) -> Iterator[str]:
    yield from _of_headers(operation, operation.output_shape, exchange.answer_headers)
    usual = operation.http.get("responseCode", 200)
    if exchange.status not in {usual, 200, 206, 304}:
        yield f"{operation.name} answers {usual}"
    shape: Any = operation.output_shape
    is_xml = shape is not None and not operation.has_streaming_output
    if is_xml and exchange.method != "HEAD" and exchange.answer_body:
        root = ET.fromstring(exchange.answer_body)  # noqa: S314 - of our own stand-in
        inner = shape.members.get(shape.serialization.get("payload"), shape)
        yield from _of_element(root, inner, operation.name)


def _of_headers(
    operation: OperationModel, shape: Shape | None, headers: list[tuple[str, str]]
) -> Iterator[str]:
    known = _members(shape, "header")
    for name, _ in headers:
        is_own = name.startswith("x-amz-") and not name.startswith("x-amz-meta-")
        if is_own and name not in known and not _OF_EVERY_CALL.fullmatch(name):
            yield f"{operation.name} has no header {name}"


def _of_element(element: ET.Element, shape: Any, path: str) -> Iterator[str]:
    """Say which elements aren't members of a structure, and which texts aren't of their type."""
    if shape.type_name == "structure":
        yield from _of_structure(element, shape, path)
    elif shape.type_name in _FORMS and not _FORMS[shape.type_name].fullmatch(element.text or ""):
        yield f"{path} is no {shape.type_name}: {element.text!r}"


def _of_structure(element: ET.Element, shape: Any, path: str) -> Iterator[str]:
    members = dict(_named(shape))
    for child in element:
        name = child.tag.rpartition("}")[2]
        member = members.get(name)
        if member is None:
            yield f"{path} has no {name}"
        elif member.type_name != "list":
            yield from _of_element(child, member, f"{path}/{name}")
        elif member.serialization.get("flattened"):
            yield from _of_element(child, member.member, f"{path}/{name}")
        else:
            for one in child:
                yield from _of_element(one, member.member, f"{path}/{name}[]")


def _named(shape: Any) -> Iterator[tuple[str, Any]]:
    for name, member in shape.members.items():
        if "location" not in member.serialization:
            inner = member.member if member.serialization.get("flattened") else None
            of_list = inner.serialization.get("name") if inner is not None else None
            yield member.serialization.get("name") or of_list or name, member


REFUSALS = {
    "s3": (
        Wording(
            source="Amazon S3 API Reference, 'Error responses'",
            schema=fields(
                {
                    "Error": {
                        **fields({"Code": TEXT, "Message": TEXT, "RequestId": TEXT}),
                        "additionalProperties": TEXT,
                    }
                }
            ),
            media_type="application/xml",
            read=read_xml,
        ),
    )
}
