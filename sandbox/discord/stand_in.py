"""Discord, played."""

from __future__ import annotations

from sandbox.discord import api, pages
from sandbox.discord.store import Posts
from sandbox.stand_in import Api, StandIn

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
)
