from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import SecretStr

from connectors._http.errors import (
    ConnectorError,
    NeedsReauthError,
    RateLimitedError,
    RejectedError,
    ServiceNotFoundError,
    TransientError,
    UnknownOutcomeError,
)
from connectors._http.paging import EndlessPagingError
from connectors._http.retry import RetryPolicy
from connectors.n8n.client import N8nClient
from connectors.n8n.errors import WorkflowFailedError

WORKFLOW = {"id": "2tUt1", "name": "Triage", "active": True, "tags": [{"id": "1", "name": "ai"}]}
EXECUTION = {"id": 1000, "status": "error", "workflowId": "2tUt1", "retryOf": None}


@pytest.fixture
async def n8n(server: Any, retry: RetryPolicy) -> AsyncIterator[N8nClient]:
    n8n = N8nClient(
        base_url=server.url, api_key=SecretStr("n8n-hunter2"), timeout_seconds=5.0, retry=retry
    )
    yield n8n
    await n8n.aclose()


async def test_workflows_are_listed_by_cursor(server: Any, n8n: N8nClient) -> None:
    server.answer(200, {"data": [WORKFLOW], "nextCursor": "a=="})
    server.answer(200, {"data": [WORKFLOW], "nextCursor": None})

    found = [one async for one in n8n.list_workflows(active=True, tags=["ai", "repairs"])]

    assert [one.tags[0].name for one in found] == ["ai", "ai"]
    first, second = server.seen
    assert first.target == "/api/v1/workflows?active=true&tags=ai%2Crepairs&limit=250"
    assert second.target == f"{first.target}&cursor=a%3D%3D"
    assert first.headers["x-n8n-api-key"] == "n8n-hunter2"


async def test_a_list_without_an_end_is_not_read_forever(server: Any, n8n: N8nClient) -> None:
    for _ in range(2):
        server.answer(200, {"data": [], "nextCursor": "same"})

    with pytest.raises(EndlessPagingError):
        async for _ in n8n.list_executions():
            pass


async def test_ids_may_be_numbers_or_text(server: Any, n8n: N8nClient) -> None:
    server.answer(200, {**EXECUTION, "workflowId": 17, "retryOf": 5})
    server.answer(200, {**EXECUTION, "id": "1000", "data": {"resultData": {}}})

    number = await n8n.get_execution("1000")
    text = await n8n.get_execution("1000", with_data=True)

    assert (number.id, number.workflow_id, number.retry_of) == ("1000", "17", "5")
    assert (text.id, text.data) == ("1000", {"resultData": {}})
    assert server.seen[1].target == "/api/v1/executions/1000?includeData=true"


async def test_executions_are_filtered(server: Any, n8n: N8nClient) -> None:
    server.answer(200, {"data": [EXECUTION], "nextCursor": None})

    (one,) = [one async for one in n8n.list_executions(workflow_id="2tUt1", status="error")]

    assert one.status == "error"
    query = "workflowId=2tUt1&status=error&limit=250"
    assert server.seen[0].target == f"/api/v1/executions?{query}"


@pytest.mark.parametrize("verb", ["activate", "deactivate"])
async def test_a_switch_is_pressed_again_when_its_answer_is_lost(
    server: Any, n8n: N8nClient, verb: str
) -> None:
    server.reset()
    server.answer(200, {**WORKFLOW, "active": verb == "activate"})

    workflow = await getattr(n8n, f"{verb}_workflow")("2t/Ut1")

    assert workflow.active is (verb == "activate")
    assert [seen.method for seen in server.seen] == ["POST", "POST"]
    assert server.seen[0].target == f"/api/v1/workflows/2t%2FUt1/{verb}"


async def test_what_is_deleted_may_be_gone(server: Any, n8n: N8nClient) -> None:
    server.reset()
    server.answer(404, {"message": "Not Found"})

    await n8n.delete_execution("1000")

    assert [seen.method for seen in server.seen] == ["DELETE", "DELETE"]


async def test_a_retry_is_not_retried(server: Any, n8n: N8nClient) -> None:
    server.answer(200, {**EXECUTION, "id": 1001, "retryOf": 1000})
    server.reset()

    again = await n8n.retry_execution("1000", load_workflow=True)

    assert again.retry_of == "1000"
    assert json.loads(server.seen[0].body) == {"loadWorkflow": True}
    with pytest.raises(UnknownOutcomeError, match="Executions"):
        await n8n.retry_execution("1000")
    assert len(server.seen) == 2


@pytest.mark.parametrize(
    ("body", "expected"),
    [({"message": "Workflow was started"}, {"message": "Workflow was started"}), (b"", None)],
)
async def test_a_webhook_is_sent_the_payload_and_never_the_key(
    server: Any, n8n: N8nClient, body: object, expected: object
) -> None:
    server.answer(200, body)

    answer = await n8n.trigger_webhook("leads/new one", {"email": "ann@example.org"})

    assert answer == expected
    (seen,) = server.seen
    assert (seen.method, seen.target) == ("POST", "/webhook/leads/new%20one")
    assert json.loads(seen.body) == {"email": "ann@example.org"}
    assert "x-n8n-api-key" not in seen.headers


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, b"<p>Sign in</p>", UnknownOutcomeError),
        (404, {"code": 404, "message": "It is not registered.", "hint": "!"}, ServiceNotFoundError),
        (500, {"message": "Error in workflow"}, WorkflowFailedError),
        (500, {"message": "Out of memory"}, UnknownOutcomeError),
        (502, b"", UnknownOutcomeError),
    ],
)
async def test_a_webhook_is_started_once_at_most(
    server: Any, n8n: N8nClient, status: int, body: object, kind: type[ConnectorError]
) -> None:
    server.answer(status, body)

    with pytest.raises(ConnectorError) as caught:
        await n8n.trigger_webhook("secret-path-4711", {"email": "ann@example.org"})

    assert type(caught.value) is kind
    assert len(server.seen) == 1
    assert "4711" not in str(caught.value)
    assert "ann@" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "kind", "tries"),
    [
        (400, RejectedError, 1),
        (401, NeedsReauthError, 1),
        (403, NeedsReauthError, 1),
        (404, ServiceNotFoundError, 1),
        (409, RejectedError, 1),
        (429, RateLimitedError, 3),
        (500, TransientError, 3),
        (503, TransientError, 3),
    ],
)
async def test_each_refusal_has_its_class(
    server: Any, n8n: N8nClient, status: int, kind: type[ConnectorError], tries: int
) -> None:
    for _ in range(tries):
        server.answer(status, {"message": "No, n8n-hunter2."})

    with pytest.raises(ConnectorError) as caught:
        await n8n.get_workflow("2tUt1")

    assert type(caught.value) is kind
    assert "hunter2" not in str(caught.value)


async def test_ping_asks_for_health_and_tries_the_key(server: Any, n8n: N8nClient) -> None:
    server.answer(200, {"status": "ok"})
    server.answer(401, {"message": "unauthorized"})

    with pytest.raises(NeedsReauthError, match="HOTROD_N8N__API_KEY"):
        await n8n.ping()

    assert [seen.target for seen in server.seen] == ["/healthz", "/api/v1/workflows?limit=1"]
    assert "x-n8n-api-key" not in server.seen[0].headers
