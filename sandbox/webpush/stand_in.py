"""A push service, played."""

from __future__ import annotations

import random

from sandbox.stand_in import Api, StandIn
from sandbox.state import SandboxState
from sandbox.story import Story
from sandbox.webpush import api, pages
from sandbox.webpush.store import Pushed, Pushes, Subscription

_BROWSERS = 2
_SEEDED = 5


def _seed(state: SandboxState, story: Story) -> None:
    """Let browsers of the shop subscribe, and tell each of its latest sales.

    Their keys are the same each time, drawn with dice that anybody can throw again: they guard
    nothing but made-up sales.
    """
    dice = random.Random(len(story.orders))  # noqa: S311 - repeatable on purpose
    pushes = state.store(Pushes)
    for _ in range(_BROWSERS):
        token = pushes.keep(Subscription.drawn(dice)).token
        for order in story.orders[-_SEEDED:]:
            text = f"{order.number} to {order.buyer.city}, {order.total} CAD"
            pushes.add(
                Pushed(
                    subscription=token,
                    text=text,
                    ttl=86_400,
                    urgency="normal",
                    topic=None,
                    at=order.placed_at,
                )
            )


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
    seed=_seed,
)
