"""Mailgun, played."""

from __future__ import annotations

from sandbox.credentials import CREDENTIALS
from sandbox.mailgun import api, pages
from sandbox.mailgun.store import Mail, Mails
from sandbox.stand_in import Api, StandIn
from sandbox.state import SandboxState
from sandbox.story import Story

_SEEDED = 10


def _seed(state: SandboxState, story: Story) -> None:
    """Tell some customers that their repair has come in."""
    for number, repair in enumerate(story.repairs[:_SEEDED]):
        state.store(Mails).add(
            Mail(
                id=f"<{number}@{CREDENTIALS.mailgun_domain}>",
                sender=f"shop@{CREDENTIALS.mailgun_domain}",
                to=[repair.customer.email],
                subject=f"We have your {repair.model}",
                text=f"Your {repair.brand} {repair.model} has arrived.",
                at=repair.asked_at,
            )
        )


MAILGUN = StandIn(
    name="mailgun",
    title="Mailgun",
    apis=(
        Api(
            service="mailgun",
            prefix="/mailgun",
            routers=(("/v3", api.router),),
            error=api.MailgunError,
            error_answer=api.error_answer,
            fault_answer=api.fault_answer,
        ),
    ),
    stores=lambda: (Mails(),),
    pages=pages.router,
    summary=lambda state: f"{len(state.store(Mails).all())} mails",
    seed=_seed,
)
