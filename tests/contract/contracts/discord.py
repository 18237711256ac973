"""Discord's contract of its API, version 10."""

from __future__ import annotations

from typing import Any

from tests.contract.contracts.openapi import OpenApiContract

FILE = "discord/openapi.json"


def name_errors_by_words(spec: dict[str, Any]) -> None:
    """Let errors of fields have words for codes, as Discord's reference shows them."""
    error = {
        "type": "object",
        "required": ["code", "message"],
        "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
    }
    spec["components"]["schemas"]["InnerErrors"]["properties"]["_errors"]["items"] = error


CONTRACTS = {"discord": OpenApiContract(FILE, "/api", repair=name_errors_by_words)}
