"""Mail's pages: the mailboxes, each mail as its reader sees it, and what a person does there."""

from __future__ import annotations

import base64
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from sandbox.html import LATEST, from_own_page, page
from sandbox.mail.control import Incoming
from sandbox.mail.folders import WELL_KNOWN, Folder, FolderError, MailboxFolder
from sandbox.mail.graph_subscriptions import Subscriptions, deliver
from sandbox.mail.message import Mail
from sandbox.mail.store import SEEN, MailStore, StoredMail
from sandbox.state import SandboxState, State

_MAIL_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
)
_INLINE_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})

router = APIRouter(default_response_class=HTMLResponse)
own_page = [Depends(from_own_page)]


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
        "folders": _folders(state, mailbox),
        "subscriptions": state.store(Subscriptions).find(),
    }
    return page(request, "mailbox.html", mails=mails, **context)


@router.get("/mail/{mail_id}")
async def one_mail(request: Request, mail_id: str, state: State) -> Response:
    """Show one mail."""
    stored = _mail_or_404(state, mail_id)
    thread = [
        one
        for one in state.store(MailStore).find(mailbox=stored.mailbox)
        if one.thread_id == stored.thread_id and one.id != stored.id
    ]
    folders = _folders(state, stored.mailbox)
    return page(request, "mail.html", stored=stored, thread=thread, folders=folders)


@router.post("/mail", dependencies=own_page)
async def write(
    state: State,
    mailbox: Annotated[str, Form()],
    sender: Annotated[str, Form()],
    subject: Annotated[str, Form()] = "",
    text: Annotated[str, Form()] = "",
) -> Response:
    """Bring a mail from outside into an inbox."""
    incoming = Incoming(mailbox=mailbox, sender=sender, subject=subject, text=text)
    try:
        arrived = state.store(MailStore).deliver(incoming.written(), mailbox=mailbox)
    except ValueError as error:
        raise HTTPException(422, f"The mail is not delivered: {error}.") from None
    return _seen(arrived.mailbox, "inbox")


@router.post("/mail-folders", dependencies=own_page)
async def make_folder(
    state: State, mailbox: Annotated[str, Form()], name: Annotated[str, Form()]
) -> Response:
    """Make a folder in a mailbox."""
    try:
        made = state.store(MailStore).folders.make(mailbox, name)
    except FolderError as error:
        raise HTTPException(422, f"The folder is not made: {error}.") from None
    return _seen(mailbox, made.id)


@router.post("/mail-notifications", dependencies=own_page)
async def notify(state: State) -> Response:
    """Send Graph's notifications that wait."""
    await deliver(state)
    return RedirectResponse("/mail", 303)


@router.post("/mail/{mail_id}/mark", dependencies=own_page)
async def mark(mail_id: str, state: State) -> Response:
    """Mark a mail as read, or as unread if it is read."""
    stored = _mail_or_404(state, mail_id)
    state.store(MailStore).set_flags(stored, stored.flags ^ {SEEN})
    return RedirectResponse(f"/mail/{mail_id}", 303)


@router.post("/mail/{mail_id}/move", dependencies=own_page)
async def move(mail_id: str, state: State, folder: Annotated[str, Form()]) -> Response:
    """Move a mail to another folder of its mailbox."""
    stored = _mail_or_404(state, mail_id)
    try:
        state.store(MailStore).move(stored, folder)
    except FolderError as error:
        raise HTTPException(422, f"The mail is not moved: {error}.") from None
    return RedirectResponse(f"/mail/{mail_id}", 303)


@router.post("/mail/{mail_id}/delete", dependencies=own_page)
async def delete(mail_id: str, state: State) -> Response:
    """Delete a mail for good."""
    stored = _mail_or_404(state, mail_id)
    state.store(MailStore).delete(stored)
    return _seen(stored.mailbox, stored.folder)


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


def _folders(state: SandboxState, mailbox: str | None) -> list[MailboxFolder]:
    if mailbox:
        return state.store(MailStore).folders.of(mailbox)
    return [MailboxFolder(folder, name, 0) for folder, name in WELL_KNOWN.items()]


def _seen(mailbox: str, folder: Folder) -> Response:
    query = urlencode({"mailbox": mailbox, "folder": folder})
    return RedirectResponse(f"/mail?{query}", 303)


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
