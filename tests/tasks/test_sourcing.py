"""Steps of parts sourcing that a run repeats, since it died before their results were saved."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from hotrod.approvals.decisions import answer
from hotrod.approvals.models import Answer, Via
from hotrod.approvals.store import read_approval
from hotrod.db.columns import now
from hotrod.parts.models import MovementKind
from hotrod.parts.store import find_part
from hotrod.purchasing.abandoned import end_round
from hotrod.purchasing.models import RoundState
from hotrod.purchasing.rounds import RoundCancelledError
from hotrod.purchasing.store import keep_offers, read_purchase, read_round, wanted_of
from sandbox.server import Sandbox
from tasks._resources import Resources
from tasks.sourcing import ask_managers, close_round, evaluate_offers, plan_purchases, search_offers
from tests.hotrod.parts.ledger_kit import post
from tests.hotrod.purchasing.kit import low_part, past_round
from tests.hotrod.sourcing.kit import offer
from tests.shelf_kit import sell

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("empty_inbox")]


async def searched(kit: Resources, *, is_offered: bool) -> UUID:
    """Store a round that has searched for a part; return its id."""
    async with kit.database.transaction() as session:
        part = await low_part(session)
        part.active = False  # other tests count what is low
        current = await past_round(session, RoundState.SEARCHING, part.sku, closed_at=None)
        good = offer(title=part.sku, fit="fits", delivery=None, seen_at=now())
        await keep_offers(session, current.id, part.sku, [good] * is_offered)
    return current.id


async def state(kit: Resources, sourcing_round: UUID) -> str:
    async with kit.database.transaction() as session:
        return (await read_round(session, sourcing_round)).state


async def yes_to(kit: Resources, sourcing_round: UUID, *, turn: int) -> UUID:
    """Let a manager approve what is proposed; return the question's id."""
    assert await evaluate_offers.fn(sourcing_round, turn)
    question = await ask_managers.fn(sourcing_round, turn)
    given = Answer("approve", Via.LINK)
    async with kit.database.transaction() as session:
        await answer(session, kit.company, question, "sofia", given, now())
    return question


async def test_what_is_bought_is_written_down_once(kit: Resources) -> None:
    sourcing_round = await searched(kit, is_offered=True)
    question = await yes_to(kit, sourcing_round, turn=1)

    planned = await plan_purchases.fn(sourcing_round, question)
    assert planned
    assert await plan_purchases.fn(sourcing_round, question) == planned
    assert await state(kit, sourcing_round) == RoundState.APPROVED


async def test_an_approved_round_is_not_decided_anew(kit: Resources) -> None:
    sourcing_round, question = await searched(kit, is_offered=True), uuid4()
    assert await evaluate_offers.fn(sourcing_round, 1)
    async with kit.database.transaction() as session:
        (await read_round(session, sourcing_round)).state = RoundState.APPROVED
    assert await plan_purchases.fn(sourcing_round, question) == []


async def test_where_nothing_is_offered_a_round_ends_once(kit: Resources) -> None:
    sourcing_round = await searched(kit, is_offered=False)
    for _ in range(2):
        assert not await evaluate_offers.fn(sourcing_round, 1)
    assert await state(kit, sourcing_round) == RoundState.EMPTY


async def test_a_round_is_closed_once(kit: Resources) -> None:
    sourcing_round = await searched(kit, is_offered=True)
    assert await evaluate_offers.fn(sourcing_round, 1)
    for _ in range(2):
        await close_round.fn(sourcing_round, RoundState.DECLINED)
    assert await state(kit, sourcing_round) == RoundState.DECLINED


async def put(kit: Resources, sourcing_round: UUID, price: str) -> None:
    """Let the part be offered at another price."""
    async with kit.database.transaction() as session:
        (wanted,) = wanted_of(await read_round(session, sourcing_round))
        dearer = offer(price, title=wanted.sku, fit="fits", delivery=None, seen_at=now())
        await keep_offers(session, sourcing_round, wanted.sku, [dearer])


async def test_an_earlier_yes_buys_nothing_of_a_later_proposal(kit: Resources) -> None:
    """Even when a worker that was thought dead comes to it."""
    sourcing_round = await searched(kit, is_offered=True)
    first = await yes_to(kit, sourcing_round, turn=1)
    await put(kit, sourcing_round, "60.00")
    assert await plan_purchases.fn(sourcing_round, first) is None
    assert await evaluate_offers.fn(sourcing_round, 2)
    assert await plan_purchases.fn(sourcing_round, first) is None, "nobody is asked about it yet"
    second = await yes_to(kit, sourcing_round, turn=2)
    assert await plan_purchases.fn(sourcing_round, first) is None

    planned = await plan_purchases.fn(sourcing_round, second)

    assert planned is not None
    async with kit.database.transaction() as session:
        total = (await read_purchase(session, planned[0])).purchase.total
        assert total == (await read_approval(session, second)).approval.amount


async def test_a_turn_is_evaluated_once(kit: Resources) -> None:
    sourcing_round = await searched(kit, is_offered=True)
    question = await yes_to(kit, sourcing_round, turn=1)
    await put(kit, sourcing_round, "9.01")
    assert await evaluate_offers.fn(sourcing_round, 1)
    planned = await plan_purchases.fn(sourcing_round, question)
    for end in (RoundState.APPROVED, RoundState.BOUGHT):
        assert await state(kit, sourcing_round) == end
        assert await evaluate_offers.fn(sourcing_round, 1)
        assert await plan_purchases.fn(sourcing_round, question) == planned
        await close_round.fn(sourcing_round, RoundState.BOUGHT)


async def test_of_a_cancelled_round_nothing_is_planned_nor_asked(kit: Resources) -> None:
    sourcing_round = await searched(kit, is_offered=True)
    question = await yes_to(kit, sourcing_round, turn=1)
    await put(kit, sourcing_round, "60.00")
    async with kit.database.transaction() as session:
        current = await read_round(session, sourcing_round, lock=True)
        await end_round(session, current, "ops ended it", now(), by="maya")
    with pytest.raises(RoundCancelledError):
        await plan_purchases.fn(sourcing_round, question)
    async with kit.database.transaction() as session:
        assert (await read_round(session, sourcing_round)).why_again == ""


async def test_once_something_is_proposed_a_failed_search_is_not_made_up_for(
    kit: Resources, sandbox: Sandbox
) -> None:
    sell(sandbox, "part")
    sourcing_round = await searched(kit, is_offered=True)
    await yes_to(kit, sourcing_round, turn=1)
    assert await search_offers.fn(sourcing_round, "ebay") == 0


async def test_what_is_not_low_any_more_is_asked_about_once_more(kit: Resources) -> None:
    sourcing_round = await searched(kit, is_offered=True)
    first = await yes_to(kit, sourcing_round, turn=1)
    async with kit.database.transaction() as session:
        (wanted,) = wanted_of(await read_round(session, sourcing_round))
        part = await find_part(session, wanted.sku)
        part.active = True
        await post(session, part.sku, MovementKind.RECEIVE, 10)
    try:
        assert await plan_purchases.fn(sourcing_round, first) is None
        async with kit.database.transaction() as session:
            current = await read_round(session, sourcing_round)
        assert current.why_again == (
            f"Not bought as it was approved, since {wanted.sku} isn't low any more."
        )
        assert current.needs[0]["available"] == 12
        second = await yes_to(kit, sourcing_round, turn=2)
        assert await plan_purchases.fn(sourcing_round, second)
    finally:
        async with kit.database.transaction() as session:
            (await find_part(session, wanted.sku)).active = False
