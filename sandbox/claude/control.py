"""Claude's part of the control API: how batches end, and what breaks streams off."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field

from sandbox.claude.batches import Batches, Rest, finish
from sandbox.claude.streams import Interruption, Interruptions
from sandbox.state import State

router = APIRouter(prefix="/claude")


class End(BaseModel):
    """How a batch ends."""

    answered: Annotated[int, Field(ge=0)] | None = Field(
        None, description="How many get their turn; unset: all, or none of a canceled batch."
    )
    rest: Rest = Field("expired", description="What becomes of the others, if not canceled.")


class Speed(BaseModel):
    """When new batches end."""

    at_once: bool


class Break(BaseModel):
    """How the next stream is broken off."""

    code: str = Field("overloaded_error", max_length=80, description="Type of the error.")
    after_pieces: int = Field(1, ge=0, description="How many pieces come before.")


@router.post("/batches/{batch_id}/finish")
async def finish_batch(batch_id: str, end: End, state: State) -> dict[str, int]:
    """Let a batch end; return how many requests came to what."""
    batch = state.store(Batches).get(batch_id)
    if batch is None:
        raise HTTPException(404, "There is no such batch.")
    await finish(batch, state, answered=end.answered, rest=end.rest)
    return batch.counts


@router.put("/batches", status_code=204)
async def set_speed(speed: Speed, state: State) -> None:
    """Say whether new batches end at once."""
    state.store(Batches).at_once = speed.at_once


@router.post("/streams", status_code=204)
async def break_stream(order: Break, state: State) -> None:
    """Let the next stream end by an error."""
    state.store(Interruptions).order(Interruption(order.code, order.after_pieces))
