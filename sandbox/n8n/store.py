"""The workflows of an n8n instance, and what became of each time they ran."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

MAX_EXECUTIONS = 2000
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")
_SIGNS = string.ascii_letters + string.digits

Mode = Literal["webhook", "trigger", "retry"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """One workflow; only what starts it is played.

    Args:
        name: for people.
        webhook_path: of its webhook node; empty: it runs by the clock.
        webhook_method: that the node listens to.
        waits: whether the webhook answers when the last node is done, not at once.
        fails: whether it fails when it runs.
    """

    name: str
    webhook_path: str = ""
    webhook_method: str = "POST"
    waits: bool = False
    fails: bool = False
    active: bool = False
    tags: tuple[str, ...] = ()
    id: str = field(default_factory=lambda: "".join(secrets.choice(_SIGNS) for _ in range(16)))
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    updated_at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One time that a workflow ran."""

    id: int
    workflow_id: str
    mode: Mode
    has_failed: bool
    data: dict[str, Any]
    retry_of: int | None = None
    retry_success_id: int | None = None
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def status(self) -> str:
        """How it ended."""
        return "error" if self.has_failed else "success"


class Automation:
    """The instance: workflows in the order they were made, executions oldest first."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget all workflows and executions."""
        self._workflows: dict[str, Workflow] = {}
        self._executions: dict[int, Execution] = {}
        self._last_id = 0

    def workflows(self) -> list[Workflow]:
        """Return all workflows."""
        return list(self._workflows.values())

    def workflow(self, workflow_id: str) -> Workflow | None:
        """Return a workflow."""
        return self._workflows.get(workflow_id)

    def put(self, workflow: Workflow) -> Workflow:
        """Keep a workflow, in place of the one of its id."""
        kept = replace(workflow, updated_at=datetime.now(UTC))
        self._workflows[kept.id] = kept
        return kept

    def listening(self, path: str) -> list[Workflow]:
        """Return the active workflows whose webhook has this path."""
        return [one for one in self.workflows() if one.active and path and one.webhook_path == path]

    def executions(self) -> list[Execution]:
        """Return what ran, the newest first."""
        return list(self._executions.values())[::-1]

    def execution(self, execution_id: int) -> Execution | None:
        """Return one execution."""
        return self._executions.get(execution_id)

    def run(
        self, workflow: Workflow, mode: Mode, data: dict[str, Any], retry_of: int | None = None
    ) -> Execution:
        """Let a workflow run; a retry that succeeds is noted at what it repeats."""
        self._last_id += 1
        done = Execution(
            id=self._last_id,
            workflow_id=workflow.id,
            mode=mode,
            has_failed=workflow.fails,
            data=data,
            retry_of=retry_of,
        )
        self._executions[done.id] = done
        while len(self._executions) > MAX_EXECUTIONS:
            del self._executions[next(iter(self._executions))]
        if retry_of in self._executions and not done.has_failed:
            before = self._executions[retry_of]
            self._executions[retry_of] = replace(before, retry_success_id=done.id)
        return done

    def delete_execution(self, execution_id: int) -> None:
        """Forget an execution."""
        del self._executions[execution_id]
