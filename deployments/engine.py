"""What a warm worker changes in Prefect's engine, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from prefect import flow_engine, task_engine
from prefect.client.schemas.objects import FlowRun, State, TaskRun
from prefect.events.schemas.events import Event
from prefect.filesystems import LocalFileSystem
from prefect.flow_engine import AsyncFlowRunEngine
from prefect.flows import Flow
from prefect.settings import PREFECT_LOCAL_STORAGE_PATH
from prefect.utilities.engine import emit_task_run_state_change_event


def lighten_engine() -> None:
    """Do without two things of the engine that cost more than they tell.

    Its watch for runs that are suspended from outside starts a thread, an event loop and a
    websocket per run, and blocks our loop until they are there, and again until they are gone; a
    run that is suspended in the UI stops at its next change of state without it. And that a task
    is PENDING is no news where it is RUNNING a millisecond later; it is a third of the events
    that the server has to take in.
    """
    vars(flow_engine)["observe_flow_run_suspension"] = _watch_nothing
    vars(task_engine)["emit_task_run_state_change_event"] = _report_task


@contextmanager
def _watch_nothing(*_: object) -> Iterator[None]:
    yield


def _report_task(
    task_run: TaskRun,
    initial_state: State[Any] | None,
    validated_state: State[Any],
    follows: Event | None = None,
) -> Event | None:
    if initial_state is None and validated_state.is_pending():
        return None
    return emit_task_run_state_change_event(task_run, initial_state, validated_state, follows)


def lighten(flow: Flow[..., Any]) -> Flow[..., Any]:
    """Return the flow with its result storage set: the default one, without asking the server.

    The engine would ask for it by a blocking call in each run.
    """
    if flow.result_storage is None:
        flow.result_storage = LocalFileSystem(basepath=str(PREFECT_LOCAL_STORAGE_PATH.value()))
    return flow


async def run_flow(
    flow: Flow[..., Any], flow_run: FlowRun, is_ours: Callable[[], bool]
) -> State[Any]:
    """Run a flow in this event loop, and return its last state; see ``run_flow_async``.

    Args:
        flow: async.
        flow_run: that is run.
        is_ours: whether this worker still holds the run.

    Raises:
        Abort, Pause: its state was changed by somebody else, or it sleeps.
        CancelledError: the task that runs it was cancelled.
    """
    engine = _Engine(
        flow=flow,
        parameters=flow.validate_parameters(flow_run.parameters),
        flow_run=flow_run,
        is_ours=is_ours,
    )
    async with engine.start():
        while engine.is_running():
            async with engine.run_context():
                _ = await engine.call_flow_fn()
    return engine.state


@dataclass
class _Engine(AsyncFlowRunEngine[..., Any]):
    """Calls a run crashed only while it is ours: another worker may have completed it."""

    is_ours: Callable[[], bool] = lambda: True

    async def handle_crash(self, exc: BaseException) -> None:
        if self.is_ours():
            await super().handle_crash(exc)
        else:
            self._raised = exc  # type: ignore[assignment]  # as the base class does
