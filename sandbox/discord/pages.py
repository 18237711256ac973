"""Discord's page: what was posted."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from sandbox.credentials import CREDENTIALS
from sandbox.discord.store import Posts
from sandbox.html import LATEST, from_own_page, page
from sandbox.state import State

router = APIRouter(default_response_class=HTMLResponse)


@router.get("/discord")
async def show(request: Request, state: State) -> Response:
    """Show the messages."""
    posts = state.store(Posts).all()[-LATEST:][::-1]
    path = f"discord/api/webhooks/{CREDENTIALS.discord_webhook}/{CREDENTIALS.discord_token}"
    return page(request, "discord.html", posts=posts, url=f"{request.base_url}{path}")


@router.post("/pages/discord/remove/{number}", dependencies=[Depends(from_own_page)])
async def remove(number: int, state: State) -> Response:
    """Delete a message."""
    state.store(Posts).remove(number)
    return RedirectResponse("/discord", status_code=303)
