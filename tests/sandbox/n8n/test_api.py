from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from sandbox import Sandbox
from sandbox.n8n.seed import LEAD, TRIAGE, seed
from sandbox.n8n.store import Automation, Workflow
from sandbox.story import make_story

ROOT = "/n8n/api/v1"
KEY = {"X-N8N-API-KEY": "sandbox-key"}


@pytest.fixture
def automation(sandbox: Sandbox) -> Automation:
    seed(sandbox.state, make_story())
    return sandbox.state.store(Automation)


async def get(client: httpx.AsyncClient, path: str, **query: str) -> httpx.Response:
    return await client.get(f"{ROOT}/{path}", params=query, headers=KEY)


async def post(client: httpx.AsyncClient, path: str, body: object = None) -> httpx.Response:
    return await client.post(f"{ROOT}/{path}", json=body, headers=KEY)


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({}, "'X-N8N-API-KEY' header required"),
        ({"X-N8N-API-KEY": "wrong"}, "unauthorized"),
        ({"Authorization": "Bearer sandbox-key"}, "'X-N8N-API-KEY' header required"),
    ],
)
async def test_the_key_is_checked(
    client: httpx.AsyncClient, headers: dict[str, str], message: str
) -> None:
    answer = await client.get(f"{ROOT}/workflows", headers=headers)
    assert (answer.status_code, answer.json()) == (401, {"message": message})


async def test_health_and_webhooks_are_open_to_anybody(
    client: httpx.AsyncClient, automation: Automation
) -> None:
    assert (await client.get("/n8n/healthz")).json() == {"status": "ok"}
    started = await client.post("/n8n/webhook/lead", json={"email": "a@b.example"})
    assert started.json() == {"message": "Workflow was started"}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["Lead intake", "Repair triage", "Weekly digest"]),
        ({"active": "true"}, ["Lead intake", "Repair triage"]),
        ({"active": "false"}, ["Weekly digest"]),
        ({"tags": "repairs,ai"}, ["Repair triage"]),
        ({"tags": "repairs,leads"}, []),
        ({"name": "Lead intake"}, ["Lead intake"]),
        ({"name": "Lead"}, []),
    ],
)
async def test_workflows_are_filtered(
    client: httpx.AsyncClient, automation: Automation, query: dict[str, str], names: list[str]
) -> None:
    found = (await get(client, "workflows", **query)).json()
    assert [one["name"] for one in found["data"]] == names
    assert found["nextCursor"] is None


@pytest.mark.parametrize(("path", "count"), [("workflows", 7), ("executions", 30)])
async def test_lists_come_in_pages_by_cursor(
    client: httpx.AsyncClient, automation: Automation, path: str, count: int
) -> None:
    for number in range(4):
        automation.put(Workflow(name=f"More {number}"))
    seen, query = [], {"limit": "4"}
    for _ in range(-(-count // 4)):
        page = (await get(client, path, **query)).json()
        assert len(page["data"]) <= 4
        seen += [one["id"] for one in page["data"]]
        query = {"cursor": page["nextCursor"]}
    assert query == {"cursor": None}
    assert len(seen) == len(set(seen)) == count


async def test_a_page_of_executions_stays_while_more_run(
    client: httpx.AsyncClient, automation: Automation
) -> None:
    first = (await get(client, "executions", limit="10")).json()
    automation.run(TRIAGE, "webhook", {})
    second = (await get(client, "executions", cursor=first["nextCursor"])).json()
    ids = [one["id"] for page in (first, second) for one in page["data"]]
    assert ids == list(range(30, 10, -1))


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("workflows", {"limit": "251"}),
        ("workflows", {"limit": "0"}),
        ("workflows", {"limit": "ten"}),
        ("workflows", {"limit": "²"}),
        ("workflows", {"active": "yes"}),
        ("workflows", {"excludePinnedData": "1"}),
        ("workflows", {"cursor": "not a cursor"}),
        ("workflows", {"cursor": base64.b64encode(b"{}").decode()}),
        ("workflows", {"cursor": base64.b64encode(b'{"limit": 1e999, "offset": 0}').decode()}),
        ("executions", {"status": "fine"}),
        ("executions", {"includeData": "1"}),
        ("executions", {"cursor": base64.b64encode(b"[]").decode()}),
        ("executions/one", {}),
        ("executions/1.5", {}),
    ],
)
async def test_what_cannot_be_read_is_refused(
    client: httpx.AsyncClient, automation: Automation, path: str, query: dict[str, str]
) -> None:
    answer = await get(client, path, **query)
    assert answer.status_code == 400
    assert answer.json()["message"]


async def test_a_workflow_is_switched_off_and_on(
    client: httpx.AsyncClient, automation: Automation
) -> None:
    off = await post(client, f"workflows/{LEAD.id}/deactivate")
    assert off.json()["active"] is False
    refused = await client.post("/n8n/webhook/lead", json={})
    assert refused.status_code == 404
    assert refused.json()["message"] == 'The requested webhook "POST lead" is not registered.'
    on = await post(client, f"workflows/{LEAD.id}/activate", {"name": "first"})
    assert on.json()["active"] is True
    assert (await client.post("/n8n/webhook/lead", json={})).status_code == 200


@pytest.mark.parametrize("body", [[], {"name": 5}])
async def test_a_wrong_activation_is_refused(
    client: httpx.AsyncClient, automation: Automation, body: Any
) -> None:
    assert (await post(client, f"workflows/{LEAD.id}/activate", body)).status_code == 400


@pytest.mark.parametrize(
    "path", ["workflows/none", "executions/999", "credentials", "x/y/z", "workflows/none/activate"]
)
async def test_what_is_not_there_is_not_found(
    client: httpx.AsyncClient, automation: Automation, path: str
) -> None:
    answer = await get(client, path)
    assert answer.status_code == 404
    assert "not found" in answer.json()["message"].lower()


async def test_executions_are_filtered_and_show_data_when_asked(
    client: httpx.AsyncClient, automation: Automation
) -> None:
    failed = (await get(client, "executions", status="error")).json()["data"]
    assert len(failed) == 5
    assert {one["status"] for one in failed} == {"error"}
    assert "data" not in failed[0]
    none = await get(client, "executions", workflowId=LEAD.id)
    assert none.json()["data"] == []
    whole = (await get(client, f"executions/{failed[0]['id']}", includeData="true")).json()
    (run,) = whole["data"]["resultData"]["runData"]["Start"]
    assert run["body"]["device"]
    assert whole["data"]["resultData"]["error"]


async def test_what_failed_is_retried_and_what_succeeded_is_not(
    client: httpx.AsyncClient, automation: Automation
) -> None:
    failed = (await get(client, "executions", status="error")).json()["data"][0]["id"]
    done = (await post(client, f"executions/{failed}/retry", {"loadWorkflow": True})).json()
    assert (done["mode"], done["retryOf"], done["status"]) == ("retry", failed, "success")
    before = (await get(client, f"executions/{failed}")).json()
    assert before["retrySuccessId"] == done["id"]
    assert (await post(client, f"executions/{done['id']}/retry")).status_code == 409
    wrong = await post(client, f"executions/{failed}/retry", {"loadWorkflow": "yes"})
    assert wrong.status_code == 400


async def test_an_execution_is_deleted(client: httpx.AsyncClient, automation: Automation) -> None:
    gone = await client.delete(f"{ROOT}/executions/1", headers=KEY)
    assert gone.json()["id"] == 1
    assert (await get(client, "executions/1")).status_code == 404


async def test_a_webhook_answers_when_done_if_it_is_set_so(
    client: httpx.AsyncClient, automation: Automation
) -> None:
    answer = await client.post("/n8n/webhook/triage?from=mail", json={"device": "PS5"})
    assert answer.json() == {"query": {"from": "mail"}, "body": {"device": "PS5"}}
    assert automation.executions()[0].data == answer.json()
    assert (await client.post("/n8n/webhook/triage", content=b"\xff{")).status_code == 200
    automation.put(Workflow(id=TRIAGE.id, name="T", webhook_path="t", waits=True, fails=True))
    assert (await client.post("/n8n/webhook/t")).status_code == 404
    await post(client, f"workflows/{TRIAGE.id}/activate")
    failed = await client.post("/n8n/webhook/t")
    assert (failed.status_code, failed.json()) == (500, {"message": "Error in workflow"})
    assert automation.executions()[0].status == "error"


async def test_a_webhook_listens_to_one_method(
    client: httpx.AsyncClient, automation: Automation
) -> None:
    answer = await client.get("/n8n/webhook/lead")
    assert answer.status_code == 404
    assert "Did you mean to make a POST request?" in answer.json()["message"]


async def test_workflows_are_made_and_switched_on_the_page(
    client: httpx.AsyncClient, automation: Automation
) -> None:
    made = await client.post("/pages/n8n/workflows", data={"name": "Quote", "webhook_path": "/q/"})
    assert (made.status_code, made.headers["location"]) == (303, "/n8n")
    quote = automation.workflows()[-1]
    assert not quote.active
    for what in ("active", "waits", "fails"):
        await client.post("/pages/n8n/switch", data={"workflow": quote.id, "what": what})
    assert (await client.post("/n8n/webhook/q")).status_code == 500
    shown = await client.get("/n8n")
    assert "/n8n/webhook/q" in shown.text
    assert "error" in shown.text
    gone = await client.post("/pages/n8n/switch", data={"workflow": "none", "what": "active"})
    assert gone.status_code == 404
