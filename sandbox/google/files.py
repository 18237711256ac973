"""What Drive keeps: files and folders, shared drives, and every change to them."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sandbox.google.channels import Channels, ResourceState
from sandbox.google.grid import Sheet

ROOT = "0AFsandboxMyDriveUk9PVA"
FOLDER = "application/vnd.google-apps.folder"
DOCUMENT = "application/vnd.google-apps.document"
SPREADSHEET = "application/vnd.google-apps.spreadsheet"
MAX_FILES = 10_000


@dataclass(frozen=True, kw_only=True)
class DriveFile:
    """A file, folder, document or spreadsheet.

    Args:
        content: bytes of a file, text of a document; a spreadsheet's are its sheets.
        drive_id: the shared drive it lies in; empty: our own.
        is_whole: whether all of it has arrived; half of one has neither size nor checksum.
    """

    name: str
    mime_type: str = "application/octet-stream"
    content: bytes = b""
    sheets: tuple[Sheet, ...] = ()
    parents: tuple[str, ...] = (ROOT,)
    description: str = ""
    drive_id: str = ""
    trashed: bool = False
    starred: bool = False
    is_whole: bool = True
    version: int = 1
    id: str = field(default_factory=lambda: "1" + uuid.uuid4().hex)
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    modified_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def is_native(self) -> bool:
        """Whether it is one of Google's own kinds, which are exported instead of downloaded."""
        return self.mime_type.startswith("application/vnd.google-apps.")

    def as_json(self, base_url: str) -> dict[str, Any]:
        """Describe it as Drive does, all fields."""
        shown: dict[str, Any] = {
            "kind": "drive#file",
            "id": self.id,
            "name": self.name,
            "mimeType": self.mime_type,
            "description": self.description,
            "parents": list(self.parents),
            "spaces": ["drive"],
            "starred": self.starred,
            "trashed": self.trashed,
            "version": str(self.version),
            "createdTime": moment(self.created_at),
            "modifiedTime": moment(self.modified_at),
            "webViewLink": f"{base_url}google/files/{self.id}",
            "ownedByMe": not self.drive_id,
            "capabilities": {"canDownload": True, "canEdit": True, "canTrash": True},
        }
        if self.drive_id:
            shown["driveId"] = shown["teamDriveId"] = self.drive_id
        if not self.is_native:
            shown["originalFilename"] = self.name
            shown["fullFileExtension"] = shown["fileExtension"] = self.name.rpartition(".")[2]
            if self.is_whole:
                shown["size"] = shown["quotaBytesUsed"] = str(len(self.content))
                shown["md5Checksum"] = hashlib.md5(self.content).hexdigest()  # noqa: S324
                shown["sha256Checksum"] = hashlib.sha256(self.content).hexdigest()
                shown["headRevisionId"] = f"0B{self.id[:12]}v{self.version}"
        return shown


@dataclass(frozen=True)
class SharedDrive:
    """A drive that belongs to a team; its root has its id."""

    id: str
    name: str
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def as_json(self) -> dict[str, Any]:
        """Describe it as Drive does."""
        return {
            "kind": "drive#drive",
            "id": self.id,
            "name": self.name,
            "createdTime": moment(self.created_at),
            "hidden": False,
        }


@dataclass(frozen=True)
class Change:
    """That a file is not as it was; ``drive_id`` is where it lay."""

    number: int
    file_id: str
    drive_id: str
    removed: bool
    at: datetime


class DriveStore:
    """All files, and every change in its order."""

    def __init__(self) -> None:
        self._files: dict[str, DriveFile] = {}
        self._drives: dict[str, SharedDrive] = {}
        self._changes: list[Change] = []
        self.channels = Channels()
        self.next_change = 1001
        self.oldest_change = 1001
        """Changes before this one are forgotten."""

    def add(self, file: DriveFile) -> DriveFile:
        """Keep a new file; the oldest leaves when there are more than MAX_FILES."""
        while len(self._files) >= MAX_FILES:
            self.delete(next(iter(self._files)))
        self._files[file.id] = file
        self._note(file, "add")
        return file

    def change(self, file: DriveFile, **changes: Any) -> DriveFile:  # noqa: ANN401 - fields
        """Change a file; its version and time move on."""
        now = {"version": file.version + 1, "modified_at": datetime.now(UTC)}
        changed = replace(file, **{**now, **changes})
        self._files[file.id] = changed
        state: ResourceState = "update"
        if changed.trashed != file.trashed:
            state = "trash" if changed.trashed else "untrash"
        self._note(changed, state)
        return changed

    def delete(self, file_id: str) -> None:
        """Delete a file for good, and what lies in it if it is a folder."""
        doomed = [file_id]
        for parent in doomed:
            doomed += [one.id for one in self._files.values() if parent in one.parents]
            if (file := self._files.pop(parent, None)) is not None:
                self._note(file, "remove")

    def get(self, file_id: str) -> DriveFile | None:
        """Return a file."""
        return self._files.get(file_id)

    def files(self) -> list[DriveFile]:
        """Return all files, the latest first."""
        return sorted(self._files.values(), key=lambda file: file.modified_at, reverse=True)

    def add_drive(self, drive: SharedDrive) -> SharedDrive:
        """Keep a shared drive."""
        self._drives[drive.id] = drive
        return drive

    def drives(self) -> list[SharedDrive]:
        """Return all shared drives."""
        return list(self._drives.values())

    def drive(self, drive_id: str) -> SharedDrive | None:
        """Return a shared drive."""
        return self._drives.get(drive_id)

    def changes_since(self, number: int) -> list[Change]:
        """Return the changes from a number on, of each file the latest only, as Drive tells."""
        latest = {one.file_id: one for one in self._changes if one.number >= number}
        return sorted(latest.values(), key=lambda one: one.number)

    def forget_changes(self) -> None:
        """Let the page tokens given so far be too old."""
        self._changes.clear()
        self.next_change += 1
        self.oldest_change = self.next_change

    def clear(self) -> None:
        """Forget all files and drives; the numbers of changes go on."""
        self._files.clear()
        self._drives.clear()
        self._changes.clear()
        self.channels.clear()

    def _note(self, file: DriveFile, state: ResourceState) -> None:
        number, removed = self.next_change, state == "remove"
        self.next_change += 1
        self._changes.append(Change(number, file.id, file.drive_id, removed, datetime.now(UTC)))
        self.channels.changed(file.id, state)


def moment(at: datetime) -> str:
    """Write a moment as Google does (RFC 3339, milliseconds)."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
