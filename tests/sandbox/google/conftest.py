"""Google's stand-in, logged in."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from sandbox import Sandbox
from sandbox.google.files import SPREADSHEET, DriveFile, DriveStore, SharedDrive
from sandbox.google.grid import Sheet

TOKEN = "/google/oauth2/token"
GRANT = {
    "grant_type": "refresh_token",
    "client_id": "sandbox",
    "client_secret": "sandbox-secret",
    "refresh_token": "sandbox-refresh",
}
TEAM = SharedDrive("0ATeam", "Sales")


class Google:
    """Calls with a token, and what Drive keeps."""

    def __init__(self, client: httpx.AsyncClient, store: DriveStore, token: str) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {token}"}
        self.store = store

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {**self._headers, **more.pop("headers", {})}
        return await self._client.request(method, f"/google{path}", headers=headers, **more)

    async def get(self, path: str, **parameters: str) -> dict[str, Any]:
        answer = await self.ask("GET", path, params=parameters)
        return dict(answer.raise_for_status().json())

    def put(self, name: str = "leads.csv", **more: Any) -> DriveFile:
        return self.store.add(DriveFile(name=name, **{"mime_type": "text/csv", **more}))

    def put_sheet(self, *rows: tuple[Any, ...]) -> DriveFile:
        return self.put("Orders", mime_type=SPREADSHEET, sheets=(Sheet("Orders", rows),))


@pytest.fixture
async def google(client: httpx.AsyncClient, sandbox: Sandbox) -> Google:
    answer = await client.post(TOKEN, data=GRANT)
    return Google(client, sandbox.state.store(DriveStore), answer.json()["access_token"])
