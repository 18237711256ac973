"""What the Drive connector promises, against the stand-in."""

from __future__ import annotations

import asyncio
import csv
import io
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from connectors._http.errors import (
    NeedsReauthError,
    RateLimitedError,
    RejectedError,
    ServiceNotFoundError,
    TransientError,
)
from connectors._http.retry import RetryPolicy
from connectors._http.webhook import UnverifiedWebhookError
from connectors.gdrive import client as drive_module
from connectors.gdrive.client import DriveClient, quote
from connectors.gdrive.errors import HalfUploadedError, PageTokenExpiredError
from connectors.gdrive.models import Channel, DriveFile, ExportFormat
from connectors.gdrive.webhook import verify
from sandbox.google import files as played
from sandbox.google.access import Quotas
from sandbox.google.grid import Sheet
from sandbox.windows import RateLimit
from tests.contract.cases.google import no_wait, settings

CSV = b"company,email\r\nRoy Music,ann@example.org\r\n"
TEAM = played.SharedDrive("0ATeam", "Sales")


@pytest.fixture
def store(stand_ins: Any) -> played.DriveStore:
    found: played.DriveStore = stand_ins.sandbox.state.store(played.DriveStore)
    return found


@pytest.fixture
async def drive(stand_ins: Any) -> AsyncIterator[DriveClient]:
    drive = DriveClient(
        **settings(stand_ins), timeout_seconds=5.0, retry=RetryPolicy(sleep=no_wait)
    )
    yield drive
    await drive.aclose()


def put(store: played.DriveStore, name: str = "leads.csv", **more: Any) -> played.DriveFile:
    file = {"mime_type": "text/csv", "content": CSV, **more}
    return store.add(played.DriveFile(name=name, **file))


async def all_of(found: AsyncIterator[DriveFile]) -> list[str]:
    return [file.name async for file in found]


async def test_files_of_shared_drives_are_listed_too(
    drive: DriveClient, store: played.DriveStore
) -> None:
    store.add_drive(TEAM)
    put(store, "ours.csv")
    put(store, "theirs.csv", parents=(TEAM.id,), drive_id=TEAM.id)
    put(store, "old.csv", trashed=True)

    assert sorted(await all_of(drive.list_files())) == ["ours.csv", "theirs.csv"]
    assert await all_of(drive.list_files(drive_id=TEAM.id)) == ["theirs.csv"]
    assert await all_of(drive.list_files(f"{quote(TEAM.id)} in parents")) == ["theirs.csv"]


async def test_a_list_is_read_to_its_end(drive: DriveClient, store: played.DriveStore) -> None:
    for number in range(1001):
        put(store, f"{number}.csv")

    assert len(await all_of(drive.list_files())) == 1001


@pytest.mark.parametrize("name", ["Ann's leads.csv", "back\\slash.csv", "Éric.csv"])
async def test_any_name_can_be_searched_for(
    drive: DriveClient, store: played.DriveStore, name: str
) -> None:
    put(store, name)
    put(store)

    assert await all_of(drive.list_files(f"name = {quote(name)}")) == [name]


@pytest.mark.offends
async def test_a_wrong_search_is_rejected(drive: DriveClient) -> None:
    with pytest.raises(RejectedError, match="invalid"):
        await all_of(drive.list_files("nonsense ="))


async def test_a_file_is_described_and_read(drive: DriveClient, store: played.DriveStore) -> None:
    file = await drive.get_file(put(store).id)

    assert (file.name, file.size, file.is_whole, file.is_native) == ("leads.csv", 42, True, False)
    assert await drive.download(file, most_bytes=1000) == CSV


async def test_a_large_file_is_read_in_parts(
    stand_ins: Any, drive: DriveClient, store: played.DriveStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drive_module, "CHUNK_BYTES", 10)
    file = await drive.get_file(put(store).id)

    assert await drive.download(file, most_bytes=42) == CSV

    ranges = [call["headers"].get("range") for call in await stand_ins.calls("google")]
    parts = [one for one in ranges if one]
    assert parts == ["bytes=0-9", "bytes=10-19", "bytes=20-29", "bytes=30-39", "bytes=40-41"]


async def test_an_empty_file_is_empty(drive: DriveClient, store: played.DriveStore) -> None:
    file = await drive.get_file(put(store, content=b"").id)

    assert await drive.download(file, most_bytes=0) == b""


async def test_a_file_that_is_too_large_is_not_read(
    stand_ins: Any, drive: DriveClient, store: played.DriveStore
) -> None:
    file = await drive.get_file(put(store).id)

    with pytest.raises(RejectedError, match="42 bytes are more than 41"):
        await drive.download(file, most_bytes=41)

    assert all("alt=media" not in call["query"] for call in await stand_ins.calls("google"))


async def test_a_file_that_changed_meanwhile_is_not_taken(
    drive: DriveClient, store: played.DriveStore
) -> None:
    kept = put(store)
    file = await drive.get_file(kept.id)
    longer = store.change(kept, content=CSV.replace(b"ann", b"bob"))

    with pytest.raises(TransientError, match="checksum"):
        await drive.download(file, most_bytes=1000)

    store.change(longer, content=b"short")
    with pytest.raises(TransientError, match="5 bytes came of 42"):
        await drive.download(file, most_bytes=1000)


async def test_half_of_a_file_is_not_taken(stand_ins: Any, drive: DriveClient) -> None:
    half = {"name": "big.csv", "content": "comp"}
    answer = await stand_ins.control.post("/_control/google/half-uploads", json=half)
    file_id = answer.json()["id"]

    with pytest.raises(HalfUploadedError, match="no size yet"):
        await drive.download(await drive.get_file(file_id), most_bytes=1000)

    await stand_ins.control.post(f"/_control/google/half-uploads/{file_id}/finish")
    assert await drive.download(await drive.get_file(file_id), most_bytes=1000) == b"comp"


async def test_sheets_and_documents_are_exported(
    drive: DriveClient, store: played.DriveStore
) -> None:
    rows = (("SKU", "Price", "Sold"), ("A<1", 12.5, True))
    sheet = put(store, mime_type=played.SPREADSHEET, sheets=(Sheet("Parts & prices", rows),))
    text = put(store, mime_type=played.DOCUMENT, content="Café".encode())

    exported = (await drive.export(sheet.id, ExportFormat.CSV)).decode()
    assert list(csv.reader(io.StringIO(exported))) == [
        ["SKU", "Price", "Sold"],
        ["A<1", "12.5", "TRUE"],
    ]
    assert await drive.export(text.id, ExportFormat.TEXT) == "Café".encode()
    workbook = await drive.export(sheet.id, ExportFormat.XLSX)
    with zipfile.ZipFile(io.BytesIO(workbook)) as parts:
        assert b"Parts &amp; prices" in parts.read("xl/workbook.xml")
        assert b"A&lt;1" in parts.read("xl/worksheets/sheet1.xml")


async def test_what_cannot_be_read_so_is_rejected(
    drive: DriveClient, store: played.DriveStore
) -> None:
    sheet = put(store, mime_type=played.SPREADSHEET, sheets=(Sheet("One"),))
    with pytest.raises(RejectedError, match="export it"):
        await drive.download(await drive.get_file(sheet.id), most_bytes=1000)
    with pytest.raises(RejectedError, match="conversion"):
        await drive.export(sheet.id, ExportFormat.TEXT)
    with pytest.raises(RejectedError, match="fileNotExportable"):
        await drive.export(put(store).id, ExportFormat.CSV)


async def test_a_page_in_the_place_of_an_export_is_not_taken(
    stand_ins: Any, drive: DriveClient, store: played.DriveStore
) -> None:
    sheet = put(store, mime_type=played.SPREADSHEET, sheets=(Sheet("One", (("a",),)),))
    await stand_ins.fault("google", "html", path="/export", count=4)

    with pytest.raises(TransientError, match="text/html"):
        await drive.export(sheet.id, ExportFormat.CSV)
    assert await drive.export(sheet.id, ExportFormat.CSV) == b"a"


async def test_changes_are_told_once_each_with_what_was_removed(
    drive: DriveClient, store: played.DriveStore
) -> None:
    store.add_drive(TEAM)
    gone = put(store, "gone.csv", parents=(TEAM.id,), drive_id=TEAM.id)
    begin = await drive.get_start_page_token()
    new = put(store)
    store.change(new, name="renamed.csv")
    store.delete(gone.id)

    changes = await drive.list_changes(begin)

    renamed, removed = changes.changes
    assert renamed.file is not None
    assert (renamed.file.name, renamed.removed) == ("renamed.csv", False)
    assert (removed.file_id, removed.removed, removed.file) == (gone.id, True, None)
    assert (await drive.list_changes(changes.next_page_token)).changes == []


async def test_changes_are_read_to_their_end(drive: DriveClient, store: played.DriveStore) -> None:
    begin = await drive.get_start_page_token()
    for _ in range(1001):
        put(store)

    changes = await drive.list_changes(begin)

    assert len(changes.changes) == 1001
    assert (await drive.list_changes(changes.next_page_token)).changes == []


async def test_an_old_page_token_is_told(stand_ins: Any, drive: DriveClient) -> None:
    begin = await drive.get_start_page_token()
    await stand_ins.control.post("/_control/google/forget-changes")

    with pytest.raises(PageTokenExpiredError, match="listed once more"):
        await drive.list_changes(begin)


@dataclass
class Listener:
    """An address of ours; it keeps the headers of what it is told."""

    url: str = ""
    told: list[dict[str, str]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = head.split("\r\n")[1:-2]
        self.told.append(dict(line.split(": ", 1) for line in lines))
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        writer.close()


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    listener = Listener()
    server = await asyncio.start_server(listener.serve, "127.0.0.1", 0)
    listener.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/drive"
    yield listener
    server.close()


def told_to(listener: Listener, channel_id: str = "one") -> dict[str, Any]:
    return {
        "channel_id": channel_id,
        "address": listener.url,
        "token": SecretStr("the-channel-token"),
        "expires_at": datetime.now(UTC) + timedelta(days=30),
    }


async def watched(drive: DriveClient, listener: Listener) -> Channel:
    return await drive.watch_changes(await drive.get_start_page_token(), **told_to(listener))


async def test_push_messages_are_verified_whatever_their_order(
    stand_ins: Any, drive: DriveClient, store: played.DriveStore, listener: Listener
) -> None:
    channel = await watched(drive, listener)
    put(store)
    put(store)

    await stand_ins.control.post("/_control/google/deliver", params={"repeat": 2, "shuffle": True})

    channels = {channel.id: SecretStr("the-channel-token")}
    messages = [verify(headers, channels) for headers in listener.told]
    assert sorted(message.number for message in messages) == [1, 1, 2, 2, 3, 3]
    assert {message.number: message.is_sync for message in messages} == {
        1: True,
        2: False,
        3: False,
    }
    with pytest.raises(UnverifiedWebhookError):
        verify(listener.told[0], {channel.id: SecretStr("another")})


async def test_a_channel_ends_in_a_week_and_is_renewed_by_another(
    stand_ins: Any, drive: DriveClient, store: played.DriveStore, listener: Listener
) -> None:
    channel = await watched(drive, listener)
    now = datetime.now(UTC)
    assert timedelta(days=6, hours=23) < channel.expires_at - now <= timedelta(days=7)
    assert not channel.is_due(now)
    assert channel.is_due(channel.expires_at - timedelta(hours=11))

    begin = await drive.get_start_page_token()
    renewed = await drive.renew_channel(channel, begin, **told_to(listener, "two"))
    put(store)
    await stand_ins.control.post("/_control/google/deliver")

    assert {headers["X-Goog-Channel-ID"] for headers in listener.told} == {renewed.id}
    with pytest.raises(ServiceNotFoundError):
        await drive.stop_channel(channel)
    await drive.renew_channel(channel, begin, **told_to(listener, "three"))


async def test_an_id_that_is_used_is_rejected(drive: DriveClient, listener: Listener) -> None:
    await watched(drive, listener)

    with pytest.raises(RejectedError, match="channelIdNotUnique"):
        await watched(drive, listener)


async def test_a_quota_is_told_as_such(
    stand_ins: Any, drive: DriveClient, store: played.DriveStore
) -> None:
    stand_ins.sandbox.state.store(Quotas).drive = RateLimit(1, 3600)
    try:
        await drive.ping()
        with pytest.raises(RateLimitedError, match="userRateLimitExceeded"):
            await drive.ping()
    finally:
        stand_ins.sandbox.state.store(Quotas).drive = RateLimit(12_000, 60)


async def test_an_ended_token_is_renewed(stand_ins: Any, drive: DriveClient) -> None:
    await drive.ping()
    await stand_ins.control.post("/_control/google/expire-tokens")

    await drive.ping()


async def test_a_wrong_grant_needs_a_person(stand_ins: Any) -> None:
    wrong = {**settings(stand_ins), "refresh_token": SecretStr("revoked")}
    drive = DriveClient(**wrong, timeout_seconds=5.0)

    with pytest.raises(NeedsReauthError, match="HOTROD_GOOGLE__REFRESH_TOKEN"):
        await drive.ping()
    await drive.aclose()


async def test_what_is_not_there_is_told(drive: DriveClient) -> None:
    with pytest.raises(ServiceNotFoundError, match="notFound"):
        await drive.get_file("nowhere")


async def test_many_calls_at_once_keep_to_their_own_connections(
    drive: DriveClient, store: played.DriveStore
) -> None:
    kept = [put(store, f"{number}.csv") for number in range(20)]

    found = await asyncio.gather(*(drive.get_file(file.id) for file in kept))

    assert [file.name for file in found] == [file.name for file in kept]
