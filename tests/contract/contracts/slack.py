"""Slack's contract of 2021 (Swagger 2): which arguments, answers and codes a method has.

Its schemas of messages are broken (``items`` given as arrays), so names and plain types are
compared, at the top of each answer.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from sandbox.calls import Exchange
from tests.contract.contracts import SPECS, Violations, are_here
from tests.contract.contracts.openapi import read_spec
from tests.contract.contracts.refusals import OBJECT, TEXT, Wording, fields, many

NEWER_ARGUMENTS = frozenset({"metadata", "include_all_metadata"})
NEWER_FIELDS = frozenset({"response_metadata", "app_id"})
NEWER_CODES = frozenset({"ratelimited", "invalid_cursor", "invalid_arguments"})
"""What Slack's reference names today, and the contract of 2021 doesn't."""

UNCHECKED = {"/actions/": "the document has no response URLs, where interactions are answered"}
"""From the beginnings of paths that it doesn't cover to the reasons."""

_TYPES = {"boolean": bool, "string": str, "integer": int, "array": list, "object": dict}


class SlackContract:
    """The archived Swagger document of the Web API."""

    def __init__(self, file: str) -> None:
        self._path = SPECS / file

    def is_here(self) -> bool:
        """Whether it lies beside this checkout."""
        return are_here(self._path)

    @cached_property
    def _paths(self) -> dict[str, Any]:
        paths: dict[str, Any] = read_spec(self._path)["paths"]
        return paths

    def arguments_of(self, method: str) -> tuple[str, dict[str, str]]:
        """Return a method's verb, and the types of its arguments by name, without the token."""
        ((verb, operation),) = self._paths[f"/{method}"].items()
        found = {one["name"]: one["type"] for one in operation["parameters"]}
        return verb.upper(), {name: kind for name, kind in found.items() if name != "token"}

    def violations(self, exchange: Exchange) -> Violations:
        """Say which arguments, fields and codes the document doesn't have."""
        if exchange.path.startswith(tuple(UNCHECKED)):
            return Violations([], [])
        if not exchange.path.startswith("/api/"):
            return Violations([f"no contract covers {exchange.path}"], [])
        operations = self._paths.get(exchange.path.removeprefix("/api"))
        if operations is None:
            return Violations(["no such method"], [])
        (operation,) = operations.values()
        answers = [] if exchange.fault else list(_wrong_answer(exchange, operation["responses"]))
        return Violations(list(_wrong_request(exchange, operation)), answers)


def _wrong_request(exchange: Exchange, operation: dict[str, Any]) -> list[str]:
    known = {parameter["name"] for parameter in operation["parameters"]}
    needed = {one["name"] for one in operation["parameters"] if one.get("required")} - {"token"}
    given = _arguments(exchange)
    wrong = [f"no argument {name}" for name in given - known - NEWER_ARGUMENTS]
    return wrong + [f"{name} is missing" for name in needed - given]


def _arguments(exchange: Exchange) -> set[str]:
    given = {name for name, _ in parse_qsl(exchange.query)}
    if "json" in dict(exchange.headers).get("content-type", ""):
        return given | set(json.loads(exchange.body or b"{}"))
    return given | {name for name, _ in parse_qsl(exchange.body.decode())}


def _wrong_answer(exchange: Exchange, responses: dict[str, Any]) -> list[str]:
    answer = json.loads(exchange.answer_body)
    schema = responses["200" if answer["ok"] else "default"]["schema"]
    properties = schema["properties"]
    wrong = [f"{name} is missing" for name in set(schema["required"]) - answer.keys()]
    wrong += [f"no field {name}" for name in answer.keys() - properties.keys() - NEWER_FIELDS]
    for name in answer.keys() & properties.keys():
        kind = _TYPES.get(properties[name].get("type", ""))
        if kind is not None and not isinstance(answer[name], kind):
            wrong.append(f"{name} is no {kind.__name__}")
    if not answer["ok"]:
        codes = {*properties["error"]["enum"], *NEWER_CODES}
        wrong += [f"no code {answer['error']}"] if answer["error"] not in codes else []
    return wrong


CONTRACTS = {"slack": SlackContract("slack/slack_web_openapi_v2.json")}
REFUSALS = {
    "slack": (
        Wording(
            source="Slack, 'Incoming webhooks', errors: response URLs refuse by a word of text",
            schema={"type": "string", "pattern": "^[a-z_]+$"},
            media_type="text/plain",
            read=bytes.decode,
            path="/actions/.*",
        ),
        Wording(
            source="Slack, 'Using the Web API', error responses",
            schema=fields(
                {"ok": {"const": False}, "error": TEXT},
                {
                    "needed": TEXT,
                    "provided": TEXT,
                    "warning": TEXT,
                    "errors": many(TEXT),
                    "response_metadata": OBJECT,
                },
            ),
        ),
    )
}
