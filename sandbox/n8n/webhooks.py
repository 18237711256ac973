"""n8n's production webhooks, which start workflows, and its health; both open to anybody."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from sandbox.body import read_json
from sandbox.n8n.api import N8nError
from sandbox.n8n.store import METHODS, Automation
from sandbox.state import State

_MOST_SHOWN = 10_000

router = APIRouter()


@router.get("/healthz")
async def health() -> dict[str, str]:
    """Tell that the instance is up."""
    return {"status": "ok"}


@router.api_route("/webhook/{path:anything}", methods=list(METHODS))
async def start(path: str, request: Request, state: State) -> Response:
    """Run the active workflow that listens here."""
    automation = state.store(Automation)
    listening = automation.listening(path)
    workflow = next((one for one in listening if one.webhook_method == request.method), None)
    if workflow is None and listening:
        raise N8nError(
            404,
            f"This webhook is not registered for {request.method} requests. "
            f"Did you mean to make a {listening[0].webhook_method} request?",
            code=404,
        )
    if workflow is None:
        raise N8nError(
            404,
            f'The requested webhook "{request.method} {path}" is not registered.',
            code=404,
            hint="The workflow must be active for a production URL to run successfully.",
        )
    received = {"query": dict(request.query_params), "body": _read(await request.body())}
    execution = automation.run(workflow, "webhook", received)
    if not workflow.waits:
        return JSONResponse({"message": "Workflow was started"})
    if execution.has_failed:
        return JSONResponse({"message": "Error in workflow"}, status_code=500)
    return JSONResponse(received)


@router.api_route("/{_rest:anything}", methods=list(METHODS))
async def unknown_path(_rest: str) -> None:
    """Refuse what is not played here."""
    raise N8nError(404, "not found")


def _read(body: bytes) -> Any:  # noqa: ANN401 - any JSON
    try:
        return read_json(body) if body else {}
    except ValueError:
        return body[:_MOST_SHOWN].decode("utf-8", "replace")
