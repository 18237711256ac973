"""Parts follow-up: what waits for managers, and what is on its way, is looked after."""

from __future__ import annotations

from prefect import flow

from flows._attempt import attempt
from tasks.approvals import (
    expire_approvals,
    find_approvals_to_remind,
    find_decided_approvals,
    note_reminder,
    resume_run,
)
from tasks.letters import remind_managers, tell_late
from tasks.purchases import close_received, find_late_orders, note_late


@flow(name="parts-follow-up")
async def parts_follow_up() -> None:
    """Remind managers of open questions, decline those past their deadline, tell of late orders.

    A run that sleeps although its question is decided is woken. Runs on a schedule. A mail that
    can't be sent is tried again the next time.
    """
    await expire_approvals()
    for approval in await find_decided_approvals():
        await attempt(resume_run(approval))
    for approval in await find_approvals_to_remind():
        if await attempt(remind_managers(approval)):
            await note_reminder(approval)
    await close_received()
    for purchase in await find_late_orders():
        if await attempt(tell_late(purchase)):
            await note_late(purchase)
