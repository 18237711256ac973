"""What the Unleashed connector promises, against the stand-in."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr

from connectors._http.errors import NeedsReauthError, RejectedError, ServiceNotFoundError
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
from sandbox.story import Story, make_story
from sandbox.unleashed.seed import seed
from sandbox.unleashed.store import Inventory, known_guid

OTTAWA = WarehouseReference(warehouse_code="OTT")


@dataclass(frozen=True)
class Shop:
    """The account of the story at the stand-in."""

    story: Story
    inventory: Inventory

    def guid(self, name: str) -> uuid.UUID:
        return uuid.UUID(known_guid(name))


@pytest.fixture
def shop(stand_ins: Any) -> Shop:
    state, story = stand_ins.sandbox.state, make_story(scale=20)
    seed(state, story)
    return Shop(story, state.store(Inventory))


def client(stand_ins: Any, key: str = "sandbox-key") -> UnleashedClient:
    return UnleashedClient(
        base_url=f"{stand_ins.url}/unleashed",
        api_id="sandbox",
        api_key=SecretStr(key),
        timeout_seconds=10.0,
    )


@pytest.fixture
async def unleashed(stand_ins: Any) -> AsyncIterator[UnleashedClient]:
    unleashed = client(stand_ins)
    yield unleashed
    await unleashed.aclose()


def adjustment(product: str, quantity: int, **more: Any) -> StockAdjustment:
    fields: dict[str, Any] = {
        "guid": uuid.uuid4(),
        "warehouse": OTTAWA,
        "adjustment_date": datetime.now(UTC),
        "adjustment_reason": "Count",
        "stock_adjustment_lines": [
            StockAdjustmentLine(
                product=ProductReference(product_code=product), new_quantity=Decimal(quantity)
            )
        ],
    }
    return StockAdjustment(**{**fields, **more})


async def test_ping(unleashed: UnleashedClient) -> None:
    await unleashed.ping()


async def test_all_of_a_long_list_is_read(
    stand_ins: Any, unleashed: UnleashedClient, shop: Shop
) -> None:
    codes = [product.product_code async for product in unleashed.list_products()]

    assert sorted(codes) == sorted(part.sku for part in shop.story.parts)
    assert len(await stand_ins.calls("unleashed")) == 2  # 640 products, 500 a page


async def test_customers_and_suppliers_are_listed(unleashed: UnleashedClient, shop: Shop) -> None:
    customers = [one.email async for one in unleashed.list_customers()]
    suppliers = [one.supplier_name async for one in unleashed.list_suppliers()]

    assert set(customers) == {person.email for person in shop.story.people}
    assert suppliers == list(shop.story.suppliers)


async def test_sales_orders_are_listed_by_status_and_change(
    unleashed: UnleashedClient, shop: Shop
) -> None:
    middle = shop.story.orders[len(shop.story.orders) // 2].placed_at

    open_ones = [
        order
        async for order in unleashed.list_sales_orders(
            modified_since=middle, statuses=["Placed", "Parked"]
        )
    ]

    assert {order.order_status for order in open_ones} == {"Placed", "Parked"}
    assert all((order.last_modified_on or middle) >= middle for order in open_ones)
    told = {order.number: order for order in shop.story.orders}[open_ones[0].order_number]
    assert open_ones[0].total == told.total
    assert open_ones[0].order_date == told.placed_at
    again = await unleashed.get_sales_order(open_ones[0].guid)
    assert again == open_ones[0]


async def test_an_adjustment_changes_the_stock_of_its_warehouse(
    unleashed: UnleashedClient, shop: Shop
) -> None:
    sku = shop.story.parts[0].sku
    product = shop.guid(sku)
    gatineau = shop.inventory.stock(str(product))["GAT"]

    made = await unleashed.create_stock_adjustment(adjustment(sku, 77))

    assert made.adjustment_number == "SA-00000001"
    assert await unleashed.get_stock_adjustment(made.guid) == made
    rows = await unleashed.get_stock_by_warehouse(product)
    assert {row.warehouse_code: row.qty_on_hand for row in rows} == {"OTT": 77, "GAT": gatineau}
    ottawa = [row async for row in unleashed.list_stock_on_hand(warehouse_code="OTT")]
    assert next(row.qty_on_hand for row in ottawa if row.product_guid == product) == 77
    both = [row async for row in unleashed.list_stock_on_hand(modified_since=made.adjustment_date)]
    assert [row.qty_on_hand for row in both] == [77 + gatineau]


async def test_the_same_adjustment_is_made_once(unleashed: UnleashedClient, shop: Shop) -> None:
    one = adjustment(shop.story.parts[0].sku, 77)

    first = await unleashed.create_stock_adjustment(one)
    again = await unleashed.create_stock_adjustment(one)

    assert again == first
    assert len(shop.inventory.find("StockAdjustments")) == 1


async def test_a_purchase_order_is_placed_and_its_goods_taken_in_once(
    unleashed: UnleashedClient, shop: Shop
) -> None:
    part = shop.story.parts[3]
    before = shop.inventory.stock(known_guid(part.sku))["OTT"]
    supplier = await anext(unleashed.list_suppliers())
    order = PurchaseOrder(
        guid=uuid.uuid4(),
        supplier=SupplierReference(supplier_code=supplier.supplier_code),
        warehouse=OTTAWA,
        supplier_ref="NL-1042",
        required_date=datetime(2026, 12, 1, tzinfo=UTC),
        purchase_order_lines=[
            PurchaseOrderLine(
                line_number=1,
                product=ProductReference(product_code=part.sku),
                order_quantity=Decimal(10),
                unit_price=Decimal("4.10"),
            )
        ],
    )

    placed = await unleashed.create_purchase_order(order)
    done = await unleashed.complete_purchase_order(order.guid)
    again = await unleashed.complete_purchase_order(order.guid)

    assert (placed.order_status, placed.total) == ("Placed", Decimal(41))
    assert placed.required_date == order.required_date
    assert done == again
    assert shop.inventory.stock(known_guid(part.sku))["OTT"] == before + 10


async def test_what_names_nothing_is_rejected(unleashed: UnleashedClient, shop: Shop) -> None:
    with pytest.raises(RejectedError, match="ProductCode names nothing"):
        await unleashed.create_stock_adjustment(adjustment("NO-SUCH", 1))
    with pytest.raises(ServiceNotFoundError):
        await unleashed.get_product(uuid.uuid4())


@pytest.mark.offends  # with a wrong key
async def test_a_wrong_key_needs_a_person(stand_ins: Any) -> None:
    unleashed = client(stand_ins, key="wrong")
    with pytest.raises(NeedsReauthError, match="Unleashed API Access"):
        await unleashed.ping()
    await unleashed.aclose()


async def test_the_end_of_the_allowance_is_told(unleashed: UnleashedClient, shop: Shop) -> None:
    shop.inventory.calls_left = 0
    with pytest.raises(AllowanceUsedUpError):
        await unleashed.create_stock_adjustment(adjustment(shop.story.parts[0].sku, 1))
    assert shop.inventory.find("StockAdjustments") == []
