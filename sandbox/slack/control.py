"""Slack's part of the control API: people who press buttons."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from pydantic import BaseModel

from sandbox.deliveries import Delivered
from sandbox.slack.channels import Channels
from sandbox.slack.interactions import Interactions
from sandbox.state import SandboxState, State

ANYBODY = "U00PERSON0"

router = APIRouter(prefix="/slack")


class Target(BaseModel):
    """Where presses are told: the app's request URL."""

    url: str


class ButtonPress(BaseModel):
    """Which button of which message, and by whom; unset: see ``press_button``."""

    channel: str
    ts: str
    action_id: str
    person: str = ""


@router.put("/interactivity", status_code=204)
async def set_url(target: Target, state: State) -> None:
    """Say where presses are told."""
    state.store(Interactions).url = target.url


@router.post("/press", status_code=204)
async def press(button: ButtonPress, request: Request, state: State) -> None:
    """Press a button; what tells it waits for `deliver`."""
    press_button(state, request, button.channel, button.ts, button.action_id, person=button.person)


@router.post("/deliver")
async def deliver(
    state: State,
    times: Annotated[int, Query(ge=1, le=5)] = 1,
    newest_first: Annotated[bool, Query(description="In the wrong order.")] = False,  # noqa: FBT002 - a query
) -> list[Delivered]:
    """Send what waits."""
    return await state.store(Interactions).outbox.deliver(times=times, newest_first=newest_first)


def press_button(
    state: SandboxState, request: Request, channel: str, ts: str, action_id: str, person: str = ""
) -> None:
    """Find a button and press it.

    Unless a person is named, it is whom a message was written to, or anybody of the channel.

    Raises:
        HTTPException: 404, there is none.
    """
    message = state.store(Channels).get(channel, ts)
    for block_id, button in message.buttons() if message else []:
        if message and button.get("action_id") == action_id:
            root = f"{str(request.base_url).rstrip('/')}/slack"
            person = person or (channel if channel.startswith("U") else ANYBODY)
            state.store(Interactions).press(message, block_id, button, person, root)
            return
    raise HTTPException(404, "There is no such button; the message may have been changed.")
