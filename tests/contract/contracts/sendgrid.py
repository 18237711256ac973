"""SendGrid's contract of its API, version 3: "Mail Send"."""

from __future__ import annotations

from typing import Any

from tests.contract.contracts.openapi import OpenApiContract
from tests.contract.contracts.refusals import OBJECT, TEXT, TEXT_OR_NULL, Wording, fields, many


def allow_null(spec: dict[str, Any]) -> None:
    """Let a refusal be about no field: the document says so in words of OpenAPI 3.0, being 3.1."""
    error = spec["components"]["schemas"]["ErrorResponse"]["properties"]["errors"]["items"]
    error["properties"]["field"]["type"] = ["string", "null"]


CONTRACTS = {
    "sendgrid": OpenApiContract(
        "sendgrid/tsg_mail_v3.json", repair=allow_null, undescribed={429, 503}
    )
}
ERROR = fields({"message": TEXT}, {"field": TEXT_OR_NULL, "help": OBJECT})
REFUSALS = {
    "sendgrid": (
        Wording(
            source="SendGrid, API Reference, 'Errors'",
            schema=fields({"errors": many(ERROR)}, {"id": TEXT}),
        ),
    )
}
