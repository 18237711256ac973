"""Steps that write to Slack."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from prefect import task

from connectors.slack.blocks import Block, Button, actions, plain, section
from hotrod.approvals.store import read_approval
from hotrod.durable.effects import harmless_to_repeat, perform
from hotrod.keys import slack_key
from hotrod.quoting.store import read_quote
from hotrod.repairs.store import TicketFile, read_ticket
from hotrod.staff.models import TechnicianRow
from hotrod.staff.store import technician
from tasks._policy import OUTWARD, REFUSED
from tasks._resources import resources

_LONGEST_SECTION = 3_000


@task(name="warn of danger", **OUTWARD)
async def warn_of_danger(ticket: str) -> None:
    """Warn the bench of a device that may hurt somebody."""
    file, _ = await _read(ticket)
    hazards = ", ".join(hazard.replace("_", " ") for hazard in file.ticket.dangers)
    text = f":warning: *{ticket}* {file.ticket.title} - danger: {hazards}. {_link(file)}"
    await _post("danger", file.ticket.id, resources().settings.slack.channel, text)


@task(name="tell bench", **OUTWARD)
async def tell_bench(ticket: str) -> None:
    """Tell the technician of a ticket that it is theirs."""
    file, person = await _read(ticket)
    review = " Please look at it first." if file.ticket.needs_review else ""
    text = f"*{ticket}* {file.ticket.title} is yours.{review} {_link(file)}"
    await _post("assigned", file.ticket.id, _channel(person), text)


@task(name="tell decision", **OUTWARD)
async def tell_decision(ticket: str, quote: UUID) -> None:
    """Tell the technician what the customer decided."""
    file, person = await _read(ticket)
    async with resources().database.transaction() as session:
        found = (await read_quote(session, quote)).quote
    text = f"*{ticket}* {file.ticket.title}: quote v{found.version} {found.state}. {_link(file)}"
    await _post("decided", quote, _channel(person), text)


@task(name="tell managers on Slack", **OUTWARD)
async def tell_managers_on_slack(approval: UUID) -> None:
    """Post the proposal to each manager who is asked, with buttons; where they have a Slack id."""
    kit = resources()
    async with kit.database.transaction() as session:
        asked = await read_approval(session, approval)
    question = asked.approval
    for ask in asked.asks:
        manager = kit.company.manager(ask.manager)
        if manager is None or not manager.slack:
            continue
        price = f"{question.amount:.2f} {question.currency}"
        lines = [f"*{price}* for parts, by {question.deadline_at:%F %H:%M} UTC:"]
        lines += [
            f"- {one.sku}: {one.quantity} x {one.unit_amount:.2f} of {plain(one.seller)}"
            for one in question.items
        ]
        lines.append(f"<{kit.links.approval_url(ask.id)}|Look at it>")
        buttons = actions(
            Button("approve", "Approve", str(ask.id), "primary", f"Buy for {price}?"),
            Button("decline", "Decline", str(ask.id), "danger", "Buy nothing of this?"),
        )
        blocks = [section("\n".join(lines)[:_LONGEST_SECTION]), buttons]
        await _post("approval", ask.id, manager.slack, f"Approve {price} for parts?", blocks)


async def _read(ticket: str) -> tuple[TicketFile, TechnicianRow | None]:
    async with resources().database.transaction() as session:
        file = await read_ticket(session, ticket)
        technician_id = file.ticket.technician_id
        return file, await technician(session, technician_id) if technician_id else None


def _channel(person: TechnicianRow | None) -> str:
    return person.slack if person and person.slack else resources().settings.slack.channel


def _link(file: TicketFile) -> str:
    return resources().links.view_url(file.ticket.id)


async def _post(
    kind: str,
    subject_id: UUID,
    channel: str,
    text: str,
    blocks: Sequence[Block] | None = None,
) -> None:
    """Post once; a note to ourselves of which nobody knows whether it was posted, once more."""
    slack = resources().slack
    if slack is None:
        return

    async def act() -> dict[str, str]:
        posted = await slack.post_message(channel, text, blocks)
        return {"channel": posted.channel, "ts": posted.ts}

    await perform(
        resources().database,
        slack_key(kind, subject_id),
        act,
        harmless_to_repeat,
        refused=REFUSED,
    )
