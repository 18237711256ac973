"""Whom and what Gmail refuses, and how it says it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from sandbox import Sandbox
from sandbox.mail.gmail_wire import GmailQuota
from sandbox.mail.store import MailStore
from tests.sandbox.mail.gmail_kit import HUB, Gmail, WriteMail, base64url, problem


@pytest.mark.parametrize(
    ("authorization", "reason"),
    [("", "required"), ("Basic abc", "required"), ("Bearer ya29.other", "authError")],
)
async def test_without_a_good_token_nothing_is_answered(
    client: httpx.AsyncClient, authorization: str, reason: str
) -> None:
    answer = await client.get(
        "/google/gmail/v1/users/me/profile", headers={"Authorization": authorization}
    )

    assert problem(answer) == (401, reason, "UNAUTHENTICATED")
    assert "WWW-Authenticate" in answer.headers


@pytest.mark.parametrize(
    ("method", "path", "more", "expected"),
    [
        ("GET", "/messages/unknown", {}, (404, "notFound")),
        ("DELETE", "/messages/unknown", {}, (404, "notFound")),
        ("GET", "/threads/unknown", {}, (404, "notFound")),
        ("GET", "/labels/Label_9", {}, (404, "notFound")),
        ("GET", "/messages", {"params": {"pageToken": "x"}}, (400, "invalidArgument")),
        ("GET", "/messages", {"params": {"pageToken": "cGFnZSAxeA=="}}, (400, "invalidArgument")),
        ("GET", "/messages", {"params": {"maxResults": "-1"}}, (400, "invalidArgument")),
        ("GET", "/messages", {"params": {"labelIds": "NO"}}, (400, "invalidArgument")),
        ("GET", "/history", {}, (400, "invalidArgument")),
        ("GET", "/history", {"params": {"startHistoryId": "9" * 30}}, (400, "invalidArgument")),
        (
            *("GET", "/history"),
            {"params": {"startHistoryId": "1", "historyTypes": "x"}},
            (400, "invalidArgument"),
        ),
        ("POST", "/messages/send", {"content": b"{"}, (400, "badRequest")),
        ("POST", "/messages/send", {"json": {"raw": "é"}}, (400, "invalidArgument")),
        ("POST", "/messages/send", {"json": {"raw": ""}}, (400, "invalidArgument")),
        ("POST", "/messages/send", {"json": {"raw": 7}}, (400, "badRequest")),
        ("POST", "/labels", {"json": {"name": ""}}, (400, "invalidArgument")),
        ("POST", "/labels", {"json": {"name": "INBOX"}}, (409, "aborted")),
        ("GET", "/settings/nothing", {}, (404, "notFound")),
        ("PATCH", "/messages", {}, (404, "notFound")),
    ],
)
async def test_refusals_are_worded_as_google_does(
    gmail: Gmail, method: str, path: str, more: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert problem(await gmail.ask(method, path, **more))[:2] == expected


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"addLabelIds": ["SENT"]},
        {"removeLabelIds": ["DRAFT"]},
        {"addLabelIds": ["Label_9"]},
        {"addLabelIds": ["STARRED"] * 101},
    ],
)
async def test_labels_that_cannot_be_given_are_refused(
    gmail: Gmail, deliver: Callable[..., str], change: dict[str, list[str]]
) -> None:
    answer = await gmail.ask("POST", f"/messages/{deliver()}/modify", json=change)

    assert problem(answer)[:2] == (400, "invalidArgument")


async def test_mails_of_another_mailbox_are_not_found(
    gmail: Gmail, deliver: Callable[..., str]
) -> None:
    mail_id = deliver()

    gmail.user = "me"

    assert (await gmail.get("/profile"))["emailAddress"] == "owner@sandbox.example.com"
    assert problem(await gmail.ask("GET", f"/messages/{mail_id}"))[0] == 404
    gmail.user = "no address"
    assert problem(await gmail.ask("GET", "/profile"))[:2] == (400, "invalidArgument")


@pytest.mark.parametrize("headers", [{"To": ""}, {"To": "ann at home"}])
async def test_a_message_without_a_good_recipient_is_refused(
    sandbox: Sandbox, gmail: Gmail, write_mail: WriteMail, headers: dict[str, str]
) -> None:
    raw = base64url(bytes(write_mail(**headers)))

    answer = await gmail.ask("POST", "/messages/send", json={"raw": raw})

    assert problem(answer)[:2] == (400, "invalidArgument")
    assert sandbox.state.store(MailStore).find() == []


async def test_a_mailbox_has_so_many_units_a_minute(
    sandbox: Sandbox, gmail: Gmail, write_mail: WriteMail
) -> None:
    sandbox.state.store(GmailQuota).units_per_minute = 106
    await gmail.send(write_mail())
    await gmail.get("/messages")

    answer = await gmail.ask("GET", "/messages")
    await gmail.get("/profile")
    gmail.user = "other@example.com"
    await gmail.get("/messages")

    assert problem(answer) == (429, "rateLimitExceeded", "RESOURCE_EXHAUSTED")
    assert "Retry after 20" in answer.json()["error"]["message"]


async def test_units_come_back_after_a_minute() -> None:
    now = 1000.0
    quota = GmailQuota(lambda: now)

    assert quota.spend(HUB, 5_999) is None
    now += 20
    assert quota.spend(HUB, 1) is None
    assert quota.spend(HUB, 1) == 40
    now += 40
    assert quota.spend(HUB, 5_999) is None
