"""Reorder points: what each part needs on the shelf is forecast anew."""

from __future__ import annotations

from prefect import flow

from tasks.sourcing import refresh_points


@flow(name="reorder-points")
async def reorder_points() -> int:
    """Forecast the demand of each part, and set the stock at which it is ordered.

    Parts that become low by it start a round of sourcing. Runs every night. Returns how many
    points have changed.
    """
    return await refresh_points()
