"""The first page: what there is, and the latest calls. Each stand-in has pages of its own."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from sandbox.html import page
from sandbox.state import State

_LATEST_CALLS = 15

router = APIRouter(default_response_class=HTMLResponse)


@router.get("/")
async def index(request: Request, state: State) -> Response:
    """Show what there is, and the latest calls."""
    cards = [(one, one.summary(state)) for one in request.app.state.stand_ins]
    latest = state.calls.find()[-_LATEST_CALLS:][::-1]
    return page(
        request,
        "index.html",
        cards=cards,
        ports=state.ports,
        calls=latest,
        faults=state.faults.waiting(),
    )
