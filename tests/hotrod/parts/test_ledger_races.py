"""Two at once: what only one of them can have, one of them gets."""

from __future__ import annotations

import asyncio

import pytest

from hotrod.db.engine import Database
from hotrod.parts import ledger
from hotrod.parts.errors import ReturnExcessError, StockShortageError
from hotrod.parts.models import MovementKind as Kind
from hotrod.parts.store import position
from tests.hotrod.parts.ledger_kit import add_part, movement, post


async def test_the_last_piece_goes_to_one_and_the_other_is_told(database: Database) -> None:
    async with database.transaction() as session:
        part = await add_part(session)
        await post(session, part.sku, Kind.RECEIVE, 1)

    async def take(ticket: str) -> None:
        async with database.transaction() as own:
            await post(own, part.sku, Kind.USE, 1, ticket=ticket)

    async with database.transaction() as first:
        await post(first, part.sku, Kind.USE, 1, ticket="NL-1")
        late = asyncio.create_task(take("NL-2"))
        done, _ = await asyncio.wait([late], timeout=0.2)
        assert not done, "it waits for the first one's end"
    with pytest.raises(StockShortageError, match=f"1 of {part.sku}.*0 on hand"):
        await late


async def test_a_piece_is_not_taken_and_reserved_at_once(database: Database) -> None:
    async with database.transaction() as session:
        part = await add_part(session)
        await post(session, part.sku, Kind.RECEIVE, 1)

    async def take() -> None:
        async with database.transaction() as own:
            await post(own, part.sku, Kind.USE, 1)

    async def reserve() -> None:
        async with database.transaction() as own:
            await ledger.reserve(own, part.sku, 1, "NL-9", key=f"r:{part.sku}", actor="maya")

    ends = await asyncio.gather(take(), reserve(), return_exceptions=True)
    assert [type(end) for end in ends if end is not None] == [StockShortageError]


async def test_what_is_out_on_a_ticket_comes_back_once(database: Database) -> None:
    async with database.transaction() as session:
        part = await add_part(session)
        await post(session, part.sku, Kind.RECEIVE, 2)
        await post(session, part.sku, Kind.USE, 1)

    async def give_back() -> None:
        async with database.transaction() as own:
            await post(own, part.sku, Kind.RETURN, 1)

    ends = await asyncio.gather(give_back(), give_back(), return_exceptions=True)
    assert [type(end) for end in ends if end is not None] == [ReturnExcessError]


async def test_a_movement_sent_by_many_at_once_counts_once(database: Database) -> None:
    async with database.transaction() as session:
        part = await add_part(session)
    new = movement(part.sku, Kind.RECEIVE, 2)

    async def send() -> bool:
        async with database.transaction() as own:
            return (await ledger.post(own, new)).is_repeated

    assert sorted(await asyncio.gather(*(send() for _ in range(4)))) == [False, True, True, True]
    async with database.transaction() as session:
        assert await position(session, part.id) == 2
