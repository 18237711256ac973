from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from connectors._http.retry import RetryPolicy
from connectors.n8n.client import N8nClient
from sandbox.n8n.store import Automation, Workflow
from tests.contract.cases import Case


def make(stand_ins: Any, retry: RetryPolicy, timeout_seconds: float) -> N8nClient:
    workflow = Workflow(name="Lead intake", webhook_path="lead", active=True)
    stand_ins.sandbox.state.store(Automation).put(workflow)
    return N8nClient(
        base_url=f"{stand_ins.url}/n8n",
        api_key=SecretStr("sandbox-key"),
        timeout_seconds=timeout_seconds,
        retry=retry,
    )


async def list_all(n8n: N8nClient) -> int:
    return len([one async for one in n8n.list_workflows()])


async def written(stand_ins: Any) -> int:
    return len(stand_ins.sandbox.state.store(Automation).executions())


CASES = {
    "n8n": Case(
        service="n8n",
        make=make,
        read=list_all,
        read_path="/workflows",
        write=lambda n8n: n8n.trigger_webhook("lead", {"company": "Tremblay Music"}),
        write_path="/webhook/",
        written=written,
    )
}
