"""Unleashed's page: products and their stock, orders, adjustments; each can be changed."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from sandbox.html import LATEST, from_own_page, page
from sandbox.state import State
from sandbox.unleashed.postings import UnleashedError, complete_order
from sandbox.unleashed.stock import stock_on_hand
from sandbox.unleashed.store import WAREHOUSES, Inventory

router = APIRouter(default_response_class=HTMLResponse)


@router.get("/unleashed")
async def inventory_page(request: Request, state: State) -> Response:
    """Show what the account holds."""
    inventory = state.store(Inventory)
    products = [(one, inventory.stock(one.guid)) for one in inventory.find("Products")]
    return page(
        request,
        "unleashed.html",
        calls_left=inventory.calls_left,
        warehouses=[code for code, _ in WAREHOUSES],
        products=products[:LATEST],
        promised={row.guid: row.fields["AllocatedQty"] for row in stock_on_hand(inventory, {})},
        orders=[
            (endpoint, order)
            for endpoint in ("PurchaseOrders", "SalesOrders")
            for order in inventory.find(endpoint)[-LATEST:][::-1]
        ],
        adjustments=inventory.find("StockAdjustments")[-LATEST:][::-1],
    )


@router.post("/pages/unleashed/stock", dependencies=[Depends(from_own_page)])
async def set_stock(
    state: State,
    product: Annotated[str, Form()],
    warehouse: Annotated[str, Form()],
    quantity: Annotated[Decimal, Form(allow_inf_nan=False, max_digits=12)],
) -> Response:
    """Say how much of a product a warehouse holds, as a person who counts it does."""
    inventory = state.store(Inventory)
    if inventory.get("Products", product) is None or warehouse not in dict(WAREHOUSES):
        raise HTTPException(404, "There is no such product or warehouse.")
    inventory.set_stock(product, warehouse, quantity)
    return _back()


@router.post("/pages/unleashed/complete", dependencies=[Depends(from_own_page)])
async def complete(
    state: State, endpoint: Annotated[str, Form()], order: Annotated[str, Form()]
) -> Response:
    """Complete an order: its goods move."""
    inventory = state.store(Inventory)
    is_order = endpoint in ("PurchaseOrders", "SalesOrders")
    record = inventory.get(endpoint, order) if is_order else None
    if record is None:
        raise HTTPException(404, "There is no such order.")
    try:
        complete_order(inventory, endpoint, record)
    except UnleashedError as error:
        raise HTTPException(409, error.description) from None
    return _back()


@router.post("/pages/unleashed/allowance", dependencies=[Depends(from_own_page)])
async def set_allowance(
    state: State, calls_left: Annotated[int, Form(ge=0, le=10_000_000)]
) -> Response:
    """Say how many calls are left this month."""
    state.store(Inventory).calls_left = calls_left
    return _back()


def _back() -> Response:
    return RedirectResponse("/unleashed", status_code=303)
