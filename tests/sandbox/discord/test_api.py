from __future__ import annotations

from typing import Any

import httpx
import pytest

from sandbox import Sandbox
from sandbox.discord.store import Posts

HOOK = "/discord/api/webhooks/100000000000000001/sandbox-token"


@pytest.mark.parametrize("path", [HOOK, HOOK.replace("/api/", "/api/v10/")])
async def test_a_message_is_posted(client: httpx.AsyncClient, sandbox: Sandbox, path: str) -> None:
    answer = await client.post(path, json={"content": "Hi", "username": "shop"})

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["x-ratelimit-remaining"] == "4"
    (post,) = sandbox.state.store(Posts).all()
    assert (post.username, post.content) == ("shop", "Hi")


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        (HOOK, {}, (400, 50006)),
        (HOOK, [], (400, 50035)),
        (HOOK, {"content": "x" * 2001}, (400, 50035)),
        (HOOK, {"content": 1}, (400, 50035)),
        (HOOK, {"embeds": [{}] * 11}, (400, 50035)),
        (HOOK, {"embeds": "x"}, (400, 50035)),
        (f"{HOOK}x", {"content": "Hi"}, (401, 50027)),
        (HOOK.replace("1/", "2/"), {"content": "Hi"}, (404, 10015)),
        (HOOK.replace("1/", "x/"), {"content": "Hi"}, (400, 50035)),
        ("/discord/api/users", {}, (404, 0)),
    ],
)
async def test_what_is_wrong_is_told_by_its_number(
    client: httpx.AsyncClient, sandbox: Sandbox, path: str, body: Any, expected: tuple[int, int]
) -> None:
    answer = await client.post(path, json=body)

    assert (answer.status_code, answer.json()["code"]) == expected
    assert sandbox.state.store(Posts).all() == []


async def test_what_cannot_be_read_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post(HOOK, content=b"{", headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()["code"]) == (400, 50109)


async def test_five_in_two_seconds_are_enough(client: httpx.AsyncClient) -> None:
    answers = [await client.post(HOOK, json={"content": "Hi"}) for _ in range(6)]

    assert [one.status_code for one in answers] == [204] * 5 + [429]
    assert 0 < answers[5].json()["retry_after"] <= 2
    assert answers[5].json()["global"] is False
    assert int(answers[5].headers["retry-after"]) >= 1


async def test_the_page_shows_and_deletes(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    await client.post(HOOK, json={"content": "<b>Hi</b>"})
    page = (await client.get("/discord")).text
    number = sandbox.state.store(Posts).all()[0].number
    cross = {"Sec-Fetch-Site": "cross-site"}
    remove = f"/pages/discord/remove/{number}"

    refused = await client.post(remove, headers=cross)
    removed = await client.post(remove)

    assert "&lt;b&gt;Hi" in page
    assert [refused.status_code, removed.status_code] == [403, 303]
    assert sandbox.state.store(Posts).all() == []
