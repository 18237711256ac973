"""The error table of n8n, with cures for ops."""

from __future__ import annotations

from typing import ClassVar

import httpx
from pydantic import BaseModel

from connectors._http.errors import (
    Cures,
    ErrorTable,
    NeedsReauthError,
    Problem,
    RejectedError,
    ServiceNotFoundError,
    UnknownOutcomeError,
)

_FAILED = "Error in workflow"


class WorkflowFailedError(RejectedError):
    """The workflow ran, and failed while its answer was waited for; n8n itself is well."""

    default_cure: ClassVar[str] = (
        "Look under Executions in n8n at which node it failed, correct it, and retry it there."
    )


TABLE: ErrorTable = {_FAILED: WorkflowFailedError}
"""n8n has no codes, so this one goes by its words."""

CURES: Cures = {
    NeedsReauthError: "Make a key under Settings > n8n API and set HOTROD_N8N__API_KEY.",
    RejectedError: "Read the reason; an execution that succeeded can't be retried.",
    ServiceNotFoundError: (
        "Look in n8n whether the workflow is there; a webhook answers while its workflow is "
        "active. If all is missing, check HOTROD_N8N__BASE_URL."
    ),
    UnknownOutcomeError: "Look under Executions in n8n whether it ran, and how it ended.",
}


class _Fault(BaseModel):
    message: str = ""


def read_problem(response: httpx.Response) -> Problem:
    """Read the reason of a refusal."""
    try:
        message = _Fault.model_validate_json(response.content).message
    except ValueError:
        return Problem()
    return Problem(_FAILED) if message == _FAILED else Problem("", message)
