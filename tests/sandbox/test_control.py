from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from email.message import EmailMessage

import httpx
import pytest

from sandbox import Sandbox
from sandbox.calls import MAX_TEXT, summarize_body
from sandbox.mail.store import MailStore
from sandbox.mail.tokens import Tokens
from sandbox.slack.channels import Channels
from sandbox.story import make_story

SHOP = "repairs@shop.example.com"
SLACK = {"Authorization": "Bearer xoxb-sandbox"}
JSON = {"Content-Type": "application/json"}
Write = Callable[..., EmailMessage]


@pytest.fixture
async def two_mails(sandbox: Sandbox, write_mail: Write) -> None:
    for number, subject in enumerate(("Your quote", "Your repair")):
        mail = write_mail(f"<{number}@x>", Subject=subject, To=f"Ann <ann{number}@example.org>")
        sandbox.state.store(MailStore).submit(mail.as_bytes(), sender=SHOP, via="graph")


@pytest.mark.usefixtures("two_mails")
async def test_a_mail_is_listed_with_all_that_is_in_it(client: httpx.AsyncClient) -> None:
    mail, _ = (await client.get("/_control/mail")).json()
    assert mail["from"] == f"Shop <{SHOP}>"
    assert mail["to"] == ["ann0@example.org"]
    assert mail["subject"] == "Your quote"
    assert mail["headers"]["Message-ID"] == mail["message_id"] == "<0@x>"
    assert mail["text"].strip() == "Hello, it's ready."
    assert "<b>ready</b>" in mail["html"]
    assert mail["received_at"].endswith("Z")
    assert (mail["mailbox"], mail["via"], mail["attachments"]) == ("ann0@example.org", "graph", [])


@pytest.mark.usefixtures("two_mails")
@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({}, 2),
        ({"to": "ANN1@example.org"}, 1),
        ({"subject": "quote"}, 1),
        ({"mailbox": "ann0@example.org"}, 1),
        ({"mailbox": SHOP}, 0),
        ({"mailbox": SHOP, "folder": "sentitems"}, 2),
        ({"folder": "all"}, 4),
        ({"to": "someone@example.org"}, 0),
    ],
)
async def test_mails_are_found_by_recipient_subject_mailbox_and_folder(
    client: httpx.AsyncClient, query: dict[str, str], count: int
) -> None:
    assert len((await client.get("/_control/mail", params=query)).json()) == count


async def test_arrivals_are_listed_page_by_page(
    client: httpx.AsyncClient, sandbox: Sandbox, write_mail: Write
) -> None:
    for number in range(3):
        mail = write_mail(f"<{number}@x>", To=f"Ann{number}@example.org")
        mail["X-Hotrod-Ticket"] = f"NL-{number}"
        sandbox.state.store(MailStore).submit(mail.as_bytes(), sender=SHOP, via="smtp")
    first, *rest = (await client.get("/_control/arrivals", params={"limit": 2})).json()
    assert (first["message_id"], first["recipient"]) == ("<0@x>", "ann0@example.org")
    assert first["ticket"] == "NL-0"
    assert first["at"] == (await client.get("/_control/mail")).json()[0]["received_at"]
    after = {"after": rest[-1]["number"]}
    last = (await client.get("/_control/arrivals", params=after)).json()
    assert [one["message_id"] for one in (*rest, *last)] == ["<1@x>", "<2@x>"]
    sandbox.state.reset()
    sandbox.state.store(MailStore).submit(mail.as_bytes(), sender=SHOP, via="smtp")
    after = {"after": last[-1]["number"]}
    assert len((await client.get("/_control/arrivals", params=after)).json()) == 1


async def test_calls_are_recorded_without_secrets(client: httpx.AsyncClient) -> None:
    form = {"client_id": "sandbox", "client_secret": "sandbox-secret", "scope": "x/.default"}
    await client.post("/graph/login/sandbox/oauth2/v2.0/token", data=form)
    message = {"channel": "#repairs", "text": "hi"}
    await client.post("/slack/api/chat.postMessage?a=b", json=message, headers=SLACK)
    listed = await client.get("/_control/calls")
    login, slack = listed.json()
    assert (slack["method"], slack["path"]) == ("POST", "/slack/api/chat.postMessage")
    assert (slack["status"], slack["query"], slack["body"]) == (200, "a=b", message)
    assert slack["headers"]["authorization"] == "[redacted]"
    assert login["body"]["client_secret"] == "[redacted]"
    assert "xoxb" not in listed.text
    assert "sandbox-secret" not in listed.text
    assert len((await client.get("/_control/calls?service=mail")).json()) == 1


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        ("application/json", b"{", "application/json, 1 bytes"),
        ("application/json", b"[" * 100_000, "application/json, 100000 bytes"),
        ("text/plain", base64.b64encode(b"mail"), "text/plain, 8 bytes"),
        ("", b"x", "no content type, 1 bytes"),
        ("", b"", None),
    ],
)
def test_bodies_of_other_kinds_are_only_measured(
    content_type: str, body: bytes, expected: str | None
) -> None:
    assert summarize_body(content_type, body) == expected


@pytest.mark.parametrize("body", [b'{"a": NaN}', b'{"a": "\\ud800"}'])
async def test_a_body_that_no_json_can_hold_is_only_measured(
    client: httpx.AsyncClient, body: bytes
) -> None:
    await client.post("/slack/api/chat.postMessage", content=body, headers=JSON)
    (call,) = (await client.get("/_control/calls")).json()
    assert call["body"] == f"application/json, {len(body)} bytes"


def test_long_texts_are_cut() -> None:
    long = "x" * (MAX_TEXT + 1)
    (shown,) = summarize_body("application/json", f'["{long}"]'.encode())
    assert shown.endswith(f"({len(long)} characters)")
    assert len(shown) < 300


@pytest.mark.usefixtures("two_mails")
async def test_a_reset_forgets_all_but_the_tokens(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    token = sandbox.state.store(Tokens).issue()
    await client.post("/_control/faults", json={"service": "smtp", "kind": "reset"})
    assert (await client.post("/_control/reset")).status_code == 204
    for listing in ("mail?folder=all", "calls", "faults"):
        assert (await client.get(f"/_control/{listing}")).json() == []
    assert sandbox.state.store(Tokens).is_good(token)


async def test_faults_are_listed_and_cleared(client: httpx.AsyncClient) -> None:
    ordered = (
        await client.post("/_control/faults", json={"service": "smtp", "kind": "slow"})
    ).json()
    assert (await client.get("/_control/faults")).json() == [ordered]
    assert ordered["count"] == 1
    await client.delete("/_control/faults")
    assert (await client.get("/_control/faults")).json() == []


async def test_health(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    answer = (await client.get("/health")).json()
    assert answer == {
        "status": "ok",
        "smtp_port": sandbox.smtp_port,
        "imap_port": sandbox.imap_port,
    }


async def test_a_client_that_leaves_within_its_request_changes_nothing(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", int(sandbox.url.rpartition(":")[2]))
    writer.write(
        b"POST /slack/api/chat.postMessage HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n"
        b"Authorization: Bearer xoxb-sandbox\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n\r\nchannel=%23repairs&text=hi"
    )
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert (await client.get("/health")).status_code == 200
    assert sandbox.state.store(Channels).messages() == []
    assert sandbox.state.calls.find() == []


async def test_a_seed_tells_the_same_story_twice(client: httpx.AsyncClient) -> None:
    first = await client.post("/_control/seed", params={"scale": 0.5, "number": 3})
    await client.post("/_control/reset")
    second = await client.post("/_control/seed", params={"scale": 0.5, "number": 3})

    assert first.status_code == 200
    assert set(first.json()) >= {"mail", "slack", "claude"}
    assert first.json() == second.json()
    assert make_story(0.5, 3) == make_story(0.5, 3)
    assert make_story(0.5, 3) != make_story(0.5, 4)


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("/claude", "Can you look at it?"),
        ("/discord", "1 x "),
        ("/mailgun", "has arrived."),
        ("/sendgrid", "are paid."),
    ],
)
async def test_a_seed_fills_a_page_with_the_same_story_each_time(
    client: httpx.AsyncClient, page: str, words: str
) -> None:
    seen = []
    for number in (1, 1, 2):
        await client.post("/_control/reset")
        (await client.post("/_control/seed", params={"number": number})).raise_for_status()
        seen.append((await client.get(page)).text)

    assert words in seen[0]
    assert seen[0].count("<li>") == 10
    assert seen[0] == seen[1] != seen[2]


async def test_a_seed_of_no_size_is_refused(client: httpx.AsyncClient) -> None:
    assert (await client.post("/_control/seed", params={"scale": 0})).status_code == 422
