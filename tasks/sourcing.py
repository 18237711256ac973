"""Steps of parts sourcing: what is low, who offers it, what to propose."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from prefect import task
from prefect.runtime import flow_run
from sqlmodel.ext.asyncio.session import AsyncSession

from connectors._http.batch import batch_execute
from hotrod.analytics.store import record
from hotrod.approvals.decisions import ask
from hotrod.approvals.models import Line, NewApproval
from hotrod.approvals.store import read_approval
from hotrod.company.models import Business
from hotrod.db.columns import now
from hotrod.errors import NotFoundError
from hotrod.outside import outside_url
from hotrod.purchasing.checkouts import draft_of
from hotrod.purchasing.models import Method, RoundState
from hotrod.purchasing.planning import plan_purchases as write_purchases
from hotrod.purchasing.rounds import (
    ask_again,
    check_goes_on,
    evaluate,
    is_to_be_bought,
    move_round,
    note_searched,
    note_unsearched,
    recheck_round,
)
from hotrod.purchasing.rounds import open_round as open_one
from hotrod.purchasing.store import (
    keep_offers,
    proposal_of,
    purchases,
    read_round,
    wanted_of,
)
from hotrod.replenishment.points import refresh_reorder_points
from hotrod.sourcing.models import Wanted
from hotrod.sourcing.proposals import bid_words
from hotrod.sourcing.reductions import numbered, per_piece
from hotrod.suppliers.models import OrderBy
from hotrod.suppliers.store import suppliers
from tasks._policy import OUTWARD, RECORD, SOON, StepOptions
from tasks._resources import resources
from tasks._sources import sources

KIND = "parts"
_LONGEST_WORDS = 400
FORECAST: StepOptions = {**RECORD, "timeout_seconds": 900}
"""For the forecast of all parts, which takes a minute for ten thousand."""


@task(name="open round", **RECORD)
async def open_round(business: str | None, even_resting: Sequence[str]) -> UUID | None:
    """Open a round for the parts that are low and not taken care of; None: there are none."""
    kit = resources()
    run_id = UUID(str(flow_run.id)) if flow_run.id else None
    async with kit.database.transaction() as session:
        opened = await open_one(
            session,
            kit.company,
            kit.settings.forecast,
            business or kit.company.default_business,
            run_id,
            now(),
            even_resting,
        )
        return None if opened is None else opened.id


@task(name="refresh reorder points", **FORECAST)
async def refresh_points() -> int:
    """Forecast the demand of each part, and set its reorder point; return how many changed."""
    kit = resources()
    async with kit.database.transaction() as session:
        done = await refresh_reorder_points(session, kit.company, kit.settings.forecast, now())
    return len(done.changed)


@task(name="list sources", **RECORD)
async def list_sources(sourcing_round: UUID) -> list[str]:
    """Return the names of the places that are searched."""
    return sorted(await sources(resources(), await _business(sourcing_round)))


@task(name="search offers", task_run_name="search {source}", **OUTWARD)
async def search_offers(sourcing_round: UUID, source: str) -> int:
    """Search a source for the parts of a round, some at once; keep what it offers, return how many.

    Once something is proposed, a search that has failed before isn't made up for: a run that begins
    anew would only wait for the source, and managers know that it was away.

    Raises:
        Exception: what the first part failed with; the offers for the others are kept.
    """
    kit = resources()
    business = await _business(sourcing_round)
    asked = (await sources(kit, business)).get(source)
    if asked is None:
        raise NotFoundError("source of offers", source)
    async with kit.database.transaction() as session:
        current = await read_round(session, sourcing_round)
        if current.state != RoundState.SEARCHING:
            return 0
        needed = wanted_of(current)

    async def search(wanted: Wanted) -> int:
        offers = await asked.search(wanted)
        async with kit.database.transaction() as session:
            await keep_offers(session, sourcing_round, wanted.sku, offers)
        return len(offers)

    searched = await batch_execute(needed, search)
    for one in searched:
        if one.error is not None:
            raise one.error
    count = sum(one.result or 0 for one in searched)
    async with kit.database.transaction() as session:
        await note_searched(session, sourcing_round, source, count)
    return count


@task(name="note unsearched source", task_run_name="note that {source} is away", **RECORD)
async def note_unsearched_source(sourcing_round: UUID, source: str, why: str) -> None:
    """Say for the proposal that a source couldn't be searched, and why not."""
    async with resources().database.transaction() as session:
        await note_unsearched(session, sourcing_round, source, why)


@task(name="evaluate offers", **RECORD)
async def evaluate_offers(sourcing_round: UUID, turn: int) -> bool:
    """Score the offers by rules, and propose what to buy; False: nothing can be proposed."""
    kit = resources()
    async with kit.database.transaction() as session:
        proposal = await evaluate(
            session, kit.company, sourcing_round, turn, now(), may_bid=kit.bids is not None
        )
        return bool(proposal.orders)


@task(name="ask managers", **RECORD)
async def ask_managers(sourcing_round: UUID, turn: int) -> UUID:
    """Put the proposal to the managers who may approve its amount; return the question's id.

    Raises:
        RoundCancelledError: the round was cancelled.
    """
    kit = resources()
    async with kit.database.transaction() as session:
        current = await read_round(session, sourcing_round, lock=True)
        check_goes_on(current)
        proposal = proposal_of(current)
        orders = {line: order for order in proposal.orders for line in order.lines}
        stock_out = {wanted.sku: wanted.stock_out_on for wanted in wanted_of(current)}
        lines = tuple(
            Line(
                id=number,
                sku=line.sku,
                words=line.words[:_LONGEST_WORDS],
                quantity=line.quantity,
                pack_size=line.offer.pack_size,
                least=line.offer.prices[0].from_quantity,
                unit_amount=per_piece(orders[line], line),
                seller=orders[line].seller[:120],
                url=outside_url(line.offer.url),
                picture_url=line.offer.picture_url,
                stock_out_on=stock_out[line.sku],
                bid=bid_words(line.offer),
            )
            for number, line in numbered(proposal).items()
        )
        parts = sorted({line.sku for line in lines})
        question = NewApproval(
            kind=KIND,
            subject_id=sourcing_round,
            round=turn,
            business_key=current.business_key,
            title=f"Parts: {', '.join(parts)}"[:110],
            amount=proposal.total,
            currency=proposal.currency,
            lines=lines,
            run_id=current.run_id,
            why_again=current.why_again,
        )
        return (await ask(session, kit.company, question, now())).id


@task(name="look at offers again", cache_expiration=SOON, **OUTWARD)
async def look_again(sourcing_round: UUID, approval: UUID) -> None:
    """Look at every approved offer again, and keep it as it is now; of what is gone, no piece.

    A run that begins anew later than ``SOON`` looks once more.
    """
    kit = resources()
    async with kit.database.transaction() as session:
        current = await read_round(session, sourcing_round)
        if not await is_to_be_bought(session, current, approval):
            return
        proposal = proposal_of(current)
        quantities = (await read_approval(session, approval)).approval.quantities or {}
    asked = await sources(kit, await _business(sourcing_round))
    for number, line in numbered(proposal).items():
        if not quantities.get(number):
            continue
        source = asked.get(line.offer.source)
        offer = await source.look_again(line.offer) if source is not None else None
        offer = offer or line.offer.model_copy(update={"available": 0, "seen_at": now()})
        async with kit.database.transaction() as session:
            await keep_offers(session, sourcing_round, line.sku, [offer])


@task(name="plan purchases", **RECORD)
async def plan_purchases(sourcing_round: UUID, approval: UUID) -> list[UUID] | None:
    """Write down what is bought of whom, as the offers are now, and as eBay's checkout costs.

    Returns:
        the purchases' ids, also of a round that is approved already; None: managers are to be
        asked anew, since something is gone, or the whole costs more or less than the company
        allows unasked, or they are already.

    Raises:
        NotFoundError: nobody has approved this round by that question.
        RoundCancelledError: the round was cancelled.
    """
    kit = resources()
    async with kit.database.transaction() as session:
        current = await read_round(session, sourcing_round, lock=True)
        check_goes_on(current)
        if current.state in {RoundState.APPROVED, RoundState.BOUGHT}:
            return [one.id for one in await purchases(session, round_id=sourcing_round)]
        if not await is_to_be_bought(session, current, approval):
            return None
        draft = await draft_of(session, sourcing_round)
        checked = await recheck_round(session, kit.company, current, approval, now(), draft)
        if not checked.why:
            lead = timedelta(seconds=kit.company.sourcing.bid_lead_seconds)
            methods = await _methods(session)
            planned = await write_purchases(session, current, checked.orders, methods, lead, draft)
            return [one.id for one in planned]
        await ask_again(session, current, approval, checked)
    return None


@task(name="close round", **RECORD)
async def close_round(sourcing_round: UUID, state: RoundState) -> None:
    """Say how a round ended."""
    async with resources().database.transaction() as session:
        current = await read_round(session, sourcing_round, lock=True)
        if current.state != state:
            move_round(current, state)
            session.add(current)
            await record(
                session, f"sourcing.{state}", current.business_key, round=str(sourcing_round)
            )


async def _methods(session: AsyncSession) -> dict[str, Method]:
    """Return how is bought, by source; where none is told, a person buys."""
    return {
        one.name: Method.MAIL for one in await suppliers(session) if one.order_by == OrderBy.MAIL
    }


async def _business(sourcing_round: UUID) -> Business:
    kit = resources()
    async with kit.database.transaction() as session:
        key = (await read_round(session, sourcing_round)).business_key
    return kit.company.business_of(key)
