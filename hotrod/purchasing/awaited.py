"""Whether the order that goods are said to belong to is one that we await."""

from __future__ import annotations

import re

from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.errors import InvalidInputError, NotFoundError
from hotrod.purchasing.models import PurchaseState
from hotrod.purchasing.store import find_purchase

_OURS = re.compile(r"\s*PO-\d+\s*", re.IGNORECASE)
_CURE = "See `hotrod purchases list`, or leave it out."


async def awaited_reference(session: AsyncSession, written: str) -> str:
    """Return the reference of an order as we write it; one that isn't ours is free text.

    Raises:
        InvalidInputError: it looks like ours, and there is none, or nothing of it is to come.
    """
    if not _OURS.fullmatch(written):
        return written
    try:
        purchase = (await find_purchase(session, written)).purchase
    except NotFoundError as error:
        raise InvalidInputError("order", f"{error}.", _CURE) from error
    if purchase.state != PurchaseState.ORDERED:
        state = purchase.state.replace("_", " ")
        raise InvalidInputError("order", f"{purchase.number} is {state}, not awaited.", _CURE)
    return purchase.number
