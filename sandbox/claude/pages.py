"""Claude's page: what was asked and answered, and batches that wait to end."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from sandbox.claude.batches import Batches, finish
from sandbox.claude.usage import Exchanges
from sandbox.html import LATEST, from_own_page, page
from sandbox.state import State

router = APIRouter(default_response_class=HTMLResponse)


@router.get("/claude")
async def exchanges(request: Request, state: State) -> Response:
    """Show batches, and the exchanges with Claude."""
    batches = state.store(Batches)
    return page(
        request,
        "claude.html",
        exchanges=list(state.store(Exchanges))[:LATEST],
        batches=list(islice(batches, LATEST)),
        at_once=batches.at_once,
    )


@router.post("/pages/claude/batches/{batch_id}", dependencies=[Depends(from_own_page)])
async def end(batch_id: str, state: State, *, expired: Annotated[bool, Form()] = False) -> Response:
    """Let a batch end, answered or expired."""
    batch = state.store(Batches).get(batch_id)
    if batch is None:
        raise HTTPException(404, "There is no such batch; the stand-in may have been reset.")
    await finish(batch, state, answered=0 if expired else None)
    return _back()


@router.post("/pages/claude/batches", dependencies=[Depends(from_own_page)])
async def set_speed(state: State, *, at_once: Annotated[bool, Form()] = False) -> Response:
    """Say whether new batches end at once."""
    state.store(Batches).at_once = at_once
    return _back()


def _back() -> Response:
    return RedirectResponse("/claude", status_code=303)
