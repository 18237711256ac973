from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from sandbox import Sandbox
from sandbox.story import make_story
from sandbox.supabase.project import CALLS_A_MINUTE, Project
from sandbox.supabase.stand_in import SUPABASE
from sandbox.supabase.tables import Tables

AUTH = "/supabase/auth/v1"
PROJECT = "/supabase/management/v1/projects/sandboxsandboxsandbo"
KEY = {"apikey": "sandbox-key", "Authorization": "Bearer sandbox-key"}
TOKEN = {"Authorization": "Bearer sandbox-token"}
EVIL = "<script>alert(1)</script>"


@pytest.fixture
def story(sandbox: Sandbox) -> Any:
    story = make_story()
    SUPABASE.seed(sandbox.state, story)
    return story


async def test_health_and_settings_ask_for_the_key_only(client: httpx.AsyncClient) -> None:
    for path in ("/health", "/settings"):
        assert (await client.get(AUTH + path)).status_code == 401
        answer = await client.get(AUTH + path, headers={"apikey": "sandbox-key"})
        assert answer.status_code == 200


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"apikey": "sandbox-key"}, 401, "no_authorization"),
        ({"apikey": "sandbox-key", "Authorization": "Bearer wrong"}, 403, "bad_jwt"),
    ],
)
async def test_users_are_shown_to_the_service_role_only(
    client: httpx.AsyncClient, headers: dict[str, str], status: int, code: str
) -> None:
    answer = await client.get(f"{AUTH}/admin/users", headers=headers)

    assert (answer.status_code, answer.json()["error_code"]) == (status, code)
    assert answer.json()["code"] == status


async def test_users_come_in_pages_with_links(client: httpx.AsyncClient, story: Any) -> None:
    url, emails = f"{AUTH}/admin/users?page=1&per_page=15", []
    while url:
        answer = await client.get(url, headers=KEY)
        emails += [user["email"] for user in answer.json()["users"]]
        url = answer.links.get("next", {}).get("url", "")

    assert sorted(emails) == sorted(person.email for person in story.people)
    assert answer.headers["x-total-count"] == "40"
    beyond = await client.get(f"{AUTH}/admin/users?page=99", headers=KEY)
    assert beyond.json()["users"] == []


@pytest.mark.parametrize("query", ["page=0", "page=x", "per_page=0", "per_page=-1"])
async def test_pages_that_cannot_be_are_refused(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.get(f"{AUTH}/admin/users?{query}", headers=KEY)

    assert (answer.status_code, answer.json()["error_code"]) == (400, "validation_failed")


async def test_health_is_told_of_the_servers_that_are_named(client: httpx.AsyncClient) -> None:
    named = await client.get(f"{PROJECT}/health?services=rest&services=db", headers=TOKEN)

    assert [(one["name"], one["status"]) for one in named.json()] == [
        ("db", "ACTIVE_HEALTHY"),
        ("rest", "ACTIVE_HEALTHY"),
    ]
    for query in ("", "?services=", "?services=rest&services=fax"):
        assert (await client.get(f"{PROJECT}/health{query}", headers=TOKEN)).status_code == 400


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        (PROJECT, {}, 401),
        (PROJECT, {"Authorization": "Bearer sandbox-key"}, 401),
        ("/supabase/management/v1/projects/abcdefghijabcdefghij", TOKEN, 404),
        ("/supabase/management/v1/projects/ABC", TOKEN, 400),
        ("/supabase/management/v1/organizations", TOKEN, 404),
        (f"{AUTH}/token", KEY, 404),
    ],
)
async def test_what_is_not_there_or_not_ours_is_refused(
    client: httpx.AsyncClient, path: str, headers: dict[str, str], status: int
) -> None:
    answer = await client.get(path, headers=headers)

    assert answer.status_code == status
    assert {"message", "msg"} & answer.json().keys()


async def test_a_minute_has_so_many_calls(client: httpx.AsyncClient) -> None:
    for left in reversed(range(CALLS_A_MINUTE)):
        answer = await client.get(PROJECT, headers=TOKEN)
        assert answer.headers["x-ratelimit-remaining"] == str(left)

    refused = await client.get(PROJECT, headers=TOKEN)

    assert refused.status_code == 429
    assert refused.headers["x-ratelimit-limit"] == str(CALLS_A_MINUTE)
    assert 0 < int(refused.headers["x-ratelimit-reset"]) <= 60


@pytest.mark.parametrize(
    ("service", "path", "field"),
    [
        ("supabase", "/supabase/rest/v1/products", "code"),
        ("supabase_auth", f"{AUTH}/health", "error_code"),
        ("supabase_management", PROJECT, "message"),
    ],
)
async def test_faults_are_worded_as_the_server_would(
    client: httpx.AsyncClient,
    order_fault: Callable[..., Awaitable[None]],
    service: str,
    path: str,
    field: str,
) -> None:
    await order_fault(service, "error", status=500, code="XX001", count=1)
    await order_fault(service, "rate_limit", retry_after=7, count=1)

    failed = await client.get(path, headers={**KEY, **TOKEN})
    limited = await client.get(path, headers={**KEY, **TOKEN})

    assert (failed.status_code, failed.json()[field]) == (500, "XX001")
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "7")


async def test_the_page_shows_rows_users_and_servers(
    client: httpx.AsyncClient, sandbox: Sandbox, story: Any
) -> None:
    tables = sandbox.state.store(Tables)
    tables.insert(tables.table("products"), [{"sku": EVIL, "name": EVIL}])

    page = await client.get("/supabase")
    orders = await client.get("/supabase?table=orders")

    assert all(word in page.text for word in (story.parts[0].sku, story.people[0].email, "pooler"))
    assert EVIL not in page.text
    assert story.orders[-1].number in orders.text
    assert (await client.get("/supabase?table=guitars")).status_code == 404


async def test_a_person_inserts_changes_and_deletes_rows(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    products = "/pages/supabase/products"
    new = {"sku": "A", "name": "Fan", "price": "12.50", "stock": "", "attributes": '{"a": "b"}'}
    changed = {"key-sku": "A", "name": "LCD", "stock": "4", "attributes": "", "act": "Save"}

    added = await client.post(f"{products}/rows", data=new)
    twice = await client.post(f"{products}/rows", data=new)
    saved = await client.post(f"{products}/row", data=changed)
    row = sandbox.state.store(Tables).table("products").rows[0]
    wrong = await client.post(f"{products}/row", data={"key-sku": "A", "stock": "many"})
    gone = await client.post(f"{products}/row", data={"key-sku": "A", "act": "Delete"})
    again = await client.post(f"{products}/row", data={"key-sku": "A", "act": "Delete"})

    statuses = [one.status_code for one in (added, twice, saved, wrong, gone, again)]
    assert statuses == [303, 409, 303, 409, 303, 404]
    assert added.headers["location"] == "/supabase?table=products"
    assert (row["name"], row["stock"], row["attributes"]) == ("LCD", 4, None)
    assert sandbox.state.store(Tables).table("products").rows == []


async def test_every_row_that_the_page_shows_can_be_saved_as_it_is(
    client: httpx.AsyncClient, sandbox: Sandbox, story: Any
) -> None:
    tables = sandbox.state.store(Tables)
    before = {table.name: [dict(row) for row in table.rows] for table in tables.all()}
    for table in tables.all():
        page = await client.get(f"/supabase?table={table.name}")
        first = page.text.partition('<ul class="list">')[2].partition("</form>")[0]
        data = _inputs(first)
        saved = await client.post(f"/pages/supabase/{table.name}/row", data=data)
        assert saved.status_code == 303, saved.text

    assert {table.name: table.rows for table in tables.all()} == before


def _inputs(form: str) -> dict[str, str]:
    import html
    import re

    found = re.findall(r'<input[^>]* name="([^"]+)"[^>]* value="([^"]*)"', form)
    return {name: html.unescape(value) for name, value in found}


async def test_a_server_that_a_person_takes_down_stops_answering(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    for server in ("rest", "auth"):
        form = {"server": server, "health": "UNHEALTHY"}
        await client.post("/pages/supabase/health", data=form)

    rest = await client.get("/supabase/rest/v1/products", headers=KEY)
    auth = await client.get(f"{AUTH}/health", headers=KEY)
    told = await client.get(f"{PROJECT}/health?services=auth", headers=TOKEN)

    assert (rest.status_code, auth.status_code) == (503, 503)
    assert told.json()[0]["status"] == "UNHEALTHY"
    sandbox.state.store(Project).clear()
    assert (await client.get(f"{AUTH}/health", headers=KEY)).status_code == 200


async def test_forms_of_other_sites_are_refused(client: httpx.AsyncClient) -> None:
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    for path in ("products/rows", "products/row", "health"):
        answer = await client.post(f"/pages/supabase/{path}", data={}, headers=elsewhere)
        assert answer.status_code == 403
