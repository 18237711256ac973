"""Folders over Gmail's labels: which labels are places, and who lies where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from connectors.mail.gmail_models import GmailChange, GmailHistory, GmailLabel
from connectors.mail.models import MailFolder

GIVEN_BY_GMAIL = frozenset({"SENT", "DRAFT"})
"""Labels that nobody else gives or takes."""

_ROLES = {"INBOX": "inbox", "SENT": "sent", "DRAFT": "drafts", "TRASH": "trash", "SPAM": "junk"}
_LABELS = {role: label for label, role in _ROLES.items()}
_ARCHIVED = "has:nouserlabels -in:inbox -in:sent -in:drafts -in:trash -in:spam"
_MADE = "Label_"


def is_place(label: str) -> bool:
    """Tell whether a label says where a message lies; others mark it, as ``STARRED`` does."""
    return label in _ROLES or label.startswith(_MADE)


@dataclass(frozen=True)
class Place:
    """A folder.

    Args:
        label: that its messages have; empty: the archive, whose messages have none.
    """

    label: str

    @classmethod
    def of(cls, folder: str) -> Place:
        """Return the place of a role or of a label's id."""
        return cls("" if folder == "archive" else _LABELS.get(folder, folder))

    @property
    def query(self) -> str:
        """What finds its messages, beside the label."""
        return "" if self.label else _ARCHIVED

    def holds(self, labels: Iterable[str]) -> bool:
        """Tell whether a message with these labels lies there."""
        return self.label in labels if self.label else not any(map(is_place, labels))

    def touched(self, told: GmailHistory) -> dict[str, bool]:
        """Return the ids of messages that may lie there, or may have left.

        Returns:
            id to whether the message may have left.
        """
        found: dict[str, bool] = {}
        for record in told.history:
            for change in (*record.messages_added, *record.labels_added, *record.labels_removed):
                if self._may_concern(change):
                    found.setdefault(change.message.id, False)
            leavers = record.labels_removed if self.label else record.labels_added
            left = [one for one in leavers if self.label in one.label_ids or not self.label]
            found |= {one.message.id: True for one in (*left, *record.messages_deleted)}
        return found

    def _may_concern(self, change: GmailChange) -> bool:
        labels = {*change.message.label_ids, *change.label_ids}
        return not self.label or self.label in labels or not change.message.label_ids


def left_for(target: Place, labels: Sequence[str]) -> list[str]:
    """Return the labels that a message loses when it moves; where it is from, it stays."""
    return [
        label
        for label in labels
        if is_place(label) and label not in {*GIVEN_BY_GMAIL, target.label}
    ]


def is_folder(label: GmailLabel) -> bool:
    """Tell whether a label is listed as a folder."""
    return label.type == "user" or label.id in _ROLES


def folder_of(label: GmailLabel) -> MailFolder:
    """Return a label as a folder."""
    role = _ROLES.get(label.id, "")
    return MailFolder(
        id=label.id,
        name=label.name.title() if role else label.name,
        role=role,
        messages=label.messages_total,
        unread=label.messages_unread,
    )
