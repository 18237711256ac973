"""Steps of buying: an order is placed, or handed to a person; late ones are noticed."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from prefect import task

from hotrod.db.columns import now
from hotrod.errors import HotrodError, NotFoundError
from hotrod.purchasing.buying import hand_over, is_late, note_ordered, note_received
from hotrod.purchasing.models import Method, PurchaseState
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
async def choose_placing(purchase: UUID) -> Placing:
    """Return how a purchase is placed.

    Raises:
        NotFoundError: its supplier takes no orders by mail any more.
    """
    async with resources().database.transaction() as session:
        found = (await read_purchase(session, purchase)).purchase
        if found.method != Method.MAIL:
            return Placing(purchase, Method.LINK)
        for one in await suppliers(session):
            if one.name == found.source and one.order_by == OrderBy.MAIL:
                return Placing(purchase, Method.MAIL, one.order_at)
    raise NotFoundError("supplier that takes orders by mail", found.source)


@task(name="note order", **RECORD)
async def note_order(purchase: UUID) -> None:
    """Say that a purchase was ordered by mail: its pieces are on order."""
    async with resources().database.transaction() as session:
        await note_ordered(session, purchase, by="order by mail")


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
        found = (await read_purchase(session, purchase, lock=True)).purchase
        found.late_told_at = now()
        session.add(found)


@task(name="close received purchases", **RECORD)
async def close_received() -> int:
    """Close the purchases of which everything has come; return how many."""
    async with resources().database.transaction() as session:
        return len(await note_received(session, now()))


class PlacingError(HotrodError):
    """Some purchases could not be placed."""

    def __init__(self, failed: int, of: int) -> None:
        super().__init__(f"{failed} of {of} purchases could not be placed; see the failed steps")
