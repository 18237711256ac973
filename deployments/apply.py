"""Carry ``prefect.yaml`` to the Prefect server: flows, deployments, schedules."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate, WorkPoolCreate
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyOptions
from prefect.client.schemas.schedules import CronSchedule
from prefect.exceptions import ObjectAlreadyExists
from prefect.flows import Flow
from prefect.utilities.callables import parameter_schema
from pydantic import BaseModel, ConfigDict, Field

from deployments.engine import lighten

PREFECT_YAML = Path(__file__).parents[1] / "prefect.yaml"


class ScheduleSpec(BaseModel):
    """One schedule of a deployment in ``prefect.yaml``."""

    model_config = ConfigDict(extra="forbid")

    cron: str
    timezone: str
    slug: str
    active: bool = True


class DeploymentSpec(BaseModel):
    """One deployment in ``prefect.yaml``; Prefect's own format."""

    model_config = ConfigDict(extra="forbid")

    name: str
    description: str
    entrypoint: str = Field(pattern=r"^\w+/\w+\.py:\w+$")
    work_pool: dict[str, str]
    tags: list[str]
    parameters: dict[str, Any]
    schedules: list[ScheduleSpec]
    concurrency_limit: ConcurrencyLimitConfig | None = None

    def flow(self) -> Flow[..., Any]:
        """Import and return the flow; the module is imported once per process."""
        path, name = self.entrypoint.split(":")
        module = import_module(path.removesuffix(".py").replace("/", "."))
        return lighten(getattr(module, name))


@dataclass(frozen=True)
class Applied:
    """A deployment as the server holds it, and its flow in this process."""

    id: UUID
    flow: Flow[..., Any]


def read_deployments(path: Path = PREFECT_YAML) -> list[DeploymentSpec]:
    """Read and check the deployments of a file like ``prefect.yaml``."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [DeploymentSpec.model_validate(row) for row in data["deployments"]]


async def ensure_work_pool(
    client: PrefectClient, name: str, kind: str, template: dict[str, Any]
) -> None:
    """Create the work pool, if the server doesn't have it."""
    pool = WorkPoolCreate(name=name, type=kind, base_job_template=template)
    try:
        await client.create_work_pool(pool)
    except ObjectAlreadyExists:
        return


async def apply_deployments(
    client: PrefectClient, specs: list[DeploymentSpec], work_pool: str
) -> dict[str, Applied]:
    """Create or update every deployment.

    Args:
        client: of the Prefect API.
        specs: from ``read_deployments``.
        work_pool: pool that runs them, whatever name the file gives.

    Returns:
        the deployments by ``flow-name/deployment-name``.
    """
    applied: dict[str, Applied] = {}
    for spec in specs:
        flow = spec.flow()
        deployment_id = await client.create_deployment(
            flow_id=await client.create_flow(flow),
            name=spec.name,
            description=spec.description,
            entrypoint=spec.entrypoint,
            work_pool_name=work_pool,
            tags=spec.tags,
            parameters=spec.parameters,
            parameter_openapi_schema=parameter_schema(flow).model_dump_for_openapi(),
            enforce_parameter_schema=True,
            schedules=[_schedule(schedule) for schedule in spec.schedules],
            **_concurrency(spec),
        )
        applied[f"{flow.name}/{spec.name}"] = Applied(deployment_id, flow)
    return applied


def _schedule(spec: ScheduleSpec) -> DeploymentScheduleCreate:
    return DeploymentScheduleCreate(
        schedule=CronSchedule(cron=spec.cron, timezone=spec.timezone),
        active=spec.active,
        slug=spec.slug,
    )


def _concurrency(spec: DeploymentSpec) -> dict[str, Any]:
    if spec.concurrency_limit is None:
        return {}
    strategy = spec.concurrency_limit.collision_strategy
    return {
        "concurrency_limit": spec.concurrency_limit.limit,
        "concurrency_options": ConcurrencyOptions(collision_strategy=strategy),
    }
