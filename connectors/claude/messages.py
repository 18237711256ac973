"""Questions as the Messages API takes them, and answers as its callers want them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import TypeVar

from anthropic import transform_schema
from anthropic.types import (
    ImageBlockParam,
    MessageParam,
    OutputConfigParam,
    TextBlockParam,
)
from pydantic import BaseModel, ConfigDict, ValidationError

from connectors.claude.errors import (
    LONGER_ANSWER,
    READ_THE_REQUEST,
    SHORTER_QUESTION,
    UnusableAnswerError,
)
from connectors.claude.models import ImagePart, TextPart, Usage

Answer = TypeVar("Answer", bound=BaseModel)

_WHOLE = frozenset({"end_turn", "stop_sequence"})
_EARLY = {
    "max_tokens": ("the answer was cut off at max_output_tokens", LONGER_ANSWER),
    "model_context_window_exceeded": (
        "the answer was cut off where the model's context window ends",
        SHORTER_QUESTION,
    ),
    "pause_turn": ("the model paused in the middle of the answer", READ_THE_REQUEST),
    "refusal": ("the model refused to answer", READ_THE_REQUEST),
}


def question(content: Sequence[TextPart | ImagePart]) -> MessageParam:
    """Return what a user says and shows."""
    return {"role": "user", "content": [_block(part) for part in content]}


def shape(schema: type[BaseModel]) -> OutputConfigParam:
    """Ask for the shape of a model ("Structured outputs" in the vendor's docs).

    Forced tool calls would do the same, but models from Claude 5.5 on refuse them.
    """
    return {"format": {"type": "json_schema", "schema": transform_schema(schema)}}


class Unchecked(BaseModel):
    """Reads what the library has built: it checks nothing, so that anything may be missing."""

    model_config = ConfigDict(from_attributes=True)


class _CacheWritten(Unchecked):
    ephemeral_1h_input_tokens: int


class _Counted(Unchecked):
    input_tokens: int
    output_tokens: int
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_creation: _CacheWritten | None = None


class _Written(Unchecked):
    type: str
    text: str | None = None


class Answered(Unchecked):
    """What is used of a message."""

    id: str
    model: str
    content: list[_Written]
    stop_reason: str | None
    usage: _Counted

    def took(self, request_id: str, *, in_batch: bool = False) -> Usage:
        """Return what it took."""
        told = self.usage
        for_hour = told.cache_creation.ephemeral_1h_input_tokens if told.cache_creation else 0
        return Usage(
            model=self.model,
            request_id=request_id,
            input_tokens=told.input_tokens,
            output_tokens=told.output_tokens,
            cache_read_tokens=told.cache_read_input_tokens or 0,
            cache_write_tokens=(told.cache_creation_input_tokens or 0) - for_hour,
            cache_write_hour_tokens=for_hour,
            in_batch=in_batch,
        )


def check_end(operation: str, stop_reason: str | None, usage: Usage) -> None:
    """Refuse an answer that isn't whole, for whatever reason it ended, known today or not.

    Source: https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons

    Raises:
        UnusableAnswerError: it was cut off or refused.
    """
    if stop_reason in _WHOLE:
        return
    unknown = f"the answer ended early ({stop_reason or 'no reason is told'})", READ_THE_REQUEST
    message, cure = _EARLY.get(stop_reason or "", unknown)
    raise _unusable(operation, message, usage, cure)


def read_answer(operation: str, message: Answered, schema: type[Answer], usage: Usage) -> Answer:
    """Return the answer's text as a model; the answer's words stay out of the errors.

    Raises:
        UnusableAnswerError: it was cut off, refused, or has another shape.
    """
    check_end(operation, message.stop_reason, usage)
    text = "".join(one.text or "" for one in message.content if one.type == "text")
    try:
        return schema.model_validate_json(text)
    except ValidationError as mismatch:
        faults = ", ".join(
            f"{_path(fault['loc'])} {fault['type']}".strip() for fault in mismatch.errors()
        )
    raise _unusable(operation, f"the answer does not fit {schema.__name__}: {faults}", usage)


def _block(part: TextPart | ImagePart) -> TextBlockParam | ImageBlockParam:
    if isinstance(part, TextPart):
        return {"type": "text", "text": part.text}
    return {
        "type": "image",
        "source": {
            "type": "base64",
            "media_type": part.media_type,
            "data": b64encode(part.data).decode(),
        },
    }


def _path(loc: tuple[int | str, ...]) -> str:
    return ".".join(map(str, loc))


def _unusable(
    operation: str, message: str, usage: Usage, cure: str = READ_THE_REQUEST
) -> UnusableAnswerError:
    return UnusableAnswerError("claude", operation, message, cure, None, usage)
