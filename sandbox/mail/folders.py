"""The folders of mailboxes: six that everyone has, and those that somebody made."""

from __future__ import annotations

import itertools
import time
import uuid
from dataclasses import dataclass, field, replace

Folder = str
"""Id of a folder: the name of a well-known one (as Graph and EWS call it), or one made up."""

WELL_KNOWN: dict[Folder, str] = {
    "inbox": "Inbox",
    "drafts": "Drafts",
    "sentitems": "Sent Items",
    "deleteditems": "Deleted Items",
    "junkemail": "Junk Email",
    "archive": "Archive",
}
"""The folders that every mailbox has, with the names that people see."""


class FolderError(ValueError):
    """A folder that can't be made, renamed or deleted; the text says why."""


@dataclass(frozen=True, slots=True)
class MailboxFolder:
    """A folder of one mailbox.

    Args:
        id: as in ``StoredMail.folder``.
        name: as people see it; ``/`` separates levels.
        uid_validity: changes when the numbers of its mails lose their meaning (RFC 9051, 2.3.1.1).
        next_uid: number of the next mail that comes into it.
    """

    id: Folder
    name: str
    uid_validity: int
    next_uid: int = 1

    @property
    def is_well_known(self) -> bool:
        """Whether every mailbox has it."""
        return self.id in WELL_KNOWN


@dataclass(slots=True)
class Folders:
    """All folders of all mailboxes; a mailbox has its well-known ones from the beginning."""

    _kept: dict[str, dict[Folder, MailboxFolder]] = field(default_factory=dict)
    _validities: itertools.count[int] = field(
        default_factory=lambda: itertools.count(int(time.time()))
    )
    _standard: int = 0

    def __post_init__(self) -> None:
        self._standard = next(self._validities)

    def of(self, mailbox: str) -> list[MailboxFolder]:
        """Return a mailbox's folders, the well-known ones first."""
        return list(self._mailbox(mailbox).values())

    def get(self, mailbox: str, folder: Folder) -> MailboxFolder | None:
        """Return a folder by its id."""
        return self._mailbox(mailbox).get(folder)

    def named(self, mailbox: str, name: str) -> MailboxFolder | None:
        """Return a folder by the name that people see; the inbox's in any case of letters."""
        wanted = "Inbox" if name.lower() == "inbox" else name
        return next((one for one in self.of(mailbox) if one.name == wanted), None)

    def make(self, mailbox: str, name: str) -> MailboxFolder:
        """Make a folder.

        Raises:
            FolderError: the name is empty or taken.
        """
        self._check(mailbox, name)
        made = MailboxFolder(uuid.uuid4().hex, name.strip("/"), next(self._validities))
        self._mailbox(mailbox)[made.id] = made
        return made

    def rename(self, mailbox: str, folder: Folder, name: str) -> MailboxFolder:
        """Give a folder another name; id and numbers stay.

        Raises:
            FolderError: there is no such folder, it is a well-known one, or the name is taken.
        """
        self._check(mailbox, name)
        renamed = replace(self._own(mailbox, folder), name=name.strip("/"))
        self._mailbox(mailbox)[folder] = renamed
        return renamed

    def delete(self, mailbox: str, folder: Folder) -> None:
        """Delete a folder.

        Raises:
            FolderError: there is no such folder, or it is a well-known one.
        """
        del self._mailbox(mailbox)[self._own(mailbox, folder).id]

    def take_uid(self, mailbox: str, folder: Folder) -> int:
        """Return a number for a mail that comes into a folder; numbers only grow.

        Raises:
            FolderError: there is no such folder.
        """
        known = self.get(mailbox, folder)
        if known is None:
            raise FolderError("there is no such folder")
        self._mailbox(mailbox)[folder] = replace(known, next_uid=known.next_uid + 1)
        return known.next_uid

    def renew_validity(self, mailbox: str, folder: Folder) -> None:
        """Void the numbers that clients know, as servers do after a restore.

        Raises:
            FolderError: there is no such folder.
        """
        known = self.get(mailbox, folder)
        if known is None:
            raise FolderError("there is no such folder")
        self._mailbox(mailbox)[folder] = replace(known, uid_validity=next(self._validities))

    def clear(self) -> None:
        """Forget the folders that somebody made; all numbers begin anew, under new validities."""
        self._kept.clear()
        self._standard = next(self._validities)

    def _mailbox(self, mailbox: str) -> dict[Folder, MailboxFolder]:
        return self._kept.setdefault(
            mailbox.lower(),
            {id_: MailboxFolder(id_, name, self._standard) for id_, name in WELL_KNOWN.items()},
        )

    def _own(self, mailbox: str, folder: Folder) -> MailboxFolder:
        known = self.get(mailbox, folder)
        if known is None:
            raise FolderError("there is no such folder")
        if known.is_well_known:
            raise FolderError(f"{known.name} stays as it is")
        return known

    def _check(self, mailbox: str, name: str) -> None:
        if not name.strip("/ ") or not name.isprintable():
            raise FolderError("a folder needs a name")
        if self.named(mailbox, name.strip("/")):
            raise FolderError(f"there is a folder {name} already")
