"""Gathers what the invariants are checked against, from a stack at rest."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from bench.invariants import (
    Accepted,
    ArrivalSeen,
    DeliverySeen,
    EffectSeen,
    Evidence,
    MailSeen,
    RunSeen,
    TicketSeen,
)
from bench.mailbox import read_arrivals
from bench.prefect_api import PrefectApi, Run
from bench.records import count_unfinished, fetch
from bench.stack import BenchStack

_LOOK_EVERY_SECONDS = 0.5
_INTAKE = "repair-intake/repair-intake"

_DELIVERIES = """
    SELECT id, event, payload->>'ticket' AS ticket, state, run_id, last_error
    FROM inbox ORDER BY id
"""
_TICKETS = """
    SELECT tickets.id, tickets.number, customers.email AS customer, status, route
    FROM tickets JOIN customers ON customers.id = customer_id ORDER BY tickets.opened_at
"""
_MAILS = """
    SELECT tickets.number AS ticket, kind, message_id, effect_key
    FROM messages JOIN tickets ON tickets.id = ticket_id ORDER BY created_at
"""
_EFFECTS = "SELECT key, state FROM effects ORDER BY claimed_at"


async def ask(stack: BenchStack, query: str) -> list[dict[str, Any]]:
    """Return what our database answers; nothing when it is away."""
    try:
        return await asyncio.to_thread(fetch, stack.settings, query)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return []


def wait_until_at_rest(stack: BenchStack, within_seconds: float) -> float | None:
    """Wait until no delivery is unfinished and no run is open.

    Returns:
        the seconds that took; None: it did not come to rest in time.
    """
    began = time.monotonic()
    while (waited := time.monotonic() - began) < within_seconds:
        if count_unfinished(stack.settings) == 0 and not _has_open_runs(stack):
            return waited
        time.sleep(_LOOK_EVERY_SECONDS)
    return None


def gather(
    stack: BenchStack,
    accepted: Sequence[Accepted],
    refused: Sequence[str] = (),
    injected: Sequence[str] = (),
) -> Evidence:
    """Return all that can be seen of a stack.

    Args:
        stack: at rest.
        accepted: what the senders were told by 2xx.
        refused: what they were told by 4xx.
        injected: patterns of the reasons for which a delivery may be dead.
    """
    settings = stack.settings
    with PrefectApi(settings) as prefect:
        intake = prefect.deployment(_INTAKE)
        runs = [_run_seen(run, intake) for run in prefect.all_runs()]
    return Evidence(
        accepted=accepted,
        refused=refused,
        deliveries=[DeliverySeen(**row) for row in fetch(settings, _DELIVERIES)],
        tickets=[TicketSeen(**row) for row in fetch(settings, _TICKETS)],
        mails=[MailSeen(**row) for row in fetch(settings, _MAILS)],
        arrivals=[
            ArrivalSeen(one.message_id, one.ticket) for one in read_arrivals(settings.sandbox_url)
        ],
        effects=[EffectSeen(**row) for row in fetch(settings, _EFFECTS)],
        runs=runs,
        injected=injected,
    )


def _has_open_runs(stack: BenchStack) -> bool:
    with PrefectApi(stack.settings) as prefect:
        return bool(prefect.open_runs())


def _run_seen(run: Run, intake: UUID | None) -> RunSeen:
    ticket = run.parameters.get("ticket")
    return RunSeen(
        id=run.id,
        is_intake=run.deployment_id == intake,
        state=run.state_type,
        ticket=str(ticket) if ticket is not None else None,
    )
