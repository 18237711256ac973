"""The parts of the stack, by the settings."""

from __future__ import annotations

import signal
import sys
from functools import partial

from hotrod.settings import Settings
from hotrod.stack.environment import (
    machine_environment,
    part_environment,
    prefect_server_environment,
)
from hotrod.stack.parts import FileExists, HttpAnswers, Part, Port, PostgresConnects
from hotrod.stack.postgres import EmbeddedPostgres
from hotrod.stack.record import run_folder
from hotrod.stack.secrets import load_secrets

_AT_WORK = 8  # what isn't needed to accept a request gives way to what is


def plan_stack(settings: Settings) -> list[Part]:
    """Return the parts that run here; what the settings say is run elsewhere is left out."""
    environment = part_environment(settings, load_secrets(settings))
    parts = [_databases(environment)]
    if settings.database.url is None:
        parts.insert(0, _postgres(settings))
    if settings.prefect.api_url is None:
        parts.append(_prefect(settings))
    if settings.sandbox.services:
        parts.append(_sandbox(settings, environment))
    parts.append(_gateway(settings, environment))
    numbers = range(1, settings.worker.processes + 1)
    parts += [_worker(f"worker-{number}", settings, environment) for number in numbers]
    return parts


def _postgres(settings: Settings) -> Part:
    server = EmbeddedPostgres(settings.home / "postgres", settings.database.port)
    return Part(
        name="postgres",
        command=tuple(server.command()),
        environment=machine_environment(),
        ready=PostgresConnects(server.port),
        ports=(Port(server.port, "HOTROD_DATABASE__PORT"),),
        prepare=server.initialize,
        stop_signal=signal.SIGINT,
        identity=server.identity,
    )


def _databases(environment: dict[str, str]) -> Part:
    return Part(
        name="databases",
        command=_python("hotrod.stack.prepare"),
        environment=environment,
        ready=None,
        after=("postgres",),
    )


def _prefect(settings: Settings) -> Part:
    port = settings.prefect.port
    return Part(
        name="prefect",
        command=_python(
            "uvicorn",
            *("--factory", "prefect.server.api.server:create_app"),
            *("--host", "127.0.0.1", "--port", str(port)),
            *("--no-access-log", "--log-level", "warning"),
            *("--timeout-graceful-shutdown", "3"),
        ),
        environment=prefect_server_environment(settings, load_secrets(settings)),
        ready=HttpAnswers(f"{settings.prefect_url}/api/health"),
        ports=(Port(port, "HOTROD_PREFECT__PORT"),),
        url=settings.prefect_url,
        after=("postgres", "databases"),
        niceness=_AT_WORK,
    )


def _sandbox(settings: Settings, environment: dict[str, str]) -> Part:
    return Part(
        name="sandbox",
        command=_python("sandbox"),
        environment=environment,
        ready=HttpAnswers(f"{settings.sandbox_url}/health"),
        ports=(
            Port(settings.sandbox.port, "HOTROD_SANDBOX__PORT"),
            Port(settings.sandbox.smtp_port, "HOTROD_SANDBOX__SMTP_PORT"),
            Port(settings.sandbox.imap_port, "HOTROD_SANDBOX__IMAP_PORT"),
        ),
        url=settings.sandbox_url,
        niceness=_AT_WORK,
    )


def _gateway(settings: Settings, environment: dict[str, str]) -> Part:
    root = f"http://127.0.0.1:{settings.gateway.port}"
    return Part(
        name="gateway",
        command=_python("gateway"),
        environment=environment,
        ready=HttpAnswers(f"{root}/health"),
        ports=(Port(settings.gateway.port, "HOTROD_GATEWAY__PORT"),),
        url=root,
        after=("databases",),
    )


def _worker(name: str, settings: Settings, environment: dict[str, str]) -> Part:
    ready = run_folder(settings.home) / f"{name}.ready"
    return Part(
        name=name,
        command=_python("deployments.worker", "--name", name),
        environment=environment,
        ready=FileExists(ready),
        after=("databases", "prefect"),
        prepare=partial(ready.unlink, missing_ok=True),
        niceness=_AT_WORK,
    )


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *arguments)
