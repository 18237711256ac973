"""Mail's part of the control API: what arrived and where, and what happens from outside."""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage
from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, Field

from sandbox.mail.ews import EwsBudget
from sandbox.mail.folders import Folder, FolderError
from sandbox.mail.graph_subscriptions import deliver
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
    is_read: bool
    thread_id: str
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
        is_read=stored.is_read,
        thread_id=stored.thread_id,
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


class Incoming(BaseModel):
    """A mail from somebody outside, written in full or by its parts."""

    mailbox: str = Field(description="Who gets it.")
    mime: str | None = Field(None, description="The whole mail (RFC 5322); the rest is ignored.")
    sender: str = Field("someone@example.org", description="Who wrote it.")
    subject: str = "Hello"
    text: str = "Hello.\n"
    headers: dict[str, str] = Field({}, description="More of them, e.g. References.")

    def written(self) -> bytes:
        """Return it as MIME.

        Raises:
            ValueError: a header can't be written.
        """
        if self.mime is not None:
            return self.mime.encode()
        mail = EmailMessage()
        given = {"From": self.sender, "To": self.mailbox, "Subject": self.subject}
        for name, value in {**given, **self.headers}.items():
            del mail[name]
            mail[name] = value
        mail.set_content(self.text)
        return mail.as_bytes()


class Delivery(BaseModel):
    """How notifications are sent to subscribers."""

    times: int = Field(1, ge=1, le=10, description="How often each is sent.")
    backwards: bool = Field(False, description="Whether the latest comes first.")


class Behavior(BaseModel):
    """How the mail server is set up."""

    files_sent: bool = Field(description="Whether SMTP submission files a copy in Sent.")


@router.post("/mail", status_code=201)
async def bring_mail(incoming: Incoming, state: State) -> MailSeen:
    """Bring a mail from outside into an inbox."""
    try:
        raw = incoming.written()
        return mail_seen(state.store(MailStore).deliver(raw, mailbox=incoming.mailbox))
    except ValueError as error:
        raise HTTPException(422, str(error)) from None


@router.post("/mail/deliver")
async def deliver_notifications(delivery: Delivery, state: State) -> list[int]:
    """Send Graph's notifications that wait; return what was answered, 0: nothing."""
    return await deliver(state, delivery.times, backwards=delivery.backwards)


@router.put("/mail/behavior")
async def set_behavior(behavior: Behavior, state: State) -> Behavior:
    """Set the mail server up, until the next reset."""
    state.store(MailStore).files_sent = behavior.files_sent
    return behavior


@router.post("/mail/renumber", status_code=204)
async def renumber(state: State, mailbox: str, folder: str = "inbox") -> None:
    """Void the numbers that IMAP clients know of a folder (UIDVALIDITY), as after a restore."""
    try:
        state.store(MailStore).folders.renew_validity(mailbox, folder)
    except FolderError as error:
        raise HTTPException(404, str(error)) from None


@router.get("/arrivals")
async def list_arrivals(
    state: State,
    after: Annotated[int, Query(ge=0, description="Number of the last one seen.")] = 0,
    limit: Annotated[int, Query(ge=1, le=5000)] = 1000,
) -> list[Arrival]:
    """List what arrived in inboxes and when, oldest first: quick, page by page."""
    return state.store(MailStore).arrivals(after, limit)


class Budget(BaseModel):
    """How often Exchange may be asked."""

    calls: int = Field(ge=1, description="In a minute; more are told that the server is busy.")


@router.put("/ews/budget")
async def set_budget(budget: Budget, state: State) -> Budget:
    """Set the budget of EWS's service account until the next reset."""
    state.store(EwsBudget).calls = budget.calls
    return budget


def _matches(stored: StoredMail, to: str | None, subject: str | None) -> bool:
    recipients = {address.lower() for address in (*stored.mail.recipients, stored.mailbox)}
    return (to is None or to.lower() in recipients) and (
        subject is None or subject.lower() in stored.mail.subject.lower()
    )
