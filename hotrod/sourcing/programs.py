"""Whole numbers that make one sum least while others are reached: an integer program.

HiGHS, which comes with SciPy, searches and proves. All coefficients are whole numbers, and each
answer is added up again in whole numbers, so its floating point can't break a requirement.

Source: https://docs.scipy.org/doc/scipy/reference/generated/scipy.optimize.milp.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate

MOST_NODES = 300
"""Branches after which a search ends with the best that it found. A count and no time, so that a
busy machine finds the same."""

Sum = Mapping[int, int]
"""Coefficients by unknown."""


class Program:
    """Unknown whole numbers, and the sums of them that must be reached."""

    def __init__(self) -> None:
        """Start without unknowns."""
        self._most: list[int] = []
        self._known: list[int] = []
        self._required: list[tuple[Sum, int]] = []

    def unknown(self, most: int = 1, *, known: int = 0) -> int:
        """Return what names a new unknown; by default a no or yes.

        Args:
            most: it is 0 to so many.
            known: its number in one answer that meets all requirements, however bad.
        """
        self._most.append(most)
        self._known.append(known)
        return len(self._most) - 1

    def require(self, reached: Sum, least: int = 0) -> None:
        """Let a sum be so much or more."""
        self._required.append((reached, least))

    def least(self, goals: Sequence[Sum]) -> tuple[list[int], bool]:
        """Return the numbers that make the first goal least; of all such, the second; and so on.

        Returns:
            The number of each unknown, and whether it is proved that none are better.
        """
        found, is_proved = self._known, True
        for goal in goals if self._most else ():
            better, is_least = self._searched(goal)
            found = better or found
            is_proved = is_proved and is_least
            self.require({one: -times for one, times in goal.items()}, -_total(goal, found))
        return found, is_proved

    def _searched(self, goal: Sum) -> tuple[list[int] | None, bool]:
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import csr_array

        size = len(self._most)
        row_starts = accumulate((len(reached) for reached, _ in self._required), initial=0)
        columns = [one for reached, _ in self._required for one in reached]
        times = [float(value) for reached, _ in self._required for value in reached.values()]
        sums = csr_array((times, columns, list(row_starts)), shape=(len(self._required), size))
        result = milp(
            [goal.get(one, 0) for one in range(size)],
            integrality=[1] * size,
            bounds=Bounds(0, self._most),
            constraints=LinearConstraint(sums, lb=[least for _, least in self._required]),
            options={"mip_rel_gap": 0, "node_limit": MOST_NODES},
        )
        if result.x is None:
            return None, False
        numbers = [round(number) for number in result.x]
        is_met = all(_total(reached, numbers) >= least for reached, least in self._required)
        return (numbers, result.success) if is_met else (None, False)


def _total(terms: Sum, numbers: Sequence[int]) -> int:
    return sum(times * numbers[one] for one, times in terms.items())
