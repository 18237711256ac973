"""n8n's contract of its public API, as version 2.8.4 ships it."""

from __future__ import annotations

from typing import Any

from tests.contract.contracts.openapi import OpenApiContract, RoutedContract
from tests.contract.contracts.refusals import NUMBER, TEXT, Wording, fields


def repair(spec: dict[str, Any]) -> None:
    """Let executions name workflows by text: a workflow's own id is text in the same document."""
    spec["components"]["schemas"]["execution"]["properties"]["workflowId"]["type"] = "string"


API = OpenApiContract("n8n/openapi.yml", "/api/v1", repair=repair, undescribed={400, 429, 500, 503})
"""400 is what a query that isn't allowed gets; the document describes it for bodies only."""

UNCHECKED = {
    "/webhook/": "each workflow says itself what its webhook takes and answers",
    "/healthz": "the document is of the public API only",
}
CONTRACTS = {"n8n": RoutedContract({"/api/v1": API}, unchecked=UNCHECKED)}
REFUSALS = {
    "n8n": (
        Wording(
            source="n8n, its public API's schema 'error'",
            schema=fields({"message": TEXT}, {"code": TEXT, "description": TEXT}),
            path="/api/v1/.*",
        ),
        Wording(
            source="n8n, ResponseHelper of version 2.8.4",
            schema=fields({"message": TEXT}, {"code": NUMBER, "hint": TEXT, "stacktrace": TEXT}),
        ),
    )
}
