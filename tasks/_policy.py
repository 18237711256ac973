"""When a step is tried again, and how long it may take.

The transport waits out a short Retry-After; a task repeats what failed in passing; nobody else
loops. A write whose outcome is unknown may be repeated here, because its effect goes through the
ledger, which looks the outcome up first.
"""

from __future__ import annotations

from asyncio import sleep
from datetime import timedelta
from typing import Any, TypedDict

from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task
from sqlalchemy.exc import SQLAlchemyError

from connectors._http.errors import (
    NeedsReauthError,
    RateLimitedError,
    RejectedError,
    ServiceNotFoundError,
    TransientError,
    UnknownOutcomeError,
)

PASSING = (TransientError, RateLimitedError, UnknownOutcomeError)
REFUSED = (
    TransientError,
    RateLimitedError,
    NeedsReauthError,
    ServiceNotFoundError,
    RejectedError,
)
"""Errors of a write which say that surely nothing was done."""


LONGEST_WAIT_SECONDS = 60.0
"""That a step waits before it is tried again."""
LONGEST_TOLD_SECONDS = 3 * LONGEST_WAIT_SECONDS
"""What the tries of a step may wait together; told to stay away longer, it isn't tried again."""

SOON = timedelta(minutes=30)
"""How long what a shop has told stands; a run that begins anew later asks it again."""


class StepOptions(TypedDict, total=False):
    """Options of ``@task`` that the presets set."""

    retries: int
    retry_delay_seconds: list[float]
    retry_jitter_factor: float
    retry_condition_fn: Any
    timeout_seconds: float
    persist_result: bool


async def is_passing(_task: Task[Any, Any], _run: TaskRun, state: State[Any]) -> bool:
    """Tell whether a step failed for a reason that may be gone the next time.

    When the service told how long to stay away, that is waited out first, up to a minute: steps
    repeated sooner would only use up their tries. A quota that is used up for hours isn't passing.
    """
    error = await state.aresult(raise_on_failure=False)
    if not isinstance(error, PASSING):
        return False
    told = error.retry_after_seconds or 0.0
    if told > LONGEST_TOLD_SECONDS:
        return False
    await sleep(min(told, LONGEST_WAIT_SECONDS))
    return True


async def is_database_trouble(_task: Task[Any, Any], _run: TaskRun, state: State[Any]) -> bool:
    """Tell whether a step failed because of the database, and not for a reason of ours."""
    error = await state.aresult(raise_on_failure=False)
    return isinstance(error, (OSError, SQLAlchemyError))


OUTWARD: StepOptions = {
    "retries": 3,
    "retry_delay_seconds": [1, 2, 4],
    "retry_jitter_factor": 0.3,
    "retry_condition_fn": is_passing,
    "timeout_seconds": 90,
    "persist_result": True,
}
"""For steps that talk to a service: three more tries, after 1, 2 and 4 s."""

RECORD: StepOptions = {
    "retries": 2,
    "retry_delay_seconds": [0.5, 2],
    "retry_condition_fn": is_database_trouble,
    "timeout_seconds": 30,
    "persist_result": True,
}
"""For steps on our own database: two more tries when it was out of reach."""

ASKING: StepOptions = {**OUTWARD, "retries": 1, "retry_delay_seconds": [1], "timeout_seconds": 30}
"""For steps that ask a model and have something to fall back on: one more try."""
