"""Twilio, played."""

from __future__ import annotations

import uuid

from sandbox.credentials import CREDENTIALS
from sandbox.stand_in import Api, StandIn
from sandbox.state import SandboxState
from sandbox.story import Story
from sandbox.twilio import api, control, errors, pages
from sandbox.twilio.store import Text, Texts, new_sid

_SEEDED = 10


def _seed(state: SandboxState, story: Story) -> None:
    """Tell some customers that their repair has come in; one wants no texts."""
    texts = state.store(Texts)
    for repair in story.repairs[:_SEEDED]:
        texts.add(
            Text(
                sid=new_sid("SM"),
                to=repair.customer.phone,
                sender=CREDENTIALS.twilio_number,
                service=None,
                body=f"We have your {repair.brand} {repair.model}, and will look at it today.",
                status="delivered",
                created_at=repair.asked_at,
                updated_at=repair.asked_at,
                sent_at=repair.asked_at,
            )
        )
    texts.receive(story.people[0].phone, "STOP", CREDENTIALS.twilio_number)


TWILIO = StandIn(
    name="twilio",
    title="Twilio",
    apis=(
        Api(
            service="twilio",
            prefix="/twilio",
            routers=(("", api.router),),
            error=errors.TwilioError,
            error_answer=errors.error_answer,
            fault_answer=errors.fault_answer,
            id_header="twilio-request-id",
            new_id=lambda: f"RQ{uuid.uuid4().hex}",
        ),
    ),
    stores=lambda: (Texts(),),
    pages=pages.router,
    control=control.router,
    summary=lambda state: f"{len(state.store(Texts).all())} texts",
    seed=_seed,
)
