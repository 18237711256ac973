"""Parts, the ledger of their movements, and the levels that follow from it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Numeric, UniqueConstraint
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

from hotrod.db.columns import json, long_text, money, primary_key, timestamp
from hotrod.forecast.settings import Criticality

BENCH = "bench"
"""Where parts are when nothing else is said."""


def _unit_cost(*, default: Any = ...) -> Any:  # noqa: ANN401 - a Field stands in for any type
    """Return the cost of one piece with six decimals: a capacitor costs less than a cent."""
    amount: Any = Numeric(14, 6)
    return Field(default=default, sa_type=amount, nullable=default is None)


class Tracking(StrEnum):
    """Whether movements of a part must name its batch, its serial number, or neither."""

    NONE = "none"
    BATCH = "batch"
    SERIAL = "serial"


class MovementKind(StrEnum):
    """Why the stock of a part changed.

    RECEIVE: goods came in. USE: built into a repair. RETURN: came back from a repair, unused.
    ADJUST: lost, found, broken, sent back; with a reason. COUNT: somebody counted the shelf.
    """

    RECEIVE = "receive"
    USE = "use"
    RETURN = "return"
    ADJUST = "adjust"
    COUNT = "count"


class Part(SQLModel, table=True):
    """Something that can be put into a repair.

    ``average_cost`` and ``low_since`` follow from the ledger; the database refuses to overwrite
    the average.
    """

    __tablename__ = "parts"
    __table_args__ = (CheckConstraint("criticality IN ('A', 'B', 'C')", name="criticality_known"),)

    id: UUID = primary_key()
    sku: str = Field(max_length=40, unique=True)
    name: str = Field(max_length=120)
    category: str = Field(max_length=20, index=True)
    fits: list[str] = json(default=list)
    unit_cost: Decimal = money()
    currency: str = Field(default="CAD", max_length=3)
    reorder_point: int = Field(default=0, ge=0)
    point_by_hand: bool = Field(default=False, description="The forecast doesn't move the point.")
    criticality: str = Field(default=Criticality.B, max_length=1, description="A is the worst.")
    ean: str = Field(default="", max_length=13, description="As `product_number` returns it.")
    active: bool = True
    tracking: str = Field(default=Tracking.NONE, max_length=6)
    average_cost: Decimal | None = _unit_cost(default=None)
    low_since: datetime | None = timestamp(optional=True)

    @property
    def value_of_one(self) -> Decimal:
        """What one piece is worth, in ``currency``: the average, or the listed cost before it."""
        return self.unit_cost if self.average_cost is None else self.average_cost


class StockMovement(SQLModel, table=True):
    """One change of stock. It is only ever added: the database refuses to change or delete it."""

    __tablename__ = "stock_movements"
    __table_args__ = (
        CheckConstraint(
            "CASE kind WHEN 'receive' THEN quantity > 0 WHEN 'return' THEN quantity > 0 "
            "WHEN 'use' THEN quantity < 0 WHEN 'adjust' THEN quantity <> 0 "
            "ELSE kind = 'count' END",
            name="signed_by_kind",
        ),
        CheckConstraint("kind NOT IN ('use', 'return') OR ticket <> ''", name="use_has_ticket"),
        CheckConstraint("kind <> 'adjust' OR reason <> ''", name="adjust_has_reason"),
        CheckConstraint("(override_by = '') = (override_reason = '')", name="override_is_whole"),
        CheckConstraint("unit_cost >= 0", name="cost_not_negative"),
        Index("ix_stock_movements_part_id_id", "part_id", "id"),
        Index("ix_stock_movements_ticket", "ticket", postgresql_where=sql("ticket <> ''")),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    key: str = Field(max_length=200, unique=True, description="Posted twice, it counts once.")
    part_id: UUID = Field(foreign_key="parts.id")
    location: str = Field(max_length=40)
    kind: str = Field(max_length=8)
    quantity: int = Field(description="Pieces; below zero when they went out.")
    on_hand_after: int = Field(description="Pieces at the location after it.")
    unit_cost: Decimal = _unit_cost()
    currency: str = Field(max_length=3)
    ticket: str = Field(default="", max_length=16, description="Number, e.g. NL-1042.")
    order_reference: str = Field(default="", max_length=80)
    lot: str = Field(default="", max_length=80, description="Batch or serial number.")
    reason: str = long_text(default="")
    actor: str = Field(max_length=120, description="Who posted it.")
    override_by: str = Field(default="", max_length=120, description="Who let it go too low.")
    override_reason: str = long_text(default="")
    at: datetime = timestamp()


class StockLevel(SQLModel, table=True):
    """How many of a part are at a location, and how many of those are spoken for.

    ``on_hand`` is the sum of the movements and ``reserved`` that of the reservations: triggers of
    the database keep them, and refuse any other change.
    """

    __tablename__ = "stock_levels"
    __table_args__ = (
        UniqueConstraint("part_id", "location"),
        CheckConstraint("reserved >= 0", name="reserved_not_negative"),
    )

    id: UUID = primary_key()
    part_id: UUID = Field(foreign_key="parts.id", index=True)
    location: str = Field(default=BENCH, max_length=40)
    on_hand: int = 0
    reserved: int = 0
    updated_at: datetime = timestamp()


class StockReservation(SQLModel, table=True):
    """Pieces set aside for a ticket, until they are used on it or released."""

    __tablename__ = "stock_reservations"
    __table_args__ = (
        CheckConstraint(
            "quantity > 0 AND used >= 0 AND released >= 0 AND used + released <= quantity",
            name="open_not_negative",
        ),
        CheckConstraint("(override_by = '') = (override_reason = '')", name="override_is_whole"),
        Index(
            "ix_stock_reservations_open",
            "ticket",
            "part_id",
            postgresql_where=sql("used + released < quantity"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    key: str = Field(max_length=200, unique=True, description="Taken twice, it counts once.")
    part_id: UUID = Field(foreign_key="parts.id", index=True)
    location: str = Field(max_length=40)
    ticket: str = Field(max_length=16)
    quantity: int = Field(description="Pieces set aside at first.")
    used: int = 0
    released: int = 0
    actor: str = Field(max_length=120)
    override_by: str = Field(default="", max_length=120)
    override_reason: str = long_text(default="")
    taken_at: datetime = timestamp()

    @property
    def open(self) -> int:
        """Pieces that are still set aside."""
        return self.quantity - self.used - self.released


class PartOnOrder(SQLModel, table=True):
    """Pieces of a part that were ordered and are to come."""

    __tablename__ = "parts_on_order"
    __table_args__ = (
        UniqueConstraint("part_id", "order_reference"),
        CheckConstraint("quantity >= 0 AND received >= 0", name="not_negative"),
    )

    id: UUID = primary_key()
    part_id: UUID = Field(foreign_key="parts.id")
    order_reference: str = Field(max_length=80)
    quantity: int = Field(description="Pieces ordered, less those cancelled.")
    received: int = 0
    expected_at: datetime | None = timestamp(optional=True)
    ordered_at: datetime = timestamp()


class EvidenceKind(StrEnum):
    """How it is known whether a part can stand in for another.

    CATALOGUE: a maker's or seller's list says so. COMPATIBILITY: a service that checks fit does.
    TRIED: we built it in.
    """

    CATALOGUE = "catalogue"
    COMPATIBILITY = "compatibility"
    TRIED = "tried"


class PartSubstitute(SQLModel, table=True):
    """What is known of one part standing in for another; of the other way round, nothing."""

    __tablename__ = "part_substitutes"
    __table_args__ = (
        UniqueConstraint("part_id", "substitute_id", "kind", "ticket"),
        CheckConstraint("part_id <> substitute_id", name="not_itself"),
        CheckConstraint("(kind = 'tried') = (ticket <> '')", name="tried_has_ticket"),
    )

    id: UUID = primary_key()
    part_id: UUID = Field(foreign_key="parts.id")
    substitute_id: UUID = Field(foreign_key="parts.id", index=True)
    kind: str = Field(max_length=13)
    ticket: str = Field(default="", max_length=16, description="Where it was tried.")
    works: bool
    note: str = long_text(default="")
    by: str = Field(max_length=120, description="Who says so.")
    at: datetime = timestamp()


class FaultPart(SQLModel, table=True):
    """A part that the repair of a common fault takes: a line of the fault's bill."""

    __tablename__ = "fault_parts"
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity_positive"),)

    device: str = Field(max_length=60, primary_key=True, description="Device type or model.")
    category: str = Field(max_length=20, primary_key=True, description="Of the fault.")
    part_id: UUID = Field(foreign_key="parts.id", primary_key=True)
    quantity: int = 1
    note: str = long_text(default="")
