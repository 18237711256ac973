"""Slack, played."""

from __future__ import annotations

from sandbox.slack import api, control, interactions, pages
from sandbox.slack.arguments import SlackError
from sandbox.slack.channels import Channels, PostedMessage
from sandbox.slack.interactions import Interactions
from sandbox.slack.limits import MethodLimits
from sandbox.stand_in import Api, StandIn
from sandbox.state import SandboxState
from sandbox.story import Story

_SEEDED = 10


def _seed(state: SandboxState, story: Story) -> None:
    """Tell the bench of some repairs."""
    channels = state.store(Channels)
    for repair in story.repairs[:_SEEDED]:
        channels.add(
            PostedMessage(
                channel=channels.id_of("#repairs") or "",
                channel_name="#repairs",
                ts=channels.next_ts(),
                text=f"{repair.brand} {repair.model} of {repair.customer.name}: {repair.subject}",
                blocks=[],
                attachments=[],
                thread_ts=None,
                at=repair.asked_at,
            )
        )


SLACK = StandIn(
    name="slack",
    title="Slack",
    apis=(
        Api(
            service="slack",
            prefix="/slack",
            routers=(("", interactions.router), ("/api", api.router)),
            error=SlackError,
            error_answer=api.error_answer,
            fault_answer=api.fault_answer,
            id_header="x-slack-req-id",
        ),
    ),
    stores=lambda: (Channels(), Interactions(), MethodLimits()),
    pages=pages.router,
    control=control.router,
    summary=lambda state: f"{len(state.store(Channels).messages())} messages",
    seed=_seed,
)
