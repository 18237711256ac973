"""Claude, played."""

from __future__ import annotations

import secrets

from sandbox.claude import api, pages
from sandbox.claude.usage import Exchanges, RateWindow
from sandbox.stand_in import Api, StandIn

CLAUDE = StandIn(
    name="claude",
    title="Claude",
    apis=(
        Api(
            service="claude",
            prefix="/claude",
            routers=(("/v1", api.router),),
            error=api.ClaudeError,
            error_answer=api.error_answer,
            fault_answer=api.fault_answer,
            id_header="request-id",
            new_id=lambda: f"req_{secrets.token_hex(12)}",
        ),
    ),
    stores=lambda: (Exchanges(), RateWindow()),
    pages=pages.router,
    summary=lambda state: f"{len(state.store(Exchanges))} questions",
)
