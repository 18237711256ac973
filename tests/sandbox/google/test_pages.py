from __future__ import annotations

import httpx
import pytest

from sandbox.google.channels import Channel
from sandbox.google.files import DOCUMENT, ROOT
from tests.sandbox.google.conftest import TEAM, Google

EVIL = "<script>alert(1)</script>"


async def test_the_page_shows_files_and_channels_as_text(
    client: httpx.AsyncClient, google: Google
) -> None:
    assert "No files yet" in (await client.get("/google")).text
    google.store.add_drive(TEAM)
    file = google.put(f"{EVIL}.csv", content=EVIL.encode(), trashed=True, is_whole=False)
    now = google.store.channels.clock()
    google.store.channels.add(
        Channel(
            id="c1",
            resource_id="r",
            resource_uri="u",
            address="https://us.example",
            token="",
            expires_at=now.replace(year=now.year + 1),
        )
    )

    index = (await client.get("/google")).text
    page = (await client.get(f"/google/files/{file.id}")).text

    assert EVIL not in index + page
    assert all(word in index for word in ("in the trash", "half uploaded", "Sales", "c1"))
    assert "&lt;script&gt;" in page


async def test_a_file_is_uploaded_changed_and_deleted(
    client: httpx.AsyncClient, google: Google
) -> None:
    google.store.add_drive(TEAM)
    sent = {"upload": ("leads.csv", b"a,b", "text/csv")}
    answer = await client.post("/google/files", files=sent, data={"parent": TEAM.id})
    where = answer.headers["location"]
    (file,) = google.store.files()
    assert (answer.status_code, where) == (303, f"/google/files/{file.id}")
    assert (file.content, file.drive_id, file.parents) == (b"a,b", TEAM.id, (TEAM.id,))

    await client.post(where, data={"name": "renamed.csv"})
    await client.post(f"{where}/text", data={"text": "c,d"})
    await client.post(f"{where}/trash")
    (file,) = google.store.files()
    assert (file.name, file.content, file.trashed, file.version) == ("renamed.csv", b"c,d", True, 4)

    content = await client.get(f"{where}/content")
    assert content.content == b"c,d"
    assert content.headers["content-disposition"].startswith("attachment")
    assert (await client.post(f"{where}/delete")).headers["location"] == "/google"
    assert google.store.files() == []


async def test_cells_are_changed_as_csv(client: httpx.AsyncClient, google: Google) -> None:
    file = google.put_sheet(("Order", "Total"), ("SO-1", 12.5))
    where = f"/google/files/{file.id}"
    assert "SO-1,12.5" in (await client.get(where)).text

    await client.post(f"{where}/cells", data={"title": "Orders", "cells": '"a, b",7\n'})

    kept = google.store.get(file.id)
    assert kept is not None
    assert kept.sheets[0].rows == (("a, b", 7),)
    wrong = await client.post(f"{where}/cells", data={"title": "Nowhere", "cells": ""})
    assert wrong.status_code == 404


async def test_what_has_no_text_takes_none(client: httpx.AsyncClient, google: Google) -> None:
    sheet, text = google.put_sheet(), google.put(mime_type=DOCUMENT, content=b"x")

    refused = await client.post(f"/google/files/{sheet.id}/text", data={"text": "y"})
    await client.post(f"/google/files/{text.id}/text", data={"text": "y"})

    assert refused.status_code == 400
    assert [one.content for one in google.store.files() if one.id == text.id] == [b"y"]


@pytest.mark.parametrize("path", ["", "/text", "/trash", "/delete"])
async def test_another_site_changes_nothing(
    client: httpx.AsyncClient, google: Google, path: str
) -> None:
    file = google.put()
    from_elsewhere = {"Sec-Fetch-Site": "cross-site"}
    answer = await client.post(f"/google/files/{file.id}{path}", headers=from_elsewhere)

    assert answer.status_code == 403
    assert google.store.get(file.id) == file


async def test_messages_are_delivered_by_a_button(
    client: httpx.AsyncClient, google: Google, unused_tcp_port: int
) -> None:
    watch = {"id": "c1", "type": "web_hook", "address": f"http://127.0.0.1:{unused_tcp_port}"}
    parameters = {"pageToken": str(google.store.next_change)}
    await google.ask("POST", "/drive/v3/changes/watch", params=parameters, json=watch)
    assert "1 messages wait" in (await client.get("/google")).text

    answer = await client.post("/google/deliver", data={"times": 2, "shuffle": "true"})

    assert (answer.status_code, google.store.channels.waiting()) == (303, [])


async def test_half_uploads_lie_where_they_are_put(
    client: httpx.AsyncClient, google: Google
) -> None:
    google.store.add_drive(TEAM)
    for parent in (ROOT, TEAM.id):
        await client.post("/_control/google/half-uploads", json={"name": "x", "parent": parent})

    assert {file.drive_id for file in google.store.files()} == {"", TEAM.id}
    assert (await client.post("/_control/google/half-uploads/x/finish")).status_code == 404


@pytest.mark.parametrize("path", ["", "/content"])
async def test_what_is_not_there_is_404(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(f"/google/files/nowhere{path}")).status_code == 404
