"""Contracts written as Google's discovery documents."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import googleapiclient.discovery_cache

from sandbox.calls import Exchange
from tests.contract.contracts import Violations

SHIPPED = Path(googleapiclient.discovery_cache.__file__).parent / "documents"
"""The documents that come with Google's library."""

_KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}
_EMPTY = (b"", b"{}")


@dataclass(frozen=True)
class Method:
    """One method of an API, and where it is reached."""

    name: str
    described: dict[str, Any]
    path: re.Pattern[str]
    is_upload: bool = False


class DiscoveryContract:
    """One discovery document.

    Args:
        file: where it lies.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def is_here(self) -> bool:
        """Whether the document lies where it should."""
        return self._file.is_file()

    @cached_property
    def document(self) -> dict[str, Any]:
        """The document."""
        loaded = json.loads(self._file.read_text(encoding="utf-8"))
        assert isinstance(loaded, dict)
        return loaded

    def violations(self, exchange: Exchange) -> Violations:
        """Say what of an exchange the document doesn't allow."""
        method = self._method(exchange)
        if method is None:
            is_unknown = exchange.status in (404, 405)
            return Violations(["no such method"], [] if is_unknown else ["answered all the same"])
        request = [
            *self._wrong_parameters(method, exchange),
            *self._wrong_request_body(method, exchange),
        ]
        return Violations(request, list(self._wrong_answer(method, exchange)))

    @cached_property
    def _methods(self) -> dict[str, list[Method]]:
        """All methods by HTTP's; those with the most said of their paths come first."""
        found: dict[str, list[Method]] = {}
        for described in _described(self.document):
            verb, base = described["httpMethod"], f"/{self.document['servicePath']}"
            found.setdefault(verb, []).append(
                Method(described["id"], described, _pattern(base + described["path"]))
            )
            upload = described.get("mediaUpload", {}).get("protocols", {}).get("simple")
            if upload:
                path = _pattern(upload["path"])
                found[verb].append(Method(described["id"], described, path, is_upload=True))
        for methods in found.values():
            methods.sort(key=lambda method: -len(method.path.pattern.replace("(.+)", "")))
        return found

    def _method(self, exchange: Exchange) -> Method | None:
        methods = self._methods.get(exchange.method, [])
        return next((one for one in methods if one.path.fullmatch(exchange.path)), None)

    def _wrong_parameters(self, method: Method, exchange: Exchange) -> Iterator[str]:
        own = method.described.get("parameters", {})
        known = {**self.document["parameters"], **own}
        given: dict[str, list[str]] = {}
        for name, value in parse_qsl(exchange.query, keep_blank_values=True):
            given.setdefault(name, []).append(value)
        for name, values in given.items():
            if method.is_upload and name in ("uploadType", "upload_id"):
                continue
            if name not in known or known[name]["location"] != "query":
                yield f"unknown parameter {name}"
                continue
            if len(values) > 1 and not known[name].get("repeated"):
                yield f"parameter {name} is given twice"
            yield from (f"{name}: {why}" for v in values for why in _wrong_text(known[name], v))
        for name, parameter in own.items():
            is_missing = parameter["location"] == "query" and name not in given
            if parameter.get("required") and is_missing:
                yield f"parameter {name} is missing"

    def _wrong_request_body(self, method: Method, exchange: Exchange) -> Iterator[str]:
        if method.is_upload:
            return
        kind = method.described.get("request")
        if kind is None:
            if exchange.body:
                yield "a body that it doesn't take"
        elif exchange.body:
            yield from self._wrong_json(kind, exchange.body)

    def _wrong_answer(self, method: Method, exchange: Exchange) -> Iterator[str]:
        if exchange.status >= 300:
            yield from _wrong_error(exchange)
            return
        described = method.described
        is_media = described.get("supportsMediaDownload") and (
            "response" not in described or ("alt", "media") in parse_qsl(exchange.query)
        )
        if is_media:
            return
        if "response" in described:
            yield from self._wrong_json(described["response"], exchange.answer_body)
        elif exchange.answer_body not in _EMPTY:
            yield "a body where none is"

    def _wrong_json(self, schema: Mapping[str, Any], body: bytes) -> Iterator[str]:
        try:
            value = json.loads(body)
        except ValueError:
            yield "no JSON"
            return
        yield from self._wrong(schema, value, "")

    def _wrong(self, schema: Mapping[str, Any], value: object, place: str) -> Iterator[str]:
        if "$ref" in schema:
            schema = self.document["schemas"][schema["$ref"]]
        kind = schema.get("type", "any")
        if kind == "any":
            return
        is_truth = isinstance(value, bool) and kind != "boolean"
        if not isinstance(value, _KINDS[kind]) or is_truth:
            yield f"{place or 'it'} is {type(value).__name__}, not {kind}"
        elif isinstance(value, list):
            for number, item in enumerate(value):
                yield from self._wrong(schema["items"], item, f"{place}/{number}")
        elif isinstance(value, dict):
            yield from self._wrong_object(schema, value, place)
        elif isinstance(value, str):
            yield from (f"{place}: {why}" for why in _wrong_text(schema, value))

    def _wrong_object(
        self, schema: Mapping[str, Any], value: Mapping[str, object], place: str
    ) -> Iterator[str]:
        properties, others = schema.get("properties", {}), schema.get("additionalProperties")
        for name, item in value.items():
            inner = properties.get(name, others)
            if inner is None:
                yield f"unknown property {place}/{name}"
            else:
                yield from self._wrong(inner, item, f"{place}/{name}")


class PathsContract:
    """Several documents of one API at the stand-ins, by how paths begin; other paths are free."""

    def __init__(self, documents: Mapping[str, DiscoveryContract]) -> None:
        self._documents = documents

    def is_here(self) -> bool:
        """Whether all of them are here."""
        return all(document.is_here() for document in self._documents.values())

    def violations(self, exchange: Exchange) -> Violations:
        """Say what of an exchange isn't allowed."""
        for begin, document in self._documents.items():
            if exchange.path.startswith(begin):
                return document.violations(exchange)
        return Violations([], [])


def _described(resource: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield from resource.get("methods", {}).values()
    for inner in resource.get("resources", {}).values():
        yield from _described(inner)


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{\+?\w+\}", template)
    return re.compile("(.+)".join(re.escape(part) for part in parts))


def _wrong_text(schema: Mapping[str, Any], text: str) -> Iterator[str]:
    """Say what is wrong with a text, as a parameter or in JSON."""
    if "enum" in schema and text not in schema["enum"]:
        yield f"{text!r} is none of {', '.join(schema['enum'])}"
    if "pattern" in schema and not re.match(schema["pattern"], text):
        yield f"{text!r} doesn't look like {schema['pattern']}"
    if schema.get("type") == "boolean" and text not in ("true", "false"):
        yield f"{text!r} is neither true nor false"
    if schema.get("type") == "integer" or schema.get("format") in ("int64", "uint64"):
        if not re.fullmatch(r"-?\d+", text):
            yield f"{text!r} is no number"
        else:
            low, high = schema.get("minimum"), schema.get("maximum")
            if (low and int(text) < int(low)) or (high and int(text) > int(high)):
                yield f"{text} is out of bounds"
    if schema.get("format") == "date-time" and not _is_moment(text):
        yield f"{text!r} is no RFC 3339 time"


def _wrong_error(exchange: Exchange) -> Sequence[str]:
    """Say what is wrong with an error: documents describe none, the guides do."""
    try:
        error = json.loads(exchange.answer_body)["error"]
    except (ValueError, KeyError, TypeError):
        return ["no error body"]
    if error.get("code") != exchange.status or not isinstance(error.get("message"), str):
        return ["an error without its code or message"]
    return []


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
