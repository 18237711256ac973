"""The effects ledger beside a model of it: once, whatever fails, dies, or happens at a time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlmodel import col, delete, select

from hotrod.durable.effects import (
    Found,
    UnknownEffectError,
    confirm,
    harmless_to_repeat,
    perform,
    repeat,
)
from hotrod.durable.models import Effect
from hotrod.errors import HotrodError, NotFoundError
from tests.hotrod.conftest import BlockingDatabase

CHECKABLE, OPAQUE, HARMLESS = KINDS = ("checkable", "opaque", "harmless")
FATES = ("works", "is refused", "fails before", "fails after", "dies before", "dies after")
"""What becomes of an act; after: the provider has done it, but nobody hears of it."""
DONE_BY_PROVIDER = {"works", "fails after", "dies after"}
ERRORS = {
    "is refused": "RefusedError",
    "fails before": "ProviderError",
    "fails after": "ProviderError",
    "dies before": "DiedError",
    "dies after": "DiedError",
}


class DiedError(BaseException):
    """The process was killed here."""


class RefusedError(Exception):
    """The provider refused; surely nothing happened."""


class ProviderError(Exception):
    """Something went wrong at the provider, or on the way to it."""


@dataclass
class Model:
    """What should be known about one act."""

    kind: str
    seen: int = 0
    state: str | None = None
    attempts: int = 0
    outcome: dict[str, Any] = field(default_factory=dict)
    confirmed: bool = False

    def perform(self, fates: Iterator[str], *, reachable: bool) -> str:
        """Return how one ``perform`` should end."""
        if self.state in {"claimed", "unknown"} and self.kind != HARMLESS:
            if not reachable:
                return "ProviderError"
            if self.kind == OPAQUE:
                self.state = "unknown"
                return "UnknownEffectError"
            if self.seen:
                self.state, self.outcome = "done", {"found": True}
        if self.state == "done":
            return f"done before: {self.outcome}"
        return self._act(next(fates))

    def _act(self, fate: str) -> str:
        self.attempts += 1
        self.seen += fate in DONE_BY_PROVIDER
        if fate == "works":
            self.state, self.outcome = "done", {"seen": self.seen}
            return f"done: {self.outcome}"
        self.state = None if fate == "is refused" else "claimed"
        if self.state is None:
            self.attempts = 0
        return ERRORS[fate]


class Ledger(RuleBasedStateMachine):
    """Three acts at one provider: one can be looked up, one can't, one needn't be."""

    blocking: ClassVar[BlockingDatabase]

    def __init__(self) -> None:
        super().__init__()
        self.database = self.blocking.database
        self.wait = self.blocking.wait
        self.keys = {kind: f"{kind}:{uuid4().hex}" for kind in KINDS}
        self.models = {kind: Model(kind) for kind in KINDS}
        self.provider: Counter[str] = Counter()

    @rule(
        kind=st.sampled_from(KINDS),
        fates=st.lists(st.sampled_from(FATES), min_size=1, max_size=3),
        reachable=st.sampled_from([True, True, True, False]),
    )
    def perform_at_the_same_time(self, kind: str, fates: list[str], *, reachable: bool) -> None:
        """As many attempts as fates; each attempt that acts meets the next fate."""
        expected_fates, real_fates = iter(fates), iter(fates)
        expected = [self.models[kind].perform(expected_fates, reachable=reachable) for _ in fates]

        async def attempts() -> list[str]:
            return await asyncio.gather(
                *(self._attempt(kind, real_fates, reachable=reachable) for _ in fates)
            )

        assert sorted(self.wait(attempts())) == sorted(expected)

    async def _attempt(self, kind: str, fates: Iterator[str], *, reachable: bool) -> str:
        try:
            performed = await perform(
                self.database,
                self.keys[kind],
                self._act(kind, fates),
                self._look_up(kind, reachable=reachable),
                refused=(RefusedError,),
            )
        except (ProviderError, RefusedError, UnknownEffectError, DiedError) as error:
            return type(error).__name__
        return f"{'done before' if performed.again else 'done'}: {performed.outcome}"

    def _act(self, kind: str, fates: Iterator[str]) -> Callable[[], Awaitable[dict[str, Any]]]:
        async def act() -> dict[str, Any]:
            fate = next(fates)
            with pytest.raises(HotrodError, match="right now"):
                await self._decide(kind, "confirm")
            self.provider[kind] += fate in DONE_BY_PROVIDER
            if fate.startswith("dies"):
                raise DiedError
            if fate.startswith("fails"):
                raise ProviderError
            if fate == "is refused":
                raise RefusedError
            return {"seen": self.provider[kind]}

        return act

    def _look_up(self, kind: str, *, reachable: bool) -> Callable[[], Awaitable[Found]]:
        async def look_up() -> Found:
            if not reachable:
                raise ProviderError
            if kind == OPAQUE:
                return Found.UNKNOWABLE
            return Found.DONE if self.provider[kind] else Found.NOT_DONE

        return harmless_to_repeat if kind == HARMLESS else look_up

    @rule(kind=st.sampled_from(KINDS), guess=st.sampled_from(["confirm", "repeat"]))
    def a_person_decides(self, kind: str, guess: str) -> None:
        """Nobody lets an act be repeated that the provider shows; confirming may be a mistake."""
        model = self.models[kind]
        decision = "confirm" if model.seen else guess
        if model.state in {None, "done"}:
            error = HotrodError if model.state else NotFoundError
            with pytest.raises(error):
                self.wait(self._decide(kind, decision))
            return
        self.wait(self._decide(kind, decision))
        if decision == "confirm":
            model.state, model.outcome, model.confirmed = "done", {"confirmed": True}, True
        else:
            model.state, model.attempts = None, 0

    async def _decide(self, kind: str, decision: str) -> None:
        async with self.database.transaction() as session:
            await (confirm if decision == "confirm" else repeat)(session, self.keys[kind])

    @invariant()
    def the_ledger_is_what_the_model_says(self) -> None:
        rows = {row.key: row for row in self.wait(self._rows())}
        for kind, model in self.models.items():
            assert self.provider[kind] == model.seen
            row = rows.get(self.keys[kind])
            stored = None if row is None else row.state
            assert stored == model.state
            if row is not None:
                assert (row.attempts, row.outcome) == (model.attempts, model.outcome)

    @invariant()
    def nothing_is_done_twice_and_nothing_is_called_done_that_was_not(self) -> None:
        for kind, model in self.models.items():
            assert kind == HARMLESS or self.provider[kind] <= 1
            if model.state == "done":
                assert self.provider[kind] or model.confirmed

    async def _rows(self) -> list[Effect]:
        async with self.database.transaction() as session:
            of_mine = col(Effect.key).in_(self.keys.values())
            return list(await session.exec(select(Effect).where(of_mine)))

    def teardown(self) -> None:
        self.wait(self._forget())

    async def _forget(self) -> None:
        async with self.database.transaction() as session:
            await session.exec(delete(Effect).where(col(Effect.key).in_(self.keys.values())))


@pytest.mark.timeout(600)  # for shrinking what fails
def test_the_ledger_keeps_its_promise_whatever_happens(blocking_database: BlockingDatabase) -> None:
    Ledger.blocking = blocking_database
    run_state_machine_as_test(
        Ledger,
        settings=settings(max_examples=30, stateful_step_count=12, database=None),
    )
