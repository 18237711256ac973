from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from sandbox import running_sandbox

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def program(tmp_path: Path, **settings: str) -> AsyncIterator[asyncio.subprocess.Process]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HOTROD_")}
    settings = {"imap_port": str(free_port()), **settings}
    names = {f"HOTROD_SANDBOX__{name.upper()}": value for name, value in settings.items()}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox",
        cwd=tmp_path,
        env={**kept, **names, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


async def test_it_serves_on_the_ports_of_the_settings_and_stops_when_told(tmp_path: Path) -> None:
    port, smtp_port = free_port(), free_port()
    async with program(tmp_path, port=str(port), smtp_port=str(smtp_port)) as process:
        assert process.stderr
        ready = await asyncio.wait_for(process.stderr.readline(), 60)
        assert b"sandbox.ready" in ready
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            assert (await client.get("/health")).json()["smtp_port"] == smtp_port
            fault = {"service": "slack", "kind": "timeout"}
            await client.post("/_control/faults", json=fault)
            held = asyncio.create_task(client.post("/slack/api/auth.test", timeout=60))
            reader, writer = await asyncio.open_connection("127.0.0.1", smtp_port)
            assert (await reader.readline()).startswith(b"220")
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 20) == 0
            with pytest.raises(httpx.TransportError):
                await held
            writer.close()


@pytest.mark.parametrize("setting", ["port", "smtp_port"])
async def test_a_busy_port_is_named_with_the_cure(tmp_path: Path, setting: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        busy = str(taken.getsockname()[1])
        ports = {"port": str(free_port()), "smtp_port": str(free_port()), setting: busy}
        async with program(tmp_path, **ports) as process:
            _, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 1
    assert f"127.0.0.1:{busy}".encode() in errors
    assert b"HOTROD_SANDBOX__SMTP_PORT" in errors


async def test_wrong_settings_stop_the_start(tmp_path: Path) -> None:
    async with program(tmp_path, port="nowhere") as process:
        _, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 1
    assert b"HOTROD_SANDBOX__PORT" in errors


async def test_two_run_side_by_side_and_nothing_listens_after() -> None:
    async with running_sandbox() as one, running_sandbox() as two:
        assert one.url != two.url
        assert one.smtp_port != two.smtp_port
        reader, writer = await asyncio.open_connection("127.0.0.1", one.smtp_port)
        assert (await reader.readline()).startswith(b"220")
    assert await reader.read() == b""
    writer.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", one.smtp_port)
    async with httpx.AsyncClient() as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(two.url)
