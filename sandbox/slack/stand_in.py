"""Slack, played."""

from __future__ import annotations

from sandbox.slack import api, control, interactions, pages
from sandbox.slack.arguments import SlackError
from sandbox.slack.channels import Channels
from sandbox.slack.interactions import Interactions
from sandbox.stand_in import Api, StandIn

SLACK = StandIn(
    name="slack",
    title="Slack",
    apis=(
        Api(
            service="slack",
            prefix="/slack",
            routers=(("/api", api.router), ("", interactions.router)),
            error=SlackError,
            error_answer=api.error_answer,
            fault_answer=api.fault_answer,
            id_header="x-slack-req-id",
        ),
    ),
    stores=lambda: (Channels(), Interactions()),
    pages=pages.router,
    control=control.router,
    summary=lambda state: f"{len(state.store(Channels).messages())} messages",
)
