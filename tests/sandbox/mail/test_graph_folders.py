from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import httpx
import pytest

from sandbox import Sandbox
from sandbox.mail.store import SEEN, MailStore, StoredMail

SHOP = "repairs@shop.example.com"
DELTA = f"/users/{SHOP}/mailFolders/inbox/messages/delta"
IMMUTABLE = {"Prefer": 'IdType="ImmutableId"'}
Write = Callable[..., EmailMessage]


@pytest.fixture
def store(sandbox: Sandbox) -> MailStore:
    return sandbox.state.store(MailStore)


def deliver(store: MailStore, mail: EmailMessage) -> StoredMail:
    return store.deliver(mail.as_bytes(), mailbox=SHOP)


async def patch(graph: Any, url: str, body: dict[str, object]) -> httpx.Response:
    answer: httpx.Response = await graph._client.patch(
        f"/graph/v1.0{url}", json=body, headers=graph._headers
    )
    return answer


async def rounds(graph: Any, link: str, prefer: str = "") -> tuple[list[dict[str, Any]], str, int]:
    """Follow a delta round to its end; return its rows, the link for later, and its pages."""
    rows: list[dict[str, Any]] = []
    pages = 0
    while True:
        answer = (await graph.get(link, headers={"Prefer": prefer})).raise_for_status().json()
        rows += answer["value"]
        pages += 1
        if "@odata.deltaLink" in answer:
            return rows, answer["@odata.deltaLink"], pages
        link = answer["@odata.nextLink"]


async def test_a_round_has_all_there_is_page_by_page(
    graph: Any, store: MailStore, write_mail: Write
) -> None:
    for number in range(5):
        deliver(store, write_mail(f"<{number}@x>"))

    rows, later, pages = await rounds(
        graph, f"{DELTA}?$select=internetMessageId", "odata.maxpagesize=2"
    )
    again, _, _ = await rounds(graph, later)

    assert [row["internetMessageId"] for row in rows] == [f"<{n}@x>" for n in range(5)]
    assert pages == 3
    assert again == []
    assert rows[0].keys() == {"@odata.etag", "id", "internetMessageId"}


async def test_a_later_round_has_what_came_changed_and_left(
    graph: Any, store: MailStore, write_mail: Write
) -> None:
    opened, moved = (deliver(store, write_mail(f"<{n}@x>")) for n in range(2))
    first, later, _ = await rounds(graph, DELTA, IMMUTABLE["Prefer"])
    store.set_flags(opened, {SEEN})
    store.move(moved, "archive")
    deliver(store, write_mail("<new@x>"))

    rows, _, _ = await rounds(graph, later, IMMUTABLE["Prefer"])

    assert [row["id"] for row in first] == [opened.id, moved.id]
    assert [(row.get("internetMessageId"), row.get("isRead")) for row in rows] == [
        ("<0@x>", True),
        (None, None),
        ("<new@x>", False),
    ]
    assert rows[1] == {"id": moved.id, "@removed": {"reason": "deleted"}}


async def test_old_and_false_tokens_are_refused(
    graph: Any, client: httpx.AsyncClient, store: MailStore, write_mail: Write
) -> None:
    deliver(store, write_mail())
    _, later, _ = await rounds(graph, DELTA)
    store.clear()

    old = await graph.get(later)
    false = await graph.get(f"{DELTA}?$deltatoken=nonsense")

    assert (old.status_code, old.json()["error"]["code"]) == (410, "SyncStateNotFound")
    assert (false.status_code, false.json()["error"]["code"]) == (400, "BadRequest")


async def test_an_id_ends_with_a_move_unless_it_is_immutable(
    graph: Any, store: MailStore, write_mail: Write
) -> None:
    stored = deliver(store, write_mail())
    url = f"/users/{SHOP}/messages"
    (passing,) = (await graph.get(url)).json()["value"]
    (lasting,) = (await graph.get(url, headers=IMMUTABLE)).json()["value"]
    moved = await graph.post(f"{url}/{passing['id']}/move", json={"destinationId": "deleteditems"})

    assert moved.status_code == 201
    assert passing["id"] != lasting["id"] == stored.id
    assert moved.json()["id"] != passing["id"]
    assert (await graph.get(f"{url}/{passing['id']}")).status_code == 404
    assert (await graph.get(f"{url}/{lasting['id']}")).json()["parentFolderId"] != passing[
        "parentFolderId"
    ]


async def test_folders_are_listed_and_made_and_found_by_id(
    graph: Any, store: MailStore, write_mail: Write
) -> None:
    url = f"/users/{SHOP}/mailFolders"
    made = (await graph.post(url, json={"displayName": "Repairs"})).json()
    stored = deliver(store, write_mail())
    copied = await graph.post(
        f"/users/{SHOP}/messages/{stored.id}/copy", json={"destinationId": made["id"]}
    )
    listed = (await graph.get(f"{url}?$top=50")).json()["value"]
    inside = (await graph.get(f"{url}/{made['id']}/messages")).json()["value"]
    twice = await graph.post(url, json={"displayName": "Repairs"})
    inbox = (await graph.get(f"{url}/inbox")).json()

    assert copied.status_code == 201
    assert [one["displayName"] for one in listed][-1] == "Repairs"
    assert [one["internetMessageId"] for one in inside] == ["<one@shop.example.com>"]
    assert twice.json()["error"]["code"] == "ErrorFolderExists"
    assert (inbox["unreadItemCount"], inbox["totalItemCount"]) == (1, 1)
    assert inbox["id"] in [one["id"] for one in listed]
    assert inbox["id"] != "inbox"


async def test_a_message_is_marked_and_deleted_in_two_steps(
    graph: Any, store: MailStore, write_mail: Write
) -> None:
    stored = deliver(store, write_mail())
    url = f"/users/{SHOP}/messages/{stored.id}"

    marked = await patch(graph, url, {"isRead": True})
    for _ in range(2):
        await graph._client.delete(f"/graph/v1.0{url}", headers=graph._headers)

    assert marked.json()["isRead"] is True
    assert [one.kind for one in store.changes.after(0 + store.changes.forgotten, SHOP)] == [
        "added",
        "changed",
        "removed",
        "added",
        "removed",
    ]
    assert store.find() == []


@pytest.mark.parametrize(
    ("url", "status", "code"),
    [
        (f"/users/{SHOP}/messages?$filter=isRead eq false&$orderby=subject", 400,
         "InefficientFilter"),
        (f"/users/{SHOP}/mailFolders/attic", 404, "ErrorItemNotFound"),
        ("/planner/tasks", 400, "BadRequest"),
    ],
)  # fmt: skip
async def test_refusals(graph: Any, url: str, status: int, code: str) -> None:
    answer = await graph.get(url)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


async def test_unknown_paths_need_a_token_too(client: httpx.AsyncClient) -> None:
    assert (await client.get("/graph/v1.0/planner")).status_code == 401
