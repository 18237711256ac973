"""What is asked of Claude and what comes back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Literal, TypeVar

from pydantic import BaseModel

from connectors._http.errors import ConnectorError

Answer = TypeVar("Answer", bound=BaseModel)
ImageType = Literal["image/jpeg", "image/png", "image/gif", "image/webp"]
"""What a model can look at."""


@dataclass(frozen=True)
class TextPart:
    """A piece of text for the model to read."""

    text: str


@dataclass(frozen=True)
class ImagePart:
    """A picture for the model to look at."""

    media_type: ImageType
    data: bytes


@dataclass(frozen=True)
class Usage:
    """What a call took, in tokens; ``prices.cost`` says what that costs.

    Args:
        model: that answered.
        request_id: the vendor's id of the call; of a batch, the id of the message.
        input_tokens: read, neither from the cache nor into it.
        output_tokens: written, thoughts included.
        cache_read_tokens: read from the cache.
        cache_write_tokens: written to the cache for five minutes.
        cache_write_hour_tokens: written to the cache for an hour.
        in_batch: whether it was part of a batch, which is cheaper.
    """

    model: str
    request_id: str
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int = field(default=0, kw_only=True)
    cache_write_tokens: int = field(default=0, kw_only=True)
    cache_write_hour_tokens: int = field(default=0, kw_only=True)
    in_batch: bool = field(default=False, kw_only=True)

    @property
    def prompt_tokens(self) -> int:
        """All that was read, by whatever price."""
        cached = self.cache_read_tokens + self.cache_write_tokens + self.cache_write_hour_tokens
        return self.input_tokens + cached


@dataclass(frozen=True)
class Completion(Usage, Generic[Answer]):
    """An answer in the shape that was asked for."""

    value: Answer


@dataclass(frozen=True)
class Question:
    """One of the questions of a batch.

    Args:
        custom_id: finds the answer again; letters, digits, ``-`` and ``_``, 64 at most.
        system: the instructions.
        content: what the model reads and looks at.
        schema: shape of the answer.
        max_output_tokens: longest answer.
    """

    custom_id: str
    system: str
    content: Sequence[TextPart | ImagePart]
    schema: type[BaseModel]
    max_output_tokens: int


class RequestCounts(BaseModel):
    """How far the questions of a batch are; all are ``processing`` until the batch has ended."""

    processing: int
    succeeded: int
    errored: int
    canceled: int
    expired: int

    @property
    def total(self) -> int:
        """All questions."""
        return self.processing + self.succeeded + self.errored + self.canceled + self.expired


class MessageBatch(BaseModel):
    """Many questions at once; their answers can be read once ``processing_status`` is ``ended``."""

    id: str
    processing_status: Literal["in_progress", "canceling", "ended"]
    created_at: datetime
    ended_at: datetime | None
    expires_at: datetime
    request_counts: RequestCounts


@dataclass(frozen=True)
class BatchResult(Generic[Answer]):
    """What came of a question of a batch.

    Args:
        custom_id: of the question.
        outcome: in the vendor's words; only what ``succeeded`` is paid for.
        value: the answer; None: there is none of use.
        usage: what it took; None: nothing.
        error: why there is no ``value``; None where nobody answered, being canceled or expired.
    """

    custom_id: str
    outcome: Literal["succeeded", "errored", "canceled", "expired"]
    value: Answer | None = None
    usage: Usage | None = None
    error: ConnectorError | None = None
