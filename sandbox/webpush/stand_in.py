"""A push service, played."""

from __future__ import annotations

from sandbox.stand_in import Api, StandIn
from sandbox.webpush import api, pages
from sandbox.webpush.store import Pushes

WEB_PUSH = StandIn(
    name="webpush",
    title="Web Push",
    apis=(
        Api(
            service="webpush",
            prefix="/webpush",
            routers=(("/push", api.router),),
            error=api.PushError,
            error_answer=api.error_answer,
            fault_answer=api.fault_answer,
        ),
    ),
    stores=lambda: (Pushes(),),
    pages=pages.router,
    summary=lambda state: f"{len(state.store(Pushes).all())} messages",
)
