from __future__ import annotations

from typing import Any

import pytest

from sandbox import Sandbox
from sandbox.supabase.tables import Tables

FULL = "return=representation"
MERGE = "resolution=merge-duplicates"


def rows_of(tables: Tables, name: str = "products") -> list[dict[str, Any]]:
    return tables.table(name).rows


async def test_an_insert_answers_nothing_unless_it_is_asked(rest: Any, tables: Tables) -> None:
    row = {"sku": "A", "name": "Fan", "price": 12.5}

    minimal = await rest.ask("POST", "products", json=row)
    headers = await rest.ask("POST", "products", "return=headers-only", json={**row, "sku": "B/é"})
    full = await rest.ask("POST", "products?select=sku,stock", FULL, json=[{**row, "sku": "C"}])

    assert [one.status_code for one in (minimal, headers, full)] == [201, 201, 201]
    assert minimal.content == headers.content == b""
    assert headers.headers["location"] == "/products?sku=eq.B/%C3%A9"
    assert full.json() == [{"sku": "C", "stock": 0}]
    assert full.headers["preference-applied"] == FULL
    assert [row["stock"] for row in rows_of(tables)] == [0, 0, 0]


async def test_ids_are_given_by_the_table(rest: Any) -> None:
    people = [{"email": f"{name}@example.org", "name": name} for name in ("ann", "bob")]

    answer = await rest.ask("POST", "customers?select=id", FULL, json=people)

    assert answer.json() == [{"id": 1}, {"id": 2}]


@pytest.mark.parametrize(
    ("table", "body", "status", "code"),
    [
        ("products", {"sku": "A", "name": "Fan"}, 409, "23505"),
        ("products", {"sku": "E"}, 400, "23502"),
        ("products", {"sku": None, "name": "Fan"}, 400, "23502"),
        ("products", {"sku": "E", "name": "Fan", "stock": "many"}, 400, "22P02"),
        ("products", {"sku": "E", "name": "F\0"}, 400, "22P05"),
        ("products", {"sku": "E", "name": "Fan", "colour": "red"}, 400, "PGRST204"),
        ("products", [{"sku": "E", "name": "Fan"}, {"sku": "F"}], 400, "PGRST102"),
        ("products", [[]], 400, "PGRST102"),
        ("products", "E", 400, "PGRST102"),
        ("orders", {"number": "1", "customer_id": 7}, 409, "23503"),
        ("orders", {"number": "1", "shipped": "perhaps"}, 400, "22P02"),
    ],
)
@pytest.mark.usefixtures("products")
async def test_what_a_table_refuses_is_refused_whole(
    rest: Any, tables: Tables, table: str, body: object, status: int, code: str
) -> None:
    before = list(rows_of(tables, table))

    answer = await rest.ask("POST", table, json=body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert rows_of(tables, table) == before


async def test_of_several_rows_all_are_inserted_or_none(rest: Any, tables: Tables) -> None:
    rows = [{"sku": sku, "name": "Fan"} for sku in ("E", "F", "E")]

    answer = await rest.ask("POST", "products", json=rows)

    assert answer.json()["message"].endswith('unique constraint "products_pkey"')
    assert answer.json()["details"] == "Key (sku)=(E) already exists."
    assert rows_of(tables) == []


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"sku": NaN}', b'["\\ud800"]', b"[" * 100_000, b"\xff"]
)
async def test_a_body_that_cannot_be_read_is_refused(rest: Any, body: bytes) -> None:
    for method, path in (("POST", "products"), ("PATCH", "products?sku=eq.A")):
        answer = await rest.ask(method, path, content=body)
        assert (answer.status_code, answer.json()["code"]) == (400, "PGRST102")


@pytest.mark.usefixtures("products")
async def test_an_upsert_changes_what_is_given_of_rows_that_are_there(
    rest: Any, tables: Tables
) -> None:
    rows = [{"sku": sku, "name": "LCD"} for sku in ("D", "E")]

    mixed = await rest.ask("POST", "products?on_conflict=sku", f"{MERGE},count=exact", json=rows)
    again = await rest.ask("POST", "products", f"{MERGE},{FULL}", json=rows)
    left = await rest.ask("POST", "products", f"resolution=ignore-duplicates,{FULL}", json=rows)

    assert (mixed.status_code, mixed.headers["content-range"]) == (201, "*/2")
    assert [row["stock"] for row in again.json()] == [3, 0]
    assert (again.status_code, left.status_code, left.json()) == (200, 200, [])
    assert [row["sku"] for row in rows_of(tables)] == list("ABCDE")


@pytest.mark.usefixtures("products")
@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("products?on_conflict=name", {"sku": "A", "name": "Fan"}, 400, "42P10"),
        ("products", [{"sku": "Z", "name": "a"}, {"sku": "Z", "name": "b"}], 500, "21000"),
        ("products", {"sku": "A"}, 400, "23502"),
    ],
)
async def test_an_upsert_that_postgresql_would_refuse_is_refused(
    rest: Any, path: str, body: object, status: int, code: str
) -> None:
    answer = await rest.ask("POST", path, MERGE, json=body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_columns_say_what_is_taken_and_what_is_left_to_the_default(
    rest: Any, tables: Tables
) -> None:
    rows = [{"sku": "A", "name": "Fan", "price": 3}, {"sku": "B", "name": "LCD", "stock": 2}]
    path = 'products?columns="sku","name","stock"'

    nulls = await rest.ask("POST", path, json=rows)
    defaults = await rest.ask("POST", path, "missing=default", json=rows)

    assert nulls.json()["code"] == "23502"
    assert defaults.status_code == 201
    assert [(row["stock"], row["price"]) for row in rows_of(tables)] == [(0, None), (2, None)]


@pytest.mark.usefixtures("products")
async def test_rows_are_changed_and_deleted_by_filters(rest: Any, tables: Tables) -> None:
    changed = await rest.ask("PATCH", "products?stock=lt.2", "count=exact", json={"name": "LCD"})
    gone = await rest.ask("DELETE", "products?name=eq.LCD&select=sku", f"{FULL},count=exact")
    none = await rest.ask("PATCH", "products?sku=eq.A", "count=exact", json={"name": "LCD"})

    assert (changed.status_code, changed.headers["content-range"]) == (204, "0-1/2")
    assert (gone.headers["content-range"], gone.json()) == ("*/2", [{"sku": "A"}, {"sku": "B"}])
    assert (none.status_code, none.headers["content-range"]) == (204, "*/0")
    assert [row["sku"] for row in rows_of(tables)] == ["C", "D"]


@pytest.mark.usefixtures("products")
async def test_no_whole_table_is_changed_or_deleted(rest: Any, tables: Tables) -> None:
    for method in ("PATCH", "DELETE"):
        answer = await rest.ask(method, "products", json={"stock": 0})
        assert (answer.status_code, answer.json()["code"]) == (400, "21000")
        assert answer.json()["message"].endswith("requires a WHERE clause")
    assert [row["stock"] for row in rows_of(tables)] == [0, 1, 2, 3]


@pytest.mark.usefixtures("products")
async def test_a_change_that_breaks_a_rule_changes_nothing(rest: Any, tables: Tables) -> None:
    await rest.ask("POST", "orders", json={"number": "1"})
    await rest.ask("POST", "order_lines", json={"order_number": "1", "sku": "A", "quantity": 1})

    same = await rest.ask("PATCH", "products?stock=gt.1", json={"sku": "Z"})
    null = await rest.ask("PATCH", "products?stock=gt.1", json={"name": None})
    lost = await rest.ask("PATCH", "products?sku=eq.A", json={"sku": "Y"})
    gone = await rest.ask("DELETE", "products?sku=eq.A")

    codes = [one.json()["code"] for one in (same, null, lost, gone)]
    assert codes == ["23505", "23502", "23503", "23503"]
    assert gone.json()["details"] == 'Key (sku)=(A) is still referenced from table "order_lines".'
    assert [row["sku"] for row in rows_of(tables)] == list("ABCD")


@pytest.mark.usefixtures("products")
async def test_a_write_of_several_rows_that_should_be_one_is_undone(
    rest: Any, tables: Tables
) -> None:
    single = {"Accept": "application/vnd.pgrst.object+json"}
    fans = [{"sku": sku, "name": "Fan"} for sku in "XY"]

    for answer in (
        await rest.ask("POST", "products", FULL, headers=single, json=fans),
        await rest.ask("PATCH", "products?stock=gt.1", FULL, headers=single, json={"stock": 9}),
        await rest.ask("DELETE", "products?stock=gt.1", FULL, headers=single),
    ):
        assert (answer.status_code, answer.json()["code"]) == (406, "PGRST116")
    assert [row["stock"] for row in rows_of(tables)] == [0, 1, 2, 3]
    one = await rest.ask("PATCH", "products?sku=eq.A", FULL, headers=single, json={"stock": 9})
    assert one.json()["stock"] == 9


@pytest.mark.usefixtures("products")
async def test_functions_are_called(rest: Any) -> None:
    moved = await rest.ask("POST", "rpc/add_stock", json={"sku": "A", "change": 5})
    low = await rest.ask("GET", "rpc/low_stock?at_most=1")
    refused = await rest.ask("POST", "rpc/add_stock", json={"sku": "A", "change": -6})
    read_only = await rest.ask("GET", "rpc/add_stock?sku=A&change=1")
    unknown = await rest.ask("POST", "rpc/nothing", json={})

    assert moved.json() == 5
    assert [row["sku"] for row in low.json()] == ["B"]
    answers = [(one.status_code, one.json()["code"]) for one in (refused, read_only, unknown)]
    assert answers == [(400, "P0001"), (405, "25006"), (404, "PGRST202")]


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({}, "No API key found in request"),
        ({"apikey": "wrong"}, "Invalid API key"),
        ({"apikey": "sandbox-key", "Authorization": "Bearer no"}, "No suitable key or wrong key"),
        ({"apikey": "sandbox-key", "Authorization": "Basic sandbox-key"}, "No suitable key or"),
    ],
)
async def test_the_key_is_checked(client: Any, headers: dict[str, str], told: str) -> None:
    answer = await client.get("/supabase/rest/v1/products", headers=headers)

    assert answer.status_code == 401
    assert answer.json()["message"].startswith(told)


async def test_the_root_describes_the_tables(rest: Any, sandbox: Sandbox) -> None:
    answer = await rest.ask("GET", "")

    described = answer.json()
    assert answer.headers["content-type"].startswith("application/openapi+json")
    assert described["definitions"]["products"]["required"] == [
        "sku",
        "name",
        "stock",
        "updated_at",
    ]
    names = {table.name for table in sandbox.state.store(Tables).all()}
    assert described["definitions"].keys() == names
    assert "/rpc/add_stock" in described["paths"]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "products/A", 404, "PGRST125"),
        ("PUT", "products", 405, "PGRST117"),
        ("DELETE", "rpc/add_stock", 405, "PGRST117"),
    ],
)
async def test_what_is_not_played_is_refused_in_its_words(
    rest: Any, method: str, path: str, status: int, code: str
) -> None:
    answer = await rest.ask(method, path)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
