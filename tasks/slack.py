"""Steps that write to Slack."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from prefect import task

from connectors._http.errors import ConnectorError
from hotrod.durable.effects import Found, perform
from hotrod.keys import slack_key
from hotrod.quoting.store import read_quote
from hotrod.repairs.store import TicketFile, read_ticket
from hotrod.staff.models import TechnicianRow
from hotrod.staff.store import technician
from tasks._policy import OUTWARD, REFUSED
from tasks._resources import resources


@task(name="warn of danger", **OUTWARD)
async def warn_of_danger(ticket: str) -> None:
    """Warn the bench of a device that may hurt somebody."""
    file, _ = await _read(ticket)
    hazards = ", ".join(hazard.replace("_", " ") for hazard in file.ticket.dangers)
    text = f":warning: *{ticket}* {file.ticket.title} - danger: {hazards}. {_link(file)}"
    await _post("danger", file.ticket.id, resources().settings.slack.channel, text)


async def tell_of_failure(ticket: str) -> None:
    """Tell the bench that a ticket's run failed; a Slack that is away is passed over."""
    file, _ = await _read(ticket)
    text = f":x: *{ticket}* {file.ticket.title}: its run failed, please look. {_link(file)}"
    with suppress(ConnectorError):
        channel = resources().settings.slack.channel
        await _post("failed", file.ticket.run_id or file.ticket.id, channel, text)


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


async def _read(ticket: str) -> tuple[TicketFile, TechnicianRow | None]:
    async with resources().database.transaction() as session:
        file = await read_ticket(session, ticket)
        technician_id = file.ticket.technician_id
        return file, await technician(session, technician_id) if technician_id else None


def _channel(person: TechnicianRow | None) -> str:
    return person.slack if person and person.slack else resources().settings.slack.channel


def _link(file: TicketFile) -> str:
    return resources().links.view_url(file.ticket.id)


async def _post(kind: str, subject_id: UUID, channel: str, text: str) -> None:
    """Post once. A note to ourselves is harmless to repeat, so an unknown outcome is repeated."""
    slack = resources().slack
    if slack is None:
        return

    async def act() -> dict[str, str]:
        posted = await slack.post_message(channel, text)
        return {"channel": posted.channel, "ts": posted.ts}

    async def look_up() -> Found:
        return Found.NOT_DONE

    key = slack_key(kind, subject_id)
    await perform(resources().database, key, act, look_up, refused=REFUSED)
