"""Answers as server-sent events, piece by piece, and what may break them off."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.claude.errors import ClaudeError, error_body

_PIECE = re.compile(r".{1,24}(?:\s+|$)|.{1,24}", re.DOTALL)
_COUNTED = (
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
    "input_tokens",
    "output_tokens",
    "server_tool_use",
)


@dataclass(frozen=True)
class Interruption:
    """How a stream ends too early: by an error, after some pieces."""

    code: str = "overloaded_error"
    after_pieces: int = 1


class Interruptions:
    """What the next streams are broken off by."""

    def __init__(self) -> None:
        self._ordered: deque[Interruption] = deque()

    def order(self, interruption: Interruption) -> None:
        """Let one of the next streams be broken off."""
        self._ordered.append(interruption)

    def take(self) -> Interruption | None:
        """Return what breaks off this stream, if anything does."""
        return self._ordered.popleft() if self._ordered else None

    def clear(self) -> None:
        """Forget them."""
        self._ordered.clear()


def events(
    answer: dict[str, Any], interruption: Interruption | None, request_id: str
) -> Iterator[str]:
    """Yield an answer as the events of a stream.

    Args:
        answer: as it would be answered whole.
        interruption: breaks it off.
        request_id: of the call, which an error names.
    """
    sent = 0
    for event in _whole(answer):
        if event["type"] == "content_block_delta":
            if interruption is not None and sent == interruption.after_pieces:
                broken = ClaudeError(529, "Overloaded")
                yield _line(error_body(request_id, broken, interruption.code))
                return
            sent += 1
        yield _line(event)


def _whole(answer: dict[str, Any]) -> Iterator[dict[str, Any]]:
    usage = answer["usage"]
    begun: dict[str, Any] = {
        "content": [],
        "stop_reason": None,
        "usage": {**usage, "output_tokens": 1},
    }
    yield {"type": "message_start", "message": {**answer, **begun}}
    for index, block in enumerate(answer["content"]):
        is_text = block["type"] == "text"
        empty: dict[str, Any] = {"text": ""} if is_text else {"input": {}}
        place = {"index": index}
        yield {"type": "content_block_start", **place, "content_block": {**block, **empty}}
        yield {"type": "ping"}
        written = block["text"] if is_text else json.dumps(block["input"])
        kind, name = ("text_delta", "text") if is_text else ("input_json_delta", "partial_json")
        for piece in _PIECE.findall(written):
            yield {"type": "content_block_delta", **place, "delta": {"type": kind, name: piece}}
        yield {"type": "content_block_stop", **place}
    ends = ("stop_reason", "stop_sequence", "stop_details", "container")
    yield {
        "type": "message_delta",
        "delta": {name: answer[name] for name in ends},
        "usage": {name: usage[name] for name in _COUNTED},
    }
    yield {"type": "message_stop"}


def _line(event: dict[str, Any]) -> str:
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n"
