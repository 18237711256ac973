from __future__ import annotations

import base64
import hashlib
import hmac
import json
import uuid
from typing import Any

import httpx
import pytest

from sandbox import Sandbox
from sandbox.story import make_story
from sandbox.unleashed.seed import seed
from sandbox.unleashed.store import Inventory, known_guid

JSON = {"Accept": "application/json", "Content-Type": "application/json"}
PART = "3f2c6a0e-0000-4000-8000-00000000000a"


def signed(query: str = "", key: bytes = b"sandbox-key") -> dict[str, str]:
    digest = hmac.new(key, query.encode(), hashlib.sha256).digest()
    return {
        **JSON,
        "api-auth-id": "sandbox",
        "api-auth-signature": base64.b64encode(digest).decode(),
    }


async def get(client: httpx.AsyncClient, path: str, query: str = "") -> httpx.Response:
    url = f"/unleashed/{path}" + (f"?{query}" if query else "")
    return await client.get(url, headers=signed(query))


async def post(client: httpx.AsyncClient, path: str, body: object = None) -> httpx.Response:
    return await client.post(f"/unleashed/{path}", json=body or {}, headers=signed())


@pytest.fixture
def inventory(sandbox: Sandbox) -> Inventory:
    return sandbox.state.store(Inventory)


@pytest.fixture
async def product(client: httpx.AsyncClient) -> str:
    body = {"ProductCode": "HDMI-1", "ProductDescription": "HDMI port", "DefaultSellPrice": 6.4}
    assert (await post(client, f"Products/{PART}", body)).status_code == 201
    return PART


def adjustment(quantity: object, **more: object) -> dict[str, Any]:
    return {
        "Warehouse": {"WarehouseCode": "OTT"},
        "AdjustmentReason": "Count",
        "Status": "Completed",
        "StockAdjustmentLines": [{"Product": {"Guid": PART}, "NewQuantity": quantity}],
        **more,
    }


async def on_hand(client: httpx.AsyncClient) -> list[float]:
    rows = (await get(client, "StockOnHand")).json()["Items"]
    return [row["QtyOnHand"] for row in rows]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        JSON,
        signed("pageSize=11"),
        signed("pageSize=10", key=b"wrong-key"),
        {**signed("pageSize=10"), "api-auth-id": "somebody"},
    ],
)
async def test_a_wrong_signature_is_forbidden(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await client.get("/unleashed/Products?pageSize=10", headers=headers)
    assert answer.status_code == 403
    assert "signature" in answer.json()["Description"]


async def test_the_query_is_signed_as_it_was_sent_and_the_path_is_not(
    client: httpx.AsyncClient, product: str
) -> None:
    query = "orderStatus=Parked%2CPlaced&customerCode=A+B"
    assert (await get(client, "SalesOrders", query)).status_code == 200
    assert (await get(client, f"Products/{product}")).status_code == 200
    unescaped = signed("orderStatus=Parked,Placed&customerCode=A B")
    refused = await client.get(f"/unleashed/SalesOrders?{query}", headers=unescaped)
    assert refused.status_code == 403


async def test_the_signature_is_not_shown_to_whoever_looks_at_calls(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    await get(client, "Products")
    (call,) = sandbox.state.calls.find("unleashed")
    assert call.headers["api-auth-signature"] == "[redacted]"


async def test_a_list_comes_in_pages_by_number(
    client: httpx.AsyncClient, inventory: Inventory
) -> None:
    for number in range(5):
        code = f"P{number}"
        inventory.put("Products", known_guid(code), ProductCode=code, ProductDescription=code)
    pages = [(await get(client, f"Products/{n}", "pageSize=2")).json() for n in (1, 2, 3, 4)]
    assert [[item["ProductCode"] for item in page["Items"]] for page in pages] == [
        ["P0", "P1"],
        ["P2", "P3"],
        ["P4"],
        [],
    ]
    assert pages[2]["Pagination"] == {
        "NumberOfItems": 5,
        "PageSize": 2,
        "PageNumber": 3,
        "NumberOfPages": 3,
    }
    older = await get(client, "Products/Page/2", "pageSize=2")
    assert older.json() == pages[1]
    first = (await get(client, "Products")).json()
    assert first["Pagination"]["PageSize"] == 200
    assert first == (await get(client, "Products/1")).json()


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("Products", "pageSize=0"),
        ("Products", "pageSize=1001"),
        ("Products", "pageSize=ten"),
        ("Products", "pageSize=%C2%B2"),
        ("Products/0", ""),
        ("Products/9999999", ""),
        ("Products/Page/x", ""),
        ("Products", "modifiedSince=yesterday"),
        ("Products", "modifiedSince=/Date(999999999999999)/"),
    ],
)
async def test_a_page_that_cannot_be_is_refused(
    client: httpx.AsyncClient, product: str, path: str, query: str
) -> None:
    assert (await get(client, path, query)).status_code == 400


@pytest.mark.parametrize(
    "path", ["Nothing", "Nothing/1", f"Products/{uuid.UUID(int=7)}", "Products/abc", "a/b/c/d"]
)
async def test_what_is_not_there_is_not_found(client: httpx.AsyncClient, path: str) -> None:
    answer = await get(client, path)
    assert answer.status_code == 404
    assert answer.json().keys() == {"Description", "DebugInformation"}


async def test_dates_are_milliseconds_since_1970(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    seed(sandbox.state, make_story())
    order = (await get(client, "SalesOrders", "orderNumber=SO-000001")).json()["Items"][0]
    placed = next(one for one in make_story().orders if one.number == "SO-000001").placed_at
    assert order["OrderDate"] == f"/Date({int(placed.timestamp() * 1000)})/"


async def test_orders_are_filtered_and_deleted_ones_only_shown_when_asked_for(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    seed(sandbox.state, make_story())

    async def statuses(query: str) -> set[str]:
        found = (await get(client, "SalesOrders", query)).json()["Items"]
        return {order["OrderStatus"] for order in found}

    assert await statuses("") == {"Completed", "Placed", "Parked", "Backordered"}
    assert await statuses("orderStatus=Parked%2CPlaced") == {"Parked", "Placed"}
    assert await statuses("orderStatus=Deleted") == {"Deleted"}
    since = "2026-10-01"
    late = (await get(client, "SalesOrders", f"modifiedSince={since}")).json()["Items"]
    story = [one for one in make_story().orders if f"{one.placed_at:%Y-%m-%d}" >= since]
    assert 0 < len(late) <= len(story) < 60
    alone = await get(client, "SalesOrders", "orderNumber=SO-000003&orderStatus=Nonsense")
    assert len(alone.json()["Items"]) == 1


async def test_a_completed_adjustment_says_how_much_there_is(
    client: httpx.AsyncClient, product: str
) -> None:
    assert await on_hand(client) == []  # it never moved
    made = await post(client, f"StockAdjustments/{uuid.uuid4()}", adjustment(8))
    assert made.status_code == 201
    assert made.json()["AdjustmentNumber"] == "SA-00000001"
    assert await on_hand(client) == [8.0]
    await post(client, f"StockAdjustments/{uuid.uuid4()}", adjustment("2.5"))
    assert await on_hand(client) == [2.5]


async def test_a_parked_adjustment_moves_nothing(client: httpx.AsyncClient, product: str) -> None:
    body = adjustment(8)
    del body["Status"]
    assert (await post(client, f"StockAdjustments/{uuid.uuid4()}", body)).status_code == 201
    assert await on_hand(client) == []


async def test_an_adjustment_is_made_once_by_its_guid(
    client: httpx.AsyncClient, product: str
) -> None:
    guid = str(uuid.uuid4())
    assert (await post(client, f"StockAdjustments/{guid}", adjustment(8))).status_code == 201
    again = await post(client, f"StockAdjustments/{guid.upper()}", adjustment(9))
    assert again.status_code == 400
    assert await on_hand(client) == [8.0]
    found = await get(client, f"StockAdjustments/{guid}")
    assert found.json()["StockAdjustmentLines"][0]["NewQuantity"] == 8.0


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"",
        adjustment(None),
        adjustment("many"),
        adjustment("NaN"),
        adjustment(quantity=True),
        adjustment("1e999999"),
        adjustment(1, Warehouse={"WarehouseCode": "NOWHERE"}),
        adjustment(1, Warehouse=None),
        adjustment(1, AdjustmentReason=""),
        adjustment(1, AdjustmentReason="x" * 21),
        adjustment(1, AdjustmentDate="soon"),
        adjustment(1, AdjustmentDate=5),
        adjustment(1, AdjustmentDate="0001-01-01T00:00:00"),
        adjustment(1, AdjustmentReason="half of a sign: \ud800"),
        adjustment(1, Status="Maybe"),
        adjustment(1, StockAdjustmentLines=[]),
        adjustment(1, StockAdjustmentLines=[5]),
        adjustment(1, StockAdjustmentLines=[{"Product": {"Guid": 5}, "NewQuantity": 1}]),
    ],
)
async def test_a_bad_adjustment_is_refused_and_moves_nothing(
    client: httpx.AsyncClient, product: str, body: Any
) -> None:
    url = f"/unleashed/StockAdjustments/{uuid.uuid4()}"
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = await client.post(url, headers=signed(), content=content)
    assert answer.status_code == 400
    assert await on_hand(client) == []


async def test_a_purchase_order_is_on_its_way_until_it_is_complete(
    client: httpx.AsyncClient, inventory: Inventory, product: str
) -> None:
    inventory.put("Suppliers", known_guid("maple"), SupplierCode="MAPLE", SupplierName="Maple")
    await post(client, f"StockAdjustments/{uuid.uuid4()}", adjustment(1))
    guid = str(uuid.uuid4())
    order = {
        "Supplier": {"SupplierCode": "MAPLE"},
        "Warehouse": {"WarehouseCode": "OTT"},
        "OrderStatus": "Placed",
        "PurchaseOrderLines": [
            {"Product": {"ProductCode": "HDMI-1"}, "OrderQuantity": 10, "UnitPrice": "4.1"}
        ],
    }
    made = (await post(client, f"PurchaseOrders/{guid}", order)).json()
    assert (made["OrderNumber"], made["Total"]) == ("PO-00000001", 41.0)
    (row,) = (await get(client, "StockOnHand", "warehouseCode=OTT")).json()["Items"]
    assert (row["QtyOnHand"], row["OnPurchase"]) == (1.0, 10.0)

    done = await post(client, f"PurchaseOrders/{guid}/Complete")

    assert done.json()["OrderStatus"] == "Complete"
    (row,) = (await get(client, f"StockOnHand/{product}/AllWarehouses")).json()["Items"]
    assert (row["WarehouseCode"], row["QtyOnHand"], row["OnPurchase"]) == ("OTT", 11.0, 0.0)
    assert (await post(client, f"PurchaseOrders/{guid}/Complete")).status_code == 400


async def test_open_sales_orders_are_promised_stock(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    seed(sandbox.state, make_story())
    rows = (await get(client, "StockOnHand", "pageSize=1000")).json()["Items"]
    assert len(rows) == 32
    assert any(row["AllocatedQty"] for row in rows)
    assert all(row["AvailableQty"] == row["QtyOnHand"] - row["AllocatedQty"] for row in rows)
    assert all(row["WarehouseCode"] is None for row in rows)


async def test_the_allowance_of_calls_ends(client: httpx.AsyncClient, inventory: Inventory) -> None:
    inventory.calls_left = 1
    assert (await get(client, "Products")).status_code == 200
    over = await get(client, "Products")
    assert over.status_code == 429
    assert "retry-after" not in over.headers


async def test_stock_orders_and_allowance_are_seen_and_changed_on_the_page(
    client: httpx.AsyncClient, sandbox: Sandbox, inventory: Inventory
) -> None:
    seed(sandbox.state, make_story())
    shown = await client.get("/unleashed")
    part = make_story().parts[0]
    assert part.sku in shown.text
    guid = known_guid(part.sku)

    form = {"product": guid, "warehouse": "OTT", "quantity": "77"}
    changed = await client.post("/pages/unleashed/stock", data=form)
    assert (changed.status_code, changed.headers["location"]) == (303, "/unleashed")
    assert inventory.stock(guid)["OTT"] == 77

    order = next(o for o in inventory.find("SalesOrders") if o.fields["OrderStatus"] == "Placed")
    line = order.fields["SalesOrderLines"][0]
    before = inventory.stock(line["Product"]["Guid"])["OTT"]
    await client.post(
        "/pages/unleashed/complete", data={"endpoint": "SalesOrders", "order": order.guid}
    )
    after = inventory.stock(line["Product"]["Guid"])["OTT"]
    assert after == before - line["OrderQuantity"]

    await client.post("/pages/unleashed/allowance", data={"calls_left": "0"})
    assert (await get(client, "Products")).status_code == 429


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        ("stock", {"product": "x", "warehouse": "OTT", "quantity": "1"}, 404),
        ("stock", {"product": "x", "warehouse": "OTT", "quantity": "NaN"}, 422),
        ("complete", {"endpoint": "Products", "order": "x"}, 404),
        ("allowance", {"calls_left": "-1"}, 422),
    ],
)
async def test_a_wrong_form_is_refused(
    client: httpx.AsyncClient, path: str, form: dict[str, str], status: int
) -> None:
    assert (await client.post(f"/pages/unleashed/{path}", data=form)).status_code == status


async def test_a_form_of_another_site_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post(
        "/pages/unleashed/allowance",
        data={"calls_left": "0"},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert answer.status_code == 403
