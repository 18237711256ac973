"""What Anymail Finder's documentation says, as the file of facts beside this checkout holds it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import yaml

from sandbox.calls import Exchange
from tests.contract.contracts import SPECS, Violations, are_here
from tests.contract.contracts.refusals import TEXT, Wording, fields

BEYOND = {
    ("POST", "/v5.1/find-email/company"),
    ("POST", "/v5.1/verify-email"),
    ("GET", "/v5.1/account"),
}
"""Operations that the facts lack; seen in several public clients of version 5.1."""


class AnymailFinderFacts:
    """The facts: form of the key, endpoints, and how results and refusals are told."""

    path = SPECS / "anymailfinder" / "api-facts.yaml"

    def is_here(self) -> bool:
        """Whether the file lies beside this checkout."""
        return are_here(self.path)

    @cached_property
    def facts(self) -> dict[str, Any]:
        """The file's content."""
        loaded: dict[str, Any] = yaml.safe_load(self.path.read_text(encoding="utf-8"))
        return loaded

    @cached_property
    def operations(self) -> set[tuple[str, str]]:
        """Methods and paths."""
        seen = [operation.split() for operation in self.facts["endpoints_seen"]]
        return BEYOND | {(method, path) for method, path, *_ in seen}

    @cached_property
    def form(self) -> str:
        """How the newest versions take the key: a pattern of the header."""
        (form,) = [
            one["form"]
            for one in self.facts["authentication"]["forms_seen"]
            if "v5.0 and later" in one["where"]
        ]
        scheme = re.match(r"Authorization: (\w+) <key>", form)
        assert scheme, f"the facts changed: {form}"
        return rf"{scheme[1]} \S+"

    @cached_property
    def error_fields(self) -> set[str]:
        """The fields of a refusal."""
        example = self.facts["authentication"]["failed"].partition(" (v5)")[0]
        return set(json.loads(example))

    def violations(self, exchange: Exchange) -> Violations:
        """Say what of an exchange the facts don't allow."""
        return Violations([*self._of_request(exchange)], [*self._of_answer(exchange)])

    def _of_request(self, exchange: Exchange) -> Iterator[str]:
        if (exchange.method, exchange.path) not in self.operations:
            yield "there is no such operation"
        headers = dict(exchange.headers)
        if exchange.path != "/status" and not re.fullmatch(
            self.form, headers.get("authorization", "")
        ):
            yield "the key is not shown as version 5 wants it"
        if exchange.method == "POST" and headers.get("content-type") != "application/json":
            yield "the body is not said to be JSON"

    def _of_answer(self, exchange: Exchange) -> Iterator[str]:
        document = json.loads(exchange.answer_body)
        if exchange.status >= 400:
            if document.keys() != self.error_fields:
                yield f"a refusal holds {sorted(document)}"
            return
        if "/find-email/" in exchange.path or exchange.path.endswith("/verify-email"):
            if "email_status" not in document:
                yield "no email_status"
            is_valid = document.get("email_status") == "valid"
            found = document.get("valid_email") or document.get("valid_emails")
            if "/find-email/" in exchange.path and bool(found) is not is_valid:
                yield "an address is called valid, or isn't, against the status"
            if "/find-email/" in exchange.path and document["credits_charged"] and not is_valid:
                yield "what is not valid was charged"


CONTRACTS = {"anymailfinder": AnymailFinderFacts()}
REFUSALS = {
    "anymailfinder": (
        Wording(
            source="Anymail Finder, API reference of version 5.1, errors",
            schema=fields({"error": TEXT, "error_explained": TEXT}),
        ),
    )
}
