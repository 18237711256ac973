"""Unleashed, played."""

from __future__ import annotations

from sandbox.stand_in import Api, StandIn
from sandbox.state import SandboxState
from sandbox.unleashed import api, pages
from sandbox.unleashed.postings import UnleashedError
from sandbox.unleashed.seed import seed
from sandbox.unleashed.store import Inventory


def _summary(state: SandboxState) -> str:
    inventory = state.store(Inventory)
    products, orders = inventory.find("Products"), inventory.find("SalesOrders")
    return f"{len(products)} products, {len(orders)} sales orders"


UNLEASHED = StandIn(
    name="unleashed",
    title="Unleashed",
    apis=(
        Api(
            service="unleashed",
            prefix="/unleashed",
            routers=(("", api.router),),
            error=UnleashedError,
            error_answer=api.error_answer,
            fault_answer=api.fault_answer,
        ),
    ),
    stores=lambda: (Inventory(),),
    pages=pages.router,
    summary=_summary,
    seed=seed,
)
