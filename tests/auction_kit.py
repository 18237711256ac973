"""An auction of a part of a test's own, and the bid for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from sqlmodel import col, select, update

from hotrod.approvals.models import Approval
from hotrod.durable.models import Delivery
from hotrod.purchasing.bids import EVENT, read_bid
from hotrod.purchasing.models import (
    AuctionBid,
    Method,
    Purchase,
    PurchaseLine,
    PurchaseState,
    RoundState,
    SourcingRound,
)
from sandbox.ebay.bidding import Bid
from sandbox.ebay.clock import EbayClock
from sandbox.ebay.store import US, Listing, Listings
from sandbox.server import Sandbox
from tests.contract.cases.ebay import sell
from tests.shelf_kit import Shelf, until


@dataclass(frozen=True)
class Auction:
    """An auction of the shelf's part, ending tomorrow, and the bid for it."""

    shelf: Shelf
    sandbox: Sandbox
    listing: Listing

    async def approved(self) -> Purchase:
        """Let the part run low, and the bid be approved; return it, resting."""
        question = await self.asked()
        assert await self.shelf.answer(question, "sofia") == "counted"
        return await self.rests(question)

    async def asked(self) -> Approval:
        """Let the part run low; return the question that comes of it."""
        await self.shelf.use(8)
        question = await self.shelf.question()
        (line,) = question.items
        assert line.bid.startswith("bid up to")
        assert line.bid in line.words
        assert line.bid in line.figures
        return question

    async def rests(self, question: Approval) -> Purchase:
        """Wait until the bid that was approved rests."""
        await self.shelf.ends(RoundState.BOUGHT)
        purchase = await self.shelf.purchase(PurchaseState.PLANNED)
        assert (purchase.method, purchase.total) == (Method.BID, question.amount)
        return purchase

    async def minute_comes(self) -> None:
        """Let the time be there for which the event rests."""
        worker = col(Delivery.worker)
        async with self.shelf.kit.database.transaction() as session:
            await session.exec(
                update(Delivery)
                .where(
                    col(Delivery.event) == EVENT,
                    col(Delivery.state) == "claimed",
                    worker.is_(None),
                )
                .values(lease_until=datetime.now(UTC))
            )

    async def bid(self, purchase: Purchase) -> AuctionBid:
        """Return how the bid stands."""
        async with self.shelf.kit.database.transaction() as session:
            return await read_bid(session, purchase.id)

    async def placed(self, purchase: Purchase) -> AuctionBid:
        """Wait until the bid stands, and its event rests for the outcome."""
        await self.minute_comes()

        async def stands() -> AuctionBid | None:
            bid = await self.bid(purchase)
            return bid if bid.placed_at else None

        return await until(stands)

    async def ends(self, state: PurchaseState) -> Purchase:
        """Let the auction end, and wait until its outcome is noted."""
        self.is_over()
        await self.minute_comes()
        return await self.shelf.purchase(state)

    def is_over(self) -> None:
        """Let the auction end."""
        self.sandbox.state.store(EbayClock).move(2 * 86_400)

    async def runs_are_done(self) -> None:
        """Wait until no event of an auction is left."""

        async def done() -> bool:
            return set(await self.states()) == {"done"}

        await until(done)

    async def states(self) -> list[str]:
        """Return where the events of auctions stand."""
        async with self.shelf.kit.database.transaction() as session:
            rows = await session.exec(select(Delivery).where(Delivery.event == EVENT))
            return sorted(row.state for row in rows)

    def rival(self, most: str) -> None:
        """Let somebody else bid."""
        at = self.sandbox.state.store(EbayClock).now()
        self.listing.bids.append(Bid("rival", "rival", Decimal(most), at))

    @property
    def ours(self) -> list[Decimal]:
        """What we have bid."""
        return [bid.most for bid in self.listing.bids if bid.bidder == US]


@pytest.fixture
async def auction(shelf: Shelf, sandbox: Sandbox) -> AsyncIterator[Auction]:
    """One of the part, for which 20.00 was paid lately."""
    sandbox.state.store(Listings).clear()
    await bought_before(shelf, "20.00")
    market = SimpleNamespace(sandbox=sandbox)
    listing = sell(
        market,
        title=f"{shelf.part.name} for console",
        condition_id="1000",
        price=None,
        start=Decimal(5),
        shipping=Decimal(2),
        quantity=1,
        ends_at=datetime.now(UTC) + timedelta(days=1),
    )
    yield Auction(shelf, sandbox, listing)
    sandbox.state.store(EbayClock).clear()


async def bought_before(shelf: Shelf, per_piece: str) -> None:
    """Let a piece have been bought lately, so that it is known what one is worth."""
    async with shelf.kit.database.transaction() as session:
        earlier = SourcingRound(business_key="noizylab", state=RoundState.BOUGHT)
        session.add(earlier)
        await session.flush()
        purchase = Purchase(
            round_id=earlier.id,
            business_key="noizylab",
            source="ebay",
            seller="earlier",
            method=Method.LINK,
            state=PurchaseState.RECEIVED,
            total=Decimal(per_piece),
            currency="CAD",
            ordered_at=datetime.now(UTC) - timedelta(days=20),
        )
        session.add(purchase)
        await session.flush()
        session.add(
            PurchaseLine(
                purchase_id=purchase.id,
                part_id=shelf.part.id,
                reference="earlier",
                title="Fan",
                quantity=1,
                per_piece=Decimal(per_piece),
            )
        )
