from __future__ import annotations

from typing import Any

import httpx
import pytest

from sandbox import Sandbox
from sandbox.sendgrid.store import Sent

URL = "/sendgrid/v3/mail/send"
KEY = {"Authorization": "Bearer sandbox-key"}
ANN, BO = {"email": "ann@example.org"}, {"email": "bo@example.org"}
MAIL: dict[str, Any] = {
    "personalizations": [{"to": [ANN]}],
    "from": {"email": "shop@example.com"},
    "subject": "Hi",
    "content": [{"type": "text/plain", "value": "Yes."}],
}


async def test_a_mail_is_taken_for_each_personalization(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    persons = [{"to": [ANN], "bcc": [BO]}, {"to": [BO], "subject": "Ho"}]
    file = {"content": "YQ==", "filename": "a.txt"}
    mail = {**MAIL, "personalizations": persons, "attachments": [file]}

    answer = await client.post(URL, headers=KEY, json=mail)

    one, two = sandbox.state.store(Sent).all()
    assert (answer.status_code, answer.content) == (202, b"")
    assert answer.headers["x-message-id"] == one.id
    assert answer.headers["x-ratelimit-remaining"] == "599"
    assert (list(one.to), one.subject) == (["ann@example.org", "bo@example.org"], "Hi")
    assert (list(two.to), two.subject, list(two.files)) == (["bo@example.org"], "Ho", ["a.txt"])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"personalizations": []}, "personalizations"),
        ({"personalizations": [{"to": [ANN]}] * 1001}, "personalizations"),
        ({"personalizations": [{"to": []}]}, "personalizations.0"),
        ({"personalizations": [7]}, "personalizations.0"),
        ({"personalizations": [{"to": [{"email": "x"}]}]}, "personalizations.0.to.0.email"),
        ({"personalizations": [{"to": [ANN], "cc": [ANN]}]}, "personalizations.0"),
        ({"personalizations": [{"to": [ANN], "cc": 7}]}, "personalizations.0.cc"),
        ({"from": None}, "from.email"),
        ({"subject": ""}, "subject"),
        ({"content": []}, "content"),
        ({"content": [{"type": "text/plain", "value": ""}]}, "content.0.value"),
        ({"attachments": [{"content": "YQ=="}]}, "attachments.0.filename"),
    ],
)
async def test_what_is_wrong_is_told_by_its_field(
    client: httpx.AsyncClient, sandbox: Sandbox, change: dict[str, Any], field: str
) -> None:
    answer = await client.post(URL, headers=KEY, json={**MAIL, **change})

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)
    assert sandbox.state.store(Sent).all() == []


@pytest.mark.parametrize("body", [b"{", b"[]", b"NaN"])
async def test_what_cannot_be_read_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post(URL, headers=KEY, content=body)

    refusal = {"errors": [{"message": "Bad Request", "field": None}]}
    assert (answer.status_code, answer.json()) == (400, refusal)


@pytest.mark.parametrize(
    ("method", "url", "headers", "expected"),
    [
        ("POST", URL, {}, (401, "authorization required")),
        ("POST", URL, {"Authorization": "Bearer hunter2"}, (401, "The provided authorization")),
        ("POST", URL, {**KEY, "Content-Encoding": "gzip"}, (400, "Compression is not enabled")),
        ("GET", URL, KEY, (405, "method not allowed")),
        ("POST", "/sendgrid/v3/mail/batch", KEY, (404, "not found")),
    ],
)
async def test_each_refusal_has_its_words(
    client: httpx.AsyncClient,
    method: str,
    url: str,
    headers: dict[str, str],
    expected: tuple[int, str],
) -> None:
    answer = await client.request(method, url, headers=headers)

    assert answer.status_code == expected[0]
    assert answer.json()["errors"][0]["message"].startswith(expected[1])


async def test_more_than_30_megabytes_are_too_much(client: httpx.AsyncClient) -> None:
    answer = await client.post(URL, headers=KEY, content=b" " * 30_000_001)

    assert (answer.status_code, answer.json()["errors"][0]["message"]) == (413, "content too large")


async def test_the_page_shows_and_deletes(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    await client.post(URL, headers=KEY, json={**MAIL, "subject": "<b>Hi</b>"})
    page = (await client.get("/sendgrid")).text
    form = {"id": sandbox.state.store(Sent).all()[0].id}
    cross = {"Sec-Fetch-Site": "cross-site"}

    refused = await client.post("/pages/sendgrid/remove", data=form, headers=cross)
    removed = await client.post("/pages/sendgrid/remove", data=form)

    assert "&lt;b&gt;Hi" in page
    assert [refused.status_code, removed.status_code] == [403, 303]
    assert sandbox.state.store(Sent).all() == []
