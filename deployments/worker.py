"""The worker process: ``python -m deployments.worker --name worker-1``."""

from __future__ import annotations

import argparse
import asyncio
import signal
import threading
from contextlib import suppress
from pathlib import Path

import structlog
import uvloop
from prefect.context import AsyncClientContext
from prefect.settings import PREFECT_WORKER_QUERY_SECONDS, temporary_settings

from deployments.apply import PREFECT_YAML, apply_deployments, ensure_work_pool, read_deployments
from deployments.dead_letters import DeadLetters
from deployments.dispatcher import Dispatcher
from deployments.engine import lighten_engine
from deployments.reconciler import Reconciler
from deployments.triggers import TRIGGERS
from deployments.warm_worker import WORKER_TYPE, WarmWorker
from hotrod.logging import configure_logging
from tasks._resources import resources

log = structlog.get_logger()
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


async def serve(name: str, stop: asyncio.Event) -> None:
    """Run a worker until ``stop`` is set; then finish or give back what it has claimed."""
    kit = resources()
    settings = kit.settings
    await kit.database.open()
    async with AsyncClientContext() as context:
        client = context.client
        template = WarmWorker.get_default_base_job_template()
        await ensure_work_pool(client, settings.prefect.work_pool, WORKER_TYPE, template)
        specs = read_deployments(settings.worker.deployments_file or PREFECT_YAML)
        deployments = await apply_deployments(client, specs, settings.prefect.work_pool)
        worker = WarmWorker(
            deployments,
            TRIGGERS,
            kit.database,
            work_pool_name=settings.prefect.work_pool,
            name=name,
            create_pool_if_not_found=False,
        )
        dispatcher = Dispatcher(name, kit.database, client, deployments, settings.worker)
        reconciler = Reconciler(
            kit.database, client, deployments, TRIGGERS, settings.worker, dispatcher.cancel
        )
        dead_letters = DeadLetters(kit.database, client, deployments, TRIGGERS)
        loops = [
            asyncio.create_task(work)
            for work in (worker.start(), reconciler.run(), dispatcher.run(), dead_letters.run())
        ]
        ready = ready_file(settings.home, name)
        ready.parent.mkdir(parents=True, exist_ok=True)
        ready.touch()
        log.info("worker.ready", worker=name)
        try:
            await asyncio.wait(
                [asyncio.create_task(stop.wait()), *loops], return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            ready.unlink(missing_ok=True)
            for task in loops:
                task.cancel()
            results = await asyncio.gather(*loops, return_exceptions=True)
            await kit.close()
    for result in results:
        if isinstance(result, Exception):
            raise result


async def serve_until_told(name: str) -> None:
    """Serve until one of the signals comes that ``main`` has blocked."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def wait() -> None:
        signal.sigwait(STOP_SIGNALS)
        with suppress(RuntimeError):  # the loop has ended by itself
            loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=wait, name="signals", daemon=True).start()
    await serve(name, stop)


def ready_file(home: Path, name: str) -> Path:
    """Return the file that exists while the worker is at work."""
    return home / "run" / f"{name}.ready"


def main() -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", default="worker-1", help="unique among the living workers")
    name: str = parser.parse_args().name
    settings = resources().settings
    configure_logging(settings.log_level)
    lighten_engine()
    # While a flow runs, Prefect's engine has a SIGTERM handler that raises in the middle of
    # anything. So the signals are blocked, before there are threads, and waited for in one.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    with temporary_settings({PREFECT_WORKER_QUERY_SECONDS: settings.worker.poll_seconds}):
        uvloop.run(serve_until_told(name))


if __name__ == "__main__":
    main()
