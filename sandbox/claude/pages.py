"""Claude's page: what was asked and answered."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from sandbox.claude.usage import Exchanges
from sandbox.html import LATEST, page
from sandbox.state import State

router = APIRouter(default_response_class=HTMLResponse)


@router.get("/claude")
async def exchanges(request: Request, state: State) -> Response:
    """Show the exchanges with Claude."""
    return page(request, "claude.html", exchanges=list(state.store(Exchanges))[:LATEST])
