"""The inbox as its documentation tells it, in memory: what the real one is compared with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from hotrod.durable.models import DeliveryState as State

HEADS = {State.WAITING, State.CLAIMED}
ENDS = {State.DONE, State.DEAD, State.DISCARDED}


@dataclass
class Item:
    """One delivery, as it should be."""

    id: int
    delivery_id: str
    event: str
    business: str
    key: str
    lane: int
    state: State = State.WAITING
    attempts: int = 0
    worker: str | None = None
    lease_ended: bool = False
    error: str = ""
    run_id: UUID | None = None
    responded: bool = False
    response_leased: bool = False
    finished_at: datetime | None = None
    redacted: bool = False

    @property
    def queue(self) -> tuple[int, str, str]:
        return self.lane, self.business, self.event

    def is_held_by(self, worker: str) -> bool:
        return self.state is State.CLAIMED and self.worker == worker


@dataclass
class InboxModel:
    """All deliveries by id, and which business each worker served last in each lane."""

    items: dict[int, Item] = field(default_factory=dict)
    served: dict[tuple[str, int], str] = field(default_factory=dict)
    answered: dict[int, str] = field(default_factory=dict)

    def of(self, *states: State) -> list[Item]:
        return [item for item in self.items.values() if item.state in states]

    def accept(self, item: Item) -> None:
        item.state = State.HELD
        self.items[item.id] = item
        self._promote([item])

    def plan(
        self,
        worker: str,
        limit: int,
        limits: Mapping[str, int],
        *,
        urgent_only: bool,
        held_back: Collection[str],
    ) -> list[Item]:
        """Return what a claim should take: of ended leases first, then by lanes and turns."""
        lanes = {0} if urgent_only else {0, 1, 2}
        ended = [item for item in self.of(State.CLAIMED) if item.lease_ended and item.lane in lanes]
        planned = sorted(ended, key=lambda item: (item.lane, item.id))[:limit]
        room = self.room(limits)
        waiting = [
            item for item in self.of(State.WAITING) if item.lane == 0 or item.event not in held_back
        ]
        return planned + by_turns(
            [item for item in waiting if item.lane in lanes],
            limit - len(planned),
            lambda lane: self.served.get((worker, lane), ""),
            room,
        )

    def room(self, limits: Mapping[str, int]) -> dict[str, int]:
        """Return how many more deliveries of limited events may be claimed."""
        running = Counter(item.event for item in self.of(State.CLAIMED))
        return {event: most - running[event] for event, most in limits.items()}

    def take(self, items: Iterable[Item], worker: str) -> None:
        for item in items:
            if item.state is State.WAITING:
                self.served[worker, item.lane] = item.business
            item.state, item.worker, item.lease_ended = State.CLAIMED, worker, False
            item.attempts += 1

    def end(self, item: Item, state: State, error: str) -> None:
        item.state, item.error = state, error
        self._promote([item])

    def suspend(self, item: Item) -> None:
        item.worker = None
        self.end(item, State.SUSPENDED, "")

    def release(self, item: Item, error: str, *, counts: bool, rests: bool) -> None:
        item.worker, item.lease_ended, item.error = None, False, error
        item.attempts -= not counts
        if not rests:
            item.state = State.WAITING

    def wake(self, item: Item) -> None:
        if item.state in {State.SUSPENDED, *ENDS}:
            self._start_again([item])

    def redrive(self, items: Iterable[Item]) -> int:
        ended = [
            item
            for item in items
            if item.state in {State.DEAD, State.DISCARDED} and not item.redacted
        ]
        return self._start_again(ended)

    def _start_again(self, items: list[Item]) -> int:
        for item in items:
            item.state, item.attempts, item.finished_at = State.HELD, 0, None
            item.worker = None
        self._promote(items)
        return len(items)

    def discard(self, items: Iterable[Item], reason: str) -> int:
        free = [
            item
            for item in items
            if item.state in {State.HELD, State.WAITING, State.SUSPENDED, State.DEAD}
            or (item.state is State.CLAIMED and item.worker is None)
        ]
        for item in free:
            item.state, item.error, item.worker = State.DISCARDED, reason, None
        self._promote(free)
        return len(free)

    @staticmethod
    def redact(item: Item) -> None:
        item.redacted, item.error = True, ""

    def respond(self, events: Iterable[str], limit: int) -> list[Item]:
        due = [
            item
            for item in self.of(State.HELD, State.WAITING, State.CLAIMED)
            if item.event in events and not item.responded and not item.response_leased
        ]
        taken = by_turns(due, limit, lambda lane: self.answered.get(lane, ""), {})
        self.answered |= {item.lane: item.business for item in taken}
        return taken

    def _promote(self, items: Iterable[Item]) -> None:
        for key in {item.key for item in items}:
            if any(item.key == key for item in self.of(*HEADS)):
                continue
            held = [item for item in self.of(State.HELD) if item.key == key]
            if held:
                min(held, key=lambda item: item.id).state = State.WAITING


def by_turns(
    items: Iterable[Item], limit: int, last_of: Callable[[int], str], room: dict[str, int]
) -> list[Item]:
    """Return who goes first: earlier lanes, and in a lane the businesses one after another."""
    waiting, taken = list(items), list[Item]()
    for lane in (0, 1, 2):
        last = last_of(lane)
        while len(taken) < limit:
            able = [
                item for item in waiting if item.lane == lane and room.get(item.event, limit) > 0
            ]
            if not able:
                break
            item = min(able, key=lambda item: (item.business <= last, item.business, item.id))
            last = item.business
            waiting.remove(item)
            if item.event in room:
                room[item.event] -= 1
            taken.append(item)
    return taken
