"""Rounds of sourcing, the offers that each found, and the purchases that came of it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    UniqueConstraint,
)
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

from hotrod.db.columns import json, long_text, money, primary_key, timestamp


def _precise(digits: int, decimals: int, *, default: Any = ...) -> Any:  # noqa: ANN401 - a Field stands in for any type
    number: Any = Numeric(digits, decimals)
    return Field(default=default, sa_type=number)


class RoundState(StrEnum):
    """Where a round stands; the last five are final.

    SEARCHING: offers are looked for. PROPOSED: a manager is asked. APPROVED: it is bought.
    BOUGHT: every purchase is placed, or given to a person. DECLINED: a manager said no. EXPIRED:
    nobody said yes in time. EMPTY: nothing acceptable is offered. CANCELLED: ops ended it.
    """

    SEARCHING = "searching"
    PROPOSED = "proposed"
    APPROVED = "approved"
    BOUGHT = "bought"
    DECLINED = "declined"
    EXPIRED = "expired"
    EMPTY = "empty"
    CANCELLED = "cancelled"


OPEN = (RoundState.SEARCHING, RoundState.PROPOSED, RoundState.APPROVED)
"""States in which a round still takes care of its parts."""


class SourcingRound(SQLModel, table=True):
    """One round of sourcing: what was needed, and what is proposed to be bought.

    ``turn``: how often it was evaluated; its proposal is what the question of that round asks.
    ``why_again``: why managers are asked once more, in words. ``surcharges``: the shares that
    checkouts asked beyond what their listings told; see ``share_of``.
    """

    __tablename__ = "sourcing_rounds"
    __table_args__ = (
        Index(
            "ix_sourcing_rounds_open",
            "business_key",
            postgresql_where=sql("state IN ('searching', 'proposed', 'approved')"),
        ),
    )

    id: UUID = primary_key()
    business_key: str = Field(max_length=31)
    state: str = Field(default=RoundState.SEARCHING, max_length=10)
    needs: list[Any] = json(default=list)
    turn: int = 0
    proposal: dict[str, Any] = json()
    advice: str = long_text(default="")
    unsearched: dict[str, str] = json(default=dict)
    why_again: str = long_text(default="")
    surcharges: dict[str, str] = json(default=dict)
    run_id: UUID | None = Field(default=None, unique=True, description="Flow run that opened it.")
    opened_at: datetime = timestamp()
    closed_at: datetime | None = timestamp(optional=True)


class FoundOffer(SQLModel, table=True):
    """An offer as it was last seen in a round."""

    __tablename__ = "found_offers"
    __table_args__ = (UniqueConstraint("round_id", "sku", "source", "reference"),)

    id: UUID = primary_key()
    round_id: UUID = Field(foreign_key="sourcing_rounds.id", ondelete="CASCADE")
    sku: str = Field(max_length=40)
    source: str = Field(max_length=40)
    reference: str = Field(max_length=120)
    offer: dict[str, Any] = json()
    seen_at: datetime = timestamp()


class Method(StrEnum):
    """How a purchase is placed.

    MAIL: by a mail to the supplier. LINK: by a person on the seller's page. CHECKOUT: by a person
    who pays eBay's checkout, which holds the purchases of the round at eBay. BID: by a bid in an
    auction, which may be lost; see ``AuctionBid``.
    """

    MAIL = "mail"
    LINK = "link"
    CHECKOUT = "checkout"
    BID = "bid"


class PurchaseState(StrEnum):
    """Where a purchase stands.

    PLANNED: approved. TO_BUY: a person is to buy it on the seller's page. ORDERED: placed, goods
    are to come. RECEIVED: all is here. CANCELLED: it won't come. LOST: others got it at auction.
    """

    PLANNED = "planned"
    TO_BUY = "to_buy"
    ORDERED = "ordered"
    RECEIVED = "received"
    CANCELLED = "cancelled"
    LOST = "lost"


class Purchase(SQLModel, table=True):
    """All that is bought of one seller in a round; amounts in ``currency``, the company's.

    ``late_told_at``: ops were last told that it waits for a person; once ordered, that it is late.
    """

    __tablename__ = "purchases"
    __table_args__ = (
        Index(
            "ix_purchases_one_of_a_seller",
            "round_id",
            "source",
            "seller",
            unique=True,
            postgresql_where=sql("method <> 'bid'"),
        ),
        CheckConstraint(
            "state NOT IN ('ordered', 'received') OR ordered_at IS NOT NULL", name="ordered_has_day"
        ),
        Index("ix_purchases_open", "state", postgresql_where=sql("state IN ('to_buy', 'ordered')")),
    )

    id: UUID = primary_key()
    serial: int | None = Field(
        default=None,
        sa_column=Column("serial", Integer, Identity(start=1001), nullable=False, unique=True),
    )
    round_id: UUID = Field(foreign_key="sourcing_rounds.id")
    business_key: str = Field(max_length=31)
    source: str = Field(max_length=40)
    seller: str = Field(max_length=120)
    method: str = Field(max_length=8)
    state: str = Field(default=PurchaseState.PLANNED, max_length=10)
    total: Decimal = money()
    currency: str = Field(max_length=3)
    order_number: str = Field(default="", max_length=80, description="The seller's.")
    expected_on: date | None = None
    planned_at: datetime = timestamp()
    ordered_at: datetime | None = timestamp(optional=True)
    ordered_by: str = Field(default="", max_length=120)
    late_told_at: datetime | None = timestamp(optional=True)
    received_at: datetime | None = timestamp(optional=True)

    @property
    def number(self) -> str:
        """Our number of it, e.g. PO-1001; what stands in ``order_reference`` of the ledger."""
        return f"PO-{self.serial}"

    @property
    def is_to_be_paid(self) -> bool:
        """Whether it waits in eBay's checkout, for its payment or for eBay's word of it."""
        waits = self.state in {PurchaseState.PLANNED, PurchaseState.TO_BUY}
        return self.method == Method.CHECKOUT and waits


class PurchaseLine(SQLModel, table=True):
    """One offer of a purchase. ``per_piece`` is at the door, and makes the price history.

    ``unit_price`` is the seller's, before shipping and tax, in ``unit_currency``; of a bid, its
    limit. Purchases of old don't tell it.
    """

    __tablename__ = "purchase_lines"
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity_positive"),)

    id: UUID = primary_key()
    purchase_id: UUID = Field(foreign_key="purchases.id", index=True)
    part_id: UUID = Field(foreign_key="parts.id", index=True)
    reference: str = Field(max_length=120, description="Of the offer, the source's.")
    title: str = Field(max_length=300)
    url: str = Field(default="", max_length=2000)
    quantity: int
    per_piece: Decimal = _precise(14, 6)
    unit_price: Decimal | None = _precise(16, 6, default=None)
    unit_currency: str = Field(default="", max_length=3)


class AuctionBid(SQLModel, table=True):
    """The bid of a purchase; amounts in ``currency``, the auction's.

    ``most`` is what was approved; more is never bid by us. ``placed_at`` is when the bid came to
    stand, ``price`` what the auction was won for, both unset before.
    """

    __tablename__ = "auction_bids"
    __table_args__ = (CheckConstraint("most > 0", name="limit_positive"),)

    purchase_id: UUID = Field(foreign_key="purchases.id", primary_key=True)
    item_id: str = Field(max_length=120)
    most: Decimal = money()
    shipping: Decimal = money()
    currency: str = Field(max_length=3)
    ends_at: datetime = timestamp()
    place_at: datetime = timestamp()
    placed_at: datetime | None = timestamp(optional=True)
    price: Decimal | None = money(default=None)
    why_lost: str = Field(default="", max_length=200)


class Checkout(SQLModel, table=True):
    """A guest's checkout at eBay: one for each round is ever shown, and it can be paid once.

    ``items`` is how many pieces of which listing it holds. Without ``purchases`` it is a draft that
    nobody has seen. ``order_id`` is what somebody, or eBay's widget, told; it counts once eBay has
    confirmed it, at ``paid_at``. ``refusal`` says why one didn't; of a paid one, what of it was
    cancelled or bought otherwise. ``given_up_at``: a person buys by the links.
    """

    __tablename__ = "checkouts"
    __table_args__ = (
        CheckConstraint("paid_at IS NULL OR order_id <> ''", name="paid_has_order"),
        Index(
            "uq_checkouts_paid_order_id",
            "order_id",
            unique=True,
            postgresql_where=sql("paid_at IS NOT NULL"),
        ),
    )

    round_id: UUID = Field(primary_key=True, foreign_key="sourcing_rounds.id")
    session_id: str = Field(max_length=120, unique=True)
    signature: bytes = Field(sa_type=LargeBinary, description="Opens the widget; sealed.")
    items: dict[str, int] = json(default=dict)
    purchases: list[Any] = json(default=list)
    total: Decimal = money()
    currency: str = Field(max_length=3)
    begun_at: datetime = timestamp()
    order_id: str = Field(default="", max_length=80)
    refusal: str = Field(default="", max_length=300)
    paid_at: datetime | None = timestamp(optional=True)
    given_up_at: datetime | None = timestamp(optional=True)

    @property
    def is_payable(self) -> bool:
        """Whether it is to be paid, and nobody has said that it is."""
        return not (self.paid_at or self.given_up_at or self.is_confirmed_soon)

    def holds(self, purchase: Purchase) -> bool:
        """Whether a purchase is paid with it, though it may be bought by its link since."""
        return str(purchase.id) in self.purchases

    @property
    def is_confirmed_soon(self) -> bool:
        """Whether somebody has said that it is paid, and eBay is asked."""
        return bool(self.order_id and not self.refusal and self.paid_at is None)


class ExchangeRateRow(SQLModel, table=True):
    """What one unit of a currency was worth in the company's when it was last told."""

    __tablename__ = "exchange_rates"
    __table_args__ = (CheckConstraint("value > 0", name="value_positive"),)

    currency: str = Field(primary_key=True, max_length=3)
    value: Decimal = _precise(18, 8)
    seen_at: datetime = timestamp()
    told_by: str = Field(max_length=120)
