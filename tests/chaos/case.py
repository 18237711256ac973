"""One request, from its acceptance over a worker's death to its end; and what must hold then."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any
from uuid import UUID, uuid4

import psutil
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
from sandbox.mail.store import MailStore
from sandbox.server import Sandbox
from sandbox.slack.channels import Channels
from tests.chaos.boundaries import Boundary, Kind, Moment
from tests.chaos.dying_worker import DEPLOYMENT, Order
from tests.chaos.stories import KINDS, Story
from tests.chaos.workers import House, Nursery
from tests.factories import add_ticket

MORTAL = "mortal"
SURVIVOR = "survivor"
LONGEST_WAIT_SECONDS = 30
STEPS: dict[str, Task[..., Any]] = {
    step.name: step for step in vars(intake).values() if isinstance(step, Task)
}


async def until(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    """Wait until a condition holds; fail when it doesn't come to hold."""
    for _ in range(LONGEST_WAIT_SECONDS * 20):
        if await condition():
            return
        await asyncio.sleep(0.05)
    pytest.fail(f"it never came to pass: {what}")


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


def finished_before(story: Story, boundary: Boundary) -> set[str]:
    """Return the steps whose results were saved when the worker died."""
    assert boundary.step is not None
    reached = story.steps.index(boundary.step) + (boundary.moment is Moment.PERSISTED)
    return set(story.steps[:reached])


OpenCase = Callable[[Story], Awaitable["Case"]]


class Case:
    """One request, from its acceptance over a worker's death to its end.

    ``delivery``, ``ticket`` and ``run`` are there once it is accepted, survived and checked.
    """

    delivery: Delivery
    ticket: Ticket
    run: FlowRun

    def __init__(self, house: House, nursery: Nursery, sandbox: Sandbox, story: Story) -> None:
        self._house = house
        self._database = house.kit.database
        self._nursery = nursery
        self._sandbox = sandbox
        self._story = story
        self._started = now()

    async def accept(self) -> None:
        """Accept the request, as the front door does."""
        if self._story.claude_is_down:
            refusal = Fault(service="claude", kind="error", status=400, count=100)
            self._sandbox.state.faults.order(refusal)
        async with self._database.transaction() as session:
            self.ticket = await add_ticket(session, self._story.problem, **self._story.device)
            number = self.ticket.number
            await inbox.accept(
                session,
                NewDelivery(
                    source="test",
                    delivery_id=uuid4().hex,
                    body_hash="",
                    event="repair.requested",
                    business_key=self.ticket.business_key,
                    ordering_key=f"ticket:{number}",
                    title=f"{number} {self.ticket.title}",
                    payload={"ticket": number},
                ),
            )

    async def reach(self, boundary: Boundary, *, responds: bool = False) -> int:
        """Let a worker die, or freeze, at a boundary; return its process id."""
        order = Order(
            name=MORTAL,
            deployments={DEPLOYMENT: self._house.deployments[DEPLOYMENT].id},
            boundary=boundary,
            responds=responds,
        )
        expected = signal.SIGSTOP if boundary.freezes else signal.SIGKILL
        report = await self._nursery.spawn(order)
        assert report.signal == expected, f"not at {boundary}:\n{self._nursery.log_tail()}"
        return report.pid

    def take_over(self, name: str) -> None:
        """Start another worker; one of the dead one's name, as after a restart, needn't wait."""
        self._house.start(name)

    async def until_taken_over(self) -> None:
        """Wait until the other worker has claimed the delivery."""

        async def taken_over() -> bool:
            return (await self._row()).worker == SURVIVOR

        await until(taken_over, "another worker has the delivery")

    async def until_ended(self) -> None:
        """Wait until the delivery is done, or dead."""

        async def ended() -> bool:
            self.delivery = await self._row()
            return self.delivery.state in {DeliveryState.DONE, DeliveryState.DEAD}

        await until(ended, "the delivery is done")

    async def wake(self, pid: int) -> None:
        """Let a frozen worker go on with what it was at, take up nothing more, and stop."""
        os.kill(pid, signal.SIGUSR1)
        os.kill(pid, signal.SIGCONT)

        async def stopped() -> bool:
            return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE

        await until(stopped, "the frozen worker has stopped")

    async def _row(self) -> Delivery:
        key = f"ticket:{self.ticket.number}"
        async with self._database.transaction() as session:
            found = await session.exec(select(Delivery).where(Delivery.ordering_key == key))
            return found.one()

    async def check(self, boundary: Boundary) -> None:
        """Check that all was done, and once; and that Prefect says so."""
        await self.check_outcome(boundary)
        assert await self.state() == StateType.COMPLETED

    async def check_outcome(self, boundary: Boundary) -> None:
        """Check that all was done, and once."""
        assert (self.delivery.state, self.delivery.last_error) == (DeliveryState.DONE, "")
        await self._check_records()
        await self._check_mails()
        self._check_calls(boundary)

    async def state(self) -> StateType | None:
        """Return the state of the run in Prefect, the only one of this ticket."""
        tagged = FlowRunFilterTags(all_=[f"ticket:{self.ticket.number}"])
        (self.run,) = await self._house.client.read_flow_runs(
            flow_run_filter=FlowRunFilter(tags=tagged)
        )
        assert self.run.id == UUID(str(self.delivery.run_id))
        return self.run.state_type

    async def _check_records(self) -> None:
        is_quoted = self._story.status == TicketStatus.QUOTED
        async with self._database.transaction() as session:
            ticket = await session.get(Ticket, self.ticket.id)
            assert ticket is not None
            assert ticket.status == self._story.status
            mine = [col(model.ticket_id) == ticket.id for model in (Diagnosis, Quote)]
            diagnoses = (await session.exec(select(Diagnosis).where(mine[0]))).all()
            quotes = (await session.exec(select(Quote).where(mine[1]))).all()
            passed = [event.name for event in await steps_on_record(session, ticket.id)]
            effects = await session.exec(
                select(Effect).where(col(Effect.claimed_at) >= self._started)
            )
            states = {effect.key: effect.state for effect in effects}
        assert len(diagnoses) == (self._story.status != TicketStatus.ROUTED)
        assert [(quote.version, quote.state) for quote in quotes] == [(1, "sent")] * is_quoted
        assert len(passed) == len(set(passed))
        assert set(states.values()) == {EffectState.DONE}

    async def _check_mails(self) -> None:
        async with self._database.transaction() as session:
            found = await session.exec(select(Message).where(Message.ticket_id == self.ticket.id))
            messages = {message.kind: message for message in found}
        assert sorted(messages) == sorted(self._story.mails)
        assert all(message.sent_at for message in messages.values())
        arrived = [
            one.message_id
            for one in self._sandbox.state.store(MailStore).arrivals()
            if one.ticket == self.ticket.number
        ]
        assert sorted(arrived) == sorted(message.message_id for message in messages.values())

    def _check_calls(self, boundary: Boundary) -> None:
        """Check that only what may be repeated was: its answer was lost with the worker."""
        lost = [boundary.step] if boundary.moment is Moment.DURING else []
        posted = [step for step in self._story.steps if KINDS[step] is Kind.SLACK]
        posted += [step for step in lost if step in posted]
        texts = [message.text for message in self._sandbox.state.store(Channels).messages()]
        assert sum("danger:" in text for text in texts) == posted.count("warn of danger")
        assert sum("is yours" in text for text in texts) == posted.count("tell bench")
        assert len(texts) == len(posted)
        if not self._story.claude_is_down:
            asked = [step for step in self._story.steps if KINDS[step] is Kind.CLAUDE]
            asked += [step for step in lost if step in asked]
            assert len(self._sandbox.state.calls.find("claude")) == len(asked)
