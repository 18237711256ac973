"""Discord's contract of its API, version 10."""

from __future__ import annotations

from typing import Any

from tests.contract.contracts.openapi import OpenApiContract
from tests.contract.contracts.refusals import NUMBER, OBJECT, TEXT, Wording, fields

FILE = "discord/openapi.json"


def name_errors_by_words(spec: dict[str, Any]) -> None:
    """Let errors of fields have words for codes, as Discord's reference shows them."""
    error = {
        "type": "object",
        "required": ["code", "message"],
        "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
    }
    spec["components"]["schemas"]["InnerErrors"]["properties"]["_errors"]["items"] = error


CONTRACTS = {
    "discord": OpenApiContract(FILE, "/api", repair=name_errors_by_words, undescribed={500, 503})
}
REFUSALS = {
    "discord": (
        Wording(
            source="Discord, Rate Limits, 'Exceeding a Rate Limit'",
            schema=fields(
                {"message": TEXT, "retry_after": {"type": "number"}, "global": {"type": "boolean"}},
                {"code": NUMBER},
            ),
            statuses={429},
        ),
        Wording(
            source="Discord, API Reference, 'Error Messages'",
            schema=fields({"code": NUMBER, "message": TEXT}, {"errors": OBJECT}),
        ),
    )
}
