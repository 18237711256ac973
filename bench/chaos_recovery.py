"""How long it takes after a kill until the work goes on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.chaos_kills import Killed


@dataclass(frozen=True)
class Blow:
    """A kill and what came after it; all times are in seconds since the epoch.

    Args:
        killed: the part.
        ready_at: when its next process was ready; None: never seen.
        interrupted: deliveries that it held; only workers hold any.
    """

    killed: Killed
    ready_at: float | None
    interrupted: tuple[int, ...] = ()


def recoveries(
    blows: Sequence[Blow], finished: Iterable[float], running: Mapping[int, Sequence[float]]
) -> list[tuple[Killed, float]]:
    """Return the seconds from each kill until the part was ready again and the work went on.

    The work goes on, after the kill of a worker, when one of the runs that it interrupted is
    RUNNING again; when it held none, and after any other kill, when a delivery is finished. A
    kill that was followed by another one before that has no recovery of its own: the later one's
    counts.

    Args:
        blows: in the order of the kills.
        finished: when deliveries were finished.
        running: when the run of each interrupted delivery came to be RUNNING.
    """
    finished = sorted(finished)
    found: list[tuple[Killed, float]] = []
    for place, blow in enumerate(blows):
        at = blow.killed.at
        moves = [moment for key in blow.interrupted for moment in running.get(key, ())]
        moved_at = min((moment for moment in moves or finished if moment > at), default=None)
        if blow.ready_at is None or moved_at is None:
            continue
        recovered_at = max(blow.ready_at, moved_at)
        following = blows[place + 1].killed.at if place + 1 < len(blows) else recovered_at
        if recovered_at <= following:
            found.append((blow.killed, recovered_at - at))
    return found
