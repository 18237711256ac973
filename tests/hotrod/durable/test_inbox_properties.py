"""The inbox and its leases beside a model of them: nothing lost, stuck, overtaken or unfair."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test
from sqlalchemy import case
from sqlmodel import col, delete, update
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.durable import inbox, leases, owners, responses
from hotrod.durable.inbox import DuplicateDeliveryError, NewDelivery
from hotrod.durable.models import Delivery
from hotrod.durable.models import DeliveryState as State
from hotrod.durable.turns import Turns
from hotrod.errors import DeliveryConflictError, DeliveryForgottenError
from tests.hotrod.conftest import BlockingDatabase
from tests.hotrod.durable.inbox_machine import (
    BODY,
    EVENTS,
    SOURCE,
    InboxMachine,
    events,
    numbers,
    some,
)
from tests.hotrod.durable.inbox_model import Item

OTHER_BODY = "1" * 64
LEASE = timedelta(hours=1)
WORKERS = ("anna", "boris")
HOLDER = "its holder"

workers = st.sampled_from(WORKERS)
holders = st.sampled_from([HOLDER, HOLDER, *WORKERS])


class Inbox(InboxMachine):
    """Two workers, and ops who interfere."""

    def __init__(self) -> None:
        super().__init__()
        self.turns = {worker: Turns() for worker in WORKERS}
        self.answered = Turns()

    @rule(
        number=numbers, body=st.sampled_from([BODY, OTHER_BODY]), key=st.sampled_from(["k1", "k3"])
    )
    def deliver_again(self, number: int, body: str, key: str) -> None:
        item = self.one(number)

        async def replay(session: AsyncSession) -> dict[str, object]:
            return await inbox.replay(session, SOURCE, item.delivery_id, body)

        if body != BODY:
            with pytest.raises(DeliveryConflictError):
                self.do(replay)
        elif item.redacted:
            with pytest.raises(DeliveryForgottenError):
                self.do(replay)
        else:
            assert self.do(replay) == {"to": item.delivery_id}
        again = NewDelivery(SOURCE, item.delivery_id, body, EVENTS[0], "north", key, "", {})
        with pytest.raises(DuplicateDeliveryError):
            self.do(lambda session: inbox.accept(session, again))

    @rule(worker=workers, limit=st.integers(1, 5))
    def claim(self, worker: str, limit: int) -> None:
        self._claim(worker, limit, {}, urgent_only=False, held_back=set())

    @rule(
        worker=workers,
        limit=st.integers(1, 5),
        limits=st.dictionaries(events, st.integers(1, 2), min_size=1),
        urgent_only=st.sampled_from([False, False, True]),
        held_back=st.sets(events, max_size=1),
    )
    def claim_within_limits(
        self,
        worker: str,
        limit: int,
        limits: dict[str, int],
        *,
        urgent_only: bool,
        held_back: set[str],
    ) -> None:
        self._claim(worker, limit, limits, urgent_only=urgent_only, held_back=held_back)

    def _claim(
        self,
        worker: str,
        limit: int,
        limits: dict[str, int],
        *,
        urgent_only: bool,
        held_back: set[str],
    ) -> None:
        waiting = self.model.of(State.WAITING)
        room = self.model.room(limits)
        planned = self.model.plan(
            worker, limit, limits, urgent_only=urgent_only, held_back=held_back
        )
        rows = self.do(
            lambda session: leases.claim(
                session,
                worker,
                limit=limit,
                lease=LEASE,
                limits=limits,
                turns=self.turns[worker],
                urgent_only=urgent_only,
                held_back=sorted(held_back),
            )
        )
        claimed = [self.model.items[row.identity] for row in rows]
        self.model.take(claimed, worker)
        assert [row.attempts for row in rows] == [item.attempts for item in claimed]
        would_wait = Counter(item.event for item in waiting)
        if all(would_wait[event] <= free for event, free in room.items()):
            assert claimed == planned
        else:
            self._check_limited(claimed, planned, waiting, room)

    @staticmethod
    def _check_limited(
        claimed: list[Item], planned: list[Item], waiting: list[Item], room: dict[str, int]
    ) -> None:
        """Where a limit is met the order of businesses isn't promised, all else is."""
        assert [item.lane for item in claimed] == [item.lane for item in planned]
        taken = [item for item in waiting if item in claimed]
        for event, free in room.items():
            assert sum(item.event == event for item in taken) <= max(free, 0)
        for item in taken:
            queue = [i for i in waiting if i.queue == item.queue and i.id < item.id]
            assert all(older in taken for older in queue)

    @rule(
        numbers=some, by=holders, state=st.sampled_from([State.DONE, State.DEAD, State.DISCARDED])
    )
    def end(self, numbers: set[int], by: str, state: State) -> None:
        for item in self.several(numbers, State.CLAIMED):
            worker = self._name(item, by)
            held = item.is_held_by(worker)
            error = "" if state is State.DONE else f"{state}, said {worker}"
            assert held == self.do(_ending(item.id, worker, state, error))
            if held:
                self.model.end(item, state, error)

    @rule(number=numbers, by=holders, counts=st.booleans(), rests=st.booleans())
    def release(self, number: int, by: str, *, counts: bool, rests: bool) -> None:
        item = self.one(number, State.CLAIMED)
        worker = self._name(item, by)
        held = item.is_held_by(worker)
        rest = LEASE if rests else None
        assert held == self.do(
            lambda session: leases.release(
                session, item.id, worker, "given back", counts=counts, rest=rest
            )
        )
        if held:
            self.model.release(item, "given back", counts=counts, rests=rests)

    @rule(number=numbers, by=holders)
    def suspend(self, number: int, by: str) -> None:
        item = self.one(number, State.CLAIMED)
        worker, run_id = self._name(item, by), uuid4()
        held = item.is_held_by(worker)
        assert held == self.do(lambda session: leases.attach_run(session, item.id, worker, run_id))
        assert held == self.do(lambda session: leases.suspend(session, item.id, worker))
        if held:
            item.run_id = run_id
            self.model.suspend(item)

    @rule(number=numbers)
    def wake(self, number: int) -> None:
        item = self.one(number, State.SUSPENDED)
        has_run = item.run_id is not None
        assert has_run == self.do(lambda session: inbox.wake(session, item.run_id or uuid4()))
        if has_run:
            self.model.wake(item)

    @rule(numbers=some)
    def end_in_their_sleep(self, numbers: set[int]) -> None:
        """The runs of suspended deliveries are cancelled in Prefect."""
        items = self.several(numbers, State.SUSPENDED)
        self.do(
            lambda session: owners.end_suspended(
                session, [item.id for item in items], State.DISCARDED, "cancelled"
            )
        )
        for item in items:
            if item.state is State.SUSPENDED:
                self.model.end(item, State.DISCARDED, "cancelled")

    @staticmethod
    def _name(item: Item, by: str) -> str:
        return (item.worker or WORKERS[0]) if by == HOLDER else by

    @rule(numbers=some, worker=workers)
    def renew(self, numbers: set[int], worker: str) -> None:
        items = self.several(numbers, State.CLAIMED)
        kept = [item for item in items if item.is_held_by(worker)]
        ids = [item.id for item in items]
        assert {item.id for item in kept} == self.do(
            lambda session: leases.renew(session, ids, worker, LEASE)
        )
        for item in kept:
            item.lease_ended = False

    @rule(numbers=some)
    def time_passes(self, numbers: set[int]) -> None:
        """The leases of some end."""
        items = self.several(numbers)
        long_ago = datetime.now(UTC) - LEASE
        self.do(
            lambda session: session.exec(
                update(Delivery)
                .where(col(Delivery.id).in_([item.id for item in items]))
                .values(
                    lease_until=case((col(Delivery.lease_until).is_not(None), long_ago)),
                    response_until=case((col(Delivery.response_until).is_not(None), long_ago)),
                )
            )
        )
        for item in items:
            item.lease_ended = item.state is State.CLAIMED
            item.response_leased = False

    @rule(worker=workers)
    def die(self, worker: str) -> None:
        """A worker dies, and its successor says so."""
        mine = [item for item in self.model.of(State.CLAIMED) if item.worker == worker]
        assert self.do(lambda session: leases.abandon(session, worker)) == len(mine)
        for item in mine:
            item.lease_ended = True

    @rule(numbers=some)
    def discard(self, numbers: set[int]) -> None:
        items = self.several(numbers)
        ids = [item.id for item in items]
        discarded = self.do(lambda session: inbox.discard(session, ids, "not needed"))
        assert discarded == self.model.discard(items, "not needed")

    @rule(numbers=some)
    def redrive(self, numbers: set[int]) -> None:
        items = self.several(numbers, State.DEAD, State.DISCARDED)
        ids = [item.id for item in items]
        redriven = self.do(lambda session: inbox.redrive(session, ids))
        assert redriven == self.model.redrive(items)

    @rule(number=numbers | st.none(), limit=st.integers(1, 5))
    def redact(self, number: int | None, limit: int) -> None:
        """Redact what had ended before another one did, or before now."""
        other = None if number is None else self.one(number, State.DONE, State.DISCARDED)
        before = (other and other.finished_at) or datetime.now(UTC)
        due = {
            item.id: item.finished_at
            for item in self.model.of(State.DONE, State.DISCARDED)
            if not item.redacted and item.finished_at and item.finished_at < before
        }
        count = self.do(lambda session: inbox.redact(session, before, limit=limit))
        assert count == min(limit, len(due))
        redacted = {identity for identity, row in self.rows().items() if row.redacted_at} & set(due)
        assert len(redacted) == count
        assert sorted(due.values())[:count] == sorted(due[identity] for identity in redacted)
        for identity in redacted:
            self.model.redact(self.model.items[identity])

    @rule(events=st.sets(events).map(sorted), limit=st.integers(1, 4), performed=st.booleans())
    def respond(self, events: list[str], limit: int, *, performed: bool) -> None:
        expected = self.model.respond(events, limit)
        rows = self.do(
            lambda session: responses.claim(
                session, events, limit=limit, lease=LEASE, turns=self.answered
            )
        )
        assert [row.id for row in rows] == [item.id for item in expected]
        for item in expected:
            item.response_leased, item.responded = not performed, performed
            if performed:
                self.do(partial(responses.mark_responded, delivery_id=item.id))


def _ending(
    identity: int, worker: str, state: State, error: str
) -> Callable[[AsyncSession], Awaitable[bool]]:
    if state is State.DONE:
        return lambda session: leases.finish(session, identity, worker)
    end = leases.bury if state is State.DEAD else leases.drop
    return lambda session: end(session, identity, worker, error)


@pytest.mark.parametrize("examples", [12, pytest.param(80, marks=pytest.mark.thorough)])
@pytest.mark.timeout(600)  # for shrinking what fails
def test_the_inbox_keeps_its_promise_whatever_happens(
    blocking_database: BlockingDatabase, examples: int
) -> None:
    Inbox.blocking = blocking_database
    run_state_machine_as_test(
        Inbox,
        settings=settings(
            max_examples=examples,
            stateful_step_count=40,
            database=None,
            report_multiple_bugs=False,
        ),
    )


@given(
    businesses=st.lists(st.sampled_from("abc"), max_size=10),
    limits=st.lists(st.integers(1, 3), min_size=1, max_size=4),
)
@settings(
    max_examples=40,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_businesses_take_turns_in_however_many_claims(
    session: AsyncSession, businesses: list[str], limits: list[int]
) -> None:
    await session.exec(delete(Delivery))
    for number, business in enumerate(businesses):
        own = str(number)
        new = NewDelivery(SOURCE, own, BODY, EVENTS[0], business, own, own, {})
        await inbox.accept(session, new)
    turns, served = Turns(), list[tuple[str, int]]()
    for limit in itertools.cycle(limits):
        rows = await leases.claim(session, "anna", limit=limit, lease=LEASE, turns=turns)
        served.extend((row.business_key, int(row.title)) for row in rows)
        if len(rows) < limit:
            break
    in_rounds = sorted(
        (businesses[:number].count(business), business, number)
        for number, business in enumerate(businesses)
    )
    assert served == [(business, number) for _, business, number in in_rounds]
