"""Parts follow-up: what waits for managers, and what is on its way, is looked after."""

from __future__ import annotations

from prefect import flow

from flows._attempt import attempt
from tasks.alerts import tell_of_abandoned_round
from tasks.approvals import (
    expire_approvals,
    find_approvals_to_remind,
    find_decided_approvals,
    note_reminder,
    resume_run,
)
from tasks.letters import remind_managers, remind_to_buy, tell_late
from tasks.purchases import (
    close_received,
    end_abandoned_rounds,
    find_late_orders,
    find_purchases_to_remind,
    note_late,
    note_reminder_to_buy,
)
from tasks.records import release_leftovers


@flow(name="parts-follow-up")
async def parts_follow_up() -> None:
    """Remind managers of open questions, and ops of what to buy; tell of late orders.

    Questions past their deadline are declined. A run that sleeps although its question is decided
    is woken. Rounds whose run was given up are ended; where a manager had agreed to one, ops are
    told. What tickets that are over still hold of the shelf is free again. Runs on a schedule. A
    mail that can't be sent is tried again the next time.
    """
    await release_leftovers()
    await expire_approvals()
    for approval in await find_decided_approvals():
        await attempt(resume_run(approval))
    for approval in await find_approvals_to_remind():
        if await attempt(remind_managers(approval)):
            await note_reminder(approval)
    for sourcing_round in await end_abandoned_rounds():
        await attempt(tell_of_abandoned_round(sourcing_round))
    for purchase in await find_purchases_to_remind():
        if await attempt(remind_to_buy(purchase)):
            await note_reminder_to_buy(purchase)
    await close_received()
    for purchase in await find_late_orders():
        if await attempt(tell_late(purchase)):
            await note_late(purchase)
