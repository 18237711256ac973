"""How sure the stock must last, and how long deliveries take when nobody measured it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from hotrod.sections import Section

Share = Annotated[float, Field(gt=0, lt=1)]


class Criticality(StrEnum):
    """How bad it is to be without a part, from A, the worst, to C."""

    A = "A"
    B = "B"
    C = "C"


class ForecastSettings(Section):
    """When to reorder parts."""

    service_level_a: Share = Field(
        0.98, description="Chance that the stock of a part of criticality A lasts until delivery."
    )
    service_level_b: Share = Field(0.95, description="The same for criticality B.")
    service_level_c: Share = Field(0.90, description="The same for criticality C.")
    lead_time_days: float = Field(
        14.0, gt=0, le=1000, description="From order to shelf, where no delivery was measured."
    )

    @property
    def service_levels(self) -> dict[Criticality, float]:
        """The chance that the stock lasts until delivery, more than 0 and less than 1."""
        return {
            Criticality.A: self.service_level_a,
            Criticality.B: self.service_level_b,
            Criticality.C: self.service_level_c,
        }
