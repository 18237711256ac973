"""Gmail's labels over folders and flags: a mail lies in one folder, but may have many labels.

The folder is the strongest of the labels, ``UNREAD`` and ``STARRED`` are flags, and all others
are kept as keywords among the flags. A mail without a label that is a place is archived.
"""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.mail.folders import Folder
from sandbox.mail.store import FLAGGED, SEEN, MailStore, StoredMail

_OWN, _KEYWORD = "Label_", "Gmail/"
_PLACES: dict[str, Folder] = {
    "TRASH": "deleteditems",
    "SPAM": "junkemail",
    "SENT": "sentitems",
    "DRAFT": "drafts",
    "INBOX": "inbox",
}
_PLACE_OF = {folder: label for label, folder in _PLACES.items()}
_MARKS = ("UNREAD", "STARRED", "IMPORTANT")
FIXED = frozenset({"SENT", "DRAFT"})
"""Labels that only Gmail itself gives and takes."""
HIDDEN = frozenset({"TRASH", "SPAM"})
"""Labels of mails that a list leaves out."""


def label_ids(stored: StoredMail) -> list[str]:
    """Return the ids of a mail's labels."""
    return labels_of(stored.folder, stored.flags)


def labels_of(folder: Folder, flags: Iterable[str]) -> list[str]:
    """Return the ids of the labels that a folder and flags make."""
    marked = set(flags)
    place = _PLACE_OF.get(folder, "" if folder == "archive" else _OWN + folder)
    keywords = sorted(one.removeprefix(_KEYWORD) for one in marked if one.startswith(_KEYWORD))
    marks = ["UNREAD"] * (SEEN not in marked) + ["STARRED"] * (FLAGGED in marked)
    return [label for label in (*marks, *keywords, place) if label]


def labels(store: MailStore, mailbox: str) -> dict[str, str]:
    """Return all labels of a mailbox, id to name."""
    own = [folder for folder in store.folders.of(mailbox) if not folder.is_well_known]
    return {
        **{name: name for name in (*_PLACES, *_MARKS)},
        **{_OWN + folder.id: folder.name for folder in own},
    }


def is_own(label: str) -> bool:
    """Whether a person made the label."""
    return label.startswith(_OWN)


def relabel(
    store: MailStore, stored: StoredMail, *, add: Iterable[str], remove: Iterable[str]
) -> StoredMail:
    """Give a mail labels and take others from it; all of them exist."""
    wanted = (set(label_ids(stored)) - set(remove)) | set(add)
    if wanted & HIDDEN:
        wanted.discard("INBOX")
    place = _strongest(wanted)
    flags = {one for one in stored.flags if not one.startswith(_KEYWORD)} - {SEEN, FLAGGED}
    flags |= {SEEN} if "UNREAD" not in wanted else set()
    flags |= {FLAGGED} if "STARRED" in wanted else set()
    flags |= {_KEYWORD + one for one in wanted - {place, "UNREAD", "STARRED"}}
    marked = store.set_flags(stored, flags)
    folder = _PLACES.get(place, place.removeprefix(_OWN)) or "archive"
    return marked if folder == stored.folder else store.move(marked, folder)


def _strongest(wanted: set[str]) -> str:
    places = [place for place in _PLACES if place in wanted]
    return next(iter(places + sorted(filter(is_own, wanted))), "")
