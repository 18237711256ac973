"""Mailgun's page: the mails that were handed over."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from sandbox.credentials import CREDENTIALS
from sandbox.html import LATEST, from_own_page, page
from sandbox.mailgun.store import Mails
from sandbox.state import State

router = APIRouter(default_response_class=HTMLResponse)


@router.get("/mailgun")
async def show(request: Request, state: State) -> Response:
    """Show the mails."""
    mails = state.store(Mails).all()[-LATEST:][::-1]
    line = f"mailgun://shop@{CREDENTIALS.mailgun_domain}/{CREDENTIALS.mailgun_api_key}/ann@example.org?format=text"
    root = f"{request.base_url}mailgun"
    return page(request, "mailgun.html", mails=mails, line=line, root=root)


@router.post("/pages/mailgun/remove", dependencies=[Depends(from_own_page)])
async def remove(id: Annotated[str, Form()], state: State) -> Response:  # noqa: A002 - the field
    """Delete a mail."""
    state.store(Mails).remove(id)
    return RedirectResponse("/mailgun", status_code=303)
