"""What Unleashed holds: only the fields that are used.

Source of names and types: the page of each resource at apidocs.unleashedsoftware.com.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer
from pydantic.alias_generators import to_pascal

_DATE = re.compile(r"/Date\((-?\d{1,15})(?:[+-]\d{4})?\)/")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

COMPLETE = "Complete"
"""Status of a purchase order whose goods are in stock."""


def read_moment(value: object) -> object:
    """Read ``/Date(ms)/`` (milliseconds since 1970, UTC) or ISO 8601, which means UTC too."""
    if isinstance(value, str):
        if found := _DATE.fullmatch(value):
            try:
                return _EPOCH + timedelta(milliseconds=int(found[1]))
            except OverflowError as error:
                raise ValueError(f"no such date: {value}") from error
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    return value


def write_moment(moment: datetime) -> str:
    """Write a moment as Unleashed's JSON does."""
    return f"/Date({(moment - _EPOCH) // timedelta(milliseconds=1)})/"


Moment = Annotated[
    datetime, BeforeValidator(read_moment), PlainSerializer(write_moment, when_used="json")
]
Amount = Annotated[Decimal, PlainSerializer(float, when_used="json")]


class Fields(BaseModel):
    """Some fields of Unleashed, which begin with capitals there."""

    model_config = ConfigDict(alias_generator=to_pascal, populate_by_name=True)


class Pagination(Fields):
    """Where a page stands in its list."""

    page_number: int
    number_of_pages: int


Item = TypeVar("Item", bound=Fields)


class Listed(Fields, Generic[Item]):
    """A page of a list."""

    pagination: Pagination
    items: list[Item]


class ProductReference(Fields):
    """Names a product, by GUID or by code."""

    guid: UUID | None = None
    product_code: str | None = None


class WarehouseReference(Fields):
    """Names a warehouse, by GUID or by code."""

    guid: UUID | None = None
    warehouse_code: str | None = None


class CustomerReference(Fields):
    """Names a customer."""

    guid: UUID | None = None
    customer_code: str | None = None
    customer_name: str | None = None


class SupplierReference(Fields):
    """Names a supplier, by GUID or by code."""

    guid: UUID | None = None
    supplier_code: str | None = None


class Product(Fields):
    """Something that is bought, kept and sold; prices without tax."""

    guid: UUID
    product_code: str
    product_description: str | None = None
    barcode: str | None = None
    default_sell_price: Amount | None = None
    is_sellable: bool = True
    obsolete: bool = False
    last_modified_on: Moment | None = None


class Customer(Fields):
    """Who buys."""

    guid: UUID
    customer_code: str
    customer_name: str | None = None
    email: str | None = None
    phone_number: str | None = None
    obsolete: bool = False
    last_modified_on: Moment | None = None


class Supplier(Fields):
    """Whom we buy from."""

    guid: UUID
    supplier_code: str
    supplier_name: str | None = None
    last_modified_on: Moment | None = None


class SalesOrderLine(Fields):
    """So many of a product, each at a price."""

    line_number: int
    product: ProductReference
    order_quantity: Amount
    unit_price: Amount | None = None
    line_total: Amount | None = None


class SalesOrder(Fields):
    """What somebody ordered from us."""

    guid: UUID
    order_number: str
    order_status: str
    order_date: Moment | None = None
    required_date: Moment | None = None
    completed_date: Moment | None = None
    customer: CustomerReference | None = None
    warehouse: WarehouseReference | None = None
    sales_order_lines: list[SalesOrderLine] = []
    sub_total: Amount | None = None
    tax_total: Amount | None = None
    total: Amount | None = None
    last_modified_on: Moment | None = None


class StockOnHand(Fields):
    """What there is of a product; without a warehouse: in all of them together.

    Args:
        qty_on_hand: lies there.
        allocated_qty: of that, promised to customers.
        available_qty: can be sold.
        on_purchase: ordered from suppliers.
    """

    product_guid: UUID
    product_code: str
    warehouse_code: str | None = None
    qty_on_hand: Amount
    allocated_qty: Amount = Decimal(0)
    available_qty: Amount = Decimal(0)
    on_purchase: Amount = Decimal(0)
    last_modified_on: Moment | None = None


class StockAdjustmentLine(Fields):
    """How much of a product there is from now on: the sum, not the difference.

    Args:
        product: which one.
        new_quantity: what lies in the warehouse afterwards.
        new_actual_value: what all of it is worth afterwards; None: Unleashed reckons.
        comments: why, for people.
    """

    product: ProductReference
    new_quantity: Amount
    new_actual_value: Amount | None = None
    comments: str | None = None


class StockAdjustment(Fields):
    """A correction of stock in one warehouse, made once by its GUID.

    Args:
        guid: chosen by us.
        warehouse: where.
        adjustment_date: when it counts.
        adjustment_reason: one that the account knows, with 20 characters at most.
        stock_adjustment_lines: what there is afterwards.
        status: ``Completed`` changes the stock, ``Parked`` waits for a person.
        adjustment_number: given by Unleashed.
    """

    guid: UUID
    warehouse: WarehouseReference
    adjustment_date: Moment
    adjustment_reason: str | None
    stock_adjustment_lines: list[StockAdjustmentLine]
    status: str = "Completed"
    adjustment_number: str | None = None


class PurchaseOrderLine(Fields):
    """So many of a product from a supplier, each at a price."""

    line_number: int
    product: ProductReference
    order_quantity: Amount
    unit_price: Amount


class PurchaseOrder(Fields):
    """What we order from a supplier.

    Args:
        guid: chosen by us.
        supplier: from whom.
        warehouse: where the goods go.
        purchase_order_lines: what.
        order_status: ``Parked`` until a person places it, ``Placed``, or ``Complete``.
        order_date: when it was ordered.
        required_date: when it must be here.
        supplier_ref: our words for the supplier, e.g. a ticket.
        order_number: given by Unleashed.
        total: with tax.
        completed_date: when the goods were taken in.
    """

    guid: UUID
    supplier: SupplierReference
    warehouse: WarehouseReference | None = None
    purchase_order_lines: list[PurchaseOrderLine]
    order_status: str = "Placed"
    order_date: Moment | None = None
    required_date: Moment | None = None
    supplier_ref: str | None = None
    order_number: str | None = None
    total: Amount | None = None
    completed_date: Moment | None = None
