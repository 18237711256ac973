"""The mailboxes: every address of every domain has one.

For those who play a protocol over it:

- ``submit`` sends, ``deliver`` brings a mail from outside, ``append`` files one anywhere;
  ``add_draft`` and ``send_draft`` go together.
- ``find`` and ``get`` return ``StoredMail``: id (the same in all folders), uid (by folder), flags
  (``SEEN`` and the others of RFC 9051, 2.3.2), thread id, and the number of its last change.
- ``set_flags``, ``move``, ``copy`` and ``delete`` change one mail; each returns it as it is now.
- ``folders`` knows the folders of each mailbox, makes, renames and deletes them.
- ``changes`` knows what changed after a number, and calls those who watch; ``changes.last`` is
  what a client keeps as its cursor, and ``ForgottenError`` says that the cursor is too old.
"""

from __future__ import annotations

import itertools
import uuid
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from sandbox.mail.changes import Change, ChangeKind, ChangeLog
from sandbox.mail.folders import Folder, Folders
from sandbox.mail.journal import Journal, Submission, Via
from sandbox.mail.message import Mail, MalformedMailError, complete, is_address, read_mail
from sandbox.mail.message import without_bcc as _without_bcc
from sandbox.mail.threads import Threads

MAX_KEPT = 5000
MAX_ARRIVALS = 100_000

SEEN, ANSWERED, FLAGGED, DRAFT = "\\Seen", "\\Answered", "\\Flagged", "\\Draft"
"""The flags that every protocol has in some form; others are keywords of IMAP's."""

_FIRST_FLAGS = {"sentitems": frozenset({SEEN}), "drafts": frozenset({SEEN, DRAFT})}


class NoRecipientsError(MalformedMailError):
    """A mail without a recipient, or with one that is no address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMail:
    """One copy of a mail, in one folder of one mailbox; what changes makes a new object.

    Args:
        mailbox: address in lower case.
        folder: id of a folder of it.
        via: the protocol that it came by.
        mail: what it says.
        received_at: when the mailbox got it.
        uid: its number in the folder.
        change: number of the latest change, its coming into the folder included.
        thread_id: the same for all mails of a conversation in the mailbox.
        flags: ``SEEN`` and others.
        id: stays when it is moved.
    """

    mailbox: str
    folder: Folder
    via: Via
    mail: Mail
    received_at: datetime
    uid: int
    change: int
    thread_id: str
    flags: frozenset[str] = frozenset()
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def is_read(self) -> bool:
        """Whether somebody has opened it."""
        return SEEN in self.flags


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
        self._threads = Threads()
        self.folders = Folders()
        self.changes = ChangeLog()
        self.files_sent = True
        """Whether SMTP submission files a copy in the sent items; not all servers do."""
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
            raw: MIME bytes; Date and Message-ID are filled in when missing, by Exchange also From.
            sender: address of the mailbox that sends.
            via: the protocol that the mail came by.
            recipients: addresses of the envelope; None: those in To, Cc and Bcc.
            keep_sent: whether a copy goes to the sender's sent items.

        Raises:
            MalformedMailError: not readable as a mail; nothing was delivered.
            NoRecipientsError: no recipient, or a false one; nothing was delivered.
        """
        sent = read_mail(complete(raw, sender if via in {"graph", "ews"} else ""))
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
            keep_sent=keep_sent and (via != "smtp" or self.files_sent),
            received_at=datetime.now(UTC),
        )
        if self._journal is not None:
            self._journal.write(submission)
        self._deliver(submission)

    def deliver(self, raw: bytes, *, mailbox: str) -> StoredMail:
        """Bring a mail from outside into an inbox.

        Raises:
            MalformedMailError: not readable as a mail, or the mailbox is no address.
        """
        self.submit(raw, sender="", via="outside", recipients=[mailbox], keep_sent=False)
        return self.find(mailbox=mailbox, folders=["inbox"])[-1]

    def append(
        self,
        raw: bytes,
        *,
        mailbox: str,
        folder: Folder,
        via: Via,
        flags: Iterable[str] | None = None,
        received_at: datetime | None = None,
    ) -> StoredMail:
        """File a mail in a folder without sending it; no flags: those usual in the folder.

        Raises:
            MalformedMailError: not readable as a mail.
            FolderError: there is no such folder.
        """
        mail = read_mail(complete(raw, mailbox))
        return self._keep(mailbox, folder, via, mail, received_at or datetime.now(UTC), flags)

    def add_draft(self, raw: bytes, *, mailbox: str, via: Via = "graph") -> StoredMail:
        """Keep a mail that is not sent yet.

        Raises:
            MalformedMailError: not readable as a mail.
        """
        return self.append(raw, mailbox=mailbox, folder="drafts", via=via)

    def send_draft(self, draft: StoredMail, via: Via = "graph") -> None:
        """Send a draft; it leaves the drafts folder and the copy moves to sent items.

        Raises:
            MalformedMailError: as for `submit`; the draft stays.
        """
        self.submit(draft.mail.raw, sender=draft.mailbox, via=via)
        self.delete(draft)

    def set_flags(self, stored: StoredMail, flags: Iterable[str]) -> StoredMail:
        """Give a mail these flags and no others; no change is noted if it has them."""
        if stored.flags == (wanted := frozenset(flags)):
            return stored
        marked = replace(stored, flags=wanted, change=self.changes.next_number())
        self._kept[stored.id] = marked
        self._note("changed", marked)
        return marked

    def move(self, stored: StoredMail, folder: Folder) -> StoredMail:
        """Move a mail into a folder of its mailbox; it gets a new uid there.

        Raises:
            FolderError: there is no such folder.
        """
        uid = self.folders.take_uid(stored.mailbox, folder)
        self.delete(stored)
        moved = replace(stored, folder=folder, uid=uid, change=self.changes.next_number())
        self._kept[moved.id] = moved
        self._note("added", moved)
        return moved

    def copy(self, stored: StoredMail, folder: Folder) -> StoredMail:
        """Copy a mail, flags and date included, into a folder of its mailbox.

        Raises:
            FolderError: there is no such folder.
        """
        return self._keep(
            stored.mailbox, folder, stored.via, stored.mail, stored.received_at, stored.flags
        )

    def delete(self, stored: StoredMail) -> None:
        """Delete a mail for good; protocols that have a trash move it there first."""
        del self._kept[stored.id]
        gone = replace(stored, change=self.changes.next_number())
        self._note("removed", gone)

    def delete_folder(self, mailbox: str, folder: Folder) -> None:
        """Delete a folder that somebody made, with all mails in it.

        Raises:
            FolderError: there is no such folder, or it is a well-known one.
        """
        self.folders.delete(mailbox, folder)
        for stored in self.find(mailbox=mailbox, folders=[folder]):
            self.delete(stored)

    def get(self, mail_id: str) -> StoredMail | None:
        """Return one copy by its id."""
        return self._kept.get(mail_id)

    def find(
        self, *, mailbox: str | None = None, folders: Iterable[Folder] = ()
    ) -> list[StoredMail]:
        """Return copies in the order they came into their folders.

        Args:
            mailbox: of which; None: of all.
            folders: of which; none: of all.
        """
        wanted, owner = set(folders), mailbox.lower() if mailbox else None
        return [
            stored
            for stored in self._kept.values()
            if owner in (None, stored.mailbox) and (not wanted or stored.folder in wanted)
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
        self._threads.clear()
        self.folders.clear()
        self.changes.clear()
        self.files_sent = True
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

    def _keep(
        self,
        mailbox: str,
        folder: Folder,
        via: Via,
        mail: Mail,
        at: datetime,
        flags: Iterable[str] | None = None,
    ) -> StoredMail:
        mailbox = mailbox.lower()
        stored = StoredMail(
            mailbox=mailbox,
            folder=folder,
            via=via,
            mail=mail,
            received_at=at,
            uid=self.folders.take_uid(mailbox, folder),
            change=self.changes.next_number(),
            thread_id=self._threads.join(mailbox, mail),
            flags=_FIRST_FLAGS.get(folder, frozenset()) if flags is None else frozenset(flags),
        )
        self._kept[stored.id] = stored
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
        self._note("added", stored)
        while len(self._kept) > MAX_KEPT:
            oldest = next(iter(self._kept.values()))
            self._threads.forget(oldest.mailbox, oldest.mail)
            self.delete(oldest)
        return stored

    def _note(self, kind: ChangeKind, stored: StoredMail) -> None:
        self.changes.note(
            Change(
                number=stored.change,
                kind=kind,
                mailbox=stored.mailbox,
                folder=stored.folder,
                mail_id=stored.id,
                uid=stored.uid,
                flags=stored.flags,
            )
        )
