from __future__ import annotations

from base64 import b64decode
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.policy import default
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from connectors._http.calls import Shared
from connectors._http.errors import (
    ConnectorError,
    NeedsReauthError,
    RateLimitedError,
    RejectedError,
    ServiceNotFoundError,
    TransientError,
    UnknownOutcomeError,
)
from connectors._http.limits import MemoryLimiter, Rate
from connectors._http.retry import RetryPolicy
from connectors.mail.errors import SendAsDeniedError
from connectors.mail.graph import GraphMail
from connectors.mail.models import SentLookup

MIME = b"From: repairs@example.com\r\nTo: ann@example.com\r\nMessage-ID: <1@x>\r\n\r\nHello\r\n"


@pytest.fixture
async def mail(server: Any, retry: RetryPolicy) -> AsyncIterator[GraphMail]:
    """Graph mail that has its token already."""
    mail = GraphMail(
        base_url=f"{server.url}/v1.0",
        login_url=f"{server.url}/login",
        tenant="our tenant",
        client_id="us",
        client_secret=SecretStr("hunter2"),
        timeout_seconds=5.0,
        retry=retry,
    )
    server.answer(200, {"access_token": "t1", "expires_in": 3600})
    yield mail
    await mail.aclose()


async def send(mail: GraphMail) -> None:
    await mail.send(
        MIME,
        mailbox="hub@example.com",
        sender="repairs@example.com",
        recipients=["ann@example.com"],
    )


async def failure(mail: GraphMail) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        await send(mail)
    return caught.value


def fault(code: str, message: str = "") -> dict[str, object]:
    return {"error": {"code": code, "message": message, "innerError": {"request-id": "r"}}}


async def test_mime_is_sent_as_it_is(server: Any, mail: GraphMail) -> None:
    server.answer(202, b"")

    await send(mail)

    login, sent = server.seen
    assert login.target == "/login/our%20tenant/oauth2/v2.0/token"
    assert (sent.method, sent.target) == ("POST", "/v1.0/users/hub@example.com/sendMail")
    assert sent.headers["content-type"] == "text/plain"
    assert sent.headers["authorization"] == "Bearer t1"
    assert b64decode(sent.body, validate=True) == MIME


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "ErrorInvalidRecipients", RejectedError),
        (403, "ErrorAccessDenied", NeedsReauthError),
        (404, "ErrorInvalidUser", ServiceNotFoundError),
        (500, "ErrorInternalServerError", UnknownOutcomeError),
        (503, "ErrorServerBusy", UnknownOutcomeError),
    ],
)
async def test_refusals_are_classified_and_nothing_is_sent_twice(
    server: Any, mail: GraphMail, status: int, code: str, kind: type[ConnectorError]
) -> None:
    server.answer(status, fault(code, "Mailbox ann@example.com said no."))

    error = await failure(mail)

    assert type(error) is kind
    assert error.message == f"answered {status} {code} Mailbox [address] said no."
    assert len(server.seen) == 2


async def test_an_alias_that_is_denied_becomes_the_address_for_answers(
    server: Any, mail: GraphMail
) -> None:
    server.answer(403, fault("ErrorSendAsDenied"))
    server.answer(202, b"")

    await send(mail)

    sent = message_from_bytes(b64decode(server.seen[2].body), policy=default)
    assert (sent["From"], sent["Reply-To"]) == ("hub@example.com", "repairs@example.com")
    assert (sent["To"], sent["Message-ID"]) == ("ann@example.com", "<1@x>")
    assert sent.get_content().strip() == "Hello"


async def test_a_mailbox_that_may_not_send_as_itself_is_refused(
    server: Any, mail: GraphMail
) -> None:
    server.answer(403, fault("ErrorSendAsDenied"))

    with pytest.raises(SendAsDeniedError, match="Send As"):
        await mail.send(MIME, mailbox="hub@example.com", sender="Hub@example.com", recipients=[])


async def test_an_alias_that_is_denied_is_not_sent_twice_when_the_answer_is_lost(
    server: Any, mail: GraphMail
) -> None:
    server.answer(403, fault("ErrorSendAsDenied"))
    server.reset()

    assert type(await failure(mail)) is UnknownOutcomeError


async def test_a_lost_answer_leaves_the_outcome_unknown(server: Any, mail: GraphMail) -> None:
    server.reset()

    error = await failure(mail)

    assert type(error) is UnknownOutcomeError
    assert "Sent Items" in error.cure
    assert len(server.seen) == 2


async def test_a_fault_that_is_not_graphs_is_still_classified(server: Any, mail: GraphMail) -> None:
    server.answer(400, b"<html>proxy</html>")

    assert (await failure(mail)).message == "answered 400"


@pytest.mark.parametrize(
    ("value", "expected"), [([{"id": "AAMk"}], SentLookup.FOUND), ([], SentLookup.ABSENT)]
)
async def test_a_sent_message_is_looked_up_by_its_message_id(
    server: Any, mail: GraphMail, value: list[dict[str, str]], expected: SentLookup
) -> None:
    server.answer(200, {"value": value})

    found = await mail.find_sent("<o'neil+1@example.com>", mailbox="hub@example.com")

    url = urlsplit(server.seen[1].target)
    assert found is expected
    assert url.path == "/v1.0/users/hub@example.com/mailFolders/sentitems/messages"
    assert parse_qs(url.query) == {
        "$filter": ["internetMessageId eq '<o''neil+1@example.com>'"],
        "$select": ["id"],
        "$top": ["1"],
    }


async def test_a_lookup_is_tried_again(server: Any, mail: GraphMail) -> None:
    server.answer(503, fault("ErrorServerBusy"))
    server.answer(200, {"value": []})

    assert await mail.find_sent("<1@x>", mailbox="hub@example.com") is SentLookup.ABSENT


@pytest.mark.parametrize("status", [200, 404])
async def test_ping_needs_an_answer_to_our_token(server: Any, mail: GraphMail, status: int) -> None:
    server.answer(status, {})

    await mail.ping()

    assert server.seen[1].headers["authorization"] == "Bearer t1"


async def test_ping_fails_when_graph_does(server: Any, mail: GraphMail) -> None:
    for _ in range(3):
        server.reset()

    with pytest.raises(TransientError):
        await mail.ping()


async def test_a_busy_mailbox_keeps_no_other_back(server: Any, retry: RetryPolicy) -> None:
    mail = GraphMail(
        base_url=f"{server.url}/v1.0",
        login_url=f"{server.url}/login",
        tenant="our tenant",
        client_id="us",
        client_secret=SecretStr("hunter2"),
        timeout_seconds=5.0,
        shared=Shared(limiter=MemoryLimiter(Rate(100, 1.0))),
        retry=retry,
    )
    server.answer(200, {"access_token": "t1", "expires_in": 3600})
    server.answer(429, retry_after="600")
    server.answer(200, {"value": []})

    with pytest.raises(RateLimitedError, match="429"):
        await mail.find_sent("<1@x>", mailbox="busy@example.com")
    assert await mail.find_sent("<1@x>", mailbox="hub@example.com") is SentLookup.ABSENT
    await mail.aclose()
