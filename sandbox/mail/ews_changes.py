"""Operations on mails: create, send, read, mark, move, delete."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from xml.etree import ElementTree as ET

from sandbox.mail.ews_ids import Place, change_key, decoded, item_id
from sandbox.mail.ews_items import attachment, message, shape, to_mime
from sandbox.mail.ews_soap import NAMES, EwsError, element, invalid, local_name, refusal, success
from sandbox.mail.message import MalformedMailError
from sandbox.mail.store import DRAFT, SEEN, NoRecipientsError, StoredMail

_KEEPS = {"SaveOnly", "SendAndSaveCopy"}
_SENDS = {"SendOnly", "SendAndSaveCopy"}
_TRUE = {"true", "1"}


def create_item(place: Place, body: ET.Element) -> list[ET.Element]:
    """Keep messages as drafts, or send them."""
    disposition = body.get("MessageDisposition", "")
    if disposition not in _KEEPS | _SENDS:
        raise invalid("MessageDisposition is missing.")
    items = body.find("m:Items", NAMES)
    if items is None or not len(items):
        raise invalid("Items is empty.")
    usual = "drafts" if disposition == "SaveOnly" else "sentitems"
    folder = usual
    if body.find("m:SavedItemFolderId", NAMES) is not None:
        folder = place.folder_in(body, "m:SavedItemFolderId")

    def create(written: ET.Element) -> ET.Element:
        if local_name(written) != "Message":
            raise EwsError("ErrorInvalidOperation", "Only messages are played.")
        raw = to_mime(written, place)
        if disposition == "SaveOnly":
            draft = place.mail.append(raw, mailbox=place.mailbox, folder=folder, via="ews")
            return element("m:Items", element("t:Message", item_id(draft)))
        _send(place, raw, folder if disposition in _KEEPS else None)
        return element("m:Items")

    return _each("CreateItem", items, create)


def send_item(place: Place, body: ET.Element) -> list[ET.Element]:
    """Send drafts; they leave their folder."""
    keeps = body.get("SaveItemToFolder") in _TRUE
    folder = "sentitems" if keeps else None
    if keeps and body.find("m:SavedItemFolderId", NAMES) is not None:
        folder = place.folder_in(body, "m:SavedItemFolderId")

    def send(id_: ET.Element) -> None:
        draft = place.item(id_)
        if id_.get("ChangeKey") is None:
            raise EwsError("ErrorChangeKeyRequired", "A change key is required for this operation.")
        if id_.get("ChangeKey") != change_key(draft):
            raise EwsError("ErrorStaleObject", "The change key does not match the item.")
        if DRAFT not in draft.flags:
            raise EwsError("ErrorInvalidOperation", "Only a draft can be sent.")
        _send(place, draft.mail.raw, folder)
        place.mail.delete(draft)

    return _each("SendItem", _ids(body), send)


def get_item(place: Place, body: ET.Element) -> list[ET.Element]:
    """Return mails with the properties that are asked for."""
    wanted = shape(body, in_list=False)

    def get(id_: ET.Element) -> ET.Element:
        return element("m:Items", message(place.item(id_), wanted))

    return _each("GetItem", _ids(body), get)


def update_item(place: Place, body: ET.Element) -> list[ET.Element]:
    """Mark mails as read or unread; nothing else of a mail can be changed here."""

    def update(change: ET.Element) -> list[ET.Element]:
        id_ = change.find("t:ItemId", NAMES)
        if id_ is None:
            raise invalid("ItemId is missing.")
        stored = place.item(id_)
        stale = id_.get("ChangeKey", change_key(stored)) != change_key(stored)
        if stale and body.get("ConflictResolution") == "NeverOverwrite":
            raise EwsError(
                "ErrorIrresolvableConflict", "The send or update operation could not be performed."
            )
        for update in change.iterfind("t:Updates/*", NAMES):
            field = update.find("t:FieldURI", NAMES)
            value = update.findtext("t:Message/t:IsRead", None, NAMES)
            if field is None or field.get("FieldURI") != "message:IsRead" or value is None:
                raise EwsError("ErrorInvalidPropertySet", "Only IsRead can be set here.")
            flags = stored.flags | {SEEN} if value in _TRUE else stored.flags - {SEEN}
            stored = place.mail.set_flags(stored, flags)
        return [
            element("m:Items", element("t:Message", item_id(stored))),
            element("m:ConflictResults", element("t:Count", "0")),
        ]

    return _each("UpdateItem", body.iterfind("m:ItemChanges/t:ItemChange", NAMES), update)


def move_item(place: Place, body: ET.Element) -> list[ET.Element]:
    """Move mails; they have other ids afterwards."""
    return _placed("MoveItem", place, body, place.mail.move)


def copy_item(place: Place, body: ET.Element) -> list[ET.Element]:
    """Copy mails."""
    return _placed("CopyItem", place, body, place.mail.copy)


def delete_item(place: Place, body: ET.Element) -> list[ET.Element]:
    """Delete mails for good, or into the deleted items."""
    how = body.get("DeleteType")
    if how not in {"HardDelete", "SoftDelete", "MoveToDeletedItems"}:
        raise invalid("DeleteType is missing.")

    def delete(id_: ET.Element) -> None:
        stored = place.item(id_)
        if how == "MoveToDeletedItems":
            place.mail.move(stored, "deleteditems")
        else:
            place.mail.delete(stored)

    return _each("DeleteItem", _ids(body), delete)


def get_attachment(place: Place, body: ET.Element) -> list[ET.Element]:
    """Return files of mails."""

    def get(id_: ET.Element) -> ET.Element:
        key, _, number = decoded(id_.get("Id", "")).partition("#")
        stored = place.item(element("t:ItemId", Id=key))
        files = stored.mail.attachments
        if not number.isdecimal() or int(number) >= len(files):
            text = "The attachment ID is not valid."
            raise EwsError("ErrorInvalidAttachmentId", text)
        found = attachment(stored, int(number), files[int(number)], with_content=True)
        return element("m:Attachments", found)

    ids = list(body.iterfind("m:AttachmentIds/t:AttachmentId", NAMES))
    return _each("GetAttachment", ids, get)


def _send(place: Place, raw: bytes, folder: str | None) -> None:
    """Send a message, and keep its copy in a folder; None: nowhere."""
    try:
        place.mail.submit(raw, sender=place.mailbox, via="ews", keep_sent=folder == "sentitems")
    except NoRecipientsError as error:
        raise EwsError("ErrorInvalidRecipients", str(error)) from None
    if folder not in {None, "sentitems"}:
        place.mail.append(raw, mailbox=place.mailbox, folder=folder or "", via="ews")


def _placed(
    name: str, place: Place, body: ET.Element, put: Callable[[StoredMail, str], StoredMail]
) -> list[ET.Element]:
    folder = place.folder_in(body, "m:ToFolderId")

    def act(id_: ET.Element) -> ET.Element:
        return element("m:Items", element("t:Message", item_id(put(place.item(id_), folder))))

    return _each(name, _ids(body), act)


def _ids(body: ET.Element) -> list[ET.Element]:
    found = list(body.iterfind("m:ItemIds/t:ItemId", NAMES))
    if not found:
        raise invalid("ItemIds is empty.")
    return found


def _each(
    name: str,
    things: Iterable[ET.Element],
    act: Callable[[ET.Element], ET.Element | list[ET.Element] | None],
) -> list[ET.Element]:
    """Act on things, each with a response of its own."""
    answers = []
    for thing in things:
        try:
            done = act(thing)
        except EwsError as error:
            answers.append(refusal(name, error))
        except MalformedMailError as error:
            answers.append(refusal(name, EwsError("ErrorMimeContentInvalid", str(error))))
        else:
            parts = done if isinstance(done, list) else [done] if done is not None else []
            answers.append(success(name, *parts))
    return answers
