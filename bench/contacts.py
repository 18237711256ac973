"""``hotrod bench contacts``: contacts upserted into HubSpot's stand-in, some of them wrong.

The calls are held against what finding each wrong one in its batch takes, the time against the
least that the account's limit allows for as many calls. What is in, and what was refused for pace,
is counted at the stand-in, not by the connector.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import ClassVar

import httpx
from sqlalchemy import func
from sqlmodel import col, select

from bench.figures import Result, Row, all_of, in_words, none_of
from bench.stack import BenchStack, bench_stack
from connectors.hubspot.models import KeyedValues
from hotrod.db.engine import Database
from hotrod.errors import HotrodError
from hotrod.services.models import IntegrationLog
from hotrod.settings import Settings
from hotrod.stack.secrets import load_secrets
from tasks._accounts import Accounts
from tasks._connections import hubspot_client

_MOST_OVER = 1.1
_BATCH = 100
_MOST_FOR_A_WRONG_ONE = 2 * math.ceil(math.log2(_BATCH)) + 5
"""Two halves each time that its batch is cut in half, and five rows sent alone before."""

_WINDOW_SECONDS = 10.0
_INDEX_SECONDS = 60.0


class ContactsResult(Result):
    """Contacts upserted at an account's limit."""

    title: ClassVar[str] = "contacts: upserted into HubSpot at its limit, some of them wrong"

    contacts: int
    wrong: int
    told: int
    falsely_told: int
    found: int
    calls: int
    refused_for_pace: int
    limit: int
    seconds: float

    @property
    def most_calls(self) -> int:
        """How many calls the batches and each wrong one in them take at most."""
        return math.ceil(self.contacts / _BATCH) + self.wrong * _MOST_FOR_A_WRONG_ONE

    @property
    def least_seconds(self) -> float:
        """What the calls take at the limit."""
        return self.calls * _WINDOW_SECONDS / self.limit

    def rows(self) -> list[Row]:
        """Return the figures, each with what was promised of it."""
        over = self.seconds / self.least_seconds
        is_paced = self.calls > self.limit
        return [
            Row("contacts", str(self.contacts)),
            all_of("right ones that are in", self.found, self.contacts - self.wrong),
            all_of("wrong ones told", self.told, self.wrong),
            none_of("right ones told wrong", self.falsely_told),
            Row("calls", str(self.calls), f"<= {self.most_calls}", self.calls <= self.most_calls),
            none_of("calls refused for pace", self.refused_for_pace),
            Row("limit", f"{self.limit} in {_WINDOW_SECONDS:g} s"),
            Row("time", in_words(self.seconds)),
            Row("least time for as many calls", in_words(self.least_seconds)),
            Row(
                "time over least time",
                f"{over:.2f}",
                f"< {_MOST_OVER}" if is_paced else "",
                over < _MOST_OVER if is_paced else None,
            ),
        ]


def measure_contacts(
    *, n: int = 10_000, wrong_in_100: int = 1, seed: int = 0, tell: Callable[[str], None]
) -> ContactsResult:
    """Measure on a fresh stack.

    Args:
        n: contacts.
        wrong_in_100: how many of a hundred have an address that is none, or a stage of life that
            HubSpot doesn't know.
        seed: which of them.
        tell: is told of progress.

    Raises:
        HotrodError: the stand-in never finds what was written.
        StackError: a part could not be started.
    """
    with bench_stack(sandbox__services="mail,claude,slack,hubspot") as stack:
        return asyncio.run(_upsert(stack, n, wrong_in_100, seed, tell))


async def _upsert(
    stack: BenchStack, n: int, wrong_in_100: int, seed: int, tell: Callable[[str], None]
) -> ContactsResult:
    settings = stack.settings
    draw = random.Random(seed)  # noqa: S311 - nothing secret
    wrong = set(draw.sample(range(n), n * wrong_in_100 // 100))
    rows = [_row(place, is_wrong=place in wrong) for place in range(n)]
    database = Database.connect(settings)
    accounts = Accounts(database, load_secrets(settings).secret_key)
    hubspot = hubspot_client(settings, accounts)
    if hubspot is None:
        raise HotrodError("HubSpot is not played")
    tell(f"upserting {n} contacts")
    begin = time.perf_counter()
    outcomes = await hubspot.upsert_contacts(rows)
    seconds = time.perf_counter() - begin
    await hubspot.aclose()
    await accounts.aclose()
    async with database.transaction() as session:
        attempts = select(func.sum(col(IntegrationLog.attempts)))
        calls = (await session.exec(attempts.where(IntegrationLog.service == "hubspot"))).one()
    await database.close()
    told = {place for place, outcome in enumerate(outcomes) if not outcome.is_done}
    return ContactsResult(
        contacts=n,
        wrong=len(wrong),
        told=len(told & wrong),
        falsely_told=len(told - wrong),
        found=await _found(settings, n - len(wrong)),
        calls=int(calls or 0),
        refused_for_pace=await _refused_for_pace(settings),
        limit=settings.hubspot.calls_per_10_seconds,
        seconds=seconds,
    )


def _row(place: int, *, is_wrong: bool) -> KeyedValues:
    email, stage = f"contact-{place}@example.org", "lead"
    if is_wrong and place % 2:
        email = f"contact-{place}"
    elif is_wrong:
        stage = "nowhere"
    name = {"firstname": f"Ann {place}", "lastname": "Example"}
    return KeyedValues(email, {**name, "lifecyclestage": stage})


async def _refused_for_pace(settings: Settings) -> int:
    async with httpx.AsyncClient(base_url=settings.sandbox_url, trust_env=False) as bare:
        answer = await bare.get("/_control/calls", params={"service": "hubspot"})
    calls = answer.raise_for_status().json()
    return sum(call["status"] == HTTPStatus.TOO_MANY_REQUESTS for call in calls)


async def _found(settings: Settings, expected: int) -> int:
    """Return how many contacts the stand-in finds, once its index has caught up."""
    token = settings.hubspot.access_token.get_secret_value()
    patience = time.perf_counter() + _INDEX_SECONDS
    async with httpx.AsyncClient(base_url=settings.hubspot.base_url, trust_env=False) as bare:
        while True:
            answer = await bare.post(
                "/crm/v3/objects/contacts/search",
                json={"limit": 1},
                headers={"Authorization": f"Bearer {token}"},
            )
            total = int(answer.raise_for_status().json()["total"])
            if total == expected or time.perf_counter() > patience:
                return total
            await asyncio.sleep(1)
