"""The ledger beside a model of it: stock is the sum of its movements, whatever happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import ClassVar, TypeVar
from uuid import uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.parts import ledger
from hotrod.parts.errors import ReturnExcessError, StockShortageError
from hotrod.parts.ledger import Posted, Reserved
from hotrod.parts.models import MovementKind as Kind
from hotrod.parts.models import Part, StockLevel, StockMovement
from hotrod.parts.movements import NewMovement
from hotrod.parts.orders import cancel_order, put_on_order
from hotrod.parts.store import position
from tests.hotrod.conftest import BlockingDatabase
from tests.hotrod.parts.ledger_kit import OVERRIDE, add_part, movement

Result = TypeVar("Result")

ORDERS = ("PO-1", "PO-2")
REORDER_POINT = 4
ROUNDING = Fraction(1, 1_000_000)

places = st.sampled_from(["bench", "van"])
tickets = st.sampled_from(["NL-1", "NL-2"])
pieces = st.integers(1, 5)
overridden = st.sampled_from([False] * 9 + [True])
costs = st.none() | st.decimals("0", "90", places=4)


@dataclass
class Aside:
    """Pieces set aside in the model, in the order in which they were."""

    ticket: str
    location: str
    open: int


class Ledger(RuleBasedStateMachine):
    """One part at two locations, for two tickets, from two orders."""

    blocking: ClassVar[BlockingDatabase]

    def __init__(self) -> None:
        super().__init__()
        self.part: Part = self.do(partial(add_part, reorder_point=REORDER_POINT))
        self.on_hand: Counter[str] = Counter()
        self.aside: list[Aside] = []
        self.orders: Counter[str] = Counter()
        self.out: Counter[str] = Counter()
        self.average: Fraction | None = None
        self.roundings = 0
        self.is_low = False
        self.posted: list[NewMovement] = []
        self.was_overridden = False

    def do(self, work: Callable[[AsyncSession], Awaitable[Result]]) -> Result:
        """Do something in a transaction of its own."""

        async def transaction() -> Result:
            async with self.blocking.database.transaction() as session:
                return await work(session)

        return self.blocking.wait(transaction())

    def reserved(self, location: str, ticket: str | None = None) -> int:
        return sum(
            one.open
            for one in self.aside
            if one.location == location and ticket in {None, one.ticket}
        )

    @property
    def position(self) -> int:
        free = sum(self.on_hand.values()) - sum(one.open for one in self.aside)
        return free + sum(max(left, 0) for left in self.orders.values())

    def says_low(self, became_low: bool) -> None:  # noqa: FBT001 - what is said
        """Compare what was said about being low with the model after the change."""
        is_low = self.position <= REORDER_POINT
        assert became_low == (is_low and not self.is_low)
        self.is_low = is_low

    def post(self, new: NewMovement, change: int, *, own: int = 0) -> None:
        """Post a movement that changes a location, taking ``own`` reserved pieces along."""
        after = self.on_hand[new.location] + change
        if change < 0 and not new.override and after < self.reserved(new.location) - own:
            with pytest.raises(StockShortageError):
                self.do(lambda session: ledger.post(session, new))
            return
        if new.kind is Kind.RETURN and change > self.out[new.ticket]:
            with pytest.raises(ReturnExcessError):
                self.do(lambda session: ledger.post(session, new))
            return
        posted: Posted = self.do(lambda session: ledger.post(session, new))
        self.posted.append(new)
        self.was_overridden |= new.override is not None
        self._value(change, new)
        self.on_hand[new.location] = after
        if new.ticket:
            self.out[new.ticket] -= change
        self._use_up(new, own)
        assert (posted.movement.quantity, posted.movement.on_hand_after) == (change, after)
        self.says_low(posted.became_low)

    def _value(self, change: int, new: NewMovement) -> None:
        in_all = sum(self.on_hand.values())
        listed = Fraction(self.part.unit_cost)
        if change <= 0:
            return
        average = listed if self.average is None else self.average
        paid = average if new.unit_cost is None else Fraction(new.unit_cost)
        if in_all <= 0 or self.average is None:
            self.average = paid
        else:
            self.average = (in_all * average + change * paid) / (in_all + change)
        self.roundings += 1

    def _use_up(self, new: NewMovement, own: int) -> None:
        for one in self.aside:
            if (one.ticket, one.location) == (new.ticket, new.location):
                taken = min(one.open, own)
                one.open -= taken
                own -= taken

    @initialize(quantity=st.integers(0, 8), cost=costs)
    def open_with_a_count(self, quantity: int, cost: object) -> None:
        new = movement(self.part.sku, Kind.COUNT, quantity, unit_cost=cost)
        self.post(new, quantity)

    @rule(quantity=pieces, location=places, cost=costs, order=st.sampled_from(["", *ORDERS]))
    def receive(self, quantity: int, location: str, cost: object, order: str) -> None:
        if order in self.orders:
            self.orders[order] -= quantity
        new = movement(
            self.part.sku,
            Kind.RECEIVE,
            quantity,
            location=location,
            unit_cost=cost,
            order_reference=order,
        )
        self.post(new, quantity)

    @rule(quantity=pieces, location=places, ticket=tickets, override=overridden)
    def use(self, quantity: int, location: str, ticket: str, *, override: bool) -> None:
        new = movement(
            self.part.sku,
            Kind.USE,
            quantity,
            location=location,
            ticket=ticket,
            override=OVERRIDE if override else None,
        )
        self.post(new, -quantity, own=min(quantity, self.reserved(location, ticket)))

    @rule(quantity=pieces, location=places, ticket=tickets)
    def give_back(self, quantity: int, location: str, ticket: str) -> None:
        new = movement(self.part.sku, Kind.RETURN, quantity, location=location, ticket=ticket)
        self.post(new, quantity)

    @rule(quantity=st.integers(-5, 5).filter(bool), location=places, override=overridden)
    def adjust(self, quantity: int, location: str, *, override: bool) -> None:
        given = OVERRIDE if override else None
        new = movement(self.part.sku, Kind.ADJUST, quantity, location=location, override=given)
        self.post(new, quantity)

    @rule(counted=st.integers(0, 9), location=places, cost=costs)
    def count(self, counted: int, location: str, cost: object) -> None:
        new = movement(self.part.sku, Kind.COUNT, counted, location=location, unit_cost=cost)
        self.post(new, counted - self.on_hand[location])

    @rule(number=st.integers(0, 50))
    def post_again(self, number: int) -> None:
        if self.posted:
            new = self.posted[number % len(self.posted)]
            again = self.do(lambda session: ledger.post(session, new))
            assert (again.is_repeated, again.became_low) == (True, False)

    @rule(quantity=pieces, location=places, ticket=tickets, override=overridden)
    def reserve(self, quantity: int, location: str, ticket: str, *, override: bool) -> None:
        async def reserve(session: AsyncSession) -> Reserved:
            return await ledger.reserve(
                session,
                self.part.sku,
                quantity,
                ticket,
                key=uuid4().hex,
                actor="maya",
                location=location,
                override=OVERRIDE if override else None,
            )

        if not override and self.reserved(location) + quantity > self.on_hand[location]:
            with pytest.raises(StockShortageError):
                self.do(reserve)
            return
        became_low = self.do(reserve).became_low
        self.was_overridden |= override
        self.aside.append(Aside(ticket, location, quantity))
        self.says_low(became_low)

    @rule(ticket=tickets)
    def release(self, ticket: str) -> None:
        expected = sum(one.open for one in self.aside if one.ticket == ticket)
        sku = self.part.sku
        assert self.do(lambda session: ledger.release(session, ticket, sku)) == expected
        self.aside = [one for one in self.aside if one.ticket != ticket]
        self.is_low = self.position <= REORDER_POINT

    @rule(order=st.sampled_from(ORDERS), quantity=pieces)
    def put_on_order(self, order: str, quantity: int) -> None:
        if order not in self.orders:
            self.do(lambda session: put_on_order(session, self.part.sku, quantity, order))
            self.orders[order] = quantity
            self.is_low = self.position <= REORDER_POINT

    @rule(order=st.sampled_from(ORDERS))
    def cancel(self, order: str) -> None:
        became_low = self.do(lambda session: cancel_order(session, self.part.sku, order))
        if order in self.orders:
            self.orders[order] = min(self.orders[order], 0)
        self.says_low(became_low)

    @invariant()
    def the_ledger_is_what_the_model_says(self) -> None:
        part, rows, levels, in_position = self.do(self._read)
        for level in levels.values():
            mine = [row for row in rows if row.location == level.location]
            assert level.on_hand == sum(row.quantity for row in mine)
            assert level.on_hand == self.on_hand[level.location]
            assert level.reserved == self.reserved(level.location)
            assert level.on_hand == (mine[-1].on_hand_after if mine else 0)
            assert self.was_overridden or 0 <= level.reserved <= level.on_hand
        assert set(self.on_hand) <= set(levels)
        for row in rows:
            assert row.on_hand_after >= 0 or row.quantity >= 0 or row.override_by
        assert in_position == self.position
        assert (part.low_since is not None) == self.is_low
        assert (part.average_cost is None) == (self.average is None)
        if part.average_cost is not None and self.average is not None:
            assert abs(Fraction(part.average_cost) - self.average) <= self.roundings * ROUNDING

    async def _read(
        self, session: AsyncSession
    ) -> tuple[Part, list[StockMovement], dict[str, StockLevel], int]:
        part = (await session.exec(select(Part).where(Part.id == self.part.id))).one()
        rows = await session.exec(
            select(StockMovement)
            .where(StockMovement.part_id == part.id)
            .order_by(col(StockMovement.id))
        )
        levels = await session.exec(select(StockLevel).where(StockLevel.part_id == part.id))
        by_location = {level.location: level for level in levels}
        return part, list(rows.all()), by_location, await position(session, part.id)


@pytest.mark.parametrize("examples", [12, pytest.param(80, marks=pytest.mark.thorough)])
@pytest.mark.timeout(600)  # for shrinking what fails
def test_stock_is_the_sum_of_its_movements_whatever_happens(
    blocking_database: BlockingDatabase, examples: int
) -> None:
    Ledger.blocking = blocking_database
    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=examples,
            stateful_step_count=40,
            database=None,
            report_multiple_bugs=False,
        ),
    )
