"""How the stand-in answers a message: what it refuses, counts, sees and writes."""

from __future__ import annotations

import asyncio
import json
import math
import re
import secrets
from typing import Any

from sandbox.claude.diagnosis import Diagnosis, diagnose
from sandbox.claude.errors import ClaudeError
from sandbox.claude.photos import Photo, PhotoError, look_at
from sandbox.claude.request import MAX_PHOTOS, CountRequest, CreateMessage, Tool
from sandbox.claude.schema import fill
from sandbox.claude.usage import Exchange, Exchanges
from sandbox.state import SandboxState

_CHARACTERS_PER_TOKEN = 3.6
_PIXELS_PER_TOKEN = 750
_TOOLS_OVERHEAD = 350
_MODEL = re.compile(r"claude-[a-z0-9.-]+")


async def reply(
    message: CreateMessage, photos: list[Photo], state: SandboxState, request_id: str
) -> dict[str, Any]:
    """Answer a message, by one tool call or one text, and keep the exchange."""
    diagnosis = await asyncio.to_thread(diagnose, message.text(), photos)
    answer = answer_of(message, diagnosis, count_tokens(message, photos))
    state.store(Exchanges).add(Exchange(message, diagnosis, answer, request_id))
    return answer


def answer_of(message: CreateMessage, diagnosis: Diagnosis, input_tokens: int) -> dict[str, Any]:
    """Write a diagnosis as the answer to a message, by one tool call or one text."""
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


def check(message: CreateMessage) -> None:
    """Refuse what is well formed but makes no sense.

    Raises:
        ClaudeError: 400 or 404.
    """
    if not _MODEL.fullmatch(message.model):
        raise ClaudeError(404, f"model: {message.model}")
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


async def look(request: CountRequest) -> list[Photo]:
    """Look at the images of a request.

    Raises:
        ClaudeError: 400; one of them is none, or there are too many.
    """
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
