"""Stripe's own example of each resource: what it answers has these names and kinds of values."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

from sandbox.calls import Exchange
from tests.contract.contracts import SPECS, Violations, are_here
from tests.contract.contracts.refusals import OBJECT, TEXT, Wording, fields, one_of

FREE = frozenset({"metadata", "last_payment_error", "next_action", "payment_method_options"})
"""Fields whose example shows one of many shapes."""


class FixtureContract:
    """The fixtures of Stripe's mock server; they say nothing about requests."""

    def __init__(self, file: str) -> None:
        self._path = SPECS / file

    def is_here(self) -> bool:
        """Whether the fixtures lie beside this checkout."""
        return are_here(self._path)

    @cached_property
    def _resources(self) -> dict[str, Any]:
        resources: dict[str, Any] = json.loads(self._path.read_text())["resources"]
        return resources

    def violations(self, exchange: Exchange) -> Violations:
        """Say which fields of an answer Stripe's example lacks, or has otherwise."""
        if exchange.status >= 400:
            return Violations([], [])
        try:
            answer = json.loads(exchange.answer_body)
        except ValueError:
            return Violations([], ["the answer is no JSON"] if exchange.fault is None else [])
        shown = answer["data"] if answer.get("object") == "list" else [answer]
        return Violations([], [wrong for one in shown for wrong in self._compare(one)])

    def _compare(self, shown: dict[str, Any]) -> list[str]:
        kind = shown["object"]
        if kind not in self._resources:
            return [f"Stripe has no {kind}"]
        wrong = list(differences(shown, self._resources[kind], kind))
        if kind == "event":
            wrong += self._compare(shown["data"]["object"])
        return wrong


def differences(shown: Any, example: Any, place: str) -> list[str]:
    """Say where a value has not the shape of an example; null says nothing on either side."""
    if shown is None or example is None:
        return []
    if type(shown) is not type(example):
        return [f"{place} is {type(shown).__name__}, not {type(example).__name__}"]
    if isinstance(shown, list):
        pairs = [(one, example[0]) for one in shown] if example else []
        return [wrong for one, model in pairs for wrong in differences(one, model, f"{place}[]")]
    if not isinstance(shown, dict):
        return []
    wrong = [f"{place} has no {name}" for name in shown.keys() - example.keys()]
    for name in shown.keys() & example.keys() - FREE:
        if place != "event.data":
            wrong += differences(shown[name], example[name], f"{place}.{name}")
    return wrong


CONTRACTS = {"stripe": FixtureContract("stripe/fixtures3.json")}
REFUSALS = {
    "stripe": (
        Wording(
            source="Stripe API Reference, 'Errors'",
            schema=fields(
                {
                    "error": fields(
                        {
                            "type": one_of(
                                "api_error",
                                "card_error",
                                "idempotency_error",
                                "invalid_request_error",
                            ),
                            "message": TEXT,
                        },
                        {
                            "code": TEXT,
                            "decline_code": TEXT,
                            "doc_url": TEXT,
                            "param": TEXT,
                            "payment_intent": OBJECT,
                        },
                    )
                }
            ),
        ),
    )
}
