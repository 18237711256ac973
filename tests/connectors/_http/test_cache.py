from __future__ import annotations

import asyncio

import pytest

from connectors._http.cache import AnswerCache
from connectors._http.errors import TransientError


class Service:
    asked = 0

    async def __call__(self) -> int:
        self.asked += 1
        await asyncio.sleep(0)
        return self.asked


async def test_an_answer_is_kept_until_it_is_too_old() -> None:
    now = 0.0
    cache, service = AnswerCache[int](seconds=60, clock=lambda: now), Service()
    assert [await cache.get("a", service) for _ in range(3)] == [1, 1, 1]
    assert await cache.get("b", service) == 2
    now = 61.0
    assert await cache.get("a", service) == 3


async def test_of_several_one_asks() -> None:
    cache, service = AnswerCache[int](seconds=60), Service()
    assert await asyncio.gather(*(cache.get("a", service) for _ in range(5))) == [1] * 5


async def test_who_gives_up_leaves_the_answer_to_the_others() -> None:
    cache, service = AnswerCache[int](seconds=60), Service()
    first = asyncio.create_task(cache.get("a", service))
    second = asyncio.create_task(cache.get("a", service))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == 1


async def test_an_error_is_not_kept() -> None:
    cache = AnswerCache[int](seconds=60)

    async def fail() -> int:
        raise TransientError("s", "o", "m")

    with pytest.raises(TransientError):
        await cache.get("a", fail)
    assert await cache.get("a", Service()) == 1
