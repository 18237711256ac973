"""Parts sourcing: what runs low is found, proposed to a manager, and bought once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from prefect import flow
from pydantic import Field

from flows._attempt import attempt
from flows._decision import decided
from hotrod.approvals.models import ApprovalState
from hotrod.purchasing.models import Method, RoundState
from tasks.advice import advise_managers
from tasks.artifacts import publish_proposal
from tasks.letters import ask_to_buy, order_by_mail, tell_managers, tell_nothing_offered
from tasks.purchases import (
    PlacingError,
    choose_placing,
    hand_over_purchase,
    note_order,
)
from tasks.slack import tell_managers_on_slack
from tasks.sourcing import (
    ask_managers,
    check_prices,
    close_round,
    evaluate_offers,
    list_sources,
    open_round,
    search_offers,
    write_purchases,
)

BusinessKey = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,30}$", examples=["noizylab"])]
_MOST_TURNS = 5


@flow(name="parts-sourcing", persist_result=True)
async def parts_sourcing(business: BusinessKey | None = None) -> str:
    """Find, propose and buy the parts that run low, once a manager has said yes.

    While managers think, the run sleeps. When prices have moved by more than the company allows,
    they are asked again. What other rounds take care of is left to them.

    Started by the event ``stock.low``, every morning, or by ops. Returns how it ended: nothing_low,
    nothing_offered, declined, expired, bought, or prices_never_hold after five times.

    Args:
        business: Key of the business that repairs, e.g. noizylab; without it, the company's.
    """
    sourcing_round = await open_round(business)
    if sourcing_round is None:
        return "nothing_low"
    await search_everywhere(sourcing_round)
    for turn in range(1, _MOST_TURNS + 1):
        if not await evaluate_offers(sourcing_round, turn):
            await publish_proposal(sourcing_round)
            await attempt(tell_nothing_offered(sourcing_round))
            return "nothing_offered"
        await attempt(advise_managers(sourcing_round, turn))
        await publish_proposal(sourcing_round)
        approval = await ask_managers(sourcing_round, turn)
        await asyncio.gather(
            attempt(tell_managers(approval)), attempt(tell_managers_on_slack(approval))
        )
        answer = await decided(approval)
        if answer != ApprovalState.APPROVED:
            await close_round(sourcing_round, RoundState.DECLINED)
            return answer.value
        if await check_prices(sourcing_round, approval):
            await place(await write_purchases(sourcing_round, approval))
            await close_round(sourcing_round, RoundState.BOUGHT)
            return "bought"
    await close_round(sourcing_round, RoundState.CANCELLED)
    return "prices_never_hold"


async def search_everywhere(sourcing_round: UUID) -> None:
    """Search all sources at once; one that is away leaves the others' offers."""
    names = await list_sources(sourcing_round)
    await asyncio.gather(*(attempt(search_offers(sourcing_round, name)) for name in names))


async def place(purchases: Sequence[UUID]) -> None:
    """Place each purchase once; one that fails doesn't hold up the others.

    Raises:
        PlacingError: some failed.
    """
    placed = [await attempt(_place(purchase)) for purchase in purchases]
    if not all(placed):
        raise PlacingError(placed.count(False), len(placed))


async def _place(purchase: UUID) -> None:
    placing = await choose_placing(purchase)
    if placing.method == Method.MAIL:
        await order_by_mail(purchase, placing.address)
        await note_order(purchase)
    else:
        await hand_over_purchase(purchase)
        await ask_to_buy(purchase)
