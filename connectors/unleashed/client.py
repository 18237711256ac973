"""Calls of Unleashed's REST API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from pydantic import SecretStr

from connectors._http.calls import Shared
from connectors._http.client import ServiceClient
from connectors._http.errors import ConnectorError, RejectedError, UnknownOutcomeError
from connectors._http.paging import Page, items, pages
from connectors._http.redaction import Redactor
from connectors._http.retry import RetryPolicy
from connectors.unleashed.auth import SignedQuery
from connectors.unleashed.errors import CURES, TABLE, read_problem
from connectors.unleashed.models import (
    COMPLETE,
    Customer,
    Fields,
    Item,
    Listed,
    Product,
    PurchaseOrder,
    SalesOrder,
    StockAdjustment,
    StockOnHand,
    Supplier,
    WarehouseReference,
)

SERVICE = "unleashed"
PAGE_SIZE = 500
"""Half of what is allowed: the vendor warns of slow answers to larger pages."""

_JSON = {
    "Accept": "application/json",
    "Content-Type": "application/json",  # asked for on GET too
    "client-type": "hotrod/flow",
}
AnyFields = TypeVar("AnyFields", bound=Fields)
Written = TypeVar("Written", StockAdjustment, PurchaseOrder)


class UnleashedClient:
    """Reads the inventory; adjusts stock and orders from suppliers, once by the GUIDs we choose.

    What is changed while a list is read may be missing from it; the next read since the begin of
    this one has it.

    Args:
        base_url: root of the API.
        api_id: names the account's access.
        api_key: signs each request.
        timeout_seconds: longest wait for an answer.
        shared: with the other processes that use the account.
        retry: when a call is tried again.
    """

    def __init__(
        self,
        *,
        base_url: str,
        api_id: str,
        api_key: SecretStr,
        timeout_seconds: float,
        shared: Shared | None = None,
        retry: RetryPolicy | None = None,
    ) -> None:
        self._unleashed = ServiceClient(
            SERVICE,
            base_url,
            timeout_seconds=timeout_seconds,
            auth=SignedQuery(api_id, api_key),
            table=TABLE,
            cures=CURES,
            read_problem=read_problem,
            redact=Redactor([api_key]),
            shared=shared,
            retry=retry,
        )

    def list_products(
        self, *, code: str = "", modified_since: datetime | None = None
    ) -> AsyncIterator[Product]:
        """List products that aren't obsolete.

        Args:
            code: how their codes begin.
            modified_since: made or changed since.
        """
        filters = {"productCode": code, "modifiedSince": _utc(modified_since)}
        return self._list(Listed[Product], "list_products", "Products", filters)

    async def get_product(self, guid: UUID) -> Product:
        """Return a product."""
        return await self._get(Product, "get_product", f"/Products/{guid}")

    def list_customers(self, *, modified_since: datetime | None = None) -> AsyncIterator[Customer]:
        """List customers that aren't obsolete, made or changed since."""
        filters = {"modifiedSince": _utc(modified_since)}
        return self._list(Listed[Customer], "list_customers", "Customers", filters)

    def list_suppliers(self, *, modified_since: datetime | None = None) -> AsyncIterator[Supplier]:
        """List suppliers, made or changed since."""
        filters = {"modifiedSince": _utc(modified_since)}
        return self._list(Listed[Supplier], "list_suppliers", "Suppliers", filters)

    def list_sales_orders(
        self, *, modified_since: datetime | None = None, statuses: Sequence[str] = ()
    ) -> AsyncIterator[SalesOrder]:
        """List sales orders.

        Args:
            modified_since: made or changed since.
            statuses: e.g. ``Placed``; none: all but ``Deleted``.
        """
        filters = {"modifiedSince": _utc(modified_since), "orderStatus": ",".join(statuses)}
        return self._list(Listed[SalesOrder], "list_sales_orders", "SalesOrders", filters)

    async def get_sales_order(self, guid: UUID) -> SalesOrder:
        """Return a sales order."""
        return await self._get(SalesOrder, "get_sales_order", f"/SalesOrders/{guid}")

    def list_stock_on_hand(
        self, *, warehouse_code: str = "", modified_since: datetime | None = None
    ) -> AsyncIterator[StockOnHand]:
        """List what there is of each product that ever moved.

        Args:
            warehouse_code: in this warehouse; empty: in all together.
            modified_since: whose stock has moved since.
        """
        filters = {"warehouseCode": warehouse_code, "modifiedSince": _utc(modified_since)}
        return self._list(Listed[StockOnHand], "list_stock_on_hand", "StockOnHand", filters)

    async def get_stock_by_warehouse(self, product: UUID) -> list[StockOnHand]:
        """Return what each warehouse holds of a product."""
        path = f"/StockOnHand/{product}/AllWarehouses"
        return (await self._get(Listed[StockOnHand], "get_stock_by_warehouse", path)).items

    async def create_stock_adjustment(self, adjustment: StockAdjustment) -> StockAdjustment:
        """Correct the stock of a warehouse; one of the same GUID that is there is returned.

        Lines say how much there is afterwards, so what moves between the look at the stock and
        this call is overwritten: one at a time for each product.

        Raises:
            UnknownOutcomeError: it may be made yet; it was looked for, and isn't there.
            ConnectorError: it was not made, for the reason that the class says.
        """
        return await self._create("create_stock_adjustment", "StockAdjustments", adjustment)

    async def get_stock_adjustment(self, guid: UUID) -> StockAdjustment:
        """Return a stock adjustment."""
        return await self._get(StockAdjustment, "get_stock_adjustment", f"/StockAdjustments/{guid}")

    async def create_purchase_order(self, order: PurchaseOrder) -> PurchaseOrder:
        """Order from a supplier; an order of the same GUID that is there is returned.

        Raises:
            UnknownOutcomeError: it may be made yet; it was looked for, and isn't there.
            ConnectorError: it was not made, for the reason that the class says.
        """
        return await self._create("create_purchase_order", "PurchaseOrders", order)

    async def get_purchase_order(self, guid: UUID) -> PurchaseOrder:
        """Return a purchase order."""
        return await self._get(PurchaseOrder, "get_purchase_order", f"/PurchaseOrders/{guid}")

    async def complete_purchase_order(self, guid: UUID) -> PurchaseOrder:
        """Take the goods of a purchase order into stock; one that is complete stays as it is.

        Raises:
            UnknownOutcomeError: it may be completed yet; it was looked at, and isn't.
            ConnectorError: it was not completed, for the reason that the class says.
        """
        path = f"/PurchaseOrders/{guid}"
        try:
            await self._unleashed.send(
                "complete_purchase_order", "POST", f"{path}/Complete", json={}, headers=_JSON
            )
        except (RejectedError, UnknownOutcomeError):
            order = await self._find(PurchaseOrder, "complete_purchase_order", path)
            if order is None or order.order_status != COMPLETE:
                raise
            return order
        return await self.get_purchase_order(guid)

    async def ping(self) -> None:
        """Ask for a warehouse.

        Raises:
            ConnectorError: Unleashed is not reached, does not take the signature, or has no
                calls left for us this month.
        """
        await self._get(Listed[WarehouseReference], "ping", "/Warehouses/1", {"pageSize": "1"})

    async def aclose(self) -> None:
        """Close all connections."""
        await self._unleashed.aclose()

    def _list(
        self, into: type[Listed[Item]], operation: str, endpoint: str, filters: dict[str, str]
    ) -> AsyncIterator[Item]:
        asked = {name: value for name, value in filters.items() if value}
        query = {**asked, "pageSize": str(PAGE_SIZE)}

        async def fetch(cursor: str | None) -> Page[Item]:
            found = await self._get(into, operation, f"/{endpoint}/{cursor or 1}", query)
            at = found.pagination
            more = at.page_number < at.number_of_pages
            return Page(found.items, str(at.page_number + 1) if more else None)

        return items(pages(SERVICE, operation, fetch))

    async def _get(
        self,
        into: type[AnyFields],
        operation: str,
        path: str,
        query: dict[str, str] | None = None,
    ) -> AnyFields:
        return await self._unleashed.fetch(
            into, operation, "GET", path, params=query or {}, headers=_JSON
        )

    async def _create(self, operation: str, endpoint: str, record: Written) -> Written:
        into, path = type(record), f"/{endpoint}/{record.guid}"
        body = record.model_dump(mode="json", by_alias=True, exclude_none=True)
        try:
            return await self._unleashed.fetch(
                into, operation, "POST", path, json=body, headers=_JSON
            )
        except (RejectedError, UnknownOutcomeError):
            found = await self._find(into, operation, path)
            if found is None:
                raise
            return found

    async def _find(self, into: type[AnyFields], operation: str, path: str) -> AnyFields | None:
        """Look for a record; None: it isn't there, or nobody can tell."""
        try:
            return await self._get(into, operation, path)
        except ConnectorError:
            return None


def _utc(moment: datetime | None) -> str:
    """Write a moment as the filters want it: UTC, to the millisecond."""
    if moment is None:
        return ""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
