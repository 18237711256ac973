"""``python -m sandbox``: the stand-ins on the ports of the settings, until told to stop."""

from __future__ import annotations

import asyncio
import signal
import sys

import structlog
from uvicorn.loops.auto import auto_loop_factory

from hotrod.logging import configure_logging
from hotrod.services.settings import SandboxSettings
from hotrod.settings import load_settings
from sandbox.server import running_sandbox

_CURE = (
    "move it with HOTROD_SANDBOX__PORT, HOTROD_SANDBOX__SMTP_PORT, HOTROD_SANDBOX__IMAP_PORT or "
    "HOTROD_SANDBOX__JOURNAL"
)


async def serve(settings: SandboxSettings, presses_url: str) -> None:
    """Run until SIGTERM or SIGINT.

    Args:
        settings: of the stand-ins.
        presses_url: where the one of Slack tells of pressed buttons.

    Raises:
        OSError: a port is in use, or the journal can't be used.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with running_sandbox(
        settings.port, settings.ports, settings.journal, presses_url=presses_url
    ) as sandbox:
        log = structlog.get_logger()
        log.info("sandbox.ready", url=sandbox.url, **sandbox.state.ports)
        await stop.wait()
        log.info("sandbox.stopped")


def main() -> int:
    """Return the exit status: 0 when stopped, 1 when a port or the journal can't be used."""
    settings = load_settings()
    configure_logging(settings.log_level)
    try:
        with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
            runner.run(serve(settings.sandbox, settings.slack_presses_url))
    except OSError as error:
        sys.stderr.write(f"{error.filename}: {error.strerror}; {_CURE}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
