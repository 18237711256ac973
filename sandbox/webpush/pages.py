"""Web Push's page: browsers that have subscribed, and what they were told."""

from __future__ import annotations

from typing import Annotated, get_args

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from sandbox.html import LATEST, from_own_page, page
from sandbox.state import State
from sandbox.webpush.store import Pushes, Standing

router = APIRouter(default_response_class=HTMLResponse)
Field = Annotated[str, Form()]


@router.get("/webpush")
async def show(request: Request, state: State) -> Response:
    """Show the subscriptions and the messages."""
    pushes = state.store(Pushes)
    return page(
        request,
        "webpush.html",
        root=f"{request.base_url}webpush",
        subscriptions=pushes.subscriptions()[-LATEST:][::-1],
        messages=pushes.all()[-LATEST:][::-1],
        standings=get_args(Standing),
    )


@router.post("/pages/webpush/subscribe", dependencies=[Depends(from_own_page)])
async def subscribe(state: State, server_key: Field = "") -> Response:
    """Let another browser subscribe."""
    state.store(Pushes).subscribe(server_key.strip().rstrip("=") or None)
    return _back()


@router.post("/pages/webpush/subscriptions/{token}", dependencies=[Depends(from_own_page)])
async def move(token: str, standing: Annotated[Standing, Form()], state: State) -> Response:
    """End a subscription, or let it live on."""
    subscription = state.store(Pushes).subscription(token)
    if subscription is None:
        raise HTTPException(404, "There is no such subscription; the stand-in may have been reset.")
    subscription.standing = standing
    return _back()


@router.post("/pages/webpush/remove/{message_id}", dependencies=[Depends(from_own_page)])
async def remove(message_id: str, state: State) -> Response:
    """Delete a message."""
    state.store(Pushes).remove(message_id)
    return _back()


def _back() -> Response:
    return RedirectResponse("/webpush", status_code=303)
