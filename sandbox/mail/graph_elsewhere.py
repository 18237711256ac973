"""What lies below no path of Graph's that is played."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request

from sandbox.mail.graph_call import GraphError
from sandbox.mail.graph_limits import enter

router = APIRouter(dependencies=[Depends(enter)])


@router.get("/")
async def root(request: Request) -> dict[str, Any]:
    """Describe nothing, to whoever may call."""
    return {"@odata.context": f"{request.base_url}graph/v1.0/$metadata", "value": []}


@router.api_route("/{path:anything}", methods=["GET", "POST", "PATCH", "PUT", "DELETE"])
async def unknown(path: str) -> None:
    """Refuse what isn't played.

    Raises:
        GraphError: always.
    """
    segment = path.rpartition("/")[2]
    raise GraphError(400, "BadRequest", f"Resource not found for the segment '{segment}'.")
