"""Calls of n8n's public API, and of the webhooks that start its workflows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from typing import TypeVar
from urllib.parse import quote

from pydantic import JsonValue, SecretStr, TypeAdapter

from connectors._http.calls import Shared
from connectors._http.client import ServiceClient
from connectors._http.errors import ServiceNotFoundError, UnknownOutcomeError
from connectors._http.paging import Page, items, pages
from connectors._http.redaction import Redactor
from connectors._http.retry import RetryPolicy
from connectors.n8n.auth import ApiKey
from connectors.n8n.errors import CURES, TABLE, read_problem
from connectors.n8n.models import Execution, Fields, Item, Listed, Workflow

SERVICE = "n8n"
PAGE_SIZE = 250
"""The most that is allowed."""

_API = "/api/v1"
_ANY_JSON = TypeAdapter[JsonValue](JsonValue)
Shown = TypeVar("Shown", bound=Fields)


class N8nClient:
    """Reads and switches workflows, reads and retries executions, and starts webhooks.

    The key goes to the public API only: whoever builds a workflow sees what its webhook is sent.
    Source: docs.n8n.io, "n8n public REST API" and "Webhook node".

    Args:
        base_url: root of the instance.
        api_key: of a user who may see the workflows.
        timeout_seconds: longest wait for an answer; for that of a workflow, too.
        shared: with the other processes that use the account.
        retry: when a call is tried again.
    """

    def __init__(
        self,
        *,
        base_url: str,
        api_key: SecretStr,
        timeout_seconds: float,
        shared: Shared | None = None,
        retry: RetryPolicy | None = None,
    ) -> None:
        def client(auth: ApiKey | None) -> ServiceClient:
            return ServiceClient(
                SERVICE,
                base_url,
                timeout_seconds=timeout_seconds,
                auth=auth,
                table=TABLE,
                cures=CURES,
                read_problem=read_problem,
                redact=Redactor([api_key]),
                shared=shared,
                retry=retry,
            )

        self._api = client(ApiKey(api_key))
        self._open = client(None)

    def list_workflows(
        self, *, active: bool | None = None, name: str = "", tags: Sequence[str] = ()
    ) -> AsyncIterator[Workflow]:
        """List workflows.

        Args:
            active: only those that are switched on, or off; None: both.
            name: only those of exactly this name.
            tags: only those that have all of these.
        """
        state = "" if active is None else str(active).lower()
        filters = {"active": state, "name": name, "tags": ",".join(tags)}
        return self._list(Listed[Workflow], "list_workflows", "/workflows", filters)

    async def get_workflow(self, workflow_id: str) -> Workflow:
        """Return a workflow."""
        return await self._get(Workflow, "get_workflow", f"/workflows/{_quoted(workflow_id)}")

    async def activate_workflow(self, workflow_id: str) -> Workflow:
        """Switch a workflow on; one that is on stays so."""
        return await self._switch("activate", workflow_id)

    async def deactivate_workflow(self, workflow_id: str) -> Workflow:
        """Switch a workflow off; one that is off stays so."""
        return await self._switch("deactivate", workflow_id)

    def list_executions(
        self, *, workflow_id: str = "", status: str = "", with_data: bool = False
    ) -> AsyncIterator[Execution]:
        """List what ran, the newest first.

        Args:
            workflow_id: only of this workflow.
            status: only what ended, or stands, like this: ``success``, ``error``, ``running``,
                ``waiting``, ``canceled``.
            with_data: with what went through; that is a lot.
        """
        filters = {
            "workflowId": workflow_id,
            "status": status,
            "includeData": "true" if with_data else "",
        }
        return self._list(Listed[Execution], "list_executions", "/executions", filters)

    async def get_execution(self, execution_id: str, *, with_data: bool = False) -> Execution:
        """Return an execution."""
        path, query = f"/executions/{_quoted(execution_id)}", {"includeData": "true"}
        return await self._get(Execution, "get_execution", path, query if with_data else {})

    async def delete_execution(self, execution_id: str) -> None:
        """Delete an execution with its data; one that isn't there is fine, too."""
        with suppress(ServiceNotFoundError):
            await self._api.send(
                "delete_execution",
                "DELETE",
                f"{_API}/executions/{_quoted(execution_id)}",
                safe=True,
            )

    async def retry_execution(self, execution_id: str, *, load_workflow: bool = False) -> Execution:
        """Let a workflow run again on what it failed with; return the new execution.

        Args:
            execution_id: of the one that failed.
            load_workflow: whether the workflow runs as it is now, and not as it was then.

        Raises:
            UnknownOutcomeError: it may have run again.
            RejectedError: it can't be retried, for it succeeded.
        """
        return await self._api.fetch(
            Execution,
            "retry_execution",
            "POST",
            f"{_API}/executions/{_quoted(execution_id)}/retry",
            json={"loadWorkflow": load_workflow},
        )

    async def trigger_webhook(self, path: str, payload: Mapping[str, JsonValue]) -> JsonValue:
        """Start the workflow that listens at ``POST /webhook/{path}``, its production URL.

        n8n has no key against repeats: an unknown outcome stays unknown.

        Args:
            path: of the webhook node; it may be a secret, and isn't logged.
            payload: what the workflow gets.

        Returns:
            what the workflow answers, as it is set up: at once that it was started, or what its
            last node returned; None: nothing.

        Raises:
            ServiceNotFoundError: no active workflow listens there.
            WorkflowFailedError: it ran, and failed.
            UnknownOutcomeError: it may have run, in part or whole.
        """
        operation = "trigger_webhook"
        answer = await self._open.send(
            operation, "POST", f"/webhook/{quote(path, safe='/')}", json=dict(payload)
        )
        if not answer.content:
            return None
        try:
            return _ANY_JSON.validate_json(answer.content)
        except ValueError:
            kind = answer.headers.get("content-type", "no content type")
        raise self._open.error(UnknownOutcomeError, operation, f"its answer ({kind}) is not JSON")

    async def ping(self) -> None:
        """Ask for the instance's health, then for a workflow.

        Raises:
            ConnectorError: n8n is not reached, or does not take the key.
        """
        await self._open.send("ping", "GET", "/healthz")
        await self._get(Listed[Workflow], "ping", "/workflows", {"limit": "1"})

    async def aclose(self) -> None:
        """Close all connections."""
        await self._api.aclose()
        await self._open.aclose()

    def _list(
        self, into: type[Listed[Item]], operation: str, path: str, filters: dict[str, str]
    ) -> AsyncIterator[Item]:
        asked = {name: value for name, value in filters.items() if value}
        query = {**asked, "limit": str(PAGE_SIZE)}

        async def fetch(cursor: str | None) -> Page[Item]:
            at = {} if cursor is None else {"cursor": cursor}
            found = await self._get(into, operation, path, {**query, **at})
            return Page(found.data, found.next_cursor)

        return items(pages(SERVICE, operation, fetch))

    async def _get(
        self,
        into: type[Shown],
        operation: str,
        path: str,
        query: Mapping[str, str] | None = None,
    ) -> Shown:
        return await self._api.fetch(into, operation, "GET", _API + path, params=query or {})

    async def _switch(self, verb: str, workflow_id: str) -> Workflow:
        path = f"{_API}/workflows/{_quoted(workflow_id)}/{verb}"
        return await self._api.fetch(Workflow, f"{verb}_workflow", "POST", path, safe=True)


def _quoted(part: str) -> str:
    return quote(part, safe="")
