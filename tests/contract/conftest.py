"""The stand-ins, and a way to order faults and to see what arrived."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from sandbox import running_sandbox


@dataclass(frozen=True)
class StandIns:
    """The running stand-ins, through their control API."""

    url: str
    smtp_port: int
    control: httpx.AsyncClient

    async def fault(self, service: str, kind: str, **more: object) -> None:
        ordered = {"service": service, "kind": kind, "count": 1, **more}
        (await self.control.post("/_control/faults", json=ordered)).raise_for_status()

    async def mails(self, **query: str) -> list[dict[str, Any]]:
        answer = await self.control.get("/_control/mail", params=query)
        return list(answer.raise_for_status().json())

    async def calls(self, service: str) -> list[dict[str, Any]]:
        answer = await self.control.get("/_control/calls", params={"service": service})
        return list(answer.raise_for_status().json())


@pytest.fixture(scope="module")
async def started() -> AsyncIterator[StandIns]:
    async with (
        running_sandbox() as sandbox,
        httpx.AsyncClient(base_url=sandbox.url, trust_env=False) as control,
    ):
        yield StandIns(sandbox.url, sandbox.smtp_port, control)


@pytest.fixture
async def stand_ins(started: StandIns) -> StandIns:
    """The stand-ins, having forgotten what was before."""
    (await started.control.post("/_control/reset")).raise_for_status()
    return started
