"""Gmail's stand-in, driven from the discovery document: never a 5xx, nothing undescribed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.calls import Exchange
from sandbox.google.tokens import GoogleTokens
from sandbox.mail.gmail_wire import GmailQuota
from sandbox.mail.store import MailStore
from sandbox.server import Sandbox
from tests.contract.cases.gmail import HUB
from tests.contract.contracts.gmail import CONTRACTS
from tests.contract.driving import sandbox_beside
from tests.contract.test_google_schema import Document

pytestmark = pytest.mark.thorough

CLAIMED = (
    "users.getProfile users.history.list users.labels.create users.labels.get users.labels.list "
    "users.messages.attachments.get users.messages.batchModify users.messages.delete "
    "users.messages.get users.messages.list users.messages.modify users.messages.send "
    "users.messages.trash users.messages.untrash users.stop users.threads.get users.threads.list "
    "users.watch"
)
QUERIES = st.sampled_from(["in:inbox", "is:unread -from:ann", "rfc822msgid:<1@x>", "after:1d"])
LABELS = st.lists(st.sampled_from(["INBOX", "UNREAD", "TRASH", "SENT", "Label_1"]), max_size=3)
TOPICS = st.just("projects/noizy/topics/mail")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with sandbox_beside() as running:
        yield running


@pytest.fixture
def ids(sandbox: Sandbox) -> list[str]:
    """Ids of messages and threads that are there, and one that isn't."""
    sandbox.state.reset()
    sandbox.state.store(GmailQuota).units_per_minute = 10_000_000
    raw = b"From: ann@example.org\r\nTo: hub@example.com\r\nSubject: Hi\r\n\r\nHello\r\n"
    kept = [sandbox.state.store(MailStore).deliver(raw, mailbox=HUB) for _ in range(3)]
    return [*(one.id for one in kept), kept[0].thread_id, "INBOX", "nowhere"]


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[httpx.Client]:
    token = {"Authorization": f"Bearer {sandbox.state.store(GoogleTokens).issue()}"}
    with httpx.Client(base_url=f"{sandbox.url}/google", headers=token, trust_env=False) as client:
        yield client


def sensible(ids: list[str]) -> dict[str, st.SearchStrategy[Any]]:
    """Return what makes sense for names that mean something."""
    return {
        "userId": st.just(HUB),
        "id": st.sampled_from(ids),
        "messageId": st.sampled_from(ids),
        "q": QUERIES,
        "labelIds": LABELS,
        "startHistoryId": st.integers(0, 20).map(str),
        "addLabelIds": LABELS,
        "removeLabelIds": LABELS,
        "topicName": TOPICS,
    }


@pytest.mark.parametrize("name", CLAIMED.split())
def test_what_may_be_asked_is_answered_as_described(
    client: httpx.Client, ids: list[str], name: str
) -> None:
    contract = CONTRACTS["gmail"]
    if not contract.is_here():
        pytest.skip("no vendors' contracts beside the clone")
    document = Document("gmail.v1")
    method = document.method(name)
    known = sensible(ids)

    @settings(
        max_examples=40,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(document.requests(method), st.fixed_dictionaries(known), st.booleans())
    def ask(made: tuple[dict[str, Any], Any], better: dict[str, Any], is_sensible: bool) -> None:  # noqa: FBT001
        parameters, body = made
        path = method["path"]
        for part in [one for one in parameters if f"{{{one}}}" in path]:
            value = better.get(part) or parameters[part] or "none"
            path = path.replace(f"{{{part}}}", quote(value, safe=""))
            del parameters[part]
        if is_sensible:
            parameters |= {one: better[one] for one in parameters if one in better}
            if body is not None:
                body |= {one: better[one] for one in body if one in better}
        answer = client.request(
            method["httpMethod"],
            f"/{path}",
            params=parameters,
            **({} if body is None else {"json": body}),
        )
        assert answer.status_code < 500
        exchange = Exchange(
            service="gmail",
            method=method["httpMethod"],
            path=answer.request.url.path.removeprefix("/google/gmail"),
            query=answer.request.url.query.decode(),
            headers=[],
            body=b"",
            status=answer.status_code,
            answer_headers=list(answer.headers.items()),
            answer_body=answer.content,
        )
        assert contract.violations(exchange).answer == []

    ask()
