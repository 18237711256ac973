from __future__ import annotations

from typing import Any

import httpx
import pytest

from sandbox import Sandbox
from sandbox.mailgun.store import Mails

URL = "/mailgun/v3/mg.sandbox.example.com/messages"
KEY = ("api", "sandbox-key")
MAIL = {"from": "Shop <shop@example.com>", "to": "ann@example.org", "subject": "Hi", "text": "Yes."}


async def test_a_mail_is_taken_in_either_encoding(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    many = {**MAIL, "to": "ann@example.org, Bo <bo@example.org>", "cc": "cy@example.org"}

    plain = await client.post(URL, auth=KEY, data=many)
    with_file = await client.post(URL, auth=KEY, data=MAIL, files={"attachment": ("a.txt", b"a")})

    one, two = sandbox.state.store(Mails).all()
    assert plain.json() == {"id": one.id, "message": "Queued. Thank you."}
    assert with_file.json()["id"] == two.id
    assert list(one.to) == ["ann@example.org", "Bo <bo@example.org>", "cy@example.org"]
    assert (one.sender, one.subject, one.text) == ("Shop <shop@example.com>", "Hi", "Yes.")
    assert (list(one.files), list(two.files)) == ([], ["a.txt"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"from": ""}, "from parameter is missing"),
        ({"to": ""}, "to parameter is missing"),
        ({"to": "nobody"}, "to parameter is not a valid address"),
        ({"cc": "ann@example.org, <x"}, "cc parameter is not a valid address"),
        ({"text": ""}, "Need at least one of"),
        ({"v:all": "x" * 16 * 1024}, "limited to 16KB total"),
    ],
)
async def test_what_is_wrong_is_told_in_a_sentence(
    client: httpx.AsyncClient, sandbox: Sandbox, change: dict[str, str], words: str
) -> None:
    answer = await client.post(URL, auth=KEY, data={**MAIL, **change})

    assert answer.status_code == 400
    assert words in answer.json()["message"]
    assert sandbox.state.store(Mails).all() == []


@pytest.mark.parametrize("auth", [None, ("api", "hunter2"), ("user", "sandbox-key")])
async def test_who_is_not_let_in_gets_a_bare_word(client: httpx.AsyncClient, auth: Any) -> None:
    answer = await client.post(URL, auth=auth, data=MAIL)

    assert (answer.status_code, answer.text) == (401, "Forbidden")


@pytest.mark.parametrize(
    ("url", "words"),
    [(URL.replace("mg.", "no."), "Domain not found: no.sandbox"), (f"{URL}.mime", "Not Found")],
)
async def test_what_is_not_there_is_404(client: httpx.AsyncClient, url: str, words: str) -> None:
    answer = await client.post(url, auth=KEY, data=MAIL)

    assert answer.status_code == 404
    assert words in answer.json()["message"]


async def test_parts_that_cannot_be_told_apart_are_refused(client: httpx.AsyncClient) -> None:
    kind = {"Content-Type": "multipart/form-data; boundary=x"}

    answer = await client.post(URL, auth=KEY, content=b"--y", headers=kind)

    assert (answer.status_code, answer.json()) == (400, {"message": "The form can't be read."})


async def test_more_than_25_megabytes_are_too_much(client: httpx.AsyncClient) -> None:
    file = {"attachment": ("a.bin", b"0" * 25 * 1024 * 1024)}

    assert (await client.post(URL, auth=KEY, data=MAIL, files=file)).status_code == 413


async def test_the_page_shows_and_deletes(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    await client.post(URL, auth=KEY, data={**MAIL, "text": "<b>Hi</b>"})
    page = (await client.get("/mailgun")).text
    form = {"id": sandbox.state.store(Mails).all()[0].id}
    cross = {"Sec-Fetch-Site": "cross-site"}

    refused = await client.post("/pages/mailgun/remove", data=form, headers=cross)
    removed = await client.post("/pages/mailgun/remove", data=form)

    assert "&lt;b&gt;Hi" in page
    assert [refused.status_code, removed.status_code] == [403, 303]
    assert sandbox.state.store(Mails).all() == []
