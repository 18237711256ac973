"""Housekeeping: what need not be kept any longer is removed."""

from __future__ import annotations

from prefect import flow

from tasks.records import forget_calls, redact_deliveries


@flow(name="housekeeping")
async def housekeeping() -> int:
    """Remove payloads and answers of deliveries finished long ago, and records of old calls.

    Runs every night. Returns how many deliveries were redacted.
    """
    await forget_calls()
    return await redact_deliveries()
