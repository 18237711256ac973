"""Anthropic's contract, as its SDKs are made from it."""

from __future__ import annotations

import json
from typing import Any

from openapi_schema_validator import OAS31Validator

from sandbox.calls import Exchange
from tests.contract.contracts import Violations
from tests.contract.contracts.openapi import OpenApiContract
from tests.contract.contracts.refusals import OBJECT, TEXT, Wording, fields, one_of

STREAM = "text/event-stream"
LINES = "application/x-jsonl"


def _open_to_streams(spec: dict[str, Any]) -> None:
    """Allow answers of many parts, each of which is checked by itself.

    The document lacks the media type of a streamed message, and describes one line of the
    results of a batch as if it were all of them.
    """
    paths = spec["paths"]
    paths["/v1/messages"]["post"]["responses"]["200"]["content"][STREAM] = {}
    results = paths["/v1/messages/batches/{message_batch_id}/results"]["get"]
    results["responses"]["200"]["content"][LINES] = {}


class ClaudeContract(OpenApiContract):
    """Anthropic's document, by which the parts of streams and of results are checked too."""

    def __init__(self) -> None:
        super().__init__(
            "anthropic/openapi.messages-subset.yaml",
            repair=_open_to_streams,
            undescribed={500, 503, 529},
        )

    def violations(self, exchange: Exchange) -> Violations:
        """Say what of an exchange, and of each part of its answer, isn't allowed."""
        found = super().violations(exchange)
        kind = dict(exchange.answer_headers).get("content-type", "")
        if exchange.status == 200 and exchange.fault is None:
            found.answer += self.of_parts(kind.partition(";")[0], exchange.answer_body.decode())
        return found

    def of_parts(self, kind: str, body: str) -> list[str]:
        """Say what is wrong with the parts of an answer."""
        if kind == LINES:
            name = "MessageBatchIndividualResponse"
            return [one for line in body.splitlines() for one in self._wrong(name, line)]
        if kind == STREAM:
            events = [_event(block) for block in body.rstrip("\n").split("\n\n")]
            return [one for name, data in events for one in self._wrong_event(name, data)]
        return []

    def _wrong_event(self, name: str, data: str) -> list[str]:
        told = json.loads(data)["type"]
        wrong = [] if told == name else [f"event {name} says that it is {told}"]
        return wrong + self._wrong(
            "ErrorResponse" if name == "error" else "MessageStreamEvent", data
        )

    def _wrong(self, name: str, text: str) -> list[str]:
        schema = {"$ref": f"#/components/schemas/{name}", "components": self.spec["components"]}
        errors = OAS31Validator(schema).iter_errors(json.loads(text))
        return [f"{name} {text[:200]}: {error.message[:500]}" for error in errors]


def _event(block: str) -> tuple[str, str]:
    """Return an event's name and data."""
    name, data = block.split("\n")
    return name.removeprefix("event: "), data.removeprefix("data: ")


CONTRACTS = {"claude": ClaudeContract()}
REFUSALS = {
    "claude": (
        Wording(
            source="Anthropic, Errors",
            schema=fields(
                {
                    "type": one_of("error"),
                    "error": fields(
                        {
                            "type": one_of(
                                "invalid_request_error",
                                "authentication_error",
                                "billing_error",
                                "permission_error",
                                "not_found_error",
                                "request_too_large",
                                "rate_limit_error",
                                "timeout_error",
                                "api_error",
                                "overloaded_error",
                            ),
                            "message": TEXT,
                        },
                        {"details": OBJECT},
                    ),
                    "request_id": TEXT,
                }
            ),
        ),
    )
}
