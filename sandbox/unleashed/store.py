"""What the shops keep in Unleashed: records by endpoint, and stock by product and warehouse."""

from __future__ import annotations

import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

ENDPOINTS = (
    "Products",
    "Customers",
    "Suppliers",
    "Warehouses",
    "SalesOrders",
    "PurchaseOrders",
    "StockAdjustments",
)
WAREHOUSES = (("OTT", "Ottawa"), ("GAT", "Gatineau"))
ALLOWANCE = 100_000
"""Calls in a month; the vendor's plans differ."""


@dataclass
class Record:
    """One product, customer, order, ...: its fields as the vendor names them.

    Args:
        guid: chosen by who made it, in small letters.
        fields: all others; moments as ``datetime``, amounts as ``Decimal``.
        modified_at: when it was changed last.
    """

    guid: str
    fields: dict[str, Any]
    modified_at: datetime = field(default_factory=lambda: datetime.now(UTC))


class Inventory:
    """The account: its records in the order they were made, its stock, and its calls left."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Empty the account; its warehouses and its allowance come back."""
        self.calls_left = ALLOWANCE
        self._records: dict[str, dict[str, Record]] = {name: {} for name in ENDPOINTS}
        self._stock: dict[str, dict[str, Decimal]] = defaultdict(dict)
        for code, name in WAREHOUSES:
            self.put("Warehouses", known_guid(code), WarehouseCode=code, WarehouseName=name)

    def put(
        self, endpoint: str, guid: str, modified_at: datetime | None = None, /, **fields: object
    ) -> Record:
        """Keep a record, or change the fields of the one that is there."""
        record = self._records[endpoint].setdefault(guid.lower(), Record(guid.lower(), {}))
        record.fields.update(fields)
        record.modified_at = modified_at or datetime.now(UTC)
        return record

    def get(self, endpoint: str, guid: str) -> Record | None:
        """Return a record by its GUID."""
        return self._records[endpoint].get(guid.lower())

    def find(self, endpoint: str) -> list[Record]:
        """Return the records of an endpoint, oldest first."""
        return list(self._records[endpoint].values())

    def named(self, endpoint: str, key: str, name: object) -> Record | None:
        """Return the record whose field has this value."""
        return next((one for one in self.find(endpoint) if one.fields.get(key) == name), None)

    def stock(self, product: str) -> dict[str, Decimal]:
        """Return what is there of a product, by the codes of warehouses; empty: it never moved."""
        return dict(self._stock.get(product, {}))

    def set_stock(self, product: str, warehouse: str, quantity: Decimal) -> None:
        """Say how much of a product is there."""
        self._stock[product][warehouse] = quantity
        self.put("Products", product)

    def move_stock(self, product: str, warehouse: str, by: Decimal) -> None:
        """Put some of a product there, or take it away."""
        there = self._stock[product].get(warehouse, Decimal(0))
        self.set_stock(product, warehouse, there + by)


def known_guid(name: str) -> str:
    """Return the GUID of something in the story: always the same one."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"https://unleashed.example/{name}"))
