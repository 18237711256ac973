"""The Messages API: its door, its routes, its headers."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse

from sandbox.claude import batch_api
from sandbox.claude.answers import check, count_tokens, look, reply
from sandbox.claude.errors import ClaudeError, parse
from sandbox.claude.request import CountRequest, CreateMessage
from sandbox.claude.streams import Interruptions, events
from sandbox.claude.usage import RateWindow
from sandbox.credentials import CREDENTIALS, same
from sandbox.state import State

_VERSIONS = frozenset({"2023-01-01", "2023-06-01", "2026-10-21"})
_MODELS = {
    "claude-opus-5-5": "Claude Opus 5.5",
    "claude-sonnet-5-5": "Claude Sonnet 5.5",
    "claude-haiku-5-5": "Claude Haiku 5.5",
    "claude-sonnet-4-6": "Claude Sonnet 4.6",
    "claude-haiku-4-5": "Claude Haiku 4.5",
}


def _require_key(request: Request) -> None:
    """Check the key, in its own header or as the vendor's newer libraries send it."""
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
    key = request.headers.get("x-api-key") or bearer
    if not key:
        raise ClaudeError(401, "x-api-key header is required")
    if not same(key, CREDENTIALS.claude_api_key):
        raise ClaudeError(401, "invalid x-api-key")
    version = request.headers.get("anthropic-version")
    if not version:
        raise ClaudeError(400, "anthropic-version: header is required")
    if version not in _VERSIONS:
        raise ClaudeError(400, f"anthropic-version: {version} is not a valid version")


router = APIRouter(dependencies=[Depends(_require_key)])


router.include_router(batch_api.router)


@router.post("/messages", response_model=None)
async def create_message(
    request: Request, response: Response, state: State
) -> dict[str, Any] | Response:
    """Answer a message, whole or as a stream."""
    message = parse(CreateMessage, await request.body())
    check(message)
    photos = await look(message)
    window = state.store(RateWindow)
    if not window.take(count_tokens(message, photos)):
        raise ClaudeError(429, "This request would exceed your rate limit.", window.wait())
    answer = await reply(message, photos, state, request.state.request_id)
    if message.stream:
        written = events(answer, state.store(Interruptions).take(), request.state.request_id)
        return StreamingResponse(
            written, headers=window.headers(), media_type="text/event-stream; charset=utf-8"
        )
    response.headers.update(window.headers())
    return answer


@router.post("/messages/count_tokens")
async def count(request: Request) -> dict[str, int]:
    """Count the input tokens of a request."""
    counted = parse(CountRequest, await request.body())
    return {"input_tokens": count_tokens(counted, await look(counted))}


@router.get("/models")
async def list_models() -> dict[str, Any]:
    """List the models."""
    models = [_model(name) for name in _MODELS]
    ends = {"first_id": models[0]["id"], "last_id": models[-1]["id"]}
    return {"data": models, "has_more": False, **ends}


@router.get("/models/{model}")
async def get_model(model: str) -> dict[str, Any]:
    """Describe one model."""
    if model not in _MODELS:
        raise ClaudeError(404, f"model: {model}")
    return _model(model)


@router.api_route("/{rest:anything}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def nothing(rest: str) -> None:
    """Refuse what there isn't."""
    raise ClaudeError(404, f"Not found: /v1/{rest}")


def _model(name: str) -> dict[str, Any]:
    return {
        "type": "model",
        "id": name,
        "display_name": _MODELS[name],
        "created_at": "2026-01-01T00:00:00Z",
        "max_input_tokens": 200_000,
        "max_tokens": 64_000,
        "capabilities": None,
    }
