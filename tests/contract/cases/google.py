from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from pydantic import SecretStr

from connectors._http.retry import RetryPolicy
from connectors.gdrive.client import DriveClient
from connectors.gsheets.client import SheetsClient
from sandbox.google.files import SPREADSHEET, DriveFile, DriveStore
from sandbox.google.grid import Sheet
from tests.contract.cases import Case


async def no_wait(_seconds: float) -> None:
    """Wait no time."""


def settings(stand_ins: Any) -> dict[str, Any]:
    """What both of Google's connectors are made with."""
    return {
        "base_url": f"{stand_ins.url}/google",
        "login_url": f"{stand_ins.url}/google/oauth2",
        "client_id": "sandbox",
        "client_secret": SecretStr("sandbox-secret"),
        "refresh_token": SecretStr("sandbox-refresh"),
    }


def make_drive(stand_ins: Any, retry: RetryPolicy, timeout_seconds: float) -> DriveClient:
    return DriveClient(**settings(stand_ins), timeout_seconds=timeout_seconds, retry=retry)


def make_sheets(stand_ins: Any, retry: RetryPolicy, timeout_seconds: float) -> SheetsClient:
    file = DriveFile(id="orders", name="Orders", mime_type=SPREADSHEET, sheets=(Sheet("Orders"),))
    stand_ins.sandbox.state.store(DriveStore).add(file)
    return SheetsClient(**settings(stand_ins), timeout_seconds=timeout_seconds, retry=retry)


async def watch(drive: DriveClient) -> object:
    return await drive.watch_changes(
        "1001",
        channel_id=str(uuid4()),
        address="https://hotrod.example/webhooks/drive",
        token=SecretStr("the-channel-token"),
        expires_at=datetime.now(UTC) + timedelta(days=1),
    )


async def open_channels(stand_ins: Any) -> int:
    return len(stand_ins.sandbox.state.store(DriveStore).channels.open())


async def rows(stand_ins: Any) -> int:
    file = stand_ins.sandbox.state.store(DriveStore).get("orders")
    return len(file.sheets[0].rows)


RENEWED = {"expired token": 2}
"""A refused token is renewed, once."""

CASES = {
    "gdrive": Case(
        service="google",
        make=make_drive,
        read=lambda drive: drive.get_start_page_token(),
        read_path="/changes/startPageToken",
        read_tries=RENEWED,
        write=watch,
        write_path="/changes/watch",
        written=open_channels,
        write_fails={"expired token": None},
        write_tries=RENEWED,
    ),
    "gsheets": Case(
        service="google",
        make=make_sheets,
        read=lambda sheets: sheets.get_values("orders", "Orders!A1:B2"),
        read_path="/values/",
        read_tries=RENEWED,
        write=lambda sheets: sheets.append_values("orders", "Orders", [["SO-000001", 12.5]]),
        write_path=":append",
        written=rows,
        write_fails={"expired token": None},
        write_tries=RENEWED,
    ),
}
