"""Slack's page: what was posted."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from sandbox.html import LATEST, page
from sandbox.slack.channels import Channels
from sandbox.state import State

router = APIRouter(default_response_class=HTMLResponse)


@router.get("/slack")
async def channels(request: Request, state: State) -> Response:
    """Show what was posted to Slack's channels."""
    return page(request, "slack.html", messages=state.store(Channels).messages()[-LATEST:][::-1])
