"""The warm worker: a Prefect worker that hands what the server scheduled to the inbox.

Prefect's process worker starts a Python per run, and importing Prefect alone takes seconds. Ours
keeps everything imported, and its dispatcher runs flows in its event loop. What the server
schedules (cron, "quick run" in the UI, resumed runs) is found by Prefect's own polling and gets a
place in the inbox beside the accepted deliveries.
"""

from __future__ import annotations

from collections.abc import Mapping

import anyio.abc
from prefect.client.schemas.objects import FlowRun
from prefect.workers.base import (
    BaseJobConfiguration,
    BaseVariables,
    BaseWorker,
    BaseWorkerResult,
)

from deployments.adoption import adopt, trigger_of
from deployments.apply import Applied
from deployments.away import suppress_database_away, suppress_prefect_away
from deployments.triggers import Trigger
from hotrod.db.engine import Database

WORKER_TYPE = "hotrod-warm"


class WarmWorkerResult(BaseWorkerResult):
    """What the base class wants to know of a run: that it was handed over."""


class WarmWorker(BaseWorker[BaseJobConfiguration, BaseVariables, WarmWorkerResult]):
    """Hands scheduled runs to the inbox; see the module.

    Args:
        deployments: what can be run, by ``flow-name/deployment-name``.
        triggers: by event.
        database: where the inbox is.
        kwargs: of ``BaseWorker``.
    """

    type = WORKER_TYPE
    job_configuration = BaseJobConfiguration
    job_configuration_variables = BaseVariables
    _description = "Runs flows in a process that keeps them imported: starts in milliseconds."

    def __init__(
        self,
        deployments: Mapping[str, Applied],
        triggers: Mapping[str, Trigger],
        database: Database,
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)  # type: ignore[arg-type]  # the base class checks its own
        self._deployments = deployments
        self._triggers = triggers
        self._database = database

    async def run(
        self,
        flow_run: FlowRun,
        configuration: BaseJobConfiguration,  # noqa: ARG002 - there is nothing to configure
        task_status: anyio.abc.TaskStatus[int] | None = None,
    ) -> WarmWorkerResult:
        """Give a run its place in the inbox; when the database is away, the reconciler does it."""
        if task_status is not None:
            task_status.started(0)
        trigger = trigger_of(flow_run.deployment_id, self._deployments, self._triggers)
        with suppress_database_away():
            await adopt(self._database, flow_run, trigger)
        return WarmWorkerResult(status_code=0, identifier=str(flow_run.id))

    async def get_and_submit_flow_runs(self) -> list[FlowRun]:
        """Poll once. A server that is away is no reason to poll less often, or to end."""
        submitted: list[FlowRun] = []
        with suppress_prefect_away():
            submitted += await super().get_and_submit_flow_runs()
        return submitted

    async def sync_with_backend(self) -> None:
        """Tell the server that this worker lives, if it can be told."""
        with suppress_prefect_away():
            await super().sync_with_backend()
