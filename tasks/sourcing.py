"""Steps of parts sourcing: what is low, who offers it, what to propose."""

from __future__ import annotations

from uuid import UUID

from prefect import task
from prefect.runtime import flow_run

from hotrod.analytics.store import record
from hotrod.approvals.decisions import ask
from hotrod.approvals.models import ApprovalState, Line, NewApproval
from hotrod.approvals.rules import is_changed_too_much
from hotrod.approvals.store import read_approval
from hotrod.company.models import Business
from hotrod.db.columns import now
from hotrod.errors import NotFoundError
from hotrod.purchasing.buying import plan_purchases
from hotrod.purchasing.models import Method, RoundState
from hotrod.purchasing.rounds import evaluate, move_round
from hotrod.purchasing.rounds import open_round as open_one
from hotrod.purchasing.store import (
    exchange_rates,
    keep_offers,
    proposal_of,
    read_round,
    wanted_of,
)
from hotrod.replenishment.needs import refresh_reorder_points
from hotrod.sourcing.costs import UnknownCostError
from hotrod.sourcing.models import Offer
from hotrod.sourcing.reductions import numbered, per_piece, reduced, total_of
from hotrod.suppliers.models import OrderBy
from hotrod.suppliers.store import suppliers
from tasks._policy import OUTWARD, RECORD, StepOptions
from tasks._resources import resources
from tasks._sources import sources

KIND = "parts"
_LONGEST_WORDS = 400
FORECAST: StepOptions = {**RECORD, "timeout_seconds": 900}
"""For the forecast of all parts, which takes a minute for ten thousand."""


@task(name="open round", **RECORD)
async def open_round(business: str | None) -> UUID | None:
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
    """Search a source for every part of a round, keep what it offers, and return how many."""
    kit = resources()
    asked = (await sources(kit, await _business(sourcing_round))).get(source)
    if asked is None:
        raise NotFoundError("source of offers", source)
    async with kit.database.transaction() as session:
        needed = wanted_of(await read_round(session, sourcing_round))
    count = 0
    for wanted in needed:
        offers = await asked.search(wanted)
        async with kit.database.transaction() as session:
            await keep_offers(session, sourcing_round, wanted.sku, offers)
        count += len(offers)
    return count


@task(name="evaluate offers", **RECORD)
async def evaluate_offers(sourcing_round: UUID, turn: int) -> bool:  # noqa: ARG001 - each turn anew
    """Score the offers by rules, and propose what to buy; False: nothing can be proposed."""
    kit = resources()
    async with kit.database.transaction() as session:
        return bool((await evaluate(session, kit.company, sourcing_round, now())).orders)


@task(name="ask managers", **RECORD)
async def ask_managers(sourcing_round: UUID, turn: int) -> UUID:
    """Put the proposal to the managers who may approve its amount; return the question's id."""
    kit = resources()
    async with kit.database.transaction() as session:
        current = await read_round(session, sourcing_round)
        proposal = proposal_of(current)
        orders = {line: order for order in proposal.orders for line in order.lines}
        lines = tuple(
            Line(
                id=number,
                sku=line.sku,
                words=line.words[:_LONGEST_WORDS],
                quantity=line.quantity,
                unit_amount=per_piece(orders[line], line),
                seller=orders[line].seller[:120],
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
        )
        return (await ask(session, kit.company, question, now())).id


@task(name="check prices", **OUTWARD)
async def check_prices(sourcing_round: UUID, approval: UUID) -> bool:
    """Look at every approved offer again; False: managers are to be asked anew.

    That is so when something is gone, or the whole has moved by more than the company allows.
    """
    kit = resources()
    asked = await sources(kit, await _business(sourcing_round))
    async with kit.database.transaction() as session:
        proposal = proposal_of(await read_round(session, sourcing_round))
        question = (await read_approval(session, approval)).approval
        rates = await exchange_rates(session, proposal.currency)
    quantities = question.quantities or {}
    seen: dict[tuple[str, str], Offer] = {}
    is_whole = True
    for number, line in numbered(proposal).items():
        if not quantities.get(number):
            continue
        source = asked.get(line.offer.source)
        offer = await source.look_again(line.offer) if source is not None else None
        offer = offer or line.offer.model_copy(update={"available": 0, "seen_at": now()})
        seen[offer.key] = offer
        async with kit.database.transaction() as session:
            await keep_offers(session, sourcing_round, line.sku, [offer])
        is_whole = is_whole and offer.buyable(quantities[number]) >= quantities[number]
    at, policy = now(), kit.company.sourcing
    try:
        before = total_of(reduced(proposal, quantities, rates, at, policy))
        after = total_of(reduced(proposal, quantities, rates, at, policy, seen=seen))
    except UnknownCostError:
        return False
    return is_whole and not is_changed_too_much(before, after, kit.company.approvals.reask_percent)


@task(name="plan purchases", **RECORD)
async def write_purchases(sourcing_round: UUID, approval: UUID) -> list[UUID]:
    """Write down what is bought of whom, as it was approved; return the purchases' ids."""
    kit = resources()
    async with kit.database.transaction() as session:
        current = await read_round(session, sourcing_round, lock=True)
        question = (await read_approval(session, approval)).approval
        if question.state != ApprovalState.APPROVED or question.subject_id != sourcing_round:
            raise NotFoundError("approval of this round", str(approval))
        proposal = proposal_of(current)
        orders = reduced(
            proposal,
            question.quantities or {},
            await exchange_rates(session, proposal.currency),
            now(),
            kit.company.sourcing,
        )
        by_mail = {
            one.name: Method.MAIL
            for one in await suppliers(session)
            if one.order_by == OrderBy.MAIL
        }
        return [one.id for one in await plan_purchases(session, current, orders, by_mail)]


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


async def _business(sourcing_round: UUID) -> Business:
    kit = resources()
    async with kit.database.transaction() as session:
        key = (await read_round(session, sourcing_round)).business_key
    business = kit.company.business(key)
    if business is None:
        raise NotFoundError("business in the company file", key)
    return business
