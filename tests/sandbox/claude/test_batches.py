from __future__ import annotations

import json
from typing import Any

import anthropic
import httpx
import pytest

from sandbox import Sandbox

HEADERS = {"x-api-key": "sandbox-key", "anthropic-version": "2023-06-01"}
URL = "/claude/v1/messages/batches"
PARAMS: Any = {
    "model": "claude-sonnet-5-5",
    "max_tokens": 500,
    "messages": [{"role": "user", "content": "PS5: no picture on the TV"}],
}


def request(custom_id: str, **changes: Any) -> dict[str, Any]:
    return {"custom_id": custom_id, "params": {**PARAMS, **changes}}


async def create(client: httpx.AsyncClient, *requests: dict[str, Any]) -> Any:
    answer = await client.post(URL, json={"requests": requests}, headers=HEADERS)
    return answer.raise_for_status().json()


async def call(client: httpx.AsyncClient, method: str, path: str) -> httpx.Response:
    return await client.request(method, URL + path, headers=HEADERS)


async def end(client: httpx.AsyncClient, batch: Any, **how: object) -> Any:
    answer = await client.post(f"/_control/claude/batches/{batch['id']}/finish", json=how)
    return answer.raise_for_status().json()


async def results(client: httpx.AsyncClient, batch: Any) -> list[Any]:
    answer = await call(client, "GET", f"/{batch['id']}/results")
    assert answer.headers["content-type"] == "application/x-jsonl"
    return [json.loads(line) for line in answer.text.splitlines()]


async def test_a_batch_waits_until_it_is_let_end(client: httpx.AsyncClient) -> None:
    batch = await create(client, request("a"), request("b"), request("c", model="gpt"))

    assert (batch["processing_status"], batch["results_url"]) == ("in_progress", None)
    assert batch["request_counts"]["processing"] == 3
    assert (await call(client, "GET", f"/{batch['id']}/results")).status_code == 400
    assert (await call(client, "DELETE", f"/{batch['id']}")).status_code == 400

    await end(client, batch)

    ended = (await call(client, "GET", f"/{batch['id']}")).json()
    found = await results(client, batch)
    counts = ended["request_counts"]
    assert (ended["processing_status"], counts["succeeded"], counts["errored"]) == ("ended", 2, 1)
    assert ended["results_url"].endswith(f"{URL}/{batch['id']}/results")
    assert [one["custom_id"] for one in found] == ["c", "b", "a"]
    assert found[0]["result"]["error"]["error"]["type"] == "not_found_error"
    assert found[1]["result"]["message"]["usage"]["service_tier"] == "batch"


async def test_a_canceled_batch_ends_with_what_was_under_way(client: httpx.AsyncClient) -> None:
    batch = await create(client, request("a"), request("b"))

    canceling = (await call(client, "POST", f"/{batch['id']}/cancel")).json()
    again = (await call(client, "POST", f"/{batch['id']}/cancel")).json()
    counts = await end(client, batch, answered=1)

    assert canceling["processing_status"] == "canceling"
    assert again["cancel_initiated_at"] == canceling["cancel_initiated_at"] is not None
    assert (counts["succeeded"], counts["canceled"], counts["processing"]) == (1, 1, 0)
    assert (await call(client, "POST", f"/{batch['id']}/cancel")).status_code == 400
    assert (await end(client, batch, answered=0)) == counts


async def test_what_is_not_answered_in_time_expires(client: httpx.AsyncClient) -> None:
    batch = await create(client, request("a"), request("b"))

    await end(client, batch, answered=1)

    found = {one["custom_id"]: one["result"]["type"] for one in await results(client, batch)}
    assert found == {"a": "succeeded", "b": "expired"}


async def test_batches_can_end_at_once(client: httpx.AsyncClient) -> None:
    await client.put("/_control/claude/batches", json={"at_once": True})

    batch = await create(client, request("a"))

    assert batch["processing_status"] == "ended"
    assert (await call(client, "DELETE", f"/{batch['id']}")).json()["id"] == batch["id"]
    assert (await call(client, "GET", f"/{batch['id']}")).status_code == 404


async def test_batches_are_listed_by_pages_both_ways(client: httpx.AsyncClient) -> None:
    ids = [(await create(client, request("a")))["id"] for _ in range(5)][::-1]

    first = (await call(client, "GET", "?limit=2")).json()
    second = (await call(client, "GET", f"?limit=2&after_id={first['last_id']}")).json()
    last = (await call(client, "GET", f"?limit=2&after_id={second['last_id']}")).json()
    back = (await call(client, "GET", f"?limit=2&before_id={last['first_id']}")).json()

    pages = [[one["id"] for one in page["data"]] for page in (first, second, last, back)]
    assert pages == [ids[:2], ids[2:4], ids[4:], ids[2:4]]
    assert [page["has_more"] for page in (first, second, last, back)] == [True, True, False, True]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "requests"),
        ({"requests": []}, "requests"),
        ({"requests": [request("a"), request("a")]}, "unique"),
        ({"requests": [request("a b")]}, "requests.0.custom_id"),
        ({"requests": [{"custom_id": "a"}]}, "requests.0.params"),
        ({"requests": [{**request("a"), "more": 1}]}, "requests.0.more"),
    ],
)
async def test_what_is_wrong_with_a_batch_is_named(
    client: httpx.AsyncClient, body: object, where: str
) -> None:
    answer = await client.post(URL, json=body, headers=HEADERS)

    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")
    assert where in answer.json()["error"]["message"]


@pytest.mark.parametrize("query", ["?limit=0", "?limit=1001", "?limit=x", "?after_id=no"])
async def test_a_page_that_makes_no_sense(client: httpx.AsyncClient, query: str) -> None:
    assert (await call(client, "GET", query)).status_code == 400


async def test_a_batch_needs_a_key(client: httpx.AsyncClient) -> None:
    assert (await client.get(URL)).status_code == 401


async def test_a_person_lets_batches_end(client: httpx.AsyncClient) -> None:
    first, second = await create(client, request("a")), await create(client, request("b"))
    assert first["id"] in (await client.get("/claude")).text

    answer = await client.post(f"/pages/claude/batches/{first['id']}")
    await client.post(f"/pages/claude/batches/{second['id']}", data={"expired": "true"})
    await client.post("/pages/claude/batches", data={"at_once": "true"})

    assert (answer.status_code, answer.headers["location"]) == (303, "/claude")
    assert (await results(client, first))[0]["result"]["type"] == "succeeded"
    assert (await results(client, second))[0]["result"]["type"] == "expired"
    assert (await create(client, request("c")))["processing_status"] == "ended"
    foreign = {"sec-fetch-site": "cross-site"}
    assert (await client.post("/pages/claude/batches", headers=foreign)).status_code == 403


async def test_the_library_reads_a_batch(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    async with anthropic.AsyncAnthropic(
        base_url=f"{sandbox.url}/claude", api_key="sandbox-key", max_retries=0
    ) as claude:
        requests: Any = [request("a"), request("b")]
        batch = await claude.messages.batches.create(requests=requests)
        await end(client, {"id": batch.id})
        found = {
            one.custom_id: one.result.type
            async for one in await claude.messages.batches.results(batch.id)
        }
        listed = [one.id async for one in claude.messages.batches.list(limit=1)]

    assert found == {"a": "succeeded", "b": "succeeded"}
    assert listed == [batch.id]


async def test_the_library_reads_a_stream(sandbox: Sandbox) -> None:
    async with (
        anthropic.AsyncAnthropic(
            base_url=f"{sandbox.url}/claude", api_key="sandbox-key", max_retries=0
        ) as claude,
        claude.messages.stream(**PARAMS) as stream,
    ):
        pieces = [piece async for piece in stream.text_stream]
        message = await stream.get_final_message()

    (block,) = message.content
    assert isinstance(block, anthropic.types.TextBlock)
    assert "".join(pieces) == block.text
    assert message.stop_reason == "end_turn"
