"""What Slack tells when a manager presses a button of a question: signed, and answered in place.

Source: docs.slack.dev, "Handling user interaction": 200 within three seconds; what the message is
to say then goes to the press's ``response_url``, as the body of that 200 isn't looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, get_args
from uuid import UUID

import structlog
from fastapi import APIRouter, BackgroundTasks, Header, Request, Response
from sqlmodel.ext.asyncio.session import AsyncSession

from connectors._http.errors import ConnectorError
from connectors._http.webhook import UnverifiedWebhookError
from connectors.slack.client import SlackClient
from connectors.slack.webhook import (
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    Interaction,
    read_interaction,
    verify,
)
from gateway.context import Context, InContext
from gateway.problems import ProblemError
from hotrod.approvals.decisions import Outcome, answer
from hotrod.approvals.models import Answer, Result, Via
from hotrod.approvals.store import read_ask
from hotrod.company.models import Company, Manager
from hotrod.db.columns import now
from hotrod.errors import NotFoundError
from hotrod.links import Choice
from hotrod.purchasing.models import SourcingRound
from hotrod.purchasing.words import price_in_words

DECLINED = "declined in Slack"
"""The reason of every no that comes by a button: buttons ask for none."""

INTERACTIONS = "/api/flow/slack/interactions"

log = structlog.get_logger()
router = APIRouter(tags=["slack"])


@dataclass(frozen=True)
class Reply:
    """What a press is answered: in place of the message, or beside it, seen by the person alone."""

    text: str
    replaces: bool


@router.post(
    INTERACTIONS,
    summary="Take a press of a button in Slack",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/x-www-form-urlencoded": {
                    "schema": {
                        "type": "object",
                        "required": ["payload"],
                        "properties": {
                            "payload": {"type": "string", "contentMediaType": "application/json"}
                        },
                    }
                }
            },
        }
    },
)
async def take_press(
    request: Request,
    context: InContext,
    after: BackgroundTasks,
    signature: Annotated[str, Header(alias=SIGNATURE_HEADER)] = "",
    timestamp: Annotated[str, Header(alias=TIMESTAMP_HEADER)] = "",
) -> Response:
    """Record a manager's answer by a button; a decline has the reason "declined in Slack".

    Only Slack is believed, by its signature; who pressed is a manager by the Slack id of the
    company file. Pressing again changes nothing.
    """
    secret = context.settings.slack.signing_secret
    if not secret.get_secret_value().strip():
        detail = "Slack isn't connected here. Set HOTROD_SLACK__SIGNING_SECRET."
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail)
    body = await request.body()
    try:
        verify(body, timestamp, signature, secret)
    except UnverifiedWebhookError as error:
        detail = f"{error.reason[:1].upper()}{error.reason[1:]}. {error.cure}"
        raise ProblemError(HTTPStatus.UNAUTHORIZED, detail) from None
    try:
        press = read_interaction(body)
    except ValueError:
        detail = "This is no press of a button in a message."
        raise ProblemError(HTTPStatus.BAD_REQUEST, detail) from None
    reply = await _reply(context, press)
    if reply is not None and press.response_url:
        after.add_task(_send, context.slack, press.response_url, reply)
    return Response()


async def _reply(context: Context, press: Interaction) -> Reply | None:
    """Do what a press asks for, and return what to answer; None: it asks for nothing."""
    action = press.actions[0]
    choice = next((one for one in get_args(Choice) if one == action.action_id), None)
    if choice is None:
        return None
    manager = _manager(context.company, press.user.id)
    if manager is None:
        words = (
            "You aren't a manager here: the company file names managers with their Slack ids; "
            f"yours is {press.user.id}."
        )
        return Reply(words, replaces=False)
    try:
        ask_id = UUID(action.value)
        async with context.database.transaction() as session:
            outcome = await _answer(session, context.company, ask_id, manager, choice)
            current = await session.get(SourcingRound, outcome.approval.subject_id)
    except (ValueError, NotFoundError):
        return Reply("This question isn't known any more.", replaces=False)
    return _told(outcome, manager, current)


async def _answer(
    session: AsyncSession, company: Company, ask_id: UUID, manager: Manager, choice: Choice
) -> Outcome:
    ask = await read_ask(session, ask_id)
    given = Answer(
        choice,
        Via.SLACK,
        reason=DECLINED if choice == "decline" else "",
        address=manager.slack,
    )
    return await answer(session, company, ask.approval_id, manager.key, given, now())


def _told(outcome: Outcome, manager: Manager, current: SourcingRound | None) -> Reply:
    about = f"{price_in_words(outcome.approval, current)} for: {outcome.approval.title}"
    match outcome.result:
        case Result.COUNTED:
            return Reply(f"*{outcome.words[:-1]}* by {manager.name}. {about}", replaces=True)
        case Result.FIRST_OF_TWO | Result.LATE:
            return Reply(f"{outcome.words} {about}", replaces=True)
        case _:
            return Reply(outcome.words, replaces=False)


def _manager(company: Company, slack_id: str) -> Manager | None:
    known = (manager for manager in company.managers if manager.slack == slack_id)
    return next(known, None) if slack_id else None


async def _send(slack: SlackClient, url: str, reply: Reply) -> None:
    """Tell the person; the answer counts even if Slack doesn't take this."""
    try:
        await slack.respond(url, reply.text, replaces=reply.replaces)
    except ConnectorError as error:
        log.warning("slack.unanswered", error=type(error).__name__)
