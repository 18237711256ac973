"""Whose turn it is: in a lane the businesses are served one after another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hotrod.durable.models import Delivery, Lane

LANES = len(Lane)
TURN = """
    turn AS (
        SELECT *, row_number() OVER (PARTITION BY lane_rank, business_key ORDER BY id) AS round,
               business_key <= CASE lane_rank
                   WHEN 0 THEN :served_0 WHEN 1 THEN :served_1 ELSE :served_2 END AS was_served
        FROM head
    )
"""
"""SQL: from ``head`` to ``turn``. In a lane each business has its oldest in the first round, the
next one in the second; a round begins behind the business that was served last.
"""
BY_TURN = "lane_rank, round, was_served, business_key"


@dataclass
class Turns:
    """Whose turn it is: the business that was served last, by lane. A worker keeps one."""

    served: dict[int, str] = field(default_factory=dict)

    def parameters(self) -> dict[str, str]:
        """Return what ``TURN`` needs to know."""
        return {f"served_{lane}": self.served.get(lane, "") for lane in range(LANES)}

    def remember(self, taken: Sequence[Delivery]) -> None:
        """Remember who was served, in that order."""
        self.served |= {row.lane_rank: row.business_key for row in taken}
