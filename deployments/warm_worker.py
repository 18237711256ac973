"""The warm worker: a Prefect worker that runs flows in its own process.

Prefect's process worker starts a Python per run, and importing Prefect alone takes seconds. This
one keeps everything imported and runs flows in its event loop. What the server schedules (cron,
"quick run" in the UI) is found by Prefect's own polling; accepted deliveries come through the
dispatcher.
"""

from __future__ import annotations

from typing import Any, cast

import anyio.abc
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun, State
from prefect.exceptions import ObjectNotFound
from prefect.flow_engine import run_flow_async
from prefect.flows import Flow
from prefect.states import Pending
from prefect.workers.base import (
    BaseJobConfiguration,
    BaseVariables,
    BaseWorker,
    BaseWorkerResult,
)

from deployments.apply import Applied

WORKER_TYPE = "hotrod-warm"


class WarmWorkerResult(BaseWorkerResult):
    """What the base class wants to know of a run: nothing but that it ended."""


class WarmWorker(BaseWorker[BaseJobConfiguration, BaseVariables, WarmWorkerResult]):
    """Runs flows in this process; see the module.

    Args:
        deployments: what it can run, by ``flow-name/deployment-name``.
        kwargs: of ``BaseWorker``.
    """

    type = WORKER_TYPE
    job_configuration = BaseJobConfiguration
    job_configuration_variables = BaseVariables
    _description = "Runs flows in a process that keeps them imported: starts in milliseconds."

    def __init__(self, deployments: dict[str, Applied], **kwargs: object) -> None:
        super().__init__(**kwargs)  # type: ignore[arg-type]  # the base class checks its own
        self.deployments = deployments
        self._flows = {applied.id: applied.flow for applied in deployments.values()}

    async def run(
        self,
        flow_run: FlowRun,
        configuration: BaseJobConfiguration,  # noqa: ARG002 - there is nothing to configure
        task_status: anyio.abc.TaskStatus[int] | None = None,
    ) -> WarmWorkerResult:
        """Run a flow run that the server scheduled.

        Raises:
            ObjectNotFound: its deployment isn't one of ours; Prefect marks the run as crashed.
        """
        flow = self._flows.get(flow_run.deployment_id) if flow_run.deployment_id else None
        if flow is None:
            raise ObjectNotFound(ValueError("this deployment is not in prefect.yaml"))
        if task_status is not None:
            task_status.started(0)
        await execute(flow, flow_run)
        return WarmWorkerResult(status_code=0, identifier=str(flow_run.id))


async def execute(flow: Flow[..., Any], flow_run: FlowRun) -> State[Any]:
    """Run a flow here and now, and return its last state; errors of the flow are in the state."""
    parameters = flow.validate_parameters(flow_run.parameters)
    state = await run_flow_async(
        flow, flow_run=flow_run, parameters=parameters, return_type="state"
    )
    return cast("State[Any]", state)


async def make_runnable(client: PrefectClient, flow_run: FlowRun) -> FlowRun:
    """Return a run whose worker died or stopped to PENDING, so that it can go on.

    Prefect keeps such a run RUNNING for ever, or CRASHED when the worker could still say so.
    """
    if flow_run.state is not None and (flow_run.state.is_running() or flow_run.state.is_crashed()):
        await client.set_flow_run_state(flow_run.id, Pending(message="continued"), force=True)
        return await client.read_flow_run(flow_run.id)
    return flow_run
