"""The company of the story, as Unleashed holds it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from sandbox.state import SandboxState
from sandbox.story import FIRST_DAY, Order, Part, Person, Story
from sandbox.unleashed.store import WAREHOUSES, Inventory, known_guid

_STATUSES = ("Completed", "Completed", "Placed", "Completed", "Parked", "Backordered", "Deleted")
_SHARE_OF_SECOND = 4
"""One piece in four lies in the second warehouse."""


def seed(state: SandboxState, story: Story) -> None:
    """Fill the account; what has a GUID of the story already is written over."""
    inventory = state.store(Inventory)
    for name in story.suppliers:
        inventory.put("Suppliers", known_guid(name), FIRST_DAY, **_supplier(name))
    for part in story.parts:
        _add_part(inventory, part)
    for person in story.people:
        inventory.put("Customers", known_guid(person.email), FIRST_DAY, **_customer(person))
    for place, order in enumerate(story.orders):
        fields = _order(order, _STATUSES[place % len(_STATUSES)])
        inventory.put("SalesOrders", known_guid(order.number), order.placed_at, **fields)


def _add_part(inventory: Inventory, part: Part) -> None:
    guid = known_guid(part.sku)
    second = part.stock // _SHARE_OF_SECOND
    for (code, _), quantity in zip(WAREHOUSES, (part.stock - second, second), strict=True):
        inventory.set_stock(guid, code, Decimal(quantity))
    inventory.put(
        "Products",
        guid,
        FIRST_DAY,
        ProductCode=part.sku,
        ProductDescription=part.name,
        Barcode=None,
        DefaultSellPrice=part.price,
        IsSellable=True,
        Obsolete=False,
    )


def _supplier(name: str) -> dict[str, Any]:
    return {"SupplierCode": _code(name), "SupplierName": name}


def _customer(person: Person) -> dict[str, Any]:
    return {
        "CustomerCode": _code(person.email.partition("@")[0]),
        "CustomerName": person.name,
        "Email": person.email,
        "PhoneNumber": person.phone,
        "Obsolete": False,
    }


def _order(order: Order, status: str) -> dict[str, Any]:
    code, name = WAREHOUSES[0]
    customer = _customer(order.buyer)
    is_done = status == "Completed"
    return {
        "OrderNumber": order.number,
        "OrderStatus": status,
        "OrderDate": order.placed_at,
        "RequiredDate": order.placed_at + timedelta(days=5),
        "CompletedDate": order.placed_at + timedelta(days=2) if is_done else None,
        "SourceId": None,
        "Customer": {
            "Guid": known_guid(order.buyer.email),
            "CustomerCode": customer["CustomerCode"],
            "CustomerName": customer["CustomerName"],
        },
        "Warehouse": {"Guid": known_guid(code), "WarehouseCode": code, "WarehouseName": name},
        "SalesOrderLines": [
            {
                "LineNumber": number,
                "Product": {
                    "Guid": known_guid(line.part.sku),
                    "ProductCode": line.part.sku,
                    "ProductDescription": line.part.name,
                },
                "OrderQuantity": Decimal(line.quantity),
                "UnitPrice": line.part.price,
                "LineTotal": line.part.price * line.quantity,
            }
            for number, line in enumerate(order.lines, 1)
        ],
        "SubTotal": order.total,
        "TaxTotal": Decimal(0),
        "Total": order.total,
    }


def _code(name: str) -> str:
    return "".join(letter for letter in name.upper() if letter.isalnum())[:20]
