from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from connectors._http.calls import MemoryRecorder, Shared
from connectors._http.errors import (
    ConnectorError,
    NeedsReauthError,
    RateLimitedError,
    RejectedError,
    ServiceNotFoundError,
    TransientError,
)
from connectors._http.paging import EndlessPagingError
from connectors._http.retry import RetryPolicy
from connectors.gdrive.client import DriveClient, quote
from connectors.gdrive.errors import HalfUploadedError, PageTokenExpiredError
from connectors.gdrive.models import Channel, DriveFile, ExportFormat
from tests.connectors.conftest import FaultyServer
from tests.connectors.google_kit import SECRET, parameters, path, refuse, settings

FILE = {
    "id": "f1",
    "name": "leads.csv",
    "mimeType": "text/csv",
    "size": "5",
    "md5Checksum": "5d41402abc4b2a76b9719d911017c592",
    "modifiedTime": "2026-11-01T10:00:00.000Z",
    "unknown": "left out",
}


@pytest.fixture
async def drive(
    server: FaultyServer, retry: RetryPolicy, recorder: MemoryRecorder
) -> AsyncIterator[DriveClient]:
    drive = DriveClient(**settings(server), shared=Shared(recorder=recorder), retry=retry)
    yield drive
    await drive.aclose()


async def test_lists_ask_for_shared_drives_and_for_the_next_page(
    server: FaultyServer, drive: DriveClient
) -> None:
    server.answer(200, {"files": [FILE], "nextPageToken": "more"})
    server.answer(200, {"files": [{**FILE, "id": "f2"}]})

    found = [file.id async for file in drive.list_files("name = 'a'", drive_id="team")]

    assert found == ["f1", "f2"]
    first, second = (parameters(seen) for seen in server.seen[1:])
    assert first["q"] == "name = 'a'"
    assert (first["supportsAllDrives"], first["includeItemsFromAllDrives"]) == ("true", "true")
    assert (first["corpora"], first["driveId"], first["pageSize"]) == ("drive", "team", "1000")
    assert "md5Checksum" in first["fields"]
    assert second["pageToken"] == "more"


async def test_all_drives_are_searched_or_it_is_told(
    server: FaultyServer, drive: DriveClient
) -> None:
    for _ in range(3):
        server.answer(200, {"files": [FILE], "incompleteSearch": True})

    with pytest.raises(TransientError, match="not all was searched"):
        [file async for file in drive.list_files()]

    assert parameters(server.seen[-1])["corpora"] == "allDrives"


async def test_a_list_without_an_end_is_told(server: FaultyServer, drive: DriveClient) -> None:
    for _ in range(2):
        server.answer(200, {"files": [], "nextPageToken": "same"})

    with pytest.raises(EndlessPagingError):
        [file async for file in drive.list_files()]


async def test_the_last_page_of_changes_has_the_token_for_the_next_time(
    server: FaultyServer, drive: DriveClient
) -> None:
    time = "2026-11-01T10:00:00Z"
    gone = {"fileId": "f2", "removed": True, "time": time}
    server.answer(
        200,
        {"changes": [{"fileId": "f1", "time": time, "file": FILE}], "nextPageToken": "p2"},
    )
    server.answer(200, {"changes": [gone], "newStartPageToken": "p3"})

    found = await drive.list_changes("p1")

    assert [(change.file_id, change.removed) for change in found.changes] == [
        ("f1", False),
        ("f2", True),
    ]
    assert found.next_page_token == "p3"
    asked = [parameters(seen) for seen in server.seen[1:]]
    assert [one["pageToken"] for one in asked] == ["p1", "p2"]
    assert asked[0]["includeRemoved"] == asked[0]["includeItemsFromAllDrives"] == "true"


async def test_a_channel_is_asked_for_with_its_token_and_end(
    server: FaultyServer, drive: DriveClient
) -> None:
    answer = {"id": "c1", "resourceId": "r1", "expiration": "1798761600000", "token": "t"}
    server.answer(200, answer)

    channel = await drive.watch_changes(
        "p1",
        channel_id="c1",
        address="https://us.example/drive",
        token=SecretStr("t"),
        expires_at=datetime(2027, 1, 1, tzinfo=UTC),
    )

    asked = server.seen[-1]
    assert (asked.method, path(asked)) == ("POST", "/drive/v3/changes/watch")
    assert parameters(asked)["pageToken"] == "p1"
    assert json.loads(asked.body) == {
        "id": "c1",
        "type": "web_hook",
        "address": "https://us.example/drive",
        "token": "t",
        "expiration": "1798761600000",
    }
    assert channel == Channel.model_validate(answer)
    assert channel.expires_at == datetime(2027, 1, 1, tzinfo=UTC)


async def test_a_channel_is_stopped_by_both_of_its_ids(
    server: FaultyServer, drive: DriveClient
) -> None:
    channel = Channel.model_validate({"id": "c1", "resourceId": "r1", "expiration": 0})
    server.answer(204, b"")

    await drive.stop_channel(channel)

    asked = server.seen[-1]
    assert path(asked) == "/drive/v3/channels/stop"
    assert json.loads(asked.body) == {"id": "c1", "resourceId": "r1"}


@pytest.mark.parametrize("status", [401, 404, 429, 500])
async def test_a_renewed_channel_is_known_though_the_old_one_cannot_be_ended(
    server: FaultyServer, drive: DriveClient, status: int
) -> None:
    old = Channel.model_validate({"id": "c1", "resourceId": "r1", "expiration": 0})
    server.at("/changes/watch", 200, {"id": "c2", "resourceId": "r2", "expiration": 0})
    server.at("/channels/stop", status, {"error": {"message": "No."}})
    server.at("/oauth2/token", 200, {"access_token": "one", "expires_in": 3599})

    renewed = await drive.renew_channel(
        old,
        "p1",
        channel_id="c2",
        address="https://us.example/drive",
        token=SecretStr("t"),
        expires_at=datetime(2027, 1, 1, tzinfo=UTC),
    )

    server.plan.clear()
    assert renewed.id == "c2"
    assert sum(path(seen).endswith("/changes/watch") for seen in server.seen) == 1


async def test_a_part_is_asked_for_as_it_is(server: FaultyServer, drive: DriveClient) -> None:
    server.answer(206, b"hello", Content_Range="bytes 0-4/5", Content_Type="text/csv")

    assert await drive.download(DriveFile.model_validate(FILE), most_bytes=5) == b"hello"

    asked = server.seen[-1]
    assert (asked.headers["range"], asked.headers["accept-encoding"]) == ("bytes=0-4", "identity")
    assert (parameters(asked)["alt"], parameters(asked)["supportsAllDrives"]) == ("media", "true")


async def test_content_that_is_not_the_files_is_refused(
    server: FaultyServer, drive: DriveClient
) -> None:
    file = DriveFile.model_validate(FILE)
    server.answer(206, b"jello", Content_Type="text/csv")
    with pytest.raises(TransientError, match="checksum"):
        await drive.download(file, most_bytes=5)
    for _ in range(3):
        server.answer(200, b"<html>Sign in", Content_Type="text/html")
    with pytest.raises(TransientError, match="13 bytes came of 5"):
        await drive.download(file, most_bytes=5)


@pytest.mark.parametrize("missing", ["size", "md5Checksum"])
async def test_a_file_without_size_or_checksum_is_still_coming(
    server: FaultyServer, drive: DriveClient, missing: str
) -> None:
    file = DriveFile.model_validate({name: FILE[name] for name in FILE if name != missing})

    with pytest.raises(HalfUploadedError, match="read later"):
        await drive.download(file, most_bytes=5)

    server.plan.clear()
    assert not server.seen


async def test_an_export_in_another_format_is_refused(
    server: FaultyServer, drive: DriveClient
) -> None:
    server.answer(200, b"a,b", Content_Type="text/csv; charset=utf-8")
    assert await drive.export("f1", ExportFormat.CSV) == b"a,b"
    assert parameters(server.seen[-1])["mimeType"] == "text/csv"

    for _ in range(3):
        server.answer(200, b"<html>", Content_Type="text/html")
    with pytest.raises(TransientError, match="text/html"):
        await drive.export("f1", ExportFormat.CSV)


async def test_an_answer_that_is_not_what_was_asked_for_is_a_failed_call(
    server: FaultyServer, drive: DriveClient, recorder: MemoryRecorder
) -> None:
    for _ in range(3):
        server.answer(200, b"<html>", Content_Type="text/html")
    with pytest.raises(TransientError):
        await drive.export("f1", ExportFormat.CSV)
    server.answer(206, b"hell", Content_Type="text/csv")
    server.answer(206, b"hello", Content_Type="text/csv")

    await drive.download(DriveFile.model_validate(FILE), most_bytes=5)

    assert [
        (call.operation, call.outcome, call.attempts)
        for call in recorder.calls
        if call.service == "gdrive"
    ] == [("export", "TransientError", 3), ("download", "ok", 2)]


@pytest.mark.parametrize(
    ("status", "reason", "kind", "tries"),
    [
        (403, "userRateLimitExceeded", RateLimitedError, 3),
        (429, "rateLimitExceeded", RateLimitedError, 3),
        (500, "backendError", TransientError, 3),
        (416, "requestedRangeNotSatisfiable", TransientError, 3),
        (403, "exportSizeLimitExceeded", RejectedError, 1),
        (403, "cannotDownloadAbusiveFile", RejectedError, 1),
        (403, "insufficientPermissions", NeedsReauthError, 1),
        (404, "notFound", ServiceNotFoundError, 1),
        (410, "expired", PageTokenExpiredError, 1),
    ],
)
async def test_refusals_have_their_class_and_a_cure_and_no_secret(
    server: FaultyServer,
    drive: DriveClient,
    status: int,
    reason: str,
    kind: type[ConnectorError],
    tries: int,
) -> None:
    for _ in range(tries):
        refuse(server, status, reason, f"No, {SECRET}: ann@example.org may not.")

    with pytest.raises(kind, match=reason) as caught:
        await drive.get_file("f1")

    assert type(caught.value) is kind
    assert caught.value.cure
    assert SECRET not in str(caught.value)
    assert "ann@example.org" not in str(caught.value)


def test_texts_are_quoted() -> None:
    assert quote("Ann's \\ leads") == r"'Ann\'s \\ leads'"
