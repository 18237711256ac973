"""``python -m sandbox``: the stand-ins on the ports of the settings, until told to stop."""

from __future__ import annotations

import asyncio
import signal
import sys

import structlog
from uvicorn.loops.auto import auto_loop_factory

from hotrod.logging import configure_logging
from hotrod.settings import SandboxSettings, load_settings
from sandbox.server import running_sandbox


async def serve(settings: SandboxSettings) -> None:
    """Run until SIGTERM or SIGINT.

    Raises:
        OSError: a port is in use.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with running_sandbox(settings.port, settings.smtp_port) as sandbox:
        log = structlog.get_logger()
        log.info("sandbox.ready", url=sandbox.url, smtp_port=sandbox.smtp_port)
        await stop.wait()
        log.info("sandbox.stopped")


def main() -> int:
    """Return the exit status: 0 when stopped, 1 when a port was in use."""
    settings = load_settings()
    configure_logging(settings.log_level)
    try:
        with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
            runner.run(serve(settings.sandbox))
    except OSError as error:
        cure = "move it with HOTROD_SANDBOX__PORT or HOTROD_SANDBOX__SMTP_PORT"
        sys.stderr.write(f"{error.filename}: {error.strerror}; {cure}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
