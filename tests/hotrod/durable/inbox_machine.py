"""The real inbox and its model, side by side: what all properties of it start from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from typing import ClassVar, TypeVar
from uuid import uuid4

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlmodel import delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.durable import inbox
from hotrod.durable.inbox import NewDelivery
from hotrod.durable.models import Delivery, Lane
from hotrod.durable.models import DeliveryState as State
from tests.hotrod.conftest import BlockingDatabase
from tests.hotrod.durable.inbox_model import ENDS, HEADS, InboxModel, Item

Result = TypeVar("Result")

SOURCE = "api:properties"
BODY = "0" * 64
EVENTS = ("repair.requested", "order.shipped")

events = st.sampled_from(EVENTS)
numbers = st.integers(0, 23)
some = st.sets(numbers, min_size=1, max_size=5)
new_ones = st.tuples(
    events,
    st.sampled_from(["north", "south", "west"]),
    st.sampled_from([Lane.NORMAL, Lane.NORMAL, Lane.URGENT, Lane.BULK]),
    st.sampled_from(["", "", "k1", "k2"]),
)


class InboxMachine(RuleBasedStateMachine):
    """Deliveries are accepted; whatever else is done, the inbox is what its model says.

    Rules name deliveries by numbers, among those in a state that makes sense.
    """

    blocking: ClassVar[BlockingDatabase]

    def __init__(self) -> None:
        super().__init__()
        self.model = InboxModel()
        self.do(lambda session: session.exec(delete(Delivery)))

    def teardown(self) -> None:
        self.do(lambda session: session.exec(delete(Delivery)))

    def do(self, work: Callable[[AsyncSession], Awaitable[Result]]) -> Result:
        """Do something in a transaction of its own."""

        async def transaction() -> Result:
            async with self.blocking.database.transaction() as session:
                return await work(session)

        return self.blocking.wait(transaction())

    def rows(self) -> dict[int, Delivery]:
        async def select_all(session: AsyncSession) -> dict[int, Delivery]:
            return {row.identity: row for row in await session.exec(select(Delivery))}

        return self.do(select_all)

    def one(self, number: int, *states: State) -> Item:
        """Choose a delivery in one of the states, or any when there is none."""
        items = self.model.of(*states) or list(self.model.items.values())
        return items[number % len(items)]

    def several(self, numbers: set[int], *states: State) -> list[Item]:
        """Choose deliveries in the states, or any when there are none."""
        return list({item.id: item for item in (self.one(n, *states) for n in numbers)}.values())

    @initialize(burst=st.lists(new_ones, min_size=4, max_size=12))
    def accept_some(self, burst: list[tuple[str, str, Lane, str]]) -> None:
        self.accept(burst)

    @rule(burst=st.lists(new_ones, min_size=1, max_size=6))
    def accept(self, burst: list[tuple[str, str, Lane, str]]) -> None:
        for event, business, lane, key in burst:
            unique = uuid4().hex
            new = NewDelivery(
                source=SOURCE,
                delivery_id=unique,
                body_hash=BODY,
                event=event,
                business_key=business,
                ordering_key=key or unique,
                title="",
                payload={"of": unique},
                answer={"to": unique},
                lane=lane,
            )
            identity = self.do(partial(inbox.accept, new=new))
            rank = list(Lane).index(lane)
            self.model.accept(Item(identity, unique, event, business, new.ordering_key, rank))

    @invariant()
    def the_inbox_is_what_the_model_says(self) -> None:
        rows = self.rows()
        assert set(rows) == set(self.model.items)
        for identity, item in self.model.items.items():
            _check(rows[identity], item)
            item.finished_at = rows[identity].finished_at
        heads = Counter(row.ordering_key for row in rows.values() if row.state in HEADS)
        held = {row.ordering_key for row in rows.values() if row.state == State.HELD}
        assert set(heads.values()) <= {1}, "of a key, one at a time"
        assert held <= set(heads), "what is held is held by something"

    @rule()
    def count(self) -> None:
        counts = self.do(inbox.count)
        states = Counter(item.state for item in self.model.items.values())
        assert counts.waiting == states[State.WAITING] + states[State.HELD]
        assert counts.claimed == states[State.CLAIMED]
        assert counts.suspended == states[State.SUSPENDED]
        assert counts.dead == states[State.DEAD]
        assert (counts.oldest_waiting_seconds > 0) == (states[State.WAITING] > 0)


def _check(row: Delivery, item: Item) -> None:
    """Compare a row with its model; the worker is of interest only while it holds the row."""
    kept = not item.redacted
    claimed = item.state is State.CLAIMED
    assert (row.state, row.attempts, row.run_id) == (item.state, item.attempts, item.run_id)
    assert (row.last_error, row.redacted_at is None) == (item.error, kept)
    assert row.payload == ({"of": item.delivery_id} if kept else {})
    assert row.answer == ({"to": item.delivery_id} if kept else {})
    assert (row.responded_at is not None) == item.responded
    assert (row.finished_at is not None) == (item.state in ENDS)
    assert (row.lease_until is not None) == claimed
    assert not claimed or row.worker == item.worker
