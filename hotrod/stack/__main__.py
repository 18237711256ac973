"""Run the stack without a terminal: ``python -m hotrod.stack``; `hotrod up --detach` does."""

from __future__ import annotations

import asyncio
import signal
import sys

from hotrod.errors import HotrodError
from hotrod.logging import configure_logging
from hotrod.settings import Settings, get_settings
from hotrod.stack.plan import plan_stack
from hotrod.stack.supervisor import Supervisor, sole_supervisor


async def supervise(settings: Settings) -> bool:
    """Run the stack until SIGTERM or SIGINT; tell whether no part failed."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    parts = plan_stack(settings)
    with sole_supervisor(settings.home, parts):
        return await Supervisor(parts, settings.home).run(stop)


def main() -> int:
    """Return the exit status."""
    try:
        settings = get_settings()
        configure_logging(settings.log_level)
        return 0 if asyncio.run(supervise(settings)) else 1
    except HotrodError as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
