"""Twilio's part of the control API: how texts get on, and what arrives."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, Field

from sandbox.credentials import CREDENTIALS
from sandbox.deliveries import Delivered
from sandbox.state import State
from sandbox.twilio.store import Fate, Texts

router = APIRouter(prefix="/twilio")


class Step(BaseModel):
    """What becomes of a text."""

    status: Fate
    error_code: int | None = Field(None, description="Why it failed, e.g. 30003.")


class Arrival(BaseModel):
    """A text from a person."""

    sender: str = Field(description="Their number.")
    body: str
    to: str = CREDENTIALS.twilio_number


class Incoming(BaseModel):
    """Where texts from people are told."""

    url: str


@router.post("/texts/{sid}", status_code=204)
async def move(sid: str, step: Step, state: State) -> None:
    """Let a text get on; its status callback waits for `deliver`."""
    text = state.store(Texts).get(sid)
    if text is None:
        raise HTTPException(404, "There is no such text.")
    state.store(Texts).move(text, step.status, step.error_code)


@router.post("/texts", status_code=201)
async def receive(arrival: Arrival, state: State) -> dict[str, str]:
    """Let a text arrive; what tells it waits for `deliver`."""
    text = state.store(Texts).receive(arrival.sender, arrival.body, arrival.to)
    return {"sid": text.sid}


@router.put("/incoming", status_code=204)
async def set_incoming(incoming: Incoming, state: State) -> None:
    """Say where texts from people are told."""
    state.store(Texts).incoming_url = incoming.url


@router.post("/deliver")
async def deliver(
    state: State,
    times: Annotated[int, Query(ge=1, le=5)] = 1,
    newest_first: Annotated[bool, Query(description="In the wrong order.")] = False,  # noqa: FBT002 - a query
) -> list[Delivered]:
    """Send what waits."""
    return await state.store(Texts).outbox.deliver(times=times, newest_first=newest_first)
