"""The Prefect server that all tests of a session share; started when first asked for."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from hotrod.settings import Settings
from hotrod.stack.environment import prefect_server_environment
from hotrod.stack.secrets import load_secrets

START_SECONDS = 90


@contextmanager
def running_prefect_server(settings: Settings) -> Iterator[None]:
    """Run a Prefect server with these settings until the block ends."""
    environment = prefect_server_environment(settings, load_secrets(settings))
    log = settings.home / "prefect-server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "uvicorn", "--factory"),
                "prefect.server.api.server:create_app",
                *("--host", "127.0.0.1", "--port", str(settings.prefect.port)),
                *("--log-level", "warning"),
            ],
            env=environment,
            stdout=output,
            stderr=output,
        )
        try:
            _wait_until_ready(process, settings.prefect_url, log)
            yield
        finally:
            process.terminate()
            process.wait(20)


def _wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            if httpx.get(f"{url}/api/health", timeout=2).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise RuntimeError(f"the Prefect server did not start:\n{log.read_text()[-2000:]}")
