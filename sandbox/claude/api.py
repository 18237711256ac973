"""The Messages API: its checks, errors, headers and usage."""

from __future__ import annotations

import asyncio
import json
import math
import re
import secrets
from typing import Any, TypeVar

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ValidationError

from sandbox.claude.diagnosis import Diagnosis, diagnose
from sandbox.claude.photos import Photo, PhotoError, look_at
from sandbox.claude.request import MAX_PHOTOS, CountRequest, CreateMessage, Tool
from sandbox.claude.schema import fill
from sandbox.claude.usage import Exchange, Exchanges, RateWindow
from sandbox.credentials import CREDENTIALS, same
from sandbox.state import State

_CHARACTERS_PER_TOKEN = 3.6
_PIXELS_PER_TOKEN = 750
_TOOLS_OVERHEAD = 350
_MODEL = re.compile(r"claude-[a-z0-9.-]+")
_VERSIONS = frozenset({"2023-01-01", "2023-06-01", "2026-10-21"})
_MODELS = {
    "claude-opus-5-5": "Claude Opus 5.5",
    "claude-sonnet-5-5": "Claude Sonnet 5.5",
    "claude-haiku-5-5": "Claude Haiku 5.5",
    "claude-sonnet-4-6": "Claude Sonnet 4.6",
    "claude-haiku-4-5": "Claude Haiku 4.5",
}
_ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}

_Body = TypeVar("_Body", bound=BaseModel)


class ClaudeError(Exception):
    """A refusal, as the API words it."""

    def __init__(self, status: int, message: str, retry_after: str | None = None) -> None:
        self.status = status
        self.message = message
        self.retry_after = retry_after
        super().__init__(message)


def error_answer(request_id: str, error: ClaudeError, code: str | None = None) -> Response:
    """Build the API's error body; ``code`` is a type of error, or the detail of one."""
    usual = _ERROR_TYPES.get(error.status, "api_error")
    stated: dict[str, Any] = {"type": usual, "message": error.message}
    if code in _ERROR_TYPES.values():
        stated["type"] = code
    elif code:
        stated["details"] = {"error_code": code}
    body = {"type": "error", "error": stated, "request_id": request_id}
    headers = {} if error.retry_after is None else {"retry-after": error.retry_after}
    return JSONResponse(body, status_code=error.status, headers=headers)


def fault_answer(
    request_id: str, status: int | None, code: str | None, retry_after: str | None
) -> Response:
    """Answer a call that a fault was ordered for."""
    error = ClaudeError(status or 529, "A fault was ordered.", retry_after)
    return error_answer(request_id, error, code)


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


@router.post("/messages")
async def create_message(request: Request, response: Response, state: State) -> dict[str, Any]:
    """Answer a message, by one tool call or one text."""
    message = _parse(CreateMessage, await request.body())
    _check(message)
    photos = await _look(message)
    input_tokens = count_tokens(message, photos)
    if not state.store(RateWindow).take(input_tokens):
        raise ClaudeError(
            429, "This request would exceed your rate limit.", state.store(RateWindow).wait()
        )
    response.headers.update(state.store(RateWindow).headers())
    diagnosis = await asyncio.to_thread(diagnose, message.text(), photos)
    answer = _answer(message, diagnosis, input_tokens)
    state.store(Exchanges).add(Exchange(message, diagnosis, answer, request.state.request_id))
    return answer


@router.post("/messages/count_tokens")
async def count(request: Request) -> dict[str, int]:
    """Count the input tokens of a request."""
    counted = _parse(CountRequest, await request.body())
    return {"input_tokens": count_tokens(counted, await _look(counted))}


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


def count_tokens(request: CountRequest, photos: list[Photo]) -> int:
    """Estimate the input tokens of a request."""
    system = request.system
    texts = [
        system if isinstance(system, str) else "".join(block.text for block in system),
        request.text(),
        *(tool.model_dump_json() for tool in request.tools),
    ]
    tokens = _tokens("".join(texts)) + (_TOOLS_OVERHEAD if request.tools else 8)
    return tokens + sum(photo.width * photo.height // _PIXELS_PER_TOKEN for photo in photos)


def _parse(model: type[_Body], body: bytes) -> _Body:
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ClaudeError(400, f"{where}: {first['msg']}" if where else first["msg"]) from None


def _check(message: CreateMessage) -> None:
    """Refuse what is well formed but makes no sense."""
    if not _MODEL.fullmatch(message.model):
        raise ClaudeError(404, f"model: {message.model}")
    if message.stream:
        raise ClaudeError(400, "stream: the stand-in answers whole messages only")
    if message.messages[0].role != "user":
        raise ClaudeError(400, 'messages: first message must use the "user" role')
    for number, tool in enumerate(message.tools):
        if tool.input_schema.get("type") != "object":
            raise ClaudeError(
                400, f"tools.{number}.custom.input_schema.type: Input should be object"
            )
    choice = message.tool_choice
    if choice is None:
        return
    if not message.tools:
        raise ClaudeError(400, "tool_choice: may only be specified while providing tools")
    if choice.type == "tool" and choice.name not in {tool.name for tool in message.tools}:
        raise ClaudeError(400, f"tool_choice: Tool '{choice.name}' not found in provided tools")
    thinks = message.thinking is not None and message.thinking.type != "disabled"
    if thinks and choice.type in {"any", "tool"}:
        raise ClaudeError(400, "Thinking may not be enabled when tool_choice forces tool use.")


async def _look(request: CountRequest) -> list[Photo]:
    images = request.images()
    if len(images) > MAX_PHOTOS:
        raise ClaudeError(400, f"messages: at most {MAX_PHOTOS} images are taken")
    photos = []
    for place, source in images:
        try:
            photos.append(await asyncio.to_thread(look_at, source.media_type, source.data))
        except PhotoError as error:
            raise ClaudeError(400, f"{place}: {error}") from None
    return photos


def _answer(message: CreateMessage, diagnosis: Diagnosis, input_tokens: int) -> dict[str, Any]:
    tool = _chosen_tool(message)
    content: dict[str, Any]
    if tool:
        content = {
            "type": "tool_use",
            "id": f"toolu_{secrets.token_hex(12)}",
            "name": tool.name,
            "input": fill(tool.input_schema, diagnosis.as_fields()),
            "caller": {"type": "direct"},
        }
        written = json.dumps(content["input"])
    else:
        written = _text(message, diagnosis)
        content = {"type": "text", "text": written, "citations": None}
    output_tokens, stop_reason = _tokens(written), "tool_use" if tool else "end_turn"
    if output_tokens > message.max_tokens:
        output_tokens, stop_reason = message.max_tokens, "max_tokens"
        kept = written[: int(message.max_tokens * _CHARACTERS_PER_TOKEN)]
        content["input" if tool else "text"] = {} if tool else kept
    return {
        "id": f"msg_{secrets.token_hex(12)}",
        "type": "message",
        "role": "assistant",
        "model": message.model,
        "content": [content] if output_tokens else [],
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "stop_details": None,
        "container": None,
        "usage": {
            "input_tokens": input_tokens,
            "output_tokens": output_tokens,
            "cache_creation": None,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "inference_geo": None,
            "server_tool_use": None,
            "service_tier": "standard",
        },
    }


def _chosen_tool(message: CreateMessage) -> Tool | None:
    """Choose as the model would: the one forced; else one that asks for a diagnosis."""
    choice = message.tool_choice
    kind = choice.type if choice else "auto"
    if kind == "none" or not message.tools:
        return None
    if choice and kind == "tool":
        return next(tool for tool in message.tools if tool.name == choice.name)
    fitting = [tool for tool in message.tools if "fault" in tool.input_schema.get("properties", {})]
    return (fitting or message.tools)[0] if fitting or kind == "any" else None


def _text(message: CreateMessage, diagnosis: Diagnosis) -> str:
    form = message.output_config.format if message.output_config else None
    if form is None:
        return diagnosis.as_text()
    return json.dumps(fill(form.json_schema, diagnosis.as_fields()))


def _tokens(text: str) -> int:
    return math.ceil(len(text) / _CHARACTERS_PER_TOKEN)


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
