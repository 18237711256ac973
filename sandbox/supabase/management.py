"""The management API: the project, and how its servers are."""

from __future__ import annotations

import math
import re
from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from sandbox.credentials import CREDENTIALS, same
from sandbox.state import State
from sandbox.story import FIRST_DAY
from sandbox.supabase.auth import ABOUT
from sandbox.supabase.project import REF, SERVERS, Project, Server
from sandbox.supabase.refusals import management

_ALL = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
_REF = re.compile("[a-z]{20}")


def _admit(request: Request, response: Response, state: State) -> None:
    """Take a request with the token, within the limit of a minute."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if not (scheme.lower() == "bearer" and same(token, CREDENTIALS.supabase_management_token)):
        raise management(401, "Unauthorized")
    limit = state.store(Project).limit
    wait = limit.take()
    headers = {
        "X-RateLimit-Limit": str(limit.calls),
        "X-RateLimit-Remaining": str(limit.remaining),
        "X-RateLimit-Reset": str(math.ceil(limit.seconds if wait is None else wait)),
    }
    if wait is not None:
        refusal = management(429, "ThrottlerException: Too Many Requests")
        refusal.headers = headers
        raise refusal
    response.headers.update(headers)


def _known(ref: str) -> str:
    if not _REF.fullmatch(ref):
        raise management(400, "ref: must be 20 lowercase letters")
    if ref != REF:
        raise management(404, "Project not found")
    return ref


router = APIRouter(dependencies=[Depends(_admit)])


@router.get("/v1/projects")
async def list_projects(state: State) -> list[dict[str, Any]]:
    """List the only project."""
    return [_project(state.store(Project))]


@router.get("/v1/projects/{ref}")
async def get_project(ref: str, state: State) -> dict[str, Any]:
    """Return the project."""
    _known(ref)
    return _project(state.store(Project))


@router.get("/v1/projects/{ref}/health")
async def get_health(ref: str, request: Request, state: State) -> list[dict[str, Any]]:
    """Tell how the servers are that are named; some must be."""
    _known(ref)
    named = request.query_params.getlist("services")
    if not named or not set(named) <= set(SERVERS):
        text = f"services: name at least one of {', '.join(SERVERS)}"
        raise management(400, text)
    project = state.store(Project)
    return [_health(project, server) for server in SERVERS if server in named]


@router.api_route("/{_path:anything}", methods=_ALL)
async def unknown(_path: str, request: Request) -> None:
    """Refuse what is not played here."""
    raise management(404, f"Cannot {request.method} /{_path}")


def _project(project: Project) -> dict[str, Any]:
    return {
        "id": REF,
        "ref": REF,
        "organization_id": "sandbox",
        "organization_slug": "sandbox",
        "name": "Music",
        "region": "ca-central-1",
        "created_at": FIRST_DAY.isoformat(),
        "status": "ACTIVE_HEALTHY" if project.is_up("db") else "ACTIVE_UNHEALTHY",
        "database": {
            "host": f"db.{REF}.supabase.co",
            "version": "17.6.1.003",
            "postgres_engine": "17",
            "release_channel": "ga",
        },
    }


def _health(project: Project, server: Server) -> dict[str, Any]:
    is_up = project.is_up(server)
    found: dict[str, Any] = {
        "name": server,
        "healthy": is_up,
        "status": project.health[server],
    }
    if not is_up:
        found["error"] = f"{server} does not answer"
    elif server == "auth":
        found["info"] = ABOUT
    elif server == "rest":
        found["info"] = {"db_schema": "public"}
    return found
