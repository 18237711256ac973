"""A manager's no holds for a while, and a deadline that passed isn't one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.company.models import Company
from hotrod.durable.models import Delivery, DeliveryState
from hotrod.errors import InvalidInputError
from hotrod.forecast.settings import ForecastSettings
from hotrod.parts.errors import UnknownPartError
from hotrod.parts.lowness import announce
from hotrod.parts.models import MovementKind, Part
from hotrod.purchasing.models import RoundState
from hotrod.purchasing.planning import plan_purchases
from hotrod.purchasing.rests import ask_at_once, rests
from hotrod.purchasing.rounds import open_round
from tests.hotrod.parts.ledger_kit import add_part, post
from tests.hotrod.purchasing.kit import NOW, low_part, order_for, past_round

DAY = timedelta(days=1)


async def looked_for(session: AsyncSession, company: Company, **more: object) -> set[str]:
    """Return what a round opened two days later looks for."""
    given: dict[str, object] = {"at": NOW + 2 * DAY} | more
    opened = await open_round(
        session,
        company,
        ForecastSettings(),
        "noizylab",
        None,
        **given,  # type: ignore[arg-type]
    )
    return {need["wanted"]["sku"] for need in opened.needs} if opened else set()


@pytest.fixture
async def part(session: AsyncSession) -> Part:
    return await low_part(session)


async def test_a_declined_part_is_not_asked_about_for_a_week(
    session: AsyncSession, company: Company, part: Part
) -> None:
    declined = await past_round(session, RoundState.DECLINED, part.sku)

    rest = (await rests(session, company, NOW + DAY))[part.sku]
    assert (rest.round_id, rest.until) == (declined.id, NOW + 7 * DAY)
    assert part.sku not in await looked_for(session, company, at=NOW + 7 * DAY - DAY / 24)
    assert part.sku in await looked_for(session, company, at=NOW + 7 * DAY)


@pytest.mark.parametrize("end", [RoundState.EXPIRED, RoundState.CANCELLED])
async def test_what_nobody_refused_is_asked_about_the_next_morning(
    session: AsyncSession, company: Company, part: Part, end: RoundState
) -> None:
    await past_round(session, end, part.sku)
    assert part.sku in await looked_for(session, company, at=NOW + DAY)


async def test_a_no_ends_when_the_last_piece_is_gone(
    session: AsyncSession, company: Company, part: Part
) -> None:
    await past_round(session, RoundState.DECLINED, part.sku)
    await post(session, part.sku, MovementKind.USE, 2)
    assert part.sku in await looked_for(session, company)


async def test_a_no_to_an_empty_shelf_holds(session: AsyncSession, company: Company) -> None:
    part = await low_part(session, pieces=0)
    await past_round(session, RoundState.DECLINED, part.sku, available=0)
    assert part.sku not in await looked_for(session, company)


async def test_other_parts_do_not_rest(session: AsyncSession, company: Company, part: Part) -> None:
    other = await low_part(session)
    await past_round(session, RoundState.DECLINED, part.sku)
    found = await looked_for(session, company)
    assert other.sku in found
    assert part.sku not in found


async def test_a_part_that_was_not_offered_was_not_refused(
    session: AsyncSession, company: Company, part: Part
) -> None:
    other = await low_part(session)
    declined = await past_round(session, RoundState.DECLINED, part.sku, other.sku)
    declined.proposal["orders"][0]["lines"].pop()
    session.add(declined)
    assert other.sku in await looked_for(session, company)


async def test_the_newest_round_counts(session: AsyncSession, company: Company, part: Part) -> None:
    await past_round(session, RoundState.DECLINED, part.sku)
    await past_round(session, RoundState.EXPIRED, part.sku, closed_at=NOW + DAY)
    assert part.sku not in await rests(session, company, NOW + 2 * DAY)


async def test_a_part_of_which_no_piece_was_approved_rests(
    session: AsyncSession, company: Company, part: Part
) -> None:
    refused = await low_part(session)
    current = await past_round(session, RoundState.PROPOSED, part.sku, refused.sku, closed_at=None)
    await plan_purchases(session, current, [order_for(part.sku)], {})
    current.state, current.closed_at = RoundState.BOUGHT, NOW
    assert {part.sku, refused.sku} & set(await rests(session, company, NOW + DAY)) == {refused.sku}


async def test_a_company_may_let_nothing_rest(
    session: AsyncSession, company: Company, part: Part
) -> None:
    await past_round(session, RoundState.DECLINED, part.sku)
    at_once = company.sourcing.model_copy(update={"decline_rest_days": 0})
    hurried = company.model_copy(update={"sourcing": at_once})
    assert part.sku in await looked_for(session, hurried)


async def test_ops_may_ask_at_once(session: AsyncSession, company: Company, part: Part) -> None:
    await past_round(session, RoundState.DECLINED, part.sku)

    await ask_at_once(session, company, [part.sku], "maya")

    told = await session.exec(select(Delivery).where(Delivery.event == "sourcing.wanted"))
    (delivery,) = [one for one in told if part.sku in one.title]
    assert delivery.payload == {"business": "noizylab", "even_resting": [part.sku]}
    assert part.sku in await looked_for(session, company, even_resting=[part.sku])


async def test_ops_do_not_wait_for_parts_that_are_gathered(
    session: AsyncSession, company: Company, part: Part
) -> None:
    await announce(session, "some:lowness", "BOLT is low")

    await ask_at_once(session, company, [part.sku], "maya")

    told = await session.exec(select(Delivery).where(Delivery.event == "sourcing.wanted"))
    (delivery,) = [one for one in told if part.sku in one.title]
    assert delivery.state == DeliveryState.WAITING


async def test_what_is_not_low_is_not_asked_for(session: AsyncSession, company: Company) -> None:
    plenty = await add_part(session, active=True, reorder_point=1)
    await post(session, plenty.sku, MovementKind.RECEIVE, 5)
    with pytest.raises(InvalidInputError, match="isn't low"):
        await ask_at_once(session, company, [plenty.sku], "maya")
    with pytest.raises(UnknownPartError):
        await ask_at_once(session, company, ["NO-SUCH-PART"], "maya")
