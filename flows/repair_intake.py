"""Repair intake: a customer's request becomes a diagnosed, quoted, assigned ticket."""

from __future__ import annotations

from typing import Annotated

from prefect import flow
from pydantic import Field

from flows._attempt import STEP_FAILED, attempt
from hotrod.repairs.models import Route
from tasks.artifacts import label_run, publish
from tasks.claude import diagnose_with_claude
from tasks.mail import acknowledge_request, ask_questions, pass_on_message, send_quote
from tasks.records import (
    assign_technician,
    check_parts,
    diagnose_by_rule_table,
    needs_answers,
    open_request,
    price_repair,
    triage_request,
)
from tasks.slack import tell_bench, warn_of_danger

TicketNumber = Annotated[str, Field(pattern=r"^[A-Z]{2,4}-\d+$", examples=["NL-1042"])]


@flow(name="repair-intake", persist_result=True)
async def repair_intake(ticket: TicketNumber) -> str:
    """Take a repair request in: acknowledge, triage, diagnose, price, assign, quote.

    A Slack that is away stops nothing: that step fails, and the flow goes on.

    Started by the event ``repair.requested``, or by ops with a ticket's number; what is done
    already is not done again. Returns how it ended: quoted, awaiting_answer, or routed.

    Args:
        ticket: Number of the ticket, e.g. NL-1042.
    """
    request = await open_request(ticket)
    await label_run(ticket, request)
    await acknowledge_request(ticket)

    triage = await triage_request(ticket)
    if triage.dangers:
        await attempt(warn_of_danger(ticket))
    if triage.route != Route.REPAIR:
        await pass_on_message(ticket)
        await publish(ticket)
        return "routed"

    try:
        diagnosis = await diagnose_with_claude(ticket)
    except STEP_FAILED as error:
        diagnosis = await diagnose_by_rule_table(ticket, because=type(error).__name__)

    if await needs_answers(ticket, diagnosis):
        await ask_questions(ticket, diagnosis)
        await publish(ticket, diagnosis=diagnosis)
        return "awaiting_answer"

    parts = await check_parts(ticket, diagnosis)
    quote = await price_repair(ticket, diagnosis, parts)
    technician = await assign_technician(ticket, diagnosis)
    await send_quote(ticket, quote)
    if technician is not None:
        await attempt(tell_bench(ticket))
    await publish(ticket, diagnosis=diagnosis, quote=quote)
    return "quoted"
