"""The Message Batches API."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from sandbox.claude.batches import LIFETIME, Batch, Batches, BatchRequest, finish
from sandbox.claude.errors import ClaudeError, parse, parse_params
from sandbox.state import SandboxState, State

MAX_REQUESTS = 100_000

router = APIRouter(prefix="/messages/batches")


class _Create(BaseModel):
    model_config = ConfigDict(extra="forbid")

    requests: list[BatchRequest] = Field(min_length=1, max_length=MAX_REQUESTS)


class _Page(BaseModel):
    before_id: str | None = None
    after_id: str | None = None
    limit: int = Field(20, ge=1, le=1000)


@router.post("")
async def create(request: Request, state: State) -> dict[str, Any]:
    """Create a batch."""
    asked = parse(_Create, await request.body()).requests
    if len({one.custom_id for one in asked}) < len(asked):
        raise ClaudeError(400, "requests: each custom_id must be unique within the batch")
    batch = Batch(asked)
    batches = state.store(Batches)
    batches.add(batch)
    if batches.at_once:
        await finish(batch, state)
    return _shown(batch, request)


@router.get("")
async def list_batches(request: Request, state: State) -> dict[str, Any]:
    """List batches, the latest first."""
    asked = parse_params(_Page, request.query_params)
    found = list(state.store(Batches))
    if asked.after_id is not None:
        rest = found[_place(found, "after_id", asked.after_id) + 1 :]
        page = rest[: asked.limit]
    elif asked.before_id is not None:
        rest = found[: _place(found, "before_id", asked.before_id)]
        page = rest[-asked.limit :]
    else:
        rest, page = found, found[: asked.limit]
    return {
        "data": [_shown(batch, request) for batch in page],
        "has_more": len(rest) > len(page),
        "first_id": page[0].id if page else None,
        "last_id": page[-1].id if page else None,
    }


@router.get("/{batch_id}")
async def retrieve(batch_id: str, request: Request, state: State) -> dict[str, Any]:
    """Show a batch."""
    return _shown(_find(batch_id, state), request)


@router.delete("/{batch_id}")
async def delete(batch_id: str, state: State) -> dict[str, str]:
    """Delete a batch that has ended."""
    batch = _find(batch_id, state)
    if batch.ended_at is None:
        raise ClaudeError(400, f"Batch {batch_id} is still being processed; cancel it first.")
    state.store(Batches).delete(batch)
    return {"id": batch_id, "type": "message_batch_deleted"}


@router.post("/{batch_id}/cancel")
async def cancel(batch_id: str, request: Request, state: State) -> dict[str, Any]:
    """Begin to cancel a batch."""
    batch = _find(batch_id, state)
    if batch.ended_at is not None:
        raise ClaudeError(400, f"Batch {batch_id} cannot be canceled; it has ended.")
    batch.cancel()
    return _shown(batch, request)


@router.get("/{batch_id}/results")
async def results(batch_id: str, state: State) -> Response:
    """Show what came of the requests, one on a line."""
    batch = _find(batch_id, state)
    if batch.ended_at is None:
        raise ClaudeError(400, f"Batch {batch_id} has not ended; it has no results yet.")
    lines = "".join(f"{json.dumps(one)}\n" for one in batch.results)
    return Response(lines, media_type="application/x-jsonl")


def _find(batch_id: str, state: SandboxState) -> Batch:
    batch = state.store(Batches).get(batch_id)
    if batch is None:
        raise ClaudeError(404, f"Batch {batch_id} was not found.")
    return batch


def _place(found: list[Batch], name: str, batch_id: str) -> int:
    for place, batch in enumerate(found):
        if batch.id == batch_id:
            return place
    raise ClaudeError(400, f"{name}: {batch_id} is not a batch of this workspace")


def _shown(batch: Batch, request: Request) -> dict[str, Any]:
    url = f"{request.base_url}claude/v1/messages/batches/{batch.id}/results"
    return {
        "id": batch.id,
        "type": "message_batch",
        "processing_status": batch.status,
        "request_counts": batch.counts,
        "created_at": _written(batch.created_at),
        "expires_at": _written(batch.created_at + LIFETIME),
        "ended_at": _written(batch.ended_at),
        "cancel_initiated_at": _written(batch.cancel_initiated_at),
        "archived_at": None,
        "results_url": None if batch.ended_at is None else url,
    }


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
