"""n8n's contract of its public API, as version 2.8.4 ships it."""

from __future__ import annotations

from typing import Any

from tests.contract.contracts.openapi import UNDESCRIBED, OpenApiContract, RoutedContract


def repair(spec: dict[str, Any]) -> None:
    """Let executions name workflows by text: a workflow's own id is text in the same document."""
    spec["components"]["schemas"]["execution"]["properties"]["workflowId"]["type"] = "string"


API = OpenApiContract("n8n/openapi.yml", "/api/v1", repair=repair, undescribed=UNDESCRIBED | {400})
"""400 is what a query that isn't allowed gets; the document describes it for bodies only."""

UNCHECKED = {
    "/webhook/": "each workflow says itself what its webhook takes and answers",
    "/healthz": "the document is of the public API only",
}
CONTRACTS = {"n8n": RoutedContract({"/api/v1": API}, unchecked=UNCHECKED)}
