"""Steps that write to Slack."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from itertools import accumulate
from typing import Any
from uuid import UUID

from prefect import task

from connectors._http.errors import ServiceNotFoundError
from connectors.slack.blocks import Block, Button, actions, plain, section
from connectors.slack.client import SlackClient
from connectors.slack.models import PostedMessage
from hotrod.approvals.models import NOT_DECIDED, ApprovalState, Line
from hotrod.approvals.store import AskedApproval, read_approval
from hotrod.db.columns import now
from hotrod.durable.effects import harmless_to_repeat, outcome_of, perform
from hotrod.keys import slack_key
from hotrod.money import money
from hotrod.purchasing.models import SourcingRound
from hotrod.purchasing.words import price_in_words, unsearched
from hotrod.quoting.store import read_quote
from hotrod.repairs.store import TicketFile, read_ticket
from hotrod.staff.models import TechnicianRow
from hotrod.staff.store import technician
from tasks._policy import OUTWARD, REFUSED
from tasks._resources import resources

_ASKED = "approval"
_LONGEST_LINES = 2_950
"""Characters of a section, of which Slack takes 3,000, but for how many lines are left out."""


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
    asked = await _read_question(approval)
    question = asked.approval
    async with kit.database.transaction() as session:
        current = await session.get(SourcingRound, question.subject_id)
    for ask in asked.asks if question.state == ApprovalState.OPEN else ():
        manager = kit.company.manager(ask.manager)
        if manager is None or not manager.slack:
            continue
        price = money(question.amount, question.currency)
        lines = [
            f"*{price}* for parts, by {question.deadline_at:%F %H:%M} UTC:",
            f"<{kit.links.approval_url(ask.id)}|Look at it>",
            *([f":warning: {plain(question.why_again)}"] if question.why_again else []),
            *(f":warning: {plain(words)}" for words in (unsearched(current) if current else ())),
            *map(_line, question.items),
        ]
        buttons = actions(
            Button("approve", "Approve", str(ask.id), "primary", f"Buy for {price}?"),
            Button("decline", "Decline", str(ask.id), "danger", "Buy nothing of this?"),
        )
        blocks = [section(_fitting(lines)), buttons]
        await _post(_ASKED, ask.id, manager.slack, f"Approve {price} for parts?", blocks)
    # Decided while this was posted: who closed the messages may not have seen the last ones.
    await _close(await _read_question(approval))


@task(name="close question on Slack", **OUTWARD)
async def close_question_on_slack(approval: UUID) -> None:
    """Put how a question was decided in place of its buttons, in every message that asked it."""
    await _close(await _read_question(approval))


async def _read_question(approval: UUID) -> AskedApproval:
    async with resources().database.transaction() as session:
        return await read_approval(session, approval)


async def _close(asked: AskedApproval) -> None:
    kit = resources()
    if kit.slack is None or asked.approval.state == ApprovalState.OPEN:
        return
    async with kit.database.transaction() as session:
        current = await session.get(SourcingRound, asked.approval.subject_id)
    words = _how_decided(asked, current)
    for ask in asked.asks:
        async with kit.database.transaction() as session:
            posted = await outcome_of(session, slack_key(_ASKED, ask.id))
        if "ts" in posted:
            change = partial(_change, kit.slack, PostedMessage(**posted), words)
            key = slack_key("approval_closed", ask.id)
            await perform(kit.database, key, change, harmless_to_repeat, refused=REFUSED)


async def _change(slack: SlackClient, message: PostedMessage, words: str) -> dict[str, Any]:
    with suppress(ServiceNotFoundError):  # somebody has deleted it, and its buttons
        await slack.update_message(message, words)
    return {}


def _fitting(lines: Sequence[str]) -> str:
    """Return as many whole lines as a section takes, and how many more there are."""
    ends = accumulate(len(line) + 1 for line in lines)
    kept = [line for line, end in zip(lines, ends, strict=True) if end <= _LONGEST_LINES]
    more = len(lines) - len(kept)
    return "\n".join([*kept, f"and {more} more"] if more else kept)


def _line(line: Line) -> str:
    words = f"- {line.sku}: {line.figures} of {plain(line.seller)}"
    until = f", out of stock on {line.stock_out_on}" if line.stock_out_on else ""
    picture = f" (<{plain(line.picture_url)}|picture>)" if line.picture_url else ""
    return words + until + picture


def _how_decided(asked: AskedApproval, current: SourcingRound | None) -> str:
    question, decision = asked.approval, asked.decision
    about = f"{price_in_words(question, current)} for: {plain(question.title)}"
    if decision is None:
        standing = question.standing(now())
        is_late = standing == NOT_DECIDED
        why = "it isn't bought" if is_late else question.reason or "no answer counts"
        return f"*{standing.capitalize()}*: {why}. {about}"
    manager = resources().company.manager(decision.manager)
    name = plain(manager.name if manager else decision.manager)
    reason = f"\n{plain(question.reason)}" if question.reason else ""
    return f"*{question.state.capitalize()}* by {name}. {about}{reason}"


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
