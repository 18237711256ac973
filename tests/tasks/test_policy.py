"""When a step is tried again, and what is waited for before."""

from __future__ import annotations

from typing import Any

import pytest
from prefect.client.schemas.objects import State, StateType, TaskRun

from connectors._http.errors import RateLimitedError, RejectedError, TransientError
from tasks import _policy


def failed(error: Exception) -> State[Any]:
    return State(type=StateType.FAILED, data=error)


async def is_passing(error: Exception) -> bool:
    run = TaskRun.model_construct(task_key="step", dynamic_key="0")
    return await _policy.is_passing(None, run, failed(error))  # type: ignore[arg-type]


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that a step would have waited."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(_policy, "sleep", sleep)
    return waited


@pytest.mark.parametrize(("told", "waited"), [(None, 0.0), (45.0, 45.0), (180.0, 60.0)])
async def test_what_a_service_tells_is_waited_out(
    waits: list[float], told: float | None, waited: float
) -> None:
    error = RateLimitedError("s", "o", "m", None, told)

    assert await is_passing(error)
    assert waits == [waited]


async def test_a_quota_that_is_used_up_for_hours_is_told_at_once(waits: list[float]) -> None:
    assert not await is_passing(RateLimitedError("s", "o", "m", None, 3600.0))
    assert waits == []


async def test_a_refusal_is_told_at_once(waits: list[float]) -> None:
    error = RejectedError("s", "o", "m", None, 60.0)

    assert not await is_passing(error)
    assert waits == []


async def test_a_fault_that_may_pass_is_tried_again(waits: list[float]) -> None:
    error = TransientError("s", "o", "m")

    assert await is_passing(error)
