"""Parts and movements for tests of the ledger."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import uuid4

from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.parts import ledger
from hotrod.parts.ledger import Posted
from hotrod.parts.models import MovementKind, Part
from hotrod.parts.movements import NewMovement, Override

TICKET = "NL-7"
OVERRIDE = Override("boss", "the shelf is wrong")


async def add_part(session: AsyncSession, **values: Any) -> Part:
    """Store a part that no other test counts: it isn't in the catalogue."""
    usual: dict[str, Any] = {
        "sku": f"T-{uuid4().hex[:12].upper()}",
        "name": "Part of a test",
        "category": "power",
        "unit_cost": Decimal(5),
        "active": False,
    }
    part = Part(**usual | values)
    session.add(part)
    await session.flush()
    return part


def movement(sku: str, kind: MovementKind, quantity: int, **values: Any) -> NewMovement:
    """Return a movement that says what its kind must."""
    needed: dict[str, Any] = {
        MovementKind.USE: {"ticket": TICKET},
        MovementKind.RETURN: {"ticket": TICKET},
        MovementKind.ADJUST: {"reason": "found behind the shelf"},
    }.get(kind, {})
    said = {"key": uuid4().hex, "actor": "maya"} | needed | values
    return NewMovement(sku=sku, kind=kind, quantity=quantity, **said)


async def post(
    session: AsyncSession, sku: str, kind: MovementKind, quantity: int, **values: Any
) -> Posted:
    return await ledger.post(session, movement(sku, kind, quantity, **values))
