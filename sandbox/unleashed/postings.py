"""What clients send to Unleashed, checked, and what it does to the stock."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.body import read_json
from sandbox.unleashed.json_form import read_date
from sandbox.unleashed.store import Inventory, Record

_DIGITS = 12


class UnleashedError(Exception):
    """A refusal: its status, and its reason in words."""

    def __init__(self, status: int, description: str) -> None:
        self.status = status
        self.description = description
        super().__init__(description)


def read_body(body: bytes) -> dict[str, Any]:
    """Read a request's JSON object; an empty body is an empty one.

    Raises:
        UnleashedError: it is something else.
    """
    try:
        read = read_json(body or b"{}")
    except ValueError:
        read = None
    if not isinstance(read, dict):
        raise UnleashedError(400, "The request body is not a JSON object.")
    return read


def save_product(inventory: Inventory, guid: str, body: dict[str, Any]) -> Record:
    """Create a product, or change the one of this GUID."""
    code = _text(body, "ProductCode", 100)
    taken = inventory.named("Products", "ProductCode", code)
    if taken is not None and taken.guid != guid.lower():
        raise UnleashedError(400, f"Product code {code} is taken.")
    return inventory.put(
        "Products",
        guid,
        ProductCode=code,
        ProductDescription=_text(body, "ProductDescription", 500),
        Barcode=_optional_text(body, "Barcode"),
        DefaultSellPrice=_amount(body, "DefaultSellPrice", Decimal(0)),
        IsSellable=body.get("IsSellable", True) is True,
        Obsolete=body.get("Obsolete", False) is True,
    )


def adjust_stock(inventory: Inventory, guid: str, body: dict[str, Any]) -> Record:
    """Keep a stock adjustment; a completed one says how much there is now."""
    warehouse = _named(inventory, "Warehouses", "WarehouseCode", body.get("Warehouse"))
    status = body.get("Status", "Parked")
    if status not in ("Parked", "Completed"):
        raise UnleashedError(400, "Status must be Parked or Completed.")
    lines: list[dict[str, Any]] = []
    for number, line in enumerate(_lines(body, "StockAdjustmentLines"), 1):
        product = _named(inventory, "Products", "ProductCode", line.get("Product"))
        lines.append(
            {
                "LineNumber": number,
                "Product": _reference(product),
                "NewQuantity": _amount(line, "NewQuantity"),
                "Comments": _optional_text(line, "Comments"),
            }
        )
    count = len(inventory.find("StockAdjustments")) + 1
    fields = {
        "AdjustmentNumber": f"SA-{count:08d}",
        "AdjustmentDate": _moment(body, "AdjustmentDate") or datetime.now(UTC),
        "AdjustmentReason": _text(body, "AdjustmentReason", 20),
        "Status": status,
        "Warehouse": _reference(warehouse),
        "StockAdjustmentLines": lines,
    }
    if status == "Completed":
        for line in lines:
            code = warehouse.fields["WarehouseCode"]
            inventory.set_stock(line["Product"]["Guid"], code, line["NewQuantity"])
    return inventory.put("StockAdjustments", guid, **fields)


def order_from_supplier(inventory: Inventory, guid: str, body: dict[str, Any]) -> Record:
    """Keep a purchase order."""
    supplier = _named(inventory, "Suppliers", "SupplierCode", body.get("Supplier"))
    warehouse = _named(inventory, "Warehouses", "WarehouseCode", body.get("Warehouse"))
    status = body.get("OrderStatus", "Parked")
    if status not in ("Parked", "Placed"):
        raise UnleashedError(400, "OrderStatus must be Parked or Placed.")
    lines: list[dict[str, Any]] = []
    for number, line in enumerate(_lines(body, "PurchaseOrderLines"), 1):
        product = _named(inventory, "Products", "ProductCode", line.get("Product"))
        quantity, price = _amount(line, "OrderQuantity"), _amount(line, "UnitPrice", Decimal(0))
        if quantity <= 0:
            raise UnleashedError(400, "OrderQuantity must be greater than 0.")
        lines.append(
            {
                "LineNumber": number,
                "Product": _reference(product),
                "OrderQuantity": quantity,
                "UnitPrice": price,
                "LineTotal": quantity * price,
            }
        )
    count = len(inventory.find("PurchaseOrders")) + 1
    total = sum((line["LineTotal"] for line in lines), Decimal(0))
    return inventory.put(
        "PurchaseOrders",
        guid,
        OrderNumber=_optional_text(body, "OrderNumber") or f"PO-{count:08d}",
        OrderStatus=status,
        OrderDate=_moment(body, "OrderDate") or datetime.now(UTC),
        RequiredDate=_moment(body, "RequiredDate"),
        CompletedDate=None,
        Supplier=_reference(supplier),
        Warehouse=_reference(warehouse),
        SupplierRef=_optional_text(body, "SupplierRef"),
        PurchaseOrderLines=lines,
        SubTotal=total,
        TaxTotal=Decimal(0),
        Total=total,
    )


def complete_order(inventory: Inventory, endpoint: str, record: Record) -> Record:
    """Move what an order says into the warehouse (purchase), or out of it (sale)."""
    done, sign = ("Complete", 1) if endpoint == "PurchaseOrders" else ("Completed", -1)
    if record.fields["OrderStatus"] in (done, "Deleted"):
        raise UnleashedError(400, f"The order is {record.fields['OrderStatus']} already.")
    warehouse = record.fields["Warehouse"]["WarehouseCode"]
    for line in record.fields[f"{endpoint.removesuffix('s')}Lines"]:
        inventory.move_stock(line["Product"]["Guid"], warehouse, sign * line["OrderQuantity"])
    return inventory.put(endpoint, record.guid, OrderStatus=done, CompletedDate=datetime.now(UTC))


def _named(inventory: Inventory, endpoint: str, key: str, given: object) -> Record:
    """Return the record that a reference names, by GUID or by code."""
    named = given if isinstance(given, dict) else {}
    guid, code = named.get("Guid"), named.get(key)
    found = inventory.get(endpoint, guid) if isinstance(guid, str) else None
    found = found or (inventory.named(endpoint, key, code) if code is not None else None)
    if found is None:
        raise UnleashedError(400, f"{key} names nothing that is in {endpoint}.")
    return found


def _reference(record: Record) -> dict[str, Any]:
    shown = {name: record.fields[name] for name in record.fields if name.endswith(_REFERRED)}
    return {"Guid": record.guid, **shown}


_REFERRED = ("Code", "Name", "ProductDescription")


def _lines(body: dict[str, Any], name: str) -> list[dict[str, Any]]:
    lines = body.get(name)
    if not isinstance(lines, list) or not lines:
        raise UnleashedError(400, f"{name} must hold a line at least.")
    if not all(isinstance(line, dict) for line in lines):
        raise UnleashedError(400, f"{name} must hold objects.")
    return lines


def _text(body: dict[str, Any], name: str, most: int) -> str:
    text = body.get(name)
    if not isinstance(text, str) or not text.strip() or len(text) > most:
        raise UnleashedError(400, f"{name} is required, with {most} characters at most.")
    return text


def _optional_text(body: dict[str, Any], name: str) -> str | None:
    text = body.get(name)
    return text[:500] if isinstance(text, str) and text else None


def _amount(body: dict[str, Any], name: str, default: Decimal | None = None) -> Decimal:
    given = body.get(name, default)
    try:
        amount = Decimal("NaN") if isinstance(given, bool) else Decimal(str(given))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount.adjusted() > _DIGITS:
        raise UnleashedError(400, f"{name} must be a number.")
    return amount


def _moment(body: dict[str, Any], name: str) -> datetime | None:
    given = body.get(name)
    if given is None:
        return None
    try:
        return read_date(given)
    except (TypeError, ValueError):
        raise UnleashedError(400, f"{name} must be a date.") from None
