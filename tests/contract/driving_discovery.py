"""Drives a stand-in from Google's own discovery documents."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import strategies as st

from sandbox.calls import Exchange
from tests.contract.contracts import Contract
from tests.contract.driving import Known, ask_in_each_sense, check_refusal

_PART = re.compile(r"\{\+?(\w+)\}")
_NEVER_ASKED = ("alt", "$.xgafv", "callback", "access_token", "oauth_token")
_PLAIN: dict[str, st.SearchStrategy[Any]] = {
    "integer": st.integers(-5, 2000),
    "number": st.floats(allow_nan=False, allow_infinity=False),
    "boolean": st.booleans(),
    "any": st.none() | st.booleans() | st.integers() | st.text(max_size=5),
}


@dataclass
class Asked:
    """What a call asks for: values of the path's parts and of the query, by name, and a body."""

    path_parameters: dict[str, Any]
    query: dict[str, Any]
    body: Any


class Document:
    """A discovery document, as something to make up calls by.

    Args:
        file: the document.
        words: what makes sense for names that mean something; of such a name, some values are
            taken from here, and some are any text.
    """

    def __init__(self, file: Path, words: Mapping[str, Sequence[str]]) -> None:
        self._described: dict[str, Any] = json.loads(file.read_text())
        self._words = words
        self.root = f"/{self._described['servicePath']}"

    def method(self, name: str) -> dict[str, Any]:
        """Return what is described of a method, e.g. ``files.list``."""
        found = self._described
        *resources, last = name.split(".")
        for resource in resources:
            found = found["resources"][resource]
        method: dict[str, Any] = found["methods"][last]
        return method

    def calls(self, method: dict[str, Any]) -> st.SearchStrategy[Asked]:
        """Make up calls of a method."""
        described = {**self._described["parameters"], **method.get("parameters", {})}
        path, query, optional = {}, {}, {}
        for name, one in described.items():
            value = self._values(name, one)
            if one.get("repeated"):
                value = st.lists(value, max_size=3)
            if one["location"] == "path":
                path[name] = value
            elif one.get("required"):
                query[name] = value
            elif name not in _NEVER_ASKED:
                optional[name] = value
        return st.builds(
            Asked,
            st.fixed_dictionaries(path),
            st.fixed_dictionaries(query, optional=optional),
            self._values("", method["request"]) if "request" in method else st.none(),
        )

    def _values(self, name: str, schema: dict[str, Any], depth: int = 0) -> st.SearchStrategy[Any]:
        if "$ref" in schema:
            schema = self._described["schemas"][schema["$ref"]]
        kind = schema.get("type", "any")
        if kind == "array":
            return st.lists(self._values(name, schema["items"], depth), max_size=3)
        if name in self._words:
            return st.sampled_from(self._words[name]) | st.text(max_size=10)
        if kind == "object":
            properties = schema.get("properties", {}) if depth < 2 else {}
            inner = {name: self._values(name, one, depth + 1) for name, one in properties.items()}
            return st.fixed_dictionaries({}, optional=inner)
        return _texts(schema) if kind == "string" else _PLAIN[kind]


def _texts(schema: dict[str, Any]) -> st.SearchStrategy[str]:
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema.get("format") in ("int64", "uint64"):
        return st.integers(-(2**63), 2**63 - 1).map(str)
    return st.text(max_size=10)


def drive_method(
    contract: Contract,
    document: Document,
    name: str,
    client: httpx.Client,
    *,
    base: str = "/google",
    known: Known,
    examples: int = 60,
) -> None:
    """Call a method with what its document allows, and check every answer by the contract.

    Args:
        contract: judges the answers.
        document: what calls are made up from.
        name: of the method.
        client: has the root of Google's APIs at the stand-ins, and credentials.
        base: what the stand-ins put before the contract's paths.
        known: what some calls ask for; the others are made up from the document alone.
        examples: how many calls.

    Raises:
        AssertionError: an answer was a 5xx, or isn't described; or no call succeeded.
    """
    if not contract.is_here():
        pytest.skip("no vendors' contracts beside the clone")
    method = document.method(name)
    answers = Counter[int]()

    def ask(asked: Asked) -> None:
        path = _PART.sub(
            lambda part: quote(asked.path_parameters[part[1]] or "none", safe=""), method["path"]
        )
        answer = client.request(
            method["httpMethod"],
            document.root + path,
            params=asked.query,
            **({} if asked.body is None else {"json": asked.body}),
        )
        answers[answer.status_code] += 1
        assert answer.status_code < 500
        check_refusal(
            method["httpMethod"],
            str(answer.request.url),
            answer.status_code,
            answer.headers,
            answer.content,
        )
        exchange = Exchange(
            service="google",
            method=method["httpMethod"],
            path=answer.request.url.path.removeprefix(base),
            query=answer.request.url.query.decode(),
            headers=[],
            body=b"",
            status=answer.status_code,
            answer_headers=list(answer.headers.items()),
            answer_body=answer.content,
        )
        assert contract.violations(exchange).answer == []

    ask_in_each_sense(ask, document.calls(method), known, examples)
    has_succeeded = any(200 <= status < 300 for status in answers)
    assert has_succeeded, f"{name} was answered {dict(answers)}"
