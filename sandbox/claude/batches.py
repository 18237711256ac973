"""Message batches: what they hold, and how they end."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from sandbox.claude.answers import check, look, reply
from sandbox.claude.errors import ClaudeError, error_body, parse_params
from sandbox.claude.request import CreateMessage
from sandbox.state import SandboxState

LIFETIME = timedelta(hours=24)

Rest = Literal["canceled", "expired"]
"""What becomes of the requests that a batch ends without having answered."""


class BatchRequest(BaseModel):
    """One request of a batch; its ``params`` are checked when its turn comes."""

    model_config = ConfigDict(extra="forbid")

    custom_id: str = Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")
    params: dict[str, Any]


@dataclass
class Batch:
    """A batch; it ends when its results are there."""

    requests: list[BatchRequest]
    id: str = field(default_factory=lambda: f"msgbatch_{secrets.token_hex(12)}")
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    cancel_initiated_at: datetime | None = None
    ended_at: datetime | None = None
    results: list[dict[str, Any]] = field(default_factory=list)

    @property
    def status(self) -> str:
        """How far it is."""
        if self.ended_at is not None:
            return "ended"
        return "in_progress" if self.cancel_initiated_at is None else "canceling"

    @property
    def counts(self) -> dict[str, int]:
        """How many requests came to what; all are processing until the batch has ended."""
        found = Counter(one["result"]["type"] for one in self.results)
        fates = ("succeeded", "errored", "canceled", "expired")
        waiting = len(self.requests) - len(self.results)
        return {"processing": waiting, **{fate: found[fate] for fate in fates}}

    def cancel(self) -> None:
        """Begin to cancel it."""
        self.cancel_initiated_at = self.cancel_initiated_at or datetime.now(UTC)


class Batches:
    """All batches, the latest first."""

    def __init__(self) -> None:
        self._kept: dict[str, Batch] = {}
        self.at_once = False
        """Whether new batches end as soon as they are created."""

    def __iter__(self) -> Iterator[Batch]:
        return reversed(self._kept.values())

    def add(self, batch: Batch) -> None:
        """Keep a batch."""
        self._kept[batch.id] = batch

    def get(self, batch_id: str) -> Batch | None:
        """Return a batch."""
        return self._kept.get(batch_id)

    def delete(self, batch: Batch) -> None:
        """Forget a batch."""
        del self._kept[batch.id]

    def clear(self) -> None:
        """Forget all batches."""
        self._kept.clear()
        self.at_once = False


async def finish(
    batch: Batch, state: SandboxState, *, answered: int | None = None, rest: Rest = "expired"
) -> None:
    """Let a batch end; results come in another order than requests. Once ended, it stays so.

    Args:
        batch: that ends.
        state: keeps the exchanges.
        answered: how many requests get their turn; None: all, or none where it is canceled.
        rest: what becomes of the others, unless the batch is canceled.
    """
    if batch.ended_at is not None:
        return
    canceled = batch.cancel_initiated_at is not None
    turns = (0 if canceled else len(batch.requests)) if answered is None else answered
    results = [await _result(one, state) for one in batch.requests[:turns]]
    left = {"type": "canceled" if canceled else rest}
    results += [{"custom_id": one.custom_id, "result": left} for one in batch.requests[turns:]]
    batch.results, batch.ended_at = results[::-1], datetime.now(UTC)


async def _result(request: BatchRequest, state: SandboxState) -> dict[str, Any]:
    request_id = f"req_{secrets.token_hex(12)}"
    result: dict[str, Any]
    try:
        message = await _answer(request.params, state, request_id)
        result = {"type": "succeeded", "message": message}
    except ClaudeError as error:
        result = {"type": "errored", "error": error_body(request_id, error)}
    return {"custom_id": request.custom_id, "result": result}


async def _answer(params: dict[str, Any], state: SandboxState, request_id: str) -> dict[str, Any]:
    message = parse_params(CreateMessage, params)
    check(message)
    if message.stream:
        raise ClaudeError(400, "stream: not supported in a batch")
    answer = await reply(message, await look(message), state, request_id)
    return {**answer, "usage": {**answer["usage"], "service_tier": "batch"}}
