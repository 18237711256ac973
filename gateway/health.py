"""Is the front door open?"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from asyncpg import PostgresError
from fastapi import APIRouter
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError

from gateway.context import InContext
from hotrod.durable import inbox

router = APIRouter(tags=["health"])


@router.get("/health", summary="Is the gateway able to accept requests?")
async def health(context: InContext) -> JSONResponse:
    """Answer 200 while requests can be accepted, 503 while the database is away."""
    try:
        async with context.database.transaction() as session:
            counts = await inbox.count(session)
    except (OSError, SQLAlchemyError, PostgresError):
        body: dict[str, Any] = {"status": "unavailable", "database": "unreachable"}
        return JSONResponse(body, HTTPStatus.SERVICE_UNAVAILABLE)
    body = {
        "status": "ok",
        "database": "ok",
        "inbox": {
            "waiting": counts.waiting,
            "claimed": counts.claimed,
            "dead": counts.dead,
            "suspended": counts.suspended,
            "oldest_waiting_seconds": counts.oldest_waiting_seconds,
        },
    }
    return JSONResponse(body)
