"""SendGrid, played."""

from __future__ import annotations

from sandbox.sendgrid import api, errors, pages
from sandbox.sendgrid.store import Mail, Sent
from sandbox.stand_in import Api, StandIn
from sandbox.state import SandboxState
from sandbox.story import Story

_SEEDED = 10


def _seed(state: SandboxState, story: Story) -> None:
    """Thank the latest buyers."""
    for order in story.orders[-_SEEDED:]:
        state.store(Sent).add(
            Mail(
                id=order.number,
                sender="shop@example.com",
                to=[order.buyer.email],
                subject=f"Your order {order.number}",
                content=f"Thank you: {order.total} CAD are paid.",
                at=order.placed_at,
            )
        )


SENDGRID = StandIn(
    name="sendgrid",
    title="SendGrid",
    apis=(
        Api(
            service="sendgrid",
            prefix="/sendgrid",
            routers=(("/v3", api.router),),
            error=errors.SendGridError,
            error_answer=errors.error_answer,
            fault_answer=errors.fault_answer,
        ),
    ),
    stores=lambda: (Sent(),),
    pages=pages.router,
    summary=lambda state: f"{len(state.store(Sent).all())} mails",
    seed=_seed,
)
