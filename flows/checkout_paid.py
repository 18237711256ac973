"""A checkout is said to be paid: eBay is asked, and what it confirms is on order."""

from __future__ import annotations

from uuid import UUID

from prefect import flow

from hotrod.purchasing.payments import Payment
from tasks.checkouts import confirm_payment, look_again_later
from tasks.letters import tell_of_checkout


@flow(name="checkout-paid", persist_result=True)
async def checkout_paid(checkout: UUID, order: str, look: int = 1) -> str:
    """Believe eBay alone whether a checkout is paid; while it waits for the money, ask it again.

    Started by the event ``checkout.paid``. Returns what became of the payment: paid, pending,
    failed, refused or troubled; ops are told of the last three, and of one that never ends.

    Args:
        checkout: Id of the round whose checkout it is.
        order: Number of eBay's order, as it was told.
        look: How often eBay was asked, this time included.
    """
    payment = await confirm_payment(checkout, order, look)
    if payment == Payment.PAID:
        return payment.value
    if payment == Payment.PENDING and await look_again_later(checkout, order, look):
        return payment.value
    await tell_of_checkout(checkout, order)
    return payment.value
