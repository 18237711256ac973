from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from connectors._http.errors import (
    ConnectorError,
    NeedsReauthError,
    RateLimitedError,
    RejectedError,
    ServiceNotFoundError,
    TransientError,
    UnknownOutcomeError,
)
from connectors._http.retry import RetryPolicy
from connectors.supabase.client import SupabaseClient
from connectors.supabase.errors import RolledBackError
from connectors.supabase.models import Filter, Operator

FANS = [{"sku": "A", "name": "Fan"}]
IS_A = [Filter("sku", "eq", "A")]


@pytest.fixture
async def supabase(server: Any, retry: RetryPolicy) -> AsyncIterator[SupabaseClient]:
    supabase = SupabaseClient(
        base_url=server.url, api_key=SecretStr("sb-hunter2"), timeout_seconds=5.0, retry=retry
    )
    yield supabase
    await supabase.aclose()


def query(seen: Any) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(seen.target).query).items()}


async def test_a_query_is_sent_with_the_key_twice(server: Any, supabase: SupabaseClient) -> None:
    server.answer(200, [{"sku": "A", "stock": 2}])

    found = await supabase.select_rows(
        "products",
        columns=["sku", "stock"],
        where=[Filter("stock", "lte", 3), Filter("supplier", "is", None)],
        order=["stock.desc"],
        limit=10,
        offset=20,
    )

    (seen,) = server.seen
    assert found == [{"sku": "A", "stock": 2}]
    assert (seen.method, urlsplit(seen.target).path) == ("GET", "/rest/v1/products")
    assert seen.headers["apikey"] == "sb-hunter2"
    assert seen.headers["authorization"] == "Bearer sb-hunter2"
    assert query(seen) == {
        "and": '("stock".lte."3","supplier".is.null)',
        "select": "sku,stock",
        "order": "stock.desc",
        "limit": "10",
        "offset": "20",
    }


async def test_all_rows_are_read_in_ranges_until_one_is_empty(
    server: Any, supabase: SupabaseClient
) -> None:
    server.answer(200, [{"sku": "A"}, {"sku": "B, (1)"}])
    server.answer(200, [{"sku": "C"}])
    server.answer(200, [])

    found = [row async for row in supabase.rows("products", key="sku", where=IS_A)]

    assert [row["sku"] for row in found] == ["A", "B, (1)", "C"]
    assert [query(seen)["and"] for seen in server.seen] == [
        '("sku".eq."A")',
        '("sku".eq."A","sku".gt."B, (1)")',
        '("sku".eq."A","sku".gt."C")',
    ]
    assert {query(seen)["order"] for seen in server.seen} == {"sku"}


async def test_rows_that_never_end_are_left(server: Any, supabase: SupabaseClient) -> None:
    server.answer(200, [{"sku": "A"}])
    server.answer(200, [{"sku": "A"}])

    with pytest.raises(ConnectorError, match="same cursor twice"):
        _ = [row async for row in supabase.rows("products", key="sku")]


async def test_rows_are_counted_without_reading_them(server: Any, supabase: SupabaseClient) -> None:
    server.answer(200, b"", content_range="*/0")

    assert await supabase.count_rows("products") == 0
    assert server.seen[0].method == "HEAD"
    assert server.seen[0].headers["prefer"] == "count=exact"


async def test_an_insert_returns_what_the_database_filled_in(
    server: Any, supabase: SupabaseClient
) -> None:
    server.answer(201, [{"sku": "A", "name": "Fan", "stock": 0}])

    assert (await supabase.insert_rows("products", FANS))[0]["stock"] == 0
    assert server.seen[0].method == "POST"
    assert server.seen[0].headers["prefer"] == "return=representation"
    assert json.loads(server.seen[0].body) == FANS


async def test_an_upsert_names_its_key(server: Any, supabase: SupabaseClient) -> None:
    server.answer(201, b"", content_range="*/1")

    assert await supabase.upsert_rows("order_lines", FANS, key=["number", "sku"]) == 1
    assert query(server.seen[0]) == {"on_conflict": "number,sku"}
    assert server.seen[0].headers["prefer"].startswith("resolution=merge-duplicates,")


async def test_nothing_is_sent_for_no_rows(server: Any, supabase: SupabaseClient) -> None:
    assert await supabase.insert_rows("products", []) == []
    assert await supabase.upsert_rows("products", [], key=["sku"]) == 0
    assert server.seen == []


async def test_changes_and_deletions_are_counted(server: Any, supabase: SupabaseClient) -> None:
    server.answer(204, b"", content_range="0-1/2")
    server.answer(204, b"", content_range="*/2")

    assert await supabase.update_rows("products", {"stock": 1}, where=IS_A) == 2
    assert await supabase.delete_rows("products", where=IS_A) == 2
    assert [seen.method for seen in server.seen] == ["PATCH", "DELETE"]
    assert [query(seen) for seen in server.seen] == [{"and": '("sku".eq."A")'}] * 2


async def test_without_a_filter_nothing_is_sent(server: Any, supabase: SupabaseClient) -> None:
    with pytest.raises(RejectedError):
        await supabase.update_rows("products", {"stock": 1}, where=[])
    with pytest.raises(RejectedError):
        await supabase.delete_rows("products", where=[])
    assert server.seen == []


async def test_names_stay_in_their_place_of_the_path(server: Any, supabase: SupabaseClient) -> None:
    server.answer(200, [])
    server.answer(200, 3)

    await supabase.select_rows("a/../b?c")
    await supabase.call_function("d/e", {})

    assert server.seen[0].target.startswith("/rest/v1/a%2F..%2Fb%3Fc?")
    assert server.seen[1].target == "/rest/v1/rpc/d%2Fe"


async def test_a_function_may_return_nothing(server: Any, supabase: SupabaseClient) -> None:
    server.answer(204, b"")
    server.answer(200, {"stock": [1]})

    assert await supabase.call_function("recount", {}) is None
    assert await supabase.call_function("count", {"sku": "A"}) == {"stock": [1]}
    assert json.loads(server.seen[1].body) == {"sku": "A"}


@pytest.mark.parametrize(("safe", "kind"), [(True, TransientError), (False, UnknownOutcomeError)])
async def test_an_answer_of_a_function_that_is_no_json(
    server: Any, supabase: SupabaseClient, *, safe: bool, kind: type[ConnectorError]
) -> None:
    server.answer(200, b"<html>")

    with pytest.raises(kind):
        await supabase.call_function("count", {}, safe=safe)


async def test_a_safe_function_is_tried_again(
    server: Any, supabase: SupabaseClient, waits: list[float]
) -> None:
    server.reset()
    server.answer(200, 3)

    assert await supabase.call_function("count", {}, safe=True) == 3
    assert waits == [1.0]


@pytest.mark.parametrize(
    ("status", "code", "read", "write"),
    [
        (401, "PGRST301", NeedsReauthError, NeedsReauthError),
        (403, "42501", NeedsReauthError, NeedsReauthError),
        (500, "PGRST300", NeedsReauthError, NeedsReauthError),
        (404, "42P01", ServiceNotFoundError, ServiceNotFoundError),
        (404, "PGRST202", ServiceNotFoundError, ServiceNotFoundError),
        (404, "PGRST205", ServiceNotFoundError, ServiceNotFoundError),
        (400, "23502", RejectedError, RejectedError),
        (409, "23503", RejectedError, RejectedError),
        (409, "23505", RejectedError, RejectedError),
        (400, "22P02", RejectedError, RejectedError),
        (400, "P0001", RejectedError, RejectedError),
        (405, "25006", RejectedError, RejectedError),
        (416, "PGRST103", RejectedError, RejectedError),
        (500, "21000", RejectedError, RejectedError),
        (500, "55000", RejectedError, RejectedError),
        (500, "40001", RolledBackError, RolledBackError),
        (500, "40P01", RolledBackError, RolledBackError),
        (500, "57014", RolledBackError, RolledBackError),
        (504, "PGRST003", RolledBackError, RolledBackError),
        (503, "08006", TransientError, UnknownOutcomeError),
        (500, "XX000", TransientError, UnknownOutcomeError),
        (503, "PGRST001", TransientError, UnknownOutcomeError),
    ],
)
async def test_each_failure_has_its_class(
    server: Any,
    supabase: SupabaseClient,
    status: int,
    code: str,
    read: type[ConnectorError],
    write: type[ConnectorError],
) -> None:
    body = {"code": code, "message": "no", "details": None, "hint": None}
    for _ in range(3 if issubclass(read, TransientError) else 1):
        server.answer(status, body)
    server.answer(status, body)

    with pytest.raises(ConnectorError, match=code) as reading:
        await supabase.select_rows("products")
    with pytest.raises(ConnectorError, match=code) as writing:
        await supabase.insert_rows("products", FANS)

    assert (type(reading.value), type(writing.value)) == (read, write)


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (401, {"message": "Invalid API key"}, "answered 401 Invalid API key"),
        (403, {"code": 403, "error_code": "bad_jwt", "msg": "x"}, "answered 403 bad_jwt"),
        (400, ["no"], "answered 400"),
        (400, b"<html>", "answered 400"),
    ],
)
async def test_the_words_of_gateway_and_auth_are_read(
    server: Any, supabase: SupabaseClient, status: int, body: object, told: str
) -> None:
    server.answer(status, body)

    with pytest.raises(ConnectorError) as caught:
        await supabase.auth_health()
    assert caught.value.message == told


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("22P02", 'invalid input syntax for type bigint: "Ann Roy"'),
        ("P0001", "Ann Roy has no credit"),
        ("PGRST100", '"failed to parse filter (Ann Roy)" (line 1, column 1)'),
        ("23502", "key sb-hunter2"),
        ("23505", 'duplicate key value violates "key" of ann.roy@example.org'),
    ],
)
async def test_what_rows_hold_is_not_told(
    server: Any, supabase: SupabaseClient, code: str, message: str
) -> None:
    details = "Failing row contains (Ann Roy, ann.roy@example.org)."
    body = {"code": code, "message": message, "details": details, "hint": "Ann Roy?"}
    server.answer(400, body)

    with pytest.raises(RejectedError, match=code) as caught:
        await supabase.insert_rows("customers", [{"name": "Ann Roy"}])

    assert not any(word in str(caught.value) for word in ("Ann Roy", "example.org", "hunter2"))


@pytest.mark.parametrize("fault", ["reset", "truncate"])
async def test_a_lost_answer_leaves_a_write_unknown(
    server: Any, supabase: SupabaseClient, fault: str
) -> None:
    getattr(server, fault)()

    with pytest.raises(UnknownOutcomeError, match="may be repeated"):
        await supabase.upsert_rows("products", FANS, key=["sku"])
    assert len(server.seen) == 1


@pytest.mark.parametrize("told", [{}, {"content_range": "*/*"}])
async def test_an_answer_without_a_number_is_no_count(
    server: Any, supabase: SupabaseClient, told: dict[str, str]
) -> None:
    server.answer(200, b"", **told)
    server.answer(201, b"", **told)

    with pytest.raises(TransientError):
        await supabase.count_rows("products")
    with pytest.raises(UnknownOutcomeError):
        await supabase.upsert_rows("products", FANS, key=["sku"])


async def test_a_limit_is_waited_out_when_short(
    server: Any, supabase: SupabaseClient, waits: list[float]
) -> None:
    server.answer(429, {"message": "API rate limit exceeded"}, retry_after="2")
    server.answer(200, [])
    server.answer(429, {"message": "API rate limit exceeded"})

    assert await supabase.select_rows("products") == []
    assert waits == [2.0]
    with pytest.raises(RateLimitedError):
        await supabase.insert_rows("products", FANS)


async def test_users_are_read_to_the_empty_page(server: Any, supabase: SupabaseClient) -> None:
    user = {"id": "1", "email": "a@example.org", "created_at": "2026-09-01T00:00:00Z", "aud": "x"}
    server.answer(200, {"users": [user], "aud": "authenticated"})
    server.answer(200, {"users": [], "aud": "authenticated"})

    assert [one.email async for one in supabase.users()] == ["a@example.org"]
    assert [query(seen)["page"] for seen in server.seen] == ["1", "2"]


async def test_ping_asks_for_the_root(server: Any, supabase: SupabaseClient) -> None:
    server.answer(200, b"")

    await supabase.ping()

    assert (server.seen[0].method, server.seen[0].target) == ("HEAD", "/rest/v1/")


@pytest.mark.parametrize(
    ("operator", "value"),
    [("eq", None), ("neq", {"a": 1}), ("in", {"A", "B"}), ("in", ["A", None])],
)
def test_a_filter_refuses_a_value_that_has_no_text_of_its_own(
    operator: Operator, value: object
) -> None:
    with pytest.raises(ValueError, match=f"{operator} of sku takes no"):
        str(Filter("sku", operator, value))


@pytest.mark.parametrize(
    ("operator", "value", "text"),
    [
        ("is", None, "null"),
        ("is", True, "true"),
        ("eq", False, '"false"'),
        ("lt", date(2026, 11, 21), '"2026-11-21"'),
        ("gt", Decimal("1.50"), '"1.50"'),
        ("in", ("A", 'B"'), '("A","B\\"")'),
    ],
)
def test_a_filter_writes_values_as_postgrest_reads_them(
    operator: Operator, value: object, text: str
) -> None:
    assert str(Filter("sku", operator, value)) == f'"sku".{operator}.{text}'
