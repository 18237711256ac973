"""A worker dies at every boundary of the intake, and another one goes on.

Nothing is lost and nothing is done twice, but for what the system declares harmless to repeat: a
note on Slack that was posted and not recorded, and a question to Claude whose answer was lost.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterTags
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.context import TaskRunContext
from prefect.tasks import Task
from sqlmodel import col, select

from flows import repair_intake as intake
from hotrod.analytics.store import steps as steps_on_record
from hotrod.db.columns import now
from hotrod.durable import inbox
from hotrod.durable.inbox import NewDelivery
from hotrod.durable.models import Delivery, DeliveryState, Effect, EffectState
from hotrod.mail.models import Message
from hotrod.quoting.models import Quote
from hotrod.repairs.models import Diagnosis, Ticket, TicketStatus
from sandbox.faults import Fault
from sandbox.server import Sandbox
from tests.chaos.boundaries import Boundary, Kind, Moment
from tests.chaos.conftest import House, Nursery
from tests.chaos.dying_worker import DEPLOYMENT, Order
from tests.chaos.stories import DANGEROUS, KINDS, Story, boundaries
from tests.factories import add_ticket

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("empty_inbox", "free_technicians")]

STEPS: dict[str, Task[..., Any]] = {
    step.name: step for step in vars(intake).values() if isinstance(step, Task)
}
DEAD = "mortal"


def test_every_step_of_the_flow_is_tried() -> None:
    tried = [boundary.step for _, boundary in boundaries()]
    assert set(tried) == set(KINDS) == set(STEPS)


@pytest.mark.parametrize(
    ("story", "boundary"),
    [pytest.param(story, boundary, id=str(boundary)) for story, boundary in boundaries()],
)
async def test_a_step_that_was_cut_off_is_brought_to_its_end(
    house: House, sandbox: Sandbox, nursery: Nursery, story: Story, boundary: Boundary
) -> None:
    case = await Case.open(house, sandbox, nursery, story)
    await case.die_at(boundary)
    with watched() as ran:
        await case.survive(DEAD)
    await case.check(boundary)
    assert case.run.run_count == 2
    assert not finished_before(story, boundary) & set(ran), "finished steps are not repeated"
    assert len(ran) == len(set(ran))


async def test_workers_that_die_one_after_another_leave_one_mail(
    house: House, sandbox: Sandbox, nursery: Nursery
) -> None:
    case = await Case.open(house, sandbox, nursery, DANGEROUS)
    deaths = [Moment.BEFORE, Moment.DURING, Moment.RECORDED, Moment.HALF_SAVED]
    for moment in deaths:
        await case.die_at(Boundary(step="send quote", kind=Kind.MAIL, moment=moment))
    with watched() as ran:
        await case.survive(DEAD)
    await case.check(Boundary(moment=Moment.RETURNED))
    assert case.run.run_count == len(deaths) + 1
    assert ran == ["send quote", "tell bench"]


@pytest.mark.parametrize(
    "moment", [Moment.CLAIMED, Moment.CREATED, Moment.ATTACHED, Moment.COMPLETED]
)
async def test_another_worker_takes_over_what_the_engine_was_at(
    house: House, sandbox: Sandbox, nursery: Nursery, moment: Moment
) -> None:
    boundary = Boundary(moment=moment)
    case = await Case.open(house, sandbox, nursery, DANGEROUS)
    await case.die_at(boundary)
    with watched() as ran:
        await case.survive("another")
    await case.check(boundary)
    assert case.run.run_count == 1
    assert ran == ([] if moment is Moment.COMPLETED else list(DANGEROUS.steps))


@pytest.mark.parametrize(
    "moment", [Moment.BEFORE, Moment.DURING, Moment.RECORDED, Moment.RESPONDED]
)
async def test_a_first_response_that_was_cut_off_is_given_once(
    house: House, sandbox: Sandbox, nursery: Nursery, moment: Moment
) -> None:
    boundary = Boundary(moment=moment)
    case = await Case.open(house, sandbox, nursery, DANGEROUS)
    await case.die_at(boundary, responds=True)
    await case.survive("another")
    await case.check(boundary)
    assert case.run.run_count == 1


def finished_before(story: Story, boundary: Boundary) -> set[str]:
    """Return the steps whose results were saved when the worker died."""
    assert boundary.step is not None
    reached = story.steps.index(boundary.step) + (boundary.moment is Moment.PERSISTED)
    return set(story.steps[:reached])


@contextmanager
def watched() -> Iterator[list[str]]:
    """Yield the names of the steps that flows of this process come to execute."""
    ran: list[str] = []

    def watch(step: Task[..., Any]) -> Callable[..., Any]:
        execute = step.fn

        @wraps(execute)
        async def executed(*args: Any, **kwargs: Any) -> Any:
            if TaskRunContext.get() is not None:  # and not as a first response
                ran.append(step.name)
            return await execute(*args, **kwargs)

        return executed

    with pytest.MonkeyPatch.context() as patch:
        for step in STEPS.values():
            patch.setattr(step, "fn", watch(step))
        yield ran


class Case:
    """One request, from its acceptance over a worker's death to its end."""

    def __init__(
        self, house: House, sandbox: Sandbox, nursery: Nursery, story: Story, ticket: Ticket
    ) -> None:
        self.house = house
        self.database = house.kit.database
        self.sandbox = sandbox
        self.nursery = nursery
        self.story = story
        self.ticket = ticket
        self.started = now()
        self.delivery: Delivery
        self.run: FlowRun

    @classmethod
    async def open(cls, house: House, sandbox: Sandbox, nursery: Nursery, story: Story) -> Case:
        if story.claude_is_down:
            sandbox.state.faults.order(Fault(service="claude", kind="error", status=400, count=100))
        async with house.kit.database.transaction() as session:
            ticket = await add_ticket(session, story.problem, **story.device)
            await inbox.accept(
                session,
                NewDelivery(
                    source="test",
                    delivery_id=uuid4().hex,
                    body_hash="",
                    event="repair.requested",
                    business_key=ticket.business_key,
                    ordering_key=f"ticket:{ticket.number}",
                    title=f"{ticket.number} {ticket.title}",
                    payload={"ticket": ticket.number},
                ),
            )
        return cls(house, sandbox, nursery, story, ticket)

    async def die_at(self, boundary: Boundary, *, responds: bool = False) -> None:
        order = Order(
            name=DEAD,
            deployment=self.house.deployments[DEPLOYMENT].id,
            boundary=boundary,
            responds=responds,
        )
        ended = await self.nursery.spawn(order)
        assert ended == -signal.SIGKILL, f"{boundary} was not reached:\n{self.nursery.log_tail()}"

    async def survive(self, name: str) -> None:
        """Let a worker take over; of the dead one's name, as after a restart, it needn't wait."""
        self.house.start(name)
        for _ in range(600):
            async with self.database.transaction() as session:
                found = await session.exec(
                    select(Delivery).where(Delivery.ordering_key == f"ticket:{self.ticket.number}")
                )
                self.delivery = found.one()
            if self.delivery.state in {DeliveryState.DONE, DeliveryState.DEAD}:
                return
            await asyncio.sleep(0.05)
        pytest.fail(f"still {self.delivery.state}: {self.delivery.last_error}")

    async def check(self, boundary: Boundary) -> None:
        """Check that all was done, and once."""
        await self._check_engine()
        await self._check_records()
        await self._check_mails()
        await self._check_calls(boundary)

    async def _check_engine(self) -> None:
        assert (self.delivery.state, self.delivery.last_error) == (DeliveryState.DONE, "")
        tagged = FlowRunFilterTags(all_=[f"ticket:{self.ticket.number}"])
        (self.run,) = await self.house.client.read_flow_runs(
            flow_run_filter=FlowRunFilter(tags=tagged)
        )
        assert self.run.id == UUID(str(self.delivery.run_id))
        assert self.run.state is not None
        assert self.run.state.type == StateType.COMPLETED

    async def _check_records(self) -> None:
        is_quoted = self.story.status == TicketStatus.QUOTED
        async with self.database.transaction() as session:
            ticket = await session.get(Ticket, self.ticket.id)
            assert ticket is not None
            assert ticket.status == self.story.status
            mine = [col(model.ticket_id) == ticket.id for model in (Diagnosis, Quote)]
            diagnoses = (await session.exec(select(Diagnosis).where(mine[0]))).all()
            quotes = (await session.exec(select(Quote).where(mine[1]))).all()
            passed = [event.name for event in await steps_on_record(session, ticket.id)]
            effects = await session.exec(
                select(Effect).where(col(Effect.claimed_at) >= self.started)
            )
            states = {effect.key: effect.state for effect in effects}
        assert len(diagnoses) == (self.story.status != TicketStatus.ROUTED)
        assert [(quote.version, quote.state) for quote in quotes] == [(1, "sent")] * is_quoted
        assert len(passed) == len(set(passed))
        assert set(states.values()) == {EffectState.DONE}

    async def _check_mails(self) -> None:
        async with self.database.transaction() as session:
            found = await session.exec(select(Message).where(Message.ticket_id == self.ticket.id))
            messages = {message.kind: message for message in found}
        assert sorted(messages) == sorted(self.story.mails)
        assert all(message.sent_at for message in messages.values())
        arrived = [
            one.message_id
            for one in self.sandbox.state.mail.arrivals()
            if one.ticket == self.ticket.number
        ]
        assert sorted(arrived) == sorted(message.message_id for message in messages.values())

    async def _check_calls(self, boundary: Boundary) -> None:
        """Check that only what may be repeated was: its answer was lost with the worker."""
        lost = [boundary.step] if boundary.moment is Moment.DURING else []
        posted = [step for step in self.story.steps if KINDS[step] is Kind.SLACK]
        posted += [step for step in lost if step in posted]
        texts = [message.text for message in self.sandbox.state.channels.messages()]
        assert sum("danger:" in text for text in texts) == posted.count("warn of danger")
        assert sum("is yours" in text for text in texts) == posted.count("tell bench")
        assert len(texts) == len(posted)
        if not self.story.claude_is_down:
            asked = [step for step in self.story.steps if KINDS[step] is Kind.CLAUDE]
            asked += [step for step in lost if step in asked]
            assert len(self.sandbox.state.calls.find("claude")) == len(asked)
