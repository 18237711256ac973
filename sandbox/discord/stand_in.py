"""Discord, played."""

from __future__ import annotations

from sandbox.discord import api, pages
from sandbox.discord.store import Posts
from sandbox.stand_in import Api, StandIn
from sandbox.state import SandboxState
from sandbox.story import Story

_SEEDED = 10


def _seed(state: SandboxState, story: Story) -> None:
    """Tell the shop of its latest sales."""
    for order in story.orders[-_SEEDED:]:
        sold = ", ".join(f"{line.quantity} x {line.part.name}" for line in order.lines)
        text = f"{order.number} to {order.buyer.city}, {order.total} CAD: {sold}"
        state.store(Posts).add("hotrod", text, [], order.placed_at)


DISCORD = StandIn(
    name="discord",
    title="Discord",
    apis=(
        Api(
            service="discord",
            prefix="/discord",
            routers=(("/api", api.router),),
            error=api.DiscordError,
            error_answer=api.error_answer,
            fault_answer=api.fault_answer,
        ),
    ),
    stores=lambda: (Posts(),),
    pages=pages.router,
    summary=lambda state: f"{len(state.store(Posts).all())} messages",
    seed=_seed,
)
