"""Mail's pages: the mailboxes, and each mail as its reader sees it."""

from __future__ import annotations

import base64

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse

from sandbox.html import LATEST, page
from sandbox.mail.folders import Folder
from sandbox.mail.message import Mail
from sandbox.mail.store import MailStore, StoredMail
from sandbox.state import SandboxState, State

_MAIL_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
)
_INLINE_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})

router = APIRouter(default_response_class=HTMLResponse)


@router.get("/mail")
async def mailboxes(
    request: Request, state: State, mailbox: str | None = None, folder: Folder = "inbox"
) -> Response:
    """Show the mails of one mailbox or of all."""
    mails = state.store(MailStore).find(mailbox=mailbox, folders=[folder])[-LATEST:][::-1]
    context = {
        "mailboxes": state.store(MailStore).mailboxes(),
        "mailbox": mailbox,
        "folder": folder,
    }
    return page(request, "mailbox.html", mails=mails, **context)


@router.get("/mail/{mail_id}")
async def one_mail(request: Request, mail_id: str, state: State) -> Response:
    """Show one mail."""
    return page(request, "mail.html", stored=_mail_or_404(state, mail_id))


@router.get("/mail/{mail_id}/html")
async def mail_html(mail_id: str, state: State) -> Response:
    """Show a mail's HTML for the frame: no scripts, nothing loaded."""
    document = '<!doctype html><base target="_blank">' + _with_inline_images(
        _mail_or_404(state, mail_id).mail
    )
    return HTMLResponse(document, headers={"Content-Security-Policy": _MAIL_POLICY})


@router.get("/mail/{mail_id}/attachments/{number}")
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


def _mail_or_404(state: SandboxState, mail_id: str) -> StoredMail:
    stored = state.store(MailStore).get(mail_id)
    if stored is None:
        raise HTTPException(404, "There is no such mail; the stand-in may have been reset.")
    return stored


def _with_inline_images(mail: Mail) -> str:
    """Put the images that a mail refers to by ``cid:`` into its HTML."""
    html = mail.html
    for file in mail.attachments:
        if file.content_id and file.content_type in _INLINE_TYPES:
            data = base64.b64encode(file.content).decode()
            html = html.replace(f"cid:{file.content_id}", f"data:{file.content_type};base64,{data}")
    return html
