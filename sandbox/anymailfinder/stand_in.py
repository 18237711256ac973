"""Anymail Finder, played."""

from __future__ import annotations

from sandbox.anymailfinder import api, pages
from sandbox.anymailfinder.seed import seed
from sandbox.anymailfinder.store import Finder
from sandbox.stand_in import Api, StandIn
from sandbox.state import SandboxState


def _summary(state: SandboxState) -> str:
    finder = state.store(Finder)
    return f"{len(finder.mailboxes())} addresses, {finder.credits_left} credits"


ANYMAILFINDER = StandIn(
    name="anymailfinder",
    title="Anymail Finder",
    apis=(
        Api(
            service="anymailfinder",
            prefix="/anymailfinder",
            routers=(("/v5.1", api.router), ("", api.open_router)),
            error=api.FinderError,
            error_answer=api.error_answer,
            fault_answer=api.fault_answer,
            reads=("/find-email/",),
        ),
    ),
    stores=lambda: (Finder(),),
    pages=pages.router,
    summary=_summary,
    seed=seed,
)
