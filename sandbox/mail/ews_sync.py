"""SyncFolderItems: first all that is in a folder, page by page, then what changed since."""

from __future__ import annotations

import json
from dataclasses import astuple, dataclass, replace
from xml.etree import ElementTree as ET

from sandbox.mail.changes import Change, ForgottenError
from sandbox.mail.ews_ids import Place, decoded, encoded, item_id, item_key
from sandbox.mail.ews_items import boolean, message, shape
from sandbox.mail.ews_soap import NAMES, EwsError, element, invalid, success
from sandbox.mail.folders import Folder
from sandbox.mail.store import StoredMail

MAX_CHANGES = 512
_ALL = -1


@dataclass(frozen=True, slots=True)
class SyncState:
    """How far a client knows a folder.

    Args:
        mailbox: whose.
        folder: in it.
        number: of the last change that it knows.
        uid: of the last mail that it was given of those that were there at first; -1: it has all.
        top: the largest uid of those.
    """

    mailbox: str
    folder: Folder
    number: int
    uid: int
    top: int

    @classmethod
    def read(cls, text: str) -> SyncState:
        """Read what a client sends back.

        Raises:
            EwsError: it isn't from here.
        """
        try:
            mailbox, folder, number, uid, top = json.loads(decoded(text))
            return cls(str(mailbox), str(folder), int(number), int(uid), int(top))
        except (ArithmeticError, EwsError, TypeError, ValueError):
            raise _lost() from None

    def __str__(self) -> str:
        return encoded(json.dumps(astuple(self)))


@dataclass(frozen=True, slots=True)
class _Page:
    """Changes, and how far a client knows the folder with them."""

    after: SyncState
    is_last: bool
    changes: list[ET.Element]


def sync_folder_items(place: Place, body: ET.Element) -> list[ET.Element]:
    """Return a page of what changed in a folder since a sync state."""
    wanted = shape(body, in_list=True)
    most = body.findtext("m:MaxChangesReturned", "", NAMES)
    if not most.isdecimal() or not 1 <= int(most) <= MAX_CHANGES:
        raise invalid("MaxChangesReturned must be from 1 to 512.")
    folder = place.folder_in(body, "m:SyncFolderId")
    text = body.findtext("m:SyncState", "", NAMES)
    state = SyncState.read(text) if text else _beginning(place, folder)
    if (state.mailbox, state.folder) != (place.mailbox, folder):
        raise _lost()
    look = _what_changed if state.uid == _ALL else _what_was_there
    page = look(place, state, int(most), wanted)
    return [
        success(
            "SyncFolderItems",
            element("m:SyncState", str(page.after)),
            element("m:IncludesLastItemInRange", boolean(page.is_last)),
            element("m:Changes", *page.changes),
        )
    ]


def _beginning(place: Place, folder: Folder) -> SyncState:
    known = place.mail.folders.get(place.mailbox, folder)
    top = known.next_uid - 1 if known else 0
    return SyncState(place.mailbox, folder, place.mail.changes.last, 0, top)


def _what_was_there(place: Place, state: SyncState, most: int, wanted: frozenset[str]) -> _Page:
    mails = place.mail.find(mailbox=place.mailbox, folders=[state.folder])
    left = (one for one in mails if state.uid < one.uid <= state.top)
    there = sorted(left, key=lambda one: one.uid)
    given = there[:most]
    created = [_created(one, wanted) for one in given]
    if len(there) > most:
        return _Page(replace(state, uid=given[-1].uid), False, created)
    after = replace(state, uid=_ALL)
    return _Page(after, not _histories(place, after), created)


def _what_changed(place: Place, state: SyncState, most: int, wanted: frozenset[str]) -> _Page:
    histories = _histories(place, state)
    told = [_told(place, history, wanted) for history in histories[:most]]
    changes = [one for one in told if one is not None]
    if left := histories[most:]:
        return _Page(replace(state, number=left[0][0].number - 1), False, changes)
    return _Page(replace(state, number=place.mail.changes.last), True, changes)


def _histories(place: Place, state: SyncState) -> list[list[Change]]:
    """Return what happened to each mail since, by when the first of it happened."""
    try:
        log = place.mail.changes.after(state.number, state.mailbox, state.folder)
    except ForgottenError:
        raise _lost() from None
    by_mail: dict[tuple[str, int], list[Change]] = {}
    for change in log:
        by_mail.setdefault((change.mail_id, change.uid), []).append(change)
    return list(by_mail.values())


def _told(place: Place, history: list[Change], wanted: frozenset[str]) -> ET.Element | None:
    """Write what happened to a mail; None: it came and went."""
    kinds = {change.kind for change in history}
    last = history[-1]
    if "removed" in kinds:
        id_ = element("t:ItemId", Id=item_key(last.mail_id, last.folder, last.uid))
        return None if "added" in kinds else element("t:Delete", id_)
    stored = place.mail.get(last.mail_id)
    if stored is None:
        return None
    if "added" in kinds:
        return _created(stored, wanted)
    is_read = element("t:IsRead", boolean(stored.is_read))
    return element("t:ReadFlagChange", item_id(stored), is_read)


def _created(stored: StoredMail, wanted: frozenset[str]) -> ET.Element:
    return element("t:Create", message(stored, wanted))


def _lost() -> EwsError:
    return EwsError(
        "ErrorInvalidSyncStateData", "Synchronization state data is corrupt or otherwise invalid."
    )
