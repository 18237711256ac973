"""Mail's part of the control API: what arrived, and where."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from sandbox.mail.folders import Folder
from sandbox.mail.journal import Via
from sandbox.mail.store import Arrival, MailStore, StoredMail
from sandbox.state import State

router = APIRouter()


class AttachmentSeen(BaseModel):
    """An attachment, without its content."""

    name: str
    content_type: str
    size: int = Field(description="Bytes.")


class MailSeen(BaseModel):
    """One copy of a mail in a mailbox; addresses are bare, but for ``from``."""

    id: str
    mailbox: str
    folder: Folder
    via: Via
    from_: str = Field(serialization_alias="from", description="Name and address, as in From.")
    to: list[str]
    cc: list[str]
    subject: str
    headers: dict[str, str]
    text: str
    html: str
    attachments: list[AttachmentSeen]
    received_at: datetime
    message_id: str


def mail_seen(stored: StoredMail) -> MailSeen:
    """Describe a stored mail."""
    mail = stored.mail
    return MailSeen(
        id=stored.id,
        mailbox=stored.mailbox,
        folder=stored.folder,
        via=stored.via,
        from_=str(mail.sender),
        to=[box.address for box in mail.to],
        cc=[box.address for box in mail.cc],
        subject=mail.subject,
        headers=mail.headers,
        text=mail.text,
        html=mail.html,
        attachments=[
            AttachmentSeen(name=file.name, content_type=file.content_type, size=len(file.content))
            for file in mail.attachments
        ],
        received_at=stored.received_at,
        message_id=mail.message_id,
    )


@router.get("/mail")
async def list_mail(
    state: State,
    to: str | None = None,
    subject: str | None = None,
    mailbox: str | None = None,
    folder: Annotated[
        Folder | Literal["all"], Query(description="inbox: what was delivered.")
    ] = "inbox",
) -> list[MailSeen]:
    """List copies, oldest first; `to` is an address, `subject` a part of the subject."""
    kept = state.store(MailStore).find(
        mailbox=mailbox, folders=() if folder == "all" else (folder,)
    )
    return [mail_seen(one) for one in kept if _matches(one, to, subject)]


@router.get("/arrivals")
async def list_arrivals(
    state: State,
    after: Annotated[int, Query(ge=0, description="Number of the last one seen.")] = 0,
    limit: Annotated[int, Query(ge=1, le=5000)] = 1000,
) -> list[Arrival]:
    """List what arrived in inboxes and when, oldest first: quick, page by page."""
    return state.store(MailStore).arrivals(after, limit)


def _matches(stored: StoredMail, to: str | None, subject: str | None) -> bool:
    recipients = {address.lower() for address in (*stored.mail.recipients, stored.mailbox)}
    return (to is None or to.lower() in recipients) and (
        subject is None or subject.lower() in stored.mail.subject.lower()
    )
