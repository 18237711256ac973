"""Unleashed's REST API: signed queries, page numbers in paths, a monthly allowance of calls."""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from sandbox.credentials import CREDENTIALS, same
from sandbox.state import SandboxState, State
from sandbox.unleashed import postings
from sandbox.unleashed.filters import narrowed
from sandbox.unleashed.json_form import written
from sandbox.unleashed.postings import UnleashedError
from sandbox.unleashed.stock import by_warehouse, stock_on_hand
from sandbox.unleashed.store import ENDPOINTS, Inventory, Record

PAGE_SIZE = 200
MAX_PAGE_SIZE = 1000
_MAX_PAGE_DIGITS = 6

Posting = Callable[[Inventory, str, dict[str, Any]], Record]
_POSTINGS: dict[str, Posting] = {
    "Products": postings.save_product,
    "StockAdjustments": postings.adjust_stock,
    "PurchaseOrders": postings.order_from_supplier,
}


def error_answer(_request_id: str, error: UnleashedError) -> Response:
    """Build the answer to a request that was refused."""
    body = {"Description": error.description, "DebugInformation": None}
    return JSONResponse(body, status_code=error.status)


def fault_answer(
    _request_id: str, status: int | None, code: str | None, retry_after: str | None
) -> Response:
    """Answer a call that a fault was ordered for; without a status it is 503."""
    status = status or HTTPStatus.SERVICE_UNAVAILABLE
    body = {"Description": code or HTTPStatus(status).phrase, "DebugInformation": None}
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return JSONResponse(body, status_code=status, headers=headers)


def _admit(request: Request, state: State) -> None:
    """Take a request that is signed and within the allowance; the path isn't signed."""
    headers = request.headers
    query: bytes = request.scope["query_string"]
    key = CREDENTIALS.unleashed_api_key.encode()
    signature = base64.b64encode(hmac.new(key, query, hashlib.sha256).digest()).decode()
    is_known = same(headers.get("api-auth-id", ""), CREDENTIALS.unleashed_api_id)
    if not (is_known & same(headers.get("api-auth-signature", ""), signature)):
        raise UnleashedError(403, "The signature does not match the query string.")
    if any("application/json" not in headers.get(name, "") for name in ("accept", "content-type")):
        raise UnleashedError(400, "Accept and Content-Type must be application/json.")
    inventory = state.store(Inventory)
    if inventory.calls_left <= 0:
        raise UnleashedError(429, "The monthly API allowance is used up.")
    inventory.calls_left -= 1


router = APIRouter(dependencies=[Depends(_admit)])


@router.get("/StockOnHand/{product}/AllWarehouses")
async def stock_in_all_warehouses(product: str, request: Request, state: State) -> Response:
    """Tell what each warehouse holds of a product."""
    inventory = state.store(Inventory)
    return _page(by_warehouse(inventory, _existing(inventory, "Products", product)), request, 1)


@router.get("/{endpoint}")
async def first_page(endpoint: str, request: Request, state: State) -> Response:
    """List the first page."""
    return _page(_listed(state, endpoint, request), request, 1)


@router.get("/{endpoint}/Page/{number}")
async def page_by_older_path(
    endpoint: str, number: str, request: Request, state: State
) -> Response:
    """List a page."""
    return _page(_listed(state, endpoint, request), request, _page_number(number))


@router.get("/{endpoint}/{selector}")
async def page_or_one(endpoint: str, selector: str, request: Request, state: State) -> Response:
    """List the page of this number, or show the record of this GUID: one shape of path."""
    if selector.isdecimal():
        return _page(_listed(state, endpoint, request), request, _page_number(selector))
    inventory = state.store(Inventory)
    if endpoint == "StockOnHand":
        product = _existing(inventory, "Products", selector)
        rows = stock_on_hand(inventory, {**request.query_params, "productId": product.guid})
        if not rows:
            raise UnleashedError(404, "The product never moved.")
        return JSONResponse(written(rows[0]))
    return JSONResponse(written(_existing(inventory, endpoint, selector)))


@router.post("/{endpoint}/{guid}")
async def post_one(endpoint: str, guid: str, request: Request, state: State) -> Response:
    """Create a record under a GUID that the client chose; a product may be there already."""
    posting = _POSTINGS.get(endpoint)
    if posting is None:
        raise _not_found()
    if not _is_guid(guid):
        raise UnleashedError(400, "The GUID in the path is not one.")
    inventory = state.store(Inventory)
    is_there = inventory.get(endpoint, guid) is not None
    if is_there and endpoint != "Products":
        raise UnleashedError(400, f"There is a record with the GUID {guid} already.")
    record = posting(inventory, guid, postings.read_body(await request.body()))
    return JSONResponse(written(record), status_code=200 if is_there else 201)


@router.post("/{endpoint}/{guid}/Complete")
async def complete(endpoint: str, guid: str, state: State) -> Response:
    """Complete an order: its goods move."""
    if endpoint not in ("SalesOrders", "PurchaseOrders"):
        raise _not_found()
    inventory = state.store(Inventory)
    order = _existing(inventory, endpoint, guid)
    return JSONResponse(written(postings.complete_order(inventory, endpoint, order)))


@router.api_route("/{_rest:anything}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def unknown_path(_rest: str) -> None:
    """Refuse what is not played here."""
    raise _not_found()


def _listed(state: SandboxState, endpoint: str, request: Request) -> list[Record]:
    inventory = state.store(Inventory)
    if endpoint not in {*ENDPOINTS, "StockOnHand"}:
        raise _not_found()
    rows = (
        stock_on_hand(inventory, request.query_params)
        if endpoint == "StockOnHand"
        else inventory.find(endpoint)
    )
    try:
        return narrowed(endpoint, rows, request.query_params)
    except ValueError:
        raise UnleashedError(400, "A date in the filters can't be read.") from None


def _page(records: list[Record], request: Request, number: int) -> Response:
    """Show a page of records in the envelope that all lists have."""
    size_text = request.query_params.get("pageSize", str(PAGE_SIZE))
    size = int(size_text) if size_text.isascii() and size_text.isdecimal() else 0
    if not 1 <= size <= MAX_PAGE_SIZE:
        raise UnleashedError(400, f"pageSize must be from 1 to {MAX_PAGE_SIZE}.")
    pages = -(-len(records) // size)
    shown = records[(number - 1) * size : number * size]
    pagination = {
        "NumberOfItems": len(records),
        "PageSize": size,
        "PageNumber": number,
        "NumberOfPages": pages,
    }
    return JSONResponse({"Pagination": pagination, "Items": [written(one) for one in shown]})


def _page_number(text: str) -> int:
    is_number = text.isascii() and text.isdecimal() and len(text) <= _MAX_PAGE_DIGITS
    if not is_number or int(text) < 1:
        raise UnleashedError(400, "The page number must be 1 or more.")
    return int(text)


def _existing(inventory: Inventory, endpoint: str, guid: str) -> Record:
    if endpoint not in ENDPOINTS:
        raise _not_found()
    record = inventory.get(endpoint, guid)
    if record is None:
        raise _not_found()
    return record


def _is_guid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def _not_found() -> UnleashedError:
    return UnleashedError(404, "The resource was not found.")
