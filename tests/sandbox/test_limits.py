"""Each stand-in whose vendor has a pace keeps it: at the limit, past it, and in the next window."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx
import pytest

from sandbox import Sandbox
from sandbox.credentials import CREDENTIALS
from sandbox.discord.store import Posts
from sandbox.hubspot.limits import Limits
from sandbox.mail.ews import EwsBudget
from sandbox.mail.graph_limits import MailboxLimits
from sandbox.mail.tokens import Tokens
from sandbox.mailgun.store import Mails
from sandbox.sendgrid.store import Sent
from sandbox.slack.channels import Channels
from sandbox.slack.limits import MethodLimits
from sandbox.state import SandboxState
from sandbox.stripe.store import Payments
from sandbox.supabase.project import REF, Project
from sandbox.twilio.store import Texts
from sandbox.windows import RateLimit

SHOP = "repairs@shop.example.com"
ENVELOPE = f"""
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"
    xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"
    xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages">
  <s:Header><t:RequestServerVersion Version="Exchange2016"/></s:Header>
  <s:Body><m:ResolveNames ReturnFullContactData="false">
    <m:UnresolvedEntry>{SHOP}</m:UnresolvedEntry>
  </m:ResolveNames></s:Body>
</s:Envelope>"""


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@dataclass(frozen=True)
class Paced:
    """A call, the limit it is counted by, and how it is refused past it.

    Args:
        per: the vendor's figures: so many calls in so many seconds.
        told: headers of a refusal.
        words: what its body holds.
    """

    limit: Callable[[SandboxState], RateLimit]
    per: tuple[int, float]
    url: str
    headers: Callable[[SandboxState], Mapping[str, str]] = lambda _state: {}
    sent: Mapping[str, Any] = field(default_factory=dict)
    method: str = "POST"
    refusal: int = 429
    told: Mapping[str, str] = field(default_factory=dict)
    words: tuple[str, ...] = ()

    async def ask(self, client: httpx.AsyncClient, state: SandboxState) -> httpx.Response:
        headers = dict(self.headers(state))
        return await client.request(self.method, self.url, headers=headers, **self.sent)

    def is_refused(self, answer: httpx.Response) -> bool:
        said = all(word in answer.text for word in self.words)
        return answer.status_code == self.refusal and said


def ten_minutes_of_a_mailbox(state: SandboxState) -> RateLimit:
    return state.store(MailboxLimits).of(SHOP)


def messages_of_a_channel(state: SandboxState) -> RateLimit:
    channels = state.store(Channels)
    return channels.limit_of(channels.id_of("#repairs") or "")


def calls_of_a_method(method: str, state: SandboxState) -> RateLimit:
    limit = state.store(MethodLimits).of(method)
    assert limit is not None
    return limit


PACED = {
    "graph": Paced(
        limit=ten_minutes_of_a_mailbox,
        per=(10_000, 600),
        method="GET",
        url=f"/graph/v1.0/users/{SHOP.upper()}/messages",
        headers=lambda state: bearer(state.store(Tokens).issue()),
        told={"retry-after": "600"},
        words=("ApplicationThrottled", "request-id"),
    ),
    "ews": Paced(
        limit=lambda state: state.store(EwsBudget),
        per=(6000, 60),
        url="/ews/EWS/Exchange.asmx",
        sent={
            "content": ENVELOPE.strip(),
            "auth": (CREDENTIALS.ews_username, CREDENTIALS.ews_password),
        },
        refusal=200,
        words=("ErrorServerBusy", "BackOffMilliseconds", ">60000<"),
    ),
    "hubspot": Paced(
        limit=lambda state: state.store(Limits).calls,
        per=(100, 10),
        method="GET",
        url="/hubspot/crm/v3/objects/contacts",
        headers=lambda _state: bearer(CREDENTIALS.hubspot_token),
        told={"x-hubspot-ratelimit-max": "100", "x-hubspot-ratelimit-remaining": "0"},
        words=("RATE_LIMIT", "TEN_SECONDLY_ROLLING", "correlationId"),
    ),
    "hubspot's search": Paced(
        limit=lambda state: state.store(Limits).searches,
        per=(5, 1),
        url="/hubspot/crm/v3/objects/contacts/search",
        headers=lambda _state: bearer(CREDENTIALS.hubspot_token),
        sent={"json": {}},
        words=("RATE_LIMIT", "SECONDLY"),
    ),
    "slack": Paced(
        limit=messages_of_a_channel,
        per=(300, 300),
        url="/slack/api/chat.postMessage",
        headers=lambda _state: bearer(CREDENTIALS.slack_token),
        sent={"json": {"channel": "#repairs", "text": "hi"}},
        told={"retry-after": "300"},
        words=("ratelimited",),
    ),
    **{
        f"slack's {method}": Paced(
            limit=partial(calls_of_a_method, method),
            per=(calls, 60),
            url=f"/slack/api/{method}",
            headers=lambda _state: bearer(CREDENTIALS.slack_token),
            sent={"json": {"channel": "#repairs", "ts": "1.2", "text": "hi"}},
            told={"retry-after": "60"},
            words=("ratelimited",),
        )
        for method, calls in {
            "chat.update": 50,
            "conversations.history": 50,
            "conversations.list": 20,
        }.items()
    },
    "discord": Paced(
        limit=lambda state: state.store(Posts).limit,
        per=(5, 2),
        url=f"/discord/api/webhooks/{CREDENTIALS.discord_webhook}/{CREDENTIALS.discord_token}",
        sent={"json": {"content": "hi"}},
        told={"retry-after": "2", "x-ratelimit-remaining": "0"},
        words=("You are being rate limited.", "retry_after", "global"),
    ),
    "mailgun": Paced(
        limit=lambda state: state.store(Mails).limit,
        per=(300, 60),
        url=f"/mailgun/v3/{CREDENTIALS.mailgun_domain}/messages",
        sent={
            "auth": ("api", CREDENTIALS.mailgun_api_key),
            "data": {"from": "a@example.org", "to": "b@example.org", "text": "hi"},
        },
        told={"retry-after": "60"},
        words=("limit exceeded, try again after 60 seconds",),
    ),
    "sendgrid": Paced(
        limit=lambda state: state.store(Sent).limit,
        per=(600, 60),
        url="/sendgrid/v3/mail/send",
        headers=lambda _state: bearer(CREDENTIALS.sendgrid_api_key),
        sent={
            "json": {
                "personalizations": [{"to": [{"email": "b@example.org"}]}],
                "from": {"email": "a@example.org"},
                "subject": "hi",
                "content": [{"type": "text/plain", "value": "hi"}],
            }
        },
        told={"x-ratelimit-limit": "600", "x-ratelimit-remaining": "0"},
        words=("too many requests",),
    ),
    "stripe": Paced(
        limit=lambda state: state.store(Payments).limit,
        per=(25, 1),
        method="GET",
        url="/stripe/v1/balance",
        headers=lambda _state: bearer(CREDENTIALS.stripe_key),
        told={"stripe-rate-limited-reason": "global-rate"},
        words=("invalid_request_error", "rate_limit"),
    ),
    "supabase": Paced(
        limit=lambda state: state.store(Project).limit,
        per=(120, 60),
        method="GET",
        url=f"/supabase/management/v1/projects/{REF}",
        headers=lambda _state: bearer(CREDENTIALS.supabase_management_token),
        told={
            "x-ratelimit-limit": "120",
            "x-ratelimit-remaining": "0",
            "x-ratelimit-reset": "60",
        },
        words=("ThrottlerException: Too Many Requests",),
    ),
    "twilio": Paced(
        limit=lambda state: state.store(Texts).limit,
        per=(100, 1),
        method="GET",
        url=f"/twilio/2010-04-01/Accounts/{CREDENTIALS.twilio_account}/Messages.json",
        sent={"auth": (CREDENTIALS.twilio_account, CREDENTIALS.twilio_auth_token)},
        words=("20429", "Too Many Requests"),
    ),
}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds by which windows are counted; they stand still unless they are moved."""
    now = [1000.0]
    monkeypatch.setattr("sandbox.windows.monotonic", lambda: now[0])
    return now


@pytest.mark.parametrize("paced", PACED.values(), ids=PACED.keys())
async def test_the_last_call_of_a_window_is_answered_and_the_next_one_in_the_next_window(
    client: httpx.AsyncClient, sandbox: Sandbox, clock: list[float], paced: Paced
) -> None:
    state = sandbox.state
    limit = paced.limit(state)
    assert (limit.calls, limit.seconds) == paced.per
    for _ in range(limit.calls - 1):
        assert limit.take() is None

    last = await paced.ask(client, state)
    past = await paced.ask(client, state)
    clock[0] += limit.seconds
    later = await paced.ask(client, state)

    assert last.is_success, last.text
    assert not paced.is_refused(last)
    assert paced.is_refused(past), past.text
    assert {name: past.headers.get(name) for name in paced.told} == paced.told
    assert later.is_success, later.text
    assert not paced.is_refused(later)


async def test_a_mailbox_of_graphs_does_not_wait_for_another(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    limit = ten_minutes_of_a_mailbox(sandbox.state)
    while limit.take() is None:
        pass
    headers = bearer(sandbox.state.store(Tokens).issue())

    other = await client.get("/graph/v1.0/users/ann@example.org/messages", headers=headers)
    of_none = await client.get("/graph/v1.0/subscriptions", headers=headers)

    assert (other.status_code, of_none.status_code) == (200, 200)
