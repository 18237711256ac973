"""Anymail Finder's page: who can be found, the credits, and what was asked."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from sandbox.anymailfinder.store import STATUSES, Finder, Mailbox, Status
from sandbox.html import LATEST, from_own_page, page
from sandbox.state import State

router = APIRouter(default_response_class=HTMLResponse)

Text = Annotated[str, Form(max_length=200)]


@router.get("/anymailfinder")
async def finder_page(request: Request, state: State) -> Response:
    """Show who can be found."""
    finder = state.store(Finder)
    return page(
        request,
        "anymailfinder.html",
        credits_left=finder.credits_left,
        mailboxes=finder.mailboxes()[:LATEST],
        queries=finder.queries()[-LATEST:][::-1],
        statuses=STATUSES,
    )


@router.post("/pages/anymailfinder/mailbox", dependencies=[Depends(from_own_page)])
async def put_mailbox(
    state: State,
    email: Text,
    status: Annotated[Status, Form()],
    full_name: Text = "",
    company: Text = "",
) -> Response:
    """Let an address be found, or change what becomes of it."""
    if "@" not in email:
        raise HTTPException(422, "An address has an @ in it.")
    state.store(Finder).add(Mailbox(email.strip(), full_name, company, status))
    return _back()


@router.post("/pages/anymailfinder/credits", dependencies=[Depends(from_own_page)])
async def set_credits(
    state: State, credits_left: Annotated[int, Form(ge=0, le=10_000_000)]
) -> Response:
    """Say how many credits are left."""
    state.store(Finder).credits_left = credits_left
    return _back()


def _back() -> Response:
    return RedirectResponse("/anymailfinder", status_code=303)
