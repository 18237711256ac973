"""Twilio's page: a telephone that gets our texts, and answers."""

from __future__ import annotations

from typing import Annotated, get_args

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from sandbox.credentials import CREDENTIALS
from sandbox.html import LATEST, from_own_page, page
from sandbox.state import State
from sandbox.twilio.store import FINAL, Fate, Texts

router = APIRouter(default_response_class=HTMLResponse)
Field = Annotated[str, Form()]


@router.get("/twilio")
async def show(request: Request, state: State) -> Response:
    """Show the texts, who has said STOP, and what waits to be delivered."""
    texts = state.store(Texts)
    return page(
        request,
        "twilio.html",
        texts=texts.all()[-LATEST:][::-1],
        opted_out=sorted({number for _, number in texts.opted_out}),
        fates=get_args(Fate),
        final=FINAL,
        number=CREDENTIALS.twilio_number,
        incoming_url=texts.incoming_url,
        outbox=texts.outbox,
    )


@router.post("/pages/twilio/texts/{sid}", dependencies=[Depends(from_own_page)])
async def move(sid: str, status: Annotated[Fate, Form()], state: State) -> Response:
    """Let a text get on."""
    text = state.store(Texts).get(sid)
    if text is None:
        raise HTTPException(404, "There is no such text; the stand-in may have been reset.")
    failed = status in ("undelivered", "failed")
    state.store(Texts).move(text, status, 30003 if failed else None)
    return _back()


@router.post("/pages/twilio/texts", dependencies=[Depends(from_own_page)])
async def receive(sender: Field, body: Field, state: State) -> Response:
    """Let a text arrive."""
    state.store(Texts).receive(sender, body, CREDENTIALS.twilio_number)
    return _back()


@router.post("/pages/twilio/incoming", dependencies=[Depends(from_own_page)])
async def set_incoming(state: State, url: Field = "") -> Response:
    """Say where texts from people are told."""
    state.store(Texts).incoming_url = url
    return _back()


@router.post("/pages/twilio/deliver", dependencies=[Depends(from_own_page)])
async def deliver(state: State) -> Response:
    """Send what waits."""
    await state.store(Texts).outbox.deliver()
    return _back()


def _back() -> Response:
    return RedirectResponse("/twilio", status_code=303)
