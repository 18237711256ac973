"""Stock Prefect, the baseline: ``python -m bench.stock`` serves the flow of repairs as it comes.

``flow.serve()`` with default settings polls for runs and starts a Python for each one.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import get_type_hints
from uuid import UUID

from bench.prefect_api import PrefectApi, Run
from bench.stack import BenchStack
from hotrod.errors import HotrodError
from hotrod.stack.environment import part_environment
from hotrod.stack.logs import log_path
from hotrod.stack.secrets import load_secrets

NAME = "stock"
POLL_SECONDS = 10.0
"""How often it looks for runs: Prefect's default (``runner.poll_frequency``)."""

_DEPLOYMENT = f"repair-intake/{NAME}"
_READY_WITHIN_SECONDS = 60.0
_STOP_WITHIN_SECONDS = 20.0
_LOOK_EVERY_SECONDS = 0.5


@contextmanager
def serving_stock(stack: BenchStack) -> Iterator[UUID]:
    """Let stock Prefect serve the flow for the block; yields the id of its deployment.

    Raises:
        HotrodError: it did not start.
    """
    with log_path(stack.settings.home, NAME).open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.stock"],
            env=part_environment(stack.settings, load_secrets(stack.settings)),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield _wait_until_served(stack, process)
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_WITHIN_SECONDS)
        with suppress(ProcessLookupError):  # runs under way are children of its own
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_until_run(prefect: PrefectApi, runs: Sequence[Run], within_seconds: float) -> list[Run]:
    """Wait until stock Prefect has completed runs, and return them as they are then.

    Raises:
        HotrodError: one ended otherwise, or they took too long.
    """
    deadline = time.monotonic() + within_seconds
    while any(run.end_time is None for run in runs):
        if time.monotonic() > deadline:
            raise HotrodError(f"stock Prefect has not run all after {within_seconds:.0f} s")
        time.sleep(_LOOK_EVERY_SECONDS)
        runs = [prefect.run(run.id) for run in runs]
    failed = [str(run.id) for run in runs if run.state_type != "COMPLETED"]
    if failed:
        raise HotrodError(f"stock Prefect failed to run {', '.join(failed)}; see its log")
    return list(runs)


def _wait_until_served(stack: BenchStack, process: subprocess.Popen[bytes]) -> UUID:
    deadline = time.monotonic() + _READY_WITHIN_SECONDS
    with PrefectApi(stack.settings) as prefect:
        while process.poll() is None and time.monotonic() < deadline:
            found = prefect.deployment(_DEPLOYMENT)
            if found is not None:
                return found
            time.sleep(_LOOK_EVERY_SECONDS)
    log = log_path(stack.settings.home, NAME)
    raise HotrodError(f"stock Prefect did not start; see {log}")


def main() -> None:
    """Serve until SIGTERM."""
    from flows.repair_intake import repair_intake

    # Prefect hands a served flow to its Pythons without the names that its annotations refer to.
    repair_intake.fn.__annotations__ = get_type_hints(repair_intake.fn, include_extras=True)
    repair_intake.serve(name=NAME)


if __name__ == "__main__":
    main()
