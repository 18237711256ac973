"""Steps that write to managers, to ops, and to suppliers."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from prefect import task

from hotrod.approvals.models import Approval, ApprovalAsk, ApprovalState, Result
from hotrod.approvals.store import AskedApproval, read_approval
from hotrod.company.models import Business, Manager
from hotrod.errors import NotFoundError
from hotrod.keys import mail_key
from hotrod.mail.office import (
    ApprovalClosedContext,
    ApprovalContext,
    NothingOfferedContext,
    OfficeContext,
    OrderedView,
    PieceView,
    PurchaseOrderContext,
    ToBuyContext,
    compose_office,
)
from hotrod.mail.rules import Address, sender_for
from hotrod.mail.wording import money
from hotrod.purchasing.models import Purchase, SourcingRound
from hotrod.purchasing.store import proposal_of, read_purchase, read_round
from tasks._letters import Letter, send_once
from tasks._policy import OUTWARD
from tasks._resources import resources


@task(name="tell managers", **OUTWARD)
async def tell_managers(approval: UUID) -> None:
    """Send each manager who is asked the proposal, with a link of their own."""
    await _ask_by_mail(approval, is_reminder=False)


@task(name="remind managers", **OUTWARD)
async def remind_managers(approval: UUID) -> None:
    """Remind the managers who haven't answered, once."""
    await _ask_by_mail(approval, is_reminder=True)


@task(name="tell other managers", **OUTWARD)
async def tell_other_managers(approval: UUID) -> None:
    """Tell those who were asked how it was decided, but for those who decided it."""
    kit = resources()
    async with kit.database.transaction() as session:
        asked = await read_approval(session, approval)
    question = asked.approval
    deciders = {
        one.manager for one in asked.answers if one.result in {Result.COUNTED, Result.FIRST_OF_TWO}
    }
    last = next((one for one in reversed(asked.answers) if one.result == Result.COUNTED), None)
    for ask in asked.asks:
        manager = kit.company.manager(ask.manager)
        if manager is None or ask.manager in deciders:
            continue
        decider = kit.company.manager(last.manager) if last else None
        context = ApprovalClosedContext(
            **_to(manager.name, question.business_key),
            title=question.title,
            price=money(question.amount, question.currency),
            state=question.state,
            decided_by=decider.name if decider else "",
            reason=question.reason,
        )
        await _write(manager.name, manager.email, ask.id, question.business_key, context)


@task(name="order by mail", **OUTWARD)
async def order_by_mail(purchase: UUID, address: str) -> None:
    """Send an order to a supplier, once."""
    kit = resources()
    async with kit.database.transaction() as session:
        found = await read_purchase(session, purchase)
    business = _business(found.purchase.business_key)
    context = PurchaseOrderContext(
        **_to(found.purchase.seller, found.purchase.business_key),
        number=found.purchase.number,
        lines=tuple(
            OrderedView(reference=line.reference, title=line.title, quantity=line.quantity)
            for line in found.lines
        ),
        ship_to=f"{business.brand.display_name}, {business.brand.address}",
        wanted_by=found.purchase.expected_on,
    )
    await _write(found.purchase.seller, address, purchase, business.key, context)


@task(name="ask to buy", **OUTWARD)
async def ask_to_buy(purchase: UUID) -> None:
    """Ask ops to buy on the seller's page what was approved, and to tell the order's number."""
    async with resources().database.transaction() as session:
        found = await read_purchase(session, purchase)
    await _to_ops(found.purchase)


@task(name="tell that nothing is offered", **OUTWARD)
async def tell_nothing_offered(sourcing_round: UUID) -> None:
    """Tell ops which parts run low while nothing acceptable is offered, and why not."""
    kit = resources()
    async with kit.database.transaction() as session:
        current = await read_round(session, sourcing_round)
    context = NothingOfferedContext(**_to("", current.business_key), missing=_missing(current))
    await _write(
        kit.company.name, kit.company.ops_mailbox, sourcing_round, current.business_key, context
    )


@task(name="tell of late order", **OUTWARD)
async def tell_late(purchase: UUID) -> None:
    """Tell ops that an order hasn't come by its day."""
    async with resources().database.transaction() as session:
        found = await read_purchase(session, purchase)
    await _to_ops(found.purchase, late_since=found.purchase.expected_on)


async def _ask_by_mail(approval: UUID, *, is_reminder: bool) -> None:
    kit = resources()
    async with kit.database.transaction() as session:
        asked = await read_approval(session, approval)
        current = await read_round(session, asked.approval.subject_id)
    if asked.approval.state != ApprovalState.OPEN:
        return
    for ask in asked.asks:
        manager = kit.company.manager(ask.manager)
        if manager is not None and not (is_reminder and _has_answered(asked, ask)):
            context = _approval(asked.approval, current, ask, manager, is_reminder=is_reminder)
            await _write(manager.name, manager.email, ask.id, asked.approval.business_key, context)


def _approval(
    question: Approval,
    current: SourcingRound,
    ask: ApprovalAsk,
    manager: Manager,
    *,
    is_reminder: bool,
) -> ApprovalContext:
    why = {need["wanted"]["sku"]: need["reason"] for need in current.needs}
    return ApprovalContext(
        **_to(manager.name, question.business_key),
        amount=question.amount,
        currency=question.currency,
        lines=tuple(
            PieceView(
                sku=line.sku,
                words=line.words,
                seller=line.seller,
                quantity=line.quantity,
                unit_amount=line.unit_amount,
                why=why.get(line.sku, ""),
            )
            for line in question.items
        ),
        missing=_missing(current),
        advice=current.advice,
        needs=question.needs,
        deadline_at=question.deadline_at,
        link=resources().links.approval_url(ask.id),
        is_reminder=is_reminder,
    )


def _missing(current: SourcingRound) -> tuple[str, ...]:
    rows = proposal_of(current).missing
    return tuple(f"{row.quantity} of {row.sku} can't be bought: {row.why}" for row in rows)


def _has_answered(asked: AskedApproval, ask: ApprovalAsk) -> bool:
    return any(
        one.manager == ask.manager and one.result == Result.FIRST_OF_TWO for one in asked.answers
    )


async def _to_ops(purchase: Purchase, late_since: date | None = None) -> None:
    kit = resources()
    context = ToBuyContext(
        **_to("", purchase.business_key),
        number=purchase.number,
        seller=purchase.seller,
        price=money(purchase.total, purchase.currency),
        link=kit.links.purchase_url(purchase.id),
        late_since=late_since,
    )
    kind = "late" if late_since else ""
    await _write(
        kit.company.name, kit.company.ops_mailbox, purchase.id, purchase.business_key, context, kind
    )


async def _write(
    name: str,
    email: str,
    subject_id: UUID,
    business_key: str,
    context: OfficeContext,
    kind: str = "",
) -> None:
    """Send a mail of its kind about a subject, once."""
    business = _business(business_key)
    reminder = "reminder" if getattr(context, "is_reminder", False) else kind
    full_kind = "_".join(filter(None, (context.template, reminder)))
    letter = Letter(
        key=mail_key(full_kind, subject_id),
        kind=full_kind,
        sender=sender_for(business, ""),
        recipient=Address(name, email),
        reply_to=resources().company.ops_mailbox,
    )
    await send_once(letter, lambda: compose_office(context))


def _to(name: str, business_key: str) -> dict[str, Any]:
    """Return what every mail holds; see ``OfficeContext``."""
    kit = resources()
    return {
        "brand": _business(business_key).brand,
        "zone": kit.company.zone,
        "person_name": name,
        "reply_address": kit.company.ops_mailbox,
    }


def _business(key: str) -> Business:
    business = resources().company.business(key)
    if business is None:
        raise NotFoundError("business in the company file", key)
    return business
