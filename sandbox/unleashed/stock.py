"""Stock on hand: what is there, what is promised, what is on its way. Nobody writes it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal

from sandbox.unleashed.store import Inventory, Record

_PROMISED = ("Parked", "Placed", "Backordered")
_COMING = ("Parked", "Placed")


def stock_on_hand(inventory: Inventory, query: Mapping[str, str]) -> list[Record]:
    """Return a row for each product that ever moved: in one warehouse, or in all together."""
    code, wanted = query.get("warehouseCode"), query.get("productId", "").lower()
    rows = _Rows(inventory)
    found = []
    for product in inventory.find("Products"):
        stock = inventory.stock(product.guid)
        if not stock or (wanted and product.guid not in wanted.split(",")):
            continue
        if code is None or code in stock:
            found.append(rows.of(product, code))
    return found


def by_warehouse(inventory: Inventory, product: Record) -> list[Record]:
    """Return a row for each warehouse that ever held a product."""
    rows = _Rows(inventory)
    return [rows.of(product, code) for code in inventory.stock(product.guid)]


class _Rows:
    """Rows of stock, over the open orders of this moment."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._promised = _open(inventory, "SalesOrders", _PROMISED)
        self._coming = _open(inventory, "PurchaseOrders", _COMING)

    def of(self, product: Record, code: str | None) -> Record:
        """Return the row of a product in a warehouse; None: in all, and none is named."""
        stock = self._inventory.stock(product.guid)
        on_hand = sum(stock.values(), Decimal(0)) if code is None else stock[code]
        promised = self._promised[product.guid, code]
        warehouse = self._inventory.named("Warehouses", "WarehouseCode", code) if code else None
        return Record(
            product.guid,
            {
                "ProductCode": product.fields["ProductCode"],
                "ProductDescription": product.fields["ProductDescription"],
                "ProductGuid": product.guid,
                "WarehouseId": warehouse.guid if warehouse else None,
                "WarehouseCode": code,
                "Warehouse": warehouse.fields["WarehouseName"] if warehouse else None,
                "QtyOnHand": on_hand,
                "AllocatedQty": promised,
                "AvailableQty": on_hand - promised,
                "OnPurchase": self._coming[product.guid, code],
            },
            product.modified_at,
        )


def _open(
    inventory: Inventory, endpoint: str, statuses: tuple[str, ...]
) -> dict[tuple[str, str | None], Decimal]:
    """Add up the open orders, by product and warehouse; with None for all warehouses."""
    found = defaultdict[tuple[str, str | None], Decimal](Decimal)
    for order in inventory.find(endpoint):
        if order.fields["OrderStatus"] in statuses:
            for line in order.fields[f"{endpoint.removesuffix('s')}Lines"]:
                for code in (None, order.fields["Warehouse"]["WarehouseCode"]):
                    found[line["Product"]["Guid"], code] += line["OrderQuantity"]
    return found
