"""Quote decision: a customer approved or declined, and everybody concerned hears of it."""

from __future__ import annotations

from uuid import UUID

from prefect import flow

from flows._attempt import attempt
from flows.repair_intake import TicketNumber
from tasks.artifacts import label_run, publish
from tasks.mail import confirm_decision
from tasks.records import open_request
from tasks.slack import tell_decision


@flow(name="quote-decision", persist_result=True)
async def quote_decision(ticket: TicketNumber, quote: UUID) -> None:
    """Confirm a customer's decision by mail, and tell the technician on Slack.

    Started by the event ``quote.decided``; the decision itself is recorded by then.

    Args:
        ticket: Number of the ticket, e.g. NL-1042.
        quote: Id of the quote that was decided.
    """
    request = await open_request(ticket)
    await label_run(ticket, request)
    await confirm_decision(ticket, quote)
    await attempt(tell_decision(ticket, quote))
    await publish(ticket)
