"""What tests order from the running stand-ins, and ask them."""

from __future__ import annotations

from typing import Any

import httpx

from sandbox.server import Sandbox


async def slack_texts(sandbox: Sandbox) -> list[str]:
    return await slack_calls(sandbox, "chat.postMessage")


async def slack_calls(sandbox: Sandbox, method: str) -> list[str]:
    async with httpx.AsyncClient(base_url=sandbox.url) as client:
        calls = (await client.get("/_control/calls", params={"service": "slack"})).json()
    return [str(call) for call in calls if method in str(call)]


async def order_fault(sandbox: Sandbox, **fault: Any) -> None:
    async with httpx.AsyncClient(base_url=sandbox.url) as client:
        (await client.post("/_control/faults", json=fault)).raise_for_status()
