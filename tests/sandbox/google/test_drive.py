from __future__ import annotations

from typing import Any

import httpx
import pytest

from sandbox.google.files import DOCUMENT, FOLDER
from tests.sandbox.google.conftest import TEAM, Google

FILES = "/drive/v3/files"
SHARED = {"supportsAllDrives": "true"}


def reason(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["errors"][0]["reason"]


async def test_lists_come_in_pages(google: Google) -> None:
    for number in range(5):
        google.put(f"{number}.csv")

    first = await google.get(FILES, pageSize="3", orderBy="name")
    second = await google.get(FILES, pageSize="3", orderBy="name", pageToken=first["nextPageToken"])

    assert [one["name"] for one in first["files"]] == ["0.csv", "1.csv", "2.csv"]
    assert [one["name"] for one in second["files"]] == ["3.csv", "4.csv"]
    assert "nextPageToken" not in second
    assert first["files"][0].keys() == {"kind", "id", "name", "mimeType"}


async def test_shared_drives_are_listed_when_asked_for(google: Google) -> None:
    google.store.add_drive(TEAM)
    theirs = google.put("theirs.csv", parents=(TEAM.id,), drive_id=TEAM.id)
    google.put("ours.csv")

    async def names(**more: str) -> set[str]:
        return {one["name"] for one in (await google.get(FILES, **more))["files"]}

    both = {**SHARED, "includeItemsFromAllDrives": "true"}
    assert await names() == {"ours.csv"}
    assert await names(**both) == {"ours.csv", "theirs.csv"}
    assert await names(**both, corpora="drive", driveId=TEAM.id) == {"theirs.csv"}
    assert reason(await google.ask("GET", f"{FILES}/{theirs.id}")) == (404, "notFound")
    assert (await google.get(f"{FILES}/{theirs.id}", **SHARED))["name"] == "theirs.csv"


@pytest.mark.parametrize(
    "parameters",
    [
        {"q": "name"},
        {"q": "name ~ 'x'"},
        {"q": "(" * 100},
        {"q": "modifiedTime > 'yesterday'"},
        {"q": "'x' in owners"},
        {"pageSize": "0"},
        {"pageSize": "x"},
        {"pageSize": "1001"},
        {"pageToken": "x"},
        {"orderBy": "size"},
        {"supportsAllDrives": "yes"},
        {"fields": "files(id"},
        {"fields": ""},
        {"fields": "a((b))"},
        {"fields": "é"},
        {"driveId": "x"},
        {"corpora": "drive"},
        {"corpora": "allDrives"},
        {"corpora": "universe"},
    ],
)
async def test_wrong_parameters_are_400(google: Google, parameters: dict[str, str]) -> None:
    answer = await google.ask("GET", FILES, params=parameters)

    assert answer.status_code == 400
    assert answer.json()["error"]["errors"][0]["locationType"] == "parameter"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ("id,size", {"size": "2"}),
        ("capabilities/canEdit, parents", {"capabilities": {"canEdit": True}, "parents": ["P"]}),
        ("capabilities(canEdit)", {"capabilities": {"canEdit": True}}),
        ("md5Checksum", {"md5Checksum": "49f68a5c8493ec2c0bf489821c21fc3b"}),
    ],
)
async def test_only_wanted_fields_are_told(
    google: Google, fields: str, told: dict[str, Any]
) -> None:
    file = google.put(content=b"hi", parents=("P",))
    answer = await google.get(f"{FILES}/{file.id}", fields=fields)

    assert {name: value for name, value in answer.items() if name != "id"} == told


async def test_content_comes_whole_or_in_parts(google: Google) -> None:
    file = google.put(content=b"0123456789")
    media = f"{FILES}/{file.id}?alt=media"

    async def part(wanted: str) -> tuple[int, bytes, str]:
        answer = await google.ask("GET", media, headers={"Range": wanted})
        return answer.status_code, answer.content, answer.headers.get("content-range", "")

    assert (await google.ask("GET", media)).content == b"0123456789"
    assert await part("bytes=2-4") == (206, b"234", "bytes 2-4/10")
    assert await part("bytes=8-") == (206, b"89", "bytes 8-9/10")
    assert await part("bytes=8-99") == (206, b"89", "bytes 8-9/10")
    assert await part("lines=1-2") == (200, b"0123456789", "")
    assert (await part("bytes=10-"))[0] == 416


async def test_documents_are_exported_and_files_are_not(google: Google) -> None:
    text = google.put("Note", mime_type=DOCUMENT, content=b"Hello")
    file = google.put()
    export = f"{FILES}/{text.id}/export"

    assert (await google.ask("GET", export, params={"mimeType": "text/plain"})).text == "Hello"
    page = (await google.ask("GET", export, params={"mimeType": "text/html"})).text
    assert "<pre>Hello</pre>" in page
    assert reason(await google.ask("GET", export)) == (400, "required")
    assert reason(await google.ask("GET", f"{FILES}/{text.id}?alt=media")) == (
        403,
        "fileNotDownloadable",
    )
    csv = {"mimeType": "text/csv"}
    assert reason(await google.ask("GET", export, params=csv)) == (400, "badRequest")
    answer = await google.ask("GET", f"{FILES}/{file.id}/export", params=csv)
    assert reason(answer) == (403, "fileNotExportable")


async def test_a_file_that_is_too_large_is_not_exported(google: Google) -> None:
    text = google.put("Note", mime_type=DOCUMENT, content=b"x" * 10_000_001)
    answer = await google.ask("GET", f"{FILES}/{text.id}/export?mimeType=text/plain")

    assert reason(answer) == (403, "exportSizeLimitExceeded")


async def test_files_move_between_folders_and_drives(google: Google) -> None:
    google.store.add_drive(TEAM)
    body = {"name": "Leads", "mimeType": FOLDER, "parents": [TEAM.id]}
    folder = (await google.ask("POST", FILES, json=body, params=SHARED)).json()
    file = google.put()
    move = {**SHARED, "addParents": folder["id"], "removeParents": "root", "fields": "*"}

    moved = (await google.ask("PATCH", f"{FILES}/{file.id}", params=move, json={})).json()

    assert (moved["parents"], moved["driveId"], moved["version"]) == ([folder["id"]], TEAM.id, "2")


@pytest.mark.parametrize(
    ("parameters", "body", "wrong"),
    [
        ({}, {"parents": ["root"]}, (403, "fieldNotWritable")),
        ({"addParents": "root,nowhere"}, {}, (403, "multipleParentsNotSupported")),
        ({"addParents": "nowhere", "removeParents": "root"}, {}, (404, "notFound")),
        ({}, {"name": 5}, (400, "invalid")),
        ({}, {"trashed": "yes"}, (400, "invalid")),
        ({}, [], (400, "parseError")),
    ],
)
async def test_what_cannot_be_changed_is_refused(
    google: Google, parameters: dict[str, str], body: object, wrong: tuple[int, str]
) -> None:
    file = google.put()
    answer = await google.ask("PATCH", f"{FILES}/{file.id}", params=parameters, json=body)

    assert reason(answer) == wrong
    assert google.store.get(file.id) == file


async def test_deleted_files_are_gone_with_what_lies_in_them(google: Google) -> None:
    folder = google.put("Leads", mime_type=FOLDER)
    file = google.put(parents=(folder.id,))
    trashed = google.put("old.csv", trashed=True)

    assert (await google.ask("DELETE", f"{FILES}/{folder.id}")).status_code == 204
    assert (await google.ask("DELETE", f"{FILES}/trash")).status_code == 204

    assert [google.store.get(one.id) for one in (folder, file, trashed)] == [None, None, None]


async def test_about_wants_to_know_what_to_tell(google: Google) -> None:
    assert reason(await google.ask("GET", "/drive/v3/about")) == (400, "required")
    assert (await google.get("/drive/v3/about", fields="kind")) == {"kind": "drive#about"}


@pytest.mark.parametrize(
    ("kind", "body", "wrong"),
    [
        ("resumable", b"x", (400, "invalid")),
        ("multipart", b"x", (400, "badContent")),
        ("multipart", b"--b\r\n\r\n{}\r\n--b--", (400, "badContent")),
        ("multipart", b"--b\r\n\r\n{\r\n--b\r\n\r\nx\r\n--b--", (400, "parseError")),
    ],
)
async def test_uploads_that_cannot_be_read_are_refused(
    google: Google, kind: str, body: bytes, wrong: tuple[int, str]
) -> None:
    answer = await google.ask(
        "POST",
        f"/upload{FILES}?uploadType={kind}",
        content=body,
        headers={"Content-Type": "multipart/related; boundary=b"},
    )

    assert reason(answer) == wrong
    assert google.store.files() == []


async def test_content_is_uploaded_and_replaced(google: Google) -> None:
    text = {"Content-Type": "text/csv"}
    made = await google.ask(
        "POST", f"/upload{FILES}?uploadType=media", content=b"one", headers=text
    )
    file_id = made.json()["id"]
    where = f"/upload{FILES}/{file_id}?uploadType=media&fields=size,version"
    changed = await google.ask("PATCH", where, content=b"three", headers=text)

    assert changed.json() == {"size": "5", "version": "2"}
