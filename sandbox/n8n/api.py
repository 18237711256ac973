"""n8n's public API: lists by cursor, workflows switched on and off, executions read and retried.

An instance of one's own has no documented limit of calls; so a 429 is answered only when ordered.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from sandbox.body import read_json
from sandbox.credentials import CREDENTIALS, same
from sandbox.n8n.documents import shown_execution, shown_workflow
from sandbox.n8n.store import Automation, Execution, Workflow
from sandbox.state import SandboxState, State

LIMIT = 100
MAX_LIMIT = 250
STATUSES = ("canceled", "error", "running", "success", "waiting")
_MAX_DIGITS = 15


class N8nError(Exception):
    """A refusal: its status, its message, and what else is told."""

    def __init__(self, status: int, message: str, **more: object) -> None:
        self.status = status
        self.body = {"message": message, **more}
        super().__init__(message)


def error_answer(_request_id: str, error: N8nError) -> Response:
    """Build the answer to a request that was refused."""
    return JSONResponse(error.body, status_code=error.status)


def fault_answer(
    _request_id: str, status: int | None, code: str | None, retry_after: str | None
) -> Response:
    """Answer a call that a fault was ordered for; without a status it is 503."""
    status = status or HTTPStatus.SERVICE_UNAVAILABLE
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    body = {"message": code or HTTPStatus(status).phrase}
    return JSONResponse(body, status_code=status, headers=headers)


def _authenticate(request: Request) -> None:
    key = request.headers.get("x-n8n-api-key")
    if key is None:
        raise N8nError(401, "'X-N8N-API-KEY' header required")
    if not same(key, CREDENTIALS.n8n_api_key):
        raise N8nError(401, "unauthorized")


router = APIRouter(dependencies=[Depends(_authenticate)])


@router.get("/workflows")
async def list_workflows(request: Request, state: State) -> dict[str, Any]:
    """List workflows."""
    query = request.query_params
    active, name = _flag(query, "active"), query.get("name")
    tags = {tag for tag in query.get("tags", "").split(",") if tag}
    found = [
        one
        for one in state.store(Automation).workflows()
        if active in (None, one.active) and name in (None, one.name) and tags <= set(one.tags)
    ]
    _flag(query, "excludePinnedData")
    cursor = _cursor(query, "offset")
    limit, offset = cursor.get("limit", _limit(query)), cursor.get("offset", 0)
    is_end = offset + limit >= len(found)
    return {
        "data": [shown_workflow(one) for one in found[offset : offset + limit]],
        "nextCursor": None if is_end else _written(limit=limit, offset=offset + limit),
    }


@router.get("/workflows/{workflow_id}")
async def get_workflow(workflow_id: str, request: Request, state: State) -> dict[str, Any]:
    """Show a workflow."""
    _flag(request.query_params, "excludePinnedData")
    return shown_workflow(_workflow(state, workflow_id))


@router.post("/workflows/{workflow_id}/activate")
async def activate(workflow_id: str, request: Request, state: State) -> dict[str, Any]:
    """Switch a workflow on."""
    body = await _body(request)
    for name in ("versionId", "name", "description"):
        if not isinstance(body.get(name, ""), str):
            raise N8nError(400, f"request/body/{name} must be string")
    if "versionId" in body:
        raise N8nError(404, "Version not found")
    kept = replace(_workflow(state, workflow_id), active=True)
    return shown_workflow(state.store(Automation).put(kept))


@router.post("/workflows/{workflow_id}/deactivate")
async def deactivate(workflow_id: str, state: State) -> dict[str, Any]:
    """Switch a workflow off."""
    kept = replace(_workflow(state, workflow_id), active=False)
    return shown_workflow(state.store(Automation).put(kept))


@router.get("/executions")
async def list_executions(request: Request, state: State) -> dict[str, Any]:
    """List what ran, the newest first."""
    query = request.query_params
    with_data, status = _flag(query, "includeData"), query.get("status")
    if status is not None and status not in STATUSES:
        allowed = ", ".join(STATUSES)
        raise N8nError(
            400, f"request/query/status must be equal to one of the allowed values: {allowed}"
        )
    cursor = _cursor(query, "lastId")
    limit, before = cursor.get("limit", _limit(query)), cursor.get("lastId")
    found = [
        one
        for one in state.store(Automation).executions()
        if status in (None, one.status)
        and query.get("workflowId") in (None, one.workflow_id)
        and (before is None or one.id < before)
    ]
    shown = found[:limit]
    is_end = len(found) <= limit
    return {
        "data": [shown_execution(one, with_data=bool(with_data)) for one in shown],
        "nextCursor": None if is_end else _written(limit=limit, lastId=shown[-1].id),
    }


@router.get("/executions/{execution_id}")
async def get_execution(execution_id: str, request: Request, state: State) -> dict[str, Any]:
    """Show one execution."""
    with_data = _flag(request.query_params, "includeData")
    return shown_execution(_execution(state, execution_id), with_data=bool(with_data))


@router.delete("/executions/{execution_id}")
async def delete_execution(execution_id: str, state: State) -> dict[str, Any]:
    """Forget one execution, and show what it was."""
    execution = _execution(state, execution_id)
    state.store(Automation).delete_execution(execution.id)
    return shown_execution(execution, with_data=False)


@router.post("/executions/{execution_id}/retry")
async def retry_execution(execution_id: str, request: Request, state: State) -> dict[str, Any]:
    """Let a workflow run again on what it failed with."""
    load = (await _body(request)).get("loadWorkflow", False)
    if not isinstance(load, bool):
        raise N8nError(400, "request/body/loadWorkflow must be boolean")
    execution = _execution(state, execution_id)
    if not execution.has_failed:
        raise N8nError(409, "The execution succeeded, so it cannot be retried.")
    workflow = _workflow(state, execution.workflow_id)
    done = state.store(Automation).run(workflow, "retry", execution.data, execution.id)
    return shown_execution(done, with_data=False)


@router.api_route("/{_rest:anything}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def unknown_path(_rest: str) -> None:
    """Refuse what is not played here."""
    raise N8nError(404, "not found")


def _workflow(state: SandboxState, workflow_id: str) -> Workflow:
    workflow = state.store(Automation).workflow(workflow_id)
    if workflow is None:
        raise N8nError(404, "Not Found")
    return workflow


def _execution(state: SandboxState, execution_id: str) -> Execution:
    number = _number(execution_id)
    if number is None:
        raise N8nError(400, "request/params/id must be number")
    execution = state.store(Automation).execution(number)
    if execution is None:
        raise N8nError(404, "Not Found")
    return execution


def _flag(query: Mapping[str, str], name: str) -> bool | None:
    text = query.get(name)
    if text not in (None, "true", "false"):
        raise N8nError(400, f"request/query/{name} must be boolean")
    return None if text is None else text == "true"


def _limit(query: Mapping[str, str]) -> int:
    limit = _number(query.get("limit", str(LIMIT)))
    if limit is None or limit < 1:
        raise N8nError(400, "request/query/limit must be number")
    if limit > MAX_LIMIT:
        raise N8nError(400, f"request/query/limit must be <= {MAX_LIMIT}")
    return limit


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS else None


def _cursor(query: Mapping[str, str], place: str) -> dict[str, int]:
    """Read a cursor; it holds the limit of the first page, too."""
    if not (text := query.get("cursor")):
        return {}
    try:
        read = json.loads(base64.b64decode(text, validate=True))
        cursor = {name: int(read[name]) for name in ("limit", place)}
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
        raise N8nError(400, "An invalid cursor was provided") from None
    return {"limit": min(max(cursor["limit"], 1), MAX_LIMIT), place: max(cursor[place], 0)}


def _written(**cursor: int) -> str:
    return base64.b64encode(json.dumps(cursor).encode()).decode()


async def _body(request: Request) -> dict[str, Any]:
    try:
        body = read_json(await request.body() or b"{}")
    except ValueError:
        raise N8nError(400, "The request body is not JSON") from None
    if not isinstance(body, dict):
        raise N8nError(400, "request/body must be object")
    return body
