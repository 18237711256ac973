"""Slack's stand-in, driven from Slack's own contract, over the methods that it plays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sandbox.calls import Exchange
from sandbox.credentials import CREDENTIALS
from sandbox.server import Sandbox
from sandbox.slack.limits import MethodLimits
from tests.contract.contracts import known_refusals
from tests.contract.contracts.refusals import wrong_refusal
from tests.contract.contracts.slack import CONTRACTS
from tests.contract.driving import seeded_sandbox

pytestmark = pytest.mark.thorough

SLACK = CONTRACTS["slack"]
MADE_UP: dict[str, st.SearchStrategy[Any]] = {
    "string": st.text(max_size=20),
    "boolean": st.booleans(),
    "integer": st.integers(),
    "number": st.floats(),
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with seeded_sandbox() as running:
        yield running


@pytest.fixture(scope="module")
def slack(sandbox: Sandbox) -> Iterator[httpx.Client]:
    bearer = {"Authorization": f"Bearer {CREDENTIALS.slack_token}"}
    url = f"{sandbox.url}/slack/api/"
    with httpx.Client(timeout=30, base_url=url, headers=bearer, trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def known(slack: httpx.Client) -> dict[str, Any]:
    """Arguments that make sense: those of a message that is there."""
    posted = slack.post("chat.postMessage", data={"channel": "#driven", "text": "Hi"}).json()
    return {
        "channel": posted["channel"],
        "ts": posted["ts"],
        "text": "Hello",
        "blocks": '[{"type": "divider"}]',
        "limit": 1,
        "oldest": 0,
        "latest": 10**11,
    }


@pytest.mark.parametrize(
    "method",
    ["auth.test", "conversations.list", "conversations.history", "chat.postMessage", "chat.update"],
)
def test_what_the_contract_allows_is_answered_by_it(
    sandbox: Sandbox, slack: httpx.Client, known: dict[str, Any], method: str
) -> None:
    if not SLACK.is_here():
        pytest.skip("no vendors' contracts beside the clone")
    verb, parameters = SLACK.arguments_of(method)
    place = "params" if verb == "GET" else "data"
    answers: list[bool] = []

    @settings(
        max_examples=50,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(given_ones=arguments(parameters, known))
    def run(given_ones: dict[str, Any]) -> None:
        sandbox.state.store(MethodLimits).clear()
        sent: dict[str, Any] = {place: given_ones}
        found = exchange(slack.request(verb, method, **sent), method)
        assert found.status < 500, given_ones
        assert wrong_refusal(known_refusals(), found) == [], given_ones
        assert SLACK.violations(found).answer == [], given_ones
        answers.append(b'"ok":true' in found.answer_body)

    run()
    assert any(answers), f"{method} was only ever refused"


@st.composite
def arguments(draw: st.DrawFn, kinds: dict[str, str], known: dict[str, Any]) -> dict[str, Any]:
    """Draw arguments: sensible as a whole, or some made up, or left out."""
    sensible = {name: known[name] for name in kinds if name in known}
    if draw(st.booleans()):
        return sensible
    names = draw(st.sets(st.sampled_from(sorted(kinds)))) if kinds else set[str]()
    return sensible | {name: draw(MADE_UP[kinds[name]]) for name in sorted(names)}


def exchange(answer: httpx.Response, method: str) -> Exchange:
    asked = answer.request
    return Exchange(
        service="slack",
        method=asked.method,
        path=f"/api/{method}",
        query=asked.url.query.decode(),
        headers=asked.headers.multi_items(),
        body=asked.content,
        status=answer.status_code,
        answer_headers=answer.headers.multi_items(),
        answer_body=answer.content,
    )
