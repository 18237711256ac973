"""Calls of Drive v3."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from googleapiclient.http import HttpRequest
from pydantic import SecretStr

from connectors._http.errors import ConnectorError, RejectedError, TransientError
from connectors._http.google import GoogleApi
from connectors._http.google_client import GoogleClient
from connectors._http.limits import Rate
from connectors._http.paging import Page, items, pages
from connectors.gdrive.errors import CURES, TABLE, HalfUploadedError
from connectors.gdrive.models import (
    Change,
    ChangeList,
    Changes,
    Channel,
    DriveFile,
    ExportFormat,
    FileList,
    StartPageToken,
)

if TYPE_CHECKING:
    from googleapiclient._apis.drive.v3 import DriveResource

SERVICE = "gdrive"

RATE = Rate(600, 60.0)
"""Drive allows a user 325,000 quota units a minute, and has not said what each call costs; this
allows for 500 a call. Source: Drive API, "Usage limits" (May 2026).
"""

CHUNK_BYTES = 8 * 1024 * 1024

_FILE = "id,name,mimeType,size,md5Checksum,modifiedTime,parents,driveId,trashed,version,webViewLink"
_EVERYWHERE = {"corpora": "allDrives"}


class DriveClient(GoogleClient):
    """Reads files and changes of our own Drive and of all shared drives that we see.

    The files' owner grants the scope ``drive.readonly``.
    """

    _google: GoogleApi[DriveResource]
    _service, _name, _version = SERVICE, "drive", "v3"
    _path = "drive/v3/"
    _table, _cures = TABLE, CURES

    def list_files(
        self, query: str = "trashed = false", *, drive_id: str | None = None
    ) -> AsyncIterator[DriveFile]:
        """Yield the files of a search, those of shared drives too (``files.list``).

        Args:
            query: in Drive's language ("Search query terms and operators"), e.g.
                ``'FOLDER-ID' in parents and trashed = false``; texts by ``quote``.
            drive_id: the shared drive to which the search is limited.

        Raises:
            TransientError: Drive didn't search all drives; name the one that is meant.
            ConnectorError: as classified, see ``errors``.
        """

        async def fetch(cursor: str | None) -> Page[DriveFile]:
            page = await self._google.fetch(
                FileList, "list_files", lambda drive: ask(drive, cursor), safe=True, check=whole
            )
            return Page(page.files, page.next_page_token)

        def whole(page: FileList) -> None:
            if page.incomplete_search:
                raise self._google.error(TransientError, "list_files", "not all was searched")

        def ask(drive: DriveResource, cursor: str | None) -> HttpRequest:
            more: dict[str, Any] = {"pageToken": cursor} if cursor else {}
            more |= {"corpora": "drive", "driveId": drive_id} if drive_id else _EVERYWHERE
            return drive.files().list(
                q=query,
                pageSize=1000,
                fields=f"nextPageToken,incompleteSearch,files({_FILE})",
                supportsAllDrives=True,
                includeItemsFromAllDrives=True,
                **more,
            )

        return items(pages(SERVICE, "list_files", fetch))

    async def get_file(self, file_id: str) -> DriveFile:
        """Describe a file (``files.get``).

        Raises:
            ServiceNotFoundError: it isn't there, or isn't shared with us.
            ConnectorError: as classified, see ``errors``.
        """
        return await self._google.fetch(
            DriveFile,
            "get_file",
            lambda drive: drive.files().get(fileId=file_id, fields=_FILE, supportsAllDrives=True),
            safe=True,
        )

    async def download(self, file: DriveFile, *, most_bytes: int) -> bytes:
        """Return a file's content, checked against its size and checksum.

        Args:
            file: as just described.
            most_bytes: a larger one is refused before anything is read.

        Raises:
            HalfUploadedError: it isn't all there yet.
            RejectedError: it is too large, or one of Google's own kinds, which are exported.
            TransientError: it changed while it was read.
        """
        size = self._size_to_read(file)
        if size > most_bytes:
            raise self._google.error(
                RejectedError, "download", f"{size} bytes are more than {most_bytes}"
            )
        content = b"".join([chunk async for chunk in self._chunks(file.id, size)])
        if hashlib.md5(content, usedforsecurity=False).hexdigest() != file.md5_checksum:
            raise self._google.error(
                TransientError, "download", "the content doesn't match the file's checksum"
            )
        return content

    async def export(self, file_id: str, kind: ExportFormat) -> bytes:
        """Return a document or spreadsheet in another format (``files.export``, up to 10 MB).

        Raises:
            RejectedError: it has no such format, or is too large.
            TransientError: what came is in another format.
        """
        came: list[str] = []

        def ask(drive: DriveResource) -> HttpRequest:
            request = drive.files().export(fileId=file_id, mimeType=kind)
            request.add_response_callback(
                lambda answer: came.append(answer.get("content-type", ""))
            )
            return request

        def as_asked(_content: bytes) -> None:
            if not came[-1].startswith(kind):
                raise self._google.unreadable(
                    "export", f"it is {came[-1] or 'of no type'}", safe=True
                )

        content: bytes = await self._google.send("export", ask, safe=True, check=as_asked)
        return content

    async def get_start_page_token(self) -> str:
        """Return the page token of what is yet to come (``changes.getStartPageToken``).

        Take it before the first listing of all files; what changes meanwhile comes twice then,
        and nothing is missed.
        """
        answer = await self._google.fetch(
            StartPageToken,
            "get_start_page_token",
            lambda drive: drive.changes().getStartPageToken(supportsAllDrives=True),
            safe=True,
        )
        return answer.start_page_token

    async def list_changes(self, page_token: str) -> Changes:
        """Return all that changed since a page token (``changes.list``).

        Raises:
            PageTokenExpiredError: it is too old.
            ConnectorError: as classified, see ``errors``.
        """
        token = page_token

        async def fetch(cursor: str | None) -> Page[Change]:
            nonlocal token
            page = await self._google.fetch(
                ChangeList,
                "list_changes",
                lambda drive: ask(drive, cursor or page_token),
                safe=True,
            )
            token = page.new_start_page_token or token
            return Page(page.changes, page.next_page_token)

        def ask(drive: DriveResource, cursor: str) -> HttpRequest:
            return drive.changes().list(
                pageToken=cursor,
                pageSize=1000,
                fields="nextPageToken,newStartPageToken,"
                f"changes(fileId,removed,time,file({_FILE}))",
                supportsAllDrives=True,
                includeItemsFromAllDrives=True,
                includeRemoved=True,
            )

        found = [change async for change in items(pages(SERVICE, "list_changes", fetch))]
        return Changes(changes=found, next_page_token=token)

    async def watch_changes(
        self,
        page_token: str,
        *,
        channel_id: str,
        address: str,
        token: SecretStr,
        expires_at: datetime,
    ) -> Channel:
        """Have Drive tell an address that something changed (``changes.watch``).

        The messages say no more than that: list the changes then, and now and then without one.

        Args:
            page_token: of the changes that are not known yet.
            channel_id: never asked for before, whatever came of it, e.g. a UUID; 64 characters at
                most.
            address: an HTTPS address of ours.
            token: comes with each message, as the only proof of who sent it.
            expires_at: seven days ahead at most; Drive may say an earlier end.

        Raises:
            UnknownOutcomeError: the channel may be open; messages of it are refused by its id.
            ConnectorError: as classified, see ``errors``.
        """
        wanted = {
            "id": channel_id,
            "type": "web_hook",
            "address": address,
            "token": token.get_secret_value(),
            "expiration": str(int(expires_at.timestamp() * 1000)),
        }
        return await self._google.fetch(
            Channel,
            "watch_changes",
            lambda drive: drive.changes().watch(
                pageToken=page_token,
                body=wanted,  # type: ignore[arg-type]
                supportsAllDrives=True,
                includeItemsFromAllDrives=True,
                includeRemoved=True,
            ),
            safe=False,
        )

    async def renew_channel(
        self,
        ending: Channel,
        page_token: str,
        *,
        channel_id: str,
        address: str,
        token: SecretStr,
        expires_at: datetime,
    ) -> Channel:
        """Open another channel, then end one; for a while messages come by both.

        When it can't be ended, it ends by itself; what counts is that the new one is known.

        Args:
            ending: the channel that ``is_due``, or has ended already.
            page_token: as for ``watch_changes``, and so are the others.
            channel_id: never asked for before.
            address: an HTTPS address of ours.
            token: comes with each message of the new channel.
            expires_at: seven days ahead at most.

        Raises:
            UnknownOutcomeError: the new channel may be open; ask again with another id.
            ConnectorError: no channel was opened; as classified, see ``errors``.
        """
        renewed = await self.watch_changes(
            page_token,
            channel_id=channel_id,
            address=address,
            token=token,
            expires_at=expires_at,
        )
        with suppress(ConnectorError):
            await self.stop_channel(ending)
        return renewed

    async def stop_channel(self, channel: Channel) -> None:
        """End a channel (``channels.stop``).

        Raises:
            ServiceNotFoundError: it has ended already.
            ConnectorError: as classified, see ``errors``.
        """
        ended = {"id": channel.id, "resourceId": channel.resource_id}
        await self._google.send(
            "stop_channel",
            lambda drive: drive.channels().stop(body=ended),  # type: ignore[arg-type]
            safe=False,
        )

    async def ping(self) -> None:
        """Ask whose Drive it is (``about.get``).

        Raises:
            ConnectorError: Drive is not reached, or does not take our credentials.
        """
        await self._google.send("ping", lambda drive: drive.about().get(fields="kind"), safe=True)

    def _size_to_read(self, file: DriveFile) -> int:
        if file.is_native:
            raise self._google.error(
                RejectedError, "download", f"{file.mime_type} has no content; export it"
            )
        if file.size is None or file.md5_checksum is None:
            missing = "size" if file.size is None else "checksum"
            raise self._google.error(
                HalfUploadedError, "download", f"the file has no {missing} yet"
            )
        return file.size

    async def _chunks(self, file_id: str, size: int) -> AsyncIterator[bytes]:
        for begin in range(0, size, CHUNK_BYTES):
            end = min(begin + CHUNK_BYTES, size)
            yield await self._read(file_id, begin, end)

    async def _read(self, file_id: str, begin: int, end: int) -> bytes:
        """Return a part of a file's content (``alt=media`` with a Range)."""

        def ask(drive: DriveResource) -> HttpRequest:
            request = drive.files().get_media(fileId=file_id, supportsAllDrives=True)
            part = {"range": f"bytes={begin}-{end - 1}", "accept-encoding": "identity"}
            request.headers = {**(request.headers or {}), **part}
            return request

        def whole(content: bytes) -> None:
            if len(content) != end - begin:
                raise self._google.error(
                    TransientError, "download", f"{len(content)} bytes came of {end - begin}"
                )

        content: bytes = await self._google.send("download", ask, safe=True, check=whole)
        return content


def quote(text: str) -> str:
    r"""Write a text for a search: ``'Ann\'s leads'``."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
