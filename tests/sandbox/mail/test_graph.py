from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import httpx
import pytest

from sandbox import Sandbox
from sandbox.mail.store import MailStore
from sandbox.mail.tokens import LIFETIME, Tokens

SHOP = "repairs@shop.example.com"
SEND = f"/users/{SHOP}/sendMail"
LOGIN = "/graph/login/sandbox/oauth2/v2.0/token"
CREDENTIALS = {
    "grant_type": "client_credentials",
    "client_id": "sandbox",
    "client_secret": "sandbox-secret",
    "scope": "https://graph.microsoft.com/.default",
}
Write = Callable[..., EmailMessage]


async def send(graph: httpx.AsyncClient, mail: EmailMessage | bytes) -> httpx.Response:
    raw = mail if isinstance(mail, bytes) else mail.as_bytes()
    body = base64.encodebytes(raw)
    return await graph.post(SEND, content=body, headers={"Content-Type": "text/plain"})


async def sent_items(graph: httpx.AsyncClient, **options: str) -> list[dict[str, Any]]:
    answer = await graph.get(f"/users/{SHOP}/mailFolders/SentItems/messages", params=options)
    return list(answer.raise_for_status().json()["value"])


async def test_mime_is_delivered_to_all_and_kept_by_its_message_id(
    graph: httpx.AsyncClient, sandbox: Sandbox, write_mail: Write
) -> None:
    answer = await send(graph, write_mail(Cc="carl@example.org", Bcc="boss@example.org"))
    assert (answer.status_code, answer.content) == (202, b"")
    assert answer.headers["request-id"]
    inboxes = sandbox.state.store(MailStore).find(folders=["inbox"])
    assert [one.mailbox for one in inboxes] == [
        "ann@example.org",
        "carl@example.org",
        "boss@example.org",
    ]
    assert not any("Bcc" in one.mail.headers for one in inboxes)
    found = await sent_items(
        graph, **{"$filter": "internetMessageId eq '<one@shop.example.com>'", "$select": "subject"}
    )
    assert [(item["subject"], "body" in item) for item in found] == [("Your repair", False)]
    assert await sent_items(graph, **{"$filter": "internetMessageId eq '<two@x>'"}) == []


async def test_json_form_with_everything(graph: httpx.AsyncClient, sandbox: Sandbox) -> None:
    ann = {"emailAddress": {"address": "ann@example.org", "name": "Ann, A."}}
    message = {
        "subject": "Hi",
        "body": {"contentType": "HTML", "content": "<p>hi</p>"},
        "toRecipients": [ann],
        "replyTo": [ann],
        "internetMessageHeaders": [{"name": "X-Ticket", "value": "NL-1"}],
        "attachments": [
            {
                "@odata.type": "#microsoft.graph.fileAttachment",
                "name": "a.txt",
                "contentType": "text/plain",
                "contentBytes": base64.b64encode(b"hello").decode(),
            }
        ],
    }
    answer = await graph.post(SEND, json={"message": message, "saveToSentItems": False})
    assert answer.status_code == 202
    (delivered,) = sandbox.state.store(MailStore).find()
    assert (delivered.mailbox, delivered.mail.sender.address) == ("ann@example.org", SHOP)
    assert delivered.mail.to[0].name == "Ann, A."
    assert delivered.mail.headers["X-Ticket"] == "NL-1"
    assert delivered.mail.attachments[0].content == b"hello"


async def test_a_draft_is_kept_then_sent(
    graph: httpx.AsyncClient, sandbox: Sandbox, write_mail: Write
) -> None:
    draft = await graph.post(
        f"/users/{SHOP}/messages",
        content=base64.b64encode(write_mail().as_bytes()),
        headers={"Content-Type": "text/plain"},
    )
    assert draft.status_code == 201
    assert draft.json()["isDraft"] is True
    assert sandbox.state.store(MailStore).find(folders=["inbox"]) == []
    url = f"/users/{SHOP}/messages/{draft.json()['id']}"
    assert (await graph.post(f"{url}/send")).status_code == 202
    assert (await graph.get(url)).json()["error"]["code"] == "ErrorItemNotFound"
    (kept,) = await sent_items(graph)
    again = await graph.post(f"/users/{SHOP}/messages/{kept['id']}/send")
    assert again.json()["error"]["code"] == "ErrorInvalidOperation"
    assert len(sandbox.state.store(MailStore).find(folders=["inbox"])) == 1


async def test_one_message_with_headers_and_as_mime(
    graph: httpx.AsyncClient, write_mail: Write
) -> None:
    await send(graph, write_mail())
    (kept,) = await sent_items(graph)
    url = f"/users/{SHOP}/messages/{kept['id']}"
    selected = (await graph.get(url, params={"$select": "internetMessageHeaders"})).json()
    assert {"name": "Subject", "value": "Your repair"} in selected["internetMessageHeaders"]
    assert b"Subject: Your repair" in (await graph.get(f"{url}/$value")).content
    folder = (await graph.get(f"/users/{SHOP}/mailFolders/sentitems")).json()
    assert folder["totalItemCount"] == 1
    other = await graph.get(f"/users/ann@example.org/messages/{kept['id']}")
    assert other.status_code == 404


async def test_next_links_lead_through_the_whole_mailbox(
    graph: httpx.AsyncClient, write_mail: Write
) -> None:
    for number in range(5):
        await send(graph, write_mail(f"<{number}@x>"))
    url: str | None = f"/users/{SHOP}/messages?$top=2&$select=internetMessageId"
    seen = []
    while url:
        page = (await graph.get(url)).json()
        seen += [item["internetMessageId"] for item in page["value"]]
        url = page.get("@odata.nextLink")
    assert seen == [f"<{number}@x>" for number in reversed(range(5))]


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"%%%", "text/plain", 400, "ErrorMimeContentInvalidBase64String"),
        (base64.b64encode(b"hello"), "text/plain", 400, "ErrorMimeContentInvalid"),
        (base64.b64encode(b"Subject: x\r\n\r\nx"), "text/plain", 400, "ErrorInvalidRecipients"),
        (base64.b64encode(b"To: nobody\r\n\r\nx"), "text/plain", 400, "ErrorInvalidRecipients"),
        (b"{", "application/json", 400, "RequestBodyRead"),
        (b'{"message": {"subject": "a\\nBcc: x@y.z"}}', "application/json", 400,
         "ErrorMimeContentInvalid"),
        (b"x", "message/rfc822", 415, "RequestBodyRead"),
        (b"A" * 4_000_001, "text/plain", 413, "ErrorMessageSizeExceeded"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_refused_and_nothing_is_kept(
    graph: httpx.AsyncClient, sandbox: Sandbox, body: bytes, kind: str, status: int, code: str
) -> None:
    answer = await graph.post(SEND, content=body, headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.json()["error"]["innerError"]["request-id"] == answer.headers["request-id"]
    assert sandbox.state.store(MailStore).find() == []


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/users/nobody/messages", 404, "ErrorInvalidUser"),
        (f"/users/{SHOP}/mailFolders/attic/messages", 404, "ErrorItemNotFound"),
        (f"/users/{SHOP}/messages?$filter=subject", 400, "BadRequest"),
        (f"/users/{SHOP}/messages?$top=0", 400, "BadRequest"),
    ],
)
async def test_wrong_addresses_and_queries(
    graph: httpx.AsyncClient, path: str, status: int, code: str
) -> None:
    answer = await graph.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


async def test_calls_need_a_token_that_has_not_expired(
    graph: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    url = f"/users/{SHOP}/messages"
    assert (await graph.get(url)).status_code == 200
    sandbox.state.store(Tokens).expire_all()
    expired = await graph.get(url)
    assert (expired.status_code, expired.json()["error"]["code"]) == (
        401,
        "InvalidAuthenticationToken",
    )
    assert "Bearer" in expired.headers["WWW-Authenticate"]
    assert (await graph.get(url, headers={"Authorization": "Basic x"})).status_code == 401


async def test_a_token_lives_as_long_as_it_says(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    sandbox.state.store(Tokens).lifetime = timedelta(0)
    try:
        answer = (await client.post(LOGIN, data=CREDENTIALS)).json()
    finally:
        sandbox.state.store(Tokens).lifetime = LIFETIME
    assert answer["expires_in"] == 0
    assert not sandbox.state.store(Tokens).is_good(answer["access_token"])


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_secret": None}, 401, "invalid_client"),
        ({"client_id": "someone"}, 400, "unauthorized_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"scope": "Mail.Send"}, 400, "invalid_scope"),
        ({"scope": None}, 400, "invalid_request"),
    ],
)
async def test_wrong_credentials_get_no_token(
    client: httpx.AsyncClient, change: dict[str, str | None], status: int, error: str
) -> None:
    form = {name: value for name, value in {**CREDENTIALS, **change}.items() if value}
    answer = await client.post(LOGIN, data=form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert "wrong" not in answer.text


async def test_another_tenant_is_not_known(client: httpx.AsyncClient) -> None:
    answer = await client.post(LOGIN.replace("sandbox", "other"), data=CREDENTIALS)
    assert "AADSTS90002" in answer.json()["error_description"]
