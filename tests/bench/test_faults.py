from __future__ import annotations

import random
import socket
from collections.abc import AsyncIterator

import httpx
import pytest

from bench.faults import clear_faults, draw_fault, order_fault
from sandbox import running_sandbox

DICE = random.Random(0)  # noqa: S311 - repeatable, no secret


@pytest.fixture(scope="module")
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with (
        running_sandbox() as sandbox,
        httpx.AsyncClient(base_url=sandbox.url, trust_env=False) as client,
    ):
        yield client


async def test_every_fault_that_is_drawn_is_one_that_the_stand_ins_know(
    client: httpx.AsyncClient,
) -> None:
    drawn = [draw_fault(DICE) for _ in range(50)]
    for fault in drawn:
        assert await order_fault(client, fault)
    ordered = (await client.get("/_control/faults")).json()
    assert [(one["service"], one["kind"]) for one in ordered] == [
        (fault.service, fault.kind) for fault in drawn
    ]
    assert await clear_faults(client)
    assert (await client.get("/_control/faults")).json() == []


async def test_stand_ins_that_are_away_can_not_be_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as nobody:
        assert not await order_fault(nobody, draw_fault(DICE))
        assert not await clear_faults(nobody)
