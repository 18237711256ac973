"""The Data API: PostgREST over the tables, behind the gateway that asks for the key.

Source: https://docs.postgrest.org/en/v14/references/api.html
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response

from sandbox.body import read_json
from sandbox.credentials import CREDENTIALS, same
from sandbox.state import State
from sandbox.supabase.columns import Row, as_text
from sandbox.supabase.filters import split, unquote
from sandbox.supabase.functions import call_function
from sandbox.supabase.gate import require_key
from sandbox.supabase.openapi import describe
from sandbox.supabase.project import Project
from sandbox.supabase.query import (
    RESERVED,
    Preferences,
    Window,
    content_range,
    filters,
    ordered,
    read_preferences,
    selected,
    shown,
    window,
)
from sandbox.supabase.refusals import Refusal, postgrest
from sandbox.supabase.tables import Conflict, Table, Tables

SINGLE = "application/vnd.pgrst.object"
_JSON = "application/json; charset=utf-8"
_ALL = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


def _require_credentials(request: Request, state: State) -> None:
    """Take a request with the key, as the gateway and then PostgREST look for it."""
    require_key(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme and not (scheme.lower() == "bearer" and same(token, CREDENTIALS.supabase_api_key)):
        raise postgrest(
            401,
            "PGRST301",
            "No suitable key or wrong key type",
            "None of the keys was able to decode the JWT",
        )
    if not state.store(Project).is_up("rest", "db"):
        raise postgrest(503, "PGRST001", "Database client error. Retrying the connection.")


router = APIRouter(dependencies=[Depends(_require_credentials)])


@router.api_route("/", methods=["GET", "HEAD"])
async def root(request: Request, state: State) -> Response:
    """Describe the tables and functions as OpenAPI does."""
    document = describe(state.store(Tables), str(request.base_url))
    return Response(json.dumps(document), media_type="application/openapi+json; charset=utf-8")


@router.api_route("/rpc/{name}", methods=["GET", "HEAD", "POST"])
async def rpc(name: str, request: Request, state: State) -> Response:
    """Call a function; by POST it may write."""
    may_write = request.method == "POST"
    arguments: Any = {
        key: text for key, text in request.query_params.items() if key not in RESERVED
    }
    if may_write:
        body = await request.body()
        arguments = _read(body) if body else {}
    if not isinstance(arguments, dict):
        raise _unreadable()
    result, table = call_function(state.store(Tables), name, arguments, may_write=may_write)
    if table is None:
        return _json(result)
    rows = [row for row in result if isinstance(row, dict)] if isinstance(result, list) else []
    headers = {"Range-Unit": "items", "Content-Range": content_range(Window(0, 0), len(rows), None)}
    return _answer(request, shown(rows, [(one, one) for one in table.columns]), headers)


@router.api_route("/{name}", methods=["GET", "HEAD"])
async def select(name: str, request: Request, state: State) -> Response:
    """Answer the rows of a table that the filters mean."""
    table, query = state.store(Tables).table(name), request.query_params
    prefers = read_preferences(request.headers)
    columns, (_, condition) = selected(table, query), filters(table, query)
    span = window(query, request.headers)
    found = ordered(table, table.find(condition), query)
    rows = found[span.offset : span.offset + span.limit]
    total = len(found) if prefers.counts else None
    headers = _headers(prefers) | {"Content-Range": content_range(span, len(rows), total)}
    is_part = total is not None and len(rows) < total
    status = HTTPStatus.PARTIAL_CONTENT if is_part else HTTPStatus.OK
    return _answer(request, shown(rows, columns), headers, status)


@router.post("/{name}")
async def insert(name: str, request: Request, state: State) -> Response:
    """Insert rows, or merge them into those that are there."""
    tables, query = state.store(Tables), request.query_params
    table, prefers = tables.table(name), read_preferences(request.headers)
    columns = selected(table, query)
    rows = _rows(table, await request.body(), request, prefers)
    conflict = None
    if prefers.merges is not None:
        named = tuple(unquote(part) for part in split(query.get("on_conflict", "")))
        conflict = Conflict(named or table.key, merges=prefers.merges)
    with tables.transaction():
        saved = tables.insert(table, rows, conflict)
        _check_single(request, prefers, saved.rows)
    headers = _headers(prefers) | {"Content-Range": _count(prefers, len(saved.rows))}
    if prefers.returns == "headers-only" and len(saved.rows) == 1:
        key = "&".join(
            f"{column}=eq.{quote(as_text(saved.rows[0][column]))}" for column in table.key
        )
        headers["Location"] = f"/{name}?{key}"
    status = HTTPStatus.OK if conflict and not saved.has_new else HTTPStatus.CREATED
    if prefers.returns != "representation":
        return Response(status_code=status, headers=headers)
    return _answer(request, shown(saved.rows, columns), headers, status)


@router.patch("/{name}")
async def update(name: str, request: Request, state: State) -> Response:
    """Change the rows that the filters mean."""
    tables, query = state.store(Tables), request.query_params
    table, prefers = tables.table(name), read_preferences(request.headers)
    columns, (is_filtered, condition) = selected(table, query), filters(table, query)
    change = _read(await request.body())
    if not isinstance(change, dict):
        raise _unreadable()
    if not is_filtered:
        raise postgrest(400, "21000", "UPDATE requires a WHERE clause")
    with tables.transaction():
        rows = tables.update(table, condition, _typed(table, change))
        _check_single(request, prefers, rows)
    total = len(rows) if prefers.counts else None
    span = content_range(Window(0, len(rows)), len(rows), total)
    headers = _headers(prefers) | {"Content-Range": span}
    if prefers.returns != "representation":
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)
    return _answer(request, shown(rows, columns), headers)


@router.delete("/{name}")
async def delete(name: str, request: Request, state: State) -> Response:
    """Delete the rows that the filters mean."""
    tables, query = state.store(Tables), request.query_params
    table, prefers = tables.table(name), read_preferences(request.headers)
    columns, (is_filtered, condition) = selected(table, query), filters(table, query)
    if not is_filtered:
        raise postgrest(400, "21000", "DELETE requires a WHERE clause")
    with tables.transaction():
        rows = tables.delete(table, condition)
        _check_single(request, prefers, rows)
    headers = _headers(prefers) | {"Content-Range": _count(prefers, len(rows))}
    if prefers.returns != "representation":
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)
    return _answer(request, shown(rows, columns), headers)


@router.api_route("/{_path:anything}", methods=_ALL)
async def unknown(_path: str, request: Request) -> None:
    """Refuse what is not played here."""
    if "/" in _path.removeprefix("rpc/"):
        raise postgrest(404, "PGRST125", "Invalid path specified in request URL")
    raise postgrest(405, "PGRST117", f"Unsupported HTTP method: {request.method}")


def _headers(prefers: Preferences) -> dict[str, str]:
    applied = {"Preference-Applied": ", ".join(prefers.applied)} if prefers.applied else {}
    return {"Range-Unit": "items", **applied}


def _count(prefers: Preferences, rows: int) -> str:
    return f"*/{rows if prefers.counts else '*'}"


def _answer(
    request: Request,
    rows: Sequence[dict[str, object]],
    headers: dict[str, str],
    status: HTTPStatus = HTTPStatus.OK,
) -> Response:
    """Answer rows, or the only one when a single object is asked for."""
    if not _asks_for_one(request):
        return _json(rows, headers, status)
    if len(rows) != 1:
        raise _not_single(rows)
    return _json(rows[0], headers, status)


def _asks_for_one(request: Request) -> bool:
    return SINGLE in request.headers.get("accept", "")


def _check_single(request: Request, prefers: Preferences, rows: Sequence[Row]) -> None:
    """Refuse a write when its rows are to be answered as one object, and aren't one."""
    if prefers.returns == "representation" and _asks_for_one(request) and len(rows) != 1:
        raise _not_single(rows)


def _not_single(rows: Sequence[object]) -> Refusal:
    return postgrest(
        406,
        "PGRST116",
        "Cannot coerce the result to a single JSON object",
        f"The result contains {len(rows)} rows",
    )


def _json(
    content: object, headers: dict[str, str] | None = None, status: HTTPStatus = HTTPStatus.OK
) -> Response:
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Response(text, status_code=status, headers=headers, media_type=_JSON)


def _rows(table: Table, body: bytes, request: Request, prefers: Preferences) -> list[Row]:
    given = _read(body)
    listed = given if isinstance(given, list) else [given]
    if not all(isinstance(row, dict) for row in listed):
        raise _unreadable()
    named = [unquote(part) for part in split(request.query_params.get("columns", ""))]
    if not named and any(row.keys() != listed[0].keys() for row in listed):
        raise postgrest(400, "PGRST102", "All object keys must match")
    rows = []
    for row in listed:
        kept = row
        if named:
            kept = {name: row[name] for name in named if name in row}
            missing = {} if prefers.fills_in else dict.fromkeys(named)
            kept = missing | kept
        rows.append(_typed(table, kept))
    return rows


def _typed(table: Table, given: dict[str, object]) -> Row:
    for name in given:
        if name not in table.columns:
            text = f"Could not find the '{name}' column of '{table.name}' in the schema cache"
            raise postgrest(400, "PGRST204", text)
    return {name: table.columns[name].read(value) for name, value in given.items()}


def _read(body: bytes) -> Any:  # noqa: ANN401 - any JSON
    try:
        return read_json(body)
    except ValueError:
        raise _unreadable() from None


def _unreadable() -> Refusal:
    return postgrest(400, "PGRST102", "Empty or invalid json")
