from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from sandbox.google.channels import Channels
from tests.sandbox.google.conftest import TEAM, Google

CHANGES = "/drive/v3/changes"
WATCH = f"{CHANGES}/watch"


async def start(google: Google) -> str:
    return str((await google.get(f"{CHANGES}/startPageToken"))["startPageToken"])


async def test_each_file_is_told_once_page_by_page(google: Google) -> None:
    begin = await start(google)
    first, second, third = (google.put(f"{number}.csv") for number in range(3))
    google.store.change(first, name="again.csv")

    page = await google.get(CHANGES, pageToken=begin, pageSize="2")
    rest = await google.get(CHANGES, pageToken=page["nextPageToken"])

    assert [one["fileId"] for one in page["changes"]] == [second.id, third.id]
    assert [one["file"]["name"] for one in rest["changes"]] == ["again.csv"]
    assert "newStartPageToken" not in page
    assert (await google.get(CHANGES, pageToken=rest["newStartPageToken"]))["changes"] == []


async def test_removed_files_are_told_unless_unwanted(google: Google) -> None:
    file = google.put()
    begin = await start(google)
    google.store.delete(file.id)

    (change,) = (await google.get(CHANGES, pageToken=begin))["changes"]
    assert (change["fileId"], change["removed"], "file" in change) == (file.id, True, False)
    wanted = await google.get(CHANGES, pageToken=begin, includeRemoved="false")
    assert wanted["changes"] == []


async def test_changes_of_shared_drives_are_told_when_asked_for(google: Google) -> None:
    google.store.add_drive(TEAM)
    begin = await start(google)
    google.put(drive_id=TEAM.id, parents=(TEAM.id,))
    both = {"supportsAllDrives": "true", "includeItemsFromAllDrives": "true"}

    assert (await google.get(CHANGES, pageToken=begin))["changes"] == []
    assert len((await google.get(CHANGES, pageToken=begin, **both))["changes"]) == 1
    of_team = await google.get(CHANGES, pageToken=begin, **both, driveId=TEAM.id)
    assert len(of_team["changes"]) == 1


@pytest.mark.parametrize(
    ("token", "status", "reason"),
    [
        ("", 400, "required"),
        ("x", 400, "invalid"),
        ("999999", 400, "invalid"),
        ("²", 400, "invalid"),
        ("1", 410, "expired"),
    ],
)
async def test_wrong_page_tokens_are_refused(
    google: Google, token: str, status: int, reason: str
) -> None:
    answer = await google.ask("GET", CHANGES, params={"pageToken": token})

    error = answer.json()["error"]
    assert (answer.status_code, error["errors"][0]["reason"]) == (status, reason)
    assert error["errors"][0]["location"] == "pageToken"


def channel(**more: Any) -> dict[str, Any]:
    wanted = {"id": "c1", "type": "web_hook", "address": "https://us.example/x", "token": "t"}
    return {**wanted, **more}


async def watch(google: Google, path: str = WATCH, **more: Any) -> httpx.Response:
    parameters = {"pageToken": await start(google)} if path == WATCH else {}
    return await google.ask("POST", path, params=parameters, json=channel(**more))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": ""}, "invalid"),
        ({"id": "a b"}, "invalid"),
        ({"id": "x" * 65}, "invalid"),
        ({"id": 5}, "parseError"),
        ({"type": "carrier_pigeon"}, "channelTypeUnknown"),
        ({"address": "http://us.example/x"}, "push.webhookUrlNotHttps"),
        ({"address": "https://"}, "push.webhookUrlNotHttps"),
        ({"address": "http://[x"}, "push.webhookUrlNotHttps"),
        ({"token": "x" * 257}, "invalid"),
        ({"expiration": "soon"}, "invalid"),
        ({"expiration": "9" * 30}, "invalid"),
        ({"expiration": "1000"}, "channelExpirationInvalid"),
    ],
)
async def test_channels_that_cannot_be_are_refused(
    google: Google, change: dict[str, Any], reason: str
) -> None:
    answer = await watch(google, **change)

    assert answer.status_code == 400
    assert answer.json()["error"]["errors"][0]["reason"] == reason
    assert google.store.channels.open() == []


@pytest.mark.parametrize(
    ("path", "asked", "lives"),
    [
        (WATCH, None, timedelta(hours=1)),
        (WATCH, timedelta(days=30), timedelta(days=7)),
        (WATCH, timedelta(days=2), timedelta(days=2)),
        ("file", timedelta(days=30), timedelta(days=1)),
    ],
)
async def test_channels_end(
    google: Google, path: str, asked: timedelta | None, lives: timedelta
) -> None:
    if path == "file":
        path = f"/drive/v3/files/{google.put().id}/watch"
    now = datetime.now(UTC)
    end = {"expiration": str(int((now + asked).timestamp() * 1000))} if asked else {}

    answer = (await watch(google, path, **end)).json()

    expires = datetime.fromtimestamp(int(answer["expiration"]) / 1000, UTC)
    assert timedelta() <= expires - now - lives + timedelta(milliseconds=1) < timedelta(minutes=1)
    google.store.channels.clock = lambda: expires + timedelta(seconds=1)
    try:
        google.put()
        assert google.store.channels.open() == []
        assert google.store.channels.waiting() == []
    finally:
        google.store.channels.clock = Channels().clock


class Listener:
    def __init__(self) -> None:
        self.told: list[dict[str, str]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
        self.told.append({name.lower(): value for name, value in (x.split(": ") for x in lines)})
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()


@pytest.fixture
async def listener() -> AsyncIterator[tuple[Listener, str]]:
    listener = Listener()
    server = await asyncio.start_server(listener.serve, "127.0.0.1", 0)
    yield listener, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/x"
    server.close()


async def test_messages_wait_until_they_are_delivered(
    client: httpx.AsyncClient, google: Google, listener: tuple[Listener, str]
) -> None:
    told, address = listener
    opened = (await watch(google, address=address)).json()
    file = google.put()
    google.store.change(file, trashed=True)

    came = (await client.post("/_control/google/deliver")).json()

    assert [(one["number"], one["state"], one["status"]) for one in came] == [
        (1, "sync", 200),
        (2, "change", 200),
        (3, "change", 200),
    ]
    first = told.told[0]
    assert (first["x-goog-channel-id"], first["x-goog-channel-token"]) == ("c1", "t")
    assert first["x-goog-resource-id"] == opened["resourceId"]
    assert first["x-goog-channel-expiration"].endswith("GMT")
    assert first["content-length"] == "0"
    assert (await client.post("/_control/google/deliver")).json() == []


async def test_a_channel_of_a_file_tells_what_kind_of_change_it_was(
    client: httpx.AsyncClient, google: Google, listener: tuple[Listener, str]
) -> None:
    told, address = listener
    file = google.put()
    await watch(google, f"/drive/v3/files/{file.id}/watch", address=address, token="")
    google.put("another.csv")
    trashed = google.store.change(file, trashed=True)
    google.store.change(trashed, trashed=False)
    google.store.delete(file.id)

    await client.post("/_control/google/deliver", params={"repeat": 2})

    states = [one["x-goog-resource-state"] for one in told.told]
    assert states == [x for x in ("sync", "trash", "untrash", "remove") for _ in range(2)]
    assert all("x-goog-channel-token" not in one for one in told.told)


async def test_who_is_not_reached_is_told_as_such(
    client: httpx.AsyncClient, google: Google, unused_tcp_port: int
) -> None:
    await watch(google, address=f"http://localhost:{unused_tcp_port}")

    (came,) = (await client.post("/_control/google/deliver")).json()

    assert came["status"] == 0


async def test_a_stopped_channel_tells_nothing_more(google: Google) -> None:
    opened = (await watch(google)).json()
    stop = "/drive/v3/channels/stop"
    wrong = await google.ask("POST", stop, json={"id": "c1", "resourceId": "wrong"})
    right = await google.ask("POST", stop, json={"id": "c1", "resourceId": opened["resourceId"]})
    google.put()

    assert (wrong.status_code, right.status_code) == (404, 204)
    assert google.store.channels.waiting() == []
