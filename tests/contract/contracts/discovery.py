"""Contracts in Google's discovery format, as its client libraries are made from them."""

from __future__ import annotations

import binascii
import json
import re
from base64 import b64decode
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from sandbox.calls import Exchange
from tests.contract.contracts import Violations, are_here

Document = Mapping[str, Any]

_JSON = "application/json"
_PARAMETER = re.compile(r"\{(\+?)(\w+)\}")
_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
}


class DiscoveryContract:
    """One discovery document.

    Args:
        file: the document.
        base: what the API's prefix at the stand-ins took off its paths, e.g. ``/gmail``.
    """

    def __init__(self, file: Path, base: str = "") -> None:
        self._file = file
        self._base = base

    def is_here(self) -> bool:
        """Whether the document lies beside this checkout, or comes with a package."""
        return are_here(self._file)

    def violations(self, exchange: Exchange) -> Violations:
        """Say what of an exchange the document doesn't allow."""
        method = self._method(exchange)
        if method is None:
            return Violations(["there is no such method"], [])
        return Violations(
            [*self._of_query(method, exchange), *self._of_request(method, exchange)],
            list(self._of_answer(method, exchange)),
        )

    @cached_property
    def _document(self) -> Document:
        loaded: Document = json.loads(self._file.read_text(encoding="utf-8"))
        return loaded

    @cached_property
    def _methods(self) -> list[tuple[str, re.Pattern[str], Document]]:
        """All methods: verb, pattern of the path, description; uploads have paths of their own."""
        root = self._document["servicePath"]
        return [
            (method["httpMethod"], _pattern(path), method)
            for method in _methods(self._document)
            for path in (f"/{root}{method['path']}", *_upload_paths(method))
        ]

    def _method(self, exchange: Exchange) -> Document | None:
        path = self._base + exchange.path
        for verb, pattern, method in self._methods:
            if verb == exchange.method and pattern.fullmatch(path):
                return method
        return None

    def _of_query(self, method: Document, exchange: Exchange) -> Iterator[str]:
        known = {**self._document["parameters"], **method.get("parameters", {})}
        given: dict[str, list[str]] = defaultdict(list)
        for name, value in parse_qsl(exchange.query, keep_blank_values=True):
            given[name].append(value)
        for name, values in given.items():
            if (described := known.get(name)) is None:
                yield f"there is no parameter {name}"
                continue
            if len(values) > 1 and not described.get("repeated"):
                yield f"{name} comes {len(values)} times"
            for value in values:
                yield from _of_parameter(name, value, described)
        for name, described in method.get("parameters", {}).items():
            wanted = described.get("required") and described["location"] == "query"
            if wanted and name not in given:
                yield f"{name} is missing"

    def _of_request(self, method: Document, exchange: Exchange) -> Iterator[str]:
        kind = dict(exchange.headers).get("content-type", "")
        if method.get("supportsMediaUpload") and not kind.startswith(_JSON):
            return
        if "request" not in method:
            if exchange.body.strip() not in (b"", b"{}"):
                yield "it has a body"
            return
        if exchange.body and not kind.startswith(_JSON):
            yield f"its body is {kind or 'of no type'}"
            return
        yield from self._of_json(method["request"], exchange.body or b"{}")

    def _of_answer(self, method: Document, exchange: Exchange) -> Iterator[str]:
        if exchange.status >= 300:
            return
        if method.get("supportsMediaDownload") and "alt=media" in exchange.query:
            return
        elif "response" in method:
            yield from self._of_json(method["response"], exchange.answer_body)
        elif exchange.answer_body and "application/json" in dict(exchange.answer_headers).get(
            "content-type", ""
        ):
            yield "it has a body"

    def _of_json(self, schema: Document, body: bytes) -> Iterator[str]:
        try:
            value = json.loads(body)
        except ValueError:
            yield "its body is not JSON"
            return
        yield from self._of_value("body", value, schema)

    def _of_value(self, where: str, value: object, schema: Document) -> Iterator[str]:
        if "$ref" in schema:
            schema = self._document["schemas"][schema["$ref"]]
        kind = schema.get("type", "any")
        if kind == "any":
            return
        if not isinstance(value, _TYPES[kind]) or (kind != "boolean" and isinstance(value, bool)):
            yield f"{where} is {type(value).__name__}, not {kind}"
        elif isinstance(value, dict):
            yield from self._of_object(where, value, schema)
        elif isinstance(value, list):
            for number, item in enumerate(value):
                yield from self._of_value(f"{where}[{number}]", item, schema["items"])
        elif "enum" in schema and value not in schema["enum"]:
            yield f"{where} is {value}, which is none of its values"
        elif (fits := _FORMATS.get(schema.get("format", ""))) and not fits(str(value)):
            yield f"{where} is no {schema['format']}"

    def _of_object(self, where: str, value: Document, schema: Document) -> Iterator[str]:
        known, others = schema.get("properties", {}), schema.get("additionalProperties")
        for name, inner in value.items():
            described = known.get(name, others)
            if described is None:
                yield f"{where} has {name}, which isn't described"
            else:
                yield from self._of_value(f"{where}.{name}", inner, described)


def _methods(resource: Document) -> Iterator[Document]:
    yield from resource.get("methods", {}).values()
    for inner in resource.get("resources", {}).values():
        yield from _methods(inner)


def _upload_paths(method: Document) -> Iterator[str]:
    for protocol in method.get("mediaUpload", {}).get("protocols", {}).values():
        yield protocol["path"]


def _pattern(path: str) -> re.Pattern[str]:
    """Turn a URI template into a pattern; ``{+name}`` may hold slashes."""
    parts = _PARAMETER.split(path)
    plain = [re.escape(part) for part in parts[::3]]
    names = [".+" if plus else "[^/]+" for plus in parts[1::3]]
    return re.compile("".join(a + b for a, b in zip(plain, [*names, ""], strict=True)))


def _of_parameter(name: str, value: str, described: Document) -> Iterator[str]:
    kind = described.get("type", "string")
    fits = _FORMATS.get(described.get("format", ""))
    if kind == "boolean" and value not in ("true", "false"):
        yield f"{name} is {value}, not true or false"
    elif kind == "integer" and not re.fullmatch(r"-?\d+", value):
        yield f"{name} is {value}, not a number"
    elif "enum" in described and value not in described["enum"]:
        yield f"{name} is {value}, which is none of its values"
    elif "pattern" in described and not re.fullmatch(described["pattern"], value):
        yield f"{name} is {value}, which doesn't fit its pattern"
    elif fits and not fits(value):
        yield f"{name} is no {described['format']}"


def _whole(bits: int, *, signed: bool = True) -> Callable[[str], bool]:
    low, high = (-(1 << bits - 1), 1 << bits - 1) if signed else (0, 1 << bits)

    def fits(value: str) -> bool:
        return re.fullmatch(r"-?\d+", value) is not None and low <= int(value) < high

    return fits


def _is_base64(value: str) -> bool:
    try:
        b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        return False
    return True


def _is_moment(value: str) -> bool:
    return (
        re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", value) is not None
    )


_FORMATS: dict[str, Callable[[str], bool]] = {
    "int32": _whole(32),
    "uint32": _whole(32, signed=False),
    "int64": _whole(64),
    "uint64": _whole(64, signed=False),
    "byte": _is_base64,
    "date-time": _is_moment,
    "google-datetime": _is_moment,
}
