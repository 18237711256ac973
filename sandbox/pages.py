"""The pages: what the stand-ins hold, for people. Plain HTML, nothing loaded from elsewhere."""

from __future__ import annotations

import base64
from datetime import datetime
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

from sandbox.mail.message import Mail
from sandbox.mail.store import Folder, StoredMail
from sandbox.state import SandboxState, State

_LATEST = 200
_PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_MAIL_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
)
_INLINE_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})

router = APIRouter(default_response_class=HTMLResponse)
_templates = Jinja2Templates(Path(__file__).with_name("templates"))


def _clock(moment: datetime) -> str:
    return moment.astimezone().strftime("%b %d, %H:%M:%S")


_templates.env.filters["clock"] = _clock


def _mail_or_404(state: SandboxState, mail_id: str) -> StoredMail:
    stored = state.mail.get(mail_id)
    if stored is None:
        raise HTTPException(404, "There is no such mail; the stand-in may have been reset.")
    return stored


@router.get("/")
async def index(request: Request, state: State) -> Response:
    """Show what there is, and the latest calls."""
    counts = {
        "mails": len(state.mail.find(folders=["inbox"])),
        "mailboxes": len(state.mail.mailboxes()),
        "exchanges": len(state.exchanges),
        "messages": len(state.channels.messages()),
    }
    latest = state.calls.find()[-15:][::-1]
    context = {"counts": counts, "calls": latest, "faults": state.faults.waiting()}
    return _page(request, "index.html", smtp_port=state.smtp_port, **context)


@router.get("/mailbox")
async def mailboxes(
    request: Request, state: State, mailbox: str | None = None, folder: Folder = "inbox"
) -> Response:
    """Show the mails of one mailbox or of all."""
    mails = state.mail.find(mailbox=mailbox, folders=[folder])[-_LATEST:][::-1]
    context = {"mailboxes": state.mail.mailboxes(), "mailbox": mailbox, "folder": folder}
    return _page(request, "mailbox.html", mails=mails, **context)


@router.get("/mailbox/{mail_id}")
async def one_mail(request: Request, mail_id: str, state: State) -> Response:
    """Show one mail."""
    return _page(request, "mail.html", stored=_mail_or_404(state, mail_id))


@router.get("/mailbox/{mail_id}/html")
async def mail_html(mail_id: str, state: State) -> Response:
    """Show a mail's HTML for the frame: no scripts, nothing loaded."""
    document = '<!doctype html><base target="_blank">' + _with_inline_images(
        _mail_or_404(state, mail_id).mail
    )
    return HTMLResponse(document, headers={"Content-Security-Policy": _MAIL_POLICY})


@router.get("/mailbox/{mail_id}/attachments/{number}")
async def attachment(mail_id: str, number: int, state: State) -> Response:
    """Hand out an attachment; only images are shown in place."""
    attachments = _mail_or_404(state, mail_id).mail.attachments
    if not 1 <= number <= len(attachments):
        raise HTTPException(404, "The mail has no such attachment.")
    file = attachments[number - 1]
    shown = file.content_type in _INLINE_TYPES
    headers = {"Content-Security-Policy": "sandbox; default-src 'none'"}
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Content-Disposition"] = "inline" if shown else "attachment"
    media_type = file.content_type if shown else "application/octet-stream"
    return Response(file.content, media_type=media_type, headers=headers)


@router.get("/claude")
async def exchanges(request: Request, state: State) -> Response:
    """Show the exchanges with Claude."""
    return _page(request, "claude.html", exchanges=list(state.exchanges)[:_LATEST])


@router.get("/slack")
async def channels(request: Request, state: State) -> Response:
    """Show what was posted to Slack's channels."""
    return _page(request, "slack.html", messages=state.channels.messages()[-_LATEST:][::-1])


def _page(request: Request, name: str, **context: object) -> Response:
    headers = {"Content-Security-Policy": _PAGE_POLICY, "Cache-Control": "no-store"}
    return _templates.TemplateResponse(request, name, context, headers=headers)


def _with_inline_images(mail: Mail) -> str:
    """Put the images that a mail refers to by ``cid:`` into its HTML."""
    html = mail.html
    for file in mail.attachments:
        if file.content_id and file.content_type in _INLINE_TYPES:
            data = base64.b64encode(file.content).decode()
            html = html.replace(f"cid:{file.content_id}", f"data:{file.content_type};base64,{data}")
    return html
