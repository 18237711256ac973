"""A flow that does nothing but wait for somebody."""

from __future__ import annotations

from prefect import flow
from prefect.flow_runs import asuspend_flow_run

_AS_LONG_AS_A_DAY = 86_400


@flow(name="sleeper", persist_result=True)
async def sleeper(number: int) -> int:
    """Sleep until somebody resumes the run; then return its number."""
    await asuspend_flow_run(timeout=_AS_LONG_AS_A_DAY, key="wait")
    return number
