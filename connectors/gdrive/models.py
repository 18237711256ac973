"""What Drive tells of files, changes and channels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

_NATIVE = "application/vnd.google-apps."


class ExportFormat(StrEnum):
    """Formats that documents (text) and spreadsheets (the others) are exported in.

    CSV holds the first sheet only.
    """

    CSV = "text/csv"
    XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    TEXT = "text/plain"


class _Answer(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, frozen=True)


class DriveFile(_Answer):
    """A file as it is described, without its content.

    Args:
        size: in bytes; None: it isn't all there yet, or is one of Google's own kinds.
        md5_checksum: of the content, in hexadecimal digits; None: as for the size.
        drive_id: the shared drive it lies in; None: somebody's own.
        version: rises with each change.
    """

    id: str
    name: str
    mime_type: str
    size: int | None = None
    md5_checksum: str | None = None
    modified_time: datetime
    parents: Sequence[str] = ()
    drive_id: str | None = None
    trashed: bool = False
    version: int = 0
    web_view_link: str = ""

    @property
    def is_native(self) -> bool:
        """Whether it is a document, spreadsheet or folder of Google's: exported, not downloaded."""
        return self.mime_type.startswith(_NATIVE)

    @property
    def is_whole(self) -> bool:
        """Whether its content has arrived."""
        return self.size is not None and self.md5_checksum is not None


class FileList(_Answer):
    """A page of files; with an incomplete search, files of some drives may be missing."""

    files: Sequence[DriveFile] = ()
    incomplete_search: bool = False
    next_page_token: str | None = None


class Change(_Answer):
    """That a file is not as it was; without ``file``, it is gone or was taken from us."""

    file_id: str
    removed: bool = False
    time: datetime
    file: DriveFile | None = None


class ChangeList(_Answer):
    """A page of changes; the last one has the token for the next time."""

    changes: Sequence[Change] = ()
    next_page_token: str | None = None
    new_start_page_token: str | None = None


class Changes(BaseModel):
    """All changes since a page token, the oldest first; a file is named once, as it is now.

    Args:
        changes: what is to be applied.
        next_page_token: kept when they are applied, and no earlier.
    """

    changes: Sequence[Change]
    next_page_token: str


class StartPageToken(_Answer):
    """The token of what is yet to come."""

    start_page_token: str


class Channel(_Answer):
    """A channel by which Drive tells that something changed."""

    id: str
    resource_id: str
    expires_at: datetime = Field(alias="expiration")

    def is_due(self, now: datetime, margin: timedelta = timedelta(hours=12)) -> bool:
        """Tell whether it must be renewed: it ends soon."""
        return now >= self.expires_at - margin
