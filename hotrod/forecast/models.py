"""What demand is expected of a part, and how that was found."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Series = npt.NDArray[np.float64]
"""Demand month by month, the oldest first; a month without demand is 0."""


@dataclass(frozen=True)
class Forecast:
    """The demand that is expected of a part in the coming months, in units.

    Attributes:
        part: its name.
        methods: whose mean it is, names of ``methods()``; none when it is borrowed.
        months: expected demand of the next month, the one after it, and so on.
        sizes: what was asked for in the months with demand; the coming ones draw from these.
        rmsse: error of the forecast in the trials; None without trials.
        bias: by which share the trials were too high (or low, when negative); None as above.
        tried: RMSSE of each method that was tried.
        reason: why this method and this demand, in words.
    """

    part: str
    methods: tuple[str, ...]
    months: tuple[float, ...]
    sizes: tuple[float, ...]
    reason: str
    rmsse: float | None = None
    bias: float | None = None
    tried: dict[str, float] = field(default_factory=dict)
