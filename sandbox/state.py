"""Everything that the stand-ins remember, in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from sandbox.calls import Calls
from sandbox.claude.usage import Exchanges, RateWindow
from sandbox.faults import Faults
from sandbox.mail.store import MailStore
from sandbox.mail.tokens import Tokens
from sandbox.slack.channels import Channels


@dataclass(slots=True)
class SandboxState:
    """Mailboxes and tokens, exchanges with Claude, Slack's channels; calls and faults."""

    mail: MailStore = field(default_factory=MailStore)
    tokens: Tokens = field(default_factory=Tokens)
    exchanges: Exchanges = field(default_factory=Exchanges)
    rate_window: RateWindow = field(default_factory=RateWindow)
    channels: Channels = field(default_factory=Channels)
    calls: Calls = field(default_factory=Calls)
    faults: Faults = field(default_factory=Faults)
    smtp_port: int = 0

    def reset(self) -> None:
        """Forget all but the tokens: clients hold them."""
        self.mail.clear()
        self.exchanges.clear()
        self.channels.clear()
        self.calls.clear()
        self.faults.clear()


def state_of(request: Request) -> SandboxState:
    """Return the state of the application that serves a request."""
    state: SandboxState = request.app.state.sandbox
    return state


State = Annotated[SandboxState, Depends(state_of)]
