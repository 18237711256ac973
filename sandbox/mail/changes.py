"""What changed in the mailboxes, one number after the other: for delta, history and IDLE."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from sandbox.mail.folders import Folder

MAX_REMEMBERED = 20_000

ChangeKind = Literal["added", "changed", "removed"]


class ForgottenError(LookupError):
    """What changed after that number is not remembered any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change in one folder; a move is ``removed`` from one and ``added`` to another.

    Args:
        number: larger than that of every change before.
        kind: ``changed`` is a change of flags.
        mailbox: where.
        folder: in it.
        mail_id: of the mail, the same in all folders.
        uid: its number in this folder.
        flags: that it has now, or had when it left.
    """

    number: int
    kind: ChangeKind
    mailbox: str
    folder: Folder
    mail_id: str
    uid: int
    flags: frozenset[str]


Watcher = Callable[[Change], None]


class ChangeLog:
    """The latest changes of all mailboxes, oldest first."""

    def __init__(self) -> None:
        self._kept: deque[Change] = deque(maxlen=MAX_REMEMBERED)
        self._numbers = itertools.count(1)
        self._watchers: list[Watcher] = []
        self.last = 0
        """Number of the latest change."""
        self.forgotten = 0
        """Number of the latest change that is not remembered."""

    def next_number(self) -> int:
        """Return a number for a change that is about to be noted."""
        self.last = next(self._numbers)
        return self.last

    def note(self, change: Change) -> None:
        """Remember a change, and tell those who watch."""
        if len(self._kept) == MAX_REMEMBERED:
            self.forgotten = self._kept[0].number
        self._kept.append(change)
        for watcher in list(self._watchers):
            watcher(change)

    def after(self, number: int, mailbox: str, folder: Folder | None = None) -> list[Change]:
        """Return a mailbox's changes after a number, oldest first; no folder: in all.

        Raises:
            ForgottenError: some of them are not remembered any more.
        """
        if number < self.forgotten:
            raise ForgottenError(number)
        newest_first = itertools.takewhile(lambda one: one.number > number, reversed(self._kept))
        return [
            change
            for change in list(newest_first)[::-1]
            if change.mailbox == mailbox.lower() and folder in (None, change.folder)
        ]

    @contextmanager
    def watched(self, watcher: Watcher) -> Iterator[None]:
        """Call a function at each change while the context lasts; it must not wait."""
        self._watchers.append(watcher)
        try:
            yield
        finally:
            self._watchers.remove(watcher)

    def clear(self) -> None:
        """Forget all changes; who asks for what was before is told so. Numbers go on."""
        self._kept.clear()
        self.forgotten = self.next_number()
