"""One mailbox of an Exchange server, by exchangelib: everything here blocks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from exchangelib import Folder, Message
from exchangelib.errors import ErrorFolderNotFound, ErrorItemNotFound
from exchangelib.fields import FieldPath
from exchangelib.folders import Root
from exchangelib.items import ID_ONLY, SEND_AND_SAVE_COPY, SEND_TO_NONE
from exchangelib.properties import ConversationId, DistinguishedFolderId, FolderId, ItemId
from exchangelib.restriction import Q, Restriction
from exchangelib.services import (
    CreateItem,
    FindFolder,
    FindItem,
    GetFolder,
    GetItem,
    MoveItem,
    SyncFolderItems,
)
from exchangelib.services.sync_folder_hierarchy import SyncFolder

from connectors.mail.message import read_message
from connectors.mail.models import MailFolder, MailMessage, MailPage, MailSummary

PAGE_CHANGES = 100
"""Changes that are asked for at a time; SyncFolderItems gives 512 at most."""

ROLES = {
    "inbox": "inbox",
    "sent": "sentitems",
    "drafts": "drafts",
    "trash": "deleteditems",
    "junk": "junkemail",
}
"""From our roles to the folders that Exchange names in all languages."""

ARCHIVE = "Archive"
"""What Outlook calls the folder that it archives into; Exchange has no name of its own for it."""

_SENT = "sent"
_MAIL_CLASS = "IPF.Note"
_MAIL_ROOT = "msgfolderroot"
_FOLDER_FIELDS = ("name", "folder_class", "total_count", "unread_count")
_SUMMARY_FIELDS = (
    "message_id",
    "conversation_id",
    "author",
    "to_recipients",
    "cc_recipients",
    "subject",
    "datetime_received",
    "is_read",
)

_MISSING = (ErrorFolderNotFound, ErrorItemNotFound)

Thing = Any
"""Something of exchangelib's, which has no types."""


class EwsMailbox:
    """What is asked of a mailbox; errors are exchangelib's.

    Args:
        account: exchangelib's.
    """

    def __init__(self, account: Thing) -> None:
        self._account = account
        self._root = Root(account=account)

    def send(self, mime: bytes) -> None:
        """Send a message, and keep its copy in Sent Items."""
        created = CreateItem(account=self._account).call(
            items=[Message(account=self._account, mime_content=mime)],
            folder=self._folder(_SENT),
            message_disposition=SEND_AND_SAVE_COPY,
            send_meeting_invitations=SEND_TO_NONE,
        )
        _checked(created)

    def has_sent(self, message_id: str) -> bool:
        """Tell whether Sent Items holds a message."""
        return bool(self._find([self._folder(_SENT)], Q(message_id=message_id), at_most=1))

    def folders(self) -> list[MailFolder]:
        """List the folders of mail, in whatever depth."""
        roles = self._roles()
        return [
            MailFolder(
                id=folder.id,
                name=folder.name,
                role=roles.get(folder.id, "archive" if folder.name == ARCHIVE else ""),
                messages=folder.total_count or 0,
                unread=folder.unread_count or 0,
            )
            for folder in self._mail_folders()
        ]

    def changes(self, folder: str, cursor: str | None) -> MailPage:
        """Return a page of what changed in a folder; what left it meanwhile is not in it."""
        sync = _Sync(account=self._account)
        changes = _checked(
            sync.call(
                folder=self._folder(folder),
                shape=ID_ONLY,
                additional_fields=None,
                sync_state=cursor,
                ignore=None,
                max_changes_returned=PAGE_CHANGES,
                sync_scope=None,
            )
        )
        removed = [item for kind, item in changes if kind == SyncFolderItems.DELETE]
        there = [
            item[0] if kind == SyncFolderItems.READ_FLAG_CHANGE else item
            for kind, item in changes
            if kind != SyncFolderItems.DELETE
        ]
        return MailPage(
            messages=tuple(self._summaries(dict.fromkeys(item.id for item in there))),
            removed=tuple(item.id for item in removed),
            cursor=sync.sync_state,
            is_last=sync.includes_last_item_in_range,
        )

    def read(self, message: str) -> MailMessage:
        """Return a whole message, from its MIME."""
        (item,) = _checked(self._get([message], "mime_content"))
        return read_message(item.mime_content)

    def thread(self, thread_id: str) -> list[MailSummary]:
        """Return the messages of a conversation, the oldest first."""
        found = self._find(self._mail_folders(), Q(conversation_id=ConversationId(thread_id)))
        return sorted(self._summaries(found), key=lambda summary: summary.received_at)

    def move(self, message: str, folder: str) -> None:
        """Move a message to another folder."""
        moving = MoveItem(account=self._account)
        _checked(moving.call(items=[ItemId(message)], to_folder=self._folder(folder)))

    def _folder(self, folder: str) -> Thing:
        """Return a folder by our role or its id; only an archive has to be looked for."""
        if folder == "archive":
            return self._archive()
        name = folder if folder == _MAIL_ROOT else ROLES.get(folder)
        if name is None:
            return Folder(root=self._root, _id=FolderId(folder))
        return Folder(root=self._root, _distinguished_id=DistinguishedFolderId(name))

    def _archive(self) -> Thing:
        for folder in self._mail_folders():
            if folder.name == ARCHIVE:
                return folder
        raise ErrorFolderNotFound(f"there is no folder {ARCHIVE}")

    def _roles(self) -> dict[str, str]:
        """Return our roles by the ids of the folders that have one."""
        asked = GetFolder(account=self._account)
        found = asked.call([self._folder(role) for role in ROLES], None, ID_ONLY)
        there = zip(ROLES, _checked(found, but=_MISSING), strict=True)
        return {folder.id: role for role, folder in there if not isinstance(folder, Exception)}

    def _mail_folders(self) -> list[Thing]:
        found = FindFolder(account=self._account).call(
            folders=[self._folder(_MAIL_ROOT)],
            additional_fields=[_field(Folder, name) for name in _FOLDER_FIELDS],
            restriction=None,
            shape=ID_ONLY,
            depth="Deep",
            max_items=None,
            offset=0,
        )
        folders = _checked(found)
        return [one for one in folders if (one.folder_class or "").startswith(_MAIL_CLASS)]

    def _find(self, folders: list[Thing], wanted: Q, at_most: int | None = None) -> list[str]:
        """Return the ids of messages in folders."""
        restriction = Restriction(wanted, folders=folders, applies_to=Restriction.ITEMS)
        found = FindItem(account=self._account, page_size=at_most).call(
            folders=folders,
            additional_fields=None,
            restriction=restriction,
            order_fields=None,
            shape=ID_ONLY,
            query_string=None,
            depth="Shallow",
            calendar_view=None,
            max_items=at_most,
            offset=0,
        )
        return [id_ for id_, _change_key in _checked(found)]

    def _get(self, ids: Iterable[str], *fields: str) -> Iterable[Thing]:
        """Return messages with some of their fields, or why one couldn't be."""
        found: Iterable[Thing] = GetItem(account=self._account).call(
            items=[ItemId(id_) for id_ in ids],
            additional_fields=[_field(Message, name) for name in fields],
            shape=ID_ONLY,
        )
        return found

    def _summaries(self, ids: Iterable[str]) -> list[MailSummary]:
        """Return what lists show of messages; those that have left meanwhile are left out."""
        found = _checked(self._get(ids, *_SUMMARY_FIELDS), but=(ErrorItemNotFound,))
        return [_summary(item) for item in found if not isinstance(item, Exception)]


class _Sync(SyncFolderItems):  # type: ignore[misc]
    """SyncFolderItems; an error without a sync state is raised as what it is."""

    def _get_element_container(self, message: Thing, name: str | None = None) -> Thing:
        refused = message.get("ResponseClass") == "Error"
        reads: Thing = super(SyncFolder, self) if refused else super()
        return reads._get_element_container(message=message, name=name)  # noqa: SLF001


def _checked(found: Iterable[Thing], but: tuple[type[Exception], ...] = ()) -> list[Thing]:
    """Return what exchangelib found; errors that it hands out are raised, but for some."""
    things = list(found)
    for thing in things:
        if isinstance(thing, Exception) and not isinstance(thing, but):
            raise thing
    return things


def _field(kind: Thing, name: str) -> FieldPath:
    return FieldPath(field=kind.get_field_by_fieldname(name))


def _summary(item: Thing) -> MailSummary:
    """Read a message; meeting requests and the like lack some of its fields."""

    def of(name: str) -> Thing:
        return getattr(item, name, None)

    people = [*(of("to_recipients") or []), *(of("cc_recipients") or [])]
    sender = of("author") or of("sender")
    return MailSummary(
        id=item.id,
        message_id=of("message_id") or "",
        thread_id=of("conversation_id").id if of("conversation_id") else "",
        sender=(sender.email_address or "") if sender else "",
        recipients=tuple(box.email_address for box in people if box.email_address),
        subject=item.subject or "",
        received_at=datetime.fromtimestamp(item.datetime_received.timestamp(), UTC),
        is_read=bool(of("is_read")),
    )
