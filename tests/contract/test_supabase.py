"""What the Supabase connector promises, and the vendor's own client, against the stand-in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import postgrest
import pytest
from postgrest import APIResponse, AsyncPostgrestClient, CountMethod
from pydantic import SecretStr
from supabase_auth import AsyncGoTrueAdminAPI
from supabase_auth.errors import AuthApiError

from connectors._http.calls import Shared
from connectors._http.errors import (
    ConnectorError,
    NeedsReauthError,
    RateLimitedError,
    RejectedError,
    ServiceNotFoundError,
    TransientError,
)
from connectors._http.retry import RetryPolicy
from connectors.supabase.client import SupabaseClient
from connectors.supabase.management import RATE, SupabaseManagement
from connectors.supabase.models import Filter, ServerHealth
from sandbox.story import Story, make_story
from sandbox.supabase.project import Project
from sandbox.supabase.stand_in import SUPABASE
from sandbox.supabase.tables import Tables

TOKEN = "sandbox-token"
ODD = ["a,b", "(c)", 'd"e', "f\\g", "h.eq.i", "*", "%", "j&k=l", "é ü", "null", ""]


async def no_wait(_seconds: float) -> None:
    """Wait no time."""


@pytest.fixture
def story(stand_ins: Any) -> Story:
    story = make_story(scale=40)
    SUPABASE.seed(stand_ins.sandbox.state, story)
    return story


def client(stand_ins: Any, key: str = "sandbox-key") -> SupabaseClient:
    return SupabaseClient(
        base_url=f"{stand_ins.url}/supabase",
        api_key=SecretStr(key),
        timeout_seconds=10.0,
        retry=RetryPolicy(sleep=no_wait),
    )


def owner(
    stand_ins: Any,
    token: str = TOKEN,
    project: str = "sandboxsandboxsandbo",
    shared: Shared | None = None,
) -> SupabaseManagement:
    return SupabaseManagement(
        management_url=f"{stand_ins.url}/supabase/management",
        management_token=SecretStr(token),
        project=project,
        timeout_seconds=10.0,
        shared=shared,
        retry=RetryPolicy(sleep=no_wait),
    )


@pytest.fixture
async def supabase(stand_ins: Any) -> AsyncIterator[SupabaseClient]:
    supabase = client(stand_ins)
    yield supabase
    await supabase.aclose()


@pytest.fixture
async def management(stand_ins: Any) -> AsyncIterator[SupabaseManagement]:
    management = owner(stand_ins)
    yield management
    await management.aclose()


@pytest.fixture
async def official(stand_ins: Any) -> AsyncIterator[AsyncPostgrestClient]:
    headers = {"apikey": "sandbox-key"}
    url = f"{stand_ins.url}/supabase/rest/v1"
    async with AsyncPostgrestClient(url, headers=headers) as official:
        yield official.auth("sandbox-key")


async def test_all_rows_are_read_although_the_project_limits_a_range_to_1000(
    supabase: SupabaseClient, story: Story
) -> None:
    few = await supabase.select_rows("products", limit=5000)
    read = [row async for row in supabase.rows("products", key="sku", columns=["stock"])]

    assert len(few) == 1000
    assert len(story.parts) > 1000
    assert [row["sku"] for row in read] == sorted(part.sku for part in story.parts)
    assert read[0].keys() == {"sku", "stock"}


async def test_rows_that_go_while_others_are_read_shift_none(
    stand_ins: Any, supabase: SupabaseClient, story: Story
) -> None:
    tables = stand_ins.sandbox.state.store(Tables)
    customers = tables.table("customers")
    seen: list[int] = []
    async for row in supabase.rows("customers", key="id"):
        if not seen:
            customers.rows = [one for one in customers.rows if one["id"] > 500]
        seen.append(row["id"])

    assert seen == list(range(1, len(story.people) + 1))


@pytest.mark.usefixtures("story")
async def test_filters_order_and_range_are_understood(supabase: SupabaseClient) -> None:
    where = [
        Filter("stock", "lte", 3),
        Filter("stock", "gt", 0),
        Filter("name", "ilike", "*hdmi*"),
        Filter("supplier", "in", ["Pacific Spares", "Maple Parts Supply"]),
        Filter("price", "is", "not_null"),
    ]

    found = await supabase.select_rows(
        "products", columns=["stock", "name"], where=where, order=["stock.desc", "sku"], limit=7
    )
    rest = await supabase.select_rows("products", where=where, order=["sku"], offset=7)

    assert len(found) == 7
    assert await supabase.count_rows("products", where=where) == 7 + len(rest)
    assert [row["stock"] for row in found] == sorted((row["stock"] for row in found), reverse=True)
    assert all(0 < row["stock"] <= 3 and "HDMI" in row["name"] for row in found)
    assert await supabase.select_rows("products", offset=10_000) == []


async def test_whatever_stands_in_a_value_is_found_by_it(supabase: SupabaseClient) -> None:
    await supabase.insert_rows("products", [{"sku": text, "name": text} for text in ODD])

    for text in ODD:
        found = await supabase.select_rows("products", where=[Filter("name", "eq", text)])
        assert [row["sku"] for row in found] == [text]
    assert await supabase.count_rows("products", where=[Filter("sku", "in", ODD)]) == len(ODD)


async def test_an_upsert_may_be_repeated(supabase: SupabaseClient) -> None:
    rows = [{"sku": f"S{number}", "name": "Fan", "stock": number} for number in range(1200)]

    first = await supabase.upsert_batches("products", rows, key=["sku"])
    again = await supabase.upsert_batches("products", rows, key=["sku"])

    assert [one.result for one in first] == [one.result for one in again] == [500, 500, 200]
    assert await supabase.count_rows("products") == 1200


async def test_rows_are_changed_and_deleted_by_filters_only(supabase: SupabaseClient) -> None:
    await supabase.insert_rows("products", [{"sku": sku, "name": "Fan"} for sku in "ABC"])
    some = [Filter("sku", "in", ["A", "B"])]

    assert await supabase.update_rows("products", {"stock": 5}, where=some) == 2
    assert await supabase.delete_rows("products", where=some) == 2
    assert [row["sku"] for row in await supabase.select_rows("products")] == ["C"]
    with pytest.raises(RejectedError, match="all rows"):
        await supabase.delete_rows("products", where=[])
    with pytest.raises(RejectedError, match="all rows"):
        await supabase.update_rows("products", {"stock": 5}, where=[])


async def test_functions_move_stock_and_refuse(supabase: SupabaseClient) -> None:
    await supabase.insert_rows("products", [{"sku": "A", "name": "Fan", "stock": 2}])

    assert await supabase.call_function("add_stock", {"sku": "A", "change": -1}) == 1
    low = await supabase.call_function("low_stock", {"at_most": 1}, safe=True)
    assert [row["sku"] for row in low] == ["A"]
    with pytest.raises(RejectedError, match="P0001"):
        await supabase.call_function("add_stock", {"sku": "A", "change": -2})
    with pytest.raises(ServiceNotFoundError, match="PGRST202"):
        await supabase.call_function("add_stock", {"sku": "A"})


@pytest.mark.parametrize(
    ("row", "code", "kind"),
    [
        ({"email": "ann@example.org", "name": "Ann"}, "23505", RejectedError),
        ({"email": "bob@example.org", "name": None}, "23502", RejectedError),
        ({"email": "bob@example.org", "nick": "Bob"}, "PGRST204", RejectedError),
        ({"id": "bob@example.org", "email": "b", "name": "B"}, "22P02", RejectedError),
    ],
)
async def test_what_a_table_refuses_is_told_by_code_and_without_what_rows_hold(
    supabase: SupabaseClient, row: dict[str, Any], code: str, kind: type[ConnectorError]
) -> None:
    await supabase.insert_rows("customers", [{"email": "ann@example.org", "name": "Ann"}])

    with pytest.raises(kind, match=code) as caught:
        await supabase.insert_rows("customers", [row])

    assert "example.org" not in str(caught.value)
    assert await supabase.count_rows("customers") == 1


async def test_a_table_that_is_not_there_is_not_found(supabase: SupabaseClient) -> None:
    with pytest.raises(ServiceNotFoundError, match=r"public\.guitars"):
        await supabase.select_rows("guitars")


async def test_a_row_that_others_refer_to_stays(supabase: SupabaseClient, story: Story) -> None:
    ordered = story.orders[0].lines[0].part.sku

    with pytest.raises(RejectedError, match="23503"):
        await supabase.delete_rows("products", where=[Filter("sku", "eq", ordered)])


@pytest.mark.offends
async def test_a_wrong_key_needs_a_person(stand_ins: Any) -> None:
    supabase, management = client(stand_ins, key="wrong"), owner(stand_ins, token="wrong")

    with pytest.raises(NeedsReauthError, match="HOTROD_SUPABASE__API_KEY"):
        await supabase.ping()
    with pytest.raises(NeedsReauthError, match="Invalid API key"):
        await supabase.insert_rows("products", [{"sku": "A", "name": "Fan"}])
    with pytest.raises(NeedsReauthError, match="HOTROD_SUPABASE__MANAGEMENT_TOKEN"):
        await management.ping()
    await supabase.aclose()
    await management.aclose()


async def test_users_are_read_to_the_last(supabase: SupabaseClient, story: Story) -> None:
    users = [user async for user in supabase.users()]

    assert {user.email for user in users} == {person.email for person in story.people}
    assert len(users) == len(story.people) > 1000


async def test_pings_and_auth(supabase: SupabaseClient, management: SupabaseManagement) -> None:
    await supabase.ping()
    await management.ping()

    assert (await supabase.auth_health()).name == "GoTrue"
    assert (await supabase.auth_settings()).external["email"]
    assert (await management.get_project()).status == "ACTIVE_HEALTHY"


async def test_a_server_that_is_down_is_seen(
    stand_ins: Any, supabase: SupabaseClient, management: SupabaseManagement
) -> None:
    assert all(one.is_healthy for one in await management.services_health())

    stand_ins.sandbox.state.store(Project).health |= {"rest": "UNHEALTHY", "auth": "COMING_UP"}
    rest, auth = await management.services_health(["rest", "auth"]), await failure(supabase)

    assert {one.name: one.status for one in rest} == {"auth": "COMING_UP", "rest": "UNHEALTHY"}
    assert not any(one.is_healthy for one in rest)
    assert isinstance(rest[0], ServerHealth)
    assert type(auth) is TransientError
    with pytest.raises(TransientError, match="PGRST001"):
        await supabase.select_rows("products")


async def failure(supabase: SupabaseClient) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        await supabase.auth_health()
    return caught.value


async def test_a_project_of_somebody_else_is_not_found(stand_ins: Any) -> None:
    management = owner(stand_ins, project="abcdefghijabcdefghij")

    with pytest.raises(ServiceNotFoundError, match="HOTROD_SUPABASE__PROJECT"):
        await management.get_project()
    await management.aclose()


async def test_the_limit_of_the_management_api_is_real(stand_ins: Any) -> None:
    hurried = owner(stand_ins, shared=Shared())
    for _ in range(RATE.calls):
        await hurried.get_project()

    with pytest.raises(RateLimitedError, match="120 calls a minute"):
        await hurried.get_project()
    await hurried.aclose()


async def test_our_own_pace_stays_below_the_limit_of_the_management_api(
    stand_ins: Any, management: SupabaseManagement
) -> None:
    for _ in range(RATE.calls):
        await management.get_project()

    with pytest.raises(RateLimitedError, match="our own pace"):
        await management.get_project()
    assert len(stand_ins.sandbox.state.calls.find("supabase_management")) == RATE.calls


def stocks(answer: APIResponse) -> list[Any]:
    rows: list[Any] = answer.data
    return [row["stock"] for row in rows]


@pytest.mark.usefixtures("story")
async def test_the_vendors_client_reads(official: AsyncPostgrestClient) -> None:
    products = official.from_("products")

    found = await (
        products.select("sku,stock", count=CountMethod.exact)
        .gte("stock", 5)
        .neq("supplier", "Pacific Spares")
        .order("stock", desc=True)
        .range(3, 12)
        .execute()
    )
    rows: list[Any] = found.data
    one = await products.select("*").eq("sku", rows[0]["sku"]).single().execute()
    none = await products.select("*").eq("sku", "nothing").maybe_single().execute()
    heads = await products.select("*", count=CountMethod.exact, head=True).lt("stock", 5).execute()
    theirs: Any = one.data

    assert len(rows) == 10
    assert found.count is not None
    assert found.count > 10
    assert theirs["stock"] == rows[0]["stock"]
    assert none is None
    assert heads.count is not None
    assert heads.count > 100


async def test_the_vendors_client_writes(official: AsyncPostgrestClient) -> None:
    rows: list[dict[str, Any]] = [
        {"sku": "A", "name": "Fan"},
        {"sku": "B", "name": "LCD", "stock": 4},
    ]
    products = official.from_("products")

    inserted = await products.insert(rows[0]).execute()
    upserted = await products.upsert(rows, on_conflict="sku", default_to_null=False).execute()
    changed = await products.update({"stock": 9}).eq("sku", "A").execute()
    change: dict[str, Any] = {"sku": "A", "change": -2}
    moved = await official.rpc("add_stock", change).execute()
    gone = (
        await products.delete(count=CountMethod.exact)
        .or_("sku.eq.A,and(sku.eq.B,stock.eq.4)")
        .execute()
    )

    assert stocks(inserted)[0] == 0
    assert stocks(upserted) == [0, 4]
    assert stocks(changed) == [9]
    assert moved.data == 7
    assert gone.count == len(gone.data) == 2


async def test_the_vendors_client_reads_refusals(official: AsyncPostgrestClient) -> None:
    with pytest.raises(postgrest.APIError) as caught:
        await official.from_("products").insert({"sku": "A"}).execute()

    assert caught.value.code == "23502"
    assert caught.value.details is not None
    assert caught.value.details.startswith("Failing row contains (A, null")


@asynccontextmanager
async def official_admin(stand_ins: Any, key: str) -> AsyncIterator[AsyncGoTrueAdminAPI]:
    headers = {"apikey": "sandbox-key", "Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(trust_env=False) as http:
        yield AsyncGoTrueAdminAPI(
            url=f"{stand_ins.url}/supabase/auth/v1", headers=headers, http_client=http
        )


@pytest.mark.usefixtures("story")
async def test_the_vendors_client_lists_who_signed_up(stand_ins: Any) -> None:
    signed_up = [user.id for user in stand_ins.sandbox.state.store(Project).users]

    async with official_admin(stand_ins, "sandbox-key") as admin:
        first, second = [await admin.list_users(page=page, per_page=2) for page in (1, 2)]

    assert len(signed_up) > 3
    assert [one.id for one in (*first, *second)] == signed_up[:-5:-1]


async def test_the_vendors_client_reads_refusals_of_auth(stand_ins: Any) -> None:
    async with official_admin(stand_ins, "wrong-key") as admin:
        with pytest.raises(AuthApiError) as caught:
            await admin.list_users(page=1, per_page=2)

    assert (caught.value.status, caught.value.code) == (403, "bad_jwt")
