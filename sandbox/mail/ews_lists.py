"""Operations that list: mails of folders, what changed in them, folders."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import astuple, dataclass
from typing import TypeVar
from xml.etree import ElementTree as ET

from sandbox.mail.changes import Change, ForgottenError
from sandbox.mail.ews_ids import (
    DISTINGUISHED,
    ROOT,
    TOP,
    Place,
    decoded,
    encoded,
    item_id,
    item_key,
)
from sandbox.mail.ews_items import boolean, message, shape
from sandbox.mail.ews_search import matches
from sandbox.mail.ews_soap import NAMES, EwsError, element, invalid, refusal, success
from sandbox.mail.folders import Folder, MailboxFolder
from sandbox.mail.store import StoredMail

MAX_CHANGES = 512
MAX_FOUND = 1000

Thing = TypeVar("Thing")


def find_item(place: Place, body: ET.Element) -> list[ET.Element]:
    """Return a page of the mails of each folder, the newest first."""
    wanted = shape(body, in_list=True)
    restriction = body.find("m:Restriction", NAMES)
    oldest_first = _oldest_first(body)

    def find(folder: Folder) -> ET.Element:
        mails = place.mail.find(mailbox=place.mailbox, folders=[folder])
        found = [one for one in mails if restriction is None or matches(one, restriction)]
        found.sort(key=lambda one: (one.received_at, one.uid), reverse=not oldest_first)
        view = body.find("m:IndexedPageItemView", NAMES)
        return _page("t:Items", found, view, lambda one: message(one, wanted))

    return _by_folder("FindItem", place, body, find)


def find_folder(place: Place, body: ET.Element) -> list[ET.Element]:
    """Return a page of the folders within each folder."""
    deep = body.get("Traversal") == "Deep"

    def find(folder: Folder) -> ET.Element:
        found = [
            one
            for one in place.mail.folders.of(place.mailbox)
            if folder in (_above(place, one) if deep else _above(place, one)[:1])
        ]
        view = body.find("m:IndexedPageFolderView", NAMES)
        return _page("t:Folders", found, view, lambda one: _folder(place, one.id))

    return _by_folder("FindFolder", place, body, find)


def get_folder(place: Place, body: ET.Element) -> list[ET.Element]:
    """Describe folders."""
    answers = []
    for id_ in _children(body, "m:FolderIds"):
        try:
            found = element("m:Folders", _folder(place, place.folder(id_)))
        except EwsError as error:
            answers.append(refusal("GetFolder", error))
        else:
            answers.append(success("GetFolder", found))
    return answers


@dataclass(frozen=True, slots=True)
class SyncState:
    """How far a client knows a folder.

    Args:
        mailbox: whose.
        folder: in it.
        number: of the last change that it knows.
        uid: of the last mail that it was given of those there were; -1: it has them all.
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


def sync_folder_items(place: Place, body: ET.Element) -> list[ET.Element]:
    """Return a page of what changed in a folder since a sync state; first, all that is there."""
    wanted = shape(body, in_list=True)
    most = body.findtext("m:MaxChangesReturned", "", NAMES)
    if not most.isdecimal() or not 1 <= int(most) <= MAX_CHANGES:
        raise invalid("MaxChangesReturned must be from 1 to 512.")
    try:
        folder = place.folder_in(body, "m:SyncFolderId")
        text = body.findtext("m:SyncState", "", NAMES)
        state = SyncState.read(text) if text else _beginning(place, folder)
        if (state.mailbox, state.folder) != (place.mailbox, folder):
            raise _lost()
        after, is_last, changes = _changes(place, state, int(most), wanted)
    except EwsError as error:
        last = element("m:IncludesLastItemInRange", "true")
        return [refusal("SyncFolderItems", error, element("m:SyncState"), last)]
    return [
        success(
            "SyncFolderItems",
            element("m:SyncState", str(after)),
            element("m:IncludesLastItemInRange", boolean(is_last)),
            element("m:Changes", *changes),
        )
    ]


def _beginning(place: Place, folder: Folder) -> SyncState:
    known = place.mail.folders.get(place.mailbox, folder)
    top = known.next_uid - 1 if known else 0
    return SyncState(place.mailbox, folder, place.mail.changes.last, 0, top)


def _changes(
    place: Place, state: SyncState, most: int, wanted: frozenset[str]
) -> tuple[SyncState, bool, list[ET.Element]]:
    if state.uid >= 0:
        there = sorted(
            (
                one
                for one in place.mail.find(mailbox=place.mailbox, folders=[state.folder])
                if state.uid < one.uid <= state.top
            ),
            key=lambda one: one.uid,
        )
        if len(there) > most:
            known = SyncState(
                state.mailbox, state.folder, state.number, there[most - 1].uid, state.top
            )
            return known, False, [_created(one, wanted) for one in there[:most]]
        whole = SyncState(state.mailbox, state.folder, state.number, -1, 0)
        is_last = not _histories(place, whole)
        return whole, is_last, [_created(one, wanted) for one in there]
    histories = _histories(place, state)
    given, left = histories[:most], histories[most:]
    number = left[0][0].number - 1 if left else max(state.number, place.mail.changes.last)
    changes = [_told(place, history, wanted) for history in given]
    after = SyncState(state.mailbox, state.folder, number, -1, 0)
    return after, not left, [one for one in changes if one is not None]


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
    return element(
        "t:ReadFlagChange", item_id(stored), element("t:IsRead", boolean(stored.is_read))
    )


def _created(stored: StoredMail, wanted: frozenset[str]) -> ET.Element:
    return element("t:Create", message(stored, wanted))


def _lost() -> EwsError:
    return EwsError(
        "ErrorInvalidSyncStateData", "Synchronization state data is corrupt or otherwise invalid."
    )


def _folder(place: Place, folder: Folder) -> ET.Element:
    known = place.mail.folders.get(place.mailbox, folder)
    mails = place.mail.find(mailbox=place.mailbox, folders=[folder])
    names = {ROOT: "Root", TOP: "Top of Information Store"}
    name = known.name.rpartition("/")[2] if known else names[folder]
    inside = [
        one for one in place.mail.folders.of(place.mailbox) if _above(place, one)[0] == folder
    ]
    above = _above(place, known)[0] if known else ROOT
    return element(
        "t:Folder",
        place.folder_id(folder),
        place.folder_id(above, "t:ParentFolderId"),
        element("t:FolderClass", "IPF.Note") if known else None,
        element("t:DisplayName", name),
        element("t:TotalCount", str(len(mails))),
        element("t:ChildFolderCount", str(len(inside))),
        element("t:DistinguishedFolderId", folder) if folder in DISTINGUISHED else None,
        element("t:UnreadCount", str(sum(not one.is_read for one in mails))),
    )


def _above(place: Place, folder: MailboxFolder) -> list[Folder]:
    """Return the folders that a folder is in, the nearest first."""
    found = []
    name = folder.name
    while parent := name.rpartition("/")[0]:
        if known := place.mail.folders.named(place.mailbox, parent):
            found.append(known.id)
        name = parent
    return [*found, TOP, ROOT]


def _by_folder(
    name: str, place: Place, body: ET.Element, find: Callable[[Folder], ET.Element]
) -> list[ET.Element]:
    answers = []
    for id_ in _children(body, "m:ParentFolderIds"):
        try:
            answers.append(success(name, find(place.folder(id_))))
        except EwsError as error:
            answers.append(refusal(name, error))
    return answers


def _children(body: ET.Element, path: str) -> list[ET.Element]:
    holder = body.find(path, NAMES)
    if holder is None or not len(holder):
        raise invalid(f"{path} is empty.")
    return list(holder)


def _page(
    container: str,
    things: list[Thing],
    view: ET.Element | None,
    write: Callable[[Thing], ET.Element],
) -> ET.Element:
    """Write a page of things, as an IndexedPage...View asks for it."""
    asked = {} if view is None else view.attrib
    offset, most = (
        _count(asked, name, usual)
        for name, usual in (("Offset", 0), ("MaxEntriesReturned", MAX_FOUND))
    )
    end = min(offset + min(most, MAX_FOUND), len(things))
    return element(
        "m:RootFolder",
        element(container, *map(write, things[offset:end])),
        IndexedPagingOffset=str(end),
        TotalItemsInView=str(len(things)),
        IncludesLastItemInRange=boolean(end >= len(things)),
    )


def _count(asked: dict[str, str], name: str, usual: int) -> int:
    value = asked.get(name, str(usual))
    if not value.isdecimal():
        raise invalid(f"{name} is not a number.")
    return int(value)


def _oldest_first(body: ET.Element) -> bool:
    order = body.find("m:SortOrder/t:FieldOrder", NAMES)
    if order is None:
        return False
    field = order.find("t:FieldURI", NAMES)
    if field is None or field.get("FieldURI") not in {
        "item:DateTimeReceived",
        "item:DateTimeSent",
        "item:DateTimeCreated",
    }:
        raise EwsError("ErrorUnsupportedPathForSortGroup", "Only dates sort mails here.")
    return order.get("Order") == "Ascending"
