"""Exchange's ids: opaque, of one mailbox, and another for each place that a mail has been in."""

from __future__ import annotations

import base64
import binascii
from xml.etree import ElementTree as ET

from sandbox.mail.ews_soap import NAMES, EwsError, element, invalid, local_name
from sandbox.mail.folders import WELL_KNOWN, Folder
from sandbox.mail.store import MailStore, StoredMail

ROOT, TOP = "root", "msgfolderroot"
DISTINGUISHED = {*WELL_KNOWN, ROOT, TOP} - {"archive"}
"""The folders that have a name of their own; an archive is a mailbox beside, here there is none."""


class Place:
    """A mailbox, and the way from ids to what lies in it.

    Args:
        mail: where it is kept.
        mailbox: its address.
    """

    def __init__(self, mail: MailStore, mailbox: str) -> None:
        self.mail = mail
        self.mailbox = mailbox

    def folder(self, id_: ET.Element) -> Folder:
        """Return the folder that a FolderId or a DistinguishedFolderId names.

        Raises:
            EwsError: there is none, or it is in somebody else's mailbox.
        """
        if local_name(id_) == "DistinguishedFolderId":
            owner = id_.findtext("t:Mailbox/t:EmailAddress", self.mailbox, NAMES)
            if owner.lower() != self.mailbox:
                raise EwsError("ErrorAccessDenied", "Access is denied. Check credentials.")
            folder = id_.get("Id", "")
            known = folder in DISTINGUISHED
        else:
            owner, _, folder = decoded(id_.get("Id", "")).partition("/")
            known = owner == self.mailbox and (
                folder in {ROOT, TOP} or self.mail.folders.get(owner, folder) is not None
            )
        if not known:
            raise EwsError(
                "ErrorFolderNotFound", "The specified folder could not be found in the store."
            )
        return folder

    def folder_in(self, parent: ET.Element, path: str) -> Folder:
        """Return the folder whose id is the child of an element.

        Raises:
            EwsError: there is none, in the request or in the mailbox.
        """
        holder = parent.find(path, NAMES)
        if holder is None or not len(holder):
            raise invalid(f"{path} is missing.")
        return self.folder(holder[0])

    def item(self, id_: ET.Element) -> StoredMail:
        """Return the mail that an ItemId names.

        Raises:
            EwsError: there is none, or it is not there any more.
        """
        mail_id, _, place = decoded(id_.get("Id", "")).partition("/")
        stored = self.mail.get(mail_id)
        if stored is None or stored.mailbox != self.mailbox or place != _place(stored):
            raise EwsError("ErrorItemNotFound", "The specified object was not found in the store.")
        return stored

    def folder_id(self, folder: Folder, name: str = "t:FolderId") -> ET.Element:
        """Write the id of a folder."""
        return element(name, Id=encoded(f"{self.mailbox}/{folder}"), ChangeKey=encoded("1"))


def item_id(stored: StoredMail, name: str = "t:ItemId") -> ET.Element:
    """Write the id of a mail where it lies now."""
    return element(
        name, Id=item_key(stored.id, stored.folder, stored.uid), ChangeKey=change_key(stored)
    )


def item_key(mail_id: str, folder: Folder, uid: int) -> str:
    """Return the id of a mail in a place."""
    return encoded(f"{mail_id}/{folder}/{uid}")


def change_key(stored: StoredMail) -> str:
    """Return what changes with each change of a mail."""
    return encoded(str(stored.change))


def encoded(text: str) -> str:
    """Write something as an opaque id."""
    return base64.b64encode(text.encode()).decode()


def decoded(id_: str) -> str:
    """Read an opaque id.

    Raises:
        EwsError: it is none.
    """
    try:
        return base64.b64decode(id_, validate=True).decode()
    except (binascii.Error, ValueError):
        raise EwsError("ErrorInvalidIdMalformed", "Id is malformed.") from None


def _place(stored: StoredMail) -> str:
    return f"{stored.folder}/{stored.uid}"
