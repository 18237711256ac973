"""Paths that Google does not know."""

from __future__ import annotations

from fastapi import APIRouter

from sandbox.google.errors import GoogleError

router = APIRouter()


@router.api_route("/{_path:anything}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def unknown_path(_path: str) -> None:
    """Refuse what is not played here."""
    raise GoogleError(404, "Not Found", "notFound")
