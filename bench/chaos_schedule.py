"""What goes wrong when: drawn from a seed, so that a failure can be played again."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum

from bench.faults import Fault, draw_fault

KILLS_PER_WINDOW = 3
_MEAN_PAUSE_SECONDS = 2.5
_LONGEST_PAUSE_SECONDS = 10.0
_WINDOW_SECONDS = (2.0, 6.0)
_SHARE_AWAITED = 0.4
_WEIGHTS = {"worker": 4, "gateway": 2, "prefect": 2, "postgres": 2, "sandbox": 2}


class Way(StrEnum):
    """How a part is killed. QUIT is what PostgreSQL calls an immediate shutdown."""

    KILL = "kill -9"
    QUIT = "kill -3"


@dataclass(frozen=True)
class Kill:
    """The end of a part of the stack.

    Args:
        part: by its name in the stack.
        way: by which signal.
        is_awaited: whether nothing else happens until it is ready again and the work goes on.
            Otherwise it may be hit again while it recovers.
    """

    part: str
    way: Way
    is_awaited: bool

    def __str__(self) -> str:
        return f"{self.way} {self.part}" + (", wait until work goes on" if self.is_awaited else "")


@dataclass(frozen=True)
class FaultWindow:
    """A service that fails for some seconds, whatever else happens meanwhile."""

    fault: Fault
    seconds: float

    def __str__(self) -> str:
        return f"{self.fault} for {self.seconds:.1f} s"


@dataclass(frozen=True)
class Event:
    """What happens ``after`` so many seconds of peace, or none, since the event before."""

    after: float
    what: Kill | FaultWindow


def draw_schedule(seed: int, kills: int, workers: int = 1) -> list[Event]:
    """Return the events of a run: the same seed, the same events.

    Args:
        seed: of the dice.
        kills: how many parts are killed; service faults come on top.
        workers: how many worker processes there are.
    """
    dice = random.Random(seed)  # noqa: S311 - repeatable on purpose
    events: list[Event] = []
    for number in range(kills):
        if number % KILLS_PER_WINDOW == 0:
            window = FaultWindow(draw_fault(dice), dice.uniform(*_WINDOW_SECONDS))
            events.append(Event(_draw_pause(dice), window))
        events.append(Event(_draw_pause(dice), _draw_kill(dice, workers)))
    return events


def _draw_pause(dice: random.Random) -> float:
    return min(dice.expovariate(1 / _MEAN_PAUSE_SECONDS), _LONGEST_PAUSE_SECONDS)


def _draw_kill(dice: random.Random, workers: int) -> Kill:
    part = dice.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
    way = dice.choice(list(Way)) if part == "postgres" else Way.KILL
    if part == "worker":
        part = f"worker-{dice.randint(1, workers)}"
    return Kill(part, way, dice.random() < _SHARE_AWAITED)
