"""A part of a test's own, driven low, and what comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx
import pytest
from prefect import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import PrefectHTTPStatusError
from sqlmodel import col, delete, select, update

from hotrod.approvals.decisions import answer
from hotrod.approvals.models import Answer, Approval, Via
from hotrod.db.columns import now
from hotrod.parts import lowness
from hotrod.parts.ledger import post
from hotrod.parts.models import MovementKind, Part
from hotrod.parts.movements import NewMovement
from hotrod.parts.store import on_order
from hotrod.purchasing.models import Purchase, PurchaseState, RoundState, SourcingRound
from hotrod.services.models import ServiceRate
from hotrod.suppliers.models import SupplierPrice
from hotrod.suppliers.store import find_supplier
from sandbox.ebay.clock import EbayClock
from sandbox.ebay.store import Listing, Listings, Seller
from sandbox.ebay.taxonomy import CATEGORIES
from sandbox.server import Sandbox
from tasks._resources import Resources

Found = TypeVar("Found")


@dataclass(frozen=True)
class Shelf:
    """A part of this test's own, the only active one, with ten pieces, ordered again at three."""

    kit: Resources
    part: Part

    async def use(self, pieces: int) -> None:
        """Use pieces on a ticket."""
        async with self.kit.database.transaction() as session:
            movement = NewMovement(
                key=str(uuid4()),
                sku=self.part.sku,
                kind=MovementKind.USE,
                quantity=pieces,
                actor="test",
                ticket="NL-1",
            )
            await post(session, movement)

    async def on_order(self) -> int:
        """Return how many pieces are to come."""
        async with self.kit.database.transaction() as session:
            return await on_order(session, self.part.id)

    async def offer(self, supplier: str, price: str, *, pack_size: int = 1) -> None:
        """Put the part on a supplier's list, or change what it asks."""
        async with self.kit.database.transaction() as session:
            row = await find_supplier(session, supplier)
            listed = SupplierPrice(
                supplier_id=row.id,
                reference=f"{supplier}-{self.part.sku}",
                part_id=self.part.id,
                title=self.part.name,
                prices=[{"from_quantity": 1, "unit_price": price}],
                pack_size=pack_size,
            )
            await session.merge(listed)

    async def _rows(self, row: type[Found], *where: Any) -> list[Found]:
        async with self.kit.database.transaction() as session:
            return list(await session.exec(select(row).where(*where)))

    async def round(self) -> SourcingRound:
        """Return the round that looks for the part."""
        rounds = await self._rows(SourcingRound)
        sku = self.part.sku
        (found,) = [one for one in rounds if sku in {need["wanted"]["sku"] for need in one.needs}]
        return found

    async def question(self, number: int = 1) -> Approval:
        """Wait until managers are asked, and the run sleeps; return the question."""

        async def asked() -> Approval | None:
            title = f"Parts: {self.part.sku}"
            found = await self._rows(Approval, Approval.title == title, Approval.round == number)
            return found[0] if found and await self.is_asleep(found[0]) else None

        return await until(asked)

    async def purchase(self, state: PurchaseState) -> Purchase:
        """Wait until something is bought that far."""

        async def bought() -> Purchase | None:
            rows = await self._rows(
                Purchase, Purchase.round_id == (await self.round()).id, Purchase.state == state
            )
            return rows[0] if rows else None

        return await until(bought)

    async def ends(self, state: RoundState) -> None:
        """Wait until the round has ended so."""

        async def ended() -> bool:
            return (await self.round()).state == state

        await until(ended)

    async def question_state(self, question: UUID) -> str:
        """Return how a question stands."""
        (found,) = await self._rows(Approval, Approval.id == question)
        return found.state

    async def run(self, question: Approval) -> FlowRun:
        """Return the run that waits for a question."""
        assert question.run_id
        async with get_client() as client:
            return await client.read_flow_run(question.run_id)

    async def is_asleep(self, question: Approval) -> bool:
        """Whether the run holds no worker."""
        state = (await self.run(question)).state
        return state is not None and state.is_paused()

    async def answer(self, question: Approval, manager: str, **given: Any) -> str:
        """Answer as by the link of the mail."""
        fields: dict[str, Any] = {"choice": "approve", "via": Via.LINK}
        async with self.kit.database.transaction() as session:
            outcome = await answer(
                session,
                self.kit.company,
                question.id,
                manager,
                Answer(**fields | given),
                now(),
            )
        return outcome.result.value

    async def fill_in(self, question: Approval, **fields: Any) -> None:
        """Fill in the form of the Prefect UI, as the UI sends it."""

        async def taken() -> bool:
            if not await self.is_asleep(question):
                return False
            async with get_client() as client:
                path = f"/flow_runs/{question.run_id}/resume"
                with suppress(PrefectHTTPStatusError):  # at the same moment as somebody else
                    reply = await client._client.post(path, json={"run_input": fields})
                    return bool(reply.json()["status"] == "ACCEPT")
                return False

        await until(taken)


def sell(sandbox: Sandbox, title: str, seller: str = "maple_parts", **more: Any) -> Listing:
    """Put something up for sale at eBay, and nothing else."""
    now = sandbox.state.store(EbayClock).now()
    listings = sandbox.state.store(Listings)
    usual: dict[str, Any] = {
        "legacy_id": listings.new_number(),
        "title": title,
        "seller": Seller(seller, 5000, Decimal("99.6")),
        "category": CATEGORIES["171833"],
        "country": "CA",
        "city": "Toronto",
        "currency": "CAD",
        "listed_at": now - timedelta(days=1),
        "ends_at": now + timedelta(days=20),
        "price": Decimal("9.00"),
        "condition_id": "1000",
        "quantity": 50,
    }
    listing = Listing(**{**usual, **more})
    listings.add(listing)
    return listing


async def until(look: Callable[[], Awaitable[Found | None]]) -> Found:
    """Return what is looked for, as soon as it is there."""
    for _ in range(1200):
        if found := await look():
            return found
        await asyncio.sleep(0.1)
    pytest.fail("it never came")


async def subjects(sandbox: Sandbox, recipient: str) -> list[str]:
    async with httpx.AsyncClient(base_url=sandbox.url) as client:
        mails = (await client.get("/_control/mail")).json()
        return [mail["subject"] for mail in mails if recipient in str(mail)]


@pytest.fixture
async def shelf(kit: Resources, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shelf]:
    at_once = kit.company.sourcing.model_copy(update={"gather_minutes": 0})
    company = kit.company.model_copy(update={"sourcing": at_once})
    monkeypatch.setattr(lowness, "get_company", lambda: company)
    part = Part(
        sku=f"TEST-{uuid4().hex[:8].upper()}",
        name="Test fan",
        category="thermal",
        fits=["console"],
        unit_cost=Decimal(9),
        reorder_point=3,
    )
    async with kit.database.transaction() as session:
        await session.exec(delete(ServiceRate))  # other tests have used up eBay's calls of the hour
        await session.exec(update(Part).values(active=False))
        session.add(part)
        await session.flush()
        arrival = NewMovement(
            key=str(uuid4()),
            sku=part.sku,
            kind=MovementKind.RECEIVE,
            quantity=10,
            actor="test",
            unit_cost=Decimal(9),
        )
        await post(session, arrival)
    yield Shelf(kit, part)
    async with kit.database.transaction() as session:
        await session.exec(update(Part).values(active=True))
        await session.exec(update(Part).where(col(Part.id) == part.id).values(active=False))
        await session.exec(
            update(SourcingRound)
            .where(col(SourcingRound.state).in_(("searching", "proposed", "approved")))
            .values(state=RoundState.CANCELLED)
        )
