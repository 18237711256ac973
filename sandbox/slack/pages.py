"""Slack's page: what was posted, with buttons that can be pressed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from sandbox.html import LATEST, from_own_page, page
from sandbox.slack.channels import Channels
from sandbox.slack.control import ANYBODY, press_button
from sandbox.slack.interactions import Interactions
from sandbox.state import State

router = APIRouter(default_response_class=HTMLResponse)
Field = Annotated[str, Form()]


@router.get("/slack")
async def channels(request: Request, state: State) -> Response:
    """Show what was posted to Slack's channels."""
    interactions = state.store(Interactions)
    return page(
        request,
        "slack.html",
        messages=state.store(Channels).messages()[-LATEST:][::-1],
        url=interactions.url,
        anybody=ANYBODY,
        outbox=interactions.outbox,
    )


@router.post("/pages/slack/press", dependencies=[Depends(from_own_page)])
async def press(
    request: Request,
    channel: Field,
    ts: Field,
    action_id: Field,
    state: State,
    person: Field = "",
) -> Response:
    """Press a button, and tell it at once."""
    press_button(state, request, channel, ts, action_id, person=person.strip())
    await state.store(Interactions).outbox.deliver()
    return _back()


@router.post("/pages/slack/interactivity", dependencies=[Depends(from_own_page)])
async def set_url(state: State, url: Field = "") -> Response:
    """Say where presses are told."""
    state.store(Interactions).url = url
    return _back()


@router.post("/pages/slack/deliver", dependencies=[Depends(from_own_page)])
async def deliver(state: State) -> Response:
    """Send what waits."""
    await state.store(Interactions).outbox.deliver()
    return _back()


def _back() -> Response:
    return RedirectResponse("/slack", status_code=303)
