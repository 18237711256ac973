"""Housekeeping: what need not be kept any longer is removed."""

from __future__ import annotations

from prefect import flow

from tasks.records import redact_deliveries


@flow(name="housekeeping")
async def housekeeping() -> int:
    """Remove payloads and answers of deliveries that were finished before the retention time.

    Runs every night. Returns how many deliveries were redacted.
    """
    return await redact_deliveries()
