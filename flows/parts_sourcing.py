"""Parts sourcing: what runs low is found, proposed to a manager, and bought once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from prefect import flow
from pydantic import Field

from flows._attempt import STEP_FAILED, attempt
from flows._decision import decided
from hotrod.approvals.models import ApprovalState
from hotrod.purchasing.models import Method, RoundState
from hotrod.purchasing.rounds import RoundCancelledError
from tasks.advice import advise_managers
from tasks.alerts import tell_that_prices_never_hold
from tasks.bids import let_bid_rest
from tasks.checkouts import begin_checkout
from tasks.letters import (
    ask_to_buy,
    ask_to_pay,
    order_by_mail,
    tell_managers,
    tell_nothing_offered,
)
from tasks.purchase_artifacts import publish_end, publish_proposal
from tasks.purchases import (
    PlacingError,
    choose_placing,
    hand_over_purchase,
    note_order,
)
from tasks.slack import tell_managers_on_slack
from tasks.sourcing import (
    ask_managers,
    close_round,
    evaluate_offers,
    list_sources,
    look_again,
    note_unsearched_source,
    open_round,
    plan_purchases,
    search_offers,
)

BusinessKey = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,30}$", examples=["noizylab"])]
_MOST_TURNS = 5


@flow(name="parts-sourcing", persist_result=True)
async def parts_sourcing(
    business: BusinessKey | None = None, even_resting: tuple[str, ...] = ()
) -> str:
    """Find, propose and buy the parts that run low, once a manager has said yes.

    While managers think, the run sleeps. When prices have moved by more than the company allows,
    they are asked again. What other rounds take care of is left to them. Parts to which a manager
    has said no rest for some days; those that nobody decided about in time are asked about again.

    Started by the events ``stock.low`` and ``sourcing.wanted``, every morning, or by ops. Returns
    how it ended: nothing_low, nothing_offered, declined, expired, bought, cancelled when ops ended
    the round meanwhile, or prices_never_hold after five times.

    Args:
        business: Key of the business that repairs, e.g. noizylab; without it, the company's.
        even_resting: SKUs of parts that are proposed even if they rest after a manager's no.

    Raises:
        PlacingError: some of what was approved could not be placed.
    """
    sourcing_round = await open_round(business, even_resting)
    try:
        end = "nothing_low" if sourcing_round is None else await source(sourcing_round)
    except RoundCancelledError:
        end = RoundState.CANCELLED.value
    except PlacingError:
        await publish_end(sourcing_round, "not all placed")
        raise
    await publish_end(sourcing_round, end)
    return end


async def source(sourcing_round: UUID) -> str:
    """Search, propose, ask and buy, and return how it ended.

    Raises:
        RoundCancelledError: ops ended the round meanwhile.
    """
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
            is_late = answer == ApprovalState.EXPIRED
            end = RoundState.EXPIRED if is_late else RoundState.DECLINED
            await close_round(sourcing_round, end)
            return end.value
        await look_again(sourcing_round, approval)
        await attempt(begin_checkout(sourcing_round, approval))
        purchases = await plan_purchases(sourcing_round, approval)
        if purchases is not None:
            await place(sourcing_round, purchases)
            await close_round(sourcing_round, RoundState.BOUGHT)
            return "bought"
    await close_round(sourcing_round, RoundState.CANCELLED)
    await tell_that_prices_never_hold(sourcing_round)
    return "prices_never_hold"


async def search_everywhere(sourcing_round: UUID) -> None:
    """Search all sources at once; one that is away leaves the others' offers, and is named."""
    names = await list_sources(sourcing_round)
    await asyncio.gather(*(_search(sourcing_round, name) for name in names))


async def place(sourcing_round: UUID, purchases: Sequence[UUID]) -> None:
    """Place each purchase once; one that fails doesn't hold up the others.

    What eBay's checkout holds, a person pays, who is asked to.

    Raises:
        PlacingError: some failed, or nobody could be asked to pay.
    """
    placed = [await attempt(_place(purchase)) for purchase in purchases]
    placed.append(await attempt(ask_to_pay(sourcing_round)))
    if not all(placed):
        raise PlacingError


async def _search(sourcing_round: UUID, name: str) -> None:
    try:
        await search_offers(sourcing_round, name)
    except STEP_FAILED as error:
        why = str(error) or "it didn't answer in time"
        await note_unsearched_source(sourcing_round, name, why)


async def _place(purchase: UUID) -> None:
    placing = await choose_placing(purchase)
    if placing is None:
        return
    match placing.method:
        case Method.MAIL:
            if await order_by_mail(purchase, placing.address):
                await note_order(purchase)
        case Method.BID:
            await let_bid_rest(purchase)
        case Method.CHECKOUT:
            await hand_over_purchase(purchase)
        case Method.LINK:
            await hand_over_purchase(purchase)
            await ask_to_buy(purchase)
