"""Gmail's history: what became of the labels of a mailbox's mails, record by record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.mail.changes import Change
from sandbox.mail.gmail_labels import labels_of
from sandbox.mail.store import SEEN, MailStore

TYPES = {
    "messageAdded": "messagesAdded",
    "messageDeleted": "messagesDeleted",
    "labelAdded": "labelsAdded",
    "labelRemoved": "labelsRemoved",
}
"""What may be asked for, and under which name it is told."""


@dataclass(frozen=True, slots=True)
class Record:
    """One thing that happened to a mail.

    Args:
        number: of the change.
        kind: a value of ``TYPES``.
        mail_id: of the mail.
        labels: that it has after it; it had, when it was deleted.
        changed: those of them that were added, or that it has no more.
    """

    number: int
    kind: str
    mail_id: str
    labels: list[str]
    changed: list[str]


def records(store: MailStore, mailbox: str, after: int) -> list[Record]:
    """Return what happened after a number, oldest first.

    Raises:
        ForgottenError: some of it is not remembered any more.
    """
    store.changes.after(after, mailbox)
    remembered = store.changes.after(store.changes.forgotten, mailbox)
    return [record for record in _read(remembered) if record.number > after]


def _read(changes: Sequence[Change]) -> list[Record]:
    """Read a mailbox's changes; ``removed`` and then ``added`` is a move of one mail."""
    told: list[Record] = []
    known: dict[str, list[str]] = {}
    left: dict[str, Change] = {}
    for change in changes:
        labels = labels_of(change.folder, change.flags)
        if change.kind == "removed":
            left[change.mail_id] = change
            known[change.mail_id] = labels
            continue
        if change.kind == "added" and left.pop(change.mail_id, None) is None:
            told.append(Record(change.number, "messagesAdded", change.mail_id, labels, labels))
        else:
            before = known.get(change.mail_id) or labels_of(change.folder, change.flags ^ {SEEN})
            told.extend(_differences(change, before, labels))
        known[change.mail_id] = labels
    for gone in left.values():
        labels = known[gone.mail_id]
        told.append(Record(gone.number, "messagesDeleted", gone.mail_id, labels, labels))
    return sorted(told, key=lambda record: record.number)


def _differences(change: Change, before: list[str], after: list[str]) -> Iterator[Record]:
    added = [label for label in after if label not in before]
    removed = [label for label in before if label not in after]
    if removed:
        yield Record(change.number, "labelsRemoved", change.mail_id, after, removed)
    if added:
        yield Record(change.number, "labelsAdded", change.mail_id, after, added)


def record_json(record: Record, store: MailStore) -> dict[str, Any]:
    """Describe a record."""
    stored = store.get(record.mail_id)
    brief = {"id": record.mail_id, "threadId": stored.thread_id if stored else record.mail_id}
    told: dict[str, Any] = {"message": {**brief, "labelIds": record.labels}}
    if record.kind.startswith("labels"):
        told["labelIds"] = record.changed
    return {"id": str(record.number), "messages": [brief], record.kind: [told]}
