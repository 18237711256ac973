"""n8n's page: workflows to switch on and off, and what ran."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from sandbox.html import LATEST, from_own_page, page
from sandbox.n8n.store import Automation, Workflow
from sandbox.state import State

router = APIRouter(default_response_class=HTMLResponse)

Text = Annotated[str, Form(max_length=200)]


@router.get("/n8n")
async def workflows_page(request: Request, state: State) -> Response:
    """Show workflows and executions."""
    automation = state.store(Automation)
    workflows = automation.workflows()
    return page(
        request,
        "n8n.html",
        workflows=workflows[:LATEST],
        names={one.id: one.name for one in workflows},
        executions=automation.executions()[:LATEST],
    )


@router.post("/pages/n8n/workflows", dependencies=[Depends(from_own_page)])
async def add_workflow(state: State, name: Text, webhook_path: Text = "") -> Response:
    """Make a workflow, switched off; without a path it runs by the clock."""
    state.store(Automation).put(Workflow(name=name, webhook_path=webhook_path.strip("/")))
    return _back()


@router.post("/pages/n8n/switch", dependencies=[Depends(from_own_page)])
async def switch(
    state: State,
    workflow: Text,
    what: Annotated[Literal["active", "fails", "waits"], Form()],
) -> Response:
    """Switch one property of a workflow to the contrary."""
    kept = state.store(Automation).workflow(workflow)
    if kept is None:
        raise HTTPException(404, "There is no such workflow; the stand-in may have been reset.")
    changed = {
        "active": replace(kept, active=not kept.active),
        "fails": replace(kept, fails=not kept.fails),
        "waits": replace(kept, waits=not kept.waits),
    }
    state.store(Automation).put(changed[what])
    return _back()


def _back() -> Response:
    return RedirectResponse("/n8n", status_code=303)
