"""What the n8n connector promises, against the stand-in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import SecretStr

from connectors._http.errors import NeedsReauthError, RejectedError, ServiceNotFoundError
from connectors.n8n.client import N8nClient
from connectors.n8n.errors import WorkflowFailedError
from sandbox.n8n.seed import LEAD, TRIAGE, seed
from sandbox.n8n.store import Automation, Workflow
from sandbox.story import make_story


@pytest.fixture
def automation(stand_ins: Any) -> Automation:
    seed(stand_ins.sandbox.state, make_story(scale=10))
    store: Automation = stand_ins.sandbox.state.store(Automation)
    return store


def client(stand_ins: Any, key: str = "sandbox-key") -> N8nClient:
    return N8nClient(base_url=f"{stand_ins.url}/n8n", api_key=SecretStr(key), timeout_seconds=10.0)


@pytest.fixture
async def n8n(stand_ins: Any) -> AsyncIterator[N8nClient]:
    n8n = client(stand_ins)
    yield n8n
    await n8n.aclose()


async def test_all_executions_are_read(n8n: N8nClient, automation: Automation) -> None:
    found = [one async for one in n8n.list_executions(workflow_id=TRIAGE.id)]

    assert [int(one.id) for one in found] == list(range(300, 0, -1))  # 250 a page
    failed = [one async for one in n8n.list_executions(status="error", with_data=True)]
    assert {one.status for one in failed} == {"error"}
    assert all(one.data for one in failed)


async def test_workflows_are_found_and_switched(n8n: N8nClient, automation: Automation) -> None:
    names = [one.name async for one in n8n.list_workflows(active=True)]
    assert names == ["Lead intake", "Repair triage"]

    off = await n8n.deactivate_workflow(LEAD.id)

    assert not off.active
    assert [one.id async for one in n8n.list_workflows(name="Lead intake")] == [LEAD.id]
    with pytest.raises(ServiceNotFoundError, match="active"):
        await n8n.trigger_webhook("lead", {})
    assert (await n8n.activate_workflow(LEAD.id)).active
    assert (await n8n.activate_workflow(LEAD.id)).active
    assert (await n8n.get_workflow(LEAD.id)).tags[0].name == "leads"


async def test_a_webhook_runs_its_workflow(n8n: N8nClient, automation: Automation) -> None:
    at_once = await n8n.trigger_webhook("lead", {"company": "Tremblay Music"})
    when_done = await n8n.trigger_webhook("triage", {"device": "PS5"})

    assert at_once == {"message": "Workflow was started"}
    assert when_done == {"query": {}, "body": {"device": "PS5"}}
    newest = await anext(n8n.list_executions())
    assert (newest.workflow_id, newest.mode) == (TRIAGE.id, "webhook")


async def test_a_workflow_that_fails_is_told_and_retried(
    n8n: N8nClient, automation: Automation
) -> None:
    broken = Workflow(name="Quote", webhook_path="quote", waits=True, active=True, fails=True)
    automation.put(broken)

    with pytest.raises(WorkflowFailedError, match="which node"):
        await n8n.trigger_webhook("quote", {})
    failed = await anext(n8n.list_executions(workflow_id=broken.id, status="error"))
    automation.put(Workflow(name="Quote", webhook_path="quote", id=broken.id))
    again = await n8n.retry_execution(failed.id)

    assert (again.status, again.retry_of) == ("success", failed.id)
    assert (await n8n.get_execution(failed.id)).retry_success_id == again.id
    with pytest.raises(RejectedError, match="cannot be retried"):
        await n8n.retry_execution(again.id)


async def test_an_execution_is_deleted_once_or_twice(
    n8n: N8nClient, automation: Automation
) -> None:
    await n8n.delete_execution("1")
    await n8n.delete_execution("1")

    with pytest.raises(ServiceNotFoundError):
        await n8n.get_execution("1", with_data=True)


async def test_a_wrong_key_needs_a_person(stand_ins: Any) -> None:
    n8n = client(stand_ins, key="wrong")
    with pytest.raises(NeedsReauthError, match="HOTROD_N8N__API_KEY"):
        await n8n.ping()
    await n8n.aclose()


async def test_ping(n8n: N8nClient) -> None:
    await n8n.ping()
