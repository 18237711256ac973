"""Steps of eBay's checkouts: begun for a round, asked about once somebody has paid."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from prefect import task
from prefect.runtime import flow_run

from connectors._http.errors import ServiceNotFoundError
from connectors.ebay.errors import NotForSaleError
from connectors.ebay.models import CheckoutSession, Item, PurchaseOrder
from connectors.ebay.orders import EbayOrders
from connectors.ebay.orders import Recipient as EbayRecipient
from hotrod.company.models import Business
from hotrod.db.columns import now
from hotrod.durable import inbox
from hotrod.durable.inbox import DuplicateDeliveryError, NewDelivery
from hotrod.errors import NotFoundError
from hotrod.purchasing.checkouts import (
    EVENT,
    as_many_as_fit,
    keep_draft,
    pieces_of,
    read_checkout,
)
from hotrod.purchasing.models import Checkout
from hotrod.purchasing.payments import EbayOrder, Payment, judge, refuse, wait_before
from hotrod.purchasing.rounds import is_to_be_bought, recheck_round
from hotrod.purchasing.store import proposal_of, read_round
from hotrod.sourcing.models import ProposedOrder
from tasks._policy import OUTWARD, SOON
from tasks._resources import Resources, resources
from tasks._sources import COUNTRY
from tasks.offers import SOURCE


@task(name="begin checkout", cache_expiration=SOON, **OUTWARD)
async def begin_checkout(sourcing_round: UUID, approval: UUID) -> bool:
    """Begin eBay's checkout of what was approved, and tell whether there is one.

    Nothing is bought by it, and nobody sees it yet: what eBay asks decides whether managers are
    asked again. What it can't hold is bought by the links: what eBay doesn't sell to guests, and
    more than ten lines.

    Raises:
        NotFoundError: the company file doesn't say who gets what the business buys.
    """
    kit = resources()
    async with kit.database.transaction() as session:
        current = await read_round(session, sourcing_round)
        if not await is_to_be_bought(session, current, approval):
            return False
        await keep_draft(session, sourcing_round, None)
        checked = await recheck_round(session, kit.company, current, approval, now())
        currency = proposal_of(current).currency
    at_ebay = [one for one in checked.orders if one.source == SOURCE and not one.is_bid]
    if kit.ebay_orders is None or not at_ebay:
        return False
    chosen = as_many_as_fit([one for one in at_ebay if await _is_sold_to_guests(kit, one)])
    recipient = _recipient(kit, kit.company.business_of(current.business_key))
    begun = await _begin(kit.ebay_orders, chosen, recipient)
    if begun is None or begun.pricing_summary.total.currency != currency:
        return False
    draft = Checkout(
        round_id=sourcing_round,
        session_id=begun.checkout_session_id,
        signature=kit.seal.close(begun.security_signature.get_secret_value()),
        items=pieces_of(chosen),
        total=begun.pricing_summary.total.value,
        currency=currency,
    )
    async with kit.database.transaction() as session:
        await keep_draft(session, sourcing_round, draft)
    return True


@task(name="confirm payment", **OUTWARD)
async def confirm_payment(checkout: UUID, order: str, look: int) -> Payment:
    """Ask eBay what an order is, and note what it holds as ordered when it is ours and paid.

    An order that eBay doesn't know is asked for once more, and so are all while it can't be asked,
    since HOTROD_EBAY__MAY_ORDER isn't set.
    """
    kit = resources()
    if kit.ebay_orders is None:
        return Payment.PENDING
    try:
        known = _seen(await kit.ebay_orders.get_guest_purchase_order(order))
    except ServiceNotFoundError:
        if look == 1:
            return Payment.PENDING
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
            await refuse(session, known, order, f"eBay never said that its order {order} is paid.")
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


async def _is_sold_to_guests(kit: Resources, order: ProposedOrder) -> bool:
    if kit.ebay is None:
        return False
    for line in order.lines:
        try:
            item = await kit.ebay.get_item(line.offer.reference)
        except ServiceNotFoundError:
            return False
        if not _may_be_checked_out(item):
            return False
    return True


def _may_be_checked_out(item: Item) -> bool:
    return item.enabled_for_guest_checkout and "FIXED_PRICE" in item.buying_options


async def _begin(
    orders: EbayOrders, chosen: list[ProposedOrder], recipient: EbayRecipient
) -> CheckoutSession | None:
    if not chosen:
        return None
    try:
        return await orders.initiate_guest_checkout(pieces_of(chosen), recipient)
    except NotForSaleError:
        return None


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
