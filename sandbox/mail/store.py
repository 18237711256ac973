"""The mailboxes: every address of every domain has one, with an inbox, drafts and sent items."""

from __future__ import annotations

import itertools
import uuid
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from sandbox.mail.journal import Journal, Submission, Via
from sandbox.mail.message import Mail, MalformedMailError, complete, is_address, read_mail
from sandbox.mail.message import without_bcc as _without_bcc

Folder = Literal["inbox", "sentitems", "drafts"]

MAX_KEPT = 5000
MAX_ARRIVALS = 100_000


class NoRecipientsError(MalformedMailError):
    """A mail without a recipient, or with one that is no address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMail:
    """One copy of a mail, in one folder of one mailbox."""

    mailbox: str
    folder: Folder
    via: Via
    mail: Mail
    received_at: datetime
    id: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """That a mail came into an inbox; ``ticket`` is its ``X-Hotrod-Ticket`` header."""

    number: int
    message_id: str
    recipient: str
    ticket: str
    at: datetime


class MailStore:
    """All copies of all mails, oldest first; the oldest leave when MAX_KEPT is passed.

    What arrived in inboxes is remembered longer than the mails themselves, up to MAX_ARRIVALS.

    Args:
        journal: keeps what is taken on disk; what it holds is taken up first. None: all is
            forgotten with the process.
    """

    def __init__(self, journal: Journal | None = None) -> None:
        self._kept: dict[str, StoredMail] = {}
        self._arrivals: deque[Arrival] = deque(maxlen=MAX_ARRIVALS)
        self._numbers = itertools.count(1)
        self._journal = journal
        for submission in journal.read() if journal else ():
            self._deliver(submission)

    def submit(
        self,
        raw: bytes,
        *,
        sender: str,
        via: Via,
        recipients: Sequence[str] | None = None,
        keep_sent: bool = True,
    ) -> None:
        """Take a mail for delivery: a copy to each recipient, and one to the sender's sent items.

        Args:
            raw: MIME bytes; Date and Message-ID are filled in when missing, by Graph also From.
            sender: address of the mailbox that sends.
            via: the protocol that the mail came by.
            recipients: addresses of the envelope; None: those in To, Cc and Bcc.
            keep_sent: whether a copy goes to the sender's sent items.

        Raises:
            MalformedMailError: not readable as a mail; nothing was delivered.
            NoRecipientsError: no recipient, or a false one; nothing was delivered.
        """
        sent = read_mail(complete(raw, sender if via == "graph" else ""))
        addresses = list(dict.fromkeys(sent.recipients if recipients is None else recipients))
        if not addresses:
            raise NoRecipientsError("the message has no recipient")
        if not all(is_address(address) for address in addresses):
            raise NoRecipientsError("a recipient is not a valid address")
        submission = Submission(
            mail=sent,
            sender=sender,
            recipients=tuple(addresses),
            via=via,
            keep_sent=keep_sent,
            received_at=datetime.now(UTC),
        )
        if self._journal is not None:
            self._journal.write(submission)
        self._deliver(submission)

    def add_draft(self, raw: bytes, *, mailbox: str) -> StoredMail:
        """Keep a mail that is not sent yet.

        Raises:
            MalformedMailError: not readable as a mail.
        """
        mail = read_mail(complete(raw, mailbox))
        return self._keep(mailbox, "drafts", "graph", mail, datetime.now(UTC))

    def send_draft(self, draft: StoredMail) -> None:
        """Send a draft; it leaves the drafts folder and the copy moves to sent items.

        Raises:
            MalformedMailError: as for `submit`; the draft stays.
        """
        self.submit(draft.mail.raw, sender=draft.mailbox, via="graph")
        del self._kept[draft.id]

    def get(self, mail_id: str) -> StoredMail | None:
        """Return one copy by its id."""
        return self._kept.get(mail_id)

    def find(
        self, *, mailbox: str | None = None, folders: Iterable[Folder] = ()
    ) -> list[StoredMail]:
        """Return copies, oldest first; no mailbox: of all; no folders: of all."""
        wanted = set(folders)
        return [
            stored
            for stored in self._kept.values()
            if (mailbox is None or stored.mailbox == mailbox.lower())
            and (not wanted or stored.folder in wanted)
        ]

    def arrivals(self, after: int = 0, limit: int = 1000) -> list[Arrival]:
        """Return what arrived after the one with this number, oldest first."""
        first = self._arrivals[0].number if self._arrivals else 0
        start = max(0, after + 1 - first)
        return list(itertools.islice(self._arrivals, start, start + limit))

    def mailboxes(self) -> list[str]:
        """Return the addresses that hold mail, sorted."""
        return sorted({stored.mailbox for stored in self._kept.values()})

    def clear(self) -> None:
        """Empty all mailboxes, and forget what arrived; numbers go on."""
        self._kept.clear()
        self._arrivals.clear()
        if self._journal is not None:
            self._journal.clear()

    def _deliver(self, submission: Submission) -> None:
        sent, via, at = submission.mail, submission.via, submission.received_at
        raw = _without_bcc(sent.raw)
        delivered = sent if raw == sent.raw else read_mail(raw)
        for address in submission.recipients:
            self._keep(address, "inbox", via, delivered, at)
        if submission.keep_sent:
            self._keep(submission.sender, "sentitems", via, sent, at)

    def _keep(self, mailbox: str, folder: Folder, via: Via, mail: Mail, at: datetime) -> StoredMail:
        stored = StoredMail(
            mailbox=mailbox.lower(), folder=folder, via=via, mail=mail, received_at=at
        )
        self._kept[stored.id] = stored
        while len(self._kept) > MAX_KEPT:
            del self._kept[next(iter(self._kept))]
        if folder == "inbox":
            self._arrivals.append(
                Arrival(
                    number=next(self._numbers),
                    message_id=mail.message_id,
                    recipient=stored.mailbox,
                    ticket=mail.headers.get("X-Hotrod-Ticket", ""),
                    at=stored.received_at,
                )
            )
        return stored
