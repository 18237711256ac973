"""Google's stand-in, driven from the discovery documents: never a 5xx, nothing undescribed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from sandbox.google.access import Quotas
from sandbox.google.channels import Channel
from sandbox.google.files import DOCUMENT, SPREADSHEET, DriveFile, DriveStore, SharedDrive
from sandbox.google.grid import Sheet
from sandbox.google.tokens import GoogleTokens
from sandbox.server import Sandbox
from sandbox.windows import RateLimit
from tests.contract.contracts.google import CONTRACTS, SHIPPED
from tests.contract.driving import Known, sandbox_beside
from tests.contract.driving_discovery import Document, drive_method

pytestmark = pytest.mark.thorough

CLAIMED = {
    "drive.v3": (
        "about.get changes.getStartPageToken changes.list changes.watch channels.stop drives.get "
        "drives.list files.create files.delete files.export files.get files.list files.update "
        "files.watch"
    ),
    "sheets.v4": (
        "spreadsheets.create spreadsheets.get spreadsheets.values.append "
        "spreadsheets.values.batchClear spreadsheets.values.batchGet "
        "spreadsheets.values.batchUpdate spreadsheets.values.clear spreadsheets.values.get "
        "spreadsheets.values.update"
    ),
}
WORDS = {
    "fileId": ["leads", "note", "orders", "nowhere"],
    "spreadsheetId": ["orders", "orders", "leads"],
    "driveId": ["team"],
    "range": ["Orders", "Orders!A1:B2", "A1", "Orders!B:C", "Nowhere!A1"],
    "ranges": ["Orders", "A1", "Nowhere!A1"],
    "pageToken": ["1001", "1002"],
    "mimeType": ["text/csv", "text/plain"],
    "fields": ["*", "kind", "files(id,name)", "spreadsheetId,sheets/properties"],
    "q": ["trashed = false", "name contains 'a' and 'root' in parents"],
    "address": ["https://us.example/x"],
    "type": ["web_hook"],
}
THERE = {
    "fileId": ["leads", "note"],
    "spreadsheetId": ["orders"],
    "driveId": ["team"],
    "range": ["Orders!A1:B2"],
}
TOKEN = {"pageToken": ["1001"]}
RAW = {"valueInputOption": ["RAW"]}
QUERIES = {
    "changes.list": TOKEN,
    "changes.watch": TOKEN,
    "files.export": {"mimeType": ["text/plain"]},
    "spreadsheets.values.append": RAW,
    "spreadsheets.values.update": RAW,
}
CHANNEL = {"type": "web_hook", "address": "https://us.example/x"}
CHANNELS = [{**CHANNEL, "id": name} for name in ("one", "two", "three")]
CELLS = [{"majorDimension": "ROWS", "values": [["SO-2"]]}]
BODIES: dict[str, list[dict[str, Any]]] = {
    "changes.watch": CHANNELS,
    "channels.stop": [{"id": "open", "resourceId": "changes"}],
    "files.watch": CHANNELS,
    "spreadsheets.values.append": CELLS,
    "spreadsheets.values.update": CELLS,
}

OPERATIONS = [(api, method) for api, methods in CLAIMED.items() for method in methods.split()]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with sandbox_beside() as running:
        for kind in ("drive", "sheets_reads", "sheets_writes"):
            setattr(running.state.store(Quotas), kind, RateLimit(1_000_000, 60))
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[httpx.Client]:
    store = sandbox.state.store(DriveStore)
    store.clear()
    store.add_drive(SharedDrive("team", "Sales"))
    store.add(DriveFile(id="leads", name="leads.csv", mime_type="text/csv", content=b"a,b"))
    store.add(DriveFile(id="note", name="Note", mime_type=DOCUMENT, content=b"Hello"))
    sheets = (Sheet("Orders", (("Order", "Total"), ("SO-1", 2.5))),)
    store.add(DriveFile(id="orders", name="Orders", mime_type=SPREADSHEET, sheets=sheets))
    store.channels.add(
        Channel(
            id="open",
            resource_id="changes",
            resource_uri="https://www.googleapis.com/drive/v3/changes",
            address="https://us.example/x",
            token="",
            expires_at=store.channels.clock() + timedelta(hours=1),
        )
    )
    token = {"Authorization": f"Bearer {sandbox.state.store(GoogleTokens).issue()}"}
    with httpx.Client(base_url=f"{sandbox.url}/google", headers=token, trust_env=False) as client:
        yield client


@pytest.mark.parametrize(("api", "name"), OPERATIONS, ids=lambda text: text)
def test_what_may_be_asked_is_answered_as_described(
    client: httpx.Client, api: str, name: str
) -> None:
    drive_method(
        CONTRACTS["google"],
        Document(SHIPPED / f"{api}.json", WORDS),
        name,
        client,
        known=Known(
            path=THERE,
            query={"fields": ["*"], **QUERIES.get(name, {})},
            body=BODIES.get(name, []),
        ),
    )
