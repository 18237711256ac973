"""Claude, played."""

from __future__ import annotations

import secrets

from sandbox.claude import api, control, errors, pages
from sandbox.claude.batches import Batches
from sandbox.claude.seed import seed
from sandbox.claude.streams import Interruptions
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
            error=errors.ClaudeError,
            error_answer=errors.error_answer,
            fault_answer=errors.fault_answer,
            id_header="request-id",
            new_id=lambda: f"req_{secrets.token_hex(12)}",
        ),
    ),
    stores=lambda: (Exchanges(), RateWindow(), Batches(), Interruptions()),
    pages=pages.router,
    control=control.router,
    summary=lambda state: f"{len(state.store(Exchanges))} questions",
    seed=seed,
)
