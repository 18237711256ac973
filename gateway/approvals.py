"""The page on which a manager answers a question: from the mail, or from Slack, by a signed link.

A GET never acts. What a link may do is decided by the state of its question, so it decides once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlmodel.ext.asyncio.session import AsyncSession

from gateway import html
from gateway.auth import address_of
from gateway.checkouts import Payable, payable
from gateway.context import Context, InContext
from hotrod.approvals.decisions import Outcome, answer
from hotrod.approvals.models import (
    Answer,
    Approval,
    ApprovalAnswer,
    ApprovalAsk,
    ApprovalState,
    Line,
    Result,
    Via,
)
from hotrod.approvals.rules import written_quantity
from hotrod.approvals.store import AskedApproval, newest_of, read_approval, read_ask
from hotrod.company.models import Business, Company
from hotrod.db.columns import now
from hotrod.errors import InvalidInputError, LinkError, NotFoundError
from hotrod.links import Choice
from hotrod.money import money
from hotrod.purchasing.checkouts import checkout_of, is_said_to_be_paid
from hotrod.purchasing.models import Purchase, PurchaseState, RoundState, SourcingRound
from hotrod.purchasing.store import purchases
from hotrod.purchasing.words import approved_amount, proposal_behind
from hotrod.replenishment.models import Need
from hotrod.sourcing.models import Offer, Proposal, Score
from hotrod.sourcing.reductions import numbered, scores_by_line

router = APIRouter(include_in_schema=False, route_class=html.PageRoute)

_QUANTITY = "quantities."
_STATUS = {
    Result.LATE: HTTPStatus.CONFLICT,
    Result.NOT_ALLOWED: HTTPStatus.FORBIDDEN,
    Result.INVALID: HTTPStatus.UNPROCESSABLE_ENTITY,
}


@dataclass(frozen=True)
class Filled:
    """A form as it was sent: what stands in its fields, and what is wrong with them, by name."""

    quantities: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    wrong: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Aftermath:
    """What becomes of a question that is decided; ``newer``: the one that is asked instead."""

    newer: Approval | None = None
    newer_link: str = ""
    purchases: Sequence[BoughtView] = ()
    payable: Payable | None = None
    is_confirmed_soon: bool = False


@dataclass(frozen=True)
class BoughtView:
    """A purchase, its own page, and whether eBay is asked if it is paid."""

    purchase: Purchase
    link: str
    is_said_to_be_paid: bool = False


@dataclass(frozen=True)
class ApprovalPage:
    """What a manager's page of a question shows."""

    asked: AskedApproval
    ask: ApprovalAsk
    business: Business
    company: Company
    sourcing: SourcingRound | None
    aftermath: Aftermath = Aftermath()

    @property
    def approval(self) -> Approval:
        """The question itself."""
        return self.asked.approval

    @property
    def first_yes(self) -> ApprovalAnswer | None:
        """The yes that a second person is to join."""
        return self.asked.last(Result.FIRST_OF_TWO)

    @property
    def decision(self) -> ApprovalAnswer | None:
        """The answer that decided; None: there is none yet, or the deadline decided."""
        return self.asked.decision

    @property
    def is_mine(self) -> bool:
        """Whether the yes that waits for a second one is of this page's person."""
        return self.first_yes is not None and self.first_yes.manager == self.ask.manager

    @property
    def others(self) -> list[str]:
        """Names of the others who were asked."""
        return [
            self.name(one.manager) for one in self.asked.asks if one.manager != self.ask.manager
        ]

    @property
    def proposal(self) -> Proposal | None:
        """The offers behind the question; None: it isn't about parts, or they are gone by now."""
        return proposal_behind(self.approval, self.sourcing)

    @property
    def needs(self) -> dict[str, Need]:
        """Why each part is needed, by SKU."""
        found = map(Need.model_validate, self.sourcing.needs if self.sourcing else ())
        return {need.wanted.sku: need for need in found}

    @property
    def offers(self) -> dict[str, Offer]:
        """The offer of each line, by the line's id."""
        if self.proposal is None:
            return {}
        skus = {line.id: line.sku for line in self.approval.items}
        return {
            number: line.offer
            for number, line in numbered(self.proposal).items()
            if skus.get(number) == line.sku
        }

    @property
    def scores(self) -> dict[str, Score]:
        """What the rules say of each line's offer, by the line's id, where that is known."""
        return scores_by_line(self.proposal) if self.proposal else {}

    @property
    def by_seller(self) -> dict[str, list[Line]]:
        """The lines of the question, by who sells."""
        sellers: dict[str, list[Line]] = {}
        for line in self.approval.items:
            sellers.setdefault(line.seller, []).append(line)
        return sellers

    @property
    def approved_amount(self) -> str:
        """What the approved pieces were said to cost; empty where that isn't known any more."""
        amount = approved_amount(self.approval, self.sourcing)
        return "" if amount is None else money(amount, self.approval.currency)

    @property
    def changes_soon(self) -> bool:
        """Whether more will be known of an approved question in a moment."""
        after = self.aftermath
        if self.approval.state != ApprovalState.APPROVED or after.newer or after.payable:
            return False
        is_checked = self.sourcing is not None and self.sourcing.state == RoundState.PROPOSED
        is_placed = any(one.purchase.state == PurchaseState.PLANNED for one in after.purchases)
        return is_checked or is_placed or after.is_confirmed_soon

    def is_open(self, at: datetime) -> bool:
        """Tell whether it can still be answered."""
        return self.approval.state == ApprovalState.OPEN and at <= self.approval.deadline_at

    def name(self, manager_key: str) -> str:
        """Return a manager's name; the key, of one who left."""
        manager = self.company.manager(manager_key)
        return manager.name if manager else manager_key


@router.get("/a/{token}")
async def question_page(
    token: str, context: InContext, look: Annotated[int, Query(ge=0)] = 0
) -> HTMLResponse:
    """Show a manager the question, or how it was decided; nothing happens by it."""
    try:
        ask_id = context.signer.read("approval", token)
        async with context.database.transaction() as session:
            page = await _page(session, context, ask_id)
    except (LinkError, NotFoundError):
        return html.no_such_link()
    return _render(context, page, look=look)


@router.post("/a/{token}")
async def record_answer(
    token: str,
    request: Request,
    context: InContext,
    choice: Annotated[Choice, Form()],
    # Longer ones are refused by the rules, and so kept in the audit.
    reason: Annotated[str, Form(max_length=10_000)] = "",
) -> Response:
    """Record a manager's answer, and show what came of it."""
    filled = Filled(await _quantities(request), reason.replace("\r\n", "\n"))
    try:
        ask_id = context.signer.read("approval", token)
        async with context.database.transaction() as session:
            page = await _page(session, context, ask_id)
            wanted = {line: written_quantity(text) for line, text in filled.quantities.items()}
            quantities = {line: pieces for line, pieces in wanted.items() if pieces is not None}
            if quantities != wanted:
                return _asked_again(context, page, filled)
            given = Answer(
                choice,
                Via.LINK,
                quantities=quantities,
                reason=filled.reason,
                address=address_of(request),
            )
            outcome = await answer(
                session, context.company, page.approval.id, page.ask.manager, given, now()
            )
        async with context.database.transaction() as session:
            page = await _page(session, context, ask_id)
    except (LinkError, NotFoundError):
        return html.no_such_link()
    return _told(context, page, filled, outcome)


def _told(context: Context, page: ApprovalPage, filled: Filled, outcome: Outcome) -> Response:
    status = _STATUS.get(outcome.result)
    if status is None:
        url = context.links.approval_url(page.ask.id)
        return RedirectResponse(url, HTTPStatus.SEE_OTHER, html.HEADERS)
    if outcome.wrong is not None:
        return _asked_again(context, page, filled, outcome.wrong)
    if outcome.result is Result.NOT_ALLOWED:
        return html.refusal("You can't decide this", outcome.words, status)
    return _render(context, page, status)


def _asked_again(
    context: Context, page: ApprovalPage, filled: Filled, error: InvalidInputError | None = None
) -> HTMLResponse:
    """Show the form as it was sent, with all that is wrong marked."""
    wrong = _out_of_range(page.approval, filled)
    if error is not None:
        wrong[error.field] = f"{error.reason[:1].upper()}{error.reason[1:]} {error.cure}"
    again = Filled(filled.quantities, filled.reason, wrong)
    return _render(context, page, HTTPStatus.UNPROCESSABLE_ENTITY, again)


async def _quantities(request: Request) -> dict[str, str]:
    """Return what was written into the fields of quantities, by line."""
    form = await request.form()
    return {
        name.removeprefix(_QUANTITY): value.strip()
        for name, value in form.items()
        if name.startswith(_QUANTITY) and isinstance(value, str)
    }


def _out_of_range(approval: Approval, filled: Filled) -> dict[str, str]:
    """Return what is wrong with the quantities of lines, by field."""
    given = filled.quantities
    return {
        f"{_QUANTITY}{line.id}": f"Give a whole number from 0 to {line.quantity}."
        for line in approval.items
        if line.id in given and written_quantity(given[line.id]) not in range(line.quantity + 1)
    }


async def _page(session: AsyncSession, context: Context, ask_id: UUID) -> ApprovalPage:
    """Gather what a manager's page shows.

    Raises:
        NotFoundError: there is no such question, or its business is gone.
    """
    ask = await read_ask(session, ask_id)
    asked = await read_approval(session, ask.approval_id)
    business = context.company.business_of(asked.approval.business_key)
    sourcing = await session.get(SourcingRound, asked.approval.subject_id)
    after = await _aftermath(session, context, asked.approval, ask.manager)
    return ApprovalPage(asked, ask, business, context.company, sourcing, after)


async def _aftermath(
    session: AsyncSession, context: Context, approval: Approval, manager: str
) -> Aftermath:
    if approval.state != ApprovalState.APPROVED:
        return Aftermath()
    newest = await newest_of(session, approval)
    if newest.approval.id != approval.id:
        mine = (one.id for one in newest.asks if one.manager == manager)
        link = next((context.links.approval_url(ask_id) for ask_id in mine), "")
        return Aftermath(newer=newest.approval, newer_link=link)
    bought = await purchases(session, round_id=approval.subject_id)
    checkout = await checkout_of(session, approval.subject_id)
    return Aftermath(
        purchases=[
            BoughtView(
                one, context.links.purchase_url(one.id), await is_said_to_be_paid(session, one)
            )
            for one in bought
        ],
        payable=await payable(session, context, checkout),
        is_confirmed_soon=checkout is not None and checkout.is_confirmed_soon,
    )


def _render(
    context: Context,
    page: ApprovalPage,
    status: HTTPStatus = HTTPStatus.OK,
    filled: Filled | None = None,
    look: int = 0,
) -> HTMLResponse:
    template = "approval.html" if page.is_open(now()) else "approval_closed.html"
    return html.page(
        template,
        status,
        html.HEADERS if page.aftermath.payable is None else page.aftermath.payable.headers,
        zone=context.company.zone,
        reask_percent=context.company.approvals.reask_percent,
        least_points=context.company.sourcing.least_points,
        page=page,
        filled=filled or Filled(),
        look=look,
    )
