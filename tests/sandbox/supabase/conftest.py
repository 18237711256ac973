from __future__ import annotations

from typing import Any

import httpx
import pytest

from sandbox import Sandbox
from sandbox.supabase.tables import Tables

KEY = {"apikey": "sandbox-key", "Authorization": "Bearer sandbox-key"}


class Rest:
    """The Data API, with the key."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def ask(self, method: str, path: str, prefer: str = "", **more: Any) -> httpx.Response:
        headers = {**KEY, **({"Prefer": prefer} if prefer else {}), **more.pop("headers", {})}
        return await self._client.request(
            method, f"/supabase/rest/v1/{path}", headers=headers, **more
        )


@pytest.fixture
def rest(client: httpx.AsyncClient) -> Rest:
    return Rest(client)


@pytest.fixture
def tables(sandbox: Sandbox) -> Tables:
    return sandbox.state.store(Tables)


@pytest.fixture
def products(tables: Tables) -> Tables:
    """Four products: A to D, with stocks 0 to 3; B and C have a supplier, D has attributes."""
    rows: list[dict[str, Any]] = [
        {"sku": sku, "name": f"Fan {sku}", "stock": stock} for stock, sku in enumerate("ABCD")
    ]
    rows[1]["supplier"], rows[2]["supplier"] = "Maple, Inc", "pacific"
    rows[3]["attributes"] = {"brand": "Korg"}
    for row in rows:
        tables.insert(tables.table("products"), [row])
    return tables
