"""The gateway as a process of its own: it serves on loopback and goes when told."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from gateway.context import Context
from hotrod.access.models import Scope
from tests.conftest import free_port
from tests.gateway.conftest import NEW, new_key


@pytest.fixture
def gateway(context: Context) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    port = free_port()
    database = context.settings.database.url
    assert database is not None
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("HOTROD_")},
        "HOTROD_HOME": str(context.settings.home),
        "HOTROD_DATABASE__URL": database.get_secret_value(),
        "HOTROD_GATEWAY__PORT": str(port),
    }
    process = subprocess.Popen([sys.executable, "-m", "gateway"], env=environment)
    yield process, f"http://127.0.0.1:{port}"
    process.kill()
    process.wait(10)


async def test_it_serves_and_stops_on_sigterm(
    gateway: tuple[subprocess.Popen[bytes], str], context: Context
) -> None:
    process, url = gateway
    request = {
        "customer_name": "Ada Byron",
        "customer_email": "main@example.com",
        "device_type": "console",
        "problem": "No picture.",
    }
    key = await new_key(context, Scope.TICKETS_WRITE)
    async with httpx.AsyncClient(base_url=url, headers={"X-API-Key": key}) as client:
        for _ in range(200):
            try:
                assert (await client.get("/health")).status_code == 200
                break
            except httpx.ConnectError:
                assert process.poll() is None, "it stopped while starting"
                await asyncio.sleep(0.05)
        answer = await client.post(NEW, json=request)
        assert answer.status_code == 202
        assert answer.json()["status_url"].startswith(f"{url}/r/")
        page = await client.get(answer.json()["status_url"])
        assert page.status_code == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) in {0, -signal.SIGTERM}
