"""Operations that list: mails, and folders."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from xml.etree import ElementTree as ET

from sandbox.mail.ews_ids import (
    DISTINGUISHED,
    ROOT,
    TOP,
    Place,
)
from sandbox.mail.ews_items import boolean, message, shape
from sandbox.mail.ews_search import matches
from sandbox.mail.ews_soap import NAMES, EwsError, element, invalid, refusal, success
from sandbox.mail.folders import Folder, MailboxFolder

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
