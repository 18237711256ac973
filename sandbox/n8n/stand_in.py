"""n8n, played."""

from __future__ import annotations

from sandbox.n8n import api, pages, webhooks
from sandbox.n8n.seed import seed
from sandbox.n8n.store import Automation
from sandbox.stand_in import Api, StandIn
from sandbox.state import SandboxState


def _summary(state: SandboxState) -> str:
    automation = state.store(Automation)
    return f"{len(automation.workflows())} workflows, {len(automation.executions())} executions"


N8N = StandIn(
    name="n8n",
    title="n8n",
    apis=(
        Api(
            service="n8n",
            prefix="/n8n",
            routers=(("/api/v1", api.router), ("", webhooks.router)),
            error=api.N8nError,
            error_answer=api.error_answer,
            fault_answer=api.fault_answer,
        ),
    ),
    stores=lambda: (Automation(),),
    pages=pages.router,
    summary=_summary,
    seed=seed,
)
