"""What Prefect says of its runs, asked by HTTP: its own client takes seconds to be imported."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Self
from uuid import UUID, uuid4

import httpx
from pydantic import BaseModel, TypeAdapter

from hotrod.errors import HotrodError
from hotrod.settings import Settings
from hotrod.stack.secrets import load_secrets

OPEN_STATES = ("PENDING", "RUNNING", "CANCELLING")
ENDED_STATES = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
_PAGE = 200


class Run(BaseModel):
    """A flow run as the server knows it.

    Args:
        start_time: when it was RUNNING for the first time.
        end_time: when it reached its last state.
        run_count: how often it was RUNNING.
    """

    id: UUID
    created: datetime
    start_time: datetime | None
    end_time: datetime | None
    state_type: str | None
    run_count: int
    parameters: dict[str, Any]
    deployment_id: UUID | None = None
    idempotency_key: str | None = None

    @property
    def start_seconds(self) -> float | None:
        """Seconds from its creation until it was RUNNING."""
        return (self.start_time - self.created).total_seconds() if self.start_time else None


_RUNS = TypeAdapter(list[Run])


class PrefectApi:
    """A connection to a stack's Prefect server; use it in a ``with`` block."""

    def __init__(self, settings: Settings) -> None:
        user, _, password = (
            load_secrets(settings).prefect_auth_string.get_secret_value().partition(":")
        )
        self._client = httpx.Client(
            base_url=f"{settings.prefect_url}/api",
            auth=(user, password),
            headers={"Prefect-Csrf-Client": str(uuid4())},
            trust_env=False,
            timeout=30,
        )

    def __enter__(self) -> Self:
        client = self._client.headers["Prefect-Csrf-Client"]
        answer = self._client.get("/csrf-token", params={"client": client}).raise_for_status()
        self._client.headers["Prefect-Csrf-Token"] = answer.json()["token"]
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def deployment(self, name: str) -> UUID | None:
        """Return the id of a deployment ``flow-name/deployment-name``, if there is one."""
        answer = self._client.get(f"/deployments/name/{name}")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        return UUID(answer.raise_for_status().json()["id"])

    def create_run(self, deployment: UUID, parameters: dict[str, Any]) -> Run:
        """Schedule a run for now, as ``run_deployment(timeout=0)`` does."""
        answer = self._client.post(
            f"/deployments/{deployment}/create_flow_run", json={"parameters": parameters}
        )
        return Run.model_validate(answer.raise_for_status().json())

    def resume(self, run_id: UUID) -> None:
        """Wake a run that sleeps, as the button in the UI does."""
        answer = self._client.post(f"/flow_runs/{run_id}/resume", json={}).raise_for_status()
        if answer.json()["status"] != "ACCEPT":
            raise HotrodError(f"Prefect did not resume {run_id}: {answer.json()['details']}")

    def run(self, run_id: UUID) -> Run:
        """Return one run."""
        answer = self._client.get(f"/flow_runs/{run_id}").raise_for_status()
        return Run.model_validate(answer.json())

    def runs_of(self, deployment: UUID) -> list[Run]:
        """Return all runs of a deployment, in the order of their ids."""
        return list(self._pages({"deployment_id": {"any_": [str(deployment)]}}))

    def all_runs(self) -> list[Run]:
        """Return the runs of all deployments."""
        return list(self._pages({}))

    def open_runs(self) -> list[Run]:
        """Return the runs that are believed to be under way."""
        return list(self._pages({"state": {"type": {"any_": list(OPEN_STATES)}}}))

    def running_times(self, run_id: UUID) -> list[datetime]:
        """Return when a run came to be RUNNING, each time, the first one first."""
        answer = self._client.get("/flow_run_states/", params={"flow_run_id": str(run_id)})
        states = answer.raise_for_status().json()
        return sorted(
            datetime.fromisoformat(state["timestamp"])
            for state in states
            if state["type"] == "RUNNING"
        )

    def count_ended_tasks(self, deployment: UUID) -> int:
        """Return how many task runs of a deployment's runs have ended, well or badly."""
        ended = {"state": {"type": {"any_": list(ENDED_STATES)}}}
        return self._count("task_runs", deployment, task_runs=ended)

    def count_artifacts(self, deployment: UUID) -> int:
        """Return how many artifacts the runs of a deployment have made in all.

        Not counted is what the server makes by itself: one for the result of each run.
        """
        return self._count("artifacts", deployment, artifacts={"type": {"not_any_": ["result"]}})

    def _count(self, what: str, deployment: UUID, **which: Any) -> int:  # noqa: ANN401 - filters
        which["deployments"] = {"id": {"any_": [str(deployment)]}}
        answer = self._client.post(f"/{what}/count", json=which).raise_for_status()
        return int(answer.json())

    def _pages(self, which: dict[str, Any]) -> Iterator[Run]:
        offset = 0
        while True:
            asked = {"flow_runs": which, "sort": "ID_DESC", "limit": _PAGE, "offset": offset}
            answer = self._client.post("/flow_runs/filter", json=asked).raise_for_status()
            page = _RUNS.validate_json(answer.content)
            yield from page
            if len(page) < _PAGE:
                return
            offset += _PAGE
