"""A worker dies at every boundary of the intake, and another one goes on.

Nothing is lost and nothing is done twice, but for what the system declares harmless to repeat: a
note on Slack that was posted and not recorded, and a question to Claude whose answer was lost.
"""

from __future__ import annotations

import pytest

from tests.chaos.boundaries import Boundary, Kind, Moment
from tests.chaos.case import MORTAL, STEPS, SURVIVOR, OpenCase, finished_before, watched
from tests.chaos.stories import DANGEROUS, KINDS, Story, boundaries

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.prefect,
    pytest.mark.usefixtures("empty_inbox", "free_technicians"),
]


def test_every_step_of_the_flow_is_tried() -> None:
    tried = [boundary.step for _, boundary in boundaries()]
    assert set(tried) == set(KINDS) == set(STEPS)


@pytest.mark.parametrize(
    ("story", "boundary"),
    [pytest.param(story, boundary, id=str(boundary)) for story, boundary in boundaries()],
)
async def test_a_step_that_was_cut_off_is_brought_to_its_end(
    open_case: OpenCase, story: Story, boundary: Boundary
) -> None:
    case = await open_case(story)
    await case.reach(boundary)
    with watched() as ran:
        case.take_over(MORTAL)
        await case.until_ended()
    await case.check(boundary)
    assert case.run.run_count == 2
    assert not finished_before(story, boundary) & set(ran), "finished steps are not repeated"
    assert len(ran) == len(set(ran))


async def test_workers_that_die_one_after_another_leave_one_mail(open_case: OpenCase) -> None:
    case = await open_case(DANGEROUS)
    deaths = [Moment.BEFORE, Moment.DURING, Moment.RECORDED, Moment.HALF_SAVED]
    for moment in deaths:
        boundary = Boundary(step="send quote", kind=Kind.MAIL, moment=moment)
        await case.reach(boundary)
    with watched() as ran:
        case.take_over(MORTAL)
        await case.until_ended()
    await case.check(boundary)
    assert case.run.run_count == len(deaths) + 1
    assert ran == ["send quote", "tell bench"]


@pytest.mark.parametrize(
    "moment", [Moment.CLAIMED, Moment.CREATED, Moment.ATTACHED, Moment.COMPLETED]
)
async def test_another_worker_takes_over_what_the_engine_was_at(
    open_case: OpenCase, moment: Moment
) -> None:
    boundary = Boundary(moment=moment)
    case = await open_case(DANGEROUS)
    await case.reach(boundary)
    with watched() as ran:
        case.take_over(SURVIVOR)
        await case.until_ended()
    await case.check(boundary)
    assert case.run.run_count == 1
    assert ran == ([] if moment is Moment.COMPLETED else list(DANGEROUS.steps))


@pytest.mark.parametrize(
    "moment", [Moment.BEFORE, Moment.DURING, Moment.RECORDED, Moment.RESPONDED]
)
async def test_a_first_response_that_was_cut_off_is_given_once(
    open_case: OpenCase, moment: Moment
) -> None:
    boundary = Boundary(moment=moment)
    case = await open_case(DANGEROUS)
    await case.reach(boundary, responds=True)
    case.take_over(SURVIVOR)
    await case.until_ended()
    await case.check(boundary)
    assert case.run.run_count == 1
