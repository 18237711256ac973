"""Supabase's page: the tables and their rows, how the servers are, who signed up."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from sandbox.html import LATEST, from_own_page, page
from sandbox.state import SandboxState, State
from sandbox.supabase.columns import Row, as_text
from sandbox.supabase.project import HEALTHS, SERVERS, Health, Project, Server
from sandbox.supabase.refusals import Refusal
from sandbox.supabase.tables import Table, Tables

router = APIRouter(default_response_class=HTMLResponse)


@router.get("/supabase")
async def project_page(request: Request, state: State, table: str = "products") -> Response:
    """Show the rows of a table, how the servers are, and the users."""
    shown, project = _table(state, table), state.store(Project)
    return page(
        request,
        "supabase.html",
        tables=state.store(Tables).all(),
        table=shown,
        rows=[_as_texts(shown, row) for row in shown.rows[-LATEST:][::-1]],
        health=project.health,
        servers=SERVERS,
        healths=HEALTHS,
        users=project.users[-LATEST:][::-1],
    )


@router.post("/pages/supabase/{name}/rows", dependencies=[Depends(from_own_page)])
async def add_row(name: str, request: Request, state: State) -> Response:
    """Insert a row; what is left empty gets its default, or null."""
    table = _table(state, name)
    with_text = {key: text for key, text in (await _texts(request)).items() if text}
    try:
        state.store(Tables).insert(table, [_row(table, with_text)])
    except Refusal as refusal:
        raise HTTPException(409, str(refusal.body["message"])) from None
    return _back(name)


@router.post("/pages/supabase/{name}/row", dependencies=[Depends(from_own_page)])
async def change_row(name: str, request: Request, state: State) -> Response:
    """Change a row, or delete it; what is left empty becomes null."""
    table = _table(state, name)
    texts = await _texts(request)
    key = [texts.pop(f"key-{column}", "") for column in table.key]

    def is_meant(row: Row) -> bool:
        return [as_text(row[column]) for column in table.key] == key

    try:
        if texts.pop("act", "") == "Delete":
            found = state.store(Tables).delete(table, is_meant)
        else:
            change = _row(table, texts)
            found = state.store(Tables).update(table, is_meant, change)
    except Refusal as refusal:
        raise HTTPException(409, str(refusal.body["message"])) from None
    if not found:
        raise HTTPException(404, "There is no such row any more.")
    return _back(name)


@router.post("/pages/supabase/health", dependencies=[Depends(from_own_page)])
async def set_health(
    state: State, server: Annotated[Server, Form()], health: Annotated[Health, Form()]
) -> Response:
    """Say how a server is; the Data API and Auth answer only while theirs are healthy."""
    state.store(Project).health[server] = health
    return _back("products")


def _table(state: SandboxState, name: str) -> Table:
    try:
        return state.store(Tables).table(name)
    except Refusal:
        raise HTTPException(404, "There is no such table.") from None


async def _texts(request: Request) -> dict[str, str]:
    form = await request.form()
    return {name: text for name, text in form.items() if isinstance(text, str)}


def _row(table: Table, texts: dict[str, str]) -> dict[str, Any]:
    return {
        name: table.column(name).read_text(text) if text else None for name, text in texts.items()
    }


def _as_texts(table: Table, row: Row) -> dict[str, str]:
    return {
        name: ""
        if row[name] is None
        else json.dumps(row[name])
        if column.kind == "jsonb"
        else as_text(row[name])
        for name, column in table.columns.items()
    }


def _back(table: str) -> Response:
    return RedirectResponse(f"/supabase?table={table}", status_code=303)
