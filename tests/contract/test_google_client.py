"""Google's own client works with the stand-in, with nothing changed but where it goes."""

from __future__ import annotations

import asyncio
import io
import json
from contextlib import closing
from typing import Any

import pytest
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build, build_from_document  # type: ignore[attr-defined]
from googleapiclient.errors import HttpError
from googleapiclient.http import MediaInMemoryUpload, MediaIoBaseDownload

from tests.contract.contracts.google import SHIPPED


def credentials(stand_ins: Any) -> Credentials:
    return Credentials(  # type: ignore[no-untyped-call]
        token=None,
        refresh_token="sandbox-refresh",
        token_uri=f"{stand_ins.url}/google/oauth2/token",
        client_id="sandbox",
        client_secret="sandbox-secret",
    )


def drive_at(stand_ins: Any) -> Any:
    """Uploads go to the document's root, whatever ``api_endpoint`` says."""
    document = json.loads((SHIPPED / "drive.v3.json").read_text())
    document["rootUrl"] = f"{stand_ins.url}/google/"
    return build_from_document(document, credentials=credentials(stand_ins))


def sheets_at(stand_ins: Any) -> Any:
    return build(
        "sheets",
        "v4",
        credentials=credentials(stand_ins),
        client_options={"api_endpoint": f"{stand_ins.url}/google/"},
        static_discovery=True,
    )


def a_life_of_a_file(drive: Any) -> None:
    upload = MediaInMemoryUpload(b"one\n", mimetype="text/csv")
    said = {"name": "leads.csv", "description": "from the fair"}
    made = drive.files().create(body=said, media_body=upload, fields="*").execute()
    assert (made["name"], made["size"], made["mimeType"]) == ("leads.csv", "4", "text/csv")
    begin = drive.changes().getStartPageToken().execute()["startPageToken"]

    again = MediaInMemoryUpload(b"two\n", mimetype="text/csv")
    changed = drive.files().update(fileId=made["id"], media_body=again, fields="*").execute()
    assert changed["md5Checksum"] != made["md5Checksum"]
    assert changed["description"] == "from the fair"

    read = io.BytesIO()
    download = MediaIoBaseDownload(read, drive.files().get_media(fileId=made["id"]), chunksize=3)
    while not download.next_chunk()[1]:
        pass
    assert read.getvalue() == b"two\n"

    folder = {"name": "Leads", "mimeType": "application/vnd.google-apps.folder"}
    into = drive.files().create(body=folder).execute()["id"]
    drive.files().update(fileId=made["id"], addParents=into, removeParents="root").execute()
    found = drive.files().list(q=f"'{into}' in parents", orderBy="name desc").execute()
    assert [one["id"] for one in found["files"]] == [made["id"]]

    drive.files().update(fileId=made["id"], body={"trashed": True}).execute()
    assert drive.files().list(q="trashed = true").execute()["files"]
    drive.files().delete(fileId=made["id"]).execute()
    changes = drive.changes().list(pageToken=begin).execute()
    assert [(one["fileId"], one["removed"]) for one in changes["changes"]] == [
        (into, False),
        (made["id"], True),
    ]
    with pytest.raises(HttpError) as caught:
        drive.files().get(fileId=made["id"]).execute()
    assert caught.value.status_code == 404
    assert "File not found" in caught.value.reason


def a_life_of_a_spreadsheet(sheets: Any) -> None:
    api = sheets.spreadsheets()
    made = api.create(body={"properties": {"title": "Orders"}}).execute()["spreadsheetId"]
    rows = [["Order", "Total"], ["SO-1", "12.5"]]
    where: dict[str, Any] = {"spreadsheetId": made, "range": "Sheet1!A1"}
    api.values().append(**where, valueInputOption="USER_ENTERED", body={"values": rows}).execute()
    columns = api.values().get(
        spreadsheetId=made,
        range="Sheet1",
        majorDimension="COLUMNS",
        valueRenderOption="UNFORMATTED_VALUE",
    )
    assert columns.execute()["values"] == [["Order", "SO-1"], ["Total", 12.5]]
    assert api.values().clear(**where, body={}).execute()["clearedRange"] == "Sheet1!A1"
    found = api.get(spreadsheetId=made, fields="sheets.properties(title)").execute()
    assert found == {"sheets": [{"properties": {"title": "Sheet1"}}]}
    with pytest.raises(HttpError, match="Unable to parse range"):
        api.values().get(spreadsheetId=made, range="Nowhere!A1").execute()


async def test_files_by_googles_client(stand_ins: Any) -> None:
    with closing(drive_at(stand_ins)) as drive:
        await asyncio.to_thread(a_life_of_a_file, drive)


async def test_spreadsheets_by_googles_client(stand_ins: Any) -> None:
    with closing(sheets_at(stand_ins)) as sheets:
        await asyncio.to_thread(a_life_of_a_spreadsheet, sheets)
