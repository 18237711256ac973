"""A worker is frozen, as a suspended machine is, loses its lease, and wakes up again."""

from __future__ import annotations

import pytest
from prefect.client.schemas.objects import StateType

from sandbox.faults import Fault
from sandbox.server import Sandbox
from tests.chaos.boundaries import Boundary, Moment
from tests.chaos.case import SURVIVOR, OpenCase, finished_before, until, watched
from tests.chaos.stories import DANGEROUS, KINDS
from tests.chaos.workers import LEASE_SECONDS

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.prefect,
    pytest.mark.usefixtures("empty_inbox", "free_technicians"),
]


def frozen(step: str, moment: Moment) -> Boundary:
    return Boundary(step=step, kind=KINDS[step], moment=moment, freezes=True)


@pytest.mark.parametrize("step", ["price repair", "send quote"])
async def test_frozen_in_the_middle_of_an_act_it_is_waited_for(
    open_case: OpenCase, step: str
) -> None:
    boundary = frozen(step, Moment.DURING)
    case = await open_case(DANGEROUS)
    worker = await case.reach(boundary)
    with watched() as ran:
        case.take_over(SURVIVOR)
        await case.until_taken_over()
        await case.wake(worker)
        await case.until_ended()
    await case.check(boundary)
    assert not finished_before(DANGEROUS, boundary) & set(ran)


@pytest.mark.parametrize(
    ("step", "moment"), [("check parts", Moment.BEFORE), ("send quote", Moment.RETURNED)]
)
async def test_waking_up_when_all_is_done_it_does_nothing_twice(
    open_case: OpenCase, step: str, moment: Moment
) -> None:
    boundary = frozen(step, moment)
    case = await open_case(DANGEROUS)
    worker = await case.reach(boundary)
    case.take_over(SURVIVOR)
    await case.until_ended()
    await case.wake(worker)
    await case.check_outcome(boundary)


async def test_waking_up_when_all_is_done_it_leaves_the_run_completed(
    open_case: OpenCase, sandbox: Sandbox
) -> None:
    case = await open_case(DANGEROUS)
    worker = await case.reach(frozen("diagnose with Claude", Moment.BEFORE))
    case.take_over(SURVIVOR)
    await case.until_ended()
    slow = Fault(service="claude", kind="slow", seconds=2 * LEASE_SECONDS)
    sandbox.state.faults.order(slow)  # so that the run is under way when the lost lease is noticed
    await case.wake(worker)

    async def completed() -> bool:
        return await case.state() == StateType.COMPLETED

    await until(completed, "Prefect says that the run completed")
