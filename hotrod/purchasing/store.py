"""Read and write rounds of sourcing, the offers found, and purchases."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.db.columns import now
from hotrod.errors import InvalidInputError, NotFoundError
from hotrod.parts.models import Part
from hotrod.purchasing.models import (
    OPEN,
    ExchangeRateRow,
    FoundOffer,
    Purchase,
    PurchaseLine,
    PurchaseState,
    SourcingRound,
)
from hotrod.sourcing.models import (
    ExchangeRate,
    ExchangeRates,
    Offer,
    PaidPrice,
    Proposal,
    Wanted,
)

_CURRENCY = re.compile("[A-Z]{3}")
_LEAST_RATE, _MOST_RATE = Decimal("0.000001"), Decimal(1_000_000)
_WHERE_NUMBERS_ARE = "`hotrod purchases list --all` shows their numbers"
_LOCK_ROUNDS = text("SELECT pg_advisory_xact_lock(hashtextextended('sourcing rounds', 0))")


@dataclass(frozen=True)
class ItemizedPurchase:
    """A purchase with its lines, and the SKU of each line's part by the part's id."""

    purchase: Purchase
    lines: Sequence[PurchaseLine]
    skus: dict[UUID, str]

    @property
    def goods(self) -> tuple[Decimal, str] | None:
        """What the pieces cost before shipping and tax, in the seller's currency; None: untold."""
        prices = [
            line.unit_price * line.quantity for line in self.lines if line.unit_price is not None
        ]
        currencies = {line.unit_currency for line in self.lines}
        if len(prices) < len(self.lines) or len(currencies) != 1:
            return None
        return sum(prices, Decimal(0)), currencies.pop()


def wanted_of(sourcing_round: SourcingRound) -> list[Wanted]:
    """Return what a round looks for."""
    return [Wanted.model_validate(need["wanted"]) for need in sourcing_round.needs]


def proposal_of(sourcing_round: SourcingRound) -> Proposal:
    """Return what a round proposes.

    Raises:
        NotFoundError: it proposes nothing yet.
    """
    if not sourcing_round.proposal:
        raise NotFoundError("proposal of the round", str(sourcing_round.id))
    return Proposal.model_validate(sourcing_round.proposal)


async def lock_rounds(session: AsyncSession) -> None:
    """Let nobody else open a round until the transaction ends."""
    connection = await session.connection()
    await connection.execute(_LOCK_ROUNDS)


async def read_round(session: AsyncSession, round_id: UUID, *, lock: bool = False) -> SourcingRound:
    """Return a round as it is now.

    Raises:
        NotFoundError: there is none with this id.
    """
    found = await session.get(
        SourcingRound, round_id, with_for_update=lock or None, populate_existing=True
    )
    if found is None:
        raise NotFoundError("round of sourcing", str(round_id))
    return found


async def round_of_run(session: AsyncSession, run_id: UUID) -> SourcingRound | None:
    """Return the round that a flow run opened, or None."""
    found = await session.exec(select(SourcingRound).where(SourcingRound.run_id == run_id))
    return found.first()


async def rounds(session: AsyncSession, *, limit: int) -> Sequence[SourcingRound]:
    """Return the rounds, the newest first."""
    found = await session.exec(
        select(SourcingRound).order_by(col(SourcingRound.opened_at).desc()).limit(limit)
    )
    return found.all()


async def taken_care_of(session: AsyncSession) -> set[str]:
    """Return the SKUs that an open round looks for, or that a person is about to buy."""
    found = await session.exec(select(SourcingRound).where(col(SourcingRound.state).in_(OPEN)))
    skus = {wanted.sku for one in found for wanted in wanted_of(one)}
    bought = await session.exec(
        select(Part.sku)
        .join(PurchaseLine, col(PurchaseLine.part_id) == Part.id)
        .join(Purchase, col(Purchase.id) == PurchaseLine.purchase_id)
        .where(col(Purchase.state).in_((PurchaseState.PLANNED, PurchaseState.TO_BUY)))
    )
    return skus | set(bought)


async def keep_offers(
    session: AsyncSession, round_id: UUID, sku: str, offers: Iterable[Offer]
) -> None:
    """Keep offers for a part as they are seen now; one seen before in the round is replaced."""
    for offer in offers:
        row = insert(FoundOffer).values(
            **FoundOffer(
                round_id=round_id,
                sku=sku,
                source=offer.source,
                reference=offer.reference,
                offer=offer.model_dump(mode="json"),
                seen_at=offer.seen_at,
            ).model_dump()
        )
        await session.exec(
            row.on_conflict_do_update(
                index_elements=["round_id", "sku", "source", "reference"],
                set_={"offer": row.excluded.offer, "seen_at": row.excluded.seen_at},
            )
        )


async def found_offers(session: AsyncSession, round_id: UUID, sku: str) -> list[Offer]:
    """Return the offers for a part that a round has found."""
    found = await session.exec(
        select(FoundOffer)
        .where(FoundOffer.round_id == round_id, FoundOffer.sku == sku)
        .order_by(col(FoundOffer.source), col(FoundOffer.reference))
    )
    return [Offer.model_validate(row.offer) for row in found]


async def paid_prices(session: AsyncSession, sku: str) -> list[PaidPrice]:
    """Return what pieces of a part have cost us at the door, the newest first."""
    return [
        PaidPrice(per_piece=line.per_piece, bought_at=purchase.ordered_at)
        for line, purchase in await bought_lines(session, sku)
        if purchase.ordered_at is not None
    ]


async def book_cost(session: AsyncSession, sku: str) -> Decimal | None:
    """Return what a piece of a part's stock has cost on average; None: it never cost anything."""
    found = await session.exec(select(Part).where(Part.sku == sku))
    part = found.first()
    return (part.value_of_one or None) if part is not None else None


async def bought_lines(session: AsyncSession, sku: str) -> list[tuple[PurchaseLine, Purchase]]:
    """Return what was ordered of a part, and with which purchase, the newest first."""
    found = await session.exec(
        select(PurchaseLine, Purchase)
        .join(Purchase, col(Purchase.id) == PurchaseLine.purchase_id)
        .join(Part, col(Part.id) == PurchaseLine.part_id)
        .where(
            Part.sku == sku,
            col(Purchase.state).in_((PurchaseState.ORDERED, PurchaseState.RECEIVED)),
        )
        .order_by(col(Purchase.ordered_at).desc(), col(Purchase.serial).desc())
    )
    return list(found)


async def read_purchase(
    session: AsyncSession, purchase_id: UUID, *, lock: bool = False
) -> ItemizedPurchase:
    """Return a purchase with its lines.

    Raises:
        NotFoundError: there is none with this id.
    """
    purchase = await session.get(
        Purchase, purchase_id, with_for_update=lock or None, populate_existing=True
    )
    if purchase is None:
        raise NotFoundError("purchase", str(purchase_id))
    return await _itemized(session, purchase)


async def find_purchase(session: AsyncSession, number: str) -> ItemizedPurchase:
    """Return a purchase by our number, e.g. PO-1001.

    Raises:
        NotFoundError: there is none with this number.
    """
    digits = number.strip().upper().removeprefix("PO-")
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > 9:  # noqa: PLR2004 - what an integer holds
        raise NotFoundError("purchase", number, _WHERE_NUMBERS_ARE)
    found = await session.exec(select(Purchase).where(Purchase.serial == int(digits)))
    purchase = found.first()
    if purchase is None:
        raise NotFoundError("purchase", number, _WHERE_NUMBERS_ARE)
    return await _itemized(session, purchase)


async def purchases(
    session: AsyncSession,
    *,
    states: Sequence[PurchaseState] = tuple(PurchaseState),
    round_id: UUID | None = None,
) -> list[Purchase]:
    """Return purchases by number; those in some states, or of one round."""
    statement = select(Purchase).where(col(Purchase.state).in_(states))
    if round_id is not None:
        statement = statement.where(Purchase.round_id == round_id)
    return list(await session.exec(statement.order_by(col(Purchase.serial))))


async def exchange_rates(session: AsyncSession, currency: str) -> ExchangeRates:
    """Return the rates into the company's currency as they were last told."""
    rows = await session.exec(select(ExchangeRateRow))
    return ExchangeRates(
        currency=currency,
        rates={row.currency: ExchangeRate(value=row.value, seen_at=row.seen_at) for row in rows},
    )


async def tell_rate(
    session: AsyncSession,
    currency: str,
    value: Decimal,
    *,
    into: str,
    told_by: str,
    at: datetime | None = None,
) -> None:
    """Keep what one unit of a currency is worth in the company's.

    Args:
        session: in a transaction.
        currency: its code, e.g. USD.
        value: of one unit.
        into: the company's currency.
        told_by: who says so.
        at: when; None: now.

    Raises:
        InvalidInputError: no currency, the company's own, or no rate.
    """
    if not _CURRENCY.fullmatch(currency):
        raise InvalidInputError("currency", f"{currency!r} is none.", "Write it like USD.")
    if currency == into:
        raise InvalidInputError(
            "currency",
            f"{into} is the company's own currency, and has no rate.",
            f"Say what another is worth in {into}, e.g. of USD.",
        )
    if not value.is_finite() or not _LEAST_RATE <= value <= _MOST_RATE:
        raise InvalidInputError(
            "value", f"{value} is no rate.", f"Say what one {currency} is worth in {into}, as 1.37."
        )
    row = ExchangeRateRow(currency=currency, value=value, seen_at=at or now(), told_by=told_by)
    await session.merge(row)


async def _itemized(session: AsyncSession, purchase: Purchase) -> ItemizedPurchase:
    rows = (
        await session.exec(
            select(PurchaseLine, Part.sku)
            .join(Part, col(Part.id) == PurchaseLine.part_id)
            .where(PurchaseLine.purchase_id == purchase.id)
            .order_by(col(Part.sku))
        )
    ).all()
    return ItemizedPurchase(
        purchase, [line for line, _ in rows], {line.part_id: sku for line, sku in rows}
    )
