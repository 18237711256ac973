"""The ledger: what it takes, what it refuses, and when a part becomes low."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.errors import InvalidInputError
from hotrod.parts.errors import (
    KeyConflictError,
    ReturnExcessError,
    StockShortageError,
    UnknownPartError,
)
from hotrod.parts.ledger import release, reserve
from hotrod.parts.models import MovementKind as Kind
from hotrod.parts.models import StockLevel, StockMovement, Tracking
from hotrod.parts.movements import Override
from hotrod.parts.orders import cancel_order, put_on_order
from hotrod.parts.store import catalogue, find_part, levels, movements, position
from tests.hotrod.parts.ledger_kit import OVERRIDE, TICKET, add_part, post


async def shelf(session: AsyncSession, sku: str) -> dict[str, tuple[int, int]]:
    """Return what is on hand and reserved, by location."""
    part = await find_part(session, sku)
    found = await session.exec(
        select(StockLevel.location, StockLevel.on_hand, StockLevel.reserved).where(
            StockLevel.part_id == part.id
        )
    )
    return {location: (on_hand, reserved) for location, on_hand, reserved in found}


async def test_a_part_goes_in_out_and_back_and_is_counted(session: AsyncSession) -> None:
    sku = (await add_part(session)).sku
    await post(session, sku, Kind.RECEIVE, 10)
    await post(session, sku, Kind.USE, 4)
    await post(session, sku, Kind.RETURN, 1)
    await post(session, sku, Kind.ADJUST, -2, reason="fell")
    counted = await post(session, sku, Kind.COUNT, 6)
    await post(session, sku, Kind.RECEIVE, 3, location="van")
    assert (counted.movement.quantity, counted.movement.on_hand_after) == (1, 6)
    assert await shelf(session, sku) == {"bench": (6, 0), "van": (3, 0)}
    part = await find_part(session, sku)
    newest = await movements(session, part.id, limit=2)
    assert [row.quantity for row in newest] == [3, 1]


async def test_the_same_movement_twice_counts_once(session: AsyncSession) -> None:
    sku = (await add_part(session)).sku
    first = await post(session, sku, Kind.RECEIVE, 2, key="same")
    again = await post(session, sku, Kind.RECEIVE, 2, key="same")
    assert (first.is_repeated, again.is_repeated) == (False, True)
    assert again.movement.id == first.movement.id
    await post(session, sku, Kind.COUNT, 5, key="count")
    assert (await post(session, sku, Kind.COUNT, 5, key="count")).is_repeated
    assert await shelf(session, sku) == {"bench": (5, 0)}
    for other in (
        {"quantity": 3},
        {"quantity": 2, "location": "van"},
        {"quantity": 2, "order_reference": "PO-1"},
    ):
        with pytest.raises(KeyConflictError, match="same"):
            await post(session, sku, Kind.RECEIVE, key="same", **other)


async def test_what_is_not_there_is_not_taken_unless_somebody_says_why(
    session: AsyncSession,
) -> None:
    sku = (await add_part(session)).sku
    await post(session, sku, Kind.RECEIVE, 2)
    with pytest.raises(StockShortageError, match=f"3 of {sku}.*2 on hand, 0 reserved"):
        await post(session, sku, Kind.USE, 3)
    assert await shelf(session, sku) == {"bench": (2, 0)}
    taken = await post(session, sku, Kind.USE, 3, override=OVERRIDE)
    assert (taken.movement.override_by, taken.movement.override_reason) == (
        OVERRIDE.by,
        OVERRIDE.reason,
    )
    await post(session, sku, Kind.RECEIVE, 1)
    assert await shelf(session, sku) == {"bench": (0, 0)}


async def test_no_more_comes_back_from_a_ticket_than_was_used_on_it(session: AsyncSession) -> None:
    sku, other = [(await add_part(session)).sku for _ in range(2)]
    for part in (sku, other):
        await post(session, part, Kind.RECEIVE, 9)
    await post(session, other, Kind.USE, 5)
    await post(session, sku, Kind.USE, 5, ticket="NL-8")
    await post(session, sku, Kind.USE, 3)
    await post(session, sku, Kind.RETURN, 2, location="van", key="back")
    with pytest.raises(ReturnExcessError, match=f"{TICKET}: 1 out on it; return at most 1") as told:
        await post(session, sku, Kind.RETURN, 2)
    assert f"`hotrod stock adjust {sku} 1 --reason" in str(told.value)
    await post(session, sku, Kind.RETURN, 1)
    assert (await post(session, sku, Kind.RETURN, 2, location="van", key="back")).is_repeated
    with pytest.raises(ReturnExcessError, match=f"{TICKET}: 0 out on it; put"):
        await post(session, sku, Kind.RETURN, 1)
    assert await shelf(session, sku) == {"bench": (2, 0), "van": (2, 0)}


async def test_what_is_reserved_is_kept_for_its_ticket(session: AsyncSession) -> None:
    sku = (await add_part(session)).sku
    await post(session, sku, Kind.RECEIVE, 3)
    await reserve(session, sku, 2, TICKET, key="r1", actor="maya")
    again = await reserve(session, sku, 2, TICKET, key="r1", actor="maya")
    assert again.is_repeated
    with pytest.raises(KeyConflictError):
        await reserve(session, sku, 1, TICKET, key="r1", actor="maya")
    with pytest.raises(StockShortageError):
        await reserve(session, sku, 2, "NL-8", key="r2", actor="maya")
    with pytest.raises(StockShortageError):
        await post(session, sku, Kind.USE, 2, ticket="NL-8")
    await post(session, sku, Kind.USE, 1, ticket="NL-8")
    assert await shelf(session, sku) == {"bench": (2, 2)}
    await post(session, sku, Kind.USE, 1)
    assert await shelf(session, sku) == {"bench": (1, 1)}
    assert await release(session, TICKET, sku) == 1
    assert await release(session, TICKET, sku) == 0
    assert await shelf(session, sku) == {"bench": (1, 0)}
    await reserve(session, sku, 4, TICKET, key="r3", actor="maya", override=OVERRIDE)
    assert await shelf(session, sku) == {"bench": (1, 4)}


async def test_a_shortage_says_for_whom_pieces_are_reserved(session: AsyncSession) -> None:
    sku = (await add_part(session)).sku
    await post(session, sku, Kind.RECEIVE, 5)
    await reserve(session, sku, 3, TICKET, key="own", actor="maya")
    with pytest.raises(
        StockShortageError, match="5 on hand, 0 reserved for others, 3 for this ticket already;"
    ):
        await reserve(session, sku, 3, TICKET, key="more", actor="maya")
    await reserve(session, sku, 1, "NL-8", key="other", actor="maya")
    with pytest.raises(
        StockShortageError, match="5 on hand, 1 reserved for others, 3 for this ticket already;"
    ):
        await reserve(session, sku, 2, TICKET, key="more", actor="maya")
    with pytest.raises(StockShortageError, match="5 on hand, 1 reserved for others;"):
        await post(session, sku, Kind.USE, 5)
    with pytest.raises(StockShortageError, match="5 on hand, 3 reserved for others, 1 for this"):
        await reserve(session, sku, 2, "NL-8", key="more", actor="maya")
    with pytest.raises(StockShortageError, match="5 on hand, 4 reserved for others;"):
        await post(session, sku, Kind.ADJUST, -2)


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"quantity": 0}, "quantity"),
        ({"ticket": ""}, "ticket"),
        ({"ticket": "NL-" + "7" * 20}, "ticket"),
        ({"override": Override("", "why not")}, "override"),
    ],
)
async def test_what_a_reservation_does_not_say_is_asked_for(
    session: AsyncSession, said: dict[str, Any], named: str
) -> None:
    sku = (await add_part(session)).sku
    given: dict[str, Any] = {"quantity": 1, "ticket": TICKET, "key": "r", "actor": "maya"} | said
    with pytest.raises(InvalidInputError, match=f"^{named}"):
        await reserve(session, sku, **given)


async def test_low_is_said_once_until_it_was_above(session: AsyncSession) -> None:
    sku = (await add_part(session, reorder_point=2)).sku
    said = [
        (await post(session, sku, kind, quantity)).became_low
        for kind, quantity in [
            (Kind.RECEIVE, 4),
            (Kind.USE, 1),
            (Kind.USE, 1),
            (Kind.USE, 1),
            (Kind.RECEIVE, 1),
            (Kind.RECEIVE, 1),
            (Kind.ADJUST, -1),
        ]
    ]
    assert said == [False, False, True, False, False, False, True]


async def test_a_reservation_makes_low_and_its_use_does_not_again(session: AsyncSession) -> None:
    sku = (await add_part(session, reorder_point=1)).sku
    await post(session, sku, Kind.RECEIVE, 3)
    assert (await reserve(session, sku, 2, TICKET, key="low", actor="maya")).became_low
    assert not (await post(session, sku, Kind.USE, 2)).became_low


async def test_what_is_on_order_counts_until_it_came_or_was_cancelled(
    session: AsyncSession,
) -> None:
    part = await add_part(session, reorder_point=2)
    sku = part.sku
    await post(session, sku, Kind.RECEIVE, 3)
    order = await put_on_order(session, sku, 4, "PO-1")
    assert not (await post(session, sku, Kind.USE, 3)).became_low
    assert await position(session, part.id) == 4
    assert not (await post(session, sku, Kind.RECEIVE, 1, order_reference="PO-1")).became_low
    assert (await position(session, part.id), order.received) == (4, 1)
    assert await cancel_order(session, sku, "PO-1")
    assert not await cancel_order(session, sku, "PO-2")
    assert await position(session, part.id) == 1
    await put_on_order(session, sku, 3, "PO-1")
    await post(session, sku, Kind.RECEIVE, 5, order_reference="PO-1")
    assert await position(session, part.id) == 6, "more came than was ordered"


async def test_the_average_is_weighted_over_all_locations(session: AsyncSession) -> None:
    sku = (await add_part(session)).sku
    await post(session, sku, Kind.RECEIVE, 2, unit_cost=Decimal("1.00"))
    await post(session, sku, Kind.RECEIVE, 1, unit_cost=Decimal("4.00"), location="van")
    used = await post(session, sku, Kind.USE, 2)
    back = await post(session, sku, Kind.RETURN, 1)
    assert used.movement.unit_cost == back.movement.unit_cost == Decimal("2.00")
    await post(session, sku, Kind.COUNT, 0)
    await post(session, sku, Kind.USE, 1, location="van")
    await post(session, sku, Kind.RECEIVE, 3, unit_cost=Decimal("0.0042"))
    assert (await find_part(session, sku)).average_cost == Decimal("0.0042")


@pytest.mark.parametrize(
    ("kind", "quantity", "said", "named"),
    [
        (Kind.RECEIVE, 0, {}, "quantity"),
        (Kind.RECEIVE, 10_000_000, {}, "quantity"),
        (Kind.COUNT, -1, {}, "quantity"),
        (Kind.ADJUST, 0, {}, "quantity: 0.*from -1000000 to 1000000, and not 0"),
        (Kind.ADJUST, -2_000_000, {}, "quantity: -2000000"),
        (Kind.ADJUST, 1, {"reason": " "}, "reason"),
        (Kind.USE, 1, {"ticket": ""}, "ticket"),
        (Kind.RETURN, 1, {"ticket": ""}, "ticket"),
        (Kind.RECEIVE, 1, {"unit_cost": Decimal(1), "currency": "USD"}, "currency.*in CAD"),
        (Kind.RECEIVE, 1, {"unit_cost": Decimal(-1)}, "unit_cost"),
        (Kind.RECEIVE, 1, {"unit_cost": Decimal("NaN")}, "unit_cost"),
        (Kind.USE, 1, {"unit_cost": Decimal(1)}, "unit_cost"),
        (Kind.RECEIVE, 1, {"location": "x" * 41}, "location"),
        (Kind.RECEIVE, 1, {"actor": ""}, "actor"),
        (Kind.COUNT, 1, {"lot": "B1"}, "lot.*whole shelf"),
        (Kind.USE, 1, {"override": Override("boss", "")}, "override"),
    ],
)
async def test_what_a_movement_does_not_say_is_asked_for(
    session: AsyncSession, kind: Kind, quantity: int, said: dict[str, Any], named: str
) -> None:
    sku = (await add_part(session)).sku
    with pytest.raises(InvalidInputError, match=f"^{named}"):
        await post(session, sku, kind, quantity, **said)
    assert await shelf(session, sku) == {}


async def test_tracked_parts_are_moved_by_batch_or_serial_number(session: AsyncSession) -> None:
    batched = (await add_part(session, tracking=Tracking.BATCH)).sku
    with pytest.raises(InvalidInputError, match="tracked by batch"):
        await post(session, batched, Kind.RECEIVE, 2)
    await post(session, batched, Kind.RECEIVE, 2, lot="B1")
    await post(session, batched, Kind.COUNT, 3)
    serial = (await add_part(session, tracking=Tracking.SERIAL)).sku
    with pytest.raises(InvalidInputError, match="one by one"):
        await post(session, serial, Kind.RECEIVE, 2, lot="S1")
    await post(session, serial, Kind.RECEIVE, 1, lot="S1")
    with pytest.raises(InvalidInputError, match="in stock already"):
        await post(session, serial, Kind.RECEIVE, 1, lot="S1")
    await post(session, serial, Kind.USE, 1, lot="S1")
    await post(session, serial, Kind.RETURN, 1, lot="S1")
    assert await shelf(session, serial) == {"bench": (1, 0)}


async def test_an_unknown_part_is_answered_with_those_spelled_alike(session: AsyncSession) -> None:
    with pytest.raises(UnknownPartError, match="did you mean HDMI-PS5"):
        await post(session, "hdmi-ps5", Kind.RECEIVE, 1)
    with pytest.raises(UnknownPartError) as raised:
        await find_part(session, "0000000")
    assert raised.value.alike == ()


async def test_levels_show_every_part_and_low_ones_alone(session: AsyncSession) -> None:
    sku = (await add_part(session, active=True, reorder_point=1)).sku
    rows = {row.part.sku: row for row in await levels(session)}
    assert rows[sku].level.on_hand == 0
    assert rows["HDMI-PS5"].level.on_hand == 14
    assert sku in {row.part.sku for row in await levels(session, low=True)}
    await put_on_order(session, sku, 2, "PO-9")
    low = {row.part.sku for row in await levels(session, low=True)}
    assert sku not in low
    assert "HDMI-PS5" not in low


async def test_the_first_stock_is_counted_in(session: AsyncSession) -> None:
    (stocked,) = await catalogue(session, ["HDMI-PS5"])
    (opening,) = await movements(session, stocked.part.id, limit=5)
    assert (opening.kind, opening.quantity, opening.unit_cost) == ("count", 14, Decimal("8.40"))
    assert stocked.available == 14
    assert stocked.part.average_cost == Decimal("8.40")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE stock_movements SET quantity = 9 WHERE part_id = :part",
        "DELETE FROM stock_movements WHERE part_id = :part",
        "UPDATE stock_levels SET on_hand = 9 WHERE part_id = :part",
        "UPDATE stock_levels SET reserved = 0 WHERE part_id = :part",
        "DELETE FROM stock_levels WHERE part_id = :part",
        "INSERT INTO stock_levels VALUES (gen_random_uuid(), :part, 'van', 9, 0, now())",
        "UPDATE parts SET average_cost = 9 WHERE id = :part",
        "UPDATE stock_reservations SET quantity = 9 WHERE part_id = :part",
        "UPDATE stock_reservations SET location = 'van' WHERE part_id = :part",
        "DELETE FROM stock_reservations WHERE part_id = :part",
    ],
)
async def test_the_database_refuses_to_rewrite_stock(session: AsyncSession, statement: str) -> None:
    part = await add_part(session)
    await post(session, part.sku, Kind.RECEIVE, 3)
    await reserve(session, part.sku, 2, TICKET, key="kept", actor="maya")
    connection = await session.connection()
    with pytest.raises(IntegrityError, match=r"stock changes by|not changed"):
        await connection.execute(text(statement), {"part": part.id})


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({}, "would fall to 1, with 2 reserved"),
        ({"on_hand_after": 2}, "1 of part .* are at bench"),
        ({"currency": "USD"}, "valued in CAD, not in USD"),
        ({"kind": Kind.RECEIVE, "override_by": "a", "override_reason": "b"}, "signed_by_kind"),
    ],
)
async def test_the_database_refuses_a_movement_that_skips_the_rules(
    session: AsyncSession, changed: dict[str, Any], reason: str
) -> None:
    part = await add_part(session)
    await post(session, part.sku, Kind.RECEIVE, 2)
    await reserve(session, part.sku, 2, TICKET, key="kept", actor="maya")
    usual: dict[str, Any] = {"kind": Kind.USE, "on_hand_after": 1, "currency": "CAD"}
    session.add(
        StockMovement(
            key="raw",
            part_id=part.id,
            location="bench",
            quantity=-1,
            unit_cost=Decimal(1),
            ticket="NL-8",
            actor="sql",
            **usual | changed,
        )
    )
    with pytest.raises(IntegrityError, match=reason):
        await session.flush()
