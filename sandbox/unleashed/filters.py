"""What the lists of Unleashed can be narrowed by. Source: the vendor's page of each endpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sandbox.unleashed.json_form import read_date
from sandbox.unleashed.store import Record

Filter = Callable[[Record, str], bool]


def narrowed(endpoint: str, records: list[Record], query: Mapping[str, str]) -> list[Record]:
    """Return the records that a query asks for.

    Raises:
        ValueError: a date or a number in it can't be read.
    """
    filters = {"modifiedSince": _modified_since, **_FILTERS.get(endpoint, {})}
    asked = {name: text for name, text in query.items() if text and name in filters}
    alone = next((name for name in _ALONE.get(endpoint, ()) if name in asked), None)
    if alone is not None:
        return [one for one in records if filters[alone](one, asked[alone])]
    for name, text in asked.items():
        records = [one for one in records if filters[name](one, text)]
    return [one for one in records if not _is_hidden(one, query)]


def _is_hidden(record: Record, query: Mapping[str, str]) -> bool:
    """Tell whether a record is left out because nobody asked for its like."""
    if record.fields.get("OrderStatus") == "Deleted":
        return not query.get("orderStatus")
    return bool(record.fields.get("Obsolete")) and query.get("includeObsolete") != "true"


def _modified_since(record: Record, text: str) -> bool:
    return record.modified_at >= read_date(text)


def _equal(*path: str) -> Filter:
    return lambda record, text: _field(record, path).lower() == text.lower()


def _starts(*path: str) -> Filter:
    return lambda record, text: _field(record, path).lower().startswith(text.lower())


def _one_of(*path: str) -> Filter:
    return lambda record, text: _field(record, path) in text.split(",")


def _since(name: str) -> Filter:
    return lambda record, text: bool(record.fields[name]) and record.fields[name] >= read_date(text)


def _until(name: str) -> Filter:
    return lambda record, text: bool(record.fields[name]) and record.fields[name] <= read_date(text)


def _field(record: Record, path: tuple[str, ...]) -> str:
    value: object = {**record.fields, "Guid": record.guid}
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return "" if value is None else str(value)


_ORDERS: Mapping[str, Filter] = {
    "orderNumber": _equal("OrderNumber"),
    "orderStatus": _one_of("OrderStatus"),
    "startDate": _since("OrderDate"),
    "endDate": _until("OrderDate"),
    "completedAfter": _since("CompletedDate"),
    "completedBefore": _until("CompletedDate"),
    "warehouseCode": _equal("Warehouse", "WarehouseCode"),
}
_FILTERS: Mapping[str, Mapping[str, Filter]] = {
    "Products": {
        "productCode": _starts("ProductCode"),
        "product": _starts("ProductCode"),
        "productId": _one_of("Guid"),
    },
    "Customers": {
        "customerCode": _starts("CustomerCode"),
        "customerName": _starts("CustomerName"),
        "contactEmail": _starts("Email"),
    },
    "Suppliers": {"supplierCode": _starts("SupplierCode")},
    "SalesOrders": {
        **_ORDERS,
        "sourceId": _equal("SourceId"),
        "customerCode": _starts("Customer", "CustomerCode"),
        "customerId": _one_of("Customer", "Guid"),
    },
    "PurchaseOrders": {**_ORDERS, "supplierCode": _equal("Supplier", "SupplierCode")},
    "StockAdjustments": {
        "warehouseCode": _equal("Warehouse", "WarehouseCode"),
        "adjustmentDate": _since("AdjustmentDate"),
    },
}
_ALONE = {"SalesOrders": ("orderNumber", "sourceId"), "PurchaseOrders": ("orderNumber",)}
"""Filters that override all others."""
