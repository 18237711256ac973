"""Steps that write to managers, to ops, and to suppliers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from prefect import task

from hotrod.approvals.models import Approval, ApprovalAsk, ApprovalState, Result
from hotrod.approvals.store import AskedApproval, read_approval
from hotrod.company.models import Manager
from hotrod.db.columns import now
from hotrod.keys import mail_key
from hotrod.mail.office import (
    ApprovalClosedContext,
    ApprovalContext,
    CheckoutContext,
    NothingOfferedContext,
    OfficeContext,
    OrderedView,
    PieceView,
    PurchaseOrderContext,
    ToBuyContext,
    compose_office,
)
from hotrod.mail.rules import Address, sender_for
from hotrod.money import money
from hotrod.outside import outside_url
from hotrod.purchasing.checkouts import checkout_of, members, read_checkout
from hotrod.purchasing.models import Checkout, Method, Purchase, PurchaseState, SourcingRound
from hotrod.purchasing.store import ItemizedPurchase, read_purchase, read_round
from hotrod.purchasing.words import missing, price_in_words, unsearched
from hotrod.sourcing.words import price_words
from tasks._letters import Letter, UnwantedLetterError, always, send_once
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
        current = await session.get(SourcingRound, asked.approval.subject_id)
    question = asked.approval
    deciders = {
        one.manager for one in asked.answers if one.result in {Result.COUNTED, Result.FIRST_OF_TWO}
    }
    decider = kit.company.manager(asked.decision.manager) if asked.decision else None
    for ask in asked.asks:
        manager = kit.company.manager(ask.manager)
        if manager is None or ask.manager in deciders:
            continue
        context = ApprovalClosedContext(
            **_to(manager.name, question.business_key),
            title=question.title,
            price=price_in_words(question, current),
            state=question.standing(now()),
            decided_by=decider.name if decider else "",
            reason=question.reason,
        )
        await _write(manager.name, manager.email, ask.id, question.business_key, context)


@task(name="order by mail", **OUTWARD)
async def order_by_mail(purchase: UUID, address: str) -> bool:
    """Send an order to a supplier, once; False: it isn't sent, since nobody wants it any more."""
    kit = resources()
    async with kit.database.transaction() as session:
        found = await read_purchase(session, purchase)
    business = resources().company.business_of(found.purchase.business_key)
    context = PurchaseOrderContext(
        **_to(found.purchase.seller, found.purchase.business_key),
        number=found.purchase.number,
        lines=tuple(
            OrderedView(
                reference=line.reference,
                title=line.title,
                quantity=line.quantity,
                unit_price=""
                if line.unit_price is None
                else f"{price_words(line.unit_price)} {line.unit_currency}",
            )
            for line in found.lines
        ),
        goods="" if found.goods is None else money(*found.goods),
        ship_to=f"{business.brand.display_name}, {business.brand.address}",
        wanted_by=found.purchase.expected_on,
    )

    async def is_wanted() -> bool:
        async with kit.database.transaction() as session:
            return (await read_purchase(session, purchase)).purchase.state == PurchaseState.PLANNED

    try:
        seller = found.purchase.seller
        await _write(seller, address, purchase, business.key, context, is_wanted=is_wanted)
    except UnwantedLetterError:
        return False
    return True


@task(name="ask to buy", **OUTWARD)
async def ask_to_buy(purchase: UUID) -> None:
    """Ask ops to buy on the seller's page what was approved, and to tell the order's number.

    What was cancelled or bought meanwhile isn't asked for.
    """
    async with resources().database.transaction() as session:
        found = await read_purchase(session, purchase)
    if found.purchase.state == PurchaseState.TO_BUY:
        await _to_ops(found.purchase, pages=_pages(found))


@task(name="remind to buy", **OUTWARD)
async def remind_to_buy(purchase: UUID) -> None:
    """Remind ops of what they are to buy, once since they were last told."""
    kit = resources()
    async with kit.database.transaction() as session:
        found = await read_purchase(session, purchase)
    waiting = found.purchase
    if waiting.state == PurchaseState.TO_BUY:
        since = waiting.planned_at.astimezone(kit.company.zone).date()
        await _to_ops(waiting, pages=_pages(found), waits_since=since)


@task(name="ask to pay", **OUTWARD)
async def ask_to_pay(sourcing_round: UUID) -> None:
    """Ask ops to pay what a round buys at eBay, in one checkout; where there is none, nothing."""
    async with resources().database.transaction() as session:
        checkout = await checkout_of(session, sourcing_round)
    if checkout is not None and checkout.is_payable:
        await _about_checkout(checkout)


@task(name="tell of checkout", **OUTWARD)
async def tell_of_checkout(sourcing_round: UUID, order: str) -> None:
    """Tell ops what is wrong with an order that a checkout is said to have become."""
    async with resources().database.transaction() as session:
        checkout = await read_checkout(session, sourcing_round)
    if checkout.refusal:
        await _about_checkout(checkout, order)


@task(name="ask to pay bid", **OUTWARD)
async def ask_to_pay_bid(purchase: UUID) -> None:
    """Ask ops to pay what was won at auction."""
    async with resources().database.transaction() as session:
        found = await read_purchase(session, purchase)
    await _to_ops(found.purchase, is_won=True)


@task(name="tell that nothing is offered", **OUTWARD)
async def tell_nothing_offered(sourcing_round: UUID) -> None:
    """Tell ops which parts run low while nothing acceptable is offered, and why not."""
    kit = resources()
    async with kit.database.transaction() as session:
        current = await read_round(session, sourcing_round)
    context = NothingOfferedContext(
        **_to("", current.business_key),
        missing=missing(current),
        unsearched=unsearched(current),
    )
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
                stock_out_on=line.stock_out_on,
                picture=line.picture_url or None,
            )
            for line in question.items
        ),
        missing=missing(current),
        unsearched=unsearched(current),
        advice=current.advice,
        why_again=question.why_again,
        needs=question.needs,
        deadline_at=question.deadline_at,
        link=resources().links.approval_url(ask.id),
        is_reminder=is_reminder,
    )


def _has_answered(asked: AskedApproval, ask: ApprovalAsk) -> bool:
    return any(
        one.manager == ask.manager and one.result == Result.FIRST_OF_TWO for one in asked.answers
    )


def _pages(found: ItemizedPurchase) -> tuple[str, ...]:
    """Return where a purchase is bought; one in a checkout is paid on our page of it."""
    if found.purchase.method == Method.CHECKOUT:
        return ()
    return tuple(dict.fromkeys(url for line in found.lines if (url := outside_url(line.url))))


async def _to_ops(
    purchase: Purchase,
    *,
    pages: tuple[str, ...] = (),
    waits_since: date | None = None,
    late_since: date | None = None,
    is_won: bool = False,
) -> None:
    kit = resources()
    context = ToBuyContext(
        **_to("", purchase.business_key),
        number=purchase.number,
        seller=purchase.seller,
        price=money(purchase.total, purchase.currency),
        link=kit.links.purchase_url(purchase.id),
        pages=pages,
        waits_since=waits_since,
        late_since=late_since,
        is_won=is_won,
    )
    kind = "reminder" if waits_since else "late" if late_since else "won" * is_won
    subject = uuid5(purchase.id, f"{purchase.late_told_at}") if waits_since else purchase.id
    await _write(
        kit.company.name, kit.company.ops_mailbox, subject, purchase.business_key, context, kind
    )


async def _about_checkout(checkout: Checkout, order: str = "") -> None:
    kit = resources()
    async with kit.database.transaction() as session:
        held = [one.purchase for one in await members(session, checkout)]
    context = CheckoutContext(
        **_to("", held[0].business_key),
        numbers=tuple(one.number for one in held),
        price=money(checkout.total, checkout.currency),
        link=kit.links.purchase_url(held[0].id),
        trouble=checkout.refusal if order else "",
    )
    subject = (
        uuid5(checkout.round_id, f"{order}: {checkout.refusal}") if order else checkout.round_id
    )
    kind = "trouble" if order else ""
    await _write(
        kit.company.name, kit.company.ops_mailbox, subject, held[0].business_key, context, kind
    )


async def _write(
    name: str,
    email: str,
    subject_id: UUID,
    business_key: str,
    context: OfficeContext,
    kind: str = "",
    is_wanted: Callable[[], Awaitable[bool]] = always,
) -> None:
    """Send a mail of its kind about a subject, once."""
    business = resources().company.business_of(business_key)
    reminder = "reminder" if getattr(context, "is_reminder", False) else kind
    full_kind = "_".join(filter(None, (context.template, reminder)))
    letter = Letter(
        key=mail_key(full_kind, subject_id),
        kind=full_kind,
        sender=sender_for(business, ""),
        recipient=Address(name, email),
        reply_to=resources().company.ops_mailbox,
    )
    await send_once(letter, lambda: compose_office(context), is_wanted)


def _to(name: str, business_key: str) -> dict[str, Any]:
    """Return what every mail holds; see ``OfficeContext``."""
    kit = resources()
    return {
        "brand": resources().company.business_of(business_key).brand,
        "zone": kit.company.zone,
        "person_name": name,
        "reply_address": kit.company.ops_mailbox,
    }
