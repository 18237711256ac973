from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

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
from connectors.unleashed.client import UnleashedClient
from connectors.unleashed.errors import AllowanceUsedUpError
from connectors.unleashed.models import (
    ProductReference,
    PurchaseOrder,
    PurchaseOrderLine,
    StockAdjustment,
    StockAdjustmentLine,
    SupplierReference,
    WarehouseReference,
)

KEY = "sEcReT/k3y+with=signs=="
GUID = UUID("3f2c6a0e-0000-4000-8000-00000000000a")
MOMENT = datetime(2026, 11, 20, 9, tzinfo=UTC)
ADJUSTMENT = StockAdjustment(
    guid=GUID,
    warehouse=WarehouseReference(warehouse_code="OTT"),
    adjustment_date=MOMENT,
    adjustment_reason="Count",
    stock_adjustment_lines=[
        StockAdjustmentLine(
            product=ProductReference(product_code="HDMI-1"), new_quantity=Decimal(8)
        )
    ],
)
ORDER = PurchaseOrder(
    guid=GUID,
    supplier=SupplierReference(supplier_code="MAPLE"),
    warehouse=WarehouseReference(warehouse_code="OTT"),
    purchase_order_lines=[
        PurchaseOrderLine(
            line_number=1,
            product=ProductReference(product_code="HDMI-1"),
            order_quantity=Decimal(10),
            unit_price=Decimal("4.10"),
        )
    ],
)
MADE = {**json.loads(ADJUSTMENT.model_dump_json(by_alias=True)), "AdjustmentNumber": "SA-1"}
ORDERED = {**json.loads(ORDER.model_dump_json(by_alias=True)), "OrderNumber": "PO-1"}


@pytest.fixture
async def unleashed(server: Any, retry: RetryPolicy) -> AsyncIterator[UnleashedClient]:
    unleashed = UnleashedClient(
        base_url=server.url,
        api_id="id-of-the-shop",
        api_key=SecretStr(KEY),
        timeout_seconds=5.0,
        retry=retry,
    )
    yield unleashed
    await unleashed.aclose()


def page(number: int, pages: int, *items: dict[str, Any]) -> dict[str, Any]:
    at = {"NumberOfItems": 9, "PageSize": 1, "PageNumber": number, "NumberOfPages": pages}
    return {"Pagination": at, "Items": list(items)}


def signature(query: str) -> str:
    return base64.b64encode(hmac.digest(KEY.encode(), query.encode(), hashlib.sha256)).decode()


async def test_what_is_signed_is_what_is_sent(server: Any, unleashed: UnleashedClient) -> None:
    server.answer(200, page(1, 1))
    since = datetime(2026, 11, 20, 9, 30, 0, 250_000, timezone(timedelta(hours=-5)))

    orders = unleashed.list_sales_orders(modified_since=since, statuses=["Placed", "On Hold é"])

    assert [order async for order in orders] == []
    target, query = server.seen[0].target.split("?")
    assert target == "/SalesOrders/1"
    assert "modifiedSince=2026-11-20T14%3A30%3A00.250" in query
    assert "orderStatus=Placed%2COn" in query
    headers = server.seen[0].headers
    assert headers["api-auth-id"] == "id-of-the-shop"
    assert headers["api-auth-signature"] == signature(query)
    assert headers["accept"] == headers["content-type"] == "application/json"


async def test_without_a_query_the_empty_string_is_signed(
    server: Any, unleashed: UnleashedClient
) -> None:
    server.answer(200, {"Guid": str(GUID), "ProductCode": "HDMI-1", "SomethingNew": 1})

    product = await unleashed.get_product(GUID)

    assert product.product_code == "HDMI-1"
    assert server.seen[0].target == f"/Products/{GUID}"
    assert server.seen[0].headers["api-auth-signature"] == signature("")


async def test_a_list_is_read_to_its_end(server: Any, unleashed: UnleashedClient) -> None:
    for number in (1, 2, 3):
        item = {"Guid": str(GUID), "SupplierCode": f"S{number}", "LastModifiedOn": "/Date(0)/"}
        server.answer(200, page(number, 3, item))

    suppliers = [supplier async for supplier in unleashed.list_suppliers()]

    assert [supplier.supplier_code for supplier in suppliers] == ["S1", "S2", "S3"]
    assert suppliers[0].last_modified_on == datetime(1970, 1, 1, tzinfo=UTC)
    paths = [seen.target.split("?")[0] for seen in server.seen]
    assert paths == ["/Suppliers/1", "/Suppliers/2", "/Suppliers/3"]


async def test_stock_is_read_as_exact_amounts(server: Any, unleashed: UnleashedClient) -> None:
    row = {"ProductGuid": str(GUID), "ProductCode": "A", "WarehouseCode": None, "QtyOnHand": 81.8}
    server.answer(200, page(1, 1, row))

    (stock,) = [row async for row in unleashed.list_stock_on_hand(warehouse_code="OTT")]

    assert stock.qty_on_hand == Decimal("81.8")
    assert "warehouseCode=OTT" in server.seen[0].target


async def test_an_adjustment_is_made_under_our_guid(
    server: Any, unleashed: UnleashedClient
) -> None:
    server.answer(201, MADE)

    made = await unleashed.create_stock_adjustment(ADJUSTMENT)

    assert made.adjustment_number == "SA-1"
    (seen,) = server.seen
    assert (seen.method, seen.target) == ("POST", f"/StockAdjustments/{GUID}")
    assert json.loads(seen.body)["StockAdjustmentLines"][0]["NewQuantity"] == 8.0


@pytest.mark.parametrize("lost", ["reset", "truncate"])
async def test_a_lost_answer_is_looked_up_by_the_guid(
    server: Any, unleashed: UnleashedClient, lost: str
) -> None:
    getattr(server, lost)()
    server.answer(200, MADE)

    made = await unleashed.create_stock_adjustment(ADJUSTMENT)

    assert made.adjustment_number == "SA-1"
    assert [seen.method for seen in server.seen] == ["POST", "GET"]


async def test_what_is_there_already_under_the_guid_is_returned(
    server: Any, unleashed: UnleashedClient
) -> None:
    server.answer(400, {"Description": "There is such a GUID.", "DebugInformation": None})
    server.answer(200, ORDERED)

    assert (await unleashed.create_purchase_order(ORDER)).order_number == "PO-1"


@pytest.mark.parametrize("status", [404, 403])
async def test_what_is_not_found_stays_unknown_and_is_not_sent_twice(
    server: Any, unleashed: UnleashedClient, status: int
) -> None:
    server.reset()
    server.answer(status, {})

    with pytest.raises(UnknownOutcomeError, match="by the GUID"):
        await unleashed.create_stock_adjustment(ADJUSTMENT)

    assert [seen.method for seen in server.seen] == ["POST", "GET"]


async def test_a_refusal_tells_its_reason(server: Any, unleashed: UnleashedClient) -> None:
    server.answer(400, {"Description": "Warehouse OTT is not there. ann@example.org"})
    server.answer(404, {})

    with pytest.raises(RejectedError, match=r"Warehouse OTT is not there\. \[address\]"):
        await unleashed.create_stock_adjustment(ADJUSTMENT)


async def test_an_order_is_completed_and_shown(server: Any, unleashed: UnleashedClient) -> None:
    server.answer(200, b"")
    server.answer(200, {**ORDERED, "OrderStatus": "Complete"})

    done = await unleashed.complete_purchase_order(GUID)

    assert done.order_status == "Complete"
    assert server.seen[0].target == f"/PurchaseOrders/{GUID}/Complete"


async def test_an_order_that_is_complete_stays_so(server: Any, unleashed: UnleashedClient) -> None:
    server.answer(400, {"Description": "It is complete."})
    server.answer(200, {**ORDERED, "OrderStatus": "Complete"})

    assert (await unleashed.complete_purchase_order(GUID)).order_status == "Complete"


async def test_an_order_that_is_not_complete_after_a_lost_answer_is_unknown(
    server: Any, unleashed: UnleashedClient
) -> None:
    server.reset()
    server.answer(200, ORDERED)

    with pytest.raises(UnknownOutcomeError):
        await unleashed.complete_purchase_order(GUID)


@pytest.mark.parametrize(
    ("status", "headers", "kind", "tries"),
    [
        (400, {}, RejectedError, 1),
        (401, {}, NeedsReauthError, 1),
        (403, {}, NeedsReauthError, 1),
        (404, {}, ServiceNotFoundError, 1),
        (429, {}, AllowanceUsedUpError, 3),
        (429, {"retry_after": "120"}, RateLimitedError, 1),
        (500, {}, TransientError, 3),
        (503, {}, TransientError, 3),
    ],
)
async def test_each_refusal_has_its_class(
    server: Any,
    unleashed: UnleashedClient,
    status: int,
    headers: dict[str, str],
    kind: type[ConnectorError],
    tries: int,
) -> None:
    for _ in range(tries):
        server.answer(status, {"Description": "No."}, **headers)

    with pytest.raises(ConnectorError) as caught:
        await unleashed.ping()

    assert type(caught.value) is kind
    assert server.seen[0].target == "/Warehouses/1?pageSize=1"


async def test_errors_never_show_the_key(server: Any, unleashed: UnleashedClient) -> None:
    server.answer(403, {"Description": f"The key {KEY} does not fit."})

    with pytest.raises(NeedsReauthError, match="HOTROD_UNLEASHED__API_KEY") as caught:
        await unleashed.ping()

    assert KEY not in str(caught.value)


async def test_the_end_of_the_allowance_tells_when_it_is_given_anew(
    server: Any, unleashed: UnleashedClient
) -> None:
    server.answer(429, {"Description": "used up"})

    with pytest.raises(AllowanceUsedUpError, match="the 1st at 00:00 UTC"):
        await unleashed.create_stock_adjustment(ADJUSTMENT)

    assert len(server.seen) == 1
