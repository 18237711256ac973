"""Supabase's contracts: two documents of OpenAPI, and what is known of PostgREST as facts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import yaml

from sandbox.calls import Exchange
from tests.contract.contracts import SPECS, Violations, are_here
from tests.contract.contracts.openapi import OpenApiContract
from tests.contract.contracts.refusals import NUMBER, TEXT, TEXT_OR_NULL, Unworded, Wording, fields

_RANGE = re.compile(r"(\d+-\d+|\*)/(\d+|\*)")
_GATEWAY = frozenset({401, 429})
_EITHER = {"21000": {400, 500}}
"""Codes whose status hangs on the message; they are not among the facts."""


class PostgrestFacts:
    """The facts: key, form of errors, status of each SQLSTATE, and the ranges that are answered."""

    path = SPECS / "supabase" / "postgrest-facts.yaml"

    def is_here(self) -> bool:
        """Whether the file lies beside this checkout."""
        return are_here(self.path)

    @cached_property
    def facts(self) -> dict[str, Any]:
        """The file's content."""
        loaded: dict[str, Any] = yaml.safe_load(self.path.read_text(encoding="utf-8"))
        return loaded

    def violations(self, exchange: Exchange) -> Violations:
        """Say what of an exchange the facts don't allow."""
        return Violations(list(self._request(exchange)), list(self._answer(exchange)))

    def _request(self, exchange: Exchange) -> Iterator[str]:
        headers = dict(exchange.headers)
        for name in self.facts["headers_on_supabase"]:
            if name.lower() not in headers:
                yield f"it has no header {name}"
        if exchange.method in ("POST", "PATCH") and "range" in headers:
            yield "its Range would be ignored"

    def _answer(self, exchange: Exchange) -> Iterator[str]:
        headers = dict(exchange.answer_headers)
        found = headers.get("content-range")
        if found and not _RANGE.fullmatch(found):
            yield f"Content-Range is {found}"
        if exchange.status < 400:
            counts = "count=" in dict(exchange.headers).get("prefer", "")
            if counts and (found or "").endswith("*"):
                yield "a count was asked for, and isn't told"
        elif exchange.method != "HEAD":
            yield from self._error(exchange)

    def _error(self, exchange: Exchange) -> Iterator[str]:
        body = json.loads(exchange.answer_body)
        if exchange.status in _GATEWAY and "code" not in body:
            return
        if body.keys() != self.facts["error_body"].keys():
            yield f"an error has {sorted(body)}"
        elif exchange.fault is None and not body["code"].startswith("PGRST"):
            allowed = _EITHER.get(body["code"]) or {self._status(body["code"])}
            if exchange.status not in allowed:
                yield f"{body['code']} is answered with {exchange.status}"

    def _status(self, code: str) -> int:
        lines: dict[str, int] = self.facts["status_of_sqlstate"]
        classes = {line[:-1]: status for line, status in lines.items() if line.endswith("*")}
        return lines.get(code) or classes.get(code[:2]) or 400


def mend_gotrue(spec: dict[str, Any]) -> None:
    """Statuses are integers there, and ``patternProperties`` is no word of OpenAPI 3.0."""
    for path in spec["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict) and "responses" in operation:
                answers = operation["responses"]
                operation["responses"] = {str(status): one for status, one in answers.items()}
    _drop_patterns(spec)


def _drop_patterns(part: object) -> None:
    if isinstance(part, dict):
        for pattern in dict(part.pop("patternProperties", {})).values():
            part["additionalProperties"] = pattern
        for inner in part.values():
            _drop_patterns(inner)
    elif isinstance(part, list):
        for inner in part:
            _drop_patterns(inner)


def mend_management(spec: dict[str, Any]) -> None:
    """A stray key stands in one schema."""
    spec["components"]["schemas"]["V1CreateProjectBody"].pop("hideDefinitions", None)


CONTRACTS = {
    "supabase": PostgrestFacts(),
    "supabase_auth": OpenApiContract(
        "supabase/gotrue-openapi.yaml", repair=mend_gotrue, undescribed={400, 401, 429, 500, 503}
    ),
    "supabase_management": OpenApiContract(
        "supabase/management-openapi.json", repair=mend_management, undescribed={404, 503}
    ),
}

GATEWAY = fields({"message": TEXT}, {"hint": TEXT})
REFUSALS = {
    "supabase": (
        Wording(
            source="PostgREST, 'Errors'; Supabase's gateway, Kong, by its error templates",
            schema={
                "anyOf": [
                    fields(
                        {
                            "code": TEXT,
                            "message": TEXT,
                            "details": TEXT_OR_NULL,
                            "hint": TEXT_OR_NULL,
                        }
                    ),
                    GATEWAY,
                ]
            },
        ),
    ),
    "supabase_auth": (
        Wording(
            source="Supabase Auth, 'Error codes'; the gateway, Kong, by its error templates",
            schema={"anyOf": [fields({"code": NUMBER, "error_code": TEXT, "msg": TEXT}), GATEWAY]},
        ),
    ),
    "supabase_management": (
        Unworded(reason="its document describes the statuses of refusals, and no body of theirs"),
    ),
}
