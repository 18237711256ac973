"""A flow run in this process: made runnable, run, and what its end means for its delivery."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, cast
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.exceptions import Abort, ObjectNotFound, Pause
from prefect.flows import Flow
from prefect.states import Pending

from deployments.away import is_prefect_away
from deployments.engine import run_flow
from hotrod.db.engine import is_away
from tasks._policy import PASSING


class Ending(Enum):
    """What becomes of a delivery after an attempt to run it."""

    DONE = auto()
    SUSPENDED = auto()
    CANCELLED = auto()
    FAILED = auto()
    INTERRUPTED = auto()


@dataclass(frozen=True)
class Conclusion:
    """How an attempt ended, and why.

    INTERRUPTED: it may well succeed the next time; ``counts`` tells whether the attempt counts
    towards the most that are made.
    """

    ending: Ending
    reason: str = ""
    counts: bool = True


_STAY = {Ending.DONE, Ending.CANCELLED, Ending.SUSPENDED}
_ENDINGS = {
    StateType.COMPLETED: Ending.DONE,
    StateType.PAUSED: Ending.SUSPENDED,
    StateType.CANCELLED: Ending.CANCELLED,
    StateType.CANCELLING: Ending.CANCELLED,
    StateType.FAILED: Ending.FAILED,
}


async def make_runnable(client: PrefectClient, flow_run: FlowRun) -> FlowRun:
    """Return a run that an earlier attempt has left in any state, so that it can go on.

    Prefect keeps the run of a killed worker RUNNING for ever. What is completed, cancelled or
    asleep stays so.
    """
    state = flow_run.state
    if state is None or state.is_pending() or _ENDINGS.get(state.type) in _STAY:
        return flow_run
    await client.set_flow_run_state(flow_run.id, Pending(message="continued"), force=True)
    return await client.read_flow_run(flow_run.id)


async def execute(
    client: PrefectClient, flow: Flow[..., Any], flow_run: FlowRun, is_ours: Callable[[], bool]
) -> State[Any]:
    """Run a flow here and now, and return its last state; errors of the flow are in the state.

    What is completed, cancelled or asleep is not run.
    """
    state = flow_run.state
    if state is not None and _ENDINGS.get(state.type) in _STAY:
        return state
    try:
        return await run_flow(flow, flow_run, is_ours)
    except (Abort, Pause):  # it sleeps, or somebody else has changed its state
        return cast("State[Any]", (await client.read_flow_run(flow_run.id)).state)


async def conclude(state: State[Any]) -> Conclusion:
    """Tell what the last state of an attempt means."""
    ending = _ENDINGS.get(state.type, Ending.INTERRUPTED)
    reason = state.message or state.name or state.type.value
    if ending is Ending.FAILED and is_passing(await state.aresult(raise_on_failure=False)):
        ending = Ending.INTERRUPTED
    return Conclusion(ending, reason)


def is_passing(error: object) -> bool:
    """Tell whether an attempt failed for a reason that may be gone the next time."""
    return isinstance(error, PASSING) or is_away(error) or is_prefect_away(error)


async def end_run(client: PrefectClient, run_id: UUID, state: State[Any]) -> None:
    """Give a run its last state, unless it has one; a run that is gone is left alone.

    CRASHED is no last state: it is what Prefect calls any run that was interrupted.
    """
    try:
        flow_run = await client.read_flow_run(run_id)
    except ObjectNotFound:
        return
    known = flow_run.state
    if known is None or not known.is_final() or known.is_crashed():
        await client.set_flow_run_state(run_id, state, force=True)
