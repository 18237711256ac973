"""Steps of buying: an order is placed, or handed to a person; late ones are noticed."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from prefect import task

from hotrod.db.columns import now
from hotrod.errors import HotrodError, NotFoundError
from hotrod.purchasing.abandoned import end_abandoned
from hotrod.purchasing.buying import hand_over, is_late, note_mailed, note_received
from hotrod.purchasing.buying import note_late as note_late_one
from hotrod.purchasing.models import Method, PurchaseState
from hotrod.purchasing.reminders import note_reminded, purchases_to_remind
from hotrod.purchasing.store import purchases, read_purchase
from hotrod.suppliers.models import OrderBy
from hotrod.suppliers.store import suppliers
from tasks._policy import RECORD
from tasks._resources import resources


@dataclass(frozen=True)
class Placing:
    """How a purchase is placed; ``address`` is where the order is mailed to."""

    purchase: UUID
    method: Method
    address: str = ""


@task(name="choose placing", **RECORD)
async def choose_placing(purchase: UUID) -> Placing | None:
    """Return how a purchase is placed.

    None: it is to be placed no more, since it was cancelled, or somebody has bought it.

    Raises:
        NotFoundError: its supplier takes no orders by mail any more.
    """
    async with resources().database.transaction() as session:
        found = (await read_purchase(session, purchase)).purchase
        if found.state not in {PurchaseState.PLANNED, PurchaseState.TO_BUY}:
            return None
        if found.method != Method.MAIL:
            return Placing(purchase, Method(found.method))
        for one in await suppliers(session):
            if one.name == found.source and one.order_by == OrderBy.MAIL:
                return Placing(purchase, Method.MAIL, one.order_at)
    raise NotFoundError("supplier that takes orders by mail", found.source)


@task(name="note order", **RECORD)
async def note_order(purchase: UUID) -> None:
    """Say that a purchase was ordered by mail: its pieces are on order."""
    async with resources().database.transaction() as session:
        await note_mailed(session, purchase)


@task(name="hand over purchase", **RECORD)
async def hand_over_purchase(purchase: UUID) -> None:
    """Say that a person is to buy on the seller's page."""
    async with resources().database.transaction() as session:
        await hand_over(session, purchase)


@task(name="find late orders", **RECORD)
async def find_late_orders() -> list[UUID]:
    """Return the purchases that should have come by now, and of which nobody was told."""
    kit = resources()
    today = now().astimezone(kit.company.zone).date()
    async with kit.database.transaction() as session:
        open_ones = await purchases(session, states=[PurchaseState.ORDERED])
        return [one.id for one in open_ones if is_late(one, today)]


@task(name="note late order", **RECORD)
async def note_late(purchase: UUID) -> None:
    """Say that ops were told of a late order."""
    async with resources().database.transaction() as session:
        await note_late_one(session, purchase, now())


@task(name="find purchases to remind of", **RECORD)
async def find_purchases_to_remind() -> list[UUID]:
    """Return what a person is to buy, and of which ops are to be reminded."""
    kit = resources()
    async with kit.database.transaction() as session:
        return [one.id for one in await purchases_to_remind(session, kit.company.sourcing, now())]


@task(name="note reminder to buy", **RECORD)
async def note_reminder_to_buy(purchase: UUID) -> None:
    """Say that ops were reminded of what they are to buy."""
    async with resources().database.transaction() as session:
        await note_reminded(session, purchase, now())


@task(name="close received purchases", **RECORD)
async def close_received() -> int:
    """Close the purchases of which everything has come; return how many."""
    async with resources().database.transaction() as session:
        return len(await note_received(session, now()))


@task(name="end abandoned rounds", **RECORD)
async def end_abandoned_rounds() -> list[UUID]:
    """Cancel the rounds whose run has ended; return those that a manager had agreed to."""
    async with resources().database.transaction() as session:
        return [one.id for one in await end_abandoned(session, now())]


class PlacingError(HotrodError):
    """Some purchases could not be placed, or nobody could be asked to pay them."""

    def __init__(self) -> None:
        super().__init__("not all that was approved could be placed; see the failed steps")
