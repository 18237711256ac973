"""Steps of eBay's checkouts: begun for a round, asked about once somebody has paid."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from uuid import UUID

from prefect import task
from prefect.runtime import flow_run

from connectors._http.errors import ServiceNotFoundError
from connectors.ebay.errors import NotForSaleError
from connectors.ebay.models import CheckoutSession, Item, PurchaseOrder
from connectors.ebay.orders import EbayOrders
from connectors.ebay.orders import Recipient as EbayRecipient
from hotrod.approvals.store import approvals_about, read_approval
from hotrod.company.models import Business
from hotrod.durable import inbox
from hotrod.durable.inbox import DuplicateDeliveryError, NewDelivery
from hotrod.errors import NotFoundError
from hotrod.purchasing.checkouts import (
    EVENT,
    as_many_as_fit,
    checkout_of,
    keep_checkout,
    pieces,
    planned_for_checkout,
    read_checkout,
)
from hotrod.purchasing.models import Checkout
from hotrod.purchasing.payments import EbayOrder, Payment, judge, refuse, wait_before
from hotrod.purchasing.rechecks import may_come_to
from hotrod.purchasing.store import ItemizedPurchase, proposal_of, purchases, read_round
from tasks._policy import OUTWARD
from tasks._resources import Resources, resources
from tasks._sources import COUNTRY


@task(name="begin checkout", **OUTWARD)
async def begin_checkout(sourcing_round: UUID) -> bool:
    """Begin eBay's checkout of a round, once, and tell whether there is one.

    Nothing is bought by it. What it can't hold is bought by the links: what eBay doesn't sell to
    guests, more than ten lines, and all of it when eBay asks for more than was approved, or when
    something of it was cancelled meanwhile.

    Raises:
        NotFoundError: the company file doesn't say who gets what the business buys.
    """
    kit = resources()
    async with kit.database.transaction() as session:
        if await checkout_of(session, sourcing_round) is not None:
            return True
        business = kit.company.business_of((await read_round(session, sourcing_round)).business_key)
        planned = await planned_for_checkout(session, sourcing_round)
    orders = kit.ebay_orders
    if orders is None or not planned:
        return False
    chosen = as_many_as_fit([one for one in planned if await _is_sold_to_guests(kit, one)])
    begun = await _begin(orders, chosen, _recipient(kit, business))
    if begun is None or not await _is_within_what_was_approved(kit, sourcing_round, begun, chosen):
        return False
    checkout = Checkout(
        round_id=sourcing_round,
        session_id=begun.checkout_session_id,
        signature=kit.seal.close(begun.security_signature.get_secret_value()),
        purchases=[str(one.purchase.id) for one in chosen],
        total=begun.pricing_summary.total.value,
        currency=begun.pricing_summary.total.currency,
    )
    async with kit.database.transaction() as session:
        return await keep_checkout(session, checkout) is not None


@task(name="confirm payment", **OUTWARD)
async def confirm_payment(checkout: UUID, order: str, look: int) -> Payment:  # noqa: ARG001 - each look anew
    """Ask eBay what an order is, and note what it holds as ordered when it is ours and paid."""
    kit = resources()
    if kit.ebay_orders is None:
        raise NotFoundError("leave to order at eBay", "HOTROD_EBAY__MAY_ORDER")
    try:
        known = _seen(await kit.ebay_orders.get_guest_purchase_order(order))
    except ServiceNotFoundError:
        known = None
    async with kit.database.transaction() as session:
        return await judge(session, checkout, order, known)


@task(name="look at payment again", **OUTWARD)
async def look_again_later(checkout: UUID, order: str, look: int) -> bool:
    """Let eBay be asked again after a while; False: it was asked often enough, and is no more."""
    rest = wait_before(look)
    kit = resources()
    async with kit.database.transaction() as session:
        if rest is None:
            known = await read_checkout(session, checkout, lock=True)
            refuse(session, known, order, f"eBay never said that its order {order} is paid.")
            return False
        current = await read_round(session, checkout)
    again = NewDelivery(
        source="checkout",
        delivery_id=f"after {flow_run.id}",
        body_hash="",
        event=EVENT,
        business_key=current.business_key,
        # A key of its own: behind this run it would not rest.
        ordering_key=f"checkout:{checkout}:{look}",
        title=f"eBay's order {order}, look {look + 1}",
        payload={"checkout": str(checkout), "order": order, "look": look + 1},
        rest=rest,
    )
    try:
        async with kit.database.transaction() as session:
            await inbox.accept(session, again)
    except DuplicateDeliveryError:
        pass  # an earlier try of this step
    return True


async def _is_sold_to_guests(kit: Resources, found: ItemizedPurchase) -> bool:
    if kit.ebay is None:
        return False
    for line in found.lines:
        try:
            item = await kit.ebay.get_item(line.reference)
        except ServiceNotFoundError:
            return False
        if not _may_be_checked_out(item):
            return False
    return True


def _may_be_checked_out(item: Item) -> bool:
    return item.enabled_for_guest_checkout and "FIXED_PRICE" in item.buying_options


async def _begin(
    orders: EbayOrders, chosen: list[ItemizedPurchase], recipient: EbayRecipient
) -> CheckoutSession | None:
    if not chosen:
        return None
    try:
        return await orders.initiate_guest_checkout(pieces(chosen), recipient)
    except NotForSaleError:
        return None


async def _is_within_what_was_approved(
    kit: Resources, sourcing_round: UUID, begun: CheckoutSession, chosen: list[ItemizedPurchase]
) -> bool:
    """Tell whether the round, with what eBay asks for its part, costs what managers agreed to."""
    asked = begun.pricing_summary.total
    if any(one.purchase.currency != asked.currency for one in chosen):
        return False
    held = {one.purchase.id for one in chosen}
    async with kit.database.transaction() as session:
        proposal = proposal_of(await read_round(session, sourcing_round))
        newest = (await approvals_about(session, sourcing_round))[-1]
        approval = await read_approval(session, newest.id)
        bought = await purchases(session, round_id=sourcing_round)
    beside = sum((one.total for one in bought if one.id not in held), Decimal(0))
    return may_come_to(proposal, approval, beside + asked.value, kit.company)


def _recipient(kit: Resources, business: Business) -> EbayRecipient:
    given = business.recipient
    if given is None:
        raise NotFoundError("recipient of parcels in the company file, of", business.key)
    return EbayRecipient(
        first_name=given.first_name,
        last_name=given.last_name,
        email=kit.company.ops_mailbox,
        phone=given.phone,
        address=given.street,
        city=given.city,
        country=COUNTRY,
        postal_code=given.postal_code,
        province=business.province,
    )


def _seen(order: PurchaseOrder) -> EbayOrder:
    counts = Counter[str]()
    for line in order.line_items:
        counts[line.item_id] += line.quantity
    return EbayOrder(
        id=order.purchase_order_id,
        pieces=dict(counts),
        payment=order.purchase_order_payment_status,
        created_at=order.purchase_order_creation_date,
    )
