"""SendGrid's page: the mails that were handed over."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from sandbox.credentials import CREDENTIALS
from sandbox.html import LATEST, from_own_page, page
from sandbox.sendgrid.store import Sent
from sandbox.state import State

router = APIRouter(default_response_class=HTMLResponse)


@router.get("/sendgrid")
async def show(request: Request, state: State) -> Response:
    """Show the mails."""
    mails = state.store(Sent).all()[-LATEST:][::-1]
    line = f"sendgrid://{CREDENTIALS.sendgrid_api_key}:shop@example.com/ann@example.org?format=text"
    root = f"{request.base_url}sendgrid"
    return page(request, "sendgrid.html", mails=mails, line=line, root=root)


@router.post("/pages/sendgrid/remove", dependencies=[Depends(from_own_page)])
async def remove(id: Annotated[str, Form()], state: State) -> Response:  # noqa: A002 - the field
    """Delete a mail."""
    state.store(Sent).remove(id)
    return RedirectResponse("/sendgrid", status_code=303)
