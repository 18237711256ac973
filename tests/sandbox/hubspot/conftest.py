from __future__ import annotations

from typing import Any

import httpx
import pytest

AUTH = {"Authorization": "Bearer sandbox-token"}


class HubSpot:
    """HubSpot's API at the stand-ins, with a token that is good."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        return await self._client.request(method, f"/hubspot{path}", headers=AUTH, **more)

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self.call("GET", path, params=params)

    async def post(self, path: str, json: object) -> httpx.Response:
        return await self.call("POST", path, json=json)

    async def create(self, kind: str = "contacts", **properties: str) -> str:
        """Create an object, and return its id."""
        made = await self.post(f"/crm/v3/objects/{kind}", {"properties": properties})
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    async def search(self, kind: str = "contacts", **wanted: Any) -> httpx.Response:
        return await self.post(f"/crm/v3/objects/{kind}/search", wanted)

    async def control(self, method: str, path: str, **more: Any) -> httpx.Response:
        answer = await self._client.request(method, f"/_control/hubspot{path}", **more)
        return answer.raise_for_status()

    async def refresh(self) -> None:
        """Let search see all that was written."""
        await self.control("POST", "/index")


@pytest.fixture
def hubspot(client: httpx.AsyncClient) -> HubSpot:
    return HubSpot(client)
