from __future__ import annotations

import asyncio

from connectors._http.batch import Outcome, batch_execute
from connectors._http.errors import RejectedError


async def halve(number: int) -> int:
    await asyncio.sleep(0)
    if number % 2:
        raise RejectedError("s", "halve", f"{number} is odd")
    return number // 2


async def test_each_has_its_result_in_the_order_of_the_items() -> None:
    told: list[tuple[int, int]] = []
    outcomes = await batch_execute([4, 3, 2], halve, progress=lambda *how: told.append(how))
    assert [(one.item, one.result, one.is_done) for one in outcomes] == [
        (4, 2, True),
        (3, None, False),
        (2, 1, True),
    ]
    assert isinstance(outcomes[1].error, RejectedError)
    assert told == [(1, 3), (2, 3), (3, 3)]


async def test_after_an_error_the_rest_is_left_out_if_asked_to() -> None:
    outcomes = await batch_execute([2, 1, 4], halve, concurrency=1, continue_on_error=False)
    assert outcomes[0] == Outcome(2, 1)
    assert outcomes[2] == Outcome(4, was_tried=False)
    assert not outcomes[2].is_done


async def test_no_more_at_a_time_than_asked_for() -> None:
    now = most = 0

    async def act(_: int) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.001)
        now -= 1

    await batch_execute(range(40), act, concurrency=3)
    assert most == 3


async def test_nothing_is_nothing() -> None:
    assert await batch_execute([], halve) == []


async def test_a_mistake_of_ours_is_kept_and_nothing_more_is_begun() -> None:
    async def act(item: int) -> int:
        if item == 2:
            raise KeyError("ours")
        return item

    done, wrong, *rest = await batch_execute([1, 2, 3, 4], act, concurrency=1)

    assert done.result == 1
    assert isinstance(wrong.error, KeyError)
    assert not any(outcome.was_tried for outcome in rest)
