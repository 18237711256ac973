"""An account's pace in the database: never above the limit, nearly all of it used."""

from __future__ import annotations

import uuid
from typing import cast

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors._http.limits import Limiter, Rate
from hotrod.db.engine import Database
from hotrod.services.limiter import SharedLimiter
from hotrod.stack.postgres import EmbeddedPostgres

NOW = 1_800_000_000.0
RESERVE = "SELECT reserve_call($1, $2, $3, $4, $5)"
ANSWERED = "SELECT call_answered($1, $2, $3, $4, $5)"


@pytest.fixture
def account() -> str:
    return f"account-{uuid.uuid4()}"


async def connect(postgres: EmbeddedPostgres) -> asyncpg.Connection:
    return await asyncpg.connect(
        host="127.0.0.1", port=postgres.port, user="postgres", database="hotrod"
    )


async def reserved(
    postgres: EmbeddedPostgres, rate: tuple[int, float], gaps: list[float], account: str
) -> list[float]:
    """Return the moments of calls that are wanted after gaps, however long they wait."""
    connection = await connect(postgres)
    try:
        now, made = NOW, list[float]()
        for gap in gaps:
            now += gap
            made.append(now + await connection.fetchval(RESERVE, account, *rate, 1e9, now))
        return made
    finally:
        await connection.close()


@pytest.mark.usefixtures("database")
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    calls=st.integers(1, 6),
    seconds=st.floats(0.5, 20),
    gaps=st.lists(st.floats(0, 15), min_size=1, max_size=60),
)
async def test_no_window_ever_holds_more_than_the_rate_allows(
    postgres: EmbeddedPostgres, calls: int, seconds: float, gaps: list[float]
) -> None:
    made = await reserved(postgres, (calls, seconds), gaps, f"account-{uuid.uuid4()}")

    assert made == sorted(made)
    for place, moment in enumerate(made):
        assert sum(moment <= other < moment + seconds for other in made[place:]) <= calls


@pytest.mark.usefixtures("database")
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    calls=st.integers(1, 6),
    seconds=st.floats(0.5, 20),
    took=st.lists(st.tuples(st.floats(0, 5), st.floats(0, 1)), min_size=1, max_size=60),
)
async def test_no_window_of_the_service_holds_more_however_late_calls_arrive(
    postgres: EmbeddedPostgres, calls: int, seconds: float, took: list[tuple[float, float]]
) -> None:
    connection, account = await connect(postgres), f"account-{uuid.uuid4()}"
    now, arrived = NOW, list[float]()
    for after, part in took:
        moment = now + await connection.fetchval(RESERVE, account, calls, seconds, 1e9, now)
        arrived.append(moment + after * part)
        now = moment + after
        await connection.execute(ANSWERED, account, calls, seconds, after, now)
    await connection.close()

    for place, moment in enumerate(arrived):
        assert sum(moment <= other < moment + seconds for other in arrived[place:]) <= calls


@pytest.mark.usefixtures("database")
async def test_a_late_call_counts_once_among_those_that_wait(
    postgres: EmbeddedPostgres, account: str
) -> None:
    connection = await connect(postgres)

    async def wait(now: float) -> float:
        found: float = await connection.fetchval(RESERVE, account, 3, 10.0, 1e9, now)
        return found

    assert [await wait(NOW + 0.05) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert 10.2 < await wait(NOW + 0.05) < 10.3

    await connection.execute(ANSWERED, account, 3, 10.0, 6.0, NOW + 6.05)

    assert 4.2 < await wait(NOW + 6.05) < 4.3
    assert 10.2 < await wait(NOW + 6.05) < 10.3
    await connection.close()


class Asked(list[tuple[object, ...]]):
    """A database that keeps what it is asked."""

    async def value(self, *asked: object) -> None:
        self.append(asked)


async def test_only_a_slow_call_needs_a_second_round_trip(account: str) -> None:
    asked = Asked()
    limiter = SharedLimiter(cast("Database", asked), account, Rate(5, 10.0))

    await limiter.answered(0.19)
    assert asked == []
    await limiter.answered(0.21)
    assert len(asked) == 1


@pytest.mark.usefixtures("database")
async def test_who_always_calls_uses_nearly_all_of_it(
    postgres: EmbeddedPostgres, account: str
) -> None:
    made = await reserved(postgres, (100, 10.0), [0.0] * 2000, account)

    assert (len(made) - 100) / (made[-1] - made[0]) > 0.95 * 100 / 10


@pytest.mark.usefixtures("database")
async def test_what_would_wait_too_long_reserves_nothing(
    postgres: EmbeddedPostgres, account: str
) -> None:
    connection = await connect(postgres)

    async def wait(at_most: float, now: float) -> float:
        found: float = await connection.fetchval(RESERVE, account, 1, 10.0, at_most, now)
        return found

    assert await wait(1.0, NOW) == 0.0
    for _ in range(3):
        assert 10.0 < await wait(1.0, NOW) < 10.4
    assert await wait(1.0, NOW + 10.4) == 0.0
    await connection.close()


async def test_the_service_may_say_so(database: Database, account: str) -> None:
    limiter: Limiter = SharedLimiter(database, account, Rate(5, 1.0))

    await limiter.pause(30.0)
    await limiter.pause(10.0)

    assert 29.0 < await limiter.reserve(1.0) <= 30.0


async def test_no_pause_is_longer_than_an_hour(database: Database, account: str) -> None:
    limiter = SharedLimiter(database, account, Rate(5, 1.0))

    await limiter.pause(31_536_000.0)

    assert 3599.0 < await limiter.reserve(1.0) <= 3600.0


async def test_a_limit_that_is_told_counts_what_was_made_before(
    database: Database, account: str
) -> None:
    limiter = SharedLimiter(database, account, Rate(5, 1.0))
    assert await limiter.reserve(1.0) == 0.0

    await limiter.learn(Rate(1, 60.0))

    assert await limiter.reserve(1.0) > 59.0


async def test_two_processes_share_an_account(database: Database, account: str) -> None:
    ours, theirs = (SharedLimiter(database, account, Rate(2, 60.0)) for _ in range(2))

    assert [await one.reserve(0) for one in (ours, theirs)] == [0.0, 0.0]

    assert await ours.reserve(0) > 59.0
    assert await SharedLimiter(database, f"{account}-2", Rate(2, 60.0)).reserve(0) == 0.0


async def test_a_new_rate_in_the_settings_replaces_the_old_one(
    database: Database, account: str
) -> None:
    await SharedLimiter(database, account, Rate(1, 60.0)).reserve(0)

    assert await SharedLimiter(database, account, Rate(2, 60.0)).reserve(0) == 0.0
    assert await SharedLimiter(database, account, Rate(2, 60.0)).reserve(0) > 59.0
